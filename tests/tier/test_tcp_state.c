/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP analysis: ways to the same state, by random connections; what is kept small until it is needed. */
#include "tests/tier/tcp_script.h"

#include "base/hash.h"
#include "tier/tcp_syn.h"

#include <stdlib.h>
#include <string.h>

/* ---- the usual way and the long one -------------------------------------------------------- */

enum { WALKS = 400, WALK_STEPS = 400 };

static uint64_t walk_random;

static uint32_t below(uint32_t n)
{
	walk_random = hash_mix(walk_random + 1);
	return (uint32_t)(walk_random >> 32) % n;
}

/* What both sides sent, for packets that mostly follow and sometimes do not. */
struct walk {
	int64_t ns;
	uint32_t next[2], acked[2];
	uint32_t mss;
};

static void walk_packet(struct walk *w, enum direction dir, struct packet *p)
{
	bool odd = below(12) == 0;
	uint32_t behind = odd ? below(3) * w->mss : 0, ahead = below(60) == 0 ? below(4) * 7 : 0;

	w->ns += below(odd ? 40000000 : 300000);
	*p = (struct packet){
		.time_ns = w->ns, .flags = PACKET_HAS_TCP | PACKET_HAS_IP, .proto = PROTO_TCP, .tcp_flags = TCP_ACK,
		.tcp_seq = w->next[dir] - behind + ahead, .tcp_window = below(40) ? 600 : (uint16_t)below(3),
		.payload_len = below(3) ? w->mss : below(30) ? 0 : 1, .fragment_id = below(2) ? below(1000) : 0,
	};
	if (below(8) && seq_before(w->acked[dir], w->next[!dir]))
		w->acked[dir] += below(3) ? w->next[!dir] - w->acked[dir] : below(w->next[!dir] - w->acked[dir]);
	p->tcp_ack = w->acked[dir] + (below(150) ? 0 : 1);
	if (below(2)) {
		p->flags |= PACKET_HAS_SUM;
		p->payload_sum = (uint16_t)below(3);
	}
	p->flags |= (below(300) ? 0 : PACKET_FRAGMENT) | (below(200) ? 0 : PACKET_TIME_UNKNOWN);
	p->tcp_flags |= (uint16_t)(below(200) ? 0 : below(2) ? TCP_FIN : TCP_RST) | (below(4) ? 0 : TCP_PSH);
	if (below(150) == 0) {
		p->tcp_options = TCP_OPT_SACK;
		p->tcp_sacked = below(2) * w->mss;
	}
	if (seq_before(w->next[dir], p->tcp_seq + p->payload_len))
		w->next[dir] = p->tcp_seq + p->payload_len;
}

static void walk_syn(struct walk *w, enum direction dir, struct packet *p)
{
	w->ns += 1000000;
	*p = (struct packet){
		.time_ns = w->ns, .flags = PACKET_HAS_TCP | PACKET_HAS_IP, .proto = PROTO_TCP, .tcp_window = 600,
		.tcp_flags = (uint16_t)(TCP_SYN | (dir == DIR_S2C ? TCP_ACK : 0)), .tcp_seq = w->next[dir]++,
		.tcp_ack = dir == DIR_S2C ? w->next[!dir] : 0,
		.tcp_options = TCP_OPT_MSS | (below(4) ? TCP_OPT_SCALE : 0) | TCP_OPT_SACK_OK, .tcp_scale = 3,
	};
	w->acked[dir] = w->next[!dir];
}

static void assert_same_verdict(const struct tcp_verdict *a, const struct tcp_verdict *b)
{
	assert_int_equal(a->marks, b->marks);
	assert_int_equal(a->has_rtt, b->has_rtt);
	if (a->has_rtt) {
		assert_int_equal(a->rtt_ns, b->rtt_ns);
		assert_int_equal(a->rtt_of_handshake, b->rtt_of_handshake);
	}
	assert_int_equal(a->has_setup, b->has_setup);
	assert_int_equal(a->has_in_flight, b->has_in_flight);
	assert_int_equal(a->in_flight, b->in_flight);
	assert_int_equal(a->state_lost, b->state_lost);
}

/* All but where more of it is. */
static void assert_same_state(const struct tcp_state *a, const struct tcp_state *b)
{
	struct tcp_state c = *a, d = *b;

	c.more = d.more = NULL;
	assert_memory_equal(&c, &d, sizeof(c));
}

/*
 * Random connections, packet by packet in two states. One is told that segments have the option MSS, which says nothing behind a SYN and is
 * enough to be not usual: it always goes the long way. Returns how many packets were usual.
 */
