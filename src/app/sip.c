/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SIP over UDP and TCP. A request's URI is the url, the host in it the name; a final response counts, a provisional one does not (RFC 3261,
 * 7.2): the final one is still to come.
 */
#include "app/sip.h"

#include "app/line.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- lines ---------------------------------------------------------------------------------- */

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-.!%*_+`'~", c));
}

/* A header with the lines that it is folded over. */
static size_t folded_length(const char *p, size_t n)
{
	size_t len = line_length((const uint8_t *)p, n), more;

	while (len > 0 && len < n && (p[len] == ' ' || p[len] == '\t') && (more = line_length((const uint8_t *)p + len, n - len)) > 0)
		len += more;
	return len;
}

static struct said_text trim(const char *p, size_t n)
{
	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	while (n > 0 && strchr(" \t\r\n", p[n - 1]) && p[n - 1])
		n--;
	return (struct said_text){p, n};
}

/* ---- the first line ---------------------------------------------------------------------------- */

/* "SIP/2.0 180 Ringing" */
static bool status_line(struct said_text line, struct sip_message *m)
{
	if (line.len < 11 || memcmp(line.p, "SIP/2.0 ", 8) != 0 || (line.len > 11 && line.p[11] != ' '))
		return false;
	for (int i = 8; i < 11; i++)
		if (line.p[i] < '0' || line.p[i] > '9')
			return false;
	m->status = (uint16_t)((line.p[8] - '0') * 100 + (line.p[9] - '0') * 10 + (line.p[10] - '0'));
	m->reason = (struct said_text){line.p + 8, line.len - 8};
	return m->status >= 100 && m->status < 700;
}

static bool is_scheme(struct said_text uri)
{
	const char *colon = memchr(uri.p, ':', uri.len);

	if (!colon || colon == uri.p)
		return false;
	for (const char *c = uri.p; c < colon; c++)
		if (!is_token(*c))
			return false;
	return true;
}

/* "INVITE sip:bob@example.org SIP/2.0" */
static bool request_line(struct said_text line, struct sip_message *m)
{
	size_t at = 0;

	while (at < line.len && is_token(line.p[at]))
		at++;
	if (at == 0 || at > 32 || at + 1 + 1 + 8 > line.len || line.p[at] != ' ' ||
		memcmp(line.p + line.len - 8, " SIP/2.0", 8) != 0)
		return false;
	m->is_request = true;
	m->method = (struct said_text){line.p, at};
	m->uri = (struct said_text){line.p + at + 1, line.len - at - 1 - 8};
	return !memchr(m->uri.p, ' ', m->uri.len) && is_scheme(m->uri);
}

/* ---- headers ---------------------------------------------------------------------------------- */

static void take_length(struct said_text value, struct sip_message *m)
{
	uint64_t v = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9' || i > 9)
			return;
		v = v * 10 + (unsigned)(value.p[i] - '0');
	}
	if (value.len == 0)
		return;
	m->has_length = true;
	m->length = v;
}

static void take_header(const char *p, size_t n, struct sip_message *m)
{
	const char *colon = memchr(p, ':', n);

	if (!colon)
		return;
	struct said_text name = trim(p, (size_t)(colon - p)), value = trim(colon + 1, n - (size_t)(colon - p) - 1);
	struct said_text *to = NULL;

	if (line_is(name, "call-id") || line_is(name, "i"))
		to = &m->call_id;
	else if (line_is(name, "from") || line_is(name, "f"))
		to = &m->from;
	else if (line_is(name, "to") || line_is(name, "t"))
		to = &m->to;
	else if (line_is(name, "cseq"))
		to = &m->cseq;
	else if (line_is(name, "content-type") || line_is(name, "c"))
		to = &m->content_type;
	else if (line_is(name, "content-length") || line_is(name, "l"))
		take_length(value, m);
	if (to && !to->p && value.len > 0)
		*to = value;
}

bool sip_read(const void *p, size_t n, struct sip_message *out)
{
	const char *text = p;
	size_t at = line_length((const uint8_t *)text, n), len;

	memset(out, 0, sizeof(*out));
	if (at == 0 || (!status_line(trim(text, at), out) && !request_line(trim(text, at), out)))
		return false;
	while ((len = folded_length(text + at, n - at)) > 0) {
		bool empty = trim(text + at, len).len == 0;

		if (!empty)
			take_header(text + at, len, out);
		/* an empty line that seems folded is the end, and the body begins with a blank */
		at += empty ? line_length((const uint8_t *)text + at, n - at) : len;
		if (empty) {
			out->whole_header = true;
			break;
		}
	}
	out->header_len = at;
	if (out->whole_header) {
		size_t left = n - at;

		out->body = (struct said_text){text + at, out->has_length && out->length < left ? (size_t)out->length : left};
	}
	return true;
}

bool sip_has_sdp(const struct sip_message *m)
{
	size_t n = 0;

	while (n < m->content_type.len && !strchr("; \t", m->content_type.p[n]))
		n++;
	return m->body.len > 0 && line_is((struct said_text){m->content_type.p, n}, "application/sdp");
}

/* ---- what is said ------------------------------------------------------------------------------- */

/* "sip:bob@host:5060;transport=tcp": the host. */
static struct said_text host_of(struct said_text uri)
{
	const char *p = (const char *)memchr(uri.p, ':', uri.len) + 1;
	size_t n = uri.len - (size_t)(p - uri.p), len = 0;
	const char *at = memchr(p, '@', n);

	if (line_is((struct said_text){uri.p, (size_t)(p - 1 - uri.p)}, "tel"))
		return (struct said_text){NULL, 0};
	if (at) {
		n -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	if (n > 0 && *p == '[') {
		const char *end = memchr(p, ']', n);

		return end ? (struct said_text){p + 1, (size_t)(end - p) - 1} : (struct said_text){NULL, 0};
	}
	while (len < n && !strchr(":;?>", p[len]))
		len++;
	return (struct said_text){len > 0 ? p : NULL, len};
}

static void put_info(struct buf *info, const struct sip_message *m)
{
	if (!info || info->len > 0)
		return;
	if (m->is_request) {
		text_escape(info, m->method.p, m->method.len);
		buf_put_u8(info, ' ');
		text_escape(info, m->uri.p, m->uri.len);
	} else {
		text_escape(info, m->reason.p, m->reason.len);
		const char *method = m->cseq.p ? memchr(m->cseq.p, ' ', m->cseq.len) : NULL;
		if (method) {
			buf_put(info, " (", 2);
			text_escape(info, method + 1, m->cseq.len - (size_t)(method + 1 - m->cseq.p));
			buf_put_u8(info, ')');
		}
	}
	if (sip_has_sdp(m))
		buf_put(info, ", SDP", 5);
}

static void say(const struct sip_message *m, const struct parse_out *out)
{
	struct said *said = out->said;

	put_info(out->info, m);
	if (m->is_request) {
		struct said_text host = host_of(m->uri);

		said->requests++;
		said->url = m->uri;
		if (host.p && host.len <= SAID_MAX)
			said->name = host;
		return;
	}
	if (m->status < 200)
		return;
	said->responses++;
	said->has_status = true;
	said->status = m->status;
	said->errors += m->status >= 500;
	said->refusals += m->status >= 400 && m->status < 500;
}

/* ---- as an application ---------------------------------------------------------------------------- */

static enum parse_match sip_match(const struct parse_bytes *in)
{
	static const char *const methods[] = {
		"INVITE ", "REGISTER ", "OPTIONS ", "ACK ", "BYE ", "CANCEL ", "SUBSCRIBE ", "NOTIFY ", "MESSAGE ", "PRACK ", "UPDATE ",
		"INFO ", "REFER ", "PUBLISH ", "SIP/2.0 ",
	};
	struct sip_message m;

	if (sip_read(in->p, in->n, &m))
		return MATCH_YES;
	if (in->is_udp || line_length(in->p, in->n) > 0)
		return MATCH_NO;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t len = strlen(methods[i]);

		if (memcmp(in->p, methods[i], in->n < len ? in->n : len) == 0)
			return MATCH_MAYBE;
	}
	return MATCH_NO;
}

static void sip_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	struct sip_message m;

	(void)state;
	if (sip_read(in->p, in->n, &m))
		say(&m, out);
}

static void sip_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	(void)state;
	while (step->used < in->n && step->skip == 0) {
		const uint8_t *p = in->p + step->used;
		size_t rest = in->n - step->used;
		struct sip_message m;

		/* empty lines between messages keep a connection open (RFC 5626, 3.5.1) */
		if (*p == '\r' || *p == '\n') {
			step->used++;
			continue;
		}
		bool known = sip_read(p, rest, &m);
		if (!known || !m.whole_header) {
			step->lost = rest >= PARSE_HOLD || (!known && line_length(p, rest) > 0);
			step->need = step->lost ? 0 : rest + 1;
			return;
		}
		say(&m, out);
		step->used += m.header_len;
		step->skip = m.length;
	}
}

static bool sip_resync(void *state, const struct parse_bytes *in)
{
	(void)state;
	return sip_match(in) == MATCH_YES;
}

static void sip_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	const char *p = (const char *)in->p;
	char name[64], text[SAID_MAX + 1];
	struct sip_message m;

	if (!sip_read(p, in->n, &m))
		return;
	sink->begin(sink->ctx, "sip", "Session Initiation Protocol", offset, (uint32_t)(m.header_len + m.body.len));
	for (size_t at = 0, len; at < m.header_len && (len = folded_length(p + at, m.header_len - at)) > 0; at += len) {
		const char *colon = at > 0 ? memchr(p + at, ':', len) : NULL;
		struct said_text value = colon ? trim(colon + 1, at + len - (size_t)(colon + 1 - p)) : trim(p + at, len);

		if (value.len == 0)
			continue;
		text_escape_to(name, sizeof(name), p + at, colon ? (size_t)(colon - p) - at : 0u);
		text_escape_to(text, sizeof(text), value.p, value.len);
		sink->field(sink->ctx, colon && *name ? name : "line", text, offset + (uint32_t)at, (uint32_t)len);
	}
	if (m.body.len > 0)
		sink->field(sink->ctx, "body", sip_has_sdp(&m) ? "SDP" : "", offset + (uint32_t)m.header_len, (uint32_t)m.body.len);
	sink->end(sink->ctx);
}

const struct app_parser sip_parser = {
	.app = APP_SIP, .match = sip_match, .stream = sip_stream, .resync = sip_resync, .datagram = sip_datagram, .layers = sip_layers,
};
