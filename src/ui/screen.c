/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/screen.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ui/along.h"
#include "ui/command.h"
#include "ui/config.h"
#include "ui/crumbs.h"
#include "ui/no_use.h"
#include "ui/restore.h"
#include "ui/save.h"
#include "ui/setting.h"
#include "ui/state.h"
#include "ui/view_blocks.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { PANE_MIN_H = 30 };
static const int64_t refresh_every_ns = 300 * 1000 * 1000;
static const int64_t rest_ns = 100 * 1000 * 1000;

/*
 * ---- the stack
 * -----------------------------------------------------------------------------------
 */

struct view *screen_top(const struct screen *s)
{
	return s->views[s->n_views - 1];
}

struct view *screen_below(const struct screen *s, const struct view *v)
{
	for (size_t i = 1; i < s->n_views; i++)
		if (s->views[i] == v)
			return s->views[i - 1];
	return NULL;
}

void screen_push(struct screen *s, struct view *v)
{
	if (v == NULL) {
		screen_say(s, "out of memory");
		return;
	}
	if (s->n_views == SCREEN_VIEWS_MAX) {
		v->ops->close(v);
		screen_say(s, "too many views; Escape goes back");
		return;
	}
	s->views[s->n_views++] = v;
}

static void refresh_top(struct screen *s)
{
	struct view *v = screen_top(s);

	v->stale = false;
	if (v->ops->refresh != NULL)
		v->ops->refresh(v);
}

void screen_pop(struct screen *s, bool may_quit)
{
	struct view *v;

	if (s->n_views == 1) {
		if (may_quit)
			s->quit = true;
		else
			screen_say(s, "this is the first view; Q leaves the program");
		return;
	}
	v = s->views[--s->n_views];
	if (screen_top(s)->ops->take_back != NULL)
		screen_top(s)->ops->take_back(screen_top(s), v);
	v->ops->close(v);
	if (screen_top(s)->stale)
		refresh_top(s);
}

/*
 * ---- messages
 * -------------------------------------------------------------------------------------
 */

void screen_say(struct screen *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->message.text, sizeof(s->message.text), fmt, ap);
	va_end(ap);
	s->message.bad = false;
}

void screen_fail(struct screen *s, const struct err *err)
{
	snprintf(s->message.text, sizeof(s->message.text), "%s: %s", err->what, err->why);
	s->message.bad = true;
}

/*
 * ---- opening and closing
 * -------------------------------------------------------------------------
 */

static void name_source(struct screen *s, const char *title)
{
	const struct query_sources *sources = session_sources(s->session);
	const char *path = title, *slash;

	if (path == NULL)
		path = sources->n > 0 ? store_path(sources->stores[0]) : "flowdrill";
	slash = strrchr(path, '/');
	if (slash != NULL && slash[1] != '\0')
		path = slash + 1;
	snprintf(s->source, sizeof(s->source), "%s", path);
}

/* Also where another process is at it: then it is tried again now and then. */
static enum rc start_indexing(struct screen *s, struct err *err)
{
	enum rc rc = session_index_start(s->session, err);

	s->indexing = rc == RC_DONE;
	s->waiting = rc == RC_LOCKED;
	return s->waiting ? RC_DONE : rc;
}

static enum rc start(struct screen *s, const struct screen_options *o, struct err *err)
{
	enum rc rc = prompt_new(o->history, command_complete, s, &s->prompt, err);

	if (rc == RC_DONE)
		rc = state_open(o->state, &s->state, err);
	if (rc == RC_DONE && session_needs_index(s->session))
		rc = start_indexing(s, err);
	if (rc != RC_DONE)
		return rc;
	setting_start(s);
	name_source(s, o->title);
	chrome_measure(s);
	live_see(s);
	screen_push(s, view_records_new(s, TIER_MACROFLOW, NULL, true));
	if (s->n_views == 0)
		return err_memory(err);
	if (o->filter != NULL && o->filter[0] != '\0')
		rc = screen_top(s)->ops->set_filter(screen_top(s), o->filter, err);
	else if (!o->fresh && !s->indexing && !s->waiting)
		restore_go(s);
	return rc;
}

