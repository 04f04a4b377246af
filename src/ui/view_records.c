/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macroflows, flows and microflows: one list view with the tier as its parameter. */
#include "base/mem.h"
#include "base/text.h"
#include "ui/list_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Columns by tier, most useful first: what does not fit is scrolled to. "point" stands where it
 * is shown when there are several capture points; with one it is left out.
 */
static const char *const macroflow_columns[] = { "slice", "point", "port", "app", "server",
	"health", "why", "clients", "flows", "bytes", "bits_s", "packets_s", "response_p95", "response_max", "rtt_p95", "name", "requests",
	"errors", "refusals", "packets",
	"retrans", "refused", "zero_window", "rst", "checksum_errors",
	"c2s_bytes", "s2c_bytes", "size_avg", "first", "last", "malformed", "fragments", "vlan",
	"tunnel", "proto", "payload_bytes", "id", NULL };
static const char *const flow_columns[] = { "first", "point", "client", "client_port", "server_port",
	"health", "response_max", "why", "duration", "packets", "bytes", "bits_s", "packets_s", "rtt_avg", "retrans", "end_reason",
	"app", "name", "status", "url", "requests", "errors", "c2s_bytes", "s2c_bytes",
	"payload_bytes", "gap_max", "tcp_flags", "rst", "checksum_errors", "malformed",
	"size_avg", "window_min", "server", "vlan", "tunnel", "orientation_by", "id",
	NULL };
static const char *const microflow_columns[] = { "slice", "first", "health", "response_max", "why", "duration",
	"packets", "bytes", "rtt_avg", "retrans", "name", "status", "url", "errors", "c2s_bytes", "s2c_bytes", "gap_max", "tcp_flags", "payload_bytes", "size_avg",
	"size_max", "gap_avg", "window_min", "syn", "fin", "rst", "checksum_errors",
	"c2s_packets", "s2c_packets", "malformed", "client", "client_port", "server",
	"server_port", "id", NULL };

static const char *const *columns_of(enum tier tier)
{
	return tier == TIER_MACROFLOW ? macroflow_columns
		: tier == TIER_FLOW   ? flow_columns
				      : microflow_columns;
}

/* What is the same in all rows is no column. */
static bool is_told(const struct list_view *lv, const struct field *f)
{
	if (rates_is_field(f))
		return lv->view.screen->live.recorders == 0;
	if (f->unit == UNIT_POINT)
		return !lv->view.screen->style.points || (lv->view.tier != TIER_MACROFLOW && lv->loader.query.n_in > 0);
	return f->id == FIELD_SERVER_PORT && lv->view.tier == TIER_FLOW &&
		!lv->ports;
}

static void set_columns(struct list_view *lv)
{
	const char *const *names = columns_of(lv->view.tier);

	columns_clear(&lv->columns);
	for (; *names != NULL; names++) {
		const struct field *f = cell_field_find(*names, lv->view.tier);

		if (f != NULL && !is_told(lv, f))
			columns_add(&lv->columns, f);
	}
	lv->columns.frozen =
		lv->view.tier == TIER_MACROFLOW ? (lv->view.screen->style.points ? 5 : 4) : 1;
}

/*
 * ---- the long tail of small services
 * ---------------------------------------------------------
 */

enum {
	FOLD_MIN_ROWS = 4,
	FOLD_SMALL = 200, /* a small service has less than one part in so many of its window's bytes */
	FOLD_SUM_MAX = 2, /* and all small ones together no more than one in so many */
};

struct ranked {
	uint64_t bytes, window_bytes;
	size_t row;
};

