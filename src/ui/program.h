/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `!`: packets into a program. What is chosen (as for writing) is first written to a private file
 * that has lost its name before anybody can use it, then the shell runs the user's line with that
 * as standard input. What the program says comes into a view of its own; it has no terminal.
 *
 * The line is the user's alone: nothing of packets, names or ids is ever put into it. Nothing is
 * run where privileges were given up (session/confine.h). One thread.
 */
#ifndef FLOWDRILL_UI_PROGRAM_H
#define FLOWDRILL_UI_PROGRAM_H

#include "ui/screen.h"

enum { PROGRAM_LINE_MAX = 2048 };

/* Writes, then runs; the view opens when it begins. RC_USAGE, RC_DENIED, RC_UNSUPPORTED. */
enum rc program_start(struct screen *s, const char *line, struct err *err);
/* The same for Wireshark, which has a window of its own. RC_MISSING where it is not installed. */
enum rc program_wireshark(struct screen *s, struct err *err);

/*
 * Runs the line with `input` (taken over) as its standard input. *output: what it says, read without
 * waiting. The process leads a session and a group of its own.
 */
enum rc program_spawn(const char *line, int input, int *output, long *pid, struct err *err);

#endif
