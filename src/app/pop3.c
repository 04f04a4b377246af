/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POP3 (RFC 1939, 2449, 2595): commands, +OK and -ERR. Mails and lists are passed over; passwords are never shown.
 *
 * The server failed where it says [SYS/TEMP] or [SYS/PERM] (RFC 3206); every other -ERR refuses.
 */
#include "app/line.h"

#include "base/text.h"

enum pop3_kind { ASKED_OTHER = 1, ASKED_TEXT, ASKED_TLS, ASKED_AUTH };

struct pop3_state {
	struct line_asked asked;
	uint8_t at;                  /* see line_dot_text() */
	bool in_text;                /* the server sends one */
	bool in_auth;                /* what AUTH asked for comes from the client */
	bool greeted;
	bool secret;                 /* TLS begins, and nobody here hears it */
};
_Static_assert(sizeof(struct pop3_state) <= PARSE_STATE, "fits");

enum { CMD_PASS = 1, CMD_APOP, CMD_AUTH, CMD_STLS, CMD_RETR, CMD_TOP, CMD_CAPA, CMD_LIST, CMD_UIDL };

static const char *const verbs[] = {
	"pass", "apop", "auth", "stls", "retr", "top", "capa", "list", "uidl", "user", "stat", "dele", "noop", "rset", "quit",
	"utf8", "lang",
};

static unsigned command(struct said_text verb)
{
	return line_one_of(verb, verbs, sizeof(verbs) / sizeof(verbs[0]));
}

/* "+OK", "-ERR" and a blank or an end behind it. */
static bool is_reply(struct said_text line, bool *ok)
{
	struct said_text rest = line, word = line_word(&rest);

	*ok = line_is(word, "+ok");
	return *ok || line_is(word, "-err");
}

static size_t shown(struct said_text line)
{
	struct said_text rest = line, verb = line_word(&rest);
	bool ok;

	if (is_reply(line, &ok))
		return line.len;
	switch (command(verb)) {
	case 0:
		return 0;
	case CMD_PASS:
		return verb.len;
	case CMD_APOP:
	case CMD_AUTH:
		line_word(&rest);
		return rest.len > 0 ? (size_t)(rest.p - line.p) - 1 : line.len;
	default:
		return line.len;
	}
}

static enum pop3_kind kind_of(unsigned cmd, bool has_argument)
{
	switch (cmd) {
	case CMD_RETR:
	case CMD_TOP:
	case CMD_CAPA:
		return ASKED_TEXT;
	case CMD_LIST:
	case CMD_UIDL:
		return has_argument ? ASKED_OTHER : ASKED_TEXT;
	case CMD_STLS:
		return ASKED_TLS;
	case CMD_AUTH:
		return has_argument ? ASKED_AUTH : ASKED_TEXT;
	default:
		return ASKED_OTHER;
	}
}

static bool client_line(struct pop3_state *s, struct said_text line, const struct parse_out *out)
{
	struct said_text rest = line, verb = line_word(&rest);
	unsigned cmd = command(verb);

	if (!line_is_text(line))
		return false;
	if (s->in_auth && rest.len == 0)
		return true;
	s->in_auth = cmd == CMD_AUTH && rest.len > 0;
	line_ask(&s->asked, (uint8_t)kind_of(cmd, rest.len > 0));
	out->said->requests++;
	if (cmd != 0)
		line_info(out, (struct said_text){line.p, shown(line)});
	return true;
}