struct tail {
	struct ranked *ranked; /* the largest first */
	bool *small; /* by row */
	size_t n, rows; /* in all, but for those that others stand for; small ones */
	size_t n_rows;
	uint64_t bytes, total;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static int64_t row_slice(const struct result *r, size_t i)
{
	struct row row;

	return result_row(r, i, &row) ? row.record->slice_ns : 0;
}

/*
 * A window that has just begun is small as a whole: services are compared with those of their own
 * window. The rows come by window.
 */
static void sum_windows(struct tail *t, const struct result *r)
{
	for (size_t from = 0, to; from < t->n; from = to) {
		int64_t slice = row_slice(r, t->ranked[from].row);
		uint64_t sum = 0;

		for (to = from; to < t->n && row_slice(r, t->ranked[to].row) == slice; to++)
			sum += t->ranked[to].bytes;
		for (size_t i = from; i < to; i++)
			t->ranked[i].window_bytes = sum;
		t->total += sum;
	}
}

static bool tail_new(struct tail *t, const struct list_view *lv, const struct result *r)
{
	memset(t, 0, sizeof(*t));
	t->n_rows = result_count(r);
	t->ranked = mem_calloc(t->n_rows, sizeof(*t->ranked));
	t->small = mem_calloc(t->n_rows, sizeof(*t->small));
	if (t->ranked == NULL || t->small == NULL)
		return false;
	for (size_t i = 0; i < t->n_rows; i++) {
		struct ranked *ranked = &t->ranked[t->n];
		struct row row;

		if (same_is_hidden(&lv->same, i))
			continue;
		ranked->row = i;
		if (result_row(r, i, &row))
			ranked->bytes = counters_bytes(&row.record->c);
		t->n++;
	}
	sum_windows(t, r);
	qsort(t->ranked, t->n, sizeof(*t->ranked), by_rank);
	return true;
}

/* Marks what is small behind the `keep` largest; false where there is nothing to fold. */
static bool tail_mark(struct tail *t, size_t keep)
{
	for (size_t i = keep; i < t->n; i++) {
		if (t->ranked[i].bytes >= t->ranked[i].window_bytes / FOLD_SMALL)
			continue;
		t->small[t->ranked[i].row] = true;
		t->bytes += t->ranked[i].bytes;
		t->rows++;
	}
	return t->rows >= FOLD_MIN_ROWS && t->bytes <= t->total / FOLD_SUM_MAX;
}

/* What is looked at is not taken away. */
static void tail_keep(struct tail *t, const struct list_view *lv, const struct result *r)
{
	size_t row;

	if (lv->fold.open || !lv->has_key || !result_find(r, &lv->key, &row))
		return;
	row = same_row(&lv->same, row);
	if (!t->small[row])
		return;
	t->small[row] = false;
	t->rows--;
	for (size_t i = 0; i < t->n; i++)
		if (t->ranked[i].row == row)
			t->bytes -= t->ranked[i].bytes;
}

static void tail_free(struct tail *t)
{
	mem_free(t->ranked);
	mem_free(t->small);
}

static void fold_text(struct list_fold *fold, const struct tail *t)
{
	double percent = t->total > 0 ? 100.0 * (double)t->bytes / (double)t->total : 0;

	snprintf(fold->text, sizeof(fold->text), "%zu %s services, %.1f %% of bytes%s",
		fold->rows, fold->open ? "small" : "more", percent,
		fold->open ? "; Enter hides them" : "");
}

/* Large rows first, then the fold's line, then the small ones where it is open. */
static void fold_rows(struct list_view *lv, const struct tail *t)
{
	size_t at = 0;

	for (size_t i = 0; i < t->n_rows; i++)
		if (!t->small[i] && !same_is_hidden(&lv->same, i))
			lv->map[at++] = i;
	lv->fold.on = true;
	lv->fold.at = at;
	lv->fold.rows = t->rows;
	lv->map[at++] = 0;
	for (size_t i = 0; i < t->n_rows && lv->fold.open; i++)
		if (t->small[i])
			lv->map[at++] = i;
	fold_text(&lv->fold, t);
	list_set_count(&lv->list, at);
}

/*
 * What fits on the screen is never folded. Only in the usual order and without a filter: who
 * asks for something wants to see it all.
 */
static void arrange(struct list_view *lv, const struct result *r)
{
	size_t n = result_count(r) - lv->same.hidden, keep = lv->list.page > 1 ? lv->list.page - 1 : 1;
	struct tail tail;

	if (n < keep + FOLD_MIN_ROWS || lv->sort.field != NULL || lv->view.filter[0] != '\0' ||
		lv->grouping.n > 0)
		return;
	if (tail_new(&tail, lv, r) && tail_mark(&tail, keep)) {
		tail_keep(&tail, lv, r);
		lv->map = mem_calloc(n + 1, sizeof(*lv->map));
		if (lv->map != NULL)
			fold_rows(lv, &tail);
	}
	tail_free(&tail);
}

static struct view *below(struct list_view *lv, const struct id *id, bool ports)
{
	struct screen *s = lv->view.screen;

