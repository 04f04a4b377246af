/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evaluation: a row, or a flow's key alone, against the compiled program. */
#include "query/filter_eval.h"

#include "base/text.h"
#include "flow/proto.h"

#include <assert.h>
#include <strings.h>

/* ---- what the tests look at -------------------------------------------------------------- */

static void end_set(struct subject *s, enum filter_side side, const struct addr *a,
	bool has_port, uint16_t port)
{
	s->addr[side] = a && a->kind != ADDR_NONE ? a : NULL;
	s->has_port[side] = has_port;
	s->port[side] = port;
}

void subject_of_packet(struct subject *s, const struct packet *p)
{
	bool ports = (p->flags & PACKET_HAS_PORTS) != 0;

	memset(s, 0, sizeof(*s));
	end_set(s, SIDE_SRC, &p->src, ports, p->src_port);
	end_set(s, SIDE_DST, &p->dst, ports, p->dst_port);
	if (p->flags & PACKET_HAS_MACS) {
		s->mac[SIDE_SRC] = p->src_mac;
		s->mac[SIDE_DST] = p->dst_mac;
	}
	s->has_proto = true;
	s->proto = p->proto;
	s->vlan = p->vlan;
	s->has_point = true;
	s->point = p->point;
}

static void subject_packet(struct subject *s, const struct packet_row *row)
{
	subject_of_packet(s, &row->pkt);
	if (row->key) {
		end_set(s, SIDE_CLIENT, &row->key->client, row->key->has_ports,
			row->key->client_port);
		end_set(s, SIDE_SERVER, &row->key->server, row->key->has_ports,
			row->key->server_port);
	}
	if (row->key && row->key->has_macs) {
		s->mac[SIDE_CLIENT] = row->key->client_mac;
		s->mac[SIDE_SERVER] = row->key->server_mac;
	}
}

static void subject_ends(struct subject *s, const struct flow_key *k, u128 known)
{
	bool ports = k->has_ports;

	if (known & FIELD_BIT(FIELD_CLIENT))
		end_set(s, SIDE_CLIENT, &k->client,
			ports && (known & FIELD_BIT(FIELD_CLIENT_PORT)), k->client_port);
	else
		end_set(s, SIDE_CLIENT, NULL, ports && (known & FIELD_BIT(FIELD_CLIENT_PORT)),
			k->client_port);
	if (known & FIELD_BIT(FIELD_SERVER))
		end_set(s, SIDE_SERVER, &k->server,
			ports && (known & FIELD_BIT(FIELD_SERVER_PORT)), k->server_port);
	else
		end_set(s, SIDE_SERVER, NULL, ports && (known & FIELD_BIT(FIELD_SERVER_PORT)),
			k->server_port);
}

/* `src` becomes the end that is `from`, `dst` the other one. */
static void subject_direct(struct subject *s, enum filter_side from)
{
	enum filter_side to = from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	s->addr[SIDE_SRC] = s->addr[from];
	s->addr[SIDE_DST] = s->addr[to];
	s->has_port[SIDE_SRC] = s->has_port[from];
	s->has_port[SIDE_DST] = s->has_port[to];
	s->port[SIDE_SRC] = s->port[from];
	s->port[SIDE_DST] = s->port[to];
	s->mac[SIDE_SRC] = s->mac[from];
	s->mac[SIDE_DST] = s->mac[to];
}

static void subject_record(struct subject *s, const struct record *r)
{
	u128 known = r->c.known;

	subject_ends(s, &r->key, known);
	if (r->key.has_macs && (known & FIELD_BIT(FIELD_CLIENT_MAC)))
		s->mac[SIDE_CLIENT] = r->key.client_mac;
	if (r->key.has_macs && (known & FIELD_BIT(FIELD_SERVER_MAC)))
		s->mac[SIDE_SERVER] = r->key.server_mac;
	subject_direct(s, SIDE_CLIENT);
	s->has_proto = (known & FIELD_BIT(FIELD_PROTO)) != 0;
	s->proto = r->key.proto;
	s->vlan = known & FIELD_BIT(FIELD_VLAN) ? r->key.vlan : 0;
	s->has_point = (known & FIELD_BIT(FIELD_POINT)) != 0;
	s->point = r->key.point;
}

