/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter language: what it takes, what it refuses and where, what matches, what a key alone tells. */
#include "query/filter.h"

#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Rows that the tables below speak of. */
enum { WEB_C2S, WEB_S2C, DNS_C2S, DNS_S2C, ARP_C2S, PING_C2S, PACKETS };

struct world {
	struct flow_key web, dns, arp, ping;
	struct packet_row packets[PACKETS];
	struct record flows[4];
	struct point_info point;
};

static void world_make(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->web = row_key(PROTO_TCP, "10.0.0.5", 51514, "192.0.2.7", 443);
	w->web.vlan = vlan_push(vlan_push(0, 10), 20);
	w->web.point = 2;
	w->web.has_macs = true;
	memcpy(w->web.client_mac, "\x02\x00\x00\x00\x00\x01", 6);
	memcpy(w->web.server_mac, "\x02\x00\x00\x00\x00\x02", 6);
	w->dns = row_key(PROTO_UDP, "2001:db8::1", 40000, "2001:db8::53", 53);
	w->arp = row_key(PROTO_ARP, "02:00:00:00:00:09", 0, "ff:ff:ff:ff:ff:ff", 0);
	w->ping = row_key(PROTO_ICMP, "10.0.0.5", 0, "10.9.9.9", 0);
	w->packets[WEB_C2S] = row_packet(&w->web, DIR_C2S);
	w->packets[WEB_S2C] = row_packet(&w->web, DIR_S2C);
	w->packets[DNS_C2S] = row_packet(&w->dns, DIR_C2S);
	w->packets[DNS_S2C] = row_packet(&w->dns, DIR_S2C);
	w->packets[ARP_C2S] = row_packet(&w->arp, DIR_C2S);
	w->packets[PING_C2S] = row_packet(&w->ping, DIR_C2S);
	w->packets[WEB_C2S].pkt.flags |= PACKET_HAS_MACS;
	memcpy(w->packets[WEB_C2S].pkt.src_mac, "\x02\x00\x00\x00\x00\x01", 6);
	memcpy(w->packets[WEB_C2S].pkt.dst_mac, "\x02\x00\x00\x00\x00\x02", 6);
	w->flows[0] = row_record(TIER_FLOW, &w->web);
	w->flows[0].c.rtt_n = 1;
	w->flows[0].c.rtt_min = w->flows[0].c.rtt_max = w->flows[0].c.rtt_sum = 250000000;
	w->flows[0].c.known |= FIELD_BIT(FIELD_RTT_MIN) | FIELD_BIT(FIELD_RTT_MAX);
	w->flows[0].c.rst = 2;
	w->flows[0].c.tcp_flags = TCP_SYN | TCP_ACK | TCP_RST;
	w->flows[0].c.end_reason = END_RST;
	w->flows[0].c.known |= FIELD_BIT(FIELD_END_REASON) | FIELD_BIT(FIELD_TCP_FLAGS);
	w->flows[1] = row_record(TIER_FLOW, &w->dns);
	w->flows[1].c.bytes[0] = 60;
	w->flows[2] = row_record(TIER_FLOW, &w->arp);
	w->flows[3] = row_record(TIER_FLOW, &w->ping);
	snprintf(w->point.name, sizeof(w->point.name), "eth-lb");
	w->point.number = 2;
}

static struct row row_of(const struct world *w, enum tier tier, size_t i)
{
	struct row row = { .tier = tier,
		.flow_slice_ns = 300 * ROW_SECOND,
		.capture_end_ns = 5000 * ROW_SECOND };

	if (tier == TIER_PACKET)
		row.packet = &w->packets[i];
	else
		row.record = &w->flows[i];
	if ((tier == TIER_PACKET && i <= WEB_S2C) || (tier != TIER_PACKET && i == 0))
		row.point = &w->point;
	return row;
}

struct match_case {
	const char *filter, *packets, *flows;
}; /* '1' where the row matches; NULL: not for this tier */

