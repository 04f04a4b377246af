/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a content travelled: packets that carried it, or a good part of it in a row, by time.
 *
 * Reads the packets that times, filter and `in` leave and whose stored fingerprints (query/prints.h) do not say no, and looks at their
 * payload; plain, as trace/fingerprint.h has it. What stands over the border of two packets is found in each where its part is long
 * enough. Of payload that was cut fingerprints alone tell: such a hit is not confirmed.
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
	uint32_t offset;             /* in the payload; 0 where not confirmed */
	uint32_t content_offset;     /* in the content */
	uint32_t shared_by;          /* flows that carried this part of the content, or more, in a row: many, and it is a template's */
	uint64_t packets;            /* 1; for flows, those that carried it */
	bool confirmed;              /* on bytes; else fingerprints tell */
};

struct finds {
	struct find_hit *hits;
	size_t n, cap;
	uint64_t looked_at;          /* packets with payload */
	bool limited;                /* more than FIND_HITS */
	uint32_t sure;               /* parts of so many bytes were sure to be found, smaller ones not; 0: all that are a find */
	uint64_t bare_segments;      /* without fingerprints that might have told: all of their packets were looked at */
	uint64_t asked_segments;     /* that were asked for fingerprints */
};

/* How much of a content in a row is a find: all of 16 bytes and less, else half of it, between 16 and 64 bytes. */
uint32_t find_least(size_t len);
/*
 * q: packets to look at (tier, times, in, filter). every: at every one of them, whatever fingerprints say. by_flow: one hit a flow, with its
 * longest part and its first time. Hits by time, then as captured. On RC_DONE *out is to be freed with finds_free(). explain may be NULL.
 * Errors as query_run(); RC_USAGE for no content.
 */
struct find_options {
	bool by_flow, every;
};
enum rc find_run(const struct query_sources *sources, const struct query *q, const void *content, size_t len,
	const struct find_options *options, struct finds *out, struct query_control *control, struct query_explain *explain,
	struct err *err);
void finds_free(struct finds *f);

#endif
