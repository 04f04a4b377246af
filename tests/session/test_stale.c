/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Readers whose snapshot is older than a compaction or an eviction: what they cannot read any more is no damage, and an answer is
 * right or none. Once in order, then with a writer and several followers in processes of their own (for
 * FLOWDRILL_TEST_SECONDS, 4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "answers.h"
#include "captures.h"
#include "query/machine.h"
#include "query/query.h"
#include "query/related.h"
#include "query/service_map.h"
#include "session/ingest.h"
#include "store/retention.h"
#include "tier/compact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS = 3000, LEN = 600, FOLLOWERS = 3, BLOCKS_LEFT = 4 };

struct place { char dir[128], capture[200], store[200]; };

/* ---- a store that grows --------------------------------------------------------------------------- */

static void put_packet(struct buf *b, unsigned i)
{
	static const uint8_t head[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 2, 0x4a, 0, 0, 0, 0, 64, 17, 0, 0,
		10, 0, 0, 1, 10, 0, 1, 1 };

	buf_put_le32(b, 1700000000 + i / 4);
	buf_put_le32(b, i % 4 * 1000);
	buf_put_le32(b, LEN);
	buf_put_le32(b, LEN);
	buf_put(b, head, sizeof(head) - 1);
	buf_put_u8(b, (uint8_t)(i % 9));
	buf_put_u8(b, 0x9c), buf_put_u8(b, 0x40), buf_put_u8(b, 0), buf_put_u8(b, 53);
	buf_put_u8(b, 2), buf_put_u8(b, 0x36), buf_put_u8(b, 0), buf_put_u8(b, 0);
	buf_put_zeros(b, LEN - sizeof(head) - 8);
}

static void make_capture(const char *path)
{
	struct buf b;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	buf_init(&b);
	buf_put_le32(&b, 0xa1b2c3d4);
	buf_put_le32(&b, 0x00040002);
	buf_put_zeros(&b, 8);
	buf_put_le32(&b, 65535);
	buf_put_le32(&b, 1);
	for (unsigned i = 0; i < PACKETS; i++)
		put_packet(&b, i);
	assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
	assert_int_equal(fclose(f), 0);
	buf_free(&b);
}

/* All packets once more, in segments of 30. */
static enum rc import(struct store *s, const struct place *p)
{
	const char *path = p->capture;
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;

	ingest_options_default(&options);
	options.threads = 1;
	options.segment_packets = 30;
	return ingest_import(s, &path, 1, &options, &progress, &result, NULL);
}

/* Everything that can be merged, and the holes punched. */
static enum rc compact(struct store *s)
{
	struct compactor *c;
	bool did = true;
	enum rc rc = compactor_new(s, &c, NULL);

	if (rc != RC_DONE)
		return rc;
	while (rc == RC_DONE && did)
		rc = compactor_step(c, true, &did, NULL);
	compactor_free(c);
	return rc;
}

static void make_place(struct place *p, struct store **s)
{
	struct store_config config;

	captures_make_dir(p->dir, sizeof(p->dir));
	snprintf(p->capture, sizeof(p->capture), "%s/c.pcap", p->dir);
	snprintf(p->store, sizeof(p->store), "%s/s.fdr", p->dir);
	make_capture(p->capture);
	store_config_default(&config);
	config.block_size = 1 << 20;
	assert_int_equal(store_create(p->store, &config, s, NULL), RC_DONE);
	assert_int_equal(import(*s, p), RC_DONE);
}

/* ---- in order -------------------------------------------------------------------------------------- */

struct sums { uint64_t rows, packets; };

static bool add_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct sums *sums = ctx;

	(void)raw;
	sums->rows++;
	sums->packets += row->record ? counters_packets(&row->record->c) : 1;
	return true;
}

static enum rc ask(struct store *s, enum tier tier, bool fresh, struct sums *sums, struct query_explain *explain,
	struct err *err)
{
	struct query_sources sources = { .stores = &s, .n = 1 };
	struct query q;

	*sums = (struct sums){ 0 };
	query_init(&q, tier);
	return fresh ? query_run_fresh(&sources, &q, add_row, sums, NULL, explain, err)
		     : query_run(&sources, &q, add_row, sums, NULL, explain, err);
}

