/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names that a filter may compare: fields of the table, ends of a row, and Wireshark's names for them. */
#include "query/filter_priv.h"

#include "base/text.h"
#include "flow/proto.h"

#include <stdio.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool filter_tier_has_ends(enum tier tier)
{
	return tier != TIER_BLOCK && tier != TIER_POINT;
}

/* Names that stand for the ends and the key of a row, on every tier that has them. */
static const struct end_name {
	const char *name;
	enum filter_what what;
	enum filter_side side;
	uint8_t family;
	uint32_t proto; /* 0: any */
	const char *help;
} end_names[] = {
	{ "host", WHAT_ADDR, SIDE_ANY, 0, 0, "either address" },
	{ "port", WHAT_PORT, SIDE_ANY, 0, 0, "either port" },
	{ "src", WHAT_ADDR, SIDE_SRC, 0, 0, "source address of a packet, else the client" },
	{ "dst", WHAT_ADDR, SIDE_DST, 0, 0,
		"destination address of a packet, else the server" },
	{ "client", WHAT_ADDR, SIDE_CLIENT, 0, 0, "address of who started the conversation" },
	{ "server", WHAT_ADDR, SIDE_SERVER, 0, 0, "address of who answered" },
	{ "src_port", WHAT_PORT, SIDE_SRC, 0, 0, "source port of a packet, else the client's" },
	{ "dst_port", WHAT_PORT, SIDE_DST, 0, 0,
		"destination port of a packet, else the server's" },
	{ "client_port", WHAT_PORT, SIDE_CLIENT, 0, 0, "port of who started the conversation" },
	{ "server_port", WHAT_PORT, SIDE_SERVER, 0, 0, "port of who answered" },
	{ "proto", WHAT_PROTO, SIDE_ANY, 0, 0, "protocol: tcp, arp, or a number" },
	{ "vlan", WHAT_VLAN, SIDE_ANY, 0, 0, "one of the VLAN tags" },
	{ "point", WHAT_POINT, SIDE_ANY, 0, 0, "capture point: its number or name" },
	{ "client_mac", WHAT_MAC, SIDE_CLIENT, 0, 0, "link address of the client" },
	{ "server_mac", WHAT_MAC, SIDE_SERVER, 0, 0, "link address of the server" },
	{ "ip.addr", WHAT_ADDR, SIDE_ANY, ADDR_IPV4, 0, "either IPv4 address" },
	{ "ip.host", WHAT_ADDR, SIDE_ANY, ADDR_IPV4, 0, "either IPv4 address" },
	{ "ip.src", WHAT_ADDR, SIDE_SRC, ADDR_IPV4, 0, "IPv4 source" },
	{ "ip.dst", WHAT_ADDR, SIDE_DST, ADDR_IPV4, 0, "IPv4 destination" },
	{ "ipv6.addr", WHAT_ADDR, SIDE_ANY, ADDR_IPV6, 0, "either IPv6 address" },
	{ "ipv6.host", WHAT_ADDR, SIDE_ANY, ADDR_IPV6, 0, "either IPv6 address" },
	{ "ipv6.src", WHAT_ADDR, SIDE_SRC, ADDR_IPV6, 0, "IPv6 source" },
	{ "ipv6.dst", WHAT_ADDR, SIDE_DST, ADDR_IPV6, 0, "IPv6 destination" },
	{ "ip.version", WHAT_FAMILY, SIDE_ANY, 0, 0, "4 or 6" },
	{ "ip.proto", WHAT_PROTO, SIDE_ANY, ADDR_IPV4, 0, "protocol over IPv4" },
	{ "ipv6.nxt", WHAT_PROTO, SIDE_ANY, ADDR_IPV6, 0, "protocol over IPv6" },
	{ "tcp.port", WHAT_PORT, SIDE_ANY, 0, PROTO_TCP, "either TCP port" },
	{ "tcp.srcport", WHAT_PORT, SIDE_SRC, 0, PROTO_TCP, "TCP source port" },
	{ "tcp.dstport", WHAT_PORT, SIDE_DST, 0, PROTO_TCP, "TCP destination port" },
	{ "udp.port", WHAT_PORT, SIDE_ANY, 0, PROTO_UDP, "either UDP port" },
	{ "udp.srcport", WHAT_PORT, SIDE_SRC, 0, PROTO_UDP, "UDP source port" },
	{ "udp.dstport", WHAT_PORT, SIDE_DST, 0, PROTO_UDP, "UDP destination port" },
	{ "sctp.port", WHAT_PORT, SIDE_ANY, 0, PROTO_SCTP, "either SCTP port" },
	{ "sctp.srcport", WHAT_PORT, SIDE_SRC, 0, PROTO_SCTP, "SCTP source port" },
	{ "sctp.dstport", WHAT_PORT, SIDE_DST, 0, PROTO_SCTP, "SCTP destination port" },
	{ "eth.addr", WHAT_MAC, SIDE_ANY, 0, 0, "either link address" },
	{ "eth.src", WHAT_MAC, SIDE_SRC, 0, 0, "link address of the source" },
	{ "eth.dst", WHAT_MAC, SIDE_DST, 0, 0, "link address of the destination" },
	{ "vlan.id", WHAT_VLAN, SIDE_ANY, 0, 0, "one of the VLAN tags" },
};