/* The first one; all are told when the screen is gone. */
static void say_config(struct screen *s)
{
	const struct config *c = s->config;

	if (c->n_errors > 1)
		screen_say(s, "%zu errors, the first: %s", c->n_errors, c->errors[0]);
	else
		screen_say(s, "%s", c->errors[0]);
	s->message.bad = true;
}

enum rc screen_open(struct screen *s, struct session *session, const struct screen_options *o,
	struct err *err)
{
	enum rc rc;

	memset(s, 0, sizeof(*s));
	s->session = session;
	range_init(&s->range);
	range_begin(s);
	s->config = o->config != NULL ? o->config : config_new();
	if (s->config == NULL)
		return err_memory(err);
	rc = canvas_new(o->w, o->h, o->ascii, &s->canvas, err);
	if (rc != RC_DONE) {
		mem_free(s->config);
		return rc;
	}
	s->pane = o->h >= PANE_MIN_H ? DETAIL_SMALL : DETAIL_NONE;
	rc = start(s, o, err);
	if (rc != RC_DONE)
		screen_close(s);
	else if (s->config->n_errors > 0)
		say_config(s);
	return rc;
}

void screen_close(struct screen *s)
{
	save_cancel(s);
	alerts_close(s);
	if (s->state != NULL)
		restore_remember(s);
	while (s->n_views > 0) {
		struct view *v = s->views[--s->n_views];

		v->ops->close(v);
	}
	if (s->indexing)
		session_index_finish(s->session, true, NULL);
	s->indexing = false;
	tags_clear(&s->tags);
	marks_free(&s->marks);
	prompt_free(s->prompt);
	state_close(s->state);
	mem_free(s->config);
	canvas_free(s->canvas);
}

/*
 * ---- drawing
 * --------------------------------------------------------------------------------------
 */

void screen_draw(struct screen *s)
{
	struct canvas *c = s->canvas;
	struct view *v = screen_top(s);
	int alerts = alerts_rows(s);

	canvas_clear(c);
	mouse_forget(s);
	if (c->w < SCREEN_MIN_W || c->h < SCREEN_MIN_H) {
		canvas_printf(
			c, 0, 0, c->w, ATTR_WARN, "terminal too small (%dx%d)", c->w, c->h);
		return;
	}
	v->ops->draw(v, c, (struct rect){ 0, 1, c->w, c->h - 3 - alerts });
	if (alerts > 0)
		alerts_draw(s, c->h - 3);
	chrome_draw_top(s);
	chrome_draw_bottom(s);
}

void screen_resize(struct screen *s, int w, int h)
{
	struct err err;

	if (canvas_resize(s->canvas, w, h, &err) != RC_DONE)
		screen_fail(s, &err);
	if (!s->pane_chosen)
		s->pane = h >= PANE_MIN_H ? DETAIL_SMALL : DETAIL_NONE;
}

/*
 * ---- background work
 * ------------------------------------------------------------------------------
 */

static void refresh_views(struct screen *s)
{
	alerts_refresh(s);
	chrome_measure(s);
	range_slide(s);
	for (size_t i = 0; i < s->n_views; i++)
		s->views[i]->stale = true;
	refresh_top(s);
}

void screen_look_for_news(struct screen *s)
{
	struct err err;
	bool changed = false;

	s->refreshed_ns = clock_monotonic_ns();
	if (session_refresh(s->session, &changed, &err) != RC_DONE)
		screen_fail(s, &err);
	else if (changed)
		refresh_views(s);
}

