/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void check_vlan(uint64_t vlan, const char *text)
{
	char out[40];
	uint64_t back = 1;

	assert_int_equal(vlan_format(out, sizeof(out), vlan), strlen(text));
	assert_string_equal(out, text);
	assert_int_equal(vlan_parse(text, &back, NULL), RC_DONE);
	assert_true(back == vlan);
}

static void test_vlan(void **state)
{
	uint64_t vlan = 0;

	(void)state;
	check_vlan(0, "");
	vlan = vlan_push(vlan, 0);
	assert_true(vlan == 0);
	vlan = vlan_push(vlan, 10);
	check_vlan(vlan, "10");
	vlan = vlan_push(vlan, 4095);
	check_vlan(vlan, "10.4095");
	assert_true(vlan_has(vlan, 10));
	assert_true(vlan_has(vlan, 4095));
	assert_false(vlan_has(vlan, 11));
	assert_false(vlan_has(vlan, 0));
	vlan = vlan_push(vlan_push(vlan, 1), 2);
	check_vlan(vlan, "10.4095.1.2");
	assert_true(vlan_push(vlan, 3) == vlan);
}

static void test_vlan_small(void **state)
{
	char out[4];

	(void)state;
	assert_int_equal(vlan_format(out, sizeof(out), vlan_push(vlan_push(0, 10), 20)), 3);
	assert_string_equal(out, "10.");
	assert_int_equal(vlan_format(NULL, 0, 11), 0);
}

static void test_vlan_refused(void **state)
{
	static const char *const bad[] = {
		"0", "4096", "x", "1.", ".1", "1..2", "1.2.3.4.5", "-1", "1 ", "00001", "1,2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t vlan = 99;

		assert_int_equal(vlan_parse(bad[i], &vlan, NULL), RC_SYNTAX);
		assert_true(vlan == 99);
	}
}

static void test_tunnel(void **state)
{
	struct addr a, b, c;
	struct tunnel one = { 0 }, other = { 0 }, third = { 0 };
	char text[160];

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &a, NULL), RC_DONE);
	assert_int_equal(addr_parse("192.0.2.2", &b, NULL), RC_DONE);
	assert_int_equal(addr_parse("192.0.2.3", &c, NULL), RC_DONE);
	assert_int_equal(tunnel_format(text, sizeof(text), &one), 0);
	assert_string_equal(text, "");
	tunnel_push(&one, TUNNEL_VXLAN, 5, &a, &b);
	tunnel_push(&other, TUNNEL_VXLAN, 5, &b, &a);
	assert_memory_equal(&one, &other, sizeof(one));
	tunnel_format(text, sizeof(text), &one);
	assert_string_equal(text, "vxlan:5 192.0.2.1-192.0.2.2");
	tunnel_push(&third, TUNNEL_VXLAN, 6, &b, &a);
	tunnel_push(&one, TUNNEL_GRE, 0, &c, &a);
	tunnel_push(&other, TUNNEL_GRE, 0, &a, &c);
	tunnel_push(&third, TUNNEL_GRE, 0, &a, &c);
	assert_memory_equal(&one, &other, sizeof(one));
	assert_memory_not_equal(&one, &third, sizeof(one));
	tunnel_format(text, sizeof(text), &one);
	assert_string_equal(text, "gre 192.0.2.1-192.0.2.3+1");
	for (int i = 0; i < 300; i++)
		tunnel_push(&one, TUNNEL_IPIP, 0, &a, &b);
	assert_int_equal(one.depth, 255);
	assert_int_equal(tunnel_format(text, 5, &one), 4);
	assert_string_equal(text, "ipip");
}

static void test_tunnel_no_ends(void **state)
{
	struct addr none = { 0 };
	struct tunnel t = { 0 };
	char text[80];

	(void)state;
	/* behind a pair of routers the way back has other MAC addresses: the session is the same */
	struct addr here = { .kind = ADDR_LINK, .bytes = { 1 } }, there = { .kind = ADDR_LINK, .bytes = { 2 } };
	struct tunnel back = { 0 };
	tunnel_push(&back, TUNNEL_PPPOE, 17, &there, &here);
	tunnel_push(&t, TUNNEL_PPPOE, 17, &none, &here);
	assert_memory_equal(&t, &back, sizeof(t));
	tunnel_format(text, sizeof(text), &t);
	assert_string_equal(text, "pppoe:17");
	for (unsigned i = 1; i < TUNNEL_TYPES; i++)
		assert_true(tunnel_type_name((enum tunnel_type)i)[0] != '\0');
	assert_string_equal(tunnel_type_name(TUNNEL_NONE), "");
	assert_string_equal(tunnel_type_name((enum tunnel_type)99), "unknown");
}

static void test_tcp_flags(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(tcp_flags_format(text, sizeof(text), 0), 0);
	assert_string_equal(text, "");
	tcp_flags_format(text, sizeof(text), TCP_SYN | TCP_ACK);
	assert_string_equal(text, "SYN,ACK");
	assert_int_equal(tcp_flags_format(text, sizeof(text), 0x1ff), 34);
	assert_string_equal(text, "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR,NS");
	assert_int_equal(tcp_flags_format_short(text, sizeof(text), 0x1ff), 9);
	assert_string_equal(text, "FSRPAUECN");
	assert_int_equal(tcp_flags_format(text, 3, TCP_SYN), 2);
	assert_string_equal(text, "SY");
	tcp_flags_format_short(text, sizeof(text), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_vlan_small),
		cmocka_unit_test(test_vlan_refused),
		cmocka_unit_test(test_tunnel),
		cmocka_unit_test(test_tunnel_no_ends),
		cmocka_unit_test(test_tcp_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
