/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rows of a list add up to, where they are a choice: filtered, of a range of time, or groups. */
#include "ui/list_view.h"

#include "base/text.h"

#include <stdio.h>

bool list_view_has_totals(const struct list_view *lv)
{
	return lv->view.filter[0] != '\0' || lv->grouping.n > 0 || range_is_set(&lv->view.screen->range);
}

static void take_off(struct result_sums *sums, const struct result *r, size_t i)
{
	struct row row;

	if (!result_row(r, i, &row))
		return;
	sums->packets -= row.packet != NULL ? 1 : counters_packets(&row.record->c);
	sums->bytes -= row.packet != NULL ? row.packet->pkt.len : counters_bytes(&row.record->c);
	sums->flows -= row.packet != NULL ? 0 : row.record->c.flows;
}

void list_view_sum(struct list_view *lv, const struct result *r)
{
	struct list_totals *t = &lv->totals;
	size_t n = r != NULL ? result_count(r) : 0, shown = n - (lv->same.hidden < n ? lv->same.hidden : 0);

	*t = (struct list_totals){ .known = r != NULL && !loader_loading(&lv->loader), .rows = shown, .once = lv->same.hidden > 0 };
	if (!t->known)
		return;
	result_sums(r, &t->sums);
	/* they are found in lists that are short enough to look at each row */
	for (size_t i = 0; i < n && t->once; i++)
		if (same_is_hidden(&lv->same, i))
			take_off(&t->sums, r, i);
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
	text_count(packets, sizeof(packets), t->sums.packets);
	text_bytes(bytes, sizeof(bytes), t->sums.bytes);
	len = snprintf(text, sizeof(text), "total: %s", rows);
	if (lv->view.tier != TIER_PACKET)
		len += snprintf(text + len, sizeof(text) - (size_t)len, ", %s %s", packets,
			t->sums.packets == 1 ? "packet" : "packets");
	len += snprintf(text + len, sizeof(text) - (size_t)len, ", %s", bytes);
	if (t->once)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "; each %sfrom one capture point",
			lv->share != NULL ? "row and its share " : "");
	else if (t->sums.points > 1)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "; %zu capture points added up",
			t->sums.points);
	if (loader_cut(&lv->loader, t->rows))
		snprintf(text + len, sizeof(text) - (size_t)len, "; of the rows that are listed, there are more");
	canvas_text(c, r.x, r.y, r.w, ATTR_STRONG, text);
}
