/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IMAP (RFC 9051): tagged commands and responses; literals are passed over by their length. What LOGIN and AUTHENTICATE carry is
 * never shown.
 *
 * The server failed where NO or BYE has the code UNAVAILABLE, SERVERBUG or CORRUPTION (RFC 5530); every other NO, and BAD,
 * refuses.
 */
#include "app/line.h"

#include "base/text.h"

#include <string.h>

enum imap_kind { LAST_OTHER, LAST_TLS, LAST_COMPRESS, LAST_AUTH };

enum { TAG_LONGEST = 32 };

struct imap_state {
	char tag[TAG_LONGEST];       /* of the last command */
	uint8_t tag_len;
	uint8_t last;                /* enum imap_kind of it, until it is answered */
	bool goes_on[2];             /* a line that a literal has interrupted */
	bool secret;                 /* TLS or compression begins, and nobody here hears it */
};
_Static_assert(sizeof(struct imap_state) <= PARSE_STATE, "fits");

enum { CMD_LOGIN = 1, CMD_AUTHENTICATE, CMD_STARTTLS, CMD_COMPRESS };

static const char *const verbs[] = {
	"login", "authenticate", "starttls", "compress", "capability", "noop", "logout", "select", "examine", "create",
	"delete", "rename", "subscribe", "unsubscribe", "list", "lsub", "namespace", "status", "append", "idle", "check",
	"close", "unselect", "expunge", "search", "fetch", "store", "copy", "move", "uid", "enable", "id", "sort", "thread",
	"getquota", "getquotaroot", "setquota", "getacl", "setacl", "deleteacl", "listrights", "myrights", "getmetadata",
	"setmetadata", "notify", "xlist", "unauthenticate",
};

/* The number of a command: its place there, from 1. */
static unsigned command(struct said_text verb)
{
	return line_one_of(verb, verbs, sizeof(verbs) / sizeof(verbs[0]));
}

static bool is_tag(struct said_text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.p[i] <= ' ' || t.p[i] >= 127 || strchr("(){%*\"\\+]", t.p[i]))
			return false;
	return t.len > 0 && t.len <= TAG_LONGEST;
}

enum { COND_OK = 1, COND_NO, COND_BAD, COND_BYE, COND_PREAUTH };

static unsigned condition(struct said_text word)
{
	static const char *const words[] = {"ok", "no", "bad", "bye", "preauth"};

	return line_one_of(word, words, 5);
}

static size_t shown(struct said_text line)
{
	struct said_text rest = line, tag = line_word(&rest), verb = line_word(&rest);

	if (line_is(tag, "*") || (is_tag(tag) && condition(verb) != 0))
		return line.len;
	if (!is_tag(tag))
		return line_is(tag, "+") ? 1 : 0;
	switch (command(verb)) {
	case 0:
		return 0;
	case CMD_LOGIN:
		return (size_t)(verb.p - line.p) + verb.len;
	case CMD_AUTHENTICATE: {
		struct said_text mechanism = line_word(&rest);

		return (size_t)(mechanism.p - line.p) + mechanism.len;
	}
	default:
		return line.len;
	}
}

/* Bytes of the literal that a line ends with: "{123}" or "{123+}" (RFC 7888). False where there is none. */
static bool literal_of(struct said_text line, uint64_t *bytes)
{
	size_t end = line.len;

	if (end < 3 || line.p[end - 1] != '}')
		return false;
	end -= line.p[end - 2] == '+' ? 2 : 1;
	size_t from = end;
	while (from > 0 && line.p[from - 1] >= '0' && line.p[from - 1] <= '9')
		from--;
	return from > 0 && line.p[from - 1] == '{' &&
		line_decimal((struct said_text){line.p + from, end - from}, bytes);
}

static bool client_line(struct imap_state *s, struct said_text line, const struct parse_out *out)
{
	struct said_text rest = line, tag = line_word(&rest), verb = line_word(&rest);
	unsigned cmd = command(verb);

	if (s->last == LAST_AUTH || line_is(line, "done"))
		return true;     /* what AUTHENTICATE asked for; the end of IDLE */
	if (!is_tag(tag) || verb.len == 0 || !line_is_text(line))
		return false;
	memcpy(s->tag, tag.p, tag.len);
	s->tag_len = (uint8_t)tag.len;
	s->last = cmd == CMD_STARTTLS ? LAST_TLS : cmd == CMD_COMPRESS ? LAST_COMPRESS :
		cmd == CMD_AUTHENTICATE ? LAST_AUTH : LAST_OTHER;
	out->said->requests++;
	line_info(out, (struct said_text){line.p, shown(line)});
	return true;
}

static void count_condition(unsigned cond, struct said_text text, const struct parse_out *out)
{
	static const char *const codes[] = {"[unavailable]", "[serverbug]", "[corruption]"};
	bool failed = line_one_of(line_word(&text), codes, 3) != 0;

	if (cond == COND_NO || cond == COND_BYE)
		out->said->errors += failed;
	out->said->refusals += cond == COND_BAD || (cond == COND_NO && !failed);
}

