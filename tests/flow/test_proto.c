/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/proto.h"

#include "flow/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void check_proto(uint32_t proto, const char *text)
{
	char out[32];
	uint32_t back = 0;

	assert_int_equal(proto_format(out, sizeof(out), proto), strlen(text));
	assert_string_equal(out, text);
	assert_true(proto_parse(text, &back));
	assert_int_equal(back, proto);
}

static void test_format(void **state)
{
	(void)state;
	check_proto(PROTO_TCP, "tcp");
	check_proto(PROTO_UDP, "udp");
	check_proto(PROTO_ICMP, "icmp");
	check_proto(PROTO_ICMP6, "icmp6");
	check_proto(PROTO_ARP, "arp");
	check_proto(253, "ip-253");
	check_proto(PROTO_ETHER | 0x88cc, "lldp");
	check_proto(PROTO_ETHER | 0x8874, "eth-0x8874");
	check_proto(PROTO_ETHER | 1, "eth-0x0001");
	check_proto(PROTO_LLC | 0x4242, "stp");
	check_proto(PROTO_LLC | 0xaa, "llc-0x00aa");
	check_proto(PROTO_LINK | 271, "link-271");
	check_proto(PROTO_LINK, "link-0");
}

/* Every protocol number has a text of its own that reads back. */
static void test_round_trip(void **state)
{
	(void)state;
	for (uint32_t proto = 0; proto < PROTO_LINK + 300;
		proto = proto == 255 ? PROTO_ETHER : proto + 1) {
		char text[32];
		uint32_t back = UINT32_MAX;

		assert_true(proto_format(text, sizeof(text), proto) > 0);
		assert_true(proto_parse(text, &back));
		assert_int_equal(back, proto);
	}
}

static void test_small(void **state)
{
	char out[4];

	(void)state;
	assert_int_equal(proto_format(out, sizeof(out), PROTO_ETHER | 0x8874), 3);
	assert_string_equal(out, "eth");
	assert_int_equal(proto_format(NULL, 0, PROTO_TCP), 0);
}

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"", "TCPx", "256", "ip-256", "ip-", "eth-0x10000", "eth-0x", "link-", "6x", " 6",
		"-1", "ip--1", "llc-0x-1", "0x6",
	};
	uint32_t proto = 0;

	(void)state;
	assert_true(proto_parse("6", &proto));
	assert_int_equal(proto, PROTO_TCP);
	assert_true(proto_parse("ip-6", &proto));
	assert_int_equal(proto, PROTO_TCP);
	assert_true(proto_parse("eth-0x806", &proto));
	assert_int_equal(proto, PROTO_ARP);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(proto_parse(bad[i], &proto));
}

static void test_service(void **state)
{
	uint16_t port = 0;

	(void)state;
	assert_string_equal(service_name(PROTO_TCP, 443), "https");
	assert_string_equal(service_name(PROTO_UDP, 53), "dns");
	assert_string_equal(service_name(PROTO_TCP, 514), "rsh");
	assert_string_equal(service_name(PROTO_UDP, 514), "syslog");
	assert_string_equal(service_name(PROTO_TCP, 7), "echo");
	assert_string_equal(service_name(PROTO_UDP, 51820), "wireguard");
	assert_string_equal(service_name(PROTO_SCTP, 36412), "s1ap");
	assert_null(service_name(PROTO_TCP, 51820));
	assert_null(service_name(PROTO_TCP, 0));
	assert_null(service_name(PROTO_TCP, 65535));
	assert_null(service_name(PROTO_ICMP, 443));
	assert_true(service_known(PROTO_TCP, 5432));
	assert_false(service_known(PROTO_UDP, 5432));
	assert_true(service_port("http", &port));
	assert_int_equal(port, 80);
	assert_true(service_port("postgresql", &port));
	assert_int_equal(port, 5432);
	assert_false(service_port("nothing", &port));
}

/* The binary search reaches every row: each name leads to a port that has it. */
static void test_service_table_sorted(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned port = 0; port < 65536; port++) {
		static const uint32_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_SCTP };

		for (int i = 0; i < 3; i++) {
			const char *name = service_name(protos[i], (uint16_t)port);
			uint16_t lowest = 0;

			if (!name)
				continue;
			known++;
			assert_true(service_port(name, &lowest));
			assert_true(lowest <= port);
		}
	}
	assert_true(known > 200);
}

static void test_icmp(void **state)
{
	(void)state;
	assert_string_equal(icmp_type_name(PROTO_ICMP, 8), "echo request");
	assert_string_equal(icmp_type_name(PROTO_ICMP6, 129), "echo reply");
	assert_string_equal(icmp_type_name(PROTO_ICMP6, 3), "time exceeded");
	assert_null(icmp_type_name(PROTO_ICMP, 200));
	assert_null(icmp_type_name(PROTO_TCP, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_service_table_sorted),
		cmocka_unit_test(test_icmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
