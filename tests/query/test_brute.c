/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every answer equals what brute force over the packets says: of each capture, indexed in many small segments, the tiers are
 * added up again from the packets, filters and drill-downs are compared with a full list that was filtered row by row.
 */
#include "capture/source.h"
#include "captures.h"
#include "decode/decode.h"
#include "decode/fragment.h"
#include "query/result.h"
#include "session/ingest.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEGMENT = 300, SAMPLE = 40 };

struct world {
	const char *path;
	bool imported;               /* compressed: copied into a store of its own */
	struct store *store;
	struct store *stores[1];
	struct query_sources sources;
	struct result *packets, *micros, *flows, *macros;
	const char *doing;
};

static struct world w;

#define CHECK(what) do { if (!(what)) fail_msg("%s: %s: %s (line %d)", w.path, w.doing, #what, __LINE__); } while (0)

/* ---- asking --------------------------------------------------------------------------------- */

static bool keep(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	CHECK(row->tier != TIER_PACKET || raw);
	if (raw) {
		CHECK(raw->time_ns == row->packet->pkt.time_ns);
		CHECK(raw->len == row->packet->pkt.len);
	}
	assert_int_equal(result_add(ctx, row, NULL), RC_DONE);
	return true;
}

static struct result *ask(const struct query *q)
{
	struct err err = { .rc = RC_DONE };
	struct query_explain explain;
	struct result *r;

	assert_int_equal(result_new(q->tier, &r, NULL), RC_DONE);
	enum rc rc = query_run(&w.sources, q, keep, r, NULL, &explain, &err);
	if (rc != RC_DONE)
		fail_msg("%s: %s: %s: %s %s", w.path, w.doing, rc_name(rc), err.what, err.why);
	return r;
}

static struct result *ask_tier(enum tier tier)
{
	struct query q;

	query_init(&q, tier);
	return ask(&q);
}

static struct result *ask_in(enum tier tier, const struct id *in, size_t n)
{
	struct query q;

	query_init(&q, tier);
	q.in = in;
	q.n_in = n;
	return ask(&q);
}

static void row_at(const struct result *r, size_t i, struct row *out)
{
	CHECK(result_row(r, i, out));
}

static uint64_t rec_number(const struct row *row)
{
	return record_id_number(row->record->id);
}

/* ---- the packets are those of the file ---------------------------------------------------------- */

static void check_packet(const struct row *row, const struct packet *want, const struct source_event *e, uint64_t frame)
{
	const struct packet *got = &row->packet->pkt;

	CHECK(row->packet->frame == frame);
	CHECK(w.imported || (row->packet->file_offset == e->offset && got->record_len == e->record_len));
	CHECK(got->time_ns == e->time_ns);
	CHECK(got->len == e->len && got->caplen == e->caplen);
	CHECK(got->point == e->interface && got->proto == want->proto && got->vlan == want->vlan);
	CHECK(addr_equal(&got->src, &want->src) && addr_equal(&got->dst, &want->dst));
	CHECK((got->flags & PACKET_HAS_PORTS) == (want->flags & PACKET_HAS_PORTS));
	CHECK(got->src_port == want->src_port && got->dst_port == want->dst_port);
	CHECK(got->tcp_flags == want->tcp_flags && got->tcp_seq == want->tcp_seq && got->ttl == want->ttl);
	CHECK(memcmp(&got->tunnel, &want->tunnel, sizeof(got->tunnel)) == 0);
}

