/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store's block says of itself: there and back, of older versions, cut, damaged, of somebody else; and without memory. */
#include "base/mem.h"
#include "file/pcapng.h"
#include "store/block_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct block_header header_of(uint32_t number)
{
	struct block_header h = { .number = number, .identity = { 7, 9 }, .first_frame = 100, .n_anew = 2,
		.anew = { { 1, 0 }, { number, 300 } } };

	store_config_default(&h.config);
	h.config.attributes = 1;
	snprintf(h.config.attributes_for, sizeof(h.config.attributes_for), "port 53");
	return h;
}

/* ---- headers ---------------------------------------------------------------------------------- */

static void test_header(void **state)
{
	struct block_header h = header_of(5), got;
	struct buf b;

	(void)state;
	buf_init(&b);
	block_header_put(&b, &h);
	assert_false(b.failed);
	assert_int_equal(block_header_parse(b.data, b.len, "b", &got, NULL), RC_DONE);
	assert_int_equal(got.number, 5);
	assert_int_equal(got.first_frame, 100);
	assert_int_equal(got.n_anew, 2);
	assert_memory_equal(got.anew, h.anew, 2 * sizeof(h.anew[0]));
	assert_int_equal(got.identity.high, h.identity.high);
	assert_null(store_config_differs(&got.config, &h.config, CONFIG_SLICES | CONFIG_ATTRIBUTES));
	assert_int_equal(got.config.block_size, h.config.block_size);
	for (size_t len = 0; len < b.len; len++)
		assert_int_not_equal(block_header_parse(b.data, len, "b", &got, NULL), RC_DONE);
	buf_free(&b);
}

/* A section header with one option of ours of this content; twice: and once more with number 99. */
static enum rc parse_own(const uint8_t *content, size_t len, bool twice, struct block_header *out, struct err *err)
{
	struct buf b, options;
	uint8_t other[BLOCK_HEADER_LEN] = { BLOCK_VERSION, 0, 0, 0, 99 };

	buf_init(&b);
	buf_init(&options);
	pcapng_put_option(&options, PCAPNG_OPT_COMMENT, "hello", 5);
	pcapng_put_option(&options, PCAPNG_OPT_CUSTOM_BIN, "\0\0\0\1else", 8);
	pcapng_put_own_option(&options, BLOCK_OWN_ANEW, "\1\0\0\0\0\0\0\0", 8);      /* before the header: not ours */
	pcapng_put_own_option(&options, BLOCK_OWN_HEADER, content, len);
	if (twice)
		pcapng_put_own_option(&options, BLOCK_OWN_HEADER, other, sizeof(other));
	pcapng_put_section(&b, &options);
	enum rc rc = block_header_parse(b.data, b.len, "b", out, err);
	buf_free(&options);
	buf_free(&b);
	return rc;
}

static void test_versions(void **state)
{
	uint8_t own[BLOCK_HEADER_LEN + 4 + STORE_FILTER] = { BLOCK_VERSION, 0, 0, 0, 3 };
	struct block_header h;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(parse_own(own, 3, false, &h, &err), RC_DAMAGED);
	assert_int_equal(parse_own(own, BLOCK_HEADER_LEN - 1, false, &h, &err), RC_DAMAGED);
	assert_non_null(strstr(err.why, "cut off"));
	/* before there was a choice of attributes: everything */
	assert_int_equal(parse_own(own, BLOCK_HEADER_LEN, true, &h, &err), RC_DONE);
	assert_int_equal(h.number, 3);
	assert_int_equal(h.config.attributes, ATTRIBUTES_ALL);
	assert_int_equal(h.first_frame, 0);
	own[BLOCK_HEADER_LEN] = 1;
	assert_int_equal(parse_own(own, BLOCK_HEADER_LEN + 4, false, &h, &err), RC_DONE);
	assert_int_equal(h.config.attributes, 1);
	memset(own + BLOCK_HEADER_LEN + 4, 'x', STORE_FILTER);
	assert_int_equal(parse_own(own, sizeof(own) - 1, false, &h, &err), RC_DONE);
	assert_int_equal(strlen(h.config.attributes_for), STORE_FILTER - 1);
	assert_int_equal(parse_own(own, sizeof(own), false, &h, &err), RC_DAMAGED);
	own[0] = BLOCK_VERSION + 1;
	assert_int_equal(parse_own(own, BLOCK_HEADER_LEN, false, &h, &err), RC_NEWER);
	assert_non_null(strstr(err.why, "newer"));
}

