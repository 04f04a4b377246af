/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What decoding knows of one packet: plain facts, no pointers, so that a batch of
 * them can pass between threads. `src` and `dst` are those of the innermost
 * conversation; for frames without IP they are the link layer's.
 */
#ifndef FLOWDRILL_FLOW_PACKET_H
#define FLOWDRILL_FLOW_PACKET_H

#include "flow/addr.h"

/*
 * Protocols. 0..255 are IP protocol numbers. Above are frames without IP:
 * PROTO_ETHER | EtherType, PROTO_LLC | DSAP << 8 | SSAP, PROTO_LINK | link type for frames
 * that could not be decoded at all (unknown link type, truncated headers).
 * proto_name() and proto_parse() are in flow/proto.h.
 */
enum {
	PROTO_ICMP = 1, PROTO_IGMP = 2, PROTO_IPIP = 4, PROTO_TCP = 6, PROTO_UDP = 17,
	PROTO_6IN4 = 41, PROTO_GRE = 47, PROTO_ESP = 50, PROTO_AH = 51, PROTO_ICMP6 = 58,
	PROTO_SCTP = 132, PROTO_UDPLITE = 136,
	PROTO_ETHER = 0x10000, PROTO_LLC = 0x20000, PROTO_LINK = 0x30000,
	PROTO_ARP = PROTO_ETHER | 0x0806,
};

enum tunnel_type {
	TUNNEL_NONE, TUNNEL_GRE, TUNNEL_IPIP, TUNNEL_6IN4, TUNNEL_TEREDO, TUNNEL_VXLAN,
	TUNNEL_GENEVE, TUNNEL_GTPU, TUNNEL_ERSPAN, TUNNEL_PPPOE, TUNNEL_TYPES
};

/*
 * The tunnel around a conversation, the same for both directions: the outer
 * addresses are in order (a <= b); identifiers that differ by direction (GTP-U's TEID, GRE
 * keys, MPLS labels) are no part of it, nor are PPPoE's MAC addresses, which may differ too. Nested
 * tunnels: this is the innermost, `depth` counts them, `outer_hash` stands for those around it. All
 * zero: no tunnel. Unused bytes are zero: tunnels are compared byte by byte.
 */
struct tunnel {
	uint8_t type;            /* enum tunnel_type */
	uint8_t depth;           /* tunnels in all, 0 for none */
	uint16_t zero;
	uint32_t id;             /* VNI, PPPoE session; 0 where the type has none in both directions */
	uint32_t outer_hash;     /* of the tunnels around, 0 where depth <= 1 */
	struct addr a, b;        /* outer endpoints in order */
	uint8_t pad[2];
};

enum packet_flag {
	PACKET_TIME_UNKNOWN = 1 << 0,     /* a simple packet block: its predecessor's time */
	PACKET_TIME_SATURATED = 1 << 1,   /* int64 nanoseconds did not hold it, or an invalid fraction */
	PACKET_HAS_PORTS = 1 << 2,
	PACKET_HAS_IP = 1 << 3,           /* ttl and dscp are set */
	PACKET_HAS_TCP = 1 << 4,          /* tcp_* are set */
	PACKET_HAS_ICMP = 1 << 5,
	PACKET_HAS_MACS = 1 << 6,
	PACKET_FRAGMENT = 1 << 7,         /* part of a fragmented datagram, its own or one around it */
	PACKET_FRAGMENT_LATER = 1 << 8,   /* not the first: no transport header of its own */
	PACKET_MALFORMED = 1 << 9,        /* a header contradicts itself, or ends before the frame was cut */
	PACKET_CUT = 1 << 10,             /* captured shorter than it was */
	PACKET_CHECKSUM_IP = 1 << 11,     /* wrong IPv4 header checksum */
	PACKET_CHECKSUM_L4 = 1 << 12,     /* wrong TCP, UDP, ICMP or ICMPv6 checksum of a whole packet */
	PACKET_UNDECODED = 1 << 13,       /* link type unknown, or nothing could be read */
	PACKET_ICMP_ECHO = 1 << 16,       /* tcp_seq holds identifier << 16 | sequence number */
	PACKET_CHECKSUM_OFFLOAD = 1 << 15, /* the pseudo header's sum alone: left to the network card, no error */
	PACKET_TOO_DEEP = 1 << 14,        /* more layers than decoding follows */
	PACKET_HAS_SUM = 1 << 17,         /* payload_sum is set: all of a TCP segment is here, and its checksum is no error */
	PACKET_MEDIA = 1 << 18,           /* UDP between ports from 1024 on, and its payload begins as RTP and RTCP do */
};

