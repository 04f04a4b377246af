/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which packet caused which: made-up traffic of one machine. */
#include "trace/match.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 4096, MS = 1000000 };

struct machine {
	struct trace_packet packets[MAX];
	char *texts[MAX];
	size_t n;
	struct trace_links links;
};

static struct machine *machine_new(void **state)
{
	*state = mem_calloc(1, sizeof(struct machine));
	assert_non_null(*state);
	return *state;
}

static void machine_free(struct machine *m)
{
	for (size_t i = 0; i < m->n; i++)
		mem_free(m->texts[i]);
	trace_links_free(&m->links);
	mem_free(m);
}

/* A packet at so many milliseconds; every talk has a peer of its own. Returns its number. */
static uint32_t say(struct machine *m, int ms, enum trace_way way, enum trace_role role, uint32_t talk,
	const char *text)
{
	struct trace_packet *p = &m->packets[m->n];

	m->texts[m->n] = mem_strdup(text);
	*p = (struct trace_packet){ .time_ns = (int64_t)ms * MS, .payload = (uint8_t *)m->texts[m->n],
		.len = (uint32_t)strlen(text), .talk = talk, .peer = talk, .service = talk,
		.way = (uint8_t)way, .role = (uint8_t)role, .effect_asked = way == TRACE_IN,
		.cause_asked = way == TRACE_OUT };
	return (uint32_t)m->n++;
}

static void match(struct machine *m)
{
	trace_links_free(&m->links);
	assert_int_equal(trace_match(m->packets, m->n, 64, 1000LL * MS, NULL, &m->links, NULL), RC_DONE);
}

static const struct trace_link *cause(const struct machine *m, uint32_t out)
{
	for (size_t i = 0; i < m->links.n; i++)
		if (m->links.v[i].out == out)
			return &m->links.v[i];
	return NULL;
}

static void test_search(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t in, out, answer, back;

	in = say(m, 0, TRACE_IN, TRACE_REQUEST, 0, "GET /find?q=storm%2Dlantern HTTP/1.1");
	out = say(m, 3, TRACE_OUT, TRACE_REQUEST, 1, "select * from items where name ~ 'Storm-Lantern'");
	answer = say(m, 5, TRACE_IN, TRACE_RESPONSE, 1, "4711 a lamp of brass and glass, 18.50");
	back = say(m, 6, TRACE_OUT, TRACE_RESPONSE, 0, "<li>a lamp of brass and glass, 18.50");
	match(m);
	assert_int_equal(m->links.n, 2);
	assert_int_equal(cause(m, out)->in, in);
	assert_int_equal(cause(m, out)->in_offset, 12);
	assert_int_equal(cause(m, out)->out_offset, 34);
	assert_int_equal(cause(m, out)->len, 13);
	assert_int_equal(cause(m, back)->in, answer);
	assert_true(trace_confidence(cause(m, out)) > 0.3);
	machine_free(m);
}

/* Hundreds of requests of one template: each finds its own, and none is found for what nobody asked. */
static void test_templates(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t ins[200], outs[200], alone;
	char text[200];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "GET /item/%08x HTTP/1.1\r\nhost: www.shop.example\r\n"
			"user-agent: browser-of-all-visitors\r\n", (unsigned)rand());
		ins[i] = say(m, i * 4, TRACE_IN, TRACE_REQUEST, (uint32_t)i % 8, text);
		if (i >= 2) {
			outs[i - 2] = say(m, i * 4 + 1, TRACE_OUT, TRACE_REQUEST, 20 + (uint32_t)i % 3,
				m->texts[ins[i - 2]]);
			say(m, i * 4 + 2, TRACE_OUT, TRACE_RESPONSE, (uint32_t)(i - 2) % 8, "200 OK whatever");
		}
	}
	alone = say(m, 801, TRACE_OUT, TRACE_REQUEST, 20, "GET /health HTTP/1.1\r\nhost: www.shop.example\r\n"
		"user-agent: browser-of-all-visitors\r\n");
	match(m);
	for (int i = 0; i < 198; i++) {
		assert_non_null(cause(m, outs[i]));
		assert_int_equal(cause(m, outs[i])->in, ins[i]);
	}
	assert_null(cause(m, alone));
	machine_free(m);
}

