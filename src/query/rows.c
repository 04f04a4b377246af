/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/rows.h"

#include "base/hash.h"
#include "base/mem.h"
#include "flow/sketch.h"
#include "query/packed.h"

#include <string.h>

enum { NONE = UINT32_MAX, ROWS_TEXTS = 48 << 20 };

/* A packet with what it says: texts are the pool's, as long as the slot holds them. Its pointers are set when it is lent. */
struct kept_packet {
	struct packet_row packet;
	struct packet_said said;
	uint32_t app, info, name, url;
	bool has_said;
};

struct slot {
	uint32_t source, point; /* point: index into points, NONE */
	uint32_t key; /* packets: index into keys, NONE */
	int64_t capture_end_ns, flow_slice_ns;
	union {
		struct record record;
		struct kept_packet kept;
		struct block_info block;
		struct point_info point_row;
	};
};

struct kept_key {
	uint32_t source, uses, next;
	struct record_id flow;
	struct flow_key key;
};

struct kept_point {
	uint32_t source;
	struct point_info info;
};

struct rows_lent {
	const struct name_source *names;
	unsigned next;
	size_t slot_bytes;
	uint8_t *slots; /* ROWS_LENT */
};

struct rows {
	enum tier tier;
	size_t slot_bytes; /* slots end behind the member that their tier has */
	struct packed *slots;
	size_t summaries;
	struct slot *fresh; /* to be packed */
	struct rows_lent *lent;
	struct kept_point **points;
	size_t n_points, cap_points;
	struct kept_key **keys; /* each by itself: pointers to them stay valid */
	size_t n_keys, cap_keys;
	uint32_t free_key, *buckets; /* chains of keys by `next` */
	size_t n_buckets;
	const struct health_limits *limits;
	struct texts *texts;
};

static size_t slot_bytes(enum tier tier)
{
	size_t head = offsetof(struct slot, record), size;

	switch (tier) {
	case TIER_PACKET: size = sizeof(struct kept_packet); break;
	case TIER_BLOCK: size = sizeof(struct block_info); break;
	case TIER_POINT: size = sizeof(struct point_info); break;
	default: size = sizeof(struct record); break;
	}
	return (head + size + 15) & ~(size_t)15;
}

static struct slot *new_slots(size_t n, size_t bytes)
{
	void *slots = mem_aligned(16, n * bytes);

	if (slots)
		memset(slots, 0, n * bytes);
	return slots;
}

enum rc rows_lent_new(const struct rows *r, const struct name_source *names, struct rows_lent **out, struct err *err)
{
	struct rows_lent *l = mem_calloc(1, sizeof(*l));

	if (l)
		l->slots = (uint8_t *)new_slots(ROWS_LENT, r->slot_bytes);
	if (!l || !l->slots) {
		rows_lent_free(l);
		return err_memory(err);
	}
	l->names = names;
	l->slot_bytes = r->slot_bytes;
	*out = l;
	return RC_DONE;
}

void rows_lent_free(struct rows_lent *l)
{
	if (!l)
		return;
	mem_free(l->slots);
	mem_free(l);
}

enum rc rows_new(enum tier tier, struct rows **out, struct err *err)
{
	struct rows *r = mem_calloc(1, sizeof(*r));
	enum rc rc;

	if (!r)
		return err_memory(err);
	r->tier = tier;
	r->slot_bytes = slot_bytes(tier);
	r->free_key = NONE;
	r->fresh = new_slots(1, r->slot_bytes);
	rc = r->fresh ? packed_new(r->slot_bytes, &r->slots, err) : err_memory(err);
	if (rc == RC_DONE)
		rc = texts_new(ROWS_TEXTS, &r->texts, err);
	if (rc == RC_DONE)
		rc = rows_lent_new(r, NULL, &r->lent, err);
	if (rc != RC_DONE) {
		rows_free(r);
		return rc;
	}
	*out = r;
	return RC_DONE;
}

static bool is_record(const struct rows *r)
{
	return r->tier == TIER_MICROFLOW || r->tier == TIER_FLOW || r->tier == TIER_MACROFLOW;
}

