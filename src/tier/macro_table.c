/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/macro_table.h"

#include "base/hash.h"
#include "base/mem.h"
#include "flow/sketch.h"

#include <stdlib.h>
#include <string.h>

static uint64_t service_hash(const struct service_key *k)
{
	uint64_t address = hash_bytes(&k->server, sizeof(k->server), (uint64_t)k->window_ns);

	return hash_mix(address ^ (uint64_t)k->proto << 32 ^ (uint64_t)k->port << 8 ^ k->has_port ^
		(uint64_t)k->point << 48);
}

/* ---- parts --------------------------------------------------------------------------- */

struct macro_table {
	struct macro_part *v;
	size_t n, cap;
	uint32_t *slots;         /* index + 1; 0 empty */
	size_t mask;
};

enum rc macro_table_new(struct macro_table **out, struct err *err)
{
	struct macro_table *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return err_memory(err);
	t->mask = 1023;
	t->slots = mem_calloc(t->mask + 1, sizeof(*t->slots));
	if (!t->slots) {
		mem_free(t);
		return err_memory(err);
	}
	*out = t;
	return RC_DONE;
}

void macro_table_free(struct macro_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		record_free(&t->v[i].rec);
	mem_free(t->v);
	mem_free(t->slots);
	mem_free(t);
}

void macro_table_clear(struct macro_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		record_free(&t->v[i].rec);
	t->n = 0;
	memset(t->slots, 0, (t->mask + 1) * sizeof(*t->slots));
}

/* Where a key is, or would go. */
static uint32_t *slot_of(struct macro_table *t, const struct service_key *key)
{
	size_t at = (size_t)service_hash(key) & t->mask;

	while (t->slots[at] != 0 && service_cmp(&t->v[t->slots[at] - 1].key, key) != 0)
		at = (at + 1) & t->mask;
	return &t->slots[at];
}

static enum rc grow_slots(struct macro_table *t, struct err *err)
{
	size_t count = (t->mask + 1) * 2;
	uint32_t *slots = mem_calloc(count, sizeof(*slots));

	if (!slots)
		return err_memory(err);
	mem_free(t->slots);
	t->slots = slots;
	t->mask = count - 1;
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, &t->v[i].key) = (uint32_t)i + 1;
	return RC_DONE;
}

enum rc macro_table_get(struct macro_table *t, const struct service_key *key, struct macro_part **out,
	struct err *err)
{
	uint32_t *slot = slot_of(t, key);
	enum rc rc;

	if (*slot != 0) {
		*out = &t->v[*slot - 1];
		return RC_DONE;
	}
	if (t->n * 2 > t->mask) {
		rc = grow_slots(t, err);
		if (rc != RC_DONE)
			return rc;
		slot = slot_of(t, key);
	}
	if (mem_grow(&t->v, &t->cap, t->n + 1, sizeof(*t->v)) != 0)
		return err_memory(err);
	struct macro_part *part = &t->v[t->n];
	part->key = *key;
	record_init(&part->rec, TIER_MACROFLOW);
	rc = sketch_new(&part->rec.clients, err);
	if (rc != RC_DONE)
		return rc;
	*slot = (uint32_t)++t->n;
	*out = part;
	return RC_DONE;
}

static int by_service(const void *a, const void *b)
{
	const struct macro_part *x = a, *y = b;

	return service_cmp(&x->key, &y->key);
}

struct macro_part *macro_table_sorted(struct macro_table *t, size_t *n)
{
	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), by_service);
	*n = t->n;
	return t->v;
}

/* ---- identities ----------------------------------------------------------------------- */

struct identity {
	struct service_key key;
	struct record_id id;     /* block 0: empty */
};

/* Two generations: the younger fills, then takes the elder's place. */
struct generation {
	struct identity *v;      /* open addressing */
	size_t n;
};

enum { ID_SLOTS = MACRO_IDS * 2 };

struct macro_ids {
	struct generation young, old;
};

enum rc macro_ids_new(struct macro_ids **out, struct err *err)
{
	struct macro_ids *m = mem_calloc(1, sizeof(*m));

	if (!m)
		return err_memory(err);
	m->young.v = mem_calloc(ID_SLOTS, sizeof(*m->young.v));
	m->old.v = mem_calloc(ID_SLOTS, sizeof(*m->old.v));
	if (!m->young.v || !m->old.v) {
		macro_ids_free(m);
		return err_memory(err);
	}
	*out = m;
	return RC_DONE;
}

void macro_ids_free(struct macro_ids *m)
{
	if (!m)
		return;
	mem_free(m->young.v);
	mem_free(m->old.v);
	mem_free(m);
}

static struct identity *identity_slot(const struct generation *g, const struct service_key *key)
{
	size_t at = (size_t)service_hash(key) % ID_SLOTS;

	while (g->v[at].id.block != 0 && service_cmp(&g->v[at].key, key) != 0)
		at = (at + 1) % ID_SLOTS;
	return &g->v[at];
}

void macro_ids_carry(struct macro_ids *m, const struct service_key *key, struct record_id *id)
{
	struct identity *young = identity_slot(&m->young, key);

	if (young->id.block != 0) {
		*id = young->id;
		return;
	}
	const struct identity *old = identity_slot(&m->old, key);
	if (old->id.block != 0)
		*id = old->id;
	if (m->young.n == MACRO_IDS) {
		struct generation full = m->young;
		m->young = m->old;
		m->old = full;
		memset(m->young.v, 0, ID_SLOTS * sizeof(*m->young.v));
		m->young.n = 0;
		young = identity_slot(&m->young, key);
	}
	*young = (struct identity){*key, *id};
	m->young.n++;
}
