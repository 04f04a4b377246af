/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term_signals.h"

#include "ui/term_stderr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { STUCK_AFTER_S = 1, STACK_BYTES = 64 * 1024, WRITABLE_MS = 100 };

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
	{ SIGALRM, 0 },
};
static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };

enum { ASKING = sizeof(asking) / sizeof(asking[0]), FATAL = sizeof(fatal) / sizeof(fatal[0]) };

/* A handler has nothing but what is static. */
static int pipe_fds[2] = { -1, -1 };
static atomic_uint arrived; /* bits of enum signals; the pipe only wakes */
static pthread_t screen_thread; /* which may be stuck in a write to the terminal */
static int null_fd = -1;
static volatile sig_atomic_t writing; /* to the terminal */
static stack_t stack_before;
static struct sigaction asking_before[ASKING], fatal_before[FATAL];
static struct {
	volatile sig_atomic_t on;
	int fd, out_fd;
	struct termios modes;
	char bytes[256];
	size_t n;
} guard;

/*
 * The screen was told to leave and has not: it hangs in a write to a terminal that takes nothing. The
 * terminal's modes are put back, and what is still written goes nowhere, so that all is sealed.
 */
static void give_terminal_up(void)
{
	if (!guard.on)
		return;
	if (!writing) { /* busy otherwise: it may still hang */
		alarm(STUCK_AFTER_S);
		return;
	}
	tcsetattr(guard.fd, TCSANOW, &guard.modes);
	if (null_fd >= 0)
		dup2(null_fd, guard.out_fd);
}

/* A key of the terminal's (Ctrl-C) stops what runs; a SIGINT from elsewhere ends the program. */
static unsigned bit_of(int number, const siginfo_t *info)
{
	if (number == SIGINT && info != NULL && info->si_code != SI_KERNEL)
		return SIGNALS_QUIT;
	for (int i = 0; i < ASKING; i++)
		if (asking[i].number == number)
			return asking[i].bit;
	return 0;
}

static void on_asking(int number, siginfo_t *info, void *context)
{
	unsigned bit = bit_of(number, info);
	int saved = errno;
	ssize_t n;

	(void)context;
	/* the write that hangs ends only when its own thread is interrupted */
	if (number == SIGALRM && !pthread_equal(pthread_self(), screen_thread))
		pthread_kill(screen_thread, number);
	else if (number == SIGALRM)
		give_terminal_up();
	if (bit == SIGNALS_QUIT)
		alarm(STUCK_AFTER_S);
	atomic_fetch_or(&arrived, bit);
	n = write(pipe_fds[1], "", 1);
	(void)n; /* a full pipe wakes as well */
	errno = saved;
}

static void on_fatal(int number)
{
	struct pollfd out = { .fd = guard.out_fd, .events = POLLOUT };

	if (guard.on) {
		/* a terminal that takes nothing must not keep us from dying */
		ssize_t n = poll(&out, 1, WRITABLE_MS) > 0
			? write(guard.out_fd, guard.bytes, guard.n)
			: 0;

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

static void install_asking(int i)
{
	struct sigaction action = { .sa_sigaction = on_asking, .sa_flags = SA_RESTART | SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	sigaction(asking[i].number, &action, &asking_before[i]);
}

enum rc signals_open(struct err *err)
{
	static char stack[STACK_BYTES];

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_errno(err, "signals", "cannot make a pipe");
	screen_thread = pthread_self();
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (int i = 0; i < ASKING; i++)
		install_asking(i);
	/* for a stack that overflows */
	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, &stack_before);
	for (int i = 0; i < FATAL; i++) {
		sigaction(fatal[i], NULL, &fatal_before[i]);
		if (fatal_before[i].sa_handler == SIG_DFL)
			install(fatal[i], on_fatal, (int)SA_RESETHAND | SA_NODEFER | SA_ONSTACK, NULL);
	}
	return RC_DONE;
}

void signals_close(void)
{
	if (pipe_fds[0] < 0)
		return;
	alarm(0);
	guard.on = 0;
	sigaltstack(&stack_before, NULL);
	for (int i = 0; i < ASKING; i++)
		sigaction(asking[i].number, &asking_before[i], NULL);
	for (int i = 0; i < FATAL; i++)
		sigaction(fatal[i], &fatal_before[i], NULL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	pipe_fds[0] = pipe_fds[1] = -1;
	if (null_fd >= 0)
		close(null_fd);
	null_fd = -1;
}

void signals_writing(bool on)
{
	writing = on;
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
