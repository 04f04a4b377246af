/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/2 in clear, with prior knowledge (RFC 9113) or behind an Upgrade of HTTP/1: frames are walked by their lengths. HPACK is not decoded: which host, which target and
 * which status is not known, only that streams are opened and end, and errors with which they or the connection do.
 */
#include "app/parser.h"

#include "base/cursor.h"

#include <stdio.h>
#include <string.h>

enum { FRAME_HEAD = 9, PREFACE = 24, LENGTH_MAX = 1 << 24 };

enum frame_type {
	FRAME_DATA, FRAME_HEADERS, FRAME_PRIORITY, FRAME_RST_STREAM, FRAME_SETTINGS, FRAME_PUSH_PROMISE, FRAME_PING, FRAME_GOAWAY,
	FRAME_WINDOW_UPDATE, FRAME_CONTINUATION, FRAME_TYPES
};

enum { FLAG_END_STREAM = 1, FLAG_ACK = 1 };

static const char preface[PREFACE + 1] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct http2_state {
	uint32_t last_opened;        /* by the client: the highest so far */
	bool begun[2];               /* the first SETTINGS were there */
	bool client_known;
	bool first_opened;           /* stream 1 was, by HEADERS: behind an Upgrade it is the request before it (RFC 7540, 3.2) */
	uint8_t client;              /* enum direction: who sent the preface */
};
_Static_assert(sizeof(struct http2_state) <= PARSE_STATE, "fits");

struct frame {
	uint32_t len, stream;
	uint8_t type, flags;
};

/* ---- frames -------------------------------------------------------------------------------- */

/* False where FRAME_HEAD bytes at p are none that may be (RFC 9113, 6). Types that are not known are, with any length. */
static bool frame_head(const uint8_t *p, struct frame *f)
{
	*f = (struct frame){.len = load_be32(p) >> 8, .type = p[3], .flags = p[4], .stream = load_be32(p + 5) & 0x7fffffff};
	switch (f->type) {
	case FRAME_DATA:
	case FRAME_HEADERS:
	case FRAME_CONTINUATION:
		return f->stream != 0;
	case FRAME_PRIORITY:
		return f->stream != 0 && f->len == 5;
	case FRAME_RST_STREAM:
		return f->stream != 0 && f->len == 4;
	case FRAME_SETTINGS:
		return f->stream == 0 && f->len % 6 == 0 && (!(f->flags & FLAG_ACK) || f->len == 0);
	case FRAME_PUSH_PROMISE:
		return f->stream != 0 && f->len >= 4;
	case FRAME_PING:
		return f->stream == 0 && f->len == 8;
	case FRAME_GOAWAY:
		return f->stream == 0 && f->len >= 8;
	case FRAME_WINDOW_UPDATE:
		return f->len == 4;
	default:
		return true;
	}
}

/* Bytes of the frame behind its head that are looked at: the error code is their last four. */
static size_t looked_at(const struct frame *f)
{
	return f->type == FRAME_RST_STREAM ? 4 : f->type == FRAME_GOAWAY ? 8 : 0;
}

static const char *error_name(uint32_t code)
{
	static const char *const names[] = {
		"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
		"FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
		"INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
	};

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : NULL;
}

static const char *frame_name(uint8_t type)
{
	static const char *const names[FRAME_TYPES] = {
		"DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE",
		"CONTINUATION",
	};

	return type < FRAME_TYPES ? names[type] : NULL;
}

static void tell(const struct parse_out *out, const struct frame *f, uint32_t code)
{
	const char *name = frame_name(f->type);

	if (!out->info || !name)
		return;
	parse_tell(out, name);
	if (f->stream != 0)
		buf_printf(out->info, "[%u]", f->stream);
	if (looked_at(f) > 0 && error_name(code))
		buf_printf(out->info, " %s", error_name(code));
}

/* With what the server ends a stream or the connection (RFC 9113, 7). To cancel is nobody's fault. */
static void count_error(const struct parse_out *out, uint32_t code)
{
	enum { NO_ERROR = 0, REFUSED_STREAM = 7, CANCEL = 8, ENHANCE_YOUR_CALM = 11, HTTP_1_1_REQUIRED = 13 };

	if (code == NO_ERROR || code == CANCEL)
		return;
	if (code == REFUSED_STREAM || (code >= ENHANCE_YOUR_CALM && code <= HTTP_1_1_REQUIRED))
		out->said->refusals++;
	else
		out->said->errors++;
}

/* body: looked_at() bytes. */
static void take_frame(struct http2_state *s, enum direction dir, const struct frame *f, const uint8_t *body,
	const struct parse_out *out)
{
	bool is_client = s->client_known && dir == (enum direction)s->client;
	bool is_server = s->client_known && !is_client;
	uint32_t code = looked_at(f) > 0 ? load_be32(body + looked_at(f) - 4) : 0;

	tell(out, f, code);
	if (is_client && f->type == FRAME_HEADERS && (f->stream & 1) && f->stream > s->last_opened) {
		s->last_opened = f->stream;      /* later HEADERS of a stream are trailers */
		s->first_opened |= f->stream == 1;
		out->said->requests++;
	}
	if (!is_server)
		return;
	if ((f->type == FRAME_HEADERS || f->type == FRAME_DATA) && (f->flags & FLAG_END_STREAM) && (f->stream & 1) &&
		(f->stream > 1 || s->first_opened))
		out->said->responses++;
	if (looked_at(f) > 0)
		count_error(out, code);
}

