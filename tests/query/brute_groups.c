/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows, groups and macroflows against what lies below them, all counters: those that packets carry (marks, round trips, responses) from the
 * packets, values one by one; those that they do not (connections, turns, bytes in flight) from the microflows.
 */
#include "brute.h"

#include "base/text.h"
#include "flow/field.h"

#include <math.h>

enum { TIMES = 3, KEY_MAX = 1024, GROUP_FIELDS = 2 };

/* Measured times of the packets of one record, all of them. */
struct values {
	int64_t *v;
	size_t n, cap;
};

/* What belongs together. */
struct bag {
	char key[KEY_MAX];
	struct counters micros, notes;
	struct values times[TIMES];
	bool seen;
};

struct bags {
	struct bag *v;
	size_t n;
	size_t *of_flow; /* by place in brute.flows */
};

static const char *const time_names[TIMES] = { "rtt_client", "rtt_server", "response" };

/* ---- keys -------------------------------------------------------------------------------------- */

typedef void (*key_maker)(const struct row *row, const void *ctx, char *out);

static void group_key(const struct row *row, const void *ctx, char *out)
{
	const struct query *q = ctx;
	size_t len = 0;

	for (size_t i = 0; i < q->n_group; i++) {
		struct value v;
		char text[256] = "-";

		if (field_get(q->group[i], row, &v))
			value_format(text, sizeof(text), q->group[i], &v, STYLE_MACHINE);
		len += (size_t)snprintf(out + len, KEY_MAX - len, "%s|", text);
	}
	if (query_groups_by_point(&brute.sources, q))
		snprintf(out + len, KEY_MAX - len, "i%u", row->record->key.point);
}

static void own_key(const struct row *row, const void *ctx, char *out)
{
	(void)ctx;
	snprintf(out, KEY_MAX, "%llu", (unsigned long long)record_id_number(row->record->id));
}

static void service_text(const struct row *row, const void *ctx, char *out)
{
	struct service_key k;
	char server[ADDR_TEXT];

	(void)ctx;
	service_of(&k, &row->record->key, time_floor(row->record->slice_ns, store_config(brute.store)->macro_ns));
	if (row->tier == TIER_MACROFLOW)
		k.port = k.has_port ? row->record->key.server_port : 0;
	addr_format(server, sizeof(server), &k.server);
	snprintf(out, KEY_MAX, "%lld %s %u %d %u %u", (long long)k.window_ns, server, k.proto, k.has_port,
		k.has_port ? k.port : 0u, k.point);
}

/* ---- bags -------------------------------------------------------------------------------------- */

static struct bag *bag_find(struct bags *b, const char *key)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].key, key) == 0)
			return &b->v[i];
	return NULL;
}

static void keep_time(struct values *t, int64_t ns)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 8;
		t->v = realloc(t->v, t->cap * sizeof(*t->v));
		assert_non_null(t->v);
	}
	t->v[t->n++] = ns;
}

static void add_packet(struct bag *bag, const struct packet_row *p)
{
	counters_note(&bag->notes, p->direction, &p->note);
	if (p->note.has_rtt)
		keep_time(&bag->times[p->direction == DIR_S2C ? 1 : 0], p->note.rtt_ns);
	if (p->note.has_response)
		keep_time(&bag->times[2], p->note.response_ns);
	if (!record_id_equal(p->self, p->microflow))
		return;
	/* a microflow's first packet stands for it */
	struct id id = { TIER_MICROFLOW, 1, p->microflow };
	struct row micro;
	size_t at;

	CHECK(result_find(brute.micros, &id, &at));
	row_at(brute.micros, at, &micro);
	counters_merge(&bag->micros, &micro.record->c);
}

static struct bags bags_make(key_maker make, const void *ctx)
{
	size_t n = result_count(brute.flows);
	struct bags b = { calloc(n + 1, sizeof(struct bag)), 0, calloc(n + 1, sizeof(size_t)) };
	struct row row;

	assert_non_null(b.v);
	assert_non_null(b.of_flow);
	for (size_t i = 0; i < n; i++) {
		char key[KEY_MAX] = "";

		row_at(brute.flows, i, &row);
		make(&row, ctx, key);
		struct bag *bag = make == own_key ? NULL : bag_find(&b, key);
		if (!bag) {
			bag = &b.v[b.n++];
			memcpy(bag->key, key, sizeof(key));
			counters_init(&bag->micros);
			counters_init(&bag->notes);
		}
		b.of_flow[i] = (size_t)(bag - b.v);
	}
	for (size_t i = 0; i < result_count(brute.packets); i++) {
		size_t at;

		row_at(brute.packets, i, &row);
		struct id id = { TIER_FLOW, 1, row.packet->flow };
		CHECK(result_find(brute.flows, &id, &at));
		add_packet(&b.v[b.of_flow[at]], row.packet);
	}
	return b;
}

