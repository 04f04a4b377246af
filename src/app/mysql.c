/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MySQL's and MariaDB's protocol: packets of a length and a number, the server's greeting, the login, then commands. Of what a server
 * answers only errors are read. status is the number of the last error.
 *
 * The server failed where SQLSTATE is of class 08 (connection) or 40 (rolled back), or the number is one of failed[]: no
 * memory, no room, locks that were waited for too long, a shutdown. Every other error refuses, failed logins (1045) with it.
 */
#include "app/parser.h"

#include "base/cursor.h"
#include "base/text.h"

#include <string.h>

enum { HEAD = 4, LOGIN_LONGEST = 4096, GREETING_LONGEST = 512, ERROR_LONGEST = 1024, SQL_SHOWN = 200 };

enum { CAN_DB = 0x8, CAN_COMPRESS = 0x20, CAN_41 = 0x200, CAN_SSL = 0x800, CAN_ZSTD = 1 << 26 };

enum { COM_QUIT = 1, COM_INIT_DB, COM_QUERY, COM_PREPARE = 0x16, COM_LONG_DATA = 0x18, COM_CLOSE, COM_LAST = 0x20 };

struct mysql_state {
	bool greeted;                /* the client's first packet is its login */
	bool logged_in;              /* commands follow */
	bool accepted;               /* the server has said OK to the login */
	bool compresses;             /* both go on compressed once that is so */
	bool asked;                  /* a command waits for its first answer */
	bool secret;                 /* TLS or compression begins, and nobody here hears it */
};
_Static_assert(sizeof(struct mysql_state) <= PARSE_STATE, "fits");

static void info(const struct parse_out *out, const char *what, const void *text, size_t len)
{
	if (!out->info || out->info->len > 0)
		return;
	buf_put_str(out->info, what);
	text_escape(out->info, text, len < SQL_SHOWN ? len : SQL_SHOWN);
}

/* ---- the server's packets ----------------------------------------------------------------- */

/* Length of the version in a greeting; 0 where it is none (protocol 10: version, connection, 8 bytes, a zero). */
static size_t version_length(const uint8_t *p, size_t n)
{
	const uint8_t *end = n > 1 && p[0] == 10 ? memchr(p + 1, 0, n - 1) : NULL;
	size_t len = end ? (size_t)(end - p) - 1 : 0;

	if (len == 0 || len > 64 || p[1] < '0' || p[1] > '9' || n < 1 + len + 1 + 4 + 8 + 1 + 2 || end[1 + 4 + 8] != 0)
		return 0;
	for (size_t i = 1; i <= len; i++)
		if (p[i] <= ' ' || p[i] >= 127)
			return 0;
	return len;
}

/* An ERR packet: 0xff, number, from protocol 4.1 on '#' and SQLSTATE, text. Before the login there is none of that. */
static bool is_error(const uint8_t *p, size_t n, bool early)
{
	if (n < 3 || p[0] != 0xff)
		return false;
	unsigned number = load_le16(p + 1);
	return number >= 1000 && number < 5000 && ((n >= 9 && p[3] == '#') || early);
}

static bool failed(unsigned number, const char *sqlstate)
{
	static const uint16_t numbers[] = {
		1003, 1004, 1005, 1006, 1009, 1016, 1021, 1023, 1024, 1026, 1030, 1034, 1035, 1037, 1038, 1040, 1041, 1053, 1105, 1114, 1119,
		1135, 1180, 1181, 1194, 1195, 1196, 1203, 1205, 1206, 1207, 1213, 1290, 1297, 1317, 1297, 1436, 3024,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] == number)
			return true;
	return sqlstate && (memcmp(sqlstate, "08", 2) == 0 || memcmp(sqlstate, "40", 2) == 0) && number != 1043;
}

static void error_packet(const uint8_t *p, size_t n, const struct parse_out *out)
{
	bool has_state = n >= 9 && p[3] == '#';
	unsigned number = load_le16(p + 1);
	bool is_failure = failed(number, has_state ? (const char *)p + 4 : NULL);
	char what[40] = "Error ";
	size_t text = has_state ? 9 : 3, at = strlen(what);

	out->said->errors += is_failure;
	out->said->refusals += !is_failure;
	out->said->has_status = true;
	out->said->status = (uint16_t)number;
	at += text_u128(what + at, sizeof(what) - at, number);
	what[at++] = ' ';
	what[at] = '\0';
	info(out, what, p + text, n - text);
}

