/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Nth operation on a file of ours or of SQLite's, or the Nth allocation of ours or of SQLite's, fails (store/faults.h) while
 * a store is made, indexed, indexed again, repaired, evicted, compacted, read or recorded into: an error that names what
 * failed, no descriptor and no memory of SQLite's left (leaks of ours are for a sanitizer to find), the store opens, what it has is
 * right, and the same work done again comes to the same answers.
 *
 * Every N with FLOWDRILL_TEST_ALL=1, else a sample. FLOWDRILL_TEST_JOB, FLOWDRILL_TEST_FAULT: only those with this in their names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "failing.h"
#include "faults.h"
#include "made.h"
#include "session/ingest.h"
#include "session/recorder.h"
#include "store/check.h"
#include "store/retention.h"
#include "store/sql_export.h"
#include "tier/compact.h"

#include <dirent.h>
#include <malloc.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch[128], capture[192];
static unsigned threads;

/* ---- the work ------------------------------------------------------------------- */

static enum rc open_own(const char *path, bool writing, struct store **out, struct store_notes *notes, struct err *err)
{
	struct store_config config;

	store_config_default(&config);
	config.block_size = FAILING_BLOCK;
	if (writing && access(path, F_OK) != 0)
		return store_create(path, &config, out, err);
	return store_open(path, writing, out, notes, err);
}

static enum rc open_placed(const char *path, bool writing, struct store **out, struct store_notes *notes, struct err *err)
{
	struct store_config config;

	store_config_default(&config);
	config.block_size = FAILING_BLOCK;
	return store_open_in_place(capture, path, &config, writing, out, notes, err);
}

static void options_of(struct ingest_options *o)
{
	ingest_options_default(o);
	o->threads = threads;
	o->segment_packets = 8;
}

static enum rc import(struct store *s, struct err *err)
{
	struct ingest_options options;
	struct ingest_progress progress = {0};
	struct ingest_result result;
	const char *const paths[] = {capture};

	options_of(&options);
	return ingest_import(s, paths, 1, &options, &progress, &result, err);
}

static enum rc index_placed(struct store *s, struct err *err)
{
	struct ingest_options options;
	struct ingest_progress progress = {0};
	struct ingest_result result;

	options_of(&options);
	return ingest_in_place(s, &options, &progress, &result, err);
}

static enum rc reindex(struct store *s, struct err *err)
{
	struct ingest_options options;
	struct ingest_progress progress = {0};
	struct ingest_result result;

	options_of(&options);
	return ingest_reindex(s, &options, &progress, &result, err);
}

static void say_first(void *ctx, const char *path, uint64_t offset, const char *text)
{
	char *said = ctx;

	if (said[0] == '\0')
		snprintf(said, 300, "%s: %ju: %s", path ? path : "", (uintmax_t)offset, text);
}

/* As `check --repair`. */
static enum rc repair(struct store *s, struct err *err)
{
	struct check_report report;
	char said[300] = "";
	enum rc rc = store_refresh(s, err);

	if (rc == RC_DONE)
		rc = store_check(s, say_first, said, &report, err);
	if (rc == RC_DONE && report.problems)
		rc = store_drop_index(s, 1, err);
	return rc == RC_DONE ? reindex(s, err) : rc;
}

static enum rc evict(struct store *s, struct err *err)
{
	enum rc rc = store_refresh(s, err);

	if (rc != RC_DONE || store_block(s, 1)->state == BLOCK_EVICTED)
		return rc;
	return store_evict(s, 1, false, err);
}

static enum rc retain(struct store *s, struct err *err)
{
	static const struct retention limits = {.max_bytes = 700000, .keep_macroflows_ns = INT64_MAX};
	unsigned evicted;
	enum rc rc = store_refresh(s, err);

	return rc == RC_DONE ? store_retain(s, &limits, 0, &evicted, err) : rc;
}

static enum rc compact(struct store *s, struct err *err)
{
	struct compactor *c;
	bool did = true, later;
	size_t n;
	enum rc rc = compactor_new(s, &c, err);

