/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries over made-up traffic: brute force, several blocks, points and sources, limits, what cannot be asked. */
#include "brute.h"
#include "captures.h"
#include "traffic.h"

#include "base/mem.h"

static char dir[128];

static const char *make(const struct traffic *t)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/made-%u.pcapng", dir, t->seed);
	traffic_write(path, t);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	captures_make_dir(dir, sizeof(dir));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	captures_remove_dir(dir);
	return 0;
}

/* ---- brute force ------------------------------------------------------------------------------ */

static void test_brute(void **state)
{
	static const struct traffic kinds[] = {
		{ .seed = 1,
			.packets = 4000,
			.hosts = 12,
			.interfaces = 1,
			.step_ms = 5,
			.payload = 100 },
		{ .seed = 2,
			.packets = 4000,
			.hosts = 6,
			.interfaces = 2,
			.step_ms = 300,
			.payload = 40 },
		{ .seed = 3,
			.packets = 4000,
			.hosts = 3,
			.interfaces = 1,
			.step_ms = 40,
			.back_percent = 20 },
		{ .seed = 4,
			.packets = 4000,
			.hosts = 40,
			.interfaces = 2,
			.step_ms = 900,
			.back_percent = 3 },
		{ .seed = 5, .packets = 301, .hosts = 1, .interfaces = 1, .step_ms = 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		brute_check(make(&kinds[i]));
}

/* Random captures in random segments, in place or in a store of several blocks: merging is exact. */
static void test_merging(void **state)
{
	uint64_t random = 20261121;

	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		struct traffic t = { .seed = 100 + round };
		char index[160];

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		t.packets = 300 + (random >> 60) * 150;
		t.hosts = 2 + (unsigned)(random >> 50) % 14;
		t.interfaces = 1 + (unsigned)(random >> 40) % 2;
		t.step_ms = 1 + (unsigned)(random >> 30) % 400;
		t.back_percent = (unsigned)(random >> 20) % 12;
		t.payload = round % 3 == 0 ? 1400 : 60;
		brute_segment = 1 + (random >> 33) % 500;
		snprintf(index, sizeof(index), "%s/merging-%u", dir, round);
		print_message("seed %u: segments of %llu packets\n", t.seed, (unsigned long long)brute_segment);
		assert_true(brute_open(make(&t), index, round % 3 == 0 ? 1 << 20 : 0));
		check_sums();
		check_groups();
		brute_close();
	}
	brute_segment = BRUTE_SEGMENT;
}

/* ---- a world of two points ------------------------------------------------------------------------ */

static const struct traffic two_points = { .seed = 9,
	.packets = 3000,
	.hosts = 8,
	.interfaces = 2,
	.step_ms = 100,
	.back_percent = 2,
	.payload = 60 };

static void open_two_points(void)
{
	char index[160];
	const char *path = make(&two_points);

	snprintf(index, sizeof(index), "%s/index", dir);
	assert_true(brute_open(path, index, 0));
}

static bool count_rows(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	(void)row;
	(void)raw;
	++*(size_t *)ctx;
	return true;
}

static enum rc run(const struct query *q, size_t *rows, struct query_control *control)
{
	struct err err = { .rc = RC_DONE };
	enum rc rc;

	*rows = 0;
	rc = query_run(&brute.sources, q, count_rows, rows, control, NULL, &err);
	if (rc != RC_DONE && rc != RC_NO_MEMORY)
		assert_true(err.why[0]);
	return rc;
}

static void test_points_apart(void **state)
{
	size_t n, groups = 0, points[2] = { 0, 0 };
	struct result *r;
	struct query q;

	(void)state;
	open_two_points();
	brute.doing = "groups of two points";
	query_init(&q, TIER_FLOW);
	q.group[0] = field_find("proto", TIER_FLOW);
	q.n_group = 1;
	CHECK(query_groups_by_point(&brute.sources, &q));
	r = ask(&q);
	n = result_count(r);
	for (size_t i = 0; i < n; i++) {
		struct row row;

		row_at(r, i, &row);
		CHECK(row.record->c.known & FIELD_BIT(FIELD_POINT));
		CHECK(row.record->c.known & FIELD_BIT(FIELD_PROTO));
		CHECK(row.record->key.point < 2 && row.point &&
			row.point->number == row.record->key.point);
		points[row.record->key.point] += counters_packets(&row.record->c);
		groups++;
	}
	CHECK(groups == 8); /* TCP, UDP, ICMP and ARP at each */
	store_points(brute.store, &n);
	CHECK(points[0] == store_points(brute.store, &n)[0].packets);
	CHECK(points[1] == store_points(brute.store, &n)[1].packets);
	result_free(r);
	q.group[0] = field_find("point", TIER_FLOW);
	CHECK(!query_groups_by_point(&brute.sources, &q));
	r = ask(&q);
	CHECK(result_count(r) == 2);
	result_free(r);
	brute_close();
}

/* A group's fields are those that its members share; its clients are counted. */
static void test_group_fields(void **state)
{
	static const struct field *clients;
	struct result *r;
	struct query q;

	(void)state;
	open_two_points();
	brute.doing = "fields of groups";
	clients = field_find("clients", TIER_FLOW);
	query_init(&q, TIER_FLOW);
	q.group[0] = field_find("service", TIER_FLOW);
	q.n_group = 1;
	r = ask(&q);
	for (size_t i = 0; i < result_count(r); i++) {
		struct value service, other, v;
		struct row group, row;
		size_t members = 0;

		row_at(r, i, &group);
		CHECK(field_get(q.group[0], &group, &service));
		CHECK(field_get(clients, &group, &v) && v.u > 0 && v.u <= 12);
		for (size_t k = 0; k < result_count(brute.flows); k++) {
			row_at(brute.flows, k, &row);
			if (row.record->key.point == group.record->key.point &&
				row.record->key.proto == group.record->key.proto &&
				field_get(q.group[0], &row, &other) &&
				strcmp(other.text, service.text) == 0)
				members++;
		}
		/* ports of one name are groups of their own */
		CHECK(group.record->c.flows <= members);
		CHECK(strcmp(service.text, "dynamic") == 0 || group.record->c.flows == members);
	}
	result_free(r);
	brute_close();
}

/* ---- two sources ------------------------------------------------------------------------------------ */

static void test_sources(void **state)
{
	struct store *twice[3];
	struct result *r;
	struct row row;
	struct query q;
	struct id id;
	size_t n, at;

	(void)state;
	open_two_points();
	brute.doing = "two sources";
	n = result_count(brute.flows);
	twice[0] = brute.store;
	twice[1] = NULL; /* one of which nothing can be read yet */
	twice[2] = brute.store;
	brute.sources = (struct query_sources){ .stores = twice, .n = 3 };
	r = ask_tier(TIER_FLOW);
	CHECK(result_count(r) == 2 * n);
	row_at(r, 0, &row);
	CHECK(row.source == 1);
	row_at(r, n, &row);
	CHECK(row.source == 3);
	row_id(&row, &id);
	CHECK(id.source == 3 && result_find(r, &id, &at) && at == n);
	result_free(r);
	r = ask_in(TIER_PACKET, &id, 1);
	row_at(r, 0, &row);
	CHECK(row.source == 3 && record_id_equal(row.packet->flow, id.rec));
	result_free(r);
	query_init(&q, TIER_FLOW);
	q.group[0] = field_find("point", TIER_FLOW);
	q.n_group = 1;
	r = ask(&q);
	CHECK(result_count(r) == 4);
	result_free(r);
	id.source = 4;
	query_init(&q, TIER_PACKET);
	q.in = &id;
	q.n_in = 1;
	CHECK(run(&q, &at, NULL) == RC_MISSING);
	brute_close();
}

/* ---- what is read ------------------------------------------------------------------------------------- */

static uint64_t parts_read(const char *text)
{
	struct filter *f;
	struct result *r;
	struct query q;

	query_init(&q, TIER_FLOW);
	assert_int_equal(filter_compile(text, TIER_FLOW, &f, NULL), RC_DONE);
	q.filter = f;
	r = ask(&q);
	result_free(r);
	filter_free(f);
	return brute.explain.flow_parts;
}

/* Lists lead to parts: no filter reads more than it has to. */
static void test_explain(void **state)
{
	uint64_t all, one, both;
	struct result *r;
	struct query q;

	(void)state;
	open_two_points();
	brute.doing = "explain";
	all = parts_read("");
	one = parts_read("host 10.0.0.1");
	both = parts_read("host 10.0.0.1 and host 10.0.0.102");
	CHECK(all > one && one > both && both > 0);
	CHECK(strstr(brute.explain.plan, "address list 10.0.0.1 -> ") &&
		brute.explain.segments_skipped == 0);
	CHECK(parts_read("host 10.9.9.9") == 0 && brute.explain.segments == 0 &&
		brute.explain.blocks_skipped == 1);
	CHECK(brute.explain.index_bytes == 0);
	query_init(&q, TIER_PACKET);
	q.from_ns = store_totals(brute.store)->last_ns;
	r = ask(&q);
	CHECK(result_count(r) == 1 && brute.explain.segments <= 2 &&
		brute.explain.segments_skipped > 5);
	CHECK(brute.explain.packets < 200);
	result_free(r);
	brute_close();
}

/* ---- bounds ------------------------------------------------------------------------------------------- */

static void test_limits(void **state)
{
	static const enum tier tiers[] = { TIER_PACKET, TIER_MICROFLOW, TIER_FLOW,
		TIER_MACROFLOW };
	struct query_control control = { 0 };
	struct query q;
	size_t rows;

	(void)state;
	open_two_points();
	brute.doing = "limits";
	for (size_t i = 0; i < 4; i++) {
		query_init(&q, tiers[i]);
		q.limit = 3;
		CHECK(run(&q, &rows, &control) == RC_DONE && rows == 3);
		control.cancel = true;
		CHECK(run(&q, &rows, &control) == RC_CANCELLED && rows < 3);
		control.cancel = false;
		q.limit = 0;
		q.memory_max = 20000;
		q.sort[0].field = field_find("id", tiers[i]);
		q.n_sort = 1;
		CHECK(run(&q, &rows, NULL) == RC_LIMIT && rows == 0);
		q.memory_max = 0;
		q.limit = 7;
		CHECK(run(&q, &rows, NULL) == RC_DONE && rows == 7);
	}
	query_init(&q, TIER_FLOW);
	q.group[0] = field_find("client_port", TIER_FLOW);
	q.group[1] = field_find("client", TIER_FLOW);
	q.n_group = 2;
	q.memory_max = 4000;
	CHECK(run(&q, &rows, NULL) == RC_LIMIT);
	query_init(&q, TIER_FLOW);
	q.memory_max = 1000; /* what goes on over segments has no room */
	CHECK(run(&q, &rows, NULL) == RC_LIMIT);
	brute_close();
}

struct question {
	enum tier tier;
	const char *in, *id, *group, *sort;
	enum rc want;
};

static const struct question questions[] = {
	{ TIER_FLOW, "f1.1", NULL, NULL, NULL, RC_MISSING },
	{ TIER_FLOW, "u1.0", NULL, NULL, NULL, RC_USAGE },
	{ TIER_FLOW, "p1.0", NULL, NULL, NULL, RC_USAGE },
	{ TIER_PACKET, "p1.1", NULL, NULL, NULL, RC_MISSING },
	{ TIER_MACROFLOW, "b1", NULL, NULL, NULL, RC_USAGE },
	{ TIER_BLOCK, "i0", NULL, NULL, NULL, RC_USAGE },
	{ TIER_FLOW, NULL, "u1.0", NULL, NULL, RC_USAGE },
	{ TIER_FLOW, "m1.0", "f1.0", NULL, NULL, RC_USAGE },
	{ TIER_FLOW, NULL, NULL, "bytes", NULL, RC_USAGE },
	{ TIER_FLOW, NULL, NULL, "first", NULL, RC_USAGE },
	{ TIER_PACKET, NULL, NULL, "proto", NULL, RC_USAGE },
	{ TIER_FLOW, "m9.9", NULL, NULL, NULL, RC_MISSING },
	{ TIER_PACKET, "b9", NULL, NULL, NULL, RC_MISSING },
	{ TIER_PACKET, "i9", NULL, NULL, NULL, RC_MISSING },
	{ TIER_PACKET, NULL, "p1.1", NULL, NULL, RC_MISSING },
	{ TIER_MICROFLOW, NULL, "u7.7", NULL, NULL, RC_MISSING },
	{ TIER_BLOCK, NULL, "b1", NULL, "length", RC_DONE },
	{ TIER_POINT, NULL, "i1", NULL, "name", RC_DONE },
	{ TIER_MACROFLOW, "i1", NULL, "server", "bytes", RC_DONE },
};

static void test_questions(void **state)
{
	(void)state;
	open_two_points();
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		const struct question *k = &questions[i];
		struct id in, id;
		struct query q;
		size_t rows;

		query_init(&q, k->tier);
		if (k->in) {
			assert_true(id_parse(k->in, &in));
			q.in = &in;
			q.n_in = 1;
		}
		if (k->id) {
			assert_true(id_parse(k->id, &id));
			q.ids = &id;
			q.n_ids = 1;
		}
		q.group[0] = k->group ? field_find(k->group, k->tier) : NULL;
		q.n_group = k->group != NULL;
		q.sort[0].field = k->sort ? field_find(k->sort, k->tier) : NULL;
		q.n_sort = k->sort != NULL;
		brute.doing = k->in ? k->in : k->id ? k->id : k->group;
		if (run(&q, &rows, NULL) != k->want)
			fail_msg("question %zu", i);
		CHECK((rows > 0) == (k->want == RC_DONE));
	}
	brute_close();
}

