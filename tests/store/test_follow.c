/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view that follows a catalog is what reading all of it gives, whatever was written in between; and it costs what changed.
 * FLOWDRILL_TEST_BLOCKS: how big the catalog of the last test is; FLOWDRILL_TEST_SEED.
 */
#include "made.h"

#include "base/mem.h"
#include "store/catalog_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { POINTS = 3, ROUNDS = 300 };

static const int64_t second_ns = 1000000000, window_ns = 900 * INT64_C(1000000000);
static uint64_t seed = 1;

static uint64_t next(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 11) % below;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- a catalog that is written row by row -------------------------------------------------------- */

/* What was written: blocks of segments, the oldest evicted. */
struct world {
	char dir[256], path[300];
	struct catalog *w, *r;
	uint32_t first, last;        /* blocks that are not evicted; last 0: none */
	uint32_t next_segment;       /* of the last block */
	int64_t now_ns, drops;
	bool plain;                  /* a segment has one point's packets, in one window */
};

static void world_begin(struct world *o)
{
	*o = (struct world){ .first = 1, .now_ns = 1700000000 * second_ns };
	made_dir(o->dir, sizeof(o->dir));
	snprintf(o->path, sizeof(o->path), "%s/catalog.db", o->dir);
	assert_int_equal(catalog_open(o->path, CATALOG_CREATE, &o->w, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_open(o->path, CATALOG_READ, &o->r, NULL, NULL), RC_DONE);
	for (uint32_t i = 0; i < POINTS; i++) {
		struct point_info p = { .number = i, .linktype = 1, .name = "eth" };

		assert_int_equal(catalog_put_point(o->w, &p, NULL, 0, NULL), RC_DONE);
	}
}

static void world_end(struct world *o)
{
	catalog_close(o->r);
	catalog_close(o->w);
	made_dir_remove(o->dir);
}

static struct block_info block_of(const struct world *o, uint32_t number, enum block_state state)
{
	struct block_info b = { .number = number, .state = state, .first_frame = number * 1000,
		.first_ns = o->now_ns, .last_ns = o->now_ns };

	snprintf(b.file, sizeof(b.file), "blocks/%08u.pcapng", number);
	b.length = state == BLOCK_OPEN ? 0 : 100000 + number;
	return b;
}

static void put_block(struct world *o, uint32_t number, enum block_state state)
{
	struct block_info b = block_of(o, number, state);

	assert_int_equal(catalog_put_block(o->w, &b, NULL), RC_DONE);
}

/* One segment with what it brings; its macroflow parts lie in one or two windows. */
static void put_segment(struct world *o, uint32_t block, uint32_t number, uint32_t packets)
{
	struct segment_place s = { .block = block, .number = number, .at = 100 + number * 1000u, .len = 900,
		.packets = packets, .first_frame = block * 1000 + number, .first_offset = number * 100,
		.end_offset = number * 100 + 100, .first_ns = o->now_ns - (int64_t)next(5) * second_ns,
		.last_ns = o->now_ns + (int64_t)next(900) * second_ns, .bytes = packets * 60, .digest = next(1 << 30) };
	struct macro_part parts[2];
	size_t n = o->plain ? 1 : 1 + next(2);

	assert_int_equal(catalog_put_segment(o->w, &s, NULL), RC_DONE);
	for (uint32_t i = 0; i < POINTS; i++) {
		struct point_info sums = { .number = i, .packets = packets + i, .bytes = packets * 60,
			.first_ns = s.first_ns, .last_ns = s.last_ns };

		if (i == 0 || (!o->plain && next(2)))
			assert_int_equal(catalog_put_sums(o->w, block, number, &sums, NULL), RC_DONE);
	}
	memset(parts, 0, sizeof(parts));
	for (size_t i = 0; i < n; i++) {
		parts[i].key.window_ns = o->now_ns / window_ns * window_ns + (int64_t)i * window_ns;
		record_init(&parts[i].rec, TIER_MACROFLOW);
	}
	assert_int_equal(catalog_put_macros(o->w, block, number, parts, n, NULL, NULL), RC_DONE);
}

static void publish(struct world *o)
{
	if (o->last < o->first)
		return;
	o->now_ns += second_ns;
	put_segment(o, o->last, o->next_segment++, 1 + (uint32_t)next(50));
}

static void begin_block(struct world *o)
{
	if (o->last >= o->first)
		put_block(o, o->last, next(2) ? BLOCK_SEALED : BLOCK_INDEXED);
	put_block(o, ++o->last, BLOCK_OPEN);
	o->next_segment = 0;
}

/* The first segments of the newest block become one. */
static void replace(struct world *o)
{
	uint32_t last = o->next_segment / 2;

	if (last == 0 || o->last < o->first)
		return;
	assert_int_equal(catalog_drop_places(o->w, o->last, 0, last, NULL), RC_DONE);
	for (int64_t w = 0; w <= o->now_ns + window_ns; w = w ? w + window_ns : (o->now_ns / window_ns - 6) * window_ns)
		assert_int_equal(catalog_drop_place_macros(o->w, w, o->last, 0, last, NULL), RC_DONE);
	put_segment(o, o->last, 0, 7 + last);
}

static void evict(struct world *o)
{
	struct block_info b;
	bool keep = next(2);

	if (o->first >= o->last)
		return;
	b = block_of(o, o->first, BLOCK_EVICTED);
	b.parts = keep ? PARTS_KEPT : PARTS_DEAD;
	b.packets = next(1000) + 1;
	b.first_ns = 0;
	assert_int_equal(catalog_evict(o->w, &b, keep, window_ns, NULL), RC_DONE);
	o->first++;
}

static void drop_block_index(struct world *o)
{
	if (o->last < o->first)
		return;
	assert_int_equal(catalog_drop_segments(o->w, o->last, 0, o->now_ns + 2 * window_ns, NULL), RC_DONE);
	o->next_segment = 0;
}

static void count(struct world *o)
{
	struct point_counts counts = { .received = next(1000), .dropped = next(10) };
	struct drop_info d = { .number = ++o->drops, .point = (uint32_t)next(POINTS), .dropped = 1 + next(9),
		.from_ns = o->now_ns - (int64_t)next(9) * second_ns, .to_ns = o->now_ns };

	assert_int_equal(catalog_put_counts(o->w, (uint32_t)next(POINTS), &counts, NULL), RC_DONE);
	assert_int_equal(catalog_put_drop(o->w, &d, NULL), RC_DONE);
	if (next(8) == 0)
		assert_int_equal(catalog_forget_drops(o->w, o->now_ns - 60 * second_ns, NULL), RC_DONE);
}

static void flags(struct world *o)
{
	static const char *const names[] = { "complete", "cut_short", "checksum_offload" };

	assert_int_equal(catalog_set(o->w, names[next(3)], (int64_t)next(2), NULL), RC_DONE);
	assert_int_equal(catalog_put_event(o->w, o->now_ns, "test", "happened", NULL), RC_DONE);
	if (next(3) == 0)
		assert_int_equal(catalog_put_anew(o->w, (struct anew_place){ o->last, (uint32_t)next(9) }, NULL), RC_DONE);
	if (next(9) == 0)
		assert_int_equal(catalog_forget_anew(o->w, o->first, NULL), RC_DONE);
}

static void (*const steps[])(struct world *) = { publish, publish, publish, publish, publish, publish, publish,
	publish, begin_block, begin_block, replace, evict, count, flags, drop_block_index };

/* One transaction. */
static void change(struct world *o, uint64_t n)
{
	assert_int_equal(catalog_begin(o->w, NULL), RC_DONE);
	for (; n > 0; n--)
		steps[next(sizeof(steps) / sizeof(steps[0]))](o);
	assert_int_equal(catalog_commit(o->w, NULL), RC_DONE);
}

/* ---- what must be equal --------------------------------------------------------------------------- */

#define SAME(field) assert_int_equal(a->field, b->field)

static void same_totals(const struct store_totals *a, const struct store_totals *b)
{
	SAME(packets), SAME(bytes), SAME(captured_bytes), SAME(blocks), SAME(segments), SAME(block_bytes);
	SAME(indexed_to), SAME(time_unknown), SAME(time_saturated), SAME(cut_packets), SAME(undecoded);
	SAME(evicted_blocks), SAME(evicted_packets), SAME(complete), SAME(cut_short), SAME(damaged);
	SAME(damaged_at), SAME(checksum_offload);
	if (a->packets)
		SAME(first_ns), SAME(last_ns);
}

static void same_block(const struct block_info *a, const struct block_info *b)
{
	SAME(number), SAME(state), SAME(row_sum), SAME(length), SAME(packets), SAME(bytes), SAME(parts);
	assert_string_equal(a->file, b->file);
	if (a->packets)
		SAME(first_ns), SAME(last_ns), SAME(first_frame);
}

static void same_point(const struct point_info *a, const struct point_info *b)
{
	SAME(number), SAME(packets), SAME(bytes), SAME(dropped), SAME(has_dropped), SAME(received), SAME(refused);
	SAME(if_dropped), SAME(has_counts);
	if (a->packets)
		SAME(first_ns), SAME(last_ns);
}

/* Rows are the same where their keys and their checksums are. */
static void same_rows(const struct view *a, const struct view *b)
{
	SAME(n_segments), SAME(n_sums), SAME(n_runs), SAME(n_drops), SAME(drops_seen), SAME(n_anew);
	for (size_t i = 0; i < a->n_segments; i++)
		SAME(segments[i].block), SAME(segments[i].number), SAME(segments[i].row_sum);
	for (size_t i = 0; i < a->n_sums; i++)
		SAME(sums[i].block), SAME(sums[i].segment), SAME(sums[i].point), SAME(sums[i].row_sum);
	for (size_t i = 0; i < a->n_runs; i++)
		SAME(runs[i].window_ns), SAME(runs[i].block), SAME(runs[i].segment), SAME(runs[i].row_sum);
	for (size_t i = 0; i < a->n_drops; i++)
		SAME(drops[i].from_ns), SAME(drops[i].number), SAME(drops[i].row_sum);
	for (size_t i = 0; i < a->n_anew; i++)
		SAME(anew[i].block), SAME(anew[i].offset);
}

static void same_view(const struct view *a, const struct view *b)
{
	SAME(n_blocks), SAME(n_points);
	for (size_t i = 0; i < a->n_blocks; i++)
		same_block(&a->blocks[i], &b->blocks[i]);
	for (size_t i = 0; i < a->n_points; i++)
		same_point(&a->points[i], &b->points[i]);
	same_rows(a, b);
	same_totals(&a->totals, &b->totals);
	for (size_t i = 0; i < VIEW_TALLIES; i++)
		if (i != TABLE_EVENTS && i != TABLE_FIELDS && i != TABLE_UNTIMED)
			SAME(tallies[i]);
}

static void load(struct world *o, struct view *v)
{
	struct err err = { 0 };

	view_init(v);
	if (catalog_load(o->r, v, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
}

static void check_followed(struct world *o, const struct view *v)
{
	struct view whole;

	load(o, &whole);
	same_view(v, &whole);
	view_free(&whole);
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static void test_random(void **state)
{
	uint64_t began = number_of("FLOWDRILL_TEST_SEED", 7);
	struct world o;
	struct view v;
	size_t followed = 0;

	(void)state;
	seed = began;
	print_message("FLOWDRILL_TEST_SEED=%ju\n", (uintmax_t)began);
	world_begin(&o);
	load(&o, &v);
	for (int i = 0; i < ROUNDS; i++) {
		enum rc rc;

		for (uint64_t n = next(4); n > 0; n--)
			change(&o, 1 + next(i % 50 == 0 ? 300 : 6));
		rc = catalog_follow(o.r, &v, NULL);
		assert_true(rc == RC_DONE || rc == RC_END);
		followed += rc == RC_DONE;
		if (rc == RC_END) {
			view_free(&v);
			load(&o, &v);
		}
		check_followed(&o, &v);
	}
	print_message("%zu of %d followed; %zu blocks, %zu segments\n", followed, ROUNDS, v.n_blocks, v.n_segments);
	assert_true(followed > ROUNDS * 9 / 10);
	view_free(&v);
	world_end(&o);
}

/* What cannot be followed is said, and the view left as it was. */
static void test_not_followed(void **state)
{
	static const char *const harm[] = {
		"DELETE FROM changes",
		"DELETE FROM changes WHERE number = (SELECT max(number) FROM changes) - 1",
		"UPDATE changes SET a = a + 1 WHERE number = (SELECT max(number) FROM changes)",
		"UPDATE changes SET what = 1 WHERE number = (SELECT max(number) FROM changes)",
		"UPDATE changes SET what = -1 WHERE number = (SELECT max(number) FROM changes)",
	};
	struct world o;
	struct view v, before;

	(void)state;
	for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		world_begin(&o);
		begin_block(&o);
		publish(&o);
		load(&o, &v);
		load(&o, &before);
		publish(&o);
		assert_int_equal(catalog_exec(o.w, harm[i], NULL), RC_DONE);
		assert_int_equal(catalog_follow(o.r, &v, NULL), RC_END);
		same_view(&v, &before);
		view_free(&v);
		load(&o, &v);
		assert_int_equal(v.n_segments, 2);
		view_free(&v);
		view_free(&before);
		world_end(&o);
	}
}

/* Another capture point, a row that somebody changed, more than is kept: all are read anew, and damage is found. */
static void test_read_anew(void **state)
{
	struct point_info p = { .number = POINTS, .linktype = 1, .name = "late" };
	struct world o;
	struct view v, none;

	(void)state;
	world_begin(&o);
	begin_block(&o);
	load(&o, &v);
	assert_int_equal(catalog_put_point(o.w, &p, NULL, 0, NULL), RC_DONE);
	assert_int_equal(catalog_follow(o.r, &v, NULL), RC_END);
	view_free(&v);
	load(&o, &v);
	assert_int_equal(catalog_begin(o.w, NULL), RC_DONE);
	for (int i = 0; i < 2000; i++)
		publish(&o);
	assert_int_equal(catalog_commit(o.w, NULL), RC_DONE);
	assert_int_equal(catalog_follow(o.r, &v, NULL), RC_END);
	view_free(&v);
	load(&o, &v);
	assert_int_equal(v.n_segments, 2000);
	/* an idle one reads nothing, and is what it was */
	assert_int_equal(catalog_follow(o.r, &v, NULL), RC_DONE);
	assert_int_equal(catalog_exec(o.w, "UPDATE segments SET packets = packets + 1 WHERE number = 3", NULL), RC_DONE);
	assert_int_equal(catalog_follow(o.r, &v, NULL), RC_END);
	view_init(&none);
	assert_int_equal(catalog_load(o.r, &none, NULL), RC_DAMAGED);
	view_free(&v);
	world_end(&o);
}

/* The table of changes stays short. */
static void test_trimmed(void **state)
{
	struct world o;
	struct view v;

	(void)state;
	world_begin(&o);
	begin_block(&o);
	for (int i = 0; i < 4000; i++) {
		assert_int_equal(catalog_begin(o.w, NULL), RC_DONE);
		publish(&o);
		assert_int_equal(catalog_commit(o.w, NULL), RC_DONE);
	}
	load(&o, &v);
	assert_int_equal(catalog_exec(o.w, "CREATE TABLE few (n CHECK (n < 6000)); "
		"INSERT INTO few SELECT count(*) FROM changes", NULL), RC_DONE);
	publish(&o);
	assert_int_equal(catalog_follow(o.r, &v, NULL), RC_DONE);
	check_followed(&o, &v);
	view_free(&v);
	world_end(&o);
}

/* ---- a big one ------------------------------------------------------------------------------------- */

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void make_big(struct world *o, uint64_t blocks)
{
	uint64_t segments = blocks * 5 / 2;

	assert_int_equal(catalog_begin(o->w, NULL), RC_DONE);
	for (uint64_t i = 0; i < segments; i++) {
		if (i * 2 / 5 >= o->last) {
			if (o->last)
				put_block(o, o->last, BLOCK_INDEXED);
			put_block(o, ++o->last, BLOCK_OPEN);
			o->next_segment = 0;
		}
		publish(o);
	}
	assert_int_equal(catalog_commit(o->w, NULL), RC_DONE);
}

enum { FOLLOWS_MAX = 256 };

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Processor time of one follow, the median of n (where time is stolen from a machine, some of them have it), with `do_it` before each. */
static double follow_ms(struct world *o, struct view *v, int n, void (*do_it)(struct world *))
{
	double ms[FOLLOWS_MAX];

	assert_in_range(n, 1, FOLLOWS_MAX);
	for (int i = 0; i < n; i++) {
		double began;

		if (do_it)
			do_it(o);
		began = cpu_ms();
		assert_int_equal(catalog_follow(o->r, v, NULL), RC_DONE);
		ms[i] = cpu_ms() - began;
	}
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
	return ms[n / 2];
}

static void test_big(void **state)
{
	uint64_t blocks = number_of("FLOWDRILL_TEST_BLOCKS", 2000), most_ms = number_of("FLOWDRILL_TEST_OPEN_MS", 0);
	double began, open_ms, idle_ms, one_ms, block_ms;
	struct world o;
	struct view v;

	(void)state;
	world_begin(&o);
	o.plain = true;
	make_big(&o, blocks);
	catalog_close(o.r);
	began = cpu_ms();
	assert_int_equal(catalog_open(o.path, CATALOG_READ, &o.r, NULL, NULL), RC_DONE);
	load(&o, &v);
	open_ms = cpu_ms() - began;
	assert_int_equal(v.n_blocks, blocks);
	idle_ms = follow_ms(&o, &v, 200, NULL);
	one_ms = follow_ms(&o, &v, 50, publish);
	block_ms = follow_ms(&o, &v, 20, begin_block);
	check_followed(&o, &v);
	print_message("%zu blocks, %zu segments: read whole %.1f ms; followed idle %.3f ms, with a segment more %.3f ms, "
		"with a block more %.3f ms\n", v.n_blocks, v.n_segments, open_ms, idle_ms, one_ms, block_ms);
	/* what has not changed costs next to nothing, however busy the machine is */
	assert_true(idle_ms < open_ms / 10);
	assert_true(one_ms < open_ms / 5);
	if (most_ms)
		assert_true(open_ms < (double)most_ms);
	view_free(&v);
	world_end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_not_followed),
		cmocka_unit_test(test_read_anew),
		cmocka_unit_test(test_trimmed),
		cmocka_unit_test(test_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
