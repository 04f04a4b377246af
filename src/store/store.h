/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store: blocks of packets, the index of each, and the catalog that names them. Two kinds behind one interface:
 *
 *   own       a directory NAME.fdr with blocks/ (self-contained pcapng) and index/
 *   in place  blocks are stretches of somebody's capture file; index/ lies in the user's cache
 *
 * The catalog (SQLite, store/catalog.h, private to this layer) holds the block allocation table, capture points, sections
 * of in-place files, segments, macroflow parts and events. Flows, microflows and references are in index/NNNNNNNN.idx.
 *
 * Invariants
 *   S1  A segment is named in the catalog, with its macroflow parts, in one transaction, after its bytes were synced.
 *   S2  Published segments of a block follow each other without gap or overlap, from the block's first packet on. Their numbers
 *       ascend from 0, with gaps where one took the place of several; in the index file they stand in any order, with
 *       bytes between them that belong to none.
 *   S3  Block numbers and frame numbers grow; numbers are never used again.
 *   S4  Everything in index/ can be deleted and made again from the blocks (own) or the file (in place), with the same
 *       answers and ids.
 *   S5  One writer (lock file with its pid), any number of readers; a reader sees the catalog at one moment.
 *
 * Threads: functions that write, store_version() and macro walks of a store opened for writing may be called by several threads
 * (internal lock); what the reading functions return of such a store is valid until anybody writes. A store opened
 * for reading belongs to one thread.
 */
#ifndef FLOWDRILL_STORE_STORE_H
#define FLOWDRILL_STORE_STORE_H

#include "base/buf.h"
#include "flow/row.h"
#include "store/segment.h"

struct store;
struct filters;
struct io_file;

enum { STORE_FILTER = 256 };             /* with its zero */

struct store_config {
	int64_t micro_ns, flow_ns, macro_ns;     /* 5 s, 5 min, 15 min by default; each divides the next */
	uint64_t block_size;                     /* 1 MiB .. 256 MiB */
	uint32_t attributes;                     /* enum attribute: computed; all by default */
	char attributes_for[STORE_FILTER];       /* a filter of conversations: for these alone; "" all */
	uint32_t fingerprints;                   /* enum fingerprints: kept of payload; sparse by default */
	char index_dir[256];                     /* own stores: "" = STORE/index, else absolute */
};

void store_config_default(struct store_config *c);
/* RC_USAGE with a reason where slices do not divide or sizes are out of range. */
enum rc store_config_check(const struct store_config *c, struct err *err);
/* What an index is made by and would have to be made anew for. */
enum store_config_part { CONFIG_SLICES = 1 << 0, CONFIG_ATTRIBUTES = 1 << 1, CONFIG_FINGERPRINTS = 1 << 2 };
/* In which of the asked-for parts two differ, as text ("slices"); NULL: in none. */
const char *store_config_differs(const struct store_config *a, const struct store_config *b, unsigned parts);

enum store_kind { STORE_OWN, STORE_IN_PLACE };

/* What opening had to do; for one line to the user each. */
struct store_notes {
	bool recovered;              /* a tail behind the last sync was cut off */
	uint64_t recovered_bytes;
	bool index_missing;          /* some blocks have no (valid) index: must be indexed again */
	bool read_only;              /* the medium is */
	char text[256];
};

/* Makes a new own store; RC_LOCKED, RC_DENIED, RC_USAGE where the path exists and is no empty directory. Opened for writing. */
enum rc store_create(const char *path, const struct store_config *config, struct store **out, struct err *err);
/*
 * Opens an own store. For writing takes the lock and recovers: cuts what lies behind the last whole record of an open block, drops
 * index parts that are not named. RC_MISSING, RC_NEWER, RC_LOCKED (names the pid), RC_DAMAGED.
 */
enum rc store_open(const char *path, bool writing, struct store **out, struct store_notes *notes, struct err *err);
/*
 * The same for writing, with a catalog that is made again from the blocks, whatever there is: it is damaged, and nothing less will do.
 * What no block says is lost with it: macroflows of blocks that were evicted.
 */
enum rc store_open_anew(const char *path, struct store **out, struct store_notes *notes, struct err *err);
/*
 * Opens the index of a capture file in place: index_dir is its cache entry (see store/cache.h), made if absent when
 * writing, then with this config; an index that is there keeps its own. RC_MISSING where there is none when reading.
 * Where the file has another length than when it was indexed whole, opening for writing clears totals.complete.
 */
enum rc store_open_in_place(const char *capture_path, const char *index_dir, const struct store_config *config,
	bool writing, struct store **out, struct store_notes *notes, struct err *err);
/* Ends writing cleanly (journal mode DELETE, lock released) and frees. */
void store_close(struct store *s);

