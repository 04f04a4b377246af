/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of arbitrary packets: SDP, what SIP messages announce, RTP's headers and what its streams add up to. The first byte: whether all of
 * the rest is SDP. Else packets: one byte of flags (direction, a jump of time, port), two of length. Media have an address, a port and a
 * printable codec; a stream's losses are shares, and no packet is lost that was not expected.
 */
#include "app/media.h"
#include "app/rtp.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

enum { HEAD = 42 };

static void stop(const char *why)
{
	fprintf(stderr, "fuzz_media: %s\n", why);
	abort();
}

static void check_types(const struct sdp_type *types, unsigned n)
{
	if (n > SDP_TYPES)
		stop("more types than there is room for");
	for (unsigned i = 0; i < n; i++) {
		if (types[i].type > 127 || !memchr(types[i].codec, '\0', SDP_CODEC))
			stop("a type that is none");
		for (const char *c = types[i].codec; *c; c++)
			if (*c < ' ' || *c > '~')
				stop("a codec that cannot be printed");
	}
}

static void hear_media(void *ctx, const struct sdp_media *m)
{
	unsigned *n = ctx;

	++*n;
	if (m->port == 0 || (m->addr.kind != ADDR_IPV4 && m->addr.kind != ADDR_IPV6))
		stop("media that go nowhere");
	check_types(m->types, m->n_types);
}

static void read_sdp(const uint8_t *p, size_t n)
{
	unsigned told = 0;

	if (sdp_read((const char *)p, n, hear_media, &told) != told)
		stop("media were not told");
}

struct sums { struct rtp_stream stream; struct rtp_guess guess; int64_t expected, received; };

static void hear_rtp(struct sums *s, const uint8_t *p, size_t n, const struct announced *a, int64_t time_ns)
{
	struct rtp_header h;
	struct rtp_step step;
	double loss, burst;

	rtp_guess(&s->guess, p, n);
	if (!rtp_read(p, n, &h))
		return;
	if (h.header_len > n || h.type > 127)
		stop("a header that is longer than its packet");
	const struct sdp_type *type = a ? announced_type(a, h.type) : NULL;
	rtp_stream_packet(&s->stream, &h, type ? type->clock_hz : 8000, time_ns, &step);
	s->expected += step.expected;
	s->received += step.received;
	if (s->received > s->expected || step.received > 2 || (step.has_jitter && step.jitter_ns < 0))
		stop("more was received than expected");
	rtp_stream_loss(&s->stream, &loss, &burst);
	if (!(loss >= 0 && loss <= 1 && burst >= 0))
		stop("losses that are no share");
}

static void read_packets(const uint8_t *data, size_t len_bytes)
{
	struct media_table *table;
	struct sums *sums = mem_calloc(2, sizeof(*sums));
	int64_t time_ns = 0;

	if (!sums || media_table_new(&table, NULL) != RC_DONE) {
		mem_free(sums);
		return;
	}
	for (size_t at = 0; len_bytes - at >= 3;) {
		unsigned dir = data[at] & 1;
		size_t left = len_bytes - at - 3, len = (size_t)(data[at + 1] << 8 | data[at + 2]), kept = len < left ? len : left;
		uint8_t *frame = mem_calloc(1, HEAD + kept);

		if (!frame)
			break;
		memcpy(frame + HEAD, data + at + 3, kept);
		time_ns += data[at] & 2 ? 20000000 : (int64_t)data[at] << 36;
		uint16_t port = data[at] & 4 ? 4000 : 5060;
		struct packet p = {
			.time_ns = time_ns, .len = (uint32_t)(HEAD + len), .caplen = (uint32_t)(HEAD + kept), .payload_off = HEAD,
			.payload_len = (uint32_t)len, .proto = PROTO_UDP, .flags = PACKET_HAS_PORTS | PACKET_HAS_IP,
			.src = {.kind = ADDR_IPV4, .bytes = {10, 0, 0, (uint8_t)(1 + dir)}},
			.dst = {.kind = ADDR_IPV4, .bytes = {10, 0, 0, (uint8_t)(2 - dir)}}, .src_port = port, .dst_port = port,
		};
		struct announced *a = media_table_packet(table, &p, frame);
		if (a)
			check_types(a->types, a->n_types);
		hear_rtp(&sums[dir], frame + HEAD, kept, a, time_ns);
		announced_release(a);
		mem_free(frame);
		at += 3 + kept;
	}
	media_table_free(table);
	mem_free(sums);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	if (len_bytes < 1 || len_bytes > 65536)
		return 0;
	if (data[0] & 1)
		read_sdp(data + 1, len_bytes - 1);
	else
		read_packets(data + 1, len_bytes - 1);
	return 0;
}
