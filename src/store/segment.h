/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A segment: the index of one stretch of a block, and how it is written and read.
 *
 * It holds, for packets numbered by `ordinal` (0 = the segment's first) in order of arrival:
 *   packets   the record length of each, so that ordinal <-> offset is answered without a look
 *             at packet bytes; earliest and latest time every SEGMENT_MARK packets; a check of
 *             each, by which a reader tells that it is not the one that was indexed
 *   flows     flow parts in order of their first packet's ordinal; each holds its key once and
 *             its microflow parts behind it, in the same order; each microflow part its
 *             counters, the ordinals of its packets, and notes: marks, round-trip and response
 *             times of single packets
 *   addresses sorted; each leads to the flow parts that have it as client or server services
 *   sorted (window, server, proto, port, point); each leads to its flow parts
 *   strings   tunnels, MACs and texts once; names that addresses were seen to have, by address
 *   prints    fingerprints of the packets' content, where they are kept, and a filter of all of them
 * The layout, byte by byte, is in store/format.h. Everything is checked when read: an index
 * file is untrusted bytes.
 *
 * Opening reads the segment's head alone (some KB: directories of all sections). What is asked
 * for later is read in chunks of at most about 64 KiB, each verified by its checksum when it is
 * read; so a drill-down reads little, and damage is found where it is touched. segment_verify()
 * touches all.
 *
 * Determinism: the same calls give the same bytes. Threads: a writer belongs to one thread; so
 * does an opened segment with its cursors (open it once a thread).
 */
#ifndef FLOWDRILL_STORE_SEGMENT_H
#define FLOWDRILL_STORE_SEGMENT_H

#include "base/buf.h"
#include "flow/fingerprints.h"
#include "flow/mark.h"
#include "flow/observation.h"
#include "flow/record.h"

struct io_file;

enum {
	SEGMENT_MARK = 4096, /* packets between two time marks */
	SEGMENT_NAMES_MAX = 1 << 16, /* observations: what comes when there are so many is refused */
	SEGMENT_PRINTS_MAX = 4096, /* fingerprints of a packet */
};

/* ---- writing ---------------------------------------------------------------------------- */

struct segment_writer;

struct segment_start {
	uint32_t block;
	uint32_t number; /* within the block, from 0 */
	uint32_t first_offset; /* in the block, of the first packet's record */
	uint64_t first_frame; /* frame number of the first packet, from 1 over the store */
	int64_t micro_ns, flow_ns, macro_ns; /* slice lengths */
	uint32_t fingerprints; /* enum fingerprints: which will be given */
};

enum rc segment_writer_new(struct segment_writer **out, struct err *err);
void segment_writer_free(struct segment_writer *w);
/* Starts (or starts over); keeps memory of the segment before. */
void segment_writer_begin(struct segment_writer *w, const struct segment_start *start);
struct segment_packet {
	uint32_t skip, record_len;
	int64_t time_ns;
};

/*
 * Every packet once, in order. `skip` bytes lie between the end of the record before (or
 * first_offset) and this record (blocks without packets in between), record_len is its length,
 * check is packet_check() (store/block.h).
 */
void segment_writer_packets(struct segment_writer *w, const struct segment_packet *v, const uint16_t *checks, size_t n);
/* One of them. */
void segment_writer_packet(struct segment_writer *w, uint32_t skip, uint32_t record_len,
	int64_t time_ns, uint16_t check);
/* The packet given last may be as late as this, too: for one whose time is known by its bounds alone. */
void segment_writer_time(struct segment_writer *w, int64_t time_ns);
/*
 * A flow part. All packets it refers to were given before. In order of first_ordinal (its first
 * microflow part's); its microflow parts follow, at least one, before the next flow part.
 * slice_ns: start of the flow's slice.
 */
void segment_writer_flow(struct segment_writer *w, struct record_id id,
	const struct flow_key *key, int64_t slice_ns, uint32_t first_ordinal);
/*
 * What is said of single packets of the microflow part that is given next, by ascending
 * positions, all below its number of packets; nothing where it is not called.
 */
void segment_writer_notes(struct segment_writer *w, const struct packet_note *notes, uint32_t n);
/* What is known of the media of the microflow part that is given next; texts as its counters'. */
void segment_writer_media(struct segment_writer *w, const struct media *m);
/*
 * A microflow part of the flow part before, in order of their first ordinals. n ordinals
 * ascending, the first is its first packet; n == counters_packets(c). Kept of `c` are the
 * fields of the field table that are counters, with their known and mixed bits; a value that is
 * unknown is not (sums are).
 */
void segment_writer_micro(struct segment_writer *w, struct record_id id, int64_t slice_ns,
	const struct counters *c, const uint32_t *ordinals, uint32_t n);

/* An address was seen to have a name; any order, any time since begin. Equal ones become one. */
void segment_writer_name(struct segment_writer *w, const struct observation *o);

/* Fingerprints of a packet that was given, by ascending ordinals, where start->fingerprints is not FINGERPRINTS_OFF (else nothing is done). */
void segment_writer_prints(struct segment_writer *w, uint32_t ordinal, const struct packet_prints *p);

/* Of some packets nobody knows any: none are kept of others. */
void segment_writer_no_prints(struct segment_writer *w);

struct segment_size { /* bytes by section, for dump and the benchmark */
	uint64_t header, packets, flows, counters, refs, marks, checks, addresses, services, strings, prints, filter;
};

/*
 * Appends the segment's bytes to *out. RC_NO_MEMORY if memory ran out anywhere since begin.
 * *size may be NULL.
 */
enum rc segment_writer_end(
	struct segment_writer *w, struct buf *out, struct segment_size *size, struct err *err);
/*
 * Distinct addresses of the segment ended last, sorted: for the block's filter. Valid until the
 * next begin.
 */
const struct addr *segment_writer_addresses(const struct segment_writer *w, size_t *n);
/*
 * The pool of the segment that is being written: counters given to segment_writer_micro() name texts by its numbers. Emptied by
 * segment_writer_begin(). It is bounded; for what found no room there counters say that it is unknown.
 */
struct texts *segment_writer_texts(struct segment_writer *w);
/* Bytes that the writer holds now. */
size_t segment_writer_memory(const struct segment_writer *w);

/*
 * The header of an index file, to be written once before its first segment: magic, version,
 * block, field table.
 */
enum rc index_header_encode(struct buf *out, uint32_t block, struct err *err);

/* ---- reading ---------------------------------------------------------------------------- */

struct segment;

struct segment_info {
	uint32_t block, number;
	uint32_t packets, flow_parts, micro_parts;
	uint32_t first_offset,
		end_offset; /* in the block; end is behind the last packet's record */
	uint64_t first_frame;
	int64_t first_ns, last_ns; /* earliest and latest packet */
	int64_t micro_ns, flow_ns, macro_ns;
	uint32_t fingerprints; /* enum fingerprints, or a later one */
	struct segment_size size;
};

/*
 * Checks an index file's header (magic, version, block); *header_len is where segments begin.
 * RC_NEWER, RC_DAMAGED.
 */
enum rc index_header_check(
	struct io_file *f, uint32_t block, uint64_t *header_len, struct err *err);
enum { SEGMENT_HEAD_FIRST = 16 << 10 };       /* bytes that opening reads at first: most heads are shorter */
/*
 * Opens the segment at `at`, `len` bytes of the file: reads and verifies its head. Takes the
 * file over in any case: it is closed by segment_close(), or here on failure. RC_DAMAGED,
 * RC_NEWER, RC_IO, RC_NO_MEMORY; so do all functions below.
 */
enum rc segment_open(
	struct io_file *f, uint64_t at, uint64_t len, struct segment **out, struct err *err);
/* The same on the bytes of a whole index file in memory, which must outlive the segment. */
enum rc segment_open_memory(const void *bytes, size_t size, uint64_t at, uint64_t len,
	struct segment **out, struct err *err);
void segment_close(struct segment *s);
const struct segment_info *segment_info(const struct segment *s);
/* Bytes of the index file that were read since segment_open(), by whatever was asked for. */
uint64_t segment_io_bytes(const struct segment *s);
/*
 * Counters read from now on name texts by numbers of this pool, which must outlive the segment or the next call; NULL (as after
 * opening): by the segment's own, which segment_text() tells. Texts for which the pool has no room become unknown.
 */
void segment_give_texts(struct segment *s, struct texts *pool);
/* A text by the segment's own number; raw bytes, not terminated, valid until the next call for this segment. */
enum rc segment_text(struct segment *s, uint32_t number, const char **text, size_t *len, struct err *err);
/* Whether it wants more; the observation is valid in it alone. */
typedef bool (*name_take)(void *ctx, const struct observation *o);
/* What an address was seen to be called, by source and name. */
enum rc segment_names(struct segment *s, const struct addr *a, name_take take, void *ctx, struct err *err);
/* All of them, in order of observation_cmp(). */
enum rc segment_all_names(struct segment *s, name_take take, void *ctx, struct err *err);
/*
 * Reads all of it: every checksum, every record, every list, every reference; counts and sums
 * must agree.
 */
enum rc segment_verify(struct segment *s, struct err *err);

/* Where a packet's record lies in its block, and what has to be there. */
struct packet_ref {
	uint32_t offset, record_len;
	uint16_t check; /* packet_check() of it as it was indexed */
	bool has_check; /* false: whatever is there is right */
};

/* Ordinal of the packet whose record starts at `offset`; RC_MISSING where none does. */
enum rc segment_ordinal(struct segment *s, uint32_t offset, uint32_t *ordinal, struct err *err);
/* Where n packets lie, by ordinal; cheap where the ordinals ascend. */
enum rc segment_locate(struct segment *s, const uint32_t *ordinals, size_t n,
	struct packet_ref *out, struct err *err);

/* The check of a packet. */
enum rc segment_check(struct segment *s, uint32_t ordinal, uint16_t *out, struct err *err);

/* Walks packets upwards from an ordinal; of their checks it knows nothing. */
struct segment_packets {
	struct segment *s;
	uint32_t next; /* ordinal of the next one */
	uint32_t offset; /* end of the record before */
	size_t pos; /* private: in the chunk */
};
/* Seeks to `ordinal` (decodes less than 128 packets); asking for the end is fine. */
enum rc segment_packets_seek(
	struct segment_packets *it, struct segment *s, uint32_t ordinal, struct err *err);
/* RC_END behind the last. */
enum rc segment_packets_next(
	struct segment_packets *it, struct packet_ref *out, struct err *err);

/* Whether a packet may have this fingerprint. Reads a chunk of the filter; true where none were kept. */
enum rc segment_may_have_print(struct segment *s, uint32_t print, bool *may, struct err *err);
/* Walks packets that have fingerprints upwards from an ordinal. */
struct segment_prints {
	struct segment *s;
	uint32_t next; /* ordinal behind the one read last */
	uint32_t chunk; /* private from here */
	size_t pos;
};
enum rc segment_prints_seek(struct segment_prints *it, struct segment *s, uint32_t ordinal, struct err *err);
/* RC_END behind the last. out->v is the segment's, valid until the next call for it. */
enum rc segment_prints_next(struct segment_prints *it, uint32_t *ordinal, struct packet_prints *out, struct err *err);

/* Earliest and latest time of packets [mark * SEGMENT_MARK, ...); false behind the last mark. */
bool segment_mark(const struct segment *s, uint32_t mark, int64_t *first_ns, int64_t *last_ns);

/* A flow part as read; microflow parts are read on with segment_next_micro(). */
struct segment_flow {
	uint32_t part; /* its number in the segment, from 0 */
	struct record_id id;
	int64_t slice_ns;
	uint32_t first_ordinal;
	uint32_t micros;
	struct flow_key key;
};

struct segment_cursor {
	struct segment *s;
	uint32_t next_part;
	uint32_t micros_left; /* of the flow part read last */
	/* private from here */
	uint32_t chunk;
	size_t pos;
	struct record_id flow_id;
	int64_t flow_slice_ns;
	uint32_t flow_ordinal; /* first of the flow part read last */
	uint32_t micro_ordinal; /* first of the microflow part read last */
	bool first_micro; /* the next microflow part is the flow part's first */
	struct segment_guess { /* what predicts the next counters */
		int64_t first_ns, last_ns;
		uint32_t header_bytes;
		bool ip, continued;
		uint32_t app, name; /* texts, by the segment's numbers */
	} guess;
	uint64_t refs_pos, marks_pos; /* of the microflow part read last */
	uint32_t refs_len, refs_n, marks_len;
	size_t media_pos; /* in that chunk */
	uint32_t media_chunk, media_len;
};

/* To flow part `part` (0 .. flow_parts); asking for the end is fine. */
enum rc segment_seek(
	struct segment_cursor *c, struct segment *s, uint32_t part, struct err *err);
/* The same for a cursor that stands somewhere already: on from there where that is in the part's chunk. */
enum rc segment_go(struct segment_cursor *c, uint32_t part, struct err *err);
/* RC_DONE, RC_END, RC_DAMAGED. Skips what is left of the part before. */
enum rc segment_next_flow(struct segment_cursor *c, struct segment_flow *out, struct err *err);
/*
 * The next microflow part: id (NULL: not wanted, which saves a look-up), slice and counters.
 * RC_END behind the flow part's last.
 */
enum rc segment_next_micro(struct segment_cursor *c, struct record_id *id, int64_t *slice_ns,
	struct counters *out, struct err *err);
/* Ordinals of the packets of the microflow part read last, ascending: counters_packets() of them go to *ordinals
 * (room for that many). */
enum rc segment_refs(const struct segment_cursor *c, uint32_t *ordinals, struct err *err);
/*
 * What is said of single packets of the microflow part read last: up to counters_packets() notes
 * (room for that many), by ascending positions. A merge of segments hands them to
 * segment_writer_notes(), with the positions that the packets have then. Reads nothing where
 * segment_has_notes() says that there are none.
 */
enum rc segment_notes(
	const struct segment_cursor *c, struct packet_note *notes, uint32_t *n, struct err *err);
static inline bool segment_has_notes(const struct segment_cursor *c)
{
	return c->marks_len > 0;
}
/* What is known of the media of the microflow part read last, texts as its counters'. */
enum rc segment_media(const struct segment_cursor *c, struct media *out, struct err *err);
static inline bool segment_has_media(const struct segment_cursor *c)
{
	return c->media_len > 0;
}
/* Merges it, if there is any, into a record's. */
enum rc segment_join_media(const struct segment_cursor *c, struct media **whole, struct err *err);
/*
 * The flow part that holds a packet: by binary search over first ordinals for a part's own
 * first packet. RC_MISSING else.
 */
enum rc segment_flow_at(
	struct segment *s, uint32_t first_ordinal, uint32_t *part, struct err *err);

/* A growing list of flow-part numbers. */
struct part_list {
	uint32_t *v;
	size_t n, cap;
};
void part_list_free(struct part_list *l);
/* Sorts and removes doubles. */
void part_list_unique(struct part_list *l);

/*
 * Appends the flow parts that continue a record of an earlier segment (whose id lies before
 * this segment's first packet), ascending. There are few: a list of its own in the segment
 * answers this without a look at the other parts. Every other part is the first of its record.
 * Microflow parts that continue one lie in flow parts that do.
 */
enum rc segment_continuations(struct segment *s, struct part_list *out, struct err *err);

/*
 * Appends the flow parts that have an address of `net` as client or server. Binary search:
 * touches nothing else.
 */
enum rc segment_by_net(
	struct segment *s, const struct addr_net *net, struct part_list *out, struct err *err);
/* Asks the disk for what segment_by_net() will read first. */
void segment_expect_net(const struct segment *s, const struct addr_net *net);
/* Appends the flow parts of one service in one window (key->window_ns). */
enum rc segment_by_service(struct segment *s, const struct service_key *key,
	struct part_list *out, struct err *err);

#endif
