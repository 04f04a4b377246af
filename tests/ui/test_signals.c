/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals to the program on a terminal: how it leaves, and that the terminal is given back. */
#include "pty.h"

#include "../patience.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { LEAVE_S = 2, TRIES = 200 };
static const struct timespec step = { .tv_nsec = 50 * 1000 * 1000 };

static void start(void)
{
	pty_start(&(struct pty_options){ .term = "xterm-256color", .w = 80, .h = 24 });
	pty_wait_for("indexed");
	pty_forget();
}

static void assert_modes_given_back(void)
{
	const tcflag_t usual = ICANON | ECHO | ISIG;
	struct termios modes;

	assert_int_equal(tcgetattr(pty.fd, &modes), 0);
	assert_int_equal(modes.c_lflag & usual, usual);
}

/* The state of each thread, and what it waits for in the kernel. */
static void show_where_it_hangs(void)
{
	char command[128];

	snprintf(command, sizeof(command), "ps -L -o pid,tid,stat,wchan:32,cmd -p %d; cat /proc/%d/task/*/stack", (int)pty.pid,
		(int)pty.pid);
	(void)!system(command);
}

/* Waits for the end without reading what it writes; seconds taken. */
static double wait_for_end(int *status)
{
	double from = now_s();

	for (int i = 0; i < TRIES * patience(); i++) {
		pid_t pid = waitpid(pty.pid, status, WNOHANG);

		if (pid == pty.pid)
			return now_s() - from;
		assert_int_equal(pid, 0);
		nanosleep(&step, NULL);
	}
	show_where_it_hangs();
	kill(pty.pid, SIGKILL);
	waitpid(pty.pid, status, 0);
	fail_msg("it did not leave");
	return 0;
}

static void leaves_by(int number)
{
	double from;
	int status;

	start();
	from = now_s();
	assert_int_equal(kill(pty.pid, number), 0);
	while (!pty_has_seen("\033[?1049l") && pty_take((int)(LEAVE_S * 1000 * patience())))
		;
	assert_true(pty_has_seen("\033[?1049l"));
	wait_for_end(&status);
	assert_true(now_s() - from < LEAVE_S * patience());
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_modes_given_back();
	close(pty.fd);
}

static void test_leaves(void **state)
{
	(void)state;
	leaves_by(SIGINT);
	leaves_by(SIGTERM);
	leaves_by(SIGHUP);
}

/* Typed, Ctrl-C stops what runs and nothing else. */
static void test_typed_interrupt(void **state)
{
	(void)state;
	start();
	pty_type("\003");
	pty_wait_for("nothing is running");
	pty_type("Q");
	assert_int_equal(WEXITSTATUS(pty_finish()), 0);
}

/* A terminal that takes nothing: more and more is drawn until a write does not return. */
static void stuck_leaves_by(int number)
{
	double took;
	int status;

	pty_start(&(struct pty_options){ .term = "xterm-256color", .w = 80, .h = 24 });
	pty_wait_for("indexed");
	for (int i = 0; i < 20; i++) {
		pty_resize(500, 300 + (unsigned)(i & 1));
		assert_int_equal(write(pty.fd, "?q", 2), 2);
		nanosleep(&step, NULL);
	}
	assert_int_equal(kill(pty.pid, number), 0);
	took = wait_for_end(&status);
	print_message("left a stuck terminal after %.2f s\n", took);
	assert_true(took < LEAVE_S * patience());
	assert_true(WIFEXITED(status));
	assert_modes_given_back();
	close(pty.fd);
}

static void test_stuck_terminal(void **state)
{
	(void)state;
	stuck_leaves_by(SIGHUP);
	stuck_leaves_by(SIGTERM);
}

static void test_lost_terminal(void **state)
{
	double took;
	int status;

	(void)state;
	start();
	close(pty.fd);
	took = wait_for_end(&status);
	print_message("left a lost terminal after %.2f s\n", took);
	assert_true(took < LEAVE_S * patience());
	assert_true(WIFEXITED(status));
}

