/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The codec by itself: its size, fields of other versions, and numbers that are part of the
 * format.
 */
#include "base/hash.h"
#include "flow/field.h"
#include "segment_model.h"
#include "store/segment_codec.h"
#include "store/segment_intern.h"
#include "store/segment_key.h"
#include "store/segment_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Numbers that stand in files: they never change. */
static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(TYPE_U8, 0);
	assert_int_equal(TYPE_U16, 1);
	assert_int_equal(TYPE_U32, 2);
	assert_int_equal(TYPE_U64, 3);
	assert_int_equal(TYPE_I64, 4);
	assert_int_equal(TYPE_U128, 5);
	assert_int_equal(TYPE_ADDR, 6);
	assert_int_equal(TYPE_MAC, 7);
	assert_int_equal(TYPE_TUNNEL, 8);
	assert_int_equal(TYPE_TEXT, 10);
	assert_int_equal(MERGE_SUM, 1);
	assert_int_equal(MERGE_MIN, 2);
	assert_int_equal(MERGE_MAX, 3);
	assert_int_equal(MERGE_OR, 4);
	assert_int_equal(MERGE_SAME, 5);
	assert_int_equal(UNIT_DSCP, 12);
	assert_int_equal(FIELD_STATE_EVICTED, 52);
	assert_int_equal(FIELD_TRANSFER_SUM, 101);
	assert_int_equal(GUESSES, 50);
	assert_int_equal(SECTION_MACS, 11);
	assert_int_equal(SECTION_MARKS, 12);
	assert_int_equal(SECTION_TEXTS, 13);
	assert_int_equal(SECTION_OBSERVATIONS, 15);
}

/*
 * Every stored counter of the field table is in the plan, once, and the guesses' order is
 * sound.
 */
static void test_plan(void **state)
{
	struct plan p;
	unsigned n = 0;

	(void)state;
	assert_int_equal(plan_own(&p, NULL), RC_DONE);
	for (unsigned id = FIELD_FIRST; id < FIELD_STORED_END; id++) {
		if (!field_stored(id))
			continue;
		n++;
		if (!(p.all & FIELD_BIT(id)))
			fail_msg("field %s is not in the index", field_stored(id)->name);
	}
	assert_int_equal(p.n, n);
}

static void test_varints(void **state)
{
	static const u128 values[] = { 0, 1, 63, 64, 127, 128, 16383, 16384, UINT32_MAX,
		UINT64_MAX, (u128)1 << 64, (u128)1 << 127, ~(u128)0 };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint8_t bytes[64], *end = varint_put_big(bytes, values[i]);
		struct cursor c;
		bool flag;

		assert_true(end - bytes <= VARINT_MAX);
		end = varint_put_flagged(end, values[i], i % 2);
		if ((uint64_t)values[i] == values[i])
			end = varint_put(end, (uint64_t)values[i]);
		cursor_init(&c, bytes, (size_t)(end - bytes));
		assert_true(varint_get_big(&c) == values[i]);
		assert_true(varint_get_flagged(&c, &flag) == values[i]);
		assert_int_equal(flag, i % 2);
		if ((uint64_t)values[i] == values[i])
			assert_true(cursor_varint(&c) == (uint64_t)values[i]);
		assert_int_equal(cursor_left(&c), 0);
		assert_false(c.truncated);
		varint_get_big(&c);
		assert_true(c.truncated);
	}
}

