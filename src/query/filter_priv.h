/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the filter language: tokens, tests, and the compiled program. Private to filter_*.c, complete.c.
 *
 * A compiled filter is a list of tests and a program in postfix order over them, so that evaluation needs no
 * recursion: the stack never holds more than FILTER_DEPTH + 2 values, because only an open parenthesis (or a right
 * operand) adds one. Whether a row matches and what a key alone says of the rows below it are the same walk with three-valued logic
 * (Kleene): with a row at hand no test answers MAYBE.
 *
 * `and` and `or` have the same precedence and group from the left, as in pcap-filter(7).
 */
#ifndef FLOWDRILL_QUERY_FILTER_PRIV_H
#define FLOWDRILL_QUERY_FILTER_PRIV_H

#include "query/filter.h"

enum filter_token_kind {
	TOKEN_END,
	TOKEN_WORD, /* names, numbers, addresses, times */
	TOKEN_STRING, /* quoted; only ever a value */
	TOKEN_OPEN,
	TOKEN_CLOSE, /* ( ) */
	TOKEN_BRACE,
	TOKEN_UNBRACE, /* { } */
	TOKEN_COMMA,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_HAS,
	TOKEN_HAS_NOT,
	TOKEN_MASK,
};

enum { FILTER_WORD_MAX = 256 }; /* bytes of a word or string with its zero */

struct filter_token {
	enum filter_token_kind kind;
	size_t column; /* where it begins, bytes from 0 */
	size_t end; /* behind it */
	char text[FILTER_WORD_MAX]; /* words and strings, unquoted */
};

struct filter_lexer {
	const char *text;
	size_t len, at;
};

/* The next token. RC_SYNTAX with its column; the lexer then stays where it was. */
enum rc filter_lex(struct filter_lexer *lx, struct filter_token *out, struct err *err);

/* ---- the compiled filter ------------------------------------------------------------ */

enum filter_what {
	WHAT_ADDR,
	WHAT_PORT,
	WHAT_PROTO,
	WHAT_FAMILY,
	WHAT_VLAN,
	WHAT_MAC,
	WHAT_POINT,
	WHAT_FIELD, /* anything else in the field table */
};

/* Ends of a row; the first four index struct subject. */
enum filter_side { SIDE_SRC, SIDE_DST, SIDE_CLIENT, SIDE_SERVER, SIDE_ANY, SIDE_BOTH };

enum filter_op { OP_SET, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_HAS, OP_HAS_NOT };

enum filter_operand_kind { OPERAND_RANGE, OPERAND_NET, OPERAND_VLAN, OPERAND_TEXT, OPERAND_ID };

struct filter_operand {
	enum filter_operand_kind kind;
	union {
		struct {
			long double low, high;
		} range; /* a number: both the same */
		struct addr_net net; /* MACs too */
		uint64_t vlan; /* one tag: any of the row's; several: exactly these */
		struct {
			uint32_t at, len;
		} text; /* in the pool */
		struct id id;
	};
};

struct filter_test {
	enum filter_what what;
	enum filter_side side; /* addresses, ports, MACs */
	enum filter_op op;
	uint8_t family; /* addresses of this kind only (enum addr_kind); 0 all */
	bool has_proto; /* ports of this protocol only */
	uint32_t proto;
	const struct field *field; /* WHAT_FIELD */
	uint64_t mask; /* WHAT_FIELD: bits of the value that count; 0: all */
	uint32_t first, n; /* operands: any of them */
};

enum filter_step_code {
	STEP_TEST,
	STEP_NOT,
	STEP_AND,
	STEP_OR,
	STEP_SKIP_IF_NO,
	STEP_SKIP_IF_YES
};

struct filter_step {
	enum filter_step_code code;
	uint32_t arg; /* the test; the step to go on with */
};

struct filter {
	enum tier tier;
	struct filter_test *tests;
	struct filter_operand *operands;
	struct filter_step *steps;
	char *pool;
	size_t n_tests, n_operands, n_steps, n_pool;
	size_t cap_tests, cap_operands, cap_steps, cap_pool;
	struct addr_net *nets, *nets_too;
	size_t n_nets, n_nets_too;
	int64_t from_ns, to_ns;
};

/* ---- names ---------------------------------------------------------------------------- */

/* What a name to compare with stands for on a tier. */
struct filter_name {
	enum filter_what what;
	enum filter_side side;
	uint8_t family;
	bool has_proto;
	uint32_t proto;
	const struct field *field;
	uint64_t flag; /* a single bit of `field`, seen as 0 or 1 */
};

/* False where a row of this tier has no such thing. */
bool filter_name_find(const char *word, enum tier tier, struct filter_name *out);
/* Names of the tier's fields, of ends and aliases, one by one. For completion and suggestions. */
void filter_names(enum tier tier, filter_say say, void *ctx);
/* Up to three names near `word`, as ", " separated text; "" where nothing is near. */
void filter_near(char *out, size_t size, const char *word, enum tier tier);
/* Whether rows of this tier have ends (addresses, ports): all but blocks and points. */
bool filter_tier_has_ends(enum tier tier);
/* "ip", "tcp", "gre" ...: names of families and protocols. */
bool filter_word_is_proto(const char *word, uint8_t *family, bool *has_proto, uint32_t *proto);

/* ---- values --------------------------------------------------------------------------- */

/*
 * A value written for what `test` compares (its what, field, op are set), appended to the filter's operands; test->n counts.
 * RC_SYNTAX with a text that says what was expected (no column: the caller's).
 */
enum rc filter_value(struct filter *f, struct filter_test *test,
	const struct filter_token *value, struct err *err);
/* A network as tcpdump writes it: "10", "10.1", "10.0.0.0/8". */
bool filter_parse_net(const char *text, struct addr_net *out);
/* A port's number or name, or a range of them. */
bool filter_parse_ports(const char *text, struct filter_operand *out);
/* "syn", "syn,ack", "SA", "0x12". */
bool filter_parse_flags(const char *text, uint64_t *out);
enum rc filter_add_operand(struct filter *f, struct filter_test *test,
	const struct filter_operand *o, struct err *err);

/* Fills nets and times of a compiled filter. */
enum rc filter_analyse(struct filter *f, struct err *err);

#endif
