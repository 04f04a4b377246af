/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- escaping and width ---- */

static const struct {
	const char *in;
	size_t len;      /* 0: strlen */
	const char *out;
} escapes[] = {
	{ "", 0, "" },
	{ "plain text, 100 %", 0, "plain text, 100 %" },
	{ "a\\b", 0, "a\\\\b" },
	{ "\x1b[31mred\x1b]0;t\a", 0, "\\x1b[31mred\\x1b]0;t\\x07" },
	{ "a\0b", 3, "a\\x00b" },
	{ "tab\tline\nback\b\x7f", 0, "tab\\x09line\\x0aback\\x08\\x7f" },
	{ "\x9b" "31m", 0, "\\x9b31m" },                     /* C1 raw: broken UTF-8 */
	{ "\xc2\x9b" "31m", 0, "\\u{009b}31m" },             /* C1 as UTF-8 */
	{ "\xc2\x80\xc2\x9f\xc2\xa0", 0, "\\u{0080}\\u{009f}\xc2\xa0" },
	{ "gr\xc3\xbc\xc3\x9f", 0, "gr\xc3\xbc\xc3\x9f" },
	{ "\xe6\x97\xa5\xe6\x9c\xac", 0, "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "\xf0\x9f\x98\x80", 0, "\xf0\x9f\x98\x80" },
	{ "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae", 0,
		"\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}" },
	{ "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", 0,
		"\\u{2066}\\u{2067}\\u{2068}\\u{2069}" },
	{ "\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f", 0,
		"\\u{200b}\\u{200c}\\u{200d}\\u{200e}\\u{200f}" },
	{ "\xef\xbb\xbf\xe2\x80\xa8\xe2\x80\xa9", 0, "\\u{feff}\\u{2028}\\u{2029}" },
	{ "\xc2\xad\xd8\x9c\xef\xb8\x8f", 0, "\\u{00ad}\\u{061c}\\u{fe0f}" },
	{ "\xf3\xa0\x81\x81", 0, "\\u{e0041}" },              /* a tag character */
	{ "\xef\xbf\xbe\xef\xbf\xbd", 0, "\\u{fffe}\xef\xbf\xbd" },
	/* the neighbours of what is escaped stay */
	{ "\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf\xe2\x80\xa7", 0,
		"\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf\xe2\x80\xa7" },
	/* broken: overlong, surrogate, beyond Unicode, cut, stray continuation, no such byte */
	{ "\xc0\xaf", 0, "\\xc0\\xaf" },
	{ "\xe0\x80\xaf", 0, "\\xe0\\x80\\xaf" },
	{ "\xf0\x80\x80\xaf", 0, "\\xf0\\x80\\x80\\xaf" },
	{ "\xed\xa0\x80", 0, "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80" },
	{ "\xe6\x97", 0, "\\xe6\\x97" },
	{ "\xe6\x97" "A", 0, "\\xe6\\x97" "A" },
	{ "\x80\xbf", 0, "\\x80\\xbf" },
	{ "\xff\xfe", 0, "\\xff\\xfe" },
	{ "e\xcc\x81", 0, "e\xcc\x81" },
};

static void test_escape(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < COUNT(escapes); i++) {
		size_t len = escapes[i].len ? escapes[i].len : strlen(escapes[i].in);
		char out[256];

		buf_clear(&b);
		text_escape(&b, escapes[i].in, len);
		assert_string_equal(buf_text(&b), escapes[i].out);
		assert_int_equal(text_escape_to(out, sizeof(out), escapes[i].in, len), b.len);
		assert_string_equal(out, escapes[i].out);
	}
	buf_free(&b);
}