static void test_input(void)
{
	uint32_t linktypes[256] = { 0 };
	uint8_t fcs[256] = { 0 };
	struct fragment_table *fragments;
	struct source *s;
	struct source_event e;
	size_t n = 0;

	w.doing = "the file itself";
	assert_int_equal(fragment_table_new(&fragments, NULL), RC_DONE);
	assert_int_equal(source_open_file(w.path, NULL, &s, NULL), RC_DONE);
	while (source_next(s, &e, NULL) == RC_DONE) {
		struct packet want;
		struct row row;

		if (e.kind == SOURCE_INTERFACE && e.interface < 256) {
			linktypes[e.interface] = e.iface.linktype;
			fcs[e.interface] = e.iface.fcs_len;
		}
		if (e.kind != SOURCE_PACKET)
			continue;
		struct decode_frame frame = { .linktype = linktypes[e.interface & 255],
			.fcs_len = fcs[e.interface & 255], .data = e.data, .caplen = e.caplen, .len = e.len };
		memset(&want, 0, sizeof(want));
		want.time_ns = e.time_ns;
		want.point = e.interface;
		decode_packet(&frame, &want);
		if (want.flags & PACKET_FRAGMENT)
			fragment_table_see(fragments, &want);
		row_at(w.packets, n, &row);
		check_packet(&row, &want, &e, ++n);
	}
	source_close(s);
	fragment_table_free(fragments);
	CHECK(n == result_count(w.packets));
}

/* ---- tiers, added up again from the packets ------------------------------------------------------- */

struct sum {
	uint64_t number;             /* of the record */
	uint64_t packets[2], bytes[2], payload, gaps;
	int64_t first_ns, last_ns, gap_sum, gap_min, gap_max;
	unsigned tcp_flags;
	uint64_t syn;
	struct record_id flow;
};

struct sums { struct sum *v; size_t n; };

static int by_number(const void *a, const void *b)
{
	uint64_t x = ((const struct sum *)a)->number, y = ((const struct sum *)b)->number;

	return (x > y) - (x < y);
}

static void sum_packet(struct sum *s, const struct packet_row *p)
{
	bool begins = s->packets[0] + s->packets[1] == 0;

	s->packets[p->direction]++;
	s->bytes[p->direction] += p->pkt.len;
	s->payload += p->pkt.payload_len;
	s->first_ns = begins || p->pkt.time_ns < s->first_ns ? p->pkt.time_ns : s->first_ns;
	s->last_ns = begins || p->pkt.time_ns > s->last_ns ? p->pkt.time_ns : s->last_ns;
	s->flow = p->flow;
	if (p->pkt.flags & PACKET_HAS_TCP) {
		s->tcp_flags |= p->pkt.tcp_flags;
		s->syn += (p->pkt.tcp_flags & TCP_SYN) != 0;
	}
	if (!p->has_gap)
		return;
	s->gap_min = s->gaps == 0 || p->gap_ns < s->gap_min ? p->gap_ns : s->gap_min;
	s->gap_max = s->gaps == 0 || p->gap_ns > s->gap_max ? p->gap_ns : s->gap_max;
	s->gap_sum += p->gap_ns;
	s->gaps++;
}

struct keyed { uint64_t number; size_t at; };

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Sums by flow or microflow, in order of ids. */
static struct sums add_up(bool by_flow)
{
	size_t n = result_count(w.packets);
	struct keyed *keys = calloc(n + 1, sizeof(*keys));
	struct sums out = { calloc(n + 1, sizeof(struct sum)), 0 };
	struct row row;

	assert_non_null(keys);
	assert_non_null(out.v);
	for (size_t i = 0; i < n; i++) {
		row_at(w.packets, i, &row);
		keys[i].number = record_id_number(by_flow ? row.packet->flow : row.packet->microflow);
		keys[i].at = i;
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || keys[i].number != keys[i - 1].number)
			out.v[out.n++].number = keys[i].number;
		row_at(w.packets, keys[i].at, &row);
		/* an id is the first packet's */
		if (i == 0 || keys[i].number != keys[i - 1].number)
			CHECK(record_id_number(row.packet->self) == keys[i].number);
		sum_packet(&out.v[out.n - 1], row.packet);
	}
	free(keys);
	return out;
}

