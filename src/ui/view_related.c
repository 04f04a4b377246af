/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Related traffic: the tree of what was triggered (or triggered it), with its evidence. Drawing is in ui/view_related_draw.c. */
#include "ui/view_related.h"

#include "base/mem.h"
#include "base/text.h"
#include "query/related_words.h"
#include "ui/along.h"
#include "ui/answers.h"
#include "ui/ladder_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const int64_t beside_ns = 1000000000;

static struct related_view *of(struct view *v)
{
	return (struct related_view *)v;
}

static const struct related_view *of_const(const struct view *v)
{
	return (const struct related_view *)v;
}

static bool has_rows(const struct related_view *rv)
{
	return rv->work.job == NULL && rv->list.selected < rv->load.n;
}

size_t related_view_root(const struct related_view *rv, size_t row)
{
	while (row > 0 && !rv->load.rows[row].is_root)
		row--;
	return row;
}

static void free_view(void *what)
{
	struct related_view *rv = what;

	related_load_free(&rv->load);
	mem_free(rv->flows);
	mem_free(rv);
}

static void close_view(struct view *v)
{
	work_view_close(&of(v)->work, free_view);
}

static int by_id(const void *a, const void *b)
{
	const struct id *x = a, *y = b;
	uint64_t m = record_id_number(x->rec), n = record_id_number(y->rec);

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return (m > n) - (m < n);
}

static void collect_flows(struct related_view *rv)
{
	size_t n = 0;

	rv->flows = mem_calloc(rv->load.n + 1, sizeof(*rv->flows));
	for (size_t i = 0; rv->flows != NULL && i < rv->load.n; i++)
		rv->flows[n++] = rv->load.rows[i].flow;
	if (n > 1)
		qsort(rv->flows, n, sizeof(*rv->flows), by_id);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_id(&rv->flows[i], &rv->flows[i - 1]) != 0)
			rv->flows[rv->n_flows++] = rv->flows[i];
}

/* Whether another question about the same might be answered: what is encrypted is so on both sides. */
static bool found_nothing(const struct related_load *l)
{
	return l->n == 0 && !(l->told.asked > 0 && l->told.encrypted == l->told.asked);
}

/*
 * What was asked for may be an answer, or a slice of time that has the answer and not the request: it is the request that
 * triggers. False where there is none, or it is in what was asked for.
 */
static enum rc find_request(struct related_view *rv, const struct query_sources *sources, struct query_control *control,
	bool *found, struct err *err)
{
	struct answers_load answers = { .n = 0 };
	const struct answer *best = NULL;
	enum rc rc;

	*found = false;
	rc = along_conversation(sources, &rv->asked, true, &answers.in, err);
	if (rc == RC_DONE)
		rc = answers_work(&answers, sources, control, err);
	if (rc == RC_DONE && rv->asked.tier == TIER_PACKET)
		best = answers_find(&answers, &rv->asked);
	for (size_t i = 0; rc == RC_DONE && rv->asked.tier == TIER_MICROFLOW && i < answers.n; i++)
		if (record_id_number(answers.v[i].question.rec) < record_id_number(rv->asked.rec) &&
			(best == NULL || answers.v[i].late_ns > best->late_ns))
			best = &answers.v[i];
	*found = best != NULL;
	if (best != NULL)
		rv->load.asked = best->question;
	answers_free(&answers);
	return rc;
}

/* Who asks need not know on which side he is: where nothing is found one way, the other one. */
static enum rc look_both_ways(
	struct related_view *rv, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct related_load *l = &rv->load;
	enum rc rc;

	l->options.upstream = rv->upstream;
	rc = related_load_work(l, sources, control, err);
	if (rc != RC_DONE || !found_nothing(l))
		return rc;
	l->options.upstream = !rv->upstream;
	return related_load_work(l, sources, control, err);
}

/*
 * As it was asked, of an answer its request. A packet or a few seconds of a conversation that lead nowhere are parts of one that may.
 */