/* Nothing that a terminal obeys is left of any two bytes, and what is left is escaped once only. */
static void test_escape_all_pairs(void **state)
{
	char out[32];

	(void)state;
	for (unsigned v = 0; v < 0x10000; v++) {
		uint8_t in[2] = { (uint8_t)(v >> 8), (uint8_t)v };
		size_t n = text_escape_to(out, sizeof(out), in, 2);

		assert_int_equal(strlen(out), n);
		for (size_t i = 0; i < n; i++) {
			uint8_t c = (uint8_t)out[i];

			assert_true(c >= 0x20 && c != 0x7f);
			/* C1 would be c2 80..9f */
			if (c == 0xc2)
				assert_true((uint8_t)out[i + 1] >= 0xa0);
		}
	}
}

static void test_escape_cut(void **state)
{
	static const char in[] = "ab\x1b\xe6\x97\xa5z";
	static const char *const want[] = {
		NULL, "", "a", "ab", "ab", "ab", "ab", "ab\\x1b", "ab\\x1b", "ab\\x1b",
		"ab\\x1b\xe6\x97\xa5", "ab\\x1b\xe6\x97\xa5z", "ab\\x1b\xe6\x97\xa5z",
	};

	(void)state;
	for (size_t size = 1; size < COUNT(want); size++) {
		char out[16];

		memset(out, '?', sizeof(out));
		assert_int_equal(text_escape_to(out, size, in, strlen(in)), strlen(want[size]));
		assert_string_equal(out, want[size]);
		assert_int_equal(out[size], '?');
	}
	assert_int_equal(text_escape_to(NULL, 0, in, 3), 0);
}

static void test_width(void **state)
{
	static const struct { const char *s; size_t width; } widths[] = {
		{ "", 0 }, { "abc", 3 }, { "gr\xc3\xbc\xc3\x9f", 4 },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6 },       /* CJK */
		{ "\xed\x95\x9c\xea\xb8\x80", 4 },                   /* Hangul syllables */
		{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 2 },       /* the first of them, conjoining */
		{ "\xef\xbc\xa1\xef\xbd\xb1", 3 },                   /* fullwidth A, halfwidth a */
		{ "e\xcc\x81x", 2 },                                 /* combining acute */
		{ "\xf0\x9f\x98\x80", 2 },                           /* emoji */
		{ "\xf0\xa0\x80\x80", 2 },                           /* CJK extension B */
		{ "\xe2\x96\x88\xe2\x80\xba\xe2\x97\x8f", 3 },       /* block, angle, disc */
		{ "\xe0\xb8\x81\xe0\xb8\xb4", 1 },                   /* Thai vowel above */
		{ "\xff\xfe", 2 }, { "\xe6\x97", 2 }, { "a\xe6", 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(widths); i++)
		assert_int_equal(text_width(widths[i].s), widths[i].width);
}

static void test_next(void **state)
{
	static const char s[] = "a\xe6\x97\xa5\xcc\x81\xff";
	static const struct { size_t n; uint32_t cp; unsigned cells; } want[] = {
		{ 1, 'a', 1 }, { 3, 0x65e5, 2 }, { 2, 0x301, 0 }, { 1, 0xfffd, 1 }, { 0, 0, 0 },
	};
	const char *p = s;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		uint32_t cp;
		unsigned cells;

		assert_int_equal(text_next(p, &cp, &cells), want[i].n);
		assert_int_equal(cp, want[i].cp);
		assert_int_equal(cells, want[i].cells);
		p += want[i].n;
	}
}

/* ---- times ---- */

static const struct {
	int64_t ns;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000000000Z" },
	{ 1, "1970-01-01T00:00:00.000000001Z" },
	{ -1, "1969-12-31T23:59:59.999999999Z" },
	{ 1704464255123456789, "2024-01-05T14:17:35.123456789Z" },
	{ 951782400000000000, "2000-02-29T00:00:00.000000000Z" },
	{ 4107542400000000000, "2100-03-01T00:00:00.000000000Z" },
	{ 4323283200000000000, "2107-01-01T00:00:00.000000000Z" },
	{ -2203891200000000000, "1900-03-01T00:00:00.000000000Z" },
	{ INT64_MAX, "2262-04-11T23:47:16.854775807Z" },
	{ INT64_MIN, "1677-09-21T00:12:43.145224192Z" },
};

