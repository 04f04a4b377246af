/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/related.h"

#include "base/mem.h"
#include "base/text.h"
#include "query/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROOT_PACKETS = 20000,        /* of what was asked for */
	NODE_PACKETS = 5000,         /* of one hop that are followed */
	MACHINES = 2000,             /* read in all */
	ANSWER_LEAST = 16,           /* bytes, where answers alone tell */
	ANSWER_PACKETS = 64,         /* of a turn that are looked at */
	ROUNDS = 100,                /* of walks that the store was changed under */
};
static const double ANSWER_SURE = 0.6;       /* confidence, likewise */
/* Packets around what is looked at tell what is frequent. */
static const int64_t AROUND_NS = 2000000000;
/* Between packets of one message at most. */
static const int64_t MESSAGE_GAP_NS = 10000000;

/* A hop, and the packets that it is followed by. Node 0 is what was asked for. */
struct node {
	struct related_hop hop;
	uint32_t parent;
	unsigned depth;
	uint64_t talk;               /* of the flow that was found */
	size_t asks;                 /* packets that are followed */
	double sure, answers_sure;
};

/* A packet to follow, at a machine. */
struct ask {
	struct machine_asked asked;
	struct addr host;
	int64_t time_ns;
};

struct walk {
	struct machine_source source;
	const struct related_options *options;
	struct related_told *told;
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	struct ask *asks, *next;     /* of this depth and the next */
	size_t n_asks, cap_asks, n_next, cap_next;
	bool only_packet;            /* a packet was asked for: not what else it belongs to */
	enum rc rc;
	struct err *err;
};

/* One machine of a walk. */
struct stop {
	struct walk *walk;
	struct machine m;
	uint32_t *asker;             /* by packet: for an answer, a packet of the turn that was asked; MACHINE_NONE */
};

static void limit(struct walk *w, const char *what, uint64_t n)
{
	if (!w->told->limited)
		snprintf(w->told->limit, sizeof(w->told->limit), "more than %llu %s", (unsigned long long)n, what);
	w->told->limited = true;
}

/* ---- what was asked for --------------------------------------------------------------------------- */

static enum rc add_ask(struct walk *w, const struct ask *a)
{
	if (w->nodes[a->asked.node].asks >= NODE_PACKETS && a->asked.node > 0) {
		limit(w, "packets of one hop", NODE_PACKETS);
		return RC_DONE;
	}
	if (mem_grow(&w->next, &w->cap_next, w->n_next + 1, sizeof(*w->next)) != 0)
		return err_memory(w->err);
	w->next[w->n_next++] = *a;
	w->nodes[a->asked.node].asks++;
	return RC_DONE;
}

static enum rc judge_content(struct walk *w, const uint8_t *payload, size_t len)
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
	struct walk *w = ctx;
	const struct packet_row *p = row->packet;
	const uint8_t *payload;
	size_t len = machine_payload(&p->pkt, raw, &payload);
	struct ask a = { .asked.id = { row->source, p->self }, .time_ns = p->pkt.time_ns };

	/* what a server answers is no trigger, unless that packet itself is meant */
	if (len == 0 || (!w->only_packet && machine_role(p->key, p->direction) == TRACE_RESPONSE))
		return true;
	if (w->n_next == ROOT_PACKETS) {
		limit(w, "packets in what was asked for", ROOT_PACKETS);
		return false;
	}
	a.host = w->options->upstream ? p->pkt.src : p->pkt.dst;
	w->nodes[0].talk = machine_talk(&p->pkt);
	w->rc = judge_content(w, payload, len);
	if (w->rc == RC_DONE)
		w->rc = add_ask(w, &a);
	return w->rc == RC_DONE;
}

static enum rc find_root(struct walk *w, const struct id *id)
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

/* ---- hops ------------------------------------------------------------------------------------------ */

static bool on_path(const struct walk *w, uint32_t node, uint64_t talk)
{
	for (; node > 0; node = w->nodes[node].parent)
		if (w->nodes[node].talk == talk)
			return true;
	return w->nodes[0].talk == talk;
}

