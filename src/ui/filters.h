/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filters by name, of the configuration (`filter NAME TEXT`) and of `:filter-save NAME`, which go
 * first: typed as @NAME at the prompt, alone or within a filter. One thread.
 */
#ifndef FLOWDRILL_UI_FILTERS_H
#define FLOWDRILL_UI_FILTERS_H

#include "ui/prompt.h"
#include "ui/screen.h"

/* NULL where there is none of this name. Valid until the state changes. */
const char *filters_find(const struct screen *s, const char *name);
/*
 * "@slow and port 443" as "(response_max > 1s) and port 443". RC_SYNTAX with the column where a name
 * is unknown; RC_LIMIT where it is too long.
 */
enum rc filters_expand(
	const struct screen *s, const char *text, char *out, size_t size, struct err *err);
/* Shows the top view through a filter that the user typed, names expanded. */
enum rc filters_apply(struct screen *s, const char *text, struct err *err);
/* Remembers the top view's filter; without one, forgets the name. */
enum rc filters_save(struct screen *s, const char *name, struct err *err);
/* Names that begin so, each once, with their text. `prefix` is put before each. */
void filters_complete(const struct screen *s, const char *word, const char *prefix,
	prompt_say say, void *ctx);

#endif
