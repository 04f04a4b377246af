/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/cascade.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

/* Clocks of points, and packets on the way: what lies so near is read, too. */
static const int64_t SLACK_NS = 1000000000;
/* How long an answer may take where nothing around it says so. */
static const int64_t ANSWER_NS = INT64_C(300000000000);

/* ---- spans --------------------------------------------------------------------------------- */

enum rc cascade_spans_add(struct cascade_spans *s, int64_t from_ns, int64_t to_ns, struct err *err)
{
	struct cascade_span *last = s->n > 0 ? &s->v[s->n - 1] : NULL;

	if (last && from_ns <= last->to_ns) {
		last->to_ns = to_ns > last->to_ns ? to_ns : last->to_ns;
		return RC_DONE;
	}
	if (mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v)) != 0)
		return err_memory(err);
	assert(s->v != NULL);
	s->v[s->n++] = (struct cascade_span){ from_ns, to_ns };
	return RC_DONE;
}

int64_t cascade_spans_sum(const struct cascade_spans *s)
{
	int64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum = time_add(sum, time_sub(s->v[i].to_ns, s->v[i].from_ns));
	return sum;
}

enum rc cascade_spans_both(
	const struct cascade_spans *a, const struct cascade_spans *b, struct cascade_spans *out, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0, k = 0; i < a->n && k < b->n && rc == RC_DONE;) {
		int64_t from = a->v[i].from_ns > b->v[k].from_ns ? a->v[i].from_ns : b->v[k].from_ns;
		int64_t to = a->v[i].to_ns < b->v[k].to_ns ? a->v[i].to_ns : b->v[k].to_ns;

		if (from < to)
			rc = cascade_spans_add(out, from, to, err);
		if (a->v[i].to_ns < b->v[k].to_ns)
			i++;
		else
			k++;
	}
	return rc;
}

enum rc cascade_spans_either(
	const struct cascade_spans *a, const struct cascade_spans *b, struct cascade_spans *out, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0, k = 0; (i < a->n || k < b->n) && rc == RC_DONE;) {
		bool first = k == b->n || (i < a->n && a->v[i].from_ns <= b->v[k].from_ns);
		const struct cascade_span *s = first ? &a->v[i++] : &b->v[k++];

		rc = cascade_spans_add(out, s->from_ns, s->to_ns, err);
	}
	return rc;
}

void cascade_spans_free(struct cascade_spans *s)
{
	mem_free(s->v);
	*s = (struct cascade_spans){ 0 };
}

/* ---- requests and answers ------------------------------------------------------------------- */

enum rc exchanges_end(struct exchanges *e, struct err *err)
{
	bool answered = e->answering;

	e->asking = e->answering = false;
	if (!answered)
		return RC_DONE;
	e->n++;
	if (e->spans.n >= CASCADE_SPANS) {
		e->full = true;
		return RC_DONE;
	}
	return cascade_spans_add(&e->spans, e->from_ns, e->to_ns, err);
}

enum rc exchanges_packet(struct exchanges *e, int64_t time_ns, bool asks, struct err *err)
{
	enum rc rc = RC_DONE;

	if (asks && !e->asking) {
		rc = exchanges_end(e, err);
		e->from_ns = time_ns;
		e->asking = true;
	} else if (!asks && (e->asking || e->answering)) {
		e->asking = false;
		e->answering = true;
		e->to_ns = time_ns > e->from_ns ? time_ns : e->from_ns;
	}
	return rc;
}

/* ---- reading ---------------------------------------------------------------------------------- */

struct reading {
	struct cascade_node *nodes;
	size_t n;
	uint32_t at;
	const struct cascade_node *within;   /* the parent, while which waits all requests count; NULL: one request alone */
	cascade_sink sink;
	void *sink_ctx;
	struct exchanges e;
	bool begun;
	enum direction asks;         /* the request's */
	bool over, stopped;
	enum rc rc;
	struct err *err;
};

static bool has_syn(const struct packet *p)
{
	return (p->flags & PACKET_HAS_TCP) && (p->tcp_flags & TCP_SYN);
}

static bool begins(const struct reading *r, const struct packet_row *p)
{
	const struct cascade_node *n = &r->nodes[r->at];

	if (record_id_equal(p->self, n->request.rec))
		return true;
	return r->within && has_syn(&p->pkt) && !(p->pkt.tcp_flags & TCP_ACK) &&
		p->pkt.time_ns >= r->within->from_ns && p->pkt.time_ns <= n->request_ns;
}

/* Which of the children this packet triggered. */
static void mark_children(const struct reading *r, const struct packet_row *p)
{
	for (size_t i = r->at + 1; i < r->n; i++)
		if (r->nodes[i].parent == r->at && record_id_equal(r->nodes[i].from.rec, p->self))
			r->nodes[i].inside = true;
}

