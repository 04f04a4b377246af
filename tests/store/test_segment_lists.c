/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be asked of a segment: packets by ordinal and offset, flow parts by number, address,
 * service.
 */
#include "base/io.h"
#include "base/text.h"
#include "segment_world.h"
#include "store/segment_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
		assert_int_equal(
			segment_ordinal(x.s, x.m->packets[i].offset + 1, &o, NULL), RC_MISSING);
		ordinals[n++] = i;
	}
	good(&x, segment_locate(x.s, ordinals, n, refs, &x.err));
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(refs[i].offset, x.m->packets[ordinals[i]].offset);
		assert_int_equal(refs[i].record_len, x.m->packets[ordinals[i]].len);
		assert_true(refs[i].has_check);
		assert_int_equal(refs[i].check, model_check(x.m, ordinals[i]));
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

		for (uint32_t i = mark * SEGMENT_MARK;
			i < (mark + 1) * SEGMENT_MARK && i < 10000; i++) {
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
		good(&x,
			segment_flow_at(
				x.s, x.m->flows[i].micros[0].ordinals[0], &part, &x.err));
		assert_int_equal(part, i);
		if (x.m->flows[i].micros[0].n > 1)
			assert_int_equal(
				segment_flow_at(
					x.s, x.m->flows[i].micros[0].ordinals[1], &part, NULL),
				RC_MISSING);
	}
	good(&x, segment_seek(&c, x.s, x.m->n_flows, &x.err));
	assert_int_equal(segment_next_flow(&c, &(struct segment_flow){ 0 }, NULL), RC_END);
	world_close(&x);
}

/* All that is left of flow part i, and the beginning of the next, are the model's. */
static void same_from(struct world *x, struct segment_cursor *c, uint32_t i)
{
	same_flow(x, c, i);
	for (uint32_t k = 0; k < x->m->flows[i].n; k++)
		same_micro(x, c, &x->m->flows[i].micros[k]);
	if (i + 1 < x->m->n_flows)
		same_flow(x, c, i + 1);
}

/* Stepping over any number of parts, behind a part that was read whole, in part, or not at all. */
static void check_steps(enum model_kind kind, uint32_t packets, uint32_t conversations)
{
	struct segment_cursor c;
	struct world x;
	uint64_t r = 5;

	world_open(&x, 21, kind, packets, conversations);
	good(&x, segment_seek(&c, x.s, 0, &x.err));
	for (uint32_t i = 0; i < x.m->n_flows; i = c.next_part + model_below(&r, 40)) {
		good(&x, segment_go(&c, i, &x.err));
		same_flow(&x, &c, i);
		for (uint32_t k = model_below(&r, x.m->flows[i].n + 1); k > 0; k--)
			same_micro(&x, &c, &x.m->flows[i].micros[x.m->flows[i].n - c.micros_left]);
	}
	for (uint32_t i = 0; i < x.m->n_flows; i += 7) {
		good(&x, segment_seek(&c, x.s, i, &x.err));
		same_from(&x, &c, i);
	}
	world_close(&x);
}

static void test_steps(void **state)
{
	(void)state;
	check_steps(MODEL_TAME, 20000, 3000);
	check_steps(MODEL_TAME, 20000, 30);
	check_steps(MODEL_WILD, 8000, 1500);
}

/* What is usual is stepped over the short way; at what is not it stops, in front. */
static void test_pass(void **state)
{
	struct segment_cursor c;
	struct cursor chunk;
	uint32_t passed = 0;
	struct world x;

	(void)state;
	world_open(&x, 22, MODEL_TAME, 20000, 3000);
	good(&x, segment_seek(&c, x.s, 0, &x.err));
	good(&x, chunk_open(x.s, SECTION_FLOWS, 0, &chunk, &x.err));
	uint32_t end = x.s->sections[SECTION_FLOWS].chunks > 1
		? (uint32_t)chunk_first(&x.s->sections[SECTION_FLOWS], 1)
		: x.m->n_flows;
	while (c.next_part < end) {
		uint32_t part = c.next_part;

		chunk.pos = c.pos;
		segment_pass(&c, &chunk, end);
		passed += c.next_part - part;
		if (c.next_part == end)
			break;
		same_flow(&x, &c, c.next_part);
		while (c.micros_left > 0)
			same_micro(&x, &c, &x.m->flows[c.next_part - 1].micros[x.m->flows[c.next_part - 1].n - c.micros_left]);
	}
	assert_in_range(passed, end / 2, end);
	/* a plan that it does not know is left alone */
	good(&x, segment_seek(&c, x.s, 0, &x.err));
	x.s->plan.usual = false;
	segment_pass(&c, &chunk, end);
	assert_int_equal(c.next_part, 0);
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
	static const char *const nets[] = { "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16",
		"10.0.16.0/20", "10.0.1.0/24", "10.0.0.17", "10.0.187.0/24", "10.0.187.113",
		"11.0.0.0/8", "9.0.0.0/8", "255.255.255.255", "::/0", "2001:db8::/32",
		"2001:db8:0:1::/64", "2001:db8::7", "2001:db8:0:1::1c", "ffff::/16", "::/128",
		"02:00:00:00:00:00/24", "02:00:00:00:00:05" };
	struct world x;

	(void)state;
	world_open(&x, 14, MODEL_TAME, 12000, 4000);
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
	world_open(&x, 15, MODEL_WILD, 12000, 4000);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_seek),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_by_net),
		cmocka_unit_test(test_by_service),
		cmocka_unit_test(test_continuations),
		cmocka_unit_test(test_reads_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
