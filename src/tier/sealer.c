/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/sealer.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/field.h"
#include "flow/sketch.h"
#include "tier/macro_table.h"

#include <stdlib.h>
#include <string.h>

struct sealer {
	struct segment_writer *writer;
	struct macro_table *macros;          /* macroflow parts of the segment in hand */
	struct macro_ids *ids;               /* identities carried from segment to segment */
	uint32_t *ordinals;                  /* of one microflow part */
	size_t cap_ordinals;
	struct packet_note *notes;           /* likewise */
	size_t cap_notes;
	struct sealer_output out;
};

enum rc sealer_new(struct sealer **out, struct err *err)
{
	struct sealer *s = mem_calloc(1, sizeof(*s));
	enum rc rc;

	if (!s)
		return err_memory(err);
	rc = segment_writer_new(&s->writer, err);
	if (rc == RC_DONE)
		rc = macro_table_new(&s->macros, err);
	if (rc == RC_DONE)
		rc = macro_ids_new(&s->ids, err);
	if (rc != RC_DONE) {
		sealer_free(s);
		return rc;
	}
	buf_init(&s->out.bytes);
	*out = s;
	return RC_DONE;
}

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	segment_writer_free(s->writer);
	macro_table_free(s->macros);
	macro_ids_free(s->ids);
	mem_free(s->ordinals);
	mem_free(s->notes);
	buf_free(&s->out.bytes);
	mem_free(s);
}

/* Ordinals of a microflow part, out of the shard's chain, which runs backwards. */
static enum rc collect_ordinals(struct sealer *s, const struct tracker_parts *shard,
	const struct micro_part *m, uint32_t *n, struct err *err)
{
	uint32_t count = (uint32_t)counters_packets(&m->c), at = m->last_ref;

	if (mem_grow(&s->ordinals, &s->cap_ordinals, count, sizeof(*s->ordinals)) != 0)
		return err_memory(err);
	for (uint32_t i = count; i-- > 0; at = shard->refs[at].before)
		s->ordinals[i] = shard->refs[at].ordinal;
	*n = count;
	return RC_DONE;
}

static enum rc add_time(struct hist **to, int64_t ns, struct err *err)
{
	enum rc rc = *to ? RC_DONE : hist_new(to, err);

	return rc == RC_DONE ? hist_add(*to, ns, err) : rc;
}

/* Notes of a microflow part go to the writer, response times to the macroflow's histogram. */
static enum rc write_notes(struct sealer *s, const struct tracker_parts *shard, const struct micro_part *m,
	struct record *macro, struct err *err)
{
	enum rc rc = RC_DONE;
	uint32_t n = 0;

	if (m->n_notes == 0)
		return RC_DONE;
	if (mem_grow(&s->notes, &s->cap_notes, m->n_notes, sizeof(*s->notes)) != 0)
		return err_memory(err);
	for (uint32_t at = m->first_note; at != UINT32_MAX && rc == RC_DONE; at = shard->notes[at].next) {
		s->notes[n] = shard->notes[at].note;
		if (s->notes[n].has_response)
			rc = add_time(&macro->response, s->notes[n].response_ns, err);
		n++;
	}
	segment_writer_notes(s->writer, s->notes, n);
	return rc;
}

static enum rc write_media(struct sealer *s, const struct tracker_parts *shard, const struct micro_part *m,
	struct record *flow, struct err *err)
{
	struct media media;

	if (m->media == 0)
		return RC_DONE;
	media = shard->media[m->media - 1];
	media_move_texts(&media, shard->texts, flow->texts);
	segment_writer_media(s->writer, &media);
	return media_join(&flow->media, &media, err);
}

/*
 * Adds a flow part to its macroflow's part; `flow` holds the merge of its microflows. Times are not its own: there they would be a
 * histogram of a value or two, and what merges histograms looks at all of the macroflow's.
 */
static enum rc add_to_macro(struct macro_part *macro, const struct service_key *service, const struct sealer_input *in,
	const struct flow_part *f, struct record *flow, struct err *err)
{
	enum rc rc = RC_DONE;

	flow->key = f->key;
	flow->key.server_port = service->port;
	record_key_known(flow);
	flow->id = (struct record_id){in->start.block, f->first_offset};
	flow->slice_ns = service->window_ns;
	/* A flow has one handshake at most, so its only round-trip time is the sum. */
	if (flow->c.rtt_n == 1)
		rc = add_time(&macro->rec.rtt, flow->c.rtt_sum, err);
	if (rc == RC_DONE)
		rc = record_merge(&macro->rec, flow, err);
	return rc == RC_DONE ? sketch_add(macro->rec.clients, &f->key.client, err) : rc;
}

/* Parts were written long ago and are not in the cache: this one's first microflow is asked for one flow ahead. */
static void expect_flow(const struct tracker_parts *shard, size_t at)
{
	const char *part;

	if (at >= shard->n_flows || shard->flows[at].first_micro == UINT32_MAX)
		return;
	part = (const char *)&shard->micros[shard->flows[at].first_micro];
	for (size_t line = 0; line < sizeof(struct micro_part); line += 64)
		__builtin_prefetch(part + line);
}

