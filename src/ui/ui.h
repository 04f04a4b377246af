/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen. A stack of views over a session; views draw into a canvas of cells, one backend
 * puts the canvas on the terminal, another dumps it as text for tests and scripts.
 */
#ifndef FLOWDRILL_UI_UI_H
#define FLOWDRILL_UI_UI_H

#include "session/session.h"

struct ui_options {
	/*
	 * Without a terminal, where one of these is given. In this order: a view is opened (ui/view_table.h), a script
	 * run, keys pressed (ui/script.h); at the end the view, where one was named, else the screen is written.
	 */
	const char *batch; /* name of a view; NULL: the first one, and the screen around it */
	const struct id *in; /* what it is of, or NULL: everything */
	const char *script, *keys;
	const char *dump; /* a file, or "-"; NULL: "-" where a view or keys are given, else nothing */
	bool ansi; /* with colours */
	unsigned width_cells, height_cells; /* of this screen; 0: the usual */
	const char *filter; /* to begin with, or NULL */
	const char *title; /* what the sources are called; NULL: the first one's path */
	/*
	 * Files of the configuration and of what is remembered; NULL: the user's. In a script NULL
	 * is none.
	 */
	const char *config, *state;
	bool fresh; /* nothing of the last time is shown again */
	bool ascii, no_color;
};

/*
 * Runs until the user leaves. RC_USAGE where there is no terminal (TERM unset, output no
 * terminal). Restores the terminal always.
 */
enum rc ui_run(struct session *s, const struct ui_options *options, struct err *err);

#endif
