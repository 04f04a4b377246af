/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/ahead.h"

#include "query/query_priv.h"
#include "store/segment.h"

static void expect_nets(struct segment *seg, const struct addr_net *nets, size_t n)
{
	for (size_t i = 0; i < n && i < AHEAD; i++)
		segment_expect_net(seg, &nets[i]);
}

/* What fails is opened once more when it is read, and says why. */
static struct segment *open_early(const struct source_run *sr, const struct segment_place *place)
{
	size_t n, n_too;
	const struct addr_net *nets = filter_nets(sr->run->q->filter, &n);
	const struct addr_net *too = filter_nets_too(sr->run->q->filter, &n_too);
	struct segment *seg;

	if (store_open_segment(sr->store, place, &seg, NULL, NULL) != RC_DONE)
		return NULL;
	expect_nets(seg, nets, n);
	expect_nets(seg, too, n_too);
	return seg;
}

void ahead_look(struct ahead *a, const struct source_run *sr, size_t i)
{
	bool wanted[AHEAD];

	if (i < a->to || sr->run->q->limit)
		return;
	ahead_free(a);
	a->step = a->step == 0 ? 2 : a->step < AHEAD ? 2 * a->step : AHEAD;
	a->from = i;
	a->to = sr->n_segments - i < a->step ? sr->n_segments : i + a->step;
	for (size_t k = i; k < a->to; k++) {
		wanted[k - i] = source_wants(sr, &sr->segments[k]);
		if (wanted[k - i])
			store_expect_segment(sr->store, &sr->segments[k]);
	}
	for (size_t k = i; k < a->to; k++)
		if (wanted[k - i])
			a->v[k - i] = open_early(sr, &sr->segments[k]);
}

struct segment *ahead_take(struct ahead *a, size_t i)
{
	struct segment *seg = NULL;

	if (i >= a->from && i < a->to) {
		seg = a->v[i - a->from];
		a->v[i - a->from] = NULL;
	}
	return seg;
}

void ahead_free(struct ahead *a)
{
	for (size_t i = 0; i < AHEAD; i++) {
		segment_close(a->v[i]);
		a->v[i] = NULL;
	}
	a->from = a->to = 0;
}
