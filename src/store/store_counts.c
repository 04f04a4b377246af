/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting of a recorder's points, windows with drops, the log of events, and who writes. */
#include "store/lock.h"
#include "store/store_impl.h"

#include <stdio.h>

/* A time's place in the windows with drops: the first that begins at it or later. */
static size_t drops_from(const struct view *v, int64_t from_ns)
{
	size_t low = 0, high = v->n_drops;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->drops[middle].from_ns < from_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum rc check_point(const struct store *s, uint32_t point, struct err *err)
{
	if (point >= s->view.n_points)
		return err_set(err, RC_USAGE, s->path, "no capture point %u", point);
	return RC_DONE;
}

enum rc store_set_counts(struct store *s, uint32_t point, const struct point_counts *counts, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = check_point(s, point, err);
	if (rc == RC_DONE)
		rc = catalog_put_counts(s->catalog, point, counts, err);
	if (rc == RC_DONE) {
		view_set_counts(&s->view, point, counts);
		s->changes++;
	}
	store_unlock(s);
	return rc;
}

enum rc store_put_drop(struct store *s, const struct drop_info *d, struct err *err)
{
	struct drop_info row = *d;
	enum rc rc;

	row.number = s->view.drops_seen + 1;
	rc = catalog_put_drop(s->catalog, &row, err);
	return rc == RC_DONE ? view_add_drop(&s->view, &row, err) : rc;
}

static enum rc add_drop(struct store *s, const struct drop_info *d, struct err *err)
{
	enum rc rc = check_point(s, d->point, err);

	if (rc == RC_DONE && d->to_ns < d->from_ns)
		rc = err_set(err, RC_USAGE, s->path, "a window with drops ends before it begins");
	if (rc == RC_DONE)
		rc = store_put_drop(s, d, err);
	s->changes += rc == RC_DONE;
	return rc;
}

enum rc store_add_drop(struct store *s, const struct drop_info *d, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = add_drop(s, d, err);
	store_unlock(s);
	return rc;
}

const struct drop_info *store_drops(const struct store *s, size_t *n)
{
	*n = s->view.n_drops;
	return s->view.drops;
}

/* A window longer than this is told by several: so few need to be looked at. */
uint64_t store_drops_between(const struct store *s, uint32_t point, int64_t from_ns, int64_t to_ns)
{
	const struct view *v = &s->view;
	uint64_t sum = 0;

	for (size_t i = drops_from(v, from_ns); i < v->n_drops && v->drops[i].from_ns < to_ns; i++)
		if (v->drops[i].point == point)
			sum += v->drops[i].dropped;
	return sum;
}

/* ---- events ------------------------------------------------------------------------------- */

struct event_list {
	struct event_info *v;
	size_t n, max;
};

static bool take_event(void *ctx, int64_t time_ns, const char *kind, const char *text)
{
	struct event_list *l = ctx;
	struct event_info *e = &l->v[l->n];

	e->time_ns = time_ns;
	snprintf(e->kind, sizeof(e->kind), "%s", kind);
	snprintf(e->text, sizeof(e->text), "%s", text);
	return ++l->n < l->max;
}

enum rc store_events(struct store *s, size_t max, struct event_info *out, size_t *n, struct err *err)
{
	struct event_list l = { .v = out, .max = max };
	enum rc rc = RC_DONE;

	store_lock(s);
	if (max > 0)
		rc = catalog_last_events(s->catalog, max, take_event, &l, err);
	store_unlock(s);
	for (size_t i = 0; i < l.n / 2; i++) {
		struct event_info e = out[i];

		out[i] = out[l.n - 1 - i];
		out[l.n - 1 - i] = e;
	}
	*n = rc == RC_DONE ? l.n : 0;
	return rc;
}

/* ---- who writes --------------------------------------------------------------------------- */

long store_writer_pid(const struct store *s)
{
	char path[STORE_PATH];

	if (s->kind == STORE_OWN)
		snprintf(path, sizeof(path), "%s/lock", s->path);
	else
		store_name_path(s, "lock", path);
	return lock_holder(path);
}
