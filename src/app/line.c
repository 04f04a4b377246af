/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/line.h"

#include "base/text.h"

#include <string.h>

enum { LAYER_LINES = 64 };

size_t line_length(const uint8_t *p, size_t n)
{
	const uint8_t *end = n > 0 ? memchr(p, '\n', n) : NULL;

	return end ? (size_t)(end - p) + 1 : 0;
}

struct said_text line_text(const uint8_t *p, size_t len)
{
	len--;
	if (len > 0 && p[len - 1] == '\r')
		len--;
	return (struct said_text){(const char *)p, len};
}

bool line_is_proper(const uint8_t *p, size_t len)
{
	return len >= 2 && p[len - 2] == '\r';
}

bool line_next(const struct parse_bytes *in, struct parse_step *step, struct said_text *line)
{
	const uint8_t *p = in->p + step->used;
	size_t rest = in->n - step->used, len = line_length(p, rest);

	if (len == 0) {
		step->lost = rest >= LINE_LONGEST;
		step->need = rest + 1;
		return false;
	}
	*line = line_text(p, len);
	step->used += len;
	return true;
}

struct said_text line_word(struct said_text *rest)
{
	struct said_text word = {rest->p, 0};

	while (word.len < rest->len && word.p[word.len] != ' ')
		word.len++;
	rest->p += word.len;
	rest->len -= word.len;
	while (rest->len > 0 && *rest->p == ' ') {
		rest->p++;
		rest->len--;
	}
	return word;
}

bool line_is(struct said_text text, const char *word)
{
	return text.len == strlen(word) && line_begins((const uint8_t *)text.p, text.len, word) == MATCH_YES;
}

unsigned line_one_of(struct said_text text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line_is(text, words[i]))
			return (unsigned)i + 1;
	return 0;
}

bool line_begins_one_of(struct said_text text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n && text.len > 0; i++)
		if (line_begins((const uint8_t *)text.p, text.len, words[i]) != MATCH_NO && text.len <= strlen(words[i]))
			return true;
	return false;
}

enum parse_match line_begins(const uint8_t *p, size_t n, const char *word)
{
	for (size_t i = 0; word[i]; i++) {
		if (i == n)
			return MATCH_MAYBE;
		if (text_small((char)p[i]) != word[i])
			return MATCH_NO;
	}
	return MATCH_YES;
}

bool line_decimal(struct said_text text, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || v > (UINT64_MAX >> 1) / 10)
			return false;
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	}
	*out = v;
	return text.len > 0;
}

bool line_is_text(struct said_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.p[i] < ' ' && text.p[i] != '\t') || text.p[i] == 127)
			return false;
	return true;
}

static bool is_letter(char c)
{
	return text_small(c) >= 'a' && text_small(c) <= 'z';
}

bool line_is_host(struct said_text text)
{
	size_t label = 0, letters = 0;
	bool dot = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == '.') {
			if (label == 0)
				return false;
			dot = true;
			label = letters = 0;
			continue;
		}
		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
		label++;
		letters += is_letter(c);
	}
	return dot && label >= 2 && letters == label && text.len <= SAID_MAX;
}

/* ---- replies ------------------------------------------------------------------------------ */

static uint16_t reply_code(struct said_text line)
{
	if (line.len < 3 || line.p[0] < '1' || line.p[0] > '5')
		return 0;
	for (int i = 1; i < 3; i++)
		if (line.p[i] < '0' || line.p[i] > '9')
			return 0;
	return (uint16_t)((line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0'));
}

enum line_reply line_reply(uint16_t *open, struct said_text line, uint16_t *code)
{
	uint16_t found = reply_code(line);
	char behind = line.len > 3 ? line.p[3] : ' ';

	if (*open != 0) {        /* any line but that with the same code and a blank goes on (RFC 959, 4.2) */
		*code = *open;
		if (found != *open || behind != ' ')
			return REPLY_GOES_ON;
		*open = 0;
		return REPLY_WHOLE;
	}
	if (found == 0 || (behind != ' ' && behind != '-'))
		return REPLY_NOT;
	*code = found;
	if (behind == ' ')
		return REPLY_WHOLE;
	*open = found;
	return REPLY_GOES_ON;
}

void line_ask(struct line_asked *a, uint8_t kind)
{
	if (a->n < LINE_ASKED)
		a->kind[a->n++] = kind;
	else
		a->overflow = true;
}

uint8_t line_asked_first(const struct line_asked *a)
{
	return a->n > 0 && !a->overflow ? a->kind[0] : 0;
}

uint8_t line_answer(struct line_asked *a)
{
	uint8_t kind = line_asked_first(a);

	if (a->n > 0)
		memmove(a->kind, a->kind + 1, --a->n);
	return kind;
}

/* ---- texts ---------------------------------------------------------------------------------- */

enum dot_at { AT_LINE, WITHIN_LINE, BEHIND_DOT, BEHIND_DOT_CR };

size_t line_dot_text(uint8_t *at, const uint8_t *p, size_t n, bool *ended)
{
	*ended = false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n') {
			*ended = *at == BEHIND_DOT || *at == BEHIND_DOT_CR;
			*at = AT_LINE;
			if (*ended)
				return i + 1;
		} else if (p[i] == '.' && *at == AT_LINE) {
			*at = BEHIND_DOT;
		} else if (p[i] == '\r' && *at == BEHIND_DOT) {
			*at = BEHIND_DOT_CR;
		} else {
			*at = WITHIN_LINE;
		}
	}
	return n;
}

/* ---- for people ------------------------------------------------------------------------------ */

void line_info(const struct parse_out *out, struct said_text line)
{
	if (out->info && out->info->len == 0)
		text_escape(out->info, line.p, line.len < SAID_MAX ? line.len : SAID_MAX);
}

void line_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink, const char *name,
	const char *summary, size_t (*shown)(struct said_text line))
{
	size_t at = 0, len, n = 0;
	char text[SAID_MAX + 1];

	for (; n < LAYER_LINES && (len = line_length(in->p + at, in->n - at)) > 0; n++)
		at += len;
	if (n == 0)
		return;
	sink->begin(sink->ctx, name, summary, offset, (uint32_t)at);
	for (size_t from = 0; from < at; from += len) {
		len = line_length(in->p + from, at - from);
		struct said_text line = line_text(in->p + from, len);
		size_t seen = shown(line);

		text_escape_to(text, sizeof(text), line.p, seen);
		if (line.len > 0)
			sink->field(sink->ctx, "line", text, offset + (uint32_t)from, (uint32_t)len);
	}
	sink->end(sink->ctx);
}
