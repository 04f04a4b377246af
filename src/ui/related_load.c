/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/related_load.h"

#include "base/mem.h"
#include "base/text.h"
#include "trace/common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A window is never so long that everything is related to everything. */
static const int64_t window_max_ns = INT64_C(60000000000);
enum { BEFORE_MATCH = 96, REQUEST_PACKETS = 100000, SHORT_MATCH = 16, VARIED = 8 };

static void forget(struct related_load *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (unsigned k = 0; k < 2; k++)
			mem_free(l->rows[i].side[k].bytes);
	if (l->nodes != NULL)
		cascade_free(l->nodes, l->n);
	mem_free(l->nodes);
	mem_free(l->rows);
	mem_free(l->hops);
	mem_free(l->asked_packets);
	l->asked_packets = NULL;
	l->n_asked = l->cap_asked = 0;
	l->asking = false;
	l->nodes = NULL;
	l->rows = NULL;
	l->hops = NULL;
	l->n = l->cap = l->n_hops = l->cap_hops = 0;
	l->rc = RC_DONE;
}

void related_load_free(struct related_load *l)
{
	forget(l);
}

/*
 * ---- the walk ----------------------------------------------------------------------------
 */

static bool on_hop(void *ctx, const struct related_hop *hop)
{
	struct related_load *l = ctx;

	if (mem_grow(&l->hops, &l->cap_hops, l->n_hops + 1, sizeof(*l->hops)) != 0) {
		l->rc = err_memory(l->err);
		return false;
	}
	l->hops[l->n_hops++] = *hop;
	return true;
}

/* What a slow server did last, before it answered, came that much later. */
static int64_t window_for(const struct query_sources *sources, const struct id *asked)
{
	int64_t window = RELATED_WINDOW_NS;
	struct query_holder *h;
	const struct row *row;
	struct id id = *asked;

	if ((asked->tier == TIER_PACKET && query_parent(sources, asked, &id, NULL) != RC_DONE) ||
		query_get(sources, &id, &h, NULL) != RC_DONE)
		return window;
	row = query_holder_row(h);
	if (row->record != NULL && row->record->c.response.n > 0)
		window = time_add(window, row->record->c.response.max_ns);
	query_holder_free(h);
	return window < window_max_ns ? window : window_max_ns;
}

/*
 * ---- requests --------------------------------------------------------------------------------
 */

/* A request may be several packets: which is its first. */
static bool on_asked(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct related_load *l = ctx;
	const struct packet_row *p = row->packet;

	(void)raw;
	if (p->pkt.payload_len == 0)
		return true;
	if (p->direction != DIR_C2S) {
		l->asking = false;
		return true;
	}
	if (mem_grow(&l->asked_packets, &l->cap_asked, l->n_asked + 1, sizeof(*l->asked_packets)) != 0) {
		l->rc = err_memory(l->err);
		return false;
	}
	struct related_asked *a = &l->asked_packets[l->n_asked++];

	row_id(row, &a->id);
	if (!l->asking) {
		l->first = (struct related_asked){ a->id, a->id, p->pkt.time_ns };
		l->asking = true;
	}
	a->first = l->first.first;
	a->first_ns = l->first.first_ns;
	return l->n_asked < REQUEST_PACKETS;
}

/* Of a service nothing is read: each packet is a request then. */
static enum rc read_asked(struct related_load *l, const struct query_sources *sources, struct query_control *control)
{
	struct query q;
	enum rc rc;

	if (l->n_hops == 0 || l->asked.tier == TIER_MACROFLOW || l->options.upstream)
		return RC_DONE;
	query_init(&q, TIER_PACKET);
	q.in = l->asked.tier == TIER_PACKET ? &l->hops[0].from.flow : &l->asked;
	q.n_in = 1;
	rc = query_run(sources, &q, on_asked, l, control, NULL, l->err);
	return rc == RC_DONE ? l->rc : rc;
}

/* The request that a packet belongs to. */
static void find_request(const struct related_load *l, struct id *packet, int64_t *time_ns)
{
	for (size_t i = 0; i < l->n_asked; i++)
		if (record_id_equal(l->asked_packets[i].id.rec, packet->rec)) {
			*packet = l->asked_packets[i].first;
			*time_ns = l->asked_packets[i].first_ns;
			return;
		}
}

