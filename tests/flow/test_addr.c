/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/addr.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a, NULL), RC_DONE);
	return a;
}

static void check_text(const char *in, const char *out)
{
	struct addr a = addr(in);
	char text[ADDR_TEXT];

	assert_int_equal(addr_format(text, sizeof(text), &a), strlen(out));
	assert_string_equal(text, out);
}

static void test_format(void **state)
{
	(void)state;
	check_text("0.0.0.0", "0.0.0.0");
	check_text("255.100.10.9", "255.100.10.9");
	check_text("00:1A:2b:ff:00:09", "00:1a:2b:ff:00:09");
	check_text("::", "::");
	check_text("::1", "::1");
	check_text("1::", "1::");
	check_text("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
	/* RFC 5952: one group of zeros stays, the first of the longest runs goes */
	check_text("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	check_text("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
	check_text("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	check_text("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6");
	check_text("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::");
	check_text("::ffff:192.0.2.1", "::ffff:192.0.2.1");
	check_text("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void test_format_small(void **state)
{
	struct addr a = addr("192.0.2.1"), none = { 0 };
	char text[5] = "xxxx";

	(void)state;
	assert_int_equal(addr_format(text, sizeof(text), &a), 4);
	assert_string_equal(text, "192.");
	assert_int_equal(addr_format(NULL, 0, &a), 0);
	assert_int_equal(addr_format(text, sizeof(text), &none), 0);
	assert_string_equal(text, "");
}

/* Against the C library, which differs only for the deprecated ::a.b.c.d. */
static void test_format_random(void **state)
{
	unsigned seed = 20240105;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct addr a = { .kind = ADDR_IPV6 }, back;
		char ours[ADDR_TEXT], theirs[ADDR_TEXT];

		for (int j = 0; j < 16; j++)
			if (rand_r(&seed) % 3 == 0)
				a.bytes[j] = (uint8_t)rand_r(&seed);
		a.bytes[0] |= 1;
		addr_format(ours, sizeof(ours), &a);
		assert_non_null(inet_ntop(AF_INET6, a.bytes, theirs, sizeof(theirs)));
		assert_string_equal(ours, theirs);
		back = addr(ours);
		assert_true(addr_equal(&a, &back));
	}
}

static void test_parse_refused(void **state)
{
	static const char *const bad[] = {
		"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4x", " 1.2.3.4", "1.2.3.4 ",
		":", ":::", "1::2::3", "12345::", "g::", "00:11:22:33:44", "00:11:22:33:44:5",
		"00:11:22:33:44:555", "00:11:22:33:44:55:", "0:1:2:3:4:5", "10.0.0.0/8",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct addr a = { .kind = 77 };
		struct err err = { 0 };

		assert_int_equal(addr_parse(bad[i], &a, &err), RC_SYNTAX);
		assert_int_equal(a.kind, 77);
		assert_string_equal(err.what, bad[i]);
	}
}

static void test_unused_bytes_zero(void **state)
{
	struct addr a;

	(void)state;
	memset(&a, 0xff, sizeof(a));
	assert_int_equal(addr_parse("1.2.3.4", &a, NULL), RC_DONE);
	for (size_t i = addr_len(&a); i < sizeof(a.bytes); i++)
		assert_int_equal(a.bytes[i], 0);
	a = addr("1:2:3:4:5:6:7:8");
	assert_int_equal(addr_len(&a), 16);
	a = addr("01:02:03:04:05:06");
	assert_int_equal(addr_len(&a), 6);
	assert_int_equal(a.bytes[6], 0);
	a.kind = ADDR_NONE;
	assert_int_equal(addr_len(&a), 0);
}

static void test_order(void **state)
{
	struct addr a = addr("10.0.0.1"), b = addr("10.0.0.2"), six = addr("::");

	(void)state;
	assert_true(addr_cmp(&a, &b) < 0);
	assert_true(addr_cmp(&b, &a) > 0);
	assert_true(addr_cmp(&b, &six) < 0);
	assert_true(addr_equal(&a, &a));
	assert_false(addr_equal(&a, &b));
}

static bool in_net(const char *net_text, const char *addr_text)
{
	struct addr_net net;
	struct addr a = addr(addr_text);

	assert_int_equal(addr_net_parse(net_text, &net, NULL), RC_DONE);
	return addr_net_has(&net, &a);
}

static void test_net(void **state)
{
	struct addr_net net;

	(void)state;
	assert_true(in_net("10.0.0.0/8", "10.255.0.1"));
	assert_false(in_net("10.0.0.0/8", "11.0.0.1"));
	assert_true(in_net("0.0.0.0/0", "255.255.255.255"));
	assert_false(in_net("0.0.0.0/0", "::"));
	assert_true(in_net("192.0.2.128/25", "192.0.2.200"));
	assert_false(in_net("192.0.2.128/25", "192.0.2.127"));
	assert_true(in_net("192.0.2.7", "192.0.2.7"));
	assert_false(in_net("192.0.2.7", "192.0.2.6"));
	assert_true(in_net("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(in_net("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(in_net("::1/128", "::1"));
	assert_true(in_net("00:11:22:00:00:00/24", "00:11:22:aa:bb:cc"));
	assert_false(in_net("00:11:22:00:00:00/24", "00:11:23:aa:bb:cc"));
	/* host bits behind the prefix are cleared */
	assert_int_equal(addr_net_parse("10.1.2.3/12", &net, NULL), RC_DONE);
	assert_int_equal(net.bits, 12);
	assert_int_equal(net.addr.bytes[1], 0);
	assert_int_equal(net.addr.bytes[3], 0);
	assert_int_equal(addr_net_parse("10.31.2.3/12", &net, NULL), RC_DONE);
	assert_int_equal(net.addr.bytes[1], 16);
}

static void test_net_refused(void **state)
{
	static const char *const bad[] = {
		"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129",
		"00:11:22:33:44:55/49", "10.0.0.0/0000", "10.0.0.0/ 8",
		"1111111111111111111111111111111111111111111111111111111111111111111111/8",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct addr_net net;
		struct err err = { 0 };

		assert_int_equal(addr_net_parse(bad[i], &net, &err), RC_SYNTAX);
		assert_true(err.why[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_small),
		cmocka_unit_test(test_format_random),
		cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_unused_bytes_zero),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_net_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
