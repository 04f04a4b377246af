/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys in, text out: the screen over a real session, for one test program each (cmocka's headers before it). Whoever includes it opens
 * and closes session, screen and text.
 */
#ifndef FLOWDRILL_TESTS_UI_REAL_SCREEN_H
#define FLOWDRILL_TESTS_UI_REAL_SCREEN_H

#include "base/buf.h"
#include "ui/screen.h"

#include <poll.h>
#include <string.h>

static struct session *session;
static struct screen screen;
static struct buf text;

/* Until nothing runs in the background any more. */
static inline void wait_idle(void)
{
	struct pollfd fd = { .fd = session_wake_fd(session), .events = POLLIN };

	screen_update(&screen);
	while (screen_busy(&screen)) {
		poll(&fd, 1, 20);
		screen_update(&screen);
	}
	screen_draw(&screen);
}

static inline void keys(const char *names)
{
	uint32_t sequence[KEYMAP_SEQUENCE_MAX];
	unsigned n;

	while ((n = keymap_next_sequence(&names, sequence)) > 0) {
		for (unsigned i = 0; i < n; i++)
			screen_key(&screen, sequence[i]);
		wait_idle();
	}
}

/* A command behind ':'. */
static inline void type(const char *s)
{
	keys(":");
	for (; *s != '\0'; s++)
		screen_key(&screen, (unsigned char)*s);
	keys("Enter");
}

static inline const char *shown(void)
{
	screen_draw(&screen);
	buf_clear(&text);
	canvas_dump(screen.canvas, &text);
	return buf_text(&text);
}

static inline void assert_seen(const char *what)
{
	if (strstr(shown(), what) == NULL)
		fail_msg("not on the screen: %s\n%s", what, buf_text(&text));
}

#endif
