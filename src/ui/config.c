/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/config.h"

#include "base/mem.h"
#include "base/settings.h"
#include "ui/columns.h"

#include <stdio.h>
#include <string.h>

struct config *config_new(void)
{
	struct config *c = mem_calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	keymap_init(&c->keymap);
	c->theme.kind = theme_guess();
	return c;
}

/* The first word of `text`; *rest behind it and its blanks. False where it is too long, or none. */
static bool take_word(const char *text, char *word, size_t size, const char **rest)
{
	size_t len = strcspn(text, " \t");

	if (len == 0 || len >= size)
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	*rest = text + len + strspn(text + len, " \t");
	return true;
}

bool config_is_name(const char *name)
{
	size_t len = strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return len > 0 && len < CONFIG_NAME_MAX && name[len] == '\0';
}

static enum rc take_bind(struct config *c, const char *rest, struct err *err)
{
	char keys[CONFIG_NAME_MAX];
	const char *request;

	if (!take_word(rest, keys, sizeof(keys), &request) || *request == '\0')
		return err_set(err, RC_SYNTAX, "bind", "a key and a request expected: bind F5 redraw");
	return keymap_bind(&c->keymap, keys, request, err);
}

static enum rc take_unbind(struct config *c, const char *rest, struct err *err)
{
	return keymap_unbind(&c->keymap, rest, err);
}

static enum rc take_color(struct config *c, const char *rest, struct err *err)
{
	return theme_set_color(&c->theme, rest, err);
}

static enum rc take_columns(struct config *c, const char *rest, struct err *err)
{
	char word[CONFIG_NAME_MAX];
	struct columns parsed;
	const char *names;
	enum tier tier;
	enum rc rc;

	if (!take_word(rest, word, sizeof(word), &names) || !tier_parse(word, &tier) ||
		tier > TIER_MACROFLOW)
		return err_set(err, RC_SYNTAX, "columns",
			"one of packets, microflows, flows, macroflows expected, then its columns");
	if (strlen(names) >= sizeof(c->columns[tier]))
		return err_set(err, RC_LIMIT, "columns", "too many");
	rc = columns_parse(&parsed, names, tier, err);
	if (rc == RC_DONE)
		snprintf(c->columns[tier], sizeof(c->columns[tier]), "%s", names);
	return rc;
}

static enum rc take_set(struct config *c, const char *rest, struct err *err)
{
	struct config_set set = { .line = 0 };
	const char *value;

	if (!take_word(rest, set.name, sizeof(set.name), &value) || *value == '\0' ||
		strlen(value) >= sizeof(set.value))
		return err_set(err, RC_SYNTAX, "set", "a name and a value expected: set theme light");
	if (c->n_sets == CONFIG_SETS)
		return err_set(err, RC_LIMIT, "set", "too many");
	snprintf(set.value, sizeof(set.value), "%s", value);
	c->sets[c->n_sets++] = set;
	return RC_DONE;
}

static enum rc take_filter(struct config *c, const char *rest, struct err *err)
{
	struct config_filter filter;
	const char *text;

	if (!take_word(rest, filter.name, sizeof(filter.name), &text) ||
		!config_is_name(filter.name) || *text == '\0')
		return err_set(err, RC_SYNTAX, "filter",
			"a name and a filter expected: filter slow response_max > 1s");
	if (c->n_filters == CONFIG_FILTERS || strlen(text) >= sizeof(filter.text))
		return err_set(err, RC_LIMIT, "filter", "too many, or too long");
	snprintf(filter.text, sizeof(filter.text), "%s", text);
	c->filters[c->n_filters++] = filter;
	return RC_DONE;
}

/* Thresholds hold for all subcommands: who starts the program reads them. */
static enum rc take_health(struct config *c, const char *rest, struct err *err)
{
	(void)c;
	(void)rest;
	(void)err;
	return RC_DONE;
}

static const struct {
	const char *word;
	enum rc (*take)(struct config *c, const char *rest, struct err *err);
} words[] = {
	{ "bind", take_bind },
	{ "unbind", take_unbind },
	{ "color", take_color },
	{ "columns", take_columns },
	{ "set", take_set },
	{ "filter", take_filter },
	{ "health", take_health },
};

enum rc config_line(struct config *c, const char *word, const char *rest, struct err *err)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].take(c, rest, err);
	return err_set(err, RC_SYNTAX, word,
		"'%s' is none of bind, unbind, color, columns, set, filter, health", word);
}

void config_wrong(struct config *c, unsigned line, const char *why)
{
	char text[sizeof(c->errors[0])], at[32] = "";

	if (line > 0)
		snprintf(at, sizeof(at), "line %u: ", line);
	snprintf(text, sizeof(text), "%.120s: %s%s", c->path, at, why);
	if (c->n_errors < CONFIG_ERRORS)
		memcpy(c->errors[c->n_errors], text, sizeof(text));
	c->n_errors++;
}

static enum rc take_line(void *ctx, unsigned line, const char *word, const char *rest, struct err *err)
{
	struct config *c = ctx;
	size_t before = c->n_sets;
	enum rc rc = config_line(c, word, rest, err);

	if (c->n_sets > before)
		c->sets[before].line = line;
	return rc;
}

static void wrong(void *ctx, const char *path, unsigned line, const char *why)
{
	(void)path;
	config_wrong(ctx, line, why);
}

enum rc config_read(struct config *c, const char *path, struct err *err)
{
	enum rc rc;

	if (path != NULL)
		snprintf(c->path, sizeof(c->path), "%s", path);
	else if (!settings_path(c->path, sizeof(c->path), SETTINGS_CONFIG, "config"))
		return RC_DONE;
	rc = settings_read(c->path, take_line, wrong, c, err);
	if (rc == RC_DONE)
		return RC_DONE;
	if (path == NULL && rc != RC_MISSING)
		config_wrong(c, 0, "cannot be read");
	c->path[0] = '\0';
	return path == NULL ? RC_DONE : rc;
}

const char *config_filter(const struct config *c, const char *name)
{
	for (size_t i = c->n_filters; i > 0; i--)
		if (strcmp(c->filters[i - 1].name, name) == 0)
			return c->filters[i - 1].text;
	return NULL;
}
