/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A writer dies in the middle. What comes next indexes the rest alone, and an index that is made again from the blocks, however
 * often writers died, is the one that was lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "answers.h"
#include "base/io.h"
#include "captures.h"
#include "../patience.h"
#include "session/recorder.h"
#include "store/check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Packets 50 ms apart: slices and windows end, and conversations go on over blocks. */
enum { PACKETS = 6000, FRAME = 800, CLIENTS = 7, STEP_MS = 50 };
#define T0 1700000000
#ifdef __SANITIZE_THREAD__       /* which costs ten times as much */
enum { MEND_MS = 20000 };
#else
enum { MEND_MS = 2000 };
#endif

struct place { char dir[256], capture[300], store[300]; };

static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static const uint8_t head[42] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, (FRAME - 14) >> 8, (FRAME - 14) & 255, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x0f, 0xa0, 0, 53, (FRAME - 34) >> 8, (FRAME - 34) & 255, 0, 0,
};

static void make_capture(const char *path)
{
	static const uint32_t magic[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1 };
	uint8_t record[16 + FRAME] = { 0 };
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < 6; i++) {
		put_le32(record, magic[i]);
		assert_int_equal(fwrite(record, 4, 1, f), 1);
	}
	for (unsigned i = 0; i < PACKETS; i++) {
		put_le32(record, T0 + i * STEP_MS / 1000);
		put_le32(record + 4, i * STEP_MS % 1000 * 1000);
		put_le32(record + 8, FRAME);
		put_le32(record + 12, FRAME);
		memcpy(record + 16, head, sizeof(head));
		record[16 + 29] = (uint8_t)(1 + i % CLIENTS);
		assert_int_equal(fwrite(record, sizeof(record), 1, f), 1);
	}
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	captures_make_dir(p->dir, sizeof(p->dir));
	snprintf(p->capture, sizeof(p->capture), "%s/c.pcap", p->dir);
	snprintf(p->store, sizeof(p->store), "%s/s.fdr", p->dir);
	make_capture(p->capture);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	io_set_ops(NULL);
	captures_remove_dir(p->dir);
	free(p);
	return 0;
}

/* ---- death ------------------------------------------------------------------------------- */

static _Atomic unsigned writes_left;     /* to index files */

static ssize_t mortal_pwrite(int fd, const void *from, size_t len, off_t at)
{
	char name[64], path[512];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(name, path, sizeof(path) - 1);
	if (n > 4 && memcmp(path + n - 4, ".idx", 4) == 0 && atomic_fetch_sub(&writes_left, 1) == 1)
		_exit(9);
	return io_real.pwrite(fd, from, len, at);
}

static void die_after(unsigned writes)
{
	static struct io_ops ops;

	ops = io_real;
	ops.pwrite = mortal_pwrite;
	atomic_store(&writes_left, writes);
	io_set_ops(&ops);
}

/* In a process of its own; true if it died of it. */
static bool in_child(void (*work)(struct place *), struct place *p, unsigned writes)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		die_after(writes);
		work(p);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 9;
}

/* ---- stores ------------------------------------------------------------------------------ */

static void options_of(struct ingest_options *o)
{
	ingest_options_default(o);
	o->segment_packets = 300;
	o->threads = 2;
}

static struct store *open_writing(struct place *p)
{
	struct store *s;
	struct err err = { 0 };