static uint32_t find_child(const struct walk *w, uint32_t parent, uint64_t talk)
{
	/* the youngest first: children of a node are made together */
	for (size_t i = w->n_nodes; i-- > 1 && w->nodes[i].depth > w->nodes[parent].depth;)
		if (w->nodes[i].parent == parent && w->nodes[i].talk == talk)
			return (uint32_t)i;
	return MACHINE_NONE;
}

static void place_of(struct related_place *out, const struct machine_packet *p)
{
	*out = (struct related_place){ .flow = { TIER_FLOW, p->flow.source, p->flow.rec },
		.packet = { TIER_PACKET, p->self.source, p->self.rec },
		.src = p->src,
		.dst = p->dst,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.time_ns = p->time_ns };
}

/* The child of a node by the packets that say so first; MACHINE_NONE where there must be none. */
static enum rc child_of(struct walk *w, uint32_t parent, const struct machine_packet *from,
	const struct machine_packet *to, uint32_t *out)
{
	const struct machine_packet *found = w->options->upstream ? from : to;
	uint64_t most = w->options->limit ? w->options->limit : RELATED_HOPS;

	*out = MACHINE_NONE;
	if (on_path(w, parent, found->talk))
		return RC_DONE;
	*out = find_child(w, parent, found->talk);
	if (*out != MACHINE_NONE)
		return RC_DONE;
	if (w->n_nodes > most) {
		limit(w, "hops", most);
		return RC_DONE;
	}
	if (mem_grow(&w->nodes, &w->cap_nodes, w->n_nodes + 1, sizeof(*w->nodes)) != 0)
		return err_memory(w->err);
	struct node *n = &w->nodes[w->n_nodes];

	*n = (struct node){ .parent = parent, .depth = w->nodes[parent].depth + 1, .talk = found->talk };
	place_of(&n->hop.from, from);
	place_of(&n->hop.to, to);
	n->hop.delay_ns = time_sub(to->time_ns, from->time_ns);
	*out = (uint32_t)w->n_nodes++;
	return RC_DONE;
}

static void add_evidence(struct stop *s, struct node *n, const struct trace_link *l)
{
	const struct machine_packet *in = &s->m.packets[l->in], *out = &s->m.packets[l->out];
	struct related_hop *h = &n->hop;

	h->score += l->evidence;
	if (l->len <= h->matched_bytes)
		return;
	h->matched_bytes = l->len;
	h->from_offset = l->in_offset;
	h->to_offset = l->out_offset;
	h->content_from = (struct id){ TIER_PACKET, in->self.source, in->self.rec };
	h->content_to = (struct id){ TIER_PACKET, out->self.source, out->self.rec };
}

/* The packet is followed from the machine at its other end. */
static enum rc follow(struct stop *s, uint32_t node, const struct machine_packet *p)
{
	struct ask a = { .asked = { p->self, node },
		.host = s->walk->options->upstream ? p->src : p->dst,
		.time_ns = p->time_ns };

	return add_ask(s->walk, &a);
}

static enum rc take_request(struct stop *s, const struct trace_link *l)
{
	const struct machine_packet *in = &s->m.packets[l->in], *out = &s->m.packets[l->out];
	bool upstream = s->walk->options->upstream;
	uint32_t asker = upstream ? out->node : in->node, child;
	enum rc rc = child_of(s->walk, asker, in, out, &child);
	double sure = trace_confidence(l);

	if (rc != RC_DONE || child == MACHINE_NONE)
		return rc;
	struct node *n = &s->walk->nodes[child];

	n->hop.matches++;
	n->sure = sure > n->sure ? sure : n->sure;
	add_evidence(s, n, l);
	return follow(s, child, upstream ? in : out);
}

/* ---- answers ----------------------------------------------------------------------------------------- */

