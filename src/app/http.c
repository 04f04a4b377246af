/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/1 (RFC 9112): request line, Host, status, and how long each body is, so that the next message is found without a look at the
 * body. A body whose end only the end of the connection tells ends what is said in its direction.
 */
#include "app/line.h"

#include "base/text.h"

#include <string.h>

enum http_phase { HTTP_START, HTTP_HEADERS, HTTP_CHUNK_SIZE, HTTP_CHUNK_END, HTTP_TRAILERS };

enum { ASKED = 8 };

struct http_side {
	uint64_t length;             /* of the body, as Content-Length says */
	uint8_t phase;               /* enum http_phase */
	bool has_length, chunked, closes, no_body, bad;
	uint8_t upgrade;             /* enum app: to what a response with 101 changes (RFC 9110, 7.8) */
	uint16_t status;             /* of the response that is open */
};

/* Methods that were asked and not answered: what kind of response comes depends on them. */
struct http_state {
	struct http_side side[2];
	uint8_t asked[ASKED];        /* enum http_method, oldest first */
	uint8_t n_asked;
	bool overflow;               /* more than fit are under way: bodies of responses may be misjudged */
	bool tunnel;                 /* Upgrade to what we do not know was granted */
	bool connected;              /* CONNECT was */
};
_Static_assert(sizeof(struct http_state) <= PARSE_STATE, "fits");

enum http_method { METHOD_OTHER, METHOD_HEAD, METHOD_CONNECT };

/* ---- lines ------------------------------------------------------------------------------ */