static void update_indexing(struct screen *s)
{
	const struct ingest_progress *p = session_index_progress(s->session);
	struct err err;

	if (p != NULL && !atomic_load(&p->done)) {
		if (clock_monotonic_ns() - s->refreshed_ns >= refresh_every_ns)
			screen_look_for_news(s);
		return;
	}
	s->indexing = false;
	if (session_index_finish(s->session, false, &err) != RC_DONE) {
		s->index_err = err;
		screen_fail(s, &err);
	}
	refresh_views(s); /* finishing has taken the last news */
}

static void update_waiting(struct screen *s)
{
	struct err err;

	if (clock_monotonic_ns() - s->refreshed_ns < refresh_every_ns)
		return;
	screen_look_for_news(s);
	if (start_indexing(s, &err) != RC_DONE)
		screen_fail(s, &err);
}

/* An index that turns out to be damaged is made anew, once; only the first view stays. */
static void mend_index(struct screen *s)
{
	const struct view *v = screen_top(s);
	struct err err, why;

	if (s->rebuilt || s->indexing || s->waiting || v->ops->failed == NULL ||
		!v->ops->failed(v, &why) || why.rc != RC_DAMAGED)
		return;
	s->rebuilt = true;
	save_cancel(s);
	while (s->n_views > 1)
		screen_pop(s, false);
	if (session_rebuild_start(s->session, &err) != RC_DONE) {
		screen_fail(s, &why);
		return;
	}
	s->indexing = true;
	screen_say(s, "the index was damaged: made anew");
}

void screen_update(struct screen *s)
{
	struct view *v = screen_top(s);

	s->hurry = false;
	session_tidy(s->session, false);
	if (s->indexing)
		update_indexing(s);
	if (s->waiting)
		update_waiting(s);
	live_update(s);
	alerts_update(s);
	save_update(s);
	if (v->ops->update != NULL)
		v->ops->update(v);
	mend_index(s);
}

bool screen_busy(const struct screen *s)
{
	const struct view *v = screen_top(s);
	int progress;

	return s->indexing || s->waiting || s->save != NULL ||
		(v->ops->busy != NULL && v->ops->busy(v, &progress));
}

int screen_rest_ms(const struct screen *s)
{
	int64_t left_ns = s->paced ? s->key_ns + rest_ns - clock_monotonic_ns() : 0;

	return left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0;
}

/*
 * ---- requests
 * -------------------------------------------------------------------------------------
 */

static bool cancel_query(struct screen *s)
{
	struct view *v = screen_top(s);

	return v->ops->cancel != NULL && v->ops->cancel(v);
}

static void interrupt(struct screen *s)
{
	if (!save_cancel(s) && !cancel_query(s))
		screen_say(s, "nothing is running; Q leaves the program");
}

static void search_again(struct screen *s, int by)
{
	struct view *v = screen_top(s);

	if (v->ops->search == NULL)
		no_use_say(s, by > 0 ? REQ_SEARCH_NEXT : REQ_SEARCH_PREV);
	else if (!v->ops->search(v, NULL, by))
		screen_say(s, "not found; * searches for text");
}

static void show_id(struct screen *s)
{
	struct view *v = screen_top(s);
	char text[ID_TEXT];
	struct id id;

	if (v->group[0] != '\0')
		screen_say(s, "groups have no id: Enter shows their members");
	if (v->ops->selected == NULL || !v->ops->selected(v, &id)) {
		no_use_say(s, REQ_COPY_ID);
		return;
	}
	id_format(text, sizeof(text), &id);
	screen_say(s, "%s %s", tier_singular(id.tier), text);
}

static void open_sort(struct screen *s)
{
	if (screen_top(s)->ops->set_sort == NULL)
		no_use_say(s, REQ_SORT);
	else
		screen_push(s, view_sort_new(s, screen_top(s)));
}

static void open_help(struct screen *s)
{
	if (strcmp(screen_top(s)->ops->name, "help") != 0)
		screen_push(s, view_help_new(s));
}

