/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: what the words of argv mean.
 *
 * The only layer besides ui/ that prints. Runs in the main thread.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Exit status, as flowdrill(1) promises it. */
enum cli_exit {
	CLI_EXIT_DONE = 0,
	CLI_EXIT_NOTHING = 1, /* nothing matched where something was asked for */
	CLI_EXIT_USAGE = 2,
	CLI_EXIT_INPUT = 3, /* input or store unusable */
	CLI_EXIT_LIMIT = 4, /* stopped by a resource limit */
};

/*
 * Do what the command line says. argv is as main() got it; it may be reordered.
 * Returns the exit status of the program (enum cli_exit).
 */
int cli_main(int argc, char **argv);

#endif