/* One packet of UDP: first time, bytes, TTL. */
static void test_small(void **state)
{
	struct segment_guess g = { .first_ns = 1000000 };
	struct codec_extra extra = { 0 };
	uint8_t bytes[CODEC_MAX], *end;
	struct counters c, back;
	struct plan p;
	struct cursor cur;

	(void)state;
	assert_int_equal(plan_own(&p, NULL), RC_DONE);
	guess_flow(&g, ADDR_IPV4, true);
	counters_init(&c);
	c.first_ns = c.last_ns = 1500000;
	c.flows = c.packets[DIR_C2S] = 1;
	c.bytes[DIR_C2S] = c.size_min = c.size_max = 90;
	c.size_sumsq = 8100;
	c.payload_bytes = 48;
	c.ttl_min[DIR_C2S] = c.ttl_max[DIR_C2S] = 64;
	c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST) | FIELD_BIT(FIELD_SIZE_MIN) |
		FIELD_BIT(FIELD_SIZE_MAX) | FIELD_BIT(FIELD_C2S_TTL_MIN) |
		FIELD_BIT(FIELD_C2S_TTL_MAX) | FIELD_BIT(FIELD_DSCP);
	end = codec_put(&p, bytes, &g, true, &c, &extra);
	assert_int_equal(extra.flags, 0);
	assert_int_equal(end - bytes, 5);
	cursor_init(&cur, bytes, (size_t)(end - bytes));
	codec_get(&p, &cur, &g, true, CODEC_ALL, &back, &extra);
	assert_false(cur.truncated);
	assert_memory_equal(&c, &back, sizeof(c));
	/* stepped over: as many bytes, and what the next one needs to know */
	cursor_init(&cur, bytes, (size_t)(end - bytes));
	codec_get(&p, &cur, &g, true, p.passing, &back, &extra);
	assert_false(cur.truncated);
	assert_int_equal(cursor_left(&cur), 0);
	assert_int_equal(codec_first(&back), 1500000);
	assert_int_equal(counters_packets(&back), 1);
	assert_false(back.known & FIELD_BIT(FIELD_C2S_TTL_MIN));
}

/* What was not computed costs a byte or two, whatever it is. */
static void test_lacking(void **state)
{
	(void)state;
	for (unsigned which = 1; which <= ATTRIBUTES_ALL; which++) {
		struct segment_guess g = { 0 };
		struct codec_extra extra = { 0 }, plain = { 0 };
		uint8_t bytes[CODEC_MAX], more[CODEC_MAX], *end;
		struct counters c, back;
		struct plan p;
		struct cursor cur;

		assert_int_equal(plan_own(&p, NULL), RC_DONE);
		counters_init(&c);
		c.packets[DIR_S2C] = 2;
		size_t len = (size_t)(codec_put(&p, bytes, &g, true, &c, &plain) - bytes);
		c.known &= ~attribute_fields(which);
		end = codec_put(&p, more, &g, true, &c, &extra);
		assert_int_equal(extra.flags, which << MICRO_LACKS_SHIFT | (plain.flags & MICRO_PLAIN));
		assert_int_equal(end - more, len + (plain.flags ? 0u : 1u) + (extra.flags >= 0x80));
		cursor_init(&cur, more, (size_t)(end - more));
		codec_get(&p, &cur, &g, true, CODEC_ALL, &back, &extra);
		assert_false(cur.truncated);
		assert_memory_equal(&c, &back, sizeof(c));
	}
}

static void test_bad_bits(void **state)
{
	/* bit 126: behind any counter */
	static const uint8_t beyond[VARINT_MAX] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 };
	static const uint8_t unknown_extra[] = { 0x01, 0x80, 0x7f };
	struct segment_guess g = { 0 };
	struct codec_extra extra;
	struct counters c;
	struct plan p;
	struct cursor cur;

	(void)state;
	assert_int_equal(plan_own(&p, NULL), RC_DONE);
	cursor_init(&cur, beyond, sizeof(beyond));
	codec_get(&p, &cur, &g, true, CODEC_ALL, &c, &extra);
	assert_true(cur.truncated);
	cursor_init(&cur, unknown_extra, sizeof(unknown_extra));
	codec_get(&p, &cur, &g, true, CODEC_ALL, &c, &extra);
	assert_true(cur.truncated);
}

/* ---- fields of other versions ------------------------------------------------------------- */

static void put_row(struct buf *b, unsigned id, unsigned type, unsigned merge, const char *name)
{
	buf_put_le16(b, (uint16_t)id);
	buf_put_u8(b, (uint8_t)type);
	buf_put_u8(b, UNIT_COUNT);
	buf_put_u8(b, (uint8_t)merge);
	buf_put_u8(b, INDEX_PLACE_COUNTER);
	buf_put_u8(b, CODE_PLAIN);
	buf_put_u8(b, GUESS_ABSENT);
	buf_put_u8(b, (uint8_t)strlen(name));
	buf_put_str(b, name);
}

