/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Subcommands: ONE table of them. A subcommand is one file with its run function and one row here; help,
 * parsing and the tests of the manual pages follow.
 */
#ifndef FLOWDRILL_CLI_COMMAND_H
#define FLOWDRILL_CLI_COMMAND_H

#include "cli/cli.h"
#include "cli/option.h"

/* A command line at work. */
struct cli {
	const struct command *command;
	struct args args;
	struct session *session; /* once cli_open() was called */
	cli_screen screen;
};

struct command {
	const char *name; /* NULL: the screen, which has none */
	const char *synopsis; /* lines of what stands behind `flowdrill NAME` */
	const char *help; /* one line */
	u128 options; /* bits by enum option_id */
	/*
	 * RC_DONE, or an error to be told and turned into the exit status. RC_NOTHING with an empty `why` is not told.
	 */
	enum rc (*run)(struct cli *c, struct err *err);
};

/* The row of a name; NULL where there is none. The screen's is command_at(0). */
const struct command *command_find(const char *name);
const struct command *command_at(size_t i);
size_t command_count(void);

enum rc command_screen(struct cli *c, struct err *err);
enum rc command_import(struct cli *c, struct err *err);
enum rc command_capture(struct cli *c, struct err *err);
enum rc command_list(struct cli *c, struct err *err);
enum rc command_show(struct cli *c, struct err *err);
enum rc command_find_content(struct cli *c, struct err *err);
enum rc command_related(struct cli *c, struct err *err);
enum rc command_map(struct cli *c, struct err *err);
enum rc command_export(struct cli *c, struct err *err);
enum rc command_stats(struct cli *c, struct err *err);
enum rc command_check(struct cli *c, struct err *err);
enum rc command_dump(struct cli *c, struct err *err);

#endif
