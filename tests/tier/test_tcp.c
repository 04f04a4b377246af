/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP analysis: hand-made sequences, one for each class of mark, and for what must not be marked. */
#include "tests/tier/tcp_script.h"

#include "base/hash.h"
#include "tier/tcp_syn.h"

#include <string.h>

/* One analysed packet of a script and what it must say. */
static void plain_exchange_says_nothing(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = ""},
		{20, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 1000, .marks = ""},
		{21, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = ""},
		{22, 'c', TCP_ACK, 101, 501, 300, 1000, .marks = ""},
		{43, 's', TCP_ACK, 501, 401, 200, 1000, .marks = ""},
		{44, 'c', TCP_ACK, 401, 701, 0, 1000, .marks = ""},
		{45, 'c', TCP_ACK | TCP_FIN, 401, 701, 0, 1000, .marks = ""},
		{65, 's', TCP_ACK | TCP_FIN, 701, 402, 0, 1000, .marks = ""},
		{66, 'c', TCP_ACK, 402, 702, 0, 1000, .marks = ""},
	}, 9);
	assert_true(script_verdict(2)->has_setup);
	assert_int_equal(script_verdict(2)->setup_ns, 21000000);
	assert_true(script_verdict(1)->has_rtt && script_verdict(1)->rtt_of_handshake);
	assert_int_equal(script_verdict(1)->rtt_ns, 20000000);
	assert_true(script_verdict(2)->has_rtt && script_verdict(2)->rtt_of_handshake);
	assert_int_equal(script_verdict(2)->rtt_ns, 1000000);
	assert_true(script_verdict(4)->has_rtt && !script_verdict(4)->rtt_of_handshake);
	assert_int_equal(script_verdict(4)->rtt_ns, 21000000);
	assert_int_equal(script_verdict(3)->in_flight, 300);
	assert_int_equal(script_verdict(4)->in_flight, 200);
	assert_int_equal(script_verdict(8)->rtt_ns, 1000000);
}

/* The same wherever the sequence begins: it wraps within. */
static void sequences_wrap(void **unused)
{
	const struct step steps[] = {
		{0, 'c', TCP_ACK, 0, 10, 100, 1000, .marks = ""},
		{1, 'c', TCP_ACK, 100, 10, 100, 1000, .marks = ""},
		{2, 'c', TCP_ACK, 300, 10, 100, 1000, .marks = "lost_segment"},
		{30, 's', TCP_ACK, 10, 200, 0, 1000, .marks = ""},
		{31, 's', TCP_ACK, 10, 200, 0, 1000, .marks = "dup_ack"},
		{32, 's', TCP_ACK, 10, 200, 0, 1000, .marks = "dup_ack"},
		{33, 'c', TCP_ACK, 200, 10, 100, 1000, .marks = "retrans,fast_retrans"},
		{60, 's', TCP_ACK, 10, 400, 0, 1000, .marks = ""},
		{90, 'c', TCP_ACK, 0, 10, 100, 1000, .marks = "retrans,spurious_retrans"},
	};

	(void)unused;
	for (uint32_t shift = UINT32_MAX - 420; shift != 20; shift++)
		script_run_shifted(steps, 9, shift, shift * 3);
}

