/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The user's configuration of the screen, flowdrill-config(5): keys, colours, columns, settings
 * and named filters, from $XDG_CONFIG_HOME/flowdrill/config.
 *
 * A line that is wrong is told with file and number and changes nothing; the others count.
 * Lines of thresholds ("health ...") are the command line's, and skipped here. Plain data, owned
 * by the screen. One thread.
 */
#ifndef FLOWDRILL_UI_CONFIG_H
#define FLOWDRILL_UI_CONFIG_H

#include "flow/record.h"
#include "ui/keymap.h"
#include "ui/theme.h"

enum {
	CONFIG_SETS = 64,
	CONFIG_FILTERS = 64,
	CONFIG_ERRORS = 32,
	CONFIG_ERROR_MAX = 400,
	CONFIG_COLUMNS_MAX = 1024,
	CONFIG_NAME_MAX = 64,
	CONFIG_FILTER_MAX = 1024,
	CONFIG_PATH_MAX = 512
};

struct config {
	char path[CONFIG_PATH_MAX]; /* "" where none was read */
	struct keymap keymap;
	struct theme theme;
	char columns[TIERS][CONFIG_COLUMNS_MAX]; /* names by tier, "" for the usual ones */
	struct config_set { /* `set NAME VALUE`: judged by ui/setting.h */
		char name[CONFIG_NAME_MAX], value[CONFIG_NAME_MAX];
		unsigned line;
	} sets[CONFIG_SETS];
	size_t n_sets;
	struct config_filter {
		char name[CONFIG_NAME_MAX], text[CONFIG_FILTER_MAX];
	} filters[CONFIG_FILTERS];
	size_t n_filters;
	char errors[CONFIG_ERRORS][CONFIG_ERROR_MAX]; /* "FILE: line 3: WHY"; unescaped */
	size_t n_errors; /* may be more than are kept */
};

/* The defaults; NULL without memory. mem_free() ends it. */
struct config *config_new(void);
/*
 * `path` NULL: the user's file, if there is one; that it cannot be read is one of the errors then.
 * Else RC_MISSING and the like.
 */
enum rc config_read(struct config *c, const char *path, struct err *err);
/* One line as in the file: "bind F5 redraw". RC_SYNTAX. */
enum rc config_line(struct config *c, const char *word, const char *rest, struct err *err);
/* Adds to the errors; line 0: of the file as a whole. */
void config_wrong(struct config *c, unsigned line, const char *why);
/* NULL where there is none of that name. */
const char *config_filter(const struct config *c, const char *name);
/* Whether a filter may have this name: a word of letters, digits, '-', '_', '.'. */
bool config_is_name(const char *name);

#endif
