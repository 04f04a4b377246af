/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One bit of one file of a store is flipped, whichever it is. Nothing crashes, no packet is shown that was not captured, and an answer that
 * is not the one of before ends with an error. Three kinds of rounds:
 *
 *   CLEAN     a store at rest is read
 *   KILLED    a store whose writer was killed, with SQLite's journal and packets without an index, is opened, which makes up for
 *             it: afterwards all packets are there. (Only the index tells a bit of a packet: none can where there is no index yet.)
 *   REPAIRED  `check --repair` mends all but a block; of a block with damage it gives the rest
 *
 * Rounds FLOWDRILL_TEST_FROM (0) to FLOWDRILL_TEST_FLIPS (350), from FLOWDRILL_TEST_SEED (1). FLOWDRILL_TEST_KEEP leaves the last one's
 * store in $TMPDIR.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "captures.h"
#include "flips.h"
#include "session/ingest.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES = 16, PATH = 300, HEAD = 4096, TURNS = 7 };      /* one round in seven is of the second kind, one of the third */

/* What became of a round. */
enum outcome {
	HARMLESS,            /* nothing differs, nothing is told */
	MADE_UP_FOR,         /* all packets are there; records were made anew */
	FOUND,               /* nothing differs, check tells */
	REFUSED,             /* an answer ended with an error, and what it gave was right */
	MENDED,              /* by --repair */
	UNTOLD,              /* packets without an index */
	WRONG,
	OUTCOMES,
};
static const char *const outcome_names[] = { "harmless", "made up for", "found by check", "refused", "mended",
	"not indexed yet", "wrong" };

enum kind { CLEAN, KILLED, REPAIRED, KINDS };
static const char *const kind_names[] = { "at rest", "killed", "repaired" };

/* A store to be copied for each round, and what a round has to say then. */
struct sample {
	char dir[PATH];
	char files[FILES][64];
	size_t n_files;
	struct answers good;
	uint64_t seen[FILES][OUTCOMES];
};

static char dir[128], program[512];
static struct sample samples[KINDS];
static uint32_t indexed_to;          /* of the killed store's last block: packets behind have no index */

struct round {
	enum kind kind;
	size_t file;
	off_t at;
	int bit;
	char store[PATH];
	const struct sample *sample;
};

/* ---- files ------------------------------------------------------------------------------- */

static struct sample *listed;

static int list_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F || st->st_size == 0)
		return 0;
	assert_true(listed->n_files < FILES);
	snprintf(listed->files[listed->n_files++], 64, "%s", path + strlen(listed->dir) + 1);
	return 0;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void list_files(struct sample *s)
{
	s->n_files = 0;
	listed = s;
	assert_int_equal(nftw(s->dir, list_file, 8, FTW_PHYS), 0);
	qsort(s->files, s->n_files, sizeof(s->files[0]), name_cmp);
}

/* By a shell; false where it crashed. */
static bool __attribute__((format(printf, 2, 3))) run(int *status, const char *fmt, ...)
{
	char command[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	*status = system(command);
	return WIFEXITED(*status) && WEXITSTATUS(*status) < 126;
}

static void copy(const char *from, const char *to)
{
	int status;

	assert_true(run(&status, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to));
	assert_int_equal(status, 0);
}

static void flip(const struct round *r)
{
	char path[2 * PATH];
	uint8_t byte;

	snprintf(path, sizeof(path), "%s/%s", r->store, r->sample->files[r->file]);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, r->at), 1);
	byte ^= (uint8_t)(1 << r->bit);
	assert_int_equal(pwrite(fd, &byte, 1, r->at), 1);
	close(fd);
}

static bool is_block(const struct round *r)
{
	return strncmp(r->sample->files[r->file], "blocks/", 7) == 0;
}

/* ---- judging, in a process of its own ---------------------------------------------------- */

/* What was given is right, packet for packet, and what is not given was told. */
static enum outcome judge_read(const struct round *r, const struct answers *now)
{
	const struct answers *good = &r->sample->good;

	if (!answers_packets_known(now, good))
		return WRONG;
	for (int i = 0; i < ASKED; i++)
		if (now->rc[i] == RC_DONE && !rows_same(&now->rows[i], &good->rows[i]))
			return WRONG;
	return answers_whole(now) ? HARMLESS : REFUSED;
}

static enum outcome judge_clean(const struct round *r)
{
	struct answers now;

	answers_read(r->store, &now);
	bool found = store_finds(r->store);
	enum outcome o = judge_read(r, &now);
	return o == HARMLESS && found ? FOUND : o;
}

