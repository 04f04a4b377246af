/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program on a pseudo terminal: what it needs, keys, resize, and that it gives it back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEEN_MAX = 1 << 20, WAIT_MS = 600000 };

static struct {
	pid_t pid;
	int fd;
	char seen[SEEN_MAX]; /* everything that the program wrote */
	size_t n;
} run;

static void set_term(const char *term)
{
	if (term != NULL)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("XDG_STATE_HOME", "/nonexistent", 1);
	unsetenv("NO_COLOR");
}

static void start(const char *term)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	const char *program = getenv("FLOWDRILL"), *top = getenv("top_srcdir");
	char shop[4096];

	if (program == NULL || top == NULL)
		skip();
	snprintf(shop, sizeof(shop), "%s/samples/shop.pcapng", top);
	run.n = 0;
	run.pid = forkpty(&run.fd, NULL, NULL, &size);
	assert_true(run.pid >= 0);
	if (run.pid == 0) {
		set_term(term);
		execl(program, "flowdrill", "--no-cache", shop, (char *)NULL);
		_exit(127);
	}
}

/* Reads what there is; false at the end. */
static bool take(void)
{
	struct pollfd fd = { .fd = run.fd, .events = POLLIN };
	ssize_t n;

	if (poll(&fd, 1, WAIT_MS) <= 0)
		fail_msg("nothing came for ten minutes; so far: %.*s", (int)run.n, run.seen);
	n = read(run.fd, run.seen + run.n, sizeof(run.seen) - 1 - run.n);
	if (n <= 0)
		return false;
	run.n += (size_t)n;
	run.seen[run.n] = '\0';
	return true;
}

static void wait_for(const char *text)
{
	while (memmem(run.seen, run.n, text, strlen(text)) == NULL)
		if (!take())
			fail_msg("'%s' never came: %.*s", text, (int)run.n, run.seen);
}

/* Forgets what was seen, and types. */
static void type(const char *keys)
{
	run.n = 0;
	assert_int_equal(write(run.fd, keys, strlen(keys)), strlen(keys));
}

/* Everything to the end; the wait status. */
static int finish(void)
{
	int status;

	while (take())
		;
	assert_int_equal(waitpid(run.pid, &status, 0), run.pid);
	close(run.fd);
	return status;
}

static void assert_left_alternate_screen(void)
{
	assert_non_null(memmem(run.seen, run.n, "\033[?1049l", 8));
}

static void test_keys_and_quit(void **state)
{
	int status;

	(void)state;
	start("xterm-256color");
	wait_for("all services");
	wait_for("indexed");
	type("/");
	wait_for("filter:");
	type("nonsense\r");
	wait_for("column 1:");
	type("\033");
	wait_for("Enter");
	type("\r");
	wait_for("client");
	type("Q");
	status = finish();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_left_alternate_screen();
}

static void test_resize(void **state)
{
	struct winsize small = { .ws_row = 4, .ws_col = 30 },
		       large = { .ws_row = 40, .ws_col = 120 };

	(void)state;
	start("xterm-256color");
	wait_for("indexed");
	run.n = 0;
	assert_int_equal(ioctl(run.fd, TIOCSWINSZ, &small), 0);
	wait_for("too small (30x4)");
	run.n = 0;
	assert_int_equal(ioctl(run.fd, TIOCSWINSZ, &large), 0);
	/* there is room for details now */
	wait_for("health: normal");
	/* and keys still come through */
	type("Q");
	assert_int_equal(WEXITSTATUS(finish()), 0);
}

static void refuses(const char *term, const char *why)
{
	int status;

	start(term);
	status = finish();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_non_null(memmem(run.seen, run.n, why, strlen(why)));
	assert_non_null(memmem(run.seen, run.n, "flowdrill list", 14));
	assert_null(memmem(run.seen, run.n, "\033[", 2));
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
		wait_for("all services");
		wait_for("indexed");
		type("Q");
		assert_int_equal(WEXITSTATUS(finish()), 0);
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
