/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file/pcapng.h"

#include "build.h"

#include <stdarg.h>
#include <setjmp.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct buf b;

static int clear(void **state)
{
	(void)state;
	buf_free(&b);
	return 0;
}

/* The only block in b. */
static struct pcapng_block only_block(bool be)
{
	struct pcapng_block block;
	bool order = be;

	assert_int_equal(pcapng_parse_block(b.data, b.len, &order, "f", 0, &block, NULL), RC_DONE);
	assert_int_equal(block.total_len, b.len);
	assert_int_equal(order, be);
	return block;
}

/* ---- blocks ---- */

static void test_block(void **state)
{
	(void)state;
	for (int be = 0; be < 2; be++) {
		struct pcapng_block block;
		bool order = !be;

		buf_clear(&b);
		build_section(&b, be);
		assert_int_equal(pcapng_parse_block(b.data, b.len, &order, "f", 0, &block, NULL),
			RC_DONE);
		assert_int_equal(order, be);
		assert_int_equal(block.type, PCAPNG_SHB);
		assert_int_equal(block.body_len, 16);
		assert_ptr_equal(block.body, b.data + 8);
		/* cut at every length */
		for (size_t n = 0; n < b.len; n++) {
			assert_int_equal(pcapng_parse_block(b.data, n, &order, "f", 0, &block,
				NULL), RC_CUT_SHORT);
			assert_int_equal(block.total_len, n < 12 ? 0 : b.len);
			assert_null(block.body);
		}
	}
}

static enum rc parse_lengths(uint32_t front, uint32_t behind, size_t size, struct err *err)
{
	struct pcapng_block block;
	bool be = false;

	buf_clear(&b);
	buf_put_le32(&b, 77);
	buf_put_le32(&b, front);
	buf_put_zeros(&b, size - 12);
	buf_put_le32(&b, behind);
	return pcapng_parse_block(b.data, b.len, &be, "f", 1000, &block, err);
}

static void test_block_damaged(void **state)
{
	struct err err = { 0 };
	bool be = false;
	struct pcapng_block block;

	(void)state;
	assert_int_equal(parse_lengths(16, 16, 16, &err), RC_DONE);
	assert_int_equal(parse_lengths(16, 20, 16, &err), RC_DAMAGED);
	assert_true(err.has_offset && err.offset == 1000);
	assert_int_equal(parse_lengths(11, 11, 12, &err), RC_DAMAGED);
	assert_int_equal(parse_lengths(0, 0, 12, &err), RC_DAMAGED);
	assert_int_equal(parse_lengths(UINT32_MAX, 0, 12, &err), RC_DAMAGED);
	assert_int_equal(parse_lengths((1 << 27) + 1, 0, 12, &err), RC_DAMAGED);
	assert_int_equal(parse_lengths(1 << 27, 0, 12, &err), RC_CUT_SHORT);
	/* a writer that did not pad its lengths, only its blocks */
	assert_int_equal(parse_lengths(13, 13, 16, &err), RC_DONE);
	assert_int_equal(parse_lengths(13, 16, 16, &err), RC_DONE);
	assert_int_equal(parse_lengths(13, 14, 16, &err), RC_DAMAGED);
	buf_clear(&b);
	build_section(&b, false);
	b.data[8] ^= 1;
	assert_int_equal(pcapng_parse_block(b.data, b.len, &be, "f", 0, &block, &err), RC_DAMAGED);
}

static void test_section(void **state)
{
	struct pcapng_block block;
	struct err err;

	(void)state;
	for (int be = 0; be < 2; be++) {
		buf_clear(&b);
		build_section(&b, be);
		block = only_block(be);
		assert_int_equal(pcapng_parse_section(&block, be, "f", 0, &err), RC_DONE);
		b.data[be ? 13 : 12] = 2;
		assert_int_equal(pcapng_parse_section(&block, be, "f", 0, &err), RC_UNSUPPORTED);
		assert_string_equal(err.why, "pcapng version 2.0");
		block.body_len = 15;
		assert_int_equal(pcapng_parse_section(&block, be, "f", 0, &err), RC_DAMAGED);
	}
	buf_clear(&b);
	pcapng_put_block(&b, 77, "\x4d\x3c\x2b\x1a\1\0\0\0........\1\0\5\0name", 24);
	block = only_block(false);
	assert_int_equal(pcapng_parse_section(&block, false, "f", 9, &err), RC_DAMAGED);
	assert_int_equal(err.offset, 9);
}

