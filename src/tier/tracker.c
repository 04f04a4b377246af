/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/tracker.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "flow/field.h"
#include "tier/analysis.h"
#include "tier/conversation.h"
#include "tier/imprinter.h"

#include <assert.h>
#include <string.h>

enum {
	NONE = UINT32_MAX,
	PART_TEXTS = 1 << 20,        /* of the texts of a segment's parts, bytes */
};

/* Parts of one segment. */
struct part_set {
	struct flow_part *flows;
	struct micro_part *micros;
	struct packet_chain *refs;
	struct note_chain *notes;
	struct media *media;
	struct print_run *print_runs;
	uint32_t *prints;
	struct texts *texts;
	struct observations *observations;
	size_t n_flows, n_micros, n_refs, n_notes, n_media;
	size_t n_print_runs, cap_print_runs, n_prints, cap_prints;
	size_t cap_flows, cap_micros, cap_refs, cap_notes, cap_media;
};

struct tracker {
	struct tracker_config config;
	struct conversation_table *conversations;
	struct analysis *analysis;
	struct imprinter *imprinter;     /* NULL: no fingerprints */
	struct part_set sets[TRACKER_SETS];
	struct part_set *set;            /* of the segment that is open */
	uint32_t generation;             /* number of that segment: parts of another one are gone */
	int64_t flow_slice, micro_slice; /* of the packet before: saves divisions */
};

/* ---- set up -------------------------------------------------------------------------- */

enum rc tracker_new(const struct tracker_config *config, struct tracker **out, struct err *err)
{
	struct tracker *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return err_memory(err);
	assert(config->sets >= 2 && config->sets <= TRACKER_SETS);
	enum rc rc = conversation_table_new(TRACKER_CONVERSATIONS, &t->conversations, err);
	for (unsigned i = 0; i < config->sets && rc == RC_DONE; i++) {
		rc = texts_new(PART_TEXTS, &t->sets[i].texts, err);
		if (rc == RC_DONE)
			rc = observations_new(TRACKER_OBSERVATIONS, &t->sets[i].observations, err);
	}
	if (rc == RC_DONE)
		rc = analysis_new(TRACKER_CONVERSATIONS, config->attributes, &t->analysis, err);
	if (rc == RC_DONE && config->fingerprints != FINGERPRINTS_OFF)
		rc = imprinter_new(TRACKER_CONVERSATIONS, (enum fingerprints)config->fingerprints, &t->imprinter, err);
	if (rc != RC_DONE) {
		tracker_free(t);
		return rc;
	}
	t->config = *config;
	t->set = &t->sets[0];
	t->generation = 1;
	*out = t;
	return RC_DONE;
}

static void part_set_free(struct part_set *s)
{
	mem_free(s->flows);
	mem_free(s->micros);
	mem_free(s->refs);
	mem_free(s->notes);
	mem_free(s->media);
	mem_free(s->print_runs);
	mem_free(s->prints);
	texts_free(s->texts);
	observations_free(s->observations);
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	conversation_table_free(t->conversations);
	analysis_free(t->analysis);
	imprinter_free(t->imprinter);
	for (unsigned i = 0; i < TRACKER_SETS; i++)
		part_set_free(&t->sets[i]);
	mem_free(t);
}

void tracker_end_segment(struct tracker *t, struct tracker_parts *out)
{
	struct part_set *s = t->set;

	*out = (struct tracker_parts){
		.flows = s->flows, .n_flows = s->n_flows,
		.micros = s->micros, .n_micros = s->n_micros,
		.refs = s->refs, .n_refs = s->n_refs,
		.notes = s->notes, .n_notes = s->n_notes,
		.print_runs = s->print_runs, .n_print_runs = s->n_print_runs, .prints = s->prints,
		.media = s->media, .texts = s->texts, .observations = s->observations,
	};
	t->set = s + 1 == &t->sets[t->config.sets] ? &t->sets[0] : s + 1;
	t->set->n_flows = t->set->n_micros = t->set->n_refs = t->set->n_notes = t->set->n_media = 0;
	t->set->n_print_runs = t->set->n_prints = 0;
	texts_clear(t->set->texts);
	observations_clear(t->set->observations);
	t->generation++;
}

