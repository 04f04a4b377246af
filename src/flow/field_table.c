/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/derived.h"
#include "base/hash.h"
#include "flow/field.h"
#include "flow/health.h"

#include <string.h>

#define FLOWS (FIELD_ON(TIER_MICROFLOW) | FIELD_ON(TIER_FLOW) | FIELD_ON(TIER_MACROFLOW))
#define PACKETS FIELD_ON(TIER_PACKET)
#define BLOCKS FIELD_ON(TIER_BLOCK)
#define POINTS FIELD_ON(TIER_POINT)
#define EVERY (FLOWS | PACKETS | BLOCKS | POINTS)
#define SPANS (BLOCKS | POINTS)

/* A stored field of the key and one of the counters. */
#define KEY(i, n, t, ty, un, member, w, ipf, h) \
	{.id = (i), .name = (n), .title = (t), .type = (ty), .unit = (un), .merge = MERGE_SAME, .tiers = FLOWS, \
	 .offset = offsetof(struct record, key.member), .width_cells = (w), .ipfix = (ipf), .help = (h)}
#define COUNT(i, n, t, ty, un, m, member, w, ipf, h) \
	{.id = (i), .name = (n), .title = (t), .type = (ty), .unit = (un), .merge = (m), .tiers = FLOWS, \
	 .offset = offsetof(struct record, c.member), .width_cells = (w), .ipfix = (ipf), .help = (h)}
#define HIDDEN(i, n, ty, un, member, h) \
	{.id = (i), .name = (n), .title = (n), .type = (ty), .unit = (un), .merge = MERGE_SUM, .tiers = FLOWS, \
	 .hidden = true, .offset = offsetof(struct record, c.member), .width_cells = 12, .help = (h)}
#define DERIVED(i, n, t, ty, un, on, g, w, h) \
	{.id = FIELD_DERIVED + (i), .name = (n), .title = (t), .type = (ty), .unit = (un), .tiers = (on), \
	 .get = (g), .width_cells = (w), .help = (h)}

static const char *name_end_reason(uint64_t v)
{
	return end_reason_name((enum end_reason)v);
}

static const char *name_orientation(uint64_t v)
{
	return orientation_name((enum orientation)v);
}

static const char *name_closed_by(uint64_t v)
{
	return closed_by_name((enum closed_by)v);
}

static const char *name_tls_version(uint64_t v)
{
	switch (v) {
	case 0x0300: return "ssl3";
	case 0x0301: return "1.0";
	case 0x0302: return "1.1";
	case 0x0303: return "1.2";
	case 0x0304: return "1.3";
	case 0xfeff: return "dtls1.0";
	case 0xfefd: return "dtls1.2";
	case 0xfefc: return "dtls1.3";
	default: return "other";
	}
}

static const char *name_health(uint64_t v)
{
	return health_name((enum health)v);
}

static const char *name_block_state(uint64_t v)
{
	return block_state_name((enum block_state)v);
}

