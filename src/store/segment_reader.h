/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside of an opened segment, for segment_reader.c and its kin. Nobody else includes it.
 *
 * The head stays in memory as it is in the file; after segment_open() its directories are known
 * to be sound: chunks lie behind each other inside the segment, first elements ascend. Chunks
 * are kept in slots, a chunk in slot (number modulo slots): a pointer into a chunk is valid
 * until another chunk of the same section is asked for.
 */
#ifndef FLOWDRILL_STORE_SEGMENT_READER_H
#define FLOWDRILL_STORE_SEGMENT_READER_H

#include "base/io.h"
#include "store/segment.h"
#include "store/segment_codec.h"
#include "store/segment_key.h"

/* Bytes of an index file: on disk or in memory. */
struct index_source {
	struct io_file *file; /* NULL: memory */
	const uint8_t *memory;
	uint64_t size;
	uint64_t read_bytes; /* so far */
};

const char *source_path(const struct index_source *src);
/* Exactly len bytes; RC_DAMAGED where the file ends before. */
enum rc source_read(
	struct index_source *src, uint64_t at, void *to, size_t len, struct err *err);
/* Reads and checks a file's header; plan and header_len may be NULL. block 0: any. */
enum rc source_header(struct index_source *src, uint32_t block, struct plan *plan,
	uint64_t *header_len, struct err *err);
/* The header's bytes, verified; freed by the caller with mem_free(). */
enum rc source_header_bytes(
	struct index_source *src, uint8_t **out, uint32_t *len, struct err *err);

struct chunk_slot {
	uint32_t number; /* of the chunk + 1; 0: free */
	uint32_t len;
	uint8_t *bytes;
};

struct section_in {
	const uint8_t *dir; /* in the head */
	uint32_t dir_len, chunks;
	uint16_t entry;
	uint64_t data_at, data_len; /* in the segment */
	struct chunk_slot *slots;
	uint32_t n_slots;
};

enum { CONTEXT_CACHE = 256 };

struct context_slot {
	uint32_t number; /* + 1; 0: free */
	struct flow_key key;
};

struct segment {
	struct index_source src;
	uint64_t at, len; /* in the file */
	struct segment_info info;
	uint32_t least; /* record length */
	struct plan plan;
	uint8_t *head;
	uint32_t head_len;
	struct section_in sections[SECTIONS];
	uint32_t lengths[LENGTH_CODES];
	uint32_t n_lengths;
	uint32_t n_addresses;
	struct context_slot *contexts; /* CONTEXT_CACHE of them */
	struct segment_packets walk; /* behind the packet looked up last, for ids */
	bool has_walk;
	struct texts *texts; /* the reader's pool; NULL: counters have our numbers */
	uint32_t *text_map; /* numbers there, by ours; made when the first is asked for */
	uint32_t n_texts;
	uint32_t *prints; /* of the packet read last; SEGMENT_PRINTS_MAX of them, or NULL */
};

/* A report of damage at a place in a section's chunks (SECTION 0: the head). */
enum rc segment_damaged(const struct segment *s, unsigned section, uint64_t pos,
	struct err *err, const char *why);
/* Directory entry of a chunk, and its fields. */
static inline const uint8_t *chunk_entry(const struct section_in *in, uint32_t i)
{
	return in->dir + (size_t)i * in->entry;
}

static inline uint64_t chunk_first(const struct section_in *in, uint32_t i)
{
	return load_le64(chunk_entry(in, i) + 16);
}

/* The last chunk whose first element is <= first; there must be chunks. */
uint32_t chunk_find(const struct section_in *in, uint64_t first);
/* A cursor over a chunk, read and verified if need be. */
enum rc chunk_open(
	struct segment *s, unsigned section, uint32_t i, struct cursor *out, struct err *err);
/* Damage at a cursor's place in a chunk. */
enum rc chunk_damaged(const struct segment *s, unsigned section, uint32_t i,
	const struct cursor *c, struct err *err, const char *why);

/* Whether chunks lie behind each other, and first elements ascend below `elements`. */
bool directory_sound(const struct segment *s, unsigned section, uint64_t elements);
/* Whether the directories of fingerprints can be; says which ones there are. */
bool prints_sound(struct segment *s);
/* Reads all of them. */
enum rc verify_prints(struct segment *s, struct err *err);
/* Counts the texts; whether their directory can be. */
bool texts_sound(struct segment *s);
/* Whether the directory of observations can be. */
bool observations_sound(const struct segment *s);
/* Reads all of them. */
enum rc verify_observations(struct segment *s, struct err *err);
/* Makes the texts of counters that were read, the segment's numbers, those of the reader's pool. */
enum rc segment_map_texts(struct segment *s, struct counters *c, struct err *err);
/* The same for one number. */
enum rc segment_map_text(struct segment *s, uint32_t *number, struct err *err);
/* Context by number. */
enum rc segment_context(
	struct segment *s, uint32_t number, struct flow_key *out, struct err *err);
/* Address by number; and its kind alone, which the head tells. */
enum rc segment_address(struct segment *s, uint32_t number, struct addr *out, struct err *err);
unsigned segment_address_kind(const struct segment *s, uint32_t number);
/* Offset in the block of a packet's record. */
enum rc segment_offset(struct segment *s, uint32_t ordinal, uint32_t *offset, struct err *err);
/*
 * Steps over the next flow part; only its number and first ordinal are told, and no other
 * section is read.
 */
enum rc cursor_skip_flow(struct segment_cursor *c, struct segment_flow *out, struct err *err);
/*
 * Moves a cursor that has read all of a flow part towards the beginning of flow part `part`, which the chunk holds, as far as the parts are
 * usual ones; what stops it is for cursor_skip_flow() to read, or to find damaged.
 */
void segment_pass(struct segment_cursor *c, const struct cursor *chunk, uint32_t part);
/* Reads a list of flow parts; out NULL: steps over it. False where it cannot be. */
bool list_get(struct cursor *c, uint32_t parts, struct part_list *out, bool *no_memory);

/* One service as it stands in the lists. */
struct service_at {
	int64_t window_ns;
	uint32_t server, proto, point; /* server: number of the address + 1 */
	uint16_t port;
	bool has_port;
};
/*
 * The service at the cursor, its list not yet read. `previous_ns`: window before, of the entry
 * for a chunk's first.
 */
void service_get(struct cursor *c, int64_t previous_ns, struct service_at *out);
void service_entry_get(const struct section_in *in, uint32_t i, struct service_at *out);
int service_at_cmp(const struct service_at *a, const struct service_at *b);

#endif