/* ---- options ---- */

static void test_options(void **state)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, len;

	(void)state;
	for (int be = 0; be < 2; be++) {
		buf_clear(&b);
		build_option(&b, be, 1, "comment", 7);
		build_option(&b, be, 2, "", 0);
		build_option(&b, be, 300, "abcd", 4);
		build32(&b, be, 0);
		build_option(&b, be, 5, "behind the end", 14);
		pcapng_options_init(&o, b.data, b.len, be);
		assert_true(pcapng_options_next(&o, &code, &value, &len));
		assert_true(code == 1 && len == 7 && memcmp(value, "comment", 7) == 0);
		assert_true(pcapng_options_next(&o, &code, &value, &len));
		assert_true(code == 2 && len == 0);
		assert_true(pcapng_options_next(&o, &code, &value, &len));
		assert_true(code == 300 && len == 4);
		assert_false(pcapng_options_next(&o, &code, &value, &len));
		assert_false(o.damaged);
		assert_false(pcapng_options_next(&o, &code, &value, &len));
	}
}

/* Whether options of n bytes are damaged, and how many there are. */
static bool options_damaged(size_t n, int *count)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, len;

	pcapng_options_init(&o, b.data, n, false);
	for (*count = 0; pcapng_options_next(&o, &code, &value, &len); (*count)++)
		;
	return o.damaged;
}

static void test_options_cut(void **state)
{
	int count;

	(void)state;
	build_option(&b, false, 1, "comment", 7);
	build_option(&b, false, 2, "abcd", 4);
	assert_false(options_damaged(0, &count));
	for (size_t n = 1; n < 11; n++) {
		assert_true(options_damaged(n, &count));
		assert_int_equal(count, 0);
	}
	/* the padding alone is missing: nothing is lost */
	assert_false(options_damaged(11, &count));
	assert_false(options_damaged(12, &count));
	assert_int_equal(count, 1);
	for (size_t n = 13; n < 20; n++)
		assert_true(options_damaged(n, &count));
	assert_false(options_damaged(20, &count));
	assert_int_equal(count, 2);
}

static void test_copy_options(void **state)
{
	static const struct { uint32_t block; uint16_t code; const char *in, *out; size_t len; } cases[] = {
		{ PCAPNG_EPB, PCAPNG_OPT_COMMENT, "text", "text", 4 },
		{ PCAPNG_EPB, PCAPNG_EPB_FLAGS, "\1\2\3\4", "\4\3\2\1", 4 },
		{ PCAPNG_OPB, PCAPNG_EPB_FLAGS, "\1\2\3\4", "\4\3\2\1", 4 },
		{ PCAPNG_SHB, PCAPNG_SHB_HARDWARE, "x86 PC", "x86 PC", 6 },
		{ PCAPNG_EPB, PCAPNG_EPB_DROPCOUNT, "\1\2\3\4\5\6\7\10", "\10\7\6\5\4\3\2\1", 8 },
		{ PCAPNG_EPB, PCAPNG_EPB_PROCESSID_THREADID, "\1\2\3\4\5\6\7\10",
			"\4\3\2\1\10\7\6\5", 8 },
		{ PCAPNG_EPB, PCAPNG_EPB_VERDICT, "\0\1\2\3", "\0\1\2\3", 4 },
		{ PCAPNG_EPB, PCAPNG_EPB_VERDICT, "\2\1\2\3\4\5\6\7\10", "\2\10\7\6\5\4\3\2\1", 9 },
		{ PCAPNG_IDB, PCAPNG_IF_TSOFFSET, "\1\2\3\4\5\6\7\10", "\10\7\6\5\4\3\2\1", 8 },
		{ PCAPNG_ISB, PCAPNG_ISB_STARTTIME, "\1\2\3\4\5\6\7\10", "\4\3\2\1\10\7\6\5", 8 },
		{ PCAPNG_ISB, PCAPNG_ISB_OSDROP, "\1\2\3\4\5\6\7\10", "\10\7\6\5\4\3\2\1", 8 },
		{ PCAPNG_IDB, PCAPNG_OPT_CUSTOM_BIN, "\1\2\3\4raw", "\4\3\2\1raw", 7 },
		/* too short for its number, or unknown: as it is */
		{ PCAPNG_EPB, PCAPNG_EPB_FLAGS, "\1\2\3", "\1\2\3", 3 },
		{ PCAPNG_EPB, PCAPNG_EPB_PROCESSID_THREADID, "\1\2\3\4\5", "\4\3\2\1\5", 5 },
		{ PCAPNG_NRB, 2, "\1\2\3\4", "\1\2\3\4", 4 },
	};
	struct buf out;

	(void)state;
	buf_init(&out);
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		bool be = i % 2;
		const char *want = be ? cases[i / 2].out : cases[i / 2].in;
		size_t len = cases[i / 2].len, size = 4 + (len + 3) / 4 * 4;

		buf_clear(&b);
		buf_clear(&out);
		build_option(&b, be, cases[i / 2].code, cases[i / 2].in, len);
		build32(&b, be, 0);
		pcapng_copy_options(&out, cases[i / 2].block, b.data, b.len, be);
		assert_int_equal(out.len, size);
		assert_int_equal(load_le16(out.data), cases[i / 2].code);
		assert_int_equal(load_le16(out.data + 2), len);
		assert_memory_equal(out.data + 4, want, len);
	}
	buf_free(&out);
}

