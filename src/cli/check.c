/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill check -s STORE [--repair] */
#include "base/mem.h"
#include "base/text.h"
#include "cli/say.h"
#include "cli/sources.h"
#include "store/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
	struct store *store;
	uint32_t *blocks; /* whose index files are wrong */
	size_t n, cap;
	bool all; /* something else is: index everything again */
	bool failed;
};

/* index/00000007.idx: 7; 0 for any other file. */
static uint32_t block_of(const char *path)
{
	const char *name = strrchr(path, '/');
	char *end;

	name = name ? name + 1 : path;
	unsigned long number = strtoul(name, &end, 10);
	return end != name && strcmp(end, ".idx") == 0 ? (uint32_t)number : 0;
}

static void on_problem(void *ctx, const char *path, uint64_t offset, const char *text)
{
	struct check *k = ctx;
	struct buf line;
	uint32_t block = block_of(path);
	size_t len = strlen(path);

	buf_init(&line);
	text_escape(&line, path, len);
	buf_printf(&line, ": offset %" PRIu64 ": ", offset);
	text_escape(&line, text, strlen(text));
	puts(buf_text(&line));
	buf_free(&line);
	if (block == 0)
		k->all |= len < 7 || strcmp(path + len - 7, ".pcapng") != 0;
	else if (mem_grow(&k->blocks, &k->cap, k->n + 1, sizeof(*k->blocks)) == 0)
		k->blocks[k->n++] = block;
	else
		k->failed = true;
}

static enum rc drop_bad(struct check *k, struct err *err)
{
	enum rc rc = RC_DONE;

	if (k->failed)
		return err_memory(err);
	if (k->all)
		return store_drop_index(k->store, 0, err);
	for (size_t i = 0; i < k->n && rc == RC_DONE; i++)
		rc = store_drop_index(k->store, k->blocks[i], err);
	return rc;
}

static enum rc repair(struct cli *c, struct check *k, struct err *err)
{
	struct ingest_progress progress = { 0 };
	struct ingest_options options;
	struct ingest_result result;

	ingest_options_default(&options);
	options.threads = (unsigned)c->args.threads;
	enum rc rc = drop_bad(k, err);
	if (rc == RC_DONE)
		rc = ingest_reindex(k->store, &options, &progress, &result, err);
	return rc == RC_DONE ? store_refresh(k->store, err) : rc;
}

static void say_report(const char *path, const struct check_report *r)
{
	char name[256];

	text_escape_to(name, sizeof(name), path, strlen(path));
	printf("%s: %" PRIu64 " blocks, %" PRIu64 " segments, %" PRIu64 " packets, %" PRIu64
	       " problems\n",
		name, r->blocks, r->segments, r->packets, r->problems);
}

static enum rc verdict(
	const char *path, const struct check_report *r, bool repaired, struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_errno(err, OUT_STDOUT, "cannot write");
	if (r->problems == 0)
		return RC_DONE;
	return err_set(err, RC_DAMAGED, path,
		repaired                    ? "damaged beyond repair; the rest stays readable"
			: r->bad_blocks > 0 ? "damaged"
					    : "the index is damaged; --repair makes it anew");
}

/* What was found so far is mended. */
static enum rc check_again(struct check *k, const char *path, struct check_report *report, struct err *err)
{
	say_note(path, "repaired; checking again");
	k->n = 0;
	k->all = false;
	return store_check(k->store, on_problem, k, report, err);
}

/* What is in no segment's part of the catalog, or makes it fail: the whole of it is made again. */
static enum rc make_anew(struct cli *c, struct check *k, const char *path, struct check_report *report, struct err *err)
{
	struct store_notes notes = { .recovered = false };

	store_close(k->store);
	k->store = NULL;
	enum rc rc = store_open_anew(path, &k->store, &notes, err);
	if (rc != RC_DONE)
		return rc;
	say_note(path, notes.text);
	k->n = 0;
	k->all = false;
	rc = repair(c, k, err);
	return rc == RC_DONE ? check_again(k, path, report, err) : rc;
}

static enum rc repair_found(struct cli *c, struct check *k, const char *path, struct check_report *report, struct err *err)
{
	enum rc rc = repair(c, k, err);

	if (rc == RC_DONE && report->problems > 0)
		rc = check_again(k, path, report, err);
	return rc == RC_DAMAGED || (rc == RC_DONE && k->all) ? make_anew(c, k, path, report, err) : rc;
}

static enum rc check_store(struct cli *c, struct check *k, const char *path, struct err *err)
{
	struct check_report report = { 0 };
	bool wants_repair = args_given(&c->args, OPTION_REPAIR);
	enum rc rc = store_refresh(k->store, err);

	if (rc == RC_DONE)
		rc = store_check(k->store, on_problem, k, &report, err);
	if (rc == RC_DAMAGED && wants_repair)
		rc = make_anew(c, k, path, &report, err);
	else if (rc == RC_DONE && wants_repair)
		rc = repair_found(c, k, path, &report, err);
	if (rc != RC_DONE)
		return rc;
	say_report(path, &report);
	return verdict(path, &report, wants_repair, err);
}

/* A writer that died left something to recover, as every opening does; one that lives is left alone. */
static enum rc recover(struct cli *c, const char *path, struct err *err)
{
	const struct session_source source = { .path = path, .is_store = true };
	struct session_options options;
	struct session *s;
	enum rc rc = cli_session_options(&c->args, &options, err);

	if (rc == RC_DONE)
		rc = session_open(&source, 1, &options, NULL, NULL, &s, err);
	if (rc != RC_DONE)
		return rc;
	if (session_needs_index(s))
		rc = session_index(s, NULL, NULL, err);
	session_close(s);
	return rc;
}

enum rc command_check(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;
	struct store_notes notes = { .recovered = false };
	struct check k = { .n = 0 };

	if (a->n_sources != 1)
		return err_set(err, RC_USAGE, "check", "name one store with -s");
	if (a->n_words > 1)
		return err_set(err, RC_USAGE, a->words[1], "check takes no words");
	const char *path = a->sources[0].path;
	bool repairs = args_given(a, OPTION_REPAIR);
	enum rc rc = repairs ? RC_DONE : recover(c, path, err);
	if (rc == RC_DONE)
		rc = store_open(path, repairs, &k.store, &notes, err);
	if (rc != RC_DONE)
		return rc;
	if (notes.text[0])
		say_note(path, notes.text);
	rc = check_store(c, &k, path, err);
	store_close(k.store);
	mem_free(k.blocks);
	return rc;
}