static unsigned walk_both_ways(uint64_t seed, bool with_more)
{
	static struct tcp_more mores[2];
	struct tcp_state states[2];
	struct tcp_verdict said[2];
	unsigned usuals = 0;
	struct walk w = {0};

	walk_random = seed;
	memset(states, 0, sizeof(states));
	memset(mores, 0, sizeof(mores));
	for (unsigned i = 0; i < 2; i++)
		states[i].more = with_more ? &mores[i] : NULL;
	w.mss = 1 + below(1400);
	w.next[0] = UINT32_MAX - below(20000);
	w.acked[1] = w.next[0];
	w.acked[0] = w.next[1] = below(UINT32_MAX);
	bool handshake = below(3) != 0;
	for (unsigned step = 0; step < WALK_STEPS; step++) {
		struct packet p, marked;
		enum direction dir = handshake && step < 2 ? (step == 0 ? DIR_C2S : DIR_S2C) : below(2) ? DIR_C2S : DIR_S2C;

		if (handshake && step < 2)
			walk_syn(&w, dir, &p);
		else
			walk_packet(&w, dir, &p);
		marked = p;
		marked.tcp_options |= TCP_OPT_MSS;
		memset(said, 0, sizeof(said));
		if (below(40) == 0 && with_more) {
			assert_int_equal(tcp_give_back(&states[0]) == NULL, tcp_give_back(&states[1]) == NULL);
			for (unsigned i = 0; i < 2; i++)
				states[i].more = &mores[i];
		}
		bool was_usual = tcp_usual(&states[0], &p, dir, &said[0]);
		if (!was_usual)
			tcp_analyse(&states[0], &p, dir, &said[0]);
		usuals += was_usual;
		tcp_analyse(&states[1], &marked, dir, &said[1]);
		assert_same_verdict(&said[0], &said[1]);
		assert_same_state(&states[0], &states[1]);
	}
	assert_memory_equal(&mores[0], &mores[1], sizeof(mores[0]));
	return usuals;
}

static void usual_way_says_the_same(void **unused)
{
	unsigned usuals = 0;

	(void)unused;
	for (uint64_t seed = 0; seed < WALKS; seed++)
		usuals += walk_both_ways(seed * 7919, seed % 4 != 0);
	assert_true(usuals > WALKS * WALK_STEPS / 10);
}

/* Large while much is under way, small again when all is acknowledged: the newest segments and frames are still known. */
static void gives_back(void **unused)
{
	struct tcp_state s = {0};
	struct tcp_more *more = calloc(1, sizeof(*more));
	struct tcp_verdict v;
	struct packet data = {
		.flags = PACKET_HAS_TCP | PACKET_HAS_SUM, .proto = PROTO_TCP, .tcp_flags = TCP_ACK, .tcp_seq = 1, .tcp_ack = 1,
		.payload_len = 100, .tcp_window = 1000, .payload_sum = 7,
	}, ack = {.flags = PACKET_HAS_TCP, .proto = PROTO_TCP, .tcp_flags = TCP_ACK, .tcp_seq = 1, .tcp_window = 1000};

	(void)unused;
	assert_non_null(more);
	for (unsigned i = 0; i < TCP_MANY; i++, data.tcp_seq += 100) {
		if (tcp_wants_more(&s))
			s.more = more;
		data.fragment_id = i + 1;
		data.time_ns = i * 1000;
		tcp_analyse(&s, &data, DIR_C2S, &v);
	}
	assert_true(s.large);
	assert_null(tcp_give_back(&s));
	for (unsigned i = 1; i <= TCP_MANY; i++) {
		ack.time_ns = 1000000;
		ack.tcp_ack = 1 + i * 100;
		tcp_analyse(&s, &ack, DIR_S2C, &v);
		assert_true(v.has_rtt);
		assert_int_equal(v.rtt_ns, 1000000 - (i - 1) * 1000);
	}
	assert_ptr_equal(tcp_give_back(&s), more);
	free(more);
	assert_null(tcp_give_back(&s));
	data.tcp_seq -= 100;
	tcp_analyse(&s, &data, DIR_C2S, &v);
	assert_int_equal(v.marks, MARK_BIT(MARK_DUPLICATE));
	data.fragment_id++;
	data.payload_sum = 8;
	data.time_ns = 2000000000;
	tcp_analyse(&s, &data, DIR_C2S, &v);
	assert_int_equal(v.marks, MARK_BIT(MARK_RETRANS) | MARK_BIT(MARK_SPURIOUS_RETRANS) | MARK_BIT(MARK_OVERLAP));
}

/* A SYN that was kept, and told when an answer came, leaves the same state as one that was analysed. */
static void kept_syn_is_the_same(void **unused)
{
	struct tcp_state direct = {0}, told = {0};
	struct tcp_syn syn;
	struct tcp_verdict v, nothing = {0};
	struct walk w = {.next = {4294967295u, 77}};
	struct packet p;

	(void)unused;
	walk_syn(&w, DIR_C2S, &p);
	p.tcp_sum = 0x1234;
	p.tcp_mss = 1460;
	p.fragment_id = 99;
	p.flags |= PACKET_TIME_UNKNOWN;
	tcp_analyse(&direct, &p, DIR_S2C, &v);
	assert_same_verdict(&v, &nothing);
	assert_true(tcp_syn_keep(&syn, &p, DIR_S2C));
	tcp_syn_tell(&syn, &told);
	assert_same_state(&direct, &told);
	assert_true(told.has_syn && told.side[DIR_S2C].mss == 1460);

	/* what may mean more is not kept */
	for (unsigned i = 0; i < 5; i++) {
		struct packet other = p;

		other.tcp_flags |= (uint16_t)(i == 0 ? TCP_ACK : i == 1 ? TCP_RST : 0);
		other.payload_len = i == 2;
		other.tcp_options |= i == 3 ? TCP_OPT_SACK : 0;
		other.flags |= i == 4 ? PACKET_FRAGMENT : 0;
		assert_false(tcp_syn_keep(&syn, &other, DIR_S2C));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_way_says_the_same), cmocka_unit_test(kept_syn_is_the_same),
		cmocka_unit_test(gives_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
