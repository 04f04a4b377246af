/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A capture whose segments share windows: nine segments with parts of up to 700 services in five windows, and what a walk must say of them.
 * Included by one .c a program.
 */
#ifndef FLOWDRILL_TESTS_STORE_MACRO_PLACE_H
#define FLOWDRILL_TESTS_STORE_MACRO_PLACE_H

#include "place.h"

#include "flow/field.h"

static int key_cmp(const void *a, const void *b)
{
	return service_cmp(&((const struct macro_part *)a)->key, &((const struct macro_part *)b)->key);
}

enum { SEGMENTS = 9, SERVICES = 700 };

static const int64_t window_len_ns = 900 * INT64_C(1000000000);

/* Service `i` of a window: addresses of all kinds, in no order of i. */
static void make_service(struct service_key *k, uint32_t i, int64_t window_ns)
{
	uint32_t mixed = i * 2654435761u;

	memset(k, 0, sizeof(*k));
	k->window_ns = window_ns;
	k->server.kind = i % 3 == 0 ? ADDR_IPV4 : i % 3 == 1 ? ADDR_IPV6 : ADDR_LINK;
	memcpy(k->server.bytes, &mixed, 4);
	k->proto = i % 5 ? 17 : 0x10806;
	k->has_port = i % 5 != 0;
	k->port = k->has_port ? (uint16_t)(i % 7) : 0;
	k->point = i % 2;
}

/* The segment of number n holds service i in window w where this says so. */
static inline bool holds(uint32_t n, uint32_t i, uint32_t w)
{
	return (i * 7 + n * 3 + w) % 4 != 0 && (w == n / 3 || w == n / 3 + 1);
}

static enum rc publish(struct store *s, const struct made *m, uint32_t block, uint32_t n)
{
	static struct macro_part parts[3 * SERVICES];
	struct segment_place place = { .block = block, .number = n, .packets = 1, .first_frame = n + 1,
		.first_offset = (uint32_t)(m->at[n] - m->at[0]), .bytes = 1 };
	struct point_info sums = { .packets = 1, .bytes = 1 };
	struct buf bytes;
	size_t count = 0;
	enum rc rc;

	place.end_offset = place.first_offset + m->record_len[n];
	place.first_ns = n / 3 * window_len_ns + 5;
	place.last_ns = (n / 3 + 1) * window_len_ns + 5;
	sums.first_ns = place.first_ns;
	sums.last_ns = place.last_ns;
	for (uint32_t w = 0; w < 5; w++)
		for (uint32_t i = 0; i < SERVICES; i++) {
			struct macro_part *p = &parts[count];

			if (!holds(n, i, w))
				continue;
			memset(p, 0, sizeof(*p));
			make_service(&p->key, i, w * window_len_ns);
			record_init(&p->rec, TIER_MACROFLOW);
			p->rec.id = (struct record_id){ block, n + 1 };
			p->rec.c.first_ns = p->rec.c.last_ns = p->key.window_ns + n;
			p->rec.c.packets[0] = 1 + n;
			p->rec.c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);
			count++;
		}
	qsort(parts, count, sizeof(parts[0]), key_cmp);
	buf_init(&bytes);
	buf_put(&bytes, "segment", 7);
	rc = store_publish_segment(s, &place, &bytes, parts, count, &sums, 1, NULL);
	buf_free(&bytes);
	return rc;
}

/* What a walk must say of a service in a window. */
static uint64_t expected(uint32_t i, uint32_t w)
{
	uint64_t sum = 0;

	for (uint32_t n = 0; n < SEGMENTS; n++)
		if (holds(n, i, w))
			sum += 1 + n;
	return sum;
}

static void check_walk(struct store *s)
{
	struct macro_range range = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct service_key key, before, want;
	struct macro_walk *w;
	struct record rec;
	size_t n = 0, all = 0;
	uint64_t sum = 0, all_sum = 0;
	enum rc rc;

	assert_int_equal(macro_walk_open(s, &range, &w, NULL), RC_DONE);
	for (; (rc = macro_walk_next(w, &rec, &key, NULL)) == RC_DONE; n++) {
		assert_true(n == 0 || service_cmp(&before, &key) < 0);
		before = key;
		sum += counters_packets(&rec.c);
		record_free(&rec);
	}
	assert_int_equal(rc, RC_END);
	assert_int_equal(macro_walk_next(w, &rec, &key, NULL), RC_END);
	macro_walk_close(w);
	for (uint32_t win = 0; win < 5; win++)
		for (uint32_t i = 0; i < SERVICES; i++) {
			uint64_t e = expected(i, win);

			all += e > 0;
			all_sum += e;
			if (i % 50)
				continue;
			make_service(&want, i, win * window_len_ns);
			range.only = &want;
			assert_int_equal(macro_walk_open(s, &range, &w, NULL), RC_DONE);
			rc = macro_walk_next(w, &rec, &key, NULL);
			assert_int_equal(rc, e ? RC_DONE : RC_END);
			if (rc == RC_DONE) {
				assert_int_equal(counters_packets(&rec.c), e);
				assert_int_equal(service_cmp(&key, &want), 0);
				record_free(&rec);
				assert_int_equal(macro_walk_next(w, &rec, &key, NULL), RC_END);
			}
			macro_walk_close(w);
		}
	assert_int_equal(n, all);
	assert_int_equal(sum, all_sum);
}

static int setup_runs(void **state)
{
	return place_make(state, "a b?%#.fdr", 100);
}

static void make_runs(struct place *p)
{
	struct point_info point = { .linktype = 1, .tsresol = 6 };
	struct store *s;
	uint32_t block;

	assert_int_equal(open_place(p, true, &s, NULL, NULL), RC_DONE);
	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(store_block_begin(s, p->m.at[0], &block, NULL), RC_DONE);
	for (uint32_t n = 0; n < SEGMENTS; n++)
		assert_int_equal(publish(s, &p->m, block, n), RC_DONE);
	check_walk(s);
	store_close(s);
}

#endif