	if (rc != RC_DONE)
		return rc;
	while (rc == RC_DONE && did)
		rc = compactor_step(c, true, &did, err);
	compactor_free(c);
	if (rc == RC_DONE)
		rc = store_refresh(s, err);
	const struct segment_place *p = rc == RC_DONE ? store_segments(s, &n) : NULL;
	for (size_t i = 0; rc == RC_DONE && i < n; i++)
		rc = store_release_dead(s, p[i].block, 4096, p[i].at, &later, err);
	return rc;
}

static void no_line(void *ctx, const char *line)
{
	(void)line;
	++*(uint64_t *)ctx;
}

static enum rc export_points(const char *path, struct err *err)
{
	const struct field *columns[] = {field_find("id", TIER_BLOCK), field_find("packets", TIER_BLOCK)};
	struct block_info block = {.number = 7, .packets = 3};
	struct row row = {.tier = TIER_BLOCK, .block = &block};
	struct sql_export *x;
	enum rc rc = sql_export_open(path, true, TIER_BLOCK, columns, 2, &x, err);

	if (rc != RC_DONE)
		return rc;
	rc = sql_export_row(x, &row, err);
	if (rc == RC_DONE)
		return sql_export_close(x, err);
	sql_export_abandon(x);
	return rc;
}

/* Everything that reads; answers are compared by look_store(). */
static enum rc look(struct store *s, struct err *err)
{
	struct check_report report;
	char path[300], said[300] = "";
	uint64_t lines = 0;
	enum rc rc = store_check(s, say_first, said, &report, err);

	if (rc == RC_DONE) {
		snprintf(path, sizeof(path), "%s/index/00000001.idx", store_path(s));
		rc = dump_index(path, true, no_line, &lines, err);
	}
	if (rc == RC_DONE) {
		snprintf(path, sizeof(path), "%s/blocks/00000002.pcapng", store_path(s));
		rc = dump_capture(path, true, no_line, &lines, err);
	}
	if (rc == RC_DONE) {
		snprintf(path, sizeof(path), "%s/out.db", store_path(s));
		rc = export_points(path, err);
	}
	return rc;
}

static struct recorded recorded;

static enum rc record(const char *path, struct err *err)
{
	return failing_record(path, &recorded, err);
}

/* ---- the jobs ------------------------------------------------------------------- */

/* What comes of a job must be in `rest`: */
enum rest {
	REST_PREFIX,     /* packets from the first on; done again: all of them; import: behind them all */
	REST_ALL,        /* all packets, at any time */
	REST_EVICTED,    /* all, or all but the first block's */
	REST_DAMAGED,    /* anything: it was damaged before */
	REST_RECORDED,   /* packets in order, some may be missing; done again: all of them behind those */
};

struct job {
	const char *name;
	bool placed;             /* the index of a capture in place */
	bool reads;              /* opens for reading */
	enum rc (*ready)(const char *path);              /* makes what the work begins with; NULL: nothing */
	enum rc (*work)(struct store *s, struct err *err);
	enum rc (*alone)(const char *path, struct err *err);     /* work that opens the store by itself */
	enum rest rest;
	bool same_ids;           /* done again, every field of every row is as without a failure */
};

static enum rc ready_whole(const char *path)
{
	struct store *s;
	enum rc rc = open_own(path, true, &s, NULL, NULL);

	if (rc != RC_DONE)
		return rc;
	rc = import(s, NULL);
	store_close(s);
	return rc;
}

static enum rc ready_unindexed(const char *path)
{
	struct store *s;
	enum rc rc = ready_whole(path);

	if (rc == RC_DONE)
		rc = open_own(path, true, &s, NULL, NULL);
	if (rc != RC_DONE)
		return rc;
	rc = store_drop_index(s, 0, NULL);
	store_close(s);
	return rc;
}

static enum rc ready_damaged(const char *path)
{
	char name[300];
	enum rc rc = ready_whole(path);

