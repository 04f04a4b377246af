/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/observation.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

struct observations {
	size_t max, n, cap;
	struct observation *v;       /* their names are copies of our own */
	uint32_t *slots;             /* open addressing, linear: index + 1, 0 empty */
	size_t n_slots;              /* a power of two, or 0 */
	bool sorted;                 /* v is; then the slots are of no use */
	bool failed;
	uint64_t refused;
};

const char *seen_by_name(enum seen_by s)
{
	static const char *const names[SEEN_BYS] = {
		[SEEN_DNS] = "dns", [SEEN_MDNS] = "mdns", [SEEN_DHCP] = "dhcp", [SEEN_SNI] = "sni",
		[SEEN_CAPTURE] = "capture",
	};

	return s < SEEN_BYS ? names[s] : "";
}

int observation_cmp(const struct observation *a, const struct observation *b)
{
	int cmp = addr_cmp(&a->addr, &b->addr);

	if (cmp == 0)
		cmp = a->by - b->by;
	if (cmp == 0)
		cmp = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);
	return cmp != 0 ? cmp : a->len - b->len;
}

/* ---- made and freed ---------------------------------------------------------------------- */

enum rc observations_new(size_t max, struct observations **out, struct err *err)
{
	struct observations *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return err_memory(err);
	s->max = max;
	*out = s;
	return RC_DONE;
}

void observations_clear(struct observations *s)
{
	for (size_t i = 0; i < s->n; i++)
		mem_free((char *)s->v[i].name);
	if (s->n > 0)
		memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
	s->n = 0;
	s->sorted = s->failed = false;
	s->refused = 0;
}

void observations_free(struct observations *s)
{
	if (!s)
		return;
	observations_clear(s);
	mem_free(s->v);
	mem_free(s->slots);
	mem_free(s);
}

/* ---- adding -------------------------------------------------------------------------------- */

static uint64_t hash(const struct observation *o)
{
	return hash_bytes(o->name, o->len, hash_bytes(&o->addr, sizeof(o->addr), o->by));
}

/* The slot of an equal one, or the empty one where it would go. */
static uint32_t *slot_of(const struct observations *s, const struct observation *o)
{
	size_t mask = s->n_slots - 1, at = (size_t)hash(o) & mask;

	while (s->slots[at] != 0 && observation_cmp(&s->v[s->slots[at] - 1], o) != 0)
		at = (at + 1) & mask;
	return &s->slots[at];
}

static void fill_slots(struct observations *s)
{
	memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
	for (size_t i = 0; i < s->n; i++)
		*slot_of(s, &s->v[i]) = (uint32_t)(i + 1);
	s->sorted = false;
}

/* Room for one more; half of the slots stay empty. */
static bool grow(struct observations *s)
{
	if (mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v)) != 0)
		return false;
	if ((s->n + 1) * 2 > s->n_slots) {
		size_t n = s->n_slots > 0 ? s->n_slots * 2 : FIRST_SLOTS;
		uint32_t *slots = mem_calloc(n, sizeof(*slots));

		if (!slots)
			return false;
		mem_free(s->slots);
		s->slots = slots;
		s->n_slots = n;
		s->sorted = true;
	}
	if (s->sorted)
		fill_slots(s);
	return true;
}

static void widen(struct observation *to, const struct observation *o)
{
	if (o->first_ns < to->first_ns)
		to->first_ns = o->first_ns;
	if (o->last_ns > to->last_ns)
		to->last_ns = o->last_ns;
}

/* A new one; its slot is empty. */
static bool append(struct observations *s, const struct observation *o, uint32_t *slot)
{
	char *copy = mem_alloc(o->len);

	if (!copy)
		return false;
	memcpy(copy, o->name, o->len);
	s->v[s->n] = *o;
	s->v[s->n++].name = copy;
	*slot = (uint32_t)s->n;
	return true;
}

void observations_add(struct observations *s, const struct observation *o)
{
	uint32_t *slot;

	if (o->len == 0 || o->addr.kind == ADDR_NONE || s->failed)
		return;
	s->failed = !grow(s);
	if (s->failed)
		return;
	slot = slot_of(s, o);
	if (*slot != 0)
		widen(&s->v[*slot - 1], o);
	else if (s->n >= s->max)
		s->refused++;
	else
		s->failed = !append(s, o, slot);
}

bool observations_failed(const struct observations *s)
{
	return s->failed;
}

/* ---- asking -------------------------------------------------------------------------------- */

size_t observations_count(const struct observations *s)
{
	return s->n;
}

uint64_t observations_refused(const struct observations *s)
{
	return s->refused;
}

static int by_order(const void *a, const void *b)
{
	return observation_cmp(a, b);
}

const struct observation *observations_sorted(struct observations *s)
{
	if (s->n == 0)
		return NULL;
	if (!s->sorted)
		qsort(s->v, s->n, sizeof(*s->v), by_order);
	s->sorted = true;
	return s->v;
}
