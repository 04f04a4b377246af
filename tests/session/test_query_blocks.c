/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query_blocks() tells what query_run() then reads: blocks and segments are those of its explanation, for every tier, filter, range and record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "query/query.h"
#include "session/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct query_sources sources;
static struct store *store;

struct told { uint64_t blocks, skipped, segments, of; };

static void take_block(void *ctx, unsigned source, const struct block_info *block, size_t segments, size_t of)
{
	struct told *t = ctx;

	assert_int_equal(source, 0);
	assert_true(block->number > 0 && segments <= of);
	t->blocks += segments > 0;
	t->skipped += segments == 0;
	t->segments += segments;
	t->of += of;
}

struct ids { struct id v[12]; size_t n; };

static bool take_id(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct ids *ids = ctx;

	(void)raw;
	if (ids && ids->n < 12)
		row_id(row, &ids->v[ids->n++]);
	return true;
}

static uint64_t checked, partly;

static void check(const struct query *q)
{
	struct query_explain e;
	struct told told = { 0 };

	assert_int_equal(query_blocks(&sources, q, take_block, &told, NULL), RC_DONE);
	assert_int_equal(query_run(&sources, q, take_id, NULL, NULL, &e, NULL), RC_DONE);
	assert_int_equal(told.blocks, e.blocks);
	assert_int_equal(told.skipped, e.blocks_skipped);
	assert_int_equal(told.segments, e.segments);
	checked++;
	partly += told.blocks > 0 && told.skipped > 0;
}

static void check_filters(enum tier tier)
{
	static const char *const filters[] = { "", "tcp", "host 10.0.0.5", "host 203.0.113.77", "host 10.0.0.5 and host 10.0.1.11",
		"bytes > 5000" };
	const struct store_totals *t = store_totals(store);

	for (size_t f = 0; f < 6; f++) {
		struct filter *filter = NULL;
		struct query q;

		query_init(&q, tier);
		if (filter_compile(filters[f], tier, &filter, NULL) != RC_DONE)
			continue;
		q.filter = filter;
		check(&q);
		for (int k = 0; k < 8; k++) {
			q.from_ns = t->first_ns + (t->last_ns - t->first_ns) / 9 * k;
			q.to_ns = q.from_ns + (t->last_ns - t->first_ns) / 20;
			check(&q);
		}
		filter_free(filter);
	}
}

static void check_below(enum tier above, enum tier tier)
{
	struct ids ids = { 0 };
	struct query q;

	query_init(&q, above);
	assert_int_equal(query_run(&sources, &q, take_id, &ids, NULL, NULL, NULL), RC_DONE);
	assert_true(ids.n > 0);
	for (size_t i = 0; i < ids.n; i++) {
		query_init(&q, tier);
		q.in = &ids.v[i];
		q.n_in = 1;
		check(&q);
	}
}

static void test_what_is_told_is_read(void **state)
{
	static const char *const parts[] = { "shop.pcapng", "sip-call.pcapng", "attacks.pcapng" };
	const char *top = getenv("top_srcdir");
	struct store_config config;
	char dir[128], path[256];

	(void)state;
	captures_make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s.fdr", dir);
	store_config_default(&config);
	config.block_size = 1 << 20;
	assert_int_equal(store_create(path, &config, &store, NULL), RC_DONE);
	for (size_t i = 0; i < 3; i++) {
		struct ingest_options options;
		struct ingest_progress progress = { 0 };
		struct ingest_result result;
		char capture[512];
		const char *one = capture;

		snprintf(capture, sizeof(capture), "%s/samples/%s", top ? top : ".", parts[i]);
		ingest_options_default(&options);
		options.threads = 1;
		options.segment_packets = 700;
		assert_int_equal(ingest_import(store, &one, 1, &options, &progress, &result, NULL), RC_DONE);
	}
	sources.stores = &store;
	sources.n = 1;
	assert_true(store_totals(store)->blocks > 3 && store_totals(store)->segments > 2 * store_totals(store)->blocks);
	for (enum tier t = TIER_PACKET; t <= TIER_MACROFLOW; t++)
		check_filters(t);
	check_below(TIER_MACROFLOW, TIER_FLOW);
	check_below(TIER_MACROFLOW, TIER_PACKET);
	check_below(TIER_FLOW, TIER_MICROFLOW);
	check_below(TIER_FLOW, TIER_PACKET);
	check_below(TIER_MICROFLOW, TIER_PACKET);
	check_below(TIER_BLOCK, TIER_PACKET);
	check_below(TIER_BLOCK, TIER_FLOW);
	check_below(TIER_POINT, TIER_PACKET);
	print_message("%llu queries, %llu of them read some blocks and leave others out\n", (unsigned long long)checked,
		(unsigned long long)partly);
	assert_true(partly > checked / 4);
	store_close(store);
	captures_remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_what_is_told_is_read) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