	snprintf(name, sizeof(name), "%s/index/00000001.idx", path);
	FILE *f = rc == RC_DONE ? fopen(name, "r+b") : NULL;
	if (!f)
		return RC_IO;
	fseek(f, -200, SEEK_END);
	int c = fgetc(f);
	fseek(f, -200, SEEK_END);
	fputc(c ^ 4, f);
	fclose(f);
	return RC_DONE;
}

static const struct job jobs[] = {
	{.name = "import", .work = import, .rest = REST_PREFIX},
	{.name = "in place", .placed = true, .work = index_placed, .rest = REST_PREFIX},
	{.name = "reindex", .ready = ready_unindexed, .work = reindex, .rest = REST_PREFIX, .same_ids = true},
	{.name = "repair", .ready = ready_damaged, .work = repair, .rest = REST_DAMAGED, .same_ids = true},
	{.name = "evict", .ready = ready_whole, .work = evict, .rest = REST_EVICTED, .same_ids = true},
	{.name = "retain", .ready = ready_whole, .work = retain, .rest = REST_EVICTED, .same_ids = true},
	{.name = "compact", .ready = ready_whole, .work = compact, .rest = REST_ALL, .same_ids = true},
	{.name = "record", .alone = record, .rest = REST_RECORDED},
	{.name = "look", .reads = true, .ready = ready_whole, .work = look, .rest = REST_ALL, .same_ids = true},
};

/* As the program does: what opening found without an index is indexed first. */
static enum rc open_of(const struct job *j, const char *path, bool writing, struct store **out, struct err *err)
{
	struct store_notes notes = {.recovered = false};
	enum rc rc = (j->placed ? open_placed : open_own)(path, writing, out, &notes, err);

	if (rc != RC_DONE || !writing || !notes.index_missing || j->placed)
		return rc;
	rc = reindex(*out, err);
	if (rc != RC_DONE)
		store_close(*out);
	return rc;
}

/* One job as it came out without a failure. */
struct sweep {
	const struct job *job;
	const struct fault *fault;
	uint64_t nth;
	char begin[192];         /* what its stores are copied from */
	struct answers want;
};

static enum rc do_job(const struct sweep *w, const char *path, struct err *err)
{
	const struct job *j = w->job;
	struct answers got;
	struct store *s;

	if (j->alone)
		return j->alone(path, err);
	enum rc rc = open_of(j, path, !j->reads, &s, err);
	if (rc != RC_DONE)
		return rc;
	if (j->reads) {
		rc = failing_ask(s, &got, err);
		if (rc == RC_DONE && w->fault && memcmp(&got, &w->want, sizeof(got)) != 0)
			fail_msg("%s, %s, N=%ju: other answers", j->name, w->fault->name, (uintmax_t)w->nth);
	}
	if (rc == RC_DONE)
		rc = j->work(s, err);
	store_close(s);
	return rc;
}