/* Places that cannot be are left out, those that are too many too. */
static void test_places(void **state)
{
	struct block_header h = header_of(5), got;
	struct buf b;

	(void)state;
	buf_init(&b);
	h.n_anew = BLOCK_ANEW_MAX;
	for (uint32_t i = 0; i < BLOCK_ANEW_MAX; i++)
		h.anew[i] = (struct anew_place){ i % 8, i };
	block_header_put(&b, &h);
	assert_int_equal(block_header_parse(b.data, b.len, "b", &got, NULL), RC_DONE);
	assert_int_equal(got.n_anew, BLOCK_ANEW_MAX / 8 * 5);
	for (size_t i = 0; i < got.n_anew; i++)
		assert_in_range(got.anew[i].block, 1, 5);
	buf_free(&b);
}

/* Of another writer, of another kind, of the other byte order. */
static void test_foreign(void **state)
{
	static const uint8_t big[28] = { 0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0,
		255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 28 };
	uint8_t major[28];
	struct block_header h;
	struct buf b;

	(void)state;
	buf_init(&b);
	pcapng_put_section(&b, NULL);
	assert_int_equal(block_header_parse(b.data, b.len, "b", &h, NULL), RC_MISSING);
	buf_clear(&b);
	pcapng_put_packet(&b, 0, 1, 4, 4, "abcd", NULL, 0);
	assert_int_equal(block_header_parse(b.data, b.len, "b", &h, NULL), RC_MISSING);
	assert_int_equal(block_header_parse(big, sizeof(big), "b", &h, NULL), RC_MISSING);
	memcpy(major, big, sizeof(major));
	major[13] = 9;
	assert_int_equal(block_header_parse(major, sizeof(major), "b", &h, NULL), RC_UNSUPPORTED);
	assert_int_equal(block_header_parse((const uint8_t *)"no capture at all, not a bit of it", 34, "b", &h, NULL), RC_DAMAGED);
	buf_free(&b);
}

/* ---- capture points --------------------------------------------------------------------------- */

/* The first block of these bytes. */
static struct pcapng_block block_in(const struct buf *b)
{
	struct pcapng_block block;
	bool big_endian = false;

	assert_int_equal(pcapng_parse_block(b->data, b->len, &big_endian, "b", 0, &block, NULL), RC_DONE);
	return block;
}

static struct point_info point_of(void)
{
	struct point_info p = { .number = 1, .uuid = { 1, 2, 3 }, .name = "eth0", .description = "uplink", .linktype = 1,
		.snaplen = 1500, .tsresol = 9, .tsoffset_s = -5, .fcs_len = 4 };

	return p;
}

static void same_point(const struct point_info *a, const struct point_info *b)
{
	assert_memory_equal(a->uuid, b->uuid, sizeof(a->uuid));
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->description, b->description);
	assert_int_equal(a->linktype, b->linktype);
	assert_int_equal(a->snaplen, b->snaplen);
	assert_int_equal(a->tsresol, b->tsresol);
	assert_int_equal(a->tsoffset_s, b->tsoffset_s);
	assert_int_equal(a->fcs_len, b->fcs_len);
}

