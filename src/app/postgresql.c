/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PostgreSQL's protocol 3: the start of a session, then messages of a type and a length. Requests are queries and executions; only errors are
 * read whole.
 *
 * The server failed where SQLSTATE is of class 08 (connection), 40 (rolled back), 53 (resources), 57 (it was told to stop), 58
 * (system), F0 (configuration) or XX (internal); every other error refuses, failed logins (28) with it.
 */
#include "app/parser.h"

#include "base/cursor.h"
#include "base/text.h"

#include <string.h>

enum pg_code { PG_SSL = 80877103, PG_GSS = 80877104, PG_CANCEL = 80877102, PG_V3 = 3 << 16 };

enum { START_LONGEST = 2048, MESSAGE_LONGEST = 1 << 30, ERROR_READ = 2048, HEAD = 5 };

struct pg_state {
	bool started;                /* the client has sent its StartupMessage */
	bool asked_ssl, asked_gss;   /* the server answers with one byte */
	bool secret;                 /* encrypted from here, and nobody here hears it */
};
_Static_assert(sizeof(struct pg_state) <= PARSE_STATE, "fits");

/* ---- the start ---------------------------------------------------------------------------- */

/* The value of a parameter of a StartupMessage (names and values, each with a zero behind, then a zero); len 0: not there. */
static struct said_text parameter(const uint8_t *p, size_t n, const char *name, bool *sound)
{
	struct said_text found = {NULL, 0};
	size_t at = 8;

	*sound = false;
	while (at < n && p[at] != 0) {
		const uint8_t *key_end = memchr(p + at, 0, n - at);
		if (!key_end)
			return found;
		const uint8_t *value = key_end + 1, *value_end = memchr(value, 0, n - (size_t)(value - p));
		if (!value_end)
			return found;
		for (const uint8_t *c = p + at; c < key_end; c++)
			if (*c < ' ' || *c >= 127)
				return found;
		if (strcmp((const char *)p + at, name) == 0)
			found = (struct said_text){(const char *)value, (size_t)(value_end - value)};
		at = (size_t)(value_end - p) + 1;
	}
	*sound = at + 1 == n;
	return found;
}

static bool is_startup(const uint8_t *p, size_t n)
{
	bool sound;

	return parameter(p, n, "user", &sound).len > 0 && sound;
}

/* One message of the start: length, then a code. False where it is none. */
static bool start_message(struct pg_state *s, const uint8_t *p, uint32_t len, const struct parse_out *out)
{
	uint32_t code = load_be32(p + 4);
	bool sound;

	if (len == 8 && (code == PG_SSL || code == PG_GSS)) {
		s->asked_ssl = code == PG_SSL;
		s->asked_gss = code == PG_GSS;
		if (out->info && out->info->len == 0)
			buf_put_str(out->info, code == PG_SSL ? "SSL request" : "GSS encryption request");
		return true;
	}
	if (len == 16 && code == PG_CANCEL) {
		out->said->requests++;
		if (out->info && out->info->len == 0)
			buf_put_str(out->info, "Cancel request");
		return true;
	}
	if (code >> 16 != PG_V3 >> 16 || !is_startup(p, len))
		return false;
	s->started = true;
	if (out->info && out->info->len == 0) {
		struct said_text user = parameter(p, len, "user", &sound), db = parameter(p, len, "database", &sound);

		buf_put_str(out->info, "Startup user=");
		text_escape(out->info, user.p, user.len < 64 ? user.len : 64);
		buf_put_str(out->info, db.p ? " database=" : "");
		text_escape(out->info, db.p, db.len < 64 ? db.len : 64);
	}
	return true;
}

static void start(struct pg_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	const uint8_t *p = in->p + step->used;
	size_t n = in->n - step->used;

	if (n < 8) {
		step->need = 8;
		return;
	}
	uint32_t len = load_be32(p);
	if (len < 8 || len > START_LONGEST) {
		step->lost = true;
	} else if (n < len) {
		step->need = len;
	} else if (start_message(s, p, len, out)) {
		step->used += len;
	} else {
		step->lost = true;
	}
}

