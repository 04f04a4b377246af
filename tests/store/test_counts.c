/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting of a recorder's points: counts, windows with drops, events, who writes. */
#include "made.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void open_made(const char *dir, struct store **out)
{
	char path[512];
	struct store_config config;
	struct point_info p = { .name = "eth0", .linktype = 1 };

	store_config_default(&config);
	snprintf(path, sizeof(path), "%s/s.fdr", dir);
	assert_int_equal(store_create(path, &config, out, NULL), RC_DONE);
	assert_int_equal(store_add_point(*out, &p, NULL, 0, NULL), RC_DONE);
}

static void check_counts(struct store *s)
{
	size_t n;
	const struct point_info *p = store_points(s, &n);
	const struct drop_info *d;

	assert_int_equal(n, 1);
	assert_true(p->has_counts && p->has_dropped);
	assert_int_equal(p->received, 120);
	assert_int_equal(p->refused, 3);
	assert_int_equal(p->dropped, 17);
	assert_int_equal(p->if_dropped, 2);
	d = store_drops(s, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(d[i].from_ns, (int64_t)(i + 1) * 1000);
	assert_int_equal(d[1].dropped, 7);
	assert_int_equal(d[1].if_dropped, 1);
	assert_int_equal(d[1].refused, 2);
	assert_int_equal(store_drops_between(s, 0, 1000, 3000), 17);
	assert_int_equal(store_drops_between(s, 0, 1001, 3001), 8);
	assert_int_equal(store_drops_between(s, 1, 0, 9000), 0);
}

static void test_counts(void **state)
{
	const struct point_counts old = { .received = 5 };
	const struct point_counts counts = { .received = 120, .refused = 3, .dropped = 17, .if_dropped = 2 };
	const struct drop_info drops[] = {
		{ .from_ns = 1000, .to_ns = 2000, .dropped = 10 },
		{ .from_ns = 3000, .to_ns = 4000, .dropped = 1 },
		{ .from_ns = 2000, .to_ns = 3000, .dropped = 7, .if_dropped = 1, .refused = 2 },
		{ .point = 1, .from_ns = 2000, .to_ns = 3000 },
		{ .from_ns = 2000, .to_ns = 1999 },
	};
	struct store *s, *reader;
	char dir[256];

	(void)state;
	made_dir(dir, sizeof(dir));
	open_made(dir, &s);
	assert_int_equal(store_open(store_path(s), false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(store_set_counts(s, 0, &old, NULL), RC_DONE);
	assert_int_equal(store_set_counts(s, 0, &counts, NULL), RC_DONE);
	assert_int_equal(store_set_counts(s, 1, &counts, NULL), RC_USAGE);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(store_add_drop(s, &drops[i], NULL), RC_DONE);
	assert_int_equal(store_add_drop(s, &drops[3], NULL), RC_USAGE);
	assert_int_equal(store_add_drop(s, &drops[4], NULL), RC_USAGE);
	check_counts(s);
	assert_int_equal(store_refresh(reader, NULL), RC_DONE);
	check_counts(reader);
	assert_int_equal(store_refresh(reader, NULL), RC_DONE);
	check_counts(reader);
	store_close(reader);
	store_close(s);
	made_dir_remove(dir);
}

static void test_events(void **state)
{
	struct event_info e[4];
	struct store *s;
	char dir[256], text[400];
	size_t n = 7;

	(void)state;
	made_dir(dir, sizeof(dir));
	open_made(dir, &s);
	assert_int_equal(store_events(s, 4, e, &n, NULL), RC_DONE);
	assert_int_equal(n, 0);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 5; i++)
		assert_int_equal(store_add_event(s, i, "clock", i == 3 ? text : "stepped", NULL), RC_DONE);
	assert_int_equal(store_events(s, 4, e, &n, NULL), RC_DONE);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(e[i].time_ns, i + 1);
	assert_int_equal(strlen(e[2].text), sizeof(e[2].text) - 1);
	assert_string_equal(e[3].kind, "clock");
	assert_int_equal(store_events(s, 2, e, &n, NULL), RC_DONE);
	assert_int_equal(n, 2);
	assert_int_equal(e[1].time_ns, 4);
	assert_int_equal(store_events(s, 0, e, &n, NULL), RC_DONE);
	assert_int_equal(n, 0);
	store_close(s);
	made_dir_remove(dir);
}

/* A writer in another process, killed: what it held is free, and was not asked for by looking. */
static void test_writer_pid(void **state)
{
	struct store *s, *reader, *second;
	char dir[256], path[512];
	int ready[2];
	char byte;

	(void)state;
	made_dir(dir, sizeof(dir));
	open_made(dir, &s);
	assert_int_equal(store_writer_pid(s), getpid());
	snprintf(path, sizeof(path), "%s", store_path(s));
	store_close(s);
	assert_int_equal(store_open(path, false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(store_writer_pid(reader), 0);
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		if (store_open(path, true, &s, NULL, NULL) != RC_DONE || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(store_writer_pid(reader), child);
	assert_int_equal(store_open(path, true, &second, NULL, NULL), RC_LOCKED);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(store_writer_pid(reader), 0);
	assert_int_equal(store_open(path, true, &second, NULL, NULL), RC_DONE);
	assert_int_equal(store_writer_pid(reader), getpid());
	store_close(second);
	store_close(reader);
	close(ready[0]);
	close(ready[1]);
	made_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_writer_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