/* ---- interfaces ---- */

static void test_interface(void **state)
{
	(void)state;
	for (int be = 0; be < 2; be++) {
		struct pcapng_interface i;
		struct pcapng_block block;
		size_t at;

		buf_clear(&b);
		at = build_begin(&b, be, PCAPNG_IDB);
		build16(&b, be, 113);
		build16(&b, be, 0);
		build32(&b, be, 96);
		build_option(&b, be, PCAPNG_IF_NAME, "eth0", 4);
		build_option(&b, be, PCAPNG_IF_DESCRIPTION, "an uplink", 9);
		build_option(&b, be, PCAPNG_IF_TSRESOL, "\x89", 1);
		build_option(&b, be, PCAPNG_IF_FCSLEN, "\x20", 1);
		build16(&b, be, PCAPNG_IF_TSOFFSET);
		build16(&b, be, 8);
		build64(&b, be, (uint64_t)-7);
		build16(&b, be, PCAPNG_OPT_CUSTOM_BIN);
		build16(&b, be, 32);
		build32(&b, be, PCAPNG_PEN);
		buf_put_str(&b, "flowdril");
		buf_put_le32(&b, PCAPNG_OWN_UUID);
		buf_put_str(&b, "0123456789abcdef");
		build_end(&b, be, at);
		block = only_block(be);
		assert_int_equal(pcapng_parse_interface(&block, be, "f", 0, &i, NULL), RC_DONE);
		assert_int_equal(i.linktype, 113);
		assert_int_equal(i.snaplen, 96);
		assert_int_equal(i.tsresol, 0x89);
		assert_int_equal(i.tsoffset_s, -7);
		assert_int_equal(i.fcs_len, 4);
		assert_true(i.name_len == 4 && memcmp(i.name, "eth0", 4) == 0);
		assert_true(i.description_len == 9 && memcmp(i.description, "an uplink", 9) == 0);
		assert_memory_equal(i.uuid, "0123456789abcdef", 16);
		assert_int_equal(i.options_len, block.body_len - 8);
	}
}

static void test_interface_plain(void **state)
{
	struct pcapng_interface i;
	struct pcapng_block block;

	(void)state;
	build_interface(&b, false, 1, 0, 6, 0);
	block = only_block(false);
	assert_int_equal(pcapng_parse_interface(&block, false, "f", 0, &i, NULL), RC_DONE);
	assert_int_equal(i.tsresol, 6);
	assert_int_equal(i.tsoffset_s, 0);
	assert_null(i.name);
	assert_null(i.uuid);
	block.body_len = 7;
	assert_int_equal(pcapng_parse_interface(&block, false, "f", 0, &i, NULL), RC_DAMAGED);
	buf_clear(&b);
	pcapng_put_block(&b, PCAPNG_IDB, "\1\0\0\0\0\0\0\0\2\0\5\0eth0", 16);
	block = only_block(false);
	assert_int_equal(pcapng_parse_interface(&block, false, "f", 0, &i, NULL), RC_DAMAGED);
}

/* ---- packets ---- */