/*
 * ---- rows and nodes ------------------------------------------------------------------------
 */

static enum rc add_row(struct related_load *l, const struct related_row *row, const struct cascade_node *node)
{
	size_t cap = l->cap;

	if (mem_grow(&l->rows, &l->cap, l->n + 1, sizeof(*l->rows)) != 0)
		return err_memory(l->err);
	if (cap != l->cap || l->nodes == NULL) {
		struct cascade_node *nodes = mem_realloc(l->nodes, l->cap, sizeof(*nodes));

		if (nodes == NULL)
			return err_memory(l->err);
		l->nodes = nodes;
	}
	l->rows[l->n] = *row;
	l->nodes[l->n++] = *node;
	return RC_DONE;
}

/* The place of what was asked for, as a hop of depth 1 has it. */
static const struct related_place *asked_place(const struct related_load *l, const struct related_hop *h)
{
	return l->options.upstream ? &h->to : &h->from;
}

static void say_ends(struct related_row *row, const struct related_place *p)
{
	row->flow = p->flow;
	row->src = p->src;
	row->dst = p->dst;
	row->src_port = p->src_port;
	row->dst_port = p->dst_port;
	row->has_ports = p->src_port != 0 || p->dst_port != 0;
	addr_format(row->from, sizeof(row->from), &p->src);
	addr_format(row->to, sizeof(row->to), &p->dst);
}

/* The row of the request that a hop of depth 1 hangs on. */
static enum rc root_of(struct related_load *l, const struct related_hop *h, uint32_t *out)
{
	const struct related_place *p = asked_place(l, h);
	struct related_row row = { .is_root = true };
	struct cascade_node node = { .parent = CASCADE_NONE, .in = p->flow, .request = p->packet, .request_ns = p->time_ns };

	find_request(l, &node.request, &node.request_ns);
	for (size_t i = 0; i < l->n; i++)
		if (l->rows[i].is_root && record_id_equal(l->nodes[i].request.rec, node.request.rec) &&
			l->nodes[i].request.source == node.request.source) {
			*out = (uint32_t)i;
			return RC_DONE;
		}
	say_ends(&row, p);
	*out = (uint32_t)l->n;
	return add_row(l, &row, &node);
}

static enum rc hop_row(struct related_load *l, const struct related_hop *h, uint32_t parent)
{
	const struct related_place *p = l->options.upstream ? &h->from : &h->to;
	struct related_row row = { .depth = h->depth, .hop = *h };
	const struct cascade_node node = { .parent = parent,
		.in = p->flow,
		.request = p->packet,
		.request_ns = p->time_ns,
		.from = h->from.packet,
		.back = l->options.upstream };

	say_ends(&row, p);
	return add_row(l, &row, &node);
}

/* Whether a hop of depth 1 hangs on the request of this row. */
static bool belongs(const struct related_load *l, const struct related_hop *h, uint32_t root)
{
	struct id packet = asked_place(l, h)->packet;
	int64_t time_ns;

	find_request(l, &packet, &time_ns);
	return record_id_equal(packet.rec, l->nodes[root].request.rec) && packet.source == l->nodes[root].request.source;
}

/*
 * Each request with what it triggered: hops are in the order of the tree, but those of depth 1 may belong to
 * several requests.
 */
static enum rc make_rows(struct related_load *l)
{
	uint32_t *row_of = mem_calloc(l->n_hops + 1, sizeof(*row_of));
	bool *taken = mem_calloc(l->n_hops + 1, sizeof(*taken));
	enum rc rc = row_of != NULL && taken != NULL ? RC_DONE : err_memory(l->err);

	for (size_t first = 0; rc == RC_DONE && first < l->n_hops; first++) {
		uint32_t root, at;

		if (taken[first])
			continue;
		rc = root_of(l, &l->hops[first], &root);
		for (size_t i = first; rc == RC_DONE && i < l->n_hops; i++) {
			const struct related_hop *h = &l->hops[i];

			if (taken[i])
				continue;
			if (h->parent > 0)   /* rows of this request stand behind its root, all others before it */
				at = row_of[h->parent] > root ? row_of[h->parent] : CASCADE_NONE;
			else
				at = belongs(l, h, root) ? root : CASCADE_NONE;
			if (at == CASCADE_NONE)
				continue;
			taken[i] = true;
			row_of[h->number] = (uint32_t)l->n;
			rc = hop_row(l, h, at);
		}
	}
	mem_free(taken);
	mem_free(row_of);
	return rc;
}

