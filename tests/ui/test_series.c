/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns over time against queries over real captures: they add up to the rows of their tier, packets included, and columns that were
 * brought up to date are those that are made anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "session/ingest.h"
#include "ui/series.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What can be added up. */
struct sums {
	uint64_t bytes, packets, payload, retrans, responses, response_ns, syn, flows;
};

static void add(struct sums *s, const struct counters *c)
{
	s->bytes += counters_bytes(c);
	s->packets += counters_packets(c);
	s->payload += c->payload_bytes;
	s->retrans += c->retrans[0] + c->retrans[1];
	s->responses += c->response.n;
	s->response_ns += (uint64_t)c->response.sum_ns;
	s->syn += c->syn;
	s->flows += c->flows;
}

static bool add_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	(void)raw;
	add(ctx, &row->record->c);
	return true;
}

static void add_columns(struct sums *s, const struct series *series)
{
	const struct series_data *d = series_data(series);

	for (size_t i = 0; d != NULL && i < d->n; i++)
		if (d->column[i].any)
			add(s, &d->column[i].rec.c);
}

static void wait_for(struct session *session, struct series *s)
{
	struct pollfd fd = { .fd = session_wake_fd(session), .events = POLLIN };
	char bytes[256];

	series_update(s);
	while (series_busy(s)) {
		/* a refresh may wait for its turn, which nobody tells */
		if (poll(&fd, 1, 50) > 0)
			assert_true(read(fd.fd, bytes, sizeof(bytes)) > 0);
		series_update(s);
	}
}

static struct session *open_session(const char *path, bool is_store)
{
	const struct session_source source = { path, is_store };
	struct session_options options;
	struct session *s;
	struct err err = { 0 };

	session_options_default(&options);
	options.no_cache = true;
	options.no_names = true;
	if (session_open(&source, 1, &options, NULL, NULL, &s, &err) != RC_DONE)
		fail_msg("%s: %s", path, err.why);
	if (session_needs_index(s))
		session_index(s, NULL, NULL, NULL);
	return s;
}

/* The same question as a query of the tier that the columns were made of, or of microflows for packets. */
static void ask_rows(struct session *s, const struct series_data *d, struct sums *out)
{
	const struct series_question *q = &d->question;
	struct filter *filter;
	struct query query;

	query_init(&query, d->tier == TIER_PACKET ? TIER_MICROFLOW : d->tier);
	assert_int_equal(filter_compile(q->filter, query.tier, &filter, NULL), RC_DONE);
	query.filter = filter;
	query.from_ns = q->from_ns;
	query.to_ns = q->to_ns;
	query.in = &q->in;
	query.n_in = q->has_in;
	assert_int_equal(query_run(session_sources(s), &query, add_row, out, NULL, NULL, NULL), RC_DONE);
	filter_free(filter);
}

static void check(struct session *session, struct series *s, const struct series_question *q)
{
	struct sums columns = { 0 }, rows = { 0 };
	const struct series_data *d;
	struct err err;

	series_ask(s, q);
	wait_for(session, s);
	if (series_failed(s, &err))
		fail_msg("%s: %s", err.what, err.why);
	assert_true(series_is_current(s));
	d = series_data(s);
	assert_non_null(d);
	assert_true(d->n >= 1 && d->n <= q->columns);
	add_columns(&columns, s);
	ask_rows(session, d, &rows);
	assert_memory_equal(&columns, &rows, sizeof(rows));
	assert_int_equal(d->bytes, rows.bytes);
	assert_int_equal(d->packets, rows.packets);
}

struct ids {
	struct id v[24];
	size_t n;
};

static bool take_id(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct ids *ids = ctx;

	(void)raw;
	row_id(row, &ids->v[ids->n++]);
	return ids->n < sizeof(ids->v) / sizeof(ids->v[0]);
}

static void check_below(struct session *session, struct series *s, enum tier tier)
{
	struct ids ids = { 0 };
	struct query q;

	query_init(&q, tier);
	assert_int_equal(query_run(session_sources(session), &q, take_id, &ids, NULL, NULL, NULL), RC_DONE);
	for (size_t i = 0; i < ids.n; i++)
		check(session, s,
			&(struct series_question){ .tier = tier == TIER_MACROFLOW ? TIER_FLOW
						   : tier == TIER_FLOW    ? TIER_MICROFLOW
									  : TIER_PACKET,
				.has_in = true, .in = ids.v[i], .from_ns = INT64_MIN, .to_ns = INT64_MAX, .columns = 60 });
}