/*
 * Rows of our own table, with `extra` ones in front of the counter number `at`, without field
 * `without` (0: none).
 */
static uint32_t table(struct buf *b, unsigned at, unsigned without)
{
	struct buf own;
	struct cursor c;
	struct plan_row row;
	uint32_t n, rows = 0;
	unsigned counters = 0;

	buf_init(&own);
	plan_put_rows(&own, &n);
	cursor_init(&c, own.data, own.len);
	for (uint32_t i = 0; i < n; i++) {
		size_t from = c.pos;

		assert_true(plan_next_row(&c, &row));
		if (row.place == INDEX_PLACE_COUNTER && counters++ == at) {
			put_row(b, 1024, TYPE_U64, MERGE_SUM, "tenant");
			rows++;
		}
		if (row.id == without && without)
			continue;
		buf_put(b, own.data + from, c.pos - from);
		rows++;
	}
	buf_free(&own);
	return rows;
}

/* A file's header with these rows. */
static void put_header(struct buf *out, const struct buf *rows, uint32_t n)
{
	buf_put(out, FILE_INDEX_MAGIC, 8);
	buf_put_le16(out, INDEX_VERSION);
	buf_put_le16(out, 0);
	buf_put_le32(out, (uint32_t)((INDEX_AT_ROWS + rows->len + 7) / 8 * 8 + 8));
	buf_put_le32(out, 7);
	buf_put_le32(out, n);
	buf_put(out, rows->data, rows->len);
	buf_put_zeros(out, (8 - out->len % 8) % 8);
	buf_put_le64(out, hash_bytes(out->data, out->len, 0));
}

static void write_with(struct model *m, struct buf *file, const struct buf *rows, uint32_t n)
{
	struct segment_writer *w;
	struct cursor c;

	put_header(file, rows, n);
	assert_int_equal(segment_writer_new(&w, NULL), RC_DONE);
	cursor_init(&c, rows->data, rows->len);
	assert_true(plan_parse(&w->plan, &c, n));
	for (unsigned i = 0; i < w->plan.n; i++) {
		/*
		 * the writer of the future fills it with something: here with bytes from client
		 * to server
		 */
		if (w->plan.fields[i].id != 1024)
			continue;
		w->plan.fields[i].skip = false;
		w->plan.fields[i].sum = true;
		w->plan.fields[i].code = CODE_PLAIN;
		w->plan.fields[i].guess = GUESS_ABSENT;
		w->plan.fields[i].offset = offsetof(struct counters, bytes);
	}
	assert_int_equal(model_write(m, w, file, NULL), RC_DONE);
	segment_writer_free(w);
}

/* All counters come back but those of `without`. */
static void read_with(
	const struct model *m, const struct buf *file, size_t at, unsigned without)
{
	struct segment *s;
	struct segment_cursor c;
	struct segment_flow flow;
	struct counters got, expected;

	assert_int_equal(
		segment_open_memory(file->data, file->len, at, file->len - at, &s, NULL),
		RC_DONE);
	segment_give_texts(s, m->texts);
	assert_int_equal(segment_verify(s, NULL), RC_DONE);
	assert_int_equal(segment_seek(&c, s, 0, NULL), RC_DONE);
	for (uint32_t i = 0; i < m->n_flows; i++) {
		assert_int_equal(segment_next_flow(&c, &flow, NULL), RC_DONE);
		for (uint32_t k = 0; k < m->flows[i].n; k++) {
			expected = m->flows[i].micros[k].c;
			if (without) {
				expected.rst = 0;
				expected.known &= ~FIELD_BIT(without);
				expected.mixed &= ~FIELD_BIT(without);
			}
			model_canonical(&expected);
			assert_int_equal(
				segment_next_micro(&c, NULL, NULL, &got, NULL), RC_DONE);
			assert_memory_equal(&expected, &got, sizeof(got));
		}
	}
	segment_close(s);
}

static void check_versions(enum model_kind kind, unsigned at, unsigned without)
{
	struct model *m = model_new(at + 100, kind, 3000, 300);
	struct buf rows, file;
	size_t header;
	uint32_t n;

	buf_init(&rows);
	buf_init(&file);
	n = table(&rows, at, without);
	put_header(&file, &rows, n);
	header = file.len;
	buf_clear(&file);
	write_with(m, &file, &rows, n);
	read_with(m, &file, header, without);
	buf_free(&rows);
	buf_free(&file);
	model_free(m);
}

