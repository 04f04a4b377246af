/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows made by hand, for tests and the fuzzer of filters. */
#ifndef FLOWDRILL_TESTS_QUERY_ROWS_H
#define FLOWDRILL_TESTS_QUERY_ROWS_H

#include "flow/field.h"

#include <string.h>

#define ROW_SECOND INT64_C(1000000000)

static inline struct addr row_addr(const char *text)
{
	struct addr a = { .kind = ADDR_NONE };

	(void)addr_parse(text, &a, NULL);
	return a;
}

static inline struct flow_key row_key(uint32_t proto, const char *client, unsigned client_port,
	const char *server, unsigned server_port)
{
	struct flow_key k;

	memset(&k, 0, sizeof(k));
	k.proto = proto;
	k.client = row_addr(client);
	k.server = row_addr(server);
	k.client_port = (uint16_t)client_port;
	k.server_port = (uint16_t)server_port;
	k.has_ports = client_port || server_port;
	k.orientation = ORIENTATION_SYN;
	return k;
}

/* A packet of a flow; `dir` tells who sends it. */
static inline struct packet_row row_packet(const struct flow_key *k, enum direction dir)
{
	struct packet_row r;

	memset(&r, 0, sizeof(r));
	r.key = k;
	r.direction = dir;
	r.pkt.time_ns = 1000 * ROW_SECOND;
	r.pkt.len = 100;
	r.pkt.caplen = 96;
	r.pkt.point = k->point;
	r.pkt.proto = k->proto;
	r.pkt.vlan = k->vlan;
	r.pkt.tunnel = k->tunnel;
	r.pkt.src = dir == DIR_C2S ? k->client : k->server;
	r.pkt.dst = dir == DIR_C2S ? k->server : k->client;
	if (k->has_ports) {
		r.pkt.flags |= PACKET_HAS_PORTS;
		r.pkt.src_port = dir == DIR_C2S ? k->client_port : k->server_port;
		r.pkt.dst_port = dir == DIR_C2S ? k->server_port : k->client_port;
	}
	if (k->proto == PROTO_TCP) {
		r.pkt.flags |= PACKET_HAS_TCP;
		r.pkt.tcp_flags = TCP_SYN | (dir == DIR_S2C ? TCP_ACK : 0);
		r.pkt.tcp_window = 1024;
	}
	if (k->proto < PROTO_ETHER)
		r.pkt.flags |= PACKET_HAS_IP;
	r.pkt.ttl = 64;
	r.frame = 7;
	r.self = (struct record_id){ 1, 5000 };
	r.flow = r.microflow = (struct record_id){ 1, 4000 };
	return r;
}

static inline struct record row_record(enum tier tier, const struct flow_key *k)
{
	struct record r;

	record_init(&r, tier);
	r.id = (struct record_id){ 1, 4000 };
	r.key = *k;
	r.c.first_ns = 1000 * ROW_SECOND;
	r.c.last_ns = 1003 * ROW_SECOND;
	r.c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);
	r.c.flows = 1;
	r.c.packets[0] = 3;
	r.c.packets[1] = 2;
	r.c.bytes[0] = 1500000;
	r.c.bytes[1] = 500;
	record_key_known(&r);
	return r;
}

#endif