enum store_kind store_kind(const struct store *s);
const char *store_path(const struct store *s);           /* of the directory or the capture file */
const struct store_config *store_config(const struct store *s);

/* ---- reading: a snapshot ---------------------------------------------------------------- */

struct segment_place {               /* a published segment */
	uint32_t block, number;
	uint64_t at, len;            /* in the block's index file */
	uint32_t packets;
	uint64_t first_frame;
	uint32_t first_offset, end_offset;
	int64_t first_ns, last_ns;
	/* What its packets sum up to: the store's totals are the sums over its segments, also after a crash. */
	uint64_t bytes, captured_bytes;
	uint32_t time_unknown, time_saturated, cut_packets, undecoded;   /* packets */
	uint64_t digest;             /* the sum, modulo 2^64, of packet_digest() (store/block.h) */
	uint64_t row_sum;            /* the store's own: checksum of its row */
};

/* Totals of what is published: sums over segments, but for those below the line, which store_set_totals() sets. */
struct store_totals {
	uint64_t packets, bytes, captured_bytes;
	int64_t first_ns, last_ns;   /* valid where packets > 0 */
	uint64_t blocks, segments;
	uint64_t block_bytes;        /* block files, or stretches of the capture file */
	uint64_t indexed_to;         /* in place: bytes of the file covered by sealed blocks and published segments */
	uint64_t time_unknown, time_saturated, cut_packets, undecoded;   /* packets */
	uint64_t evicted_blocks, evicted_packets;        /* that are gone: in none of the above */
	/* ---- */
	bool complete;               /* the writer reached the end of its input */
	bool cut_short, damaged;     /* of the input; damaged_at is where */
	uint64_t damaged_at;
	bool checksum_offload;       /* some checksums were left to the sender's network card: no errors */
};

/*
 * The catalog as it is now: blocks, points, segments, totals. Pointers returned by the functions below stay valid until the
 * next refresh or close. Costs what has changed since the last time, but for once in a while. On failure nothing has changed.
 */
enum rc store_refresh(struct store *s, struct err *err);
/* Changes whenever something was published (cheap: no full read). */
enum rc store_version(struct store *s, uint64_t *version, struct err *err);
const struct block_info *store_blocks(const struct store *s, size_t *n);
const struct block_info *store_block(const struct store *s, uint32_t number);    /* NULL where there is none */
const struct point_info *store_points(const struct store *s, size_t *n);
/* Raw pcapng options of a point's interface (little-endian), as they were given; valid as the points are. */
const void *store_point_options(const struct store *s, uint32_t point, size_t *len);
const struct segment_place *store_segments(const struct store *s, size_t *n);    /* by block, then number */
const struct store_totals *store_totals(const struct store *s);
/* Bytes of index files, filters and catalog. The first time it looks at every index file. */
uint64_t store_index_bytes(struct store *s);
/*
 * Which addresses blocks may have: NULL before store_load_filters(), which reads the file if it is another than it was (it may tell of later
 * blocks than the snapshot has, and tells nothing wrong of those). Whoever looks for no address does without: in a store of a year
 * they are a quarter of a gigabyte. *bytes is what was read. Valid until they are loaded again.
 */
const struct filters *store_filters(const struct store *s);
enum rc store_load_filters(struct store *s, uint64_t *bytes, struct err *err);
/* Windows with drops, ascending by from_ns. */
const struct drop_info *store_drops(const struct store *s, size_t *n);
/* Packets that the kernel dropped at a point in windows that begin in [from, to). */
uint64_t store_drops_between(const struct store *s, uint32_t point, int64_t from_ns, int64_t to_ns);
/* The last `max` events, oldest first. */
struct event_info { int64_t time_ns; char kind[24]; char text[232]; };
enum rc store_events(struct store *s, size_t max, struct event_info *out, size_t *n, struct err *err);
/*
 * Own: whether there is a block of this store that the catalog does not know: opening for writing finds it again. (A writer may have begun
 * it since the snapshot was taken.)
 */
bool store_has_lost_block(const struct store *s);
/* The pid of the process that has the store open for writing; 0 where none has (or it cannot be told). Cheap. */
long store_writer_pid(const struct store *s);
/* The segment that holds the packet at a block's offset; NULL where none. */
const struct segment_place *store_segment_at(const struct store *s, uint32_t block, uint32_t offset);
/*
 * Opens a published segment. `io_bytes` (may be NULL) is increased by what was read. A damaged one is RC_DAMAGED: the block must
 * be indexed again (session does it). RC_STALE as store_judge() has it; RC_MISSING where the block was evicted.
 */
enum rc store_open_segment(struct store *s, const struct segment_place *place, struct segment **out,
	uint64_t *io_bytes, struct err *err);
/* Asks the disk for what opening it will read. */
void store_expect_segment(const struct store *s, const struct segment_place *place);

