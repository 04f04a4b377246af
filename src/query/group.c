/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups: records that agree in some fields, merged into one. Fields in which they differ become unknown. Records seen at
 * different capture points are kept apart: the same packets seen twice must not be added up.
 */
#include "query/query_priv.h"

#include "base/hash.h"
#include "base/mem.h"
#include "flow/sketch.h"

enum { GROUP_TEXTS = 128 << 20 };

struct group {
	struct record rec;
	uint32_t source;
	const struct point_info *point;
	int64_t capture_end_ns, flow_slice_ns;
	const struct health_limits *limits;
	const struct name_source *names;
	bool rtt_unknown; /* a member had several round-trip times that are not told apart */
	uint64_t hash;
	size_t key_at, key_len; /* in keys */
};

struct groups {
	struct run *run;
	bool by_point; /* kept apart though not asked for */
	bool by_service, by_app;
	bool by_client_net, by_server_net; /* and not by the address itself */
	const struct field *app;
	const struct field *end_reason;
	struct group **v; /* each by itself: rows point to them */
	size_t n, cap;
	uint32_t *buckets; /* open addressing: index + 1 */
	size_t n_buckets;
	struct buf keys, key;
	struct texts *texts; /* of the groups' records */
	uint64_t bytes;
};

/* ---- what can be grouped --------------------------------------------------------------------- */

static bool stays_same(const struct field *f)
{
	if (f->id < FIELD_STORED_END)
		return f->merge != MERGE_SUM && f->merge != MERGE_UNION && f->unit != UNIT_TIME;
	return f->type == TYPE_TEXT || strcmp(f->name, "slice") == 0;
}

enum rc groups_check(const struct query *q, struct err *err)
{
	if (q->n_group == 0)
		return RC_DONE;
	if (q->tier != TIER_MICROFLOW && q->tier != TIER_FLOW && q->tier != TIER_MACROFLOW)
		return err_set(err, RC_USAGE, "group-by",
			"%s cannot be grouped: microflows, flows and macroflows can",
			tier_plural(q->tier));
	for (size_t i = 0; i < q->n_group; i++)
		if (!stays_same(q->group[i]))
			return err_set(err, RC_USAGE, q->group[i]->name,
				"groups are made by what their members share, as server or "
				"proto");
	return RC_DONE;
}

static bool asks_for(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->n_group; i++)
		if (strcmp(q->group[i]->name, name) == 0)
			return true;
	return false;
}

bool query_groups_by_point(const struct query_sources *sources, const struct query *q)
{
	size_t points = 0;

	if (q->n_group == 0 || asks_for(q, "point"))
		return false;
	for (size_t i = 0; i < sources->n; i++) {
		size_t n = 0;
		const struct point_info *p =
			sources->stores[i] ? store_points(sources->stores[i], &n) : NULL;

		for (size_t k = 0; k < n; k++)
			points += p[k].packets > 0;
	}
	return points > 1;
}

/* ---- set up ------------------------------------------------------------------------------------ */

enum rc groups_new(struct run *run, struct groups **out, struct err *err)
{
	struct groups *g = mem_calloc(1, sizeof(*g));

	if (!g)
		return err_memory(err);
	g->run = run;
	g->by_point = query_groups_by_point(run->sources, run->q);
	g->by_service = asks_for(run->q, "service");
	g->by_app = asks_for(run->q, "app");
	g->by_client_net = asks_for(run->q, "client_net") && !asks_for(run->q, "client");
	g->by_server_net = asks_for(run->q, "server_net") && !asks_for(run->q, "server");
	g->app = field_find("app", run->q->tier);
	g->end_reason = field_find("end_reason", run->q->tier);
	buf_init(&g->keys);
	buf_init(&g->key);
	enum rc rc = texts_new(GROUP_TEXTS, &g->texts, err);
	if (rc != RC_DONE) {
		mem_free(g);
		return rc;
	}
	*out = g;
	return RC_DONE;
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++) {
		record_free(&g->v[i]->rec);
		mem_free(g->v[i]);
	}
	mem_free(g->v);
	mem_free(g->buckets);
	buf_free(&g->keys);
	buf_free(&g->key);
	texts_free(g->texts);
	mem_free(g);
}

/* ---- keys -------------------------------------------------------------------------------------- */

static void put_value(struct buf *b, const struct value *v)
{
	switch (v->type) {
	case TYPE_ADDR: buf_put(b, &v->addr, sizeof(v->addr)); break;
	case TYPE_TEXT:
		buf_put_varint(b, strlen(v->text));
		buf_put_str(b, v->text);
		break;
	case TYPE_REAL: buf_put(b, &v->real, sizeof(v->real)); break;
	case TYPE_U128: buf_put(b, &v->big, sizeof(v->big)); break;
	case TYPE_ID: buf_put_le64(b, record_id_number(v->id.rec)); break;
	default: buf_put_le64(b, v->u); break;
	}
}

