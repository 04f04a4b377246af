/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is related at one machine: links between its packets become hops. */
#include "base/mem.h"
#include "base/text.h"
#include "query/related_priv.h"

enum {
	ANSWER_PACKETS = 64,         /* of a turn that are looked at */
	ONWARD_PACKETS = 4096,       /* answers that came to a machine, whose use for further requests is looked at */
};
/* Between packets of one message at most. */
static const int64_t MESSAGE_GAP_NS = 10000000;

/* ---- hops ------------------------------------------------------------------------------------------ */

static bool on_path(const struct related_walk *w, uint32_t node, uint64_t talk)
{
	for (; node > 0; node = w->nodes[node].parent)
		if (w->nodes[node].talk == talk)
			return true;
	return w->nodes[0].talk == talk;
}

static uint32_t find_child(const struct related_walk *w, uint32_t parent, uint64_t talk)
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

enum rc related_child(struct related_walk *w, uint32_t parent, const struct machine_packet *from, const struct machine_packet *to,
	uint32_t *out)
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
		related_limit(w, "hops", most);
		return RC_DONE;
	}
	if (mem_grow(&w->nodes, &w->cap_nodes, w->n_nodes + 1, sizeof(*w->nodes)) != 0)
		return err_memory(w->err);
	struct related_node *n = &w->nodes[w->n_nodes];

	*n = (struct related_node){ .parent = parent, .depth = w->nodes[parent].depth + 1, .talk = found->talk };
	place_of(&n->hop.from, from);
	place_of(&n->hop.to, to);
	n->hop.delay_ns = time_sub(to->time_ns, from->time_ns);
	*out = (uint32_t)w->n_nodes++;
	return RC_DONE;
}

static void add_evidence(struct stop *s, struct related_node *n, const struct trace_link *l)
{
	const struct machine_packet *in = &s->m->packets[l->in], *out = &s->m->packets[l->out];
	struct related_hop *h = &n->hop;

	h->score += l->evidence;
	if (h->content_from.rec.block != 0 && l->len <= h->matched_bytes)
		return;
	h->matched_bytes = l->len;
	h->from_offset = l->in_offset;
	h->to_offset = l->out_offset;
	h->content_from = (struct id){ TIER_PACKET, in->self.source, in->self.rec };
	h->content_to = (struct id){ TIER_PACKET, out->self.source, out->self.rec };
}

enum rc related_follow_packet(struct stop *s, uint32_t node, const struct machine_packet *p)
{
	struct related_ask a = { .asked = { p->self, node },
		.host = s->walk->options->upstream ? p->src : p->dst,
		.time_ns = p->time_ns };

	return related_follow(s->walk, &a);
}

static enum rc take_request(struct stop *s, const struct trace_link *l)
{
	const struct machine_packet *in = &s->m->packets[l->in], *out = &s->m->packets[l->out];
	bool upstream = s->walk->options->upstream;
	uint32_t asker = upstream ? out->node : in->node, child;
	enum rc rc = related_child(s->walk, asker, in, out, &child);
	double sure = trace_confidence(l);

	if (rc != RC_DONE || child == MACHINE_NONE)
		return rc;
	struct related_node *n = &s->walk->nodes[child];

	n->hop.matches++;
	n->sure = sure > n->sure ? sure : n->sure;
	add_evidence(s, n, l);
	s->reasons[out->first] = (struct reason){ l->in, asker };
	return related_follow_packet(s, child, upstream ? in : out);
}

/* ---- answers ----------------------------------------------------------------------------------------- */

/* What answer `in` brought to the machine went out again in answer `out`: so one request caused the other. */
static enum rc take_answer(struct stop *s, const struct trace_link *l)
{
	const struct machine *m = s->m;
	bool upstream = s->walk->options->upstream;
	uint32_t came = machine_answered_by(m, l->out), left = machine_answered_by(m, l->in);
	uint32_t asker, child;

	if (came == MACHINE_NONE || left == MACHINE_NONE || m->packets[left].time_ns < m->packets[came].time_ns)
		return RC_DONE;
	asker = s->asker[upstream ? l->in : l->out];
	if (asker == MACHINE_NONE)
		return RC_DONE;
	uint64_t talk = m->packets[upstream ? came : left].talk;

	if (!machine_certain(l) && find_child(s->walk, m->packets[asker].node, talk) == MACHINE_NONE)
		return RC_DONE;
	enum rc rc = related_child(s->walk, m->packets[asker].node, &m->packets[came], &m->packets[left], &child);

	if (rc != RC_DONE || child == MACHINE_NONE)
		return rc;
	struct related_node *n = &s->walk->nodes[child];
	double sure = trace_confidence(l);

	n->hop.responses++;
	n->answers_sure = sure > n->answers_sure ? sure : n->answers_sure;
	add_evidence(s, n, l);
	s->reasons[left] = (struct reason){ came, m->packets[asker].node };
	return related_follow_packet(s, child, &m->packets[upstream ? came : left]);
}

/* ---- what was answered is asked elsewhere --------------------------------------------------------------- */

/*
 * What came in answer `in` went out again in request `out`: the same request that came caused both what was answered and this one, as
 * long as it was open.
 */
static enum rc take_onward(struct stop *s, const struct trace_link *l)
{
	struct related_walk *w = s->walk;
	const struct machine *m = s->m;
	const struct machine_packet *out = &m->packets[l->out], *from;
	bool upstream = w->options->upstream;
	uint32_t left = machine_answered_by(m, l->in), child, asker;

