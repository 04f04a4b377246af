/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/field.h"
#include "flow/sketch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct addr v4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (struct addr){ADDR_IPV4, {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}};
}

/* As a part of which something was not computed. */
static void lacks(struct counters *c, enum attribute what)
{
	if (what == ATTRIBUTE_TCP) {
		memset(c->retrans, 0, sizeof(c->retrans));
		c->closed_by = 0;
	} else if (what == ATTRIBUTE_VOIP) {
		c->rtp_packets = 0;
	} else if (what == ATTRIBUTE_APP) {
		memset(c->text, 0, sizeof(c->text));
		c->status = 0;
		c->requests = 0;
	} else {
		memset(&c->response, 0, sizeof(c->response));
	}
	c->known &= ~attribute_fields(what);
	c->mixed &= ~attribute_fields(what);
}

/* Records of different pools are merged, too. */
static struct texts *pools[2];

static void random_media(struct record *r)
{
	struct media m = {0};

	for (unsigned dir = 0; dir < 2; dir++)
		for (unsigned f = 0; f < MEDIA_FIGURES; f++)
			if (random() & 1)
				m.v[dir][f] = (uint64_t)random();
	for (unsigned slot = 0; slot < MEDIA_TEXTS; slot++)
		if (random() & 1)
			media_text(&m, slot, texts_add(r->texts, random() & 1 ? "PCMU" : "opus", 4));
	assert_int_equal(media_join(&r->media, &m, NULL), RC_DONE);
	r->c.rtp_packets = m.v[0][MEDIA_PACKETS] + m.v[1][MEDIA_PACKETS];
}

/* A part with random contents, as a tracker could have made it. */
static void random_part(struct record *r)
{
	record_init(r, TIER_FLOW);
	struct counters *c = &r->c;
	r->id = (struct record_id){1 + (uint32_t)random() % 3, (uint32_t)random()};
	r->key.point = (uint32_t)random() % 2;
	r->key.proto = PROTO_TCP;
	r->key.client = v4(10, 0, 0, (unsigned)random() % 3);
	r->key.server = v4(10, 0, 1, 1);
	r->key.has_ports = true;
	r->key.client_port = (uint16_t)(1 + random() % 2);
	r->key.server_port = 80;
	record_key_known(r);
	c->first_ns = random() % 1000;
	c->last_ns = c->first_ns + random() % 1000;
	c->known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);
	c->packets[0] = (uint64_t)random() % 100;
	c->bytes[1] = (uint64_t)random();
	c->gap_sum = random() - random();
	c->size_sumsq = (u128)random() << 70;
	if (random() & 1) {
		c->ttl_min[0] = (uint8_t)random();
		c->known |= FIELD_BIT(FIELD_C2S_TTL_MIN);
	}
	if (random() & 1) {
		c->dscp = (uint8_t)(random() % 2);
		c->known |= FIELD_BIT(FIELD_DSCP);
	}
	c->tcp_flags = (uint16_t)(random() & 0x1ff);
	c->known |= FIELD_BIT(FIELD_TCP_FLAGS);
	c->retrans[0] = (uint64_t)random() % 9;
	c->requests = (uint64_t)random() % 9;
	r->texts = pools[random() & 1];
	for (unsigned slot = 0; slot < RECORD_TEXTS; slot++)
		if (random() & 1)
			counters_text(c, slot, texts_add(r->texts, random() & 1 ? "one" : "another", 3));
	if (random() & 1)
		counters_time(c, &c->response, FIELD_RESPONSE_MIN, FIELD_RESPONSE_MAX, random());
	if (random() & 1)
		counters_same(c, FIELD_CLOSED_BY, &c->closed_by, (uint8_t)(random() % 2));
	if (random() & 1)
		random_media(r);
	if (random() % 4 == 0)
		lacks(c, random() & 1 ? ATTRIBUTE_TCP : random() & 1 ? ATTRIBUTE_RESPONSE : random() & 1 ? ATTRIBUTE_VOIP : ATTRIBUTE_APP);
}

/* Every figure, and what the texts are in whichever pool. */
static void check_media(const struct record *a, const struct record *b)
{
	size_t len;

	assert_int_equal(a->media != NULL, b->media != NULL);
	if (!a->media)
		return;
	assert_memory_equal(a->media->v, b->media->v, sizeof(a->media->v));
	assert_int_equal(a->media->mixed, b->media->mixed);
	for (unsigned slot = 0; slot < MEDIA_TEXTS; slot++)
		assert_string_equal(texts_get(a->texts, a->media->text[slot], &len), texts_get(b->texts, b->media->text[slot], &len));
}