/* ---- what rows share --------------------------------------------------------------------- */

static enum rc keep_point(
	struct rows *r, const struct row *row, uint32_t *index, struct err *err)
{
	*index = NONE;
	if (!row->point)
		return RC_DONE;
	for (size_t i = r->n_points; i-- > 0;)
		if (r->points[i]->source == row->source &&
			r->points[i]->info.number == row->point->number) {
			*index = (uint32_t)i;
			return RC_DONE;
		}
	struct kept_point *p = mem_alloc(sizeof(*p));

	if (!p ||
		mem_grow(&r->points, &r->cap_points, r->n_points + 1,
			sizeof(struct kept_point *)) != 0) {
		mem_free(p);
		return err_memory(err);
	}
	p->source = row->source;
	p->info = *row->point;
	*index = (uint32_t)r->n_points;
	r->points[r->n_points++] = p;
	return RC_DONE;
}

static size_t key_bucket(const struct rows *r, uint32_t source, struct record_id flow)
{
	return (size_t)hash_mix(record_id_number(flow) + source) & (r->n_buckets - 1);
}

static enum rc grow_buckets(struct rows *r, struct err *err)
{
	size_t n = r->n_buckets ? r->n_buckets * 2 : 64;
	uint32_t *buckets = mem_alloc(n * sizeof(*buckets));

	if (!buckets)
		return err_memory(err);
	memset(buckets, 0xff, n * sizeof(*buckets));
	mem_free(r->buckets);
	r->buckets = buckets;
	r->n_buckets = n;
	for (uint32_t i = 0; i < r->n_keys; i++) {
		struct kept_key *k = r->keys[i];
		size_t b = key_bucket(r, k->source, k->flow);

		if (k->uses == 0)
			continue; /* its `next` leads through the free ones */
		k->next = buckets[b];
		buckets[b] = i;
	}
	return RC_DONE;
}

/* Room for one more: a free one, or a new one. */
static enum rc new_key(struct rows *r, uint32_t *index, struct err *err)
{
	struct kept_key *k;

	if (r->free_key != NONE) {
		*index = r->free_key;
		r->free_key = r->keys[*index]->next;
		return RC_DONE;
	}
	k = mem_calloc(1, sizeof(*k));
	if (!k ||
		mem_grow(&r->keys, &r->cap_keys, r->n_keys + 1, sizeof(struct kept_key *)) !=
			0) {
		mem_free(k);
		return err_memory(err);
	}
	*index = (uint32_t)r->n_keys;
	r->keys[r->n_keys++] = k;
	return RC_DONE;
}

static enum rc keep_key(struct rows *r, const struct row *row, uint32_t *index, struct err *err)
{
	const struct packet_row *p = row->packet;
	struct kept_key *k;
	enum rc rc = RC_DONE;
	size_t b;

	*index = NONE;
	if (r->tier != TIER_PACKET || !p->key)
		return RC_DONE;
	if (r->n_keys >= r->n_buckets)
		rc = grow_buckets(r, err);
	if (rc != RC_DONE)
		return rc;
	b = key_bucket(r, row->source, p->flow);
	for (uint32_t i = r->buckets[b]; i != NONE; i = r->keys[i]->next)
		if (r->keys[i]->source == row->source &&
			record_id_equal(r->keys[i]->flow, p->flow)) {
			r->keys[i]->uses++;
			*index = i;
			return RC_DONE;
		}
	rc = new_key(r, index, err);
	if (rc != RC_DONE)
		return rc;
	k = r->keys[*index];
	*k = (struct kept_key){ row->source, 1, r->buckets[b], p->flow, *p->key };
	r->buckets[b] = *index;
	return RC_DONE;
}

static void drop_key(struct rows *r, uint32_t index)
{
	struct kept_key *k = r->keys[index];
	uint32_t *at = &r->buckets[key_bucket(r, k->source, k->flow)];

	if (--k->uses > 0)
		return;
	while (*at != index)
		at = &r->keys[*at]->next;
	*at = k->next;
	k->next = r->free_key;
	r->free_key = index;
}

