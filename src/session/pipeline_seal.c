/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/pipeline_parts.h"

#include "base/mem.h"
#include "store/block.h"

#include <stdlib.h>
#include <string.h>

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

/* Sorts the block's addresses and removes doubles. */
static void distinct_addrs(struct pipeline *p)
{
	size_t n = 0;

	if (p->n_addrs > 1)
		qsort(p->addrs, p->n_addrs, sizeof(*p->addrs), by_addr);
	for (size_t i = 0; i < p->n_addrs; i++)
		if (n == 0 || !addr_equal(&p->addrs[n - 1], &p->addrs[i]))
			p->addrs[n++] = p->addrs[i];
	p->n_addrs = p->n_distinct = n;
}

/*
 * Adds the segment's addresses to the block's; doubles are removed when they could be half of all. A block with
 * more than ADDRS_MAX of them (a flood of forged ones) goes without a filter: memory is bounded.
 */
static enum rc gather_addrs(struct pipeline *p, const struct sealer_output *out, struct err *err)
{
	if (p->n_addrs + out->n_addrs > p->cap_addrs && p->n_addrs > 2 * p->n_distinct)
		distinct_addrs(p);
	if (p->n_distinct > ADDRS_MAX) {
		p->no_filter = true;
		mem_free(p->addrs);
		p->addrs = NULL;
		p->n_addrs = p->n_distinct = p->cap_addrs = 0;
	}
	if (p->no_filter)
		return RC_DONE;
	if (out->n_addrs == 0)
		return RC_DONE;
	if (mem_grow(&p->addrs, &p->cap_addrs, p->n_addrs + out->n_addrs, sizeof(*p->addrs)) != 0)
		return err_memory(err);
	memcpy(&p->addrs[p->n_addrs], out->addrs, out->n_addrs * sizeof(*p->addrs));
	p->n_addrs += out->n_addrs;
	return RC_DONE;
}

/* The points that had packets in this segment, put together at the front. */
static size_t points_seen(struct segment_job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < job->n_points; i++)
		if (job->points[i].packets > 0)
			job->points[n++] = job->points[i];
	return n;
}

/* Again and again while the disk is full, as long as somebody waits for room. */
#define WHILE_FULL(p, rc, call)                  \
	do                                       \
		(rc) = (call);                   \
	while ((rc) == RC_NO_SPACE && (p)->full && (p)->full((p)->full_ctx))

/* Where sealing lags behind, a block may be evicted before its index is written. Its row has counted what was not published. */
static enum rc unless_gone(struct pipeline *p, uint32_t block, enum rc rc)
{
	return rc == RC_MISSING && store_block_gone(p->store, block) ? RC_DONE : rc;
}

static enum rc mark_indexed(struct pipeline *p, uint32_t block, bool publish, struct err *err)
{
	enum rc rc = RC_DONE;

	distinct_addrs(p);
	if (publish)
		WHILE_FULL(p, rc, store_block_indexed(p->store, block, p->no_filter ? NULL : p->addrs,
			p->n_addrs, err));
	p->no_filter = false;
	p->n_addrs = p->n_distinct = 0;
	return unless_gone(p, block, rc);
}

static enum rc seal_packets(struct pipeline *p, struct segment_job *job, struct err *err)
{
	size_t n_points = points_seen(job);
	struct sealer_output *out;
	enum rc rc;

	job->in.packets = job->packets;
	job->in.checks = job->checks;
	job->in.n_packets = job->n_packets;
	job->in.names = job->names;
	rc = sealer_seal(p->sealer, &job->in, &out, err);
	if (rc == RC_DONE)
		rc = gather_addrs(p, out, err);
	if (rc == RC_DONE && job->ticket)
		rc = block_writer_sync_wait(p->writer, job->ticket, err);
	if (rc == RC_DONE && job->publish)
		WHILE_FULL(p, rc, store_publish_segment(p->store, &job->place, &out->bytes, out->macros,
			out->n_macros, job->points, n_points, err));
	rc = unless_gone(p, job->place.block, rc);
	if (rc == RC_DONE)
		atomic_fetch_add(&p->published, job->n_packets);
	return rc;
}

enum rc pipeline_seal(struct pipeline *p, struct segment_job *job, struct err *err)
{
	enum rc rc = RC_DONE;

	if (job->n_packets > 0)
		rc = seal_packets(p, job, err);
	else if (job->ticket)
		rc = block_writer_sync_wait(p->writer, job->ticket, err);
	return rc == RC_DONE && job->block_done ? mark_indexed(p, job->place.block, job->publish, err) : rc;
}