/* What a TCP header's options say, in so far as they are whole. */
enum tcp_option {
	TCP_OPT_MSS = 1 << 0,             /* tcp_mss is set */
	TCP_OPT_SCALE = 1 << 1,           /* tcp_scale is set */
	TCP_OPT_SACK_OK = 1 << 2,
	TCP_OPT_SACK = 1 << 3,            /* at least one block; tcp_sacked is set */
	TCP_OPT_BAD_SACK = 1 << 4,        /* a block that cannot be: empty, turned round, over the acknowledgment, over 1 GiB beyond */
};

struct packet {
	int64_t time_ns;
	uint32_t offset;         /* of its record, from the start of its block */
	uint32_t record_len;     /* bytes of its record with headers and padding */
	uint32_t len;            /* bytes on the wire */
	uint32_t caplen;         /* bytes captured */
	uint32_t point;          /* capture point, number within the store */
	uint32_t flags;          /* enum packet_flag */
	uint32_t proto;
	uint32_t payload_len;    /* transport payload on the wire, as the headers say, within the frame */
	uint32_t payload_off;    /* in the frame; <= caplen */
	uint32_t tcp_seq, tcp_ack;  /* PACKET_HAS_ICMP: tcp_seq is the header's second word (id, sequence) */
	uint16_t tcp_window;     /* as on the wire, not scaled */
	uint16_t tcp_flags;      /* nine bits: NS CWR ECE URG ACK PSH RST SYN FIN */
	uint16_t tcp_sum;        /* the checksum field */
	uint16_t payload_sum;    /* folded sum of the payload's 16-bit words in this machine's order */
	uint32_t tcp_sacked;     /* bytes that SACK blocks acknowledge beyond tcp_ack */
	uint16_t tcp_mss;        /* as in the option */
	uint8_t tcp_scale;       /* as in the option, 14 at most (RFC 7323, 2.3) */
	uint8_t tcp_options;     /* enum tcp_option */
	struct addr src, dst;
	uint8_t ttl, dscp;
	uint8_t icmp_type, icmp_code;
	uint16_t src_port, dst_port;
	uint8_t src_mac[6], dst_mac[6];  /* of the innermost Ethernet (802.11, FDDI) header */
	uint32_t fragment_id;    /* IPv4 identification or IPv6 fragment identification */
	uint64_t fragment_key;   /* PACKET_FRAGMENT: the same for all fragments of a datagram */
	uint64_t vlan;           /* up to four ids of 16 bits (id + 1), outermost highest used; 0: none */
	struct tunnel tunnel;
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32,
	TCP_ECE = 64, TCP_CWR = 128, TCP_NS = 256 };

/*
 * Pushes a VLAN id (0..4095) behind those there are; a fifth and later one is left out. Id 0 (a
 * priority tag) is none.
 */
uint64_t vlan_push(uint64_t vlan, unsigned vid);
/* "10", "10.20" (outermost first), "" for none. Returns the length. */
size_t vlan_format(char *out, size_t size, uint64_t vlan);
/* The form above; RC_SYNTAX else. */
enum rc vlan_parse(const char *text, uint64_t *out, struct err *err);
/* Whether one of the tags is vid. */
bool vlan_has(uint64_t vlan, unsigned vid);

/*
 * "vxlan:5 192.0.2.1-192.0.2.2"; behind it "+2" where two more tunnels are around it; "" for none.
 * Returns the length.
 */
size_t tunnel_format(char *out, size_t size, const struct tunnel *t);
/* Puts a tunnel around what is decoded next: sorts the ends, counts, hashes what was there. */
void tunnel_push(struct tunnel *t, enum tunnel_type type, uint32_t id, const struct addr *src,
	const struct addr *dst);
const char *tunnel_type_name(enum tunnel_type type);

/*
 * One line on what the packet says by its headers: "SYN,ACK seq 7 ack 1 win 65160 len 0",
 * "echo request", "fragment 1480 bytes". Returns the length.
 */
size_t packet_info(char *out, size_t size, const struct packet *p);

/* "SYN,ACK", from the lowest bit (FIN) to the highest (NS); "" for none. Returns the length. */
size_t tcp_flags_format(char *out, size_t size, unsigned flags);
/* The same in letters: "SA"; N is NS, C is CWR, E is ECE. */
size_t tcp_flags_format_short(char *out, size_t size, unsigned flags);

#endif
