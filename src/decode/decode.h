/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decoding: the bytes of one frame -> facts (struct packet), and, when somebody
 * wants to see them, its layers. Pure functions of their arguments: no state, no
 * allocation, no output; the state that fragments need is in decode/fragment.h.
 *
 * One walk serves both uses: each layer is a function on a struct decoder
 * (decode/layer.h) that fills facts and, where a sink is there, tells the sink.
 *
 * What counts:
 * - A header that was not decoded whole leaves the conversation of the one around it; ports
 *   that are there count although the rest of their header is missing.
 * - A tunnel whose datagram is fragmented is followed in the first fragment; payload_len is
 *   what is in the frame.
 * - ICMP errors do not look inside. An IPv6 fragment header with offset 0 and nothing to
 *   follow makes no fragment (RFC 6946).
 * - VLAN tags of all Ethernet headers are in `vlan`, the outermost first.
 * - PACKET_MALFORMED is a contradiction, as a length beyond the frame; what the capture alone
 *   cut off (PACKET_CUT) makes none.
 *
 * Invariants: never reads a byte outside [frame, frame + caplen); at most
 * DECODE_LAYERS layers; bounded work per frame.
 */
#ifndef FLOWDRILL_DECODE_DECODE_H
#define FLOWDRILL_DECODE_DECODE_H

#include "flow/packet.h"

enum { DECODE_LAYERS = 24 };

/* time_ns, offset, record_len, point and time flags of the packet are the caller's: they stay. */
struct decode_frame {
	uint32_t linktype;       /* LINKTYPE_ number as in the file */
	uint8_t fcs_len;         /* bytes of frame check sequence at the end */
	bool verify;             /* check checksums */
	const uint8_t *data;
	uint32_t caplen, len;
};

/* Fills everything else of *out; whatever the bytes are, src, dst, proto and flags are defined. */
void decode_packet(const struct decode_frame *frame, struct packet *out);

/* Whether frames of this link type can be decoded at all. */
bool decode_knows_linktype(uint32_t linktype);

/*
 * Layers, for people. begin() opens a layer, field() names a value of it with the bytes it was
 * read from (offsets from the start of the frame), end() closes; a layer within a layer is what an
 * ICMP error quotes. What no layer claims comes last, as "data" and "trailer". All texts are valid
 * until the call returns only, and are not escaped where they come from the packet.
 */
struct decode_sink {
	void (*begin)(void *ctx, const char *layer, const char *summary, uint32_t offset,
		uint32_t len);
	void (*field)(void *ctx, const char *name, const char *text, uint32_t offset, uint32_t len);
	void (*end)(void *ctx);
	void *ctx;
};

/* The same walk as decode_packet(), telling the sink. *out is filled as well. */
void decode_layers(const struct decode_frame *frame, struct packet *out,
	const struct decode_sink *sink);

#endif
