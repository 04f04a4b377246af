/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any text as a filter, for every tier. What compiles is asked of rows: what a key alone says must agree with what its rows
 * say, matching rows must keep the networks and times that the filter tells, completion must stay inside the text.
 */
#include "query/filter.h"

#include "base/hash.h"
#include "../query/rows.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state;

static uint32_t below(uint32_t n)
{
	state = hash_mix(state + 0x9e3779b97f4a7c15ULL);
	return (uint32_t)(state % n);
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct addr some_addr(void)
{
	static const char *const texts[] = { "10.0.0.5", "10.0.0.6", "192.0.2.7", "2001:db8::1",
		"2001:db8::53", "02:00:00:00:00:01", "0.0.0.0", "::" };

	return row_addr(texts[below(sizeof(texts) / sizeof(texts[0]))]);
}

static struct flow_key some_key(void)
{
	static const uint32_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ARP,
		PROTO_SCTP, 0 };
	static const uint16_t ports[] = { 80, 443, 53, 0, 65535, 40000 };
	struct flow_key k;

	memset(&k, 0, sizeof(k));
	k.client = some_addr();
	k.server = some_addr();
	k.proto = protos[below(6)];
	k.has_ports = below(4) > 0;
	if (k.has_ports) {
		k.client_port = ports[below(6)];
		k.server_port = ports[below(6)];
	}
	k.vlan = below(2) ? 0 : vlan_push(vlan_push(0, below(3) * 10), below(3) * 10);
	k.point = below(3);
	k.orientation = (uint8_t)below(ORIENTATIONS);
	k.has_macs = below(2);
	k.client_mac[0] = 2;
	k.server_mac[5] = (uint8_t)below(3);
	if (below(4) == 0)
		tunnel_push(&k.tunnel, (enum tunnel_type)(1 + below(TUNNEL_TYPES - 1)),
			below(9), &k.client, &k.server);
	return k;
}

static struct packet_row some_packet(const struct flow_key *k)
{
	struct packet_row r = row_packet(k, below(2) ? DIR_C2S : DIR_S2C);

	r.pkt.time_ns = (int64_t)below(1 << 30) * 1000;
	r.pkt.len = below(3000);
	r.pkt.tcp_flags = (uint16_t)below(512);
	r.pkt.flags |= below(PACKET_TOO_DEEP) & ~(uint32_t)(PACKET_HAS_PORTS);
	r.pkt.ttl = (uint8_t)below(256);
	r.pkt.payload_len = below(1500);
	r.has_gap = below(2);
	r.gap_ns = (int64_t)below(UINT32_MAX) - INT32_MAX;
	r.frame = below(30);
	return r;
}

static struct record some_record(enum tier tier, const struct flow_key *k)
{
	struct record r = row_record(tier, k);

	r.c.first_ns = (int64_t)below(1 << 30) * 1000;
	r.c.last_ns = r.c.first_ns + below(UINT32_MAX);
	r.c.bytes[0] = below(1u << 31);
	r.c.known ^= (u128)below(UINT32_MAX) << FIELD_SYN;
	r.c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);
	r.c.tcp_flags = (uint16_t)below(512);
	r.c.end_reason = (uint8_t)below(END_REASONS);
	r.c.rtt_n = below(2);
	r.c.rtt_sum = below(1 << 30);
	r.c.rst = below(2);
	return r;
}

static bool in_nets(const struct addr_net *nets, size_t n, const struct flow_key *k)
{
	for (size_t i = 0; i < n; i++)
		if (addr_net_has(&nets[i], &k->client) || addr_net_has(&nets[i], &k->server))
			return true;
	return n == 0;
}

static void check_row(const struct filter *f, const struct row *row, const struct flow_key *k,
	int64_t first, int64_t last)
{
	bool match = filter_match(f, row);
	enum verdict verdict = filter_verdict(f, k);
	int64_t from, to;
	size_t n;
	const struct addr_net *nets;

	must(verdict != VERDICT_NO || !match);
	must(verdict != VERDICT_YES || match);
	if (!match)
		return;
	nets = filter_nets(f, &n);
	must(in_nets(nets, n, k));
	nets = filter_nets_too(f, &n);
	must(in_nets(nets, n, k));
	filter_times(f, &from, &to);
	must(last >= from && (first < to || to == INT64_MAX));
}

static void check_tier(const struct filter *f, enum tier tier)
{
	struct point_info point = { .number = 1, .name = "eth0" };
	struct block_info block = { .number = 1, .packets = 5, .file = "x" };
	struct row row = { .tier = tier,
		.point = below(2) ? &point : NULL,
		.flow_slice_ns = 300 * ROW_SECOND };

	for (int i = 0; i < 4; i++) {
		struct flow_key key = some_key();
		struct packet_row packet = some_packet(&key);
		struct record record;

		if (tier == TIER_PACKET) {
			row.packet = &packet;
			check_row(f, &row, &key, packet.pkt.time_ns, packet.pkt.time_ns);
		} else if (tier == TIER_MICROFLOW || tier == TIER_FLOW) {
			record = some_record(tier, &key);
			row.record = &record;
			check_row(f, &row, &key, record.c.first_ns, record.c.last_ns);
		} else {
			/* a group knows little of its key */
			record = some_record(TIER_MACROFLOW, &key);
			record.c.known &= ~(u128)below(1 << 11);
			row.record = tier == TIER_MACROFLOW ? &record : NULL;
			row.block = &block;
			row.point = &point;
			(void)filter_match(f, &row);
		}
	}
}

static void heard(void *ctx, const char *word, const char *help)
{
	must(word && help && *word);
	++*(size_t *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t said = 0;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	state = hash_bytes(data, size, 0);
	for (enum tier tier = 0; tier < TIERS; tier++) {
		struct err err = { .rc = RC_DONE };
		struct filter *f = NULL;
		size_t start = strlen(text);
		enum rc rc = filter_compile(text, tier, &f, &err);

		must(rc == RC_DONE ||
			(rc == RC_SYNTAX && !f && err.has_offset &&
				err.offset <= strlen(text)));
		if (rc == RC_DONE && f)
			check_tier(f, tier);
		filter_free(f);
		filter_complete(text, tier, &start, heard, &said);
		must(start <= strlen(text));
	}
	free(text);
	return 0;
}
