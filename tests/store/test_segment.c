/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "flow/field.h"
#include "segment_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a model and the segment made of it -------------------------------------------------- */

struct world {
	struct model *m;
	struct buf file;
	size_t at;
	struct segment *s;
	struct err err;
};

static void world_open(struct world *x, uint64_t seed, enum model_kind kind, uint32_t packets, uint32_t conversations)
{
	enum rc rc;

	memset(x, 0, sizeof(*x));
	x->m = model_new(seed, kind, packets, conversations);
	x->at = model_file(x->m, &x->file);
	assert_true(x->at > 0);
	rc = segment_open_memory(x->file.data, x->file.len, x->at, x->file.len - x->at, &x->s, &x->err);
	if (rc != RC_DONE)
		print_error("seed %llu: %s\n", (unsigned long long)seed, x->err.why);
	assert_int_equal(rc, RC_DONE);
}

static void world_close(struct world *x)
{
	segment_close(x->s);
	buf_free(&x->file);
	model_free(x->m);
}

static void good(struct world *x, enum rc rc)
{
	if (rc != RC_DONE)
		print_error("%s: %s at %llu\n", rc_name(rc), x->err.why, (unsigned long long)x->err.offset);
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
		size = f->type == TYPE_U8 ? 1 : f->type == TYPE_U16 ? 2 : f->type == TYPE_U32 ? 4
			: f->type == TYPE_U128 ? 16 : 8;
		if (memcmp((const uint8_t *)&a + f->offset - offsetof(struct record, c),
			(const uint8_t *)got + f->offset - offsetof(struct record, c), size) != 0)
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

static void same_micro(struct world *x, struct segment_cursor *c, const struct model_micro *u)
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
}

static void same_flow(struct world *x, struct segment_cursor *c, uint32_t i)
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

static void same_all(struct world *x)
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

/* ---- writing and reading back ------------------------------------------------------------- */

static void test_round_trip(void **state)
{
	uint64_t r = 42;

	(void)state;
	for (uint64_t seed = 1; seed <= 240; seed++) {
		uint32_t packets = 1 + (uint32_t)(model_random(&r) % (seed % 40 ? 300 : 40000));
		uint32_t conversations = 1 + (uint32_t)(model_random(&r) % (packets / 2 + 1));
		struct world x;

		world_open(&x, seed, seed % 2 ? MODEL_TAME : MODEL_WILD, packets, conversations);
		same_all(&x);
		good(&x, segment_verify(x.s, &x.err));
		world_close(&x);
	}
}

static void test_info(void **state)
{
	struct world x;
	const struct segment_info *i;

	(void)state;
	world_open(&x, 3, MODEL_TAME, 9000, 700);
	i = segment_info(x.s);
	assert_int_equal(i->block, 7);
	assert_int_equal(i->number, x.m->start.number);
	assert_int_equal(i->packets, 9000);
	assert_int_equal(i->flow_parts, x.m->n_flows);
	assert_int_equal(i->micro_parts, x.m->n_micros);
	assert_int_equal(i->first_offset, x.m->start.first_offset);
	assert_int_equal(i->end_offset, x.m->packets[8999].offset + x.m->packets[8999].len);
	assert_int_equal(i->first_frame, x.m->start.first_frame);
	assert_int_equal(i->micro_ns, x.m->start.micro_ns);
	assert_int_equal(i->size.header + i->size.packets + i->size.flows + i->size.counters + i->size.refs +
		i->size.addresses + i->size.services + i->size.strings, x.file.len - x.at);
	world_close(&x);
}

static void test_same_bytes(void **state)
{
	struct model *a = model_new(1, MODEL_TAME, 3000, 200), *b = model_new(2, MODEL_WILD, 500, 60);
	struct segment_writer *w;
	struct buf first, again;
	struct segment_size size;

	(void)state;
	buf_init(&first);
	buf_init(&again);
	assert_int_equal(segment_writer_new(&w, NULL), RC_DONE);
	assert_int_equal(model_write(a, w, &first, NULL), RC_DONE);
	/* what the writer did before must not show */
	assert_int_equal(model_write(b, w, &again, NULL), RC_DONE);
	buf_clear(&again);
	assert_int_equal(model_write(a, w, &again, NULL), RC_DONE);
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.data, again.data, first.len);
	assert_true(segment_writer_memory(w) > first.len);
	buf_clear(&again);
	assert_int_equal(segment_writer_end(w, &again, &size, NULL), RC_DONE);
	assert_memory_equal(first.data, again.data, first.len);
	assert_int_equal(size.header + size.packets + size.flows + size.counters + size.refs + size.addresses +
		size.services + size.strings, first.len);
	segment_writer_free(w);
	buf_free(&first);
	buf_free(&again);
	model_free(a);
	model_free(b);
}

