/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single records by id, their parents, times as they are written. */
#include "query/query_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "query/rows.h"

#include <string.h>

struct query_holder {
	struct rows *rows;
	struct row row;
	struct packet_reader *reader; /* holds the packet's bytes */
	struct raw_packet raw;
	struct err err;
	enum rc rc;
};

void row_id(const struct row *row, struct id *out)
{
	memset(out, 0, sizeof(*out));
	out->tier = row->tier;
	out->source = row->source;
	switch (row->tier) {
	case TIER_PACKET: out->rec = row->packet->self; break;
	case TIER_BLOCK: out->rec.block = row->block->number; break;
	case TIER_POINT: out->rec.block = row->point->number; break;
	default: out->rec = row->record->id; break;
	}
}

/* ---- one record ---------------------------------------------------------------------------- */

static bool hold(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct query_holder *h = ctx;
	size_t slot;

	(void)raw;
	h->rc = rows_add(h->rows, row, &slot, &h->err);
	return false;
}

static enum rc read_raw(const struct query_sources *sources, struct query_holder *h,
	const struct id *id, struct err *err)
{
	struct store *s = sources->stores[id->source ? id->source - 1 : 0];
	struct packet_ref ref = { h->row.packet->pkt.offset,
		h->row.packet->pkt.record_len, h->row.packet->check, true };
	enum rc rc = packet_reader_new(s, &h->reader, err);

	return rc == RC_DONE ? packet_reader_get(h->reader, id->rec.block, ref, &h->raw, err)
			     : rc;
}

static enum rc fill_holder(const struct query_sources *sources, const struct id *id,
	struct query_holder *h, struct err *err)
{
	struct query q;
	enum rc rc;

	query_init(&q, id->tier);
	q.ids = id;
	q.n_ids = 1;
	rc = rows_new(id->tier, &h->rows, err);
	if (rc == RC_DONE)
		rc = query_run(sources, &q, hold, h, NULL, NULL, err);
	if (rc != RC_DONE)
		return rc;
	if (h->rc != RC_DONE) {
		if (err)
			*err = h->err;
		return h->rc;
	}
	if (rows_count(h->rows) == 0)
		return missing_id(id->tier, id->rec, err);
	rows_get(h->rows, 0, &h->row);
	return id->tier == TIER_PACKET ? read_raw(sources, h, id, err) : RC_DONE;
}

enum rc query_get(const struct query_sources *sources, const struct id *id,
	struct query_holder **out, struct err *err)
{
	struct query_holder *h = mem_calloc(1, sizeof(*h));
	enum rc rc;

	if (!h)
		return err_memory(err);
	rc = fill_holder(sources, id, h, err);
	if (rc != RC_DONE) {
		query_holder_free(h);
		return rc;
	}
	*out = h;
	return RC_DONE;
}

const struct row *query_holder_row(const struct query_holder *h)
{
	return &h->row;
}

const struct raw_packet *query_holder_raw(const struct query_holder *h)
{
	return h->reader ? &h->raw : NULL;
}

const struct point_info *query_holder_point(const struct query_holder *h)
{
	return h->row.point;
}

void query_holder_free(struct query_holder *h)
{
	if (!h)
		return;
	rows_free(h->rows);
	packet_reader_free(h->reader);
	mem_free(h);
}

/* ---- one tier up -------------------------------------------------------------------------------- */

/* The macroflow of a service: its id is in the catalog. */
static enum rc macro_of(
	struct store *s, const struct located *at, struct record_id *out, struct err *err)
{
	struct macro_range range = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct service_key service, found;
	struct macro_walk *w;
	struct record rec;
	enum rc rc;

	service_of(&service, &at->key, time_floor(at->slice_ns, store_config(s)->macro_ns));
	range.only = &service;
	rc = macro_walk_open(s, &range, &w, err);
	if (rc != RC_DONE)
		return rc;
	rc = macro_walk_next(w, &rec, &found, err);
	macro_walk_close(w);
	if (rc == RC_END)
		return missing_id(TIER_FLOW, at->flow, err);
	if (rc == RC_DONE) {
		*out = rec.id;
		record_free(&rec);
	}
	return rc;
}

enum rc query_parent(const struct query_sources *sources, const struct id *id, struct id *out,
	struct err *err)
{
	unsigned source = id->source ? id->source - 1 : 0;
	struct located at;
	struct store *s;
	enum rc rc;

	if (source >= sources->n || !sources->stores[source])
		return missing_id(id->tier, id->rec, err);
	s = sources->stores[source];
	*out = (struct id){ .source = id->source };
	switch (id->tier) {
	case TIER_PACKET:
		out->tier = TIER_MICROFLOW;
		rc = locate_packet(s, id->rec, &at, err);
		out->rec = at.micro;
		return rc;
	case TIER_MICROFLOW:
		out->tier = TIER_FLOW;
		rc = locate_micro(s, id->rec, &at, err);
		out->rec = at.flow;
		return rc;
	case TIER_FLOW:
		out->tier = TIER_MACROFLOW;
		rc = locate_flow(s, id->rec, &at, err);
		return rc == RC_DONE ? macro_of(s, &at, &out->rec, err) : rc;
	default:
		return err_set(
			err, RC_MISSING, tier_singular(id->tier), "nothing lies above it");
	}
}

/* ---- times ------------------------------------------------------------------------------------------- */

bool query_newest(const struct query_sources *sources, int64_t *time_ns)
{
	bool any = false;

	for (size_t i = 0; i < sources->n; i++) {
		const struct store_totals *t =
			sources->stores[i] ? store_totals(sources->stores[i]) : NULL;

		if (!t || t->packets == 0 || (any && t->last_ns <= *time_ns))
			continue;
		*time_ns = t->last_ns;
		any = true;
	}
	return any;
}

uint64_t query_macro_parts(const struct query_sources *sources, int64_t from_ns)
{
	uint64_t parts = 0;

	for (size_t i = 0; i < sources->n; i++)
		parts += sources->stores[i] ? store_macro_parts(sources->stores[i], from_ns) : 0;
	return parts;
}

enum rc query_parse_time(const struct query_sources *sources, const char *text,
	int64_t *time_ns, struct err *err)
{
	int64_t newest = 0, ago;

	if (*text != '-')
		return text_parse_time(text, time_ns, err);
	if (text_parse_duration(text, &ago, NULL) != RC_DONE)
		return err_set(err, RC_SYNTAX, text,
			"a time, as 2024-01-05T14:17:35Z, or -15m before the newest packet "
			"expected");
	if (!query_newest(sources, &newest))
		newest = 0;
	*time_ns = time_add(newest, ago);
	return RC_DONE;
}