	if (store_open(p->store, true, &s, NULL, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	return s;
}

static void import(struct place *p)
{
	const char *path = p->capture;
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store_config config;
	struct store *s;

	options_of(&options);
	store_config_default(&config);
	config.block_size = 1 << 20;
	if (access(p->store, F_OK) == 0)
		s = open_writing(p);
	else
		assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	assert_int_equal(ingest_import(s, &path, 1, &options, &progress, &result, NULL), RC_DONE);
	assert_int_equal(result.packets, PACKETS);
	store_close(s);
}

/* Of work, not of waiting for others on this machine. */
static uint64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Opens the store and indexes what has no index: so many packets went through for it. */
static uint64_t mend(struct place *p)
{
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	uint64_t began = milliseconds();
	struct err err = { 0 };
	struct store *s = open_writing(p);

	options_of(&options);
	if (ingest_left(s, &options, &progress, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	store_close(s);
	assert_true((double)(milliseconds() - began) < MEND_MS * patience());
	return progress.packets;
}

static void complain(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	print_error("%s at %llu: %s\n", path, (unsigned long long)offset, text);
}

/* Everything it says; and it is clean. */
static void ask(struct place *p, struct buf *out)
{
	struct check_report report;
	struct store *s;

	assert_int_equal(store_open(p->store, false, &s, NULL, NULL), RC_DONE);
	buf_init(out);
	answers_of(s, out);
	assert_int_equal(store_check(s, complain, NULL, &report, NULL), RC_DONE);
	assert_int_equal(report.problems, 0);
	store_close(s);
}

static void __attribute__((format(printf, 1, 2))) run(const char *command, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, command);
	vsnprintf(text, sizeof(text), command, ap);
	va_end(ap);
	assert_int_equal(system(text), 0);
}

static uint64_t packets_of(struct place *p)
{
	struct store *s;

	assert_int_equal(store_open(p->store, false, &s, NULL, NULL), RC_DONE);
	uint64_t n = store_totals(s)->packets;
	store_close(s);
	return n;
}

/* The index is lost; what is made of the blocks says the same. `bytes`: and is the same. */
static void rebuild(struct place *p, const char *what, bool bytes)
{
	struct buf before, after;
	char old[300];

	snprintf(old, sizeof(old), "%s/old", p->dir);
	ask(p, &before);
	run("rm -rf '%s' && mv '%s/index' '%s'", old, p->store, old);
	mend(p);
	ask(p, &after);
	answers_compare(what, &before, &after);
	if (bytes)
		run("cd '%s' && for f in *.idx; do cmp \"$f\" \"%s/index/$f\" || exit 1; done", old,
			p->store);
	buf_free(&before);
	buf_free(&after);
}

/* ---- imports ----------------------------------------------------------------------------- */

/* Dies at several moments, three times each; the rest is indexed by itself. */
static void test_import(void **state)
{
	static const unsigned at[] = { 3, 10, 17 };
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		char what[64];

		snprintf(what, sizeof(what), "an import killed at index write %u", at[i]);
		run("rm -rf '%s'", p->store);
		for (unsigned k = 0; k < 3; k++) {
			assert_true(in_child(import, p, at[i] + 2 * k));
			uint64_t published = packets_of(p), left = mend(p);

			if (k > 0 || published > 0)
				assert_int_equal(left, packets_of(p) - published);
		}
		import(p);
		rebuild(p, what, true);
	}
}

/* The file of one block's index is gone: that is no killed writer, and ids stay what they were. */
static void test_one_index_lost(void **state)
{
	struct place *p = *state;
	struct buf before, after;

	import(p);
	ask(p, &before);
	run("rm \"$(ls '%s'/index/0*.idx | tail -n 1)\"", p->store);
	mend(p);
	ask(p, &after);
	answers_compare("the last block's index is lost", &before, &after);
	buf_free(&before);
	buf_free(&after);
	rebuild(p, "an index lost twice", true);
}

/* Making the index again is killed: it is no tail. */
static void mend_once(struct place *p)
{
	mend(p);
}

static void test_rebuild_killed(void **state)
{
	struct place *p = *state;
	struct buf before, after;

	assert_true(in_child(import, p, 10));
	mend(p);
	import(p);
	ask(p, &before);
	run("rm -r '%s/index'", p->store);
	for (unsigned writes = 4; writes < 16; writes += 5)
		assert_true(in_child(mend_once, p, writes));
	mend(p);
	ask(p, &after);
	answers_compare("a killed rebuild", &before, &after);
	buf_free(&before);
	buf_free(&after);
}

/* ---- recordings -------------------------------------------------------------------------- */

enum { STEPS = 40 };

/* The frames of a step are 1 us apart; one conversation. */
static void record(struct place *p)
{
	static uint8_t frame[FRAME];
	struct live_step steps[2 * STEPS];
	struct recorder_options options;
	struct recorder_status status = { 0 };
	struct store_notes notes = { 0 };
	struct recorder *r;
	struct live *live;

	memcpy(frame, head, sizeof(head));
	for (unsigned i = 0; i < STEPS; i++) {
		steps[2 * i] = (struct live_step){ .kind = LIVE_STEP_FRAMES, .n = 100, .data = frame, .len = FRAME,
			.time_ns = (T0 + (int64_t)i) * 1000000000 };
		steps[2 * i + 1] = (struct live_step){ .kind = LIVE_STEP_PAUSE, .n = 5 };
	}
	recorder_options_default(&options);
	options.store = p->store;
	options.sync_ns = 5 * 1000 * 1000;
	options.config.block_size = 1 << 20;
	options.block_size_set = true;
	options_of(&options.ingest);
	assert_int_equal(live_open_synthetic("made0", 1, steps, 2 * STEPS, &live, NULL), RC_DONE);
	assert_int_equal(recorder_open_over(&options, &live, 1, &r, NULL), RC_DONE);
	assert_int_equal(recorder_start(r, &notes, NULL), RC_DONE);
	while (status.packets < 100 * STEPS) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		recorder_status(r, &status);
		assert_true(status.running);
	}
	assert_int_equal(recorder_stop(r, NULL), RC_DONE);
	recorder_close(r);
}

static void test_recording(void **state)
{
	struct place *p = *state;

	for (unsigned k = 0; k < 4; k++) {
		assert_true(in_child(record, p, 3 + 4 * k));
		if (k % 2 == 0)
			continue;
		uint64_t published = packets_of(p);

		uint64_t left = mend(p);

		assert_int_equal(left, packets_of(p) - published);
	}
	record(p);
	rebuild(p, "recordings that were killed", false);
	rebuild(p, "and once more", true);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_import), TEST(test_one_index_lost), TEST(test_rebuild_killed), TEST(test_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