static void test_addresses(void **state)
{
	struct model *m = model_new(5, MODEL_TAME, 2000, 900);
	struct segment_writer *w;
	const struct addr *a;
	struct buf out;
	size_t n;

	(void)state;
	buf_init(&out);
	assert_int_equal(segment_writer_new(&w, NULL), RC_DONE);
	assert_int_equal(model_write(m, w, &out, NULL), RC_DONE);
	a = segment_writer_addresses(w, &n);
	for (size_t i = 1; i < n; i++)
		assert_true(addr_cmp(&a[i - 1], &a[i]) < 0);
	for (uint32_t i = 0; i < m->n_flows; i++) {
		const struct addr *client = &m->flows[i].key.client;

		assert_true(client->kind == ADDR_NONE || bsearch(client, a, n, sizeof(*a),
			(int (*)(const void *, const void *))addr_cmp));
	}
	segment_writer_free(w);
	buf_free(&out);
	model_free(m);
}

/* ---- packets ------------------------------------------------------------------------------- */

static void test_packets(void **state)
{
	struct segment_packets it;
	struct packet_ref ref, *refs = calloc(40000, sizeof(*refs));
	uint32_t *ordinals = calloc(40000, sizeof(*ordinals)), n = 0, o;
	struct world x;

	(void)state;
	world_open(&x, 11, MODEL_WILD, 40000, 50);
	good(&x, segment_packets_seek(&it, x.s, 0, &x.err));
	for (uint32_t i = 0; i < 40000; i++) {
		good(&x, segment_packets_next(&it, &ref, &x.err));
		assert_int_equal(ref.offset, x.m->packets[i].offset);
		assert_int_equal(ref.record_len, x.m->packets[i].len);
	}
	assert_int_equal(segment_packets_next(&it, &ref, &x.err), RC_END);
	for (uint32_t i = 0; i < 40000; i += 37) {
		good(&x, segment_packets_seek(&it, x.s, i, &x.err));
		good(&x, segment_packets_next(&it, &ref, &x.err));
		assert_int_equal(ref.offset, x.m->packets[i].offset);
		good(&x, segment_ordinal(x.s, x.m->packets[i].offset, &o, &x.err));
		assert_int_equal(o, i);
		assert_int_equal(segment_ordinal(x.s, x.m->packets[i].offset + 1, &o, NULL), RC_MISSING);
		ordinals[n++] = i;
	}
	good(&x, segment_locate(x.s, ordinals, n, refs, &x.err));
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(refs[i].offset, x.m->packets[ordinals[i]].offset);
		assert_int_equal(refs[i].record_len, x.m->packets[ordinals[i]].len);
	}
	assert_int_equal(segment_ordinal(x.s, UINT32_MAX, &o, NULL), RC_MISSING);
	good(&x, segment_packets_seek(&it, x.s, 40000, &x.err));
	assert_int_equal(segment_packets_next(&it, &ref, &x.err), RC_END);
	ordinals[0] = 40000;
	assert_int_equal(segment_locate(x.s, ordinals, 1, refs, NULL), RC_DAMAGED);
	world_close(&x);
	free(ordinals);
	free(refs);
}

static void test_marks(void **state)
{
	struct world x;
	int64_t first, last;
	uint32_t mark;

	(void)state;
	world_open(&x, 12, MODEL_WILD, 10000, 50);
	for (mark = 0; segment_mark(x.s, mark, &first, &last); mark++) {
		int64_t low = INT64_MAX, high = INT64_MIN;

		for (uint32_t i = mark * SEGMENT_MARK; i < (mark + 1) * SEGMENT_MARK && i < 10000; i++) {
			low = x.m->packets[i].time_ns < low ? x.m->packets[i].time_ns : low;
			high = x.m->packets[i].time_ns > high ? x.m->packets[i].time_ns : high;
		}
		assert_int_equal(first, low);
		assert_int_equal(last, high);
	}
	assert_int_equal(mark, 3);
	world_close(&x);
}

