/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/ingest.h"

#include "base/mem.h"
#include "base/text.h"
#include "file/pcapng.h"
#include "session/feed.h"
#include "session/pipeline.h"

#include <string.h>

void ingest_options_default(struct ingest_options *o)
{
	memset(o, 0, sizeof(*o));
	o->verify_checksums = true;
}

/* ---- in place ------------------------------------------------------------------------- */

/* Indexing a file where it lies. */
struct in_place {
	struct store *store;
	struct pipeline *pipeline;
	struct ingest_progress *progress;
	struct feed feed;
	uint32_t block;              /* 0: none is open */
	uint64_t block_start;        /* in the file */
	uint64_t end;                /* of the last packet's record, in the file */
	uint32_t points;             /* so far */
	bool sections_known;
	/* simple packet blocks without times: the run that is open */
	bool untimed;
	uint64_t untimed_from;
	int64_t untimed_ns;
};

static enum rc begin_block(struct in_place *x, uint64_t offset, struct err *err)
{
	enum rc rc = store_block_begin(x->store, offset, &x->block, err);

	x->block_start = offset;
	if (rc == RC_DONE)
		pipeline_begin_block(x->pipeline, x->block, true);
	return rc;
}

/* Ends the open block at `end` of the file. */
static enum rc end_block(struct in_place *x, uint64_t end, struct err *err)
{
	if (x->block == 0)
		return RC_DONE;
	enum rc rc = store_block_seal(x->store, x->block, end - x->block_start, err);
	if (rc == RC_DONE)
		rc = pipeline_end_segment(x->pipeline, true, err);
	x->block = 0;
	return rc;
}

static enum rc end_untimed(struct in_place *x, uint64_t end, struct err *err)
{
	if (!x->untimed)
		return RC_DONE;
	x->untimed = false;
	return store_add_untimed(x->store, x->untimed_from, end, x->untimed_ns, err);
}

/* Notes where simple packets take another one's time. */
static enum rc watch_untimed(struct in_place *x, const struct source_event *e, struct err *err)
{
	enum rc rc = RC_DONE;

	if (x->untimed && (!e->time_unknown || e->time_ns != x->untimed_ns))
		rc = end_untimed(x, e->offset, err);
	if (rc == RC_DONE && e->time_unknown && !x->untimed) {
		x->untimed = true;
		x->untimed_from = e->offset;
		x->untimed_ns = e->time_ns;
	}
	return rc;
}

static enum rc take_packet(struct in_place *x, const struct source_event *e, struct err *err)
{
	uint64_t size = store_config(x->store)->block_size;
	struct pipeline_packet k;
	enum rc rc = watch_untimed(x, e, err);

	if (rc == RC_DONE && x->block != 0 && e->offset + e->record_len - x->block_start > size)
		rc = end_block(x, e->offset, err);
	if (rc == RC_DONE && x->block == 0)
		rc = begin_block(x, e->offset, err);
	if (rc == RC_DONE && pipeline_segment_full(x->pipeline))
		rc = pipeline_end_segment(x->pipeline, false, err);
	if (rc != RC_DONE)
		return rc;
	feed_packet(&x->feed, e, &k);
	k.offset = (uint32_t)(e->offset - x->block_start);
	k.record_len = e->record_len;
	x->end = e->offset + e->record_len;
	return pipeline_packet(x->pipeline, &k, err);
}

static enum rc take_section(struct in_place *x, const struct source_event *e, struct err *err)
{
	struct section_info section = {
		.offset = e->offset, .big_endian = e->big_endian, .first_point = x->points,
	};

	x->feed.first_of_section = (uint32_t)x->feed.n;
	return store_add_section(x->store, &section, err);
}

static enum rc take_interface(struct in_place *x, const struct source_event *e, struct err *err)
{
	struct point_info point;
	struct buf options;

	if (e->interface < x->feed.n)
		return RC_DONE;      /* a pcap's only one, known from before */
	buf_init(&options);
	enum rc rc = feed_make_point(&x->feed, x->store, e, &point, &options, err);
	buf_free(&options);
	x->points = point.number + 1;
	return rc;
}

static enum rc take_event(struct in_place *x, const struct source_event *e, struct err *err)
{
	uint32_t interface;
	uint64_t dropped;

	switch (e->kind) {
	case SOURCE_PACKET:
		return take_packet(x, e, err);
	case SOURCE_SECTION:
		return take_section(x, e, err);
	case SOURCE_INTERFACE:
		return take_interface(x, e, err);
	case SOURCE_BLOCK:
		feed_names(e, x->pipeline);
		if (feed_dropped(&x->feed, e, &interface, &dropped))
			return store_set_dropped(x->store, x->feed.v[interface].point, dropped, err);
		return RC_DONE;
	}
	return RC_DONE;
}

static void report(struct ingest_progress *progress, const struct pipeline *p, uint64_t position,
	uint64_t size)
{
	atomic_store_explicit(&progress->packets, pipeline_packets(p), memory_order_relaxed);
	atomic_store_explicit(&progress->position, position, memory_order_relaxed);
	atomic_store_explicit(&progress->size, size, memory_order_relaxed);
}