/* Whether it begins something that does not belong here. */
static bool is_behind(const struct reading *r, const struct packet_row *p)
{
	if (r->within)
		return p->pkt.time_ns > r->within->to_ns;
	return r->e.answering && p->direction == r->asks;
}

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct reading *r = ctx;
	const struct packet_row *p = row->packet;

	if (!r->begun && begins(r, p)) {
		r->begun = true;
		r->asks = p->direction;
	}
	if (!r->begun)
		return true;
	if (p->pkt.payload_len > 0 || has_syn(&p->pkt)) {
		r->over = is_behind(r, p);
		if (r->over)
			return false;
		mark_children(r, p);
		r->rc = exchanges_packet(&r->e, p->pkt.time_ns, p->direction == r->asks, r->err);
	}
	if (r->rc == RC_DONE && r->sink && !r->sink(r->sink_ctx, r->at, row, raw))
		r->stopped = true;
	return r->rc == RC_DONE && !r->stopped;
}

static void ask_times(const struct reading *r, struct query *q)
{
	int64_t from = r->nodes[r->at].request_ns, to = time_add(from, ANSWER_NS);

	if (r->within) {
		from = r->within->from_ns < from ? r->within->from_ns : from;
		to = r->within->to_ns > from ? r->within->to_ns : from;
	}
	q->from_ns = time_sub(from, SLACK_NS);
	q->to_ns = time_add(to, SLACK_NS);
}

static enum rc keep(struct reading *r)
{
	struct cascade_node *n = &r->nodes[r->at];
	enum rc rc = exchanges_end(&r->e, r->err);

	n->read = true;
	n->exchanges = r->e.n;
	if (rc == RC_DONE && r->within) {
		rc = cascade_spans_both(&r->e.spans, &r->within->spans, &n->spans, r->err);
	} else {
		n->spans = r->e.spans;
		r->e.spans = (struct cascade_spans){ 0 };
	}
	n->known = rc == RC_DONE && n->spans.n > 0 && !r->e.full;
	if (n->known) {
		n->from_ns = n->spans.v[0].from_ns;
		n->to_ns = n->spans.v[n->spans.n - 1].to_ns;
		n->busy_ns = cascade_spans_sum(&n->spans);
	}
	return rc;
}

enum rc cascade_read(const struct query_sources *sources, struct cascade_node *nodes, size_t n, cascade_sink sink, void *ctx,
	struct query_control *control, struct err *err)
{
	enum rc rc = RC_DONE;
	bool stopped = false;

	for (uint32_t i = 0; i < n && rc == RC_DONE && !stopped; i++) {
		const struct cascade_node *p = nodes[i].parent != CASCADE_NONE ? &nodes[nodes[i].parent] : NULL;
		struct reading r = { .nodes = nodes, .n = n, .at = i, .sink = sink, .sink_ctx = ctx, .err = err };
		struct query q;

		if (p && !nodes[i].back && nodes[i].inside && p->known)
			r.within = p;
		query_init(&q, TIER_PACKET);
		q.in = &nodes[i].in;
		q.n_in = 1;
		ask_times(&r, &q);
		rc = query_run(sources, &q, on_packet, &r, control, NULL, err);
		rc = rc == RC_DONE ? r.rc : rc;
		if (rc == RC_DONE)
			rc = keep(&r);
		cascade_spans_free(&r.e.spans);
		stopped = r.stopped;
	}
	return rc == RC_DONE ? cascade_share(nodes, n, err) : rc;
}

void cascade_free(struct cascade_node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cascade_spans_free(&nodes[i].spans);
}

/* ---- shares ------------------------------------------------------------------------------------ */

/* Its time without its children's. */
static enum rc share(struct cascade_node *nodes, size_t n, uint32_t at, struct err *err)
{
	struct cascade_spans sum = { 0 };
	bool known = nodes[at].known;
	enum rc rc = RC_DONE;

	for (size_t i = at + 1; i < n && rc == RC_DONE && known; i++) {
		struct cascade_spans more = { 0 };

		if (nodes[i].parent != at || !nodes[i].inside)
			continue;
		known = nodes[i].known;
		rc = cascade_spans_either(&sum, &nodes[i].spans, &more, err);
		cascade_spans_free(&sum);
		sum = more;
	}
	nodes[at].own_known = rc == RC_DONE && known;
	if (nodes[at].own_known)
		nodes[at].own_ns = time_sub(nodes[at].busy_ns, cascade_spans_sum(&sum));
	cascade_spans_free(&sum);
	return rc;
}

/* What was triggered lies below what triggered it, and there is only one of it. */
static void share_back(struct cascade_node *nodes, uint32_t at)
{
	struct cascade_node *n = &nodes[at];
	const struct cascade_node *below = n->parent != CASCADE_NONE ? &nodes[n->parent] : NULL;

	n->own_known = n->known && below && below->known && below->busy_ns <= n->busy_ns;
	if (n->own_known)
		n->own_ns = n->busy_ns - below->busy_ns;
}

enum rc cascade_share(struct cascade_node *nodes, size_t n, struct err *err)
{
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; i < n && rc == RC_DONE; i++) {
		if (nodes[i].back)
			share_back(nodes, i);
		else
			rc = share(nodes, n, i, err);
	}
	return rc;
}
