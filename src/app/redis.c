/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Redis: RESP 2 and 3. Recognised by what no other protocol has, an array of bulk strings as a request. Values are passed over
 * by their lengths; arguments but the first are never shown, that of AUTH neither.
 *
 * The server failed: LOADING, OOM, BUSY, MISCONF, MASTERDOWN, CLUSTERDOWN, TRYAGAIN, NOREPLICAS, IOERR, UNKILLABLE. MOVED and ASK send
 * elsewhere and are neither; every other error refuses.
 */
#include "app/line.h"

#include "base/text.h"

#include <string.h>

enum { NAME_LONGEST = 32, KEY_SHOWN = 64, ELEMENTS = 1 << 20, BULK = 1 << 29 };

struct redis_side {
	uint32_t left;               /* elements of what is open, those within elements included */
	uint8_t tail;                /* bytes of the line's end behind a bulk string */
	uint8_t at;                  /* client: which element of the request comes, up to 2 */
	bool pushed, attributes;     /* server: what is open is no answer; an answer follows it */
};

struct redis_state {
	struct redis_side side[2];
	uint32_t asked;
	bool hide;                   /* the first argument of the request is not shown */
};
_Static_assert(sizeof(struct redis_state) <= PARSE_STATE, "fits");

static void info(const struct parse_out *out, const char *p, size_t len)
{
	if (!out->info)
		return;
	if (out->info->len > 0)
		buf_put_u8(out->info, ' ');
	text_escape(out->info, p, len);
}

/* The number behind a type; false where there is none, or it is above `most`. -1 (no value) is 0 with *null. */
static bool number(struct said_text line, uint64_t most, uint64_t *v, bool *null)
{
	struct said_text digits = {line.p + 1, line.len - 1};

	*null = line_is(digits, "-1");
	*v = 0;
	return *null || (line_decimal(digits, v) && *v <= most);
}

static bool is_name(struct said_text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!((t.p[i] | 0x20) >= 'a' && (t.p[i] | 0x20) <= 'z') && t.p[i] != '.' && t.p[i] != '_' && t.p[i] != '-' &&
			!(t.p[i] >= '0' && t.p[i] <= '9'))
			return false;
	return t.len > 0 && t.len <= NAME_LONGEST;
}

/* Takes the end of line behind a bulk string. False where it is something else. */
static bool take_tail(struct redis_side *side, const struct parse_bytes *in, struct parse_step *step)
{
	while (side->tail > 0 && step->used < in->n) {
		if (in->p[step->used] != (side->tail == 2 ? '\r' : '\n'))
			return false;
		step->used++;
		side->tail--;
	}
	return true;
}

/* ---- requests ------------------------------------------------------------------------------ */

/* "PING\r\n": a request that somebody typed. */
static bool inline_request(struct redis_state *s, struct said_text line, const struct parse_out *out)
{
	struct said_text rest = line, name = line_word(&rest);

	if (line.len == 0)
		return true;
	if (!is_name(name) || !line_is_text(line))
		return false;
	out->said->requests++;
	s->asked++;
	if (out->info && out->info->len == 0)
		info(out, name.p, name.len);
	return true;
}

/* An element of a request: its name and first argument are looked at, the others passed over. */
static void element(struct redis_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct redis_side *side = &s->side[in->dir];
	struct parse_step before = *step;
	struct said_text line;
	uint64_t len;
	bool null;

	if (!line_next(in, step, &line))
		return;
	if (line.len < 2 || line.p[0] != '$' || !number(line, BULK, &len, &null) || null) {
		step->lost = true;
		return;
	}
	const uint8_t *p = in->p + step->used;
	size_t there = in->n - step->used;
	if (side->at == 0) {
		if (len == 0 || len > NAME_LONGEST) {
			step->lost = true;
			return;
		}
		if (there < len) {
			*step = before;
			step->need = in->n - before.used + (size_t)len - there;
			return;
		}
		struct said_text name = {(const char *)p, (size_t)len};
		if (!is_name(name)) {
			step->lost = true;
			return;
		}
		out->said->requests++;
		s->asked++;
		s->hide = line_is(name, "auth");
		if (out->info && out->info->len == 0)
			info(out, name.p, name.len);
		else
			s->hide = true;          /* only of the first request in a packet */
	} else if (side->at == 1 && !s->hide && there > 0) {
		size_t shown = len < KEY_SHOWN ? (size_t)len : KEY_SHOWN;

		info(out, (const char *)p, shown < there ? shown : there);
	}
	side->at = side->at < 2 ? side->at + 1 : 2;
	side->left--;
	side->tail = 2;
	step->used += there < len ? there : (size_t)len;
	step->skip = len - (there < len ? there : len);
}

static void request(struct redis_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct redis_side *side = &s->side[in->dir];
	struct said_text line;
	uint64_t n;
	bool null;

	if (side->left > 0) {
		element(s, in, step, out);
		return;
	}
	if (!line_next(in, step, &line))
		return;
	if (line.len == 0 || line.p[0] != '*') {
		step->lost = !inline_request(s, line, out);
		return;
	}
	step->lost = !number(line, ELEMENTS, &n, &null);
	side->left = (uint32_t)n;
	side->at = 0;
}

/* ---- answers ------------------------------------------------------------------------------- */

static void count_error(struct said_text line, const struct parse_out *out)
{
	static const char *const failed[] = {
		"-loading", "-oom", "-busy", "-misconf", "-masterdown", "-clusterdown", "-tryagain", "-noreplicas", "-ioerr", "-unkillable",
	};
	struct said_text word = line_word(&line);
	bool is_failure = line_one_of(word, failed, sizeof(failed) / sizeof(failed[0])) != 0;

	out->said->errors += is_failure;
	out->said->refusals += !is_failure && !line_is(word, "-moved") && !line_is(word, "-ask");
}

