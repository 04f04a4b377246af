/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entries found, grown, trimmed; and the locks that keep them. */
#include "made.h"

#include "store/cache.h"
#include "store/lock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LARGE = 900000 };

struct place {
	char dir[100], cache[120], file[120];
	uint8_t bytes[LARGE];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	uint32_t x = 1;

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->cache, sizeof(p->cache), "%s/cache", p->dir);
	snprintf(p->file, sizeof(p->file), "%s/a.pcap", p->dir);
	for (size_t i = 0; i < LARGE; i++) {
		x = x * 1664525 + 1013904223;
		p->bytes[i] = (uint8_t)(x >> 24);
	}
	assert_int_equal(mkdir(p->cache, 0700), 0);
	*state = p;
	return 0;
}

/* Writes the first `len` bytes, looks up, and makes the entry where there is none. */
static struct cache_entry look_up(struct place *p, size_t len)
{
	struct cache_entry e;

	made_file(p->file, p->bytes, len);
	assert_int_equal(cache_lookup(p->file, p->cache, &e, NULL), RC_DONE);
	assert_int_equal(e.size, len);
	if (e.state == CACHE_NEW)
		assert_int_equal(mkdir(e.path, 0700), 0);
	return e;
}

static void test_found(void **state)
{
	struct place *p = *state;
	struct cache_entry a = look_up(p, 700000), b;
	char other[200];

	assert_int_equal(a.state, CACHE_NEW);
	b = look_up(p, 700000);
	assert_int_equal(b.state, CACHE_FOUND);
	assert_string_equal(a.path, b.path);
	/* moved and copied: the same entry */
	snprintf(other, sizeof(other), "%s/other", p->dir);
	assert_int_equal(rename(p->file, other), 0);
	assert_int_equal(cache_lookup(other, p->cache, &b, NULL), RC_DONE);
	assert_int_equal(b.state, CACHE_FOUND);
	assert_int_equal(cache_lookup(p->file, p->cache, &b, NULL), RC_MISSING);
	/* changed: at both ends */
	p->bytes[2000] ^= 1;
	assert_int_equal(look_up(p, 700000).state, CACHE_NEW);
	p->bytes[699999] ^= 1;
	assert_int_equal(look_up(p, 700000).state, CACHE_NEW);
	p->bytes[699999] ^= 1;
	p->bytes[2000] ^= 1;
	assert_int_equal(look_up(p, 700000).state, CACHE_FOUND);
}

static void test_grown(void **state)
{
	struct place *p = *state;
	struct cache_entry a = look_up(p, 100000), b;
	struct stat st;
	int fd;

	b = look_up(p, 300000);
	assert_int_equal(b.state, CACHE_GROWN);
	assert_int_equal(b.old_size, 100000);
	assert_int_not_equal(stat(a.path, &st), 0);
	assert_int_equal(stat(b.path, &st), 0);
	/* the longest former self that is there */
	p->bytes[250000] ^= 1;
	assert_int_equal(look_up(p, 280000).state, CACHE_NEW);
	p->bytes[250000] ^= 1;
	b = look_up(p, 500000);
	assert_int_equal(b.state, CACHE_GROWN);
	assert_int_equal(b.old_size, 300000);
	/* shorter is another file, and so is one that was changed before it grew */
	assert_int_equal(look_up(p, 90000).state, CACHE_NEW);
	p->bytes[90000 - 5] ^= 1;
	p->bytes[500000 - 5] ^= 1;
	assert_int_equal(look_up(p, 600000).state, CACHE_NEW);
	/* an entry in use stays what it is */
	a = look_up(p, 600000);
	fd = lock_share(a.path);
	assert_true(fd >= 0);
	assert_int_equal(look_up(p, 700000).state, CACHE_NEW);
	assert_int_equal(look_up(p, 600000).state, CACHE_FOUND);
	lock_release(fd);
	assert_int_equal(look_up(p, 710000).state, CACHE_GROWN);
}