static void check_counters(const struct counters *c, const struct sum *s, bool whole_flow)
{
	for (int d = 0; d < 2; d++) {
		CHECK(c->packets[d] == s->packets[d]);
		CHECK(c->bytes[d] == s->bytes[d]);
	}
	CHECK(c->payload_bytes == s->payload);
	CHECK(c->first_ns == s->first_ns && c->last_ns == s->last_ns);
	CHECK(c->tcp_flags == s->tcp_flags && c->syn == s->syn);
	CHECK(counters_packets(c) - c->flows == s->gaps);
	CHECK(!whole_flow || c->flows == 1);
	CHECK(c->gap_sum == s->gap_sum);
	CHECK((c->known & FIELD_BIT(FIELD_GAP_MIN)) ? s->gaps > 0 : s->gaps == 0);
	if (s->gaps)
		CHECK(c->gap_min == s->gap_min && c->gap_max == s->gap_max);
}

static void test_sums(const struct result *records, bool flows)
{
	struct sums sums = add_up(flows);
	uint64_t before = 0;

	w.doing = flows ? "sums of flows" : "sums of microflows";
	CHECK(result_count(records) == sums.n);
	for (size_t i = 0; i < sums.n; i++) {
		struct sum key, *s;
		struct row row;

		row_at(records, i, &row);
		key.number = rec_number(&row);
		CHECK(i == 0 || key.number > before);        /* the natural order */
		before = key.number;
		s = bsearch(&key, sums.v, sums.n, sizeof(key), by_number);
		CHECK(s);
		check_counters(&row.record->c, s, flows);
	}
	free(sums.v);
}

/* Macroflows are the sums of the flows of their services. */
static void test_macros(void)
{
	int64_t macro_ns = store_config(w.store)->macro_ns;
	uint64_t packets = 0, bytes = 0;
	size_t flows = 0;

	w.doing = "sums of macroflows";
	for (size_t i = 0; i < result_count(w.macros); i++) {
		struct row row;

		row_at(w.macros, i, &row);
		packets += counters_packets(&row.record->c);
		bytes += counters_bytes(&row.record->c);
		flows += row.record->c.flows;
		CHECK(row.record->slice_ns % macro_ns == 0 || row.record->slice_ns == INT64_MIN);
	}
	CHECK(packets == result_count(w.packets));
	CHECK(packets == store_totals(w.store)->packets);
	CHECK(bytes == store_totals(w.store)->bytes);
	CHECK(flows == result_count(w.flows));
}

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
		CHECK(result_find(w.packets, &id, &at));
		row_at(w.packets, at, &whole);
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
		CHECK(memcmp(&row.record->c, &whole.record->c, sizeof(struct counters)) == 0);
	}
}

/* Each packet, flow and microflow is reached from the macroflows exactly once. */
static void test_down_from_macros(void)
{
	size_t n = result_count(w.packets), n_flows = result_count(w.flows), n_micros = result_count(w.micros);
	uint8_t *packets = calloc(n + 1, 1), *flows = calloc(n_flows + 1, 1), *micros = calloc(n_micros + 1, 1);

	for (size_t i = 0; i < result_count(w.macros); i++) {
		struct result *r;
		struct row row;
		struct id id;

		row_at(w.macros, i, &row);
		row_id(&row, &id);
		w.doing = "packets in a macroflow";
		r = ask_in(TIER_PACKET, &id, 1);
		CHECK(result_count(r) == counters_packets(&row.record->c));
		mark_packets(r, packets);
		result_free(r);
		w.doing = "flows in a macroflow";
		r = ask_in(TIER_FLOW, &id, 1);
		mark_records(r, w.flows, flows);
		result_free(r);
		w.doing = "microflows in a macroflow";
		r = ask_in(TIER_MICROFLOW, &id, 1);
		mark_records(r, w.micros, micros);
		result_free(r);
	}
	w.doing = "all that lies below macroflows";
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

	assert_int_equal(query_parent(&w.sources, child, &got, NULL), RC_DONE);
	CHECK(got.tier == want->tier && record_id_equal(got.rec, want->rec));
}

