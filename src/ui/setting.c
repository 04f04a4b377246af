/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/setting.h"

#include "ui/config.h"
#include "ui/state.h"

#include <stdio.h>
#include <string.h>

/* ---- the settings ------------------------------------------------------------------------- */

static const char *const on_off[] = { "on", "off", NULL };
static const char *const points[] = { "once", "each", NULL };
static const char *const times[] = { "absolute", "relative", "delta", NULL };
static const char *const zones[] = { "utc", "local", NULL };
static const char *const themes[] = { "dark", "light", NULL };

static unsigned get_theme(const struct screen *s)
{
	return s->config->theme.kind;
}

static void set_theme(struct screen *s, unsigned word)
{
	s->config->theme.kind = (enum theme_kind)word;
	s->retheme = true;
}

static unsigned get_mouse(const struct screen *s)
{
	return s->no_mouse;
}

static void set_mouse(struct screen *s, unsigned word)
{
	s->no_mouse = word == 1;
}

static unsigned get_points(const struct screen *s)
{
	return s->each_point;
}

static void set_points(struct screen *s, unsigned word)
{
	s->each_point = word == 1;
}

static unsigned get_restore(const struct screen *s)
{
	return s->no_restore;
}

static void set_restore(struct screen *s, unsigned word)
{
	s->no_restore = word == 1;
}

static unsigned get_strip(const struct screen *s)
{
	return s->no_strip;
}

static void set_strip(struct screen *s, unsigned word)
{
	s->no_strip = word == 1;
}

static unsigned get_times(const struct screen *s)
{
	return s->style.times;
}

static void set_times(struct screen *s, unsigned word)
{
	s->style.times = (enum cell_times)word;
}

static unsigned get_zone(const struct screen *s)
{
	return s->style.local;
}

static void set_zone(struct screen *s, unsigned word)
{
	s->style.local = word == 1;
}

/* Sorted. */
static const struct setting rows[] = {
	{ "mouse", "Whether the mouse is the program's; off: the terminal selects text with it.",
		on_off, get_mouse, set_mouse },
	{ "points", "Whether what several capture points saw is shown once, where it hurts most, or for each.", points,
		get_points, set_points },
	{ "restore", "Whether a file is shown again as it was left.", on_off, get_restore,
		set_restore },
	{ "strip", "Whether lists have the time strip above them.", on_off, get_strip, set_strip },
	{ "theme", "Colours for a dark or a light terminal.", themes, get_theme, set_theme },
	{ "times", "Times in lists: when it was, since the first packet, or since the row before.", times, get_times,
		set_times },
	{ "zone", "Times are UTC, or those of the local time zone.", zones, get_zone, set_zone },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct setting *setting_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

/* ---- setting ------------------------------------------------------------------------------ */

static const struct setting *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

/* "on, off" */
static void list_words(const struct setting *row, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; row->words[i] != NULL && len + 1 < size; i++)
		len += (size_t)snprintf(
			out + len, size - len, "%s%s", i > 0 ? ", " : "", row->words[i]);
}

enum rc setting_set(struct screen *s, const char *name, const char *value, struct err *err)
{
	const struct setting *row = find(name, strlen(name));
	char words[200];

	if (row == NULL)
		return err_set(err, RC_USAGE, "set", "there is no setting '%s'", name);
	for (unsigned i = 0; row->words[i] != NULL; i++)
		if (strcmp(row->words[i], value) == 0) {
			row->set(s, i);
			return RC_DONE;
		}
	list_words(row, words, sizeof(words));
	return err_set(err, RC_USAGE, "set", "%s is one of %s", name, words);
}

void setting_list(const struct screen *s, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ROWS && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s %s", i > 0 ? "   " : "",
			rows[i].name, rows[i].words[rows[i].get(s)]);
}

static void saved_one(void *ctx, const char *key, const char *value)
{
	struct err err;

	/* of a newer version, perhaps: no business of the user's */
	setting_set(ctx, key + strlen("set."), value, &err);
}

void setting_start(struct screen *s)
{
	struct err err;

	for (size_t i = 0; i < s->config->n_sets; i++) {
		const struct config_set *set = &s->config->sets[i];

		if (setting_set(s, set->name, set->value, &err) != RC_DONE)
			config_wrong(s->config, set->line, err.why);
	}
	state_each(s->state, "set.", saved_one, s);
}

void setting_save(struct screen *s)
{
	for (size_t i = 0; i < ROWS; i++) {
		char key[STATE_KEY_MAX];

		snprintf(key, sizeof(key), "set.%s", rows[i].name);
		state_set(s->state, key, rows[i].words[rows[i].get(s)]);
	}
}

void setting_complete(const char *text, size_t *start, prompt_say say, void *ctx)
{
	size_t len = strcspn(text, " ");
	const struct setting *row = text[len] != '\0' ? find(text, len) : NULL;
	const char *word = text[len] != '\0' ? text + len + strspn(text + len, " ") : text;

	*start = (size_t)(word - text);
	if (text[len] == '\0') {
		for (size_t i = 0; i < ROWS; i++)
			if (strncmp(rows[i].name, word, strlen(word)) == 0)
				say(ctx, rows[i].name, rows[i].help);
		return;
	}
	for (unsigned i = 0; row != NULL && row->words[i] != NULL; i++)
		if (strncmp(row->words[i], word, strlen(word)) == 0)
			say(ctx, row->words[i], row->help);
}