/* An entry of some size, last used `age` seconds ago. */
static void make_entry(struct place *p, size_t len, long age, char *path, size_t size)
{
	struct cache_entry e;
	struct timespec times[2] = { { .tv_sec = 1700000000 - age }, { .tv_sec = 1700000000 - age } };
	char file[700];

	p->bytes[0]++;
	e = look_up(p, 5000);
	snprintf(file, sizeof(file), "%s/00000001.idx", e.path);
	made_file(file, p->bytes, len);
	snprintf(file, sizeof(file), "%s/catalog.db", e.path);
	made_file(file, p->bytes, 10);
	assert_int_equal(utimensat(AT_FDCWD, e.path, times, 0), 0);
	snprintf(path, size, "%s", e.path);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void test_trim(void **state)
{
	struct place *p = *state;
	char path[5][600], foreign[600];
	int fd;

	snprintf(foreign, sizeof(foreign), "%s/keep.me", p->cache);
	made_file(foreign, "x", 1);
	for (int i = 0; i < 5; i++)
		make_entry(p, 200000, 100 - i, path[i], sizeof(path[i]));
	cache_trim(p->cache, 2000000, NULL);
	for (int i = 0; i < 5; i++)
		assert_true(is_there(path[i]));
	/* the oldest is in use, the next is kept: the third goes, and one more */
	fd = lock_share(path[0]);
	cache_trim(p->cache, 700000, path[1]);
	assert_true(is_there(path[0]));
	assert_true(is_there(path[1]));
	assert_false(is_there(path[2]));
	assert_false(is_there(path[3]));
	assert_true(is_there(path[4]));
	lock_release(fd);
	assert_int_equal(setenv("FLOWDRILL_CACHE_SIZE", "300k", 1), 0);
	cache_trim(p->cache, 0, NULL);
	assert_int_equal(unsetenv("FLOWDRILL_CACHE_SIZE"), 0);
	assert_false(is_there(path[0]));
	assert_false(is_there(path[1]));
	assert_true(is_there(path[4]));
	assert_true(is_there(foreign));
}

static void test_remove_follows_no_link(void **state)
{
	struct place *p = *state;
	char precious[200], entry[200], link[300], sub[300], strange[300];

	snprintf(precious, sizeof(precious), "%s/precious", p->dir);
	assert_int_equal(mkdir(precious, 0700), 0);
	snprintf(sub, sizeof(sub), "%s/00000001.idx", precious);
	made_file(sub, "x", 1);
	snprintf(entry, sizeof(entry), "%s/0123456789abcdef-1-2.fdr", p->cache);
	assert_int_equal(mkdir(entry, 0700), 0);
	snprintf(link, sizeof(link), "%s/index", entry);
	assert_int_equal(symlink(precious, link), 0);
	snprintf(link, sizeof(link), "%s/00000002.idx", entry);
	assert_int_equal(symlink(sub, link), 0);
	snprintf(strange, sizeof(strange), "%s/letter.txt", entry);
	made_file(strange, "x", 1);
	cache_remove(entry);
	assert_true(is_there(sub));
	assert_true(is_there(strange));
	assert_false(is_there(link));
	assert_int_equal(unlink(strange), 0);
	snprintf(link, sizeof(link), "%s/index", entry);
	assert_int_equal(unlink(link), 0);
	/* a link in the place of an entry */
	assert_int_equal(rmdir(entry), 0);
	assert_int_equal(symlink(precious, entry), 0);
	cache_remove(entry);
	cache_trim(p->cache, 1, NULL);
	assert_true(is_there(sub));
}

static void test_whole_store_removed(void **state)
{
	struct place *p = *state;
	struct store_config config;
	struct store *s;
	char path[600];

	store_config_default(&config);
	assert_int_equal(cache_temporary(path, sizeof(path), NULL), RC_DONE);
	assert_int_equal(store_create(path, &config, &s, NULL), RC_DONE);
	store_close(s);
	cache_remove(path);
	assert_false(is_there(path));
	made_pcap(&(struct made){ 0 }, p->file, 10, 1700000000);
	assert_int_equal(cache_temporary(path, sizeof(path), NULL), RC_DONE);
	assert_int_equal(store_open_in_place(p->file, path, &config, true, &s, NULL, NULL), RC_DONE);
	store_close(s);
	cache_remove(path);
	assert_false(is_there(path));
}

static void test_where(void **state)
{
	struct place *p = *state;
	struct cache_entry e;
	char want[200];

	made_file(p->file, p->bytes, 100);
	assert_int_equal(setenv("XDG_CACHE_HOME", p->cache, 1), 0);
	assert_int_equal(cache_lookup(p->file, NULL, &e, NULL), RC_DONE);
	snprintf(want, sizeof(want), "%s/flowdrill/", p->cache);
	assert_memory_equal(e.path, want, strlen(want));
	/* a relative one does not count */
	assert_int_equal(setenv("XDG_CACHE_HOME", "here", 1), 0);
	assert_int_equal(setenv("HOME", p->dir, 1), 0);
	assert_int_equal(cache_lookup(p->file, NULL, &e, NULL), RC_DONE);
	snprintf(want, sizeof(want), "%s/.cache/flowdrill/", p->dir);
	assert_memory_equal(e.path, want, strlen(want));
	assert_int_equal(unsetenv("HOME"), 0);
	assert_int_equal(cache_lookup(p->file, NULL, &e, NULL), RC_MISSING);
}

/* Names that look like entries and are none: neither a former self nor to be trimmed. */
static void test_near_misses(void **state)
{
	static const char *const tails[] = { "-zz-1.fdr", "-ffffffffffffffffffff-1.fdr", "-10.fdr", "-100-0.fdr", ".fdr", "-100-0.txt" };
	struct place *p = *state;
	struct cache_entry e = look_up(p, 5000), b;
	char path[700], entry[600], prefix[200];
	const char *name = strrchr(e.path, '/') + 1;

	snprintf(prefix, sizeof(prefix), "%.16s", name);
	assert_int_equal(rmdir(e.path), 0);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", p->cache, prefix, tails[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_int_equal(look_up(p, 6000).state, CACHE_NEW);
	/* a file in the place of a former self */
	b = look_up(p, 7000);
	assert_int_equal(b.state, CACHE_GROWN);
	assert_int_equal(rmdir(b.path), 0);
	made_file(b.path, "x", 1);
	assert_int_equal(look_up(p, 8000).state, CACHE_NEW);
	assert_int_equal(cache_lookup(p->dir, p->cache, &b, NULL), RC_UNSUPPORTED);
	/* a name of this form that is a file, and one that is short */
	snprintf(entry, sizeof(entry), "%s/0123456789abcdef-1-2.fdr", p->cache);
	made_file(entry, "x", 1);
	snprintf(path, sizeof(path), "%s/0123456789abcdef.fdr", p->cache);
	made_file(path, "x", 1);
	cache_trim(p->cache, 1, NULL);
	assert_true(is_there(entry));
	assert_true(is_there(path));
	snprintf(path, sizeof(path), "%s/%s.fdr", p->cache, prefix);
	assert_true(is_there(path));
}

/* An own store without a cache: directories in it count and go, deeper ones and what is not ours stay. */
static void test_deep(void **state)
{
	struct place *p = *state;
	char entry[200], path[400];
	static const char *const dirs[] = { "", "/blocks", "/blocks/blocks", "/blocks/blocks/index", "/other", "/.hidden" };
	static const char *const files[] = { "/blocks/00000001.pcapng", "/blocks/1234567.pcapng", "/blocks/00000001.txt", "/lock",
		"/blocks/blocks/index/00000001.idx" };

	snprintf(entry, sizeof(entry), "%s/0123456789abcdef-1-2.fdr", p->cache);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", entry, dirs[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", entry, files[i]);
		made_file(path, p->bytes, 5000);
	}
	cache_trim(p->cache, 1, NULL);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", entry, files[i]);
		if (is_there(path) != (i == 1 || i == 2 || i == 4))
			fail_msg("%s", files[i]);
	}
	snprintf(path, sizeof(path), "%s/none", p->cache);
	cache_remove(path);
	cache_trim(path, 1, NULL);
}