/*
 * Whether a block was evicted since the snapshot was taken: what cannot be read of it then is gone, and no damage. Looks at the
 * catalog; false where that cannot be read.
 */
bool store_block_gone(struct store *s, uint32_t block);
/*
 * What failed while a segment was read: RC_STALE in the place of damage, where it was replaced by others since the snapshot was taken
 * (its bytes may have been given back): a refresh helps. Else rc, with its detail.
 */
enum rc store_judge(struct store *s, const struct segment_place *place, enum rc rc, struct err *err);

/* Walks macroflow parts merged into macroflows, by window, then service. */
struct macro_walk;
struct macro_range {
	int64_t from_ns, to_ns;      /* windows that overlap [from, to); INT64_MIN, INT64_MAX: unbounded */
	const struct service_key *only;      /* one service in one window, or NULL */
	struct texts *texts;                 /* the pool that texts of records go to; NULL: they are unknown */
	u128 fields;                         /* these alone (bits), without texts, sketches and histograms; 0: all */
	const struct service_key *wanted;    /* those services alone, sorted; must stay. NULL: all */
	size_t n_wanted;
};
/* How many parts there are in windows that end behind a time: what a walk from there on costs. */
uint64_t store_macro_parts(const struct store *s, int64_t from_ns);
enum rc macro_walk_open(struct store *s, const struct macro_range *range, struct macro_walk **out, struct err *err);
/* The next whole macroflow; *out must be freed with record_free(). RC_END behind the last. slice_ns is the window's start. */
enum rc macro_walk_next(struct macro_walk *w, struct record *out, struct service_key *key, struct err *err);
/* Bytes of parts that were read of the catalog so far. */
uint64_t macro_walk_bytes(const struct macro_walk *w);
void macro_walk_close(struct macro_walk *w);
/* The macroflow with this id: its key; RC_MISSING. */
enum rc store_find_macro(struct store *s, struct record_id id, struct service_key *out, struct err *err);

/* ---- writing ---------------------------------------------------------------------------- */

/*
 * Adds a capture point (its number is filled in) in order of appearance; options are little-endian (pcapng_copy_options()). A zero
 * uuid gets one derived from the store's identity (in place: the first bytes of the file; own: random) and its number.
 * In place, point->file_offset must say where the file describes it: what lies behind the last published segment
 * (points, sections, untimed runs) is forgotten on recovery, and comes again when indexing goes on.
 */
enum rc store_add_point(struct store *s, struct point_info *point, const void *options, size_t options_len, struct err *err);
/* What its statistics said last: packets dropped at this point. */
enum rc store_set_dropped(struct store *s, uint32_t point, uint64_t dropped, struct err *err);
/*
 * Live points: cumulative over the store's life. received = stored + refused + dropped once a recorder has stopped; if_dropped stands beside.
 */
struct point_counts { uint64_t received, refused, dropped, if_dropped; };
enum rc store_set_counts(struct store *s, uint32_t point, const struct point_counts *counts, struct err *err);
/* Between these times the kernel (or the card, or we for lack of room) lost so many packets of a point: a window with drops. */
struct drop_info {
	uint32_t point;
	int64_t from_ns, to_ns;
	uint64_t dropped, if_dropped, refused;
	int64_t number;              /* the store's own, with the checksum of its row */
	uint64_t row_sum;
};
enum rc store_add_drop(struct store *s, const struct drop_info *d, struct err *err);
/*
 * In place: a pcapng section begins; its interfaces are the points from first_point on. Of a pcap file the store reads
 * the header by itself: it needs none (one at offset 0 does no harm).
 */
struct section_info {
	uint64_t offset;             /* of its header in the file */
	bool big_endian;
	uint32_t first_point;
};
enum rc store_add_section(struct store *s, const struct section_info *section, struct err *err);
const struct section_info *store_sections(const struct store *s, size_t *n);
/*
 * In place: simple packet blocks whose records begin in [from, to) of the file have no time of their own and take time_ns, that of
 * the packet before them. In order of the file.
 */
enum rc store_add_untimed(struct store *s, uint64_t from, uint64_t to, int64_t time_ns, struct err *err);

/*
 * Conversations begin anew before the first packet at or behind `offset` of the block: a writer began there, or what one that was
 * killed has left was indexed by itself. Making an index again lets go of all state there, so that ids are what they were. A block's
 * header has those of the blocks before it, too (store/format.h).
 */
struct anew_place { uint32_t block, offset; };
enum rc store_add_anew(struct store *s, struct anew_place place, struct err *err);
/* Ascending; valid as the blocks are. */
const struct anew_place *store_anew(const struct store *s, size_t *n);
/* The number of the next packet: numbers of frames are never used again, not even those of evicted blocks. */
uint64_t store_next_frame(const struct store *s);
/* Own: the number of a block's first frame as its header says; 0 where it does not. */
uint64_t store_block_frame(const struct store *s, uint32_t block);
/* The index is being made again from its beginning; true after that was killed, too. */
enum rc store_set_rebuilding(struct store *s, bool rebuilding, struct err *err);
bool store_is_rebuilding(struct store *s);