static void bags_free(struct bags *b)
{
	for (size_t i = 0; i < b->n; i++)
		for (unsigned k = 0; k < TIMES; k++)
			free(b->v[i].times[k].v);
	free(b->v);
	free(b->of_flow);
}

/* ---- comparing --------------------------------------------------------------------------------- */

static uint64_t number_of(const struct field *f, const struct row *row, bool *known)
{
	struct value v = { .type = TYPE_U64 };

	*known = field_get(f, row, &v);
	return *known ? v.u : 0;
}

/* Everything that adds up, least and greatest: as the microflows say. */
static void check_counters(const struct row *row, const struct bag *bag)
{
	struct record want = { .tier = TIER_FLOW, .c = bag->micros };
	struct row of_bag = { .tier = TIER_FLOW, .record = &want };

	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);
		bool adds = f->merge == MERGE_SUM || f->merge == MERGE_MIN || f->merge == MERGE_MAX || f->merge == MERGE_OR;
		bool known, known_too;

		if (!adds || f->get || !(f->tiers & FIELD_ON(row->tier)) || f->type == TYPE_U128)
			continue;
		if (number_of(f, row, &known) != number_of(f, &of_bag, &known_too) || known != known_too)
			fail_msg("%s: %s: %s of %s is not that of its microflows", brute.path, brute.doing, f->name, bag->key);
	}
	CHECK(row->record->c.size_sumsq == want.c.size_sumsq && row->record->c.gap_sumsq == want.c.gap_sumsq &&
		row->record->c.rtt_sumsq == want.c.rtt_sumsq);
	for (unsigned m = 0; m < COUNTED_MARKS; m++)
		CHECK(counters_marked(&row->record->c, m) == counters_marked(&bag->notes, m));
}

static void check_time(const struct row *row, const char *prefix, const char *suffix, bool known, long double want)
{
	char name[32];
	struct value v;

	snprintf(name, sizeof(name), "%s_%s", prefix, suffix);
	const struct field *f = field_find(name, row->tier);
	CHECK(f);
	bool has = field_get(f, row, &v);
	if (has != known || (has && fabsl((long double)v.i - want) > 1 + fabsl(want) * 1e-9L))
		fail_msg("%s: %s: %s is not that of the packets", brute.path, brute.doing, name);
}

/* Least, mean, greatest and deviation of the values themselves. */
static void check_times(const struct row *row, const char *prefix, const struct values *t)
{
	long double sum = 0, squares = 0, mean = 0;
	int64_t min = INT64_MAX, max = INT64_MIN;

	for (size_t i = 0; i < t->n; i++) {
		min = t->v[i] < min ? t->v[i] : min;
		max = t->v[i] > max ? t->v[i] : max;
		sum += (long double)t->v[i];
	}
	if (t->n)
		mean = sum / (long double)t->n;
	for (size_t i = 0; i < t->n; i++)
		squares += ((long double)t->v[i] - mean) * ((long double)t->v[i] - mean);
	check_time(row, prefix, "min", t->n > 0, (long double)min);
	check_time(row, prefix, "max", t->n > 0, (long double)max);
	check_time(row, prefix, "avg", t->n > 0, mean);
	check_time(row, prefix, "sd", t->n > 0, t->n ? sqrtl(squares / (long double)t->n) : 0);
}

/* Each row of `r` is one bag, and each bag one row. */
static void compare(const struct result *r, key_maker make, const void *ctx)
{
	struct bags b = bags_make(make, ctx);

	CHECK(result_count(r) == b.n);
	for (size_t i = 0; i < b.n; i++) {
		char key[KEY_MAX] = "";
		struct row row;

		row_at(r, i, &row);
		make(&row, ctx, key);
		struct bag *bag = make == own_key ? &b.v[i] : bag_find(&b, key);
		if (!bag || strcmp(bag->key, key) != 0 || bag->seen)
			fail_msg("%s: %s: no or two rows of %s", brute.path, brute.doing, key);
		bag->seen = true;
		check_counters(&row, bag);
		for (unsigned k = 0; k < TIMES; k++)
			check_times(&row, time_names[k], &bag->times[k]);
	}
	bags_free(&b);
}

void check_groups(void)
{
	static const char *const by[][GROUP_FIELDS] = { { "proto" }, { "server" }, { "server_port" }, { "client", "server" },
		{ "vlan", "proto" }, { "point" }, { "client_net" }, { "server_net", "client" } };

	brute.doing = "flows against their microflows and packets";
	compare(brute.flows, own_key, NULL);
	brute.doing = "macroflows against their microflows and packets";
	compare(brute.macros, service_text, NULL);
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		struct query q;

		query_init(&q, TIER_FLOW);
		for (size_t k = 0; k < GROUP_FIELDS && by[i][k]; k++)
			q.group[q.n_group++] = field_find(by[i][k], TIER_FLOW);
		brute.doing = by[i][0];
		struct result *r = ask(&q);
		compare(r, group_key, &q);
		result_free(r);
	}
}