static void test_long_paths(void **state)
{
	struct place *p = *state;
	static char dir[5000];
	struct cache_entry e;
	char small[10], big[600];

	made_file(p->file, p->bytes, 100);
	memset(dir, 'd', sizeof(dir) - 1);
	dir[0] = '/';
	assert_int_equal(cache_lookup(p->file, dir, &e, NULL), RC_USAGE);
	cache_trim(dir, 1, NULL);
	dir[480] = '\0';             /* it fits, the entry's name behind it does not */
	assert_int_equal(cache_lookup(p->file, dir, &e, NULL), RC_USAGE);
	/* nor does a directory of XDG's count that is not absolute, or of no home */
	assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
	assert_int_equal(setenv("HOME", "here", 1), 0);
	assert_int_equal(cache_lookup(p->file, NULL, &e, NULL), RC_MISSING);
	cache_trim(NULL, 1, NULL);
	const char *tmp = getenv("TMPDIR");
	char *before = tmp ? strdup(tmp) : NULL;
	assert_int_equal(cache_temporary(small, sizeof(small), NULL), RC_USAGE);
	assert_int_equal(setenv("TMPDIR", "", 1), 0);
	assert_int_equal(cache_temporary(big, sizeof(big), NULL), RC_DONE);
	assert_memory_equal(big, "/tmp/flowdrill-", 15);
	assert_int_equal(rmdir(big), 0);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	assert_int_equal(cache_temporary(big, sizeof(big), NULL), RC_DONE);
	assert_int_equal(rmdir(big), 0);
	assert_int_equal(setenv("TMPDIR", "/none/at/all", 1), 0);
	assert_int_equal(cache_temporary(big, sizeof(big), NULL), RC_MISSING);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
}