/* ---- messages ------------------------------------------------------------------------------ */

static const char *type_name(enum direction dir, uint8_t type)
{
	static const struct { char type; const char *client, *server; } types[] = {
		{'1', NULL, "Parse complete"}, {'2', NULL, "Bind complete"}, {'3', NULL, "Close complete"},
		{'A', NULL, "Notification"}, {'B', "Bind", NULL}, {'C', "Close", "Command complete"}, {'D', "Describe", "Data row"},
		{'E', "Execute", "Error"}, {'F', "Function call", NULL}, {'G', NULL, "Copy in"}, {'H', "Flush", "Copy out"},
		{'I', NULL, "Empty query"}, {'K', NULL, "Backend key data"}, {'N', NULL, "Notice"}, {'P', "Parse", NULL},
		{'Q', "Query", NULL}, {'R', NULL, "Authentication"}, {'S', "Sync", "Parameter status"},
		{'T', NULL, "Row description"}, {'V', NULL, "Function result"}, {'W', NULL, "Copy both"}, {'X', "Terminate", NULL},
		{'Z', NULL, "Ready for query"}, {'c', "Copy done", "Copy done"}, {'d', "Copy data", "Copy data"},
		{'f', "Copy fail", NULL}, {'n', NULL, "No data"}, {'p', "Password", NULL}, {'s', NULL, "Portal suspended"},
		{'t', NULL, "Parameter description"}, {'v', NULL, "Negotiate protocol version"},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((uint8_t)types[i].type == type)
			return dir == DIR_C2S ? types[i].client : types[i].server;
	return NULL;
}

/* A field of an ErrorResponse: a letter, text, a zero. */
static struct said_text error_field(const uint8_t *p, size_t n, char field)
{
	for (size_t at = 0; at < n && p[at] != 0;) {
		const uint8_t *end = memchr(p + at, 0, n - at);

		if (!end)
			break;
		if ((char)p[at] == field)
			return (struct said_text){(const char *)p + at + 1, (size_t)(end - p) - at - 1};
		at = (size_t)(end - p) + 1;
	}
	return (struct said_text){NULL, 0};
}

static void count_error(const uint8_t *p, size_t n, const struct parse_out *out)
{
	static const char *const failed[] = {"08", "40", "53", "57", "58", "F0", "XX"};
	struct said_text state = error_field(p, n, 'C'), text = error_field(p, n, 'M'), severity = error_field(p, n, 'S');
	bool is_failure = false;

	if (state.len != 5)
		return;
	for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++)
		is_failure |= memcmp(state.p, failed[i], 2) == 0;
	out->said->errors += is_failure;
	out->said->refusals += !is_failure;
	if (!out->info || out->info->len > 0)
		return;
	text_escape(out->info, severity.p, severity.len < 16 ? severity.len : 16);
	buf_put_u8(out->info, ' ');
	text_escape(out->info, state.p, 5);
	buf_put_u8(out->info, ' ');
	text_escape(out->info, text.p, text.len < SAID_MAX ? text.len : SAID_MAX);
}

