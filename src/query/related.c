/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "base/text.h"
#include "query/related_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROOT_PACKETS = 20000,        /* of what was asked for */
	NODE_PACKETS = 5000,         /* of one hop that are followed */
	MACHINES = 2000,             /* read in all */
	ROUNDS = 100,                /* of walks that the store was changed under */
};
/* Packets around what is looked at tell what is frequent. */
static const int64_t AROUND_NS = 2000000000;

void related_limit(struct related_walk *w, const char *what, uint64_t n)
{
	if (!w->told->limited)
		snprintf(w->told->limit, sizeof(w->told->limit), "more than %llu %s", (unsigned long long)n, what);
	w->told->limited = true;
}

/* ---- what was asked for --------------------------------------------------------------------------- */

enum rc related_follow(struct related_walk *w, const struct related_ask *a)
{
	if (w->nodes[a->asked.node].asks >= NODE_PACKETS && a->asked.node > 0) {
		related_limit(w, "packets of one hop", NODE_PACKETS);
		return RC_DONE;
	}
	if (mem_grow(&w->next, &w->cap_next, w->n_next + 1, sizeof(*w->next)) != 0)
		return err_memory(w->err);
	w->next[w->n_next++] = *a;
	w->nodes[a->asked.node].asks++;
	return RC_DONE;
}

static enum rc judge_content(struct related_walk *w, const uint8_t *payload, size_t len)
{
	struct plain plain = { 0 };
	struct print print;
	enum rc rc = plain_make(&plain, payload, len, w->err);
	bool tls = len >= 3 && payload[0] >= 20 && payload[0] <= 23 && payload[1] == 3 && payload[2] <= 4;

	if (rc != RC_DONE)
		return rc;
	w->told->asked++;
	w->told->encrypted += tls;
	w->told->comparable += !fingerprint_is_handshake(payload, len) && fingerprint(&plain, &print, 1) > 0;
	plain_free(&plain);
	return RC_DONE;
}

static bool on_root(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct related_walk *w = ctx;
	const struct packet_row *p = row->packet;
	const uint8_t *payload;
	size_t len = machine_payload(&p->pkt, raw, &payload);
	struct related_ask a = { .asked.id = { row->source, p->self }, .time_ns = p->pkt.time_ns };

	/* what a server answers is no trigger, unless that packet itself is meant */
	if (len == 0 || (!w->only_packet && machine_role(p->key, p->direction) == TRACE_RESPONSE))
		return true;
	if (w->n_next == ROOT_PACKETS) {
		related_limit(w, "packets in what was asked for", ROOT_PACKETS);
		return false;
	}
	a.host = w->options->upstream ? p->pkt.src : p->pkt.dst;
	w->nodes[0].talk = machine_talk(&p->pkt);
	w->rc = judge_content(w, payload, len);
	if (w->rc == RC_DONE)
		w->rc = related_follow(w, &a);
	return w->rc == RC_DONE;
}

static enum rc find_root(struct related_walk *w, const struct id *id)
{
	struct query q;
	enum rc rc;

	query_init(&q, TIER_PACKET);
	w->only_packet = id->tier == TIER_PACKET;
	if (w->only_packet) {
		q.ids = id;
		q.n_ids = 1;
	} else {
		q.in = id;
		q.n_in = 1;
	}
	rc = query_run(w->source.sources, &q, on_root, w, w->source.control, &w->source.cost, w->err);
	return rc == RC_DONE ? w->rc : rc;
}

/* When what is asked of was, and what has to be read around that. */
static enum rc find_spans(const struct related_walk *w, const struct related_ask *asks, size_t n, struct time_span *spans, size_t *n_spans)
{
	int64_t *times = mem_calloc(n, sizeof(*times)), window_ns = w->options->window_ns;

	if (!times)
		return err_memory(w->err);
	for (size_t i = 0; i < n; i++)
		times[i] = asks[i].time_ns;
	*n_spans = machine_spans(times, n, time_add(AROUND_NS, w->options->upstream ? window_ns : 0),
		time_add(AROUND_NS, window_ns), spans);
	mem_free(times);
	return RC_DONE;
}

/* All that is asked of one machine at this depth. */
static enum rc visit(struct related_walk *w, size_t first, size_t n)
{
	struct machine m = { .addrs.v[0] = w->asks[first].host };
	struct machine_asked *asked = mem_calloc(n, sizeof(*asked));
	struct time_span spans[MACHINE_SPANS];
	size_t n_spans = 0;
	enum rc rc;

	if (!asked)
		return err_memory(w->err);
	for (size_t i = 0; i < n; i++)
		asked[i] = w->asks[first + i].asked;
	machine_ask_sort(asked, n);
	rc = find_spans(w, &w->asks[first], n, spans, &n_spans);
	if (rc == RC_DONE)
		rc = machine_read(&m, &w->source, spans, n_spans, asked, n, w->err);
	mem_free(asked);
	if (rc != RC_DONE)
		return rc;
	w->told->machines++;
	w->told->packets += m.read;
	if (m.limited)
		related_limit(w, "packets or bytes of one machine", m.n);
	rc = related_at(w, &m);
	machine_free(&m);
	return rc;
}