/* A size that is none is not the cache's: its own is taken. */
static void test_size(void **state)
{
	struct place *p = *state;
	char path[2][600];

	for (int i = 0; i < 2; i++)
		make_entry(p, 200000, 100, path[i], sizeof(path[i]));
	assert_int_equal(setenv("FLOWDRILL_CACHE_SIZE", "a lot", 1), 0);
	cache_trim(p->cache, 0, NULL);
	assert_int_equal(unsetenv("FLOWDRILL_CACHE_SIZE"), 0);
	cache_trim(p->cache, 0, NULL);
	assert_true(is_there(path[0]) && is_there(path[1]));
	/* used at the same time: one of them */
	cache_trim(p->cache, 300000, NULL);
	assert_int_equal(is_there(path[0]) + is_there(path[1]), 1);
}

/* ---- locks ------------------------------------------------------------------------------------ */

static void test_lock(void **state)
{
	struct place *p = *state;
	char path[200], want[64];
	struct err err = { 0 };
	int fd, second, ready[2];
	pid_t pid;
	char c;

	snprintf(path, sizeof(path), "%s/lock", p->dir);
	assert_int_equal(lock_take(path, "the store", &fd, NULL), RC_DONE);
	assert_int_equal(lock_take(path, "the store", &second, &err), RC_LOCKED);
	snprintf(want, sizeof(want), "in use by another writer (pid %ld)", (long)getpid());
	assert_string_equal(err.why, want);
	assert_string_equal(err.what, "the store");
	lock_release(fd);
	/* a lock dies with its owner, the file stays */
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (lock_take(path, "", &fd, NULL) != RC_DONE || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(2);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(lock_take(path, "", &fd, &err), RC_LOCKED);
	snprintf(want, sizeof(want), "(pid %ld)", (long)pid);
	assert_non_null(strstr(err.why, want));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_take(path, "", &fd, NULL), RC_DONE);
	lock_release(fd);
	close(ready[0]);
	close(ready[1]);
}

static void test_marks(void **state)
{
	struct place *p = *state;
	int a = lock_share(p->dir), b = lock_share(p->dir), c;
	char none[200];

	assert_true(a >= 0 && b >= 0);
	assert_int_equal(lock_unshared(p->dir), -1);
	lock_release(a);
	assert_int_equal(lock_unshared(p->dir), -1);
	lock_release(b);
	c = lock_unshared(p->dir);
	assert_true(c >= 0);
	assert_int_equal(lock_share(p->dir), -1);
	lock_release(c);
	snprintf(none, sizeof(none), "%s/none", p->dir);
	assert_int_equal(lock_share(none), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_grown, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_trim, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_remove_follows_no_link, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_whole_store_removed, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_where, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_near_misses, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_deep, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_long_paths, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_size, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_lock, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_marks, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
