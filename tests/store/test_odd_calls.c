/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that a store refuses, numbers at their limits; index headers and dumps of files that are cut or changed anywhere. */
#include "place.h"
#include "segment_model.h"

#include "base/io.h"
#include "base/hash.h"
#include "file/pcapng.h"
#include "store/catalog.h"
#include "store/check.h"
#include "store/format.h"
#include "store/retention.h"

/* ---- blocks ----------------------------------------------------------------------------------- */

static void test_states(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	uint32_t block;

	assert_int_equal(made_index(s, &p->m, 500, NULL), RC_DONE);
	check_whole(p, s, 4);
	assert_int_equal(store_block_seal(s, 7, 100, NULL), RC_USAGE);
	assert_int_equal(store_block_indexed(s, 7, NULL, 0, NULL), RC_USAGE);
	assert_int_equal(store_evict(s, 1, false, NULL), RC_USAGE);          /* somebody else's file */
	assert_int_equal(store_block_begin(s, made_size(p->capture), &block, NULL), RC_DONE);
	assert_int_equal(block, 2);
	assert_int_equal(store_block_seal(s, 2, UINT64_C(1) << 32, NULL), RC_USAGE);
	assert_int_equal(store_block_seal(s, 2, 0, NULL), RC_DONE);
	assert_int_equal(store_block_indexed(s, 2, NULL, 0, NULL), RC_DONE);
	assert_int_equal(store_block_indexed(s, 2, NULL, 0, NULL), RC_USAGE);
	/* before the end of its last segment */
	assert_int_equal(store_block_seal(s, 1, 100, NULL), RC_USAGE);
	assert_int_equal(store_block_frame(s, 1), 0);
	assert_false(store_block_gone(s, 1));
	assert_false(store_block_gone(s, 99));
	assert_false(store_is_rebuilding(s));
	store_close(s);
}

static void test_places(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	struct segment_place place;
	struct anew_place anew = { 1, 300 };
	size_t n;

	assert_int_equal(made_index(s, &p->m, 500, NULL), RC_DONE);
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_add_anew(s, anew, NULL), RC_DONE);
	store_anew(s, &n);
	assert_int_equal(n, 1);
	/* damage is damage where the segment is where it was; elsewhere it was replaced */
	place = store_segments(s, &n)[1];
	assert_int_equal(store_judge(s, &place, RC_DAMAGED, NULL), RC_DAMAGED);
	assert_int_equal(store_judge(s, &place, RC_IO, NULL), RC_IO);
	place.len++;
	assert_int_equal(store_judge(s, &place, RC_CUT_SHORT, NULL), RC_STALE);
	place.at++;
	assert_int_equal(store_judge(s, &place, RC_MISSING, NULL), RC_STALE);
	place.number = 77;
	assert_int_equal(store_judge(s, &place, RC_NEWER, NULL), RC_STALE);
	store_close(s);
}

/* Numbers of blocks are never used again: behind the last one there is none. */
static void test_last_number(void **state)
{
	static const int64_t nexts[] = { UINT32_MAX, (int64_t)UINT32_MAX + 1 };
	struct place *p = *state;
	struct store_config config;
	char store[300], path[400];
	struct store *s;

	store_config_default(&config);
	snprintf(store, sizeof(store), "%s/s.fdr", p->dir);
	assert_int_equal(store_create(store, &config, &s, NULL), RC_DONE);
	store_close(s);
	snprintf(path, sizeof(path), "%s/index/catalog.db", store);
	for (size_t i = 0; i < 2; i++) {
		struct catalog *c;
		uint32_t block;

		assert_int_equal(catalog_open(path, CATALOG_WRITE, &c, NULL, NULL), RC_DONE);
		assert_int_equal(catalog_set(c, "next_block", nexts[i], NULL), RC_DONE);
		catalog_close(c);
		assert_int_equal(store_open(store, true, &s, NULL, NULL), RC_DONE);
		assert_int_equal(store_block_begin(s, 0, &block, NULL), RC_LIMIT);
		store_close(s);
	}
}

/* ---- the header of an index file -------------------------------------------------------------- */

static enum rc check_header(struct place *p, const struct buf *b, size_t len, uint32_t block)
{
	struct io_file *f;
	uint64_t header_len;
	char path[400];

	snprintf(path, sizeof(path), "%s/h.idx", p->dir);
	made_file(path, b->data, len);
	assert_int_equal(io_open(path, IO_READ, &f, NULL), RC_DONE);
	enum rc rc = index_header_check(f, block, &header_len, NULL);
	io_close(f);
	return rc;
}

/* Another value in the header, its checksum right. */
static enum rc check_changed(struct place *p, struct buf *b, size_t at, uint8_t value)
{
	uint8_t was = b->data[at];