/* The last block of the killed store, behind the last segment. */
static bool has_no_index(const struct round *r)
{
	return r->sample->n_files > 0 && strcmp(r->sample->files[r->file], "blocks/00000002.pcapng") == 0 &&
		(uint64_t)r->at >= indexed_to;
}

static enum outcome judge_killed(const struct round *r)
{
	const struct answers *good = &r->sample->good;
	struct answers now;
	enum rc rc = answers_recover(r->store);

	answers_read(r->store, &now);
	bool found = store_finds(r->store);
	if (has_no_index(r))
		return answers_whole(&now) || found ? UNTOLD : WRONG;
	if (!answers_frames_known(&now, good))
		return WRONG;
	if (rc != RC_DONE || !answers_whole(&now))
		return REFUSED;
	if (!rows_same(&now.frames, &good->frames) || !answers_conserve(&now))
		return WRONG;
	return judge_read(r, &now) != HARMLESS ? MADE_UP_FOR : found ? FOUND : HARMLESS;
}

/*
 * A catalog of a newer version is not ours to make anew, not even where its number alone was damaged: bytes 60 to 63 of SQLite's header.
 */
static bool looks_newer(const struct round *r)
{
	return strcmp(r->sample->files[r->file], "index/catalog.db") == 0 && r->at >= 60 && r->at < 64;
}

static enum outcome judge_repaired(const struct round *r)
{
	struct answers now;
	int status;

	if (!run(&status, "'%s' check -s '%s' --repair >/dev/null 2>&1", program, r->store))
		return WRONG;
	bool says_damaged = WEXITSTATUS(status) == 3;
	if (!says_damaged && status != 0)
		return WRONG;
	if (says_damaged && looks_newer(r))
		return REFUSED;
	answers_read(r->store, &now);
	enum outcome o = judge_read(r, &now);
	if (is_block(r))
		return o == HARMLESS && says_damaged ? FOUND : o == REFUSED && !says_damaged ? WRONG : o;
	if (says_damaged || o != HARMLESS || store_finds(r->store))
		return WRONG;
	bool ran = run(&status, "'%s' export -s '%s' --force -w '%s.pcapng' 2>/dev/null && cmp -s '%s.pcapng' '%s.pcapng'",
		program, r->store, r->store, r->store, r->sample->dir);
	return ran && status == 0 ? MENDED : WRONG;
}

static enum outcome judge(const struct round *r)
{
	switch (r->kind) {
	case CLEAN: return judge_clean(r);
	case KILLED: return judge_killed(r);
	default: return judge_repaired(r);
	}
}

/* ---- stores ------------------------------------------------------------------------------ */

static void sample_path(char *out, size_t size, const char *name)
{
	const char *top = getenv("top_srcdir");

	snprintf(out, size, "%s/samples/%s", top ? top : ".", name);
}

static enum rc import(struct store *s, const char *name)
{
	char capture[4200];
	const char *const paths[] = { capture };
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;

	sample_path(capture, sizeof(capture), name);
	ingest_options_default(&options);
	options.segment_packets = 500;
	return ingest_import(s, paths, 1, &options, &progress, &result, NULL);
}

static struct store *make_store(const char *path)
{
	struct store_config config;
	struct store *s;

	store_config_default(&config);
	assert_int_equal(store_create(path, &config, &s, NULL), RC_DONE);
	assert_int_equal(import(s, "sip-call.pcapng"), RC_DONE);
	return s;
}

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

/* The writer dies while it writes the index of what it imports. */
static void make_killed(const char *path)
{
	static struct io_ops ops;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s = make_store(path);

		ops = io_real;
		ops.pwrite = mortal_pwrite;
		atomic_store(&writes_left, 4);
		io_set_ops(&ops);
		_exit(import(s, "attacks.pcapng") == RC_DONE ? 1 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 9);
}

static uint32_t end_of_index(const char *path)
{
	struct store *s;
	size_t n;

	assert_int_equal(store_open(path, false, &s, NULL, NULL), RC_DONE);
	const struct segment_place *v = store_segments(s, &n);
	assert_true(n > 1 && v[n - 1].block == 2);
	uint32_t end = v[n - 1].end_offset;
	store_close(s);
	return end;
}