static void test_time(void **state)
{
	char out[TEXT_TIME];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		assert_int_equal(text_time(out, sizeof(out), times[i].ns), 30);
		assert_string_equal(out, times[i].text);
		assert_int_equal(text_parse_time(out, &back, NULL), RC_DONE);
		assert_int_equal(back, times[i].ns);
		text_date(out, sizeof(out), times[i].ns);
		assert_int_equal(strlen(out), 10);
		assert_memory_equal(out, times[i].text, 10);
		text_clock(out, sizeof(out), times[i].ns, 9);
		assert_int_equal(strlen(out), 18);
		assert_memory_equal(out, times[i].text + 11, 18);
	}
}

/* One day after another for 600 years, against a calendar that only counts. */
static void test_every_day(void **state)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = 1678, month = 1, day = 1;
	int64_t ns;

	(void)state;
	assert_int_equal(text_parse_time("1678-01-01", &ns, NULL), RC_DONE);
	while (year < 2262) {
		char want[32], out[TEXT_TIME];
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		int64_t back;

		snprintf(want, sizeof(want), "%04d-%02d-%02d", year, month, day);
		text_date(out, sizeof(out), ns);
		assert_string_equal(out, want);
		assert_int_equal(text_parse_time(want, &back, NULL), RC_DONE);
		assert_int_equal(back, ns);
		if (++day > length[month - 1] + (month == 2 && leap)) {
			day = 1;
			if (++month > 12) {
				month = 1;
				year++;
			}
		}
		ns += 86400000000000;
	}
}

static void test_clock(void **state)
{
	char out[TEXT_TIME];

	(void)state;
	assert_int_equal(text_clock(out, sizeof(out), 1704464255987654321, 0), 8);
	assert_string_equal(out, "14:17:35");
	assert_int_equal(text_clock(out, sizeof(out), 1704464255987654321, 1), 10);
	assert_string_equal(out, "14:17:35.9");
	text_clock(out, sizeof(out), 1704464255987654321, 6);
	assert_string_equal(out, "14:17:35.987654");
	text_clock(out, sizeof(out), 1704464255987654321, 99);
	assert_string_equal(out, "14:17:35.987654321");
	/* cut: terminated, the length of what is there */
	assert_int_equal(text_clock(out, 6, 1704464255987654321, 6), 5);
	assert_string_equal(out, "14:17");
	assert_int_equal(text_clock(out, 0, 0, 6), 0);
}

