/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: what the words of argv mean.
 *
 * The only layer besides ui/ that prints. Runs in the main thread.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/err.h"

#include <stdbool.h>

struct session;
struct id;

/* Exit status, as flowdrill(1) promises it. */
enum cli_exit {
	CLI_EXIT_DONE = 0,
	CLI_EXIT_NOTHING = 1, /* nothing matched where something was asked for */
	CLI_EXIT_USAGE = 2,
	CLI_EXIT_INPUT = 3, /* input or store unusable */
	CLI_EXIT_LIMIT = 4, /* stopped by a resource limit */
};

/* How the screen is to be opened. */
struct cli_screen_options {
	const char *script; /* NULL: the keyboard */
	const char *keys, *batch, *dump; /* see struct ui_options */
	const struct id *in;
	unsigned width_cells, height_cells; /* of a screen without a terminal; 0: the usual */
	const char *filter; /* NULL: none */
	const char *title; /* what the sources are called */
	const char *config, *state; /* files; NULL: the user's */
	bool fresh;
	bool ascii, no_color, ansi;
};

/* Opens the screen on a session and runs until the user leaves: ui/ stands beside cli/, so main() hands it in. */
typedef enum rc (*cli_screen)(
	struct session *s, const struct cli_screen_options *options, struct err *err);

/*
 * Do what the command line says. argv is as main() got it.
 * Returns the exit status of the program (enum cli_exit).
 */
int cli_main(int argc, char **argv, cli_screen screen);

#endif
