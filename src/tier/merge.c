/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/merge.h"

#include "base/hash.h"
#include "base/mem.h"
#include "tier/macro_table.h"

#include <assert.h>
#include <string.h>

enum { NONE = UINT32_MAX };

/* Ordinals that one segment gave a microflow, and the notes of these packets: stretches of merger.ordinals and .notes. */
struct refs { uint32_t at, n, notes_at, n_notes, next; };

struct micro {
	struct record_id id;
	int64_t slice_ns;
	uint32_t first_refs, last_refs, next;
	struct counters c;
	struct media *media;
};

struct flow {
	struct record_id id;
	int64_t slice_ns;
	uint32_t first_ordinal;
	uint32_t first_micro, last_micro;
	struct flow_key key;
};

/* Parts by the record that they belong to: open addressing, at most half full. */
struct by_id {
	struct slot { uint64_t id; uint32_t part; } *v;      /* id 0: empty */
	size_t n, mask;
};

struct merger {
	struct store *s;
	struct segment_writer *writer;
	struct macro_table *macros;
	struct flow *flows;
	struct micro *micros;
	struct refs *refs;
	uint32_t *ordinals, *of_micro;       /* of all; of one that is put together */
	struct packet_note *notes, *notes_of_micro;
	size_t n_flows, n_micros, n_refs, n_ordinals, n_notes;
	size_t cap_flows, cap_micros, cap_refs, cap_ordinals, cap_notes;
	size_t cap_of_micro, cap_notes_of_micro, cap_points;
	struct by_id flow_of, micro_of;
	struct merged out;
	/* the segment in hand */
	struct segment *segment;
	uint32_t first_offset;       /* ids before it are of records that began in an earlier one */
	uint32_t shift;              /* packets before it */
};

/* ---- parts by id ------------------------------------------------------------------------ */

static enum rc by_id_reset(struct by_id *t, struct err *err)
{
	if (!t->v) {
		t->mask = 1023;
		t->v = mem_calloc(t->mask + 1, sizeof(*t->v));
		if (!t->v)
			return err_memory(err);
	}
	memset(t->v, 0, (t->mask + 1) * sizeof(*t->v));
	t->n = 0;
	return RC_DONE;
}

static struct slot *by_id_slot(const struct by_id *t, uint64_t id)
{
	size_t at = (size_t)hash_mix(id) & t->mask;

	while (t->v[at].id != 0 && t->v[at].id != id)
		at = (at + 1) & t->mask;
	return &t->v[at];
}

static enum rc by_id_grow(struct by_id *t, struct err *err)
{
	struct by_id grown = { .n = t->n, .mask = t->mask * 2 + 1 };

	grown.v = mem_calloc(grown.mask + 1, sizeof(*grown.v));
	if (!grown.v)
		return err_memory(err);
	for (size_t i = 0; i <= t->mask; i++)
		if (t->v[i].id != 0)
			*by_id_slot(&grown, t->v[i].id) = t->v[i];
	mem_free(t->v);
	*t = grown;
	return RC_DONE;
}

static enum rc by_id_put(struct by_id *t, struct record_id id, uint32_t part, struct err *err)
{
	enum rc rc = t->n * 2 > t->mask ? by_id_grow(t, err) : RC_DONE;

	if (rc != RC_DONE)
		return rc;
	*by_id_slot(t, record_id_number(id)) = (struct slot){ record_id_number(id), part };
	t->n++;
	return RC_DONE;
}

/* The part that an earlier segment of ours has of this record; NONE. */
static uint32_t earlier_part(const struct merger *m, const struct by_id *t, struct record_id id)
{
	const struct slot *slot;

	if (id.block == m->out.place.block && id.offset >= m->first_offset)
		return NONE;         /* it begins here */
	slot = by_id_slot(t, record_id_number(id));
	return slot->id != 0 ? slot->part : NONE;
}

/* ---- made and freed --------------------------------------------------------------------- */

enum rc merger_new(struct store *s, struct merger **out, struct err *err)
{
	struct merger *m = mem_calloc(1, sizeof(*m));
	enum rc rc;

	if (!m)
		return err_memory(err);
	m->s = s;
	buf_init(&m->out.bytes);
	rc = segment_writer_new(&m->writer, err);
	if (rc == RC_DONE)
		rc = macro_table_new(&m->macros, err);
	if (rc != RC_DONE) {
		merger_free(m);
		return rc;
	}
	*out = m;
	return RC_DONE;
}

static void free_media(struct merger *m)
{
	for (size_t i = 0; i < m->n_micros; i++)
		media_free(m->micros[i].media);
	m->n_micros = 0;
}