static bool is_token(uint8_t c)
{
	return c > ' ' && c < 127 && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

/* "HTTP/1.0" or "HTTP/1.1" at p. */
static bool is_version(const char *p, size_t n)
{
	return n >= 8 && memcmp(p, "HTTP/1.", 7) == 0 && (p[7] == '0' || p[7] == '1');
}

/* "METHOD TARGET HTTP/1.x" */
static bool request_line(struct said_text line, struct said_text *method, struct said_text *target)
{
	size_t at = 0;

	while (at < line.len && is_token((uint8_t)line.p[at]))
		at++;
	if (at == 0 || at > 32 || at >= line.len || line.p[at] != ' ')
		return false;
	*method = (struct said_text){line.p, at};
	if (line.len < at + 1 + 1 + 1 + 8)
		return false;
	const char *version = line.p + line.len - 8;
	if (!is_version(version, 8) || version[-1] != ' ')
		return false;
	*target = (struct said_text){line.p + at + 1, line.len - at - 1 - 9};
	return target->len > 0;
}

/* "HTTP/1.x NNN" and an end or a blank behind it. */
static bool status_line(struct said_text line, uint16_t *status)
{
	if (line.len < 12 || !is_version(line.p, line.len) || line.p[8] != ' ')
		return false;
	const char *digit = line.p + 9;
	for (int i = 0; i < 3; i++)
		if (digit[i] < '0' || digit[i] > '9')
			return false;
	*status = (uint16_t)((digit[0] - '0') * 100 + (digit[1] - '0') * 10 + (digit[2] - '0'));
	return *status >= 100 && (line.len == 12 || line.p[12] == ' ');
}

/* The value of a header line if its name is this, without blanks around. */
static bool header_is(struct said_text line, const char *name, struct said_text *value)
{
	size_t n = strlen(name);

	if (line.len <= n || line.p[n] != ':' || !line_is((struct said_text){line.p, n}, name))
		return false;
	const char *p = line.p + n + 1, *end = line.p + line.len;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*value = (struct said_text){p, (size_t)(end - p)};
	return true;
}

/* Whether the last of a list of codings is this one. */
static bool last_word_is(struct said_text value, const char *word)
{
	size_t from = value.len;

	while (from > 0 && value.p[from - 1] != ',' && value.p[from - 1] != ' ' && value.p[from - 1] != '\t')
		from--;
	return line_is((struct said_text){value.p + from, value.len - from}, word);
}

/* ---- messages ---------------------------------------------------------------------------- */

static enum http_method method_of(struct said_text method)
{
	if (method.len == 4 && memcmp(method.p, "HEAD", 4) == 0)
		return METHOD_HEAD;
	if (method.len == 7 && memcmp(method.p, "CONNECT", 7) == 0)
		return METHOD_CONNECT;
	return METHOD_OTHER;
}

static void begin_request(struct http_state *s, struct said_text method, struct said_text target, const struct parse_out *out)
{
	if (s->n_asked < ASKED)
		s->asked[s->n_asked++] = (uint8_t)method_of(method);
	else
		s->overflow = true;
	out->said->requests++;
	out->said->url = target;
	if (out->info && out->info->len == 0) {
		text_escape(out->info, method.p, method.len);
		buf_put_u8(out->info, ' ');
		text_escape(out->info, target.p, target.len);
	}
}

static void begin_response(struct http_state *s, struct http_side *side, uint16_t status, struct said_text line,
	const struct parse_out *out)
{
	enum http_method asked = s->n_asked > 0 ? (enum http_method)s->asked[0] : METHOD_OTHER;

	side->status = status;
	if (out->info && out->info->len == 0)
		text_escape(out->info, line.p + 9, line.len - 9);
	if (status < 200 && status != 101) {     /* an interim one: the response is still to come (RFC 9110, 15.2) */
		side->no_body = true;
		return;
	}
	out->said->responses++;
	out->said->has_status = true;
	out->said->status = status;
	out->said->errors += status >= 500;
	out->said->refusals += status >= 400 && status < 500;
	side->no_body = asked == METHOD_HEAD || status == 204 || status == 304;
	s->tunnel |= status == 101;
	s->connected = asked == METHOD_CONNECT && status >= 200 && status < 300;
	if (s->n_asked > 0)
		memmove(s->asked, s->asked + 1, --s->n_asked);
}

/* The first line of a message. False where it is none. */
static bool start_line(struct http_state *s, struct http_side *side, struct said_text line, const struct parse_out *out)
{
	struct said_text method, target;
	uint16_t status;

	*side = (struct http_side){.phase = HTTP_HEADERS};
	if (status_line(line, &status))
		begin_response(s, side, status, line, out);
	else if (request_line(line, &method, &target))
		begin_request(s, method, target, out);
	else
		return false;
	return true;
}

/* Length of a host without the port behind it. */
static size_t without_port(struct said_text host)
{
	size_t n = host.len;

	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	return n > 1 && host.p[n - 1] == ':' ? n - 1 : host.len;
}

/* What is spoken behind an Upgrade to it: HTTP/2 (RFC 7540, 3.2), TLS (RFC 2817). */
static enum app upgrade_of(struct said_text value)
{
	if (line_is(value, "h2c"))
		return APP_HTTP2;
	return line_is(value, "tls/1.0, http/1.1") || line_is(value, "tls/1.0") ? APP_TLS : APP_NONE;
}

static void header_line(struct http_side *side, struct said_text line, const struct parse_out *out)
{
	struct said_text value;

	if (side->status == 0 && header_is(line, "host", &value)) {
		value.len = without_port(value);
		if (value.len > 0 && value.len <= SAID_MAX)
			out->said->name = value;
	} else if (header_is(line, "content-length", &value)) {
		uint64_t length = 0;
		side->bad |= !line_decimal(value, &length) || (side->has_length && side->length != length);
		side->has_length = true;
		side->length = length;
	} else if (side->status == 101 && header_is(line, "upgrade", &value)) {
		side->upgrade = (uint8_t)upgrade_of(value);
	} else if (header_is(line, "transfer-encoding", &value)) {
		side->chunked = last_word_is(value, "chunked");
		side->closes |= !side->chunked;
	}
}

/* Behind the empty line: where the next message begins (RFC 9112, 6.3). */
static void begin_body(const struct http_state *s, struct http_side *side, struct parse_step *step)
{
	bool is_response = side->status != 0;

	side->phase = HTTP_START;
	if (is_response && side->status == 101 && side->upgrade != APP_NONE)
		step->becomes = (enum app)side->upgrade;
	else if (is_response && s->connected)
		step->anew = true;       /* whatever is in a tunnel speaks for itself */
	else if (s->tunnel && is_response)
		step->done = true;
	else if (is_response && side->no_body)
		return;
	else if (side->bad || (is_response && s->overflow))
		step->lost = true;       /* how long the body is cannot be said */
	else if (side->chunked)
		side->phase = HTTP_CHUNK_SIZE;
	else if (side->has_length && !side->closes)
		step->skip = side->length;
	else
		step->done = is_response || side->closes;        /* as long as the connection */
}

/* "1a;extension" */
static bool chunk_size(struct said_text line, uint64_t *size)
{
	size_t at = 0;
	uint64_t v = 0;

	for (; at < line.len; at++) {
		char c = line.p[at];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) :
			c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 16;
		if (digit == 16)
			break;
		if (v >> 56)
			return false;
		v = v << 4 | digit;
	}
	*size = v;
	return at > 0 && (at == line.len || line.p[at] == ';' || line.p[at] == ' ');
}