static void test_older_snapshot(void **state)
{
	static const enum tier tiers[] = { TIER_MACROFLOW, TIER_FLOW, TIER_MICROFLOW, TIER_PACKET };
	struct store *s, *old[4], *all;
	struct buf before, after;
	struct place p;
	struct query_explain explain;
	struct sums sums;

	(void)state;
	make_place(&p, &s);
	buf_init(&before);
	buf_init(&after);
	assert_int_equal(store_open(p.store, false, &all, NULL, NULL), RC_DONE);
	answers_of(all, &before);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(store_open(p.store, false, &old[i], NULL, NULL), RC_DONE);
	assert_int_equal(compact(s), RC_DONE);
	for (size_t i = 0; i < 4; i++) {
		struct err err = { 0 };

		assert_int_equal(ask(old[i], tiers[i], false, &sums, &explain, &err), RC_STALE);
		assert_int_equal(err.rc, RC_STALE);
		assert_int_equal(ask(old[i], tiers[i], true, &sums, &explain, &err), RC_DONE);
		assert_int_equal(sums.packets, PACKETS);
		assert_int_equal(explain.packets_gone, 0);
		store_close(old[i]);
	}
	answers_of(all, &after);
	answers_compare("compacted", &before, &after);
	store_close(all);
	store_close(s);
	buf_free(&before);
	buf_free(&after);
	captures_remove_dir(p.dir);
}

static bool no_hop(void *ctx, const struct related_hop *hop)
{
	(void)hop;
	++*(unsigned *)ctx;
	return true;
}

static bool first_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	(void)raw;
	row_id(row, ctx);
	return false;
}

/* A walk along content that a compaction overtakes begins again, and so does a map of services. */
static void test_walk(void **state)
{
	struct related_options options = { 0 };
	struct related_told told;
	struct store *s, *old, *other;
	struct place p;
	struct query q;
	struct id id;
	unsigned hops = 0;

	(void)state;
	make_place(&p, &s);
	assert_int_equal(store_open(p.store, false, &old, NULL, NULL), RC_DONE);
	assert_int_equal(store_open(p.store, false, &other, NULL, NULL), RC_DONE);
	struct query_sources sources = { .stores = &old, .n = 1 };

	query_init(&q, TIER_PACKET);
	assert_int_equal(query_run(&sources, &q, first_packet, &id, NULL, NULL, NULL), RC_DONE);
	assert_int_equal(compact(s), RC_DONE);
	assert_int_equal(related_run(&sources, &id, &options, no_hop, &hops, NULL, &told, NULL), RC_STALE);
	assert_int_equal(related_run_fresh(&sources, &id, &options, no_hop, &hops, NULL, &told, NULL), RC_DONE);
	assert_int_equal(told.asked, 1);
	assert_int_equal(told.machines, 1);
	assert_true(told.packets > 0 && told.packets < PACKETS);
	assert_int_equal(hops, 0);
	store_close(old);

	struct service_map map;

	old = other;
	query_init(&q, TIER_FLOW);
	assert_int_equal(service_map_run(&sources, &q, 0, NULL, &map, NULL), RC_STALE);
	assert_int_equal(service_map_run_fresh(&sources, &q, 0, NULL, &map, NULL), RC_DONE);
	assert_int_equal(map.n, 0);
	service_map_free(&map);
	store_close(old);
	store_close(s);
	captures_remove_dir(p.dir);
}

/* What has to be read of a machine: apart from each other, and no more than so many. */
static void test_spans(void **state)
{
	struct time_span spans[MACHINE_SPANS];
	int64_t times[500], second = 1000000000;

	(void)state;
	times[0] = 100 * second, times[1] = 10 * second, times[2] = 101 * second;
	assert_int_equal(machine_spans(times, 3, second, 2 * second, spans), 2);
	assert_int_equal(spans[0].from_ns, 9 * second);
	assert_int_equal(spans[0].to_ns, 12 * second);
	assert_int_equal(spans[1].from_ns, 99 * second);
	assert_int_equal(spans[1].to_ns, 103 * second);
	for (int i = 0; i < 500; i++)
		times[i] = 60 * second * i;
	size_t n = machine_spans(times, 500, second, second, spans);

	assert_in_range(n, 1, MACHINE_SPANS);
	assert_int_equal(spans[0].from_ns, -second);
	assert_int_equal(spans[n - 1].to_ns, 499 * 60 * second + second);
	times[0] = INT64_MIN, times[1] = INT64_MAX;
	assert_int_equal(machine_spans(times, 2, second, second, spans), 2);
	assert_int_equal(spans[1].to_ns, INT64_MAX);
}