static void test_unknown_field(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 36; at += 5) {
		check_versions(MODEL_TAME, at, 0);
		check_versions(MODEL_WILD, at, 0);
	}
}

static void test_missing_field(void **state)
{
	(void)state;
	check_versions(MODEL_TAME, 99, FIELD_RST);
}

/* A field of a type with a length is stepped over. */
static void test_unknown_type(void **state)
{
	static const uint8_t bytes[] = { 2 | 4, 3, 'a', 'b', 'c', 42 };
	struct segment_guess g = { 0 };
	struct codec_extra extra;
	struct counters c;
	struct buf rows;
	struct plan p;
	struct cursor cur;

	(void)state;
	buf_init(&rows);
	put_row(&rows, 1025, TYPE_TUNNEL, MERGE_SAME, "owner");
	put_row(&rows, FIELD_MALFORMED, TYPE_U64, MERGE_SUM, "malformed");
	cursor_init(&cur, rows.data, rows.len);
	assert_true(plan_parse(&p, &cur, 2));
	cursor_init(&cur, bytes, sizeof(bytes));
	codec_get(&p, &cur, &g, true, CODEC_ALL, &c, &extra);
	assert_false(cur.truncated);
	assert_int_equal(cursor_left(&cur), 0);
	assert_int_equal(c.malformed, 42);
	assert_true(c.known == FIELD_BIT(FIELD_MALFORMED));
	/* the same field twice, a code that is none, a guess that is none */
	put_row(&rows, FIELD_MALFORMED, TYPE_U64, MERGE_SUM, "malformed");
	cursor_init(&cur, rows.data, rows.len);
	assert_false(plan_parse(&p, &cur, 3));
	rows.data[6] = 77;
	cursor_init(&cur, rows.data, rows.len);
	assert_true(plan_parse(&p, &cur, 2));
	rows.data[INDEX_ROW + 5 + 6] = 77;
	cursor_init(&cur, rows.data, rows.len);
	assert_false(plan_parse(&p, &cur, 2));
	buf_free(&rows);
}

/* ---- contexts, interning ------------------------------------------------------------------- */

static void test_context(void **state)
{
	struct model *m = model_new(9, MODEL_TAME, 3000, 1500);
	struct flow_key context, back;
	struct cursor c;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (uint32_t i = 0; i < m->n_flows; i++) {
		buf_clear(&b);
		key_context(&context, &m->flows[i].key);
		key_put_context(&b, &context);
		cursor_init(&c, b.data, b.len);
		assert_true(key_get_context(&c, &back));
		assert_int_equal(cursor_left(&c), 0);
		assert_memory_equal(&context, &back, sizeof(back));
		for (size_t len = 0; len < b.len; len++) {
			cursor_init(&c, b.data, len);
			assert_false(key_get_context(&c, &back));
		}
	}
	/* a field that is not known */
	buf_clear(&b);
	buf_put(&b, "\x02\xff\x07\x03xyz\x05\x01\x06", 10);
	cursor_init(&c, b.data, b.len);
	assert_true(key_get_context(&c, &back));
	assert_int_equal(back.proto, PROTO_TCP);
	buf_free(&b);
	model_free(m);
}

static void test_intern(void **state)
{
	struct intern t;
	uint32_t number;

	(void)state;
	intern_init(&t, sizeof(uint64_t));
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 5000; i++) {
			uint64_t key = i * 7 % 1999;

			assert_true(intern_put(&t, &key, &number));
			if (i < 1999)
				assert_int_equal(number, i);
			assert_memory_equal(intern_key(&t, number), &key, sizeof(key));
		}
		assert_int_equal(t.n, 1999);
		assert_true(intern_memory(&t) >= 1999 * 8);
		intern_clear(&t);
	}
	intern_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_varints),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_lacking),
		cmocka_unit_test(test_bad_bits),
		cmocka_unit_test(test_unknown_field),
		cmocka_unit_test(test_missing_field),
		cmocka_unit_test(test_unknown_type),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_intern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