static void test_packet(void **state)
{
	(void)state;
	for (int be = 0; be < 2; be++) {
		struct pcapng_packet p;
		struct pcapng_block block;

		buf_clear(&b);
		build_packet(&b, be, 3, 0x123456789abc, "hello", 5, 1500, "why");
		block = only_block(be);
		assert_int_equal(pcapng_parse_packet(&block, be, 0, "f", 0, &p, NULL), RC_DONE);
		assert_int_equal(p.interface, 3);
		assert_true(p.has_time);
		assert_int_equal(p.timestamp, 0x123456789abc);
		assert_int_equal(p.caplen, 5);
		assert_int_equal(p.len, 1500);
		assert_memory_equal(p.data, "hello", 5);
		assert_ptr_equal(p.data, b.data + p.data_off);
		assert_int_equal(p.options_len, 12);
		assert_memory_equal(p.options + 4, "why", 3);
	}
}

static void test_packet_obsolete(void **state)
{
	(void)state;
	for (int be = 0; be < 2; be++) {
		struct pcapng_packet p;
		struct pcapng_block block;
		size_t at;

		buf_clear(&b);
		at = build_begin(&b, be, PCAPNG_OPB);
		build16(&b, be, 2);
		build16(&b, be, 9);      /* drops */
		build32(&b, be, 1);
		build32(&b, be, 2);
		build32(&b, be, 3);
		build32(&b, be, 4);
		buf_put_str(&b, "abc");
		build_end(&b, be, at);
		block = only_block(be);
		assert_int_equal(pcapng_parse_packet(&block, be, 0, "f", 0, &p, NULL), RC_DONE);
		assert_int_equal(p.interface, 2);
		assert_int_equal(p.timestamp, (1ULL << 32) + 2);
		assert_int_equal(p.caplen, 3);
		assert_int_equal(p.len, 4);
		assert_memory_equal(p.data, "abc", 3);
		assert_int_equal(p.options_len, 0);
	}
}

static void test_packet_simple(void **state)
{
	struct pcapng_packet p;
	struct pcapng_block block;
	struct err err;

	(void)state;
	pcapng_put_block(&b, PCAPNG_SPB, "\x09\0\0\0abcdefghi", 13);
	block = only_block(false);
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, &err), RC_DONE);
	assert_false(p.has_time);
	assert_int_equal(p.interface, 0);
	assert_int_equal(p.caplen, 9);
	assert_int_equal(p.data_off, 12);
	assert_int_equal(p.options_len, 0);
	assert_int_equal(pcapng_parse_packet(&block, false, 5, "f", 0, &p, &err), RC_DONE);
	assert_int_equal(p.caplen, 5);
	assert_int_equal(p.len, 9);
	b.data[8] = 13;
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, &err), RC_DAMAGED);
	assert_int_equal(pcapng_parse_packet(&block, false, 12, "f", 0, &p, &err), RC_DONE);
	block.body_len = 3;
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, &err), RC_DAMAGED);
}

static void test_packet_damaged(void **state)
{
	struct pcapng_packet p;
	struct pcapng_block block;
	struct err err;

	(void)state;
	build_packet(&b, false, 0, 0, "hello", 5, 5, NULL);
	block = only_block(false);
	buf_set_le32(&b, 20, 8);
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, &err), RC_DONE);
	buf_set_le32(&b, 20, 9);
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 70, &p, &err), RC_DAMAGED);
	assert_int_equal(err.offset, 70);
	buf_set_le32(&b, 20, UINT32_MAX);
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, &err), RC_DAMAGED);
	block.body_len = 19;
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, &err), RC_DAMAGED);
	/* an option that is longer than the block */
	buf_clear(&b);
	build_packet(&b, false, 0, 0, "hello", 5, 5, "comment");
	block = only_block(false);
	b.data[b.len - 4 - 4 - 8 - 2] = 99;
	assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, &err), RC_DAMAGED);
}

static enum rc check(uint32_t type, const void *body, size_t len)
{
	struct pcapng_block block;

	buf_clear(&b);
	pcapng_put_block(&b, type, body, len);
	block = only_block(false);
	return pcapng_check_block(&block, false, "f", 0, NULL);
}