/* ---- slots --------------------------------------------------------------------------------- */

static enum rc copy_hist(
	struct rows *r, struct hist **to, const struct hist *from, struct err *err)
{
	enum rc rc;

	if (!from)
		return RC_DONE;
	rc = hist_new(to, err);
	r->summaries += 128;
	return rc == RC_DONE ? hist_merge(*to, from, err) : rc;
}

static void drop_texts(struct rows *r, struct record *rec)
{
	for (unsigned i = 0; i < RECORD_TEXTS; i++) {
		texts_drop(r->texts, rec->c.text[i]);
		rec->c.text[i] = 0;
	}
	for (unsigned i = 0; rec->media && i < MEDIA_TEXTS; i++)
		texts_drop(r->texts, rec->media->text[i]);
}

static enum rc copy_record(
	struct rows *r, struct record *to, const struct record *from, struct err *err)
{
	enum rc rc = RC_DONE;

	*to = *from;
	to->texts = r->texts;
	if (from->c.known & text_fields())
		counters_move_texts(&to->c, from->texts, r->texts);
	to->clients = NULL;
	to->media = NULL;
	to->rtt = to->response = NULL;
	if (from->media) {
		struct media media = *from->media;

		media_move_texts(&media, from->texts, r->texts);
		rc = media_join(&to->media, &media, err);
		r->summaries += sizeof(media);
	}
	if (rc == RC_DONE && from->clients) {
		rc = sketch_new(&to->clients, err);
		if (rc == RC_DONE)
			rc = sketch_merge(to->clients, from->clients, err);
		r->summaries += 512;
	}
	if (rc == RC_DONE)
		rc = copy_hist(r, &to->rtt, from->rtt, err);
	if (rc == RC_DONE)
		rc = copy_hist(r, &to->response, from->response, err);
	if (rc != RC_DONE) {
		drop_texts(r, to);
		record_free(to);
	}
	return rc;
}

static void keep_text(struct rows *r, const char **text, uint32_t *number)
{
	*number = texts_add(r->texts, *text, strlen(*text));
	*text = NULL;
}

static void keep_packet(struct rows *r, struct kept_packet *to, const struct packet_row *from)
{
	to->packet = *from;
	to->packet.said = NULL;
	to->packet.key = NULL;
	to->has_said = from->said != NULL;
	if (!from->said)
		return;
	to->said = *from->said;
	keep_text(r, &to->said.app, &to->app);
	keep_text(r, &to->said.info, &to->info);
	keep_text(r, &to->said.name, &to->name);
	keep_text(r, &to->said.url, &to->url);
}

static void drop_packet(struct rows *r, struct kept_packet *k)
{
	texts_drop(r->texts, k->app);
	texts_drop(r->texts, k->info);
	texts_drop(r->texts, k->name);
	texts_drop(r->texts, k->url);
	k->app = k->info = k->name = k->url = 0;
}

static enum rc fill(struct rows *r, struct slot *s, const struct row *row, struct err *err)
{
	enum rc rc;

	memset(s, 0, r->slot_bytes);
	s->point = s->key = NONE;
	s->source = row->source;
	s->capture_end_ns = row->capture_end_ns;
	s->flow_slice_ns = row->flow_slice_ns;
	r->limits = row->limits;
	if (row->names)
		r->lent->names = row->names;
	if (r->tier == TIER_POINT) {
		s->point_row = *row->point;
		return RC_DONE;
	}
	rc = keep_point(r, row, &s->point, err);
	if (rc != RC_DONE)
		return rc;
	if (r->tier == TIER_BLOCK)
		s->block = *row->block;
	else if (is_record(r))
		rc = copy_record(r, &s->record, row->record, err);
	else {
		keep_packet(r, &s->kept, row->packet);
		rc = keep_key(r, row, &s->key, err);
	}
	return rc;
}

static void empty(struct rows *r, struct slot *s)
{
	if (is_record(r)) {
		drop_texts(r, &s->record);
		record_free(&s->record);
	} else if (r->tier == TIER_PACKET) {
		drop_packet(r, &s->kept);
	}
	if (s->key != NONE)
		drop_key(r, s->key);
	s->key = NONE;
}

