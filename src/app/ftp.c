/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FTP's control connection (RFC 959, 2228, 3659): commands, replies, the host of the greeting or of HOST. Passwords are never shown.
 *
 * The server failed: 421 (it closes), 425 and 426 (the data connection), 451 (an error in processing), 452 (no room). All else from
 * 400 on refuses, failed logins (530) with it.
 */
#include "app/line.h"

#include <string.h>

enum ftp_kind { ASKED_OTHER = 1, ASKED_TLS };

struct ftp_state {
	struct line_asked asked;
	uint16_t open;               /* see line_reply() */
	bool greeted;
	bool secret;                 /* TLS or another protection begins, and nobody here hears it */
};
_Static_assert(sizeof(struct ftp_state) <= PARSE_STATE, "fits");

enum { CMD_PASS = 1, CMD_ACCT, CMD_ADAT, CMD_AUTH, CMD_HOST };

static const char *const verbs[] = {
	"pass", "acct", "adat", "auth", "host", "user", "cwd", "cdup", "quit", "rein", "port", "pasv", "type", "stru", "mode",
	"retr", "stor", "stou", "appe", "allo", "rest", "rnfr", "rnto", "abor", "dele", "rmd", "mkd", "pwd", "list", "nlst",
	"site", "syst", "stat", "help", "noop", "feat", "opts", "pbsz", "prot", "eprt", "epsv", "mdtm", "size", "mlsd", "mlst",
	"xpwd", "xmkd", "xrmd", "xcwd", "xcup", "clnt", "lang", "smnt", "ccc", "mfmt", "hash", "csid",
};

/* The number of a command: its place there, from 1. */
static unsigned command(struct said_text verb)
{
	return line_one_of(verb, verbs, sizeof(verbs) / sizeof(verbs[0]));
}

static size_t shown(struct said_text line)
{
	struct said_text rest = line;
	struct said_text verb = line_word(&rest);
	unsigned cmd = command(verb);
	uint16_t open = 0, code;

	if (line_reply(&open, line, &code) != REPLY_NOT)
		return line.len;
	return cmd == CMD_PASS || cmd == CMD_ACCT || cmd == CMD_ADAT ? verb.len : cmd != 0 ? line.len : 0;
}

/* Telnet's interrupt stands before ABOR (RFC 959, 4.1.3). */
static struct said_text without_telnet(struct said_text line)
{
	while (line.len > 0 && (unsigned char)*line.p >= 0xf0) {
		line.p++;
		line.len--;
	}
	return line;
}

static bool client_line(struct ftp_state *s, struct said_text line, const struct parse_out *out)
{
	line = without_telnet(line);
	struct said_text rest = line, verb = line_word(&rest);
	unsigned cmd = command(verb);

	if (!line_is_text(line))
		return false;
	if (line.len == 0)
		return true;
	line_ask(&s->asked, cmd == CMD_AUTH ? ASKED_TLS : ASKED_OTHER);
	out->said->requests++;
	if (cmd == CMD_HOST && line_is_host(rest))
		out->said->name = rest;
	line_info(out, (struct said_text){line.p, shown(line)});
	return true;
}

/* Many servers begin with their host: "220 ftp.example.org FTP server". */
static void greeting_line(struct said_text line, const struct parse_out *out)
{
	if (line.len <= 4)
		return;
	struct said_text rest = {line.p + 4, line.len - 4}, host = line_word(&rest);
	if (line_is_host(host))
		out->said->name = host;
}

static void reply_ends(struct ftp_state *s, uint16_t code, struct parse_step *step, const struct parse_out *out)
{
	bool failed = code == 421 || code == 425 || code == 426 || code == 451 || code == 452;
	bool greeting = !s->greeted && (s->asked.n == 0 || code == 220);

	out->said->has_status = true;
	out->said->status = code;
	out->said->errors += failed;
	out->said->refusals += code >= 400 && !failed;
	if (code < 200)          /* another one comes */
		return;
	s->greeted = true;
	if (greeting)
		return;
	out->said->responses++;
	if (line_answer(&s->asked) == ASKED_TLS && code == 234) {
		s->secret = true;
		if (app_parser(APP_TLS))
			step->becomes = APP_TLS;
	}
}

static bool server_line(struct ftp_state *s, struct said_text line, struct parse_step *step, const struct parse_out *out)
{
	bool begins = s->open == 0;
	uint16_t code;
	enum line_reply reply = line_reply(&s->open, line, &code);

	if (reply == REPLY_NOT)
		return false;
	line_info(out, line);
	if (begins && code == 220 && !s->greeted)
		greeting_line(line, out);
	if (reply == REPLY_WHOLE)
		reply_ends(s, code, step, out);
	return true;
}