static bool server_line(struct pop3_state *s, struct said_text line, struct parse_step *step, const struct parse_out *out)
{
	struct said_text rest = line;
	bool ok, challenge = line.len > 0 && line.p[0] == '+' && (line.len == 1 || line.p[1] == ' ');

	if (challenge)
		return true;
	if (!is_reply(line, &ok))
		return false;
	line_info(out, line);
	line_word(&rest);
	if (!ok && line_begins((const uint8_t *)rest.p, rest.len, "[sys/") == MATCH_YES)
		out->said->errors++;
	else
		out->said->refusals += !ok;
	if (!s->greeted && s->asked.n <= 1) {    /* what was held until the client's first command told */
		s->greeted = true;
		return true;
	}
	s->greeted = true;
	bool known = !s->asked.overflow;
	uint8_t kind = line_answer(&s->asked);
	out->said->responses++;
	if (kind == ASKED_AUTH)
		s->in_auth = false;
	s->in_text = ok && kind == ASKED_TEXT;
	if (ok && kind == ASKED_TLS) {
		s->secret = true;
		if (app_parser(APP_TLS))
			step->becomes = APP_TLS;
	}
	return known;    /* else a text may follow that is taken for replies */
}

static void pop3_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct pop3_state *s = state;
	struct said_text line;
	bool ended;

	while (step->used < in->n && !s->secret && !step->lost) {
		if (s->in_text && in->dir == DIR_S2C) {
			step->used += line_dot_text(&s->at, in->p + step->used, in->n - step->used, &ended);
			s->in_text = !ended;
			continue;
		}
		if (!line_next(in, step, &line))
			return;
		step->lost = in->dir == DIR_C2S ? !client_line(s, line, out) : !server_line(s, line, step, out);
	}
	step->done = s->secret && step->becomes == APP_NONE && !step->lost;
}

/* ---- finding it --------------------------------------------------------------------------- */

/* "+OK text": of those who answer +OK, only POP3 says more on its line. A client that says CAPA, STLS or APOP, UIDL alone. */
static enum parse_match pop3_match(const struct parse_bytes *in)
{
	static const char *const only[] = {"capa", "stls", "uidl"};
	size_t len = line_length(in->p, in->n), rest_of = len > 0 ? len : in->n;
	struct said_text line = len > 0 ? line_text(in->p, len) : (struct said_text){(const char *)in->p, rest_of}, rest = line;
	bool ok;

	if (len > 0 && (!line_is_text(line) || !line_is_proper(in->p, len)))
		return MATCH_NO;
	enum parse_match greeting = line_begins(in->p, in->n, "+ok");
	if (greeting == MATCH_MAYBE)
		return MATCH_MAYBE;
	if (greeting == MATCH_YES) {
		if (len > 0 && !is_reply(line, &ok))
			return MATCH_NO;
		line_word(&rest);
		return len > 0 && rest.len > 0 ? MATCH_YES : MATCH_MAYBE;
	}
	struct said_text verb = line_word(&rest);
	if (len == 0)
		return line_begins_one_of(verb, verbs, sizeof(verbs) / sizeof(verbs[0])) ? MATCH_MAYBE : MATCH_NO;
	if (line_one_of(line, only, 3) != 0)
		return MATCH_YES;
	return command(verb) != 0 ? MATCH_MAYBE : MATCH_NO;
}

/* A line of a mail may look like a reply: only commands begin again. */
static bool pop3_resync(void *state, const struct parse_bytes *in)
{
	struct pop3_state *s = state;
	size_t len = line_length(in->p, in->n);
	bool ok;

	if (len == 0 || s->secret)
		return false;
	struct said_text line = line_text(in->p, len), rest = line;
	if (!line_is_text(line))
		return false;
	bool one_asked = s->asked.n == 1 || (s->asked.n == 0 && !s->greeted);
	if (in->dir == DIR_C2S ? command(line_word(&rest)) == 0 : !one_asked || !is_reply(line, &ok))
		return false;
	uint8_t kind = s->asked.n == 1 ? s->asked.kind[0] : 0;
	*s = (struct pop3_state){.greeted = true};
	if (kind != 0 && in->dir == DIR_S2C)
		line_ask(&s->asked, kind);
	return true;
}

static void pop3_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	size_t len = line_length(in->p, in->n);

	if (len > 0 && shown(line_text(in->p, len)) > 0)
		line_layers(in, offset, sink, "pop3", "Post Office Protocol", shown);
}

const struct app_parser pop3_parser = {
	.app = APP_POP3, .match = pop3_match, .stream = pop3_stream, .resync = pop3_resync, .layers = pop3_layers,
};