enum rc rows_add(struct rows *r, const struct row *row, size_t *slot, struct err *err)
{
	enum rc rc = fill(r, r->fresh, row, err);

	if (rc != RC_DONE)
		return rc;
	*slot = packed_count(r->slots);
	rc = packed_add(r->slots, r->fresh, err);
	if (rc != RC_DONE)
		empty(r, r->fresh);
	return rc;
}

enum rc rows_replace(struct rows *r, size_t slot, const struct row *row, struct err *err)
{
	enum rc rc;

	if (packed_get(r->slots, slot, r->fresh)) {
		empty(r, r->fresh);
		packed_drop(r->slots, slot);
	}
	rc = fill(r, r->fresh, row, err);
	if (rc != RC_DONE)
		return rc;
	rc = packed_put(r->slots, slot, r->fresh, err);
	if (rc != RC_DONE)
		empty(r, r->fresh);
	return rc;
}

void rows_use_names(struct rows *r, const struct name_source *names)
{
	r->lent->names = names;
}

const struct name_source *rows_names(const struct rows *r)
{
	return r->lent->names;
}

size_t rows_count(const struct rows *r)
{
	return packed_count(r->slots);
}

static void lend_packet(const struct rows *r, struct slot *s)
{
	struct kept_packet *k = &s->kept;
	size_t len;

	k->packet.key = s->key != NONE ? &r->keys[s->key]->key : NULL;
	if (!k->has_said)
		return;
	k->said.app = texts_get(r->texts, k->app, &len);
	k->said.info = texts_get(r->texts, k->info, &len);
	k->said.name = texts_get(r->texts, k->name, &len);
	k->said.url = texts_get(r->texts, k->url, &len);
	k->packet.said = &k->said;
}

void rows_get_lent(const struct rows *r, struct rows_lent *l, size_t slot, struct row *out)
{
	struct slot *s = (struct slot *)(void *)(l->slots + l->next * l->slot_bytes);

	l->next = (l->next + 1) % ROWS_LENT;
	(void)packed_get(r->slots, slot, s); /* it is there: see rows_replace() */
	*out = (struct row){ .tier = r->tier,
		.source = s->source,
		.capture_end_ns = s->capture_end_ns,
		.flow_slice_ns = s->flow_slice_ns,
		.limits = r->limits,
		.names = l->names };
	if (s->point != NONE)
		out->point = &r->points[s->point]->info;
	if (is_record(r))
		out->record = &s->record;
	else if (r->tier == TIER_BLOCK)
		out->block = &s->block;
	else if (r->tier == TIER_POINT)
		out->point = &s->point_row;
	else {
		lend_packet(r, s);
		out->packet = &s->kept.packet;
	}
}

void rows_get(const struct rows *r, size_t slot, struct row *out)
{
	rows_get_lent(r, r->lent, slot, out);
}

size_t rows_bytes(const struct rows *r)
{
	return sizeof(*r) + packed_bytes(r->slots) + r->summaries + texts_bytes(r->texts) +
		r->n_points * sizeof(struct kept_point) + r->n_keys * sizeof(struct kept_key) +
		r->n_buckets * sizeof(uint32_t);
}

/* What records have beside their bytes: macroflows, nearly no others. */
static void free_summaries(struct rows *r)
{
	if (!is_record(r) || r->summaries == 0)
		return;
	for (size_t i = 0; i < packed_count(r->slots); i++)
		if (packed_get(r->slots, i, r->fresh))
			record_free(&r->fresh->record);
}

void rows_free(struct rows *r)
{
	if (!r)
		return;
	free_summaries(r);
	packed_free(r->slots);
	for (size_t i = 0; i < r->n_points; i++)
		mem_free(r->points[i]);
	for (size_t i = 0; i < r->n_keys; i++)
		mem_free(r->keys[i]);
	mem_free(r->points);
	mem_free(r->keys);
	mem_free(r->buckets);
	mem_free(r->fresh);
	rows_lent_free(r->lent);
	texts_free(r->texts);
	mem_free(r);
}