/*
 * ---- what they say -------------------------------------------------------------------------
 */

static void copy_info(char out[RELATED_INFO], const struct row *row)
{
	const struct field *f = field_find("info", TIER_PACKET);
	struct value v;

	if (f != NULL && field_get(f, row, &v))
		value_format(out, RELATED_INFO, f, &v, STYLE_PEOPLE);
}

/* The request says who talks, the first packet of the answer how it went. */
static bool on_packet(void *ctx, uint32_t at, const struct row *row, const struct raw_packet *raw)
{
	struct related_load *l = ctx;
	struct related_row *r = &l->rows[at];
	const struct packet_row *p = row->packet;

	(void)raw;
	if (record_id_equal(p->self, l->nodes[at].request.rec)) {
		copy_info(r->info, row);
		row_addr_name(row, FIELD_PACKET_SRC, r->from, sizeof(r->from));
		row_addr_name(row, FIELD_PACKET_DST, r->to, sizeof(r->to));
	} else if (!r->answered && r->info[0] != '\0' && p->pkt.payload_len > 0 &&
		addr_equal(&p->pkt.dst, &r->src) && p->pkt.dst_port == r->src_port) {
		r->answered = true;
		copy_info(r->answer, row);
	}
	if (r->app[0] == '\0' && p->said != NULL && p->said->app != NULL)
		snprintf(r->app, sizeof(r->app), "%s", p->said->app);
	return true;
}

/*
 * ---- what is equal -------------------------------------------------------------------------
 */

/* Bytes as they were sent of so many plain ones: %41 is one. */
static uint32_t sent_len(const struct plain *p, uint32_t offset, uint32_t plain_len)
{
	size_t i = 0;

	while (i < p->len && plain_offset(p, i) < offset)
		i++;
	return plain_offset(p, i + plain_len < p->len ? i + plain_len : p->len) - offset;
}

/* Padding and rulers are no evidence. */
static bool is_varied(const uint8_t *bytes, uint32_t len)
{
	bool seen[256] = { false };
	unsigned n = 0;

	for (uint32_t i = 0; i < len; i++) {
		n += !seen[bytes[i]];
		seen[bytes[i]] = true;
	}
	return n >= VARIED;
}

/*
 * What both have in common, as it was sent. Where the walk knew the packets by something short that stood out, a long content is
 * better to look at; not so what they have in common beside what stood out (headers, mostly). least: what the walk says, in plain bytes.
 */
static void find_longest(struct related_side side[2], uint32_t least)
{
	struct plain a = { 0 }, b = { 0 };
	struct common c = { 0 };

	if (plain_make(&a, side[0].bytes, side[0].n, NULL) == RC_DONE && plain_make(&b, side[1].bytes, side[1].n, NULL) == RC_DONE &&
		least < SHORT_MATCH && common_longest(&a, &b, SHORT_MATCH, &c, NULL) == RC_DONE && c.len > 0 &&
		is_varied(a.bytes + c.a_at, c.len)) {
		side[0].match = plain_offset(&a, c.a_at);
		side[0].match_len = plain_offset(&a, c.a_at + c.len) - side[0].match;
		side[1].match = plain_offset(&b, c.b_at);
		side[1].match_len = plain_offset(&b, c.b_at + c.len) - side[1].match;
	} else {
		side[0].match_len = sent_len(&a, side[0].match, least);
		side[1].match_len = sent_len(&b, side[1].match, least);
	}
	plain_free(&a);
	plain_free(&b);
}

/* Of all bytes those around what is equal. */
static void cut_bytes(struct related_side *side)
{
	uint32_t at, end = side->n;

	if (side->bytes == NULL)
		return;
	side->match = side->match < end ? side->match : end;
	side->match_len = side->match_len < end - side->match ? side->match_len : end - side->match;
	at = side->match > BEFORE_MATCH ? (side->match - BEFORE_MATCH) & ~15u : 0;
	side->n = end - at < RELATED_BYTES ? end - at : RELATED_BYTES;
	memmove(side->bytes, side->bytes + at, side->n);
	side->at = at;
	uint8_t *less = mem_realloc(side->bytes, side->n + 1u, 1);

	side->bytes = less != NULL ? less : side->bytes;
}

