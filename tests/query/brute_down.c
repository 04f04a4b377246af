/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "brute.h"

/* ---- ways down ---------------------------------------------------------------------------------------- */

/* Packets of an answer, each marked once; gaps are those of the full list. */
static void mark_packets(const struct result *some, uint8_t *seen)
{
	for (size_t i = 0; i < result_count(some); i++) {
		struct row row, whole;
		size_t at;
		struct id id;

		row_at(some, i, &row);
		row_id(&row, &id);
		CHECK(result_find(brute.packets, &id, &at));
		row_at(brute.packets, at, &whole);
		CHECK(!seen[at]);
		seen[at] = 1;
		CHECK(row.packet->frame == whole.packet->frame);
		CHECK(record_id_equal(row.packet->flow, whole.packet->flow));
		CHECK(record_id_equal(row.packet->microflow, whole.packet->microflow));
		CHECK(row.packet->has_gap == whole.packet->has_gap);
		CHECK(row.packet->gap_ns == whole.packet->gap_ns);
		CHECK(row.packet->pkt.src_port == whole.packet->pkt.src_port);
	}
}

static bool all_seen(const uint8_t *seen, size_t n)
{
	return n == 0 || memchr(seen, 0, n) == NULL;
}

static void mark_records(const struct result *some, const struct result *all, uint8_t *seen)
{
	for (size_t i = 0; i < result_count(some); i++) {
		struct row row, whole;
		struct id id;
		size_t at;

		row_at(some, i, &row);
		row_id(&row, &id);
		CHECK(result_find(all, &id, &at));
		row_at(all, at, &whole);
		CHECK(!seen[at]++);
		CHECK(same_counts(row.record, whole.record));
	}
}

/* Each packet, flow and microflow is reached from the macroflows exactly once. */
static void test_down_from_macros(void)
{
	size_t n = result_count(brute.packets), n_flows = result_count(brute.flows),
	       n_micros = result_count(brute.micros);
	uint8_t *packets = calloc(n + 1, 1), *flows = calloc(n_flows + 1, 1),
		*micros = calloc(n_micros + 1, 1);

	for (size_t i = 0; i < result_count(brute.macros); i++) {
		struct result *r;
		struct row row;
		struct id id;

		row_at(brute.macros, i, &row);
		row_id(&row, &id);
		brute.doing = "packets in a macroflow";
		r = ask_in(TIER_PACKET, &id, 1);
		CHECK(result_count(r) == counters_packets(&row.record->c));
		mark_packets(r, packets);
		result_free(r);
		brute.doing = "flows in a macroflow";
		r = ask_in(TIER_FLOW, &id, 1);
		mark_records(r, brute.flows, flows);
		result_free(r);
		brute.doing = "microflows in a macroflow";
		r = ask_in(TIER_MICROFLOW, &id, 1);
		mark_records(r, brute.micros, micros);
		result_free(r);
	}
	brute.doing = "all that lies below macroflows";
	CHECK(all_seen(packets, n));
	CHECK(all_seen(flows, n_flows));
	CHECK(all_seen(micros, n_micros));
	free(packets);
	free(flows);
	free(micros);
}

static void check_parent(const struct id *child, const struct id *want)
{
	struct id got;

	assert_int_equal(query_parent(&brute.sources, child, &got, NULL), RC_DONE);
	CHECK(got.tier == want->tier && record_id_equal(got.rec, want->rec));
}

/* Some flows and microflows: what lies below them, and back up. */
static void test_down_from(const struct result *records, enum tier tier)
{
	size_t n = result_count(records), step = n / BRUTE_SAMPLE + 1;

	for (size_t i = 0; i < n; i += step) {
		struct row row, packet;
		struct result *r;
		uint8_t *seen = calloc(result_count(brute.packets) + 1, 1);
		struct id id, child;

		brute.doing =
			tier == TIER_FLOW ? "packets in a flow" : "packets in a microflow";
		row_at(records, i, &row);
		row_id(&row, &id);
		r = ask_in(TIER_PACKET, &id, 1);
		CHECK(result_count(r) == counters_packets(&row.record->c));
		mark_packets(r, seen);
		row_at(r, result_count(r) / 2, &packet);
		CHECK(record_id_equal(
			tier == TIER_FLOW ? packet.packet->flow : packet.packet->microflow,
			id.rec));
		if (tier == TIER_MICROFLOW) {
			row_id(&packet, &child);
			check_parent(&child, &id);
		}
		result_free(r);
		free(seen);
	}
}

