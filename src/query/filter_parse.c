/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *   filter  = term { (and | or) term }           from the left, both alike, as in pcap-filter(7)
 *   term    = { not } ( "(" filter ")" | compare | primitive )
 *   compare = NAME OP VALUE | NAME & VALUE [ OP VALUE ] | NAME [ not ] in "{" VALUE { [,] VALUE } "}" | NAME
 *   primitive = { ip | ip6 | PROTO | ether } [ src | dst | src or dst | src and dst | client | server ]
 *               [ host | net | port | portrange | proto ] VALUE [ mask VALUE ]
 *             | PROTO | vlan [ N ] | less N | greater N
 *             | VALUE                            with the words of the primitive before it
 */
#include "query/filter_parser.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/proto.h"

#include <strings.h>

enum rc parser_fail(struct parser *p, const struct filter_token *at, const char *expected)
{
	char shown[64];

	if (at->kind == TOKEN_END)
		return err_set_at(p->err, RC_SYNTAX, "filter", at->column,
			"%s expected at the end", expected);
	text_escape_to(shown, sizeof(shown), at->text, strlen(at->text));
	return err_set_at(p->err, RC_SYNTAX, "filter", at->column, "%s expected, not %s",
		expected, *shown ? shown : "\"\"");
}

static enum rc at_column(struct parser *p, enum rc rc, const struct filter_token *at)
{
	if (rc == RC_SYNTAX && p->err) {
		p->err->has_offset = true;
		p->err->offset = at->column;
	}
	return rc;
}

enum rc parser_advance(struct parser *p)
{
	p->now = p->next;
	return filter_lex(&p->lx, &p->next, p->err);
}

bool token_is_word(const struct filter_token *t, const char *word)
{
	return t->kind == TOKEN_WORD && strcasecmp(t->text, word) == 0;
}

/* ---- emitting ---------------------------------------------------------------------------- */

static enum rc emit(struct parser *p, enum filter_step_code code, uint32_t arg, size_t *at)
{
	struct filter *f = p->f;

	if (mem_grow(&f->steps, &f->cap_steps, f->n_steps + 1, sizeof(*f->steps)) != 0)
		return err_memory(p->err);
	if (at)
		*at = f->n_steps;
	f->steps[f->n_steps++] = (struct filter_step){ code, arg };
	return RC_DONE;
}

enum rc parser_emit_test(
	struct parser *p, const struct filter_test *test, const struct filter_token *at)
{
	struct filter *f = p->f;

	if (f->n_tests >= FILTER_TERMS)
		return err_set_at(p->err, RC_SYNTAX, "filter", at->column,
			"at most %d terms expected", FILTER_TERMS);
	if (mem_grow(&f->tests, &f->cap_tests, f->n_tests + 1, sizeof(*f->tests)) != 0)
		return err_memory(p->err);
	f->tests[f->n_tests] = *test;
	return emit(p, STEP_TEST, (uint32_t)f->n_tests++, NULL);
}

/* Both of two conditions; the first was emitted before `skip`. */
enum rc parser_emit_join(struct parser *p, bool is_and, size_t skip)
{
	enum rc rc = emit(p, is_and ? STEP_AND : STEP_OR, 0, NULL);

	if (rc == RC_DONE)
		p->f->steps[skip].arg = (uint32_t)p->f->n_steps;
	return rc;
}

enum rc parser_emit_skip(struct parser *p, bool is_and, size_t *skip)
{
	return emit(p, is_and ? STEP_SKIP_IF_NO : STEP_SKIP_IF_YES, 0, skip);
}

/* ---- comparisons ------------------------------------------------------------------------- */

static void test_of_name(struct filter_test *test, const struct filter_name *name)
{
	*test = (struct filter_test){ .what = name->what,
		.side = name->side,
		.family = name->family,
		.has_proto = name->has_proto,
		.proto = name->proto,
		.field = name->field,
		.mask = name->flag };
}

static bool is_number(const struct filter_test *test)
{
	if (test->what != WHAT_FIELD)
		return test->what == WHAT_PORT;
	switch (test->field->type) {
	case TYPE_ADDR:
	case TYPE_MAC:
	case TYPE_TUNNEL:
	case TYPE_TEXT:
	case TYPE_ID: return false;
	default: return test->field->unit != UNIT_VLAN && test->field->unit != UNIT_PROTO;
	}
}

static enum filter_op op_of(enum filter_token_kind kind)
{
	switch (kind) {
	case TOKEN_NE: return OP_NE;
	case TOKEN_LT: return OP_LT;
	case TOKEN_LE: return OP_LE;
	case TOKEN_GT: return OP_GT;
	case TOKEN_GE: return OP_GE;
	case TOKEN_HAS: return OP_HAS;
	case TOKEN_HAS_NOT: return OP_HAS_NOT;
	default: return OP_EQ;
	}
}