static void check_equal(const struct record *a, const struct record *b)
{
	struct row ra = {.tier = TIER_FLOW, .record = a}, rb = {.tier = TIER_FLOW, .record = b};

	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);
		struct value x, y;
		bool has = field_get(f, &ra, &x);
		assert_int_equal(has, field_get(f, &rb, &y));
		if (has && value_cmp(&x, &y) != 0)
			fail_msg("%s differs", f->name);
	}
	assert_true(a->c.mixed == b->c.mixed);
	check_media(a, b);
}

/* Any grouping and order of the parts gives the same whole. */
static void test_merge_in_any_order(void **state)
{
	enum { PARTS = 6 };

	(void)state;
	for (unsigned seed = 1; seed <= 500; seed++) {
		struct record parts[PARTS], forth, back, left, right;
		srandom(seed);
		for (unsigned i = 0; i < PARTS; i++)
			random_part(&parts[i]);
		record_init(&forth, TIER_FLOW);
		record_init(&back, TIER_FLOW);
		record_init(&left, TIER_FLOW);
		record_init(&right, TIER_FLOW);
		for (unsigned i = 0; i < PARTS; i++) {
			assert_int_equal(record_merge(&forth, &parts[i], NULL), RC_DONE);
			assert_int_equal(record_merge(&back, &parts[PARTS - 1 - i], NULL), RC_DONE);
			assert_int_equal(record_merge(i < PARTS / 2 ? &left : &right, &parts[i], NULL), RC_DONE);
		}
		assert_int_equal(record_merge(&right, &left, NULL), RC_DONE);
		check_equal(&forth, &back);
		check_equal(&forth, &right);
		for (unsigned i = 0; i < PARTS; i++)
			record_free(&parts[i]);
		record_free(&forth);
		record_free(&back);
		record_free(&left);
		record_free(&right);
	}
}

static void test_merge_rules(void **state)
{
	struct record a, b;

	(void)state;
	srandom(7);
	random_part(&a);
	random_part(&b);
	a.key.client = v4(1, 1, 1, 1);
	b.key.client = v4(2, 2, 2, 2);
	a.c.bytes[0] = 5;
	b.c.bytes[0] = 7;
	a.c.size_min = 60;
	a.c.known |= FIELD_BIT(FIELD_SIZE_MIN);
	assert_int_equal(record_merge(&a, &b, NULL), RC_DONE);
	assert_int_equal(a.c.bytes[0], 12);
	assert_false(a.c.known & FIELD_BIT(FIELD_CLIENT));
	assert_true(a.c.mixed & FIELD_BIT(FIELD_CLIENT));
	assert_true(a.c.known & FIELD_BIT(FIELD_SERVER));
	assert_int_equal(a.c.size_min, 60);      /* unknown in b: says nothing */
	record_free(&a);
	record_free(&b);
}

/* What was not computed of one part is unknown of the whole, extremes too; the rest stays. */
static void test_partly_known(void **state)
{
	struct counters whole, with, without;

	(void)state;
	counters_init(&with);
	counters_time(&with, &with.response, FIELD_RESPONSE_MIN, FIELD_RESPONSE_MAX, 5);
	counters_same(&with, FIELD_C2S_SACK, &with.sack[DIR_C2S], 1);
	with.retrans[DIR_C2S] = 3;
	with.turns = 1;
	counters_init(&without);
	lacks(&without, ATTRIBUTE_RESPONSE);
	for (unsigned order = 0; order < 2; order++) {
		counters_init(&whole);
		counters_merge(&whole, order ? &without : &with);
		counters_merge(&whole, order ? &with : &without);
		assert_int_equal(attributes_lacking(whole.known), ATTRIBUTE_RESPONSE);
		assert_true((whole.known & attribute_fields(ATTRIBUTE_RESPONSE)) == 0);
		assert_int_equal(whole.response.min_ns, 0);
		assert_int_equal(whole.retrans[DIR_C2S], 3);
		assert_true(whole.known & FIELD_BIT(FIELD_C2S_RETRANS) && whole.known & FIELD_BIT(FIELD_C2S_SACK));
	}
	lacks(&without, ATTRIBUTE_TCP);
	lacks(&without, ATTRIBUTE_APP);
	lacks(&without, ATTRIBUTE_VOIP);
	counters_merge(&whole, &without);
	assert_int_equal(attributes_lacking(whole.known), ATTRIBUTES_ALL);
	assert_false(whole.known & FIELD_BIT(FIELD_C2S_SACK));
}