/* packets: web >, web <, dns >, dns <, arp, ping; flows: web, dns, arp, ping */
static const struct match_case matches[] = {
	{ "", "111111", "1111" },
	{ " \t\n", "111111", "1111" },
	{ "tcp", "110000", "1000" },
	{ "udp or icmp", "001101", "0101" },
	{ "arp", "000010", "0010" },
	{ "ip", "110001", "1001" },
	{ "ip6", "001100", "0100" },
	{ "not ip", "001110", "0110" },
	{ "host 10.0.0.5", "110001", "1001" },
	{ "src host 10.0.0.5", "100001", "1001" },
	{ "dst host 10.0.0.5", "010000", "0000" },
	{ "src 10.0.0.5", "100001", "1001" },
	{ "src or dst host 10.0.0.5", "110001", "1001" },
	{ "src and dst net 10.0.0.0/8", "000001", "0001" },
	{ "dst or src port 443", "110000", "1000" },
	{ "client 10.0.0.5", "110001", "1001" },
	{ "server host 192.0.2.7", "110000", "1000" },
	{ "server port 53", "001100", "0100" },
	{ "client port 53", "000000", "0000" },
	{ "net 10.0.0.0/8", "110001", "1001" },
	{ "net 10", "110001", "1001" },
	{ "net 192.0.2", "110000", "1000" },
	{ "net 10.0.0.0 mask 255.255.0.0", "110001", "1001" },
	{ "dst net 10.9.0.0 mask 255.255.0.0", "000001", "0001" },
	{ "net 2001:db8::/32", "001100", "0100" },
	{ "port 443", "110000", "1000" },
	{ "port https", "110000", "1000" },
	{ "src port 443", "010000", "0000" },
	{ "dst port 443 or 53", "101000", "1100" },
	{ "port 80 or 443", "110000", "1000" },
	{ "port 80 or dns", "001100", "0100" },
	{ "port domain", "001100", "0100" },
	{ "portrange 50-60", "001100", "0100" },
	{ "port 440-450", "110000", "1000" },
	{ "udp port 443", "000000", "0000" },
	{ "tcp port 443", "110000", "1000" },
	{ "tcp src port 443", "010000", "0000" },
	{ "tcp host 10.0.0.5", "110000", "1000" },
	{ "ip host 10.0.0.5", "110001", "1001" },
	{ "ip proto 1", "000001", "0001" },
	{ "ip6 proto udp", "001100", "0100" },
	{ "ip6 proto tcp", "000000", "0000" },
	{ "proto \\tcp", "110000", "1000" },
	{ "proto 6 or 17", "111100", "1100" },
	{ "ether proto arp", "000010", "0010" },
	{ "ether proto 0x0806", "000010", "0010" },
	{ "ether proto \\ip", "110001", "1001" },
	{ "ether host 02:00:00:00:00:01", "100000", NULL },
	{ "ether src 02:00:00:00:00:02", "000000", NULL },
	{ "eth.addr == 02:00:00:00:00:01", "100000", "1000" },
	{ "host ff:ff:ff:ff:ff:ff", "000010", "0010" },
	{ "vlan", "110000", "1000" },
	{ "vlan 10", "110000", "1000" },
	{ "vlan 20", "110000", "1000" },
	{ "vlan 11", "000000", "0000" },
	{ "vlan == 10.20", "110000", "1000" },
	{ "vlan == 20.10", "000000", "0000" },
	{ "vlan != 11", "110000", "1000" },
	{ "not vlan 11", "111111", "1111" },
	{ "10.0.0.5", "110001", "1001" },
	{ "host 10.0.0.5 or 10.0.0.6", "110001", "1001" },
	{ "host 10.0.0.5 and 10.9.9.9", "000001", "0001" },
	{ "host 10.0.0.5 and not 10.9.9.9", "110000", "1000" },
	{ "host 10.9.9.9 or (2001:db8::53 and port 53)", "001101", "0101" },
	{ "not (host 10.0.0.5)", "001110", "0110" },
	{ "! tcp && ! udp", "000011", "0011" },
	{ "not not tcp", "110000", "1000" },
	/* the same precedence, from the left: (ping or web) and tcp */
	{ "icmp or tcp and port 443", "110000", "1000" },
	{ "icmp or (tcp and port 443)", "110001", "1001" },
	{ "client == 10.0.0.5", "110001", "1001" },
	{ "server in {192.0.2.0/24, 2001:db8::53}", "111100", "1100" },
	{ "server in {192.0.2.7 2001:db8::53}", "111100", "1100" },
	{ "server not in {192.0.2.0/24, 2001:db8::53}", "000011", "0011" },
	{ "host in {10.9.9.9}", "000001", "0001" },
	{ "port in {53, 80-90, 440..450}", "111100", "1100" },
	{ "server_port == 443", "110000", "1000" },
	{ "server_port >= 443", "110000", "1000" },
	{ "server_port < 443", "001100", "0100" },
	{ "server_port != 443", "001100", "0100" },
	{ "client != 10.0.0.5", "001110", "0110" },
	{ "client ~ \"0.0.5\"", "110001", "1001" },
	{ "proto == tcp", "110000", "1000" },
	{ "proto != tcp", "001111", "0111" },
	{ "proto in {tcp, arp}", "110010", "1010" },
	{ "proto ~ cm", "000001", "0001" },
	{ "ip.addr == 10.0.0.5", "110001", "1001" },
	{ "ip.addr != 10.0.0.5", "000000", "0000" },
	{ "!(ip.addr == 10.0.0.5)", "001110", "0110" },
	{ "ip.src == 10.0.0.5 && tcp.dstport == 443", "100000", "1000" },
	{ "ipv6.addr == 2001:db8::/64", "001100", "0100" },
	{ "tcp.port == 443 || udp.port eq 53", "111100", "1100" },
	{ "tcp.port == 53", "000000", "0000" },
	{ "udp.srcport==53", "000100", "0000" },
	{ "tcp.port in {80,443}", "110000", "1000" },
	{ "ip.proto == 1", "000001", "0001" },
	{ "ip.version == 6", "001100", "0100" },
	{ "vlan.id == 10", "110000", "1000" },
	{ "point == 2", "110000", "1000" },
	{ "point == eth-lb", "110000", "1000" },
	{ "point ~ LB", "110000", "1000" },
	{ "point in {i0, 1}", "001111", "0111" },
	{ "tcp_flags ~ syn", "110000", "1000" },
	{ "tcp_flags ~ \"syn,ack\"", "010000", "1000" },
	{ "tcp_flags == syn", "100000", "0000" },
	{ "tcp_flags == SA", "010000", "0000" },
	{ "tcp_flags & ack", "010000", "1000" },
	{ "tcp_flags & 0x12 == 0x12", "010000", "1000" },
	{ "tcp_flags & 16 == 0", "100000", "0000" },
	{ "tcp.flags.syn == 1 and tcp.flags.ack == 0", "100000", "0000" },
	{ "tcp.flags.ack", "010000", "1000" },
	{ "id == f1.4000", NULL, "1111" },
	{ "id == p1.5000", "111111", NULL },
	{ "id == f1.4001", "000000", "0000" },
	{ "len > 99 and caplen <= 96", "111111", NULL },
	{ "len > 0.1k", "000000", NULL },
	{ "frame.len == 100", "111111", NULL },
	{ "greater 100 and less 100", "111111", NULL },
	{ "ttl == 64", "111101", NULL },
	{ "time >= 1970-01-01T00:16:40Z", "111111", NULL },
	{ "time > 1970-01-01T00:16:40Z", "000000", NULL },
	{ "time < \"1970-01-01 00:16:40.000000001\"", "111111", NULL },
	{ "frame in {1..6, 8..9}", "000000", NULL },
	{ "frame in {1..7}", "111111", NULL },
	{ "window", "110000", NULL },
	{ "bytes > 1M", NULL, "1011" },
	{ "bytes > 1.5M", NULL, "1011" },
	{ "bytes >= 1500501", NULL, "0000" },
	{ "bytes <= 1Ki", NULL, "0100" },
	{ "rtt_avg >= 200ms", NULL, "1000" },
	{ "rtt_avg < 200ms", NULL, "0000" },
	{ "not rtt_avg < 200ms", NULL, "1111" },
	{ "rtt_avg != 200ms", NULL, "1000" },
	{ "rtt_avg == 0.25", NULL, "1000" },
	{ "rst", NULL, "1000" },
	{ "rst > 0 and syn == 0", NULL, "1000" },
	{ "not rst", NULL, "0111" },
	{ "end_reason == rst", NULL, "1000" },
	{ "end_reason in {rst, slice}", NULL, "1111" },
	{ "orientation_by == syn", NULL, "1111" },
	{ "duration == 3s", NULL, "1111" },
	{ "duration > 2999ms", NULL, "1111" },
	{ "size_avg > 300100.5", NULL, "0000" },
	{ "size_avg >= 300100", NULL, "1011" },
	{ "service == https", NULL, "1000" },
	{ "service ~ TTP", NULL, "1000" },
	{ "first >= 1000 and last <= 1003", NULL, "1111" },
	{ "vlan 10 and bytes > 1M and first >= 1970-01-01T00:16Z and first < 1970-01-01T00:17Z",
		NULL, "1000" },
	{ "tunnel ~ vxlan", "000000", "0000" },
};

