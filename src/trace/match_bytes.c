/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is equal in the packet that came and the one that left, on the bytes. */
#include "trace/match_priv.h"

#include <string.h>

enum { ANCHORS = 16, COMPARED = 1 << 20, SOUND_MORE = 8 };

/* Prints of the packet that came in, the rarest first; those that the other one has not are left out. */
static size_t choose_anchors(struct matcher *m, size_t n, uint32_t out, struct print *anchors)
{
	double weights[ANCHORS];
	size_t chosen = 0;

	for (size_t k = m->first[out]; k < m->first[out + 1]; k++) {
		struct match_entry *e = match_find(m, m->hashes[k]);

		if (e)
			e->seen = out + 1;
	}
	for (size_t k = 0; k < n; k++) {
		struct match_entry *e = match_find(m, m->room[k].hash);
		double weight = e && e->seen == out + 1 ? e->weight : 0;
		size_t at = chosen;

		if (e == NULL || weight <= 0)
			continue;
		e->seen = 0; /* once is enough */
		while (at > 0 && weights[at - 1] < weight)
			at--;
		if (at == ANCHORS)
			continue;
		chosen += chosen < ANCHORS;
		memmove(weights + at + 1, weights + at, (chosen - at - 1) * sizeof(*weights));
		memmove(anchors + at + 1, anchors + at, (chosen - at - 1) * sizeof(*anchors));
		weights[at] = weight;
		anchors[at] = m->room[k];
	}
	return chosen;
}

/* Where the anchors stand in the other packet: the longest that is equal around one of them. */
static struct common grow(struct matcher *m, size_t n, const struct print *anchors, size_t n_anchors)
{
	struct common best = { 0 };
	size_t compared = 0; /* bytes: what repeats itself is not compared at every place with every other */

	for (size_t k = 0; k < n && compared < COMPARED; k++) {
		const struct print *p = &m->room[k];

		for (size_t i = 0; i < n_anchors; i++) {
			const struct print *a = &anchors[i];
			struct common c = { a->at, p->at, a->len };

			if (p->hash != a->hash || p->len != a->len ||
				memcmp(m->a.bytes + a->at, m->b.bytes + p->at, p->len) != 0)
				continue;
			if (c.a_at >= best.a_at && c.a_at - best.a_at < best.len &&
				c.a_at - best.a_at == c.b_at - best.b_at)
				continue; /* within what was found */
			c = common_around(&m->a, &m->b, c);
			compared += c.len;
			if (c.len > best.len)
				best = c;
		}
	}
	m->out->work += compared;
	return best;
}

/* Where fingerprints stand is not known: whole payloads are compared, others cannot be. */
static enum rc confirm_kept(struct matcher *m, uint32_t in, uint32_t out, struct common *common, struct err *err)
{
	const struct trace_packet *i = &m->packets[in], *o = &m->packets[out];
	enum rc rc = plain_make(&m->a, i->payload, i->len, err);

	*common = (struct common){ 0 };
	if (rc == RC_DONE)
		rc = plain_make(&m->b, o->payload, o->len, err);
	if (rc != RC_DONE || i->cut || o->cut)
		return rc;
	m->out->work += m->a.len + m->b.len;
	return common_longest(&m->a, &m->b, TRACE_LEAST, common, err);
}

bool match_told_by_prints(const struct matcher *m, uint32_t in, uint32_t out)
{
	const struct trace_packet *a = &m->packets[in], *b = &m->packets[out];
	unsigned shared = 0;

	if (!a->prints || !b->prints || (!a->cut && !b->cut))
		return false;
	for (uint32_t i = 0, k = 0; i < a->n_prints && k < b->n_prints && shared < MATCH_SHARED;) {
		shared += a->prints[i] == b->prints[k];
		if (a->prints[i] <= b->prints[k])
			i++;
		else
			k++;
	}
	return shared == MATCH_SHARED;
}

/*
 * Whether something rare in what is equal is a word, or longer than what one gear hash covers: that one may be a template but for a byte or
 * two that happen to be the same.
 */
static bool is_sound(const struct matcher *m, const struct print *anchors, size_t n, const struct common *common)
{
	uint32_t from = UINT32_MAX, to = 0;

	for (size_t i = 0; i < n; i++) {
		const struct match_entry *e = match_find(m, anchors[i].hash);

		if (!e->decisive || anchors[i].at < common->a_at || anchors[i].at + anchors[i].len > common->a_at + common->len)
			continue;
		if (anchors[i].len != PRINT_GEAR)
			return true;
		from = anchors[i].at < from ? anchors[i].at : from;
		to = anchors[i].at + anchors[i].len > to ? anchors[i].at + anchors[i].len : to;
	}
	return to > from && to - from >= PRINT_GEAR + SOUND_MORE;
}

enum rc match_confirm(struct matcher *m, uint32_t in, uint32_t out, struct common *common, bool *sound, struct err *err)
{
	struct print anchors[ANCHORS];
	size_t n, n_anchors;

	*sound = true; /* of fingerprints that are kept two are the same */
	if (m->packets[in].prints)
		return confirm_kept(m, in, out, common, err);
	enum rc rc = match_make_prints(m, &m->a, &m->packets[in], &n, err);

	if (rc != RC_DONE)
		return rc;
	n_anchors = choose_anchors(m, n, out, anchors);
	rc = match_make_prints(m, &m->b, &m->packets[out], &n, err);
	if (rc == RC_DONE) {
		*common = grow(m, n, anchors, n_anchors);
		*sound = is_sound(m, anchors, n_anchors, common);
	}
	return rc;
}

enum rc match_settle(struct matcher *m, uint32_t out, struct match_verdict *v, struct err *err)
{
	uint32_t longest = 0;
	enum rc rc = RC_DONE;

	for (size_t k = 0; k < v->n_tied && v->n_tied > 1 && rc == RC_DONE; k++) {
		struct common c = { 0 };
		bool sound;

		rc = match_confirm(m, v->tied[k], out, &c, &sound, err);
		if (c.len <= longest)
			continue;
		longest = c.len;
		match_prefer(m, out, v->tied[k], v);
	}
	return rc;
}
