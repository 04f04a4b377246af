/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill FILE... | -s STORE...: the screen. */
#include "cli/record.h"
#include "cli/say.h"
#include "cli/sources.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>

/*
 * What the session has to tell while the screen is up must not go into it: kept, and said afterwards. It may come from the
 * thread that indexes.
 */
struct notes {
	pthread_mutex_t lock;
	bool later;
	struct note {
		char what[256], why[256];
	} v[64];
	size_t n;
};

static void on_note(void *ctx, const char *what, const char *why)
{
	struct notes *notes = ctx;

	pthread_mutex_lock(&notes->lock);
	if (!notes->later) {
		say_note(what, why);
	} else if (notes->n < sizeof(notes->v) / sizeof(notes->v[0])) {
		struct note *note = &notes->v[notes->n++];
		snprintf(note->what, sizeof(note->what), "%s", what);
		snprintf(note->why, sizeof(note->why), "%s", why);
	}
	pthread_mutex_unlock(&notes->lock);
}

static void say_notes(struct notes *notes)
{
	pthread_mutex_lock(&notes->lock);
	notes->later = false;
	for (size_t i = 0; i < notes->n; i++)
		say_note(notes->v[i].what, notes->v[i].why);
	pthread_mutex_unlock(&notes->lock);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* -s and -r, then the words: a directory is a store, anything else a capture file. */
static enum rc add_words(struct args *a, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < a->n_words && rc == RC_DONE; i++)
		rc = args_add_source(a, a->words[i], is_directory(a->words[i]), err);
	return rc;
}

/* Compiled only to find what is wrong with it before the terminal is taken. */
static enum rc check_filter(const char *text, struct err *err)
{
	struct filter *f;
	enum rc rc = filter_compile(text, TIER_MACROFLOW, &f, err);

	if (rc == RC_DONE)
		filter_free(f);
	return rc;
}

static struct notes notes = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* "shop.pcapng", with further sources "shop.pcapng +2". */
static void name_sources(const struct args *a, char *out, size_t size)
{
	const char *path = a->sources[0].path, *slash = strrchr(path, '/');

	if (slash && slash[1] != '\0')
		path = slash + 1;
	if (a->n_sources > 1)
		snprintf(out, size, "%s +%zu", path, a->n_sources - 1);
	else
		snprintf(out, size, "%s", path);
}

static volatile sig_atomic_t told_to_end;

static void on_end(int number)
{
	(void)number;
	told_to_end = 1;
}

/*
 * While there is no screen that takes them. Whoever loses a terminal gets more than one SIGHUP: the second one must not
 * kill a recorder that is sealing its store.
 */
static void keep_signals(void)
{
	struct sigaction action = { .sa_handler = on_end, .sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* Opens the sources and shows them. */
static enum rc show(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;
	const char *no_color = getenv("NO_COLOR");
	struct cli_screen_options options = {
		.script = a->script,
		.keys = a->keys,
		.batch = a->batch,
		.dump = a->screen_dump,
		.in = a->n_in > 0 ? &a->in[0] : NULL,
		.width_cells = a->width_cells,
		.height_cells = a->height_cells,
		.filter = a->filter,
		.config = a->config,
		.state = a->state,
		.fresh = args_given(a, OPTION_FRESH),
		.ascii = args_given(a, OPTION_ASCII),
		.ansi = args_given(a, OPTION_ANSI),
		.no_color = no_color && *no_color,
	};
	struct session_options session;
	char title[256];
	enum rc rc = cli_session_options(a, &session, err);

	if (rc == RC_DONE)
		rc = session_open(
			a->sources, a->n_sources, &session, on_note, &notes, &c->session, err);
	if (rc != RC_DONE)
		return rc;
	notes.later = true;
	name_sources(a, title, sizeof(title));
	options.title = title;
	if (!told_to_end)
		rc = c->screen(c->session, &options, err);
	say_notes(&notes);
	return rc;
}

/* No terminal, no keyboard: text is written, and that is it. */
static bool is_headless(const struct args *a)
{
	return a->script || a->keys || a->batch || a->screen_dump;
}

static enum rc check_headless(const struct args *a, struct err *err)
{
	if (args_given(a, OPTION_ANSI) && !is_headless(a))
		return err_set(err, RC_USAGE, "--ansi", "goes with --keys, --batch, --script or --screen-dump");
	if (a->n_in > 0 && !a->batch)
		return err_set(err, RC_USAGE, "--in", "goes with --batch VIEW");
	if (a->n_in > 1)
		return err_set(err, RC_USAGE, "--in", "a view is of one record");
	return RC_DONE;
}

/* A recorder, and the screen as a follower of its store. */
static enum rc record_and_show(struct cli *c, struct err *err)
{
	struct args *a = &c->args;
	struct recording r;
	struct err why;

	if (a->n_words > 0)
		return err_set(err, RC_USAGE, a->words[0], "live interfaces and files do not go together");
	enum rc rc = record_open(c, true, &r, err), ended;
	if (rc != RC_DONE)
		return rc;
	if (!is_headless(a)) /* which nothing else could end */
		keep_signals();
	if (a->n_sources == 0)
		rc = args_add_source(a, r.store, true, err);
	if (rc == RC_DONE)
		rc = show(c, err);
	keep_signals();
	ended = record_close(&r, &why);
	if (rc == RC_DONE && ended != RC_DONE) {
		*err = why;
		rc = ended;
	}
	return rc;
}

enum rc command_screen(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;
	enum rc rc = check_headless(a, err);

	/* of the local zone: a confined process may not read it any more */
	tzset();

	if (rc == RC_DONE && a->filter && !a->batch) /* a view has a tier of its own */
		rc = check_filter(a->filter, err);
	if (rc == RC_DONE && args_given(a, OPTION_INTERFACE))
		return record_and_show(c, err);
	if (rc == RC_DONE && (a->given & COMMAND_LIVE))
		return err_set(err, RC_USAGE, "flowdrill", "options of a recorder go with -i IFACE");
	if (rc == RC_DONE)
		rc = add_words(&c->args, err);
	if (rc == RC_DONE && a->n_sources == 0)
		rc = err_set(err, RC_USAGE, "flowdrill",
			"name a capture file, a store with -s, or an interface with -i");
	return rc == RC_DONE ? show(c, err) : rc;
}