static bool is_compare(enum filter_token_kind kind)
{
	return kind >= TOKEN_EQ && kind <= TOKEN_MASK;
}

enum rc parser_take_value(struct parser *p, struct filter_test *test)
{
	enum rc rc;

	if (!token_is_value(&p->now))
		return parser_fail(p, &p->now, "a value");
	rc = at_column(p, filter_value(p->f, test, &p->now, p->err), &p->now);
	return rc == RC_DONE ? parser_advance(p) : rc;
}

enum rc parser_take_set(struct parser *p, struct filter_test *test)
{
	enum rc rc;

	if (p->now.kind != TOKEN_BRACE)
		return parser_take_value(p, test);
	rc = parser_advance(p);
	while (rc == RC_DONE && p->now.kind != TOKEN_UNBRACE) {
		if (!token_is_value(&p->now))
			return parser_fail(
				p, &p->now, test->n ? "a further value or }" : "a value");
		rc = parser_take_value(p, test);
		if (rc == RC_DONE && p->now.kind == TOKEN_COMMA)
			rc = parser_advance(p);
	}
	if (rc == RC_DONE && test->n == 0)
		return parser_fail(p, &p->now, "a value");
	return rc == RC_DONE ? parser_advance(p) : rc;
}

/* A flag's bit is compared as 0 or 1, but looked at in its place. */
static void place_flag(struct parser *p, struct filter_test *test, uint64_t flag)
{
	for (uint32_t i = 0; flag && i < test->n; i++) {
		struct filter_operand *o = &p->f->operands[test->first + i];

		if (o->kind == OPERAND_RANGE)
			o->range.low = o->range.high =
				o->range.low != 0 ? (long double)flag : 0;
	}
}

/* FIELD & VALUE, perhaps compared with a value: without, any of the bits must be there. */
static enum rc parse_mask(struct parser *p, struct filter_test *test)
{
	struct filter_test mask = *test;
	enum rc rc;

	if (!is_number(test) || test->what != WHAT_FIELD || test->field->type > TYPE_U64)
		return parser_fail(p, &p->now, "a comparison");
	rc = parser_advance(p);
	mask.op = OP_EQ;
	if (rc == RC_DONE)
		rc = parser_take_value(p, &mask);
	if (rc != RC_DONE)
		return rc;
	long double bits = p->f->operands[mask.first].range.low;

	p->f->n_operands = mask.first;
	if (bits < 0 || bits > (long double)UINT32_MAX)
		return parser_fail(p, &p->now, "a smaller number");
	test->mask = (uint64_t)bits;
	test->op = OP_NE;
	if (p->now.kind != TOKEN_EQ && p->now.kind != TOKEN_NE) {
		struct filter_operand zero = { .kind = OPERAND_RANGE };

		return filter_add_operand(p->f, test, &zero, p->err);
	}
	test->op = op_of(p->now.kind);
	rc = parser_advance(p);
	return rc == RC_DONE ? parser_take_value(p, test) : rc;
}

static enum rc parse_operator(struct parser *p, struct filter_test *test)
{
	bool ordered;
	enum rc rc;

	if (p->now.kind == TOKEN_MASK)
		return parse_mask(p, test);
	test->op = op_of(p->now.kind);
	ordered = test->op >= OP_LT && test->op <= OP_GE;
	if (ordered && !is_number(test))
		return parser_fail(p, &p->now, "==, !=, ~ or in");
	if (test->what == WHAT_FAMILY && test->op > OP_NE)
		return parser_fail(p, &p->now, "== or !=");
	rc = parser_advance(p);
	return rc == RC_DONE ? parser_take_value(p, test) : rc;
}

/* What follows a name: an operator, `in`, or nothing (known and not zero). */
static enum rc parse_compare(struct parser *p, const struct filter_name *name)
{
	struct filter_token first = p->now;
	struct filter_test test;
	enum rc rc;

	test_of_name(&test, name);
	rc = parser_advance(p);
	if (rc != RC_DONE)
		return rc;
	if (p->now.kind == TOKEN_NOT && token_is_word(&p->next, "in")) {
		test.op = OP_NE;
		rc = parser_advance(p);
	} else {
		test.op = OP_EQ;
	}
	if (rc == RC_DONE && token_is_word(&p->now, "in")) {
		rc = parser_advance(p);
		if (rc == RC_DONE)
			rc = parser_take_set(p, &test);
	} else if (rc == RC_DONE && is_compare(p->now.kind)) {
		rc = parse_operator(p, &test);
	} else {
		test.op = OP_SET;
	}
	if (rc != RC_DONE)
		return rc;
	place_flag(p, &test, name->flag);
	p->last = (struct qualifier){ .kind = KIND_COMPARED };
	return parser_emit_test(p, &test, &first);
}

static enum rc unknown_word(struct parser *p)
{
	char near[160], shown[64];
	uint16_t port;