/* ---- slices -------------------------------------------------------------------------- */

/* The slice that holds time_ns; *cached is the one of the packet before. */
static int64_t slice_of(int64_t time_ns, int64_t length_ns, int64_t *cached)
{
	uint64_t into = (uint64_t)time_ns - (uint64_t)*cached;

	if (into >= (uint64_t)length_ns)
		*cached = time_floor(time_ns, length_ns);
	return *cached;
}

/* ---- parts --------------------------------------------------------------------------- */

static enum rc part_begin_flow(struct tracker *t, struct conversation *c, struct open_flow *f,
	const struct packet *p, uint32_t ordinal, struct err *err)
{
	struct part_set *s = t->set;

	if (mem_grow(&s->flows, &s->cap_flows, s->n_flows + 1, sizeof(*s->flows)) != 0)
		return err_memory(err);
	f->part = (uint32_t)s->n_flows++;
	f->generation = t->generation;
	s->flows[f->part] = (struct flow_part){
		.id = f->id, .slice_ns = f->slice_ns, .first_ordinal = ordinal,
		.first_offset = p->offset,
		.first_micro = NONE, .last_micro = NONE,
	};
	conversation_key(c, f, p, &s->flows[f->part].key);
	return RC_DONE;
}

static enum rc part_begin_micro(struct tracker *t, const struct open_flow *f, struct open_micro *m,
	struct err *err)
{
	struct part_set *s = t->set;

	if (mem_grow(&s->micros, &s->cap_micros, s->n_micros + 1, sizeof(*s->micros)) != 0)
		return err_memory(err);
	m->part = (uint32_t)s->n_micros++;
	m->generation = t->generation;

	struct micro_part *part = &s->micros[m->part];
	part->id = m->id;
	part->slice_ns = m->slice_ns;
	part->last_ref = part->next = NONE;
	part->first_note = part->last_note = NONE;
	part->n_notes = 0;
	part->media = 0;
	counters_init(&part->c);

	struct flow_part *flow = &s->flows[f->part];
	if (flow->first_micro == NONE)
		flow->first_micro = m->part;
	else
		s->micros[flow->last_micro].next = m->part;
	flow->last_micro = m->part;
	return RC_DONE;
}

static enum rc part_add_ref(struct part_set *s, struct micro_part *m, uint32_t ordinal, struct err *err)
{
	if (mem_grow(&s->refs, &s->cap_refs, s->n_refs + 1, sizeof(*s->refs)) != 0)
		return err_memory(err);
	uint32_t at = (uint32_t)s->n_refs++;
	s->refs[at] = (struct packet_chain){ordinal, m->last_ref};
	m->last_ref = at;
	return RC_DONE;
}

static enum rc part_add_note(struct part_set *s, struct micro_part *m, const struct packet_note *note,
	struct err *err)
{
	if (mem_grow(&s->notes, &s->cap_notes, s->n_notes + 1, sizeof(*s->notes)) != 0)
		return err_memory(err);
	uint32_t at = (uint32_t)s->n_notes++;
	s->notes[at] = (struct note_chain){*note, NONE};
	s->notes[at].note.position = (uint32_t)counters_packets(&m->c) - 1;
	if (m->first_note == NONE)
		m->first_note = at;
	else
		s->notes[m->last_note].next = at;
	m->last_note = at;
	m->n_notes++;
	return RC_DONE;
}

static enum rc part_add_media(struct part_set *s, struct micro_part *m, const struct media *more, struct err *err)
{
	if (m->media == 0) {
		if (mem_grow(&s->media, &s->cap_media, s->n_media + 1, sizeof(*s->media)) != 0)
			return err_memory(err);
		memset(&s->media[s->n_media], 0, sizeof(*s->media));
		m->media = (uint32_t)++s->n_media;
	}
	media_merge(&s->media[m->media - 1], more);
	return RC_DONE;
}

