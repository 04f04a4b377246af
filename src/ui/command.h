/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be typed behind ':': one table of commands with their arguments and help, from which
 * come completion and the help view. Works on the screen's top view.
 */
#ifndef FLOWDRILL_UI_COMMAND_H
#define FLOWDRILL_UI_COMMAND_H

#include "ui/prompt.h"
#include "ui/screen.h"

struct command_row {
	const char *name, *arguments, *help;
	enum rc (*run)(struct screen *s, const char *arguments, struct err *err);
};

const struct command_row *command_rows(size_t *n);
/*
 * Runs "name arguments"; a name may be cut where it stays unique. RC_USAGE for an unknown one.
 */
enum rc command_run(struct screen *s, const char *line, struct err *err);
/* See prompt_complete; ctx is the struct screen. */
void command_complete(void *ctx, enum prompt_kind kind, const char *text, size_t *start,
	prompt_say say, void *say_ctx);

#endif