void merger_free(struct merger *m)
{
	if (!m)
		return;
	segment_writer_free(m->writer);
	macro_table_free(m->macros);
	free_media(m);
	mem_free(m->flows);
	mem_free(m->micros);
	mem_free(m->refs);
	mem_free(m->ordinals);
	mem_free(m->of_micro);
	mem_free(m->notes);
	mem_free(m->notes_of_micro);
	mem_free(m->flow_of.v);
	mem_free(m->micro_of.v);
	mem_free(m->out.points);
	buf_free(&m->out.bytes);
	mem_free(m);
}

/* ---- reading ---------------------------------------------------------------------------- */

static enum rc take_packets(struct merger *m, uint32_t end, struct err *err)
{
	int64_t first_ns = 0, last_ns = 0;
	struct segment_packets it;
	struct packet_ref ref;
	uint16_t check;
	enum rc rc = segment_packets_seek(&it, m->segment, 0, err);

	while (rc == RC_DONE) {
		if (it.next % SEGMENT_MARK == 0)
			segment_mark(m->segment, it.next / SEGMENT_MARK, &first_ns, &last_ns);
		rc = segment_packets_next(&it, &ref, err);
		if (rc != RC_DONE)
			break;
		rc = segment_check(m->segment, it.next - 1, &check, err);
		if (rc != RC_DONE)
			break;
		segment_writer_packet(m->writer, ref.offset - end, ref.record_len, first_ns, check);
		segment_writer_time(m->writer, last_ns);
		end = ref.offset + ref.record_len;
	}
	return rc == RC_END ? RC_DONE : rc;
}

/* The flow of a part; *at is its index. */
static enum rc take_flow(struct merger *m, const struct segment_flow *f, uint32_t *at, struct err *err)
{
	*at = earlier_part(m, &m->flow_of, f->id);
	if (*at != NONE)
		return RC_DONE;
	if (mem_grow(&m->flows, &m->cap_flows, m->n_flows + 1, sizeof(*m->flows)) != 0)
		return err_memory(err);
	*at = (uint32_t)m->n_flows++;
	m->flows[*at] = (struct flow){ .id = f->id, .slice_ns = f->slice_ns, .key = f->key,
		.first_ordinal = m->shift + f->first_ordinal, .first_micro = NONE, .last_micro = NONE };
	return by_id_put(&m->flow_of, f->id, *at, err);
}

/* The same of a microflow, which stands in the flow's list. */
static enum rc take_micro(struct merger *m, struct flow *f, struct record_id id, int64_t slice_ns,
	const struct counters *c, uint32_t *at, struct err *err)
{
	*at = earlier_part(m, &m->micro_of, id);
	if (*at != NONE) {
		counters_merge(&m->micros[*at].c, c);
		return RC_DONE;
	}
	if (mem_grow(&m->micros, &m->cap_micros, m->n_micros + 1, sizeof(*m->micros)) != 0)
		return err_memory(err);
	*at = (uint32_t)m->n_micros++;
	m->micros[*at] = (struct micro){ .id = id, .slice_ns = slice_ns, .c = *c,
		.first_refs = NONE, .last_refs = NONE, .next = NONE };
	if (f->first_micro == NONE)
		f->first_micro = *at;
	else
		m->micros[f->last_micro].next = *at;
	f->last_micro = *at;
	return by_id_put(&m->micro_of, id, *at, err);
}

static enum rc take_notes(struct merger *m, const struct segment_cursor *c, struct refs *r, struct err *err)
{
	enum rc rc;

	r->notes_at = (uint32_t)m->n_notes;
	if (!segment_has_notes(c))
		return RC_DONE;
	if (mem_grow(&m->notes, &m->cap_notes, m->n_notes + c->refs_n, sizeof(*m->notes)) != 0)
		return err_memory(err);
	rc = segment_notes(c, m->notes + m->n_notes, &r->n_notes, err);
	if (rc == RC_DONE)
		m->n_notes += r->n_notes;
	return rc;
}

static enum rc take_refs(struct merger *m, const struct segment_cursor *c, struct micro *micro, struct err *err)
{
	struct refs r = { .at = (uint32_t)m->n_ordinals, .n = c->refs_n, .next = NONE };
	uint32_t *to, at = (uint32_t)m->n_refs;
	enum rc rc;

	if (mem_grow(&m->refs, &m->cap_refs, m->n_refs + 1, sizeof(*m->refs)) != 0 ||
		mem_grow(&m->ordinals, &m->cap_ordinals, m->n_ordinals + c->refs_n, sizeof(*to)) != 0)
		return err_memory(err);
	to = m->ordinals + m->n_ordinals;
	rc = segment_refs(c, to, err);
	for (uint32_t i = 0; rc == RC_DONE && i < c->refs_n; i++)
		to[i] += m->shift;
	if (rc == RC_DONE)
		rc = take_notes(m, c, &r, err);
	m->n_ordinals += c->refs_n;
	m->refs[m->n_refs++] = r;
	if (micro->first_refs == NONE)
		micro->first_refs = at;
	else
		m->refs[micro->last_refs].next = at;
	micro->last_refs = at;
	return rc;
}

