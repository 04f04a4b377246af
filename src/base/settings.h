/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small text files in the user's directories, one setting a line: a word, blanks, the rest.
 * Blank lines and those that begin with # are skipped. What the words mean is the caller's.
 *
 * Bounded: longer lines and files are told as wrong. A file that never ends or is none (a
 * FIFO, a device) does no harm. No state; thread-safe.
 */
#ifndef FLOWDRILL_BASE_SETTINGS_H
#define FLOWDRILL_BASE_SETTINGS_H

#include "base/err.h"

#include <stddef.h>

struct buf;

enum { SETTINGS_LINE_MAX = 8192, SETTINGS_FILE_MAX = 1 << 20 };

enum settings_home {
	SETTINGS_CONFIG, /* $XDG_CONFIG_HOME, else ~/.config */
	SETTINGS_STATE, /* $XDG_STATE_HOME, else ~/.local/state */
};

/*
 * The user's file of that name: HOME/flowdrill/NAME. Variables that are not absolute do not
 * count. False (and "") where nothing says where it is.
 */
bool settings_path(char *out, size_t size, enum settings_home home, const char *name);
/* Makes the directories that lead to a file, each 0700; failures show when it is opened. */
void settings_make_directories(const char *path);

/*
 * Writes all of a private file (0600) beside it; that then takes its place, so that a reader sees the old or the new one, also after a
 * power loss. False where it could not be written.
 */
bool settings_write(const char *path, const struct buf *text);

/* A line, counted from 1; `rest` may be "". What it returns but RC_DONE is wrong: err->why. */
typedef enum rc (*settings_take)(
	void *ctx, unsigned line, const char *word, const char *rest, struct err *err);
/* May be NULL. `why` is unescaped. */
typedef void (*settings_wrong)(void *ctx, const char *path, unsigned line, const char *why);

/*
 * Reads a file and gives its lines to `take` in their order; goes on behind one that is wrong.
 * RC_MISSING, RC_DENIED, RC_IO: nothing was given.
 */
enum rc settings_read(const char *path, settings_take take, settings_wrong wrong, void *ctx,
	struct err *err);
/* The same of text at hand; `path` is for messages. */
void settings_parse(const char *path, char *text, settings_take take, settings_wrong wrong,
	void *ctx);

#endif
