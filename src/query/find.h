/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a content travelled: packets that carried it, or a good part of it in a row, by time.
 *
 * Reads every packet that times, filter and `in` leave, and looks at its payload; plain, as trace/fingerprint.h has it. What
 * stands over the border of two packets is found in each where its part is long enough.
 */
#ifndef FLOWDRILL_QUERY_FIND_H
#define FLOWDRILL_QUERY_FIND_H

#include "query/query.h"

enum { FIND_HITS = 1000000 };

struct find_hit {
	struct id packet, flow;
	int64_t time_ns;
	struct addr src, dst;
	uint16_t src_port, dst_port;
	uint32_t matched_bytes;      /* the longest part that is here */
	uint32_t offset;             /* in the payload */
	uint32_t content_offset;     /* in the content */
	uint64_t packets;            /* 1; for flows, those that carried it */
};

struct finds {
	struct find_hit *hits;
	size_t n, cap;
	uint64_t looked_at;          /* packets with payload */
	bool limited;                /* more than FIND_HITS */
};

/* How much of a content in a row is a find: all of 16 bytes and less, else half of it, between 16 and 64 bytes. */
uint32_t find_least(size_t len);
/*
 * q: packets to look at (tier, times, in, filter). by_flow: one hit a flow, with its longest part and its first time. Hits by time, then as
 * captured. On RC_DONE *out is to be freed with finds_free(). Errors as query_run(); RC_USAGE for no content.
 */
enum rc find_run(const struct query_sources *sources, const struct query *q, const void *content, size_t len,
	bool by_flow, struct finds *out, struct query_control *control, struct err *err);
void finds_free(struct finds *f);

#endif
