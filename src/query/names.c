/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/names.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/segment.h"

#include <string.h>

enum {
	ANSWERS = 1 << 13,           /* addresses and hours that are remembered; then all are forgotten */
	CANDIDATES = 64,             /* observations of an address and hour; the worst go */
};

#define HOUR_NS (3600 * INT64_C(1000000000))

/* What an address was called around an hour. */
struct answer {
	struct addr addr;
	unsigned store;
	int64_t hour_ns;
	struct observation *v;       /* their names are copies */
	size_t n, cap;
};

struct open_segment {
	uint32_t block, number;
	unsigned store;              /* + 1; 0: free */
	struct segment *segment;     /* NULL: it has no names, or cannot be read */
	uint64_t used;
};

/* A store's snapshot as it was when its segments were looked at, and which of them are near the hour. */
struct snapshot {
	const struct segment_place *segments;
	size_t n_segments;
	uint64_t packets;
	int64_t hour_ns;             /* of `near` */
	size_t near[NAMES_SEGMENTS], n_near;
	bool known;
};

struct names {
	struct name_source source;   /* the first member */
	struct store *const *stores;
	size_t n;
	const struct hosts *hosts;
	struct snapshot *snapshots;
	struct open_segment open[NAMES_SEGMENTS];
	uint64_t uses;
	struct answer *answers;
	uint32_t *slots;             /* 2 * ANSWERS, by address and hour: number + 1 */
	size_t n_answers;
};

/* ---- forgetting --------------------------------------------------------------------------- */

static void free_answer(struct answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		mem_free((char *)a->v[i].name);
	mem_free(a->v);
}

static void forget_answers(struct names *n)
{
	for (size_t i = 0; i < n->n_answers; i++)
		free_answer(&n->answers[i]);
	if (n->slots)
		memset(n->slots, 0, 2 * ANSWERS * sizeof(*n->slots));
	n->n_answers = 0;
}

void names_forget(struct names *n)
{
	if (!n)
		return;
	forget_answers(n);
	for (size_t i = 0; i < NAMES_SEGMENTS; i++)
		segment_close(n->open[i].segment);
	memset(n->open, 0, sizeof(n->open));
	memset(n->snapshots, 0, n->n * sizeof(*n->snapshots));
}

/* ---- segments near a time ------------------------------------------------------------------- */

static int64_t distance(const struct segment_place *p, int64_t hour_ns)
{
	if (p->first_ns > time_add(hour_ns, HOUR_NS))
		return time_sub(p->first_ns, hour_ns);
	return p->last_ns < hour_ns ? time_sub(hour_ns, p->last_ns) : 0;
}

/* The segments that are nearest, in order of distance; of equal ones the first. */
static void find_near(struct snapshot *s, int64_t hour_ns)
{
	s->n_near = 0;
	s->hour_ns = hour_ns;
	for (size_t i = 0; i < s->n_segments; i++) {
		const struct segment_place *p = &s->segments[i];
		int64_t far = distance(p, hour_ns);
		size_t at = s->n_near;

		if (p->packets == 0 || far > time_add(NAMES_NEAR_NS, HOUR_NS))
			continue;
		while (at > 0 && distance(&s->segments[s->near[at - 1]], hour_ns) > far)
			at--;
		if (at == NAMES_SEGMENTS)
			continue;
		if (s->n_near < NAMES_SEGMENTS)
			s->n_near++;
		memmove(&s->near[at + 1], &s->near[at], (s->n_near - 1 - at) * sizeof(s->near[0]));
		s->near[at] = i;
	}
}

/* The segments of a store around an hour. Where its snapshot is another one all is forgotten. */
static const struct snapshot *look_at(struct names *n, unsigned store, int64_t hour_ns)
{
	struct snapshot *s = &n->snapshots[store];
	size_t segments;
	const struct segment_place *v = store_segments(n->stores[store], &segments);
	uint64_t packets = store_totals(n->stores[store])->packets;

	if (s->known && (s->segments != v || s->n_segments != segments || s->packets != packets))
		names_forget(n);
	if (s->known && s->hour_ns == hour_ns)
		return s;
	*s = (struct snapshot){ .segments = v, .n_segments = segments, .packets = packets, .known = true };
	find_near(s, hour_ns);
	return s;
}

static bool take_any(void *ctx, const struct observation *o)
{
	(void)o;
	*(bool *)ctx = true;
	return false;
}

/* Opened, or as it was; NULL where it has no names. */
static struct segment *open_segment(struct names *n, unsigned store, const struct segment_place *p)
{
	struct open_segment *oldest = &n->open[0];
	bool any = false;

	for (size_t i = 0; i < NAMES_SEGMENTS; i++) {
		struct open_segment *o = &n->open[i];

		if (o->store == store + 1 && o->block == p->block && o->number == p->number) {
			o->used = ++n->uses;
			return o->segment;
		}
		if (o->used < oldest->used)
			oldest = o;
	}
	segment_close(oldest->segment);
	*oldest = (struct open_segment){ .store = store + 1, .block = p->block, .number = p->number, .used = ++n->uses };
	if (store_open_segment(n->stores[store], p, &oldest->segment, NULL, NULL) != RC_DONE)
		oldest->segment = NULL;
	if (oldest->segment && (segment_all_names(oldest->segment, take_any, &any, NULL) != RC_DONE || !any)) {
		segment_close(oldest->segment);
		oldest->segment = NULL;
	}
	return oldest->segment;
}

/* ---- what an address was called ---------------------------------------------------------------- */

/* Best first. */
static unsigned rank(uint8_t by)
{
	static const uint8_t ranks[SEEN_BYS] = {
		[SEEN_CAPTURE] = 0, [SEEN_DNS] = 1, [SEEN_MDNS] = 2, [SEEN_DHCP] = 3, [SEEN_SNI] = 4,
	};

	return ranks[by];
}

