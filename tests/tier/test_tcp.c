/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP analysis: hand-made sequences, one for each class of mark, and for what must not be marked. */
#include "tests/tier/tcp_script.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
