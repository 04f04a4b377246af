/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/filter_priv.h"

#include "base/text.h"

#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* Words hold names, numbers, addresses, times, ranges; bytes above ASCII belong to names (and to the micro sign). */
static bool is_word(char c)
{
	unsigned char u = (unsigned char)c;

	return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
		u >= 0x80 || (u && strchr("_.:/+-%@*#?$", u));
}

static const struct {
	const char *sign;
	enum filter_token_kind kind;
} signs[] = {
	/* longer ones first */
	{ "&&", TOKEN_AND },
	{ "||", TOKEN_OR },
	{ "==", TOKEN_EQ },
	{ "!=", TOKEN_NE },
	{ "!~", TOKEN_HAS_NOT },
	{ "<=", TOKEN_LE },
	{ ">=", TOKEN_GE },
	{ "(", TOKEN_OPEN },
	{ ")", TOKEN_CLOSE },
	{ "{", TOKEN_BRACE },
	{ "}", TOKEN_UNBRACE },
	{ ",", TOKEN_COMMA },
	{ "!", TOKEN_NOT },
	{ "=", TOKEN_EQ },
	{ "<", TOKEN_LT },
	{ ">", TOKEN_GT },
	{ "~", TOKEN_HAS },
	{ "&", TOKEN_MASK },
};

static const struct {
	const char *word;
	enum filter_token_kind kind;
} words[] = {
	{ "and", TOKEN_AND },
	{ "or", TOKEN_OR },
	{ "not", TOKEN_NOT },
	{ "eq", TOKEN_EQ },
	{ "ne", TOKEN_NE },
	{ "lt", TOKEN_LT },
	{ "le", TOKEN_LE },
	{ "gt", TOKEN_GT },
	{ "ge", TOKEN_GE },
	{ "contains", TOKEN_HAS },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum rc too_long(size_t column, struct err *err)
{
	return err_set_at(err, RC_SYNTAX, "filter", column,
		"a word of at most %d bytes expected", FILTER_WORD_MAX - 1);
}

static enum rc lex_string(struct filter_lexer *lx, struct filter_token *out, struct err *err)
{
	char quote = lx->text[lx->at];
	size_t at = lx->at + 1, n = 0;

	while (at < lx->len && lx->text[at] != quote) {
		if (lx->text[at] == '\\' && at + 1 < lx->len)
			at++;
		if (n + 1 >= sizeof(out->text))
			return too_long(lx->at, err);
		out->text[n++] = lx->text[at++];
	}
	if (at >= lx->len)
		return err_set_at(
			err, RC_SYNTAX, "filter", lx->at, "closing %c expected", quote);
	out->kind = TOKEN_STRING;
	out->text[n] = '\0';
	lx->at = at + 1;
	out->end = lx->at;
	return RC_DONE;
}

/* A leading backslash is tcpdump's way to say that a word is no keyword. */
static enum rc lex_word(struct filter_lexer *lx, struct filter_token *out, struct err *err)
{
	bool plain = lx->text[lx->at] == '\\';
	size_t from = lx->at + plain, at = from;

	while (at < lx->len && is_word(lx->text[at]))
		at++;
	if (at - from >= sizeof(out->text))
		return too_long(lx->at, err);
	out->kind = TOKEN_WORD;
	memcpy(out->text, lx->text + from, at - from);
	out->text[at - from] = '\0';
	for (size_t i = 0; !plain && i < COUNT(words); i++)
		if (strcasecmp(words[i].word, out->text) == 0)
			out->kind = words[i].kind;
	lx->at = at;
	out->end = at;
	return RC_DONE;
}

static bool lex_sign(struct filter_lexer *lx, struct filter_token *out)
{
	for (size_t i = 0; i < COUNT(signs); i++) {
		size_t n = strlen(signs[i].sign);

		if (lx->len - lx->at >= n && memcmp(lx->text + lx->at, signs[i].sign, n) == 0) {
			out->kind = signs[i].kind;
			memcpy(out->text, signs[i].sign, n + 1);
			lx->at += n;
			out->end = lx->at;
			return true;
		}
	}
	return false;
}

enum rc filter_lex(struct filter_lexer *lx, struct filter_token *out, struct err *err)
{
	char c, shown[16];

	while (lx->at < lx->len && is_blank(lx->text[lx->at]))
		lx->at++;
	out->column = lx->at;
	out->end = lx->at;
	out->text[0] = '\0';
	out->kind = TOKEN_END;
	if (lx->at >= lx->len)
		return RC_DONE;
	c = lx->text[lx->at];
	if (c == '"' || c == '\'')
		return lex_string(lx, out, err);
	if (is_word(c) || (c == '\\' && lx->at + 1 < lx->len && is_word(lx->text[lx->at + 1])))
		return lex_word(lx, out, err);
	if (lex_sign(lx, out))
		return RC_DONE;
	if (c == '[')
		return err_set_at(err, RC_SYNTAX, "filter", lx->at,
			"bytes of a packet by their offset are not known here; fields are, as "
			"in tcp_flags & syn");
	text_escape_to(shown, sizeof(shown), &c, 1);
	return err_set_at(err, RC_SYNTAX, "filter", lx->at,
		"a field, word or value expected, not %s", shown);
}
