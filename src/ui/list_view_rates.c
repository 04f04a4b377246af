/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates of the rows of a list that is recorded: each answer that replaces another is a sample. */
#include "ui/list_view.h"

#include <time.h>

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

void list_view_take_rates(struct list_view *lv, bool changed)
{
	const struct result *r;

	/* another question has other rows: none of them is new */
	if (lv->rates_of != lv->loader.asks)
		rates_clear(&lv->rates);
	lv->rates_of = lv->loader.asks;
	lv->rates.now_ns = now_ns();
	if (!changed || lv->view.screen->live.recorders == 0 || lv->view.tier == TIER_PACKET || loader_loading(&lv->loader))
		return;
	r = loader_lock(&lv->loader);
	if (r != NULL)
		rates_take(&lv->rates, r, lv->rates.now_ns);
	loader_unlock(&lv->loader);
}