static void test_parse_time(void **state)
{
	static const struct { const char *s; int64_t ns; } good[] = {
		{ "2024-01-05T14:17:35Z", 1704464255000000000 },
		{ "2024-01-05t14:17:35z", 1704464255000000000 },
		{ "2024-01-05 14:17:35", 1704464255000000000 },
		{ "2024-01-05 14:17", 1704464220000000000 },
		{ "2024-01-05T14:17:35.5Z", 1704464255500000000 },
		{ "2024-01-05T16:47:35+02:30", 1704464255000000000 },
		{ "2024-01-05T14:17:35-00:00", 1704464255000000000 },
		{ "2024-01-04T23:17:35.000000001-15:00", 1704464255000000001 },
		{ "2016-12-31T23:59:60Z", 1483228800000000000 },
		{ "2024-01-05", 1704412800000000000 },
		{ "1970-01-01", 0 },
		{ "0", 0 }, { "1.5", 1500000000 }, { "-0.000000001", -1 },
		{ "1704464255.123456789", 1704464255123456789 },
		{ "9223372036.854775807", INT64_MAX }, { "-9223372036.854775808", INT64_MIN },
	};
	static const char *const bad[] = {
		"", " ", "now", "-", ".", "1.", ".5", "1.0000000000", "0x10", "1 ", "+1",
		"2024-1-5", "2024-13-01", "2024-00-10", "2023-02-29", "2024-04-31", "2024-01-00",
		"2024-01-05T", "2024-01-05T14", "2024-01-05T24:00:00Z", "2024-01-05T14:60:00Z",
		"2024-01-05T14:17:61Z", "2024-01-05T14:17:35.Z", "2024-01-05T14:17:35.0000000001Z",
		"2024-01-05T14:17:35+2", "2024-01-05T14:17:35+24:00", "2024-01-05T14:17:35Zx",
		"2024-01-05x", "0000-01-01", "9999-12-31", "1677-09-21T00:12:43.145224191Z",
		"2262-04-11T23:47:16.854775808Z", "9223372036.854775808", "-9223372036.854775809",
		"99999999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t ns = 7;

		assert_int_equal(text_parse_time(good[i].s, &ns, NULL), RC_DONE);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t ns = 7;
		struct err err = { 0 };

		assert_int_equal(text_parse_time(bad[i], &ns, &err), RC_SYNTAX);
		assert_int_equal(err.rc, RC_SYNTAX);
		assert_string_equal(err.what, bad[i]);
		assert_int_equal(ns, 7);
	}
}

/* ---- durations ---- */

static void test_seconds(void **state)
{
	static const struct { int64_t ns; const char *text; } cases[] = {
		{ 0, "0" }, { 1, "0.000000001" }, { -1, "-0.000000001" },
		{ 1250000000, "1.25" }, { -3000000000, "-3" }, { 10000000000, "10" },
		{ 100, "0.0000001" }, { INT64_MAX, "9223372036.854775807" },
		{ INT64_MIN, "-9223372036.854775808" },
	};
	char out[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t back;

		assert_int_equal(text_seconds(out, sizeof(out), cases[i].ns),
			strlen(cases[i].text));
		assert_string_equal(out, cases[i].text);
		assert_int_equal(text_parse_duration(out, &back, NULL), RC_DONE);
		assert_int_equal(back, cases[i].ns);
	}
}

static void test_duration(void **state)
{
	static const struct { int64_t ns; const char *text; } cases[] = {
		{ 0, "0 s" }, { 1, "1 ns" }, { 999, "999 ns" }, { 1000, "1.0 us" },
		{ 9940, "9.9 us" }, { 9950, "10 us" }, { 99499, "99 us" }, { 99500, "0.1 ms" },
		{ 300000, "0.3 ms" }, { 3400000, "3.4 ms" }, { 9949999, "9.9 ms" },
		{ 9950000, "10 ms" }, { 18000000, "18 ms" }, { 999499999, "999 ms" },
		{ 999500000, "1.00 s" }, { 1240000000, "1.24 s" }, { 9994999999, "9.99 s" },
		{ 9995000000, "10.0 s" }, { 59949999999, "59.9 s" }, { 59950000000, "1 m 0 s" },
		{ 312000000000, "5 m 12 s" }, { 3599499999999, "59 m 59 s" },
		{ 3599500000000, "1 h 0 m" }, { 86399499999999, "23 h 59 m" },
		{ 86399500000000, "1 d 0 h" }, { 273600000000000, "3 d 4 h" },
		{ -18000000, "-18 ms" }, { INT64_MAX, "106751 d 23 h" },
		{ INT64_MIN, "-106751 d 23 h" },
	};
	char out[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(text_duration(out, sizeof(out), cases[i].ns),
			strlen(cases[i].text));
		assert_string_equal(out, cases[i].text);
	}
	assert_int_equal(text_duration(out, 4, -18000000), 3);
	assert_string_equal(out, "-18");
	assert_int_equal(text_duration(out, 1, -18000000), 0);
	assert_string_equal(out, "");
	assert_int_equal(text_duration(out, 0, 5), 0);
}

