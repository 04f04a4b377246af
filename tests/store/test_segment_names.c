/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of a segment: all of them, and those of one address. */
#include "base/cursor.h"
#include "base/hash.h"
#include "segment_world.h"
#include "store/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a set of observations says must come, in order. */
struct expected {
	const struct observation *v;
	size_t n, at;
	const struct addr *only;
	size_t enough;
};

static bool take(void *ctx, const struct observation *o)
{
	struct expected *x = ctx;

	while (x->only && x->at < x->n && !addr_equal(&x->v[x->at].addr, x->only))
		x->at++;
	assert_true(x->at < x->n);
	assert_int_equal(observation_cmp(&x->v[x->at], o), 0);
	assert_int_equal(x->v[x->at].first_ns, o->first_ns);
	assert_int_equal(x->v[x->at].last_ns, o->last_ns);
	x->at++;
	return --x->enough > 0;
}

/* All of the set, and of each of its addresses. */
static void same_names(struct segment *s, struct observations *set)
{
	struct expected all = { .v = observations_sorted(set), .n = observations_count(set), .enough = SIZE_MAX };

	assert_int_equal(segment_all_names(s, take, &all, NULL), RC_DONE);
	assert_int_equal(all.at, all.n);
	for (size_t i = 0; i < all.n; i++) {
		struct expected one = { .v = all.v, .n = all.n, .at = i, .only = &all.v[i].addr, .enough = SIZE_MAX };

		if (i > 0 && addr_equal(&all.v[i - 1].addr, &all.v[i].addr))
			continue;
		assert_int_equal(segment_names(s, one.only, take, &one, NULL), RC_DONE);
		assert_true(one.at == all.n || !addr_equal(&all.v[one.at].addr, one.only));
	}
}

static void test_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 30; seed++) {
		struct observations *set;
		struct world x;

		world_open(&x, seed, seed % 2 ? MODEL_TAME : MODEL_WILD, 10 + (uint32_t)seed * 40, 1 + (uint32_t)seed * 3);
		assert_int_equal(observations_new(SEGMENT_NAMES_MAX, &set, NULL), RC_DONE);
		for (uint32_t i = 0; i < x.m->n_names; i++)
			observations_add(set, &x.m->names[i].o);
		assert_true(seed == 1 || observations_count(set) > 0);
		same_names(x.s, set);
		observations_free(set);
		world_close(&x);
	}
}

/* A segment without packets whose names are those that fill() adds; *kept: what it may keep. */
struct named {
	struct segment_writer *w;
	struct observations *kept;
	struct buf file;
	size_t at;                   /* of the segment in it */
	struct segment *s;
	uint8_t chunk[64];           /* its first chunk of names as written, or what fits */
};

static void begin(struct named *x)
{
	assert_int_equal(segment_writer_new(&x->w, NULL), RC_DONE);
	assert_int_equal(observations_new(SEGMENT_NAMES_MAX, &x->kept, NULL), RC_DONE);
	buf_init(&x->file);
	segment_writer_begin(x->w, &(struct segment_start){ .block = 7, .micro_ns = 1, .flow_ns = 1, .macro_ns = 1 });
}

static void add(struct named *x, const struct observation *o)
{
	segment_writer_name(x->w, o);
	observations_add(x->kept, o);
}

/* The directory entry of its first chunk of names, and where that is. */
static uint8_t *directory(struct named *x, uint8_t **chunk)
{
	uint8_t *bytes = x->file.data + x->at, *e = bytes + load_le16(bytes + SEGMENT_AT_TABLE);

	while (load_le16(e) != SECTION_OBSERVATIONS)
		e += SECTION_ENTRY;
	*chunk = bytes + load_le64(e + 24);
	return bytes + load_le32(e + 12);
}

static void put_byte(struct named *x, size_t pos, uint8_t value)
{
	uint8_t *chunk, *dir = directory(x, &chunk), *bytes = x->file.data + x->at;
	size_t head = load_le32(bytes + SEGMENT_AT_HEAD);

	chunk[pos] = value;
	buf_set_le64(&x->file, (size_t)(dir - x->file.data) + 8, hash_bytes(chunk, load_le32(dir + 4), 0));
	buf_set_le64(&x->file, x->at + head - 8, hash_bytes(bytes, head - 8, 0));
}

static bool take_any(void *ctx, const struct observation *o)
{
	(void)ctx;
	assert_true(o->len > 0 && o->by < SEEN_BYS && o->first_ns <= o->last_ns);
	return true;
}

