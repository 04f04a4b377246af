/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/rows.h"

#include "base/hash.h"
#include "base/mem.h"
#include "flow/sketch.h"

#include <string.h>

enum { CHUNK = 256, NONE = UINT32_MAX, ROWS_TEXTS = 48 << 20 };

/* A packet with what it says: texts are the pool's, as long as the slot holds them. */
struct kept_packet {
	struct packet_row packet;
	struct packet_said said;
	uint32_t info, name, url;
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

struct rows {
	enum tier tier;
	size_t slot_bytes; /* slots end behind the member that their tier has */
	uint8_t **chunks;
	size_t n, n_chunks, cap_chunks, summaries;
	struct kept_point **points;
	size_t n_points, cap_points;
	struct kept_key **keys; /* each by itself: pointers to them stay valid */
	size_t n_keys, cap_keys;
	uint32_t free_key, *buckets; /* chains of keys by `next` */
	size_t n_buckets;
	const struct health_limits *limits;
	const struct name_source *names;
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

enum rc rows_new(enum tier tier, struct rows **out, struct err *err)
{
	struct rows *r = mem_calloc(1, sizeof(*r));

	if (!r)
		return err_memory(err);
	r->tier = tier;
	r->slot_bytes = slot_bytes(tier);
	r->free_key = NONE;
	enum rc rc = texts_new(ROWS_TEXTS, &r->texts, err);
	if (rc != RC_DONE) {
		mem_free(r);
		return rc;
	}
	*out = r;
	return RC_DONE;
}

static struct slot *slot_at(const struct rows *r, size_t slot)
{
	return (struct slot *)(void *)(r->chunks[slot / CHUNK] + slot % CHUNK * r->slot_bytes);
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

static const char *keep_text(struct rows *r, const char *text, uint32_t *number)
{
	size_t len;

	*number = texts_add(r->texts, text, strlen(text));
	return texts_get(r->texts, *number, &len);
}

static void keep_packet(struct rows *r, struct kept_packet *to, const struct packet_row *from)
{
	to->packet = *from;
	if (!from->said)
		return;
	to->said = *from->said;
	to->said.info = keep_text(r, from->said->info, &to->info);
	to->said.name = keep_text(r, from->said->name, &to->name);
	to->said.url = keep_text(r, from->said->url, &to->url);
	to->packet.said = &to->said;
}

static void drop_packet(struct rows *r, struct kept_packet *k)
{
	texts_drop(r->texts, k->info);
	texts_drop(r->texts, k->name);
	texts_drop(r->texts, k->url);
	k->info = k->name = k->url = 0;
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
		r->names = row->names;
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
	enum rc rc;

	if (r->n / CHUNK == r->n_chunks) {
		uint8_t *chunk = NULL;

		if (mem_grow(&r->chunks, &r->cap_chunks, r->n_chunks + 1, sizeof(uint8_t *)) ==
			0)
			chunk = mem_aligned(16, CHUNK * r->slot_bytes);
		if (!chunk)
			return err_memory(err);
		r->chunks[r->n_chunks++] = chunk;
	}
	rc = fill(r, slot_at(r, r->n), row, err);
	if (rc == RC_DONE)
		*slot = r->n++;
	return rc;
}

enum rc rows_replace(struct rows *r, size_t slot, const struct row *row, struct err *err)
{
	struct slot *s = slot_at(r, slot);

	empty(r, s);
	return fill(r, s, row, err);
}

void rows_use_names(struct rows *r, const struct name_source *names)
{
	r->names = names;
}

size_t rows_count(const struct rows *r)
{
	return r->n;
}

void rows_get(const struct rows *r, size_t slot, struct row *out)
{
	struct slot *s = slot_at(r, slot);

	*out = (struct row){ .tier = r->tier,
		.source = s->source,
		.capture_end_ns = s->capture_end_ns,
		.flow_slice_ns = s->flow_slice_ns,
		.limits = r->limits,
		.names = r->names };
	if (s->point != NONE)
		out->point = &r->points[s->point]->info;
	if (is_record(r))
		out->record = &s->record;
	else if (r->tier == TIER_BLOCK)
		out->block = &s->block;
	else if (r->tier == TIER_POINT)
		out->point = &s->point_row;
	else {
		/* the copy's own pointer was into what the row came from */
		s->kept.packet.key = s->key != NONE ? &r->keys[s->key]->key : NULL;
		out->packet = &s->kept.packet;
	}
}

size_t rows_bytes(const struct rows *r)
{
	return sizeof(*r) + r->n_chunks * CHUNK * r->slot_bytes + r->summaries + texts_bytes(r->texts) +
		r->n_points * sizeof(struct kept_point) + r->n_keys * sizeof(struct kept_key) +
		r->n_buckets * sizeof(uint32_t);
}

void rows_free(struct rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; is_record(r) && i < r->n; i++)
		record_free(&slot_at(r, i)->record);
	for (size_t i = 0; i < r->n_chunks; i++)
		mem_free(r->chunks[i]);
	for (size_t i = 0; i < r->n_points; i++)
		mem_free(r->points[i]);
	for (size_t i = 0; i < r->n_keys; i++)
		mem_free(r->keys[i]);
	mem_free(r->chunks);
	mem_free(r->points);
	mem_free(r->keys);
	mem_free(r->buckets);
	texts_free(r->texts);
	mem_free(r);
}