/* ---- lists --------------------------------------------------------------------------------- */

static void test_seek(void **state)
{
	struct segment_cursor c;
	struct world x;
	uint32_t part;

	(void)state;
	world_open(&x, 13, MODEL_TAME, 30000, 4000);
	for (uint32_t i = 0; i < x.m->n_flows; i += 53) {
		good(&x, segment_seek(&c, x.s, i, &x.err));
		same_flow(&x, &c, i);
		same_micro(&x, &c, &x.m->flows[i].micros[0]);
		if (i + 1 < x.m->n_flows)
			same_flow(&x, &c, i + 1);
		good(&x, segment_flow_at(x.s, x.m->flows[i].micros[0].ordinals[0], &part, &x.err));
		assert_int_equal(part, i);
		if (x.m->flows[i].micros[0].n > 1)
			assert_int_equal(segment_flow_at(x.s, x.m->flows[i].micros[0].ordinals[1], &part, NULL),
				RC_MISSING);
	}
	good(&x, segment_seek(&c, x.s, x.m->n_flows, &x.err));
	assert_int_equal(segment_next_flow(&c, &(struct segment_flow){ 0 }, NULL), RC_END);
	world_close(&x);
}

/* Exactly the flow parts that `is` says, ascending. */
static void same_list(struct world *x, struct part_list *got, const bool *expected)
{
	size_t k = 0;

	part_list_unique(got);
	for (uint32_t i = 0; i < x->m->n_flows; i++) {
		if (!expected[i])
			continue;
		assert_true(k < got->n);
		assert_int_equal(got->v[k++], i);
	}
	assert_int_equal(k, got->n);
}

static void check_net(struct world *x, const char *text)
{
	struct part_list got = { 0 };
	bool *expected = calloc(x->m->n_flows, sizeof(*expected));
	struct addr_net net;

	good(x, addr_net_parse(text, &net, &x->err));
	for (uint32_t i = 0; i < x->m->n_flows; i++)
		expected[i] = addr_net_has(&net, &x->m->flows[i].key.client) ||
			addr_net_has(&net, &x->m->flows[i].key.server);
	good(x, segment_by_net(x->s, &net, &got, &x->err));
	same_list(x, &got, expected);
	part_list_free(&got);
	free(expected);
}

static void test_by_net(void **state)
{
	static const char *const nets[] = { "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.16.0/20",
		"10.0.1.0/24", "10.0.0.17", "10.0.187.0/24", "10.0.187.113", "11.0.0.0/8", "9.0.0.0/8",
		"255.255.255.255", "::/0", "2001:db8::/32", "2001:db8:0:1::/64", "2001:db8::7",
		"2001:db8:0:1::1c", "ffff::/16", "::/128", "02:00:00:00:00:00/24", "02:00:00:00:00:05" };
	struct world x;

	(void)state;
	world_open(&x, 14, MODEL_TAME, 30000, 9000);
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		check_net(&x, nets[i]);
	for (uint32_t i = 0; i < x.m->n_flows; i += 97) {
		char text[ADDR_TEXT];

		if (x.m->flows[i].key.client.kind == ADDR_NONE)
			continue;
		addr_format(text, sizeof(text), &x.m->flows[i].key.client);
		check_net(&x, text);
	}
	world_close(&x);
}

static void check_service(struct world *x, const struct service_key *key)
{
	struct part_list got = { 0 };
	bool *expected = calloc(x->m->n_flows, sizeof(*expected));

	for (uint32_t i = 0; i < x->m->n_flows; i++) {
		const struct model_flow *f = &x->m->flows[i];
		struct service_key k;

		service_of(&k, &f->key, time_floor(f->slice_ns, x->m->start.macro_ns));
		expected[i] = service_cmp(&k, key) == 0;
	}
	good(x, segment_by_service(x->s, key, &got, &x->err));
	same_list(x, &got, expected);
	part_list_free(&got);
	free(expected);
}

