/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside of a segment writer, for segment_writer.c (what comes in) and segment_build*.c (what
 * goes out). Nobody else includes it.
 *
 * While flows come in, addresses, contexts and services have provisional numbers in order of
 * appearance, and microflow parts are encoded at once, since nothing in them depends on what
 * comes later. At the end addresses and services are sorted, and each flow part gets its head
 * in front of its microflow parts.
 */
#ifndef FLOWDRILL_STORE_SEGMENT_WRITER_H
#define FLOWDRILL_STORE_SEGMENT_WRITER_H

#include "store/segment.h"
#include "store/segment_codec.h"
#include "store/segment_intern.h"
#include "store/segment_key.h"

/* A flow part that waits for the end. */
struct pending_flow {
	uint32_t client, server; /* provisional address number + 1; 0 none */
	uint32_t context, service; /* provisional numbers */
	uint32_t client_mac, server_mac;
	uint32_t first_ordinal;
	uint32_t micros; /* microflow parts */
	uint32_t bytes_len; /* in `bytes`: extra_len of its own, then its microflow parts */
	uint16_t client_port, server_port;
	uint8_t flags; /* FLOW_ */
	uint8_t extra_len;
};

/* Where a chunk of FLOWS begins, and what its first values are differences from. */
struct flow_chunk {
	uint32_t first_part, first_ordinal;
	uint64_t refs_pos, marks_pos;
	int64_t base_ns, base_slice_ns;
};

/* A service as it is interned; server is a provisional address number + 1. */
struct service_entry {
	int64_t window_ns;
	uint32_t server, proto, point;
	uint16_t port;
	uint8_t has_port, zero;
};

/* Where a chunk of PRINTS begins, and its first packet. */
struct print_chunk {
	uint64_t at;
	uint32_t first;
};

/* A section being built: chunks and directory. */
struct section_out {
	struct buf data, dir;
	size_t chunk_at; /* where the open chunk begins in data */
	uint32_t chunks;
	uint16_t entry; /* bytes of a directory entry, 0: whole */
};

struct segment_writer {
	struct segment_start start;
	struct plan plan;
	bool failed; /* no memory since begin */

	uint32_t n_packets;
	uint32_t *offsets, *lens; /* of each packet's record */
	size_t offsets_cap, lens_cap;
	struct buf checks; /* 2 bytes of each */
	uint32_t end_offset, least;
	int64_t *marks; /* pairs: earliest, latest */
	size_t marks_cap;

	struct pending_flow *flows;
	size_t flows_cap;
	uint32_t n_flows, n_micros;
	struct buf bytes; /* of all flow parts, in order */
	uint64_t counter_bytes;
	struct flow_chunk *flow_chunks;
	size_t flow_chunks_cap, n_flow_chunks, flow_chunk_at;
	struct buf refs;
	uint64_t *refs_chunks; /* where each begins */
	size_t refs_chunks_cap, n_refs_chunks;
	struct buf notes; /* MARKS */
	uint64_t *notes_chunks;
	size_t notes_chunks_cap, n_notes_chunks;
	uint32_t notes_len; /* bytes of the microflow part that comes next */
	struct media media; /* of that, too */
	struct buf media_bytes;
	bool has_media;
	struct buf prints; /* PRINTS */
	struct print_chunk *print_chunks;
	size_t print_chunks_cap, n_print_chunks;
	uint64_t n_prints;
	uint32_t next_print; /* ordinal behind the last one that has some */
	struct segment_guess guess;
	int64_t slice_ns; /* of the flow part before */
	uint32_t micro_ordinal; /* first of the microflow part before */
	uint8_t *scratch; /* a microflow part */

	struct intern addresses, contexts, services, macs;
	struct texts *texts; /* the pool of what comes in */
	uint32_t *text_numbers; /* by number in the pool: in the segment, from 1; 0 not named yet */
	uint32_t *text_order; /* numbers in the pool, in the segment's order */
	size_t text_numbers_cap, text_order_cap;
	uint32_t n_texts;
	struct observations *observations;
	struct flow_key last_context;
	uint32_t last_context_number;

	uint32_t *rank; /* of addresses: provisional number -> sorted one */
	size_t rank_cap;
	struct addr *sorted;
	size_t sorted_cap, n_sorted;
	struct section_out out[SECTIONS];
};

/* Makes the texts of counters, numbers of the pool, those of the segment. False without memory. */
bool writer_number_texts(struct segment_writer *w, struct counters *c);
bool writer_number_text(struct segment_writer *w, uint32_t *text);
/* Appends the media of the microflow part, if it has any; *len bytes. */
void writer_put_media(struct segment_writer *w, size_t *len);
void writer_clear_texts(struct segment_writer *w);
/*
 * Ends the open chunk: directory entry with the number of its first element. Nothing where it
 * is empty.
 */
void section_end_chunk(struct section_out *o, uint64_t first);
/* Sorts addresses: rank, sorted. */
bool build_ranks(struct segment_writer *w);
/* The sections. False when memory is out (or the bufs have failed). */
void build_packets(struct segment_writer *w);
void build_checks(struct segment_writer *w);
void build_flows(struct segment_writer *w);
void build_addresses(struct segment_writer *w);
bool build_postings(struct segment_writer *w);
bool build_services(struct segment_writer *w);
void build_contexts(struct segment_writer *w);
void build_macs(struct segment_writer *w);
void build_texts(struct segment_writer *w);
void build_observations(struct segment_writer *w);
void build_continued(struct segment_writer *w);
bool build_prints(struct segment_writer *w);

#endif