static void check_tier(
	const struct match_case *c, enum tier tier, const char *want, const struct world *w)
{
	struct err err = { .rc = RC_DONE };
	struct filter *f;

	if (filter_compile(c->filter, tier, &f, &err) != RC_DONE)
		fail_msg("%s: refused at %llu: %s", c->filter, (unsigned long long)err.offset,
			err.why);
	for (size_t i = 0; want[i]; i++) {
		struct row row = row_of(w, tier, i);

		if (filter_match(f, &row) != (want[i] == '1'))
			fail_msg("%s: %s %zu does %smatch", c->filter, tier_singular(tier), i,
				want[i] == '1' ? "not " : "");
	}
	filter_free(f);
}

static void test_match(void **state)
{
	struct world w;

	(void)state;
	world_make(&w);
	for (size_t i = 0; i < COUNT(matches); i++) {
		if (matches[i].packets)
			check_tier(&matches[i], TIER_PACKET, matches[i].packets, &w);
		if (matches[i].flows)
			check_tier(&matches[i], TIER_FLOW, matches[i].flows, &w);
	}
}

struct refusal {
	enum tier tier;
	const char *filter;
	uint64_t column;
	const char *why;
};

static const struct refusal refusals[] = {
	{ TIER_FLOW, "bites > 3", 0, "no such field: bites (try bytes" },
	{ TIER_FLOW, "bytes > 3 and retrnas", 14, "no such field" },
	{ TIER_FLOW, "bytes >", 7, "a value expected at the end" },
	{ TIER_FLOW, "bytes > fast", 8, "a size, as 1500 or 1.5M, expected, not fast" },
	{ TIER_FLOW, "rtt_avg > 1x", 10, "a duration" },
	{ TIER_FLOW, "first > yesterday", 8, "a time" },
	{ TIER_FLOW, "host example.com", 5, "names are not looked up" },
	{ TIER_FLOW, "port 70000", 5, "a port" },
	{ TIER_FLOW, "port 20-10", 5, "a port" },
	{ TIER_FLOW, "(tcp", 4, "and, or or ) expected at the end" },
	{ TIER_FLOW, "tcp)", 3, "and, or or the end" },
	{ TIER_FLOW, "tcp udp", 4, "and, or or the end" },
	{ TIER_FLOW, "and tcp", 0, "a field, word or address" },
	{ TIER_FLOW, "tcp and", 7, "expected at the end" },
	{ TIER_FLOW, "not", 3, "expected at the end" },
	{ TIER_FLOW, "client > 10.0.0.1", 7, "==, !=, ~ or in expected" },
	{ TIER_FLOW, "server in {10.0.0.1", 19, "a further value or }" },
	{ TIER_FLOW, "server in {}", 11, "a value" },
	{ TIER_FLOW, "service ~ \"x", 10, "closing \"" },
	{ TIER_FLOW, "bytes > 3 ; drop", 10, "not ;" },
	{ TIER_FLOW, "end_reason == maybe", 14, "fin" },
	{ TIER_FLOW, "len > 3", 0, "no such field: len" },
	{ TIER_PACKET, "bytes > 3", 0, "no such field: bytes" },
	{ TIER_PACKET, "tcp[13] & 2 != 0", 3, "offset" },
	{ TIER_PACKET, "tcp_flags ~ ''", 12, "a text" },
	{ TIER_PACKET, "tcp_flags == foo", 13, "flags" },
	{ TIER_PACKET, "http", 0, "try port http" },
	{ TIER_PACKET, "net 10.0.0.0 mask 255.0.255.0", 18, "without holes" },
	{ TIER_PACKET, "ether host 10.0.0.1", 11, "a link address" },
	{ TIER_PACKET, "ip.addr == 2001:db8::1", 11, "an IPv4 address" },
	{ TIER_PACKET, "server == 10.0.0.1 or 10.0.0.2", 22, "FIELD in {A, B}" },
	{ TIER_PACKET, "vlan 5000", 5, "and, or or the end" },
	{ TIER_BLOCK, "host 10.0.0.1", 0, "no such field: host" },
	{ TIER_BLOCK, "tcp", 0, "no such field: tcp" },
	{ TIER_FLOW, "\x1b[2J", 0, "\\x1b" },
	{ TIER_FLOW, "size_sumsq > 3", 0, "no such field" },
};

