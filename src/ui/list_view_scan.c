/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looking through rows one by one: for text, for trouble, for a time. There may be a million of them, and what they say is made when it
 * is asked for: who looks stops after a moment (SLICE_NS) and goes on when the screen has been drawn and keys were taken.
 * Rows that move meanwhile, because a refresh brought others, are not looked for again.
 */
#include "ui/list_view.h"

#include "base/clock.h"
#include "flow/health.h"

#include <stdio.h>
#include <string.h>

enum { SLICE_NS = 8 * 1000 * 1000, CHECK_EVERY = 16 };

static bool matches(const struct list_view *lv, const struct row *row)
{
	int64_t time_ns;

	switch (lv->scan.what) {
	case LIST_SCAN_TEXT: return columns_match(&lv->columns, row, &lv->style, lv->search);
	case LIST_SCAN_TROUBLE: return health_trouble(row) > 0;
	case LIST_SCAN_TIME: return list_view_row_time(row, &time_ns) && time_ns >= lv->scan.time_ns;
	case LIST_SCAN_NONE: break;
	}
	return false;
}

/* There may be no room for the column. */
static void say_why(const struct list_view *lv, const struct row *row, const char *before)
{
	struct health_verdict v;
	char why[160];

	if (row->record == NULL)
		return;
	health_judge(row->record, row->limits, &v);
	if (health_why(why, sizeof(why), &v) == 0)
		health_failed(why, sizeof(why), row->record, &v);
	screen_say(lv->view.screen, "%s%s: %s", before, health_name(v.health), why);
}

/* The selected one may be the only one in trouble. */
static void say_no_trouble(struct list_view *lv)
{
	const struct result *r = loader_lock(&lv->loader);
	char none[96];
	struct row row;

	if (loader_loading(&lv->loader)) {
		screen_say(lv->view.screen, "no trouble in the rows that are there; others come");
		loader_unlock(&lv->loader);
		return;
	}
	snprintf(none, sizeof(none), "no %s %s is in trouble", lv->scan.by > 0 ? "further" : "earlier",
		tier_singular(lv->view.tier));
	screen_say(lv->view.screen, "%s", none);
	snprintf(none + strlen(none), sizeof(none) - strlen(none), "; this one is ");
	if (list_view_row(lv, r, lv->list.selected, &row) && health_trouble(&row) > 0)
		say_why(lv, &row, none);
	loader_unlock(&lv->loader);
}

static void say_nothing(struct list_view *lv)
{
	struct screen *s = lv->view.screen;

	if (lv->scan.what == LIST_SCAN_TEXT)
		screen_say(s, "'%s' is in no column on the screen", lv->search);
	else if (lv->scan.what == LIST_SCAN_TROUBLE)
		say_no_trouble(lv);
	else
		screen_say(s, "goto: no row at or after that time");
}

/* Rows until one matches, all were seen, or it has taken long enough; the row that matched is lv->scan.at. */
static bool slice(struct list_view *lv, const struct result *r)
{
	int64_t end_ns = clock_monotonic_ns() + SLICE_NS;
	struct list_scan *scan = &lv->scan;
	struct row row;

	for (unsigned i = 1; scan->left > 0; i++) {
		scan->left--;
		if (list_view_row(lv, r, scan->at, &row) && matches(lv, &row)) {
			if (scan->what == LIST_SCAN_TROUBLE)
				say_why(lv, &row, "");
			return true;
		}
		scan->at = scan->by > 0 ? scan->at + 1 : scan->at - 1;
		if (scan->at >= lv->list.count)
			scan->at = scan->by > 0 ? 0 : lv->list.count - 1;
		/* scripts say what is to be seen next: for them it is done at once */
		if (i % CHECK_EVERY == 0 && lv->view.screen->paced && clock_monotonic_ns() > end_ns)
			break;
	}
	return false;
}

/* One slice; false where all was seen in vain. */
static bool go_on(struct list_view *lv)
{
	const struct result *r = loader_lock(&lv->loader);
	bool found = r != NULL && slice(lv, r);

	loader_unlock(&lv->loader);
	if (found) {
		lv->scan.what = LIST_SCAN_NONE;
		lv->follow = false;
		list_select(&lv->list, lv->scan.at);
		list_view_remember(lv);
	}
	lv->view.screen->hurry |= !found && lv->scan.left > 0;
	return found || lv->scan.left > 0;
}

/* From place `at` on, `n` rows, over the list's end. */
static bool start(struct list_view *lv, enum list_scan_what what, size_t at, size_t n, int by)
{
	lv->scan = (struct list_scan){ .what = what, .at = at, .left = n, .n = n, .by = by, .time_ns = lv->scan.time_ns };
	if (n > 0 && go_on(lv))
		return true;
	lv->scan.what = LIST_SCAN_NONE;
	return false;
}

void list_view_scan_on(struct list_view *lv)
{
	if (lv->scan.what == LIST_SCAN_NONE || go_on(lv))
		return;
	say_nothing(lv);
	lv->scan.what = LIST_SCAN_NONE;
}

bool list_view_scan_stop(struct list_view *lv)
{
	bool scans = lv->scan.what != LIST_SCAN_NONE;

	lv->scan.what = LIST_SCAN_NONE;
	return scans;
}

bool list_view_scan_text(const struct list_view *lv, char *out, size_t size)
{
	const struct list_scan *scan = &lv->scan;

	if (scan->what == LIST_SCAN_NONE)
		return false;
	snprintf(out, size, "looking through %zu rows: %zu %%; Escape stops", scan->n, (scan->n - scan->left) * 100 / scan->n);
	return true;
}

/* ---- what is looked for ------------------------------------------------------------------------ */

bool list_view_search(struct view *v, const char *text, int by)
{
	struct list_view *lv = (struct list_view *)v;
	size_t n = lv->list.count, at = lv->list.selected;

	if (text != NULL)
		snprintf(lv->search, sizeof(lv->search), "%s", text);
	if (lv->search[0] == '\0' || n == 0)
		return false;
	return start(lv, LIST_SCAN_TEXT, by > 0 ? (at + 1) % n : (at + n - 1) % n, n, by);
}

/* From the selected row up or down to one that is not well. */
void list_view_go_to_trouble(struct list_view *lv, int by)
{
	size_t at, n;

	if (lv->fold.on && !lv->fold.open) {
		lv->fold.open = true;        /* small services may be in trouble too */
		list_view_arrange(lv);
	}
	at = lv->list.selected;
	n = by < 0 ? at : lv->list.count > 0 ? lv->list.count - 1 - at : 0;
	if (start(lv, LIST_SCAN_TROUBLE, by > 0 ? at + 1 : at - 1, n, by))
		return;
	lv->scan.what = LIST_SCAN_TROUBLE;
	lv->scan.by = by;
	say_nothing(lv);
	lv->scan.what = LIST_SCAN_NONE;
	list_view_remember(lv);
}

enum rc list_view_go_to_time(struct view *v, int64_t time_ns, struct err *err)
{
	struct list_view *lv = (struct list_view *)v;

	lv->scan.time_ns = time_ns;
	if (!start(lv, LIST_SCAN_TIME, 0, lv->list.count, 1))
		return err_set(err, RC_NOTHING, "goto", "no row at or after that time");
	return RC_DONE;
}