void subject_of_row(struct subject *s, const struct row *row)
{
	memset(s, 0, sizeof(*s));
	if (row->tier == TIER_PACKET && row->packet)
		subject_packet(s, row->packet);
	else if (row->record)
		subject_record(s, row->record);
	s->row = row;
}

void subject_of_key(struct subject *s, const struct flow_key *key, enum filter_side from)
{
	u128 all = ~(u128)0;

	memset(s, 0, sizeof(*s));
	subject_ends(s, key, all);
	subject_direct(s, from);
	s->has_proto = true;
	s->proto = key->proto;
	s->vlan = key->vlan;
	s->has_point = true;
	s->point = key->point;
}

/* ---- texts --------------------------------------------------------------------------------- */

static enum verdict verdict_of(bool yes)
{
	return yes ? VERDICT_YES : VERDICT_NO;
}

/* Whether any operand is part of the text; the op may ask for the contrary. */
static enum verdict judge_text(
	const struct filter *f, const struct filter_test *t, const char *text)
{
	bool any = false;

	for (uint32_t i = 0; i < t->n && !any; i++) {
		const struct filter_operand *o = &f->operands[t->first + i];

		any = o->kind == OPERAND_TEXT && text_has(text, f->pool + o->text.at);
	}
	return verdict_of(any == (t->op == OP_HAS));
}

static bool is_text_op(const struct filter_test *t)
{
	return t->op == OP_HAS || t->op == OP_HAS_NOT;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static enum verdict judge_addr(
	const struct filter *f, const struct filter_test *t, const struct addr *a)
{
	char text[ADDR_TEXT];
	bool any = false;

	if (!a || (t->family && a->kind != t->family))
		return VERDICT_NO;
	if (t->op == OP_SET)
		return VERDICT_YES;
	if (is_text_op(t)) {
		addr_format(text, sizeof(text), a);
		return judge_text(f, t, text);
	}
	for (uint32_t i = 0; i < t->n && !any; i++)
		any = addr_net_has(&f->operands[t->first + i].net, a);
	return verdict_of(any == (t->op == OP_EQ));
}

static bool number_fits(const struct filter *f, const struct filter_test *t, long double v)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct filter_operand *o = &f->operands[t->first + i];
		bool in = v >= o->range.low && v <= o->range.high;

		switch (t->op) {
		case OP_EQ:
			if (in)
				return true;
			break;
		case OP_NE:
			if (in)
				return false;
			break;
		case OP_LT: return v < o->range.low;
		case OP_LE: return v <= o->range.high;
		case OP_GT: return v > o->range.high;
		case OP_GE: return v >= o->range.low;
		default: return false;
		}
	}
	return t->op == OP_NE;
}

static enum verdict judge_port(const struct filter *f, const struct filter_test *t,
	const struct subject *s, enum filter_side side)
{
	char text[16];

	if (!s->has_port[side] || (t->has_proto && !(s->has_proto && s->proto == t->proto)))
		return VERDICT_NO;
	if (t->op == OP_SET)
		return verdict_of(s->port[side] != 0);
	if (is_text_op(t)) {
		const char *name = s->has_proto ? service_name(s->proto, s->port[side]) : NULL;
		size_t n = 0;
		uint16_t port = s->port[side];
		char digits[8];

		do {
			digits[n++] = (char)('0' + port % 10);
			port /= 10;
		} while (port);
		for (size_t i = 0; i < n; i++)
			text[i] = digits[n - 1 - i];
		text[n] = '\0';
		if (name && judge_text(f, t, name) == verdict_of(t->op == OP_HAS))
			return verdict_of(t->op == OP_HAS);
		return judge_text(f, t, text);
	}
	return verdict_of(number_fits(f, t, s->port[side]));
}