static void retransmissions(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 'c', TCP_ACK, 1, 1, 100, 1000, .marks = ""},
		{10, 's', TCP_ACK, 1, 1, 0, 1000, .marks = ""},
		{300, 'c', TCP_ACK, 1, 1, 100, 1000, .marks = "retrans"},
		{320, 's', TCP_ACK, 1, 101, 0, 1000, .marks = ""},
		{330, 'c', TCP_ACK, 101, 1, 100, 1000, .marks = ""},
		{350, 's', TCP_ACK, 1, 201, 0, 1000, .marks = ""},
	}, 6);
	/* Karn: the first tells no time */
	assert_false(script_verdict(3)->has_rtt);
	assert_int_equal(script_verdict(5)->rtt_ns, 20000000);

	/* within 3 ms of the highest segment, without a known round trip */
	script_run((const struct step[]){
		{0, 'c', TCP_ACK, 1, 1, 100, 1000, .marks = ""},
		{1, 'c', TCP_ACK, 201, 1, 100, 1000, .marks = "lost_segment"},
		{2, 'c', TCP_ACK, 101, 1, 100, 1000, .marks = "out_of_order"},
		{3, 's', TCP_ACK, 1, 301, 0, 1000, .marks = ""},
	}, 4);
	/* a SYN sent again: the same connection, no time for its setup */
	script_run((const struct step[]){
		{0, 'c', TCP_SYN, 1, 0, 0, 1000, .marks = ""},
		{1000, 'c', TCP_SYN, 1, 0, 0, 1000, .marks = "retrans"},
		{1010, 's', TCP_SYN | TCP_ACK, 9, 2, 0, 1000, .marks = ""},
		{1011, 'c', TCP_ACK, 2, 10, 0, 1000, .marks = ""},
	}, 4);
	assert_false(script_verdict(2)->has_rtt);
	assert_false(script_verdict(3)->has_setup);
	assert_true(script_verdict(3)->has_rtt);
}

static void keep_alives(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 'c', TCP_ACK, 1, 1, 100, 1000, .marks = ""},
		{10, 's', TCP_ACK, 1, 101, 0, 1000, .marks = ""},
		{5000, 'c', TCP_ACK, 100, 1, 0, 1000, .marks = "keep_alive"},
		{5010, 's', TCP_ACK, 1, 101, 0, 1000, .marks = "keep_alive_ack"},
		{9000, 'c', TCP_ACK, 100, 1, 1, 1000, .marks = "keep_alive"},
		{9010, 's', TCP_ACK, 1, 101, 0, 1000, .marks = "keep_alive_ack"},
	}, 6);
}

static void windows(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = ""},
		{1, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 200, .marks = ""},
		{2, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = ""},
		{3, 'c', TCP_ACK, 101, 501, 200, 1000, .marks = "window_full"},
		{10, 's', TCP_ACK, 501, 301, 0, 0, .marks = "zero_window"},
		{300, 'c', TCP_ACK, 301, 501, 1, 1000, .marks = "zero_window_probe"},
		{301, 's', TCP_ACK, 501, 301, 0, 0, .marks = "zero_window,zero_window_probe_ack"},
		{900, 'c', TCP_ACK, 301, 501, 1, 1000, .marks = "zero_window_probe"},
		{901, 's', TCP_ACK, 501, 301, 0, 0, .marks = "zero_window,zero_window_probe_ack"},
		{950, 's', TCP_ACK, 501, 301, 0, 500, .marks = "window_update"},
		{951, 'c', TCP_ACK, 301, 501, 100, 1000, .marks = ""},
	}, 11);
	/* the probe's byte came again with others */
	assert_int_equal(script_verdict(10)->in_flight, 100);
}

/* Only options of both SYNs make windows larger, up to 2^14 times; a SYN's own window never is. */
static void window_scale(void **unused)
{
	struct step steps[] = {
		{0, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = "", .scale = 1},
		{1, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 1000, .marks = "", .scale = 15},
		{2, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = ""},
		{3, 's', TCP_ACK, 501, 101, 0, 65535, .marks = "window_update"},
		{4, 'c', TCP_ACK, 101, 501, 65535, 1000, .marks = ""},
	};

	(void)unused;
	script_run(steps, 5);
	steps[0].scale = 0;
	steps[4].marks = "window_full";
	script_run(steps, 5);
	/* 15 counts as 14 */
	steps[0].scale = 1;
	steps[3].window = 3;
	steps[4].len = 3 << 14;
	script_run(steps, 5);
}

static void ports_used_again(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = ""},
		{1, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 1000, .marks = ""},
		{2, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = ""},
		{3, 'c', TCP_ACK, 101, 501, 100, 1000, .marks = ""},
		{9000, 'c', TCP_SYN, 7000, 0, 0, 1000, .marks = "port_reuse"},
		{9001, 's', TCP_SYN | TCP_ACK, 3000, 7001, 0, 1000, .marks = ""},
		{9003, 'c', TCP_ACK, 7001, 3001, 0, 1000, .marks = ""},
	}, 7);
	assert_int_equal(script_verdict(6)->setup_ns, 3000000);
}

