/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_world.h"

#include "flow/field.h"

#include <stdlib.h>
#include <string.h>

void world_open(struct world *x, uint64_t seed, enum model_kind kind, uint32_t packets,
	uint32_t conversations)
{
	enum rc rc;

	memset(x, 0, sizeof(*x));
	x->m = model_new(seed, kind, packets, conversations);
	x->at = model_file(x->m, &x->file);
	assert_true(x->at > 0);
	rc = segment_open_memory(
		x->file.data, x->file.len, x->at, x->file.len - x->at, &x->s, &x->err);
	if (rc == RC_DONE)
		segment_give_texts(x->s, x->m->texts);
	if (rc != RC_DONE)
		print_error("seed %llu: %s\n", (unsigned long long)seed, x->err.why);
	assert_int_equal(rc, RC_DONE);
}

void world_close(struct world *x)
{
	segment_close(x->s);
	buf_free(&x->file);
	model_free(x->m);
}

void good(struct world *x, enum rc rc)
{
	if (rc != RC_DONE)
		print_error("%s: %s at %llu\n", rc_name(rc), x->err.why,
			(unsigned long long)x->err.offset);
	assert_int_equal(rc, RC_DONE);
}

static void same_id(struct record_id a, struct record_id b)
{
	assert_int_equal(a.block, b.block);
	assert_int_equal(a.offset, b.offset);
}

static void same_counters(const struct counters *expected, const struct counters *got)
{
	struct counters a = *expected;

	model_canonical(&a);
	assert_true(a.known == got->known);
	assert_true(a.mixed == got->mixed);
	for (unsigned id = FIELD_FIRST; id < FIELD_STORED_END; id++) {
		const struct field *f = field_stored(id);
		size_t size;

		if (!f)
			continue;
		size = model_field_size(f);
		if (memcmp((const uint8_t *)&a + f->offset - offsetof(struct record, c),
			    (const uint8_t *)got + f->offset - offsetof(struct record, c),
			    size) != 0)
			fail_msg("field %s differs", f->name);
	}
}

static void same_key(const struct flow_key *a, const struct flow_key *b)
{
	assert_int_equal(a->point, b->point);
	assert_int_equal(a->proto, b->proto);
	assert_int_equal(a->vlan, b->vlan);
	assert_int_equal(a->orientation, b->orientation);
	assert_int_equal(a->has_ports, b->has_ports);
	assert_int_equal(a->has_macs, b->has_macs);
	assert_int_equal(a->client_port, b->client_port);
	assert_int_equal(a->server_port, b->server_port);
	assert_memory_equal(&a->client, &b->client, sizeof(a->client));
	assert_memory_equal(&a->server, &b->server, sizeof(a->server));
	assert_memory_equal(a->client_mac, b->client_mac, 6);
	assert_memory_equal(a->server_mac, b->server_mac, 6);
	assert_memory_equal(&a->tunnel, &b->tunnel, sizeof(a->tunnel));
}

static void same_notes(struct world *x, struct segment_cursor *c, const struct model_micro *u)
{
	struct packet_note *notes = calloc(u->n, sizeof(*notes));
	uint32_t n;

	good(x, segment_notes(c, notes, &n, &x->err));
	assert_int_equal(n, u->n_notes);
	assert_int_equal(segment_has_notes(c), n > 0);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(notes[i].position, u->notes[i].position);
		assert_int_equal(notes[i].marks, u->notes[i].marks);
		assert_int_equal(notes[i].has_rtt, u->notes[i].has_rtt);
		assert_int_equal(notes[i].has_response, u->notes[i].has_response);
		assert_int_equal(notes[i].rtt_ns, u->notes[i].rtt_ns);
		assert_int_equal(notes[i].response_ns, u->notes[i].response_ns);
	}
	free(notes);
}

void same_micro(struct world *x, struct segment_cursor *c, const struct model_micro *u)
{
	struct counters counters;
	struct record_id id;
	int64_t slice;
	uint32_t *ordinals;

	good(x, segment_next_micro(c, &id, &slice, &counters, &x->err));
	same_id(u->id, id);
	assert_int_equal(u->slice_ns, slice);
	same_counters(&u->c, &counters);
	assert_int_equal(counters_packets(&counters), u->n);
	ordinals = calloc(u->n, sizeof(*ordinals));
	good(x, segment_refs(c, ordinals, &x->err));
	assert_memory_equal(ordinals, u->ordinals, u->n * sizeof(*ordinals));
	free(ordinals);
	same_notes(x, c, u);
}

void same_flow(struct world *x, struct segment_cursor *c, uint32_t i)
{
	const struct model_flow *f = &x->m->flows[i];
	struct segment_flow flow;

	good(x, segment_next_flow(c, &flow, &x->err));
	assert_int_equal(flow.part, i);
	same_id(f->id, flow.id);
	assert_int_equal(f->slice_ns, flow.slice_ns);
	assert_int_equal(f->micros[0].ordinals[0], flow.first_ordinal);
	assert_int_equal(f->n, flow.micros);
	same_key(&f->key, &flow.key);
}

void same_all(struct world *x)
{
	struct segment_cursor c;
	struct segment_flow flow;
	struct counters counters;

	good(x, segment_seek(&c, x->s, 0, &x->err));
	for (uint32_t i = 0; i < x->m->n_flows; i++) {
		same_flow(x, &c, i);
		for (uint32_t k = 0; k < x->m->flows[i].n; k++)
			same_micro(x, &c, &x->m->flows[i].micros[k]);
		assert_int_equal(segment_next_micro(&c, NULL, NULL, &counters, NULL), RC_END);
	}
	assert_int_equal(segment_next_flow(&c, &flow, NULL), RC_END);
}