	b->data[at] = value;
	uint64_t sum = hash_bytes(b->data, b->len - 8, 0);
	for (int i = 0; i < 8; i++)
		b->data[b->len - 8 + (size_t)i] = (uint8_t)(sum >> 8 * i);
	enum rc rc = check_header(p, b, b->len, 5);
	b->data[at] = was;
	return rc;
}

static void test_header(void **state)
{
	struct place *p = *state;
	struct buf b;

	buf_init(&b);
	assert_int_equal(index_header_encode(&b, 5, NULL), RC_DONE);
	assert_int_equal(check_header(p, &b, b.len, 5), RC_DONE);
	assert_int_equal(check_header(p, &b, b.len, 6), RC_DAMAGED);
	for (size_t len = 0; len < b.len; len += len < 40 ? 1 : 97)
		assert_int_equal(check_header(p, &b, len, 5), RC_DAMAGED);
	assert_int_equal(check_changed(p, &b, 0, 'x'), RC_DAMAGED);
	assert_int_equal(check_changed(p, &b, INDEX_AT_LENGTH, 9), RC_DAMAGED);
	assert_int_equal(check_changed(p, &b, INDEX_AT_LENGTH + 3, 1), RC_DAMAGED);
	assert_int_equal(check_changed(p, &b, INDEX_AT_LENGTH + 2, 1), RC_DAMAGED);
	assert_int_equal(check_changed(p, &b, INDEX_AT_FIELDS, 0xff), RC_DAMAGED);
	b.data[b.len - 1] ^= 1;
	assert_int_equal(check_header(p, &b, b.len, 5), RC_DAMAGED);
	buf_free(&b);
}

/* ---- dumps ------------------------------------------------------------------------------------ */

static void take_line(void *ctx, const char *line)
{
	assert_non_null(line);
	++*(unsigned *)ctx;
}

typedef enum rc (*dump)(const char *path, bool deep, dump_line line, void *ctx, struct err *err);

/* Cut at every length and changed in every byte: it says something, or why not. */
static void dump_changed(struct place *p, dump d, const struct buf *b, size_t step)
{
	char path[400];
	struct err err;
	unsigned lines = 0;

	snprintf(path, sizeof(path), "%s/dumped", p->dir);
	made_file(path, b->data, b->len);
	assert_int_equal(d(path, true, take_line, &lines, NULL), RC_DONE);
	assert_true(lines > 3);
	for (size_t i = 0; i < b->len; i += step)
		for (unsigned how = 0; how < 5; how++) {
			static const uint8_t flips[] = { 0, 1, 0x80, 0xff, 0x0a };
			uint8_t was = b->data[i];

			b->data[i] ^= flips[how];
			made_file(path, b->data, how ? b->len : i);
			b->data[i] = was;
			lines = 0;
			err.why[0] = '\0';
			enum rc rc = d(path, i % 2, take_line, &lines, &err);
			if (rc != RC_DONE && err.why[0] == '\0')
				fail_msg("byte %zu: %s", i, rc_name(rc));
		}
}

static void test_dump_captures(void **state)
{
	static const uint8_t simple[] = { 4, 0, 0, 0, 'a', 'b', 'c', 'd' };
	struct place *p = *state;
	struct made m = { .n = 0 };
	char path[400];
	struct buf b;

	buf_init(&b);
	pcapng_put_section(&b, NULL);
	pcapng_put_interface(&b, 1, 100, NULL);
	pcapng_put_packet(&b, 0, 5, 4, 4, "abcd", NULL, 0);
	pcapng_put_block(&b, PCAPNG_SPB, simple, sizeof(simple));
	pcapng_put_custom(&b, BLOCK_OWN_WRAPPED, "else", 4);
	pcapng_put_block(&b, 0x777, "body", 4);
	pcapng_put_padding(&b, PCAPNG_OWN_PADDING, NULL, 0, 64);
	pcapng_put_section(&b, NULL);
	dump_changed(p, dump_capture, &b, 1);
	snprintf(path, sizeof(path), "%s/small.pcap", p->dir);
	made_pcap(&m, path, 3, 1700000000);
	buf_clear(&b);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	uint8_t *to = buf_reserve(&b, 1000);
	b.len = fread(to, 1, 1000, f);
	fclose(f);
	dump_changed(p, dump_capture, &b, 1);
	buf_free(&b);
}

static void test_dump_indexes(void **state)
{
	struct place *p = *state;
	struct model *m = model_new(5, MODEL_TAME, 12, 3);
	struct buf b;

	assert_true(model_file(m, &b) > 0);
	dump_changed(p, dump_index, &b, 3);
	buf_free(&b);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_states, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_places, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_last_number, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_header, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_dump_captures, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_dump_indexes, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
