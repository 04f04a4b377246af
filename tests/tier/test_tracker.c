/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/field.h"
#include "tier/tracker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

static const struct tracker_config five = {
	.micro_ns = 5 * SECOND, .flow_ns = 300 * SECOND, .attributes = ATTRIBUTES_ALL, .sets = 2,
};

struct world {
	struct tracker *t;
	uint32_t ordinal, offset;
};

static struct world world_new(void)
{
	struct world w = {.offset = 24};

	assert_int_equal(tracker_new(&five, &w.t, NULL), RC_DONE);
	return w;
}

static struct packet tcp(unsigned from, unsigned sport, unsigned to, unsigned dport, unsigned flags,
	uint32_t seq, uint32_t ack)
{
	struct packet p = {
		.len = 100, .caplen = 100, .proto = PROTO_TCP, .ttl = 64, .payload_len = 46,
		.flags = PACKET_HAS_PORTS | PACKET_HAS_IP | PACKET_HAS_TCP, .tcp_flags = (uint16_t)flags,
		.tcp_seq = seq, .tcp_ack = ack, .tcp_window = 1000,
		.src_port = (uint16_t)sport, .dst_port = (uint16_t)dport,
		.src = {ADDR_IPV4, {10, 0, 0, (uint8_t)from}}, .dst = {ADDR_IPV4, {10, 0, 0, (uint8_t)to}},
	};
	return p;
}

static void give(struct world *w, struct packet p, int64_t time_ns)
{
	p.time_ns = time_ns;
	p.offset = w->offset;
	p.record_len = 116;
	w->offset += 116;
	const struct tracker_frame none = {0};
	uint64_t hash = tracker_pair_hash(&p);
	struct tracker_batch b = {.packets = &p, .frames = &none, .pair_hashes = &hash, .block = 1, .first_ordinal = w->ordinal++};
	assert_int_equal(tracker_packets(w->t, &b, &(uint16_t){0}, 1, NULL), RC_DONE);
}

static struct tracker_parts end(struct world *w)
{
	struct tracker_parts parts;

	tracker_end_segment(w->t, &parts);
	w->ordinal = 0;
	return parts;
}

static uint32_t refs_of(const struct tracker_parts *parts, const struct micro_part *m)
{
	uint32_t n = 0;

	for (uint32_t at = m->last_ref; at != UINT32_MAX; at = parts->refs[at].before)
		n++;
	return n;
}

/* T1 to T3 of tracker.h. */
static void check_invariants(const struct tracker_parts *parts, uint32_t packets)
{
	char *seen = calloc(packets + 1, 1);
	size_t micros = 0;

	for (size_t i = 0; i < parts->n_flows; i++) {
		const struct flow_part *f = &parts->flows[i];
		uint32_t last_first = 0;
		if (i > 0)
			assert_true(f->first_ordinal > parts->flows[i - 1].first_ordinal);
		assert_int_equal(f->slice_ns % five.flow_ns, 0);
		for (uint32_t m = f->first_micro; m != UINT32_MAX; m = parts->micros[m].next, micros++) {
			const struct micro_part *u = &parts->micros[m];
			uint32_t first = 0, behind = UINT32_MAX;
			assert_true(u->slice_ns >= f->slice_ns && u->slice_ns < f->slice_ns + five.flow_ns);
			assert_true(u->c.first_ns >= u->slice_ns && u->c.last_ns < u->slice_ns + five.micro_ns);
			assert_int_equal(counters_packets(&u->c), refs_of(parts, u));
			for (uint32_t at = u->last_ref; at != UINT32_MAX; at = parts->refs[at].before) {
				first = parts->refs[at].ordinal;
				assert_true(first < behind);
				behind = first;
				assert_true(first < packets);
				assert_int_equal(seen[first]++, 0);
			}
			assert_true(m == f->first_micro ? first == f->first_ordinal : first > last_first);
			last_first = first;
		}
	}
	assert_int_equal(micros, parts->n_micros);
	for (uint32_t o = 0; o < packets; o++)
		assert_int_equal(seen[o], 1);
	free(seen);
}

