/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The power goes while two interfaces are recorded under a limit, with compaction, eviction and holes punched (power.h). The store
 * then opens by itself, nothing is named that is not there, and of each interface it has an uninterrupted run of frames
 * that ends no earlier than what the recorder had said was stored. Now and then the power goes again during recovery, or the store
 * is opened again without index/. POWER_POINTS (15) cuts, from POWER_SEED (1) on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "../patience.h"
#include "power_check.h"
#include "session/recorder_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	INTERFACES = 2,
	BURSTS = 80,
	FRAMES = 30, /* of an interface; in a burst */
	FRAME_MAX = 1500,
	SYNC_NS = 3 * 1000 * 1000,
	LIMIT = 3 << 20, /* of the store */
	LAG_MAX_S = 10, /* an honest disk beside many other tests */
};
#define T0 1700000000000000000

/* A burst has frames of one kind, a microsecond apart; an interface's bursts follow each other without a gap. */
struct burst {
	uint8_t frame[FRAME_MAX];
	uint32_t len;
};

struct world {
	char dir[128], store[160], attic[160];
	struct burst bursts[INTERFACES][BURSTS];
	struct live_step steps[INTERFACES][2 * BURSTS];
	struct power_report *report, *again;
	uint64_t ops, recovery_ops;
	unsigned cuts, cuts_again, nothing;
	uint64_t lost, lost_sqlite, punched, removed, lag_ns;
};

/* ---- what comes off the wire ------------------------------------------------------------- */

/* Ethernet, IPv4, UDP 10.0.0.x:4000+ -> 10.0.1.1:53, noise; the interface's number stands in the source. */
static void make_burst(struct burst *b, unsigned interface, unsigned number, uint32_t *noise)
{
	static const uint8_t head[] = {
		2,
		0,
		0,
		0,
		0,
		2,
		2,
		0,
		0,
		0,
		0,
		1,
		8,
		0,
		0x45,
		0,
		0,
		0,
		0,
		1,
		0,
		0,
		64,
		17,
		0,
		0,
		10,
		0,
		0,
		1,
		10,
		0,
		1,
		1,
		0x0f,
		0xa0,
		0,
		53,
	};

	for (size_t i = 0; i < FRAME_MAX; i++) {
		*noise = *noise * 1664525 + 1013904223;
		b->frame[i] = (uint8_t)(*noise >> 24);
	}
	b->len = 100 + *noise / 65536 % (FRAME_MAX - 100);
	memcpy(b->frame, head, sizeof(head));
	b->frame[11] = (uint8_t)interface;
	b->frame[29] = (uint8_t)(1 + number % 7);
	b->frame[35] = (uint8_t)number;
	for (unsigned at = 16, len = b->len - 14; at <= 38; at += 22, len -= 20) {
		b->frame[at] = (uint8_t)(len >> 8);
		b->frame[at + 1] = (uint8_t)len;
	}
}

static void make_script(struct world *w)
{
	uint32_t noise = 7;

	for (unsigned i = 0; i < INTERFACES; i++)
		for (unsigned k = 0; k < BURSTS; k++) {
			struct burst *b = &w->bursts[i][k];

			make_burst(b, i, k, &noise);
			w->steps[i][2 * k] = (struct live_step){
				.kind = LIVE_STEP_FRAMES,
				.n = FRAMES,
				.data = b->frame,
				.len = b->len,
				.time_ns = T0 + (int64_t)k * FRAMES * 1000,
			};
			w->steps[i][2 * k + 1] = (struct live_step){ .kind = LIVE_STEP_PAUSE,
				.n = 1 + noise / 65536 % 12 };
		}
}

/* ---- in a child: what it did not end with is its exit status -------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What came at some moment, and is to be stored. */
struct mark {
	uint64_t since_ns, received[INTERFACES];
};

/* Notes what the recorder says is stored; true when all is. */
static bool look(struct recorder *r, struct power_report *report, struct mark *mark)
{
	struct recorder_point p[INTERFACES];
	bool all = true, reached = true;

	for (unsigned i = 0; i < INTERFACES; i++) {
		recorder_point(r, i, &p[i]);
		report->stored[i] = p[i].stored;
		all &= p[i].stored == BURSTS * FRAMES;
		reached &= p[i].stored >= mark->received[i];
	}
	uint64_t now = now_ns(), lag = now - mark->since_ns;
	if (lag > report->lag_ns)
		report->lag_ns = lag;
	if (reached) {
		mark->since_ns = now;
		for (unsigned i = 0; i < INTERFACES; i++)
			mark->received[i] = p[i].received;
	}
	return all;
}

