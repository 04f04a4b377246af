/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of thresholds: a reason and its words, a line each. */
#include "flow/health.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_WORDS = 8, LINE_BYTES = 256 };

/* One line, cut into words. */
struct line {
	const char *path;
	size_t at;                       /* of the line in the file */
	char text[LINE_BYTES];
	const char *words[LINE_WORDS];
	size_t n;
};

static enum rc wrong(const struct line *l, struct err *err, const char *why, const char *word)
{
	return err_set_at(err, RC_SYNTAX, l->path, l->at, "%s: '%s'", why, word);
}

static enum rc cut(struct line *l, const char *from, size_t len, struct err *err)
{
	const char *comment = memchr(from, '#', len);
	char *save = NULL;

	if (comment)
		len = (size_t)(comment - from);
	if (len >= sizeof(l->text) || memchr(from, '\0', len))
		return wrong(l, err, "no line of thresholds", len >= sizeof(l->text) ? "too long" : "a zero byte");
	memcpy(l->text, from, len);
	l->text[len] = '\0';
	l->n = 0;
	for (char *w = strtok_r(l->text, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save)) {
		if (l->n == LINE_WORDS)
			return wrong(l, err, "too many words", w);
		l->words[l->n++] = w;
	}
	return RC_DONE;
}

/* "1%", "0.01". */
static bool parse_share(const char *word, double *out)
{
	char *end;
	double v = strtod(word, &end);

	if (end == word || !isfinite(v) || v < 0)
		return false;
	if (strcmp(end, "%") == 0)
		v /= 100;
	else if (*end != '\0')
		return false;
	*out = v;
	return v <= 1;
}

static enum rc take_setting(const struct line *l, size_t i, struct health_rule *rule, struct err *err)
{
	const char *name = l->words[i], *value = i + 1 < l->n ? l->words[i + 1] : NULL;

	if (!value)
		return wrong(l, err, "needs a value", name);
	if (strcmp(name, "degraded") == 0)
		return parse_share(value, &rule->degraded) ? RC_DONE : wrong(l, err, "no share", value);
	if (strcmp(name, "faulty") == 0)
		return parse_share(value, &rule->faulty) ? RC_DONE : wrong(l, err, "no share", value);
	if (strcmp(name, "at-least") == 0)
		return text_parse_u64(value, &rule->at_least) ? RC_DONE : wrong(l, err, "no number", value);
	return wrong(l, err, "not 'degraded', 'faulty', 'at-least' or 'off'", name);
}

static enum rc take_rule(const struct line *l, struct health_rule *rule, struct err *err)
{
	enum rc rc = RC_DONE;

	if (l->n == 2 && strcmp(l->words[1], "off") == 0) {
		rule->degraded = rule->faulty = 2;
		return RC_DONE;
	}
	if (l->n < 2)
		return wrong(l, err, "needs thresholds", l->words[0]);
	for (size_t i = 1; i < l->n && rc == RC_DONE; i += 2)
		rc = take_setting(l, i, rule, err);
	return rc;
}

static enum rc take_line(const struct line *l, struct health_limits *limits, struct err *err)
{
	if (l->n == 3 && strcmp(l->words[0], "slow") == 0 && strcmp(l->words[1], "time") == 0) {
		if (text_parse_duration(l->words[2], &limits->slow_ns, NULL) != RC_DONE || limits->slow_ns <= 0)
			return wrong(l, err, "no duration", l->words[2]);
		return RC_DONE;
	}
	for (unsigned i = 0; i < HEALTH_REASONS; i++)
		if (strcmp(l->words[0], health_reason_name((enum health_reason)i)) == 0)
			return take_rule(l, &limits->rules[i], err);
	return wrong(l, err, "no such reason", l->words[0]);
}

enum rc health_limits_parse(struct health_limits *limits, const char *path, const char *text, size_t len,
	struct err *err)
{
	struct health_limits changed = *limits;
	enum rc rc = RC_DONE;

	for (size_t at = 0; at < len && rc == RC_DONE;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		struct line l = { .path = path, .at = at };

		rc = cut(&l, text + at, n, err);
		if (rc == RC_DONE && l.n > 0)
			rc = take_line(&l, &changed, err);
		at += n + 1;
	}
	if (rc == RC_DONE)
		*limits = changed;
	return rc;
}