static const char *authentication_name(uint32_t kind)
{
	static const char *const names[] = {
		[0] = "ok", [2] = "Kerberos", [3] = "asks for a password", [5] = "asks for MD5", [7] = "asks for GSS", [8] = "GSS goes on",
		[9] = "asks for SSPI", [10] = "asks for SASL", [11] = "SASL goes on", [12] = "SASL ends",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;
}

/* What an answer's messages tell beyond their type, in few words: how a command ended also where its rows come before. */
static void server_info(uint8_t type, const uint8_t *p, size_t n, struct buf *info)
{
	enum { LINE = 200 };
	const uint8_t *end = n > 0 ? memchr(p, 0, n) : NULL;

	if (info->len > LINE)
		return;
	if (type == 'C' && end) {
		buf_put_str(info, info->len > 0 ? ", " : "Complete: ");
		text_escape(info, p, end - p < SAID_MAX ? (size_t)(end - p) : SAID_MAX);
	} else if (type == 'R' && info->len == 0 && n >= 4 && authentication_name(load_be32(p))) {
		buf_printf(info, "Auth: %s", authentication_name(load_be32(p)));
	} else if (type == 'T' && info->len == 0) {
		buf_put_str(info, "Rows");
	} else if (type == 'N' && info->len == 0) {
		struct said_text text = error_field(p, n, 'M');
		buf_put_str(info, "Notice: ");
		text_escape(info, text.p, text.len < SAID_MAX ? text.len : SAID_MAX);
	}
}

static void message_info(const struct parse_bytes *in, uint8_t type, const uint8_t *p, size_t n, const struct parse_out *out)
{
	if (out->info && in->dir == DIR_S2C)
		server_info(type, p, n, out->info);
	if (!out->info || out->info->len > 0)
		return;
	buf_put_str(out->info, type_name(in->dir, type));
	if (in->dir == DIR_S2C || (type != 'Q' && type != 'P'))
		return;
	const uint8_t *text = p, *end = memchr(p, 0, n);
	if (type == 'P') {       /* the statement's name comes first */
		if (!end)
			return;
		text = end + 1;
		end = memchr(text, 0, n - (size_t)(text - p));
	}
	size_t len = end ? (size_t)(end - text) : n - (size_t)(text - p);
	buf_put_str(out->info, ": ");
	text_escape(out->info, text, len < SAID_MAX ? len : SAID_MAX);
}

static void count_message(enum direction dir, uint8_t type, const struct parse_out *out)
{
	if (dir == DIR_C2S)
		out->said->requests += type == 'Q' || type == 'E' || type == 'F';
	else
		out->said->responses += type == 'C' || type == 'E' || type == 'I' || type == 's' || type == 'V';
}

static void message(const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	const uint8_t *p = in->p + step->used;
	size_t n = in->n - step->used;

	if (n < HEAD) {
		step->lost = !type_name(in->dir, p[0]);
		step->need = HEAD;
		return;
	}
	uint32_t len = load_be32(p + 1);
	if (!type_name(in->dir, p[0]) || len < 4 || len > MESSAGE_LONGEST) {
		step->lost = true;
		return;
	}
	len -= 4;
	bool is_error = in->dir == DIR_S2C && p[0] == 'E';
	size_t read = is_error ? len < ERROR_READ ? len : ERROR_READ : 0, there = n - HEAD < len ? n - HEAD : len;
	if (there < read) {
		step->need = HEAD + read;
		return;
	}
	count_message(in->dir, p[0], out);
	if (is_error)
		count_error(p + HEAD, read, out);
	message_info(in, p[0], p + HEAD, there, out);
	step->used += HEAD + there;
	step->skip = len - there;
}

/* The answer to SSLRequest or GSSENCRequest. True where it was one. */
static bool one_byte(struct pg_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	uint8_t answer = in->p[step->used];
	bool ssl = s->asked_ssl;

	if ((!s->asked_ssl && !s->asked_gss) || answer == 'E')
		return false;
	s->asked_ssl = s->asked_gss = false;
	step->used++;
	if (out->info && out->info->len == 0)
		buf_printf(out->info, "Encryption: %c", answer >= 'A' && answer <= 'Z' ? answer : '?');
	if (answer == (ssl ? 'S' : 'G')) {
		s->secret = true;
		if (ssl && app_parser(APP_TLS))
			step->becomes = APP_TLS;
	} else if (answer != 'N') {
		step->lost = true;
	}
	return true;
}

static void pg_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct pg_state *s = state;

	while (step->used < in->n && step->skip == 0 && step->need == 0 && !step->lost && !s->secret) {
		if (in->dir == DIR_S2C && one_byte(s, in, step, out))
			continue;
		if (in->dir == DIR_C2S && !s->started && in->p[step->used] == 0)         /* no type: a length */
			start(s, in, step, out);
		else
			message(in, step, out);
	}
	step->done = s->secret && step->becomes == APP_NONE && !step->lost;
}

/* ---- finding it --------------------------------------------------------------------------- */

