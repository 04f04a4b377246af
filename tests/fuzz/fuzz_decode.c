/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decoding of arbitrary bytes. The first byte chooses the link type, the second what is said
 * of the frame: bit 0 checksums, bits 1 and 2 a frame check sequence of 4 bytes and bytes that were
 * cut off, the others how many of those. The rest is the frame. Both walks must say the same; what the sink
 * is told must lie within the frame.
 */
#include "decode/decode.h"
#include "decode/fragment.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static const uint16_t linktypes[] = {
	1, 0, 9, 10, 12, 14, 50, 51, 101, 104, 105, 107, 108, 113, 127, 204, 228, 229, 239, 276, 271,
};

struct seen {
	uint32_t caplen;
	int depth;
	unsigned long told;
};

static void stop(const char *why)
{
	fprintf(stderr, "fuzz_decode: %s\n", why);
	abort();
}

static void check(struct seen *s, const char *name, const char *text, uint32_t at, uint32_t len)
{
	if (at > s->caplen || len > s->caplen - at)
		stop("the sink was told of bytes outside");
	if (name[0] == '\0' || strlen(text) >= 512 || ++s->told > 100000)
		stop("the sink was told too much");
}

static void begin(void *ctx, const char *layer, const char *summary, uint32_t at, uint32_t len)
{
	struct seen *s = ctx;

	check(s, layer, summary, at, len);
	if (++s->depth > 2 * DECODE_LAYERS)
		stop("layers too deep");
}

static void field(void *ctx, const char *name, const char *text, uint32_t at, uint32_t len)
{
	struct seen *s = ctx;

	check(s, name, text, at, len);
	if (s->depth < 1)
		stop("a field outside of a layer");
}

static void end(void *ctx)
{
	struct seen *s = ctx;

	if (--s->depth < 0)
		stop("a layer ended twice");
}

static void check_facts(const struct packet *p, const struct decode_frame *frame)
{
	uint32_t wire = frame->len > frame->caplen ? frame->len : frame->caplen;

	if (p->caplen != frame->caplen || p->len != frame->len || p->payload_off > frame->caplen ||
		p->payload_len > wire - p->payload_off)
		stop("payload outside of the frame");
	if ((p->flags & PACKET_FRAGMENT_LATER) && !(p->flags & PACKET_FRAGMENT))
		stop("a later fragment that is none");
	if ((p->flags & PACKET_HAS_TCP) && !(p->flags & PACKET_HAS_PORTS))
		stop("TCP without ports");
	if (p->tunnel.depth > DECODE_LAYERS || (p->tunnel.depth == 0) != (p->tunnel.type == TUNNEL_NONE))
		stop("tunnels not counted right");
	if (p->src.kind != p->dst.kind && p->src.kind != ADDR_NONE && p->dst.kind != ADDR_NONE)
		stop("addresses of two kinds");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	static struct fragment_table *fragments;
	struct seen seen = { 0 };
	struct decode_sink sink = { begin, field, end, &seen };
	struct decode_frame frame = { 0 };
	struct packet facts = { .time_ns = 1 }, again = { .time_ns = 1 };

	if (len_bytes < 2 || len_bytes > 65536)
		return 0;
	if (!fragments && fragment_table_new(&fragments, NULL) != RC_DONE)
		return 0;
	frame.linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(linktypes[0]))];
	frame.verify = data[1] & 1;
	frame.fcs_len = data[1] & 2 ? 4 : 0;
	frame.data = data + 2;
	frame.caplen = seen.caplen = (uint32_t)len_bytes - 2;
	frame.len = frame.caplen + (data[1] & 4 ? (data[1] >> 3) * 8u : 0);
	decode_packet(&frame, &facts);
	decode_layers(&frame, &again, &sink);
	if (memcmp(&facts, &again, sizeof(facts)) != 0)
		stop("decode_packet and decode_layers differ");
	if (seen.depth != 0)
		stop("a layer did not end");
	check_facts(&facts, &frame);
	fragment_table_see(fragments, &facts);
	return 0;
}
