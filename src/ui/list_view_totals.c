/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rows of a list add up to, where they are a choice: filtered, of a range of time, or groups. */
#include "ui/list_view.h"

#include "base/text.h"

#include <stdio.h>

enum { POINTS_MAX = 64 };

/* Capture points of rows, by source and number. */
struct points {
	uint64_t v[POINTS_MAX];
	size_t n;
};

static void see_point(struct points *p, const struct row *row)
{
	uint32_t number = row->packet != NULL ? row->packet->pkt.point : row->record->key.point;
	uint64_t key = (uint64_t)row->source << 32 | number;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == key)
			return;
	if (p->n < POINTS_MAX)
		p->v[p->n++] = key;
}

static void add(struct list_totals *t, const struct row *row)
{
	if (row->packet != NULL) {
		t->packets++;
		t->bytes += row->packet->pkt.len;
	} else {
		t->packets += counters_packets(&row->record->c);
		t->bytes += counters_bytes(&row->record->c);
		t->flows += row->record->c.flows;
	}
}

bool list_view_has_totals(const struct list_view *lv)
{
	return lv->view.filter[0] != '\0' || lv->grouping.n > 0 || range_is_set(&lv->view.screen->range);
}

void list_view_sum(struct list_view *lv, const struct result *r)
{
	struct list_totals *t = &lv->totals;
	struct points points = { .n = 0 };
	size_t n = r != NULL ? result_count(r) : 0, shown = n - (lv->same.hidden < n ? lv->same.hidden : 0);
	struct row row;

	/* there may be a million of them */
	if (t->known && r != NULL && t->of == lv->loader.shown && t->at_ns == lv->loader.started_ns && t->rows == shown &&
		!loader_loading(&lv->loader))
		return;
	*t = (struct list_totals){ .of = lv->loader.shown, .at_ns = lv->loader.started_ns, .known = r != NULL && !loader_loading(&lv->loader), .rows = shown,
		.once = lv->same.hidden > 0 };
	if (!t->known || !list_view_has_totals(lv))
		return;
	for (size_t i = 0; i < n; i++)
		if (!same_is_hidden(&lv->same, i) && result_row(r, i, &row)) {
			add(t, &row);
			see_point(&points, &row);
		}
	t->points = points.n;
}

/* "4 groups", "1 flow". */
static void put_rows(const struct list_view *lv, char *out, size_t size)
{
	const struct list_totals *t = &lv->totals;
	char n[TEXT_NUMBER];

	text_count(n, sizeof(n), t->rows);
	if (lv->grouping.n > 0)
		snprintf(out, size, "%s %s", n, t->rows == 1 ? "group" : "groups");
	else
		snprintf(out, size, "%s %s", n,
			t->rows == 1 ? tier_singular(lv->view.tier) : tier_plural(lv->view.tier));
}

void list_view_draw_totals(const struct list_view *lv, struct canvas *c, struct rect r)
{
	const struct list_totals *t = &lv->totals;
	char rows[TEXT_NUMBER + 16], packets[TEXT_NUMBER], bytes[TEXT_NUMBER], text[320];
	int len = 0;

	if (!t->known) {
		canvas_text(c, r.x, r.y, r.w, ATTR_DIM, "total: while rows come it is not known");
		return;
	}
	put_rows(lv, rows, sizeof(rows));
	text_count(packets, sizeof(packets), t->packets);
	text_bytes(bytes, sizeof(bytes), t->bytes);
	len = snprintf(text, sizeof(text), "total: %s", rows);
	if (lv->view.tier != TIER_PACKET)
		len += snprintf(text + len, sizeof(text) - (size_t)len, ", %s %s", packets,
			t->packets == 1 ? "packet" : "packets");
	len += snprintf(text + len, sizeof(text) - (size_t)len, ", %s", bytes);
	if (t->once)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "; each from one capture point");
	else if (t->points > 1)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "; %zu capture points added up",
			t->points);
	if (loader_cut(&lv->loader, t->rows))
		snprintf(text + len, sizeof(text) - (size_t)len, "; of the rows that are listed, there are more");
	canvas_text(c, r.x, r.y, r.w, ATTR_STRONG, text);
}