static void test_refuse(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct err err = { .rc = RC_DONE };
		struct filter *f = NULL;
		enum rc rc = filter_compile(r->filter, r->tier, &f, &err);

		if (rc != RC_SYNTAX || f)
			fail_msg("%s: taken", r->filter);
		if (!err.has_offset || err.offset != r->column || !strstr(err.why, r->why))
			fail_msg("%s: column %llu: %s", r->filter,
				(unsigned long long)err.offset, err.why);
	}
}

/* ---- verdicts ------------------------------------------------------------------------------- */

static enum verdict verdict_of(const char *text, enum tier tier, const struct flow_key *key)
{
	struct filter *f;
	enum verdict v;

	assert_int_equal(filter_compile(text, tier, &f, NULL), RC_DONE);
	v = filter_verdict(f, key);
	filter_free(f);
	return v;
}

static void test_verdict(void **state)
{
	struct world w;

	(void)state;
	world_make(&w);
	assert_int_equal(verdict_of("", TIER_PACKET, &w.web), VERDICT_YES);
	assert_int_equal(verdict_of("tcp port 443", TIER_PACKET, &w.web), VERDICT_YES);
	assert_int_equal(verdict_of("udp", TIER_PACKET, &w.web), VERDICT_NO);
	assert_int_equal(verdict_of("src host 10.0.0.5", TIER_PACKET, &w.web), VERDICT_MAYBE);
	assert_int_equal(verdict_of("src host 10.0.0.5", TIER_FLOW, &w.web), VERDICT_YES);
	/* ends belong together: the server's port is not the client's */
	assert_int_equal(verdict_of("src host 10.0.0.5 and src port 443", TIER_PACKET, &w.web),
		VERDICT_NO);
	assert_int_equal(verdict_of("len > 100", TIER_PACKET, &w.web), VERDICT_MAYBE);
	assert_int_equal(verdict_of("len > 100 and udp", TIER_PACKET, &w.web), VERDICT_NO);
	assert_int_equal(verdict_of("len > 100 or tcp", TIER_PACKET, &w.web), VERDICT_YES);
	assert_int_equal(verdict_of("not (len > 100)", TIER_PACKET, &w.web), VERDICT_MAYBE);
	assert_int_equal(verdict_of("point == eth-lb", TIER_PACKET, &w.web), VERDICT_MAYBE);
	assert_int_equal(verdict_of("point == 2", TIER_PACKET, &w.web), VERDICT_YES);
	assert_int_equal(
		verdict_of("ether host 02:00:00:00:00:01", TIER_PACKET, &w.web), VERDICT_MAYBE);
}