#define WRONG(w, format, ...)                                                                                \
	fail_msg("%s, %s, N=%ju: " format, (w)->job->name, (w)->fault ? (w)->fault->name : "none",           \
		(uintmax_t)(w)->nth, ##__VA_ARGS__)

static void must_answer(const struct sweep *w, const char *path, struct answers *out)
{
	struct check_report report;
	struct err err = {0};
	char said[300] = "";
	struct store *s = NULL;

	if (open_of(w->job, path, false, &s, &err) != RC_DONE)
		WRONG(w, "does not open for reading: %s: %s", err.what, err.why);
	if (failing_ask(s, out, &err) != RC_DONE)
		WRONG(w, "no answer: %s: %s", err.what, err.why);
	if (store_check(s, say_first, said, &report, &err) != RC_DONE || report.problems)
		WRONG(w, "check: %s", said);
	store_close(s);
}

/* What is durable is there, or evicted and counted. */
static bool may_rest_recorded(uint64_t packets, const struct store_totals *t)
{
	uint64_t known = packets + t->evicted_packets;

	return recorded.whole ? known == recorded.stored : known >= recorded.stored;
}

/* Whether these packets may be what a failure leaves. */
static bool may_rest(const struct sweep *w, const struct answers *a, const struct store_totals *totals)
{
	bool whole = a->from == 0 && a->to == FAILING_PACKETS;

	if (a->wrong || a->again)
		return false;
	switch (w->job->rest) {
	case REST_RECORDED:
		return recorded.received == recorded.stored + recorded.refused + recorded.dropped &&
			recorded.published <= recorded.stored && may_rest_recorded(a->packets[0], totals);
	case REST_PREFIX: return !a->missing && (a->from == 0 || a->to == 0);
	case REST_EVICTED: return !a->missing && (whole || (a->from == w->want.from && a->to == FAILING_PACKETS));
	default: return !a->missing && whole;
	}
}

/* What is there is right when it was recovered. Returns the number of its packets. */
static unsigned check_rest(const struct sweep *w, const char *path)
{
	const struct job *j = w->job;
	struct err err = {0};
	struct answers a;
	struct store *s = NULL;

	if (open_of(j, path, true, &s, &err) != RC_DONE)
		WRONG(w, "does not open: %s: %s", err.what, err.why);
	if ((j->rest == REST_PREFIX || j->rest == REST_RECORDED) && !j->placed && reindex(s, &err) != RC_DONE)
		WRONG(w, "not indexed again: %s: %s", err.what, err.why);
	if (store_refresh(s, &err) != RC_DONE)
		WRONG(w, "not refreshed: %s: %s", err.what, err.why);
	struct store_totals totals = *store_totals(s);
	store_close(s);
	if (j->rest == REST_DAMAGED)
		return 0;
	must_answer(w, path, &a);
	if (!may_rest(w, &a, &totals))
		WRONG(w, "packets %u to %u without %u, then %u; recorded %ju, stored %ju, refused %ju, published %ju", a.from,
			a.to, a.missing, a.again, (uintmax_t)recorded.received, (uintmax_t)recorded.stored,
			(uintmax_t)recorded.refused, (uintmax_t)recorded.published);
	return (unsigned)a.packets[0];
}

static void check_again(const struct sweep *w, const char *path, unsigned before)
{
	const struct job *j = w->job;
	struct err err = {0};
	struct answers a;

	if (do_job(w, path, &err) != RC_DONE)
		WRONG(w, "not done again: %s: %s", err.what, err.why);
	must_answer(w, path, &a);
	if (j->same_ids && memcmp(&a, &w->want, sizeof(a)) != 0)
		WRONG(w, "done again, it has other answers");
	/* an import and a recording append */
	unsigned all = FAILING_PACKETS + (j->same_ids || j->placed ? 0 : before);
	for (size_t i = 0; i < 4 && !j->same_ids; i++)
		if (a.wrong || a.packets[i] != all || a.bytes[i] != all * (uint64_t)FAILING_CAPTURED)
			WRONG(w, "done again, %ju packets instead of %u", (uintmax_t)a.packets[i], all);
}

static int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* One that was not used: a test that failed leaves its store behind, locked. */
static void new_path(char *path, size_t size)
{
	static unsigned number;

	snprintf(path, size, "%s/store%u", scratch, ++number);
}

static void begin_with(const struct sweep *w, char *path, size_t size)
{
	new_path(path, size);
	if (w->job->ready)
		made_copy(w->begin, path);
}

static void check_error(const struct sweep *w, enum rc rc, const struct err *err, bool reached)
{
	bool part = w->fault->error == 0 && w->fault->part;

	if (rc == RC_DONE)
		return;
	if (!reached || part)
		WRONG(w, "%s: %s: %s", rc_name(rc), err->what, err->why);
	if (err->why[0] == '\0' || (rc != RC_NO_MEMORY && !strstr(err->what, scratch)))
		WRONG(w, "the error (%s) names no file, or no reason: '%s': '%s'", rc_name(rc), err->what, err->why);
	if (fault_is_memory(w->fault) && rc != RC_NO_MEMORY)
		WRONG(w, "%s: %s: %s", rc_name(rc), err->what, err->why);
}

/* Fails the Nth; false where the work was done before. */
static bool fail_once(struct sweep *w)
{
	char path[192];
	struct err err = {0};

	begin_with(w, path, sizeof(path));
	int files = open_files();
	int64_t memory = sqlite3_memory_used();
	faults_arm(w->fault, w->nth);
	enum rc rc = do_job(w, path, &err);
	bool reached = faults_seen() >= w->nth;
	faults_arm(NULL, 0);
	if (open_files() != files)
		WRONG(w, "%d files open, %d before", open_files(), files);
	if (sqlite3_memory_used() != memory)
		WRONG(w, "SQLite keeps %jd bytes", (intmax_t)(sqlite3_memory_used() - memory));
	check_error(w, rc, &err, reached);
	check_again(w, path, check_rest(w, path));
	captures_remove_dir(path);
	return reached;
}

static bool wanted(const char *variable, const char *name)
{
	const char *only = getenv(variable);

	return !only || strstr(name, only);
}

static bool all(void)
{
	return getenv("FLOWDRILL_TEST_ALL") != NULL;
}

/*
 * All: SQLite's allocations are by far the most numerous, and what comes of one does not depend much on which: every one of
 * an import, one of eleven elsewhere.
 */
static uint64_t step(const struct sweep *w)
{
	if (!all())
		return w->nth < 2 ? 1 : 4 * w->nth;
	bool many = w->fault->op == FAULT_SQL_MEMORY && (w->job->work != import || w->fault->goes_on);
	return many ? 11 : 1;
}

static void sweep_fault(struct sweep *w)
{
	uint64_t tried = 0;

	for (w->nth = 1; fail_once(w); tried++)
		w->nth += step(w);
	printf("%s, %s: %ju of %ju\n", w->job->name, w->fault->name, (uintmax_t)tried, (uintmax_t)w->nth - 1);
	fflush(stdout);
}

static void test_job(void **state)
{
	struct sweep w = {.job = *state};
	char path[192];
	struct err err = {0};

	if (!wanted("FLOWDRILL_TEST_JOB", w.job->name))
		return;
	threads = 1;
	new_path(w.begin, sizeof(w.begin));
	if (w.job->ready)
		assert_int_equal(w.job->ready(w.begin), RC_DONE);
	begin_with(&w, path, sizeof(path));
	if (do_job(&w, path, &err) != RC_DONE)
		WRONG(&w, "%s: %s", err.what, err.why);
	must_answer(&w, path, &w.want);
	assert_false(w.want.wrong);
	assert_int_equal(w.want.to, FAILING_PACKETS);
	assert_true(w.job->rest == REST_EVICTED ? w.want.from > 0 : w.want.from == 0);
	for (size_t i = 0; i < n_faults; i++) {
		w.fault = &faults[i];
		/* sampled: each job takes every other fault, its neighbours the rest */
		if (wanted("FLOWDRILL_TEST_FAULT", w.fault->name) && (all() || (i + (size_t)(w.job - jobs)) % 2 == 0))
			sweep_fault(&w);
	}
	captures_remove_dir(w.begin);
}

static int setup(void **state)
{
	(void)state;
	/* big tables come zeroed from the system, again and again: most of their pages are never touched */
	mallopt(M_MMAP_THRESHOLD, 1 << 16);
	faults_init();
	captures_make_dir(scratch, sizeof(scratch));
	snprintf(capture, sizeof(capture), "%s/in.pcap", scratch);
	failing_make_capture(capture);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	captures_remove_dir(scratch);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[sizeof(jobs) / sizeof(jobs[0])] = {{0}};

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		tests[i] = (struct CMUnitTest){jobs[i].name, test_job, NULL, NULL, (void *)&jobs[i]};
	return cmocka_run_group_tests(tests, setup, teardown);
}
