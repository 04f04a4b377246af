/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "brute.h"

#include "base/text.h"

/* ---- filters and times --------------------------------------------------------------------------------- */

static bool overlaps(const struct query *q, const struct row *row)
{
	if (row->tier == TIER_PACKET)
		return row->packet->pkt.time_ns >= q->from_ns &&
			row->packet->pkt.time_ns < q->to_ns;
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
			CHECK(want.packet->has_gap == got.packet->has_gap &&
				want.packet->gap_ns == got.packet->gap_ns);
		else
			CHECK(same_counts(want.record, got.record));
	}
	CHECK(k == result_count(r));
	result_free(r);
	return k;
}

static void compare_filter(const char *text)
{
	static const enum tier tiers[] = { TIER_PACKET, TIER_MICROFLOW, TIER_FLOW };
	const struct result *const all[] = { brute.packets, brute.micros, brute.flows };

	unsigned compiled = 0;

	for (size_t i = 0; i < 3; i++) {
		struct filter *f;
		struct query q;

		query_init(&q, tiers[i]);
		if (filter_compile(text, tiers[i], &f, NULL) != RC_DONE)
			continue; /* not for this tier */
		brute.doing = text;
		q.filter = f;
		compare_with_scan(all[i], &q);
		filter_free(f);
		compiled++;
	}
	CHECK(compiled > 0);
}

/* Where the ends decide, no byte is read but those of the packets that match. */
static void check_bytes_read(const char *text)
{
	uint64_t bytes = 0;
	struct filter *f;
	struct result *r;
	struct query q;

	brute.doing = text;
	query_init(&q, TIER_PACKET);
	assert_int_equal(filter_compile(text, TIER_PACKET, &f, NULL), RC_DONE);
	q.filter = f;
	r = ask(&q);
	for (size_t i = 0; i < result_count(r); i++) {
		struct row row;

		row_at(r, i, &row);
		bytes += row.packet->pkt.record_len;
	}
	/* where times step back, the last packet of a flow's part is looked at twice */
	CHECK(brute.explain.packet_bytes >= bytes && brute.explain.packet_bytes <= 2 * bytes);
	CHECK(brute.explain.packets == result_count(r));
	result_free(r);
	filter_free(f);
}

static void test_filters(void)
{
	static const char *const fixed[] = { "tcp", "udp or icmp", "not tcp", "ip6",
		"arp or vlan", "port 80 or 53", "src port 443", "dst net 10.0.0.0/8",
		"net 192.168.0.0/16 and not tcp port 80", "bytes > 10k", "len > 500",
		"tcp_flags & rst", "packets == 1", "duration > 1s", "gap_max > 100ms",
		"server_port < 1024", "host 192.0.2.255", "gap > 10ms", "payload_len",
		"rtt_avg", "end_reason == fin", "frame < 20" };
	size_t n = result_count(brute.flows), step = n / 4 + 1;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		compare_filter(fixed[i]);
	for (size_t i = 0; i < n; i += step) {
		const struct flow_key *k;
		char client[ADDR_TEXT], server[ADDR_TEXT], text[300];
		struct row row;

		row_at(brute.flows, i, &row);
		k = &row.record->key;
		if (k->client.kind == ADDR_NONE || k->server.kind == ADDR_NONE)
			continue;
		addr_format(client, sizeof(client), &k->client);
		addr_format(server, sizeof(server), &k->server);
		snprintf(text, sizeof(text), "host %s", client);
		compare_filter(text);
		snprintf(text, sizeof(text), "src host %s and dst host %s", server, client);
		compare_filter(text);
		snprintf(text, sizeof(text), "(host %s or server %s) and not (port %u)", client,
			server, k->server_port);
		compare_filter(text);
		snprintf(text, sizeof(text), "host %s and host %s and port %u and port %u",
			client, server, k->client_port, k->server_port);
		compare_filter(text);
		check_bytes_read(text);
		snprintf(
			text, sizeof(text), "client in {%s, %s} and len > 100", client, server);
		compare_filter(text);
	}
}

static void test_times(void)
{
	const struct store_totals *t = store_totals(brute.store);
	const struct result *const all[] = { brute.packets, brute.micros, brute.flows,
		brute.macros };
	static const enum tier tiers[] = { TIER_PACKET, TIER_MICROFLOW, TIER_FLOW,
		TIER_MACROFLOW };
	int64_t span = time_sub(t->last_ns, t->first_ns) / 7;

	brute.doing = "times";
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

void check_filters(void)
{
	test_filters();
	test_times();
}

/* ---- order, limit, ids, groups ------------------------------------------------------------------------------ */

static void test_order(enum tier tier, const char *name, bool descending)
{
	struct query_sort sort = { field_find(name, tier), descending };
	struct result *all = ask_tier(tier), *some;
	struct query q;

	brute.doing = "sort and limit";
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
		assert_int_equal(query_get(&brute.sources, &id, &h, NULL), RC_DONE);
		got = query_holder_row(h);
		if (row.tier == TIER_PACKET) {
			CHECK(got->packet->frame == row.packet->frame);
			CHECK(got->packet->has_gap == row.packet->has_gap &&
				got->packet->gap_ns == row.packet->gap_ns);
			CHECK(query_holder_raw(h)->caplen == row.packet->pkt.caplen);
		} else {
			CHECK(same_counts(got->record, row.record));
		}
		query_holder_free(h);
	}
}

static void test_get(void)
{
	struct query_holder *h;
	struct id id = { .tier = TIER_FLOW, .rec = { 1, 1 } };

	brute.doing = "records by id";
	check_get(brute.packets);
	check_get(brute.micros);
	check_get(brute.flows);
	check_get(brute.macros);
	CHECK(query_get(&brute.sources, &id, &h, NULL) == RC_MISSING);
	id.tier = TIER_PACKET;
	CHECK(query_get(&brute.sources, &id, &h, NULL) == RC_MISSING);
	id.rec.block = 999;
	CHECK(query_get(&brute.sources, &id, &h, NULL) == RC_MISSING);
}

static void test_groups(void)
{
	uint64_t packets = 0, members = 0;
	struct result *r;
	struct query q;

	brute.doing = "groups";
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
		for (size_t k = 0; i < 5 && k < result_count(brute.flows); k++) {
			row_at(brute.flows, k, &row);
			if (addr_equal(&row.record->key.server, &group.record->key.server) &&
				row.record->key.proto == group.record->key.proto &&
				row.record->key.point == group.record->key.point)
				bytes += counters_bytes(&row.record->c);
		}
		CHECK(i >= 5 || bytes == counters_bytes(&group.record->c));
	}
	CHECK(packets == result_count(brute.packets));
	CHECK(members == result_count(brute.flows));
	result_free(r);
}

void check_rest(void)
{
	test_order(TIER_FLOW, "bytes", true);
	test_order(TIER_FLOW, "rtt_avg", false);
	test_order(TIER_PACKET, "len", false);
	test_order(TIER_MICROFLOW, "client", true);
	test_get();
	test_groups();
}