/* Messages that fill a segment exactly, of types that this side sends. */
static bool only_messages(const struct parse_bytes *in)
{
	size_t at = 0;

	while (in->n - at >= HEAD && type_name(in->dir, in->p[at])) {
		uint32_t len = load_be32(in->p + at + 1);

		if (len < 4 || len > in->n - at - 1)
			return false;
		at += 1 + (size_t)len;
	}
	return in->whole && at == in->n;
}

/* Of a connection whose beginning was not captured: one query with a word of SQL, alone in its segment. */
static enum parse_match match_query(const struct parse_bytes *in)
{
	static const char *const words[] = {"select ", "insert ", "update ", "delete ", "begin", "commit", "rollback", "create ", "set "};

	if (in->p[0] != 'Q' || !only_messages(in) || in->n < HEAD + 6 || in->p[in->n - 1] != 0)
		return MATCH_NO;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t at = 0, len = strlen(words[i]);

		while (at < len && at < in->n - HEAD && (in->p[HEAD + at] | 0x20) == (words[i][at] | 0x20))
			at++;
		if (at == len)
			return MATCH_YES;
	}
	return MATCH_NO;
}

/* "Authentication OK" and what always follows it. */
static enum parse_match match_server(const struct parse_bytes *in)
{
	static const uint8_t ok[] = {'R', 0, 0, 0, 8, 0, 0, 0, 0, 'S', 0, 0, 0};

	return in->n > sizeof(ok) && memcmp(in->p, ok, sizeof(ok)) == 0 && only_messages(in) ? MATCH_YES : MATCH_NO;
}

static enum parse_match pg_match(const struct parse_bytes *in)
{
	if (in->p[0] == 'R')
		return match_server(in);
	if (in->p[0] == 'Q')
		return match_query(in);
	if (in->p[0] != 0 || (in->n > 1 && in->p[1] != 0))
		return MATCH_NO;
	if (in->n < 8)
		return MATCH_MAYBE;
	uint32_t len = load_be32(in->p), code = load_be32(in->p + 4);
	if (len == 8 && (code == PG_SSL || code == PG_GSS))
		return MATCH_YES;
	if (len == 16 && code == PG_CANCEL)
		return in->n == 16 ? MATCH_YES : in->n < 16 ? MATCH_MAYBE : MATCH_NO;
	if (code < PG_V3 || code > PG_V3 + 99 || len < 8 + 8 || len > START_LONGEST)
		return MATCH_NO;
	if (in->n < len)
		return MATCH_MAYBE;
	return is_startup(in->p, len) ? MATCH_YES : MATCH_NO;
}

/* Messages have no mark: a segment that they fill exactly begins with one. */
static bool pg_resync(void *state, const struct parse_bytes *in)
{
	struct pg_state *s = state;

	if (s->secret)
		return false;
	if (in->dir == DIR_C2S && pg_match(in) == MATCH_YES && in->p[0] == 0) {
		*s = (struct pg_state){0};
		return true;
	}
	if (!only_messages(in))
		return false;
	s->asked_ssl = s->asked_gss = false;
	s->started = true;
	return true;
}

/* ---- for people ----------------------------------------------------------------------------- */

static void pg_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	char text[TEXT_NUMBER];
	size_t at = 0;

	if (!only_messages(in))
		return;
	sink->begin(sink->ctx, "postgresql", "PostgreSQL", offset, (uint32_t)in->n);
	while (at < in->n) {
		uint32_t len = load_be32(in->p + at + 1);

		sink->field(sink->ctx, "message", type_name(in->dir, in->p[at]), offset + (uint32_t)at, 1);
		text_u128(text, sizeof(text), len);
		sink->field(sink->ctx, "length", text, offset + (uint32_t)at + 1, 4);
		at += 1 + (size_t)len;
	}
	sink->end(sink->ctx);
}

const struct app_parser postgresql_parser = {
	.app = APP_POSTGRESQL, .match = pg_match, .stream = pg_stream, .resync = pg_resync, .layers = pg_layers,
};
