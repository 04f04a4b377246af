/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints of a segment: those of each packet, and the filter of all of them. */
#include "base/cursor.h"
#include "base/hash.h"
#include "segment_world.h"
#include "store/format.h"

#include <stdlib.h>
#include <string.h>

static bool same(const struct packet_prints *a, const struct packet_prints *b)
{
	return a->n == b->n && a->more == b->more && (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

/* From a packet on, all that the model has. */
static void same_from(struct world *x, uint32_t from)
{
	struct packet_prints want, have;
	struct segment_prints it;
	uint32_t v[MODEL_PRINTS], ordinal;

	good(x, segment_prints_seek(&it, x->s, from, &x->err));
	for (uint32_t i = from; i < x->m->n_packets; i++) {
		want = model_prints(x->m, i, v);
		if (want.n == 0 && !want.more)
			continue;
		good(x, segment_prints_next(&it, &ordinal, &have, &x->err));
		assert_int_equal(ordinal, i);
		assert_true(same(&want, &have));
	}
	assert_int_equal(segment_prints_next(&it, &ordinal, &have, &x->err), RC_END);
}

static void test_walk(void **state)
{
	uint64_t r = 3;

	(void)state;
	for (uint64_t seed = 1; seed < 40; seed++) {
		uint32_t packets = 1 + (uint32_t)(model_random(&r) % (seed % 10 ? 400 : 30000));
		struct world x;

		world_open(&x, seed, seed % 2 ? MODEL_TAME : MODEL_WILD, packets, 1 + packets / 8);
		assert_int_equal(segment_info(x.s)->fingerprints, x.m->start.fingerprints);
		same_from(&x, 0);
		for (unsigned i = 0; i < 10; i++)
			same_from(&x, (uint32_t)(model_random(&r) % packets));
		good(&x, segment_verify(x.s, &x.err));
		world_close(&x);
	}
}

/* What is there may be there; of what is not few may; where nothing was kept anything may. */
static void test_filter(void **state)
{
	uint32_t v[MODEL_PRINTS], wrong = 0;
	uint64_t r = 9, bytes;
	struct world x;
	bool may;

	(void)state;
	world_open(&x, 1, MODEL_TAME, 20000, 500);
	for (uint32_t i = 0; i < x.m->n_packets; i++) {
		struct packet_prints p = model_prints(x.m, i, v);

		for (uint32_t k = 0; k < p.n; k++) {
			good(&x, segment_may_have_print(x.s, v[k], &may, &x.err));
			assert_true(may);
		}
	}
	for (unsigned i = 0; i < 20000; i++) {
		good(&x, segment_may_have_print(x.s, (uint32_t)model_random(&r), &may, &x.err));
		wrong += may;
	}
	assert_true(wrong < 600);
	world_close(&x);
	/* one question reads one chunk */
	world_open(&x, 1, MODEL_TAME, 20000, 500);
	bytes = segment_io_bytes(x.s);
	good(&x, segment_may_have_print(x.s, 1, &may, &x.err));
	assert_true(segment_io_bytes(x.s) - bytes <= PRINT_FILTER_CHUNK);
	assert_true(segment_info(x.s)->size.filter > 4 * PRINT_FILTER_CHUNK);
	world_close(&x);
	world_open(&x, 2, MODEL_TAME, 300, 50);
	assert_int_equal(segment_info(x.s)->fingerprints, FINGERPRINTS_OFF);
	assert_int_equal(segment_info(x.s)->size.filter + segment_info(x.s)->size.prints, 0);
	good(&x, segment_may_have_print(x.s, 12345, &may, &x.err));
	assert_true(may);
	world_close(&x);
}

/* No packet has any, but they were kept: then nothing may be there. */
static void test_none(void **state)
{
	struct segment_start start = { .block = 7, .micro_ns = 1, .flow_ns = 1, .macro_ns = 1,
		.fingerprints = FINGERPRINTS_SPARSE };
	struct segment_writer *w;
	struct segment *s;
	struct buf file;
	size_t at;
	bool may;

	(void)state;
	for (unsigned forget = 0; forget < 2; forget++) {
		buf_init(&file);
		assert_int_equal(segment_writer_new(&w, NULL), RC_DONE);
		segment_writer_begin(w, &start);
		assert_int_equal(index_header_encode(&file, 7, NULL), RC_DONE);
		at = file.len;
		if (forget)
			segment_writer_no_prints(w);
		assert_int_equal(segment_writer_end(w, &file, NULL, NULL), RC_DONE);
		assert_int_equal(segment_open_memory(file.data, file.len, at, file.len - at, &s, NULL), RC_DONE);
		assert_int_equal(segment_verify(s, NULL), RC_DONE);
		assert_int_equal(segment_may_have_print(s, 5, &may, NULL), RC_DONE);
		assert_int_equal(may, forget);
		segment_close(s);
		segment_writer_free(w);
		buf_free(&file);
	}
}

/* Where a section's table entry is. */
static uint8_t *section(struct world *x, unsigned id)
{
	uint8_t *bytes = x->file.data + x->at, *e = bytes + load_le16(bytes + SEGMENT_AT_TABLE);

	while (load_le16(e) != id)
		e += SECTION_ENTRY;
	return e;
}

static void sum_head(struct world *x)
{
	uint8_t *bytes = x->file.data + x->at;
	size_t head = load_le32(bytes + SEGMENT_AT_HEAD);

	buf_set_le64(&x->file, x->at + head - 8, hash_bytes(bytes, head - 8, 0));
}

/* A filter that lacks something, with right checksums, is found; a segment without the sections is one that kept nothing. */
static void test_odd(void **state)
{
	struct world x;
	uint8_t *bytes, *e, *dir;
	bool may;

	(void)state;
	world_open(&x, 1, MODEL_TAME, 300, 50);
	segment_close(x.s);
	bytes = x.file.data + x.at;
	e = section(&x, SECTION_PRINT_FILTER);
	dir = bytes + load_le32(e + 12);
	memset(bytes + load_le64(e + 24), 0, load_le32(dir + 4));
	buf_set_le64(&x.file, (size_t)(dir - x.file.data) + 8, hash_bytes(bytes + load_le64(e + 24), load_le32(dir + 4), 0));
	sum_head(&x);
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at, x.file.len - x.at, &x.s, &x.err), RC_DONE);
	assert_int_equal(segment_verify(x.s, &x.err), RC_DAMAGED);
	segment_close(x.s);
	/* numbers that nobody knows */
	e[0] = 200;
	section(&x, SECTION_PRINTS)[0] = 201;
	sum_head(&x);
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at, x.file.len - x.at, &x.s, &x.err), RC_DONE);
	assert_int_equal(segment_info(x.s)->fingerprints, FINGERPRINTS_OFF);
	good(&x, segment_verify(x.s, &x.err));
	good(&x, segment_may_have_print(x.s, 5, &may, &x.err));
	assert_true(may);
	world_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
