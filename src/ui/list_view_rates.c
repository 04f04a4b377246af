/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rates of the rows of a list that is recorded: each answer that replaces another is a sample. And their order: rates are the screen's
 * alone, so it is the list that sorts its rows (it has RATES_ROWS_MAX at most, or no rates), whenever others come.
 */
#include "ui/list_view.h"

#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

void list_view_take_rates(struct list_view *lv, bool changed)
{
	const struct result *r;

	/* another question has other rows: none of them is new */
	if (lv->rates_of != lv->loader.asks)
		rates_clear(&lv->rates);
	lv->rates_of = lv->loader.asks;
	lv->rates.now_ns = clock_monotonic_ns();
	if (!changed || lv->view.screen->live.recorders == 0 || lv->view.tier == TIER_PACKET || loader_loading(&lv->loader))
		return;
	r = loader_lock(&lv->loader);
	if (r != NULL)
		rates_take(&lv->rates, r, lv->rates.now_ns);
	loader_unlock(&lv->loader);
}

/* ---- in the order of a rate ---------------------------------------------------------------- */

struct rated {
	double value; /* below 0: unknown */
	size_t row;
};

bool list_view_by_rate(const struct list_view *lv)
{
	return rates_is_field(lv->sort.field);
}

static int smallest_first(const void *a, const void *b)
{
	const struct rated *x = a, *y = b;

	if (x->value < y->value || x->value > y->value)
		return x->value < y->value ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static int largest_first(const void *a, const void *b)
{
	const struct rated *x = a, *y = b;

	if (x->value < y->value || x->value > y->value)
		return x->value > y->value ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Those that have none go behind, whichever comes first. */
static double value_of(const struct list_view *lv, const struct row *row)
{
	double bits, packets;

	if (!rates_of(&lv->rates, row, &bits, &packets))
		return lv->sort.descending ? -1 : HUGE_VAL;
	return lv->sort.field == &rates_bits_field ? bits : packets;
}

void list_view_arrange_by_rate(struct list_view *lv, const struct result *r)
{
	size_t n = result_count(r), shown = 0;
	struct rated *rated = mem_calloc(n + 1, sizeof(*rated));

	lv->map = mem_calloc(n + 1, sizeof(*lv->map));
	for (size_t i = 0; i < n && rated != NULL; i++) {
		struct row row;

		if (!same_is_hidden(&lv->same, i) && result_row(r, i, &row))
			rated[shown++] = (struct rated){ value_of(lv, &row), i };
	}
	if (rated != NULL && lv->map != NULL) {
		qsort(rated, shown, sizeof(*rated), lv->sort.descending ? largest_first : smallest_first);
		for (size_t i = 0; i < shown; i++)
			lv->map[i] = rated[i].row;
		list_set_count(&lv->list, shown);
	} else {
		mem_free(lv->map);
		lv->map = NULL;
	}
	mem_free(rated);
}