static void test_up(void)
{
	size_t n = result_count(brute.micros), step = n / BRUTE_SAMPLE + 1;

	for (size_t i = 0; i < n; i += step) {
		struct row row, packet;
		struct result *r;
		struct id micro, flow = { .tier = TIER_FLOW };

		brute.doing = "the flow of a microflow";
		row_at(brute.micros, i, &row);
		row_id(&row, &micro);
		r = ask_in(TIER_PACKET, &micro, 1);
		row_at(r, 0, &packet);
		flow.rec = packet.packet->flow;
		check_parent(&micro, &flow);
		result_free(r);
		brute.doing = "microflows in a flow";
		r = ask_in(TIER_MICROFLOW, &flow, 1);
		size_t at;
		CHECK(result_find(r, &micro, &at));
		result_free(r);
	}
	step = result_count(brute.macros) / 10 + 1;
	for (size_t i = 0; i < result_count(brute.macros); i += step) {
		struct row row;
		struct result *r;
		struct id macro, child;

		brute.doing = "the macroflow of a flow";
		row_at(brute.macros, i, &row);
		row_id(&row, &macro);
		r = ask_in(TIER_FLOW, &macro, 1);
		CHECK(result_count(r) > 0);
		row_at(r, result_count(r) - 1, &row);
		row_id(&row, &child);
		check_parent(&child, &macro);
		result_free(r);
	}
}

/* Several at once: the union, each once. */
static void test_union(void)
{
	size_t n = result_count(brute.flows);
	struct row first, last;
	struct id ids[3];
	struct result *r;
	size_t at;

	brute.doing = "packets in several";
	if (n < 2)
		return;
	row_at(brute.flows, 0, &first);
	row_at(brute.flows, n - 1, &last);
	row_id(&first, &ids[0]);
	row_id(&last, &ids[1]);
	ids[2] = ids[0];
	r = ask_in(TIER_PACKET, ids, 3);
	CHECK(result_count(r) ==
		counters_packets(&first.record->c) + counters_packets(&last.record->c));
	result_free(r);
	/* a packet of one of them, and one of another flow */
	for (size_t i = 0; i < n && i < 20; i++) {
		struct row row;
		bool own;

		row_at(brute.packets, result_count(brute.packets) * (i + 1) / 21, &row);
		row_id(&row, &ids[2]);
		own = record_id_equal(row.packet->flow, ids[0].rec) ||
			record_id_equal(row.packet->flow, ids[1].rec);
		r = ask_in(TIER_PACKET, ids, 3);
		CHECK(result_count(r) ==
			counters_packets(&first.record->c) + counters_packets(&last.record->c) +
				!own);
		CHECK(result_find(r, &ids[2], &at));
		result_free(r);
	}
	r = ask_in(TIER_PACKET, &(struct id){ .tier = TIER_BLOCK, .rec.block = 1 }, 1);
	CHECK(result_count(r) == store_block(brute.store, 1)->packets);
	result_free(r);
	r = ask_in(TIER_FLOW, &(struct id){ .tier = TIER_BLOCK, .rec.block = 1 }, 1);
	CHECK(result_count(r) <= n && result_find(r, &ids[0], &at));
	result_free(r);
}

static void test_points(void)
{
	size_t n, flows = 0;
	const struct point_info *points = store_points(brute.store, &n);

	brute.doing = "records of a point";
	for (size_t i = 0; i < n && i < 30; i++) {
		struct id id = { .tier = TIER_POINT, .rec.block = points[i].number };
		struct result *r = ask_in(TIER_PACKET, &id, 1);

		CHECK(result_count(r) == points[i].packets);
		result_free(r);
		r = ask_in(TIER_FLOW, &id, 1);
		flows += result_count(r);
		result_free(r);
	}
	CHECK(n > 30 || flows == result_count(brute.flows));
}

void check_down(void)
{
	test_down_from_macros();
	test_down_from(brute.flows, TIER_FLOW);
	test_down_from(brute.micros, TIER_MICROFLOW);
	test_up();
	test_union();
	test_points();
}
