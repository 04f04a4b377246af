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
#include "query/filter_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/proto.h"

#include <strings.h>

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
	struct filter_token now, next;       /* the token to look at, and the one behind it */
	struct qualifier last;               /* for values that stand alone */
	unsigned depth;
	struct err *err;
};

static enum rc fail(struct parser *p, const struct filter_token *at, const char *expected)
{
	char shown[64];

	if (at->kind == TOKEN_END)
		return err_set_at(p->err, RC_SYNTAX, "filter", at->column, "%s expected at the end", expected);
	text_escape_to(shown, sizeof(shown), at->text, strlen(at->text));
	return err_set_at(p->err, RC_SYNTAX, "filter", at->column, "%s expected, not %s", expected,
		*shown ? shown : "\"\"");
}

static enum rc at_column(struct parser *p, enum rc rc, const struct filter_token *at)
{
	if (rc == RC_SYNTAX && p->err) {
		p->err->has_offset = true;
		p->err->offset = at->column;
	}
	return rc;
}

static enum rc advance(struct parser *p)
{
	p->now = p->next;
	return filter_lex(&p->lx, &p->next, p->err);
}

static bool is_word(const struct filter_token *t, const char *word)
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

static enum rc emit_test(struct parser *p, const struct filter_test *test, const struct filter_token *at)
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
static enum rc emit_join(struct parser *p, bool is_and, size_t skip)
{
	enum rc rc = emit(p, is_and ? STEP_AND : STEP_OR, 0, NULL);

	if (rc == RC_DONE)
		p->f->steps[skip].arg = (uint32_t)p->f->n_steps;
	return rc;
}

static enum rc emit_skip(struct parser *p, bool is_and, size_t *skip)
{
	return emit(p, is_and ? STEP_SKIP_IF_NO : STEP_SKIP_IF_YES, 0, skip);
}

/* ---- comparisons ------------------------------------------------------------------------- */

static void test_of_name(struct filter_test *test, const struct filter_name *name)
{
	*test = (struct filter_test){ .what = name->what, .side = name->side, .family = name->family,
		.has_proto = name->has_proto, .proto = name->proto, .field = name->field,
		.mask = name->flag };
}

