/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parser's state and what its two halves need of each other. Private to filter_parse.c, filter_primitive.c. */
#ifndef FLOWDRILL_QUERY_FILTER_PARSER_H
#define FLOWDRILL_QUERY_FILTER_PARSER_H

#include "query/filter_priv.h"

enum kind { KIND_NONE, KIND_HOST, KIND_NET, KIND_PORT, KIND_PROTO, KIND_COMPARED };

/* Words in front of a tcpdump value. */
struct qualifier {
	enum kind kind;
	enum filter_side side;
	bool has_side;
	uint8_t family;
	bool has_proto, ether;
	uint32_t proto;
};

struct parser {
	struct filter *f;
	struct filter_lexer lx;
	struct filter_token now, next; /* the token to look at, and the one behind it */
	struct qualifier last; /* for values that stand alone */
	unsigned depth;
	struct err *err;
};

/* ---- filter_parse.c ------------------------------------------------------------------------- */

/* RC_SYNTAX: something else was expected at this token. */
enum rc parser_fail(struct parser *p, const struct filter_token *at, const char *expected);
enum rc parser_advance(struct parser *p);
bool token_is_word(const struct filter_token *t, const char *word);
static inline bool token_is_value(const struct filter_token *t)
{
	return t->kind == TOKEN_WORD || t->kind == TOKEN_STRING;
}
enum rc parser_emit_test(
	struct parser *p, const struct filter_test *test, const struct filter_token *at);
/* Around the second of two conditions: skip it where the first decides; join them. */
enum rc parser_emit_skip(struct parser *p, bool is_and, size_t *skip);
enum rc parser_emit_join(struct parser *p, bool is_and, size_t skip);
/* One value, or a set in braces, for what the test compares; consumed. */
enum rc parser_take_value(struct parser *p, struct filter_test *test);
enum rc parser_take_set(struct parser *p, struct filter_test *test);

/* ---- filter_primitive.c --------------------------------------------------------------------- */

/* tcpdump's words, where the word at hand begins a primitive of them; *taken false: it does not. */
enum rc parse_tcpdump(struct parser *p, bool known, bool *taken);

#endif