/* The leader of the session gets SIGHUP, nobody else: who reads the terminal has to find out. */
static void test_lost_without_a_signal(void **state)
{
	double from;

	(void)state;
	pty_start(&(struct pty_options){ .term = "xterm-256color", .w = 80, .h = 24, .job = true });
	pty_wait_for("indexed");
	from = now_s();
	close(pty.fd);
	assert_true(pty_shell_ends());
	print_message("left a lost terminal, without a signal, after %.2f s\n", now_s() - from);
	assert_true(now_s() - from < LEAVE_S * patience());
}

/* Whether what it wrote last was seen. */
static bool dies_and_says(int number)
{
	bool said;
	int status;

	start();
	assert_int_equal(kill(pty.pid, number), 0);
	while (!pty_has_seen("\033[?1049l") && pty_take((int)(LEAVE_S * 1000 * patience())))
		;
	said = pty_has_seen("\033[?1049l");
	wait_for_end(&status);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
	assert_modes_given_back();
	close(pty.fd);
	return said;
}

/* It leads its session: the kernel throws away what nobody has read when it is gone, which on a busy machine is sometimes all. */
static void dies_by(int number)
{
	enum { DEATHS = 5 };
	bool said = false;

	for (int i = 0; i < DEATHS && !said; i++)
		said = dies_and_says(number);
	assert_true(said);
}

static void test_dies(void **state)
{
	(void)state;
	dies_by(SIGABRT);
	dies_by(SIGQUIT);
#ifdef __SANITIZE_ADDRESS__
	print_message("SIGSEGV: not tested, the sanitizer has it\n");
#else
	dies_by(SIGSEGV);
	dies_by(SIGBUS);
#endif
}

/* Stopped, the terminal is the shell's again; continued, everything is drawn anew. */
static void test_stop_and_continue(void **state)
{
	int status;

	(void)state;
	pty_start(&(struct pty_options){ .term = "xterm-256color", .w = 80, .h = 24, .job = true });
	pty_wait_for("indexed");
	for (int i = 0; i < 2; i++) {
		pty_forget();
		assert_int_equal(kill(pty.pid, SIGTSTP), 0);
		pty_wait_for("stopped by the shell");
		assert_true(pty_has_seen("\033[?1049l"));
		assert_modes_given_back();
		pty_forget();
		assert_int_equal(kill(pty.pid, SIGCONT), 0);
		pty_wait_for("all services");
		pty_wait_for("indexed");
	}
	pty_type("Q");
	status = pty_finish();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* SIGSTOP cannot be caught: what happened to the terminal meanwhile is undone afterwards. */
static void test_stopped_hard(void **state)
{
	struct termios modes;

	(void)state;
	start();
	assert_int_equal(kill(pty.pid, SIGSTOP), 0);
	assert_int_equal(tcgetattr(pty.fd, &modes), 0);
	modes.c_lflag |= ICANON | ECHO;
	assert_int_equal(tcsetattr(pty.fd, TCSANOW, &modes), 0);
	assert_int_equal(kill(pty.pid, SIGCONT), 0);
	pty_wait_for("all services");
	pty_type("Q"); /* comes through without a newline */
	assert_int_equal(WEXITSTATUS(pty_finish()), 0);
}

/* The key behind a broken byte is not swallowed. */
static void test_key_after_broken_byte(void **state)
{
	static const char *const broken[] = { "\xc3", "\xff", "\xe2\x82", "\xf0\x9f", "\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		char keys[8];

		start();
		pty_type("/");
		pty_wait_for("filter:");
		snprintf(keys, sizeof(keys), "%s\033", broken[i]);
		pty_type(keys);
		pty_type("?"); /* asks for help where the prompt is closed */
		pty_wait_for("Moving");
		pty_type("Q");
		assert_int_equal(WEXITSTATUS(pty_finish()), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_typed_interrupt),
		cmocka_unit_test(test_stuck_terminal),
		cmocka_unit_test(test_lost_terminal),
		cmocka_unit_test(test_lost_without_a_signal),
		cmocka_unit_test(test_dies),
		cmocka_unit_test(test_stop_and_continue),
		cmocka_unit_test(test_stopped_hard),
		cmocka_unit_test(test_key_after_broken_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