static void test_attribute_names(void **state)
{
	static const char *const bad[] = {"", "tcp,", ",tcp", "tcp,none", "all,tcp", "TCP", "tcp response", "tc"};
	char text[ATTRIBUTES_TEXT];
	unsigned got;

	(void)state;
	for (unsigned which = 0; which <= ATTRIBUTES_ALL; which++) {
		size_t len = attributes_format(text, sizeof(text), which);
		assert_int_equal(len, strlen(text));
		assert_true(attributes_parse(text, &got));
		assert_int_equal(got, which);
	}
	assert_true(attributes_parse("response,tcp,tcp", &got));
	assert_int_equal(got, ATTRIBUTE_TCP | ATTRIBUTE_RESPONSE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (attributes_parse(bad[i], &got))
			fail_msg("'%s' was taken for attributes", bad[i]);
}

static void test_ids(void **state)
{
	static const char *const good[] = {"m7.123456", "f1.0", "u4294967295.4294967295", "p7.1", "2:f7.123456",
		"b7", "i0"};
	static const char *const bad[] = {"", "f", "f7", "f7.", "x7.1", "0:f7.1", "f7.1x", "7.1", "f-7.1",
		"f4294967296.1", "2f7.1", "b7.1", ":f7.1"};
	struct id id;
	char text[ID_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(id_parse(good[i], &id));
		id_format(text, sizeof(text), &id);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (id_parse(bad[i], &id))
			fail_msg("'%s' was taken for an id", bad[i]);
}

static void test_fields_are_consistent(void **state)
{
	(void)state;
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);
		assert_true(f->name && f->title && f->help && f->tiers && f->width_cells);
		assert_int_equal(f->name_of != NULL, f->unit == UNIT_ENUM);
		assert_true(f->merge == MERGE_NONE ? f->get != NULL : f->id < FIELD_STORED_END);
		for (size_t j = 0; j < i; j++) {
			const struct field *g = field_at(j);
			assert_int_not_equal(f->id, g->id);
			if (f->tiers & g->tiers)
				assert_string_not_equal(f->name, g->name);
		}
	}
	for (enum tier t = 0; t < TIERS; t++)
		for (const char *const *c = field_default_columns(t); *c; c++)
			if (!field_find(*c, t))
				fail_msg("%s has no column %s", tier_plural(t), *c);
}

/* From the specification's reference implementation: test vectors with seed 0. */
static void test_community_id(void **state)
{
	static const struct {
		struct addr a, b;
		uint16_t pa, pb;
		uint32_t proto;
		int icmp;
		const char *id;
	} cases[] = {
		{{ADDR_IPV4, {128, 232, 110, 120}}, {ADDR_IPV4, {66, 35, 250, 204}}, 34855, 80, PROTO_TCP, -1,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{{ADDR_IPV4, {66, 35, 250, 204}}, {ADDR_IPV4, {128, 232, 110, 120}}, 80, 34855, PROTO_TCP, -1,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{{ADDR_IPV4, {192, 168, 1, 52}}, {ADDR_IPV4, {8, 8, 8, 8}}, 54585, 53, PROTO_UDP, -1,
			"1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{{ADDR_IPV4, {192, 168, 0, 89}}, {ADDR_IPV4, {192, 168, 0, 1}}, 0, 0, PROTO_ICMP, 8,
			"1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key k = {.proto = cases[i].proto, .client = cases[i].a, .server = cases[i].b,
			.client_port = cases[i].pa, .server_port = cases[i].pb, .has_ports = cases[i].icmp < 0};
		char text[40];
		assert_true(community_id(text, sizeof(text), &k, cases[i].icmp >= 0, (uint8_t)cases[i].icmp, 0));
		assert_string_equal(text, cases[i].id);
	}
}

static void test_services(void **state)
{
	struct flow_key k = {.proto = PROTO_TCP, .has_ports = true, .client_port = 40000, .server_port = 30000,
		.orientation = ORIENTATION_LOWER_PORT};
	struct service_key s;

	(void)state;
	service_of(&s, &k, 0);
	assert_int_equal(s.port, 0);
	k.orientation = ORIENTATION_SYN;
	service_of(&s, &k, 0);
	assert_int_equal(s.port, 30000);
	k.orientation = ORIENTATION_LOWER_PORT;
	k.server_port = 1000;
	service_of(&s, &k, 0);
	assert_int_equal(s.port, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_in_any_order),
		cmocka_unit_test(test_merge_rules),
		cmocka_unit_test(test_partly_known),
		cmocka_unit_test(test_attribute_names),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_fields_are_consistent),
		cmocka_unit_test(test_community_id),
		cmocka_unit_test(test_services),
	};
	if (texts_new(1 << 20, &pools[0], NULL) != RC_DONE || texts_new(1 << 20, &pools[1], NULL) != RC_DONE)
		return 1;
	texts_add(pools[1], "shifts the numbers", 18);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	texts_free(pools[0]);
	texts_free(pools[1]);
	return failed;
}