/* ---- networks and times ----------------------------------------------------------------------- */

static void check_nets(const char *text, const char *want)
{
	char got[256] = "", one[ADDR_TEXT];
	struct filter *f;
	size_t n;

	assert_int_equal(filter_compile(text, TIER_FLOW, &f, NULL), RC_DONE);
	const struct addr_net *nets = filter_nets(f, &n);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(got);

		addr_format(one, sizeof(one), &nets[i].addr);
		snprintf(got + len, sizeof(got) - len, "%s%s/%u", i ? " " : "", one,
			nets[i].bits);
	}
	assert_string_equal(got, want);
	filter_free(f);
}

static void test_nets(void **state)
{
	(void)state;
	check_nets("", "");
	check_nets("tcp", "");
	check_nets("host 10.0.0.5", "10.0.0.5/32");
	check_nets("not host 10.0.0.5", "");
	check_nets("host 10.0.0.5 or tcp", "");
	check_nets("host 10.0.0.5 or net 192.0.2.0/24", "10.0.0.5/32 192.0.2.0/24");
	check_nets("net 10.0.0.0/8 and host 192.0.2.7 and port 80", "192.0.2.7/32");
	check_nets("tcp and (src 10.0.0.5 or dst 10.0.0.6) and bytes > 5",
		"10.0.0.5/32 10.0.0.6/32");
	check_nets("server in {10.0.0.1, 10.0.0.2}", "10.0.0.1/32 10.0.0.2/32");
	check_nets("server != 10.0.0.1", "");
	check_nets("ip.addr == 10.0.0.1 && tcp", "10.0.0.1/32");
}

