/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP (RFC 9293) and its options. */
#include "decode/layer.h"

#include <stdio.h>

enum {
	TCP_HEADER = 20,
	SCALE_MAX = 14,
	SACK_SPAN = 1 << 30,     /* the largest window (RFC 7323, 2.3) */
};

enum {
	OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_SCALE = 3, OPTION_SACK_OK = 4,
	OPTION_SACK = 5, OPTION_TIMESTAMP = 8, OPTION_MPTCP = 30,
};

static const struct layer_name option_names[] = {
	{ OPTION_END, "end of options" }, { OPTION_NOP, "no operation" },
	{ OPTION_MSS, "maximum segment size" }, { OPTION_SCALE, "window scale" },
	{ OPTION_SACK_OK, "SACK permitted" }, { OPTION_SACK, "SACK" }, { 6, "echo" },
	{ 7, "echo reply" }, { OPTION_TIMESTAMP, "timestamps" }, { 14, "alternate checksum" },
	{ 19, "MD5 signature" }, { 27, "quick start" }, { 28, "user timeout" },
	{ 29, "authentication" }, { OPTION_MPTCP, "multipath TCP" }, { 34, "fast open" },
	{ 69, "encryption negotiation" }, { 172, "accurate ECN" }, { 174, "accurate ECN" },
	{ 253, "experiment" }, { 254, "experiment" },
};

static const struct layer_name mptcp_subtypes[] = {
	{ 0, "capable" }, { 1, "join" }, { 2, "data sequence signal" }, { 3, "add address" },
	{ 4, "remove address" }, { 5, "priority" }, { 6, "fail" }, { 7, "fast close" },
	{ 8, "reset" },
};

static COLD void sack_blocks(char *out, size_t size, const uint8_t *h, size_t len)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 2; i + 8 <= len && at < size; i += 8) {
		int n = snprintf(out + at, size - at, "%s%u-%u", at ? ", " : "", load_be32(h + i),
			load_be32(h + i + 4));

		at += n > 0 ? (size_t)n : 0;
	}
}

/* One option of `len` bytes that are all there. */
static COLD void tell_option(const struct decoder *d, size_t at, size_t len)
{
	const uint8_t *h = d->c.data + at;
	const char *name = layer_name(option_names, COUNT(option_names), h[0], "unknown");
	char text[128];

	if (h[0] == OPTION_MSS && len == 4)
		layer_field(d, "option", at, len, "%s %u", name, load_be16(h + 2));
	else if (h[0] == OPTION_SCALE && len == 3)
		layer_field(d, "option", at, len, "%s %u (times %u)", name, h[2],
			1u << (h[2] > 14 ? 14 : h[2]));
	else if (h[0] == OPTION_TIMESTAMP && len == 10)
		layer_field(d, "option", at, len, "%s value %u, echo reply %u", name,
			load_be32(h + 2), load_be32(h + 6));
	else if (h[0] == OPTION_MPTCP && len >= 3)
		layer_field(d, "option", at, len, "%s %s", name,
			layer_name(mptcp_subtypes, COUNT(mptcp_subtypes), h[2] >> 4, "unknown"));
	else if (h[0] == OPTION_SACK) {
		sack_blocks(text, sizeof(text), h, len);
		layer_field(d, "option", at, len, "%s %s", name, text);
	} else if (h[0] <= OPTION_SACK_OK)
		layer_field(d, "option", at, len, "%s", name);
	else
		layer_field(d, "option", at, len, "%u (%s), %zu bytes", h[0], name, len);
}

void layer_tcp_options(const struct decoder *d, size_t at, size_t len)
{
	const uint8_t *h = d->c.data;
	size_t end = at + len;

	while (at < end) {
		size_t n = 1;

		if (h[at] > OPTION_NOP) {
			if (end - at < 2 || h[at + 1] < 2 || h[at + 1] > end - at) {
				layer_field(d, "option", at, end - at, "%u (malformed)", h[at]);
				return;
			}
			n = h[at + 1];
		}
		tell_option(d, at, n);
		if (h[at] == OPTION_END)
			return;
		at += n;
	}
}

/* `options` bytes of them are here. */
static COLD void tell_tcp(struct decoder *d, size_t at, size_t options, enum sum_state sum)
{
	static const struct layer_bit bits[] = {
		{ TCP_FIN, "FIN" }, { TCP_SYN, "SYN" }, { TCP_RST, "RST" }, { TCP_PSH, "PSH" },
		{ TCP_ACK, "ACK" }, { TCP_URG, "URG" }, { TCP_ECE, "ECE" }, { TCP_CWR, "CWR" },
		{ TCP_NS, "NS" },
	};
	const uint8_t *h = d->c.data + at;
	unsigned flags = load_be16(h + 12) & 0x1ff;
	char text[64];
	const char *names = layer_bits(text, sizeof(text), flags, bits, COUNT(bits));

	layer_begin(d, "tcp", at, TCP_HEADER + options, "%u -> %u [%s] seq %u ack %u window %u",
		load_be16(h), load_be16(h + 2), names, load_be32(h + 4), load_be32(h + 8),
		load_be16(h + 14));
	layer_field(d, "source port", at, 2, "%u", load_be16(h));
	layer_field(d, "destination port", at + 2, 2, "%u", load_be16(h + 2));
	layer_field(d, "sequence number", at + 4, 4, "%u", load_be32(h + 4));
	layer_field(d, "acknowledgment number", at + 8, 4, "%u", load_be32(h + 8));
	layer_field(d, "header length", at + 12, 1, "%u", (h[12] >> 4) * 4u);
	layer_field(d, "flags", at + 12, 2, "0x%03x (%s)", flags, names);
	layer_field(d, "window", at + 14, 2, "%u", load_be16(h + 14));
	layer_field_sum(d, "checksum", at + 16, sum);
	layer_field(d, "urgent pointer", at + 18, 2, "%u", load_be16(h + 18));
	layer_tcp_options(d, at + TCP_HEADER, options);
	layer_end(d);
}

