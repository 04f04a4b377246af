/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values in a filter: what is written behind an operator, read as what the field needs. */
#include "query/filter_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/proto.h"

#include <strings.h>

enum rc filter_add_operand(struct filter *f, struct filter_test *test,
	const struct filter_operand *o, struct err *err)
{
	if (mem_grow(&f->operands, &f->cap_operands, f->n_operands + 1, sizeof(*f->operands)) !=
		0)
		return err_memory(err);
	if (test->n == 0)
		test->first = (uint32_t)f->n_operands;
	f->operands[f->n_operands++] = *o;
	test->n++;
	return RC_DONE;
}

static enum rc add_range(struct filter *f, struct filter_test *test, long double low,
	long double high, struct err *err)
{
	struct filter_operand o = { .kind = OPERAND_RANGE, .range = { low, high } };

	return filter_add_operand(f, test, &o, err);
}

static enum rc add_text(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	size_t n = strlen(text);
	struct filter_operand o = { .kind = OPERAND_TEXT,
		.text = { (uint32_t)f->n_pool, (uint32_t)n } };

	if (mem_grow(&f->pool, &f->cap_pool, f->n_pool + n + 1, 1) != 0)
		return err_memory(err);
	memcpy(f->pool + f->n_pool, text, n + 1);
	f->n_pool += n + 1;
	return filter_add_operand(f, test, &o, err);
}

static enum rc expected(struct err *err, const char *value, const char *what)
{
	char shown[64];

	text_escape_to(shown, sizeof(shown), value, strlen(value));
	return err_set(
		err, RC_SYNTAX, "filter", "%s expected, not %s", what, *shown ? shown : "\"\"");
}

/* ---- single kinds --------------------------------------------------------------------- */

/* One to four numbers with dots, the rest of the address zero: tcpdump's short form of a network. */
static bool parse_short_net(const char *text, struct addr_net *out)
{
	unsigned parts = 0;

	memset(out, 0, sizeof(*out));
	out->addr.kind = ADDR_IPV4;
	do {
		unsigned v = 0, digits = 0;

		while (*text >= '0' && *text <= '9' && digits < 3) {
			v = v * 10 + (unsigned)(*text++ - '0');
			digits++;
		}
		if (digits == 0 || v > 255 || parts == 4)
			return false;
		out->addr.bytes[parts++] = (uint8_t)v;
	} while (*text == '.' && text++);
	out->bits = parts * 8;
	return *text == '\0';
}

bool filter_parse_net(const char *text, struct addr_net *out)
{
	return addr_net_parse(text, out, NULL) == RC_DONE || parse_short_net(text, out);
}

/* Names that other tools (and /etc/services) have for ports; ours come first. */
static const struct {
	const char *name;
	uint16_t port;
} other_services[] = {
	{ "auth", 113 },
	{ "bootpc", 68 },
	{ "bootps", 67 },
	{ "domain", 53 },
	{ "domain-s", 853 },
	{ "epmap", 135 },
	{ "exec", 512 },
	{ "http-alt", 8080 },
	{ "imap2", 143 },
	{ "ipsec-nat-t", 4500 },
	{ "isakmp", 500 },
	{ "loc-srv", 135 },
	{ "login", 513 },
	{ "microsoft-ds", 445 },
	{ "ms-sql-s", 1433 },
	{ "ms-wbt-server", 3389 },
	{ "nntps", 563 },
	{ "postgres", 5432 },
	{ "printer", 515 },
	{ "router", 520 },
	{ "shell", 514 },
	{ "sip-tls", 5061 },
	{ "sunrpc", 111 },
	{ "webcache", 8080 },
	{ "www", 80 },
	{ "xmpp-client", 5222 },
};

static bool find_service(const char *name, uint16_t *port)
{
	if (service_port(name, port))
		return true;
	for (size_t i = 0; i < sizeof(other_services) / sizeof(other_services[0]); i++)
		if (strcmp(other_services[i].name, name) == 0) {
			*port = other_services[i].port;
			return true;
		}
	return false;
}