/* Its options say it already, or do not; what they say comes back as it was. */
static void test_points(void **state)
{
	struct point_info p = point_of(), plain = { .linktype = 113, .tsresol = 6 }, got;
	struct buf b, options, again;

	(void)state;
	buf_init(&b);
	buf_init(&options);
	buf_init(&again);
	block_point_put(&b, &p, NULL, 0);
	struct pcapng_block block = block_in(&b);
	assert_int_equal(block_point_parse(&block, "b", 0, &got, &options, NULL), RC_DONE);
	same_point(&got, &p);
	/* all that was missing is among the options now: nothing is added, our own stands once */
	buf_clear(&b);
	block_point_put(&b, &got, options.data, options.len);
	block = block_in(&b);
	assert_int_equal(block_point_parse(&block, "b", 0, &got, &again, NULL), RC_DONE);
	same_point(&got, &p);
	assert_int_equal(again.len, options.len);
	assert_memory_equal(again.data, options.data, options.len);
	buf_clear(&b);
	buf_clear(&options);
	block_point_put(&b, &plain, NULL, 0);
	block = block_in(&b);
	assert_int_equal(block_point_parse(&block, "b", 0, &got, &options, NULL), RC_DONE);
	same_point(&got, &plain);
	assert_int_equal(options.len, 0);
	buf_free(&again);
	buf_free(&options);
	buf_free(&b);
}

/* Interfaces that we did not write. */
static void test_other_points(void **state)
{
	char name[300];
	struct point_info got;
	struct buf b, options, kept;

	(void)state;
	memset(name, 'n', sizeof(name));
	buf_init(&b);
	buf_init(&options);
	buf_init(&kept);
	pcapng_put_option(&options, PCAPNG_IF_NAME, name, sizeof(name));
	pcapng_put_option(&options, PCAPNG_IF_DESCRIPTION, "", 0);
	pcapng_put_interface(&b, 1, 0, &options);
	struct pcapng_block block = block_in(&b);
	assert_int_equal(block_point_parse(&block, "b", 0, &got, &kept, NULL), RC_DONE);
	assert_int_equal(strlen(got.name), sizeof(got.name) - 1);
	assert_string_equal(got.description, "");
	assert_memory_equal(got.uuid, (uint8_t[16]){ 0 }, 16);
	block.body_len = 3;
	assert_int_equal(block_point_parse(&block, "b", 0, &got, &kept, NULL), RC_DAMAGED);
	buf_free(&kept);
	buf_free(&options);
	buf_free(&b);
}

/* ---- counters and events ---------------------------------------------------------------------- */

static void test_counts(void **state)
{
	const struct block_counts c = { .from_ns = 3000000000, .time_ns = 9000000001, .stored = 40,
		.counts = { .received = 60, .refused = 7, .dropped = 13, .if_dropped = 2 } };
	struct point_info points[2] = { { .tsresol = 6 }, point_of() };
	struct block_counts got;
	struct buf b;
	uint32_t point;

	(void)state;
	points[1].tsoffset_s = 0;
	buf_init(&b);
	block_counts_put(&b, &points[1], &c);
	struct pcapng_block block = block_in(&b);
	assert_true(block_counts_parse(&block, points, 2, &point, &got));
	assert_int_equal(point, 1);
	assert_memory_equal(&got.counts, &c.counts, sizeof(got.counts));
	assert_int_equal(got.stored, 40);
	assert_int_equal(got.time_ns, c.time_ns);
	assert_int_equal(got.from_ns, c.from_ns);
	/* of a point that is not there, cut off */
	assert_false(block_counts_parse(&block, points, 1, &point, &got));
	block.body_len = 11;
	assert_false(block_counts_parse(&block, points, 2, &point, &got));
	buf_free(&b);
}

