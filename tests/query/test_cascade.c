/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the time of a cascade went: query/cascade.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/cascade.h"
#include "query/related.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- requests and answers ------------------------------------------------------------------- */

/* ">" a packet of a request, "<" of an answer, a digit: so many ms later. */
static void exchange(struct exchanges *e, const char *packets)
{
	int64_t now = 0;

	memset(e, 0, sizeof(*e));
	for (; *packets != '\0'; packets++) {
		if (*packets == '>' || *packets == '<')
			assert_int_equal(exchanges_packet(e, now, *packets == '>', NULL), RC_DONE);
		else
			now += *packets - '0';
	}
	assert_int_equal(exchanges_end(e, NULL), RC_DONE);
}

static void assert_exchange(const char *packets, uint64_t n, int64_t sum)
{
	struct exchanges e;

	exchange(&e, packets);
	assert_int_equal(e.n, n);
	assert_int_equal(cascade_spans_sum(&e.spans), sum);
	cascade_spans_free(&e.spans);
}

static void test_exchanges(void **state)
{
	(void)state;
	assert_exchange(">5<", 1, 5);
	assert_exchange(">1>2<3<", 1, 6);            /* of several packets */
	assert_exchange(">5<7>2<", 2, 7);            /* what lies between is nobody's */
	assert_exchange("1<5>", 0, 0);               /* answers nothing, is not answered */
	assert_exchange("<3<>4<9>", 1, 4);
	assert_exchange("", 0, 0);
}

/* ---- spans ------------------------------------------------------------------------------------ */

static struct cascade_spans spans(const int64_t *v, size_t n)
{
	struct cascade_spans s = { 0 };

	for (size_t i = 0; i < n; i += 2)
		assert_int_equal(cascade_spans_add(&s, v[i], v[i + 1], NULL), RC_DONE);
	return s;
}

static void assert_spans(struct cascade_spans *s, const int64_t *v, size_t n)
{
	assert_int_equal(s->n * 2, n);
	for (size_t i = 0; i < s->n; i++) {
		assert_int_equal(s->v[i].from_ns, v[2 * i]);
		assert_int_equal(s->v[i].to_ns, v[2 * i + 1]);
	}
	cascade_spans_free(s);
}

#define V(...) ((const int64_t[]){ __VA_ARGS__ }), sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)

static void test_spans(void **state)
{
	struct cascade_spans a = spans(V(0, 10, 20, 30, 40, 50)), b = spans(V(5, 22, 28, 29, 50, 60)), both = { 0 },
			     either = { 0 };

	(void)state;
	assert_int_equal(cascade_spans_both(&a, &b, &both, NULL), RC_DONE);
	assert_spans(&both, V(5, 10, 20, 22, 28, 29));
	assert_int_equal(cascade_spans_either(&a, &b, &either, NULL), RC_DONE);
	assert_spans(&either, V(0, 30, 40, 60));
	cascade_spans_free(&a);
	cascade_spans_free(&b);
}

/* ---- shares -------------------------------------------------------------------------------------- */

static struct cascade_node node(uint32_t parent, int64_t from, int64_t to)
{
	struct cascade_node n = { .parent = parent, .known = true, .inside = parent != CASCADE_NONE, .from_ns = from,
		.to_ns = to, .busy_ns = to - from };

	assert_int_equal(cascade_spans_add(&n.spans, from, to, NULL), RC_DONE);
	return n;
}

/* Two children at the same time are waited for once; all shares together are the whole. */
static void test_shares(void **state)
{
	struct cascade_node n[] = { node(CASCADE_NONE, 0, 100), node(0, 10, 90), node(1, 20, 50), node(1, 40, 60),
		node(2, 25, 45) };

	(void)state;
	assert_int_equal(cascade_share(n, 5, NULL), RC_DONE);
	for (int i = 0; i < 5; i++)
		assert_true(n[i].own_known);
	assert_int_equal(n[0].own_ns, 20);
	assert_int_equal(n[1].own_ns, 40);
	assert_int_equal(n[2].own_ns, 10);
	assert_int_equal(n[3].own_ns, 20);
	assert_int_equal(n[4].own_ns, 20);
	cascade_free(n, 5);
}