static void check_nets_too(const char *text, const char *want)
{
	char got[ADDR_TEXT] = "";
	struct filter *f;
	size_t n;

	assert_int_equal(filter_compile(text, TIER_PACKET, &f, NULL), RC_DONE);
	const struct addr_net *nets = filter_nets_too(f, &n);
	assert_true(n <= 1);
	if (n)
		addr_format(got, sizeof(got), &nets[0].addr);
	assert_string_equal(got, want);
	filter_free(f);
}

static void test_nets_too(void **state)
{
	(void)state;
	check_nets_too("host 10.0.0.1", "");
	check_nets_too("host 10.0.0.1 and host 10.0.0.2 and net 10", "10.0.0.2");
	check_nets_too("net 10 and tcp and (host 10.0.0.2)", "10.0.0.0");
	check_nets_too("(host 10.0.0.1 and host 10.0.0.2) or host 10.0.0.3", "");
	check_nets_too("not host 10.0.0.1 and host 10.0.0.2", "");
}

static void check_times(const char *text, int64_t from_s, int64_t to_s)
{
	struct filter *f;
	int64_t from, to;

	assert_int_equal(filter_compile(text, TIER_FLOW, &f, NULL), RC_DONE);
	filter_times(f, &from, &to);
	assert_int_equal(from, from_s == INT64_MIN ? from_s : from_s * ROW_SECOND);
	assert_int_equal(to, to_s == INT64_MAX ? to_s : to_s * ROW_SECOND);
	filter_free(f);
}

