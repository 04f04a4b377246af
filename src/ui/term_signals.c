/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term_signals.h"

#include "ui/term_stderr.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	int number;
	unsigned bit;
} asking[] = {
	{ SIGWINCH, SIGNALS_RESIZE },
	{ SIGTERM, SIGNALS_QUIT },
	{ SIGHUP, SIGNALS_QUIT },
	{ SIGINT, SIGNALS_INTERRUPT },
	{ SIGTSTP, SIGNALS_SUSPEND },
	{ SIGCONT, SIGNALS_CONTINUE },
};
static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };

enum { ASKING = sizeof(asking) / sizeof(asking[0]), FATAL = sizeof(fatal) / sizeof(fatal[0]) };

/* A handler has nothing but what is static. */
static int pipe_fds[2] = { -1, -1 };
static atomic_uint arrived; /* bits of enum signals; the pipe only wakes */
static struct sigaction asking_before[ASKING], fatal_before[FATAL];
static struct {
	volatile sig_atomic_t on;
	int fd, out_fd;
	struct termios modes;
	char bytes[256];
	size_t n;
} guard;

static void on_asking(int number)
{
	int saved = errno;
	ssize_t n;

	for (int i = 0; i < ASKING; i++)
		if (asking[i].number == number)
			atomic_fetch_or(&arrived, asking[i].bit);
	n = write(pipe_fds[1], "", 1);
	(void)n; /* a full pipe wakes as well */
	errno = saved;
}

static void on_fatal(int number)
{
	if (guard.on) {
		ssize_t n = write(guard.out_fd, guard.bytes, guard.n);

		(void)n;
		tcsetattr(guard.fd, TCSANOW, &guard.modes);
		term_stderr_restore();
	}
	raise(number); /* SA_RESETHAND: kills now */
}

static void install(int number, void (*handler)(int), int flags, struct sigaction *before)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, before);
}

enum rc signals_open(struct err *err)
{
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_errno(err, "signals", "cannot make a pipe");
	for (int i = 0; i < ASKING; i++)
		install(asking[i].number, on_asking, SA_RESTART, &asking_before[i]);
	for (int i = 0; i < FATAL; i++) {
		sigaction(fatal[i], NULL, &fatal_before[i]);
		if (fatal_before[i].sa_handler == SIG_DFL)
			install(fatal[i], on_fatal, (int)SA_RESETHAND | SA_NODEFER, NULL);
	}
	return RC_DONE;
}

void signals_close(void)
{
	if (pipe_fds[0] < 0)
		return;
	guard.on = 0;
	for (int i = 0; i < ASKING; i++)
		sigaction(asking[i].number, &asking_before[i], NULL);
	for (int i = 0; i < FATAL; i++)
		sigaction(fatal[i], &fatal_before[i], NULL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	pipe_fds[0] = pipe_fds[1] = -1;
}

int signals_fd(void)
{
	return pipe_fds[0];
}

unsigned signals_take(void)
{
	uint8_t bytes[64];

	if (pipe_fds[0] < 0)
		return 0;
	while (read(pipe_fds[0], bytes, sizeof(bytes)) > 0)
		;
	return atomic_exchange(&arrived, 0);
}

void signals_guard(int fd, int out_fd, const char *bytes, size_t n)
{
	if (tcgetattr(fd, &guard.modes) != 0)
		return;
	guard.fd = fd;
	guard.out_fd = out_fd;
	guard.n = n < sizeof(guard.bytes) ? n : sizeof(guard.bytes);
	memcpy(guard.bytes, bytes, guard.n);
	guard.on = 1;
}