/* Damage in what the catalog still names stays damage. */
static void test_still_damage(void **state)
{
	struct store *s, *reader;
	const struct segment_place *place;
	struct place p;
	struct sums sums;
	char path[300];
	size_t n;
	FILE *f;

	(void)state;
	make_place(&p, &s);
	store_close(s);
	assert_int_equal(store_open(p.store, false, &reader, NULL, NULL), RC_DONE);
	place = store_segments(reader, &n);
	snprintf(path, sizeof(path), "%s/index/%08u.idx", p.store, place->block);
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)place->at, SEEK_SET), 0);
	for (uint64_t i = 0; i < place->len; i++)
		fputc(0, f);
	fclose(f);
	assert_int_equal(ask(reader, TIER_FLOW, true, &sums, NULL, NULL), RC_DAMAGED);
	store_close(reader);
	captures_remove_dir(p.dir);
}

/* ---- with a writer at work ------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static enum rc evict_most(struct store *s)
{
	size_t n, left = 0;
	const struct block_info *b = store_blocks(s, &n);
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < n; i++)
		left += b[i].state == BLOCK_INDEXED;
	for (size_t i = 0; rc == RC_DONE && i < n && left > BLOCKS_LEFT; i++) {
		if (store_blocks(s, &n)[i].state != BLOCK_INDEXED)
			continue;
		rc = store_evict(s, store_blocks(s, &n)[i].number, false, NULL);
		left--;
	}
	return rc;
}

/* In a process of its own, which ends with 0 where all went well. */
static int write_on(const struct place *p, int64_t until_ms)
{
	struct store *s;
	enum rc rc = store_open(p->store, true, &s, NULL, NULL);
	unsigned rounds = 0;

	for (; rc == RC_DONE && (now_ms() < until_ms || rounds < 2); rounds++) {
		rc = import(s, p);
		if (rc == RC_DONE)
			rc = compact(s);
		if (rc == RC_DONE)
			rc = evict_most(s);
	}
	printf("writer: %u rounds, %s\n", rounds, rc_name(rc));
	store_close(s);
	return rc != RC_DONE;
}

/* Whether what was said is all that there is, or what is missing is said. */
static bool adds_up(struct store *s, enum tier tier, const struct sums *sums, const struct query_explain *e)
{
	uint64_t all = store_totals(s)->packets;

	/* parts of macroflows go with their block without a word */
	/* a segment that was evicted while it was read counts as gone, though some of it was given: never fewer, never more than there were */
	return sums->packets <= all && (tier == TIER_MACROFLOW || sums->packets + e->packets_gone >= all);
}

static int follow(const struct place *p, unsigned who, int64_t until_ms)
{
	static const enum tier tiers[] = { TIER_MACROFLOW, TIER_FLOW, TIER_MICROFLOW, TIER_PACKET };
	unsigned asked = 0, stale = 0, gone = 0, bad = 0;
	struct store *s = NULL;
	struct err err = { 0 };

	while (now_ms() < until_ms && bad == 0) {
		enum tier tier = tiers[asked++ % 4];
		struct query_explain e = { 0 };
		struct sums sums = { 0 };
		bool fresh = asked % 3 == who % 3;
		enum rc rc = s ? RC_DONE : store_open(p->store, false, &s, NULL, &err);

		/* some snapshots are used twice */
		if (rc == RC_DONE && asked % 2)
			rc = store_refresh(s, &err);
		if (rc == RC_DONE)
			rc = ask(s, tier, fresh, &sums, &e, &err);
		stale += rc == RC_STALE;
		gone += e.packets_gone > 0;
		if (rc != RC_STALE && (rc != RC_DONE || !adds_up(s, tier, &sums, &e))) {
			printf("follower %u: tier %d: %s: %s: %s; %ju packets and %ju gone of %ju\n", who, tier, rc_name(rc),
				err.what, err.why, (uintmax_t)sums.packets, (uintmax_t)e.packets_gone,
				(uintmax_t)(s ? store_totals(s)->packets : 0));
			bad++;
		}
	}
	printf("follower %u: %u queries, %u to be asked again, %u with packets gone\n", who, asked, stale, gone);
	store_close(s);
	return bad > 0;
}

static void test_race(void **state)
{
	const char *seconds = getenv("FLOWDRILL_TEST_SECONDS");
	int64_t until_ms;
	pid_t pids[FOLLOWERS + 1];
	struct place p;
	struct store *s;
	int bad = 0;

	(void)state;
	make_place(&p, &s);
	store_close(s);
	until_ms = now_ms() + (seconds ? atoi(seconds) : 4) * 1000;
	fflush(stdout);
	for (unsigned i = 0; i <= FOLLOWERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			int status = i == 0 ? write_on(&p, until_ms) : follow(&p, i, until_ms);

			fflush(stdout);
			_exit(status);
		}
	}
	for (unsigned i = 0; i <= FOLLOWERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		bad += status != 0;
	}
	captures_remove_dir(p.dir);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_older_snapshot),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_still_damage),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