	text_escape_to(shown, sizeof(shown), p->now.text, strlen(p->now.text));
	filter_near(near, sizeof(near), p->now.text, p->f->tier);
	if (filter_tier_has_ends(p->f->tier) && service_port(p->now.text, &port))
		return err_set_at(p->err, RC_SYNTAX, "filter", p->now.column,
			"no such field: %s (try port %s)", shown, shown);
	return err_set_at(p->err, RC_SYNTAX, "filter", p->now.column,
		*near ? "no such field: %s (try %s)" : "no such field: %s", shown, near);
}

/* Whether the word here is compared: an operator, `in` or `not in` follows. */
static bool is_compared(const struct parser *p)
{
	return is_compare(p->next.kind) || token_is_word(&p->next, "in") ||
		(p->next.kind == TOKEN_NOT && strcasecmp(p->next.text, "not") == 0);
}

static enum rc parse_word(struct parser *p)
{
	struct filter_name name;
	bool known = filter_name_find(p->now.text, p->f->tier, &name), taken;
	enum rc rc;

	if (known && is_compared(p))
		return parse_compare(p, &name);
	if (is_compare(p->next.kind) || token_is_word(&p->next, "in"))
		return unknown_word(p);
	rc = parse_tcpdump(p, known, &taken);
	if (rc != RC_DONE || taken)
		return rc;
	return known ? parse_compare(p, &name) : unknown_word(p);
}

/* ---- and, or, not ------------------------------------------------------------------------ */

static enum rc parse_filter(struct parser *p);

static enum rc parse_group(struct parser *p)
{
	struct filter_token open = p->now;
	enum rc rc;

	if (p->depth >= FILTER_DEPTH)
		return err_set_at(p->err, RC_SYNTAX, "filter", open.column,
			"at most %d nested parentheses expected", FILTER_DEPTH);
	p->depth++;
	rc = parser_advance(p);
	if (rc == RC_DONE)
		rc = parse_filter(p);
	p->depth--;
	if (rc == RC_DONE && p->now.kind != TOKEN_CLOSE)
		return parser_fail(p, &p->now, "and, or or )");
	return rc == RC_DONE ? parser_advance(p) : rc;
}

static enum rc parse_term(struct parser *p)
{
	bool negate = false;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && p->now.kind == TOKEN_NOT) {
		negate = !negate;
		rc = parser_advance(p);
	}
	if (rc != RC_DONE)
		return rc;
	if (p->now.kind == TOKEN_OPEN)
		rc = parse_group(p);
	else if (p->now.kind == TOKEN_WORD)
		rc = parse_word(p);
	else
		return parser_fail(p, &p->now, "a field, word or address");
	return rc == RC_DONE && negate ? emit(p, STEP_NOT, 0, NULL) : rc;
}

static enum rc parse_filter(struct parser *p)
{
	enum rc rc = parse_term(p);

	while (rc == RC_DONE && (p->now.kind == TOKEN_AND || p->now.kind == TOKEN_OR)) {
		bool is_and = p->now.kind == TOKEN_AND;
		size_t skip = 0;

		rc = parser_emit_skip(p, is_and, &skip);
		if (rc == RC_DONE)
			rc = parser_advance(p);
		if (rc == RC_DONE)
			rc = parse_term(p);
		if (rc == RC_DONE)
			rc = parser_emit_join(p, is_and, skip);
	}
	return rc;
}

static enum rc parse_all(struct parser *p)
{
	enum rc rc = parser_advance(p);

	if (rc == RC_DONE)
		rc = parser_advance(p);
	if (rc == RC_DONE)
		rc = parse_filter(p);
	if (rc == RC_DONE && p->now.kind != TOKEN_END)
		return parser_fail(p, &p->now, "and, or or the end");
	return rc == RC_DONE ? filter_analyse(p->f, p->err) : rc;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	mem_free(f->tests);
	mem_free(f->operands);
	mem_free(f->steps);
	mem_free(f->pool);
	mem_free(f->nets);
	mem_free(f->nets_too);
	mem_free(f);
}

enum rc filter_compile(const char *text, enum tier tier, struct filter **out, struct err *err)
{
	struct parser p = { .err = err };
	size_t len = text ? strnlen(text, FILTER_TEXT_MAX + 1) : 0;
	enum rc rc;

	*out = NULL;
	if (len > FILTER_TEXT_MAX)
		return err_set_at(err, RC_SYNTAX, "filter", FILTER_TEXT_MAX,
			"at most %d bytes expected", FILTER_TEXT_MAX);
	if (len == 0 || strspn(text, " \t\r\n\f\v") == len)
		return RC_DONE;
	p.f = mem_calloc(1, sizeof(*p.f));
	if (!p.f)
		return err_memory(err);
	p.f->tier = tier;
	p.lx = (struct filter_lexer){ text, len, 0 };
	rc = parse_all(&p);
	if (rc != RC_DONE) {
		filter_free(p.f);
		return rc;
	}
	*out = p.f;
	return RC_DONE;
}