static void test_handshake_to_close(void **state)
{
	struct world w = world_new();

	(void)state;
	give(&w, tcp(1, 50000, 2, 80, TCP_SYN, 100, 0), SECOND);
	give(&w, tcp(2, 80, 1, 50000, TCP_SYN | TCP_ACK, 500, 101), SECOND + 10000000);
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 101, 501), SECOND + 25000000);
	give(&w, tcp(1, 50000, 2, 80, TCP_FIN | TCP_ACK, 101, 501), SECOND + 30000000);
	give(&w, tcp(2, 80, 1, 50000, TCP_FIN | TCP_ACK, 501, 102), SECOND + 40000000);
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 102, 502), SECOND + 50000000);

	struct tracker_parts parts = end(&w);
	check_invariants(&parts, 6);
	assert_int_equal(parts.n_flows, 1);
	const struct counters *c = &parts.micros[0].c;
	assert_int_equal(c->flows, 1);
	assert_int_equal(c->packets[DIR_C2S], 4);
	assert_int_equal(c->packets[DIR_S2C], 2);
	assert_int_equal(c->syn, 2);
	assert_int_equal(c->fin, 2);
	assert_int_equal(c->rtt_n, 1);
	assert_int_equal(c->rtt_sum, 25000000);
	assert_int_equal(c->gap_sum, 49000000 + 1000000);
	assert_int_equal(c->gap_max, 15000000);
	assert_int_equal(c->gap_min, 5000000);
	assert_int_equal(c->end_reason, END_FIN);
	assert_int_equal(parts.flows[0].key.orientation, ORIENTATION_SYN);
	assert_int_equal(parts.flows[0].key.server_port, 80);
	tracker_free(w.t);
}

static void test_slices_split_and_late_packets_join(void **state)
{
	struct world w = world_new();

	(void)state;
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 1, 1), 4 * SECOND);
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 1, 1), 6 * SECOND);
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 1, 1), 4 * SECOND + 5);       /* late: the first microflow */
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 1, 1), 301 * SECOND);         /* the next flow */
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 1, 1), 7 * SECOND);           /* late: the first flow */
	struct tracker_parts parts = end(&w);
	check_invariants(&parts, 5);
	assert_int_equal(parts.n_flows, 2);
	assert_int_equal(parts.n_micros, 3);
	assert_int_equal(refs_of(&parts, &parts.micros[0]), 2);
	tracker_free(w.t);
}

static void test_new_syn_begins_a_flow(void **state)
{
	struct world w = world_new();

	(void)state;
	give(&w, tcp(1, 50000, 2, 80, TCP_SYN, 100, 0), 1);
	give(&w, tcp(1, 50000, 2, 80, TCP_SYN, 100, 0), 2);          /* sent again: the same flow */
	give(&w, tcp(2, 80, 1, 50000, TCP_RST | TCP_ACK, 0, 101), 3);
	give(&w, tcp(2, 80, 1, 50000, TCP_ACK, 0, 101), 4);          /* after the RST: still that flow */
	give(&w, tcp(1, 50000, 2, 80, TCP_SYN, 777, 0), 5);          /* the port used again */
	give(&w, tcp(1, 50000, 2, 80, TCP_SYN, 999, 0), 6);          /* and again, never closed */
	struct tracker_parts parts = end(&w);
	check_invariants(&parts, 6);
	assert_int_equal(parts.n_flows, 3);
	assert_int_equal(refs_of(&parts, &parts.micros[0]), 4);
	assert_int_equal(parts.micros[0].c.end_reason, END_RST);
	assert_int_equal(parts.micros[1].c.end_reason, END_NEW_SYN);
	assert_int_equal(parts.micros[0].c.rtt_n, 0);
	tracker_free(w.t);
}

static void test_silence_after_close_begins_a_flow(void **state)
{
	struct world w = world_new();

	(void)state;
	give(&w, tcp(1, 50000, 2, 80, TCP_RST, 100, 0), 0);
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 100, 0), 60 * SECOND);
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 100, 0), 120 * SECOND + 1);
	struct tracker_parts parts = end(&w);
	check_invariants(&parts, 3);
	assert_int_equal(parts.n_flows, 2);
	tracker_free(w.t);
}

