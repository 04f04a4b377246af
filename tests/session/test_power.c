/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The power goes at some write or sync of an import (power.h). The store then opens by itself, nothing is named that is not there,
 * and its packets are the first of the input, with all that were synced. Half of the times it is opened again without index/.
 * POWER_POINTS (40) cuts, from POWER_SEED (1) on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "power_check.h"
#include "session/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKETS = 3000 };

struct world {
	char dir[128], input[160], store[160], attic[160];
	struct power_report *report;
	uint64_t seed;
	uint64_t ops[14];
	unsigned done, nothing;
};

/* Frames of an experimental type between a few stations. */
static void make_input(const char *path)
{
	static const uint32_t header[] = { 0xa1b23c4d, 0x00040002, 0, 0, 65535, 1 };
	uint32_t state = 12345;
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fwrite(header, sizeof(header), 1, f);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint8_t frame[1600];
		for (size_t k = 0; k < sizeof(frame); k++) {
			state = state * 1664525 + 1013904223;
			frame[k] = (uint8_t)(state >> 24);
		}
		memcpy(frame,
			(const uint8_t[]){
				2, 0, 0, 0, 0, (uint8_t)(i % 5), 2, 0, 0, 0, 0, 9, 0x88, 0xb5 },
			14);
		uint32_t len = 60 + (state >> 8) % 1440;
		uint32_t record[] = { 1704464100 + i / 50, i % 50 * 1000000, len, len };
		fwrite(record, sizeof(record), 1, f);
		fwrite(frame, len, 1, f);
	}
	assert_int_equal(fclose(f), 0);
}

/* In a child: what it did not end with is its exit status. */
static void import(void *ctx)
{
	const struct world *w = ctx;
	const char *input = w->input;
	struct store_config config;
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *s;
	struct err err;

	store_config_default(&config);
	config.block_size = 1 << 20;
	ingest_options_default(&options);
	options.threads = 1 + (unsigned)(w->seed % 2);
	options.segment_packets = 100 + w->seed % 7 * 150;
	if (store_create(w->store, &config, &s, &err) != RC_DONE)
		_exit(98);
	if (ingest_import(s, &input, 1, &options, &progress, &result, &err) != RC_DONE) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		_exit(97);
	}
	store_close(s);
}

static int run(struct world *w, uint64_t cut_at, uint64_t seed)
{
	captures_remove_dir(w->store);
	w->seed = seed;
	return power_run(w->report, cut_at, seed, w->attic, import, w);
}

/* The next packet of a file. */
static bool next_packet(struct source *s, struct source_event *e)
{
	enum rc rc;

	do {
		rc = source_next(s, e, NULL);
	} while (rc == RC_DONE && e->kind != SOURCE_PACKET);
	assert_true(rc == RC_DONE || rc == RC_END);
	return rc == RC_DONE;
}

/* Packets of a block against the input, which goes on behind them. */
static uint64_t compare_block(struct source *input, const char *path)
{
	struct source_event want, got;
	struct source *block;
	uint64_t n = 0;

	assert_int_equal(source_open_file(path, NULL, &block, NULL), RC_DONE);
	while (next_packet(block, &got)) {
		assert_true(next_packet(input, &want));
		assert_int_equal(got.time_ns, want.time_ns);
		assert_int_equal(got.caplen, want.caplen);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.data, want.data, want.caplen);
		n++;
	}
	source_close(block);
	return n;
}

static void check_prefix(const struct world *w, struct store *s)
{
	struct source *input;
	uint64_t packets = 0;
	char path[300];
	size_t n;
	const struct block_info *b = store_blocks(s, &n);

	assert_int_equal(source_open_file(w->input, NULL, &input, NULL), RC_DONE);
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", w->store, b[i].file);
		packets += compare_block(input, path);
	}
	source_close(input);
	assert_int_equal(packets, store_totals(s)->packets);
}

static void verify(struct world *w, bool without_index)
{
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store_notes notes = { 0 };
	struct store *s;
	struct err err = { 0 };
	char path[200];

	snprintf(path, sizeof(path), "%s/index", w->store);
	if (without_index)
		captures_remove_dir(path);
	enum rc rc = store_open(w->store, true, &s, &notes, &err);
	if (rc == RC_MISSING) { /* it was not made yet */
		for (unsigned i = 0; i < POWER_BLOCKS; i++)
			assert_int_equal(w->report->synced[i], 0);
		w->nothing++;
		return;
	}
	if (rc != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	if (!without_index)
		power_check_named(s, &notes);
	ingest_options_default(&options);
	options.threads = 1;
	rc = ingest_reindex(s, &options, &progress, &result, &err);
	if (rc != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	power_check_clean(s);
	power_check_synced(s, w->report);
	check_prefix(w, s);
	store_close(s);
}

/* Operations of an import that is left alone, which is verified too; the seed's options repeat after 14. */
static uint64_t whole_ops(struct world *w, uint64_t seed)
{
	uint64_t *ops = &w->ops[seed % 14];

	if (*ops == 0) {
		assert_int_equal(run(w, 0, seed % 14), 0);
		*ops = w->report->ops;
		verify(w, false);
	}
	return *ops;
}

static void test_power_cuts(void **state)
{
	struct world *w = *state;
	uint64_t seed = power_number("POWER_SEED", 1),
		 points = power_number("POWER_POINTS", 40);
	uint64_t lost = 0, lost_sqlite = 0;

	for (uint64_t i = 0; i < points; i++, seed++) {
		uint64_t ops = whole_ops(w, seed), at = 1 + seed * 7919 % ops;
		/* on failure this is the last line */
		fprintf(stderr, "\rPOWER_SEED=%llu: cut at %llu of %llu ",
			(unsigned long long)seed, (unsigned long long)at,
			(unsigned long long)ops);
		int status = run(w, at, seed);
		assert_true(status == POWER_CUT || status == 0);
		w->done += status == POWER_CUT;
		verify(w, false);
		if (seed / 2 % 2 == 1)
			verify(w, true);
		lost += w->report->lost;
		lost_sqlite += w->report->lost_sqlite;
	}
	printf("\n%u cuts, %llu writes lost or torn, %llu of them SQLite's, %u before there "
	       "was a store\n",
		w->done, (unsigned long long)lost, (unsigned long long)lost_sqlite, w->nothing);
	assert_true(w->done > 0 && lost > 0 && lost_sqlite > 0);
}

int main(void)
{
	struct world w = { 0 };
	struct CMUnitTest tests[] = { cmocka_unit_test_prestate(test_power_cuts, &w) };

	w.report = power_report_new();
	captures_make_dir(w.dir, sizeof(w.dir));
	snprintf(w.input, sizeof(w.input), "%s/in.pcap", w.dir);
	snprintf(w.store, sizeof(w.store), "%s/p.fdr", w.dir);
	snprintf(w.attic, sizeof(w.attic), "%s/attic", w.dir);
	make_input(w.input);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	captures_remove_dir(w.dir);
	return failed;
}
