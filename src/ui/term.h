/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal: shows a canvas, gives keys. The only place of curses is its implementation,
 * ui/term_curses.c; colours are decided there (256, 16, 8 or none; NO_COLOR). ui/term_signals.h
 * restores the terminal should the program die.
 *
 * At most one is open at a time. One thread.
 */
#ifndef FLOWDRILL_UI_TERM_H
#define FLOWDRILL_UI_TERM_H

#include "base/err.h"

struct canvas;
struct mouse_event;
struct terminal;
struct theme;

struct term_options {
	bool ascii, no_color;
	const struct theme *theme; /* NULL: dark */
};

/*
 * Takes over the terminal. RC_USAGE, naming `flowdrill list`, where standard output is none, or
 * TERM is unset, dumb or unknown. Keys come from standard input, or where that is no terminal
 * from /dev/tty.
 */
enum rc term_open(const struct term_options *options, struct terminal **out, struct err *err);
void term_close(struct terminal *t);
void term_size(const struct terminal *t, int *w, int *h);
/* Whether only ASCII can be shown: by option, or the locale is not UTF-8. */
bool term_ascii(const struct terminal *t);
/* Shows what changed since the last call; returns how many rows did. */
unsigned term_show(struct terminal *t, const struct canvas *c);
/* The next show draws everything, whatever happened to the screen. */
void term_redraw(struct terminal *t);
/* The size may have changed: ask, and tell curses. */
void term_resize(struct terminal *t);
/* Other colours, from the next show on. */
void term_theme(struct terminal *t, const struct theme *theme);
/* The next key (ui/key.h), UKEY_NONE where none is waiting. */
uint32_t term_key(struct terminal *t);
/* What the mouse did, behind UKEY_MOUSE; false where it is of no interest. */
bool term_mouse(struct terminal *t, struct mouse_event *out);
/* Whether the terminal is asked for its mouse; until then it is not. */
void term_want_mouse(struct terminal *t, bool wanted);
/* To poll for keys. */
int term_fd(const struct terminal *t);
/* Somebody stopped the process and let it go on: what was done to the terminal meanwhile is undone. */
void term_continue(struct terminal *t);
/*
 * Gives the terminal back, stops the process, and takes the terminal again when it is
 * continued.
 */
void term_suspend(struct terminal *t);

#endif
