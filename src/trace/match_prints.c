/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints of a machine's packets: which of them can decide, and how rare those are. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "trace/match_priv.h"

#include <math.h>
#include <string.h>

enum { TABLE_LEAST = 1024, SIEVE_BITS = 16 };        /* bits for each place of the table */

/* ---- the table ------------------------------------------------------------------------------------ */

static size_t place_of(const struct matcher *m, uint64_t hash)
{
	size_t s = hash & m->mask;

	while (m->table[s].used && m->table[s].hash != hash)
		s = (s + 1) & m->mask;
	return s;
}

struct match_entry *match_look(const struct matcher *m, uint64_t hash)
{
	struct match_entry *e = &m->table[place_of(m, hash)];

	return e->used ? e : NULL;
}

static void put(struct matcher *m, uint64_t hash)
{
	struct match_entry *e = &m->table[place_of(m, hash)];
	size_t bit = (hash >> 24) & m->sieve_mask;

	m->used += !e->used;
	e->hash = hash;
	e->used = true;
	m->sieve[bit / 64] |= (uint64_t)1 << (bit % 64);
}

/* A table of so many places; what was in it is still there. */
static enum rc resize(struct matcher *m, size_t places, struct err *err)
{
	struct match_entry *old = m->table;
	size_t n = old ? m->mask + 1 : 0;
	struct match_entry *table = mem_calloc(places, sizeof(*table));
	uint64_t *sieve = mem_calloc(places * SIEVE_BITS / 64, sizeof(*sieve));

	if (!table || !sieve) {
		mem_free(table);
		mem_free(sieve);
		return err_memory(err);
	}
	mem_free(m->sieve);
	m->sieve = sieve;
	m->sieve_mask = places * SIEVE_BITS - 1;
	m->table = table;
	m->mask = places - 1;
	m->used = 0;
	for (size_t i = 0; i < n; i++)
		if (old[i].used)
			put(m, old[i].hash);
	mem_free(old);
	return RC_DONE;
}

/* All prints of a packet can decide. */
static enum rc put_packet(struct matcher *m, size_t packet, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t k = m->first[packet]; k < m->first[packet + 1] && rc == RC_DONE; k++) {
		if (match_find(m, m->hashes[k]))
			continue;
		if (m->used * 2 > m->mask)
			rc = resize(m, (m->mask + 1) * 4, err);
		if (rc == RC_DONE)
			put(m, m->hashes[k]);
	}
	return rc;
}

/* ---- prints of all packets -------------------------------------------------------------------------- */

/* Nobody knows where they stand. */
static enum rc take_kept(struct matcher *m, const struct trace_packet *p, size_t *n, struct err *err)
{
	if (mem_grow(&m->room, &m->cap_room, (size_t)p->n_prints + 1, sizeof(*m->room)) != 0)
		return err_memory(err);
	for (uint32_t i = 0; i < p->n_prints; i++)
		m->room[i] = (struct print){ .hash = hash_mix(p->prints[i] + 1ULL) };
	*n = p->n_prints;
	m->out->work += p->n_prints;
	return RC_DONE;
}

enum rc match_make_prints(struct matcher *m, struct plain *plain, const struct trace_packet *p, size_t *n, struct err *err)
{
	enum rc rc = plain_make(plain, p->payload, p->len, err);

	*n = 0;
	if (rc != RC_DONE)
		return rc;
	if (p->prints)
		return take_kept(m, p, n, err);
	if (mem_grow(&m->room, &m->cap_room, fingerprint_bound(plain->len), sizeof(*m->room)) != 0)
		return err_memory(err);
	*n = fingerprint(plain, m->room, fingerprint_bound(plain->len));
	m->out->work += plain->len;
	return RC_DONE;
}

static enum rc note_packet(struct matcher *m, size_t i, struct err *err)
{
	const struct trace_packet *p = &m->packets[i];
	int64_t unit = time_floor(p->time_ns, TRACE_UNIT_NS);
	enum rc rc = RC_DONE;
	size_t n = 0;

	m->first[i] = m->n_hashes;
	m->units += m->unit[p->talk] != unit;
	m->unit[p->talk] = unit;
	if (m->n_hashes > TRACE_PRINTS)
		m->out->limited = true;
	else
		rc = match_make_prints(m, &m->a, p, &n, err);
	if (rc == RC_DONE && mem_grow(&m->hashes, &m->cap_hashes, m->n_hashes + n, sizeof(*m->hashes)) != 0)
		rc = err_memory(err);
	for (size_t k = 0; k < n && rc == RC_DONE; k++)
		m->hashes[m->n_hashes++] = m->room[k].hash;
	return rc;
}

/* When what came in was answered first: the next packet of its conversation that left. */
static void find_answers(struct matcher *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->unit[m->packets[i].talk] = INT64_MAX;
	for (size_t i = m->n; i-- > 0;) {
		const struct trace_packet *p = &m->packets[i];

		m->answered[i] = m->unit[p->talk];
		if (p->way == TRACE_OUT)
			m->unit[p->talk] = p->time_ns;
	}
}

/* What the other side of its conversation said last before each packet. */
static void find_questions(struct matcher *m, uint32_t talks)
{
	int64_t *came = m->unit, *left = m->unit + talks;

	for (uint32_t t = 0; t < 2 * talks; t++)
		m->unit[t] = INT64_MIN;
	for (size_t i = 0; i < m->n; i++) {
		const struct trace_packet *p = &m->packets[i];

		m->heard[i] = p->way == TRACE_OUT ? came[p->talk] : left[p->talk];
		if (p->way == TRACE_IN)
			came[p->talk] = p->time_ns;
		else if (p->way == TRACE_OUT)
			left[p->talk] = p->time_ns;
	}
}