/* A tap that sees everything twice, with a router between (TTL aside): marked as such, and nothing else changes. */
static void captured_twice(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = "", .id = 7},
		{0, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = "duplicate", .id = 7},
		{20, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 1000, .marks = "", .id = 0},
		{20, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 1000, .marks = "duplicate", .id = 0},
		{21, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = "", .id = 8},
		{21, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = "duplicate", .id = 8},
		{22, 'c', TCP_ACK, 101, 501, 10, 1000, .marks = "", .id = 9},
		{30, 'c', TCP_ACK, 101, 501, 10, 1000, .marks = "duplicate", .id = 9},
		{50, 's', TCP_ACK, 501, 111, 0, 1000, .marks = "", .id = 3},
		{50, 's', TCP_ACK, 501, 111, 0, 1000, .marks = "duplicate", .id = 3},
	}, 10);
	assert_true(script_verdict(4)->has_setup);
	assert_true(script_verdict(8)->has_rtt);
	/* another identification: the sender sent again */
	script_run((const struct step[]){
		{0, 'c', TCP_ACK, 1, 1, 10, 1000, .marks = "", .id = 7},
		{1, 'c', TCP_ACK, 11, 1, 10, 1000, .marks = "", .id = 8},
		{5, 'c', TCP_ACK, 11, 1, 10, 1000, .marks = "retrans", .id = 9},
	}, 3);
	/* without identifications duplicate ACKs stay what they are, and what comes late was sent again */
	script_run((const struct step[]){
		{0, 'c', TCP_ACK, 1, 1, 10, 1000, .marks = ""},
		{0, 'c', TCP_ACK, 11, 1, 10, 1000, .marks = ""},
		{1, 's', TCP_ACK, 1, 1, 0, 1000, .marks = ""},
		{1, 's', TCP_ACK, 1, 1, 0, 1000, .marks = "dup_ack"},
		{1, 's', TCP_ACK, 1, 1, 0, 1000, .marks = "dup_ack"},
		{2, 'c', TCP_ACK, 1, 1, 10, 1000, .marks = "retrans,fast_retrans"},
		{200, 'c', TCP_ACK, 11, 1, 10, 1000, .marks = "retrans"},
	}, 7);
}

/* Bytes sent again that are others than before, also where two segments come as one; what is not known is not claimed. */
static void overlaps(void **unused)
{
	struct step steps[] = {
		{0, 'c', TCP_ACK, 1, 1, 11, 1000, .marks = "", .id = 1, .sum = 0x1234},
		{1, 'c', TCP_ACK, 12, 1, 11, 1000, .marks = "", .id = 2, .sum = 0x0201},
		{400, 'c', TCP_ACK, 1, 1, 11, 1000, .marks = "retrans", .id = 3, .sum = 0x1234},
		{800, 'c', TCP_ACK, 1, 1, 11, 1000, .marks = "retrans,overlap", .id = 4, .sum = 0x4321},
		/* the second stretch begins at an odd offset: its sum is swapped */
		{1200, 'c', TCP_ACK, 1, 1, 22, 1000, .marks = "retrans", .id = 5, .sum = 0x1336},
		{1600, 'c', TCP_ACK, 1, 1, 22, 1000, .marks = "retrans,overlap", .id = 6, .sum = 0x1435},
		{1601, 's', TCP_ACK, 1, 23, 0, 1000, .marks = ""},
		{2000, 'c', TCP_ACK, 12, 1, 11, 1000, .marks = "retrans,spurious_retrans,overlap", .id = 7, .sum = 0x9999},
		{2400, 'c', TCP_ACK, 12, 1, 11, 1000, .marks = "retrans,spurious_retrans", .id = 8, .sum = 0},
	};

	(void)unused;
	script_run(steps, 9);
}

