/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "decode/decode.h"
#include "decode/fragment.h"
#include "frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t second_ns = INT64_C(1000000000);

static struct packet decoded(const char *name)
{
	const struct test_frame *f = frames_find(name);
	struct decode_frame frame = { .linktype = f->linktype, .data = f->data,
		.caplen = (uint32_t)f->len, .len = (uint32_t)f->len };
	struct packet p = { 0 };

	decode_packet(&frame, &p);
	assert_true(p.flags & PACKET_FRAGMENT);
	return p;
}

static int setup(void **state)
{
	struct fragment_table *t;

	if (fragment_table_new(&t, NULL) != RC_DONE)
		return -1;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	fragment_table_free(*state);
	return 0;
}

static void test_later_gets_ports(void **state)
{
	struct packet first = decoded("ipv4-fragment-first");
	struct packet later = decoded("ipv4-fragment-later");

	assert_true(first.fragment_key == later.fragment_key);
	fragment_table_see(*state, &first);
	fragment_table_see(*state, &later);
	assert_true(later.flags & PACKET_HAS_PORTS);
	assert_int_equal(later.src_port, 5353);
	assert_int_equal(later.dst_port, 53);
	assert_true(later.flags & PACKET_FRAGMENT_LATER);
}

static void test_later_before_first(void **state)
{
	struct packet later = decoded("ipv4-fragment-later"), before = later;

	fragment_table_see(*state, &later);
	assert_memory_equal(&later, &before, sizeof(later));
}

static void test_ipv6(void **state)
{
	struct packet first = decoded("ipv6-fragment-first");
	struct packet later = decoded("ipv6-fragment-later");

	later.proto = 60;        /* the first header behind the cut, not the transport's */
	fragment_table_see(*state, &first);
	fragment_table_see(*state, &later);
	assert_int_equal(later.proto, PROTO_UDP);
	assert_int_equal(later.dst_port, 53);
}

/* Every part of the key matters: each of these belongs to another datagram. */
static void test_key(void **state)
{
	const struct test_frame *f = frames_find("ipv4-fragment-first");
	struct packet first = decoded("ipv4-fragment-first");
	static const size_t at[] = { 14 + 4, 14 + 12, 14 + 16, 14 + 9 };   /* id, src, dst, protocol */

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint8_t data[FRAME_MAX];
		struct packet other = { 0 };

		memcpy(data, f->data, f->len);
		data[at[i]] ^= 1;
		decode_packet(&(struct decode_frame){ .linktype = 1, .data = data,
			.caplen = (uint32_t)f->len, .len = (uint32_t)f->len }, &other);
		assert_true(other.fragment_key != first.fragment_key);
	}
	for (uint32_t point = 1; point < 3; point++) {
		struct packet other = { .point = point };

		decode_packet(&(struct decode_frame){ .linktype = 1, .data = f->data,
			.caplen = (uint32_t)f->len, .len = (uint32_t)f->len }, &other);
		assert_true(other.fragment_key != first.fragment_key);
	}
}

static void test_dies(void **state)
{
	static const struct {
		int64_t first_ns, later_ns;
		bool found;
	} cases[] = {
		{ 0, 30 * second_ns, true }, { 0, 30 * second_ns + 1, false },
		{ 0, -30 * second_ns, true }, { 0, -30 * second_ns - 1, false },
		{ INT64_MAX, INT64_MIN, false }, { INT64_MIN, INT64_MAX, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packet first = decoded("ipv4-fragment-first");
		struct packet later = decoded("ipv4-fragment-later");

		first.time_ns = cases[i].first_ns;
		later.time_ns = cases[i].later_ns;
		fragment_table_see(*state, &first);
		fragment_table_see(*state, &later);
		assert_int_equal((later.flags & PACKET_HAS_PORTS) != 0, cases[i].found);
	}
}

/* What a tunnel's first fragment carries, its later ones carry too. */
static void test_tunnel(void **state)
{
	struct packet first = decoded("gtpu-fragment-first");
	struct packet later = decoded("ipv4-fragment-last");

	assert_true(first.fragment_key == later.fragment_key);
	assert_true(first.flags & PACKET_HAS_TCP);
	fragment_table_see(*state, &first);
	fragment_table_see(*state, &later);
	assert_true(addr_equal(&first.src, &later.src));
	assert_true(addr_equal(&first.dst, &later.dst));
	assert_int_equal(later.proto, PROTO_TCP);
	assert_memory_equal(&first.tunnel, &later.tunnel, sizeof(first.tunnel));
	assert_false(later.flags & PACKET_HAS_TCP);
	assert_int_equal(later.src_port, first.src_port);
}

static void test_not_a_fragment(void **state)
{
	struct packet p = { .proto = PROTO_TCP, .src_port = 1 }, before = p;

	fragment_table_see(*state, &p);
	assert_memory_equal(&p, &before, sizeof(p));
}

/* The table is bounded: after a flood the first datagram is forgotten, the newest is not. */
static void test_flood(void **state)
{
	struct packet first = decoded("ipv4-fragment-first");
	struct packet later = decoded("ipv4-fragment-later");
	uint64_t key = first.fragment_key;

	fragment_table_see(*state, &first);
	for (uint64_t i = 1; i <= 4; i++) {
		first.fragment_key = key + i * 4096;    /* the same bucket */
		first.src_port = (uint16_t)i;
		fragment_table_see(*state, &first);
	}
	fragment_table_see(*state, &later);
	assert_false(later.flags & PACKET_HAS_PORTS);
	later.fragment_key = key + 4 * 4096;
	fragment_table_see(*state, &later);
	assert_int_equal(later.src_port, 4);
}

/* A first fragment too short for ports is known as well: its protocol counts. */
static void test_first_without_ports(void **state)
{
	struct packet first = decoded("ipv4-fragment-first");
	struct packet later = decoded("ipv4-fragment-later");

	first.flags &= ~(uint32_t)PACKET_HAS_PORTS;
	fragment_table_see(*state, &first);
	fragment_table_see(*state, &later);
	assert_false(later.flags & PACKET_HAS_PORTS);
	assert_int_equal(later.proto, PROTO_UDP);
}

static void test_no_memory(void **state)
{
	struct fragment_table *t = NULL;
	struct err err = { 0 };

	(void)state;
	mem_fail_after(1);
	assert_int_equal(fragment_table_new(&t, &err), RC_NO_MEMORY);
	mem_fail_after(0);
	assert_null(t);
	fragment_table_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_later_gets_ports), TEST(test_later_before_first), TEST(test_ipv6),
		TEST(test_key), TEST(test_dies), TEST(test_tunnel), TEST(test_not_a_fragment),
		TEST(test_flood), TEST(test_first_without_ports), TEST(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
