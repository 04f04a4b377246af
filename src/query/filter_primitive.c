/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcpdump's words: `src host A`, `tcp port 80 or 443`, `net 10`, as pcap-filter(7) has them. */
#include "query/filter_parser.h"

#include "base/text.h"
#include "flow/proto.h"

#include <strings.h>

static bool take_kind(const struct filter_token *t, struct qualifier *q)
{
	static const struct {
		const char *word;
		enum kind kind;
	} kinds[] = { { "host", KIND_HOST }, { "net", KIND_NET }, { "port", KIND_PORT },
		{ "portrange", KIND_PORT }, { "proto", KIND_PROTO } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (token_is_word(t, kinds[i].word)) {
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
		if (token_is_word(t, sides[i].word)) {
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
	rc = parser_advance(p);
	if (rc != RC_DONE || (p->now.kind != TOKEN_AND && p->now.kind != TOKEN_OR) ||
		q->side > SIDE_DST || !side_of(&p->next, &other) ||
		other != (SIDE_SRC ^ SIDE_DST ^ q->side))
		return rc;
	is_and = p->now.kind == TOKEN_AND;
	/* `src A and dst B` has its value in between: here the words touch, so that both are meant */
	q->side = is_and ? SIDE_BOTH : SIDE_ANY;
	rc = parser_advance(p);
	return rc == RC_DONE ? parser_advance(p) : rc;
}

static void qualifier_test(const struct qualifier *q, struct filter_test *test)
{
	*test = (struct filter_test){
		.op = OP_EQ, .side = q->has_side ? q->side : SIDE_ANY, .family = q->family
	};
	switch (q->kind) {
	case KIND_PORT:
		test->what = WHAT_PORT;
		test->has_proto = q->has_proto;
		test->proto = q->proto;
		break;
	case KIND_PROTO: test->what = WHAT_PROTO; break;
	default: test->what = q->ether ? WHAT_MAC : WHAT_ADDR; break;
	}
}

/* `net N mask M`; also tcpdump's short networks. */
static enum rc take_net(struct parser *p, struct filter_test *test)
{
	struct filter_operand o = { .kind = OPERAND_NET };
	struct addr mask;
	enum rc rc;

	if (!token_is_value(&p->now) || !filter_parse_net(p->now.text, &o.net))
		return parser_fail(p, &p->now, "a network, as 10.0.0.0/8 or 2001:db8::/32,");
	rc = parser_advance(p);
	if (rc == RC_DONE && token_is_word(&p->now, "mask")) {
		unsigned bits = 0;

		if (addr_parse(p->next.text, &mask, NULL) != RC_DONE ||
			mask.kind != ADDR_IPV4 || o.net.addr.kind != ADDR_IPV4)
			return parser_fail(p, &p->next, "an IPv4 mask");
		while (bits < 32 && (mask.bytes[bits / 8] >> (7 - bits % 8) & 1))
			bits++;
		for (unsigned i = bits; i < 32; i++) {
			if (mask.bytes[i / 8] >> (7 - i % 8) & 1)
				return parser_fail(p, &p->next, "a mask without holes");
			o.net.addr.bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
		}
		o.net.bits = bits;
		rc = parser_advance(p);
		if (rc == RC_DONE)
			rc = parser_advance(p);
	}
	return rc == RC_DONE ? filter_add_operand(p->f, test, &o, p->err) : rc;
}

/* Behind `ether proto`: EtherTypes by number or name; those of IP are families, not protocols of ours. */
static enum rc take_ethertype(struct parser *p, struct filter_test *test)
{
	struct filter_operand o = { .kind = OPERAND_RANGE };
	uint32_t proto;
	uint64_t v;

	if (!token_is_value(&p->now))
		return parser_take_value(p, test);
	if (!text_parse_u64(p->now.text, &v) || v > 0xffff) {
		if (!proto_parse(p->now.text, &proto) || proto < PROTO_ETHER)
			return parser_take_value(p, test);
		v = proto & 0xffff;
	}
	o.range.low = o.range.high = (long double)(PROTO_ETHER | v);
	if (v == 0x0800 || v == 0x86dd) {
		test->what = WHAT_FAMILY;
		o.range.low = o.range.high = v == 0x0800 ? ADDR_IPV4 : ADDR_IPV6;
	}
	enum rc rc = filter_add_operand(p->f, test, &o, p->err);

	return rc == RC_DONE ? parser_advance(p) : rc;
}

static enum rc take_operands(
	struct parser *p, const struct qualifier *q, struct filter_test *test)
{
	if (p->now.kind == TOKEN_BRACE)
		return parser_take_set(p, test);
	if (q->kind == KIND_NET)
		return take_net(p, test);
	if (q->kind == KIND_PROTO && q->ether)
		return take_ethertype(p, test);
	return parser_take_value(p, test);
}

static enum rc family_test(struct parser *p, uint8_t family, const struct filter_token *at)
{
	struct filter_operand o = { .kind = OPERAND_RANGE, .range = { family, family } };
	struct filter_test test = { .what = WHAT_FAMILY, .op = OP_EQ };
	enum rc rc = filter_add_operand(p->f, &test, &o, p->err);

	return rc == RC_DONE ? parser_emit_test(p, &test, at) : rc;
}

static enum rc proto_test(struct parser *p, uint32_t proto, const struct filter_token *at)
{
	struct filter_operand o = { .kind = OPERAND_RANGE, .range = { proto, proto } };
	struct filter_test test = { .what = WHAT_PROTO, .op = OP_EQ };
	enum rc rc = filter_add_operand(p->f, &test, &o, p->err);

	return rc == RC_DONE ? parser_emit_test(p, &test, at) : rc;
}

/* `tcp host A`: the protocol is a condition of its own; ports have it in their test. */
static enum rc parse_value_of(
	struct parser *p, const struct qualifier *q, const struct filter_token *first)
{
	bool proto_too = q->has_proto && q->kind != KIND_PORT;
	struct filter_test test;
	size_t skip = 0;
	enum rc rc = RC_DONE;

	if (proto_too) {
		rc = proto_test(p, q->proto, first);
		if (rc == RC_DONE)
			rc = parser_emit_skip(p, true, &skip);
		if (rc != RC_DONE)
			return rc;
	}
	qualifier_test(q, &test);
	rc = take_operands(p, q, &test);
	if (rc == RC_DONE)
		rc = parser_emit_test(p, &test, first);
	if (rc == RC_DONE && proto_too)
		rc = parser_emit_join(p, true, skip);
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
	if (token_is_word(&p->now, "ether")) {
		q->ether = true;
		rc = parser_advance(p);
	} else if (p->now.kind == TOKEN_WORD && !token_is_word(&p->now, "vlan") &&
		filter_word_is_proto(p->now.text, &family, &has_proto, &proto)) {
		q->family = family;
		q->has_proto = has_proto;
		q->proto = proto;
		rc = parser_advance(p);
	}
	if (rc == RC_DONE && side_of(&p->now, &q->side))
		rc = take_side(p, q);
	if (rc == RC_DONE && take_kind(&p->now, q))
		rc = parser_advance(p);
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
	enum rc rc = parser_advance(p);
	uint64_t vlan;

	if (rc == RC_DONE && p->now.kind == TOKEN_WORD &&
		vlan_parse(p->now.text, &vlan, NULL) == RC_DONE) {
		test.op = OP_EQ;
		rc = parser_take_value(p, &test);
	}
	return rc == RC_DONE ? parser_emit_test(p, &test, &first) : rc;
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
	rc = parser_advance(p);
	if (rc == RC_DONE)
		rc = parser_take_value(p, &test);
	return rc == RC_DONE ? parser_emit_test(p, &test, &first) : rc;
}

/* A value by itself takes the words of the primitive before it. */
static bool is_implied(struct parser *p)
{
	struct filter_operand o;
	struct addr_net net;

	switch (p->last.kind) {
	case KIND_HOST: return starts_value(&p->now);
	case KIND_NET: return p->now.kind == TOKEN_WORD && filter_parse_net(p->now.text, &net);
	case KIND_PORT:
		return starts_value(&p->now) ? false : filter_parse_ports(p->now.text, &o);
	case KIND_PROTO:
		/* names of protocols say the same by themselves */
		return p->now.text[0] >= '0' && p->now.text[0] <= '9';
	default: return false;
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

static bool starts_primitive(const struct parser *p)
{
	struct qualifier q;
	enum filter_side side;
	uint8_t family;
	bool has_proto;
	uint32_t proto;

	return token_is_word(&p->now, "ether") || take_kind(&p->now, &q) ||
		side_of(&p->now, &side) ||
		filter_word_is_proto(p->now.text, &family, &has_proto, &proto);
}

enum rc parse_tcpdump(struct parser *p, bool known, bool *taken)
{
	struct filter_token first = p->now;
	struct qualifier last = p->last;

	*taken = filter_tier_has_ends(p->f->tier);
	if (!*taken)
		return RC_DONE;
	if (token_is_word(&p->now, "vlan"))
		return parse_vlan(p);
	if (token_is_word(&p->now, "less"))
		return parse_length(p, OP_LE);
	if (token_is_word(&p->now, "greater"))
		return parse_length(p, OP_GE);
	if (is_implied(p))
		return parse_value_of(p, &last, &first);
	if (starts_primitive(p))
		return parse_primitive(p);
	if (!known && starts_value(&p->now))
		return parse_bare_value(p);
	*taken = false;
	return RC_DONE;
}