static bool parse_port(const char *text, long double *out)
{
	uint64_t number;
	uint16_t port;

	if (text_parse_u64(text, &number)) {
		*out = (long double)number;
		return number <= 65535;
	}
	if (!find_service(text, &port))
		return false;
	*out = port;
	return true;
}

/* Splits "A..B" or "A-B" at the sign; false where there is none. */
static bool split_range(const char *text, const char *sign, char *low, char *high, size_t size)
{
	const char *at = *text ? strstr(text + 1, sign) : NULL;
	size_t n = strlen(sign);

	if (!at || (size_t)(at - text) >= size || strlen(at + n) >= size || !at[n])
		return false;
	memcpy(low, text, (size_t)(at - text));
	low[at - text] = '\0';
	memcpy(high, at + n, strlen(at + n) + 1);
	return true;
}

bool filter_parse_ports(const char *text, struct filter_operand *out)
{
	char low[FILTER_WORD_MAX], high[FILTER_WORD_MAX];

	out->kind = OPERAND_RANGE;
	if (parse_port(text, &out->range.low)) {
		out->range.high = out->range.low;
		return true;
	}
	return (split_range(text, "..", low, high, sizeof(low)) ||
		       split_range(text, "-", low, high, sizeof(low))) &&
		parse_port(low, &out->range.low) && parse_port(high, &out->range.high) &&
		out->range.low <= out->range.high;
}

static const struct {
	const char *name;
	char letter;
	unsigned bit;
} flag_names[] = {
	{ "fin", 'F', TCP_FIN },
	{ "syn", 'S', TCP_SYN },
	{ "rst", 'R', TCP_RST },
	{ "psh", 'P', TCP_PSH },
	{ "ack", 'A', TCP_ACK },
	{ "urg", 'U', TCP_URG },
	{ "ece", 'E', TCP_ECE },
	{ "cwr", 'C', TCP_CWR },
	{ "ns", 'N', TCP_NS },
	{ "reset", 'R', TCP_RST },
	{ "push", 'P', TCP_PSH },
};

static unsigned flag_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (strlen(flag_names[i].name) == len &&
			strncasecmp(flag_names[i].name, text, len) == 0)
			return flag_names[i].bit;
	return 0;
}

/* Letters as in a list's column: "SA". */
static bool parse_letters(const char *text, uint64_t *out)
{
	uint64_t flags = 0;

	for (; *text; text++) {
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
			if (flag_names[i].letter == *text)
				bit = flag_names[i].bit;
		if (!bit)
			return false;
		flags |= bit;
	}
	*out = flags;
	return flags != 0;
}

bool filter_parse_flags(const char *text, uint64_t *out)
{
	const char *at = text;
	uint64_t flags = 0;

	if (text_parse_u64(text, out))
		return true;
	for (;;) {
		size_t n;
		unsigned bit;

		if (strncasecmp(at, "tcp-", 4) == 0)
			at += 4;
		n = strcspn(at, ",+|/ ");
		bit = flag_of(at, n);
		if (!bit)
			return parse_letters(text, out);
		flags |= bit;
		at += n;
		if (!*at)
			break;
		at++;
	}
	*out = flags;
	return true;
}

/* ---- numbers ---------------------------------------------------------------------------- */

/* Digits with decimals and an optional sign, whole; for what text_parse_size() has no room for. */
static bool parse_decimal(const char *text, long double *out)
{
	bool negative = *text == '-';
	long double v = 0, unit = 1;
	const char *at = text + negative;
	bool digits = false;

	for (; *at >= '0' && *at <= '9'; at++, digits = true)
		v = v * 10 + (*at - '0');
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++, digits = true) {
			unit /= 10;
			v += unit * (*at - '0');
		}
	*out = negative ? -v : v;
	return digits && *at == '\0';
}

