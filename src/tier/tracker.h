/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tracker: packets -> microflow parts and flow parts, for one shard of all conversations.
 *
 * Conversations are spread over TIER_SHARDS shards by their unordered pair of addresses. The number of shards
 * is fixed, so that every decision (orientation, eviction) depends on packet order alone and never on the number of
 * threads; a thread owns whole shards.
 *
 * State of a conversation: its orientation, the flow and microflow that are open (and those of the slice before, for packets that
 * come late), what a handshake needs. At most TRACKER_CONVERSATIONS per shard: then one goes that was unused long (conversation.h), what it
 * would have known becomes unknown, and the next packet of it counts one state_evicted.
 *
 * Parts live in the shard until the segment's end: tracker_end_segment() hands them out in order of their first packet and empties the
 * shard's parts; conversations go on, and what follows in the same flow becomes a further part with the same id.
 *
 * Invariants
 *   T1  every packet given is counted in exactly one microflow part, which lies in exactly one flow part
 *   T2  a microflow's packets lie in one micro slice, a flow's in one flow slice
 *   T3  parts are in ascending order of first_ordinal; ordinals in a part ascend
 * One thread at a time.
 */
#ifndef FLOWDRILL_TIER_TRACKER_H
#define FLOWDRILL_TIER_TRACKER_H

#include "flow/observation.h"
#include "flow/record.h"

enum {
	TIER_SHARDS = 16,
	TRACKER_CONVERSATIONS = 4096,        /* a shard: 65,536 in all, of 950 bytes with everything that is computed */
	TRACKER_SETS = 3,                    /* of parts, at most */
	TRACKER_OBSERVATIONS = 4096,         /* a shard and segment: what comes when there are so many is refused */
};

struct tracker;

/*
 * fingerprints: enum fingerprints, what is kept of payload, of all conversations. attributes: enum attribute, what is computed beside counting; `wanted` (NULL: always) says of a conversation's first packet
 * whether it is computed for the conversation. In any thread. sets: of parts, 2 to TRACKER_SETS: one fills, while what was handed out of the others is in use.
 */
struct tracker_config {
	int64_t micro_ns, flow_ns;
	unsigned attributes, fingerprints, sets;
	bool (*wanted)(void *ctx, const struct packet *p);
	void *ctx;
};

/* Hash of the unordered address pair: the shard is its top bits. */
uint64_t tracker_pair_hash(const struct packet *p);
static inline unsigned tracker_shard(uint64_t pair_hash)
{
	return (unsigned)(pair_hash >> 60);
}

enum rc tracker_new(const struct tracker_config *config, struct tracker **out, struct err *err);
void tracker_free(struct tracker *t);
/* What comes with a packet: its bytes (p->caplen, or NULL: payload is unknown), and what was announced of it (NULL: nothing). */
struct announced;
struct tracker_frame {
	const uint8_t *bytes;
	struct announced *announced;
	uint32_t whole;              /* bytes that there are: more than p->caplen, where the rest is not kept; 0: p->caplen */
};
/* Packets in order: of a batch those numbers that `order` says, n of them. All are of one segment of this block. */
struct tracker_batch {
	const struct packet *packets;
	const struct tracker_frame *frames;
	const uint64_t *pair_hashes;
	uint32_t block, first_ordinal;       /* of packets[0], within the segment */
};
/* RC_NO_MEMORY. */
enum rc tracker_packets(struct tracker *t, const struct tracker_batch *b, const uint16_t *order, unsigned n, struct err *err);

/* A microflow part. */
struct micro_part {
	struct record_id id;
	int64_t slice_ns;
	uint32_t last_ref;                   /* chain of references in the shard, backwards: as many as it has packets */
	uint32_t first_note, last_note;      /* chain of notes, by position */
	uint32_t n_notes;
	uint32_t media;                      /* index + 1 among the shard's; 0 none */
	uint32_t next;                       /* next microflow part of the flow part, UINT32_MAX none */
	struct counters c;
};

/* A flow part. */
struct flow_part {
	struct record_id id;
	int64_t slice_ns;
	uint32_t first_ordinal;
	uint32_t first_offset;               /* of that packet, in the block */
	uint32_t first_micro, last_micro;    /* indices of micro parts */
	struct flow_key key;
};

/* What a shard hands over at a segment's end; valid until its tracker_end_segment() was called `sets` - 1 times more. */
struct tracker_parts {
	const struct flow_part *flows;
	size_t n_flows;
	const struct micro_part *micros;
	size_t n_micros;
	const struct packet_chain *refs;
	size_t n_refs;
	const struct note_chain *notes;
	size_t n_notes;
	const struct media *media;
	const struct print_run *print_runs;  /* fingerprints, by ascending ordinals */
	size_t n_print_runs;
	const uint32_t *prints;
	const struct texts *texts;           /* pool of the counters' and the media's texts */
	struct observations *observations;   /* names that addresses were seen to have */
};

struct print_run { uint32_t ordinal, first; uint16_t n; bool more; };    /* n from prints[first] on */

struct note_chain { struct packet_note note; uint32_t next; };       /* next: UINT32_MAX at the end */

struct packet_chain { uint32_t ordinal, before; };   /* before: UINT32_MAX at the first */

void tracker_end_segment(struct tracker *t, struct tracker_parts *out);

#endif
