/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the layers of decoding share; internal to src/decode.
 *
 * A layer is a function on a struct decoder. It reads its header at the cursor, fills facts only
 * when what it needs of the header is there, tells the sink (if there is one) from a cold
 * function of its own, and calls the next layer. Functions that may turn out not to stand before
 * what was announced return false and leave the facts to their caller, so that what remains is
 * the innermost conversation that was decoded whole.
 *
 * Invariants: cursor.len <= wire_end always; cursor.len is the end of what was captured of the
 * present layer, wire_end the end of it on the wire. A header that reaches beyond wire_end is a
 * contradiction (PACKET_MALFORMED); one that reaches beyond cursor.len alone was cut off by
 * the capture (PACKET_CUT, set once for the frame).
 */
#ifndef FLOWDRILL_DECODE_LAYER_H
#define FLOWDRILL_DECODE_LAYER_H

#include "base/cursor.h"
#include "decode/decode.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* Text for people is off the path that collects facts. */
#define COLD __attribute__((cold, noinline))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct decoder {
	struct cursor c;         /* offsets are from the start of the frame */
	uint32_t wire_end;       /* the end of the present layer on the wire, offset from the start */
	uint32_t link_proto;     /* what stands behind the link header, if that is no IP */
	uint32_t linktype;
	struct packet *p;
	const struct decode_sink *sink;  /* NULL: nobody looks */
	const uint8_t *link_src; /* link-layer addresses in the frame, NULL where there are none */
	const uint8_t *link_dst;
	uint8_t link_len;        /* bytes of them, 1 to 6 */
	uint8_t layers;          /* so far */
	bool verify;             /* check checksums */
	bool in_fragment;        /* the first fragment of a datagram: what does not fit comes later */
	bool no_l4_sum;          /* the pseudo header or the length is not known */
	bool payload_told;       /* the sink knows already what is in the payload */
};

/* What became of a checksum. */
enum sum_state { SUM_UNKNOWN, SUM_RIGHT, SUM_WRONG, SUM_NONE, SUM_OFFLOADED };

/* Counts a layer; false (and PACKET_TOO_DEEP) beyond DECODE_LAYERS. */
static inline bool layer_enter(struct decoder *d)
{
	if (unlikely(d->layers >= DECODE_LAYERS)) {
		d->p->flags |= PACKET_TOO_DEEP;
		return false;
	}
	d->layers++;
	return true;
}

static inline void layer_malformed(struct decoder *d)
{
	d->p->flags |= PACKET_MALFORMED;
}

/* Whether the next n bytes were there on the wire; PACKET_MALFORMED if not (nor come later). */
static inline bool layer_had(struct decoder *d, size_t n)
{
	if (likely(n <= d->wire_end - d->c.pos))
		return true;
	if (!d->in_fragment)
		layer_malformed(d);
	return false;
}

/* The next n bytes, consumed; NULL where they were cut off, or never there (PACKET_MALFORMED). */
static inline const uint8_t *layer_take(struct decoder *d, size_t n)
{
	if (likely(n <= cursor_left(&d->c)))
		return cursor_bytes(&d->c, n);
	layer_had(d, n);
	return NULL;
}

/* A length field says that what follows is n bytes long. */
static inline void layer_limit(struct decoder *d, size_t n)
{
	if (unlikely(!layer_had(d, n))) {
		d->no_l4_sum = true;
		return;
	}
	d->wire_end = (uint32_t)(d->c.pos + n);
	cursor_limit(&d->c, n);
}

/* From here on is payload, as far as is known now. */
static inline void layer_payload(struct decoder *d)
{
	d->p->payload_off = (uint32_t)d->c.pos;
	d->p->payload_len = d->wire_end - (uint32_t)d->c.pos;
}

/*
 * This is a fragment of a datagram between the present src and dst, with the present proto and
 * fragment_id; what is in it belongs to that datagram, on all levels.
 */
void layer_fragment(struct decoder *d, bool later) COLD;
/* The flags that a new innermost conversation begins with. */
static inline uint32_t layer_fresh_flags(const struct decoder *d)
{
	const uint32_t cleared = PACKET_HAS_IP | PACKET_HAS_PORTS | PACKET_HAS_TCP | PACKET_HAS_ICMP |
		PACKET_HAS_SUM | PACKET_ICMP_ECHO | PACKET_FRAGMENT | PACKET_FRAGMENT_LATER;

	return (d->p->flags & ~cleared) | (d->in_fragment ? PACKET_FRAGMENT : 0u);
}

/* The conversation is the link layer's: its addresses, and d->link_proto. */
void layer_commit_link(struct decoder *d);
/* Link-layer addresses of len bytes in the frame; NULL for none. */
void layer_set_link(struct decoder *d, const uint8_t *src, const uint8_t *dst, size_t len);
/* The same for two EUI-48, which also become the packet's MAC addresses. */
void layer_set_macs(struct decoder *d, const uint8_t *src, const uint8_t *dst);

/*
 * Decodes with `inner` what stands in a tunnel between the present src and dst. Where that is
 * nothing with a conversation (false), the facts stay those of the tunnel itself.
 */
bool layer_tunnel(struct decoder *d, enum tunnel_type type, uint32_t id,
	bool (*inner)(struct decoder *d));

/*
 * The checksum of a transport message from offset `start` to the end of the layer, with the
 * pseudo header of RFC 768 or RFC 8200; sets PACKET_CHECKSUM_L4 where it is wrong. SUM_UNKNOWN
 * where it was not asked for, or not all of the message is here.
 */