/* What is not known of a child is not known of who waited for it; one that another request triggered is nobody's matter. */
static void test_unknown_shares(void **state)
{
	struct cascade_node n[] = { node(CASCADE_NONE, 0, 100), node(0, 10, 90), node(1, 20, 50), node(0, 200, 300) };

	(void)state;
	n[2].known = false;
	n[3].inside = false;
	assert_int_equal(cascade_share(n, 4, NULL), RC_DONE);
	assert_true(n[0].own_known);
	assert_int_equal(n[0].own_ns, 20);
	assert_false(n[1].own_known);
	assert_false(n[2].own_known);
	assert_int_equal(n[3].own_ns, 100);
	cascade_free(n, 4);
}

/* Upstream the parent is what was waited for. */
static void test_upstream_shares(void **state)
{
	struct cascade_node n[] = { node(CASCADE_NONE, 20, 50), node(0, 10, 60), node(1, 0, 30) };

	(void)state;
	n[1].back = n[2].back = true;
	assert_int_equal(cascade_share(n, 3, NULL), RC_DONE);
	assert_int_equal(n[1].own_ns, 20);
	assert_false(n[2].own_known);        /* shorter than what it waited for: never negative */
	cascade_free(n, 3);
}

/* ---- the sample's slow order ----------------------------------------------------------------------- */

struct found { struct related_hop hops[16]; size_t n; };

static bool on_hop(void *ctx, const struct related_hop *hop)
{
	struct found *f = ctx;

	f->hops[f->n++] = *hop;
	return f->n < 16;
}

/* An order that took 4.25 s, nearly all of it in the database: f1.2549552, truth from the responses of each hop. */
static void test_shop(void **state)
{
	const struct related_options o = { .window_ns = INT64_C(6000000000) };
	struct session_options so;
	char path[512];
	struct session_source source = { path, false };
	struct id id = { TIER_FLOW, 0, { 1, 2549552 } };
	struct cascade_node n[17] = { { 0 } };
	struct query_control control = { 0 };
	struct related_told told;
	struct found f = { .n = 0 };
	struct session *s;
	struct err err;

	(void)state;
	snprintf(path, sizeof(path), "%s/samples/shop.pcapng", getenv("top_srcdir"));
	session_options_default(&so);
	so.no_cache = true;
	assert_int_equal(session_open(&source, 1, &so, NULL, NULL, &s, &err), RC_DONE);
	assert_int_equal(session_index(s, NULL, NULL, &err), RC_DONE);
	assert_int_equal(related_run(session_sources(s), &id, &o, on_hop, &f, &control, &told, &err), RC_DONE);
	assert_true(f.n >= 2);
	n[0] = (struct cascade_node){ .parent = CASCADE_NONE, .in = f.hops[0].from.flow, .request = f.hops[0].from.packet,
		.request_ns = f.hops[0].from.time_ns };
	for (size_t i = 0; i < f.n; i++)
		n[i + 1] = (struct cascade_node){ .parent = f.hops[i].parent, .in = f.hops[i].to.flow,
			.request = f.hops[i].to.packet, .request_ns = f.hops[i].to.time_ns, .from = f.hops[i].from.packet };
	assert_int_equal(cascade_read(session_sources(s), n, f.n + 1, NULL, NULL, &control, &err), RC_DONE);
	for (size_t i = 0; i <= f.n; i++) {
		assert_true(n[i].known);
		assert_true(n[i].own_known);
		assert_true(n[i].own_ns >= 0 && n[i].own_ns <= n[i].busy_ns);
		if (i > 0)
			assert_true(n[i].busy_ns <= n[n[i].parent].busy_ns);
	}
	assert_in_range(n[0].busy_ns, INT64_C(4240000000), INT64_C(4260000000));
	assert_in_range(n[1].busy_ns, INT64_C(4220000000), INT64_C(4240000000));
	cascade_free(n, f.n + 1);
	session_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchanges),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_unknown_shares),
		cmocka_unit_test(test_upstream_shares),
		cmocka_unit_test(test_shop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
