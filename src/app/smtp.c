/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SMTP (RFC 5321): commands, replies, the host of the greeting. Texts behind DATA and BDAT are passed over by their framing;
 * what follows AUTH is never shown.
 *
 * The server failed: 421 (it closes), 450 is not (a mailbox is busy, or a grey list), 451 (an error in processing), 452 and 431
 * (no room), 454 (it cannot authenticate, or has no TLS now), 455. All else from 400 on refuses.
 */
#include "app/line.h"

enum smtp_kind { ASKED_OTHER = 1, ASKED_HELLO, ASKED_DATA, ASKED_STARTTLS, ASKED_AUTH };

struct smtp_state {
	struct line_asked asked;
	uint16_t open;               /* see line_reply() */
	uint8_t at;                  /* see line_dot_text() */
	bool data_asked, in_text;    /* the client sends a message */
	bool in_auth;                /* what AUTH asked for comes from the client */
	bool greeted;
	bool secret;                 /* TLS begins, and nobody here hears it */
};
_Static_assert(sizeof(struct smtp_state) <= PARSE_STATE, "fits");

/* ---- the client ------------------------------------------------------------------------- */

/* The number of a command: its place here, from 1. */
static unsigned command(struct said_text verb)
{
	static const char *const verbs[] = {
		"helo", "ehlo", "lhlo", "data", "starttls", "auth", "bdat", "mail", "rcpt", "rset", "vrfy", "expn", "help", "noop",
		"quit", "etrn", "turn", "xclient", "xforward", "send", "soml", "saml",
	};

	return line_one_of(verb, verbs, sizeof(verbs) / sizeof(verbs[0]));
}

enum { CMD_HELO = 1, CMD_EHLO, CMD_LHLO, CMD_DATA, CMD_STARTTLS, CMD_AUTH, CMD_BDAT };

static size_t shown(struct said_text line)
{
	struct said_text rest = line;
	struct said_text verb = line_word(&rest);
	uint16_t open = 0, code;

	if (line_reply(&open, line, &code) != REPLY_NOT)
		return code == 334 ? 3 : line.len;
	switch (command(verb)) {
	case 0:
		return 0;
	case CMD_AUTH:
		line_word(&rest);
		return rest.len > 0 ? (size_t)(rest.p - line.p) - 1 : line.len;
	default:
		return line.len;
	}
}

static uint8_t kind_of(unsigned cmd)
{
	return cmd == CMD_DATA ? ASKED_DATA : cmd == CMD_STARTTLS ? ASKED_STARTTLS : cmd == CMD_AUTH ? ASKED_AUTH :
		cmd == CMD_HELO || cmd == CMD_EHLO || cmd == CMD_LHLO ? ASKED_HELLO : ASKED_OTHER;
}

static bool client_line(struct smtp_state *s, struct said_text line, struct parse_step *step, const struct parse_out *out)
{
	struct said_text rest = line, verb = line_word(&rest);
	unsigned cmd = command(verb);
	uint64_t size;

	if (!line_is_text(line))
		return false;
	if (s->in_auth && rest.len == 0)
		return true;
	if (cmd == CMD_BDAT) {
		struct said_text number = line_word(&rest);

		if (!line_decimal(number, &size))
			return false;
		step->skip = size;
	}
	line_ask(&s->asked, kind_of(cmd));
	s->data_asked = cmd == CMD_DATA;
	s->in_auth = cmd == CMD_AUTH;
	out->said->requests++;
	if (cmd != 0)
		line_info(out, (struct said_text){line.p, shown(line)});
	return true;
}

/* Whoever sends behind DATA before its answer was seen sends the message: it may not be pipelined (RFC 2920). */
static bool text_follows(const struct smtp_state *s)
{
	return s->in_text || s->data_asked;
}

static void from_client(struct smtp_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct said_text line;
	bool ended;

	while (step->used < in->n && step->skip == 0) {
		if (text_follows(s)) {
			s->in_text = true;
			step->used += line_dot_text(&s->at, in->p + step->used, in->n - step->used, &ended);
			s->in_text = !ended;
			s->data_asked &= !ended;
			if (ended)
				line_ask(&s->asked, ASKED_OTHER);
			continue;
		}
		if (!line_next(in, step, &line))
			return;
		if (!client_line(s, line, step, out)) {
			step->lost = true;
			return;
		}
	}
}

/* ---- the server ------------------------------------------------------------------------- */

static void count_code(uint16_t code, const struct parse_out *out)
{
	bool failed = code == 421 || code == 431 || code == 451 || code == 452 || code == 454 || code == 455;

	out->said->has_status = true;
	out->said->status = code;
	out->said->errors += failed;
	out->said->refusals += code >= 400 && !failed;
}

/* The first reply is the greeting where it is 220 and nothing but a HELO can have been asked: that is never answered so. */
static bool is_greeting(const struct smtp_state *s, uint16_t code)
{
	uint8_t first = line_asked_first(&s->asked);

	return !s->greeted && (first == 0 || (code == 220 && first == ASKED_HELLO));
}