/* The first packet of what the server answers; n bytes of it are here. */
static void answer(struct mysql_state *s, uint8_t sequence, const uint8_t *p, size_t n, const struct parse_out *out)
{
	bool error = is_error(p, n, !s->logged_in), early = !s->accepted && s->logged_in;

	if (!s->logged_in && sequence == 0 && version_length(p, n) > 0) {
		s->greeted = true;
		info(out, "Greeting ", p + 1, version_length(p, n));
		return;
	}
	if (error)
		error_packet(p, n, out);
	else if (sequence == 1 && n > 0)
		info(out, p[0] == 0 ? "OK" : "Result", NULL, 0);
	if (early && p[0] == 0 && sequence >= 2)
		s->accepted = true;
	else if (s->accepted && s->asked && sequence == 1)
		out->said->responses++;
	if (s->accepted && s->compresses)
		s->secret = true;
	if (sequence == 1)
		s->asked = false;
}

/* ---- the client's packets ----------------------------------------------------------------- */

/* Capabilities, longest packet, character set, 23 zeros, user, ... False where it is none. */
static bool login(struct mysql_state *s, const uint8_t *p, size_t n, struct parse_step *step, const struct parse_out *out)
{
	uint32_t can = n >= 4 ? load_le32(p) : 0;

	if (n < 32 || !(can & CAN_41)) {         /* before 4.1: no more is said */
		step->done = true;
		return n >= 5;
	}
	if (n == 32 && (can & CAN_SSL)) {
		s->secret = true;
		info(out, "SSL request", NULL, 0);
		if (app_parser(APP_TLS))
			step->becomes = APP_TLS;
		return true;
	}
	const uint8_t *user = p + 32, *end = memchr(user, 0, n - 32);
	if (!end)
		return false;
	s->compresses = can & (CAN_COMPRESS | CAN_ZSTD);
	s->logged_in = true;
	info(out, "Login user=", user, (size_t)(end - user));
	return true;
}

static const char *command_name(uint8_t command)
{
	static const char *const names[COM_LAST] = {
		[COM_QUIT] = "Quit", [COM_INIT_DB] = "Use ", [COM_QUERY] = "Query: ", [4] = "Field list", [5] = "Create database ",
		[6] = "Drop database ", [7] = "Refresh", [8] = "Shutdown", [9] = "Statistics", [10] = "Process list", [12] = "Kill",
		[13] = "Debug", [14] = "Ping", [17] = "Change user", [18] = "Binlog dump", [21] = "Register replica",
		[COM_PREPARE] = "Prepare: ", [0x17] = "Execute statement", [COM_LONG_DATA] = "Send long data",
		[COM_CLOSE] = "Close statement", [0x1a] = "Reset statement", [0x1b] = "Set option", [0x1c] = "Fetch", [0x1e] = "Binlog dump",
		[0x1f] = "Reset connection",
	};

	return command < COM_LAST ? names[command] : NULL;
}

static bool command(struct mysql_state *s, const uint8_t *p, size_t n, const struct parse_out *out)
{
	const char *name = n > 0 ? command_name(p[0]) : NULL;

	if (!name)
		return false;
	if (p[0] != COM_QUIT && p[0] != COM_CLOSE && p[0] != COM_LONG_DATA) {
		out->said->requests++;
		s->asked = true;
	}
	bool has_text = p[0] == COM_INIT_DB || p[0] == COM_QUERY || p[0] == COM_PREPARE || p[0] == 5 || p[0] == 6;
	info(out, name, p + 1, has_text ? n - 1 : 0);
	return true;
}

/* ---- packets -------------------------------------------------------------------------------- */

/* How many bytes of a packet must be there to judge it; it begins with p. */
static size_t to_read(const struct mysql_state *s, enum direction dir, uint32_t len, const uint8_t *p, size_t n)
{
	uint32_t most = 1;

	if (dir == DIR_C2S && !s->logged_in)
		most = LOGIN_LONGEST;
	else if (dir == DIR_S2C && !s->logged_in)
		most = GREETING_LONGEST;
	else if (dir == DIR_S2C && n > HEAD && p[HEAD] == 0xff)
		most = ERROR_LONGEST;
	return len < most ? len : most;
}

static void packet(struct mysql_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	const uint8_t *p = in->p + step->used;
	size_t n = in->n - step->used;

	if (n < HEAD) {
		step->need = HEAD;
		return;
	}
	uint32_t len = load_le32(p) & 0xffffff;
	uint8_t sequence = p[3];
	if (n == HEAD && len > 0) {
		step->need = HEAD + 1;
		return;
	}
	size_t read = to_read(s, in->dir, len, p, n), there = n - HEAD < len ? n - HEAD : len;
	if (there < read) {
		step->need = HEAD + read;
		return;
	}
	step->used += HEAD + there;
	step->skip = len - there;
	if (len == 0)
		return;
	if (in->dir == DIR_C2S && sequence == 0)         /* a login is never the first packet */
		s->logged_in = s->accepted = true;
	if (in->dir == DIR_S2C)
		answer(s, sequence, p + HEAD, there, out);
	else if (!s->logged_in)
		step->lost = !login(s, p + HEAD, there, step, out);
	else if (sequence == 0)
		step->lost = !command(s, p + HEAD, there, out);
}

