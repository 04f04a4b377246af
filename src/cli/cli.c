/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/cli.h"

#include "base/trace.h"
#include "cli/help.h"
#include "cli/say.h"
#include "cli/sources.h"

#include <signal.h>
#include <stdio.h>

/* The subcommand by the first word; no such word: the screen. */
static enum rc choose(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;

	c->command = command_at(0);
	if (a->n_words > 0 && command_find(a->words[0]))
		c->command = command_find(a->words[0]);
	u128 wrong = a->given & ~c->command->options;
	if (wrong == 0)
		return RC_DONE;
	unsigned first = 0;
	while (!(wrong >> first & 1))
		first++;
	const struct option *o = option_at((enum option_id)first);
	char text[32];
	snprintf(text, sizeof(text), "--%s", o->name);
	return err_set(err, RC_USAGE, text, "no option of flowdrill%s%s",
		c->command->name ? " " : "", c->command->name ? c->command->name : "");
}

static enum rc flush_stdout(struct err *err)
{
	return fflush(stdout) != 0 || ferror(stdout)
		? err_errno(err, OUT_STDOUT, "cannot write")
		: RC_DONE;
}

static enum rc run(struct cli *c, struct err *err)
{
	struct err damage;

	say_quiet(args_given(&c->args, OPTION_QUIET));
	if (args_given(&c->args, OPTION_HELP)) {
		help_print(stdout, c->command);
		return flush_stdout(err);
	}
	if (args_given(&c->args, OPTION_VERSION)) {
		puts(PACKAGE_STRING);
		return flush_stdout(err);
	}
	if (c->args.format == OUT_DOT && c->command->run != command_related && c->command->run != command_map)
		return err_set(err, RC_USAGE, "--format", "'dot' is none of table, csv, json");
	enum rc rc = c->command->run(c, err);
	if (rc == RC_DONE || rc == RC_NOTHING) {
		/* answers were given; that the input is damaged is the last word */
		enum rc state = cli_input_state(c, &damage);
		if (state != RC_DONE) {
			*err = damage;
			rc = state;
		}
	}
	return rc;
}

/* An id that is not there was asked for and did not match: unlike a file that is not there. */
static enum rc missing_is_nothing(enum rc rc, const struct err *err)
{
	struct id id;

	return rc == RC_MISSING && id_parse(err->what, &id) ? RC_NOTHING : rc;
}

static int finish(enum rc rc, const struct err *err)
{
	say_progress_end();
	if (rc == RC_DONE)
		return CLI_EXIT_DONE;
	if (!out_is_broken_pipe(err))
		say_error(err);
	return rc_exit_status(missing_is_nothing(rc, err));
}

int cli_main(int argc, char **argv, cli_screen screen)
{
	struct cli c = { .screen = screen };
	struct err err = { .rc = RC_DONE };

	trace_init();
	signal(SIGPIPE, SIG_IGN);
	enum rc rc = args_parse(&c.args, argc, argv, &err);
	if (rc == RC_DONE && argc < 2) {
		help_print(stdout, command_at(0));
		return CLI_EXIT_USAGE;
	}
	if (rc == RC_DONE)
		rc = choose(&c, &err);
	if (rc == RC_DONE)
		rc = run(&c, &err);
	session_close(c.session);
	args_free(&c.args);
	return finish(rc, &err);
}
