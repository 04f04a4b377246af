/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill import -s STORE FILE... */
#include "cli/say.h"
#include "cli/sources.h"
#include "store/cache.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct import {
	struct store *store;
	const char *path; /* the store */
	const char *const *files;
	size_t n;
	struct session_options options;
	struct ingest_progress progress;
	struct ingest_result result;
	enum rc rc;
	struct err err;
};

/* Every file is looked at before a store is made. */
static enum rc check_inputs(const struct import *i, struct err *err)
{
	struct source_options from = { .bpf = i->options.ingest.bpf };
	struct source *s;
	enum rc rc = RC_DONE;

	for (size_t k = 0; k < i->n && rc == RC_DONE; k++) {
		rc = source_open_file(i->files[k], &from, &s, err);
		if (rc == RC_DONE)
			source_close(s);
		else if (rc == RC_CUT_SHORT)
			rc = RC_UNSUPPORTED; /* an empty file, or not even a header: unusable */
	}
	return rc;
}

static enum rc refuse_change(const struct cli *c, const struct import *i, struct err *err)
{
	const struct store_config *is = store_config(i->store), *want = &i->options.config;
	const char *other = store_config_differs(is, want, i->options.asked);
	char option[32];

	snprintf(option, sizeof(option), "--%s", other ? other : "");
	if (other)
		return err_set(err, RC_USAGE, option, "the store has others, which stay as they were made");
	if (args_given(&c->args, OPTION_BLOCK_SIZE) && is->block_size != want->block_size)
		return err_set(err, RC_USAGE, "--block-size",
			"the store has another, which stays as it was made");
	if (c->args.index_dir)
		return err_set(err, RC_USAGE, "--index-dir", "only for a new store");
	return RC_DONE;
}

/* Opens the store, or makes it; *made tells which. */
static enum rc open_store(struct cli *c, struct import *i, bool *made, struct err *err)
{
	struct store_notes notes = { .recovered = false };
	enum rc rc = store_open(i->path, true, &i->store, &notes, err);

	*made = rc == RC_MISSING;
	if (*made) {
		rc = cli_index_dir(&c->args, &i->options.config, err);
		return rc == RC_DONE ? store_create(i->path, &i->options.config, &i->store, err)
				     : rc;
	}
	if (rc != RC_DONE)
		return rc;
	if (notes.text[0])
		say_note(i->path, notes.text);
	rc = refuse_change(c, i, err);
	if (rc != RC_DONE)
		store_close(i->store);
	return rc;
}

static void *import_main(void *arg)
{
	struct import *i = arg;

	i->rc = ingest_import(i->store, i->files, i->n, &i->options.ingest, &i->progress,
		&i->result, &i->err);
	return NULL;
}

/* Waits for the import, shows how far it is, and hands an interruption on. */
static enum rc watch(struct import *i, struct err *err)
{
	pthread_t thread;
	struct timespec until;
	int e = pthread_create(&thread, NULL, import_main, i);

	if (e != 0)
		return err_set(err, RC_LIMIT, "thread", "cannot start: %s", strerror(e));
	for (;;) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100 * 1000 * 1000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_timedjoin_np(thread, NULL, &until) == 0)
			break;
		if (cli_interrupted())
			atomic_store(&i->progress.cancel, true);
		say_progress("importing into", i->path, atomic_load(&i->progress.position),
			atomic_load(&i->progress.size));
	}
	say_progress_end();
	if (i->rc != RC_DONE)
		*err = i->err;
	return i->rc;
}

static enum rc run(struct cli *c, struct import *i, struct err *err)
{
	bool made;
	enum rc rc = open_store(c, i, &made, err);

	if (rc != RC_DONE)
		return rc;
	rc = watch(i, err);
	if (rc == RC_DONE && store_refresh(i->store, NULL) == RC_DONE)
		cli_note_linktypes(i->store, i->path);
	store_close(i->store);
	if (rc != RC_DONE && made && i->result.packets == 0)
		cache_remove(i->path);
	if (rc != RC_DONE)
		return rc;
	if (i->result.cut_short)
		say_note(i->result.cut_path, "cut short: the last record is incomplete");
	if (i->result.damaged) {
		*err = i->result.damage;
		return RC_DAMAGED;
	}
	return RC_DONE;
}

enum rc command_import(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;
	struct import i = { .rc = RC_DONE };
	enum rc rc;

	if (a->n_sources != 1 || !a->sources[0].is_store)
		return err_set(err, RC_USAGE, "import", "name one store with -s");
	if (a->n_words < 2)
		return err_set(err, RC_USAGE, "import", "name a capture file");
	i.path = a->sources[0].path;
	i.files = a->words + 1;
	i.n = a->n_words - 1;
	cli_catch_interrupt();
	rc = cli_session_options(a, &i.options, err);
	i.options.ingest.snaplen = (uint32_t)a->snaplen;
	if (rc == RC_DONE)
		rc = check_inputs(&i, err);
	return rc == RC_DONE ? run(c, &i, err) : rc;
}