/* Wireshark's names of fields that the table has under ours; a flag is one bit of it. */
static const struct alias {
	const char *name, *field;
	uint64_t flag;
} aliases[] = {
	{ "frame.len", "len", 0 },
	{ "frame.cap_len", "caplen", 0 },
	{ "frame.number", "frame", 0 },
	{ "frame.time", "time", 0 },
	{ "frame.time_epoch", "time", 0 },
	{ "frame.interface_id", "point", 0 },
	{ "ip.ttl", "ttl", 0 },
	{ "ipv6.hlim", "ttl", 0 },
	{ "ip.dsfield.dscp", "dscp", 0 },
	{ "icmp.type", "icmp_type", 0 },
	{ "icmpv6.type", "icmp_type", 0 },
	{ "tcp.seq", "seq", 0 },
	{ "tcp.seq_raw", "seq", 0 },
	{ "tcp.ack", "ack", 0 },
	{ "tcp.ack_raw", "ack", 0 },
	{ "tcp.len", "payload_len", 0 },
	{ "tcp.window_size_value", "window", 0 },
	{ "tcp.flags", "tcp_flags", 0 },
	{ "tcp.flags.fin", "tcp_flags", TCP_FIN },
	{ "tcp.flags.syn", "tcp_flags", TCP_SYN },
	{ "tcp.flags.reset", "tcp_flags", TCP_RST },
	{ "tcp.flags.push", "tcp_flags", TCP_PSH },
	{ "tcp.flags.ack", "tcp_flags", TCP_ACK },
	{ "tcp.flags.urg", "tcp_flags", TCP_URG },
	{ "tcp.flags.ece", "tcp_flags", TCP_ECE },
	{ "tcp.flags.cwr", "tcp_flags", TCP_CWR },
	{ "tcp.flags.ae", "tcp_flags", TCP_NS },
	{ "tcp.flags.ns", "tcp_flags", TCP_NS },
	{ "tcp.analysis.retransmission", "retrans", 0 },
	{ "tcp.analysis.fast_retransmission", "fast_retrans", 0 },
	{ "tcp.analysis.spurious_retransmission", "spurious_retrans", 0 },
	{ "tcp.analysis.lost_segment", "lost_segment", 0 },
	{ "tcp.analysis.ack_lost_segment", "ack_lost_segment", 0 },
	{ "tcp.analysis.keep_alive", "keep_alive", 0 },
	{ "tcp.analysis.keep_alive_ack", "keep_alive_ack", 0 },
	{ "tcp.analysis.zero_window_probe", "zero_window_probe", 0 },
	{ "tcp.analysis.zero_window_probe_ack", "zero_window_probe_ack", 0 },
	{ "tcp.analysis.window_full", "window_full", 0 },
	{ "tcp.analysis.window_update", "window_update", 0 },
	{ "tcp.analysis.reused_ports", "port_reuse", 0 },
	{ "tcp.analysis.out_of_order", "out_of_order", 0 },
	{ "tcp.analysis.duplicate_ack", "dup_ack", 0 },
	{ "tcp.analysis.zero_window", "zero_window", 0 },
	{ "tcp.analysis.ack_rtt", "rtt", 0 },
	{ "communityid", "community_id", 0 },
};

static const struct end_name *end_find(const char *word)
{
	for (size_t i = 0; i < COUNT(end_names); i++)
		if (strcasecmp(end_names[i].name, word) == 0)
			return &end_names[i];
	return NULL;
}

static const struct field *visible_field(const char *word, enum tier tier)
{
	const struct field *f = field_find(word, tier);

	return f && !f->hidden ? f : NULL;
}

