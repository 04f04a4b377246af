/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words that may stand at the end of a filter, for the prompt. */
#include "query/filter_priv.h"

#include "flow/proto.h"

#include <stdio.h>
#include <strings.h>

/* What may come next. */
enum place { PLACE_TERM, PLACE_AFTER, PLACE_OPERATOR, PLACE_VALUE };

struct place_at {
	enum place place;
	const struct field *field; /* PLACE_VALUE: of this field, where it is one */
	bool ports, protos; /* PLACE_VALUE: a port, a protocol */
	enum filter_what what; /* PLACE_VALUE: of this, WHAT_FIELD where `field` says of what */
	enum filter_side side;
};

struct word_help {
	const char *word, *help;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct word_help joins[] = {
	{ "and", "both" },
	{ "or", "either; `and` and `or` group from the left" },
};

static const struct word_help operators[] = {
	{ "==", "equal" },
	{ "!=", "known and not equal" },
	{ "<", "less" },
	{ "<=", "at most" },
	{ ">", "more" },
	{ ">=", "at least" },
	{ "~", "contains, capitals or not" },
	{ "in", "one of {A, B}" },
};

static const struct word_help terms[] = {
	{ "host", "either address" },
	{ "net", "either address in a network" },
	{ "port", "either port" },
	{ "portrange", "either port in a range" },
	{ "src", "source; on flows the client" },
	{ "dst", "destination; on flows the server" },
	{ "client", "who started the conversation" },
	{ "server", "who answered" },
	{ "tcp", "TCP" },
	{ "udp", "UDP" },
	{ "icmp", "ICMP" },
	{ "icmp6", "ICMPv6" },
	{ "sctp", "SCTP" },
	{ "arp", "ARP" },
	{ "ip", "IPv4" },
	{ "ip6", "IPv6" },
	{ "vlan", "tagged, or one of the tags" },
	{ "ether", "link addresses: ether host A" },
	{ "not", "the contrary of what follows" },
};

static const struct word_help sides[] = {
	{ "host", "its address" },
	{ "net", "its network" },
	{ "port", "its port" },
};

struct completion {
	const char *part; /* what is written of the word */
	filter_say say;
	void *ctx;
};

static void offer(const struct completion *c, const char *word, const char *help)
{
	if (strncasecmp(word, c->part, strlen(c->part)) == 0 && strcasecmp(word, c->part) != 0)
		c->say(c->ctx, word, help ? help : "");
}

static void offer_all(const struct completion *c, const struct word_help *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		offer(c, words[i].word, words[i].help);
}

/* Words that are terms too were offered as such. */
static void offer_name(void *ctx, const char *name, const char *help)
{
	for (size_t i = 0; i < COUNT(terms); i++)
		if (strcmp(terms[i].word, name) == 0)
			return;
	offer(ctx, name, help);
}

static bool is_word(const struct filter_token *t, const char *word)
{
	return t->kind == TOKEN_WORD && strcasecmp(t->text, word) == 0;
}

static bool is_side(const struct filter_token *t)
{
	return is_word(t, "src") || is_word(t, "dst") || is_word(t, "client") ||
		is_word(t, "server");
}

static enum filter_side side_of(const struct filter_token *t)
{
	return is_word(t, "src") ? SIDE_SRC
		: is_word(t, "dst") ? SIDE_DST
		: is_word(t, "client") ? SIDE_CLIENT
		: is_word(t, "server") ? SIDE_SERVER
				       : SIDE_ANY;
}

static bool takes_value(const struct filter_token *t)
{
	return is_word(t, "host") || is_word(t, "net") || is_word(t, "port") ||
		is_word(t, "portrange") || is_word(t, "proto") || is_side(t);
}

static bool is_value_place(enum filter_token_kind kind)
{
	return kind == TOKEN_BRACE || kind == TOKEN_COMMA ||
		(kind >= TOKEN_EQ && kind <= TOKEN_MASK);
}

/* The place behind `last`, which follows `before`; `compared` is the name that the last operator stood behind. */
static void place_behind(struct place_at *at, const struct filter_token *last,
	const struct filter_token *before, const struct filter_token *compared, enum tier tier)
{
	struct filter_name name;
	bool ends = filter_tier_has_ends(tier);

	*at = (struct place_at){ .place = PLACE_AFTER };
	if (is_value_place(last->kind) || is_word(last, "in")) {
		at->place = PLACE_VALUE;
		if (filter_name_find(compared->text, tier, &name)) {
			at->field = name.field;
			at->what = name.what;
			at->side = name.side;
			at->ports = name.what == WHAT_PORT;
			at->protos = name.what == WHAT_PROTO;
		}
	} else if (last->kind == TOKEN_END || last->kind == TOKEN_AND ||
		last->kind == TOKEN_OR || last->kind == TOKEN_NOT || last->kind == TOKEN_OPEN) {
		at->place = PLACE_TERM;
	} else if (ends && takes_value(last)) {
		at->place = PLACE_VALUE;
		at->what = is_word(last, "port") ? WHAT_PORT
			: is_word(last, "proto") ? WHAT_PROTO
						 : WHAT_ADDR;
		at->side = side_of(is_side(before) && !is_side(last) ? before : last);
		at->ports = is_word(last, "port") || is_word(last, "portrange");
		at->protos = is_word(last, "proto");
	} else if (last->kind == TOKEN_WORD && !is_value_place(before->kind) &&
		!is_word(before, "in") && !(ends && takes_value(before)) &&
		filter_name_find(last->text, tier, &name)) {
		at->place = PLACE_OPERATOR;
	}
}

static bool ends_in_letter(const char *text, const struct filter_token *t)
{
	char c = t->end ? text[t->end - 1] : ' ';

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Where the last word begins: it is being written as long as nothing follows it. */
static bool find_place(const char *text, enum tier tier, struct place_at *at, size_t *start,
	struct filter_token *previous)
{
	struct filter_lexer lx = { text, strnlen(text, FILTER_TEXT_MAX), 0 };
	struct filter_token token, before = { .kind = TOKEN_END }, compared = before;

	*previous = before;
	*start = lx.len;
	for (;;) {
		if (filter_lex(&lx, &token, NULL) != RC_DONE)
			return false; /* inside a string, or nonsense */
		if (token.kind == TOKEN_END ||
			(token.end == lx.len &&
				(token.kind == TOKEN_WORD || ends_in_letter(text, &token))))
			break;
		if (is_word(&token, "in") ||
			(token.kind >= TOKEN_EQ && token.kind <= TOKEN_MASK))
			compared = *previous;
		before = *previous;
		*previous = token;
	}
	*start = token.column;
	place_behind(at, previous, &before, &compared, tier);
	return true;
}

static void offer_values(const struct completion *c, const struct place_at *at)
{
	static const char *const flags[] = { "syn", "ack", "fin", "rst", "psh", "urg" };
	static const struct word_help protos[] = { { "tcp", "" }, { "udp", "" }, { "icmp", "" },
		{ "icmp6", "" }, { "sctp", "" }, { "arp", "" }, { "gre", "" }, { "esp", "" } };
	char name[64];

	if (at->ports) {
		const char *service;

		for (size_t i = 0; (service = service_at(i)); i++)
			if (i == 0 || strcmp(service, service_at(i - 1)) != 0)
				offer(c, service, "");
	} else if (at->field && at->field->unit == UNIT_TCP_FLAGS) {
		for (size_t i = 0; i < COUNT(flags); i++)
			offer(c, flags[i], "");
	} else if (at->field && at->field->unit == UNIT_ENUM) {
		for (uint64_t v = 0; v < 32; v++) {
			struct value value = { .type = TYPE_U64, .u = v };

			value_format(name, sizeof(name), at->field, &value, STYLE_MACHINE);
			if (*name && strcmp(name, "?") != 0)
				offer(c, name, "");
		}
	} else if (at->protos) {
		offer_all(c, protos, COUNT(protos));
	}
}

void filter_complete(const char *text, enum tier tier, size_t *start, filter_say say, void *ctx)
{
	struct completion c = { .say = say, .ctx = ctx };
	struct place_at at = { .place = PLACE_TERM };
	struct filter_token previous;

	if (!find_place(text, tier, &at, start, &previous))
		return;
	c.part = text + *start;
	switch (at.place) {
	case PLACE_TERM:
		if (filter_tier_has_ends(tier))
			offer_all(&c, terms, COUNT(terms));
		else
			offer(&c, "not", "the contrary of what follows");
		filter_names(tier, offer_name, &c);
		break;
	case PLACE_OPERATOR:
		offer_all(&c, operators, COUNT(operators));
		offer_all(&c, joins, COUNT(joins));
		break;
	case PLACE_VALUE:
		if (is_side(&previous)) {
			offer_all(&c, sides, COUNT(sides));
			offer_all(&c, operators, COUNT(operators));
		}
		offer_values(&c, &at);
		break;
	case PLACE_AFTER: offer_all(&c, joins, COUNT(joins)); break;
	}
}

/* ---- values ------------------------------------------------------------------------------- */

static void want(struct filter_wanted *out, const char *name, enum tier tier)
{
	const struct field *f = field_find(name, tier);

	if (f && out->n < 2)
		out->fields[out->n++] = f;
}

/* Packets know their own ends alone, records those of the conversation. */
static void want_ends(
	struct filter_wanted *out, enum filter_side side, enum tier tier, bool ports)
{
	bool first = side != SIDE_DST && side != SIDE_SERVER;
	bool second = side != SIDE_SRC && side != SIDE_CLIENT;

	if (tier == TIER_PACKET && (side == SIDE_CLIENT || side == SIDE_SERVER))
		first = second = true;
	if (first && tier == TIER_PACKET)
		want(out, ports ? "src_port" : "src", tier);
	else if (first)
		want(out, ports ? "client_port" : "client", tier);
	if (second && tier == TIER_PACKET)
		want(out, ports ? "dst_port" : "dst", tier);
	else if (second)
		want(out, ports ? "server_port" : "server", tier);
}

/* Where a string begins that does not end; the text's length where there is none. */
static size_t open_quote(const char *text)
{
	size_t at = 0, i = 0;
	char quote = '\0';

	for (; text[i]; i++) {
		if (quote && text[i] == '\\' && text[i + 1]) {
			i++;
		} else if (quote) {
			quote = text[i] == quote ? '\0' : quote;
		} else if (text[i] == '"' || text[i] == '\'') {
			quote = text[i];
			at = i;
		}
	}
	return quote ? at : i;
}

bool filter_wants_value(
	const char *text, enum tier tier, size_t *start, struct filter_wanted *out)
{
	struct place_at at = { .place = PLACE_TERM };
	struct filter_token previous;
	char before[4096];
	size_t open = open_quote(text);

	out->n = 0;
	if (open >= sizeof(before))
		return false;
	/* what stands before a string says what it is of */
	memcpy(before, text, open);
	before[open] = '\0';
	if (!find_place(before, tier, &at, start, &previous))
		return false;
	if (text[open])
		*start = open;
	if (at.place != PLACE_VALUE)
		return false;
	switch (at.what) {
	case WHAT_ADDR: want_ends(out, at.side, tier, false); break;
	case WHAT_PORT: want_ends(out, at.side, tier, true); break;
	case WHAT_PROTO: want(out, "proto", tier); break;
	case WHAT_VLAN: want(out, "vlan", tier); break;
	case WHAT_POINT: want(out, "point", tier); break;
	case WHAT_MAC: want(out, at.side == SIDE_CLIENT ? "client_mac" : "server_mac", tier); break;
	case WHAT_FAMILY: break;
	case WHAT_FIELD:
		if (at.field)
			out->fields[out->n++] = at.field;
	}
	return out->n > 0;
}

size_t filter_quote(char *out, size_t size, const char *value)
{
	struct filter_lexer lx = { value, strlen(value), 0 };
	struct filter_token token;
	size_t len = 0;

	if (filter_lex(&lx, &token, NULL) == RC_DONE && token.kind == TOKEN_WORD &&
		token.column == 0 && token.end == lx.len && strcmp(token.text, value) == 0)
		return (size_t)snprintf(out, size, "%s", value);
	out[len++] = '"';
	for (; *value && len + 4 < size; value++) {
		if (*value == '"' || *value == '\\')
			out[len++] = '\\';
		out[len++] = *value;
	}
	out[len++] = '"';
	out[len] = '\0';
	return len;
}