/* Some flows and microflows: what lies below them, and back up. */
static void test_down_from(const struct result *records, enum tier tier)
{
	size_t n = result_count(records), step = n / SAMPLE + 1;

	for (size_t i = 0; i < n; i += step) {
		struct row row, packet;
		struct result *r;
		uint8_t *seen = calloc(result_count(w.packets) + 1, 1);
		struct id id, child;

		w.doing = tier == TIER_FLOW ? "packets in a flow" : "packets in a microflow";
		row_at(records, i, &row);
		row_id(&row, &id);
		r = ask_in(TIER_PACKET, &id, 1);
		CHECK(result_count(r) == counters_packets(&row.record->c));
		mark_packets(r, seen);
		row_at(r, result_count(r) / 2, &packet);
		CHECK(record_id_equal(tier == TIER_FLOW ? packet.packet->flow : packet.packet->microflow, id.rec));
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
	size_t n = result_count(w.micros), step = n / SAMPLE + 1;

	for (size_t i = 0; i < n; i += step) {
		struct row row, packet;
		struct result *r;
		struct id micro, flow = { .tier = TIER_FLOW };

		w.doing = "the flow of a microflow";
		row_at(w.micros, i, &row);
		row_id(&row, &micro);
		r = ask_in(TIER_PACKET, &micro, 1);
		row_at(r, 0, &packet);
		flow.rec = packet.packet->flow;
		check_parent(&micro, &flow);
		result_free(r);
		w.doing = "microflows in a flow";
		r = ask_in(TIER_MICROFLOW, &flow, 1);
		size_t at;
		CHECK(result_find(r, &micro, &at));
		result_free(r);
	}
	step = result_count(w.macros) / 10 + 1;
	for (size_t i = 0; i < result_count(w.macros); i += step) {
		struct row row;
		struct result *r;
		struct id macro, child;

		w.doing = "the macroflow of a flow";
		row_at(w.macros, i, &row);
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
	size_t n = result_count(w.flows);
	struct row first, last;
	struct id ids[3];
	struct result *r;
	size_t at;

	w.doing = "packets in several";
	if (n < 2)
		return;
	row_at(w.flows, 0, &first);
	row_at(w.flows, n - 1, &last);
	row_id(&first, &ids[0]);
	row_id(&last, &ids[1]);
	ids[2] = ids[0];
	r = ask_in(TIER_PACKET, ids, 3);
	CHECK(result_count(r) == counters_packets(&first.record->c) + counters_packets(&last.record->c));
	result_free(r);
	r = ask_in(TIER_PACKET, &(struct id){ .tier = TIER_BLOCK, .rec.block = 1 }, 1);
	CHECK(result_count(r) == store_block(w.store, 1)->packets);
	result_free(r);
	r = ask_in(TIER_FLOW, &(struct id){ .tier = TIER_BLOCK, .rec.block = 1 }, 1);
	CHECK(result_count(r) <= n && result_find(r, &ids[0], &at));
	result_free(r);
}

static void test_points(void)
{
	size_t n, flows = 0;
	const struct point_info *points = store_points(w.store, &n);

	w.doing = "records of a point";
	for (size_t i = 0; i < n && i < 30; i++) {
		struct id id = { .tier = TIER_POINT, .rec.block = points[i].number };
		struct result *r = ask_in(TIER_PACKET, &id, 1);

		CHECK(result_count(r) == points[i].packets);
		result_free(r);
		r = ask_in(TIER_FLOW, &id, 1);
		flows += result_count(r);
		result_free(r);
	}
	CHECK(n > 30 || flows == result_count(w.flows));
}

/* ---- filters and times --------------------------------------------------------------------------------- */

static bool overlaps(const struct query *q, const struct row *row)
{
	if (row->tier == TIER_PACKET)
		return row->packet->pkt.time_ns >= q->from_ns && row->packet->pkt.time_ns < q->to_ns;
	return row->record->c.last_ns >= q->from_ns && row->record->c.first_ns < q->to_ns;
}

/* The answer by the index equals the full list, filtered row by row. */
static size_t compare_with_scan(const struct result *all, struct query *q)
{
	struct result *r = ask(q);
	size_t k = 0;

	for (size_t i = 0; i < result_count(all); i++) {
		struct row want, got;
		struct id a, b;

		row_at(all, i, &want);
		if (!overlaps(q, &want) || !filter_match(q->filter, &want))
			continue;
		CHECK(k < result_count(r));
		row_at(r, k++, &got);
		row_id(&want, &a);
		row_id(&got, &b);
		CHECK(record_id_equal(a.rec, b.rec));
		if (q->tier == TIER_PACKET)
			CHECK(want.packet->has_gap == got.packet->has_gap && want.packet->gap_ns == got.packet->gap_ns);
		else
			CHECK(memcmp(&want.record->c, &got.record->c, sizeof(struct counters)) == 0);
	}
	CHECK(k == result_count(r));
	result_free(r);
	return k;
}

static void compare_filter(const char *text)
{
	static const enum tier tiers[] = { TIER_PACKET, TIER_MICROFLOW, TIER_FLOW };
	const struct result *const all[] = { w.packets, w.micros, w.flows };

	for (size_t i = 0; i < 3; i++) {
		struct filter *f;
		struct query q;

		query_init(&q, tiers[i]);
		if (filter_compile(text, tiers[i], &f, NULL) != RC_DONE)
			continue;            /* not for this tier */
		w.doing = text;
		q.filter = f;
		compare_with_scan(all[i], &q);
		filter_free(f);
	}
}

static void test_filters(void)
{
	static const char *const fixed[] = { "tcp", "udp or icmp", "not tcp", "ip6", "arp or vlan", "port 80 or 53",
		"src port 443", "dst net 10.0.0.0/8", "net 192.168.0.0/16 and not tcp port 80", "bytes > 10k",
		"len > 500", "tcp_flags & rst", "packets == 1", "duration > 1s", "gap_max > 100ms", "server_port < 1024",
		"host 192.0.2.255", "gap > 10ms", "payload_len", "rtt_avg", "end_reason == fin", "frame < 20" };
	size_t n = result_count(w.flows), step = n / 4 + 1;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		compare_filter(fixed[i]);
	for (size_t i = 0; i < n; i += step) {
		const struct flow_key *k;
		char client[ADDR_TEXT], server[ADDR_TEXT], text[300];
		struct row row;

		row_at(w.flows, i, &row);
		k = &row.record->key;
		if (k->client.kind == ADDR_NONE)
			continue;
		addr_format(client, sizeof(client), &k->client);
		addr_format(server, sizeof(server), &k->server);
		snprintf(text, sizeof(text), "host %s", client);
		compare_filter(text);
		snprintf(text, sizeof(text), "src host %s and dst host %s", server, client);
		compare_filter(text);
		snprintf(text, sizeof(text), "(host %s or server %s) and not (port %u)", client, server, k->server_port);
		compare_filter(text);
		snprintf(text, sizeof(text), "host %s and host %s and port %u and port %u", client, server,
			k->client_port, k->server_port);
		compare_filter(text);
		snprintf(text, sizeof(text), "client in {%s, %s} and len > 100", client, server);
		compare_filter(text);
	}
}

static void test_times(void)
{
	const struct store_totals *t = store_totals(w.store);
	const struct result *const all[] = { w.packets, w.micros, w.flows, w.macros };
	static const enum tier tiers[] = { TIER_PACKET, TIER_MICROFLOW, TIER_FLOW, TIER_MACROFLOW };
	int64_t span = time_sub(t->last_ns, t->first_ns) / 7;

	w.doing = "times";
	for (size_t i = 0; i < 4; i++)
		for (int k = 0; k < 4; k++) {
			struct query q;

			query_init(&q, tiers[i]);
			q.from_ns = t->first_ns + k * span;
			q.to_ns = k == 3 ? INT64_MAX : q.from_ns + span + 1;
			compare_with_scan(all[i], &q);
		}
	for (int k = 0; k < 3; k++) {
		char text[100], from[TEXT_TIME], to[TEXT_TIME];

		if (t->first_ns < 0)
			continue;
		text_time(from, sizeof(from), t->first_ns + k * span);
		text_time(to, sizeof(to), t->first_ns + (k + 2) * span);
		snprintf(text, sizeof(text), "time >= %s and time < %s", from, to);
		compare_filter(text);
		snprintf(text, sizeof(text), "first >= %s and last < %s", from, to);
		compare_filter(text);
	}
}

/* ---- order, limit, ids, groups ------------------------------------------------------------------------------ */

static void test_order(enum tier tier, const char *name, bool descending)
{
	struct query_sort sort = { field_find(name, tier), descending };
	struct result *all = ask_tier(tier), *some;
	struct query q;

	w.doing = "sort and limit";
	assert_int_equal(result_sort(all, &sort, 1, NULL), RC_DONE);
	query_init(&q, tier);
	q.sort[0] = sort;
	q.n_sort = 1;
	q.limit = 25;
	some = ask(&q);
	CHECK(result_count(some) == (result_count(all) < 25 ? result_count(all) : 25));
	for (size_t i = 0; i < result_count(some); i++) {
		struct row a, b;
		struct id x, y;

		row_at(all, i, &a);
		row_at(some, i, &b);
		row_id(&a, &x);
		row_id(&b, &y);
		CHECK(record_id_equal(x.rec, y.rec));
	}
	result_free(all);
	result_free(some);
}

static void check_get(const struct result *r)
{
	size_t n = result_count(r), step = n / 8 + 1;

	for (size_t i = 0; i < n; i += step) {
		struct query_holder *h;
		const struct row *got;
		struct row row;
		struct id id;

		row_at(r, i, &row);
		row_id(&row, &id);
		assert_int_equal(query_get(&w.sources, &id, &h, NULL), RC_DONE);
		got = query_holder_row(h);
		if (row.tier == TIER_PACKET) {
			CHECK(got->packet->frame == row.packet->frame);
			CHECK(got->packet->has_gap == row.packet->has_gap && got->packet->gap_ns == row.packet->gap_ns);
			CHECK(query_holder_raw(h)->caplen == row.packet->pkt.caplen);
		} else {
			CHECK(memcmp(&got->record->c, &row.record->c, sizeof(struct counters)) == 0);
		}
		query_holder_free(h);
	}
}

static void test_get(void)
{
	struct query_holder *h;
	struct id id = { .tier = TIER_FLOW, .rec = { 1, 1 } };

	w.doing = "records by id";
	check_get(w.packets);
	check_get(w.micros);
	check_get(w.flows);
	check_get(w.macros);
	CHECK(query_get(&w.sources, &id, &h, NULL) == RC_MISSING);
	id.tier = TIER_PACKET;
	CHECK(query_get(&w.sources, &id, &h, NULL) == RC_MISSING);
	id.rec.block = 999;
	CHECK(query_get(&w.sources, &id, &h, NULL) == RC_MISSING);
}

static void test_groups(void)
{
	uint64_t packets = 0, members = 0;
	struct result *r;
	struct query q;

	w.doing = "groups";
	query_init(&q, TIER_FLOW);
	q.group[0] = field_find("server", TIER_FLOW);
	q.group[1] = field_find("proto", TIER_FLOW);
	q.n_group = 2;
	r = ask(&q);
	for (size_t i = 0; i < result_count(r); i++) {
		uint64_t bytes = 0;
		struct row group, row;

		row_at(r, i, &group);
		packets += counters_packets(&group.record->c);
		members += group.record->c.flows;
		for (size_t k = 0; i < 5 && k < result_count(w.flows); k++) {
			row_at(w.flows, k, &row);
			if (addr_equal(&row.record->key.server, &group.record->key.server) &&
				row.record->key.proto == group.record->key.proto &&
				row.record->key.point == group.record->key.point)
				bytes += counters_bytes(&row.record->c);
		}
		CHECK(i >= 5 || bytes == counters_bytes(&group.record->c));
	}
	CHECK(packets == result_count(w.packets));
	CHECK(members == result_count(w.flows));
	result_free(r);
}

/* ---- one capture ------------------------------------------------------------------------------------------------ */

static enum rc index_in_place(const char *dir, const struct store_config *config, const struct ingest_options *options)
{
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *s;
	enum rc rc = store_open_in_place(w.path, dir, config, true, &s, NULL, NULL);

	if (rc != RC_DONE)
		return rc;
	rc = ingest_in_place(s, options, &progress, &result, NULL);
	store_close(s);
	return rc == RC_DONE ? store_open_in_place(w.path, dir, config, false, &w.store, NULL, NULL) : rc;
}

static enum rc import_it(const char *dir, const struct store_config *config, const struct ingest_options *options)
{
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *s;
	enum rc rc = store_create(dir, config, &s, NULL);

	if (rc != RC_DONE)
		return rc;
	rc = ingest_import(s, &w.path, 1, options, &progress, &result, NULL);
	store_close(s);
	return rc == RC_DONE ? store_open(dir, false, &w.store, NULL, NULL) : rc;
}

static bool is_compressed(const char *path)
{
	unsigned char bytes[16];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	enum file_kind kind = file_kind(bytes, n);

	if (f)
		fclose(f);
	return kind == FILE_GZIP || kind == FILE_ZSTD;
}

/* False where the file is refused. */
static bool make_index(const char *dir)
{
	struct ingest_options options;
	struct store_config config;

	store_config_default(&config);
	ingest_options_default(&options);
	options.threads = 1;
	options.segment_packets = SEGMENT;
	w.imported = is_compressed(w.path);
	if ((w.imported ? import_it : index_in_place)(dir, &config, &options) != RC_DONE)
		return false;
	assert_int_equal(store_refresh(w.store, NULL), RC_DONE);
	return true;
}

static void check_capture(const char *path)
{
	char dir[128];

	w = (struct world){ .path = path, .doing = "index" };
	captures_make_dir(dir, sizeof(dir));
	if (make_index(dir)) {
		w.stores[0] = w.store;
		w.sources = (struct query_sources){ w.stores, 1 };
		w.doing = "lists";
		w.packets = ask_tier(TIER_PACKET);
		w.micros = ask_tier(TIER_MICROFLOW);
		w.flows = ask_tier(TIER_FLOW);
		w.macros = ask_tier(TIER_MACROFLOW);
		test_input();
		test_sums(w.flows, true);
		test_sums(w.micros, false);
		test_macros();
		if (result_count(w.packets)) {
			test_down_from_macros();
			test_down_from(w.flows, TIER_FLOW);
			test_down_from(w.micros, TIER_MICROFLOW);
			test_up();
			test_union();
			test_points();
			test_filters();
			test_times();
			test_order(TIER_FLOW, "bytes", true);
			test_order(TIER_FLOW, "rtt_avg", false);
			test_order(TIER_PACKET, "len", false);
			test_order(TIER_MICROFLOW, "client", true);
			test_get();
			test_groups();
		}
		result_free(w.packets);
		result_free(w.micros);
		result_free(w.flows);
		result_free(w.macros);
		store_close(w.store);
	}
	captures_remove_dir(dir);
}

static void test_captures(void **state)
{
	struct captures c;

	(void)state;
	captures_find(&c);
	if (c.n == 0)
		skip();
	for (size_t i = 0; i < c.n; i++) {
		const char *only = getenv("ONLY");

		if (only && !strstr(c.paths[i], only))
			continue;
		check_capture(c.paths[i]);
	}
	captures_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_captures) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