static enum rc count_point(struct merger *m, uint32_t number, const struct counters *c, struct err *err)
{
	struct merged *out = &m->out;
	struct point_info *p;

	if (number >= out->n_points) {
		if (mem_grow(&out->points, &m->cap_points, (size_t)number + 1, sizeof(*p)) != 0)
			return err_memory(err);
		memset(out->points + out->n_points, 0, (number + 1 - out->n_points) * sizeof(*p));
		out->n_points = (size_t)number + 1;
	}
	p = &out->points[number];
	p->number = number;
	if (p->packets == 0 || c->first_ns < p->first_ns)
		p->first_ns = c->first_ns;
	if (p->packets == 0 || c->last_ns > p->last_ns)
		p->last_ns = c->last_ns;
	p->packets += counters_packets(c);
	p->bytes += counters_bytes(c);
	return RC_DONE;
}

/* The microflow parts of the flow part that the cursor read last. */
static enum rc take_micros(struct merger *m, struct segment_cursor *c, const struct segment_flow *part,
	uint32_t flow, struct err *err)
{
	struct counters counters;
	struct record_id id;
	int64_t slice_ns;
	uint32_t at;
	enum rc rc;

	while ((rc = segment_next_micro(c, &id, &slice_ns, &counters, err)) == RC_DONE) {
		rc = take_micro(m, &m->flows[flow], id, slice_ns, &counters, &at, err);
		if (rc == RC_DONE)
			rc = segment_join_media(c, &m->micros[at].media, err);
		if (rc == RC_DONE)
			rc = take_refs(m, c, &m->micros[at], err);
		if (rc == RC_DONE)
			rc = count_point(m, part->key.point, &counters, err);
		if (rc != RC_DONE)
			break;
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc take_flows(struct merger *m, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow part;
	uint32_t at = 0;
	enum rc rc = segment_seek(&c, m->segment, 0, err);

	while (rc == RC_DONE && (rc = segment_next_flow(&c, &part, err)) == RC_DONE) {
		rc = take_flow(m, &part, &at, err);
		if (rc == RC_DONE)
			rc = take_micros(m, &c, &part, at, err);
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc take_prints(struct merger *m, struct err *err)
{
	struct packet_prints prints;
	struct segment_prints it;
	uint32_t ordinal;

	if (segment_info(m->segment)->fingerprints != store_config(m->s)->fingerprints) {
		segment_writer_no_prints(m->writer);
		return RC_DONE;
	}
	enum rc rc = segment_prints_seek(&it, m->segment, 0, err);

	while (rc == RC_DONE && (rc = segment_prints_next(&it, &ordinal, &prints, err)) == RC_DONE)
		segment_writer_prints(m->writer, m->shift + ordinal, &prints);
	return rc == RC_END ? RC_DONE : rc;
}

static bool take_name(void *ctx, const struct observation *o)
{
	segment_writer_name(ctx, o);
	return true;
}

static enum rc take_macro(void *ctx, const struct service_key *key, const struct record *part, struct err *err)
{
	struct merger *m = ctx;
	struct macro_part *whole;
	enum rc rc = macro_table_get(m->macros, key, &whole, err);

	return rc == RC_DONE ? record_merge(&whole->rec, part, err) : rc;
}

static enum rc take_segment(struct merger *m, const struct segment_place *p, uint32_t end, struct err *err)
{
	enum rc rc = store_open_segment(m->s, p, &m->segment, NULL, err);

	if (rc != RC_DONE)
		return rc;
	segment_give_texts(m->segment, segment_writer_texts(m->writer));
	m->first_offset = p->first_offset;
	rc = take_packets(m, end, err);
	if (rc == RC_DONE)
		rc = take_prints(m, err);
	if (rc == RC_DONE)
		rc = take_flows(m, err);
	if (rc == RC_DONE)
		rc = segment_all_names(m->segment, take_name, m->writer, err);
	segment_close(m->segment);
	if (rc == RC_DONE)
		rc = store_segment_macros(m->s, p, segment_writer_texts(m->writer), take_macro, m, err);
	m->shift += p->packets;
	return rc;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* What stands in several stretches goes into one; positions of notes count from the microflow's first packet. */
static enum rc join(struct merger *m, const struct micro *micro, uint32_t *n, uint32_t *n_notes, struct err *err)
{
	size_t packets = counters_packets(&micro->c), notes = 0;

	for (uint32_t at = micro->first_refs; at != NONE; at = m->refs[at].next)
		notes += m->refs[at].n_notes;
	if (mem_grow(&m->of_micro, &m->cap_of_micro, packets, sizeof(*m->of_micro)) != 0 ||
		mem_grow(&m->notes_of_micro, &m->cap_notes_of_micro, notes, sizeof(*m->notes_of_micro)) != 0)
		return err_memory(err);
	*n = *n_notes = 0;
	for (uint32_t at = micro->first_refs; at != NONE; at = m->refs[at].next) {
		const struct refs *r = &m->refs[at];

		memcpy(m->of_micro + *n, m->ordinals + r->at, r->n * sizeof(*m->of_micro));
		for (uint32_t i = 0; i < r->n_notes; i++) {
			m->notes_of_micro[*n_notes] = m->notes[r->notes_at + i];
			m->notes_of_micro[(*n_notes)++].position += *n;
		}
		*n += r->n;
	}
	return RC_DONE;
}

static enum rc put_micro(struct merger *m, const struct micro *micro, struct err *err)
{
	const struct refs *first = &m->refs[micro->first_refs];
	const uint32_t *ordinals = m->ordinals + first->at;
	const struct packet_note *notes = first->n_notes ? m->notes + first->notes_at : NULL;
	uint32_t n = first->n, n_notes = first->n_notes;

	if (first->next != NONE) {
		enum rc rc = join(m, micro, &n, &n_notes, err);

		if (rc != RC_DONE)
			return rc;
		ordinals = m->of_micro;
		notes = m->notes_of_micro;
	}
	if (n_notes > 0)
		segment_writer_notes(m->writer, notes, n_notes);
	if (micro->media)
		segment_writer_media(m->writer, micro->media);
	segment_writer_micro(m->writer, micro->id, micro->slice_ns, &micro->c, ordinals, n);
	return RC_DONE;
}

static enum rc put_flows(struct merger *m, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < m->n_flows; i++) {
		const struct flow *f = &m->flows[i];

		segment_writer_flow(m->writer, f->id, &f->key, f->slice_ns, f->first_ordinal);
		for (uint32_t at = f->first_micro; rc == RC_DONE && at != NONE; at = m->micros[at].next)
			rc = put_micro(m, &m->micros[at], err);
	}
	return rc;
}

/* ---- all of it -------------------------------------------------------------------------- */

static void sum_places(struct segment_place *sum, const struct segment_place *places, size_t n)
{
	*sum = places[0];
	for (size_t i = 1; i < n; i++) {
		const struct segment_place *p = &places[i];

		assert(p->block == sum->block && p->first_offset >= sum->end_offset);
		sum->packets += p->packets;
		sum->end_offset = p->end_offset;
		sum->first_ns = p->first_ns < sum->first_ns ? p->first_ns : sum->first_ns;
		sum->last_ns = p->last_ns > sum->last_ns ? p->last_ns : sum->last_ns;
		sum->bytes += p->bytes;
		sum->captured_bytes += p->captured_bytes;
		sum->digest += p->digest;
		sum->time_unknown += p->time_unknown;
		sum->time_saturated += p->time_saturated;
		sum->cut_packets += p->cut_packets;
		sum->undecoded += p->undecoded;
	}
}

static enum rc begin(struct merger *m, const struct segment_place *places, size_t n, struct err *err)
{
	const struct store_config *config = store_config(m->s);
	struct segment_place *p = &m->out.place;
	enum rc rc;

	sum_places(p, places, n);
	free_media(m);
	m->n_flows = m->n_refs = m->n_ordinals = m->n_notes = 0;
	m->out.n_points = 0;
	m->shift = 0;
	macro_table_clear(m->macros);
	buf_clear(&m->out.bytes);
	rc = by_id_reset(&m->flow_of, err);
	if (rc == RC_DONE)
		rc = by_id_reset(&m->micro_of, err);
	segment_writer_begin(m->writer, &(struct segment_start){ .block = p->block, .number = p->number,
		.first_offset = p->first_offset, .first_frame = p->first_frame, .micro_ns = config->micro_ns,
		.flow_ns = config->flow_ns, .macro_ns = config->macro_ns, .fingerprints = config->fingerprints });
	return rc;
}

enum rc merger_merge(struct merger *m, const struct segment_place *places, size_t n, struct merged **out,
	struct err *err)
{
	enum rc rc = begin(m, places, n, err);

	for (size_t i = 0; rc == RC_DONE && i < n; i++)
		rc = take_segment(m, &places[i], i > 0 ? places[i - 1].end_offset : places[0].first_offset, err);
	if (rc == RC_DONE)
		rc = put_flows(m, err);
	if (rc == RC_DONE)
		rc = segment_writer_end(m->writer, &m->out.bytes, NULL, err);
	if (rc != RC_DONE)
		return rc;
	m->out.macros = macro_table_sorted(m->macros, &m->out.n_macros);
	*out = &m->out;
	return RC_DONE;
}
