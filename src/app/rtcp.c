/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rtcp.h"

#include "app/parser.h"
#include "base/cursor.h"

#include <stdio.h>
#include <string.h>

enum { SR = 200, RR = 201, SDES = 202, BYE = 203, LAST_TYPE = 207, BLOCK = 24, SR_INFO = 20 };

static void read_block(struct cursor *c, uint32_t reporter, struct rtcp_said *out)
{
	struct rtcp_report r = {.reporter = reporter, .source = cursor_be32(c)};
	uint32_t loss = cursor_be32(c);

	r.fraction = (uint8_t)(loss >> 24);
	r.lost = (int32_t)(loss << 8) / 256;
	cursor_skip(c, 4);
	r.jitter = cursor_be32(c);
	r.last_sr = cursor_be32(c);
	r.delay = cursor_be32(c);
	if (out->n_reports < RTCP_REPORTS)
		out->reports[out->n_reports++] = r;
}

/* SR or RR without its header's first four bytes. */
static bool read_reports(struct cursor *c, uint8_t type, unsigned count, struct rtcp_said *out)
{
	size_t need = 4u + (type == SR ? SR_INFO : 0u) + (size_t)count * BLOCK;

	if (cursor_left(c) < need)
		return false;
	uint32_t who = cursor_be32(c);
	if (type == SR) {
		uint32_t high = cursor_be32(c), low = cursor_be32(c);

		out->has_sender = true;
		out->sender = who;
		out->ntp_middle = high << 16 | low >> 16;
		cursor_skip(c, SR_INFO - 8);
	}
	for (unsigned i = 0; i < count; i++)
		read_block(c, who, out);
	return true;
}

bool rtcp_read(const uint8_t *p, size_t n, struct rtcp_said *out)
{
	struct cursor c;

	memset(out, 0, sizeof(*out));
	cursor_init(&c, p, n);
	while (cursor_left(&c) >= 4) {
		uint8_t first = cursor_u8(&c), type = cursor_u8(&c);
		size_t len = (size_t)cursor_be16(&c) * 4;
		bool last = len == cursor_left(&c);
		struct cursor body;

		if (first >> 6 != 2 || type < SR || type > LAST_TYPE || len > cursor_left(&c) || ((first & 0x20) && !last) ||
			(out->packets == 0 && type != SR && type != RR))
			return false;
		cursor_init(&body, cursor_bytes(&c, len), len);
		if ((type == SR || type == RR) && !read_reports(&body, type, first & 0x1f, out))
			return false;
		out->has_name |= type == SDES && (first & 0x1f) > 0;
		out->bye |= type == BYE;
		out->packets++;
	}
	return out->packets > 0 && cursor_left(&c) == 0;
}

int64_t rtcp_delay_ns(uint32_t delay)
{
	return (int64_t)((uint64_t)delay * UINT64_C(1000000000) >> 16);
}

/* ---- as an application --------------------------------------------------------------------- */

/* A report and who sent it, each length right: no other protocol looks so. One report alone is eight bytes: too little. */
static enum parse_match rtcp_match(const struct parse_bytes *in)
{
	struct rtcp_said said;

	return in->whole && in->client_port >= 1024 && in->server_port >= 1024 && rtcp_read(in->p, in->n, &said) &&
		said.packets > 1 && said.has_name ? MATCH_YES : MATCH_NO;
}

static void put_report(struct buf *info, const struct rtcp_report *r)
{
	char text[96];
	int n = snprintf(text, sizeof(text), ", %08x: lost %d (%.1f %%), jitter %u", (unsigned)r->source, (int)r->lost,
		r->fraction * 100.0 / 256, (unsigned)r->jitter);

	buf_put(info, text, (size_t)n);
}

static void rtcp_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	struct rtcp_said said;
	char text[64];

	(void)state;
	if (!out->info || out->info->len > 0 || !rtcp_read(in->p, in->n, &said))
		return;
	int n = said.has_sender ? snprintf(text, sizeof(text), "sender report %08x", (unsigned)said.sender)
		: snprintf(text, sizeof(text), "receiver report");
	buf_put(out->info, text, (size_t)n);
	for (uint32_t i = 0; i < said.n_reports; i++)
		put_report(out->info, &said.reports[i]);
	if (said.bye)
		buf_put(out->info, ", goodbye", 9);
}

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {
		"sender report", "receiver report", "source description", "goodbye", "application", "transport feedback",
		"payload feedback", "extended report",
	};

	return names[type - SR];
}

static void rtcp_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct rtcp_said said;
	char text[32];

	if (!rtcp_read(in->p, in->n, &said))
		return;
	sink->begin(sink->ctx, "rtcp", "Real-time Transport Control Protocol", offset, (uint32_t)in->n);
	for (size_t at = 0; at + 4 <= in->n;) {
		uint32_t len = 4 + 4 * ((uint32_t)in->p[at + 2] << 8 | in->p[at + 3]);

		sink->field(sink->ctx, "packet", type_name(in->p[at + 1]), offset + (uint32_t)at, len);
		if (len >= 8) {
			snprintf(text, sizeof(text), "0x%02x%02x%02x%02x", in->p[at + 4], in->p[at + 5], in->p[at + 6],
				in->p[at + 7]);
			sink->field(sink->ctx, "ssrc", text, offset + (uint32_t)at + 4, 4);
		}
		at += len;
	}
	sink->end(sink->ctx);
}

const struct app_parser rtcp_parser = {
	.app = APP_RTCP, .match = rtcp_match, .datagram = rtcp_datagram, .layers = rtcp_layers,
};