/* At once, where a compactor waits for half a minute: nobody reads an older snapshot. */
static void release_dead(struct store *s)
{
	uint32_t first, newest;
	bool later;

	store_block_range(s, 0, &first, &newest);
	for (; first != 0 && first <= newest; first++)
		if (store_release_dead(s, first, 0, UINT64_MAX, &later, NULL) != RC_DONE)
			_exit(95);
}

static void record(void *ctx)
{
	static const char *const names[INTERFACES] = { "made0", "made1" };
	struct world *w = ctx;
	struct recorder_options o;
	struct live *points[INTERFACES];
	struct store_notes notes = { .recovered = false };
	struct mark mark = { .since_ns = now_ns() };
	struct recorder *r;
	struct err err = { 0 };

	recorder_options_default(&o);
	o.store = w->store;
	o.sync_ns = SYNC_NS;
	o.config.block_size = 1 << 20;
	o.block_size_set = true;
	o.ingest.threads = 2;
	o.retention.max_bytes = LIMIT;
	for (unsigned i = 0; i < INTERFACES; i++)
		if (live_open_synthetic(
			    names[i], 1, w->steps[i], 2 * BURSTS, &points[i], &err) != RC_DONE)
			_exit(98);
	if (recorder_open_over(&o, points, INTERFACES, &r, &err) != RC_DONE ||
		recorder_start(r, &notes, &err) != RC_DONE) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		_exit(98);
	}
	for (unsigned i = 0; !look(r, w->report, &mark); i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
		if (i % 16 == 15)
			release_dead(r->store);
	}
	if (recorder_stop(r, &err) != RC_DONE) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		_exit(97);
	}
	recorder_close(r);
}

/* ---- afterwards ------------------------------------------------------------------------------ */

/* Opens and indexes what has no index; NULL where there is no store yet. */
static struct store *open_again(const struct world *w, bool named)
{
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store_notes notes = { 0 };
	struct store *s;
	struct err err = { 0 };
	enum rc rc = store_open(w->store, true, &s, &notes, &err);

	if (rc == RC_MISSING)
		return NULL;
	if (rc == RC_DONE && named)
		power_check_named(s, &notes);
	ingest_options_default(&options);
	options.threads = 1;
	if (rc == RC_DONE)
		rc = ingest_reindex(s, &options, &progress, &result, &err);
	if (rc == RC_DONE)
		rc = store_refresh(s, &err);
	if (rc != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	return s;
}

static void recover(void *ctx)
{
	store_close(open_again(ctx, false));
}

/* Frames [from, to) of an interface. */
struct run {
	uint64_t from, to;
};

static void take_frame(const struct world *w, const struct source_event *e, struct run *runs)
{
	assert_true(e->caplen >= 100);
	unsigned i = e->data[11];
	uint64_t number = (uint64_t)(e->time_ns - T0) / 1000;

	assert_true(i < INTERFACES && number < BURSTS * FRAMES);
	const struct burst *b = &w->bursts[i][number / FRAMES];
	assert_int_equal(e->len, b->len);
	assert_int_equal(e->caplen, b->len);
	assert_memory_equal(e->data, b->frame, b->len);
	if (runs[i].to == 0)
		runs[i] = (struct run){ number, number };
	assert_int_equal(number, runs[i].to);
	runs[i].to++;
}

static void walk_block(const struct world *w, const char *path, struct run *runs)
{
	struct source_event e;
	struct source *block;
	enum rc rc;

	assert_int_equal(source_open_file(path, NULL, &block, NULL), RC_DONE);
	while ((rc = source_next(block, &e, NULL)) == RC_DONE)
		if (e.kind == SOURCE_PACKET)
			take_frame(w, &e, runs);
	assert_int_equal(rc, RC_END);
	source_close(block);
}

static void check_frames(const struct world *w, struct store *s, bool without_index)
{
	struct run runs[INTERFACES] = { { 0 } };
	uint64_t gone = 0, there = 0;
	char path[300];
	size_t n;
	const struct block_info *b = store_blocks(s, &n);

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", w->store, b[i].file);
		if (b[i].state != BLOCK_EVICTED)
			walk_block(w, path, runs);
	}
	for (unsigned i = 0; i < INTERFACES; i++) {
		if (runs[i].to < w->report->stored[i])
			fail_msg("interface %u: %llu frames were stored, there are %llu", i,
				(unsigned long long)w->report->stored[i],
				(unsigned long long)runs[i].to);
		gone += runs[i].from;
		there += runs[i].to - runs[i].from;
	}
	assert_int_equal(store_totals(s)->packets, there);
	if (!without_index)
		assert_int_equal(store_totals(s)->evicted_packets, gone);
}

