/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sealer: all shards' parts of one segment -> the segment's bytes and its macroflow parts.
 *
 * Merges the shards by first packet, writes flow and microflow parts, and groups flow parts by
 * service and window into macroflow parts, whose ids it carries from segment to segment in a table of bounded size.
 * Segments must come in order. One thread at a time.
 */
#ifndef FLOWDRILL_TIER_SEALER_H
#define FLOWDRILL_TIER_SEALER_H

#include "store/segment.h"
#include "store/store.h"
#include "tier/tracker.h"

struct sealer;

/* What the reader knows of the segment's packets, in order. */

struct sealer_input {
	struct segment_start start;
	const struct segment_packet *packets;
	const uint16_t *checks;              /* packet_check() of each */
	size_t n_packets;
	struct tracker_parts shards[TIER_SHARDS];
	struct observations *names;          /* of the capture itself; may be NULL */
};

/* Valid until the next call. */
struct sealer_output {
	struct buf bytes;
	struct macro_part *macros;           /* sorted by service key */
	size_t n_macros;
	const struct addr *addrs;            /* distinct addresses */
	size_t n_addrs;
	struct segment_size size;
};

enum rc sealer_new(struct sealer **out, struct err *err);
void sealer_free(struct sealer *s);
enum rc sealer_seal(struct sealer *s, const struct sealer_input *in, struct sealer_output **out, struct err *err);

#endif