static int by_host(const void *a, const void *b)
{
	const struct related_ask *x = a, *y = b;
	int order = addr_cmp(&x->host, &y->host);

	if (order == 0)
		order = (x->asked.node > y->asked.node) - (x->asked.node < y->asked.node);
	return order ? order : (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static enum rc go_deeper(struct related_walk *w)
{
	struct related_ask *asks = w->asks;
	size_t cap = w->cap_asks;
	enum rc rc = RC_DONE;

	w->asks = w->next;
	w->n_asks = w->n_next;
	w->cap_asks = w->cap_next;
	w->next = asks;
	w->cap_next = cap;
	w->n_next = 0;
	if (w->n_asks > 0)
		qsort(w->asks, w->n_asks, sizeof(*w->asks), by_host);
	for (size_t i = 0, n; i < w->n_asks && rc == RC_DONE; i += n) {
		for (n = 1; i + n < w->n_asks && addr_equal(&w->asks[i + n].host, &w->asks[i].host);)
			n++;
		if (w->told->machines >= MACHINES)
			related_limit(w, "machines", MACHINES);
		else
			rc = visit(w, i, n);
	}
	return rc;
}

/* ---- the tree, told -------------------------------------------------------------------------------------- */

struct order {
	related_sink sink;
	void *ctx;
	unsigned number;
};

static int by_parent(const void *a, const void *b)
{
	const struct related_node *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->hop.to.time_ns != y->hop.to.time_ns)
		return x->hop.to.time_ns < y->hop.to.time_ns ? -1 : 1;
	return (x->hop.number > y->hop.number) - (x->hop.number < y->hop.number);
}

/* Nodes by parent; hop.number is for the while the node's own. */
static bool tell(struct order *o, const struct related_node *sorted, size_t n, uint32_t parent, unsigned parent_number)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (sorted[middle].parent < parent)
			from = middle + 1;
		else
			to = middle;
	}
	for (size_t i = from; i < n && sorted[i].parent == parent; i++) {
		struct related_hop hop = sorted[i].hop;

		hop.parent = parent_number;
		hop.number = ++o->number;
		hop.depth = sorted[i].depth;
		hop.confidence = 1 - (1 - sorted[i].sure) * (1 - sorted[i].answers_sure);
		if (hop.matches + hop.responses == 0)
			hop.confidence = RELATED_ORDERED * sorted[i].ordered;
		if (!o->sink(o->ctx, &hop) || !tell(o, sorted, n, sorted[i].hop.number, hop.number))
			return false;
	}
	return true;
}

static void tell_all(struct related_walk *w, related_sink sink, void *ctx)
{
	struct order o = { .sink = sink, .ctx = ctx };

	for (size_t i = 0; i < w->n_nodes; i++)
		w->nodes[i].hop.number = (unsigned)i;
	if (w->n_nodes > 2)
		qsort(w->nodes + 1, w->n_nodes - 1, sizeof(*w->nodes), by_parent);
	(void)tell(&o, w->nodes + 1, w->n_nodes - 1, 0, 0);
}

enum rc related_run(const struct query_sources *sources, const struct id *id, const struct related_options *options,
	related_sink sink, void *ctx, struct query_control *control, struct related_told *told, struct err *err)
{
	struct related_options o = *options;
	struct related_walk w = { .options = &o, .told = told, .err = err };
	enum rc rc = RC_DONE;

	memset(told, 0, sizeof(*told));
	o.window_ns = o.window_ns ? o.window_ns : RELATED_WINDOW_NS;
	o.depth = o.depth ? o.depth : RELATED_DEPTH;
	told->window_ns = o.window_ns;
	told->upstream = o.upstream;
	if (id->tier > TIER_MACROFLOW)
		return err_set(err, RC_USAGE, tier_singular(id->tier), "related traffic is that of packets and flows");
	if (mem_grow(&w.nodes, &w.cap_nodes, 1, sizeof(*w.nodes)) != 0)
		return err_memory(err);
	memset(&w.nodes[0], 0, sizeof(w.nodes[0]));
	w.n_nodes = 1;
	machine_source_init(&w.source, sources, control);
	rc = find_root(&w, id);
	for (unsigned depth = 0; depth < o.depth && w.n_next > 0 && rc == RC_DONE; depth++)
		rc = go_deeper(&w);
	if (rc == RC_DONE)
		tell_all(&w, sink, ctx);
	told->cost = w.source.cost;
	machine_source_free(&w.source);
	mem_free(w.nodes);
	mem_free(w.asks);
	mem_free(w.next);
	return rc;
}

enum rc related_run_fresh(const struct query_sources *sources, const struct id *id, const struct related_options *options,
	related_sink sink, void *ctx, struct query_control *control, struct related_told *told, struct err *err)
{
	enum rc rc = related_run(sources, id, options, sink, ctx, control, told, err);

	for (int i = 0; rc == RC_STALE && i < ROUNDS; i++) {
		rc = query_refresh(sources, err);
		if (rc == RC_DONE)
			rc = related_run(sources, id, options, sink, ctx, control, told, err);
	}
	return rc;
}
