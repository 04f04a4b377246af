/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill FILE... | -s STORE...: the screen. */
#include "base/mem.h"
#include "cli/say.h"
#include "cli/sources.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	for (size_t i = 0; i < a->n_words; i++) {
		if (mem_grow(&a->sources, &a->cap_sources, a->n_sources + 1,
			    sizeof(*a->sources)) != 0)
			return err_memory(err);
		a->sources[a->n_sources++] = (struct session_source){
			.path = a->words[i],
			.is_store = is_directory(a->words[i]),
		};
	}
	return RC_DONE;
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

enum rc command_screen(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;
	const char *no_color = getenv("NO_COLOR");
	struct cli_screen_options options = {
		.script = a->script,
		.width_cells = a->width_cells,
		.height_cells = a->height_cells,
		.filter = a->filter,
		.ascii = args_given(a, OPTION_ASCII),
		.no_color = no_color && *no_color,
	};
	struct session_options session;
	char title[256];

	if (args_given(a, OPTION_INTERFACE))
		return err_set(err, RC_UNSUPPORTED, "-i", "live capture is not built in yet");
	enum rc rc = add_words(&c->args, err);
	if (rc == RC_DONE && a->n_sources == 0)
		rc = err_set(
			err, RC_USAGE, "flowdrill", "name a capture file, or a store with -s");
	if (rc == RC_DONE && a->filter)
		rc = check_filter(a->filter, err);
	if (rc == RC_DONE)
		rc = cli_session_options(a, &session, err);
	if (rc == RC_DONE)
		rc = session_open(
			a->sources, a->n_sources, &session, on_note, &notes, &c->session, err);
	if (rc != RC_DONE)
		return rc;
	notes.later = true;
	name_sources(a, title, sizeof(title));
	options.title = title;
	rc = c->screen(c->session, &options, err);
	say_notes(&notes);
	return rc;
}