static void make_samples(void)
{
	char copied[PATH];
	int status;

	captures_make_dir(dir, sizeof(dir));
	for (int k = 0; k < KINDS; k++)
		snprintf(samples[k].dir, PATH, "%s/%d.fdr", dir, k);
	store_close(make_store(samples[CLEAN].dir));
	copy(samples[CLEAN].dir, samples[REPAIRED].dir);
	make_killed(samples[KILLED].dir);
	snprintf(copied, sizeof(copied), "%s/killed.fdr", dir);
	copy(samples[KILLED].dir, copied);
	indexed_to = end_of_index(copied);
	assert_int_equal(answers_recover(copied), RC_DONE);
	for (int k = 0; k < KINDS; k++) {
		struct sample *s = &samples[k];

		answers_read(k == KILLED ? copied : s->dir, &s->good);
		assert_true(answers_whole(&s->good) && answers_conserve(&s->good));
		answers_sort(&s->good);
		list_files(s);
	}
	assert_false(store_finds(samples[CLEAN].dir));
	assert_false(store_finds(copied));
	assert_true(run(&status, "'%s' export -s '%s' -w '%s.pcapng'", program, samples[REPAIRED].dir,
		samples[REPAIRED].dir));
	assert_int_equal(status, 0);
}

/* ---- rounds ------------------------------------------------------------------------------ */

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* splitmix64: each round has numbers of its own, so that one can be done alone */
static uint64_t next(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Files take turns; a quarter of the flips are in their heads. */
static void choose(uint64_t seed, uint64_t i, struct round *r)
{
	uint64_t x = seed * 1000003 + i * 7919;
	char path[2 * PATH];
	struct stat st;

	*r = (struct round){ .kind = i % TURNS == 0 ? KILLED : i % TURNS == 1 ? REPAIRED : CLEAN };
	r->sample = &samples[r->kind];
	r->file = (r->kind == CLEAN ? i : i / TURNS) % r->sample->n_files;
	snprintf(path, sizeof(path), "%s/%s", r->sample->dir, r->sample->files[r->file]);
	assert_int_equal(stat(path, &st), 0);
	uint64_t size = (uint64_t)st.st_size;
	if (next(&x) % 4 == 0 && size > HEAD)
		size = HEAD;
	r->at = (off_t)(next(&x) % size);
	r->bit = (int)(next(&x) % 8);
	if (r->kind == CLEAN)
		snprintf(r->store, sizeof(r->store), "%s", r->sample->dir);
	else
		snprintf(r->store, sizeof(r->store), "%s/round.fdr", dir);
}

static enum outcome do_round(const struct round *r, int *status)
{
	fflush(stdout);
	if (r->kind == CLEAN)
		flip(r);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(300);
		if (r->kind != CLEAN) {
			copy(r->sample->dir, r->store);
			flip(r);
		}
		_exit((int)judge(r));
	}
	assert_int_equal(waitpid(pid, status, 0), pid);
	if (r->kind == CLEAN)
		flip(r);             /* who only reads has left all else as it was */
	return WIFEXITED(*status) && WEXITSTATUS(*status) < OUTCOMES ? (enum outcome)WEXITSTATUS(*status) : OUTCOMES;
}

static void report(void)
{
	for (int k = 0; k < KINDS; k++) {
		const struct sample *s = &samples[k];

		for (size_t f = 0; f < s->n_files; f++) {
			printf("%s: %s:", kind_names[k], s->files[f]);
			for (int o = 0; o < OUTCOMES; o++)
				if (s->seen[f][o] > 0)
					printf(" %ju %s,", (uintmax_t)s->seen[f][o], outcome_names[o]);
			printf("\n");
		}
	}
}

static void test_flips(void **state)
{
	uint64_t count = number_of("FLOWDRILL_TEST_FLIPS", 350), seed = number_of("FLOWDRILL_TEST_SEED", 1), bad = 0;

	(void)state;
	snprintf(program, sizeof(program), "%s", getenv("FLOWDRILL") ? getenv("FLOWDRILL") : "./flowdrill");
	make_samples();
	for (uint64_t i = number_of("FLOWDRILL_TEST_FROM", 0); i < count; i++) {
		struct round r;
		int status;

		choose(seed, i, &r);
		enum outcome o = do_round(&r, &status);
		struct sample *s = &samples[r.kind];
		if (o != OUTCOMES)
			s->seen[r.file][o]++;
		if (o != OUTCOMES && o != WRONG)
			continue;
		printf("round %ju, %s: %s: bit %d of byte %jd: %s (%x)\n", (uintmax_t)i, kind_names[r.kind],
			s->files[r.file], r.bit, (intmax_t)r.at, o == WRONG ? "wrong" : "ended", (unsigned)status);
		bad++;
	}
	report();
	for (int k = 0; k < KINDS; k++)
		answers_free(&samples[k].good);
	if (!getenv("FLOWDRILL_TEST_KEEP"))
		captures_remove_dir(dir);
	if (bad)
		fail_msg("%ju of %ju flips, seed %ju", (uintmax_t)bad, (uintmax_t)count, (uintmax_t)seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_flips) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