static void test_parse_time(void **state)
{
	int64_t newest, t;

	(void)state;
	open_two_points();
	brute.doing = "times";
	CHECK(query_newest(&brute.sources, &newest));
	CHECK(newest == store_totals(brute.store)->last_ns);
	CHECK(query_parse_time(&brute.sources, "-1m30s", &t, NULL) == RC_DONE);
	CHECK(t == newest - 90 * INT64_C(1000000000));
	CHECK(query_parse_time(&brute.sources, "2024-01-05T00:00:00Z", &t, NULL) == RC_DONE);
	CHECK(t == INT64_C(1704412800) * 1000000000);
	CHECK(query_parse_time(&brute.sources, "-often", &t, NULL) == RC_SYNTAX);
	brute_close();
}

/* ---- what is left when the oldest block went ------------------------------------------------------------ */

/* Sums of what is left agree, though the first packets of some records are gone. */
static void check_left(void)
{
	uint64_t flows = 0, micros = 0, macros = 0;
	struct row row, packet;
	struct result *r;
	struct id id;
	size_t at;

	for (size_t i = 0; i < result_count(brute.flows); i++) {
		row_at(brute.flows, i, &row);
		flows += counters_packets(&row.record->c);
	}
	for (size_t i = 0; i < result_count(brute.micros); i++) {
		row_at(brute.micros, i, &row);
		micros += counters_packets(&row.record->c);
	}
	for (size_t i = 0; i < result_count(brute.macros); i++) {
		row_at(brute.macros, i, &row);
		macros += counters_packets(&row.record->c);
	}
	CHECK(flows == result_count(brute.packets));
	CHECK(micros == flows && macros == flows);
	for (size_t i = 0; i < result_count(brute.packets); i += 97) {
		row_at(brute.packets, i, &packet);
		id = (struct id){ .tier = TIER_FLOW, .rec = packet.packet->flow };
		CHECK(result_find(brute.flows, &id, &at));
		row_at(brute.flows, at, &row);
		r = ask_in(TIER_PACKET, &id, 1);
		CHECK(result_count(r) == counters_packets(&row.record->c));
		result_free(r);
		id = (struct id){ .tier = TIER_MICROFLOW, .rec = packet.packet->microflow };
		CHECK(result_find(brute.micros, &id, &at));
		r = ask_in(TIER_PACKET, &id, 1);
		CHECK(result_count(r) > 0);
		result_free(r);
	}
}