static void http2_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct http2_state *s = state;
	struct frame f;

	while (step->used < in->n && step->skip == 0) {
		const uint8_t *p = in->p + step->used;
		size_t rest = in->n - step->used;

		if (!s->begun[in->dir] && memcmp(p, preface, rest < PREFACE ? rest : PREFACE) == 0) {
			step->need = PREFACE;
			if (rest < PREFACE)
				return;
			s->client_known = true;
			s->client = (uint8_t)in->dir;
			parse_tell(out, "Magic");
			step->used += PREFACE;
			step->need = 0;
			continue;
		}
		step->need = FRAME_HEAD;
		if (rest < FRAME_HEAD)
			return;
		step->lost = !frame_head(p, &f) || (s->client_known && !s->begun[in->dir] && f.type != FRAME_SETTINGS);
		step->need += looked_at(&f);
		if (step->lost || rest < step->need)
			return;
		s->begun[in->dir] = true;
		take_frame(s, in->dir, &f, p + FRAME_HEAD, out);
		step->used += step->need;
		step->need = 0;
		step->skip = f.len - looked_at(&f);
	}
}

/* ---- finding it ------------------------------------------------------------------------------ */

/* The server's SETTINGS, which say too little alone: the client's preface tells. */
static bool may_be_settings(const struct parse_bytes *in)
{
	static const uint8_t zeros[5] = {0};
	size_t n = in->n < FRAME_HEAD ? in->n : FRAME_HEAD;

	return n >= 4 && in->p[0] == 0 && in->p[1] == 0 && in->p[2] % 6 == 0 && in->p[3] == FRAME_SETTINGS &&
		memcmp(in->p + 4, zeros, n - 4) == 0;
}

static enum parse_match http2_match(const struct parse_bytes *in)
{
	if (memcmp(in->p, preface, in->n < PREFACE ? in->n : PREFACE) == 0)
		return in->n < PREFACE ? MATCH_MAYBE : MATCH_YES;
	return may_be_settings(in) ? MATCH_MAYBE : MATCH_NO;
}

/* Frames, all of known types, that end where the segment ends. */
static bool whole_frames(const struct parse_bytes *in)
{
	struct frame f;
	size_t at = 0;

	while (in->n - at >= FRAME_HEAD && frame_head(in->p + at, &f) && f.type < FRAME_TYPES) {
		if (f.len > in->n - at - FRAME_HEAD)
			return false;
		at += FRAME_HEAD + (size_t)f.len;
	}
	return at == in->n && in->whole;
}

static bool http2_resync(void *state, const struct parse_bytes *in)
{
	(void)state;
	return http2_match(in) == MATCH_YES || whole_frames(in);
}

/* ---- for people ----------------------------------------------------------------------------- */

static void show_frame(const struct decode_sink *sink, const uint8_t *p, const struct frame *f, size_t there, uint32_t offset)
{
	char text[64];
	const char *name = frame_name(f->type);

	sink->begin(sink->ctx, "http2", "Hypertext Transfer Protocol 2", offset, (uint32_t)(FRAME_HEAD + there));
	snprintf(text, sizeof(text), "%u", f->len);
	sink->field(sink->ctx, "length", text, offset, 3);
	snprintf(text, sizeof(text), "%s (%u)", name ? name : "unknown", f->type);
	sink->field(sink->ctx, "type", text, offset + 3, 1);
	snprintf(text, sizeof(text), "0x%02x", f->flags);
	sink->field(sink->ctx, "flags", text, offset + 4, 1);
	snprintf(text, sizeof(text), "%u", f->stream);
	sink->field(sink->ctx, "stream", text, offset + 5, 4);
	size_t look = looked_at(f);
	if (look > 0 && look <= there) {
		uint32_t code = load_be32(p + FRAME_HEAD + look - 4);
		snprintf(text, sizeof(text), "%s (%u)", error_name(code) ? error_name(code) : "unknown", code);
		sink->field(sink->ctx, "error", text, offset + FRAME_HEAD + (uint32_t)look - 4, 4);
	}
	sink->end(sink->ctx);
}

static void http2_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct frame f;
	size_t at = 0;

	if (in->n >= PREFACE && memcmp(in->p, preface, PREFACE) == 0) {
		sink->begin(sink->ctx, "http2", "Hypertext Transfer Protocol 2", offset, PREFACE);
		sink->field(sink->ctx, "magic", "PRI * HTTP/2.0", offset, PREFACE);
		sink->end(sink->ctx);
		at = PREFACE;
	} else if (!whole_frames(in)) {
		return;
	}
	while (in->n - at >= FRAME_HEAD && frame_head(in->p + at, &f)) {
		size_t there = in->n - at - FRAME_HEAD;

		if (there > f.len)
			there = f.len;
		show_frame(sink, in->p + at, &f, there, offset + (uint32_t)at);
		at += FRAME_HEAD + there;
	}
}

const struct app_parser http2_parser = {
	.app = APP_HTTP2, .match = http2_match, .stream = http2_stream, .resync = http2_resync, .layers = http2_layers,
};