static void test_other_blocks(void **state)
{
	(void)state;
	assert_int_equal(check(PCAPNG_NRB, "\1\0\6\0\1\2\3\4a\0\0\0\0\0\0\0", 16), RC_DONE);
	assert_int_equal(check(PCAPNG_NRB, "\1\0\7\0\1\2\3\4", 8), RC_DAMAGED);
	assert_int_equal(check(PCAPNG_NRB, "\0\0\0\0\2\0\3\0dns", 11), RC_DONE);
	assert_int_equal(check(PCAPNG_NRB, "\0\0\0\0\2\0\5\0dns", 11), RC_DAMAGED);
	assert_int_equal(check(PCAPNG_NRB, "", 0), RC_DONE);
	assert_int_equal(check(PCAPNG_ISB, "\0\0\0\0ttttTTTT", 12), RC_DONE);
	assert_int_equal(check(PCAPNG_ISB, "\0\0\0\0tttt", 8), RC_DAMAGED);
	assert_int_equal(check(PCAPNG_ISB, "\0\0\0\0ttttTTTT\5\0\x08\0aaaa", 20), RC_DAMAGED);
	assert_int_equal(check(PCAPNG_DSB, "TLSK\5\0\0\0hello", 13), RC_DONE);
	assert_int_equal(check(PCAPNG_DSB, "TLSK\xff\0\0\0hello", 13), RC_DAMAGED);
	assert_int_equal(check(PCAPNG_DSB, "TLSK\xff\xff\xff\xff", 8), RC_DAMAGED);
	assert_int_equal(check(PCAPNG_CB, "?", 1), RC_DONE);
	assert_int_equal(check(0x12345678, "whatever", 8), RC_DONE);
}

/* ---- times ---- */