static void test_by_service(void **state)
{
	struct service_key key;
	struct world x;

	(void)state;
	world_open(&x, 15, MODEL_WILD, 30000, 9000);
	for (uint32_t i = 0; i < x.m->n_flows; i += 41) {
		const struct model_flow *f = &x.m->flows[i];

		service_of(&key, &f->key, time_floor(f->slice_ns, x.m->start.macro_ns));
		check_service(&x, &key);
		key.port++;
		check_service(&x, &key);
		key.server.bytes[0] ^= 0x40;
		check_service(&x, &key);
	}
	world_close(&x);
}

static void test_continuations(void **state)
{
	struct part_list got = { 0 };
	struct world x;
	bool *expected;

	(void)state;
	world_open(&x, 17, MODEL_TAME, 30000, 6000);
	assert_true(x.m->start.first_offset > 0);
	expected = calloc(x.m->n_flows, sizeof(*expected));
	for (uint32_t i = 0; i < x.m->n_flows; i++)
		expected[i] = x.m->flows[i].continued;
	good(&x, segment_continuations(x.s, &got, &x.err));
	assert_true(got.n > 10);
	same_list(&x, &got, expected);
	part_list_free(&got);
	free(expected);
	world_close(&x);
}

/* ---- files -------------------------------------------------------------------------------- */

static void write_file(char *path, const struct buf *b)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->len), (ssize_t)b->len);
	close(fd);
}

/* A drill-down reads the head and the chunks it needs, nothing more. */
static void test_reads_little(void **state)
{
	char path[] = "/tmp/flowdrill-segment-XXXXXX";
	struct segment_cursor c;
	struct segment_flow flow;
	struct counters counters;
	struct packet_ref refs[1000];
	uint32_t ordinals[1000], part;
	struct io_file *f;
	struct segment *s;
	uint64_t len, opened;
	struct world x;

	(void)state;
	world_open(&x, 18, MODEL_TAME, 300000, 60000);
	write_file(path, &x.file);
	good(&x, io_open(path, IO_READ, &f, &x.err));
	good(&x, index_header_check(f, 7, &len, &x.err));
	assert_int_equal(len, x.at);
	assert_int_equal(index_header_check(f, 8, &len, NULL), RC_DAMAGED);
	good(&x, segment_open(f, x.at, x.file.len - x.at, &s, &x.err));
	opened = segment_io_bytes(s);
	assert_true(opened < 40000);
	good(&x, segment_flow_at(s, x.m->flows[20000].micros[0].ordinals[0], &part, &x.err));
	good(&x, segment_seek(&c, s, part, &x.err));
	good(&x, segment_next_flow(&c, &flow, &x.err));
	good(&x, segment_next_micro(&c, NULL, NULL, &counters, &x.err));
	good(&x, segment_refs(&c, ordinals, &x.err));
	good(&x, segment_locate(s, ordinals, x.m->flows[20000].micros[0].n, refs, &x.err));
	assert_int_equal(refs[0].offset, x.m->packets[ordinals[0]].offset);
	assert_true(segment_io_bytes(s) - opened < 150000);
	assert_true(x.file.len > 3000000);
	segment_close(s);
	unlink(path);
	world_close(&x);
}

/* ---- damage ------------------------------------------------------------------------------- */

/* Whether all of a file's bytes are accepted. */
static bool accepted(const uint8_t *bytes, size_t len, size_t at, struct err *err)
{
	struct segment *s;
	bool fine;

	if (segment_open_memory(bytes, len, at, len > at ? len - at : 1, &s, err) != RC_DONE)
		return false;
	fine = segment_verify(s, err) == RC_DONE;
	segment_close(s);
	return fine;
}

static void test_cut_short(void **state)
{
	struct err err = { 0 };
	struct world x;

	(void)state;
	world_open(&x, 19, MODEL_TAME, 400, 40);
	for (size_t len = 0; len < x.file.len; len++) {
		/* exactly as long, so that a byte too far is seen */
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, x.file.data, len);
		assert_false(accepted(copy, len, x.at, &err));
		assert_true(err.rc == RC_DAMAGED);
		free(copy);
	}
	assert_true(accepted(x.file.data, x.file.len, x.at, &err));
	world_close(&x);
}

static void test_flipped_bits(void **state)
{
	struct err err = { 0 };
	struct world x;

	(void)state;
	world_open(&x, 20, MODEL_WILD, 300, 40);
	for (size_t i = x.at; i < x.file.len; i++) {
		x.file.data[i] ^= (uint8_t)(1 << i % 8);
		if (accepted(x.file.data, x.file.len, x.at, &err))
			fail_msg("a flipped bit in byte %zu is not seen", i - x.at);
		x.file.data[i] ^= (uint8_t)(1 << i % 8);
	}
	world_close(&x);
}