/* The first packet of the turn before that of packet i: what it answers. */
static uint32_t answered_by(const struct machine *m, uint32_t i)
{
	uint32_t turn = m->packets[i].turn, first = MACHINE_NONE;

	for (i = m->packets[i].before; i != MACHINE_NONE && m->packets[i].turn + 1 >= turn; i = m->packets[i].before)
		if (m->packets[i].turn + 1 == turn)
			first = i;
	return first;
}

/* What answer `in` brought to the machine went out again in answer `out`: so one request caused the other. */
static enum rc take_answer(struct stop *s, const struct trace_link *l)
{
	const struct machine *m = &s->m;
	bool upstream = s->walk->options->upstream;
	uint32_t came = answered_by(m, l->out), left = answered_by(m, l->in);
	uint32_t asker, child;

	if (came == MACHINE_NONE || left == MACHINE_NONE || m->packets[left].time_ns < m->packets[came].time_ns)
		return RC_DONE;
	asker = s->asker[upstream ? l->in : l->out];
	if (asker == MACHINE_NONE)
		return RC_DONE;
	/* answers look alike more often than requests: where they alone tell they must be certain */
	bool certain = l->len >= ANSWER_LEAST && trace_confidence(l) >= ANSWER_SURE;
	uint64_t talk = m->packets[upstream ? came : left].talk;

	if (!certain && find_child(s->walk, m->packets[asker].node, talk) == MACHINE_NONE)
		return RC_DONE;
	enum rc rc = child_of(s->walk, m->packets[asker].node, &m->packets[came], &m->packets[left], &child);

	if (rc != RC_DONE || child == MACHINE_NONE)
		return rc;
	struct node *n = &s->walk->nodes[child];
	double sure = trace_confidence(l);

	n->hop.responses++;
	n->answers_sure = sure > n->answers_sure ? sure : n->answers_sure;
	add_evidence(s, n, l);
	return follow(s, child, &m->packets[upstream ? came : left]);
}

/* ---- a machine ------------------------------------------------------------------------------------------- */

static bool is_one_message(const struct machine_packet *b, const struct machine_packet *p)
{
	return b->turn == p->turn && p->role != TRACE_EITHER && time_sub(p->time_ns, b->time_ns) <= MESSAGE_GAP_NS;
}

/* A message may be several packets: what belongs to the same turn was asked, too. */
static void ask_whole_turns(struct machine *m)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct machine_packet *p = &m->packets[i];
		const struct machine_packet *b = p->before == MACHINE_NONE ? NULL : &m->packets[p->before];

		if (b && is_one_message(b, p) && p->node == MACHINE_NONE)
			p->node = b->node;
	}
	for (uint32_t i = (uint32_t)m->n; i-- > 0;) {
		const struct machine_packet *p = &m->packets[i];
		struct machine_packet *b = p->before == MACHINE_NONE ? NULL : &m->packets[p->before];

		if (b && is_one_message(b, p) && b->node == MACHINE_NONE)
			b->node = p->node;
	}
}

/* For each answer on a conversation that was asked of: who asked. */
static void find_askers(struct stop *s)
{
	struct machine *m = &s->m;

	for (uint32_t i = 0; i < m->n; i++) {
		struct machine_packet *p = &m->packets[i];
		uint32_t b = p->before;

		s->asker[i] = MACHINE_NONE;
		if (p->role != TRACE_RESPONSE || b == MACHINE_NONE || p->node != MACHINE_NONE)
			continue;
		if (m->packets[b].turn == p->turn)
			s->asker[i] = s->asker[b];
		else if (m->packets[b].node != MACHINE_NONE)
			s->asker[i] = b;
	}
}