static void test_orientation(void **state)
{
	static const struct { unsigned sport, dport, flags; bool sender_is_client; int by; } cases[] = {
		{50000, 443, TCP_ACK, true, ORIENTATION_KNOWN_PORT},
		{443, 50000, TCP_ACK, false, ORIENTATION_KNOWN_PORT},
		{50000, 443, TCP_SYN | TCP_ACK, false, ORIENTATION_SYN},
		{40001, 50001, TCP_ACK, false, ORIENTATION_LOWER_PORT},
		{40001, 40001, TCP_ACK, true, ORIENTATION_FIRST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w = world_new();
		give(&w, tcp(1, cases[i].sport, 2, cases[i].dport, cases[i].flags, 1, 1), 0);
		struct tracker_parts parts = end(&w);
		assert_int_equal(parts.flows[0].key.orientation, cases[i].by);
		assert_int_equal(parts.flows[0].key.client.bytes[3], cases[i].sender_is_client ? 1 : 2);
		assert_int_equal(parts.micros[0].c.packets[DIR_C2S], cases[i].sender_is_client);
		tracker_free(w.t);
	}
}

static void test_segments_continue_records(void **state)
{
	struct world w = world_new();

	(void)state;
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 1, 1), SECOND);
	struct tracker_parts a = end(&w);
	give(&w, tcp(1, 50000, 2, 80, TCP_ACK, 1, 1), SECOND + 7);
	struct tracker_parts b = end(&w);
	check_invariants(&b, 1);
	assert_true(record_id_equal(a.flows[0].id, b.flows[0].id));
	assert_true(record_id_equal(a.micros[0].id, b.micros[0].id));
	assert_int_equal(b.micros[0].c.flows, 0);
	assert_int_equal(b.micros[0].c.gap_sum, 7);
	tracker_free(w.t);
}

static void test_eviction_is_counted_and_nothing_lost(void **state)
{
	struct world w = world_new();
	struct tracker_parts parts;
	enum { MORE = TRACKER_CONVERSATIONS + 10 };

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MORE; i++)
			give(&w, tcp(1, 1024 + i, 2, 80, TCP_ACK, 1, 1), (int64_t)(round * MORE + i));
	}
	parts = end(&w);
	check_invariants(&parts, 2 * MORE);
	uint64_t evicted = 0, flows = 0;
	for (size_t i = 0; i < parts.n_micros; i++) {
		evicted += parts.micros[i].c.state_evicted;
		flows += parts.micros[i].c.flows;
	}
	assert_true(flows > MORE);       /* some came back after they had gone */
	assert_true(evicted > 0 && evicted <= flows - MORE);
	tracker_free(w.t);
}

/* Both directions of a connection. */
static void speak(struct world *w, unsigned port, unsigned flags, int64_t time_ns)
{
	give(w, tcp(1, port, 2, 80, flags, 1, 1), time_ns);
	give(w, tcp(2, 80, 1, port, flags, 1, 1), time_ns);
}

static uint64_t evicted_in(const struct tracker_parts *parts)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < parts->n_micros; i++)
		sum += parts->micros[i].c.state_evicted;
	return sum;
}

static void test_a_flood_has_half_of_the_table(void **state)
{
	struct world w = world_new();
	enum { SPEAK = TRACKER_CONVERSATIONS / 2 - 1, FLOOD = 3 * TRACKER_CONVERSATIONS };

	(void)state;
	for (unsigned i = 0; i < SPEAK; i++)
		speak(&w, 1024 + i, TCP_ACK, (int64_t)i);
	for (unsigned i = 0; i < FLOOD; i++)
		give(&w, tcp(3 + i / 50000, 1024 + i % 50000, 2, 80, TCP_SYN, i, 0), SECOND + i);
	for (unsigned i = 0; i < SPEAK; i++)
		speak(&w, 1024 + i, TCP_ACK, 2 * SECOND + i);
	struct tracker_parts parts = end(&w);
	check_invariants(&parts, 4 * SPEAK + FLOOD);
	assert_int_equal(evicted_in(&parts), 0);
	assert_int_equal(parts.n_flows, SPEAK + FLOOD);
	tracker_free(w.t);
}