static enum rc part_add_prints(struct part_set *s, uint32_t ordinal, const struct imprints *found, struct err *err)
{
	if (!found || (found->n == 0 && !found->more))
		return RC_DONE;
	if (mem_grow(&s->print_runs, &s->cap_print_runs, s->n_print_runs + 1, sizeof(*s->print_runs)) != 0 ||
		mem_grow(&s->prints, &s->cap_prints, s->n_prints + found->n, sizeof(*s->prints)) != 0)
		return err_memory(err);
	s->print_runs[s->n_print_runs++] = (struct print_run){
		.ordinal = ordinal, .first = (uint32_t)s->n_prints, .n = (uint16_t)found->n, .more = found->more,
	};
	if (found->n > 0)
		memcpy(&s->prints[s->n_prints], found->v, found->n * sizeof(*s->prints));
	s->n_prints += found->n;
	return RC_DONE;
}

/* ---- which flow ---------------------------------------------------------------------- */

/* A flow of slice_ns begins with this packet. It takes the place of the older of the two that a conversation keeps. */
static struct open_flow *flow_begin(struct conversation *c, int64_t slice_ns, struct record_id id)
{
	struct open_flow *f = &c->open[0];

	if (f->id.block != 0 && slice_ns < f->slice_ns)
		f = &c->open[1];
	else
		c->open[1] = c->open[0];
	memset(f, 0, sizeof(*f));
	f->slice_ns = slice_ns;
	f->id = id;
	f->orientation = c->orientation;
	return f;
}

/* The open flow of a slice, if the conversation keeps it. */
static struct open_flow *flow_of_slice(struct conversation *c, int64_t slice_ns)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->open[i].id.block != 0 && c->open[i].slice_ns == slice_ns)
			return &c->open[i];
	return NULL;
}