static void forged_sack(void **unused)
{
	struct step steps[] = {
		{0, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = "", .sack_ok = true},
		{1, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 1000, .marks = "", .sack_ok = true},
		{2, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = ""},
		{3, 'c', TCP_ACK, 101, 501, 100, 1000, .marks = ""},
		{4, 's', TCP_ACK, 501, 101, 0, 999, .marks = "window_update", .sacked = 50},
		{5, 'c', TCP_ACK, 201, 501, 100, 1000, .marks = ""},
		{6, 's', TCP_ACK, 501, 101, 0, 999, .marks = "dup_ack", .sacked = UINT32_MAX},
		{7, 'c', TCP_ACK, 301, 501, 100, 1000, .marks = ""},
	};

	(void)unused;
	script_run(steps, 8);
	assert_int_equal(script_verdict(5)->in_flight, 150);
	assert_false(script_verdict(7)->has_in_flight);
	steps[0].sack_ok = false;
	steps[4].marks = "window_update,bad_sack";
	steps[6].marks = "dup_ack,bad_sack";
	script_run(steps, 8);
}

/* One direction only, midstream: gaps and repetitions are told, times and bytes in flight are not. */
static void one_direction(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 'c', TCP_ACK, 5000, 1, 100, 1000, .marks = ""},
		{1, 'c', TCP_ACK, 5100, 1, 100, 1000, .marks = ""},
		{2, 'c', TCP_ACK, 5300, 1, 100, 1000, .marks = "lost_segment"},
		{900, 'c', TCP_ACK, 5100, 1, 100, 1000, .marks = "retrans"},
	}, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_false(script_verdict(i)->has_rtt || script_verdict(i)->has_in_flight || script_verdict(i)->has_setup);
}

/* Half a handshake: no setup time from a SYN,ACK or an ACK alone. */
static void half_seen_handshakes(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{1, 's', TCP_SYN | TCP_ACK, 500, 101, 0, 1000, .marks = ""},
		{2, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = ""},
	}, 2);
	assert_false(script_verdict(1)->has_setup);
	assert_true(script_verdict(1)->has_rtt && script_verdict(1)->rtt_of_handshake);
	script_run((const struct step[]){
		{1, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = ""},
		{2, 'c', TCP_ACK, 101, 501, 0, 1000, .marks = ""},
	}, 2);
	assert_false(script_verdict(1)->has_setup || script_verdict(1)->has_rtt);
	/* refused */
	script_run((const struct step[]){
		{1, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = ""},
		{2, 's', TCP_RST | TCP_ACK, 0, 101, 0, 0, .marks = ""},
		{900, 'c', TCP_SYN, 100, 0, 0, 1000, .marks = "retrans"},
		{901, 's', TCP_RST | TCP_ACK, 0, 101, 0, 0, .marks = ""},
	}, 4);
	assert_false(script_verdict(1)->has_setup);
}

/* Far more under way than is kept: the range stays exact, a time is told only where it is sure. */
static void many_under_way(void **unused)
{
	const unsigned sent = 5000;

	(void)unused;
	script_begin();
	script_step(&(struct step){0, 's', TCP_ACK, 1, 1, 0, 1000, .marks = ""});
	for (unsigned i = 0; i < sent; i++) {
		const struct tcp_verdict *v = script_step(&(struct step){i + 1, 'c', TCP_ACK, 1 + i * 1000, 1, 1000, 1000, .marks = ""});
		assert_int_equal(v->in_flight, (i + 1) * 1000);
	}
	unsigned measured = 0;
	for (unsigned i = 0; i < sent; i++) {
		const struct tcp_verdict *v = script_step(&(struct step){sent + i, 's', TCP_ACK, 1, 1001 + i * 1000, 0, 1000, .marks = ""});
		if (v->has_rtt) {
			measured++;
			assert_int_equal(v->rtt_ns, (int64_t)(sent - 1) * 1000000);
		}
	}
	assert_true(measured >= 5);
}