/* The same content twice at once: both are caused, each by one, and neither is certain. */
static void test_identical(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t a, b, x, y;

	a = say(m, 0, TRACE_IN, TRACE_REQUEST, 0, "find stormlantern");
	b = say(m, 1, TRACE_IN, TRACE_REQUEST, 1, "find stormlantern");
	x = say(m, 5, TRACE_OUT, TRACE_REQUEST, 2, "select 'stormlantern'");
	y = say(m, 6, TRACE_OUT, TRACE_REQUEST, 2, "select 'stormlantern'");
	match(m);
	assert_int_equal(m->links.n, 2);
	assert_int_equal(cause(m, x)->in, a);
	assert_int_equal(cause(m, y)->in, b);
	assert_true(trace_confidence(cause(m, x)) < 0.51);
	machine_free(m);
}

static void test_rules(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t told, echo;

	say(m, 0, TRACE_IN, TRACE_REQUEST, 0, "publish stormlantern-is-lit");
	/* what comes before its cause, what goes back, what is too late, what a client said itself */
	say(m, 1, TRACE_OUT, TRACE_RESPONSE, 0, "stormlantern-is-lit");
	told = say(m, 2, TRACE_OUT, TRACE_RESPONSE, 1, "message stormlantern-is-lit");
	say(m, 3, TRACE_IN, TRACE_REQUEST, 2, "echo stormlantern-is-lit");
	echo = say(m, 4, TRACE_OUT, TRACE_RESPONSE, 2, "echo stormlantern-is-lit");
	say(m, 1500, TRACE_OUT, TRACE_REQUEST, 3, "stormlantern-is-lit");
	match(m);
	assert_non_null(cause(m, told));
	assert_int_equal(cause(m, told)->in, 0);
	assert_null(cause(m, echo));
	assert_int_equal(m->links.n, 1);
	machine_free(m);
}

/* What was answered is asked elsewhere; but a request that says the same comes first. */
static void test_onward(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t row, put, out;

	say(m, 0, TRACE_IN, TRACE_REQUEST, 0, "GET /item?id=17");
	say(m, 1, TRACE_OUT, TRACE_REQUEST, 1, "select name where id = 17");
	row = say(m, 2, TRACE_IN, TRACE_RESPONSE, 1, "a lighthouse-lamp of brass");
	put = say(m, 3, TRACE_OUT, TRACE_REQUEST, 2, "SET item:17 {\"name\": \"a lighthouse-lamp of brass\"}");
	say(m, 4, TRACE_IN, TRACE_REQUEST, 3, "find stormlantern");
	say(m, 5, TRACE_IN, TRACE_RESPONSE, 4, "stormlantern");
	out = say(m, 6, TRACE_OUT, TRACE_REQUEST, 5, "select 'stormlantern'");
	match(m);
	assert_non_null(cause(m, put));
	assert_int_equal(cause(m, put)->in, row);
	assert_non_null(cause(m, out));
	assert_int_equal(cause(m, out)->in, 4);
	machine_free(m);
}

/* A server answers its client with what another one asked for before: that is no effect of it. */
static void test_asked_since(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t answer;

	say(m, 0, TRACE_IN, TRACE_REQUEST, 0, "find stormlantern");
	say(m, 100, TRACE_IN, TRACE_REQUEST, 1, "list of the last four");
	answer = say(m, 101, TRACE_OUT, TRACE_RESPONSE, 1, "stormlantern, and three more");
	match(m);
	assert_null(cause(m, answer));
	machine_free(m);
}

