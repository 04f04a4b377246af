/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/packet_frame.h"

#include "base/text.h"
#include "flow/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_END = 0, OPTION_COMMENT = 1 };

/* What the layers say themselves is left out. */
static const char *const frame_fields[] = { "id", "time", "gap", "len", "caplen", "point",
	"file_offset", "vlan", "tunnel", NULL };

static void add_fields(
	struct packet_tree *t, const struct row *row, const struct cell_style *style)
{
	struct cell_style full = *style;

	full.dates = true;
	for (const char *const *name = frame_fields; *name != NULL; name++) {
		const struct field *f = field_find(*name, TIER_PACKET);
		char text[CELL_TEXT];

		if (f != NULL && cell_format(text, sizeof(text), f, row, &full))
			packet_tree_field(t, *name, text, 0, 0);
	}
}

static void add_record_id(struct packet_tree *t, const char *name, enum tier tier,
	unsigned source, struct record_id rec)
{
	struct id id = { .tier = tier, .source = source, .rec = rec };
	char text[ID_TEXT];

	id_format(text, sizeof(text), &id);
	if (rec.block != 0)
		packet_tree_field(t, name, text, 0, 0);
}

static unsigned option_u16(const struct raw_packet *raw, size_t at)
{
	const uint8_t *p = raw->options + at;

	return raw->big_endian ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

/*
 * pcapng options: code, length, value padded to four bytes (draft-ietf-opsawg-pcapng section
 * 3.5).
 */
static void add_comments(struct packet_tree *t, const struct raw_packet *raw)
{
	size_t at = 0;

	while (raw->options != NULL && at + 4 <= raw->options_len) {
		unsigned code = option_u16(raw, at), len = option_u16(raw, at + 2);
		char text[1024];

		at += 4;
		if (code == OPTION_END || len > raw->options_len - at)
			return;
		if (code == OPTION_COMMENT) {
			text_escape_to(text, sizeof(text), raw->options + at, len);
			packet_tree_field(t, "comment", text, 0, 0);
		}
		at += (len + 3u) & ~3u;
	}
}

static void add_frame(struct packet_tree *t, const struct row *row,
	const struct raw_packet *raw, const struct cell_style *style)
{
	const struct packet_row *p = row->packet;
	char summary[160], time[TEXT_TIME];

	text_clock(time, sizeof(time), raw->time_ns, 9);
	snprintf(summary, sizeof(summary), "%" PRIu64 "  %s  %u bytes%s", p->frame,
		raw->time_unknown ? "time unknown" : time, raw->len,
		raw->caplen < raw->len ? ", cut" : "");
	packet_tree_layer(t, "frame", summary, 0, 0);
	add_fields(t, row, style);
	add_record_id(t, "flow", TIER_FLOW, row->source, p->flow);
	add_record_id(t, "microflow", TIER_MICROFLOW, row->source, p->microflow);
	add_comments(t, raw);
}

enum rc packet_frame_decode(struct packet_tree *t, const struct query_holder *holder,
	const struct cell_style *style, struct err *err)
{
	const struct raw_packet *raw = query_holder_raw(holder);
	const struct point_info *point = query_holder_point(holder);
	struct decode_frame frame = { .verify = true };

	if (raw == NULL)
		return err_set(err, RC_MISSING, "packet", "its bytes are not there");
	frame.data = raw->data;
	frame.caplen = raw->caplen;
	frame.len = raw->len;
	if (point != NULL) {
		frame.linktype = point->linktype;
		frame.fcs_len = point->fcs_len;
	}
	add_frame(t, query_holder_row(holder), raw, style);
	return packet_tree_decode(t, &frame, query_holder_row(holder)->packet, err);
}