	if (left == MACHINE_NONE)
		return RC_DONE;
	if (upstream) {
		from = &m->packets[left];
		asker = out->node;
	} else if (s->reasons[left].came != MACHINE_NONE && s->answered[s->reasons[left].came] >= out->time_ns) {
		from = &m->packets[s->reasons[left].came];
		asker = s->reasons[left].node;
	} else {
		return RC_DONE;
	}
	if (!machine_certain(l) && find_child(w, asker, upstream ? from->talk : out->talk) == MACHINE_NONE)
		return RC_DONE;
	enum rc rc = related_child(w, asker, from, out, &child);

	if (rc != RC_DONE || child == MACHINE_NONE)
		return rc;
	struct related_node *n = &w->nodes[child];
	double sure = trace_confidence(l);

	n->hop.matches++;
	n->sure = sure > n->sure ? sure : n->sure;
	add_evidence(s, n, l);
	s->reasons[out->first] = s->reasons[left];
	return related_follow_packet(s, child, upstream ? from : out);
}

static bool is_onward(const struct stop *s, const struct trace_link *l)
{
	return s->m->packets[l->in].role == TRACE_RESPONSE && s->m->packets[l->out].role == TRACE_REQUEST;
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
	struct machine *m = s->m;

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

/* While a request is open whose effects are asked of, what the machine is answered may lead to more requests. */
static void mark_onward(struct stop *s)
{
	struct machine *m = s->m;
	int64_t open_ns = INT64_MIN;
	unsigned marked = 0;

	for (uint32_t i = 0; i < m->n && marked < ONWARD_PACKETS; i++) {
		const struct machine_packet *p = &m->packets[i];
		struct trace_packet *t = &m->trace[i];
		int64_t until_ns = time_add(p->time_ns, s->walk->options->window_ns);

		if (!(p->way & TRACE_IN))
			continue;
		if (p->node != MACHINE_NONE && s->answered[i] < until_ns)
			until_ns = s->answered[i];
		if (p->node != MACHINE_NONE && until_ns > open_ns)
			open_ns = until_ns;
		if (p->role == TRACE_RESPONSE && p->time_ns <= open_ns && !t->effect_asked) {
			t->effect_asked = true;
			marked++;
		}
	}
}

static void mark(struct stop *s)
{
	struct machine *m = s->m;
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
	if (!upstream)
		mark_onward(s);
}

/* Requests near enough to what was asked for to have to do with it. */
static uint64_t count_candidates(const struct stop *s)
{
	const struct machine *m = s->m;
	bool upstream = s->walk->options->upstream;
	unsigned way = upstream ? TRACE_IN : TRACE_OUT;
	int64_t asked_ns = 0;
	bool any = false;
	uint64_t n = 0;

	for (size_t k = 0; k < m->n; k++) {
		size_t i = upstream ? m->n - 1 - k : k;
		const struct machine_packet *p = &m->packets[i];

		if (p->node != MACHINE_NONE) {
			asked_ns = p->time_ns;
			any = true;
		} else if (any && (p->way & way) && p->role == TRACE_REQUEST && p->first == i) {
			int64_t after_ns = upstream ? time_sub(asked_ns, p->time_ns) : time_sub(p->time_ns, asked_ns);

			n += after_ns <= s->walk->options->window_ns;
		}
	}
	return n;
}

static enum rc take_links(struct stop *s, const struct trace_links *links)
{
	bool upstream = s->walk->options->upstream;
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < links->n && rc == RC_DONE; i++) {
		const struct trace_link *l = &links->v[i];
		uint32_t mine = upstream ? l->out : l->in;

		if (is_onward(s, l))
			continue;
		if (s->m->packets[mine].node != MACHINE_NONE)
			rc = take_request(s, l);
		else if (s->m->packets[l->in].role == TRACE_RESPONSE)
			rc = take_answer(s, l);
	}
	/* now it is known whose answers they were */
	for (size_t i = 0; i < links->n && rc == RC_DONE; i++) {
		const struct trace_link *l = &links->v[i];

		if (!is_onward(s, l))
			continue;
		if (s->m->packets[l->in].node != MACHINE_NONE)
			rc = take_request(s, l);
		else if (!upstream || s->m->packets[l->out].node != MACHINE_NONE)
			rc = take_onward(s, l);
	}
	return rc;
}

enum rc related_at(struct related_walk *w, struct machine *m)
{
	struct stop s = { .walk = w,
		.m = m,
		.asker = mem_calloc(m->n + 1, sizeof(*s.asker)),
		.reasons = mem_calloc(m->n + 1, sizeof(*s.reasons)),
		.answered = mem_calloc(m->n + 1, sizeof(*s.answered)) };
	struct trace_links links;
	enum rc rc = s.asker && s.reasons && s.answered ? RC_DONE : err_memory(w->err);

	if (rc == RC_DONE) {
		if (!w->only_packet || w->n_nodes > 1)
			ask_whole_turns(m);
		find_askers(&s);
		machine_answer_times(m, s.answered);
		for (size_t i = 0; i < m->n; i++)
			s.reasons[i].came = MACHINE_NONE;
		mark(&s);
		rc = related_order_mark(&s);
	}
	if (rc == RC_DONE)
		rc = trace_match(m->trace, m->n, m->talks, w->options->window_ns, s.order, &links, w->err);
	if (rc == RC_DONE) {
		w->told->work += links.work;
		if (w->n_nodes == 1)
			w->told->candidates += count_candidates(&s);
		if (links.limited)
			related_limit(w, "fingerprints of one machine", TRACE_PRINTS);
		rc = take_links(&s, &links);
		if (rc == RC_DONE)
			rc = related_order_take(&s, &links);
		trace_links_free(&links);
	}
	trace_order_free(s.order);
	mem_free(s.asker);
	mem_free(s.reasons);
	mem_free(s.answered);
	return rc;
}