/* A SYN that asks for a new connection: with a sequence that this flow's handshake did not have. */
static bool is_new_syn(const struct conversation *c, const struct packet *p)
{
	if (!(p->flags & PACKET_HAS_TCP) || (p->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return c->handshake == HANDSHAKE_NONE || c->syn_seq != p->tcp_seq;
}

static void mark_end(struct tracker *t, const struct open_flow *f, enum end_reason why)
{
	const struct open_micro *m = &f->micro[0];

	if (m->generation != t->generation)
		return;      /* its part is sealed; reading tells how it ended */
	struct counters *c = &t->set->micros[m->part].c;
	c->end_reason = (uint8_t)why;
	c->known |= FIELD_BIT(FIELD_END_REASON);
}

static void reorient(struct tracker *t, struct conversation *c, const struct packet *p)
{
	if (conversation_reorient(c, p))
		analysis_turn(t->analysis, conversation_place(t->conversations, c));
}

/* The flow that a packet belongs to, begun here if need be; *begins tells. */
static struct open_flow *flow_for(struct tracker *t, struct conversation *c, const struct packet *p,
	struct record_id id, bool *begins)
{
	int64_t slice = slice_of(p->time_ns, t->config.flow_ns, &t->flow_slice);
	struct open_flow *f = flow_of_slice(c, slice);
	bool new_syn = is_new_syn(c, p);

	*begins = true;
	if (!f) {
		if (new_syn)
			reorient(t, c, p);
		c->fin_seen = 0;
		return flow_begin(c, slice, id);
	}
	if (new_syn) {
		if (!f->closed && f == &c->open[0])
			mark_end(t, f, END_NEW_SYN);
		reorient(t, c, p);
		c->fin_seen = 0;
		return flow_begin(c, slice, id);
	}
	if (open_flow_is_over(f, p->time_ns)) {
		c->fin_seen = 0;
		return flow_begin(c, slice, id);
	}
	*begins = false;
	return f;
}

/* The microflow of the packet within its flow. */
static struct open_micro *micro_for(struct tracker *t, struct open_flow *f, const struct packet *p,
	struct record_id id)
{
	int64_t slice = slice_of(p->time_ns, t->config.micro_ns, &t->micro_slice);

	for (unsigned i = 0; i < 2; i++)
		if (f->micro[i].id.block != 0 && f->micro[i].slice_ns == slice)
			return &f->micro[i];

	struct open_micro *m = &f->micro[0];
	if (m->id.block != 0 && slice < m->slice_ns)
		m = &f->micro[1];
	else
		f->micro[1] = f->micro[0];
	*m = (struct open_micro){.slice_ns = slice, .id = id};
	return m;
}

/* ---- counting ------------------------------------------------------------------------ */

static void count_rtt(struct counters *c, int64_t rtt)
{
	c->rtt_min = c->rtt_max = c->rtt_sum = rtt;
	c->rtt_sumsq = (u128)((__extension__ (__int128)rtt) * rtt);
	c->rtt_n = 1;
	c->known |= FIELD_BIT(FIELD_RTT_MIN) | FIELD_BIT(FIELD_RTT_MAX);
}

/* ---- TCP: handshake and end ------------------------------------------------------------ */

/* What FIN and RST do to the flow; counted in the microflow of the packet that ended it, for which this is true. */
static bool watch_end(struct conversation *c, struct open_flow *f, struct counters *k,
	const struct packet *p, enum direction dir)
{
	enum end_reason why = END_NONE;

	if (p->tcp_flags & TCP_FIN)
		c->fin_seen |= (uint8_t)(1 << dir);
	if (f->closed)
		return false;
	if (p->tcp_flags & TCP_RST)
		why = END_RST;
	else if (c->fin_seen == 3)
		why = END_FIN;
	if (why == END_NONE)
		return false;
	f->closed = true;
	k->end_reason = (uint8_t)why;
	k->known |= FIELD_BIT(FIELD_END_REASON);
	return true;
}

/* ---- one packet ------------------------------------------------------------------------ */

/* Flow part and microflow part for the packet; *micro is where it is counted. */
static enum rc place(struct tracker *t, struct conversation *c, const struct packet *p, uint32_t block,
	uint32_t ordinal, struct open_flow **flow, struct micro_part **micro, struct err *err)
{
	struct record_id id = {block, p->offset};
	bool begins;
	struct open_flow *f = flow_for(t, c, p, id, &begins);
	struct open_micro *m = micro_for(t, f, p, id);
	enum rc rc = RC_DONE;

	if (f->generation != t->generation)
		rc = part_begin_flow(t, c, f, p, ordinal, err);
	if (rc == RC_DONE && m->generation != t->generation)
		rc = part_begin_micro(t, f, m, err);
	if (rc != RC_DONE)
		return rc;
	*flow = f;
	*micro = &t->set->micros[m->part];
	if (begins)
		(*micro)->c.flows++;
	else
		counters_gap(&(*micro)->c, time_sub(p->time_ns, f->last_ns));
	f->last_ns = p->time_ns;
	return RC_DONE;
}

/* What is kept of its payload, as far as it was captured. */
static enum rc take_prints(struct tracker *t, uint32_t place, const struct packet *p, const struct tracker_frame *frame,
	enum direction dir, uint32_t ordinal, struct err *err)
{
	const struct imprints *found;
	uint32_t whole = frame->whole ? frame->whole : p->caplen;
	uint32_t len = p->payload_off < whole ? whole - p->payload_off : 0;

	if (len > p->payload_len)
		len = p->payload_len;
	if (!frame->bytes || len == 0)
		return RC_DONE;
	enum rc rc = imprinter_packet(t->imprinter, place, p, dir, frame->bytes + p->payload_off, len, &found, err);
	return rc == RC_DONE ? part_add_prints(t->set, ordinal, found, err) : rc;
}

static unsigned attributes_for(const struct tracker *t, const struct packet *p)
{
	const struct tracker_config *config = &t->config;

	return config->wanted && !config->wanted(config->ctx, p) ? 0 : config->attributes;
}

static enum rc track(struct tracker *t, const struct packet *p, const struct tracker_frame *frame, uint64_t hash,
	uint32_t block, uint32_t ordinal, struct err *err)
{
	enum direction dir;
	bool was_evicted;
	struct conversation *c = conversation_find(t->conversations, p, hash, t->config.flow_ns,
		&dir, &was_evicted);
	struct analysed at = {
		.place = conversation_place(t->conversations, c), .frame = frame->bytes, .announced = frame->announced, .forgotten = was_evicted,
	};
	struct packet_note note;
	struct media media;
	bool has_media;
	struct open_flow *flow;
	struct micro_part *micro;

	if (c->open[0].id.block == 0) {
		analysis_begin(t->analysis, at.place, attributes_for(t, p));
		if (t->imprinter)
			imprinter_begin(t->imprinter, at.place);
	}
	enum rc rc = place(t, c, p, block, ordinal, &flow, &micro, err);

	if (rc != RC_DONE)
		return rc;
	if ((p->flags & PACKET_HAS_TCP) && (p->tcp_flags & TCP_SYN))
		dir = conversation_direction(c, p);      /* it may have been turned round */
	at.dir = dir;
	at.texts = t->set->texts;
	at.observations = t->set->observations;
	at.generation = t->generation;
	at.as = flow->turned ? DIR_C2S + DIR_S2C - dir : dir;
	counters_packet(&micro->c, p, at.as);
	if (was_evicted)
		micro->c.state_evicted++;
	if (p->flags & PACKET_HAS_TCP) {
		int64_t rtt;
		if (conversation_handshake(c, p, dir, &rtt))
			count_rtt(&micro->c, rtt);
		if (watch_end(c, flow, &micro->c, p, dir) && flow == &c->open[0])
			conversation_close(t->conversations, c);
	}
	if (analysis_packet(t->analysis, p, &at, &micro->c, &note, &media, &has_media))
		rc = part_add_note(t->set, micro, &note, err);
	if (rc == RC_DONE && has_media)
		rc = part_add_media(t->set, micro, &media, err);
	if (rc == RC_DONE && t->imprinter)
		rc = take_prints(t, at.place, p, frame, dir, ordinal, err);
	return rc == RC_DONE ? part_add_ref(t->set, micro, ordinal, err) : rc;
}

/*
 * What packets look at is in main memory more often than in the cache: while one is counted, what those behind it need is on its way.
 * AHEAD of them know their bucket; of the next few (SOON) the conversation is known, and where it counts.
 */
enum { AHEAD = 16, SOON = 3 };

/* Packets lie where the reader wrote them: in the cache of another processor. */
static void expect_packets(const struct tracker_batch *b, const uint16_t *order, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *p = (const char *)&b->packets[order[i]];

		for (size_t line = 0; line < sizeof(struct packet); line += 64)
			__builtin_prefetch(p + line);
		__builtin_prefetch(&b->frames[order[i]]);
	}
}

/* What packets of this conversation need beside it, and the counters that they probably change. */
static void expect_part(const struct tracker *t, const struct conversation *c)
{
	const struct open_micro *m = &c->open[0].micro[0];
	uint32_t place = conversation_place(t->conversations, c);

	analysis_expect(t->analysis, place);
	if (t->imprinter)
		imprinter_expect(t->imprinter, place);
	if (m->generation != t->generation || c->open[0].id.block == 0)
		return;
	const char *part = (const char *)&t->set->micros[m->part];
	for (unsigned line = 0; line < 4; line++)
		__builtin_prefetch(part + (size_t)line * 64, 1);
}

enum rc tracker_packets(struct tracker *t, const struct tracker_batch *b, const uint16_t *order, unsigned n, struct err *err)
{
	uint64_t hashes[AHEAD];
	const struct conversation *soon[AHEAD];
	enum rc rc = RC_DONE;

	for (unsigned from = 0; from < n && rc == RC_DONE; from += AHEAD) {
		unsigned some = n - from < AHEAD ? n - from : AHEAD;

		expect_packets(b, order + from, some);
		for (unsigned i = 0; i < some; i++) {
			unsigned k = order[from + i];
			hashes[i] = conversation_hash(&b->packets[k], b->pair_hashes[k]);
			conversation_expect(t->conversations, hashes[i]);
			if (b->frames[k].bytes)
				__builtin_prefetch(b->frames[k].bytes + b->packets[k].payload_off);
		}
		for (unsigned i = 0; i < some; i++)
			soon[i] = conversation_expect_more(t->conversations, hashes[i]);
		for (unsigned i = 0; i < some && rc == RC_DONE; i++) {
			unsigned k = order[from + i];
			if (i + SOON < some && soon[i + SOON])
				expect_part(t, soon[i + SOON]);
			rc = track(t, &b->packets[k], &b->frames[k], hashes[i], b->block, b->first_ordinal + k, err);
		}
	}
	return rc;
}