static bool server_line(struct imap_state *s, struct said_text line, struct parse_step *step, const struct parse_out *out)
{
	struct said_text rest = line, tag = line_word(&rest), word = line_word(&rest);
	unsigned cond = condition(word);
	bool untagged = line_is(tag, "*");

	if (line_is(tag, "+"))
		return true;
	if (!untagged && (!is_tag(tag) || cond == 0))
		return false;
	line_info(out, line);
	if (!untagged || cond == COND_BYE)
		count_condition(cond, rest, out);
	if (untagged)
		return true;
	out->said->responses++;
	if (tag.len != s->tag_len || memcmp(tag.p, s->tag, tag.len) != 0)
		return true;
	if (cond == COND_OK && (s->last == LAST_TLS || s->last == LAST_COMPRESS)) {
		s->secret = true;
		if (s->last == LAST_TLS && app_parser(APP_TLS))
			step->becomes = APP_TLS;
	}
	s->last = LAST_OTHER;
	return true;
}

static void imap_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct imap_state *s = state;
	struct said_text line;

	while (step->used < in->n && step->skip == 0 && !s->secret && !step->lost) {
		if (!line_next(in, step, &line))
			return;
		if (!s->goes_on[in->dir])
			step->lost = in->dir == DIR_C2S ? !client_line(s, line, out) : !server_line(s, line, step, out);
		s->goes_on[in->dir] = !step->lost && !s->secret && literal_of(line, &step->skip);
	}
	step->done = s->secret && step->becomes == APP_NONE && !step->lost;
}

/* ---- finding it --------------------------------------------------------------------------- */

/* "* OK ..." and its like; MUPDATE greets alike, but names itself. */
static enum parse_match match_server(struct said_text line)
{
	struct said_text rest = line;

	line_word(&rest);
	unsigned cond = condition(line_word(&rest));
	if (cond != COND_OK && cond != COND_BYE && cond != COND_PREAUTH)
		return MATCH_NO;
	return line_is(line_word(&rest), "mupdate") ? MATCH_NO : MATCH_YES;
}

static enum parse_match imap_match(const struct parse_bytes *in)
{
	size_t len = line_length(in->p, in->n);
	struct said_text line = len > 0 ? line_text(in->p, len) : (struct said_text){(const char *)in->p, in->n}, rest = line;
	struct said_text tag = line_word(&rest), verb = line_word(&rest), argument = line_word(&rest);

	if (len > 0 && (!line_is_text(line) || !line_is_proper(in->p, len)))
		return MATCH_NO;
	if (line_is(tag, "*"))
		return len > 0 ? match_server(line) : line.len < 8 || condition(verb) != 0 ? MATCH_MAYBE : MATCH_NO;
	if (!is_tag(tag) || tag.len > 16)
		return MATCH_NO;
	if (len == 0)
		return line_begins_one_of(verb, verbs, sizeof(verbs) / sizeof(verbs[0])) ? MATCH_MAYBE : MATCH_NO;
	if (line_is(verb, "capability") || line_is(verb, "starttls"))
		return argument.len == 0 ? MATCH_YES : MATCH_NO;
	if (line_is(verb, "authenticate"))
		return argument.len > 0 && *argument.p != '"' ? MATCH_YES : MATCH_NO;
	if (line_is(verb, "login"))
		return argument.len > 0 && (rest.len > 0 || *argument.p == '{') ? MATCH_YES : MATCH_NO;
	return MATCH_NO;
}

/* A literal may hold anything: what begins again is a command, or the answer to the last one. */
static bool imap_resync(void *state, const struct parse_bytes *in)
{
	struct imap_state *s = state;
	size_t len = line_length(in->p, in->n);

	if (len == 0 || s->secret)
		return false;
	struct said_text line = line_text(in->p, len), rest = line, tag = line_word(&rest), verb = line_word(&rest);
	if (!is_tag(tag) || !line_is_text(line))
		return false;
	bool fits = in->dir == DIR_C2S ? command(verb) != 0 && s->last != LAST_AUTH :
		condition(verb) != 0 && (s->tag_len == 0 || (tag.len == s->tag_len && memcmp(tag.p, s->tag, tag.len) == 0));
	if (fits)
		s->goes_on[in->dir] = false;
	return fits;
}

static void imap_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	size_t len = line_length(in->p, in->n);

	if (len > 0 && shown(line_text(in->p, len)) > 0)
		line_layers(in, offset, sink, "imap", "Internet Message Access Protocol", shown);
}

const struct app_parser imap_parser = {
	.app = APP_IMAP, .match = imap_match, .stream = imap_stream, .resync = imap_resync, .layers = imap_layers,
};
