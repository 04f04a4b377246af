/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scripts that drive the screen without a terminal, for tests and pictures. A text file, one
 * step a line; blank lines and those that begin with # are skipped:
 *
 *   key NAME...        keys by name, or sequences: key Down Down Enter gg Ctrl-L
 *   click X Y          the mouse, at a column and row counted from 1
 *   wheel up|down      the mouse's wheel, by one notch
 *   type TEXT          the rest of the line, as typed
 *   wait idle          until nothing runs in the background: indexing, queries, writing
 *   wait rows          until the list has a row, or nothing runs
 *   dump FILE|-        the screen as text
 *   attrs FILE|-       its attributes, a letter a cell
 *   ansi FILE|- [N]    the screen with its theme's colours on a terminal that has N of them (256), as escape sequences
 *   resize 80x24
 *   expect TEXT        fails unless the text is on the screen
 *   until TEXT         waits until it is, in the rows that there is room for: a minute at most, and not
 *                      where nothing can change any more
 *   news               looks now for what a recorder has published, as happens by itself four
 *                      times a second, and waits until it is shown
 *
 * It never sleeps: it waits for what the session tells.
 */
#ifndef FLOWDRILL_UI_SCRIPT_H
#define FLOWDRILL_UI_SCRIPT_H

#include "ui/screen.h"

/*
 * RC_NOTHING where something expected was not there, RC_USAGE for a step that cannot be read;
 * the error names the line.
 */
enum rc script_run(struct screen *s, const char *path, struct err *err);
/*
 * Keys by name, divided by blanks, as behind `key`; text in double quotes is typed. Waits until nothing runs before
 * the first and behind each. RC_USAGE naming what is no key.
 */
enum rc script_press(struct screen *s, const char *keys, struct err *err);
/* What `dump` (canvas_dump() or its kin) makes of a canvas, into a file or "-". */
enum rc script_write(const struct canvas *c, const char *path,
	void (*dump)(const struct canvas *, struct buf *), struct err *err);

#endif