static enum rc work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct related_view *rv = ctx;
	struct related_load *l = &rv->load;
	bool of_request = false;
	enum rc rc = RC_DONE;

	l->asked = rv->asked;
	rv->what = RELATED_ASKED;
	if (rv->asked.tier <= TIER_MICROFLOW)
		rc = find_request(rv, sources, control, &of_request, err);
	if (of_request)
		rv->what = RELATED_REQUEST;
	if (rc == RC_DONE)
		rc = look_both_ways(rv, sources, control, err);
	for (int part = 1; part >= 0 && rc == RC_DONE && found_nothing(l) && rv->asked.tier <= TIER_MICROFLOW; part--) {
		rv->what = RELATED_CONVERSATION;
		rc = along_conversation(sources, &rv->asked, part, &l->asked, err);
		if (rc == RC_DONE && !part && rv->asked.tier == TIER_MICROFLOW)
			rc = query_parent(sources, &rv->asked, &l->asked, err);
		if (rc == RC_DONE)
			rc = look_both_ways(rv, sources, control, err);
	}
	return rc;
}

/* What was found is not always what was asked for. */
static void say_what(struct related_view *rv)
{
	static const char *const of[] = {
		[RELATED_ASKED] = "",
		[RELATED_REQUEST] = "of the request that is answered here",
		[RELATED_CONVERSATION] = "of its conversation",
	};
	bool turned = rv->load.options.upstream != rv->upstream;
	const char *way = !turned ? "" : rv->upstream ? "nothing triggered it; it triggered this" : "it triggered nothing; this triggered it";

	snprintf(rv->work.view.crumb[0], VIEW_CRUMB_MAX, rv->load.options.upstream ? "triggered by" : "related");
	if (turned || rv->what != RELATED_ASKED)
		screen_say(rv->work.view.screen, "%s%s%s", of[rv->what], of[rv->what][0] != '\0' && turned ? ": " : "", way);
}

static void update(struct view *v)
{
	struct related_view *rv = of(v);
	bool done;

	if (!work_view_ended(&rv->work, &done))
		return;
	if (done && rv->load.n > 0)
		say_what(rv);
	if (!done)
		related_load_free(&rv->load);
	else if (rv->load.n == 0)
		related_nothing(&rv->load.told, "related", &rv->work.err);
	else
		collect_flows(rv);
	list_set_count(&rv->list, rv->load.n);
	/* the first hop says more than what was asked for */
	list_select(&rv->list, rv->load.n > 1 ? 1 : 0);
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	related_view_draw(of(v), c, area);
}

/*
 * ---- requests ------------------------------------------------------------------------------
 */

/* The packet that the selected side of the evidence stands in; of what was asked for the request. */
static void open_packet(struct related_view *rv)
{
	const struct related_row *h = &rv->load.rows[rv->list.selected];
	const struct related_side *side = &h->side[rv->side];
	const struct id *id = h->is_root ? &rv->load.nodes[rv->list.selected].request : &side->packet;
	struct view *below;
	struct err err;

	below = view_packet_new(rv->work.view.screen, id, &err);
	if (below == NULL) {
		screen_fail(rv->work.view.screen, &err);
		return;
	}
	if (!h->is_root)
		view_packet_mark(below, side->payload_off + side->match, side->match_len);
	screen_push(rv->work.view.screen, below);
}

/* From the first request to the last answer, and what belongs to their connections shortly before and after. */
static bool chosen(const struct view *v, const struct id **ids, size_t *n, int64_t *from_ns, int64_t *to_ns)
{
	const struct related_view *rv = of_const(v);

	*from_ns = INT64_MAX;
	*to_ns = INT64_MIN;
	for (size_t i = 0; has_rows(rv) && i < rv->load.n; i++) {
		const struct cascade_node *node = &rv->load.nodes[i];
		int64_t from = node->known && node->from_ns < node->request_ns ? node->from_ns : node->request_ns;
		int64_t to = node->known && node->to_ns > node->request_ns ? node->to_ns : node->request_ns;

		*from_ns = from < *from_ns ? from : *from_ns;
		*to_ns = to > *to_ns ? to : *to_ns;
	}
	*ids = rv->flows;
	*n = rv->n_flows;
	if (!has_rows(rv) || rv->n_flows == 0)
		return false;
	*from_ns = time_sub(*from_ns, beside_ns);
	*to_ns = time_add(*to_ns, beside_ns);
	return true;
}