static void test_parse_duration(void **state)
{
	static const struct { const char *s; int64_t ns; } good[] = {
		{ "15m", 900000000000 }, { "1h30m", 5400000000000 }, { "200ms", 200000000 },
		{ "5s", 5000000000 }, { "10us", 10000 }, { "10\xc2\xb5s", 10000 }, { "7ns", 7 },
		{ "3d", 259200000000000 }, { "2w", 1209600000000000 }, { "1.5h", 5400000000000 },
		{ "-15m", -900000000000 }, { "5", 5000000000 }, { "0.25", 250000000 },
		{ "-0.000000001", -1 }, { "1m1s1ms", 61001000000 }, { "0", 0 },
		{ "9223372036854775807ns", INT64_MAX }, { "-9223372036854775808ns", INT64_MIN },
	};
	static const char *const bad[] = {
		"", "-", "m", "5x", "5m3", "1h 30m", "--5", "+5", "5 s", "1.s", ".5s", "5sm",
		"9223372036854775808ns", "-9223372036854775809ns", "15251w",
		"18446744073709551616ns", "18446744073709551615ns18446744073709551615ns",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t ns = 7;

		assert_int_equal(text_parse_duration(good[i].s, &ns, NULL), RC_DONE);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t ns = 7;

		assert_int_equal(text_parse_duration(bad[i], &ns, NULL), RC_SYNTAX);
		assert_int_equal(ns, 7);
	}
}

/* ---- numbers ---- */

static void test_numbers(void **state)
{
	static const struct { uint64_t v; const char *bytes, *count, *small; } cases[] = {
		{ 0, "0 B", "0", "0" }, { 42, "42 B", "42", "42" },
		{ 999, "999 B", "999", "999" }, { 1000, "1.00 kB", "1 000", "1.0 k" },
		{ 3918, "3.92 kB", "3 918", "3.9 k" }, { 9994, "9.99 kB", "9 994", "10 k" },
		{ 9995, "10.0 kB", "9 995", "10 k" }, { 918000, "918 kB", "918 000", "918 k" },
		{ 999499, "999 kB", "999 499", "999 k" }, { 999500, "1.00 MB", "999 500", "1.0 M" },
		{ 1240000, "1.24 MB", "1 240 000", "1.2 M" }, { 38100000, "38.1 MB", "38 100 000", "38 M" },
		{ 212700000, "213 MB", "212 700 000", "213 M" },
		{ UINT64_MAX, "18.4 EB", "18 446 744 073 709 551 615", "18 E" },
	};
	char out[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(text_bytes(out, sizeof(out), cases[i].v), strlen(cases[i].bytes));
		assert_string_equal(out, cases[i].bytes);
		assert_int_equal(text_count(out, sizeof(out), cases[i].v), strlen(cases[i].count));
		assert_string_equal(out, cases[i].count);
		text_count_short(out, sizeof(out), cases[i].v);
		assert_string_equal(out, cases[i].small);
	}
	/* no room for the blanks */
	assert_int_equal(text_count(out, 5, 3918), 4);
	assert_string_equal(out, "3918");
}

static void test_u128(void **state)
{
	char out[TEXT_NUMBER];

	(void)state;
	assert_int_equal(text_u128(out, sizeof(out), 0), 1);
	assert_string_equal(out, "0");
	text_u128(out, sizeof(out), (u128)UINT64_MAX + 1);
	assert_string_equal(out, "18446744073709551616");
	assert_int_equal(text_u128(out, sizeof(out), ~(u128)0), 39);
	assert_string_equal(out, "340282366920938463463374607431768211455");
}