static void greeting_line(struct said_text line, const struct parse_out *out)
{
	struct said_text rest = {line.p + 3, line.len - 3};

	if (rest.len == 0)
		return;
	rest.p++;
	rest.len--;
	struct said_text host = line_word(&rest);
	if (line_is_host(host))
		out->said->name = host;
}

static void reply_ends(struct smtp_state *s, uint16_t code, struct parse_step *step, const struct parse_out *out)
{
	bool greeting = is_greeting(s, code);

	count_code(code, out);
	s->greeted = true;
	if (greeting || code == 334)     /* 334 asks the client to go on */
		return;
	out->said->responses++;
	uint8_t kind = line_answer(&s->asked);
	if (kind == ASKED_AUTH)
		s->in_auth = false;
	if (kind == ASKED_DATA && code != 354) {
		s->data_asked = s->in_text = false;
		s->at = 0;
	} else if (kind == ASKED_STARTTLS && code == 220) {
		s->secret = true;
		if (app_parser(APP_TLS))
			step->becomes = APP_TLS;
	}
}

static void from_server(struct smtp_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct said_text line;
	uint16_t code;

	while (step->used < in->n && !s->secret) {
		bool begins = s->open == 0;

		if (!line_next(in, step, &line))
			return;
		enum line_reply reply = line_reply(&s->open, line, &code);
		if (reply == REPLY_NOT || !line_is_text(line)) {
			step->lost = true;
			return;
		}
		line_info(out, (struct said_text){line.p, shown(line)});
		if (begins && code == 220 && is_greeting(s, code))
			greeting_line(line, out);
		if (reply == REPLY_WHOLE)
			reply_ends(s, code, step, out);
	}
}

static void smtp_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct smtp_state *s = state;

	if (!s->secret && in->dir == DIR_C2S)
		from_client(s, in, step, out);
	else if (!s->secret)
		from_server(s, in, step, out);
	step->done = s->secret && step->becomes == APP_NONE && !step->lost;
}

/* ---- finding it --------------------------------------------------------------------------- */

/* A word of a line that says which protocol it is: "ESMTP", not a host's name. */
static bool has_word(struct said_text line, const char *word)
{
	while (line.len > 0)
		if (line_is(line_word(&line), word))
			return true;
	return false;
}

/* "220 ...", where FTP may begin alike. */
static enum parse_match match_server(const struct parse_bytes *in)
{
	enum parse_match match = line_begins(in->p, in->n, "220");

	if (match == MATCH_YES && in->n > 3 && in->p[3] != ' ' && in->p[3] != '-')
		return MATCH_NO;
	for (size_t at = 0, len; match == MATCH_YES && (len = line_length(in->p + at, in->n - at)) > 0; at += len) {
		struct said_text line = line_text(in->p + at, len);

		if (!line_is_text(line))
			return MATCH_NO;
		if (has_word(line, "ftp"))
			return MATCH_MAYBE;
		if (has_word(line, "esmtp") || has_word(line, "smtp") || line_is(line, "250-8bitmime") || line_is(line, "250-starttls"))
			return MATCH_YES;
	}
	return match == MATCH_NO ? MATCH_NO : MATCH_MAYBE;
}

static enum parse_match smtp_match(const struct parse_bytes *in)
{
	static const char *const hellos[] = {"ehlo ", "helo ", "lhlo "};

	for (size_t i = 0; i < 3; i++) {
		enum parse_match match = line_begins(in->p, in->n, hellos[i]);
		size_t len = line_length(in->p, in->n);

		if (match == MATCH_NO)
			continue;
		if (match == MATCH_MAYBE || len == 0)
			return MATCH_MAYBE;
		return line_is_text(line_text(in->p, len)) ? MATCH_YES : MATCH_NO;
	}
	return match_server(in);
}

static bool smtp_resync(void *state, const struct parse_bytes *in)
{
	struct smtp_state *s = state;
	size_t len = line_length(in->p, in->n);
	struct said_text line, rest;
	uint16_t open = 0, code;

	if (len == 0 || s->secret)
		return false;
	rest = line = line_text(in->p, len);
	bool fits = in->dir == DIR_C2S ? !text_follows(s) && command(line_word(&rest)) != 0 :
		line_reply(&open, line, &code) != REPLY_NOT;
	if (!fits || !line_is_text(line))
		return false;
	/* what was asked and answered meanwhile is not known */
	s->asked = (struct line_asked){0};
	s->open = 0;
	s->greeted = true;
	return true;
}

static void smtp_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	size_t len = line_length(in->p, in->n);

	if (len > 0 && shown(line_text(in->p, len)) > 0)
		line_layers(in, offset, sink, "smtp", "Simple Mail Transfer Protocol", shown);
}

const struct app_parser smtp_parser = {
	.app = APP_SMTP, .match = smtp_match, .stream = smtp_stream, .resync = smtp_resync, .layers = smtp_layers,
};