	if (lv->view.tier == TIER_MICROFLOW)
		return view_packets_new(s, id);
	return view_records_new(
		s, lv->view.tier == TIER_MACROFLOW ? TIER_FLOW : TIER_MICROFLOW, id, ports);
}

static const struct view_hint macroflow_hints[] = { { REQ_OPEN, NULL }, { REQ_BACK, NULL },
	{ REQ_QUIT, NULL }, { REQ_FOLLOW, NULL }, { REQ_PAUSE, NULL }, { REQ_NEXT_TROUBLE, NULL },
	{ REQ_FILTER, NULL }, { REQ_CHART, NULL }, { REQ_HELP, NULL }, { REQ_GROUP_NONE, "group" }, { REQ_POINTS, NULL }, { REQ_SORT, NULL }, { REQ_RELATED, NULL },
	{ REQ_TOP, NULL }, { REQ_PANE, NULL }, { REQ_WRITE, NULL }, { REQ_PACKETS, NULL }, { REQ_COMMAND, NULL },
	{ REQ_NONE, NULL } };
static const struct view_hint hints[] = { { REQ_OPEN, NULL }, { REQ_BACK, NULL },
	{ REQ_FOLLOW, NULL }, { REQ_PAUSE, NULL }, { REQ_NEXT_TROUBLE, NULL },
	{ REQ_FILTER, NULL }, { REQ_CHART, NULL }, { REQ_RELATED, NULL }, { REQ_HELP, NULL }, { REQ_GROUP_NONE, "group" }, { REQ_SORT, NULL },
	{ REQ_STREAM, NULL }, { REQ_LADDER, NULL }, { REQ_ZOOM_IN, NULL }, { REQ_TOP, NULL },
	{ REQ_PANE, NULL }, { REQ_WRITE, NULL }, { REQ_PACKETS, NULL }, { REQ_COMMAND, NULL }, { REQ_NONE, NULL } };
static const struct list_hooks macroflow_hooks = {
	.below = below, .arrange = arrange, .columns = set_columns
};
static const struct list_hooks record_hooks = { .below = below, .columns = set_columns };
static const struct view_ops macroflow_ops = {
	.name = "macroflows", .hints = macroflow_hints, .set_group = list_view_set_group, LIST_VIEW_OPS
};
static const struct view_ops flow_ops = {
	.name = "flows", .hints = hints, .set_group = list_view_set_group, LIST_VIEW_OPS
};
static const struct view_ops microflow_ops = {
	.name = "microflows", .hints = hints, .set_group = list_view_set_group, LIST_VIEW_OPS
};

struct view *view_records_new(struct screen *s, enum tier tier, const struct id *in, bool ports)
{
	struct list_view *lv = mem_calloc(1, sizeof(*lv));

	if (lv == NULL)
		return NULL;
	lv->ports = ports;
	if (tier == TIER_MACROFLOW) {
		/* by window, the busiest service first */
		lv->natural[0] = (struct query_sort){ field_find("slice", tier), false };
		lv->natural[1] = (struct query_sort){ field_find("bytes", tier), true };
		lv->n_natural = 2;
		list_view_init(lv, s, &macroflow_ops, &macroflow_hooks, tier, in);
	} else {
		list_view_init(lv, s, tier == TIER_FLOW ? &flow_ops : &microflow_ops,
			&record_hooks, tier, in);
	}
	return &lv->view;
}