static enum rc seal_flow(struct sealer *s, const struct sealer_input *in,
	const struct tracker_parts *shard, const struct flow_part *f, struct err *err)
{
	struct service_key service;
	struct macro_part *macro;
	struct record flow;
	struct counters moved;

	service_of(&service, &f->key, time_floor(f->slice_ns, in->start.macro_ns));
	enum rc rc = macro_table_get(s->macros, &service, &macro, err);
	if (rc != RC_DONE)
		return rc;
	segment_writer_flow(s->writer, f->id, &f->key, f->slice_ns, f->first_ordinal);
	record_init(&flow, TIER_FLOW);
	flow.texts = segment_writer_texts(s->writer);
	for (uint32_t at = f->first_micro; at != UINT32_MAX && rc == RC_DONE; at = shard->micros[at].next) {
		const struct micro_part *m = &shard->micros[at];
		const struct counters *c = &m->c;
		uint32_t n = 0;
		rc = collect_ordinals(s, shard, m, &n, err);
		if (rc == RC_DONE)
			rc = write_notes(s, shard, m, &macro->rec, err);
		if (rc != RC_DONE)
			break;
		if (c->known & text_fields()) {
			moved = *c;
			counters_move_texts(&moved, shard->texts, flow.texts);
			c = &moved;
		}
		rc = write_media(s, shard, m, &flow, err);
		segment_writer_micro(s->writer, m->id, m->slice_ns, c, s->ordinals, n);
		if (at == f->first_micro)
			flow.c = *c;         /* most flows have no other */
		else
			counters_merge(&flow.c, c);
	}
	if (rc == RC_DONE)
		rc = add_to_macro(macro, &service, in, f, &flow, err);
	record_free(&flow);
	return rc;
}

/* The shard whose next flow part begins first; TIER_SHARDS when all are through. */
static unsigned next_shard(const struct sealer_input *in, const size_t *at)
{
	unsigned best = TIER_SHARDS;

	for (unsigned i = 0; i < TIER_SHARDS; i++) {
		const struct tracker_parts *p = &in->shards[i];
		if (at[i] < p->n_flows && (best == TIER_SHARDS ||
			p->flows[at[i]].first_ordinal < in->shards[best].flows[at[best]].first_ordinal))
			best = i;
	}
	return best;
}

static enum rc seal_flows(struct sealer *s, const struct sealer_input *in, struct err *err)
{
	size_t at[TIER_SHARDS] = {0};
	enum rc rc = RC_DONE;
	unsigned i;

	while (rc == RC_DONE && (i = next_shard(in, at)) != TIER_SHARDS) {
		expect_flow(&in->shards[i], at[i] + 1);
		rc = seal_flow(s, in, &in->shards[i], &in->shards[i].flows[at[i]], err);
		at[i]++;
	}
	return rc;
}

static enum rc seal_names(struct sealer *s, struct observations *names, struct err *err)
{
	const struct observation *v;

	if (!names)
		return RC_DONE;
	if (observations_failed(names))
		return err_memory(err);
	v = observations_sorted(names);
	for (size_t i = 0; i < observations_count(names); i++)
		segment_writer_name(s->writer, &v[i]);
	return RC_DONE;
}

/* The shard whose next packet with fingerprints comes first; TIER_SHARDS when all are through. */
static unsigned next_prints(const struct sealer_input *in, const size_t *at)
{
	unsigned best = TIER_SHARDS;
	uint32_t first = UINT32_MAX;

	for (unsigned i = 0; i < TIER_SHARDS; i++) {
		const struct tracker_parts *p = &in->shards[i];
		if (at[i] < p->n_print_runs && p->print_runs[at[i]].ordinal < first) {
			best = i;
			first = p->print_runs[at[i]].ordinal;
		}
	}
	return best;
}

static void seal_prints(struct sealer *s, const struct sealer_input *in)
{
	size_t at[TIER_SHARDS] = {0};
	unsigned i;

	while ((i = next_prints(in, at)) != TIER_SHARDS) {
		const struct print_run *run = &in->shards[i].print_runs[at[i]++];
		segment_writer_prints(s->writer, run->ordinal,
			&(struct packet_prints){.v = in->shards[i].prints + run->first, .n = run->n, .more = run->more});
	}
}

enum rc sealer_seal(struct sealer *s, const struct sealer_input *in, struct sealer_output **out,
	struct err *err)
{
	segment_writer_begin(s->writer, &in->start);
	segment_writer_packets(s->writer, in->packets, in->checks, in->n_packets);
	seal_prints(s, in);
	macro_table_clear(s->macros);

	enum rc rc = seal_flows(s, in, err);
	if (rc == RC_DONE)
		rc = seal_names(s, in->names, err);
	for (unsigned i = 0; rc == RC_DONE && i < TIER_SHARDS; i++)
		rc = seal_names(s, in->shards[i].observations, err);
	if (rc != RC_DONE)
		return rc;
	buf_clear(&s->out.bytes);
	rc = segment_writer_end(s->writer, &s->out.bytes, &s->out.size, err);
	if (rc != RC_DONE)
		return rc;
	s->out.addrs = segment_writer_addresses(s->writer, &s->out.n_addrs);
	s->out.macros = macro_table_sorted(s->macros, &s->out.n_macros);
	for (size_t i = 0; i < s->out.n_macros; i++)
		macro_ids_carry(s->ids, &s->out.macros[i].key, &s->out.macros[i].rec.id);
	*out = &s->out;
	return RC_DONE;
}