static void mysql_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct mysql_state *s = state;

	while (step->used < in->n && step->skip == 0 && step->need == 0 && !step->lost && !step->done && !s->secret)
		packet(s, in, step, out);
	if (s->secret && step->becomes == APP_NONE && !step->lost && step->need == 0)
		step->done = true;
}

/* ---- finding it --------------------------------------------------------------------------- */

/* Of a connection whose beginning was not captured: a query with a word of SQL, alone in its segment. */
static bool is_query(const struct parse_bytes *in)
{
	static const char *const words[] = {"select ", "insert ", "update ", "delete ", "begin", "commit", "rollback", "show ", "set "};

	if (in->n < HEAD + 1 + 6 || in->p[3] != 0 || in->p[HEAD] != COM_QUERY || (load_le32(in->p) & 0xffffff) != in->n - HEAD ||
		!in->whole)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t at = 0, len = strlen(words[i]);

		while (at < len && HEAD + 1 + at < in->n && (in->p[HEAD + 1 + at] | 0x20) == (words[i][at] | 0x20))
			at++;
		if (at == len)
			return true;
	}
	return false;
}

static enum parse_match mysql_match(const struct parse_bytes *in)
{
	uint32_t len = in->n >= HEAD ? load_le32(in->p) & 0xffffff : 0;

	if (is_query(in))
		return MATCH_YES;
	if (in->n >= 2 && (in->p[1] > 1 || (in->n >= 3 && in->p[2] != 0)))
		return MATCH_NO;
	if (in->n <= HEAD)
		return in->n < HEAD || in->p[3] == 0 ? MATCH_MAYBE : MATCH_NO;
	if (in->p[3] != 0 || len < 4 || len > GREETING_LONGEST || (in->p[HEAD] != 10 && in->p[HEAD] != 0xff) || in->n > HEAD + len)
		return MATCH_NO;
	if (in->n < HEAD + len)
		return MATCH_MAYBE;
	if (in->p[HEAD] == 10)
		return version_length(in->p + HEAD, len) > 0 ? MATCH_YES : MATCH_NO;
	/* "Too many connections", "Host is not allowed": nothing else was said */
	for (size_t i = HEAD + 3; i < in->n; i++)
		if (in->p[i] < ' ' || in->p[i] == 127)
			return MATCH_NO;
	return len > 10 && is_error(in->p + HEAD, len, true) && load_le16(in->p + HEAD + 1) < 2000 ? MATCH_YES : MATCH_NO;
}

/* A command or an answer that fills its segment exactly; packets begin again at 0 and 1. */
static bool mysql_resync(void *state, const struct parse_bytes *in)
{
	struct mysql_state *s = state;
	uint32_t len = in->n > HEAD ? load_le32(in->p) & 0xffffff : 0;

	if (s->secret || len == 0 || !in->whole || len + HEAD > in->n)
		return false;
	if (mysql_match(in) == MATCH_YES && !is_query(in)) {
		*s = (struct mysql_state){0};
		return true;
	}
	bool fits = in->dir == DIR_C2S ? in->p[3] == 0 && len + HEAD == in->n && command_name(in->p[HEAD]) :
		in->p[3] == 1 && (in->n < HEAD + len + HEAD || in->p[HEAD + len + 3] == 2);
	if (fits)
		s->greeted = s->logged_in = s->accepted = true;
	return fits;
}

/* ---- for people ----------------------------------------------------------------------------- */

static void mysql_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	char text[TEXT_NUMBER];
	uint32_t len = in->n > HEAD ? load_le32(in->p) & 0xffffff : 0;
	const uint8_t *p = in->p + HEAD;

	if (len == 0 || len > in->n - HEAD)
		return;
	sink->begin(sink->ctx, "mysql", "MySQL", offset, HEAD + len);
	text_u128(text, sizeof(text), len);
	sink->field(sink->ctx, "length", text, offset, 3);
	text_u128(text, sizeof(text), in->p[3]);
	sink->field(sink->ctx, "number", text, offset + 3, 1);
	if (in->dir == DIR_C2S && in->p[3] == 0 && command_name(p[0])) {
		sink->field(sink->ctx, "command", command_name(p[0]), offset + HEAD, 1);
	} else if (in->dir == DIR_S2C && is_error(p, len, false)) {
		text_u128(text, sizeof(text), load_le16(p + 1));
		sink->field(sink->ctx, "error", text, offset + HEAD + 1, 2);
	} else if (in->dir == DIR_S2C && in->p[3] == 0 && version_length(p, len) > 0) {
		char version[80];

		text_escape_to(version, sizeof(version), p + 1, version_length(p, len));
		sink->field(sink->ctx, "version", version, offset + HEAD + 1, (uint32_t)version_length(p, len));
	}
	sink->end(sink->ctx);
}

const struct app_parser mysql_parser = {
	.app = APP_MYSQL, .match = mysql_match, .stream = mysql_stream, .resync = mysql_resync, .layers = mysql_layers,
};