static void test_times(void **state)
{
	static const struct { uint8_t tsresol; int64_t offset_s; uint64_t stamp; int64_t ns; bool saturated; } cases[] = {
		{ 6, 0, 1340954905298858, 1340954905298858000, false },
		{ 9, 0, 1340954905298858123, 1340954905298858123, false },
		{ 0, 0, 5, 5000000000, false }, { 3, 10, 1500, 11500000000, false },
		{ 12, 0, 1999, 1, false }, { 12, 0, UINT64_MAX, 18446744073709551, false },
		{ 28, 0, UINT64_MAX, 1, false }, { 29, 0, UINT64_MAX, 0, false },
		{ 127, 0, UINT64_MAX, 0, false },
		{ 0x80, 0, 7, 7000000000, false }, { 0x81, 0, 3, 1500000000, false },
		{ 0xa0, 0, 1ULL << 32, 1000000000, false },
		{ 0xbf, 0, UINT64_MAX, 1999999999, false }, { 0xff, 0, UINT64_MAX, 0, false },
		/* before 1970 by the interface's offset */
		{ 6, -2, 1, -1999999000, false },
		/* where int64 ends */
		{ 9, 0, INT64_MAX, INT64_MAX, false },
		{ 9, 0, (uint64_t)INT64_MAX + 1, INT64_MAX, true },
		{ 6, 0, 9223372036854775, 9223372036854775000, false },
		{ 6, 0, 9223372036854776, INT64_MAX, true },
		{ 0, 0, UINT64_MAX, INT64_MAX, true },
		{ 6, INT64_MAX, UINT64_MAX, INT64_MAX, true },
		{ 6, INT64_MIN, 0, INT64_MIN, true },
		{ 9, -9223372037, 145224192, INT64_MIN, false },
		{ 9, -9223372037, 145224191, INT64_MIN, true },
		{ 9, -9223372037, UINT64_MAX, 9223372036709551615, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool saturated = !cases[i].saturated;

		assert_int_equal(pcapng_time_ns(cases[i].tsresol, cases[i].offset_s,
			cases[i].stamp, &saturated), cases[i].ns);
		assert_int_equal(saturated, cases[i].saturated);
	}
}

/* ---- builders ---- */

static void test_put_section_interface(void **state)
{
	struct pcapng_interface i;
	struct pcapng_block block;
	struct buf options;

	(void)state;
	buf_init(&options);
	pcapng_put_option(&options, PCAPNG_SHB_USERAPPL, "flowdrill", 9);
	pcapng_put_section(&b, &options);
	block = only_block(false);
	assert_int_equal(pcapng_parse_section(&block, false, "f", 0, NULL), RC_DONE);
	assert_int_equal(b.len, 28 + 16 + 4);
	buf_clear(&b);
	pcapng_put_section(&b, NULL);
	assert_int_equal(b.len, 28);
	buf_clear(&b);
	buf_clear(&options);
	pcapng_put_option(&options, PCAPNG_IF_NAME, "lo", 2);
	pcapng_put_own_option(&options, PCAPNG_OWN_UUID, "0123456789abcdef", 16);
	pcapng_put_interface(&b, 101, 262144, &options);
	block = only_block(false);
	assert_int_equal(pcapng_parse_interface(&block, false, "f", 0, &i, NULL), RC_DONE);
	assert_int_equal(i.linktype, 101);
	assert_int_equal(i.snaplen, 262144);
	assert_int_equal(i.name_len, 2);
	assert_memory_equal(i.uuid, "0123456789abcdef", 16);
	buf_free(&options);
}

static void test_put_packet(void **state)
{
	struct buf options;

	(void)state;
	buf_init(&options);
	for (uint32_t caplen = 0; caplen < 9; caplen++) {
		struct pcapng_packet p;
		struct pcapng_block block;
		bool comment = caplen % 2;

		buf_clear(&b);
		buf_clear(&options);
		if (comment)
			pcapng_put_option(&options, PCAPNG_OPT_COMMENT, "seen", 4);
		pcapng_put_packet(&b, 7, 0x1234567890, caplen, 100, "abcdefgh", options.data,
			options.len);
		assert_int_equal(b.len, pcapng_packet_len(caplen, options.len));
		block = only_block(false);
		assert_int_equal(pcapng_parse_packet(&block, false, 0, "f", 0, &p, NULL), RC_DONE);
		assert_int_equal(p.interface, 7);
		assert_int_equal(p.timestamp, 0x1234567890);
		assert_int_equal(p.caplen, caplen);
		assert_int_equal(p.len, 100);
		assert_memory_equal(p.data, "abcdefgh", caplen);
		assert_int_equal(p.options_len, comment ? 12 : 0);
	}
	buf_free(&options);
}

static void test_put_custom(void **state)
{
	struct pcapng_block block;
	const uint8_t *payload;
	size_t len;
	uint32_t kind;

	(void)state;
	pcapng_put_custom(&b, 16, "hello", 5);
	block = only_block(false);
	assert_int_equal(block.type, PCAPNG_CB_NOCOPY);
	assert_true(pcapng_parse_own(block.body, block.body_len, false, &kind, &payload, &len));
	assert_int_equal(kind, 16);
	assert_int_equal(len, 8);
	assert_memory_equal(payload, "hello\0\0\0", 8);
	assert_false(pcapng_parse_own(block.body, block.body_len, true, &kind, &payload, &len));
	assert_false(pcapng_parse_own(block.body, 15, false, &kind, &payload, &len));
	b.data[12] ^= 1;
	assert_false(pcapng_parse_own(block.body, block.body_len, false, &kind, &payload, &len));
	for (size_t n = PCAPNG_PADDING_MIN; n < 60; n += 4) {
		buf_clear(&b);
		pcapng_put_padding(&b, PCAPNG_OWN_PADDING, NULL, 0, n);
		assert_int_equal(b.len, n);
		block = only_block(false);
		assert_true(pcapng_parse_own(block.body, block.body_len, false, &kind, &payload,
			&len));
		assert_int_equal(kind, PCAPNG_OWN_PADDING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_block, clear),
		cmocka_unit_test_teardown(test_block_damaged, clear),
		cmocka_unit_test_teardown(test_section, clear),
		cmocka_unit_test_teardown(test_options, clear),
		cmocka_unit_test_teardown(test_options_cut, clear),
		cmocka_unit_test_teardown(test_copy_options, clear),
		cmocka_unit_test_teardown(test_interface, clear),
		cmocka_unit_test_teardown(test_interface_plain, clear),
		cmocka_unit_test_teardown(test_packet, clear),
		cmocka_unit_test_teardown(test_packet_obsolete, clear),
		cmocka_unit_test_teardown(test_packet_simple, clear),
		cmocka_unit_test_teardown(test_packet_damaged, clear),
		cmocka_unit_test_teardown(test_other_blocks, clear),
		cmocka_unit_test_teardown(test_times, clear),
		cmocka_unit_test_teardown(test_put_section_interface, clear),
		cmocka_unit_test_teardown(test_put_packet, clear),
		cmocka_unit_test_teardown(test_put_custom, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
