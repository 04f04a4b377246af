/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/packet.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>

_Static_assert(sizeof(struct tunnel) == 48, "tunnels are compared and hashed byte by byte");

/* Appends at *at of out; stays terminated; the length never passes size - 1. */
static void append(char *out, size_t size, size_t *at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void append(char *out, size_t size, size_t *at, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (size == 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(out + *at, size - *at, fmt, ap);
	va_end(ap);
	if (n < 0)
		out[*at] = '\0';
	else if ((size_t)n >= size - *at)
		*at = size - 1;
	else
		*at += (size_t)n;
}

uint64_t vlan_push(uint64_t vlan, unsigned vid)
{
	vid &= 0xfff;
	if (vid == 0 || vlan >> 48)
		return vlan;
	return vlan << 16 | (vid + 1);
}

size_t vlan_format(char *out, size_t size, uint64_t vlan)
{
	size_t len = 0;

	append(out, size, &len, "%s", "");
	for (int shift = 48; shift >= 0; shift -= 16) {
		unsigned v = vlan >> shift & 0xffff;

		if (v)
			append(out, size, &len, "%s%u", len ? "." : "", v - 1);
	}
	return len;
}

enum rc vlan_parse(const char *text, uint64_t *out, struct err *err)
{
	const char *at = text;
	uint64_t vlan = 0;

	while (*at) {
		unsigned vid = 0;
		int digits = 0;

		while (*at >= '0' && *at <= '9' && digits++ < 4)
			vid = vid * 10 + (unsigned)(*at++ - '0');
		if (digits < 1 || vid < 1 || vid > 4095 || vlan >> 48)
			return err_set_at(err, RC_SYNTAX, text, (uint64_t)(at - text),
				"one to four VLAN ids from 1 to 4095 with dots between");
		vlan = vlan_push(vlan, vid);
		if (*at == '\0')
			break;
		if (*at != '.' || at[1] == '\0')
			return err_set_at(err, RC_SYNTAX, text, (uint64_t)(at - text),
				"one to four VLAN ids from 1 to 4095 with dots between");
		at++;
	}
	*out = vlan;
	return RC_DONE;
}

bool vlan_has(uint64_t vlan, unsigned vid)
{
	for (; vlan; vlan >>= 16)
		if ((vlan & 0xffff) == vid + 1)
			return true;
	return false;
}

static const struct {
	const char *name;
	bool has_id;
} tunnel_types[TUNNEL_TYPES] = {
	[TUNNEL_NONE] = { "", false },
	[TUNNEL_GRE] = { "gre", false },
	[TUNNEL_IPIP] = { "ipip", false },
	[TUNNEL_6IN4] = { "6in4", false },
	[TUNNEL_TEREDO] = { "teredo", false },
	[TUNNEL_VXLAN] = { "vxlan", true },
	[TUNNEL_GENEVE] = { "geneve", true },
	[TUNNEL_GTPU] = { "gtp-u", false },
	[TUNNEL_ERSPAN] = { "erspan", true },
	[TUNNEL_PPPOE] = { "pppoe", true },
};

const char *tunnel_type_name(enum tunnel_type type)
{
	return (unsigned)type < TUNNEL_TYPES ? tunnel_types[type].name : "unknown";
}

size_t tunnel_format(char *out, size_t size, const struct tunnel *t)
{
	char a[ADDR_TEXT], b[ADDR_TEXT];
	size_t len = 0;

	append(out, size, &len, "%s", "");
	if (t->type == TUNNEL_NONE)
		return len;
	append(out, size, &len, "%s", tunnel_type_name(t->type));
	if (t->type < TUNNEL_TYPES && tunnel_types[t->type].has_id)
		append(out, size, &len, ":%u", t->id);
	addr_format(a, sizeof(a), &t->a);
	addr_format(b, sizeof(b), &t->b);
	if (*a || *b)
		append(out, size, &len, " %s-%s", a, b);
	if (t->depth > 1)
		append(out, size, &len, "+%u", t->depth - 1u);
	return len;
}

void tunnel_push(struct tunnel *t, enum tunnel_type type, uint32_t id, const struct addr *src,
	const struct addr *dst)
{
	uint32_t outer_hash = t->depth ? (uint32_t)hash_bytes(t, sizeof(*t), 0) : 0;
	uint8_t depth = t->depth < UINT8_MAX ? (uint8_t)(t->depth + 1) : UINT8_MAX;
	bool in_order = addr_cmp(src, dst) <= 0;
	struct addr a = in_order ? *src : *dst;
	struct addr b = in_order ? *dst : *src;

	/* behind a switch or a pair of routers each direction may have other MAC addresses: the session is what is the same */
	if (type == TUNNEL_PPPOE)
		a = b = (struct addr){0};
	memset(t, 0, sizeof(*t));
	t->type = (uint8_t)type;
	t->depth = depth;
	t->id = id;
	t->outer_hash = outer_hash;
	t->a = a;
	t->b = b;
}

/* From the lowest bit: the customary order, "SYN,ACK". */
static const struct {
	const char *name;
	char letter;
} tcp_flag_names[] = {
	{ "FIN", 'F' }, { "SYN", 'S' }, { "RST", 'R' }, { "PSH", 'P' }, { "ACK", 'A' },
	{ "URG", 'U' }, { "ECE", 'E' }, { "CWR", 'C' }, { "NS", 'N' },
};

enum { TCP_FLAG_NAMES = sizeof(tcp_flag_names) / sizeof(tcp_flag_names[0]) };

size_t tcp_flags_format(char *out, size_t size, unsigned flags)
{
	size_t len = 0;

	append(out, size, &len, "%s", "");
	for (unsigned i = 0; i < TCP_FLAG_NAMES; i++)
		if (flags >> i & 1)
			append(out, size, &len, "%s%s", len ? "," : "", tcp_flag_names[i].name);
	return len;
}

size_t tcp_flags_format_short(char *out, size_t size, unsigned flags)
{
	size_t len = 0;

	append(out, size, &len, "%s", "");
	for (unsigned i = 0; i < TCP_FLAG_NAMES; i++)
		if (flags >> i & 1)
			append(out, size, &len, "%c", tcp_flag_names[i].letter);
	return len;
}
