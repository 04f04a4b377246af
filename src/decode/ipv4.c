/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPv4 (RFC 791) and its options. */
#include "decode/layer.h"
#include "decode/sum.h"

#include <stdio.h>

enum {
	IPV4_HEADER = 20, MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff,
	OPTION_LSRR = 131, OPTION_SSRR = 137,
};

static const char *dscp_name(unsigned dscp)
{
	static const struct layer_name names[] = {
		{ 0, "default" }, { 1, "LE" }, { 8, "CS1" }, { 10, "AF11" }, { 12, "AF12" },
		{ 14, "AF13" }, { 16, "CS2" }, { 18, "AF21" }, { 20, "AF22" }, { 22, "AF23" },
		{ 24, "CS3" }, { 26, "AF31" }, { 28, "AF32" }, { 30, "AF33" }, { 32, "CS4" },
		{ 34, "AF41" }, { 36, "AF42" }, { 38, "AF43" }, { 40, "CS5" }, { 44, "VOICE-ADMIT" },
		{ 46, "EF" }, { 48, "CS6" }, { 56, "CS7" },
	};

	return layer_name(names, COUNT(names), dscp, "unassigned");
}

static const struct layer_name ecn_names[] = {
	{ 0, "not capable" }, { 1, "ECT(1)" }, { 2, "ECT(0)" }, { 3, "congestion experienced" },
};

static const struct layer_name option_names[] = {
	{ 0, "end of options" }, { 1, "no operation" }, { 7, "record route" }, { 68, "timestamp" },
	{ 130, "security" }, { OPTION_LSRR, "loose source route" }, { 133, "extended security" },
	{ 134, "commercial security" }, { 136, "stream id" }, { OPTION_SSRR, "strict source route" },
	{ 148, "router alert" }, { 82, "traceroute" }, { 25, "quick start" },
};

static COLD void tell_option(const struct decoder *d, size_t at, size_t len)
{
	const uint8_t *h = d->c.data + at;
	const char *name = layer_name(option_names, COUNT(option_names), h[0], "unknown");
	bool route = h[0] == 7 || h[0] == OPTION_LSRR || h[0] == OPTION_SSRR;
	char text[256];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 3; route && i + 4 <= len; i += 4)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u.%u.%u.%u", n ? ", " : ": ",
			h[i], h[i + 1], h[i + 2], h[i + 3]);
	layer_field(d, "option", at, len, "%u (%s)%s", h[0], name, text);
}

void layer_ipv4_options(const struct decoder *d, size_t at, size_t len)
{
	const uint8_t *h = d->c.data;
	size_t end = at + len;

	while (at < end) {
		size_t n = 1;

		if (h[at] > 1) {
			if (at + 1 >= end || h[at + 1] < 2 || h[at + 1] > end - at) {
				layer_field(d, "option", at, end - at, "%u (malformed)", h[at]);
				return;
			}
			n = h[at + 1];
		}
		tell_option(d, at, n);
		if (h[at] == 0)
			return;
		at += n;
	}
}

static COLD void tell_ipv4(struct decoder *d, size_t at, size_t header, enum sum_state sum)
{
	static const struct layer_bit bits[] = {
		{ 0x8000, "reserved" }, { 0x4000, "don't fragment" }, { 0x2000, "more fragments" },
	};
	const uint8_t *h = d->c.data + at;
	unsigned fragment = load_be16(h + 6);
	char name[64], flags[64];

	layer_begin(d, "ipv4", at, header, "%u.%u.%u.%u -> %u.%u.%u.%u %s", h[12], h[13], h[14],
		h[15], h[16], h[17], h[18], h[19], layer_proto(name, sizeof(name), h[9]));
	layer_field(d, "version", at, 1, "%u", h[0] >> 4);
	layer_field(d, "header length", at, 1, "%u", (h[0] & 0xfu) * 4);
	layer_field(d, "dscp", at + 1, 1, "%u (%s)", h[1] >> 2, dscp_name(h[1] >> 2));
	layer_field(d, "ecn", at + 1, 1, "%u (%s)", h[1] & 3,
		layer_name(ecn_names, COUNT(ecn_names), h[1] & 3, ""));
	layer_field(d, "total length", at + 2, 2, "%u", load_be16(h + 2));
	layer_field(d, "identification", at + 4, 2, "0x%04x (%u)", load_be16(h + 4), load_be16(h + 4));
	layer_field(d, "flags", at + 6, 1, "0x%x (%s)", fragment >> 13,
		layer_bits(flags, sizeof(flags), fragment & 0xe000, bits, COUNT(bits)));
	layer_field(d, "fragment offset", at + 6, 2, "%u", (fragment & OFFSET_MASK) * 8);
	layer_field(d, "ttl", at + 8, 1, "%u", h[8]);
	layer_field(d, "protocol", at + 9, 1, "%u (%s)", h[9], name);
	layer_field_sum(d, "header checksum", at + 10, sum);
	layer_field_addr(d, "source", at + 12, ADDR_IPV4);
	layer_field_addr(d, "destination", at + 16, ADDR_IPV4);
	if (header > IPV4_HEADER)
		layer_ipv4_options(d, at + IPV4_HEADER, header - IPV4_HEADER);
	layer_end(d);
}

