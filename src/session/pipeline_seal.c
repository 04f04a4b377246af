/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/pipeline_parts.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

/* Adds the segment's addresses to the block's. */
static enum rc gather_addrs(struct pipeline *p, const struct sealer_output *out, struct err *err)
{
	if (mem_grow(&p->addrs, &p->cap_addrs, p->n_addrs + out->n_addrs, sizeof(*p->addrs)) != 0)
		return err_memory(err);
	memcpy(&p->addrs[p->n_addrs], out->addrs, out->n_addrs * sizeof(*p->addrs));
	bool first = p->n_addrs == 0;
	p->n_addrs += out->n_addrs;
	if (first)
		return RC_DONE;      /* sorted and distinct already */
	qsort(p->addrs, p->n_addrs, sizeof(*p->addrs), by_addr);
	size_t n = 0;
	for (size_t i = 0; i < p->n_addrs; i++)
		if (n == 0 || !addr_equal(&p->addrs[n - 1], &p->addrs[i]))
			p->addrs[n++] = p->addrs[i];
	p->n_addrs = n;
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

enum rc pipeline_seal(struct pipeline *p, struct segment_job *job, struct err *err)
{
	struct sealer_output *out;
	enum rc rc;

	job->in.packets = job->packets;
	job->in.n_packets = job->n_packets;
	rc = sealer_seal(p->sealer, &job->in, &out, err);
	if (rc != RC_DONE)
		return rc;
	rc = gather_addrs(p, out, err);
	if (rc == RC_DONE && job->publish)
		rc = store_publish_segment(p->store, &job->place, &out->bytes, out->macros, out->n_macros,
			job->points, points_seen(job), err);
	if (rc == RC_DONE && job->block_done) {
		if (job->publish)
			rc = store_block_indexed(p->store, job->place.block, p->addrs, p->n_addrs, err);
		p->n_addrs = 0;
	}
	return rc;
}
