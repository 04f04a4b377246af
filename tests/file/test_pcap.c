/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File kinds, and headers of pcap files. */
#include "file/kind.h"
#include "file/pcap.h"

#include "build.h"

#include <stdarg.h>
#include <setjmp.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_kind(void **state)
{
	static const struct { const char *bytes; size_t len; enum file_kind kind; } cases[] = {
		{ "", 0, FILE_EMPTY },
		{ "\xd4\xc3\xb2\xa1", 4, FILE_PCAP }, { "\xa1\xb2\xc3\xd4", 4, FILE_PCAP },
		{ "\x4d\x3c\xb2\xa1", 4, FILE_PCAP }, { "\xa1\xb2\x3c\x4d", 4, FILE_PCAP },
		{ "\x34\xcd\xb2\xa1", 4, FILE_PCAP }, { "\xa1\xb2\xcd\x34", 4, FILE_PCAP },
		{ "\x4d\x3c\x2b\xa1", 4, FILE_PCAP }, { "\xa1\x2b\x3c\x4d", 4, FILE_PCAP },
		{ "\xac\x01\x00\x1c", 4, FILE_PCAP }, { "\x1c\x00\x01\xab", 4, FILE_PCAP },
		{ "\x0a\x0d\x0d\x0a", 4, FILE_PCAPNG }, { "\x1f\x8b\x08\0", 4, FILE_GZIP },
		{ "\x28\xb5\x2f\xfd", 4, FILE_ZSTD }, { "\x53\x2a\x4d\x18", 4, FILE_ZSTD },
		{ "snoop\0\0\0\0\0\0\2", 12, FILE_SNOOP },
		{ FILE_INDEX_MAGIC "rest", 12, FILE_INDEX },
		{ "\xd4\xc3\xb2", 3, FILE_UNKNOWN }, { "snoop\0\0", 7, FILE_UNKNOWN },
		{ "GET / HTTP/1.1\r\n", 16, FILE_UNKNOWN }, { "\0", 1, FILE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(file_kind(cases[i].bytes, cases[i].len), cases[i].kind);
	assert_string_equal(file_kind_name(FILE_PCAPNG), "pcapng");
	assert_string_equal(file_kind_name((enum file_kind)99), "unknown");
}

static enum rc parse(bool be, uint32_t magic, uint16_t minor, uint32_t linktype, struct pcap_format *f)
{
	struct buf b;
	enum rc rc;

	buf_init(&b);
	build_pcap_header(&b, be, magic, minor, 65535, linktype);
	rc = pcap_parse_header(b.data, "f", f, NULL);
	buf_free(&b);
	return rc;
}

static void test_header(void **state)
{
	static const struct { uint32_t magic; bool ns; int file, record; } cases[] = {
		{ 0xa1b2c3d4, false, 24, 16 }, { 0xa1b23c4d, true, 24, 16 },
		{ 0xa1b2cd34, false, 24, 24 }, { 0xa12b3c4d, true, 24, 16 },
		{ 0x1c0001ac, true, 28, 16 }, { 0x1c0001ab, false, 28, 16 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		struct pcap_format f;

		assert_int_equal(parse(i % 2, cases[i / 2].magic, 4, 113, &f), RC_DONE);
		assert_int_equal(f.big_endian, i % 2);
		assert_int_equal(f.nanoseconds, cases[i / 2].ns);
		assert_int_equal(f.file_header, cases[i / 2].file);
		assert_int_equal(f.record_header, cases[i / 2].record);
		assert_int_equal(f.major * 100 + f.minor, 204);
		assert_int_equal(f.snaplen, 65535);
		assert_int_equal(f.linktype, 113);
		assert_int_equal(f.fcs_len, 0);
	}
}

static void test_header_refused(void **state)
{
	struct pcap_format f;
	uint8_t bytes[PCAP_HEADER] = { 0xd4, 0xc3, 0xb2, 0xa1, 1, 0, 4, 0 };
	struct err err;

	(void)state;
	assert_int_equal(pcap_parse_header(bytes, "f", &f, &err), RC_UNSUPPORTED);
	assert_string_equal(err.why, "pcap version 1.4");
	assert_int_equal(parse(false, 0xa1b2c3d4, 5, 1, &f), RC_UNSUPPORTED);
	assert_int_equal(parse(false, 0xa1b2c3d5, 4, 1, &f), RC_DAMAGED);
	/* 2.4 with the bytes of both numbers turned, in a little-endian file */
	memcpy(bytes + 4, "\0\2\0\4", 4);
	assert_int_equal(pcap_parse_header(bytes, "f", &f, &err), RC_DONE);
	assert_int_equal(f.major * 100 + f.minor, 204);
	assert_false(f.big_endian);
}

/* Frame check sequence: 4 bits of 16-bit words, valid where another bit says so. */
static void test_fcs(void **state)
{
	struct pcap_format f;

	(void)state;
	assert_int_equal(parse(false, 0xa1b2c3d4, 4, 0x24000001, &f), RC_DONE);
	assert_int_equal(f.linktype, 1);
	assert_int_equal(f.fcs_len, 4);
	assert_int_equal(parse(false, 0xa1b2c3d4, 4, 0x30000065, &f), RC_DONE);
	assert_int_equal(f.linktype, 101);
	assert_int_equal(f.fcs_len, 0);
}

static struct pcap_record record(bool be, uint32_t magic, uint16_t minor, uint32_t s, uint32_t fraction,
	uint32_t caplen, uint32_t len)
{
	struct pcap_format f;
	struct pcap_record r;
	struct buf b;

	assert_int_equal(parse(be, magic, minor, 1, &f), RC_DONE);
	buf_init(&b);
	build_pcap_record(&b, be, s, fraction, caplen, len);
	buf_put_zeros(&b, 8);
	pcap_parse_record(&f, b.data, &r);
	buf_free(&b);
	return r;
}

static void test_record(void **state)
{
	struct pcap_record r;

	(void)state;
	for (int be = 0; be < 2; be++) {
		r = record(be, 0xa1b2c3d4, 4, 1000, 999999, 60, 1500);
		assert_int_equal(r.time_ns, 1000999999000);
		assert_int_equal(r.timestamp, 1000999999);
		assert_false(r.time_saturated);
		assert_int_equal(r.caplen, 60);
		assert_int_equal(r.len, 1500);
		r = record(be, 0xa1b23c4d, 4, 1000, 999999999, 60, 1500);
		assert_int_equal(r.time_ns, 1000999999999);
		assert_int_equal(r.timestamp, 1000999999999);
		assert_false(r.time_saturated);
	}
}

/* The largest numbers fit; a fraction out of range counts as it stands and is flagged. */
static void test_record_times(void **state)
{
	struct pcap_record r = record(false, 0xa1b23c4d, 4, UINT32_MAX, UINT32_MAX, 1, 1);

	(void)state;
	assert_int_equal(r.time_ns, 4294967295000000000 + 4294967295);
	assert_true(r.time_saturated);
	r = record(true, 0xa1b2c3d4, 4, UINT32_MAX, UINT32_MAX, 1, 1);
	assert_int_equal(r.time_ns, 4294967295000000000 + 4294967295000);
	assert_true(r.time_saturated);
	assert_true(record(false, 0xa1b2c3d4, 4, 0, 1000000, 1, 1).time_saturated);
	assert_false(record(false, 0xa1b23c4d, 4, 0, 1000000, 1, 1).time_saturated);
	assert_int_equal(record(false, 0xa1b23c4d, 4, 0, 0, 1, 1).time_ns, 0);
}

/* Lengths before 2.3 are swapped, in 2.3 where they cannot be otherwise. */
static void test_record_lengths(void **state)
{
	(void)state;
	assert_int_equal(record(false, 0xa1b2c3d4, 2, 0, 0, 1500, 60).caplen, 60);
	assert_int_equal(record(false, 0xa1b2c3d4, 2, 0, 0, 60, 1500).caplen, 1500);
	assert_int_equal(record(false, 0xa1b2c3d4, 3, 0, 0, 1500, 60).caplen, 60);
	assert_int_equal(record(false, 0xa1b2c3d4, 3, 0, 0, 60, 1500).caplen, 60);
	assert_int_equal(record(false, 0xa1b2c3d4, 4, 0, 0, 1500, 60).caplen, 1500);
}

static void test_plausible(void **state)
{
	(void)state;
	assert_true(pcap_caplen_plausible(96, 65535));
	assert_true(pcap_caplen_plausible(0, 262144));
	assert_false(pcap_caplen_plausible(0, 262145));
	assert_false(pcap_caplen_plausible(262145, 262146));
	assert_true(pcap_caplen_plausible(262145, 262145));
	assert_true(pcap_caplen_plausible(UINT32_MAX, 1 << 27));
	assert_false(pcap_caplen_plausible(UINT32_MAX, (1 << 27) + 1));
	assert_false(pcap_caplen_plausible(UINT32_MAX, UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_refused),
		cmocka_unit_test(test_fcs),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_record_times),
		cmocka_unit_test(test_record_lengths),
		cmocka_unit_test(test_plausible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