/* One that cannot be read stays without bytes, and the view says so. */
static void read_side(const struct query_sources *sources, struct related_side *side, const struct id *id,
	uint32_t offset, uint32_t plain_len)
{
	const struct raw_packet *raw;
	const struct packet_row *p;
	struct query_holder *h;
	uint32_t len;

	side->packet = *id;
	side->match = offset;
	if (id->rec.block == 0 || query_get(sources, id, &h, NULL) != RC_DONE)
		return;
	p = query_holder_row(h)->packet;
	raw = query_holder_raw(h);
	side->frame = p->frame;
	side->time_ns = p->pkt.time_ns;
	side->src = p->pkt.src;
	side->dst = p->pkt.dst;
	side->src_port = p->pkt.src_port;
	side->dst_port = p->pkt.dst_port;
	side->has_ports = (p->pkt.flags & PACKET_HAS_PORTS) != 0;
	side->payload_off = p->pkt.payload_off;
	side->payload_len = p->pkt.payload_len;
	len = raw->caplen > side->payload_off ? raw->caplen - side->payload_off : 0;
	len = len < side->payload_len ? len : side->payload_len;
	side->match_len = plain_len;
	side->bytes = len > 0 ? mem_alloc(len) : NULL;
	if (side->bytes != NULL) {
		memcpy(side->bytes, raw->data + side->payload_off, len);
		side->n = len;
	}
	query_holder_free(h);
}

static bool read_evidence(struct related_load *l, const struct query_sources *sources, struct query_control *control)
{
	for (size_t i = 0; i < l->n; i++) {
		struct related_row *r = &l->rows[i];

		if (r->is_root)
			continue;
		if (atomic_load(&control->cancel))
			return false;
		read_side(sources, &r->side[0], &r->hop.content_from, r->hop.from_offset, r->hop.matched_bytes);
		read_side(sources, &r->side[1], &r->hop.content_to, r->hop.to_offset, r->hop.matched_bytes);
		if (r->side[0].bytes != NULL && r->side[1].bytes != NULL && r->hop.matched_bytes > 0)
			find_longest(r->side, r->hop.matched_bytes);
		r->equal = r->side[0].match_len > r->hop.matched_bytes ? r->side[0].match_len : r->hop.matched_bytes;
		cut_bytes(&r->side[0]);
		cut_bytes(&r->side[1]);
	}
	return true;
}

/* The times of a row are those of all that was asked there: what one request says stands for several. */
static void say_how_many(struct related_load *l)
{
	for (size_t i = 0; i < l->n; i++) {
		char info[RELATED_INFO];

		if (l->nodes[i].exchanges < 2 || l->rows[i].info[0] == '\0')
			continue;
		snprintf(info, sizeof(info), "1 of %" PRIu64 ": %.*s", l->nodes[i].exchanges, RELATED_INFO - 32, l->rows[i].info);
		memcpy(l->rows[i].info, info, sizeof(info));
	}
}

enum rc related_load_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct related_load *l = ctx;
	struct related_options o = l->options;
	enum rc rc;

	forget(l);
	l->err = err;
	if (o.window_ns == 0)
		o.window_ns = window_for(sources, &l->asked);
	rc = related_run(sources, &l->asked, &o, on_hop, l, control, &l->told, err);
	if (rc == RC_DONE)
		rc = l->rc;
	if (rc == RC_DONE)
		rc = read_asked(l, sources, control);
	if (rc == RC_DONE)
		rc = make_rows(l);
	if (rc == RC_DONE && l->n > 0)
		rc = cascade_read(sources, l->nodes, l->n < RELATED_READ ? l->n : RELATED_READ, on_packet, l, control, err);
	if (rc == RC_DONE)
		say_how_many(l);
	if (rc == RC_DONE && !read_evidence(l, sources, control))
		rc = err_set(err, RC_CANCELLED, "related", "cancelled");
	return rc;
}