static void open_pane(struct screen *s)
{
	if (screen_top(s)->ops->set_sort == NULL) {
		no_use_say(s, REQ_PANE);
		return;
	}
	s->pane = (s->pane + 1) % DETAIL_SIZES;
	s->pane_chosen = true;
}

static void untag(struct screen *s)
{
	if (s->tags.n == 0)
		no_use_say(s, REQ_TAG_CLEAR);
	tags_clear(&s->tags);
}

static void go_to_crumb(struct screen *s)
{
	const struct view *top = screen_top(s);

	if (s->key < '1' || s->key > '9')
		screen_say(s, "a digit tells which step of the top line, or :crumb N");
	else if (!crumbs_go(s, s->key - '0'))
		screen_say(s, "the top line has no step %u", s->key - '0');
	else if (screen_top(s) == top)
		screen_say(s, "step %u of the top line is here", s->key - '0');
}

static void request_own(struct screen *s, enum request r)
{
	switch (r) {
	case REQ_BACK:
		if (!cancel_query(s))
			screen_pop(s, false);
		break;
	case REQ_CLOSE: screen_pop(s, true); break;
	case REQ_CRUMB: go_to_crumb(s); break;
	case REQ_FILTER: screen_prompt_open(s, PROMPT_FILTER); break;
	case REQ_SEARCH: screen_prompt_open(s, PROMPT_SEARCH); break;
	case REQ_COMMAND: screen_prompt_open(s, PROMPT_COMMAND); break;
	case REQ_WRITE: screen_prompt_open(s, PROMPT_WRITE); break;
	case REQ_PIPE: screen_prompt_open(s, PROMPT_PIPE); break;
	case REQ_SEARCH_NEXT: search_again(s, 1); break;
	case REQ_SEARCH_PREV: search_again(s, -1); break;
	case REQ_SORT: open_sort(s); break;
	case REQ_PANE: open_pane(s); break;
	case REQ_TAG_CLEAR: untag(s); break;
	case REQ_TIMES:
	case REQ_ZONE: times_request(s, r); break;
	case REQ_MARK:
	case REQ_MARK_GO: marks_ask(s, r); break;
	case REQ_PAUSE: live_pause(s); break;
	case REQ_FOLLOW: screen_say(s, "only lists can be followed"); break;
	case REQ_COPY_ID: show_id(s); break;
	case REQ_HELP: open_help(s); break;
	case REQ_REDRAW: s->redraw = true; break;
	case REQ_SUSPEND: s->suspend = true; break;
	case REQ_INTERRUPT: interrupt(s); break;
	case REQ_QUIT: s->quit = true; break;
	case REQ_EVENTS: screen_push(s, view_events_new(s)); break;
	case REQ_BLOCKS: screen_push(s, view_blocks_new(s, &(struct blocks_query){ .any = false })); break;
	case REQ_CHART: screen_say(s, "only lists have a chart"); break;
	default:
		if (!range_request(s, r))
			no_use_say(s, r);
	}
}

void screen_request(struct screen *s, enum request r)
{
	struct view *v = screen_top(s);

	if (r != REQ_NONE && !v->ops->request(v, r) && !along_request(s, r))
		request_own(s, r);
	no_use_say_open(s, r, v);
}

static void press(struct screen *s, uint32_t key)
{
	struct keymap_state typed = s->keys;
	enum request r = keymap_feed(&s->config->keymap, &s->keys, key);

	if (r != REQ_NONE)
		screen_request(s, r);
	else if (s->keys.n == 0 && key != UKEY_ESCAPE)
		no_use_say_key(s, &typed, key);
}

void screen_key(struct screen *s, uint32_t key)
{
	s->message.text[0] = '\0';
	s->mouse.clicked = false;
	s->key = key;
	s->key_ns = clock_monotonic_ns();
	if (prompt_is_open(s->prompt))
		screen_prompt_key(s, key);
	else if (!marks_key(s, key))
		press(s, key);
}