static bool parse_number(const char *text, long double *out)
{
	uint64_t v;

	if (text_parse_u64(text, &v) || text_parse_size(text, &v, NULL) == RC_DONE) {
		*out = (long double)v;
		return true;
	}
	return parse_decimal(text, out);
}

static bool parse_time(const char *text, long double *out)
{
	int64_t v;

	if (text_parse_time(text, &v, NULL) != RC_DONE)
		return false;
	*out = (long double)v;
	return true;
}

static bool parse_duration(const char *text, long double *out)
{
	int64_t v;

	if (text_parse_duration(text, &v, NULL) != RC_DONE)
		return false;
	*out = (long double)v;
	return true;
}

static bool parse_bool(const char *text, long double *out)
{
	static const struct {
		const char *word;
		int value;
	} words[] = { { "0", 0 }, { "1", 1 }, { "false", 0 }, { "true", 1 }, { "no", 0 },
		{ "yes", 1 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i].word, text) == 0) {
			*out = words[i].value;
			return true;
		}
	return false;
}

typedef bool (*parse_one)(const char *text, long double *out);

static parse_one parser_of(enum field_unit unit, const char **what)
{
	switch (unit) {
	case UNIT_TIME:
		*what = "a time, as 2024-01-05T14:17:35Z or seconds since 1970,";
		return parse_time;
	case UNIT_DURATION: *what = "a duration, as 200ms or 1h30m,"; return parse_duration;
	case UNIT_BOOL: *what = "0 or 1"; return parse_bool;
	case UNIT_PORT: *what = "a port or the name of a service"; return parse_port;
	case UNIT_BYTES: *what = "a size, as 1500 or 1.5M,"; return parse_number;
	default: *what = "a number"; return parse_number;
	}
}

static enum rc number_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	char low[FILTER_WORD_MAX], high[FILTER_WORD_MAX];
	const char *what;
	parse_one parse = parser_of(test->field->unit, &what);
	long double a, b;

	if (parse(text, &a))
		return add_range(f, test, a, a, err);
	if (test->op <= OP_NE && split_range(text, "..", low, high, sizeof(low)) &&
		parse(low, &a) && parse(high, &b) && a <= b)
		return add_range(f, test, a, b, err);
	return expected(err, text, what);
}

/* Appends ", name" where there is room and the list has it not yet. */
static void list_name(char *list, size_t size, const char *name)
{
	size_t len = strlen(list), n = strlen(name);

	if (len + n + 3 > size || strstr(list, name))
		return;
	if (len) {
		memcpy(list + len, ", ", 2);
		len += 2;
	}
	memcpy(list + len, name, n + 1);
}

/* The names of an enumeration are those that a list shows; "?" is none. */
static enum rc enum_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	char known[160] = "", name[64];
	uint64_t number;

	for (uint64_t v = 0; v < 32; v++) {
		struct value value = { .type = TYPE_U64, .u = v };

		value_format(name, sizeof(name), test->field, &value, STYLE_MACHINE);
		if (!*name || strcmp(name, "?") == 0)
			continue;
		if (strcasecmp(name, text) == 0)
			return add_range(f, test, (long double)v, (long double)v, err);
		list_name(known, sizeof(known), name);
	}
	if (text_parse_u64(text, &number))
		return add_range(f, test, (long double)number, (long double)number, err);
	return expected(err, text, known);
}

static enum rc flags_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	uint64_t v;

	if (!filter_parse_flags(text, &v))
		return expected(err, text, "flags, as syn or syn,ack,");
	return add_range(f, test, (long double)v, (long double)v, err);
}

/* ---- by what is compared -------------------------------------------------------------- */

static enum rc net_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	struct filter_operand o = { .kind = OPERAND_NET };

	if (addr_net_parse(text, &o.net, NULL) != RC_DONE)
		return expected(err, text, "an address or network (names are not looked up)");
	if (test->family && o.net.addr.kind != test->family)
		return expected(err, text,
			test->family == ADDR_IPV4 ? "an IPv4 address" : "an IPv6 address");
	return filter_add_operand(f, test, &o, err);
}

