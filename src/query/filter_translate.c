/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a filter makes sense for rows of another tier. */
#include "query/filter_priv.h"

#include <stdio.h>
#include <strings.h>

enum { PARTS_MAX = 64 };

/* A stretch of the text that stands between two `and`s and holds no other way of joining at its top. */
struct part {
	size_t from, to;
};

/*
 * `and` and `or` group from the left: all up to the last `or` and what it joins is one part.
 * False where the text cannot be read or has too many parts.
 */
static bool split(const char *text, struct part *parts, size_t *n)
{
	struct filter_lexer lx = { text, strnlen(text, FILTER_TEXT_MAX), 0 };
	struct filter_token token;
	size_t depth = 0, from = 0;

	*n = 0;
	for (;;) {
		bool ends, or_here;

		if (filter_lex(&lx, &token, NULL) != RC_DONE)
			return false;
		depth += token.kind == TOKEN_OPEN;
		depth -= token.kind == TOKEN_CLOSE && depth > 0;
		or_here = depth == 0 && token.kind == TOKEN_OR;
		ends = token.kind == TOKEN_END || (depth == 0 && token.kind == TOKEN_AND);
		if (or_here) {
			*n = 0;
			from = 0;
		}
		if (!ends)
			continue;
		if (*n == PARTS_MAX)
			return false;
		parts[(*n)++] = (struct part){ from, token.column };
		if (token.kind == TOKEN_END)
			return true;
		from = token.end;
	}
}

/* Fields that say the same of packets and of records, each where it is. */
static const struct {
	const char *packet, *record;
} pairs[] = {
	{ "response", "response_max" },
	{ "rtt", "rtt_max" },
	{ "time", "first" },
	{ "len", "size_max" },
};

static const char *other_name(const char *name, enum tier to)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (to == TIER_PACKET && strcasecmp(name, pairs[i].record) == 0)
			return pairs[i].packet;
		if (to != TIER_PACKET && strcasecmp(name, pairs[i].packet) == 0)
			return pairs[i].record;
	}
	return NULL;
}

/* "FIELD OP VALUE" with a `not` before it, or whatever begins so. */
struct comparison {
	struct filter_token name, op, value;
	bool negated;
};

static bool read_comparison(const char *text, struct comparison *out)
{
	struct filter_lexer lx = { text, strlen(text), 0 };

	out->negated = false;
	do {
		if (filter_lex(&lx, &out->name, NULL) != RC_DONE)
			return false;
		out->negated |= out->name.kind == TOKEN_NOT;
	} while (out->name.kind == TOKEN_NOT);
	return out->name.kind == TOKEN_WORD && filter_lex(&lx, &out->op, NULL) == RC_DONE &&
		filter_lex(&lx, &out->value, NULL) == RC_DONE;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* What adds up: a part has less of it than the whole. */
static bool is_sum(const struct field *f)
{
	static const char *const others[] = { "_min", "_max", "_avg", "_sd", "_p50", "_p95", "_p99" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (ends_with(f->name, others[i]))
			return false;
	return f->merge == MERGE_SUM || f->unit == UNIT_COUNT || f->unit == UNIT_BYTES ||
		strcmp(f->name, "duration") == 0;
}

/* Whether it asks for more than a part of a row that has it may have. */
static bool asks_for_a_sum(const char *text, enum tier from)
{
	struct comparison c;
	const struct field *f;

	if (!read_comparison(text, &c) || !(f = field_find(c.name.text, from)) || !is_sum(f))
		return false;
	if (c.negated)
		return c.op.kind == TOKEN_LT || c.op.kind == TOKEN_LE;
	if (c.op.kind == TOKEN_GT)
		return strcmp(c.value.text, "0") != 0;
	return c.op.kind == TOKEN_GE || c.op.kind == TOKEN_EQ;
}

static bool fits(const char *text, const struct filter_way *way)
{
	struct filter *f = NULL;
	bool good = filter_compile(text, way->to, &f, NULL) == RC_DONE;

	if (good && way->through && way->to > way->from)
		good = filter_match(f, way->through);
	filter_free(f);
	return good;
}

/* Of a macroflow only the server's end is known. */
static bool is_of_server(const char *text)
{
	static const char *const words[] = { "server", "server_port", "dst", "dst_port", "proto", "point",
		"vlan", "tunnel" };
	struct comparison c;

	if (!read_comparison(text, &c))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i], c.name.text) == 0)
			return true;
	return false;
}

/* Whether every row below the one that one goes down from matches anyway. */
static bool is_implied(const char *text, const struct filter_way *way)
{
	const struct record *r = way->through ? way->through->record : NULL;
	struct filter *f = NULL;
	bool implied;

	if (!r || way->to >= way->through->tier || (way->through->tier == TIER_MACROFLOW && !is_of_server(text)) ||
		way->through->tier > TIER_MACROFLOW || filter_compile(text, way->to, &f, NULL) != RC_DONE)
		return false;
	implied = f && filter_verdict(f, &r->key) == VERDICT_YES;
	filter_free(f);
	return implied;
}

/* The field's name on the other tier in its place. */
static bool rename_field(char *out, size_t size, const char *text, enum tier to)
{
	struct comparison c;
	const char *name;

	if (!read_comparison(text, &c) || !(name = other_name(c.name.text, to)))
		return false;
	return (size_t)snprintf(out, size, "%.*s%s%s", (int)c.name.column, text, name,
		       text + c.name.end) < size;
}

/* A part for the other tier; false where it says nothing there. */
static bool translate(char *out, size_t size, const char *text, const struct filter_way *way)
{
	if (way->to < way->from && asks_for_a_sum(text, way->from))
		return false;
	if ((size_t)snprintf(out, size, "%s", text) < size && fits(out, way))
		return true;
	return rename_field(out, size, text, way->to) && fits(out, way);
}

static bool add(char *out, size_t size, const char *text, const char *between)
{
	size_t len = strlen(out);

	return (size_t)snprintf(out + len, size - len, "%s%s", len ? between : "", text) < size - len;
}

static size_t trim(const char *text, const struct part *p, char *out, size_t size)
{
	size_t from = p->from, to = p->to;

	while (from < to && (text[from] == ' ' || text[from] == '\t'))
		from++;
	while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t'))
		to--;
	return (size_t)snprintf(out, size, "%.*s", (int)(to - from), text + from);
}

static bool is_known(const char *term, const char *filter)
{
	struct part parts[PARTS_MAX];
	char one[1024];
	size_t n;

	if (!filter || !split(filter, parts, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (trim(filter, &parts[i], one, sizeof(one)) < sizeof(one) && strcmp(one, term) == 0)
			return true;
	return false;
}

void filter_translate(const char *text, const struct filter_way *way, char *out, size_t size,
	char *left, size_t left_size)
{
	struct part parts[PARTS_MAX];
	char one[1024], there[1024];
	size_t n;

	out[0] = left[0] = '\0';
	if (!split(text, parts, &n)) {
		snprintf(left, left_size, "%s", text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		size_t len = trim(text, &parts[i], one, sizeof(one));

		if (len == 0 || (len < sizeof(one) && is_implied(one, way)))
			continue;
		if (len >= sizeof(one) || !translate(there, sizeof(there), one, way))
			add(left, left_size, one, ", ");
		else if (!is_known(there, way->known) && !add(out, size, there, " and "))
			add(left, left_size, one, ", ");
	}
}
