/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "captures.h"
#include "flips.h"

#include "base/mem.h"
#include "session/session.h"
#include "store/check.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------------- */

struct hashing { struct answers *a; struct rows *rows; };

static void hash_add(uint64_t *hash, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
}

static void count(struct answers *a, const struct row *row, const struct raw_packet *raw)
{
	if (raw) {
		a->packets[row->tier]++;
		a->bytes[row->tier] += raw->len;
	} else if (row->record) {
		a->packets[row->tier] += counters_packets(&row->record->c);
		a->bytes[row->tier] += counters_bytes(&row->record->c);
	}
}

/* What a packet says of the one before, which may be left out. */
static bool is_of_two(const struct field *f, const struct row *row)
{
	return row->tier == TIER_PACKET && strcmp(f->name, "gap") == 0;
}

static bool rows_add(struct rows *rows, uint64_t hash)
{
	if (mem_grow(&rows->hash, &rows->cap, rows->n + 1, sizeof(hash)) != 0)
		return false;
	rows->hash[rows->n++] = hash;
	return true;
}

static uint64_t frame_hash(const struct row *row, const struct raw_packet *raw)
{
	uint64_t hash = 0xcbf29ce484222325;
	char text[64];
	struct id id;

	row_id(row, &id);
	id_format(text, sizeof(text), &id);
	hash_add(&hash, text, strlen(text) + 1);
	hash_add(&hash, &raw->time_ns, sizeof(raw->time_ns));
	hash_add(&hash, &raw->len, sizeof(raw->len));
	hash_add(&hash, raw->data, raw->caplen);
	return hash;
}

static bool hash_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct hashing *h = ctx;
	uint64_t hash = 0xcbf29ce484222325;
	char text[512];
	struct value v;
	struct id id;

	if (row->tier != TIER_POINT) {
		row_id(row, &id);
		id_format(text, sizeof(text), &id);
		hash_add(&hash, text, strlen(text) + 1);
	}
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);

		if (!(f->tiers & FIELD_ON(row->tier)) || is_of_two(f, row) || captures_is_said(f, row->tier) ||
			!field_get(f, row, &v))
			continue;
		value_format(text, sizeof(text), f, &v, STYLE_MACHINE);
		hash_add(&hash, f->name, strlen(f->name));
		hash_add(&hash, text, strlen(text) + 1);
	}
	if (raw)
		hash_add(&hash, raw->data, raw->caplen);
	if (!rows_add(h->rows, hash) || (raw && !rows_add(&h->a->frames, frame_hash(row, raw))))
		return false;
	if (h->rows != &h->a->rows[TIERS])
		count(h->a, row, raw);
	return true;
}

void answers_read(const char *path, struct answers *a)
{
	struct filter *host = NULL;
	struct store *s;

	memset(a, 0, sizeof(*a));
	enum rc rc = store_open(path, false, &s, NULL, NULL);
	if (rc == RC_DONE) {
		rc = filter_compile("host ff02::16", TIER_FLOW, &host, NULL);
		if (rc != RC_DONE)
			store_close(s);
	}
	for (int i = 0; i < ASKED; i++) {
		struct hashing h = { a, &a->rows[i] };
		struct query q;

		a->rc[i] = rc;
		if (rc != RC_DONE)
			continue;
		query_init(&q, i < TIERS ? (enum tier)i : TIER_FLOW);
		q.filter = i < TIERS ? NULL : host;
		a->rc[i] = query_run(&(struct query_sources){ .stores = &s, .n = 1 }, &q, hash_row, &h, NULL, NULL, NULL);
	}
	filter_free(host);
	if (rc == RC_DONE)
		store_close(s);
}

enum rc answers_recover(const char *path)
{
	const struct session_source source = { .path = path, .is_store = true };
	struct session_options options;
	struct session *s;

	session_options_default(&options);
	enum rc rc = session_open(&source, 1, &options, NULL, NULL, &s, NULL);
	if (rc != RC_DONE)
		return rc;
	if (session_needs_index(s))
		rc = session_index(s, NULL, NULL, NULL);
	session_close(s);
	return rc;
}

static void say_nothing(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	(void)path;
	(void)offset;
	(void)text;
}

bool store_finds(const char *path)
{
	struct check_report report = { 0 };
	struct store *s;
	enum rc rc = store_open(path, false, &s, NULL, NULL);

	if (rc != RC_DONE)
		return true;
	rc = store_check(s, say_nothing, NULL, &report, NULL);
	store_close(s);
	return rc != RC_DONE || report.problems > 0;
}

/* ---- comparing --------------------------------------------------------------------------- */

bool rows_same(const struct rows *a, const struct rows *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->hash, b->hash, a->n * sizeof(*a->hash)) == 0);
}

bool answers_whole(const struct answers *a)
{
	for (int i = 0; i < ASKED; i++)
		if (a->rc[i] != RC_DONE)
			return false;
	return true;
}

bool answers_conserve(const struct answers *a)
{
	for (int i = TIER_PACKET; i <= TIER_MACROFLOW; i++)
		if (a->packets[i] != a->packets[TIER_PACKET] || a->bytes[i] != a->bytes[TIER_PACKET])
			return false;
	return true;
}

static int hash_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort(const struct rows *from, struct rows *to)
{
	if (mem_grow(&to->hash, &to->cap, from->n + 1, sizeof(*to->hash)) != 0)
		abort();
	if (from->n > 0)
		memcpy(to->hash, from->hash, from->n * sizeof(*to->hash));
	to->n = from->n;
	qsort(to->hash, to->n, sizeof(*to->hash), hash_cmp);
}

void answers_sort(struct answers *a)
{
	sort(&a->rows[TIER_PACKET], &a->sorted);
	sort(&a->frames, &a->sorted_frames);
}

static bool all_known(const struct rows *rows, const struct rows *sorted)
{
	struct rows given = { 0 };
	size_t at = 0, i;

	sort(rows, &given);
	for (i = 0; i < given.n; i++, at++) {
		while (at < sorted->n && sorted->hash[at] < given.hash[i])
			at++;
		if (at == sorted->n || sorted->hash[at] != given.hash[i])
			break;
	}
	bool all = i == given.n;
	mem_free(given.hash);
	return all;
}

bool answers_packets_known(const struct answers *a, const struct answers *good)
{
	return all_known(&a->rows[TIER_PACKET], &good->sorted);
}

bool answers_frames_known(const struct answers *a, const struct answers *good)
{
	return all_known(&a->frames, &good->sorted_frames);
}

void answers_free(struct answers *a)
{
	for (int i = 0; i < ASKED; i++)
		mem_free(a->rows[i].hash);
	mem_free(a->frames.hash);
	mem_free(a->sorted.hash);
	mem_free(a->sorted_frames.hash);
	memset(a, 0, sizeof(*a));
}