static enum rc mac_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	struct filter_operand o = { .kind = OPERAND_NET };

	if (addr_net_parse(text, &o.net, NULL) != RC_DONE || o.net.addr.kind != ADDR_LINK)
		return expected(err, text, "a link address, as 00:00:5e:00:53:01,");
	return filter_add_operand(f, test, &o, err);
}

static enum rc port_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	struct filter_operand o;

	if (!filter_parse_ports(text, &o))
		return expected(err, text, "a port, a range of ports or the name of a service");
	return filter_add_operand(f, test, &o, err);
}

static enum rc proto_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	uint8_t family;
	bool has;
	uint32_t proto;

	if (!(filter_word_is_proto(text, &family, &has, &proto) && has) &&
		!proto_parse(text, &proto))
		return expected(err, text, "a protocol, as tcp or 47,");
	return add_range(f, test, proto, proto, err);
}

static enum rc vlan_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	struct filter_operand o = { .kind = OPERAND_VLAN };

	if (vlan_parse(text, &o.vlan, NULL) != RC_DONE || o.vlan == 0)
		return expected(err, text, "a VLAN from 1 to 4095");
	return filter_add_operand(f, test, &o, err);
}

static enum rc family_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	if (strcmp(text, "4") != 0 && strcmp(text, "6") != 0)
		return expected(err, text, "4 or 6");
	return add_range(f, test, *text - '0', *text - '0', err);
}

/* A point's number, as "3" or "i3", or its name. */
static enum rc point_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	uint64_t v;

	if (text_parse_u64(text + (*text == 'i'), &v))
		return add_range(f, test, (long double)v, (long double)v, err);
	return add_text(f, test, text, err);
}

static enum rc field_value(
	struct filter *f, struct filter_test *test, const char *text, struct err *err)
{
	struct filter_operand o = { .kind = OPERAND_ID };

	switch (test->field->type) {
	case TYPE_TEXT:
	case TYPE_TUNNEL: return add_text(f, test, text, err);
	case TYPE_ID:
		if (!id_parse(text, &o.id))
			return expected(err, text, "an id, as f7.123456,");
		return filter_add_operand(f, test, &o, err);
	case TYPE_ADDR: return net_value(f, test, text, err);
	case TYPE_MAC: return mac_value(f, test, text, err);
	default: break;
	}
	switch (test->field->unit) {
	case UNIT_ENUM: return enum_value(f, test, text, err);
	case UNIT_TCP_FLAGS: return flags_value(f, test, text, err);
	case UNIT_PROTO: return proto_value(f, test, text, err);
	case UNIT_VLAN: return vlan_value(f, test, text, err);
	default: return number_value(f, test, text, err);
	}
}

enum rc filter_value(struct filter *f, struct filter_test *test,
	const struct filter_token *value, struct err *err)
{
	typedef enum rc (*parse_what)(
		struct filter *, struct filter_test *, const char *, struct err *);
	static const parse_what by_what[] = {
		[WHAT_ADDR] = net_value,
		[WHAT_PORT] = port_value,
		[WHAT_PROTO] = proto_value,
		[WHAT_FAMILY] = family_value,
		[WHAT_VLAN] = vlan_value,
		[WHAT_MAC] = mac_value,
		[WHAT_POINT] = point_value,
		[WHAT_FIELD] = field_value,
	};

	/* ~ looks at the text of a value, whatever its type; flags are told by their names */
	if (test->op == OP_HAS || test->op == OP_HAS_NOT) {
		uint64_t flags;

		if (test->what == WHAT_FIELD && test->field->unit == UNIT_TCP_FLAGS &&
			filter_parse_flags(value->text, &flags))
			return add_range(f, test, (long double)flags, (long double)flags, err);
		if (value->text[0] == '\0')
			return expected(err, value->text, "a text");
		return add_text(f, test, value->text, err);
	}
	return by_what[test->what](f, test, value->text, err);
}
