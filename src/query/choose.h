/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packets of a segment that a query wants: chosen from the index (choose.c), then read (run_packets.c).
 * Private to these two.
 */
#ifndef FLOWDRILL_QUERY_CHOOSE_H
#define FLOWDRILL_QUERY_CHOOSE_H

#include "app/app.h"
#include "query/ahead.h"
#include "query/query_priv.h"

struct fragment_table;

/* A flow part of the segment in hand. */
struct chosen_part {
	struct record_id id;
	struct flow_key key;
	enum verdict verdict;
	bool has_previous;
	int64_t previous_ns; /* time of its packet before */
};

/* A microflow part. */
struct chosen_micro {
	struct record_id id;
	uint32_t part;
	uint32_t first, n; /* in ordinals */
	uint32_t first_note, n_notes; /* in notes */
	bool has_marks, has_turns, has_said, has_media; /* they were looked for */
	uint32_t app; /* its application, in run->texts; 0: not known, or several */
	bool wanted; /* whole */
	bool partial; /* single packets of it are */
	int64_t last_ns, gap_sum, gap_min;
	bool has_gaps, begins; /* begins: it holds the flow's first packet */
	bool leads; /* what is before its first packet is not read: lead_ns is its time, where has_lead */
	bool has_lead;
	int64_t lead_ns;
};

/* A packet to read. A segment may have millions of them. */
struct packet_entry {
	uint32_t ordinal;
	uint32_t micro; /* with ENTRY_SILENT: read for its time alone */
};

#define ENTRY_SILENT (UINT32_C(1) << 31)

struct packets {
	struct ahead ahead;
	struct source_run *sr;
	struct segment *seg;
	const struct segment_place *place;
	const struct block_info *block;
	struct fragment_table *fragments; /* made for the first fragment */
	struct packet_reader *reader, *aside; /* aside: for single packets out of order */
	struct part_list list;
	struct chosen_part *parts;
	struct chosen_micro *micros;
	struct packet_entry *entries;
	uint32_t *ordinals; /* of all microflow parts, one after the other */
	struct packet_note *notes; /* likewise */
	uint32_t *wanted; /* ordinals that were asked for by id, ascending */
	struct packet_ref *refs;
	struct packet_entry *sorted; /* scratch */
	size_t n_parts, cap_parts, n_micros, cap_micros, n_entries, cap_entries, n_ordinals,
		cap_ordinals;
	size_t n_notes, cap_notes;
	size_t n_wanted, cap_wanted, cap_sorted;
	bool unordered; /* entries are not in order of capture */
	struct buf info; /* what the packet in hand says */
	char app[SAID_MAX + 1], name[SAID_MAX + 1], url[SAID_MAX + 1]; /* likewise */
};

#define GROW(p, what, need) mem_grow(&(p)->what, &(p)->cap_##what, (need), sizeof(*(p)->what))

/* Chooses parts, microflow parts and entries of the open segment. */
enum rc packets_choose(struct packets *p, struct err *err);

#endif
