/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text for people and machines: the one escaping function, times, durations,
 * sizes, numbers. No locale is consulted, results are the same everywhere.
 * Functions that fill a buffer take its size, always terminate it and return the
 * length of the text (cut to the buffer). Thread-safe.
 */
#ifndef FLOWDRILL_BASE_TEXT_H
#define FLOWDRILL_BASE_TEXT_H

#include "base/buf.h"
#include "base/err.h"

/* Longest results, with the terminating zero. */
enum {
	TEXT_TIME = 40,
	TEXT_NUMBER = 48,
};

/* The small letter of an ASCII capital; any other byte as it is. */
static inline char text_small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Whether a part is in a text, case-blind for ASCII; an empty text has none. */
bool text_has(const char *text, const char *part);
/*
 * Appends `len` bytes of outside text so that it can reach a terminal: valid,
 * printable UTF-8 stays; control characters, C1, broken UTF-8, bidirectional
 * and zero-width characters become \xNN or \u{NNNN}; a backslash becomes \\.
 */
void text_escape(struct buf *out, const void *bytes, size_t len);
/* The same into a fixed buffer, cut at a whole character. */
size_t text_escape_to(char *out, size_t size, const void *bytes, size_t len);
/*
 * Columns that UTF-8 text takes on a terminal (wide East Asian characters 2,
 * combining ones 0); broken bytes count 1 each.
 */
size_t text_width(const char *s);
/* One character: its code point in *cp, its width in *cells; returns bytes consumed (1 for broken), 0 at the end. */
size_t text_next(const char *s, uint32_t *cp, unsigned *cells);

/*
 * One character of outside bytes (len > 0) as it may stand on a terminal: its code point in *cp, its width in *cells. Where it is
 * broken, or a terminal would not show it as it is, *cp is 0 and *cells 1. Returns bytes consumed, at least 1.
 */
size_t text_char(const void *bytes, size_t len, uint32_t *cp, unsigned *cells);

/* Copies `len` bytes and ends them with a zero; cut where there is no room. Returns how many came. So do all that follow. */
size_t text_put(char *out, size_t size, const char *text, size_t len);
/* Digits of a number, zeros in front until there are `least` (at most 20), no zero behind; returns the place behind them. */
char *text_digits(char *to, uint64_t v, unsigned least);
size_t text_number(char *out, size_t size, uint64_t v);
/* RFC 3339 UTC with nine digits: 2024-01-05T14:17:35.123456789Z. Years outside 0..9999 are written with a sign. */
size_t text_time(char *out, size_t size, int64_t time_ns);
/* Clock time alone: 14:17:35.123456 with `digits` (0 to 9) decimals. */
size_t text_clock(char *out, size_t size, int64_t time_ns, unsigned digits);
/* Date alone: 2024-01-05. */
size_t text_date(char *out, size_t size, int64_t time_ns);
/* Seconds with nine digits, trailing zeros cut: 1.25, 0.000000001, -3. Exact for every int64. */
size_t text_seconds(char *out, size_t size, int64_t duration_ns);
/* For people: 1.24 s, 18 ms, 0.3 ms, 5 m 12 s, 3 d 4 h. */
size_t text_duration(char *out, size_t size, int64_t duration_ns);
/* For people: 38.1 MB (decimal units, three significant digits); 512 B. */
size_t text_bytes(char *out, size_t size, uint64_t bytes);
/* For people: digits in groups by thin blank where size allows: 3 918. */
size_t text_count(char *out, size_t size, uint64_t n);
/* For people, short: 1.2 M, 918 k, 42. */
size_t text_count_short(char *out, size_t size, uint64_t n);
size_t text_u128(char *out, size_t size, u128 v);

/*
 * RFC 3339 with any offset and 0 to 9 decimals ('T' or blank between date and
 * time; date alone is midnight UTC), or seconds since 1970 with decimals.
 * RC_SYNTAX else, or where int64 nanoseconds do not hold it.
 */
enum rc text_parse_time(const char *s, int64_t *time_ns, struct err *err);
/* 15m, 1h30m, 200ms, 5s, 10us, 3d, 2w, or a bare number of seconds with decimals; a leading '-' is kept. */
enum rc text_parse_duration(const char *s, int64_t *duration_ns, struct err *err);
/* 1500, 1k, 1.5M, 2G (decimal), 1Ki, 4Mi (binary), an optional B behind. */
enum rc text_parse_size(const char *s, uint64_t *bytes, struct err *err);
/* A decimal or 0x number that fills the text whole. */
bool text_parse_u64(const char *s, uint64_t *out);

/* Saturating arithmetic on int64 nanoseconds. */
int64_t time_sub(int64_t a, int64_t b);
int64_t time_add(int64_t a, int64_t b);
/* The start of the slice of length_ns (> 0) that holds t: floor, also below zero; saturates. */
int64_t time_floor(int64_t t, int64_t length_ns);

#endif