/* A source route that is not used up: the pseudo header has another destination. */
static bool source_routed(const uint8_t *option, size_t len)
{
	for (size_t i = 0; i < len && option[i] != 0;) {
		if (option[i] == 1) {
			i++;
			continue;
		}
		if (len - i < 3 || option[i + 1] < 2)
			return false;
		if (option[i] == OPTION_LSRR || option[i] == OPTION_SSRR)
			return option[i + 2] < option[i + 1];
		i += option[i + 1];
	}
	return false;
}

static void set_ipv4(struct decoder *d, const uint8_t *h)
{
	unsigned fragment = load_be16(h + 6);
	struct packet *p = d->p;

	p->flags = layer_fresh_flags(d) | PACKET_HAS_IP;
	p->src = (struct addr){ .kind = ADDR_IPV4 };
	memcpy(p->src.bytes, h + 12, 4);
	p->dst = (struct addr){ .kind = ADDR_IPV4 };
	memcpy(p->dst.bytes, h + 16, 4);
	p->proto = h[9];
	p->ttl = h[8];
	p->dscp = h[1] >> 2;
	p->src_port = p->dst_port = 0;
	p->fragment_id = load_be16(h + 4);
	if (unlikely(fragment & (MORE_FRAGMENTS | OFFSET_MASK)))
		layer_fragment(d, fragment & OFFSET_MASK);
}

static enum sum_state header_sum(struct decoder *d, const uint8_t *h, size_t header)
{
	if (!d->verify)
		return SUM_UNKNOWN;
	if (likely(sum_fold(sum_bytes(h, header)) == 0xffff))
		return SUM_RIGHT;
	d->p->flags |= PACKET_CHECKSUM_IP;
	return SUM_WRONG;
}

/* Options that were cut off leave the addresses, which came before them. */
static bool options_missing(struct decoder *d, size_t at, size_t header)
{
	if (likely(header - IPV4_HEADER <= cursor_left(&d->c))) {
		cursor_skip(&d->c, header - IPV4_HEADER);
		return false;
	}
	layer_had(d, header - IPV4_HEADER);
	cursor_skip(&d->c, cursor_left(&d->c));
	layer_payload(d);
	if (d->sink)
		tell_ipv4(d, at, IPV4_HEADER, SUM_UNKNOWN);
	return true;
}

bool layer_ipv4(struct decoder *d)
{
	size_t at = d->c.pos, header, total;
	const uint8_t *h = layer_take(d, IPV4_HEADER);
	enum sum_state sum;

	if (unlikely(!h) || unlikely(!layer_enter(d)))
		return false;
	header = (h[0] & 0xfu) * 4;
	total = load_be16(h + 2);
	if (unlikely(h[0] >> 4 != 4 || header < IPV4_HEADER || (total && total < header))) {
		layer_malformed(d);
		return false;
	}
	d->no_l4_sum = total == 0;
	/* 0: the network card was to cut it up (segmentation offload) and would have filled it in */
	if (likely(total))
		layer_limit(d, total - IPV4_HEADER);
	set_ipv4(d, h);
	if (unlikely(options_missing(d, at, header)))
		return true;
	layer_payload(d);
	sum = header_sum(d, h, header);
	if (unlikely(header > IPV4_HEADER))
		d->no_l4_sum = d->no_l4_sum || source_routed(h + IPV4_HEADER, header - IPV4_HEADER);
	if (unlikely(d->sink != NULL))
		tell_ipv4(d, at, header, sum);
	if (likely(!(d->p->flags & PACKET_FRAGMENT_LATER)))
		layer_ip_proto(d, h[9]);
	return true;
}