static void verify(struct world *w, bool without_index)
{
	struct store *s = open_again(w, !without_index);

	if (!s) {
		for (unsigned i = 0; i < INTERFACES; i++)
			assert_int_equal(w->report->stored[i], 0);
		w->nothing++;
		return;
	}
	power_check_clean(s);
	if (!without_index)
		power_check_synced(s, w->report);
	check_frames(w, s, without_index);
	store_close(s);
}

/* The power goes again during recovery. */
static void cut_recovery(struct world *w, uint64_t seed)
{
	int status = power_run(
		w->again, 1 + seed * 104729 % w->recovery_ops, seed, w->attic, recover, w);

	assert_true(status == POWER_CUT || status == 0);
	w->cuts_again += status == POWER_CUT;
	w->lost += w->again->lost;
	if (status == 0 && w->again->ops > 0)
		w->recovery_ops = w->again->ops;
}

static void add_up(struct world *w)
{
	const struct power_report *r = w->report;

	w->lost += r->lost;
	w->lost_sqlite += r->lost_sqlite;
	w->punched += r->punched;
	w->removed += r->removed;
	if (r->lag_ns > w->lag_ns)
		w->lag_ns = r->lag_ns;
}

static void whole(struct world *w)
{
	captures_remove_dir(w->store);
	assert_int_equal(power_run(w->report, 0, 1, w->attic, record, w), 0);
	w->ops = w->report->ops;
	add_up(w);
	verify(w, false);
}

static void one_cut(struct world *w, uint64_t seed)
{
	char index[200];

	captures_remove_dir(w->store);
	int status = power_run(w->report, 1 + seed * 7919 % w->ops, seed, w->attic, record, w);
	assert_true(status == POWER_CUT || status == 0);
	w->cuts += status == POWER_CUT;
	add_up(w);
	if (seed % 4 == 2)
		cut_recovery(w, seed);
	verify(w, false);
	if (seed % 8 == 7) {
		snprintf(index, sizeof(index), "%s/index", w->store);
		captures_remove_dir(index);
		verify(w, true);
	}
}

static void test_power_cuts(void **state)
{
	struct world *w = *state;
	uint64_t seed = power_number("POWER_SEED", 1),
		 points = power_number("POWER_POINTS", 15);

	whole(w);
	w->recovery_ops = 100;
	for (uint64_t i = 0; i < points; i++, seed++) {
		/* on failure this is the last line */
		fprintf(stderr, "\rPOWER_SEED=%llu: of %llu operations ",
			(unsigned long long)seed, (unsigned long long)w->ops);
		one_cut(w, seed);
	}
	printf("\n%u cuts while recording, %u while recovering, %llu writes lost or torn, %llu "
	       "of them SQLite's, %llu holes, %llu files "
	       "removed, %u before there was a store; stored after %.0f ms at most\n",
		w->cuts, w->cuts_again, (unsigned long long)w->lost,
		(unsigned long long)w->lost_sqlite, (unsigned long long)w->punched,
		(unsigned long long)w->removed, w->nothing, (double)w->lag_ns / 1e6);
	assert_true(w->cuts > 0 && w->lost > 0 && w->lost_sqlite > 0 && w->punched > 0 &&
		w->removed > 0);
	assert_true((double)w->lag_ns < LAG_MAX_S * 1e9 * patience());
}

int main(void)
{
	static struct world w;
	struct CMUnitTest tests[] = { cmocka_unit_test_prestate(test_power_cuts, &w) };

	w.report = power_report_new();
	w.again = power_report_new();
	make_script(&w);
	captures_make_dir(w.dir, sizeof(w.dir));
	snprintf(w.store, sizeof(w.store), "%s/p.fdr", w.dir);
	snprintf(w.attic, sizeof(w.attic), "%s/attic", w.dir);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	captures_remove_dir(w.dir);
	return failed;
}
