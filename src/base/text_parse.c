/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as numbers, times and sizes: the third part of base/text.h. */
#include "base/text.h"

#include <string.h>

#define NS_PER_S 1000000000LL

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly `count` digits, consumed. */
static bool take_digits(const char **s, int count, int64_t *out)
{
	int64_t v = 0;

	for (int i = 0; i < count; i++) {
		if (!is_digit((*s)[i]))
			return false;
		v = v * 10 + ((*s)[i] - '0');
	}
	*s += count;
	*out = v;
	return true;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* A number with decimals: whole part, and fraction / scale (scale a power of ten up to 10^18). */
struct decimal {
	uint64_t whole, fraction, scale;
};

/* At least one digit; false too where the whole part or 18 decimals are exceeded. */
static bool take_decimal(const char **s, struct decimal *out)
{
	const char *p = *s;

	*out = (struct decimal){ .scale = 1 };
	if (!is_digit(*p))
		return false;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(out->whole, 10, &out->whole) ||
			__builtin_add_overflow(out->whole, (uint64_t)(*p - '0'), &out->whole))
			return false;
	if (*p == '.') {
		if (!is_digit(*++p))
			return false;
		for (; is_digit(*p); p++) {
			if (out->scale >= 1000000000000000000ULL)
				return false;
			out->fraction = out->fraction * 10 + (uint64_t)(*p - '0');
			out->scale *= 10;
		}
	}
	*s = p;
	return true;
}

/* decimal * unit, cut to a whole number. */
static bool decimal_times(const struct decimal *d, uint64_t unit, uint64_t *out)
{
	u128 v = (u128)d->whole * unit + (u128)d->fraction * unit / d->scale;

	*out = (uint64_t)v;
	return v <= UINT64_MAX;
}