static void test_times(void **state)
{
	(void)state;
	check_times("", INT64_MIN, INT64_MAX);
	check_times("first >= 100", 100, INT64_MAX);
	check_times("first >= 100 and last < 200", 100, 200);
	check_times("first >= 100 or last < 200", INT64_MIN, INT64_MAX);
	check_times("first >= 100 or first > 50", 50, INT64_MAX);
	check_times("not first >= 100", INT64_MIN, INT64_MAX);
	check_times("slice < 200", INT64_MIN, INT64_MAX);
}

/* Filters of conversations say the same of every packet of one; others are refused. */
static void test_conversations(void **state)
{
	static const char *const good[] = { "", "tcp", "udp or icmp", "host 10.0.0.5", "net 10 and not port 443", "ip6",
		"src and dst net 10.0.0.0/8", "src or dst port 53", "vlan 10", "point = 2", "port in {53, 80}",
		"ip.addr == 10.0.0.5 && tcp.port == 443", "proto = tcp" };
	static const char *const bad[] = { "src host 10.0.0.5", "dst port 443", "client 10.0.0.5", "server port 53",
		"len > 100", "tcp and retrans", "not src net 10", "ether src 02:00:00:00:00:01", "ttl < 5",
		"point ~ eth", "frame = 1" };
	struct world w;

	(void)state;
	world_make(&w);
	for (size_t i = 0; i < COUNT(good); i++) {
		struct filter *f;
		bool match[PACKETS];

		if (filter_compile_conversations(good[i], &f, NULL) != RC_DONE)
			fail_msg("'%s' was refused", good[i]);
		for (size_t p = 0; p < PACKETS; p++) {
			struct row row = row_of(&w, TIER_PACKET, p);

			match[p] = filter_match_conversation(f, &w.packets[p].pkt);
			if (match[p] != filter_match(f, &row))
				fail_msg("'%s' says two things of packet %zu", good[i], p);
		}
		if (match[WEB_C2S] != match[WEB_S2C] || match[DNS_C2S] != match[DNS_S2C])
			fail_msg("'%s' depends on the direction", good[i]);
		filter_free(f);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct filter *f = NULL;

		if (filter_compile_conversations(bad[i], &f, NULL) != RC_SYNTAX || f)
			fail_msg("'%s' was taken", bad[i]);
	}
}

/* What flows share with their microflows, and services with their flows. */
static void test_of_key(void **state)
{
	static const char *const flows[] = { "", "client 10.0.0.5", "server == 10.0.0.9 and server_port == 443", "client net 10.0.0.0/8",
		"tcp and not vlan 10", "point == 2", "host 10.0.0.5" };
	static const char *const services[] = { "", "server 10.0.0.9 and server_port == 443 and proto == tcp", "point == 2" };
	static const char *const not_services[] = { "client 10.0.0.5", "host 10.0.0.5", "port 443", "vlan 10", "bytes > 5" };

	(void)state;
	for (size_t i = 0; i < COUNT(flows); i++)
		if (!filter_is_of_key(flows[i], TIER_FLOW))
			fail_msg("'%s' looks at more than a flow's key", flows[i]);
	for (size_t i = 0; i < COUNT(services); i++)
		if (!filter_is_of_key(services[i], TIER_MACROFLOW))
			fail_msg("'%s' looks at more than a service", services[i]);
	for (size_t i = 0; i < COUNT(not_services); i++)
		if (filter_is_of_key(not_services[i], TIER_MACROFLOW))
			fail_msg("'%s' looks at no more than a service", not_services[i]);
	assert_false(filter_is_of_key("bytes > 1k and client 10.0.0.5", TIER_FLOW));
	assert_false(filter_is_of_key("app == http", TIER_FLOW));
	assert_false(filter_is_of_key("client ==", TIER_FLOW));
	/* packets do not know who the client is */
	assert_false(filter_is_of_key("port 443", TIER_PACKET));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_nets_too),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_of_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
