/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen's own state: the session, the stack of views, prompt, messages, and what they do
 * to each other. Everything that changes what is seen goes through screen_key() (or
 * screen_request()) and screen_update(); the loop and the script runner do nothing else. One
 * thread.
 */
#ifndef FLOWDRILL_UI_SCREEN_H
#define FLOWDRILL_UI_SCREEN_H

#include "session/session.h"
#include "ui/canvas.h"
#include "ui/cell_text.h"
#include "ui/detail.h"
#include "ui/keymap.h"
#include "ui/alerts.h"
#include "ui/live.h"
#include "ui/mouse.h"
#include "ui/place.h"
#include "ui/prompt.h"
#include "ui/range.h"
#include "ui/tags.h"
#include "ui/view.h"

struct config;
struct save;
struct state;

enum { SCREEN_VIEWS_MAX = 32, SCREEN_MIN_W = 20, SCREEN_MIN_H = 5 };

struct screen_message {
	char text[640]; /* unescaped: the canvas does that */
	bool bad;
};

/* What is to be said of a filter while it is typed. */
struct screen_check {
	char text[320]; /* "" for nothing */
	unsigned attr;
};

struct screen {
	struct session *session;
	struct canvas *canvas;
	struct view *views[SCREEN_VIEWS_MAX];
	size_t n_views;
	struct config *config; /* never NULL; keys, colours, columns */
	struct state *state; /* never NULL: what is remembered over runs */
	struct keymap_state keys;
	struct prompt *prompt; /* never NULL; open or not */
	struct screen_check check; /* of what is typed */
	struct screen_message message; /* until the next key */
	struct save *save; /* a pcapng being written, or NULL */
	struct tags tags;
	struct marks marks;
	struct cell_style style;
	char chart[256]; /* fields of the time chart, "": the usual ones */
	struct range range; /* of time, that all lists ask for */
	char source[128]; /* the breadcrumb's first step */
	bool printing; /* a view is written as text: no row is the selected one, and there are no details */
	enum detail_size pane; /* details below lists */
	bool pane_chosen; /* by the user */
	bool indexing; /* session_index_start() was called and not finished */
	bool waiting; /* another process indexes: session_index_start() is to be called again */
	struct live live;
	struct alerts alerts;
	struct err index_err; /* why indexing failed; rc RC_DONE where it did not */
	bool rebuilt; /* a damaged index was thrown away once */
	int64_t refreshed_ns; /* when the session was last asked for news */
	bool quit;
	struct mouse mouse;
	uint32_t key; /* the last one */
	bool each_point; /* what several capture points saw is shown for each, not once */
	bool paced; /* somebody presses keys, and looks at what they do */
	bool hurry; /* the screen's own work goes on when keys were taken: nobody sleeps */
	int64_t key_ns; /* when he pressed the last one, on the monotonic clock */
	bool no_strip, no_mouse, no_restore; /* chosen by the user */
	bool redraw, suspend, retheme; /* asked of whoever has the terminal */
};

struct screen_options {
	const char *title, *filter; /* see struct ui_options */
	const char *history; /* see prompt_new() */
	const char *state; /* see state_open() */
	bool fresh; /* not as it was left */
	struct config *config; /* taken over in any case; NULL: the defaults */
	int w, h;
	bool ascii;
};

/*
 * Starts indexing where it is needed, and opens the macroflows. On failure nothing is left to
 * close.
 */
enum rc screen_open(struct screen *s, struct session *session, const struct screen_options *o,
	struct err *err);
void screen_close(struct screen *s);
/* Draws everything into the canvas. */
void screen_draw(struct screen *s);
void screen_key(struct screen *s, uint32_t key);
void screen_request(struct screen *s, enum request r);
/* Background work may have brought something: queries, indexing, writing. */
void screen_update(struct screen *s);
/* Whether any background work is under way. */
bool screen_busy(const struct screen *s);
/*
 * Milliseconds until keys have rested long enough to ask for what takes long and a further key would make vain; 0: they rest. In
 * scripts they always do.
 */
int screen_rest_ms(const struct screen *s);
void screen_resize(struct screen *s, int w, int h);

/* Asks the session whether something was published, and the views to show it. */
void screen_look_for_news(struct screen *s);

struct view *screen_top(const struct screen *s);
struct view *screen_below(
	const struct screen *s, const struct view *v); /* NULL at the bottom */
/* Puts a view on the stack; NULL says that there was no memory. */
void screen_push(struct screen *s, struct view *v);
/* Takes the top one off; leaves the program at the last one only where `may_quit`. */
void screen_pop(struct screen *s, bool may_quit);
void screen_say(struct screen *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void screen_fail(struct screen *s, const struct err *err);
/* What was typed at the prompt (ui/screen_prompt.c). */
void screen_prompt_open(struct screen *s, enum prompt_kind kind);
void screen_prompt_key(struct screen *s, uint32_t key);

/* The next way of showing times (ui/cell_time.c). */
void times_request(struct screen *s, enum request r);

/* ui/chrome.c: top line, hints and last line. */
void chrome_draw_top(struct screen *s);
void chrome_draw_bottom(struct screen *s);
/* How much of what is being indexed is; -1 where nothing is. */
int chrome_indexed_permille(const struct screen *s);
/* Totals of all sources: what the top line and cell_style say. */
void chrome_measure(struct screen *s);

#endif
