/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stored fingerprints say of a content (trace/imprint.h, store/segment.h): which segments and which packets may hold it. Private to
 * the layer, but for walks along content that hand one to a query (query.h: prints).
 *
 * A part of the content that holds one of its places is sure to be told wherever it stands in payload that was captured, and not
 * encrypted; smaller ones are told where the packet has other fingerprints of it (the beginnings of messages), or is read for another
 * one. How large a part is sure depends on the content: print_search_sure().
 *
 * One query at a time, one thread.
 */
#ifndef FLOWDRILL_QUERY_PRINTS_H
#define FLOWDRILL_QUERY_PRINTS_H

#include "store/store.h"
#include "trace/imprint.h"

struct print_search;

/* least: bytes of a part that is worth telling, where fingerprints alone tell. */
enum rc print_search_new(const uint8_t *content, size_t len, uint32_t least, struct print_search **out, struct err *err);
void print_search_free(struct print_search *x);

/* What a segment's fingerprints say of its packets. */
enum print_answer {
	PRINTS_SILENT,               /* any may hold it: nothing was kept, or the content is too short for it */
	PRINTS_NO,                   /* none does */
	PRINTS_SOME,                 /* those that print_search_has() tells */
};

/* Asks a segment; from then on the candidates are its. */
enum rc print_search_ask(struct print_search *x, struct segment *s, const struct segment_place *place, enum print_answer *out,
	struct err *err);
/* Whether a packet of that segment may hold it. Any order; cheap where ordinals ascend. */
bool print_search_has(const struct print_search *x, uint32_t ordinal);

/* What the fingerprints of a packet have of the content, where its bytes cannot be asked. */
struct print_part {
	uint32_t at, len;            /* in the plain content: the longest stretch whose places it all has, or a word */
};
/* By frame number, in the segment asked last. False: nothing that is worth telling. */
bool print_search_part(const struct print_search *x, uint64_t frame, struct print_part *out);

struct print_counts {
	uint64_t no, some, silent;   /* segments that were asked, by answer; */
	uint64_t bare;               /* of the silent ones, those that keep no fingerprints, where some might have told */
	uint32_t sure;               /* parts of so many plain bytes are sure where segments said no or some; 0: none did */
};
const struct print_counts *print_search_counts(const struct print_search *x);

#endif
