/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/loop.h"

#include "base/trace.h"
#include "ui/config.h"
#include "ui/term_signals.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/*
 * While something runs, its progress is drawn this often; news of rows come through the
 * session's descriptor.
 */
enum { PROGRESS_MS = 200, KEYS_MAX = 64 };

enum { FD_KEYS, FD_SESSION, FD_SIGNALS, FDS };

/* Once from what woke us to what is drawn. */
struct round {
	int64_t began_us;
	unsigned keys, rows;
};

static void resize(struct screen *s, struct terminal *t)
{
	int w, h;

	term_resize(t);
	term_size(t, &w, &h);
	screen_resize(s, w, h);
}

static void take_mouse(struct screen *s, struct terminal *t)
{
	struct mouse_event e;

	if (term_mouse(t, &e))
		mouse_take(s, &e);
}

/* Returns how many there were. */
static unsigned take_keys(struct screen *s, struct terminal *t)
{
	unsigned n = 0;

	for (; n < KEYS_MAX && !s->quit && !s->suspend; n++) {
		uint32_t key = term_key(t);

		if (key == UKEY_NONE)
			break;
		if (key == UKEY_RESIZE)
			resize(s, t);
		else if (key == UKEY_MOUSE)
			take_mouse(s, t);
		else
			screen_key(s, key);
	}
	return n;
}

static void take_signals(struct screen *s, struct terminal *t)
{
	unsigned bits = signals_take();

	if ((bits & SIGNALS_QUIT) != 0)
		s->quit = true;
	if ((bits & SIGNALS_INTERRUPT) != 0)
		screen_key(s, UKEY_CTRL('C'));
	if ((bits & SIGNALS_SUSPEND) != 0)
		s->suspend = true;
	if ((bits & SIGNALS_CONTINUE) != 0)
		term_continue(t);
	if ((bits & (SIGNALS_RESIZE | SIGNALS_CONTINUE)) != 0)
		resize(s, t);
}

static void do_asked(struct screen *s, struct terminal *t)
{
	if (s->suspend) {
		s->suspend = false;
		term_suspend(t);
		resize(s, t);
	}
	term_want_mouse(t, !s->no_mouse);
	if (s->retheme) {
		s->retheme = false;
		term_theme(t, &s->config->theme);
	}
	if (s->redraw) {
		s->redraw = false;
		term_redraw(t);
	}
}

static void drain(int fd)
{
	char bytes[256];

	while (read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		;
}

/* At most so long: -1 for ever. */
static int wait_ms(const struct screen *s)
{
	int ms = screen_busy(s) ? PROGRESS_MS : live_wait_ms(s), rest = screen_rest_ms(s);

	if (s->hurry)
		return 0;
	return rest > 0 && (ms < 0 || rest < ms) ? rest : ms;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void wait_and_take(struct screen *s, struct terminal *t, struct round *round)
{
	struct pollfd fds[FDS] = {
		[FD_KEYS] = { .fd = term_fd(t), .events = POLLIN },
		[FD_SESSION] = { .fd = session_wake_fd(s->session), .events = POLLIN },
		[FD_SIGNALS] = { .fd = signals_fd(), .events = POLLIN },
	};
	int n = poll(fds, FDS, wait_ms(s));

	*round = (struct round){ .began_us = now_us() };
	if (n < 0 && errno != EINTR)
		s->quit = true;
	if (n <= 0)
		return;
	if (fds[FD_SIGNALS].revents != 0)
		take_signals(s, t);
	if (fds[FD_SESSION].revents != 0)
		drain(fds[FD_SESSION].fd);
	if ((fds[FD_KEYS].revents & POLLIN) != 0)
		round->keys = take_keys(s, t);
	/* the terminal is gone: SIGHUP says so to the leader of the session alone, and there may still be keys */
	if ((fds[FD_KEYS].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		s->quit = true;
}

void loop_run(struct screen *s, struct terminal *t)
{
	struct round round = { .began_us = now_us() };

	s->paced = true;
	while (!s->quit) {
		do_asked(s, t);
		screen_update(s);
		screen_draw(s);
		round.rows = term_show(t, s->canvas);
		/* what bench/screen.py tells the effect of a key from that of what came meanwhile by */
		TRACE(TRACE_UI, "round: %u keys, %u rows drawn, %lld us, %s", round.keys, round.rows,
			(long long)(now_us() - round.began_us), screen_busy(s) ? "busy" : "idle");
		wait_and_take(s, t, &round);
	}
}