static void mark(struct stop *s)
{
	struct machine *m = &s->m;
	bool upstream = s->walk->options->upstream;
	uint32_t answers = 0, turn_asker = MACHINE_NONE;

	for (uint32_t i = 0; i < m->n; i++) {
		struct trace_packet *t = &m->trace[i];
		bool asked = m->packets[i].node != MACHINE_NONE, answer = s->asker[i] != MACHINE_NONE;

		if (answer) {
			answers = s->asker[i] == turn_asker ? answers + 1 : 1;
			turn_asker = s->asker[i];
			answer = answers <= ANSWER_PACKETS;
		}
		t->effect_asked = (t->way & TRACE_IN) && (upstream ? answer : asked);
		t->cause_asked = (t->way & TRACE_OUT) && (upstream ? asked : answer);
	}
}

static enum rc take_links(struct stop *s, const struct trace_links *links)
{
	bool upstream = s->walk->options->upstream;
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < links->n && rc == RC_DONE; i++) {
		const struct trace_link *l = &links->v[i];
		uint32_t mine = upstream ? l->out : l->in;

		if (s->m.packets[mine].node != MACHINE_NONE)
			rc = take_request(s, l);
		else if (s->m.packets[l->in].role == TRACE_RESPONSE)
			rc = take_answer(s, l);
	}
	return rc;
}

static enum rc match_machine(struct stop *s)
{
	struct walk *w = s->walk;
	struct machine *m = &s->m;
	struct trace_links links;
	enum rc rc;

	s->asker = mem_calloc(m->n + 1, sizeof(*s->asker));
	if (!s->asker)
		return err_memory(w->err);
	if (!w->only_packet || w->n_nodes > 1)
		ask_whole_turns(m);
	find_askers(s);
	mark(s);
	rc = trace_match(m->trace, m->n, m->talks, w->options->window_ns, &links, w->err);
	if (rc == RC_DONE) {
		w->told->work += links.work;
		if (links.limited)
			limit(w, "fingerprints of one machine", TRACE_PRINTS);
		rc = take_links(s, &links);
		trace_links_free(&links);
	}
	mem_free(s->asker);
	return rc;
}

/* When what is asked of was, and what has to be read around that. */
static enum rc find_spans(const struct walk *w, const struct ask *asks, size_t n, struct time_span *spans, size_t *n_spans)
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
static enum rc visit(struct walk *w, size_t first, size_t n)
{
	struct stop s = { .walk = w, .m.addrs.v[0] = w->asks[first].host };
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
		rc = machine_read(&s.m, &w->source, spans, n_spans, asked, n, w->err);
	mem_free(asked);
	if (rc != RC_DONE)
		return rc;
	w->told->machines++;
	w->told->packets += s.m.read;
	if (s.m.limited)
		limit(w, "packets or bytes of one machine", s.m.n);
	rc = match_machine(&s);
	machine_free(&s.m);
	return rc;
}

static int by_host(const void *a, const void *b)
{
	const struct ask *x = a, *y = b;
	int order = addr_cmp(&x->host, &y->host);

	if (order == 0)
		order = (x->asked.node > y->asked.node) - (x->asked.node < y->asked.node);
	return order ? order : (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static enum rc go_deeper(struct walk *w)
{
	struct ask *asks = w->asks;
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
			limit(w, "machines", MACHINES);
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
	const struct node *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->hop.to.time_ns != y->hop.to.time_ns)
		return x->hop.to.time_ns < y->hop.to.time_ns ? -1 : 1;
	return (x->hop.number > y->hop.number) - (x->hop.number < y->hop.number);
}

/* Nodes by parent; hop.number is for the while the node's own. */
static bool tell(struct order *o, const struct node *sorted, size_t n, uint32_t parent, unsigned parent_number)
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
		if (!o->sink(o->ctx, &hop) || !tell(o, sorted, n, sorted[i].hop.number, hop.number))
			return false;
	}
	return true;
}

static void tell_all(struct walk *w, related_sink sink, void *ctx)
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
	struct walk w = { .options = &o, .told = told, .err = err };
	enum rc rc = RC_DONE;

	memset(told, 0, sizeof(*told));
	o.window_ns = o.window_ns ? o.window_ns : RELATED_WINDOW_NS;
	o.depth = o.depth ? o.depth : RELATED_DEPTH;
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