/* From the root of the selected row's tree to the next one. */
static void open_ladder(struct related_view *rv)
{
	size_t root = related_view_root(rv, rv->list.selected), n = 1;
	struct along_cascade cascade = { .flows = rv->flows, .n_flows = rv->n_flows };
	struct ladder_pair *same;
	struct cascade_node *nodes;
	const struct id *ids;
	size_t n_ids;

	while (root + n < rv->load.n && !rv->load.rows[root + n].is_root && n < RELATED_READ)
		n++;
	nodes = mem_calloc(n, sizeof(*nodes));
	same = mem_calloc(n, sizeof(*same));
	if (nodes != NULL && same != NULL && chosen(&rv->work.view, &ids, &n_ids, &cascade.from_ns, &cascade.to_ns)) {
		for (size_t i = 0; i < n; i++) {
			nodes[i] = rv->load.nodes[root + i];
			if (i == 0)
				continue;
			nodes[i].parent -= (uint32_t)root;
			/* what came to a machine, and what left it */
			same[cascade.n_same++] = (struct ladder_pair){ rv->load.rows[root + i].hop.from.dst,
				rv->load.rows[root + i].hop.to.src };
		}
		cascade.nodes = nodes;
		cascade.n = n;
		cascade.same = same;
		screen_push(rv->work.view.screen, view_ladder_cascade_new(rv->work.view.screen, &cascade));
	}
	mem_free(nodes);
	mem_free(same);
}

static bool request(struct view *v, enum request r)
{
	struct related_view *rv = of(v);

	if (list_request(&rv->list, r))
		return true;
	switch (r) {
	case REQ_OPEN:
		if (has_rows(rv))
			open_packet(rv);
		return true;
	case REQ_PANE: rv->side = !rv->side; return true;
	case REQ_LADDER:
		if (has_rows(rv))
			open_ladder(rv);
		return true;
	case REQ_PACKETS:
		if (has_rows(rv))
			screen_push(v->screen, view_packets_new(v->screen, &rv->load.rows[rv->list.selected].flow));
		return true;
	default: return false;
	}
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct related_view *rv = of_const(v);
	const struct related_told *told = &rv->load.told;
	char packets[TEXT_NUMBER];

	position[0] = state[0] = '\0';
	if (rv->work.job != NULL)
		snprintf(state, state_size, "Escape stops it");
	if (!has_rows(rv))
		return;
	snprintf(position, position_size, "%zu/%zu", rv->list.selected + 1, rv->load.n);
	text_count(packets, sizeof(packets), told->packets);
	snprintf(state, state_size, "own: without what it waited for below   %llu %s, %s packets compared",
		(unsigned long long)told->machines, told->machines == 1 ? "machine" : "machines", packets);
}

static bool selected(const struct view *v, struct id *out)
{
	const struct related_view *rv = of_const(v);

	if (!has_rows(rv))
		return false;
	*out = rv->load.rows[rv->list.selected].flow;
	return true;
}

static bool row_has(const struct related_row *h, const char *text)
{
	return strcasestr(h->from, text) != NULL || strcasestr(h->to, text) != NULL || strcasestr(h->app, text) != NULL ||
		strcasestr(h->info, text) != NULL || strcasestr(h->answer, text) != NULL;
}

static bool search(struct view *v, const char *text, int by)
{
	struct related_view *rv = of(v);
	size_t n = rv->load.n, at = rv->list.selected;

	if (text != NULL)
		snprintf(rv->search, sizeof(rv->search), "%s", text);
	for (size_t i = 0; has_rows(rv) && rv->search[0] != '\0' && i < n; i++) {
		at = by > 0 ? (at + 1) % n : (at + n - 1) % n;
		if (row_has(&rv->load.rows[at], rv->search)) {
			list_select(&rv->list, at);
			return true;
		}
	}
	return false;
}

static const struct view_hint hints[] = { { REQ_OPEN, "packet" }, { REQ_BACK, NULL }, { REQ_PANE, "came/left" }, { REQ_LADDER, NULL },
	{ REQ_STREAM, NULL }, { REQ_WRITE, NULL }, { REQ_PACKETS, NULL }, { REQ_COMMAND, NULL }, { REQ_HELP, NULL },
	{ REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "related",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.update = update,
	.busy = work_view_busy,
	.failed = work_view_failed,
	.cancel = work_view_cancel,
	.status = status,
	.search = search,
	.selected = selected,
	.chosen = chosen,
};

struct view *view_related_new(struct screen *s, const struct id *of_record, bool upstream)
{
	struct related_view *rv = mem_calloc(1, sizeof(*rv));

	if (rv == NULL)
		return NULL;
	rv->work.view.ops = &ops;
	rv->work.view.screen = s;
	rv->work.view.tier = TIER_FLOW;
	rv->asked = *of_record;
	rv->upstream = upstream;
	snprintf(rv->work.view.crumb[0], VIEW_CRUMB_MAX, upstream ? "triggered by" : "related");
	work_view_start(&rv->work, work, rv);
	return &rv->work.view;
}