/* Columns appear, where somebody asks for all of them, in this order. */
static const struct field fields[] = {
	DERIVED(0, "id", "id", TYPE_ID, UNIT_NONE, EVERY, derive_id, 14,
		"identity: the tier's letter, then block and offset of the first packet"),
	DERIVED(20, "frame", "no.", TYPE_U64, UNIT_NONE, PACKETS, derive_packet_frame, 8,
		"number of the packet in its source, from 1"),
	DERIVED(21, "file_offset", "offset", TYPE_U64, UNIT_NONE, PACKETS, derive_packet_file_offset, 12,
		"where the packet's record begins in its file"),
	DERIVED(22, "time", "time", TYPE_I64, UNIT_TIME, PACKETS, derive_packet_time, 15,
		"when the packet was captured"),
	DERIVED(23, "gap", "gap", TYPE_I64, UNIT_DURATION, PACKETS, derive_packet_gap, 9,
		"time since the packet before in its flow"),
	DERIVED(1, "slice", "window", TYPE_I64, UNIT_TIME, FLOWS, derive_slice, 8,
		"start of the slice or window"),
	{.id = FIELD_POINT, .name = "point", .title = "where", .type = TYPE_U32, .unit = UNIT_POINT,
	 .merge = MERGE_SAME, .tiers = FLOWS, .offset = offsetof(struct record, key.point),
	 .get = derive_point, .width_cells = 8, .ipfix = 138,
	 .help = "capture point: number within the source"},
	DERIVED(24, "point", "where", TYPE_U64, UNIT_POINT, PACKETS, derive_point, 8,
		"capture point: number within the source"),
	COUNT(FIELD_FIRST, "first", "first", TYPE_I64, UNIT_TIME, MERGE_MIN, first_ns, 15, 156,
		"time of the earliest packet"),
	COUNT(FIELD_LAST, "last", "last", TYPE_I64, UNIT_TIME, MERGE_MAX, last_ns, 15, 157,
		"time of the latest packet"),
	DERIVED(2, "duration", "duration", TYPE_I64, UNIT_DURATION, FLOWS, derive_duration, 9,
		"time between earliest and latest packet"),
	DERIVED(3, "service", "service", TYPE_TEXT, UNIT_NONE, FLOWS, derive_service, 12,
		"usual name of the server's port, or the protocol; 'dynamic' where no port tells"),
	KEY(FIELD_CLIENT, "client", "client", TYPE_ADDR, UNIT_NONE, client, 16, 0,
		"address of who began; the link layer's for frames without IP"),
	DERIVED(170, "client_name", "client name", TYPE_TEXT, UNIT_NONE, FLOWS, derive_client_name, 24,
		"name that the client's address was seen to have at that time: in name records of the capture, DNS, multicast DNS, "
		"DHCP, or asked for by TLS clients"),
	KEY(FIELD_CLIENT_PORT, "client_port", "cport", TYPE_U16, UNIT_PORT, client_port, 6, 0,
		"port of the client"),
	KEY(FIELD_SERVER, "server", "server", TYPE_ADDR, UNIT_NONE, server, 16, 0,
		"address of who answered"),
	DERIVED(171, "server_name", "server name", TYPE_TEXT, UNIT_NONE, FLOWS, derive_server_name, 24,
		"name that the server's address was seen to have at that time; 'name' is what the client asked for"),
	KEY(FIELD_SERVER_PORT, "server_port", "port", TYPE_U16, UNIT_PORT, server_port, 6, 0,
		"port of the server; 0 in a macroflow is 'dynamic'"),
	DERIVED(180, "client_net", "client net", TYPE_TEXT, UNIT_NONE, FLOWS, derive_client_net, 18,
		"network of the client: the first 24 bits of its IPv4 address, 64 of IPv6"),
	DERIVED(181, "server_net", "server net", TYPE_TEXT, UNIT_NONE, FLOWS, derive_server_net, 18,
		"network of the server: the first 24 bits of its IPv4 address, 64 of IPv6"),
	DERIVED(25, "src", "source", TYPE_ADDR, UNIT_NONE, PACKETS, derive_packet_src, 16,
		"sender, of the innermost IP header"),
	DERIVED(172, "src_name", "source name", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_src_name, 24,
		"name that the sender's address was seen to have at that time"),
	DERIVED(26, "src_port", "sport", TYPE_U64, UNIT_PORT, PACKETS, derive_packet_src_port, 6,
		"sender's port"),
	DERIVED(27, "dst", "destination", TYPE_ADDR, UNIT_NONE, PACKETS, derive_packet_dst, 16,
		"receiver, of the innermost IP header"),
	DERIVED(173, "dst_name", "destination name", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_dst_name, 24,
		"name that the receiver's address was seen to have at that time"),
	DERIVED(28, "dst_port", "dport", TYPE_U64, UNIT_PORT, PACKETS, derive_packet_dst_port, 6,
		"receiver's port"),
	KEY(FIELD_PROTO, "proto", "proto", TYPE_U32, UNIT_PROTO, proto, 6, 4,
		"innermost protocol"),
	DERIVED(29, "proto", "proto", TYPE_U64, UNIT_PROTO, PACKETS, derive_packet_proto, 6,
		"innermost protocol"),
	KEY(FIELD_VLAN, "vlan", "vlan", TYPE_U64, UNIT_VLAN, vlan, 6, 58,
		"VLAN ids, outermost first, joined by dots"),
	DERIVED(30, "vlan", "vlan", TYPE_U64, UNIT_VLAN, PACKETS, derive_packet_vlan, 6,
		"VLAN ids, outermost first, joined by dots"),
	KEY(FIELD_TUNNEL, "tunnel", "tunnel", TYPE_TUNNEL, UNIT_NONE, tunnel, 24, 0,
		"innermost tunnel with its id and endpoints"),
	DERIVED(31, "tunnel", "tunnel", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_tunnel, 24,
		"innermost tunnel with its id and endpoints"),
	KEY(FIELD_CLIENT_MAC, "client_mac", "client mac", TYPE_MAC, UNIT_NONE, client_mac, 17, 56,
		"client's link-layer address in the flow's first packet"),
	KEY(FIELD_SERVER_MAC, "server_mac", "server mac", TYPE_MAC, UNIT_NONE, server_mac, 17, 80,
		"server's link-layer address in the flow's first packet"),
	{.id = FIELD_DERIVED + 140, .name = "health", .title = "health", .type = TYPE_U64, .unit = UNIT_ENUM,
	 .tiers = FLOWS, .get = derive_health, .name_of = name_health, .width_cells = 8,
	 .help = "normal, degraded or faulty, by the thresholds of flowdrill-health(5)"},
	DERIVED(141, "why", "why", TYPE_TEXT, UNIT_NONE, FLOWS, derive_why, 24,
		"what makes it degraded or faulty: events of so many, the worst first"),
	DERIVED(4, "clients", "clients", TYPE_U64, UNIT_COUNT, FLOWS, derive_clients, 8,
		"distinct client addresses; ~ where estimated (macroflows and groups)"),
	{.id = FIELD_APP, .name = "app", .title = "app", .type = TYPE_TEXT, .merge = MERGE_SAME, .tiers = FLOWS,
	 .offset = offsetof(struct record, c.text[TEXT_APP]), .get = derive_app, .width_cells = 12, .ipfix = 96,
	 .help = "application, as its content tells; several where flows differ; with ? behind it a guess by the port"},
	COUNT(FIELD_NAME, "name", "name", TYPE_TEXT, UNIT_NONE, MERGE_SAME, text[TEXT_NAME], 24, 460,
		"whom the client asks for: host of HTTP, server name of TLS, question of DNS"),
	COUNT(FIELD_URL, "url", "url", TYPE_TEXT, UNIT_NONE, MERGE_SAME, text[TEXT_URL], 32, 461,
		"target of HTTP requests, URI of SIP requests"),
	COUNT(FIELD_STATUS, "status", "status", TYPE_U16, UNIT_NONE, MERGE_SAME, status, 6, 457,
		"what servers answered, as the protocol numbers it: HTTP 404, rcode 3 of DNS"),
	COUNT(FIELD_REQUESTS, "requests", "requests", TYPE_U64, UNIT_COUNT, MERGE_SUM, requests, 8, 0,
		"requests, as the application tells them apart"),
	COUNT(FIELD_ERRORS, "errors", "errors", TYPE_U64, UNIT_COUNT, MERGE_SUM, marks[MARK_ERRORS], 7, 0,
		"packets in which a server says that it failed: HTTP 5xx, SERVFAIL of DNS, errors of SQL"),
	COUNT(FIELD_REFUSALS, "refusals", "refusals", TYPE_U64, UNIT_COUNT, MERGE_SUM, marks[MARK_REFUSALS], 8, 0,
		"packets in which a server refuses what it was asked for: HTTP 4xx, NXDOMAIN of DNS, failed logins"),
	{.id = FIELD_TLS_VERSION, .name = "tls_version", .title = "tls", .type = TYPE_U16, .unit = UNIT_ENUM,
	 .merge = MERGE_SAME, .tiers = FLOWS, .offset = offsetof(struct record, c.tls_version),
	 .name_of = name_tls_version, .width_cells = 5,
	 .help = "version of TLS that the server chose: 1.0 to 1.3"},
	COUNT(FIELD_ALPN, "alpn", "alpn", TYPE_TEXT, UNIT_NONE, MERGE_SAME, text[TEXT_ALPN], 8, 0,
		"application protocol that was negotiated in TLS or QUIC, or the client's first wish"),
	COUNT(FIELD_JA4, "ja4", "ja4", TYPE_TEXT, UNIT_NONE, MERGE_SAME, text[TEXT_JA4], 36, 0,
		"JA4 fingerprint of the TLS or QUIC client"),
	COUNT(FIELD_FLOWS, "flows", "flows", TYPE_U64, UNIT_COUNT, MERGE_SUM, flows, 7, 3,
		"flows that began"),
	DERIVED(5, "packets", "packets", TYPE_U64, UNIT_COUNT, FLOWS, derive_packets, 8,
		"packets in both directions"),
	DERIVED(40, "packets", "packets", TYPE_U64, UNIT_COUNT, SPANS, derive_span_packets, 9,
		"packets"),
	DERIVED(6, "bytes", "bytes", TYPE_U64, UNIT_BYTES, FLOWS, derive_bytes, 9,
		"frame bytes on the wire in both directions"),
	DERIVED(41, "bytes", "bytes", TYPE_U64, UNIT_BYTES, SPANS, derive_span_bytes, 9,
		"frame bytes on the wire"),
	DERIVED(32, "len", "len", TYPE_U64, UNIT_BYTES, PACKETS, derive_packet_len, 7,
		"frame bytes on the wire"),
	DERIVED(33, "caplen", "caplen", TYPE_U64, UNIT_BYTES, PACKETS, derive_packet_caplen, 7,
		"frame bytes captured"),
	COUNT(FIELD_PAYLOAD_BYTES, "payload_bytes", "payload", TYPE_U64, UNIT_BYTES, MERGE_SUM,
		payload_bytes, 9, 0, "bytes of transport payload"),
	COUNT(FIELD_C2S_PACKETS, "c2s_packets", "c2s pkts", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		packets[DIR_C2S], 8, 298, "packets from client to server"),
	COUNT(FIELD_S2C_PACKETS, "s2c_packets", "s2c pkts", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		packets[DIR_S2C], 8, 299, "packets from server to client"),
	COUNT(FIELD_C2S_BYTES, "c2s_bytes", "c2s", TYPE_U64, UNIT_BYTES, MERGE_SUM,
		bytes[DIR_C2S], 9, 231, "frame bytes from client to server"),
	COUNT(FIELD_S2C_BYTES, "s2c_bytes", "s2c", TYPE_U64, UNIT_BYTES, MERGE_SUM,
		bytes[DIR_S2C], 9, 232, "frame bytes from server to client"),
	COUNT(FIELD_SIZE_MIN, "size_min", "size min", TYPE_U32, UNIT_BYTES, MERGE_MIN, size_min, 8, 25,
		"smallest frame"),
	DERIVED(7, "size_avg", "size avg", TYPE_REAL, UNIT_BYTES, FLOWS, derive_size_avg, 8,
		"mean frame size"),
	COUNT(FIELD_SIZE_MAX, "size_max", "size max", TYPE_U32, UNIT_BYTES, MERGE_MAX, size_max, 8, 26,
		"largest frame"),
	DERIVED(8, "size_sd", "size sd", TYPE_REAL, UNIT_BYTES, FLOWS, derive_size_sd, 8,
		"standard deviation of frame sizes"),
	HIDDEN(FIELD_SIZE_SUMSQ, "size_sumsq", TYPE_U128, UNIT_NONE, size_sumsq,
		"sum of squared frame sizes"),
	COUNT(FIELD_GAP_MIN, "gap_min", "gap min", TYPE_I64, UNIT_DURATION, MERGE_MIN, gap_min, 9, 0,
		"shortest time between two packets of a flow, in order of capture"),
	DERIVED(9, "gap_avg", "gap avg", TYPE_I64, UNIT_DURATION, FLOWS, derive_gap_avg, 9,
		"mean time between two packets of a flow"),
	COUNT(FIELD_GAP_MAX, "gap_max", "gap max", TYPE_I64, UNIT_DURATION, MERGE_MAX, gap_max, 9, 0,
		"longest time between two packets of a flow"),
	DERIVED(10, "gap_sd", "gap sd", TYPE_I64, UNIT_DURATION, FLOWS, derive_gap_sd, 9,
		"standard deviation of the time between two packets of a flow"),
	HIDDEN(FIELD_GAP_SUM, "gap_sum", TYPE_I64, UNIT_DURATION, gap_sum, "sum of gaps"),
	HIDDEN(FIELD_GAP_SUMSQ, "gap_sumsq", TYPE_U128, UNIT_NONE, gap_sumsq,
		"sum of squared gaps, ns squared"),
	COUNT(FIELD_C2S_TTL_MIN, "c2s_ttl_min", "c2s ttl-", TYPE_U8, UNIT_NONE, MERGE_MIN,
		ttl_min[DIR_C2S], 8, 52, "smallest TTL or hop limit from the client"),
	COUNT(FIELD_C2S_TTL_MAX, "c2s_ttl_max", "c2s ttl+", TYPE_U8, UNIT_NONE, MERGE_MAX,
		ttl_max[DIR_C2S], 8, 53, "largest TTL or hop limit from the client"),
	COUNT(FIELD_S2C_TTL_MIN, "s2c_ttl_min", "s2c ttl-", TYPE_U8, UNIT_NONE, MERGE_MIN,
		ttl_min[DIR_S2C], 8, 0, "smallest TTL or hop limit from the server"),
	COUNT(FIELD_S2C_TTL_MAX, "s2c_ttl_max", "s2c ttl+", TYPE_U8, UNIT_NONE, MERGE_MAX,
		ttl_max[DIR_S2C], 8, 0, "largest TTL or hop limit from the server"),
	DERIVED(34, "ttl", "ttl", TYPE_U64, UNIT_NONE, PACKETS, derive_packet_ttl, 4,
		"TTL or hop limit"),
	COUNT(FIELD_DSCP, "dscp", "dscp", TYPE_U8, UNIT_DSCP, MERGE_SAME, dscp, 5, 195,
		"differentiated services code point"),
	COUNT(FIELD_ICMP_TYPE, "icmp_type", "icmp", TYPE_U8, UNIT_NONE, MERGE_SAME, icmp_type, 5, 0,
		"ICMP or ICMPv6 type (of an echo: of the packets seen, where they agree)"),
	COUNT(FIELD_TCP_FLAGS, "tcp_flags", "flags", TYPE_U16, UNIT_TCP_FLAGS, MERGE_OR, tcp_flags, 10,
		6, "union of the TCP flags"),
	DERIVED(35, "tcp_flags", "flags", TYPE_U64, UNIT_TCP_FLAGS, PACKETS, derive_packet_tcp_flags, 10,
		"TCP flags"),
	DERIVED(36, "seq", "seq", TYPE_U64, UNIT_NONE, PACKETS, derive_packet_seq, 10,
		"TCP sequence number as on the wire"),
	DERIVED(37, "ack", "ack", TYPE_U64, UNIT_NONE, PACKETS, derive_packet_ack, 10,
		"TCP acknowledgement number as on the wire"),
	DERIVED(38, "window", "window", TYPE_U64, UNIT_NONE, PACKETS, derive_packet_window, 6,
		"TCP window as on the wire, not scaled"),
	DERIVED(39, "payload_len", "payload", TYPE_U64, UNIT_BYTES, PACKETS, derive_packet_payload_len, 7,
		"bytes of transport payload"),
	COUNT(FIELD_SYN, "syn", "syn", TYPE_U64, UNIT_COUNT, MERGE_SUM, syn, 5, 218, "packets with SYN"),
	COUNT(FIELD_FIN, "fin", "fin", TYPE_U64, UNIT_COUNT, MERGE_SUM, fin, 5, 219, "packets with FIN"),
	COUNT(FIELD_RST, "rst", "rst", TYPE_U64, UNIT_COUNT, MERGE_SUM, rst, 5, 220, "packets with RST"),
	COUNT(FIELD_WINDOW_MIN, "window_min", "win min", TYPE_U32, UNIT_NONE, MERGE_MIN, window_min, 8, 0,
		"smallest TCP window as on the wire, not scaled"),
	COUNT(FIELD_WINDOW_MAX, "window_max", "win max", TYPE_U32, UNIT_NONE, MERGE_MAX, window_max, 8, 0,
		"largest TCP window as on the wire, not scaled"),
	HIDDEN(FIELD_RTT_N, "rtt_n", TYPE_U64, UNIT_COUNT, rtt_n, "round-trip times measured"),
	COUNT(FIELD_RTT_MIN, "rtt_min", "rtt min", TYPE_I64, UNIT_DURATION, MERGE_MIN, rtt_min, 9, 0,
		"shortest round-trip time of a handshake (SYN to the ACK that completes it)"),
	DERIVED(11, "rtt_avg", "rtt", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_avg, 9,
		"mean round-trip time"),
	COUNT(FIELD_RTT_MAX, "rtt_max", "rtt max", TYPE_I64, UNIT_DURATION, MERGE_MAX, rtt_max, 9, 0,
		"longest round-trip time"),
	DERIVED(12, "rtt_sd", "rtt sd", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_sd, 9,
		"standard deviation of round-trip times"),
	DERIVED(13, "rtt_p50", "rtt p50", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_p50, 9,
		"median round-trip time, within 2 % (macroflows and groups)"),
	DERIVED(14, "rtt_p95", "rtt p95", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_p95, 9,
		"95th percentile of round-trip times, within 2 % (macroflows and groups)"),
	HIDDEN(FIELD_RTT_SUM, "rtt_sum", TYPE_I64, UNIT_DURATION, rtt_sum, "sum of round-trip times"),
	HIDDEN(FIELD_RTT_SUMSQ, "rtt_sumsq", TYPE_U128, UNIT_NONE, rtt_sumsq,
		"sum of squared round-trip times, ns squared"),
	HIDDEN(FIELD_RTT_CLIENT_N, "rtt_client_n", TYPE_U64, UNIT_COUNT, rtt_client.n, "round-trip time between capture point and clients measured"),
	COUNT(FIELD_RTT_CLIENT_MIN, "rtt_client_min", "rtt cl-", TYPE_I64, UNIT_DURATION, MERGE_MIN, rtt_client.min_ns, 9, 0,
		"shortest round-trip time between capture point and client"),
	DERIVED(86, "rtt_client_avg", "rtt cl", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_client_avg, 9,
		"mean round-trip time between capture point and client"),
	COUNT(FIELD_RTT_CLIENT_MAX, "rtt_client_max", "rtt cl+", TYPE_I64, UNIT_DURATION, MERGE_MAX, rtt_client.max_ns, 9, 0,
		"longest round-trip time between capture point and client"),
	DERIVED(87, "rtt_client_sd", "rtt cl sd", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_client_sd, 9,
		"standard deviation of round-trip time between capture point and clients"),
	HIDDEN(FIELD_RTT_CLIENT_SUM, "rtt_client_sum", TYPE_I64, UNIT_DURATION, rtt_client.sum_ns, "sum of round-trip time between capture point and clients"),
	HIDDEN(FIELD_RTT_CLIENT_SUMSQ, "rtt_client_sumsq", TYPE_U128, UNIT_NONE, rtt_client.sumsq,
		"sum of squared round-trip time between capture point and clients, ns squared"),
	HIDDEN(FIELD_RTT_SERVER_N, "rtt_server_n", TYPE_U64, UNIT_COUNT, rtt_server.n, "round-trip time between capture point and servers measured"),
	COUNT(FIELD_RTT_SERVER_MIN, "rtt_server_min", "rtt sv-", TYPE_I64, UNIT_DURATION, MERGE_MIN, rtt_server.min_ns, 9, 0,
		"shortest round-trip time between capture point and server"),
	DERIVED(88, "rtt_server_avg", "rtt sv", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_server_avg, 9,
		"mean round-trip time between capture point and server"),
	COUNT(FIELD_RTT_SERVER_MAX, "rtt_server_max", "rtt sv+", TYPE_I64, UNIT_DURATION, MERGE_MAX, rtt_server.max_ns, 9, 0,
		"longest round-trip time between capture point and server"),
	DERIVED(89, "rtt_server_sd", "rtt sv sd", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtt_server_sd, 9,
		"standard deviation of round-trip time between capture point and servers"),
	HIDDEN(FIELD_RTT_SERVER_SUM, "rtt_server_sum", TYPE_I64, UNIT_DURATION, rtt_server.sum_ns, "sum of round-trip time between capture point and servers"),
	HIDDEN(FIELD_RTT_SERVER_SUMSQ, "rtt_server_sumsq", TYPE_U128, UNIT_NONE, rtt_server.sumsq,
		"sum of squared round-trip time between capture point and servers, ns squared"),
	HIDDEN(FIELD_RESPONSE_N, "response_n", TYPE_U64, UNIT_COUNT, response.n, "response time (last byte of a request to first byte of its response)s measured"),
	COUNT(FIELD_RESPONSE_MIN, "response_min", "resp-", TYPE_I64, UNIT_DURATION, MERGE_MIN, response.min_ns, 9, 0,
		"shortest response time (last byte of a request to first byte of its response)"),
	DERIVED(90, "response_avg", "resp", TYPE_I64, UNIT_DURATION, FLOWS, derive_response_avg, 9,
		"mean response time (last byte of a request to first byte of its response)"),
	COUNT(FIELD_RESPONSE_MAX, "response_max", "resp+", TYPE_I64, UNIT_DURATION, MERGE_MAX, response.max_ns, 9, 0,
		"longest response time (last byte of a request to first byte of its response)"),
	DERIVED(91, "response_sd", "resp sd", TYPE_I64, UNIT_DURATION, FLOWS, derive_response_sd, 9,
		"standard deviation of response time (last byte of a request to first byte of its response)s"),
	HIDDEN(FIELD_RESPONSE_SUM, "response_sum", TYPE_I64, UNIT_DURATION, response.sum_ns, "sum of response time (last byte of a request to first byte of its response)s"),
	HIDDEN(FIELD_RESPONSE_SUMSQ, "response_sumsq", TYPE_U128, UNIT_NONE, response.sumsq,
		"sum of squared response time (last byte of a request to first byte of its response)s, ns squared"),
	DERIVED(92, "response_p50", "resp p50", TYPE_I64, UNIT_DURATION, FLOWS, derive_response_p50, 9,
		"median response time, within 2 % (macroflows and groups of them)"),
	DERIVED(93, "response_p95", "resp p95", TYPE_I64, UNIT_DURATION, FLOWS, derive_response_p95, 9,
		"95th percentile of response times, within 2 % (macroflows and groups of them)"),
	COUNT(FIELD_TURNS, "turns", "turns", TYPE_U64, UNIT_COUNT, MERGE_SUM, turns, 6, 0,
		"requests that began, with or without a response"),
	HIDDEN(FIELD_TRANSFER_N, "transfer_n", TYPE_U64, UNIT_COUNT, transfer_n, "transfer times measured"),
	DERIVED(94, "transfer_avg", "transfer", TYPE_I64, UNIT_DURATION, FLOWS, derive_transfer_avg, 9,
		"mean time from the first byte of a response to its last"),
	COUNT(FIELD_TRANSFER_MAX, "transfer_max", "transfer+", TYPE_I64, UNIT_DURATION, MERGE_MAX,
		transfer_max_ns, 9, 0, "longest time from the first byte of a response to its last"),
	HIDDEN(FIELD_TRANSFER_SUM, "transfer_sum", TYPE_I64, UNIT_DURATION, transfer_sum_ns,
		"sum of transfer times"),
	COUNT(FIELD_ABORTED, "aborted", "aborted", TYPE_U64, UNIT_COUNT, MERGE_SUM, aborted, 7, 0,
		"connections that were reset while an answer was awaited"),
	DERIVED(95, "retrans", "retrans", TYPE_U64, UNIT_COUNT, FLOWS, derive_retrans, 7,
		"TCP retransmissions in both directions"),
	COUNT(FIELD_C2S_RETRANS, "c2s_retrans", "c2s rtx", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		retrans[DIR_C2S], 7, 0, "TCP retransmissions by the client"),
	COUNT(FIELD_S2C_RETRANS, "s2c_retrans", "s2c rtx", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		retrans[DIR_S2C], 7, 0, "TCP retransmissions by the server"),
	COUNT(FIELD_FAST_RETRANS, "fast_retrans", "fast rtx", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_FAST_RETRANS], 8, 0, "fast retransmissions"),
	COUNT(FIELD_SPURIOUS_RETRANS, "spurious_retrans", "spur rtx", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_SPURIOUS_RETRANS], 8, 0, "retransmissions of bytes that were acknowledged already"),
	COUNT(FIELD_OUT_OF_ORDER, "out_of_order", "ooo", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_OUT_OF_ORDER], 8, 0, "segments out of order"),
	COUNT(FIELD_LOST_SEGMENT, "lost_segment", "lost", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_LOST_SEGMENT], 8, 0, "segments with a gap before them that was not captured"),
	COUNT(FIELD_ACK_LOST_SEGMENT, "ack_lost_segment", "ack lost", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_ACK_LOST_SEGMENT], 8, 0, "acknowledgments of bytes that were not captured"),
	COUNT(FIELD_DUP_ACK, "dup_ack", "dup ack", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_DUP_ACK], 8, 0, "duplicate acknowledgments"),
	COUNT(FIELD_KEEP_ALIVE, "keep_alive", "ka", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_KEEP_ALIVE], 8, 0, "keep-alives"),
	COUNT(FIELD_KEEP_ALIVE_ACK, "keep_alive_ack", "ka ack", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_KEEP_ALIVE_ACK], 8, 0, "answers to keep-alives"),
	COUNT(FIELD_ZERO_WINDOW, "zero_window", "0win", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_ZERO_WINDOW], 8, 0, "packets that close the window"),
	COUNT(FIELD_ZERO_WINDOW_PROBE, "zero_window_probe", "0win prb", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_ZERO_WINDOW_PROBE], 8, 0, "probes of a closed window"),
	COUNT(FIELD_ZERO_WINDOW_PROBE_ACK, "zero_window_probe_ack", "0win ack", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_ZERO_WINDOW_PROBE_ACK], 8, 0, "answers to probes of a closed window"),
	COUNT(FIELD_WINDOW_FULL, "window_full", "win full", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_WINDOW_FULL], 8, 0, "segments that fill the receiver's window"),
	COUNT(FIELD_WINDOW_UPDATE, "window_update", "win upd", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_WINDOW_UPDATE], 8, 0, "acknowledgments that only open the window"),
	COUNT(FIELD_PORT_REUSE, "port_reuse", "reuse", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_PORT_REUSE], 8, 0, "SYNs with another sequence number for ports in use"),
	COUNT(FIELD_OVERLAP, "overlap", "overlap", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_OVERLAP], 8, 0, "segments whose bytes were sent before, and were others"),
	COUNT(FIELD_DUPLICATE, "duplicate", "twice", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_DUPLICATE], 8, 0, "frames that were captured twice"),
	COUNT(FIELD_BAD_SACK, "bad_sack", "bad sack", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		marks[MARK_BAD_SACK], 8, 0, "packets with a SACK block that cannot be"),
	COUNT(FIELD_IN_FLIGHT_MAX, "in_flight_max", "in flight", TYPE_U32, UNIT_BYTES, MERGE_MAX,
		in_flight_max, 9, 0, "most bytes under way in one direction of a connection"),
	COUNT(FIELD_C2S_MSS, "c2s_mss", "c2s mss", TYPE_U16, UNIT_BYTES, MERGE_MIN, mss[DIR_C2S], 7, 0,
		"smallest maximum segment size that a client's SYN told"),
	COUNT(FIELD_S2C_MSS, "s2c_mss", "s2c mss", TYPE_U16, UNIT_BYTES, MERGE_MIN, mss[DIR_S2C], 7, 0,
		"smallest maximum segment size that a server's SYN told"),
	COUNT(FIELD_C2S_WINDOW_SCALE, "c2s_window_scale", "c2s scale", TYPE_U8, UNIT_NONE, MERGE_SAME,
		window_scale[DIR_C2S], 9, 0, "shift count of windows that the client's SYN told"),
	COUNT(FIELD_S2C_WINDOW_SCALE, "s2c_window_scale", "s2c scale", TYPE_U8, UNIT_NONE, MERGE_SAME,
		window_scale[DIR_S2C], 9, 0, "shift count of windows that the server's SYN told"),
	COUNT(FIELD_C2S_SACK, "c2s_sack", "c2s sack", TYPE_U8, UNIT_BOOL, MERGE_SAME, sack[DIR_C2S], 8, 0,
		"whether the client's SYN permitted selective acknowledgments"),
	COUNT(FIELD_S2C_SACK, "s2c_sack", "s2c sack", TYPE_U8, UNIT_BOOL, MERGE_SAME, sack[DIR_S2C], 8, 0,
		"whether the server's SYN permitted selective acknowledgments"),
	COUNT(FIELD_ATTEMPTED, "attempted", "attempts", TYPE_U64, UNIT_COUNT, MERGE_SUM, attempted, 8, 0,
		"connections that a SYN asked for"),
	COUNT(FIELD_ANSWERED, "answered", "answered", TYPE_U64, UNIT_COUNT, MERGE_SUM, answered, 8, 0,
		"connections of those that a SYN,ACK granted"),
	COUNT(FIELD_REFUSED, "refused", "refused", TYPE_U64, UNIT_COUNT, MERGE_SUM, refused, 7, 0,
		"connections of those that a RST refused"),
	DERIVED(96, "unanswered", "no answer", TYPE_U64, UNIT_COUNT, FLOWS, derive_unanswered, 9,
		"connections asked for that were neither granted nor refused"),
	{.id = FIELD_CLOSED_BY, .name = "closed_by", .title = "closed by", .type = TYPE_U8, .unit = UNIT_ENUM,
	 .merge = MERGE_SAME, .tiers = FLOWS, .offset = offsetof(struct record, c.closed_by),
	 .name_of = name_closed_by, .width_cells = 9,
	 .help = "who sent the first FIN, or the RST, of a connection: client, server"},
	DERIVED(97, "marks", "marks", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_marks, 16,
		"what the analysis of TCP, applications and RTP says of the packet, words joined by commas"),
	DERIVED(98, "rtt", "rtt", TYPE_I64, UNIT_DURATION, PACKETS, derive_packet_rtt, 9,
		"time since the segment that the packet acknowledges"),
	DERIVED(99, "response", "response", TYPE_I64, UNIT_DURATION, PACKETS, derive_packet_response, 9,
		"time since the request, of a response's first packet"),
	DERIVED(100, "retrans", "retrans", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_retrans, 8,
		"1: a retransmission"),
	DERIVED(101, "fast_retrans", "fast rtx", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_fast_retrans, 8,
		"1: a fast retransmission"),
	DERIVED(102, "spurious_retrans", "spur rtx", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_spurious_retrans, 8,
		"1: a retransmission of bytes that were acknowledged already"),
	DERIVED(103, "out_of_order", "ooo", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_out_of_order, 8,
		"1: a segment out of order"),
	DERIVED(104, "lost_segment", "lost", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_lost_segment, 8,
		"1: a segment with a gap before it that was not captured"),
	DERIVED(105, "ack_lost_segment", "ack lost", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_ack_lost_segment, 8,
		"1: an acknowledgment of bytes that were not captured"),
	DERIVED(106, "dup_ack", "dup ack", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_dup_ack, 8,
		"1: a duplicate acknowledgment"),
	DERIVED(107, "keep_alive", "ka", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_keep_alive, 8,
		"1: a keep-alive"),
	DERIVED(108, "keep_alive_ack", "ka ack", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_keep_alive_ack, 8,
		"1: an answer to a keep-alive"),
	DERIVED(109, "zero_window", "0win", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_zero_window, 8,
		"1: it closes the window"),
	DERIVED(110, "zero_window_probe", "0win prb", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_zero_window_probe, 8,
		"1: a probe of a closed window"),
	DERIVED(111, "zero_window_probe_ack", "0win ack", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_zero_window_probe_ack, 8,
		"1: an answer to a probe of a closed window"),
	DERIVED(112, "window_full", "win full", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_window_full, 8,
		"1: it fills the receiver's window"),
	DERIVED(113, "window_update", "win upd", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_window_update, 8,
		"1: an acknowledgment that only opens the window"),
	DERIVED(114, "port_reuse", "reuse", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_port_reuse, 8,
		"1: a SYN with another sequence number for ports in use"),
	DERIVED(115, "overlap", "overlap", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_overlap, 8,
		"1: its bytes were sent before, and were others"),
	DERIVED(116, "duplicate", "twice", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_duplicate, 8,
		"1: a frame that was captured twice"),
	DERIVED(117, "bad_sack", "bad sack", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_bad_sack, 8,
		"1: it has a SACK block that cannot be"),
	DERIVED(118, "response_start", "resp", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_response_start, 8,
		"1: the first packet of a response"),
	DERIVED(119, "errors", "errors", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_errors, 8,
		"1: the server says in it that it failed"),
	DERIVED(120, "refusals", "refusals", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_refusals, 8,
		"1: the server refuses in it what it was asked for"),
	DERIVED(121, "rtp_gaps", "rtp gap", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_rtp_gaps, 8,
		"1: RTP packets before it are missing"),
	DERIVED(122, "rtp_reordered", "rtp late", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_rtp_reordered, 8,
		"1: an RTP packet that comes behind a later one"),
	DERIVED(123, "rtp_duplicates", "rtp twice", TYPE_U64, UNIT_BOOL, PACKETS, derive_packet_rtp_duplicates, 9,
		"1: an RTP packet that comes again"),
	COUNT(FIELD_RTP_PACKETS, "rtp_packets", "rtp", TYPE_U64, UNIT_COUNT, MERGE_SUM, rtp_packets, 8, 0,
		"RTP packets of media, both directions"),
	DERIVED(200, "rtp_lost", "rtp lost", TYPE_U64, UNIT_COUNT, FLOWS, derive_rtp_lost, 8,
		"RTP packets that never came, by their sequence numbers"),
	DERIVED(201, "rtp_loss", "loss %", TYPE_REAL, UNIT_NONE, FLOWS, derive_rtp_loss, 7,
		"RTP packets that never came, per cent of those expected"),
	DERIVED(225, "rtp_gaps", "rtp gaps", TYPE_U64, UNIT_COUNT, FLOWS, derive_rtp_gaps, 8,
		"RTP packets before which sequence numbers were missing"),
	DERIVED(202, "rtp_reordered", "rtp late", TYPE_U64, UNIT_COUNT, FLOWS, derive_rtp_reordered, 8,
		"RTP packets that came after a later one"),
	DERIVED(203, "rtp_duplicates", "rtp twice", TYPE_U64, UNIT_COUNT, FLOWS, derive_rtp_duplicates, 9,
		"RTP packets that came again"),
	DERIVED(204, "rtp_bursts", "bursts", TYPE_U64, UNIT_COUNT, FLOWS, derive_rtp_bursts, 7,
		"stretches of loss: two lost packets or more with fewer than 16 received in a row between them (RFC 3611)"),
	DERIVED(205, "jitter_max", "jitter max", TYPE_I64, UNIT_DURATION, FLOWS, derive_jitter_max, 10,
		"largest interarrival jitter (RFC 3550) of RTP; unknown without the codec's clock"),
	DERIVED(206, "jitter_avg", "jitter avg", TYPE_I64, UNIT_DURATION, FLOWS, derive_jitter_avg, 10,
		"mean interarrival jitter over the RTP packets"),
	DERIVED(207, "mos_min", "mos min", TYPE_REAL, UNIT_NONE, FLOWS, derive_mos_min, 7,
		"lowest estimated MOS (ITU-T G.107) at any RTP packet, of the ten seconds before it"),
	DERIVED(208, "mos_avg", "mos avg", TYPE_REAL, UNIT_NONE, FLOWS, derive_mos_avg, 7,
		"mean estimated MOS over the RTP packets; unknown for codecs that the E-model does not know"),
	DERIVED(209, "delay_by", "delay by", TYPE_TEXT, UNIT_NONE, FLOWS, derive_delay_by, 9,
		"what MOS knows of the one-way delay: measured (half of RTCP's round trip), assumed (50 ms), or both"),
	DERIVED(210, "codec", "codec", TYPE_TEXT, UNIT_NONE, FLOWS, derive_codec, 10,
		"codec of the RTP packets, as announced by SDP or by its static payload type"),
	DERIVED(211, "call", "call", TYPE_TEXT, UNIT_NONE, FLOWS, derive_call, 24,
		"Call-ID of the SIP dialog that announced the media"),
	DERIVED(212, "rtcp_loss", "rtcp loss %", TYPE_REAL, UNIT_NONE, FLOWS, derive_rtcp_loss, 11,
		"mean loss that receivers report by RTCP, per cent"),
	DERIVED(213, "rtcp_jitter", "rtcp jitter", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtcp_jitter, 11,
		"mean jitter that receivers report by RTCP"),
	DERIVED(214, "rtcp_rtt", "rtcp rtt", TYPE_I64, UNIT_DURATION, FLOWS, derive_rtcp_rtt, 9,
		"mean round trip between the ends by RTCP's reports; one way from the capture point where only one side reports"),
	DERIVED(215, "c2s_rtp_packets", "c2s rtp", TYPE_U64, UNIT_COUNT, FLOWS, derive_c2s_rtp_packets, 9,
		"RTP packets from the client"),
	DERIVED(216, "c2s_rtp_lost", "c2s lost", TYPE_U64, UNIT_COUNT, FLOWS, derive_c2s_rtp_lost, 9,
		"RTP packets from the client that never came"),
	DERIVED(217, "c2s_jitter_avg", "c2s jitter", TYPE_I64, UNIT_DURATION, FLOWS, derive_c2s_jitter_avg, 10,
		"mean jitter of RTP from the client"),
	DERIVED(218, "c2s_mos_min", "c2s mos min", TYPE_REAL, UNIT_NONE, FLOWS, derive_c2s_mos_min, 11,
		"lowest MOS of RTP from the client"),
	DERIVED(219, "c2s_mos_avg", "c2s mos", TYPE_REAL, UNIT_NONE, FLOWS, derive_c2s_mos_avg, 8,
		"mean MOS of RTP from the client"),
	DERIVED(220, "s2c_rtp_packets", "s2c rtp", TYPE_U64, UNIT_COUNT, FLOWS, derive_s2c_rtp_packets, 9,
		"RTP packets from the server"),
	DERIVED(221, "s2c_rtp_lost", "s2c lost", TYPE_U64, UNIT_COUNT, FLOWS, derive_s2c_rtp_lost, 9,
		"RTP packets from the server that never came"),
	DERIVED(222, "s2c_jitter_avg", "s2c jitter", TYPE_I64, UNIT_DURATION, FLOWS, derive_s2c_jitter_avg, 10,
		"mean jitter of RTP from the server"),
	DERIVED(223, "s2c_mos_min", "s2c mos min", TYPE_REAL, UNIT_NONE, FLOWS, derive_s2c_mos_min, 11,
		"lowest MOS of RTP from the server"),
	DERIVED(224, "s2c_mos_avg", "s2c mos", TYPE_REAL, UNIT_NONE, FLOWS, derive_s2c_mos_avg, 8,
		"mean MOS of RTP from the server"),
	COUNT(FIELD_FRAGMENTS, "fragments", "frags", TYPE_U64, UNIT_COUNT, MERGE_SUM, fragments, 6, 0,
		"packets that are IP fragments"),
	COUNT(FIELD_MALFORMED, "malformed", "malf", TYPE_U64, UNIT_COUNT, MERGE_SUM, malformed, 5, 0,
		"packets whose headers contradict themselves"),
	COUNT(FIELD_CHECKSUM_ERRORS, "checksum_errors", "csum", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		checksum_errors, 5, 0, "packets with a wrong IP, TCP, UDP or ICMP checksum"),
	{.id = FIELD_END_REASON, .name = "end_reason", .title = "end", .type = TYPE_U8, .unit = UNIT_ENUM,
	 .merge = MERGE_SAME, .tiers = FLOWS, .offset = offsetof(struct record, c.end_reason),
	 .get = derive_end_reason, .name_of = name_end_reason, .width_cells = 7, .ipfix = 136,
	 .help = "how a flow ended: fin, rst, new-syn, evicted, slice, or end of the capture"},
	{.id = FIELD_ORIENTATION, .name = "orientation_by", .title = "by", .type = TYPE_U8, .unit = UNIT_ENUM,
	 .merge = MERGE_SAME, .tiers = FLOWS, .offset = offsetof(struct record, key.orientation),
	 .name_of = name_orientation, .width_cells = 10,
	 .help = "how client and server were told apart: syn, known-port, lower-port, first"},
	COUNT(FIELD_STATE_EVICTED, "state_evicted", "evicted", TYPE_U64, UNIT_COUNT, MERGE_SUM,
		state_evicted, 7, 0, "times that a conversation's state had to go for lack of room"),
	DERIVED(15, "community_id", "community id", TYPE_TEXT, UNIT_NONE,
		FIELD_ON(TIER_MICROFLOW) | FIELD_ON(TIER_FLOW), derive_community_id, 30,
		"Community ID version 1, to find the flow in other tools"),
	DERIVED(184, "app", "app", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_app, 11,
		"application of its conversation, as its content tells"),
	DERIVED(185, "name", "name", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_name, 24,
		"whom the packet asks for: host of HTTP, server name of TLS, question of DNS"),
	DERIVED(186, "url", "url", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_url, 32,
		"target of the HTTP request, URI of the SIP request that it begins"),
	DERIVED(187, "status", "status", TYPE_U64, UNIT_NONE, PACKETS, derive_packet_status, 6,
		"what the server answers in it, as the protocol numbers it"),
	DERIVED(42, "info", "info", TYPE_TEXT, UNIT_NONE, PACKETS, derive_packet_info, 40,
		"what the packet says: its application's message, else its headers"),
	DERIVED(60, "file", "file", TYPE_TEXT, UNIT_NONE, BLOCKS, derive_block_file, 32,
		"file that holds the block"),
	DERIVED(61, "offset", "offset", TYPE_U64, UNIT_NONE, BLOCKS, derive_block_offset, 14,
		"where the block begins in its file"),
	DERIVED(62, "length", "length", TYPE_U64, UNIT_BYTES, BLOCKS, derive_block_length, 10,
		"bytes of the block"),
	DERIVED(63, "name", "name", TYPE_TEXT, UNIT_NONE, POINTS, derive_point_name, 16,
		"name of the interface"),
	DERIVED(64, "linktype", "linktype", TYPE_U64, UNIT_NONE, POINTS, derive_point_linktype, 8,
		"link type number"),
	DERIVED(65, "snaplen", "snaplen", TYPE_U64, UNIT_BYTES, POINTS, derive_point_snaplen, 8,
		"longest frame kept; null: no limit"),
	DERIVED(43, "first", "first", TYPE_I64, UNIT_TIME, SPANS, derive_span_first, 15,
		"time of the earliest packet"),
	DERIVED(44, "last", "last", TYPE_I64, UNIT_TIME, SPANS, derive_span_last, 15,
		"time of the latest packet"),
	{.id = FIELD_DERIVED + 66, .name = "state", .title = "state", .type = TYPE_U64, .unit = UNIT_ENUM,
	 .tiers = BLOCKS, .get = derive_block_state, .name_of = name_block_state, .width_cells = 8,
	 .help = "open, sealed, indexed or evicted"},
	DERIVED(67, "dropped", "dropped", TYPE_U64, UNIT_COUNT, POINTS, derive_point_dropped, 8,
		"packets that the capture lost, where the file says so"),
	DERIVED(68, "received", "received", TYPE_U64, UNIT_COUNT, POINTS, derive_point_received, 9,
		"packets that came off the wire while recording: stored, refused and dropped"),
	DERIVED(69, "refused", "refused", TYPE_U64, UNIT_COUNT, POINTS, derive_point_refused, 8,
		"packets that the recorder could not store"),
	DERIVED(150, "if_dropped", "if drop", TYPE_U64, UNIT_COUNT, POINTS, derive_point_if_dropped, 8,
		"packets that the interface or its driver lost"),
	DERIVED(151, "drops", "drops", TYPE_U64, UNIT_COUNT, FIELD_ON(TIER_MACROFLOW), derive_drops, 7,
		"packets of all services that the kernel dropped at this point in this window, where it was recorded"),
	DERIVED(152, "gone", "gone", TYPE_U64, UNIT_COUNT, FIELD_ON(TIER_MACROFLOW), derive_gone, 8,
		"packets that were evicted since: they are counted, but cannot be shown"),
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };
_Static_assert(FIELDS < UINT8_MAX, "stored[] counts in bytes");
_Static_assert(FIELD_STORED_END <= 128, "counters.known has 128 bits");