static enum rc note_packets(struct matcher *m, uint32_t talks, struct err *err)
{
	enum rc rc = RC_DONE;

	for (uint32_t t = 0; t < talks; t++)
		m->unit[t] = INT64_MIN;
	for (size_t i = 0; i < m->n && rc == RC_DONE; i++)
		rc = note_packet(m, i, err);
	m->first[m->n] = m->n_hashes;
	m->rarest = log((double)m->units + 1);
	find_answers(m);
	find_questions(m, talks);
	return rc;
}

/* ---- how rare they are -------------------------------------------------------------------------------- */

static bool is_rare(const struct matcher *m, const struct match_entry *e, unsigned share)
{
	return e->units <= TRACE_RARE || e->units <= m->units / share;
}

static double weight_of(const struct matcher *m, const struct match_entry *e)
{
	if (e->units == 0 || !is_rare(m, e, TRACE_USEFUL))
		return 0;
	double rare = log(((double)m->units + 1) / e->units);

	return rare > 0 ? rare * rare / m->rarest : 0;
}

/* If the unit is another one than those counted last. */
static void count_unit(struct match_entry *e, uint16_t tag)
{
	for (unsigned k = 0; k < MATCH_RECENT; k++)
		if (e->recent[k] == tag)
			return;
	e->recent[e->units++ % MATCH_RECENT] = tag;
}

/* Units that have them, of all prints in the table. */
static void count_all(struct matcher *m)
{
	for (size_t s = 0; s <= m->mask; s++) {
		struct match_entry *e = &m->table[s];

		e->units = e->seen = 0;
		memset(e->recent, 0, sizeof(e->recent));
	}
	for (size_t i = 0; i < m->n; i++) {
		const struct trace_packet *p = &m->packets[i];
		uint64_t unit = hash_mix((uint64_t)time_floor(p->time_ns, TRACE_UNIT_NS) + p->talk);

		for (size_t k = m->first[i]; k < m->first[i + 1]; k++) {
			struct match_entry *e = match_find(m, m->hashes[k]);

			if (!e || e->seen == i + 1)
				continue;
			e->seen = (uint32_t)i + 1;
			count_unit(e, (uint16_t)(unit | 1));
		}
	}
	for (size_t s = 0; s <= m->mask; s++) {
		struct match_entry *e = &m->table[s];

		e->seen = 0;
		e->weight = weight_of(m, e);
		e->decisive = e->weight > 0 && is_rare(m, e, TRACE_DECISIVE);
	}
}

/* ---- which packets matter -------------------------------------------------------------------------------- */

/* From the first packet that is asked of, less the window, to the last, and the window: the others only tell what is frequent. */
static void asked_times(struct matcher *m)
{
	m->from_ns = INT64_MAX;
	m->to_ns = INT64_MIN;
	for (size_t i = 0; i < m->n; i++) {
		const struct trace_packet *p = &m->packets[i];

		if (!p->cause_asked && !p->effect_asked)
			continue;
		if (m->from_ns == INT64_MAX)
			m->from_ns = time_sub(p->time_ns, m->window_ns);
		m->to_ns = time_add(p->time_ns, m->window_ns);
	}
}

static bool within(const struct matcher *m, int64_t early_ns, int64_t late_ns)
{
	return early_ns <= late_ns && time_sub(late_ns, early_ns) <= m->window_ns;
}

static bool shares_decisive(const struct matcher *m, size_t packet)
{
	for (size_t k = m->first[packet]; k < m->first[packet + 1]; k++) {
		const struct match_entry *e = match_find(m, m->hashes[k]);

		if (e && e->decisive)
			return true;
	}
	return false;
}

/*
 * What left is relevant where it is asked of; where something rare is in it and in what came in not long before and is asked of; or likewise in
 * what left not long after and is asked of: whoever caused one of them is less likely to have caused the other.
 */
static void mark_relevant(struct matcher *m)
{
	int64_t came = INT64_MIN, leaves = INT64_MAX;

	for (size_t i = 0; i < m->n; i++) {
		const struct trace_packet *p = &m->packets[i];

		if (p->effect_asked)
			came = p->time_ns;
		m->relevant[i] = (p->way & TRACE_OUT) && came != INT64_MIN && within(m, came, p->time_ns);
	}
	for (size_t i = m->n; i-- > 0;) {
		const struct trace_packet *p = &m->packets[i];
		bool near = (p->way & TRACE_OUT) && leaves != INT64_MAX && within(m, p->time_ns, leaves);

		if (p->cause_asked)
			leaves = p->time_ns;
		m->relevant[i] = p->cause_asked || ((m->relevant[i] || near) && shares_decisive(m, i));
	}
}

static enum rc put_asked(struct matcher *m, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < m->n && rc == RC_DONE; i++)
		if (m->packets[i].effect_asked || m->packets[i].cause_asked)
			rc = put_packet(m, i, err);
	return rc;
}

enum rc match_note_all(struct matcher *m, uint32_t talks, struct err *err)
{
	enum rc rc = resize(m, TABLE_LEAST, err);

	if (rc == RC_DONE)
		rc = note_packets(m, talks, err);
	if (rc == RC_DONE)
		rc = put_asked(m, err);
	if (rc != RC_DONE)
		return rc;
	asked_times(m);
	count_all(m);
	mark_relevant(m);
	for (size_t i = 0; i < m->n && rc == RC_DONE; i++)
		if (m->relevant[i])
			rc = put_packet(m, i, err);
	if (rc == RC_DONE)
		count_all(m);
	m->out->work += 2 * m->n_hashes;
	return rc;
}