/* The key of a row's group: sources and, where there are several, points apart. */
static void make_key(struct groups *g, const struct row *row, const struct record *member)
{
	const struct query *q = g->run->q;
	struct row seen = *row;
	struct value v;

	seen.record = member;
	buf_clear(&g->key);
	buf_put_le32(&g->key, row->source);
	if (g->by_point)
		buf_put_le32(&g->key, member->key.point);
	if (g->by_service) {
		/* two ports of one name are two services */
		buf_put_le32(&g->key, member->key.proto);
		buf_put_le32(
			&g->key, member->key.has_ports ? member->key.server_port : UINT32_MAX);
	}
	for (size_t i = 0; i < q->n_group; i++) {
		bool known = field_get(q->group[i], &seen, &v);

		buf_put_u8(&g->key, known);
		if (known)
			put_value(&g->key, &v);
	}
}

static enum rc grow_buckets(struct groups *g, struct err *err)
{
	size_t n = g->n_buckets ? g->n_buckets * 2 : 256;
	uint32_t *buckets = mem_calloc(n, sizeof(*buckets));

	if (!buckets)
		return err_memory(err);
	mem_free(g->buckets);
	g->buckets = buckets;
	g->n_buckets = n;
	for (size_t i = 0; i < g->n; i++) {
		size_t b = g->v[i]->hash & (n - 1);

		while (buckets[b])
			b = (b + 1) & (n - 1);
		buckets[b] = (uint32_t)i + 1;
	}
	return RC_DONE;
}

static struct group *find_group(struct groups *g, uint64_t hash, size_t *bucket)
{
	size_t b = hash & (g->n_buckets - 1);

	for (; g->buckets[b]; b = (b + 1) & (g->n_buckets - 1)) {
		struct group *group = g->v[g->buckets[b] - 1];

		if (group->hash == hash && group->key_len == g->key.len &&
			memcmp(g->keys.data + group->key_at, g->key.data, g->key.len) == 0)
			return group;
	}
	*bucket = b;
	return NULL;
}

static enum rc new_group(struct groups *g, const struct row *row, uint64_t hash, size_t bucket,
	struct group **out, struct err *err)
{
	struct group *group;

	g->bytes += sizeof(*group) + g->key.len + 512;
	if (g->bytes > g->run->memory_max)
		return err_set(err, RC_LIMIT, "group-by", "more than %llu MB of groups",
			(unsigned long long)(g->run->memory_max / 1000000));
	group = mem_calloc(1, sizeof(*group));
	if (!group || mem_grow(&g->v, &g->cap, g->n + 1, sizeof(struct group *)) != 0) {
		mem_free(group);
		return err_memory(err);
	}
	record_init(&group->rec, row->tier);
	group->rec.texts = g->texts;
	group->source = row->source;
	group->point = row->point;
	group->capture_end_ns = row->capture_end_ns;
	group->flow_slice_ns = row->flow_slice_ns;
	group->limits = row->limits;
	group->names = row->names;
	group->hash = hash;
	group->key_at = g->keys.len;
	group->key_len = g->key.len;
	buf_put(&g->keys, g->key.data, g->key.len);
	g->v[g->n++] = group;
	g->buckets[bucket] = (uint32_t)g->n;
	*out = group;
	return g->keys.failed ? err_memory(err) : RC_DONE;
}

/* ---- members ----------------------------------------------------------------------------------- */

static bool is_ip(const struct addr *a)
{
	return a->kind == ADDR_IPV4 || a->kind == ADDR_IPV6;
}

/* The network's address, so that members agree in it. */
static void mask(struct addr *a)
{
	struct addr_net net;

	if (!is_ip(a))
		return;
	addr_net_of(&net, a, a->kind == ADDR_IPV4 ? FIELD_NET_BITS_4 : FIELD_NET_BITS_6);
	*a = net.addr;
}

/*
 * What a member says by itself is said now: how it ended is found on reading, from its own slice, and
 * its service's port is the macroflow's (0: dynamic).
 */
static void make_member(const struct groups *g, const struct row *row, struct record *member)
{
	struct service_key service;
	struct value v;

	*member = *row->record;
	if (g->end_reason && row->tier == TIER_FLOW && field_get(g->end_reason, row, &v)) {
		member->c.end_reason = (uint8_t)v.u;
		member->c.known |= FIELD_BIT(FIELD_END_REASON);
	}
	/* a guess, and 'several', too */
	if (g->by_app && g->app && !(member->c.known & FIELD_BIT(FIELD_APP)) && field_get(g->app, row, &v)) {
		member->texts = g->run->texts;
		member->c.text[TEXT_APP] = texts_add(member->texts, v.text, strlen(v.text));
		member->c.known |= FIELD_BIT(FIELD_APP);
		member->c.mixed &= ~FIELD_BIT(FIELD_APP);
	}
	if (g->by_client_net)
		mask(&member->key.client);
	if (g->by_server_net)
		mask(&member->key.server);
	if (g->by_service && row->tier != TIER_MACROFLOW && member->key.has_ports) {
		service_of(&service, &member->key, 0);
		member->key.server_port = service.port;
	}
}

