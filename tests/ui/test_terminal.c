/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program on a pseudo terminal: what it needs, keys, resize, and that it gives it back. */
#include "pty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static void start(const char *term)
{
	pty_start(&(struct pty_options){ .term = term, .w = 80, .h = 24 });
}

static void test_keys_and_quit(void **state)
{
	int status;

	(void)state;
	start("xterm-256color");
	pty_wait_for("all services");
	pty_wait_for_rows();
	pty_type("/");
	pty_wait_for("filter:");
	pty_type("nonsense\r");
	pty_wait_for("column 1:");
	pty_type("\033");
	pty_wait_for("Enter open");
	pty_wait_for_rows();
	pty_type("\r");
	pty_wait_for("Escape back");
	pty_type("Q");
	status = pty_finish();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(pty_has_seen("\033[?1049l"));
}

static void test_resize(void **state)
{
	(void)state;
	start("xterm-256color");
	pty_wait_for("indexed");
	pty_resize(30, 4);
	pty_wait_for("too small (30x4)");
	pty_resize(120, 40);
	/* there is room for details now */
	pty_wait_for("health: normal");
	/* and keys still come through */
	pty_type("Q");
	assert_int_equal(WEXITSTATUS(pty_finish()), 0);
}

static void refuses(const char *term, const char *why)
{
	int status;

	start(term);
	status = pty_finish();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_true(pty_has_seen(why));
	assert_true(pty_has_seen("flowdrill list"));
	assert_false(pty_has_seen("\033["));
}

static void test_unfit_terminals(void **state)
{
	(void)state;
	refuses(NULL, "TERM is not set");
	refuses("dumb", "TERM is dumb");
	refuses("no-such-terminal", "nothing is known of this TERM");
}

static void test_few_colours(void **state)
{
	static const char *const terms[] = { "vt100", "xterm", "linux" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start(terms[i]);
		pty_wait_for("all services");
		pty_wait_for("indexed");
		pty_type("Q");
		assert_int_equal(WEXITSTATUS(pty_finish()), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_and_quit),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_unfit_terminals),
		cmocka_unit_test(test_few_colours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