/* One line of whatever is open. False where the direction is lost (or done: see step). */
static bool take_line(struct http_state *s, struct http_side *side, struct said_text line, struct parse_step *step,
	const struct parse_out *out)
{
	uint64_t size;

	switch ((enum http_phase)side->phase) {
	case HTTP_START:
		/* an empty line before a message is left out (RFC 9112, 2.2) */
		return line.len == 0 || start_line(s, side, line, out);
	case HTTP_HEADERS:
		if (line.len > 0) {
			header_line(side, line, out);
			return true;
		}
		begin_body(s, side, step);
		return !step->lost;
	case HTTP_CHUNK_SIZE:
		if (!chunk_size(line, &size))
			return false;
		side->phase = size == 0 ? HTTP_TRAILERS : HTTP_CHUNK_END;
		step->skip = size;
		return true;
	case HTTP_CHUNK_END:
		side->phase = HTTP_CHUNK_SIZE;
		return line.len == 0;
	case HTTP_TRAILERS:
		if (line.len == 0)
			side->phase = HTTP_START;
		return true;
	}
	return false;
}

static void http_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct http_state *s = state;
	struct http_side *side = &s->side[in->dir];
	struct said_text line;

	while (step->used < in->n && step->skip == 0 && !step->done && !step->anew && step->becomes == APP_NONE) {
		if (!line_next(in, step, &line))
			return;
		if (!take_line(s, side, line, step, out)) {
			step->lost = true;
			return;
		}
	}
}

/* ---- finding it --------------------------------------------------------------------------- */

/* A method, a blank, and a target that can be one. */
static enum parse_match begins_request(const uint8_t *p, size_t n)
{
	static const char *const methods[] = {
		"GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ", "PROPFIND ", "PROPPATCH ",
		"MKCOL ", "COPY ", "MOVE ", "LOCK ", "UNLOCK ", "REPORT ", "SEARCH ", "MERGE ", "CHECKOUT ", "SUBSCRIBE ", "NOTIFY ",
	};
	struct said_text method, target;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t len = strlen(methods[i]);

		if (memcmp(p, methods[i], n < len ? n : len) != 0)
			continue;
		size_t line = line_length(p, n);
		if (line == 0)
			return n < LINE_LONGEST ? MATCH_MAYBE : MATCH_NO;
		return request_line(line_text(p, line), &method, &target) ? MATCH_YES : MATCH_NO;
	}
	return MATCH_NO;
}

static enum parse_match http_match(const struct parse_bytes *in)
{
	uint16_t status;

	if (memcmp(in->p, "HTTP/1.", in->n < 7 ? in->n : 7) != 0)
		return begins_request(in->p, in->n);
	size_t line = line_length(in->p, in->n);
	if (line == 0)
		return in->n < LINE_LONGEST ? MATCH_MAYBE : MATCH_NO;
	return status_line(line_text(in->p, line), &status) ? MATCH_YES : MATCH_NO;
}

static bool http_resync(void *state, const struct parse_bytes *in)
{
	struct http_state *s = state;

	if (s->tunnel || http_match(in) != MATCH_YES)
		return false;
	s->side[in->dir] = (struct http_side){0};
	/* what was asked and answered meanwhile is not known */
	s->n_asked = 0;
	s->overflow = in->p[0] == 'H' && in->p[1] == 'T';
	return true;
}

/* ---- for people ----------------------------------------------------------------------------- */

static void http_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	char text[SAID_MAX + 1];
	size_t at = 0, line = line_length(in->p, in->n);

	if (line == 0 || http_match(in) != MATCH_YES)
		return;
	for (size_t end = 0;; end += line) {
		line = line_length(in->p + end, in->n - end);
		at = end + line;
		if (line == 0 || line_text(in->p + end, line).len == 0)
			break;
	}
	sink->begin(sink->ctx, "http", "Hypertext Transfer Protocol", offset, (uint32_t)at);
	for (size_t from = 0; from < at; from += line) {
		line = line_length(in->p + from, at - from);
		if (line == 0)
			break;
		struct said_text t = line_text(in->p + from, line);
		const char *colon = from > 0 ? memchr(t.p, ':', t.len) : NULL;
		if (colon == t.p)
			colon = NULL;    /* no name */
		const char *value = colon ? colon + 1 : t.p;
		while (value < t.p + t.len && *value == ' ')
			value++;
		size_t len = (size_t)(t.p + t.len - value);
		char name[64];
		text_escape_to(name, sizeof(name), t.p, colon ? (size_t)(colon - t.p) : 0);
		text_escape_to(text, sizeof(text), value, len);
		if (t.len > 0)
			sink->field(sink->ctx, colon ? name : "line", text, offset + (uint32_t)from, (uint32_t)line);
	}
	sink->end(sink->ctx);
}

const struct app_parser http_parser = {
	.app = APP_HTTP, .match = http_match, .stream = http_stream, .resync = http_resync, .layers = http_layers,
};
