/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a record's media (RTP, RTCP): figures by direction, and two texts. Beside the counters, on the heap, because nearly no
 * record has any: NULL then. Merging is exact, associative and commutative: sums, extremes, and 'null where they differ'. Whether it was
 * computed for all of a record the counter rtp_packets tells.
 */
#ifndef FLOWDRILL_FLOW_MEDIA_H
#define FLOWDRILL_FLOW_MEDIA_H

#include "base/buf.h"
#include "base/cursor.h"
#include "flow/mark.h"
#include "flow/texts.h"

/*
 * Numbers are on disk: append only. `packets` are all RTP packets; `expected` and `received` places of sequence numbers, so lost is what
 * they differ by. What RTCP says of a direction its receiver says.
 */
enum media_figure {
	MEDIA_PACKETS, MEDIA_EXPECTED, MEDIA_RECEIVED, MEDIA_REORDERED, MEDIA_DUPLICATES, MEDIA_BURSTS,
	MEDIA_JITTER_N, MEDIA_JITTER_SUM, MEDIA_JITTER_MAX,      /* packets; ns */
	MEDIA_MOS_N, MEDIA_MOS_SUM, MEDIA_MOS_MIN,               /* packets; millionths; least: 0 none */
	MEDIA_BAD,                   /* packets of MOS_N at which MOS was below MEDIA_BAD_MOS */
	MEDIA_MEASURED,              /* packets of MOS_N whose delay was measured, not assumed */
	MEDIA_REPORTS, MEDIA_REPORT_LOSS,                        /* reports; sum of 256ths lost */
	MEDIA_REPORT_JITTER_N, MEDIA_REPORT_JITTER_SUM, MEDIA_REPORT_JITTER_MAX,         /* ns */
	MEDIA_RTT_N, MEDIA_RTT_SUM, MEDIA_RTT_MAX,               /* ns */
	MEDIA_GAPS,                  /* packets before which sequence numbers are missing */
	MEDIA_FIGURES
};

enum { MEDIA_MARKS = PACKET_MARKS - COUNTED_MARKS };         /* marks of packets that figures count */

enum { MEDIA_BAD_MOS = 3600000 };    /* "many users dissatisfied" (ITU-T G.109) below it */

enum media_text { MEDIA_CODEC, MEDIA_CALL, MEDIA_TEXTS };

struct media {
	uint64_t v[2][MEDIA_FIGURES];        /* by direction (enum direction) of who sent the RTP */
	uint32_t text[MEDIA_TEXTS];          /* numbers in the record's pool; 0: unknown */
	uint8_t mixed;                       /* bits by enum media_text: they differ */
};

/* Bytes of one encoded, without texts in full. */
enum { MEDIA_MAX = 2 * (4 + MEDIA_FIGURES * 10) + 1 + MEDIA_TEXTS * 5 };

/* Texts of both are of one pool. */
void media_merge(struct media *whole, const struct media *part);
/* The same into a record's, made if need be; part may be NULL. RC_NO_MEMORY. */
enum rc media_join(struct media **whole, const struct media *part, struct err *err);
void media_free(struct media *m);
/* A text that all share, or else is null. Number 0 says nothing. */
void media_text(struct media *m, enum media_text slot, uint32_t number);
void media_move_texts(struct media *m, const struct texts *from, struct texts *to);
/* Counts a packet's marks of media by their order, those of others not at all. */
void media_count_marks(uint64_t marked[MEDIA_MARKS], uint32_t marks);
/* Whether figures (NULL: none) say that so many packets have each mark. */
bool media_agrees(const struct media *m, const uint64_t marked[MEDIA_MARKS]);
/* Figures of both directions as merging would put them together. */
uint64_t media_both(const struct media *m, enum media_figure f);

/* Texts in full where there is a pool, else by their numbers. */
void media_encode(const struct media *m, const struct texts *full, struct buf *out);
/* The reverse. Where texts are in full they are added to the pool (NULL: unknown); what cannot be sets c->truncated. */
void media_decode(struct cursor *c, bool in_full, struct texts *pool, struct media *out);

#endif