static void check_capture(const char *path)
{
	static const char *const filters[] = { "", "tcp", "port 53 or port 80", "bytes > 2000" };
	static const unsigned columns[] = { 1, 7, 80, 256 };
	static const enum tier tiers[] = { TIER_MACROFLOW, TIER_FLOW, TIER_MICROFLOW };
	struct session *session = open_session(path, false);
	struct series *s;

	if (store_totals(session_sources(session)->stores[0])->packets > 0) {
		assert_int_equal(series_new(session, &s, NULL), RC_DONE);
		for (size_t c = 0; c < 4; c++)
			check(session, s,
				&(struct series_question){ .columns = columns[c], .from_ns = INT64_MIN, .to_ns = INT64_MAX });
		for (size_t f = 0; f < 4; f++)
			for (size_t t = 0; t < 3; t++) {
				struct series_question q = { .tier = tiers[t], .columns = 80, .from_ns = INT64_MIN,
					.to_ns = INT64_MAX };

				snprintf(q.filter, sizeof(q.filter), "%s", filters[f]);
				check(session, s, &q);
			}
		for (size_t t = 0; t < 3; t++)
			check_below(session, s, tiers[t]);
		series_free(s);
	}
	session_close(session);
}

static void test_columns_add_up(void **state)
{
	static const char *const some[] = { "samples/shop.pcapng", "samples/sip-call.pcapng" };
	const char *top = getenv("top_srcdir");
	char path[512];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".", some[i]);
		check_capture(path);
	}
}

/* A range: records count where they overlap, in the columns of their slices. */
static void test_ranges(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	struct session *session;
	struct series *s;
	int64_t from = 0, to = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/samples/shop.pcapng", top != NULL ? top : ".");
	session = open_session(path, false);
	assert_int_equal(series_new(session, &s, NULL), RC_DONE);
	assert_true(series_span(session_sources(session), &from, &to));
	for (int i = 0; i < 12; i++) {
		int64_t a = from + (to - from) / 13 * i, b = a + (to - from) / (i + 1);
		struct series_question q = { .tier = TIER_FLOW, .columns = 40, .from_ns = a, .to_ns = b };

		/* packets are cut by a range, microflows are not: the same rows only of the slices' own tiers */
		snprintf(q.filter, sizeof(q.filter), "%s", "packets > 0");
		check(session, s, &q);
		q.to_ns = INT64_MAX;
		check(session, s, &q);
	}
	series_free(s);
	session_close(session);
}

/* ---- a store that grows ------------------------------------------------------------------------- */

static void import(struct store *s, const char *path)
{
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;

	ingest_options_default(&options);
	options.threads = 1;
	options.segment_packets = 700;
	assert_int_equal(ingest_import(s, &path, 1, &options, &progress, &result, NULL), RC_DONE);
}

static void test_refresh_is_as_made_anew(void **state)
{
	static const char *const parts[] = { "sip-call.pcapng", "shop.pcapng", "sip-call.pcapng", "attacks.pcapng" };
	struct series_question q = { .tier = TIER_FLOW, .columns = 100, .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	const char *top = getenv("top_srcdir");
	char dir[128], path[512], capture[512];
	struct session *session;
	struct store_config config;
	struct series *s, *fresh;
	struct store *store;
	bool changed;

	(void)state;
	captures_make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s.fdr", dir);
	store_config_default(&config);
	assert_int_equal(store_create(path, &config, &store, NULL), RC_DONE);
	session = open_session(path, true);
	assert_int_equal(series_new(session, &s, NULL), RC_DONE);
	series_ask(s, &q);
	wait_for(session, s);
	assert_null(series_data(s));
	for (size_t i = 0; i < 4; i++) {
		struct sums a = { 0 }, b = { 0 };

		snprintf(capture, sizeof(capture), "%s/samples/%s", top != NULL ? top : ".", parts[i]);
		import(store, capture);
		assert_int_equal(session_refresh(session, &changed, NULL), RC_DONE);
		assert_true(changed);
		series_refresh(s);
		wait_for(session, s);
		assert_int_equal(series_new(session, &fresh, NULL), RC_DONE);
		series_ask(fresh, &q);
		wait_for(session, fresh);
		add_columns(&a, s);
		add_columns(&b, fresh);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_int_equal(a.packets, store_totals(session_sources(session)->stores[0])->packets);
		assert_int_equal(series_data(s)->n, series_data(fresh)->n);
		for (size_t k = 0; k < series_data(s)->n; k++) {
			const struct series_column *x = &series_data(s)->column[k], *y = &series_data(fresh)->column[k];

			assert_int_equal(x->any, y->any);
			if (x->any)
				assert_int_equal(counters_bytes(&x->rec.c), counters_bytes(&y->rec.c));
		}
		series_free(fresh);
	}
	series_free(s);
	session_close(session);
	store_close(store);
	captures_remove_dir(dir);
}

static void test_steps(void **state)
{
	const int64_t s = 1000000000;

	(void)state;
	assert_int_equal(series_step(1, 1), 1);
	assert_int_equal(series_step(3, 1), 5);
	assert_int_equal(series_step(11 * 1000000, 1), 20 * 1000000);
	assert_int_equal(series_step(s, 5 * s), 5 * s);
	assert_int_equal(series_step(31 * s, 5 * s), 60 * s);
	assert_int_equal(series_step(61 * s, 300 * s), 300 * s);
	assert_int_equal(series_step(2 * s, 7 * s), 604800 * s);
	assert_int_equal(series_step(s, 11 * s), 11 * s);
	assert_int_equal(series_step(3000000 * s, 5 * s), 3000000 * s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_columns_add_up),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_refresh_is_as_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