static enum verdict judge_mac(const struct filter *f, const struct filter_test *t,
	const struct subject *s, enum filter_side side)
{
	struct addr a = { .kind = ADDR_LINK };

	if (!s->row)
		return VERDICT_MAYBE; /* packets of one flow may come by different routers */
	if (!s->mac[side])
		return VERDICT_NO;
	memcpy(a.bytes, s->mac[side], 6);
	return judge_addr(f, t, &a);
}

static enum verdict judge_side(const struct filter *f, const struct filter_test *t,
	const struct subject *s, enum filter_side side)
{
	if (t->what == WHAT_PORT)
		return judge_port(f, t, s, side);
	if (t->what == WHAT_MAC)
		return judge_mac(f, t, s, side);
	return judge_addr(f, t, s->addr[side]);
}

static enum verdict verdict_and(enum verdict a, enum verdict b)
{
	return a < b ? a : b;
}

static enum verdict verdict_or(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

/*
 * Either end: one that fits is enough. `!=` and `!~` of either end are the contrary of that where an end is known:
 * both must differ.
 */
static enum verdict judge_sides(
	const struct filter *f, const struct filter_test *t, const struct subject *s)
{
	bool contrary = t->op == OP_NE || t->op == OP_HAS_NOT;
	enum verdict a, b;

	if (t->side < SIDE_ANY)
		return judge_side(f, t, s, t->side);
	a = judge_side(f, t, s, SIDE_SRC);
	b = judge_side(f, t, s, SIDE_DST);
	if (t->side == SIDE_BOTH)
		return verdict_and(a, b);
	if (!contrary)
		return verdict_or(a, b);
	/* an end that is not known says nothing about the other one */
	if (t->what == WHAT_ADDR && !s->addr[SIDE_SRC])
		return b;
	if (t->what == WHAT_ADDR && !s->addr[SIDE_DST])
		return a;
	if (t->what == WHAT_PORT && !s->has_port[SIDE_SRC])
		return b;
	if (t->what == WHAT_PORT && !s->has_port[SIDE_DST])
		return a;
	return verdict_and(a, b);
}

static enum verdict judge_family(
	const struct filter *f, const struct filter_test *t, const struct subject *s)
{
	const struct addr *a = s->addr[SIDE_SRC] ? s->addr[SIDE_SRC] : s->addr[SIDE_DST];

	if (!a)
		return VERDICT_NO;
	if (t->op == OP_SET)
		return verdict_of(a->kind == ADDR_IPV4 || a->kind == ADDR_IPV6);
	return verdict_of(number_fits(f, t, a->kind));
}

static bool of_family(const struct filter_test *t, const struct subject *s)
{
	const struct addr *a = s->addr[SIDE_SRC] ? s->addr[SIDE_SRC] : s->addr[SIDE_DST];

	return !t->family || (a && a->kind == t->family);
}

static enum verdict judge_proto(
	const struct filter *f, const struct filter_test *t, const struct subject *s)
{
	char text[32];

	if (!s->has_proto || !of_family(t, s))
		return VERDICT_NO;
	if (t->op == OP_SET)
		return VERDICT_YES;
	if (is_text_op(t)) {
		proto_format(text, sizeof(text), s->proto);
		return judge_text(f, t, text);
	}
	return verdict_of(number_fits(f, t, s->proto));
}

/* An operand with one tag fits any tag, one with several the whole stack. */
static bool vlan_fits(uint64_t vlan, uint64_t operand)
{
	return operand >> 16 ? vlan == operand : vlan_has(vlan, (unsigned)operand - 1);
}

static enum verdict judge_vlan(
	const struct filter *f, const struct filter_test *t, const struct subject *s)
{
	char text[32];
	bool any = false;

	if (!s->vlan)
		return VERDICT_NO;
	if (t->op == OP_SET)
		return VERDICT_YES;
	if (is_text_op(t)) {
		vlan_format(text, sizeof(text), s->vlan);
		return judge_text(f, t, text);
	}
	for (uint32_t i = 0; i < t->n && !any; i++)
		any = vlan_fits(s->vlan, f->operands[t->first + i].vlan);
	return verdict_of(any == (t->op == OP_EQ));
}

static bool point_is(
	const struct filter *f, const struct filter_operand *o, const struct subject *s)
{
	const struct point_info *p = s->row ? s->row->point : NULL;

	if (o->kind == OPERAND_RANGE)
		return s->point >= o->range.low && s->point <= o->range.high;
	return p && strcmp(p->name, f->pool + o->text.at) == 0;
}

static enum verdict judge_point(
	const struct filter *f, const struct filter_test *t, const struct subject *s)
{
	bool any = false, by_name = is_text_op(t);

	if (!s->has_point)
		return VERDICT_NO;
	if (t->op == OP_SET)
		return VERDICT_YES;
	for (uint32_t i = 0; i < t->n; i++)
		by_name = by_name || f->operands[t->first + i].kind == OPERAND_TEXT;
	if (by_name && !s->row)
		return VERDICT_MAYBE;
	if (is_text_op(t))
		return s->row->point ? judge_text(f, t, s->row->point->name) : VERDICT_NO;
	if (t->op != OP_EQ && t->op != OP_NE)
		return verdict_of(number_fits(f, t, s->point));
	for (uint32_t i = 0; i < t->n && !any; i++)
		any = point_is(f, &f->operands[t->first + i], s);
	return verdict_of(any == (t->op == OP_EQ));
}

/* ---- fields ---------------------------------------------------------------------------------- */

static bool value_number(const struct value *v, long double *out)
{
	switch (v->type) {
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_U64: *out = (long double)v->u; return true;
	case TYPE_I64: *out = (long double)v->i; return true;
	case TYPE_U128: *out = (long double)v->big; return true;
	case TYPE_REAL: *out = v->real; return true;
	default: return false;
	}
}

static bool value_set(const struct value *v)
{
	long double n;

	if (value_number(v, &n))
		return n != 0;
	if (v->type == TYPE_TEXT)
		return v->text[0] != '\0';
	return true;
}

static bool id_is(const struct id *want, const struct id *got)
{
	return want->tier == got->tier && record_id_equal(want->rec, got->rec) &&
		(!want->source || !got->source || want->source == got->source);
}

static bool value_is(
	const struct filter *f, const struct filter_operand *o, const struct value *v)
{
	long double n;

	switch (o->kind) {
	case OPERAND_NET:
		return (v->type == TYPE_ADDR || v->type == TYPE_MAC) &&
			addr_net_has(&o->net, &v->addr);
	case OPERAND_TEXT:
		return v->type == TYPE_TEXT && strcmp(v->text, f->pool + o->text.at) == 0;
	case OPERAND_ID: return v->type == TYPE_ID && id_is(&o->id, &v->id);
	case OPERAND_VLAN: return v->type == TYPE_U64 && v->u && vlan_fits(v->u, o->vlan);
	case OPERAND_RANGE:
		return value_number(v, &n) && n >= o->range.low && n <= o->range.high;
	}
	return false;
}

static enum verdict judge_field_text(
	const struct filter *f, const struct filter_test *t, const struct value *v)
{
	char text[sizeof(v->text) + TEXT_NUMBER];

	/* flags by their names: all of them are there */
	if (t->n && f->operands[t->first].kind == OPERAND_RANGE) {
		uint64_t bits = (uint64_t)f->operands[t->first].range.low;

		return verdict_of(((v->u & bits) == bits) == (t->op == OP_HAS));
	}
	value_format(text, sizeof(text), t->field, v, STYLE_MACHINE);
	return judge_text(f, t, text);
}

static enum verdict judge_value(
	const struct filter *f, const struct filter_test *t, struct value *v)
{
	long double n;
	bool any = false;

	if (is_text_op(t))
		return judge_field_text(f, t, v);
	if (t->mask && v->type == TYPE_U64)
		v->u &= t->mask;
	if (t->op == OP_SET)
		return verdict_of(value_set(v));
	if (t->op >= OP_LT)
		return verdict_of(value_number(v, &n) && number_fits(f, t, n));
	for (uint32_t i = 0; i < t->n && !any; i++)
		any = value_is(f, &f->operands[t->first + i], v);
	return verdict_of(any == (t->op == OP_EQ));
}

/* A field of packets by what is counted of their microflow: where no packet has a mark it is 0, or unknown, of all. */
static enum verdict judge_by_counters(
	const struct filter *f, const struct filter_test *t, const struct counters *c)
{
	unsigned id = t->field->id;
	struct value zero = { .type = TYPE_U64 };

	if (id == FIELD_PACKET_RTT && c->rtt_client.n + c->rtt_server.n == 0)
		return VERDICT_NO;
	if (id == FIELD_PACKET_RESPONSE && c->response.n == 0)
		return VERDICT_NO;
	if (id < FIELD_PACKET_MARK || id >= FIELD_PACKET_MARK + PACKET_MARKS ||
		counters_marked(c, (enum packet_mark)(id - FIELD_PACKET_MARK)) > 0)
		return VERDICT_MAYBE;
	return judge_value(f, t, &zero) == VERDICT_NO ? VERDICT_NO : VERDICT_MAYBE;
}

static enum verdict judge_field(
	const struct filter *f, const struct filter_test *t, const struct subject *s)
{
	struct value v;

	if (!s->row)
		return s->counters ? judge_by_counters(f, t, s->counters) : VERDICT_MAYBE;
	return field_get(t->field, s->row, &v) ? judge_value(f, t, &v) : VERDICT_NO;
}

static enum verdict judge(
	const struct filter *f, const struct filter_test *t, const struct subject *s)
{
	switch (t->what) {
	case WHAT_ADDR:
	case WHAT_PORT:
	case WHAT_MAC: return judge_sides(f, t, s);
	case WHAT_PROTO: return judge_proto(f, t, s);
	case WHAT_FAMILY: return judge_family(f, t, s);
	case WHAT_VLAN: return judge_vlan(f, t, s);
	case WHAT_POINT: return judge_point(f, t, s);
	case WHAT_FIELD: return judge_field(f, t, s);
	}
	return VERDICT_MAYBE;
}

/* ---- the program ------------------------------------------------------------------------------- */

enum verdict filter_run(const struct filter *f, const struct subject *s)
{
	enum verdict stack[FILTER_DEPTH + 4];
	size_t n = 0;

	stack[0] = VERDICT_YES; /* there is always a test */
	for (size_t at = 0; at < f->n_steps; at++) {
		const struct filter_step *step = &f->steps[at];

		/* a program is compiled so that each step finds what it takes */
		assert(n >= (step->code == STEP_TEST ? 0 : step->code == STEP_AND || step->code == STEP_OR ? 2 : 1));
		switch (step->code) {
		case STEP_TEST: stack[n++] = judge(f, &f->tests[step->arg], s); break;
		case STEP_NOT: stack[n - 1] = VERDICT_YES - stack[n - 1]; break;
		case STEP_AND:
			n--;
			stack[n - 1] = verdict_and(stack[n - 1], stack[n]);
			break;
		case STEP_OR:
			n--;
			stack[n - 1] = verdict_or(stack[n - 1], stack[n]);
			break;
		case STEP_SKIP_IF_NO:
			if (stack[n - 1] == VERDICT_NO)
				at = step->arg - 1;
			break;
		case STEP_SKIP_IF_YES:
			if (stack[n - 1] == VERDICT_YES)
				at = step->arg - 1;
			break;
		}
	}
	return stack[0];
}

bool filter_match(const struct filter *f, const struct row *row)
{
	struct subject s;

	if (!f)
		return true;
	subject_of_row(&s, row);
	return filter_run(f, &s) == VERDICT_YES;
}