/* The last one that came to a full table is closed: after a while it goes before the first, and not at once. */
static void test_what_is_closed_goes_first(void **state)
{
	enum { LAST = TRACKER_CONVERSATIONS - 1 };
	static const unsigned ends[] = {TCP_FIN | TCP_ACK, TCP_RST};

	(void)state;
	for (size_t how = 0; how < 2; how++)
		for (int64_t wait = 5; wait <= 15; wait += 10) {
			struct world w = world_new();

			for (unsigned i = 0; i <= LAST; i++)
				speak(&w, 1024 + i, i == LAST ? ends[how] : TCP_ACK, SECOND + i);
			speak(&w, 1024 + LAST + 1, TCP_ACK, wait * SECOND);
			speak(&w, 1024, TCP_ACK, wait * SECOND + 1);
			struct tracker_parts parts = end(&w);
			check_invariants(&parts, 2 * (LAST + 3));
			assert_int_equal(evicted_in(&parts), wait == 5 ? 1 : 0);
			tracker_free(w.t);
		}
}

/* A hundred thousand half-open connections, and some answers: exact or unknown, in bounded time and memory. */
static void test_half_open_connections(void **state)
{
	enum { OPEN = 100000, ANSWERED = 1000, SEGMENT = 10000 };
	struct world w = world_new();
	struct counters all;
	struct rusage before, after;
	clock_t start = clock();
	uint32_t sent = 0;

	(void)state;
	counters_init(&all);
	getrusage(RUSAGE_SELF, &before);
	for (unsigned i = 0; i < OPEN + ANSWERED; i++) {
		unsigned n = i < OPEN ? i : i - ANSWERED;        /* the newest ones are answered */
		unsigned host = 3 + n / 50000, port = 1024 + n % 50000;

		if (i < OPEN)
			give(&w, tcp(host, port, 2, 80, TCP_SYN, n, 0), i);
		else
			give(&w, tcp(2, 80, host, port, TCP_SYN | TCP_ACK, 5, n + 1), i);
		if (++sent < SEGMENT && i + 1 < OPEN + ANSWERED)
			continue;
		struct tracker_parts parts = end(&w);
		check_invariants(&parts, sent);
		for (size_t m = 0; m < parts.n_micros; m++)
			counters_merge(&all, &parts.micros[m].c);
		sent = 0;
	}
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(all.attempted, OPEN);
	assert_int_equal(all.answered, ANSWERED);
	assert_int_equal(all.refused, 0);
	assert_int_equal(counters_packets(&all), OPEN + ANSWERED);
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 << 10);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 20);        /* usually a tenth of a second */
	tracker_free(w.t);
}

/* Random packets in random order of time, cut into segments of random length. */
static void test_invariants_hold_for_random_packets(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 40; seed++) {
		struct world w = world_new();
		srandom(seed);
		for (unsigned round = 0; round < 8; round++) {
			unsigned n = 1 + (unsigned)random() % 400;
			for (unsigned i = 0; i < n; i++) {
				static const unsigned flags[] = {TCP_SYN, TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST,
					TCP_SYN | TCP_ACK};
				unsigned turn = (unsigned)random() & 1, port = 1024 + (unsigned)random() % 5;
				struct packet p = tcp(1 + turn, turn ? 80 : port, 2 - turn, turn ? port : 80,
					flags[random() % 5], (uint32_t)random() % 3, (uint32_t)random() % 3);
				p.vlan = (uint64_t)random() % 2;
				give(&w, p, (random() % 900) * SECOND - 100 * SECOND);
			}
			struct tracker_parts parts = end(&w);
			check_invariants(&parts, n);
		}
		tracker_free(w.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake_to_close),
		cmocka_unit_test(test_slices_split_and_late_packets_join),
		cmocka_unit_test(test_new_syn_begins_a_flow),
		cmocka_unit_test(test_silence_after_close_begins_a_flow),
		cmocka_unit_test(test_orientation),
		cmocka_unit_test(test_segments_continue_records),
		cmocka_unit_test(test_eviction_is_counted_and_nothing_lost),
		cmocka_unit_test(test_a_flood_has_half_of_the_table),
		cmocka_unit_test(test_what_is_closed_goes_first),
		cmocka_unit_test(test_half_open_connections),
		cmocka_unit_test(test_invariants_hold_for_random_packets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