/* The same answer twice: that which was asked for on behalf of the request is meant, and it is certain. */
static void test_same_answers(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t second, answer;

	say(m, 0, TRACE_IN, TRACE_REQUEST, 0, "GET /item?id=17");
	say(m, 1, TRACE_OUT, TRACE_REQUEST, 1, "GET item:17");
	say(m, 2, TRACE_IN, TRACE_RESPONSE, 1, "a lighthouse-lamp of brass");
	say(m, 3, TRACE_OUT, TRACE_RESPONSE, 0, "<li>a lighthouse-lamp of brass");
	say(m, 10, TRACE_IN, TRACE_REQUEST, 2, "GET /item?id=17");
	say(m, 11, TRACE_OUT, TRACE_REQUEST, 3, "GET item:17");
	second = say(m, 12, TRACE_IN, TRACE_RESPONSE, 3, "a lighthouse-lamp of brass");
	answer = say(m, 13, TRACE_OUT, TRACE_RESPONSE, 2, "<li>a lighthouse-lamp of brass");
	match(m);
	assert_non_null(cause(m, answer));
	assert_int_equal(cause(m, answer)->in, second);
	assert_true(cause(m, answer)->other == 0);
	machine_free(m);
}

/* What is open goes before what was answered. */
static void test_answered(void **state)
{
	struct machine *m = machine_new(state);
	uint32_t second, out;

	say(m, 0, TRACE_IN, TRACE_REQUEST, 0, "find stormlantern");
	say(m, 2, TRACE_OUT, TRACE_RESPONSE, 0, "from the cache");
	second = say(m, 30, TRACE_IN, TRACE_REQUEST, 1, "find stormlantern");
	out = say(m, 33, TRACE_OUT, TRACE_REQUEST, 2, "select 'stormlantern'");
	match(m);
	assert_int_equal(cause(m, out)->in, second);
	machine_free(m);
}

/* The same is said of a packet whether the others are asked of or not. */
static void test_asked_alone(void **state)
{
	struct machine *m = machine_new(state);
	struct trace_links all;
	char text[200];

	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "GET /item/%08x?by=client-number-%d HTTP/1.1\r\nhost: www.shop.example\r\n",
			(unsigned)rand(), i % 8);
		say(m, i * 4, TRACE_IN, TRACE_REQUEST, (uint32_t)i % 8, text);
		if (i % 3)
			say(m, i * 4 + 2, TRACE_OUT, TRACE_REQUEST, 20 + (uint32_t)i % 3, text);
	}
	match(m);
	all = m->links;
	memset(&m->links, 0, sizeof(m->links));
	assert_int_equal(all.n, 200);
	for (size_t i = 0; i < all.n; i += 7) {
		for (size_t k = 0; k < m->n; k++) {
			m->packets[k].effect_asked = i % 2 && k == all.v[i].in;
			m->packets[k].cause_asked = i % 2 == 0 && k == all.v[i].out;
		}
		match(m);
		assert_int_equal(m->links.n, 1);
		assert_int_equal(m->links.v[0].in, all.v[i].in);
		assert_int_equal(m->links.v[0].out, all.v[i].out);
		assert_int_equal(m->links.v[0].len, all.v[i].len);
		assert_true(m->links.v[0].evidence == all.v[i].evidence);
		assert_true(m->links.v[0].other == all.v[i].other);
	}
	mem_free(all.v);
	machine_free(m);
}

/* Bytes made to match everything: an answer of so much work at most, and none that is wrong. */
static void test_hostile(void **state)
{
	struct machine *m = machine_new(state);
	char *text = mem_alloc(1461);

	text[1460] = '\0';
	for (int i = 0; i < 2000; i++) {
		for (int k = 0; k < 1460; k++)
			text[k] = i % 3 == 0 ? '0' : "match-everything "[k % 17];
		say(m, i / 4, i % 2 ? TRACE_OUT : TRACE_IN, TRACE_REQUEST, (uint32_t)i % 60, text);
	}
	match(m);
	/* bytes are read once, and their prints looked up twice */
	assert_in_range(m->links.work, 1, 4 * 2000 * 1460);
	assert_int_equal(m->links.n, 0);
	mem_free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_identical),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_onward),
		cmocka_unit_test(test_same_answers),
		cmocka_unit_test(test_asked_since),
		cmocka_unit_test(test_asked_alone),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
