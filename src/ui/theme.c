/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/theme.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const attr_names[ATTRS] = {
	[ATTR_NORMAL] = "normal",
	[ATTR_DIM] = "dim",
	[ATTR_STRONG] = "strong",
	[ATTR_CRUMB] = "crumb",
	[ATTR_CRUMB_LAST] = "crumb-last",
	[ATTR_BAR] = "bar",
	[ATTR_BAR_GOOD] = "bar-good",
	[ATTR_BAR_WARN] = "bar-warn",
	[ATTR_HEADER] = "header",
	[ATTR_HEADER_SORT] = "header-sort",
	[ATTR_TIME] = "time",
	[ATTR_ADDR_CLIENT] = "client",
	[ATTR_ADDR_SERVER] = "server",
	[ATTR_SERVICE] = "service",
	[ATTR_NUMBER] = "number",
	[ATTR_KEY] = "key",
	[ATTR_RULE] = "rule",
	[ATTR_GOOD] = "good",
	[ATTR_WARN] = "warn",
	[ATTR_BAD] = "bad",
	[ATTR_LAYER] = "layer",
	[ATTR_FIELD] = "field",
	[ATTR_BYTES] = "bytes",
	[ATTR_MATCH] = "match",
	[ATTR_PROMPT] = "prompt",
	[ATTR_HEADER_CURSOR] = "header-cursor",
	[ATTR_CELL] = "cell",
};

static const char *const color_names[] = { "black", "red", "green", "yellow", "blue", "magenta",
	"cyan", "white", "grey" };

static const struct {
	const char *name;
	unsigned flag;
} flags[] = {
	{ "bold", PALETTE_BOLD },
	{ "dim", PALETTE_DIM },
	{ "underline", PALETTE_UNDERLINE },
	{ "reverse", PALETTE_REVERSE },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *theme_name(enum theme_kind kind)
{
	static const char *const names[THEMES] = { "dark", "light" };

	return names[kind];
}

/* "15;0" or "0;default;15": the last number is the background's. */
enum theme_kind theme_guess(void)
{
	const char *env = getenv("COLORFGBG"), *last = env != NULL ? strrchr(env, ';') : NULL;
	uint64_t n;

	if (last == NULL || !text_parse_u64(last + 1, &n))
		return THEME_DARK;
	return n == 7 || n >= 9 ? THEME_LIGHT : THEME_DARK;
}

const char *theme_attr_name(unsigned attr)
{
	return attr < ATTRS ? attr_names[attr] : NULL;
}

static bool parse_color(const char *word, short *out)
{
	uint64_t n;

	if (strcmp(word, "default") == 0) {
		*out = -1;
		return true;
	}
	for (size_t i = 0; i < COUNT(color_names); i++)
		if (strcmp(word, color_names[i]) == 0) {
			*out = (short)i;
			return true;
		}
	if (!text_parse_u64(word, &n) || n > 255)
		return false;
	*out = (short)n;
	return true;
}

static bool parse_flag(const char *word, unsigned *out)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (strcmp(word, flags[i].name) == 0) {
			*out |= flags[i].flag;
			return true;
		}
	return false;
}

static enum rc find_attr(const char *word, unsigned *out, struct err *err)
{
	for (unsigned i = 0; i < ATTRS; i++)
		if (attr_names[i] != NULL && strcmp(attr_names[i], word) == 0) {
			*out = i;
			return RC_DONE;
		}
	return err_set(err, RC_SYNTAX, "color", "nothing on the screen is called '%s'", word);
}

enum rc theme_set_color(struct theme *t, const char *text, struct err *err)
{
	struct palette_entry e = { -1, -1, 0 };
	char copy[256], *rest = copy, *word;
	bool behind_on = false, any = false;
	unsigned attr = ATTRS;
	enum rc rc;

	snprintf(copy, sizeof(copy), "%s", text);
	word = strsep(&rest, " \t");
	rc = find_attr(word, &attr, err);
	while (rc == RC_DONE && (word = strsep(&rest, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		any = true;
		if (strcmp(word, "on") == 0)
			behind_on = true;
		else if (!parse_flag(word, &e.flags) &&
			!parse_color(word, behind_on ? &e.bg : &e.fg))
			rc = err_set(err, RC_SYNTAX, "color",
				"'%s' is no colour (0 to 255, red, default), nor bold, dim, underline, "
				"reverse",
				word);
	}
	if (rc != RC_DONE)
		return rc;
	t->has_own[attr] = any;
	t->own[attr] = e;
	return RC_DONE;
}