enum sum_state layer_verify(struct decoder *d, size_t start, uint8_t proto);
/* The same for a TCP segment with `header` bytes of header; also fills payload_sum where it is no error. */
enum sum_state layer_verify_tcp(struct decoder *d, size_t start, size_t header);
/* The same without a pseudo header (ICMP, IGMP). */
enum sum_state layer_verify_plain(struct decoder *d, size_t start);
/* Whether a message up to the end of the layer can be verified at all. */
bool layer_can_verify(const struct decoder *d);

/*
 * Less than the `header` bytes of a transport header are left: its ports, if they are there,
 * still say which conversation it is.
 */
void layer_ports_only(struct decoder *d, const char *name, size_t header) COLD;

/* For the sink; all of them may be called only if there is one. Offsets from the frame's start. */
void layer_begin(const struct decoder *d, const char *name, size_t at, size_t len,
	const char *fmt, ...) __attribute__((format(printf, 5, 6))) COLD;
void layer_field(const struct decoder *d, const char *name, size_t at, size_t len,
	const char *fmt, ...) __attribute__((format(printf, 5, 6))) COLD;
void layer_end(const struct decoder *d) COLD;
/* A 16-bit checksum field and what became of it. */
void layer_field_sum(const struct decoder *d, const char *name, size_t at, enum sum_state sum) COLD;
/* A field whose text is an address of this kind. */
void layer_field_addr(const struct decoder *d, const char *name, size_t at,
	enum addr_kind kind) COLD;
/* Bytes in hexadecimal, cut where there are many. */
void layer_field_hex(const struct decoder *d, const char *name, size_t at, size_t len) COLD;

/* A set of bits with names, for flag fields. */
struct layer_bit {
	uint32_t mask;
	const char *name;
};

/* "SYN, ACK" of the bits that are set; "none". */
const char *layer_bits(char *out, size_t size, uint32_t value, const struct layer_bit *bits,
	size_t count) COLD;

/* A number and what it means. */
struct layer_name {
	uint32_t value;
	const char *name;
};

/* The name, or `unknown`. */
const char *layer_name(const struct layer_name *names, size_t count, uint32_t value,
	const char *unknown) COLD;
/* The name of an EtherType, IP protocol ... as proto_format() has it. */
const char *layer_proto(char *out, size_t size, uint32_t proto) COLD;

/*
 * The layers. Those of the link level return false where not even their header is there; then
 * nothing is known of the frame.
 */
bool layer_ethernet(struct decoder *d);
bool layer_fddi(struct decoder *d);
bool layer_hdlc(struct decoder *d);
bool layer_frame_relay(struct decoder *d);
bool layer_null(struct decoder *d);
bool layer_loop(struct decoder *d);
bool layer_raw(struct decoder *d);
bool layer_nflog(struct decoder *d);
bool layer_sll(struct decoder *d);
bool layer_sll2(struct decoder *d);
bool layer_wlan(struct decoder *d);
bool layer_radiotap(struct decoder *d);
bool layer_ppp_link(struct decoder *d);
bool layer_ppp_direction(struct decoder *d);
bool layer_pppoe_link(struct decoder *d);

/*
 * What an EtherType announces: true where an IP conversation was found; if not, d->link_proto
 * says what is there, and the link layer's conversation stands.
 */
bool layer_ethertype(struct decoder *d, uint16_t type);
/*
 * Cisco's security group tags: version, number of options of four bytes, those; the EtherType of
 * what follows is behind them, within GRE before them.
 */
bool layer_metadata(struct decoder *d, bool type_first);
/* The same behind IEEE 802.2 LLC. */
bool layer_llc(struct decoder *d);
bool layer_mpls(struct decoder *d);
bool layer_pppoe(struct decoder *d);
/* PPP from its protocol field on. */
bool layer_ppp(struct decoder *d);
/* An ARP message; it has no conversation of its own. */
void layer_arp(struct decoder *d);

bool layer_ipv4(struct decoder *d);
bool layer_ipv6(struct decoder *d);
/* IPv4 or IPv6, as the first four bits say. */
bool layer_ip(struct decoder *d);
/* What an IP protocol number announces; the conversation of the IP header stands already. */
void layer_ip_proto(struct decoder *d, uint8_t proto);
void layer_ipv6_extension(struct decoder *d, uint8_t type);

void layer_tcp(struct decoder *d);
void layer_udp(struct decoder *d);
void layer_udplite(struct decoder *d);
void layer_sctp(struct decoder *d);
void layer_icmp(struct decoder *d);
void layer_icmp6(struct decoder *d);
/* Whether this type has an identifier and a sequence number. */
bool layer_icmp_echo(uint32_t proto, uint8_t type);
void layer_igmp(struct decoder *d);
void layer_esp(struct decoder *d);
void layer_ah(struct decoder *d);
void layer_gre(struct decoder *d);
/* ERSPAN behind GRE: version 1 (type II) or 2 (type III). */
void layer_erspan(struct decoder *d, unsigned version);

/* Tunnels over UDP: nothing happens where the payload is not plausibly one. */
void layer_vxlan(struct decoder *d);
void layer_vxlan_gpe(struct decoder *d);
void layer_geneve(struct decoder *d);
void layer_gtpu(struct decoder *d);
void layer_teredo(struct decoder *d);

/* The headers that an ICMP error quotes, for the sink alone: facts stay as they are. */
void layer_quoted(struct decoder *d, bool (*layer)(struct decoder *d)) COLD;
void layer_tcp_options(const struct decoder *d, size_t at, size_t len) COLD;
void layer_ipv4_options(const struct decoder *d, size_t at, size_t len) COLD;
void layer_ipv6_options(const struct decoder *d, size_t at, size_t len) COLD;

#endif