const struct field *field_at(size_t index)
{
	return &fields[index];
}

size_t field_count(void)
{
	return FIELDS;
}

/* Indexes into fields[] + 1 by name, open addressing, 0 for none: a name may stand there more than once, for other tiers. */
enum { NAME_SLOTS = 1024 };
static uint8_t by_name[NAME_SLOTS];
_Static_assert(FIELDS * 2 <= NAME_SLOTS, "names are found in few steps");

static size_t name_slot(const char *name)
{
	return (size_t)hash_bytes(name, strlen(name), 0) % NAME_SLOTS;
}

const struct field *field_find(const char *name, enum tier tier)
{
	for (size_t at = name_slot(name); by_name[at] > 0; at = (at + 1) % NAME_SLOTS) {
		const struct field *f = &fields[by_name[at] - 1];

		if ((f->tiers & FIELD_ON(tier)) && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

/* Index into fields[] + 1 of each stored field, 0 for none: made from the table before main(). */
static uint8_t stored[FIELD_STORED_END];

__attribute__((constructor)) static void field_table_init(void)
{
	for (size_t i = 0; i < FIELDS; i++) {
		size_t at = name_slot(fields[i].name);

		if (fields[i].id < FIELD_STORED_END)
			stored[fields[i].id] = (uint8_t)(i + 1);
		while (by_name[at] > 0)
			at = (at + 1) % NAME_SLOTS;
		by_name[at] = (uint8_t)(i + 1);
	}
}

const struct field *field_stored(unsigned id)
{
	return id < FIELD_STORED_END && stored[id] > 0 ? &fields[stored[id] - 1] : NULL;
}