static void end(struct named *x)
{
	uint8_t *chunk, *dir;

	assert_int_equal(index_header_encode(&x->file, 7, NULL), RC_DONE);
	x->at = x->file.len;
	assert_int_equal(segment_writer_end(x->w, &x->file, NULL, NULL), RC_DONE);
	assert_int_equal(segment_open_memory(x->file.data, x->file.len, x->at, x->file.len - x->at, &x->s, NULL), RC_DONE);
	assert_int_equal(segment_verify(x->s, NULL), RC_DONE);
	if (observations_count(x->kept) == 0)
		return;
	dir = directory(x, &chunk);
	memcpy(x->chunk, chunk, load_le32(dir + 4) < sizeof(x->chunk) ? load_le32(dir + 4) : sizeof(x->chunk));
}

static void finish(struct named *x)
{
	segment_close(x->s);
	segment_writer_free(x->w);
	observations_free(x->kept);
	buf_free(&x->file);
}

/* More than a segment takes; one address has names over many chunks, the longest among them; and any time. */
static void test_bounded(void **state)
{
	char name[OBSERVED_NAME_MAX + 1];
	struct named x;

	(void)state;
	begin(&x);
	for (uint32_t i = 0; i < 100000; i++) {
		struct observation o = { .by = (uint8_t)(i % SEEN_BYS), .name = name };
		uint32_t host = i % 3 ? i / 100 : 5;

		o.addr.kind = i % 2 ? ADDR_IPV4 : i % 4 ? ADDR_IPV6 : ADDR_LINK;
		memcpy(o.addr.bytes, &host, sizeof(host));
		memset(name, 'x', sizeof(name));
		o.len = (uint8_t)snprintf(name, sizeof(name), "name%u", i);
		if (i % 50 == 0)
			o.len = OBSERVED_NAME_MAX;
		o.first_ns = i % 1000 == 0 ? INT64_MIN : (int64_t)i * 1000;
		o.last_ns = i % 1000 == 0 ? INT64_MAX : o.first_ns + i;
		add(&x, &o);
	}
	end(&x);
	assert_int_equal(observations_count(x.kept), SEGMENT_NAMES_MAX);
	same_names(x.s, x.kept);
	assert_true(segment_info(x.s)->size.strings > 1 << 20);
	finish(&x);
}

static void test_few(void **state)
{
	struct observation o = { .addr = { .kind = ADDR_IPV4, .bytes = { 10, 0, 0, 5 } }, .name = "a", .len = 1 };
	struct addr other = { .kind = ADDR_IPV4, .bytes = { 10, 0, 0, 4 } };
	struct expected x = { .n = 0, .enough = 1 };
	struct named n;

	(void)state;
	begin(&n);
	end(&n);
	assert_int_equal(segment_names(n.s, &other, take, &x, NULL), RC_DONE);
	assert_int_equal(segment_all_names(n.s, take, &x, NULL), RC_DONE);
	finish(&n);
	begin(&n);
	add(&n, &o);
	o.name = "b";
	add(&n, &o);
	end(&n);
	assert_int_equal(segment_names(n.s, &other, take, &x, NULL), RC_DONE);
	other.bytes[3] = 6;
	assert_int_equal(segment_names(n.s, &other, take, &x, NULL), RC_DONE);
	/* who has enough is not asked again */
	x = (struct expected){ .v = observations_sorted(n.kept), .n = 2, .enough = 1 };
	assert_int_equal(segment_all_names(n.s, take, &x, NULL), RC_DONE);
	assert_int_equal(x.at, 1);
	finish(&n);
}

/* One byte of the only chunk is another one, and its checksums are right again. */
static void test_lies(void **state)
{
	/* source, kind, address, length, name of the first; source, length, name of the second; each with what cannot be */
	static const struct { size_t pos; uint8_t value; } lies[] = { { 0, 1 }, { 1, 3 }, { 1, ADDR_IPV6 }, { 5, 4 }, { 6, 0 },
		{ 6, 200 }, { 7, 'e' }, { 11, 0 }, { 12, 0 }, { 12, 9 }, { 13, 'a' } };
	struct observation o = { .addr = { .kind = ADDR_IPV4, .bytes = { 10, 0, 0, 5 } }, .name = "bb", .len = 2 };
	struct named x;

	(void)state;
	begin(&x);
	add(&x, &o);
	o.name = "dd";
	add(&x, &o);
	end(&x);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct expected any = { .enough = 1 };
		struct segment *s;

		put_byte(&x, lies[i].pos, lies[i].value);
		assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at, x.file.len - x.at, &s, NULL), RC_DONE);
		if (segment_verify(s, NULL) != RC_DAMAGED)
			fail_msg("byte %zu may be %u", lies[i].pos, lies[i].value);
		segment_all_names(s, take_any, &any, NULL);
		segment_names(s, &o.addr, take_any, &any, NULL);
		segment_close(s);
		put_byte(&x, lies[i].pos, x.chunk[lies[i].pos]);
	}
	finish(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
