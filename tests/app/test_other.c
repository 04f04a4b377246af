/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applications that nDPI tells; and that nothing is told where it was not built in. */
#include "app/other.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char search[] =
	"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n";
static const char web[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";

struct asked {
	struct others *others;
	uint16_t flow;
	bool done;
	char name[64];
};

static void begin(struct asked *a)
{
	struct err err;

	memset(a, 0, sizeof(*a));
	assert_int_equal(others_new(&a->others, &err), RC_DONE);
}

static void end(struct asked *a)
{
	others_end(a->others, &a->flow);
	others_free(a->others);
}

/* A packet with this payload; true where it was told what it is. */
static bool ask(struct asked *a, uint32_t proto, uint16_t port, const void *payload, size_t len)
{
	struct packet p = {
		.proto = proto, .flags = PACKET_HAS_IP | PACKET_HAS_PORTS, .len = (uint32_t)len, .caplen = (uint32_t)len,
		.payload_len = (uint32_t)len, .src_port = 40000, .dst_port = port,
		.src = { .kind = ADDR_IPV4, .bytes = { 192, 0, 2, 1 } }, .dst = { .kind = ADDR_IPV4, .bytes = { 198, 51, 100, 2 } },
	};
	struct said_text name = others_packet(a->others, &a->flow, &a->done, &p, payload);

	snprintf(a->name, sizeof(a->name), "%.*s", (int)name.len, name.p ? name.p : "");
	return name.p != NULL;
}

static void test_told(void **state)
{
	struct asked a;

	(void)state;
	begin(&a);
	assert_int_equal(ask(&a, PROTO_UDP, 5000, search, sizeof(search) - 1), others_can_tell());
	assert_string_equal(a.name, others_can_tell() ? "ssdp" : "");
	assert_true(a.done);
	assert_int_equal(a.flow, 0);
	end(&a);
}

/* What is known from its port alone, and what our own parsers tell, is nothing. */
static void test_not_told(void **state)
{
	static const uint8_t zeros[64];
	struct asked a;
	unsigned n = 0;

	(void)state;
	begin(&a);
	while (!a.done) {
		assert_false(ask(&a, PROTO_UDP, 161, zeros, sizeof(zeros)));
		n++;
	}
	assert_true(n <= OTHER_PACKETS);
	a.done = false;
	for (unsigned i = 0; i < OTHER_PACKETS && !a.done; i++)
		assert_false(ask(&a, PROTO_TCP, 80, web, sizeof(web) - 1));
	end(&a);
}

/* Whatever bytes come: an answer or none, and all flows are given back; one too many is not looked at. */
static void test_bounds(void **state)
{
	static struct asked v[OTHER_FLOWS + 1];
	struct others *o;
	uint8_t bytes[3000];

	(void)state;
	srand(7);
	begin(&v[0]);
	o = v[0].others;
	for (size_t i = 0; i <= OTHER_FLOWS; i++) {
		v[i].others = o;
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)rand();
		bytes[0] = 0;
		ask(&v[i], i % 2 ? PROTO_UDP : PROTO_TCP, (uint16_t)i, bytes, i % 8 ? i : sizeof(bytes));
	}
	assert_true(!others_can_tell() || v[OTHER_FLOWS].done || v[OTHER_FLOWS].flow);
	for (size_t i = 0; i <= OTHER_FLOWS; i++)
		others_end(o, &v[i].flow);
	v[0].done = false;
	assert_int_equal(ask(&v[0], PROTO_UDP, 5000, search, sizeof(search) - 1), others_can_tell());
	end(&v[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_not_told),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