static void test_parse_size(void **state)
{
	static const struct { const char *s; uint64_t bytes; } good[] = {
		{ "0", 0 }, { "1500", 1500 }, { "1500B", 1500 }, { "1k", 1000 }, { "1K", 1000 },
		{ "1.5M", 1500000 }, { "2G", 2000000000 }, { "1Ki", 1024 }, { "4MiB", 4194304 },
		{ "1.5KiB", 1536 }, { "16Pi", 16ULL << 50 }, { "18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = {
		"", "B", "k", "1.5", "1x", "-1", "1 k", "1kk", "1kBB", "18446744073709551616",
		"18446744073709552k", "20000Pi",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t v = 7;

		assert_int_equal(text_parse_size(good[i].s, &v, NULL), RC_DONE);
		assert_int_equal(v, good[i].bytes);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint64_t v = 7;

		assert_int_equal(text_parse_size(bad[i], &v, NULL), RC_SYNTAX);
		assert_int_equal(v, 7);
	}
}

static void test_parse_u64(void **state)
{
	static const char *const bad[] = {
		"", "0x", "-1", "+1", " 1", "1 ", "1a", "0xg", "0x10000000000000000",
		"18446744073709551616", "99999999999999999999", "1.0",
	};
	uint64_t v;

	(void)state;
	assert_true(text_parse_u64("0", &v) && v == 0);
	assert_true(text_parse_u64("007", &v) && v == 7);
	assert_true(text_parse_u64("0xfF", &v) && v == 255);
	assert_true(text_parse_u64("18446744073709551615", &v) && v == UINT64_MAX);
	assert_true(text_parse_u64("0xffffffffffffffff", &v) && v == UINT64_MAX);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(text_parse_u64(bad[i], &v));
}

static void test_time_arithmetic(void **state)
{
	(void)state;
	assert_int_equal(time_add(1, 2), 3);
	assert_int_equal(time_add(INT64_MAX, 1), INT64_MAX);
	assert_int_equal(time_add(INT64_MIN, -1), INT64_MIN);
	assert_int_equal(time_sub(1, 2), -1);
	assert_int_equal(time_sub(INT64_MIN, 1), INT64_MIN);
	assert_int_equal(time_sub(0, INT64_MIN), INT64_MAX);
	assert_int_equal(time_sub(INT64_MAX, INT64_MIN), INT64_MAX);
	assert_int_equal(time_floor(17, 5), 15);
	assert_int_equal(time_floor(15, 5), 15);
	assert_int_equal(time_floor(0, 5), 0);
	assert_int_equal(time_floor(-1, 5), -5);
	assert_int_equal(time_floor(-5, 5), -5);
	assert_int_equal(time_floor(-6, 5), -10);
	assert_int_equal(time_floor(INT64_MAX, 1), INT64_MAX);
	assert_int_equal(time_floor(INT64_MIN, 1), INT64_MIN);
	assert_int_equal(time_floor(INT64_MIN + 1, 5000000000), INT64_MIN);
	assert_int_equal(time_floor(INT64_MAX, INT64_MAX), INT64_MAX);
}

/* Digits as printf has them, and cut where there is no room. */
static void test_digits(void **state)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 99, 100, 12345, UINT32_MAX, UINT64_MAX / 10, UINT64_MAX };
	char text[TEXT_NUMBER], expected[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (unsigned least = 1; least <= 20; least++) {
			*text_digits(text, values[i], least) = '\0';
			snprintf(expected, sizeof(expected), "%0*llu", (int)least, (unsigned long long)values[i]);
			assert_string_equal(text, expected);
		}
		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)values[i]);
		for (size_t size = 1; size < sizeof(text); size++) {
			size_t n = text_number(text, size, values[i]);

			assert_int_equal(n, strlen(text));
			assert_int_equal(n, strlen(expected) < size ? strlen(expected) : size - 1);
			assert_memory_equal(text, expected, n);
		}
	}
	assert_int_equal(text_put(text, 0, "abc", 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_all_pairs),
		cmocka_unit_test(test_escape_cut),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_parse_time),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_parse_duration),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_u128),
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_parse_u64),
		cmocka_unit_test(test_time_arithmetic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