/* "Array(3)": so many elements, or bytes. */
static void tell_size(struct buf *info, char type, struct said_text line)
{
	enum { DIGITS = 20 };

	buf_put_str(info, type == '$' || type == '=' ? "Bulk string(" : type == '>' ? "Push(" : "Array(");
	text_escape(info, line.p + 1, line.len - 1 < DIGITS ? line.len - 1 : DIGITS);
	buf_put_u8(info, ')');
}

/* A value begins at the top. */
static void answer_begins(struct redis_state *s, struct redis_side *side, struct said_text line, const struct parse_out *out)
{
	char type = line.p[0];

	side->pushed = type == '>';
	side->attributes = type == '|';
	if (type == '-')
		count_error(line, out);
	if (out->info && out->info->len == 0) {
		if (strchr("+-:,#(_", type))
			info(out, line.p, line.len < SAID_MAX ? line.len : SAID_MAX);
		else
			tell_size(out->info, type, line);
	}
	if (side->pushed || side->attributes || s->asked == 0)
		return;
	out->said->responses++;
	s->asked--;
}

/* One value's first line. False where it is none. */
static bool value(struct redis_state *s, struct redis_side *side, struct said_text line, struct parse_step *step,
	const struct parse_out *out)
{
	uint64_t n = 0, more = 0;
	bool null = false;

	if (line.len == 0)
		return false;
	if (!strchr("+-:,#(_$=!*~>%|", line.p[0]))
		return false;
	if (strchr("$=!", line.p[0])) {
		if (!number(line, BULK, &n, &null))
			return false;
		step->skip = n;
		side->tail = null ? 0 : 2;
	} else if (strchr("*~>%|", line.p[0])) {
		if (!number(line, ELEMENTS, &more, &null))
			return false;
		more *= line.p[0] == '%' || line.p[0] == '|' ? 2 : 1;
	} else if (!line_is_text(line)) {
		return false;
	}
	if (side->left == 0)
		answer_begins(s, side, line, out);
	else
		side->left--;
	if (more > (uint64_t)ELEMENTS * 8 - side->left)
		return false;
	side->left += (uint32_t)more;
	return true;
}

static void redis_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct redis_state *s = state;
	struct redis_side *side = &s->side[in->dir];
	struct said_text line;

	while (step->used < in->n && step->skip == 0 && step->need == 0 && !step->lost) {
		if (side->tail > 0) {
			step->lost = !take_tail(side, in, step);
		} else if (in->dir == DIR_C2S) {
			request(s, in, step, out);
		} else {
			if (!line_next(in, step, &line))
				return;
			step->lost = !value(s, side, line, step, out);
			size_t there = in->n - step->used, over = step->skip < there ? (size_t)step->skip : there;
			step->used += over;
			step->skip -= over;
		}
	}
}

/* ---- finding it --------------------------------------------------------------------------- */

/* "*2\r\n$3\r\nGET\r\n" */
static enum parse_match redis_match(const struct parse_bytes *in)
{
	size_t first = line_length(in->p, in->n), second;
	uint64_t n, len;
	bool null;

	if (in->p[0] != '*' || (in->n > 1 && (in->p[1] < '1' || in->p[1] > '9')))
		return MATCH_NO;
	if (first == 0)
		return in->n <= 9 ? MATCH_MAYBE : MATCH_NO;
	if (in->p[first - 2] != '\r' || !number(line_text(in->p, first), ELEMENTS, &n, &null) || null || n == 0)
		return MATCH_NO;
	const uint8_t *p = in->p + first;
	size_t rest = in->n - first;
	if (rest == 0)
		return MATCH_MAYBE;
	second = line_length(p, rest);
	if (*p != '$' || (second == 0 && rest > 4))
		return MATCH_NO;
	if (second == 0)
		return MATCH_MAYBE;
	if (!number(line_text(p, second), NAME_LONGEST, &len, &null) || null || len == 0 || p[second - 2] != '\r')
		return MATCH_NO;
	if (rest < second + len + 2)
		return MATCH_MAYBE;
	return is_name((struct said_text){(const char *)p + second, (size_t)len}) && memcmp(p + second + len, "\r\n", 2) == 0 ?
		MATCH_YES : MATCH_NO;
}

/* A value may hold anything, so only requests begin again, and answers behind them that are whole in their segment. */
static bool redis_resync(void *state, const struct parse_bytes *in)
{
	struct redis_state *s = state;
	bool fits = in->dir == DIR_C2S ? redis_match(in) == MATCH_YES :
		in->whole && in->n > 2 && strchr("+-:$*", in->p[0]) && memcmp(in->p + in->n - 2, "\r\n", 2) == 0;

	if (!fits)
		return false;
	s->side[in->dir] = (struct redis_side){0};
	s->asked = 0;
	return true;
}

/* Requests may hold passwords anywhere: of them only the name is shown, of answers the first line. */
static size_t shown(struct said_text line)
{
	return line.len;
}

static void redis_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct parse_bytes part = *in;
	bool is_request = redis_match(in) == MATCH_YES;

	if (!is_request && (in->dir == DIR_C2S || in->p[0] == 0 || !strchr("+-:$*~>%|#,_(=", in->p[0])))
		return;
	part.n = line_length(in->p, in->n);
	for (int i = 0; is_request && i < 2; i++)
		part.n += line_length(in->p + part.n, in->n - part.n);
	line_layers(&part, offset, sink, "redis", "Redis", shown);
}

const struct app_parser redis_parser = {
	.app = APP_REDIS, .match = redis_match, .stream = redis_stream, .resync = redis_resync, .layers = redis_layers,
};
