/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SSH (RFC 4253): the line in which each side names its software. Nothing more is to be heard behind it. */
#include "app/line.h"

#include "base/cursor.h"
#include "base/text.h"

enum { SSH_LINE = 255, SSH_PACKET = 35000 };

static enum parse_match ssh_match(const struct parse_bytes *in)
{
	enum parse_match v2 = line_begins(in->p, in->n, "ssh-2.0-"), v1 = line_begins(in->p, in->n, "ssh-1.");

	if (in->p[0] != 'S' || (in->n > 2 && (in->p[1] != 'S' || in->p[2] != 'H')))
		return MATCH_NO;
	return v2 == MATCH_NO ? v1 : v2;
}

/* The name of an unencrypted packet, where this is surely one (RFC 4253, 6 and 12). */
static const char *packet_name(const struct parse_bytes *in)
{
	if (in->n < 6)
		return NULL;
	uint32_t len = load_be32(in->p);
	unsigned padding = in->p[4], number = in->p[5];

	if (len > SSH_PACKET || padding < 4 || padding + 2 > len || (len + 4) % 8 != 0)
		return NULL;
	if (number == 20 && len >= 17 + 40)
		return "Key Exchange Init";
	return number == 21 && len == 2 + padding ? "New Keys" : NULL;
}

static void ssh_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct said_text line;
	const char *name;

	(void)state;
	if (ssh_match(in) == MATCH_NO) {
		name = packet_name(in);
		if (name && out->info)
			buf_put_str(out->info, name);
		/* a server may say other lines before (4.2) */
		step->lost = name || in->p[0] < ' ' || !line_next(in, step, &line) || !line_is_text(line) || line.len > SSH_LINE;
		return;
	}
	if (!line_next(in, step, &line))
		return;
	step->lost = line.len > SSH_LINE || !line_is_text(line);
	if (step->lost)
		return;
	line_info(out, line);
	step->done = true;
}

static size_t all_of(struct said_text line)
{
	return line.len;
}

static void ssh_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct parse_bytes first = *in;

	first.n = line_length(in->p, in->n);
	if (first.n > 0 && ssh_match(in) == MATCH_YES) {
		line_layers(&first, offset, sink, "ssh", "Secure Shell", all_of);
	} else if (packet_name(in)) {
		char text[TEXT_NUMBER];
		uint32_t len = load_be32(in->p);

		sink->begin(sink->ctx, "ssh", packet_name(in), offset, (uint32_t)in->n);
		text_u128(text, sizeof(text), len);
		sink->field(sink->ctx, "packet length", text, offset, 4);
		text_u128(text, sizeof(text), in->p[5]);
		sink->field(sink->ctx, "message", text, offset + 5, 1);
		sink->end(sink->ctx);
	}
}

const struct app_parser ssh_parser = {.app = APP_SSH, .match = ssh_match, .stream = ssh_stream, .layers = ssh_layers};