/* Records in a block are those that have packets there, each as a whole. */
static void check_block(uint32_t block)
{
	struct id in = { .tier = TIER_BLOCK, .rec.block = block };
	struct result *flows = ask_in(TIER_FLOW, &in, 1),
		      *micros = ask_in(TIER_MICROFLOW, &in, 1);
	uint8_t *seen = calloc(result_count(flows) + 1, 1),
		*seen_micros = calloc(result_count(micros) + 1, 1);
	struct row row;
	size_t at;

	for (size_t i = 0; i < result_count(brute.packets); i++) {
		struct id flow = { .tier = TIER_FLOW }, micro = { .tier = TIER_MICROFLOW };

		row_at(brute.packets, i, &row);
		flow.rec = row.packet->flow;
		micro.rec = row.packet->microflow;
		if (row.packet->self.block != block)
			continue;
		CHECK(result_find(flows, &flow, &at));
		seen[at] = 1;
		CHECK(result_find(micros, &micro, &at));
		seen_micros[at] = 1;
	}
	CHECK(result_count(flows) && !memchr(seen, 0, result_count(flows)));
	CHECK(result_count(micros) && !memchr(seen_micros, 0, result_count(micros)));
	for (size_t i = 0; i < result_count(flows); i++) {
		struct row whole;
		struct id id;

		row_at(flows, i, &row);
		row_id(&row, &id);
		CHECK(result_find(brute.flows, &id, &at));
		row_at(brute.flows, at, &whole);
		CHECK(counters_bytes(&row.record->c) == counters_bytes(&whole.record->c));
	}
	free(seen);
	free(seen_micros);
	result_free(flows);
	result_free(micros);
}