/* Statistics that somebody else wrote, and ours with numbers of other lengths. */
static void test_other_counts(void **state)
{
	const struct point_info point = { .tsresol = 6 };
	struct block_counts got;
	uint32_t number;
	struct buf body, b;

	(void)state;
	buf_init(&body);
	buf_init(&b);
	buf_put_zeros(&body, 12);
	pcapng_put_option(&body, PCAPNG_ISB_STARTTIME, "1234", 4);
	pcapng_put_option(&body, PCAPNG_ISB_IFRECV, "1234", 4);
	pcapng_put_option(&body, PCAPNG_ISB_OSDROP, "\5\0\0\0\0\0\0\0", 8);
	pcapng_put_option(&body, PCAPNG_OPT_CUSTOM_BIN, "\0\0\0\1else", 8);
	pcapng_put_own_option(&body, PCAPNG_OWN_UUID, "0123456789abcdef", 16);
	pcapng_put_own_option(&body, BLOCK_OWN_COUNTS, "\1\0\0\0", 4);
	pcapng_put_block(&b, PCAPNG_ISB, body.data, body.len);
	struct pcapng_block block = block_in(&b);
	assert_false(block_counts_parse(&block, &point, 1, &number, &got));
	buf_clear(&b);
	pcapng_put_own_option(&body, BLOCK_OWN_COUNTS, "\6\0\0\0\0\0\0\0", 8);
	pcapng_put_block(&b, PCAPNG_ISB, body.data, body.len);
	block = block_in(&b);
	assert_true(block_counts_parse(&block, &point, 1, &number, &got));
	assert_int_equal(got.counts.received, 0);
	assert_int_equal(got.counts.dropped, 5);
	assert_int_equal(got.counts.refused, 6);
	assert_int_equal(got.from_ns, got.time_ns);
	buf_free(&b);
	buf_free(&body);
}

static void test_events(void **state)
{
	struct event_info e = { .time_ns = -5, .kind = "a kind that is as long!", .text = "what happened" }, got;
	struct pcapng_block block;
	struct buf b;

	(void)state;
	buf_init(&b);
	block_event_put(&b, &e);
	block = block_in(&b);
	assert_true(block_event_parse(&block, &got));
	assert_int_equal(got.time_ns, -5);
	assert_string_equal(got.kind, e.kind);
	assert_string_equal(got.text, e.text);
	block.type = PCAPNG_NRB;
	assert_false(block_event_parse(&block, &got));
	buf_clear(&b);
	pcapng_put_custom(&b, BLOCK_OWN_EVENT, "short", 5);
	block = block_in(&b);
	assert_false(block_event_parse(&block, &got));
	buf_clear(&b);
	pcapng_put_custom(&b, BLOCK_OWN_WRAPPED, &e, sizeof(e));
	block = block_in(&b);
	assert_false(block_event_parse(&block, &got));
	block.body_len = 2;
	assert_false(block_event_parse(&block, &got));
	buf_free(&b);
}

/* ---- without memory --------------------------------------------------------------------------- */

static void put_header(struct buf *b)
{
	struct block_header h = header_of(5);

	block_header_put(b, &h);
}

static void put_point(struct buf *b)
{
	struct point_info p = point_of();

	block_point_put(b, &p, "\1\0\5\0hello\0\0\0", 12);
}

static void put_counts(struct buf *b)
{
	struct point_info p = point_of();

	block_counts_put(b, &p, &(struct block_counts){ .stored = 4 });
}

static void put_event(struct buf *b)
{
	block_event_put(b, &(struct event_info){ .kind = "k", .text = "t" });
}

/* Whichever allocation fails, the buffer says so; with one that cannot grow nothing is half written. */
static void test_no_memory(void **state)
{
	static void (*const puts[])(struct buf *) = { put_header, put_point, put_counts, put_event };

	(void)state;
	for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++) {
		struct buf b;
		uint64_t n;
		bool failed = true;

		for (n = 1; failed && n < 200; n++) {
			buf_init(&b);
			mem_fail_once(n);
			puts[i](&b);
			mem_fail_after(0);
			failed = b.failed;
			buf_free(&b);
		}
		assert_in_range(n, 3, 199);
	}
}

/* The same of what is read. */
static void test_parse_no_memory(void **state)
{
	struct point_info p = point_of(), got;
	struct buf b, options;

	(void)state;
	buf_init(&b);
	buf_init(&options);
	block_point_put(&b, &p, NULL, 0);
	struct pcapng_block block = block_in(&b);
	mem_fail_after(1);
	assert_int_equal(block_point_parse(&block, "b", 0, &got, &options, NULL), RC_NO_MEMORY);
	mem_fail_after(0);
	buf_free(&options);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_other_points),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_other_counts),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_parse_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
