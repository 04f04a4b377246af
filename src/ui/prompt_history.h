/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was typed at the prompt, over sessions: a text file, one line each, that begins with the
 * kind's character. Private (0600, its directory 0700); bounded; written on every addition, so
 * that nothing is lost. Trouble with the file is no trouble of the user: history is then kept
 * in memory.
 */
#ifndef FLOWDRILL_UI_PROMPT_HISTORY_H
#define FLOWDRILL_UI_PROMPT_HISTORY_H

#include "base/err.h"

#include <stddef.h>

enum { HISTORY_MAX = 1000 };

struct history {
	char *lines[HISTORY_MAX]; /* oldest first; lines[i][0] is the kind */
	size_t n;
	char path[512]; /* "" where none is kept */
};

/* path: see prompt_new(). */
void history_load(struct history *h, const char *path);
/* Appends, unless it is empty or repeats the last one of its kind. */
void history_add(struct history *h, char kind, const char *text);
void history_free(struct history *h);

#endif
