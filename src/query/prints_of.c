/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/prints_of.h"

#include "base/mem.h"
#include "trace/imprint.h"

#include <string.h>

struct prints_of {
	const struct query_sources *sources;
	unsigned source;             /* of the segment that is open */
	const struct segment_place *place;
	struct segment *segment;     /* NULL: none is open */
	struct segment_prints it;
	/* the packet read last */
	bool has_last;
	uint32_t last, bare_from;    /* from bare_from to in front of it none has any */
	struct packet_prints prints;
};

enum { APART = 4096 };               /* packets that are stepped over rather than sought */

enum rc prints_of_new(const struct query_sources *sources, struct prints_of **out, struct err *err)
{
	struct prints_of *x = mem_calloc(1, sizeof(*x));

	if (!x)
		return err_memory(err);
	x->sources = sources;
	*out = x;
	return RC_DONE;
}

void prints_of_free(struct prints_of *x)
{
	if (!x)
		return;
	segment_close(x->segment);
	mem_free(x);
}

static bool has(const struct segment_place *p, struct record_id id)
{
	return p->block == id.block && id.offset >= p->first_offset && id.offset < p->end_offset;
}

/* The segment that has the packet becomes the open one; x->segment NULL: there is none. */
static enum rc open_for(struct prints_of *x, struct seen_id packet, struct err *err)
{
	struct store *s = x->sources->stores[packet.source > 0 ? packet.source - 1 : 0];
	const struct segment_place *v;
	size_t n, i = 0;

	if (x->segment && x->source == packet.source && has(x->place, packet.rec))
		return RC_DONE;
	segment_close(x->segment);
	x->segment = NULL;
	x->has_last = false;
	v = store_segments(s, &n);
	while (i < n && !has(&v[i], packet.rec))
		i++;
	if (i == n)
		return RC_DONE;
	x->source = packet.source;
	x->place = &v[i];
	enum rc rc = store_open_segment(s, &v[i], &x->segment, NULL, err);
	if (rc == RC_DONE)
		rc = segment_prints_seek(&x->it, x->segment, 0, err);
	return rc;
}

/* Steps to the packet, or behind it. */
static enum rc walk_to(struct prints_of *x, uint32_t ordinal, struct err *err)
{
	enum rc rc = RC_DONE;

	x->bare_from = ordinal;
	while (rc == RC_DONE && (!x->has_last || x->last < ordinal)) {
		rc = segment_prints_next(&x->it, &x->last, &x->prints, err);
		x->has_last = rc == RC_DONE;
	}
	return rc;
}

enum rc prints_of_get(struct prints_of *x, struct seen_id packet, struct packet_prints *out, struct err *err)
{
	uint32_t ordinal;
	enum rc rc = open_for(x, packet, err);

	*out = (struct packet_prints){ .n = 0 };
	if (rc != RC_DONE || !x->segment || segment_info(x->segment)->fingerprints == FINGERPRINTS_OFF)
		return rc;
	rc = segment_ordinal(x->segment, packet.rec.offset, &ordinal, err);
	if (rc == RC_DONE && !(x->has_last && ordinal >= x->bare_from && ordinal <= x->last)) {
		if (ordinal < x->it.next || ordinal - x->it.next > APART)
			rc = segment_prints_seek(&x->it, x->segment, ordinal, err);
		x->has_last = false;
		if (rc == RC_DONE)
			rc = walk_to(x, ordinal, err);
	}
	if (rc == RC_DONE && x->last == ordinal)
		*out = x->prints;
	return rc == RC_END || rc == RC_MISSING ? RC_DONE : rc;
}

/* ---- of a machine's packets ------------------------------------------------------------------------- */

static enum rc keep(struct machine *m, size_t i, const uint32_t *v, uint32_t n, struct err *err)
{
	struct machine_packet *p = &m->packets[i];

	if (mem_grow(&m->prints, &m->cap_prints, m->n_prints + n, sizeof(*m->prints)) != 0)
		return err_memory(err);
	p->first_print = m->n_prints;
	p->n_prints = n;
	if (n > 0)
		memcpy(m->prints + m->n_prints, v, n * sizeof(*v));
	m->n_prints += n;
	return RC_DONE;
}

static enum rc take_stored(struct machine *m, const struct query_sources *sources, struct err *err)
{
	struct packet_prints found;
	struct prints_of *x = NULL;
	enum rc rc = prints_of_new(sources, &x, err);

	for (size_t i = 0; i < m->n && rc == RC_DONE; i++) {
		if (!m->packets[i].cut)
			continue;
		rc = prints_of_get(x, m->packets[i].self, &found, err);
		if (rc == RC_DONE)
			rc = keep(m, i, found.v, found.n, err);
	}
	prints_of_free(x);
	return rc;
}

/* Of whole packets, such as would be kept. */
static enum rc take_made(struct machine *m, struct err *err)
{
	struct imprinting memory = { .plain = { .cap = 0 } };
	struct imprints found;
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < m->n && rc == RC_DONE; i++) {
		const struct machine_packet *p = &m->packets[i];

		if (p->cut)
			continue;
		rc = imprint_full(&memory, m->bytes + p->payload, p->len, &found, err);
		if (rc == RC_DONE)
			rc = keep(m, i, found.v, found.n, err);
	}
	imprinting_free(&memory);
	return rc;
}

enum rc machine_take_prints(struct machine *m, const struct query_sources *sources, struct err *err)
{
	enum rc rc = m->cut > 0 ? take_stored(m, sources, err) : RC_DONE;

	if (rc != RC_DONE || m->n_prints == 0)
		return rc;
	rc = take_made(m, err);
	for (size_t i = 0; i < m->n && rc == RC_DONE; i++) {
		m->trace[i].prints = m->prints + m->packets[i].first_print;
		m->trace[i].n_prints = m->packets[i].n_prints;
	}
	return rc;
}