bool filter_name_find(const char *word, enum tier tier, struct filter_name *out)
{
	const struct end_name *end = filter_tier_has_ends(tier) ? end_find(word) : NULL;

	memset(out, 0, sizeof(*out));
	if (end) {
		out->what = end->what;
		out->side = end->side;
		out->family = end->family;
		out->has_proto = end->proto != 0;
		out->proto = end->proto;
		return true;
	}
	out->what = WHAT_FIELD;
	out->field = visible_field(word, tier);
	for (size_t i = 0; !out->field && i < COUNT(aliases); i++) {
		if (strcasecmp(aliases[i].name, word) != 0)
			continue;
		if (filter_tier_has_ends(tier) && strcmp(aliases[i].field, "point") == 0) {
			out->what = WHAT_POINT;
			return true;
		}
		out->field = visible_field(aliases[i].field, tier);
		out->flag = aliases[i].flag;
	}
	return out->field != NULL;
}

void filter_names(enum tier tier, filter_say say, void *ctx)
{
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);

		if (!f->hidden && (f->tiers & FIELD_ON(tier)))
			say(ctx, f->name, f->help);
	}
	for (size_t i = 0; filter_tier_has_ends(tier) && i < COUNT(end_names); i++)
		if (!visible_field(end_names[i].name, tier))
			say(ctx, end_names[i].name, end_names[i].help);
	for (size_t i = 0; i < COUNT(aliases); i++) {
		const struct field *f = visible_field(aliases[i].field, tier);

		if (f)
			say(ctx, aliases[i].name, f->help);
	}
}

bool filter_word_is_proto(const char *word, uint8_t *family, bool *has_proto, uint32_t *proto)
{
	static const struct {
		const char *word;
		uint8_t family;
	} families[] = { { "ip", ADDR_IPV4 }, { "ip4", ADDR_IPV4 }, { "ipv4", ADDR_IPV4 },
		{ "ip6", ADDR_IPV6 }, { "ipv6", ADDR_IPV6 } };
	char lower[32];
	size_t n = strlen(word);

	*family = 0;
	*has_proto = false;
	for (size_t i = 0; i < COUNT(families); i++)
		if (strcasecmp(families[i].word, word) == 0) {
			*family = families[i].family;
			return true;
		}
	/* numbers are values, not words */
	if (n >= sizeof(lower) ||
		(word[0] >= '0' && word[0] <= '9' && strcmp(word, "6in4") != 0))
		return false;
	for (size_t i = 0; i <= n; i++)
		lower[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
	if (strcmp(lower, "icmpv6") == 0)
		memcpy(lower, "icmp6", 6);
	*has_proto = proto_parse(lower, proto);
	return *has_proto;
}

/* ---- what somebody may have meant ----------------------------------------------------- */

enum { NEAR_LEN = 32, NEAR_WORDS = 3 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance of two short words (at most NEAR_LEN bytes each). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NEAR_LEN + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > NEAR_LEN || lb > NEAR_LEN)
		return UINT8_MAX;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = min3(row[j] + 1, row[j - 1] + 1, change);
		}
	}
	return row[lb];
}

/* 0 is best; UINT8_MAX: not near at all. */
static unsigned nearness(const char *word, const char *name)
{
	size_t n = strlen(word);
	unsigned d;

	if (n >= 2 && strncasecmp(word, name, n) == 0)
		return 0;
	if (n >= 3 && strcasestr(name, word))
		return 1;
	d = distance(word, name);
	return d <= 2 && d * 2 < n ? d : UINT8_MAX;
}

/* The nearest names so far, best first; of equal ones those that came first. */
struct near {
	const char *word;
	const char *names[NEAR_WORDS];
	unsigned how[NEAR_WORDS];
};

static void consider(void *ctx, const char *name, const char *help)
{
	struct near *near = ctx;
	unsigned how = nearness(near->word, name);

	(void)help;
	for (unsigned i = 0; how != UINT8_MAX && i < NEAR_WORDS; i++) {
		const char *moved = near->names[i];
		unsigned was = near->how[i];

		if (moved && was <= how)
			continue;
		near->names[i] = name;
		near->how[i] = how;
		if (!moved)
			return;
		name = moved;
		how = was;
	}
}

void filter_near(char *out, size_t size, const char *word, enum tier tier)
{
	struct near near = { .word = word };
	size_t len = 0;

	filter_names(tier, consider, &near);
	if (size)
		out[0] = '\0';
	for (unsigned i = 0; i < NEAR_WORDS && near.names[i]; i++) {
		int n = snprintf(out + len, size - len, "%s%s", i ? ", " : "", near.names[i]);

		if (n < 0 || (size_t)n >= size - len)
			return;
		len += (size_t)n;
	}
}