/* By source; then seen at or before the time, and last; else first behind it. */
static bool is_better(const struct observation *a, const struct observation *b, int64_t time_ns)
{
	bool a_before = a->first_ns <= time_ns, b_before = b->first_ns <= time_ns;
	int64_t a_last = a->last_ns < time_ns ? a->last_ns : time_ns, b_last = b->last_ns < time_ns ? b->last_ns : time_ns;

	if (rank(a->by) != rank(b->by))
		return rank(a->by) < rank(b->by);
	if (a_before != b_before)
		return a_before;
	if (a_before && a_last != b_last)
		return a_last > b_last;
	if (a->first_ns != b->first_ns)
		return (a->first_ns > b->first_ns) == a_before;
	return observation_cmp(a, b) < 0;
}

static bool is_near(const struct observation *o, int64_t time_ns)
{
	return o->last_ns >= time_sub(time_ns, NAMES_NEAR_NS) && o->first_ns <= time_add(time_ns, NAMES_NEAR_NS);
}

/* Puts one more among the candidates; where there are too many the worst for the middle of the hour goes. */
static bool take_candidate(void *ctx, const struct observation *o)
{
	struct answer *a = ctx;
	int64_t middle = time_add(a->hour_ns, HOUR_NS / 2);
	size_t at = a->n;
	char *name;

	if (a->n == CANDIDATES) {
		at = 0;
		for (size_t i = 1; i < a->n; i++)
			if (is_better(&a->v[at], &a->v[i], middle))
				at = i;
		if (!is_better(o, &a->v[at], middle))
			return true;
	}
	if (mem_grow(&a->v, &a->cap, at + 1, sizeof(*a->v)) != 0 || !(name = mem_alloc(o->len)))
		return false;
	memcpy(name, o->name, o->len);
	if (at == a->n)
		a->n++;
	else
		mem_free((char *)a->v[at].name);
	a->v[at] = *o;
	a->v[at].name = name;
	return true;
}

static uint32_t *slot_of(const struct names *n, const struct answer *key)
{
	uint64_t seed = hash_mix((uint64_t)key->hour_ns ^ key->store);
	size_t mask = 2 * ANSWERS - 1, at = (size_t)hash_bytes(&key->addr, sizeof(key->addr), seed) & mask;

	while (n->slots[at] != 0) {
		const struct answer *a = &n->answers[n->slots[at] - 1];

		if (a->hour_ns == key->hour_ns && a->store == key->store && addr_equal(&a->addr, &key->addr))
			break;
		at = (at + 1) & mask;
	}
	return &n->slots[at];
}

static const struct answer *answer_of(struct names *n, unsigned store, const struct addr *addr, int64_t time_ns)
{
	struct answer key = { .addr = *addr, .store = store, .hour_ns = time_floor(time_ns, HOUR_NS) };
	const struct snapshot *s = look_at(n, store, key.hour_ns);
	uint32_t *slot = slot_of(n, &key);

	if (*slot != 0)
		return &n->answers[*slot - 1];
	if (n->n_answers == ANSWERS) {
		forget_answers(n);
		slot = slot_of(n, &key);
	}
	for (size_t i = 0; i < s->n_near; i++) {
		struct segment *segment = open_segment(n, store, &s->segments[s->near[i]]);

		if (segment)
			segment_names(segment, addr, take_candidate, &key, NULL);
	}
	n->answers[n->n_answers++] = key;
	*slot = (uint32_t)n->n_answers;
	return &n->answers[n->n_answers - 1];
}

static const struct observation *best_of(const struct answer *a, int64_t time_ns)
{
	const struct observation *best = NULL;

	for (size_t i = 0; i < a->n; i++)
		if (is_near(&a->v[i], time_ns) && (!best || is_better(&a->v[i], best, time_ns)))
			best = &a->v[i];
	return best;
}

static bool name_at(const struct name_source *source, unsigned number, const struct addr *a, int64_t time_ns, char *out,
	size_t size)
{
	struct names *n = (struct names *)(uintptr_t)source;
	unsigned store = number > 0 ? number - 1 : 0;
	const struct observation *best = NULL;
	const char *name;

	if (store < n->n && n->stores[store])
		best = best_of(answer_of(n, store, a, time_ns), time_ns);
	if (best) {
		text_escape_to(out, size, best->name, best->len);
		return true;
	}
	name = n->hosts ? hosts_find(n->hosts, a) : NULL;
	if (name)
		text_escape_to(out, size, name, strlen(name));
	return name != NULL;
}

/* ---- made and freed -------------------------------------------------------------------------- */

enum rc names_new(struct store *const *stores, size_t n, const struct hosts *hosts, struct names **out, struct err *err)
{
	struct names *made = mem_calloc(1, sizeof(*made));

	if (!made)
		return err_memory(err);
	made->source.name = name_at;
	made->stores = stores;
	made->n = n;
	made->hosts = hosts;
	made->snapshots = mem_calloc(n + 1, sizeof(*made->snapshots));
	made->answers = mem_calloc(ANSWERS, sizeof(*made->answers));
	made->slots = mem_calloc(2 * ANSWERS, sizeof(*made->slots));
	if (!made->snapshots || !made->answers || !made->slots) {
		names_free(made);
		return err_memory(err);
	}
	*out = made;
	return RC_DONE;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	if (n->snapshots && n->answers && n->slots)
		names_forget(n);
	mem_free(n->snapshots);
	mem_free(n->answers);
	mem_free(n->slots);
	mem_free(n);
}

const struct name_source *names_source(struct names *n)
{
	return n ? &n->source : NULL;
}