static bool with_sign(bool negative, uint64_t v, int64_t *out)
{
	if (v > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool text_parse_u64(const char *s, uint64_t *out)
{
	unsigned base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
	uint64_t v = 0;

	if (base == 16)
		s += 2;
	if (*s == '\0')
		return false;
	for (; *s; s++) {
		char c = (char)(*s | 0x20);
		unsigned digit = is_digit(*s) ? (unsigned)(*s - '0') :
			c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;

		if (digit >= base || __builtin_mul_overflow(v, base, &v) ||
			__builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return true;
}

/* Days from 1970-01-01 of a proleptic Gregorian date, years 0 to 9999. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool date_exists(int64_t year, int64_t month, int64_t day)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= length[month - 1] + (month == 2 && leap);
}

/* Z, +hh:mm, -hh:mm or nothing (UTC): seconds east. */
static bool take_zone(const char **s, int64_t *seconds)
{
	int64_t hours, minutes;
	bool west = **s == '-';

	*seconds = 0;
	if (take_char(s, 'Z') || take_char(s, 'z') || **s == '\0')
		return true;
	if (!take_char(s, west ? '-' : '+') || !take_digits(s, 2, &hours) ||
		!take_char(s, ':') || !take_digits(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
	return true;
}

/* hh:mm, then :ss and decimals where they are given. A leap second counts as the next one. */
static bool take_clock(const char **s, int64_t *seconds, int64_t *ns)
{
	int64_t hour, minute, second = 0;

	*ns = 0;
	if (!take_digits(s, 2, &hour) || !take_char(s, ':') || !take_digits(s, 2, &minute))
		return false;
	if (take_char(s, ':')) {
		if (!take_digits(s, 2, &second))
			return false;
		if (take_char(s, '.')) {
			int64_t unit = NS_PER_S;

			if (!is_digit(**s))
				return false;
			for (; is_digit(**s); (*s)++) {
				unit /= 10;
				if (unit == 0)
					return false;
				*ns += (**s - '0') * unit;
			}
		}
	}
	*seconds = (hour * 60 + minute) * 60 + second;
	return hour <= 23 && minute <= 59 && second <= 60;
}

/* s * 10^9 + ns with ns in 0..999999999; exact down to the first value of int64. */
static bool time_of(int64_t s, int64_t ns, int64_t *out)
{
	if (s < 0 && ns > 0) {
		s++;
		ns -= NS_PER_S;
	}
	return !__builtin_mul_overflow(s, NS_PER_S, out) && !__builtin_add_overflow(*out, ns, out);
}

static bool parse_date(const char *s, int64_t *out)
{
	int64_t year, month, day, clock = 0, ns = 0, east = 0;

	if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &month) ||
		!take_char(&s, '-') || !take_digits(&s, 2, &day) || !date_exists(year, month, day))
		return false;
	if (*s != '\0') {
		if (*s != 'T' && *s != 't' && *s != ' ')
			return false;
		s++;
		if (!take_clock(&s, &clock, &ns) || !take_zone(&s, &east) || *s != '\0')
			return false;
	}
	return time_of(days_of(year, month, day) * 86400 + clock - east, ns, out);
}

/* Seconds since 1970, with a sign and up to nine decimals that count. */
static bool parse_epoch(const char *s, int64_t *out)
{
	bool negative = take_char(&s, '-');
	struct decimal d;
	uint64_t v;

	return take_decimal(&s, &d) && *s == '\0' && d.scale <= NS_PER_S &&
		decimal_times(&d, NS_PER_S, &v) && with_sign(negative, v, out);
}

enum rc text_parse_time(const char *s, int64_t *time_ns, struct err *err)
{
	bool date = strnlen(s, 5) == 5 && s[4] == '-';
	int64_t v = 0;

	if (date ? !parse_date(s, &v) : !parse_epoch(s, &v))
		return err_set(err, RC_SYNTAX, s,
			"not a time: 2024-01-05T14:17:35Z or seconds since 1970 expected");
	*time_ns = v;
	return RC_DONE;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* The longest unit that stands here, consumed; NULL for none. */
static const struct unit *take_unit(const char **s, const struct unit *units, size_t count)
{
	const struct unit *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (strncmp(*s, units[i].name, strlen(units[i].name)) == 0 &&
			(!best || strlen(units[i].name) > strlen(best->name)))
			best = &units[i];
	if (best)
		*s += strlen(best->name);
	return best;
}

static bool parse_duration(const char *s, uint64_t *total)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "\xc2\xb5s", 1000 }, { "ms", 1000000 },
		{ "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 },
		{ "d", 86400000000000 }, { "w", 604800000000000 },
	};
	bool first = true;

	*total = 0;
	do {
		struct decimal d;
		uint64_t v;
		const struct unit *u;

		if (!take_decimal(&s, &d))
			return false;
		u = take_unit(&s, units, sizeof(units) / sizeof(units[0]));
		if (!u && !(first && *s == '\0'))
			return false;
		if (!decimal_times(&d, u ? u->factor : (uint64_t)NS_PER_S, &v) ||
			__builtin_add_overflow(*total, v, total))
			return false;
		first = false;
	} while (*s != '\0');
	return true;
}

enum rc text_parse_duration(const char *s, int64_t *duration_ns, struct err *err)
{
	const char *rest = s;
	bool negative = take_char(&rest, '-');
	uint64_t v;
	int64_t signed_v;

	if (!parse_duration(rest, &v) || !with_sign(negative, v, &signed_v))
		return err_set(err, RC_SYNTAX, s, "not a duration: 15m, 1h30m or 200ms expected");
	*duration_ns = signed_v;
	return RC_DONE;
}

static bool parse_size(const char *s, uint64_t *out)
{
	static const struct unit units[] = {
		{ "k", 1000 }, { "K", 1000 }, { "M", 1000000 }, { "G", 1000000000 },
		{ "T", 1000000000000 }, { "P", 1000000000000000 },
		{ "ki", 1ULL << 10 }, { "Ki", 1ULL << 10 }, { "Mi", 1ULL << 20 },
		{ "Gi", 1ULL << 30 }, { "Ti", 1ULL << 40 }, { "Pi", 1ULL << 50 },
	};
	const struct unit *u;
	struct decimal d;

	if (!take_decimal(&s, &d))
		return false;
	u = take_unit(&s, units, sizeof(units) / sizeof(units[0]));
	(void)take_char(&s, 'B');
	if (*s != '\0' || (!u && d.scale > 1))
		return false;
	return decimal_times(&d, u ? u->factor : 1, out);
}

enum rc text_parse_size(const char *s, uint64_t *bytes, struct err *err)
{
	uint64_t v;

	if (!parse_size(s, &v))
		return err_set(err, RC_SYNTAX, s, "not a size: 1500, 1.5M or 4Mi expected");
	*bytes = v;
	return RC_DONE;
}