/* Bits of all fields that are null where records differ. */
static u128 same_bits(void)
{
	u128 bits = 0;

	for (unsigned id = 0; id < FIELD_STORED_END; id++) {
		const struct field *f = field_stored(id);

		if (f && f->merge == MERGE_SAME)
			bits |= FIELD_BIT(id);
	}
	return bits & ~attribute_fields(ATTRIBUTE_APP);
}

/*
 * In a group 'unknown' differs from a value: an ICMP flow has no port 443. Not so what applications say: flows in which nothing was said have
 * the application of the others, as in a macroflow.
 */
static void merge_unknown(struct record *whole, const struct record *member)
{
	u128 differ = (whole->c.known ^ member->c.known) & same_bits() & ~whole->c.mixed &
		~member->c.mixed;

	whole->c.mixed |= differ;
	whole->c.known &= ~differ;
}

static enum rc add_client(struct group *group, const struct record *member, struct err *err)
{
	enum rc rc = RC_DONE;

	if (member->clients || !(member->c.known & FIELD_BIT(FIELD_CLIENT)))
		return RC_DONE;
	if (!group->rec.clients)
		rc = sketch_new(&group->rec.clients, err);
	return rc == RC_DONE ? sketch_add(group->rec.clients, &member->key.client, err) : rc;
}

/* A flow has one handshake at most: its sum is the value. Where it is not, percentiles are not known. */
static enum rc add_rtt(struct group *group, const struct record *member, struct err *err)
{
	enum rc rc = RC_DONE;

	if (member->rtt || member->c.rtt_n == 0)
		return RC_DONE;
	if (member->c.rtt_n > 1) {
		group->rtt_unknown = true;
		return RC_DONE;
	}
	if (!group->rec.rtt)
		rc = hist_new(&group->rec.rtt, err);
	return rc == RC_DONE ? hist_add(group->rec.rtt, member->c.rtt_sum, err) : rc;
}

/* `own`: the member as it is, with its client's address. */
static enum rc merge_member(
	struct group *group, const struct record *member, const struct record *own, struct err *err)
{
	bool empty = group->rec.id.block == 0;
	enum rc rc;

	if (!empty)
		merge_unknown(&group->rec, member);
	rc = record_merge(&group->rec, member, err);
	if (rc == RC_DONE)
		rc = add_client(group, own, err);
	if (rc == RC_DONE)
		rc = add_rtt(group, member, err);
	if (group->rtt_unknown && group->rec.rtt) {
		hist_free(group->rec.rtt);
		group->rec.rtt = NULL;
	}
	if (!(group->rec.c.known & FIELD_BIT(FIELD_POINT)))
		group->point = NULL;
	return rc;
}

enum rc groups_add(struct groups *g, const struct row *row, struct err *err)
{
	struct record member;
	struct group *group;
	size_t bucket = 0;
	uint64_t hash;
	enum rc rc = RC_DONE;

	make_member(g, row, &member);
	make_key(g, row, &member);
	if (g->key.failed)
		return err_memory(err);
	if (g->n * 2 >= g->n_buckets)
		rc = grow_buckets(g, err);
	if (rc != RC_DONE)
		return rc;
	hash = hash_bytes(g->key.data, g->key.len, 0);
	group = find_group(g, hash, &bucket);
	if (!group)
		rc = new_group(g, row, hash, bucket, &group, err);
	return rc == RC_DONE ? merge_member(group, &member, row->record, err) : rc;
}

size_t groups_count(const struct groups *g)
{
	return g->n;
}

void groups_row(const struct groups *g, size_t i, struct row *out)
{
	struct group *group = g->v[i];

	/* that of a network is nobody's */
	if (g->by_client_net && is_ip(&group->rec.key.client))
		group->rec.c.known &= ~FIELD_BIT(FIELD_CLIENT);
	if (g->by_server_net && is_ip(&group->rec.key.server))
		group->rec.c.known &= ~FIELD_BIT(FIELD_SERVER);
	*out = (struct row){ .tier = group->rec.tier,
		.source = group->source,
		.record = &group->rec,
		.point = group->point,
		.capture_end_ns = group->capture_end_ns,
		.flow_slice_ns = group->flow_slice_ns,
		.limits = group->limits,
		.names = group->names };
}