static void ftp_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct ftp_state *s = state;
	struct said_text line;

	while (step->used < in->n && !s->secret && !step->lost) {
		if (!line_next(in, step, &line))
			return;
		step->lost = in->dir == DIR_C2S ? !client_line(s, line, out) : !server_line(s, line, step, out);
	}
	step->done = s->secret && step->becomes == APP_NONE && !step->lost;
}

/* ---- finding it --------------------------------------------------------------------------- */

/* A word that names FTP and no host: "vsFTPd", "FTP", "(ProFTPD". */
static bool names_ftp(struct said_text line)
{
	while (line.len > 0) {
		struct said_text word = line_word(&line);

		for (size_t i = 0; i + 3 <= word.len && !memchr(word.p, '.', word.len); i++)
			if (line_begins((const uint8_t *)word.p + i, 3, "ftp") == MATCH_YES)
				return true;
	}
	return false;
}

static bool names_smtp(struct said_text line)
{
	while (line.len > 0) {
		struct said_text word = line_word(&line);

		if (line_is(word, "smtp") || line_is(word, "esmtp"))
			return true;
	}
	return false;
}

/* "220 ...", where SMTP may begin alike; what comes next tells: SMTP has no 331, 230 or 234. */
static enum parse_match match_server(const struct parse_bytes *in)
{
	enum parse_match match = line_begins(in->p, in->n, "220");
	bool ftp = false;

	if (match == MATCH_YES && in->n > 3 && in->p[3] != ' ' && in->p[3] != '-')
		return MATCH_NO;
	for (size_t at = 0, len; match == MATCH_YES && (len = line_length(in->p + at, in->n - at)) > 0; at += len) {
		struct said_text line = line_text(in->p + at, len);
		uint16_t open = 0, code = 0;

		line_reply(&open, line, &code);
		if (names_smtp(line))
			return MATCH_MAYBE;
		ftp |= names_ftp(line) || (at > 0 && (code == 331 || code == 230 || code == 234));
	}
	return match == MATCH_NO ? MATCH_NO : ftp ? MATCH_YES : MATCH_MAYBE;
}

/* Whether a line is one that only FTP has. */
static bool only_ftp(struct said_text line)
{
	static const char *const lines[] = {
		"syst", "feat", "pasv", "epsv", "auth tls", "auth ssl", "auth tls-c", "auth gssapi", "type i", "type a",
	};

	return line_one_of(line, lines, sizeof(lines) / sizeof(lines[0])) != 0;
}

static enum parse_match ftp_match(const struct parse_bytes *in)
{
	size_t len = line_length(in->p, in->n);

	if (in->p[0] >= '0' && in->p[0] <= '9')
		return match_server(in);
	if (len == 0) {
		struct said_text line = {(const char *)in->p, in->n}, verb = line_word(&line);

		return line_begins_one_of(verb, verbs, sizeof(verbs) / sizeof(verbs[0])) ? MATCH_MAYBE : MATCH_NO;
	}
	for (size_t at = 0; (len = line_length(in->p + at, in->n - at)) > 0; at += len) {
		struct said_text line = line_text(in->p + at, len), rest = line;
		unsigned cmd = command(line_word(&rest));

		if (cmd == 0 || !line_is_text(line) || !line_is_proper(in->p + at, len))
			return MATCH_NO;
		if (only_ftp(line))
			return MATCH_YES;
	}
	return MATCH_MAYBE;
}

static bool ftp_resync(void *state, const struct parse_bytes *in)
{
	struct ftp_state *s = state;
	size_t len = line_length(in->p, in->n);
	uint16_t open = 0, code;

	if (len == 0 || s->secret)
		return false;
	struct said_text line = line_text(in->p, len), rest = without_telnet(line);
	bool fits = in->dir == DIR_C2S ? command(line_word(&rest)) != 0 : line_reply(&open, line, &code) != REPLY_NOT;
	if (!fits)
		return false;
	*s = (struct ftp_state){.greeted = true};
	return true;
}

static void ftp_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	size_t len = line_length(in->p, in->n);

	if (len > 0 && shown(line_text(in->p, len)) > 0)
		line_layers(in, offset, sink, "ftp", "File Transfer Protocol", shown);
}

const struct app_parser ftp_parser = {
	.app = APP_FTP, .match = ftp_match, .stream = ftp_stream, .resync = ftp_resync, .layers = ftp_layers,
};
