/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys in, text out: the screen over a made-up session, for one test program each (cmocka's headers before it). */
#ifndef FLOWDRILL_TESTS_UI_SCREEN_KEYS_H
#define FLOWDRILL_TESTS_UI_SCREEN_KEYS_H

#include "../patience.h"
#include "base/buf.h"
#include "fake_session.h"
#include "ui/screen.h"

#include <time.h>

static struct screen screen;
static struct buf text;

static inline int set_up(void **state)
{
	(void)state;
	fake_reset();
	buf_init(&text);
	return 0;
}

static inline void open_screen_with(const char *filter)
{
	const struct screen_options o = {
		.title = "/tmp/shop.pcapng", .filter = filter, .history = "", .state = "", .w = 80, .h = 24
	};
	struct err err;

	assert_int_equal(screen_open(&screen, NULL, &o, &err), RC_DONE);
	screen_update(&screen);
	screen_draw(&screen);
}

static inline void open_screen(void)
{
	open_screen_with(NULL);
}

static inline int tear_down(void **state)
{
	(void)state;
	screen_close(&screen);
	buf_free(&text);
	assert_int_equal(fake.jobs_alive, 0);
	return 0;
}

static inline const char *shown(void)
{
	screen_update(&screen);
	screen_draw(&screen);
	buf_clear(&text);
	canvas_dump(screen.canvas, &text);
	return buf_text(&text);
}

static inline void keys(const char *names)
{
	uint32_t sequence[KEYMAP_SEQUENCE_MAX];
	unsigned n;

	while ((n = keymap_next_sequence(&names, sequence)) > 0)
		for (unsigned i = 0; i < n; i++) {
			screen_key(&screen, sequence[i]);
			screen_update(&screen);
			screen_draw(&screen);
		}
}

static inline void type(const char *s)
{
	for (; *s != '\0'; s++)
		screen_key(&screen, (unsigned char)*s);
}

static inline void assert_seen(const char *what)
{
	if (strstr(shown(), what) == NULL)
		fail_msg("not on the screen: %s\n%s", what, shown());
}

/* What comes when a refresh is due. */
static inline void wait_seen(const char *what)
{
	for (int i = 0; i < 1000 * patience() && strstr(shown(), what) == NULL; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
	assert_seen(what);
}

static inline void assert_unseen(const char *what)
{
	if (strstr(shown(), what) != NULL)
		fail_msg("on the screen: %s\n%s", what, shown());
}

static inline uint32_t selected_offset(void)
{
	struct id id = { 0 };

	assert_true(screen_top(&screen)->ops->selected(screen_top(&screen), &id));
	return id.rec.offset;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