static bool is_number(const struct filter_test *test)
{
	if (test->what != WHAT_FIELD)
		return test->what == WHAT_PORT;
	switch (test->field->type) {
	case TYPE_ADDR: case TYPE_MAC: case TYPE_TUNNEL: case TYPE_TEXT: case TYPE_ID:
		return false;
	default:
		return test->field->unit != UNIT_VLAN && test->field->unit != UNIT_PROTO;
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

static bool is_value(const struct filter_token *t)
{
	return t->kind == TOKEN_WORD || t->kind == TOKEN_STRING;
}

static enum rc take_value(struct parser *p, struct filter_test *test)
{
	enum rc rc;

	if (!is_value(&p->now))
		return fail(p, &p->now, "a value");
	rc = at_column(p, filter_value(p->f, test, &p->now, p->err), &p->now);
	return rc == RC_DONE ? advance(p) : rc;
}

static enum rc take_set(struct parser *p, struct filter_test *test)
{
	enum rc rc;

	if (p->now.kind != TOKEN_BRACE)
		return take_value(p, test);
	rc = advance(p);
	while (rc == RC_DONE && p->now.kind != TOKEN_UNBRACE) {
		if (!is_value(&p->now))
			return fail(p, &p->now, test->n ? "a further value or }" : "a value");
		rc = take_value(p, test);
		if (rc == RC_DONE && p->now.kind == TOKEN_COMMA)
			rc = advance(p);
	}
	if (rc == RC_DONE && test->n == 0)
		return fail(p, &p->now, "a value");
	return rc == RC_DONE ? advance(p) : rc;
}

/* A flag's bit is compared as 0 or 1, but looked at in its place. */
static void place_flag(struct parser *p, struct filter_test *test, uint64_t flag)
{
	for (uint32_t i = 0; flag && i < test->n; i++) {
		struct filter_operand *o = &p->f->operands[test->first + i];

		if (o->kind == OPERAND_RANGE)
			o->range.low = o->range.high = o->range.low != 0 ? (long double)flag : 0;
	}
}

/* FIELD & VALUE, perhaps compared with a value: without, any of the bits must be there. */
static enum rc parse_mask(struct parser *p, struct filter_test *test)
{
	struct filter_test mask = *test;
	enum rc rc;

	if (!is_number(test) || test->what != WHAT_FIELD || test->field->type > TYPE_U64)
		return fail(p, &p->now, "a comparison");
	rc = advance(p);
	mask.op = OP_EQ;
	if (rc == RC_DONE)
		rc = take_value(p, &mask);
	if (rc != RC_DONE)
		return rc;
	long double bits = p->f->operands[mask.first].range.low;

	p->f->n_operands = mask.first;
	if (bits < 0 || bits > (long double)UINT32_MAX)
		return fail(p, &p->now, "a smaller number");
	test->mask = (uint64_t)bits;
	test->op = OP_NE;
	if (p->now.kind != TOKEN_EQ && p->now.kind != TOKEN_NE) {
		struct filter_operand zero = { .kind = OPERAND_RANGE };

		return filter_add_operand(p->f, test, &zero, p->err);
	}
	test->op = op_of(p->now.kind);
	rc = advance(p);
	return rc == RC_DONE ? take_value(p, test) : rc;
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
		return fail(p, &p->now, "==, !=, ~ or in");
	if (test->what == WHAT_FAMILY && test->op > OP_NE)
		return fail(p, &p->now, "== or !=");
	rc = advance(p);
	return rc == RC_DONE ? take_value(p, test) : rc;
}

/* What follows a name: an operator, `in`, or nothing (known and not zero). */
static enum rc parse_compare(struct parser *p, const struct filter_name *name)
{
	struct filter_token first = p->now;
	struct filter_test test;
	enum rc rc;

	test_of_name(&test, name);
	rc = advance(p);
	if (rc != RC_DONE)
		return rc;
	if (p->now.kind == TOKEN_NOT && is_word(&p->next, "in")) {
		test.op = OP_NE;
		rc = advance(p);
	} else {
		test.op = OP_EQ;
	}
	if (rc == RC_DONE && is_word(&p->now, "in")) {
		rc = advance(p);
		if (rc == RC_DONE)
			rc = take_set(p, &test);
	} else if (rc == RC_DONE && is_compare(p->now.kind)) {
		rc = parse_operator(p, &test);
	} else {
		test.op = OP_SET;
	}
	if (rc != RC_DONE)
		return rc;
	place_flag(p, &test, name->flag);
	p->last = (struct qualifier){ .kind = KIND_COMPARED };
	return emit_test(p, &test, &first);
}

/* ---- tcpdump's words --------------------------------------------------------------------- */

static bool take_kind(const struct filter_token *t, struct qualifier *q)
{
	static const struct {
		const char *word;
		enum kind kind;
	} kinds[] = { { "host", KIND_HOST }, { "net", KIND_NET }, { "port", KIND_PORT },
		{ "portrange", KIND_PORT }, { "proto", KIND_PROTO } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_word(t, kinds[i].word)) {
			q->kind = kinds[i].kind;
			return true;
		}
	return false;
}

static bool side_of(const struct filter_token *t, enum filter_side *side)
{
	static const struct {
		const char *word;
		enum filter_side side;
	} sides[] = { { "src", SIDE_SRC }, { "dst", SIDE_DST }, { "client", SIDE_CLIENT },
		{ "server", SIDE_SERVER } };

	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		if (is_word(t, sides[i].word)) {
			*side = sides[i].side;
			return true;
		}
	return false;
}

/* `src`, `src or dst`, `src and dst`, ... with what follows. */
static enum rc take_side(struct parser *p, struct qualifier *q)
{
	enum filter_side other;
	bool is_and;
	enum rc rc;

	q->has_side = true;
	rc = advance(p);
	if (rc != RC_DONE || (p->now.kind != TOKEN_AND && p->now.kind != TOKEN_OR) ||
		q->side > SIDE_DST || !side_of(&p->next, &other) || other != (SIDE_SRC ^ SIDE_DST ^ q->side))
		return rc;
	is_and = p->now.kind == TOKEN_AND;
	/* `src A and dst B` has its value in between: here the words touch, so that both are meant */
	q->side = is_and ? SIDE_BOTH : SIDE_ANY;
	rc = advance(p);
	return rc == RC_DONE ? advance(p) : rc;
}

static void qualifier_test(const struct qualifier *q, struct filter_test *test)
{
	*test = (struct filter_test){ .op = OP_EQ, .side = q->has_side ? q->side : SIDE_ANY,
		.family = q->family };
	switch (q->kind) {
	case KIND_PORT:
		test->what = WHAT_PORT;
		test->has_proto = q->has_proto;
		test->proto = q->proto;
		break;
	case KIND_PROTO:
		test->what = WHAT_PROTO;
		break;
	default:
		test->what = q->ether ? WHAT_MAC : WHAT_ADDR;
		break;
	}
}

/* `net N mask M`; also tcpdump's short networks. */
static enum rc take_net(struct parser *p, struct filter_test *test)
{
	struct filter_operand o = { .kind = OPERAND_NET };
	struct addr mask;
	enum rc rc;

	if (!is_value(&p->now) || !filter_parse_net(p->now.text, &o.net))
		return fail(p, &p->now, "a network, as 10.0.0.0/8 or 2001:db8::/32,");
	rc = advance(p);
	if (rc == RC_DONE && is_word(&p->now, "mask")) {
		unsigned bits = 0;

		if (addr_parse(p->next.text, &mask, NULL) != RC_DONE || mask.kind != ADDR_IPV4 ||
			o.net.addr.kind != ADDR_IPV4)
			return fail(p, &p->next, "an IPv4 mask");
		while (bits < 32 && (mask.bytes[bits / 8] >> (7 - bits % 8) & 1))
			bits++;
		for (unsigned i = bits; i < 32; i++) {
			if (mask.bytes[i / 8] >> (7 - i % 8) & 1)
				return fail(p, &p->next, "a mask without holes");
			o.net.addr.bytes[i / 8] &= (uint8_t)~(0x80u >> i % 8);
		}
		o.net.bits = bits;
		rc = advance(p);
		if (rc == RC_DONE)
			rc = advance(p);
	}
	return rc == RC_DONE ? filter_add_operand(p->f, test, &o, p->err) : rc;
}

/* Behind `ether proto`: EtherTypes by number or name; those of IP are families, not protocols of ours. */
static enum rc take_ethertype(struct parser *p, struct filter_test *test)
{
	struct filter_operand o = { .kind = OPERAND_RANGE };
	uint32_t proto;
	uint64_t v;

	if (!is_value(&p->now))
		return take_value(p, test);
	if (!text_parse_u64(p->now.text, &v) || v > 0xffff) {
		if (!proto_parse(p->now.text, &proto) || proto < PROTO_ETHER)
			return take_value(p, test);
		v = proto & 0xffff;
	}
	o.range.low = o.range.high = (long double)(PROTO_ETHER | v);
	if (v == 0x0800 || v == 0x86dd) {
		test->what = WHAT_FAMILY;
		o.range.low = o.range.high = v == 0x0800 ? ADDR_IPV4 : ADDR_IPV6;
	}
	enum rc rc = filter_add_operand(p->f, test, &o, p->err);

	return rc == RC_DONE ? advance(p) : rc;
}

static enum rc take_operands(struct parser *p, const struct qualifier *q, struct filter_test *test)
{
	if (p->now.kind == TOKEN_BRACE)
		return take_set(p, test);
	if (q->kind == KIND_NET)
		return take_net(p, test);
	if (q->kind == KIND_PROTO && q->ether)
		return take_ethertype(p, test);
	return take_value(p, test);
}

static enum rc family_test(struct parser *p, uint8_t family, const struct filter_token *at)
{
	struct filter_operand o = { .kind = OPERAND_RANGE, .range = { family, family } };
	struct filter_test test = { .what = WHAT_FAMILY, .op = OP_EQ };
	enum rc rc = filter_add_operand(p->f, &test, &o, p->err);

	return rc == RC_DONE ? emit_test(p, &test, at) : rc;
}

static enum rc proto_test(struct parser *p, uint32_t proto, const struct filter_token *at)
{
	struct filter_operand o = { .kind = OPERAND_RANGE, .range = { proto, proto } };
	struct filter_test test = { .what = WHAT_PROTO, .op = OP_EQ };
	enum rc rc = filter_add_operand(p->f, &test, &o, p->err);

	return rc == RC_DONE ? emit_test(p, &test, at) : rc;
}

/* `tcp host A`: the protocol is a condition of its own; ports have it in their test. */
static enum rc parse_value_of(struct parser *p, const struct qualifier *q, const struct filter_token *first)
{
	bool proto_too = q->has_proto && q->kind != KIND_PORT;
	struct filter_test test;
	size_t skip = 0;
	enum rc rc = RC_DONE;

	if (proto_too) {
		rc = proto_test(p, q->proto, first);
		if (rc == RC_DONE)
			rc = emit_skip(p, true, &skip);
		if (rc != RC_DONE)
			return rc;
	}
	qualifier_test(q, &test);
	rc = take_operands(p, q, &test);
	if (rc == RC_DONE)
		rc = emit_test(p, &test, first);
	if (rc == RC_DONE && proto_too)
		rc = emit_join(p, true, skip);
	p->last = *q;
	return rc;
}

/* The words in front, from the left; *any tells whether there was one. */
static enum rc take_qualifier(struct parser *p, struct qualifier *q)
{
	uint8_t family;
	bool has_proto;
	uint32_t proto;
	enum rc rc = RC_DONE;

	*q = (struct qualifier){ .kind = KIND_NONE };
	if (is_word(&p->now, "ether")) {
		q->ether = true;
		rc = advance(p);
	} else if (p->now.kind == TOKEN_WORD && !is_word(&p->now, "vlan") &&
		filter_word_is_proto(p->now.text, &family, &has_proto, &proto)) {
		q->family = family;
		q->has_proto = has_proto;
		q->proto = proto;
		rc = advance(p);
	}
	if (rc == RC_DONE && side_of(&p->now, &q->side))
		rc = take_side(p, q);
	if (rc == RC_DONE && take_kind(&p->now, q))
		rc = advance(p);
	return rc;
}

static bool starts_value(const struct filter_token *t)
{
	struct addr_net net;

	return t->kind == TOKEN_STRING || t->kind == TOKEN_BRACE ||
		(t->kind == TOKEN_WORD && addr_net_parse(t->text, &net, NULL) == RC_DONE);
}

static enum rc parse_primitive(struct parser *p)
{
	struct filter_token first = p->now;
	struct qualifier q;
	enum rc rc = take_qualifier(p, &q);

	if (rc != RC_DONE)
		return rc;
	if (q.kind == KIND_NONE && (q.has_side || q.ether || starts_value(&p->now)))
		q.kind = KIND_HOST;
	if (q.kind != KIND_NONE)
		return parse_value_of(p, &q, &first);
	p->last = q;
	return q.has_proto ? proto_test(p, q.proto, &first) : family_test(p, q.family, &first);
}

static enum rc parse_vlan(struct parser *p)
{
	struct filter_token first = p->now;
	struct filter_test test = { .what = WHAT_VLAN, .op = OP_SET };
	enum rc rc = advance(p);
	uint64_t vlan;

	if (rc == RC_DONE && p->now.kind == TOKEN_WORD && vlan_parse(p->now.text, &vlan, NULL) == RC_DONE) {
		test.op = OP_EQ;
		rc = take_value(p, &test);
	}
	return rc == RC_DONE ? emit_test(p, &test, &first) : rc;
}

/* `less N`, `greater N`: the packet's length, both inclusive. */
static enum rc parse_length(struct parser *p, enum filter_op op)
{
	struct filter_token first = p->now;
	struct filter_test test = { .what = WHAT_FIELD, .op = op };
	enum rc rc;

	test.field = field_find("len", p->f->tier);
	if (!test.field)
		return err_set_at(p->err, RC_SYNTAX, "filter", first.column,
			"%s is for packets; a field expected", first.text);
	rc = advance(p);
	if (rc == RC_DONE)
		rc = take_value(p, &test);
	return rc == RC_DONE ? emit_test(p, &test, &first) : rc;
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

/* A value by itself takes the words of the primitive before it. */
static bool is_implied(struct parser *p)
{
	struct filter_operand o;
	struct addr_net net;

	switch (p->last.kind) {
	case KIND_HOST:
		return starts_value(&p->now);
	case KIND_NET:
		return p->now.kind == TOKEN_WORD && filter_parse_net(p->now.text, &net);
	case KIND_PORT:
		return starts_value(&p->now) ? false : filter_parse_ports(p->now.text, &o);
	case KIND_PROTO:
		/* names of protocols say the same by themselves */
		return p->now.text[0] >= '0' && p->now.text[0] <= '9';
	default:
		return false;
	}
}

/* An address without any word: a host, but not behind a comparison, where something else may be meant. */
static enum rc parse_bare_value(struct parser *p)
{
	struct filter_token first = p->now;
	struct qualifier host = { .kind = KIND_HOST };

	if (p->last.kind == KIND_COMPARED)
		return err_set_at(p->err, RC_SYNTAX, "filter", first.column,
			"a field expected; several values are written FIELD in {A, B}");
	return parse_value_of(p, &host, &first);
}

/* Whether the word here is compared: an operator, `in` or `not in` follows. */
static bool is_compared(const struct parser *p)
{
	return is_compare(p->next.kind) || is_word(&p->next, "in") ||
		(p->next.kind == TOKEN_NOT && strcasecmp(p->next.text, "not") == 0);
}

static bool starts_primitive(const struct parser *p)
{
	struct qualifier q;
	enum filter_side side;
	uint8_t family;
	bool has_proto;
	uint32_t proto;

	if (!filter_tier_has_ends(p->f->tier))
		return false;
	return is_word(&p->now, "ether") || take_kind(&p->now, &q) || side_of(&p->now, &side) ||
		filter_word_is_proto(p->now.text, &family, &has_proto, &proto);
}

static enum rc parse_word(struct parser *p)
{
	struct filter_name name;
	bool known = filter_name_find(p->now.text, p->f->tier, &name);
	struct filter_token first = p->now;
	struct qualifier last = p->last;

	if (known && is_compared(p))
		return parse_compare(p, &name);
	if (is_compare(p->next.kind) || is_word(&p->next, "in"))
		return unknown_word(p);
	if (filter_tier_has_ends(p->f->tier)) {
		if (is_word(&p->now, "vlan"))
			return parse_vlan(p);
		if (is_word(&p->now, "less"))
			return parse_length(p, OP_LE);
		if (is_word(&p->now, "greater"))
			return parse_length(p, OP_GE);
		if (is_implied(p))
			return parse_value_of(p, &last, &first);
		if (starts_primitive(p))
			return parse_primitive(p);
		if (!known && starts_value(&p->now))
			return parse_bare_value(p);
	}
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
	rc = advance(p);
	if (rc == RC_DONE)
		rc = parse_filter(p);
	p->depth--;
	if (rc == RC_DONE && p->now.kind != TOKEN_CLOSE)
		return fail(p, &p->now, "and, or or )");
	return rc == RC_DONE ? advance(p) : rc;
}

static enum rc parse_term(struct parser *p)
{
	bool negate = false;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && p->now.kind == TOKEN_NOT) {
		negate = !negate;
		rc = advance(p);
	}
	if (rc != RC_DONE)
		return rc;
	if (p->now.kind == TOKEN_OPEN)
		rc = parse_group(p);
	else if (p->now.kind == TOKEN_WORD)
		rc = parse_word(p);
	else
		return fail(p, &p->now, "a field, word or address");
	return rc == RC_DONE && negate ? emit(p, STEP_NOT, 0, NULL) : rc;
}

static enum rc parse_filter(struct parser *p)
{
	enum rc rc = parse_term(p);

	while (rc == RC_DONE && (p->now.kind == TOKEN_AND || p->now.kind == TOKEN_OR)) {
		bool is_and = p->now.kind == TOKEN_AND;
		size_t skip;

		rc = emit_skip(p, is_and, &skip);
		if (rc == RC_DONE)
			rc = advance(p);
		if (rc == RC_DONE)
			rc = parse_term(p);
		if (rc == RC_DONE)
			rc = emit_join(p, is_and, skip);
	}
	return rc;
}

static enum rc parse_all(struct parser *p)
{
	enum rc rc = advance(p);

	if (rc == RC_DONE)
		rc = advance(p);
	if (rc == RC_DONE)
		rc = parse_filter(p);
	if (rc == RC_DONE && p->now.kind != TOKEN_END)
		return fail(p, &p->now, "and, or or the end");
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
	mem_free(f);
}

enum rc filter_compile(const char *text, enum tier tier, struct filter **out, struct err *err)
{
	struct parser p = { .err = err };
	size_t len = text ? strnlen(text, FILTER_TEXT_MAX + 1) : 0;
	enum rc rc;

	*out = NULL;
	if (len > FILTER_TEXT_MAX)
		return err_set_at(err, RC_SYNTAX, "filter", FILTER_TEXT_MAX, "at most %d bytes expected",
			FILTER_TEXT_MAX);
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
