/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be set on the screen: one table of names with their values, from which come `:set`, its
 * completion, the lines `set NAME VALUE` of the configuration, what `:save` remembers and the
 * table in flowdrill-config(5).
 *
 * The values themselves lie where they are used. One thread.
 */
#ifndef FLOWDRILL_UI_SETTING_H
#define FLOWDRILL_UI_SETTING_H

#include "ui/prompt.h"
#include "ui/screen.h"

struct setting {
	const char *name, *help;
	const char *const *words; /* the values, ended by NULL; the default first */
	unsigned (*get)(const struct screen *s); /* index of a word */
	void (*set)(struct screen *s, unsigned word);
};

const struct setting *setting_rows(size_t *n);
/* RC_USAGE for an unknown name, or a value that it has not. */
enum rc setting_set(struct screen *s, const char *name, const char *value, struct err *err);
/* "theme dark  mouse on …" */
void setting_list(const struct screen *s, char *out, size_t size);
/* Applies the configuration's, then what was saved; errors go to the configuration's. */
void setting_start(struct screen *s);
/* Remembers all of them. */
void setting_save(struct screen *s);
/* Names, then values: see prompt_complete. */
void setting_complete(const char *text, size_t *start, prompt_say say, void *ctx);

#endif