static void test_no_memory(void **state)
{
	struct world x;
	uint64_t nth = 1;
	enum rc rc = RC_NO_MEMORY;

	(void)state;
	world_open(&x, 21, MODEL_TAME, 600, 90);
	for (; rc == RC_NO_MEMORY; nth++) {
		struct segment_writer *w = NULL;
		struct buf out;

		buf_init(&out);
		mem_fail_after(nth);
		rc = segment_writer_new(&w, &x.err);
		if (rc == RC_DONE)
			rc = model_write(x.m, w, &out, &x.err);
		mem_fail_after(0);
		if (rc == RC_DONE)
			assert_memory_equal(out.data, x.file.data + x.at, x.file.len - x.at);
		else
			assert_int_equal(out.len, 0);
		segment_writer_free(w);
		buf_free(&out);
	}
	assert_int_equal(rc, RC_DONE);
	assert_true(nth > 30);
	rc = RC_NO_MEMORY;
	for (nth = 1; rc == RC_NO_MEMORY; nth++) {
		struct segment *s = NULL;

		mem_fail_after(nth);
		rc = segment_open_memory(x.file.data, x.file.len, x.at, x.file.len - x.at, &s, &x.err);
		if (rc == RC_DONE)
			rc = segment_verify(s, &x.err);
		mem_fail_after(0);
		segment_close(s);
	}
	assert_int_equal(rc, RC_DONE);
	assert_true(nth > 10);
	world_close(&x);
}

static void test_newer(void **state)
{
	struct segment *s;
	struct world x;

	(void)state;
	world_open(&x, 22, MODEL_TAME, 100, 10);
	x.file.data[x.at + 4]++;
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at, x.file.len - x.at, &s, NULL), RC_NEWER);
	x.file.data[x.at + 4]--;
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at, x.file.len - x.at - 1, &s, NULL),
		RC_DAMAGED);
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at + 8, 200, &s, NULL), RC_DAMAGED);
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, UINT64_MAX, 200, &s, NULL), RC_DAMAGED);
	world_close(&x);
}

static void test_empty(void **state)
{
	struct world x;

	(void)state;
	world_open(&x, 23, MODEL_TAME, 0, 1);
	same_all(&x);
	good(&x, segment_verify(x.s, &x.err));
	check_net(&x, "0.0.0.0/0");
	world_close(&x);
}

/* ---- the format ---------------------------------------------------------------------------- */

static void seed_path(char *path, size_t size, unsigned i)
{
	const char *top = getenv("top_srcdir");

	snprintf(path, size, "%s/tests/fuzz/corpus/index/model-%u", top ? top : ".", i);
}

static void read_seed(const char *path, struct buf *out)
{
	uint8_t bytes[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		fail_msg("%s: cannot be read", path);
	buf_clear(out);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_put(out, bytes, n);
	fclose(f);
}

static void write_seed(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(b->data, 1, b->len, f) != b->len)
		fail_msg("%s: cannot be written", path);
	fclose(f);
}

/*
 * Files that the fuzzer starts from, written once and kept: that the writer still makes the same bytes shows that the format is
 * what it was. Where it changes on purpose, raise a version in store/format.h and run this with GENERATE=1.
 */
static void test_same_format(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 30, 30, 300, 300 };
	struct buf kept;

	(void)state;
	buf_init(&kept);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct model *m = model_new(900 + i, i % 2 ? MODEL_WILD : MODEL_TAME, sizes[i], 1 + sizes[i] / 6);
		char path[512];
		struct buf made;

		assert_true(model_file(m, &made) > 0);
		seed_path(path, sizeof(path), i);
		if (getenv("GENERATE"))
			write_seed(path, &made);
		read_seed(path, &kept);
		assert_int_equal(made.len, kept.len);
		assert_memory_equal(made.data, kept.data, made.len);
		buf_free(&made);
		model_free(m);
	}
	buf_free(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_seek),
		cmocka_unit_test(test_by_net),
		cmocka_unit_test(test_by_service),
		cmocka_unit_test(test_continuations),
		cmocka_unit_test(test_reads_little),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_same_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
