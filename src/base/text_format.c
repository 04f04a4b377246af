/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers, times and sizes as text, and time arithmetic: the second part of base/text.h. */
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S 1000000000LL

/* snprintf that returns the length of what is in the buffer, cut or not. */
__attribute__((format(printf, 3, 4)))
static size_t put(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (size == 0)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	if (n < 0) {
		out[0] = '\0';
		return 0;
	}
	return (size_t)n < size ? (size_t)n : size - 1;
}

size_t text_put(char *out, size_t size, const char *text, size_t len)
{
	if (size == 0)
		return 0;
	if (len >= size)
		len = size - 1;
	memcpy(out, text, len);
	out[len] = '\0';
	return len;
}

char *text_digits(char *to, uint64_t v, unsigned least)
{
	char digits[20];
	unsigned n = 0;

	for (; v > 0; v /= 10)
		digits[n++] = (char)('0' + v % 10);
	while (n < least)
		digits[n++] = '0';
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

size_t text_number(char *out, size_t size, uint64_t v)
{
	char text[TEXT_NUMBER];

	return text_put(out, size, text, (size_t)(text_digits(text, v, 1) - text));
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct civil {
	int64_t year;
	int month, day, hour, minute, second;
	int64_t ns;
};

/* Proleptic Gregorian date of a day number, by eras of 400 years beginning on 1 March. */
static void civil_date(int64_t days, struct civil *c)
{
	int64_t z = days + 719468;   /* since 0000-03-01 */
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = yoe + era * 400 + (c->month <= 2);
}

static struct civil civil_of(int64_t time_ns)
{
	int64_t seconds = floor_div(time_ns, NS_PER_S);
	int64_t days = floor_div(seconds, 86400);
	int64_t rest = seconds - days * 86400;
	/* not time_ns - seconds * 10^9: the first second of int64 begins before int64 does */
	struct civil c = { .ns = time_ns % NS_PER_S + (time_ns % NS_PER_S < 0 ? NS_PER_S : 0) };

	civil_date(days, &c);
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	return c;
}

/* hh:mm:ss */
static char *put_clock(char *to, const struct civil *c)
{
	to = text_digits(to, (uint64_t)c->hour, 2);
	*to++ = ':';
	to = text_digits(to, (uint64_t)c->minute, 2);
	*to++ = ':';
	return text_digits(to, (uint64_t)c->second, 2);
}

/* yyyy-mm-dd: years of our nanoseconds are 1677 to 2262 */
static char *put_date(char *to, const struct civil *c)
{
	to = text_digits(to, (uint64_t)c->year, 4);
	*to++ = '-';
	to = text_digits(to, (uint64_t)c->month, 2);
	*to++ = '-';
	return text_digits(to, (uint64_t)c->day, 2);
}

size_t text_time(char *out, size_t size, int64_t time_ns)
{
	struct civil c = civil_of(time_ns);
	char text[TEXT_TIME], *end = put_date(text, &c);

	*end++ = 'T';
	end = put_clock(end, &c);
	*end++ = '.';
	end = text_digits(end, (uint64_t)c.ns, 9);
	*end++ = 'Z';
	return text_put(out, size, text, (size_t)(end - text));
}

size_t text_clock(char *out, size_t size, int64_t time_ns, unsigned digits)
{
	struct civil c = civil_of(time_ns);
	char text[TEXT_TIME], *end = put_clock(text, &c);
	uint64_t fraction = (uint64_t)c.ns;

	for (unsigned i = digits; i < 9; i++)
		fraction /= 10;
	if (digits > 0) {
		*end++ = '.';
		end = text_digits(end, fraction, digits < 9 ? digits : 9);
	}
	return text_put(out, size, text, (size_t)(end - text));
}

size_t text_date(char *out, size_t size, int64_t time_ns)
{
	struct civil c = civil_of(time_ns);

	char text[TEXT_TIME];

	return text_put(out, size, text, (size_t)(put_date(text, &c) - text));
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

size_t text_seconds(char *out, size_t size, int64_t duration_ns)
{
	uint64_t v = magnitude(duration_ns);
	char text[TEXT_NUMBER], *end = text;

	if (duration_ns < 0)
		*end++ = '-';
	end = text_digits(end, v / (uint64_t)NS_PER_S, 1);
	*end++ = '.';
	end = text_digits(end, v % (uint64_t)NS_PER_S, 9);
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	return text_put(out, size, text, (size_t)(end - text));
}

/* v / unit, rounded half up. */
static uint64_t round_div(uint64_t v, uint64_t unit)
{
	return v / unit + (v % unit >= unit - unit / 2);
}

/* "12 ms", and with a part behind the point of as many digits as `decimals` (0: none). */
static size_t put_parts(
	char *out, size_t size, uint64_t whole, uint64_t part, unsigned decimals, const char *suffix)
{
	char text[TEXT_NUMBER], *end = text_digits(text, whole, 1);

	if (decimals > 0) {
		*end++ = '.';
		end = text_digits(end, part, decimals);
	}
	*end++ = ' ';
	while (*suffix)
		*end++ = *suffix++;
	return text_put(out, size, text, (size_t)(end - text));
}

/* v in `unit` with three significant digits, no more than `decimals` of them behind the point. */
static size_t put_scaled(char *out, size_t size, uint64_t v, uint64_t unit, int decimals,
	const char *suffix)
{
	uint64_t scaled;

	/* a unit has at least as many zeros as there are decimals, so nothing overflows */
	if (decimals >= 2 && (scaled = round_div(v, unit / 100)) < 1000)
		return put_parts(out, size, scaled / 100, scaled % 100, 2, suffix);
	if (decimals >= 1 && (scaled = round_div(v, unit / 10)) < (decimals == 1 ? 100 : 1000))
		return put_parts(out, size, scaled / 10, scaled % 10, 1, suffix);
	return put_parts(out, size, round_div(v, unit), 0, 0, suffix);
}

/* Below a minute. */
static size_t put_short(char *out, size_t size, uint64_t v)
{
	if (v == 0)
		return put_parts(out, size, 0, 0, 0, "s");
	if (v < 1000)
		return put_parts(out, size, v, 0, 0, "ns");
	if (round_div(v, 1000) < 100)
		return put_scaled(out, size, v, 1000, 1, "us");
	if (round_div(v, 1000000) < 1000)
		return put_scaled(out, size, v, 1000000, 1, "ms");
	return put_scaled(out, size, v, NS_PER_S, 2, "s");
}

static size_t put_duration(char *out, size_t size, uint64_t v)
{
	uint64_t s = round_div(v, (uint64_t)NS_PER_S);

	/* 59.95 s would be shown as 60.0 s */
	if (v < 59950000000ULL)
		return put_short(out, size, v);
	if (s < 3600)
		return put(out, size, "%" PRIu64 " m %" PRIu64 " s", s / 60, s % 60);
	if (s < 86400)
		return put(out, size, "%" PRIu64 " h %" PRIu64 " m", s / 3600, s / 60 % 60);
	return put(out, size, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
}

size_t text_duration(char *out, size_t size, int64_t duration_ns)
{
	size_t sign = duration_ns < 0 && size > 1;

	if (sign)
		*out = '-';
	return sign + put_duration(out + sign, size - sign, magnitude(duration_ns));
}

/* With the first unit in which it is below 1000. */
static size_t put_units(char *out, size_t size, uint64_t v, const char *const *units, size_t count,
	int decimals)
{
	uint64_t unit = 1000;
	size_t i = 0;

	for (; i + 1 < count && round_div(v, unit) >= 1000; i++)
		unit *= 1000;
	return put_scaled(out, size, v, unit, decimals, units[i]);
}

size_t text_bytes(char *out, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };

	if (bytes < 1000)
		return put_parts(out, size, bytes, 0, 0, "B");
	return put_units(out, size, bytes, units, sizeof(units) / sizeof(units[0]), 2);
}

size_t text_count_short(char *out, size_t size, uint64_t n)
{
	static const char *const units[] = { "k", "M", "G", "T", "P", "E" };

	if (n < 1000)
		return text_number(out, size, n);
	return put_units(out, size, n, units, sizeof(units) / sizeof(units[0]), 1);
}

size_t text_count(char *out, size_t size, uint64_t n)
{
	char digits[TEXT_NUMBER], grouped[TEXT_NUMBER];
	size_t len = text_number(digits, sizeof(digits), n);
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			grouped[used++] = ' ';
		grouped[used++] = digits[i];
	}
	/* a number that was cut would be another number: the blanks go first */
	return used < size ? text_put(out, size, grouped, used) : text_put(out, size, digits, len);
}

size_t text_u128(char *out, size_t size, u128 v)
{
	char digits[TEXT_NUMBER];
	size_t at = sizeof(digits) - 1;

	do {
		digits[--at] = (char)('0' + (int)(v % 10));
		v /= 10;
	} while (v > 0);
	return text_put(out, size, digits + at, sizeof(digits) - 1 - at);
}

int64_t time_sub(int64_t a, int64_t b)
{
	int64_t v;

	if (!__builtin_sub_overflow(a, b, &v))
		return v;
	return a < b ? INT64_MIN : INT64_MAX;
}

int64_t time_add(int64_t a, int64_t b)
{
	int64_t v;

	if (!__builtin_add_overflow(a, b, &v))
		return v;
	return b < 0 ? INT64_MIN : INT64_MAX;
}

int64_t time_floor(int64_t t, int64_t length_ns)
{
	int64_t rest = t % length_ns;

	return rest < 0 ? time_sub(t, rest + length_ns) : t - rest;
}