/* The largest windows: all of it under way is told, sequences wrap meanwhile; more than that cannot be, and is not claimed. */
static void huge_windows(void **unused)
{
	const uint32_t begin = UINT32_MAX - 200000000, len = 65535, fills = 1 << 14;
	const struct step handshake[] = {
		{0, 'c', TCP_SYN, begin - 1, 0, 0, 65535, .marks = "", .scale = 15},
		{1, 's', TCP_SYN | TCP_ACK, 500, begin, 0, 65535, .marks = "", .scale = 15},
		{2, 'c', TCP_ACK, begin, 501, 0, 65535, .marks = ""},
		{3, 's', TCP_ACK, 501, begin, 1, 65535, .marks = ""},
	};

	(void)unused;
	script_begin();
	for (unsigned i = 0; i < 4; i++)
		script_step(&handshake[i]);
	for (uint32_t i = 0; i <= fills; i++) {
		const struct tcp_verdict *v = script_step(&(struct step){4 + i, 'c', TCP_ACK, begin + i * len, 502, len, 65535,
			.marks = i + 1 == fills ? "window_full" : ""});
		assert_int_equal(v->has_in_flight, i < fills);
		if (i < fills)
			assert_int_equal(v->in_flight, (i + 1) * len);
	}
	script_step(&(struct step){20000, 's', TCP_ACK, 502, begin + (fills + 1) * len, 0, 65535, .marks = ""});
	const struct tcp_verdict *v = script_step(&(struct step){20001, 'c', TCP_ACK, begin + (fills + 1) * len, 502, 10, 65535, .marks = ""});
	assert_true(v->has_in_flight);
	assert_int_equal(v->in_flight, 10);
}

/* Bytes go by in one direction until all sequence numbers were used, while the other side was captured once: nothing is claimed. */
static void acknowledgments_not_captured(void **unused)
{
	const uint32_t len = 65535;

	(void)unused;
	script_begin();
	script_step(&(struct step){0, 's', TCP_ACK, 1, 1, 0, 1000, .marks = ""});
	for (uint32_t i = 0; i < 140000; i++) {
		const struct tcp_verdict *v = script_step(&(struct step){i, 'c', TCP_ACK, 1 + i * len, 1, len, 1000, .marks = ""});
		assert_int_equal(v->has_in_flight, i < 1 << 14);
		assert_true(!v->has_in_flight || v->in_flight == (i + 1) * len);
		assert_false(v->has_rtt);
	}
}

/* A connection that was open before the capture began: what it says of itself is used, what it does not is unknown. */
static void midstream(void **unused)
{
	(void)unused;
	script_run((const struct step[]){
		{0, 's', TCP_ACK, 9000, 4000, 1000, 500, .marks = ""},
		{1, 'c', TCP_ACK, 4000, 10000, 0, 100, .marks = ""},
		{2, 's', TCP_ACK, 10000, 4000, 1000, 500, .marks = ""},
		{3, 'c', TCP_ACK, 4000, 11000, 200, 100, .marks = ""},
		{4, 's', TCP_ACK, 11000, 4200, 0, 500, .marks = ""},
		/* beyond a window whose scale nobody knows */
		{5, 's', TCP_ACK, 11000, 4200, 1400, 500, .marks = ""},
	}, 6);
	assert_false(script_verdict(0)->has_in_flight);
	for (unsigned i = 0; i < 6; i++)
		assert_false(script_verdict(i)->has_setup || script_verdict(i)->rtt_of_handshake);
	assert_int_equal(script_verdict(1)->rtt_ns, 1000000);
	assert_int_equal(script_verdict(4)->rtt_ns, 1000000);
	assert_int_equal(script_verdict(5)->in_flight, 1400);
}

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
		cmocka_unit_test(plain_exchange_says_nothing), cmocka_unit_test(sequences_wrap),
		cmocka_unit_test(retransmissions), cmocka_unit_test(keep_alives), cmocka_unit_test(windows),
		cmocka_unit_test(window_scale), cmocka_unit_test(ports_used_again),
		cmocka_unit_test(captured_twice), cmocka_unit_test(overlaps), cmocka_unit_test(forged_sack),
		cmocka_unit_test(one_direction), cmocka_unit_test(half_seen_handshakes),
		cmocka_unit_test(many_under_way), cmocka_unit_test(huge_windows),
		cmocka_unit_test(acknowledgments_not_captured), cmocka_unit_test(midstream),
		cmocka_unit_test(usual_way_says_the_same), cmocka_unit_test(kept_syn_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
