/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pty.h"

#include "../patience.h"
#include "vt.h"

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEEN_MAX = 1 << 22, WAIT_MS = 180000, ARGUMENTS_MAX = 16 };

static char seen[SEEN_MAX];
static struct vt screen; /* what a terminal of its size shows */
static pid_t child; /* ours: the program, or its shell */
static void (*on_bytes)(const uint8_t *bytes, size_t n);
struct pty pty = { .seen = seen };

static void set_environment(const struct pty_options *options)
{
	if (options->term != NULL)
		setenv("TERM", options->term, 1);
	else
		unsetenv("TERM");
	setenv("LC_ALL", options->locale != NULL ? options->locale : "C.UTF-8", 1);
	setenv("XDG_STATE_HOME", "/dev/null", 1); /* nothing is kept there, whoever runs the tests */
	unsetenv("NO_COLOR");
}

/* The parent of the program, in a group of its own: else SIGTSTP would stop nobody. It writes its pid first. */
static void be_shell(int pid_fd)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		return; /* goes on as the program */
	}
	if (write(pid_fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(126);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* it waits for its job */
	while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status))
		if (write(STDOUT_FILENO, "stopped by the shell", 20) != 20)
			_exit(126);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

static _Noreturn void run(const char *program, const struct pty_options *options, const char *shop)
{
	const char *argv[ARGUMENTS_MAX + 2] = { "flowdrill", "--no-cache", options->file ? options->file : shop };

	/* what a shell starts in the background ignores these, and so would the program */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	for (size_t i = 0; options->arguments != NULL && i < ARGUMENTS_MAX; i++) {
		argv[1 + i] = options->arguments[i];
		if (options->arguments[i] == NULL)
			break;
	}
	execv(program, (char *const *)argv);
	_exit(127);
}

void pty_start(const struct pty_options *options)
{
	struct winsize size = { .ws_row = (unsigned short)options->h,
		.ws_col = (unsigned short)options->w };
	const char *program = getenv("FLOWDRILL"), *top = getenv("top_srcdir");
	char shop[4096];
	int pid_fds[2];

	if (program == NULL || top == NULL)
		skip();
	snprintf(shop, sizeof(shop), "%s/samples/shop.pcapng", top);
	on_bytes = options->on_bytes;
	vt_init(&screen, (int)options->w, (int)options->h);
	pty_forget();
	assert_int_equal(pipe(pid_fds), 0);
	child = pty.pid = forkpty(&pty.fd, NULL, NULL, &size);
	assert_true(pty.pid >= 0);
	if (pty.pid == 0) {
		if (options->job)
			be_shell(pid_fds[1]);
		set_environment(options);
		run(program, options, shop);
	}
	if (options->job)
		assert_int_equal(read(pid_fds[0], &pty.pid, sizeof(pty.pid)), sizeof(pty.pid));
	close(pid_fds[0]);
	close(pid_fds[1]);
}

bool pty_take(int wait_ms)
{
	struct pollfd fd = { .fd = pty.fd, .events = POLLIN };
	ssize_t n;

	if (poll(&fd, 1, wait_ms) <= 0)
		return false;
	if (pty.n > SEEN_MAX / 2) { /* the older half is of no use any more */
		memmove(seen, seen + pty.n / 2, pty.n - pty.n / 2);
		pty.n -= pty.n / 2;
	}
	n = read(pty.fd, seen + pty.n, sizeof(seen) - 1 - pty.n);
	if (n <= 0)
		return false;
	vt_bytes(&screen, (const uint8_t *)seen + pty.n, (size_t)n);
	if (on_bytes != NULL)
		on_bytes((const uint8_t *)seen + pty.n, (size_t)n);
	pty.n += (size_t)n;
	seen[pty.n] = '\0';
	return true;
}

bool pty_has_seen(const char *text)
{
	return memmem(seen, pty.n, text, strlen(text)) != NULL;
}

void pty_wait_for(const char *text)
{
	while (!pty_has_seen(text) && vt_find(&screen, text) < 0)
		if (!pty_take(WAIT_MS))
			fail_msg("'%s' never came: %.*s", text, (int)pty.n, seen);
}

void pty_wait_for_rows(void)
{
	pty_wait_for("postgresql");
}

void pty_forget(void)
{
	pty.n = 0;
	seen[0] = '\0';
}

void pty_type(const char *keys)
{
	pty_forget();
	assert_int_equal(write(pty.fd, keys, strlen(keys)), strlen(keys));
}

void pty_resize(unsigned w, unsigned h)
{
	struct winsize size = { .ws_row = (unsigned short)h, .ws_col = (unsigned short)w };

	assert_int_equal(ioctl(pty.fd, TIOCSWINSZ, &size), 0);
	vt_resize(&screen, (int)w, (int)h);
}

bool pty_shell_ends(void)
{
	const struct timespec step = { .tv_nsec = 20 * 1000 * 1000 };
	int status;

	for (int i = 0; i < 500 * patience(); i++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		nanosleep(&step, NULL);
	}
	kill(pty.pid, SIGKILL);
	waitpid(child, &status, 0);
	return false;
}

int pty_finish(void)
{
	int status;

	while (pty_take(WAIT_MS))
		;
	assert_int_equal(waitpid(child, &status, 0), child);
	close(pty.fd);
	return status;
}
