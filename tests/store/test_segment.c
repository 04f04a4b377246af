/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segments written and read back. */
#include "base/mem.h"
#include "segment_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing and reading back ------------------------------------------------------------- */

static void test_round_trip(void **state)
{
	uint64_t r = 42;

	(void)state;
	for (uint64_t seed = 1; seed <= 240; seed++) {
		uint32_t packets = 1 + (uint32_t)(model_random(&r) % (seed % 40 ? 300 : 40000));
		uint32_t conversations = 1 + (uint32_t)(model_random(&r) % (packets / 2 + 1));
		struct world x;

		world_open(
			&x, seed, seed % 2 ? MODEL_TAME : MODEL_WILD, packets, conversations);
		same_all(&x);
		good(&x, segment_verify(x.s, &x.err));
		world_close(&x);
	}
}

static void test_info(void **state)
{
	struct world x;
	const struct segment_info *i;

	(void)state;
	world_open(&x, 3, MODEL_TAME, 9000, 700);
	i = segment_info(x.s);
	assert_int_equal(i->block, 7);
	assert_int_equal(i->number, x.m->start.number);
	assert_int_equal(i->packets, 9000);
	assert_int_equal(i->flow_parts, x.m->n_flows);
	assert_int_equal(i->micro_parts, x.m->n_micros);
	assert_int_equal(i->first_offset, x.m->start.first_offset);
	assert_int_equal(i->end_offset, x.m->packets[8999].offset + x.m->packets[8999].len);
	assert_int_equal(i->first_frame, x.m->start.first_frame);
	assert_int_equal(i->micro_ns, x.m->start.micro_ns);
	assert_int_equal(i->size.header + i->size.packets + i->size.flows + i->size.counters +
			i->size.refs + i->size.marks + i->size.checks + i->size.addresses + i->size.services + i->size.strings +
			i->size.prints + i->size.filter,
		x.file.len - x.at);
	world_close(&x);
}

static void test_same_bytes(void **state)
{
	struct model *a = model_new(1, MODEL_TAME, 3000, 200),
		     *b = model_new(2, MODEL_WILD, 500, 60);
	struct segment_writer *w;
	struct buf first, again;
	struct segment_size size;

	(void)state;
	buf_init(&first);
	buf_init(&again);
	assert_int_equal(segment_writer_new(&w, NULL), RC_DONE);
	assert_int_equal(model_write(a, w, &first, NULL), RC_DONE);
	/* what the writer did before must not show */
	assert_int_equal(model_write(b, w, &again, NULL), RC_DONE);
	buf_clear(&again);
	assert_int_equal(model_write(a, w, &again, NULL), RC_DONE);
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.data, again.data, first.len);
	assert_true(segment_writer_memory(w) > first.len);
	buf_clear(&again);
	assert_int_equal(segment_writer_end(w, &again, &size, NULL), RC_DONE);
	assert_memory_equal(first.data, again.data, first.len);
	assert_int_equal(size.header + size.packets + size.flows + size.counters + size.refs +
			size.marks + size.checks + size.addresses + size.services + size.strings + size.prints + size.filter,
		first.len);
	segment_writer_free(w);
	buf_free(&first);
	buf_free(&again);
	model_free(a);
	model_free(b);
}

static void test_addresses(void **state)
{
	struct model *m = model_new(5, MODEL_TAME, 2000, 900);
	struct segment_writer *w;
	const struct addr *a;
	struct buf out;
	size_t n;

	(void)state;
	buf_init(&out);
	assert_int_equal(segment_writer_new(&w, NULL), RC_DONE);
	assert_int_equal(model_write(m, w, &out, NULL), RC_DONE);
	a = segment_writer_addresses(w, &n);
	for (size_t i = 1; i < n; i++)
		assert_true(addr_cmp(&a[i - 1], &a[i]) < 0);
	for (uint32_t i = 0; i < m->n_flows; i++) {
		const struct addr *client = &m->flows[i].key.client;

		assert_true(client->kind == ADDR_NONE ||
			bsearch(client, a, n, sizeof(*a),
				(int (*)(const void *, const void *))addr_cmp));
	}
	segment_writer_free(w);
	buf_free(&out);
	model_free(m);
}

/* ---- no memory, no packets ------------------------------------------------------------ */

static void test_no_memory(void **state)
{
	struct world x;
	uint64_t nth = 1;
	enum rc rc = RC_NO_MEMORY;

	(void)state;
	world_open(&x, 21, MODEL_TAME, 600, 90);
	for (; rc == RC_NO_MEMORY; nth++) {
		struct segment_writer *w = NULL;
		struct buf out;

		buf_init(&out);
		mem_fail_after(nth);
		rc = segment_writer_new(&w, &x.err);
		if (rc == RC_DONE)
			rc = model_write(x.m, w, &out, &x.err);
		mem_fail_after(0);
		if (rc == RC_DONE)
			assert_memory_equal(out.data, x.file.data + x.at, x.file.len - x.at);
		else
			assert_int_equal(out.len, 0);
		segment_writer_free(w);
		buf_free(&out);
	}
	assert_int_equal(rc, RC_DONE);
	assert_true(nth > 30);
	rc = RC_NO_MEMORY;
	for (nth = 1; rc == RC_NO_MEMORY; nth++) {
		struct segment *s = NULL;

		mem_fail_after(nth);
		rc = segment_open_memory(
			x.file.data, x.file.len, x.at, x.file.len - x.at, &s, &x.err);
		if (rc == RC_DONE)
			rc = segment_verify(s, &x.err);
		mem_fail_after(0);
		segment_close(s);
	}
	assert_int_equal(rc, RC_DONE);
	assert_true(nth > 10);
	world_close(&x);
}

static void test_empty(void **state)
{
	struct world x;

	(void)state;
	world_open(&x, 23, MODEL_TAME, 0, 1);
	same_all(&x);
	good(&x, segment_verify(x.s, &x.err));
	world_close(&x);
}

/* ---- the format ---------------------------------------------------------------------------- */

static void seed_path(char *path, size_t size, unsigned i)
{
	const char *top = getenv("top_srcdir");

	snprintf(path, size, "%s/tests/fuzz/corpus/index/model-%u", top ? top : ".", i);
}

static void read_seed(const char *path, struct buf *out)
{
	uint8_t bytes[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		fail_msg("%s: cannot be read", path);
	buf_clear(out);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_put(out, bytes, n);
	fclose(f);
}

static void write_seed(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(b->data, 1, b->len, f) != b->len)
		fail_msg("%s: cannot be written", path);
	fclose(f);
}

/*
 * Files that the fuzzer starts from, written once and kept: that the writer still makes the
 * same bytes shows that the format is what it was. Where it changes on purpose, raise a version
 * in store/format.h and run this with GENERATE=1.
 */
static void test_same_format(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 30, 30, 300, 300 };
	struct buf kept;

	(void)state;
	buf_init(&kept);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct model *m = model_new(
			900 + i, i % 2 ? MODEL_WILD : MODEL_TAME, sizes[i], 1 + sizes[i] / 6);
		char path[512];
		struct buf made;

		assert_true(model_file(m, &made) > 0);
		seed_path(path, sizeof(path), i);
		if (getenv("GENERATE"))
			write_seed(path, &made);
		read_seed(path, &kept);
		assert_int_equal(made.len, kept.len);
		assert_memory_equal(made.data, kept.data, made.len);
		buf_free(&made);
		model_free(m);
	}
	buf_free(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_same_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