/* ---- facts of options ---------------------------------------------------------------- */

/*
 * Blocks beyond the acknowledgment count once: one within the block behind it tells of a duplicate (RFC 2883), as does
 * a first block below the acknowledgment.
 */
static void sack_facts(struct packet *p, const uint8_t *h, size_t len)
{
	uint32_t left[4], right[4];
	size_t n = 0;

	for (size_t i = 2; i + 8 <= len && n < 4; i += 8, n++) {
		left[n] = load_be32(h + i) - p->tcp_ack;
		right[n] = load_be32(h + i + 4) - p->tcp_ack;
	}
	if (n)
		p->tcp_options |= TCP_OPT_SACK;
	for (size_t i = 0; i < n; i++) {
		uint32_t bytes = right[i] - left[i];
		bool below = (int32_t)right[i] <= 0;

		if (i == 0 && n > 1 && left[0] - left[1] < right[1] - left[1] && right[0] - left[1] <= right[1] - left[1])
			continue;
		if (bytes == 0 || bytes > SACK_SPAN || (!below && (left[i] == 0 || right[i] > SACK_SPAN || left[i] >= right[i])) ||
			(below && i > 0))
			p->tcp_options |= TCP_OPT_BAD_SACK;
		else if (!below)
			p->tcp_sacked += bytes;
	}
}

/* Options of `len` bytes that are all here; what contradicts itself ends them. */
static void option_facts(struct packet *p, const uint8_t *h, size_t len)
{
	while (len > 0 && h[0] != OPTION_END) {
		size_t n = 1;

		if (h[0] != OPTION_NOP) {
			if (len < 2 || h[1] < 2 || h[1] > len)
				return;
			n = h[1];
		}
		if (h[0] == OPTION_MSS && n == 4) {
			p->tcp_mss = load_be16(h + 2);
			p->tcp_options |= TCP_OPT_MSS;
		} else if (h[0] == OPTION_SCALE && n == 3) {
			p->tcp_scale = h[2] > SCALE_MAX ? SCALE_MAX : h[2];
			p->tcp_options |= TCP_OPT_SCALE;
		} else if (h[0] == OPTION_SACK_OK && n == 2) {
			p->tcp_options |= TCP_OPT_SACK_OK;
		} else if (h[0] == OPTION_SACK && !(p->tcp_options & TCP_OPT_SACK)) {
			sack_facts(p, h, n);
		}
		h += n;
		len -= n;
	}
}

/* NOP, NOP, timestamps: what nearly every segment has, and nothing to tell. */
static bool only_timestamps(const uint8_t *h, size_t len)
{
	return len == 12 && load_be32(h) == 0x0101080a;
}

void layer_tcp(struct decoder *d)
{
	size_t at = d->c.pos, header, options;
	const uint8_t *h = cursor_peek(&d->c, TCP_HEADER);
	struct packet *p = d->p;
	enum sum_state sum = SUM_UNKNOWN;

	if (unlikely(!h)) {
		layer_ports_only(d, "tcp", TCP_HEADER);
		return;
	}
	if (unlikely(!layer_enter(d)))
		return;
	cursor_skip(&d->c, TCP_HEADER);
	p->src_port = load_be16(h);
	p->dst_port = load_be16(h + 2);
	p->tcp_seq = load_be32(h + 4);
	p->tcp_ack = load_be32(h + 8);
	p->tcp_flags = load_be16(h + 12) & 0x1ff;
	p->tcp_window = load_be16(h + 14);
	p->tcp_sum = load_be16(h + 16);
	p->tcp_sacked = 0;
	p->tcp_options = 0;
	p->flags |= PACKET_HAS_PORTS | PACKET_HAS_TCP;
	header = (h[12] >> 4) * 4u;
	if (unlikely(header < TCP_HEADER)) {
		layer_malformed(d);
		header = TCP_HEADER;
	}
	if (likely(layer_had(d, header - TCP_HEADER)))
		cursor_skip(&d->c, header - TCP_HEADER < cursor_left(&d->c) ? header - TCP_HEADER :
			cursor_left(&d->c));
	options = d->c.pos - at - TCP_HEADER;
	if (options && !only_timestamps(h + TCP_HEADER, options))
		option_facts(p, h + TCP_HEADER, options);
	if (d->verify)
		sum = layer_verify_tcp(d, at, header <= d->wire_end - at ? header : TCP_HEADER);
	if (unlikely(d->sink != NULL))
		tell_tcp(d, at, options, sum);
	p->payload_off = (uint32_t)d->c.pos;
	p->payload_len = d->wire_end - (uint32_t)at - (uint32_t)(header <= d->wire_end - at ? header :
		TCP_HEADER);
}
