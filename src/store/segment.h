/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A segment: the index of one stretch of a block, and how it is written and read.
 *
 * It holds, for packets numbered by `ordinal` (0 = the segment's first) in order of arrival:
 *   packets   the record length of each, so that ordinal <-> offset is answered without a look at packet bytes;
 *             earliest and latest time every SEGMENT_MARK packets
 *   flows     flow parts in order of their first packet's ordinal; each holds its key once and its microflow
 *             parts behind it, in the same order; each microflow part its counters and the ordinals of its packets
 *   addresses sorted; each leads to the flow parts that have it as client or server
 *   services  sorted (window, server, proto, port, point); each leads to its flow parts
 *   strings   tunnels and MACs once
 * The layout, byte by byte, is in store/format.h. Everything is checked when read: an index file
 * is untrusted bytes.
 *
 * Determinism: the same calls give the same bytes.
 * Threads: a writer belongs to one thread; an opened segment is immutable and may be read by
 * many, each with its own cursor.
 */
#ifndef FLOWDRILL_STORE_SEGMENT_H
#define FLOWDRILL_STORE_SEGMENT_H

#include "base/buf.h"
#include "flow/record.h"

struct io_file;

enum { SEGMENT_MARK = 4096 };        /* packets between two time marks */

/* ---- writing ---------------------------------------------------------------------- */

struct segment_writer;

struct segment_start {
	uint32_t block;
	uint32_t number;             /* within the block, from 0 */
	uint32_t first_offset;       /* in the block, of the first packet's record */
	uint64_t first_frame;        /* frame number of the first packet, from 1 over the store */
	int64_t micro_ns, flow_ns, macro_ns;     /* slice lengths */
};

enum rc segment_writer_new(struct segment_writer **out, struct err *err);
void segment_writer_free(struct segment_writer *w);
/* Starts (or starts over); keeps memory of the segment before. */
void segment_writer_begin(struct segment_writer *w, const struct segment_start *start);
/*
 * Every packet once, in order. `skip` bytes lie between the end of the record before (or first_offset) and this record
 * (blocks without packets in between), record_len is its length.
 */
void segment_writer_packet(struct segment_writer *w, uint32_t skip, uint32_t record_len, int64_t time_ns);
/* A flow part. In order of first_ordinal; its microflow parts follow before the next flow part. slice_ns: start of the flow's slice. */
void segment_writer_flow(struct segment_writer *w, struct record_id id, const struct flow_key *key,
	int64_t slice_ns, uint32_t first_ordinal);
/* A microflow part of the flow part before: n ordinals ascending, the first is its first packet. */
void segment_writer_micro(struct segment_writer *w, struct record_id id, int64_t slice_ns,
	const struct counters *c, const uint32_t *ordinals, uint32_t n);

struct segment_size {                /* bytes by section, for dump and the benchmark */
	uint64_t header, packets, flows, counters, refs, addresses, services, strings;
};

/*
 * Appends the segment's bytes to *out. RC_NO_MEMORY if memory ran out anywhere since begin. *size may be NULL.
 */
enum rc segment_writer_end(struct segment_writer *w, struct buf *out, struct segment_size *size, struct err *err);
/* Distinct addresses of the segment ended last, sorted: for the block's filter. Valid until the next begin. */
const struct addr *segment_writer_addresses(const struct segment_writer *w, size_t *n);

/* The header of an index file, to be written once before its first segment: magic, version, block, field table. */
enum rc index_header_encode(struct buf *out, uint32_t block, struct err *err);

/* ---- reading ---------------------------------------------------------------------- */

struct segment;

struct segment_info {
	uint32_t block, number;
	uint32_t packets, flow_parts, micro_parts;
	uint32_t first_offset, end_offset;       /* in the block; end is behind the last packet's record */
	uint64_t first_frame;
	int64_t first_ns, last_ns;               /* earliest and latest packet */
	int64_t micro_ns, flow_ns, macro_ns;
	struct segment_size size;
};

/* Checks an index file's header (magic, version, block); *header_len is where segments begin. RC_NEWER, RC_DAMAGED. */
enum rc index_header_check(struct io_file *f, uint32_t block, uint64_t *header_len, struct err *err);
/*
 * Reads and verifies (checksum of each section, all counts) the segment at `at`, `len` bytes of the file. The file may be closed after.
 * `verify` false leaves out the checksums of sections until they are used (lazily checked once).
 */
enum rc segment_open(struct io_file *f, uint64_t at, uint64_t len, struct segment **out, struct err *err);
void segment_close(struct segment *s);
const struct segment_info *segment_info(const struct segment *s);

/* Ordinal of the packet whose record starts at `offset`; RC_MISSING where none does. */
enum rc segment_ordinal(const struct segment *s, uint32_t offset, uint32_t *ordinal, struct err *err);

/* Walks packets upwards from an ordinal. */
struct segment_packets {
	const struct segment *s;
	uint32_t next;               /* ordinal of the next one */
	uint32_t offset;             /* end of the record before */
	const uint8_t *p;            /* private */
};
/* Seeks to `ordinal` (at most SEGMENT_MARK steps of decoding); asserts nothing: RC_DAMAGED on nonsense. */
enum rc segment_packets_seek(struct segment_packets *it, const struct segment *s, uint32_t ordinal, struct err *err);
/* False at the end. */
bool segment_packets_next(struct segment_packets *it, uint32_t *offset, uint32_t *record_len);

/* Earliest and latest time of packets [mark * SEGMENT_MARK, ...); false behind the last mark. */
bool segment_mark(const struct segment *s, uint32_t mark, int64_t *first_ns, int64_t *last_ns);

/* A flow part as read; microflow parts are read on with segment_next_micro(). */
struct segment_flow {
	uint32_t part;               /* its number in the segment, from 0 */
	struct record_id id;
	int64_t slice_ns;
	uint32_t first_ordinal;
	uint32_t micros;
	struct flow_key key;
};

struct segment_cursor {
	const struct segment *s;
	uint32_t next_part;
	uint32_t micros_left;        /* of the flow part read last */
	uint64_t pos;                /* private from here */
	uint32_t previous_ordinal;
	struct record_id flow_id;
	int64_t flow_slice_ns;
	uint64_t refs_pos;
	uint32_t refs_n, refs_first;
};

/* To flow part `part` (0 .. flow_parts); asking for the end is fine. */
enum rc segment_seek(struct segment_cursor *c, const struct segment *s, uint32_t part, struct err *err);
/* RC_DONE, RC_END, RC_DAMAGED. Skips what is left of the part before. */
enum rc segment_next_flow(struct segment_cursor *c, struct segment_flow *out, struct err *err);
/*
 * The next microflow part: id, slice and counters. RC_END behind the flow part's last.
 */
enum rc segment_next_micro(struct segment_cursor *c, struct record_id *id, int64_t *slice_ns,
	struct counters *out, struct err *err);
/* Ordinals of the packets of the microflow part read last, ascending: counters_packets() of them, appended at *ordinals
 * (room for that many). */
enum rc segment_refs(const struct segment_cursor *c, uint32_t *ordinals, struct err *err);
/* The flow part that holds a packet: by binary search over first ordinals for a part's own first packet. RC_MISSING else. */
enum rc segment_flow_at(const struct segment *s, uint32_t first_ordinal, uint32_t *part, struct err *err);

/* A growing list of flow-part numbers. */
struct part_list {
	uint32_t *v;
	size_t n, cap;
};
void part_list_free(struct part_list *l);
/* Sorts and removes doubles. */
void part_list_unique(struct part_list *l);

/*
 * Appends the flow parts that continue a record of an earlier segment (whose id lies before this segment's first packet),
 * ascending. There are few: a list of its own in the segment answers this without a look at the other parts. Every other part
 * is the first of its record. Microflow parts that continue one lie in flow parts that do.
 */
enum rc segment_continuations(const struct segment *s, struct part_list *out, struct err *err);

/* Appends the flow parts that have an address of `net` as client or server. Binary search: touches nothing else. */
enum rc segment_by_net(const struct segment *s, const struct addr_net *net, struct part_list *out, struct err *err);
/* Appends the flow parts of one service in one window (key->window_ns). */
enum rc segment_by_service(const struct segment *s, const struct service_key *key, struct part_list *out, struct err *err);

#endif