/* Begins a block; the number is given. In place: offset in the file. Own: a file is made (see store/block.h). */
enum rc store_block_begin(struct store *s, uint64_t file_offset, uint32_t *number, struct err *err);
/* The block got its last byte (own: synced). length in bytes. */
enum rc store_block_seal(struct store *s, uint32_t number, uint64_t length, struct err *err);

/*
 * Merges what the segments of a window have of macroflows, so that each is read once: the oldest window that begins before a time and was not
 * merged since its segments changed; *did tells whether there was one. Windows of too many macroflows or segments stay as they
 * are. May run in a thread of its own while the writer publishes; and all windows.
 */
enum rc store_merge_window(struct store *s, int64_t before_ns, bool *did, struct err *err);
enum rc store_merge_windows(struct store *s, struct err *err);

/* One macroflow's part in one segment. */
struct macro_part {
	struct service_key key;
	struct record rec;           /* tier TIER_MACROFLOW; id carried; sketch and histogram set */
};

/*
 * Publishes a segment (invariants S1, S2): appends its bytes to the block's index file, syncs, names it in the catalog with
 * its macroflow parts. place->at and len are filled in; points are the sums to add per capture point (number, packets, bytes,
 * first, last). Parts must be sorted by service_cmp(). Own stores: the packets must be synced before (block_writer_sync(), or a
 * sealed block): RC_USAGE else, as for a gap before the segment. RC_MISSING where the block was evicted meanwhile, and these
 * packets counted with it.
 */
enum rc store_publish_segment(struct store *s, struct segment_place *place, const struct buf *bytes,
	struct macro_part *parts, size_t n_parts, const struct point_info *points, size_t n_points, struct err *err);
/*
 * Puts one segment into the place of n neighbours of a block (numbers first_number and on, all of them published): bytes are appended and synced, then
 * one transaction takes the old rows with their macroflow parts away and names the new one, which takes the first one's number.
 * place as in store_publish_segment(); it must cover exactly what they covered. RC_MISSING where one of them is not there (the block
 * was evicted meanwhile): nothing changed.
 */
enum rc store_replace_segments(struct store *s, uint32_t first_number, size_t n, struct segment_place *place,
	const struct buf *bytes, struct macro_part *parts, size_t n_parts, const struct point_info *points,
	size_t n_points, struct err *err);
/*
 * A copy of the places of a block's segments, to be freed with mem_free(): for a thread that works beside the writer. Also its
 * state. RC_MISSING where there is no such block.
 */
enum rc store_copy_segments(struct store *s, uint32_t block, struct segment_place **out, size_t *n,
	enum block_state *state, struct err *err);
/* The first block with at least this number, and the newest; 0 where there is none. For that thread too. */
void store_block_range(struct store *s, uint32_t from, uint32_t *first, uint32_t *newest);
/*
 * Macroflow parts of one published segment, each freed behind take()'s return; key and record are as in struct macro_part, texts of the
 * pool (NULL: unknown). Ends with
 * the first take() that is not RC_DONE.
 */
typedef enum rc (*macro_take)(void *ctx, const struct service_key *key, const struct record *part, struct err *err);
enum rc store_segment_macros(struct store *s, const struct segment_place *place, struct texts *texts,
	macro_take take, void *ctx, struct err *err);
/*
 * Gives bytes of the block's index file in [from, to) that no segment names any more back to the file system, after the catalog that says
 * so has been made durable. *later: it could not be, because somebody reads an older one: ask again.
 */
enum rc store_release_dead(struct store *s, uint32_t block, uint64_t from, uint64_t to, bool *later, struct err *err);
/*
 * All segments of the block are published: its filter is written (addrs NULL: none, it may have any address), its state
 * becomes indexed. RC_MISSING where it was evicted meanwhile.
 */
enum rc store_block_indexed(struct store *s, uint32_t number, const struct addr *addrs, size_t n, struct err *err);
/* The totals that segments do not sum up to by themselves; `complete` ends an ingest. */
enum rc store_set_totals(struct store *s, const struct store_totals *totals, struct err *err);
/* An event for the log of the store (recovery, damage, drop): kind is a short word. */
enum rc store_add_event(struct store *s, int64_t time_ns, const char *kind, const char *text, struct err *err);
/*
 * Forgets the index of one block, so that it is indexed again; or of all (block 0): in place with blocks, points and sections, so
 * that the file is read anew from its beginning; own: blocks and points stay.
 */
enum rc store_drop_index(struct store *s, uint32_t block, struct err *err);

#endif