static void test_evicted(void **state)
{
	static const struct traffic t = { .seed = 21,
		.packets = 6000,
		.hosts = 5,
		.interfaces = 1,
		.step_ms = 30,
		.payload = 1200 };
	char copy[160];
	struct store *s;
	size_t before, orphans = 0;

	(void)state;
	snprintf(copy, sizeof(copy), "%s/store.fdr", dir);
	assert_true(brute_open(make(&t), copy, 1 << 20));
	CHECK(store_totals(brute.store)->blocks >= 3);
	check_sums();
	check_down();
	check_filters();
	brute.doing = "records in a block";
	check_block(1);
	check_block(2);
	check_block(3);
	before = result_count(brute.packets);
	brute_close();
	assert_int_equal(store_open(copy, true, &s, NULL, NULL), RC_DONE);
	assert_int_equal(store_drop_index(s, 1, NULL), RC_DONE);
	store_close(s);
	assert_int_equal(store_open(copy, false, &brute.store, NULL, NULL), RC_DONE);
	assert_int_equal(store_refresh(brute.store, NULL), RC_DONE);
	brute_list();
	CHECK(result_count(brute.packets) < before && result_count(brute.packets) > 0);
	for (size_t i = 0; i < result_count(brute.flows); i++) {
		struct row row;

		row_at(brute.flows, i, &row);
		orphans += row.record->id.block == 1;
	}
	CHECK(orphans > 0);
	check_left();
	brute_close();
}

/* ---- memory that runs out ------------------------------------------------------------------------------- */

static void test_no_memory(void **state)
{
	static const enum tier tiers[] = { TIER_PACKET, TIER_MICROFLOW, TIER_FLOW, TIER_MACROFLOW };

	(void)state;
	open_two_points();
	brute.doing = "no memory";
	for (size_t i = 0; i < 4; i++)
		for (uint64_t nth = 1;; nth += 1 + nth / 8) {
			struct query q;
			size_t rows;
			enum rc rc;

			query_init(&q, tiers[i]);
			q.sort[0].field = field_find("id", tiers[i]);
			q.n_sort = 1;
			q.group[0] = field_find("proto", tiers[i]);
			q.n_group = tiers[i] != TIER_PACKET;
			mem_fail_after(nth);
			rc = run(&q, &rows, NULL);
			mem_fail_after(0);
			if (rc == RC_DONE)
				break;
			CHECK(rc == RC_NO_MEMORY);
		}
	brute_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_brute, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_merging, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_points_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_group_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sources, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_explain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_questions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parse_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_evicted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