/* Reads to the end; RC_END, RC_DAMAGED, or what went wrong. */
static enum rc read_all(struct in_place *x, struct err *err)
{
	struct source_event e;
	enum rc rc;

	while ((rc = source_next(x->feed.source, &e, err)) == RC_DONE) {
		rc = take_event(x, &e, err);
		if (rc != RC_DONE)
			return rc;
		if ((pipeline_packets(x->pipeline) & 4095) != 0)
			continue;
		struct source_info info;
		source_info(x->feed.source, &info);
		report(x->progress, x->pipeline, info.position, info.size);
		if (atomic_load_explicit(&x->progress->cancel, memory_order_relaxed))
			return err_set(err, RC_CANCELLED, store_path(x->store), "indexing was stopped");
	}
	return rc;
}

/* What the source's section was where an index ends: its interfaces are points of the store. */
static enum rc resume(struct in_place *x, struct source_options *options, struct source_resume *r,
	struct source_interface **ifaces, struct err *err)
{
	const struct store_totals *totals = store_totals(x->store);
	size_t n_points, n_sections;
	const struct point_info *points = store_points(x->store, &n_points);
	const struct section_info *sections = store_sections(x->store, &n_sections);

	if (totals->indexed_to == 0)         /* from the beginning: nothing may be left of a try before */
		return n_points == 0 ? RC_DONE : store_drop_index(x->store, 0, err);
	x->points = (uint32_t)n_points;
	if (n_sections > 0) {
		r->big_endian = sections[n_sections - 1].big_endian;
		r->section_first = sections[n_sections - 1].first_point;
	}
	*ifaces = mem_calloc(n_points + 1, sizeof(**ifaces));
	if (!*ifaces)
		return err_memory(err);
	for (size_t i = 0; i < n_points; i++) {
		struct source_event e = {.iface = {
			.linktype = points[i].linktype, .snaplen = points[i].snaplen,
			.tsresol = points[i].tsresol, .tsoffset_s = points[i].tsoffset_s,
			.fcs_len = points[i].fcs_len, .name = "", .description = "",
		}};
		(*ifaces)[i] = e.iface;
		enum rc rc = feed_add_interface(&x->feed, &e, points[i].number, err);
		if (rc != RC_DONE)
			return rc;
	}
	r->iface = *ifaces + r->section_first;
	r->interfaces = (uint32_t)n_points - r->section_first;
	r->last_time_ns = totals->last_ns;
	x->feed.first_of_section = r->section_first;
	options->start = totals->indexed_to;
	options->resume = r;
	return RC_DONE;
}

/* Ends what is open, waits, and writes down how it ended. */
static enum rc finish(struct in_place *x, enum rc how, const struct err *why, struct ingest_result *out,
	struct err *err)
{
	struct store_totals totals = {.complete = how == RC_END || how == RC_DAMAGED};
	struct source_info info;
	enum rc rc = end_untimed(x, x->end, err);

	source_info(x->feed.source, &info);
	if (rc == RC_DONE)
		rc = end_block(x, x->end, err);
	if (rc == RC_DONE)
		rc = pipeline_finish(x->pipeline, err);
	out->packets = pipeline_packets(x->pipeline);
	out->bytes = pipeline_bytes(x->pipeline);
	out->cut_short = totals.cut_short = how == RC_END && info.cut_short;
	if (how == RC_DAMAGED) {
		out->damaged = totals.damaged = true;
		out->damage = *why;
		totals.damaged_at = why->has_offset ? why->offset : x->end;
	}
	totals.checksum_offload = pipeline_saw_offload(x->pipeline);
	if (rc == RC_DONE && totals.complete)
		rc = store_set_totals(x->store, &totals, err);
	if (rc == RC_DONE && totals.complete)
		rc = store_merge_windows(x->store, err);
	return rc;
}

enum rc ingest_in_place(struct store *store, const struct ingest_options *options,
	struct ingest_progress *progress, struct ingest_result *out, struct err *err)
{
	struct in_place x = {.store = store, .progress = progress};
	struct source_options from = {.bpf = options->bpf};
	struct source_resume r = {0};
	struct source_interface *ifaces = NULL;
	struct err why = {0};
	enum rc how;

	memset(out, 0, sizeof(*out));
	x.feed.verify_checksums = options->verify_checksums;
	enum rc rc = store_refresh(store, err);
	if (rc == RC_DONE)
		rc = resume(&x, &from, &r, &ifaces, err);
	if (rc == RC_DONE)
		rc = pipeline_new(store, options, store_totals(store)->packets + 1, &x.pipeline, err);
	if (rc == RC_DONE)
		rc = source_open_file(store_path(store), &from, &x.feed.source, err);
	if (rc != RC_DONE)
		goto cleanup;
	x.end = from.start;
	how = read_all(&x, &why);
	if (how == RC_END || how == RC_DAMAGED || how == RC_CANCELLED) {
		rc = finish(&x, how, &why, out, err);
		if (rc == RC_DONE && how == RC_CANCELLED)
			rc = err_set(err, RC_CANCELLED, why.what, "%s", why.why);
	} else {
		rc = how;
		if (err)
			*err = why;
	}
cleanup:
	pipeline_free(x.pipeline);
	feed_free(&x.feed);
	mem_free(ifaces);
	atomic_store(&progress->done, true);
	return rc;
}
