/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/filters.h"

#include "query/filter.h"
#include "ui/config.h"
#include "ui/state.h"

#include <stdio.h>
#include <string.h>

#define KEY_PREFIX "filter."

const char *filters_find(const struct screen *s, const char *name)
{
	char key[STATE_KEY_MAX];
	const char *saved;

	if (!config_is_name(name))
		return NULL;
	snprintf(key, sizeof(key), KEY_PREFIX "%s", name);
	saved = state_get(s->state, key);
	return saved != NULL ? saved : config_filter(s->config, name);
}

/* ---- @NAME ---------------------------------------------------------------------------------- */

static bool may_begin(const char *text, size_t at)
{
	return at == 0 || strchr(" \t(!", text[at - 1]) != NULL;
}

/* The name behind '@'; its length, 0 where none begins here. */
static size_t name_at(const char *text, size_t at, char *name, size_t size)
{
	size_t len = strcspn(text + at + 1, " \t()");

	if (text[at] != '@' || !may_begin(text, at) || len == 0 || len >= size)
		return 0;
	memcpy(name, text + at + 1, len);
	name[len] = '\0';
	return len;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t")] == '\0';
}

/* Alone it needs no parentheses. */
static int put_named(char *out, size_t size, const char *text, const char *behind, bool first)
{
	bool alone = first && is_blank(behind);

	return snprintf(out, size, alone ? "%s" : "(%s)", text);
}

enum rc filters_expand(
	const struct screen *s, const char *text, char *out, size_t size, struct err *err)
{
	char name[CONFIG_NAME_MAX], quote = '\0';
	size_t len = 0;

	for (size_t i = 0; text[i] != '\0' && len + 1 < size; i++) {
		size_t n = quote != '\0' ? 0 : name_at(text, i, name, sizeof(name));
		const char *named = n > 0 ? filters_find(s, name) : NULL;

		if (n > 0 && named == NULL)
			return err_set_at(err, RC_SYNTAX, "filter", i,
				"no filter is saved as '%s' (:filter-save)", name);
		if (named != NULL) {
			len += (size_t)put_named(
				out + len, size - len, named, text + i + n + 1, len == 0);
			i += n;
			continue;
		}
		if (quote != '\0' ? text[i] == quote : text[i] == '"' || text[i] == '\'')
			quote = quote != '\0' ? '\0' : text[i];
		out[len++] = text[i];
	}
	if (len + 1 >= size)
		return err_set(err, RC_LIMIT, "filter", "longer than %zu bytes", size - 1);
	out[len] = '\0';
	return RC_DONE;
}

enum rc filters_apply(struct screen *s, const char *text, struct err *err)
{
	struct view *v = screen_top(s);
	char full[sizeof(v->filter)];
	enum rc rc = filters_expand(s, text, full, sizeof(full), err);

	if (rc == RC_DONE)
		rc = v->ops->set_filter(v, full, err);
	v->filter_typed |= rc == RC_DONE;
	return rc;
}

enum rc filters_save(struct screen *s, const char *name, struct err *err)
{
	const char *filter = screen_top(s)->filter;
	char key[STATE_KEY_MAX];

	if (!config_is_name(name))
		return err_set(err, RC_USAGE, "filter-save",
			"a name of letters, digits, '-', '_' and '.' expected");
	snprintf(key, sizeof(key), KEY_PREFIX "%s", name);
	if (!state_set(s->state, key, filter))
		return err_set(err, RC_LIMIT, "filter-save", "too long");
	if (filter[0] != '\0')
		screen_say(s, "saved: @%s at the prompt is %s", name, filter);
	else
		screen_say(s, "there is no filter here: the one saved as '%s' is forgotten", name);
	return RC_DONE;
}

/* ---- completion ----------------------------------------------------------------------------- */

struct completing {
	const struct screen *screen;
	const char *word, *prefix;
	prompt_say say;
	void *ctx;
};

static void offer(const struct completing *c, const char *name, const char *text)
{
	char word[CONFIG_NAME_MAX + 8];

	if (strncmp(name, c->word, strlen(c->word)) != 0)
		return;
	snprintf(word, sizeof(word), "%s%s", c->prefix, name);
	c->say(c->ctx, word, text);
}

static void offer_saved(void *ctx, const char *key, const char *value)
{
	offer(ctx, key + strlen(KEY_PREFIX), value);
}

void filters_complete(const struct screen *s, const char *word, const char *prefix,
	prompt_say say, void *ctx)
{
	struct completing c = { s, word, prefix, say, ctx };

	state_each(s->state, KEY_PREFIX, offer_saved, &c);
	for (size_t i = 0; i < s->config->n_filters; i++) {
		const struct config_filter *f = &s->config->filters[i];

		/* said already where it was saved as well, or comes again below */
		if (filters_find(s, f->name) == f->text)
			offer(&c, f->name, f->text);
	}
}
