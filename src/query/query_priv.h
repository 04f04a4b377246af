/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a query runs, for the files of this layer alone:
 *
 *   plan.c         checks the query, runs it store by store
 *   scope.c        what lies below the records that it names, and which flow parts of a segment can be it
 *   locate.c       a record's or packet's place in the index, by its id
 *   run_records.c  flows and microflows, merged from their parts
 *   choose.c       the packets of a segment that are wanted
 *   run_packets.c  reads and decodes them
 *   run_macro.c    macroflows; run_tables.c: blocks and points
 *   output.c       where rows go: groups, sorter, limit, sink
 *
 * Functions that hand rows on return RC_END when no more are wanted, and run->enough is set: plan.c turns it into RC_DONE.
 */
#ifndef FLOWDRILL_QUERY_QUERY_PRIV_H
#define FLOWDRILL_QUERY_QUERY_PRIV_H

#include "query/query.h"
#include "store/segment.h"

enum { QUERY_MEMORY = 1 << 30 }; /* bytes, where the query says nothing */

struct output;

struct run {
	const struct query_sources *sources;
	const struct query *q;
	struct query_control *control; /* may be NULL */
	struct query_explain *explain;
	struct output *out;
	struct texts *texts; /* of all records on their way; see run_keep_texts() */
	int64_t from_ns, to_ns; /* of query and filter: rows outside cannot match */
	uint64_t memory_max;
	uint64_t steps; /* for looking at `cancel` now and then */
	bool enough; /* the output wants no more rows */
	uint64_t left_out; /* packets that are not what was indexed */
	struct err first_left_out;
};

/* A flow to look up: asked for itself, or for a microflow or packet of it. */
struct scope_flow {
	struct record_id id;
	int64_t slice_ns;
	struct addr client;
};

/* A sorted list of numbers. */
struct id_list {
	uint64_t *v;
	size_t n, cap;
};

/* What a query is confined to in one store: the union of its parts. */
struct scope {
	bool all;
	struct service_key *services;
	size_t n_services, cap_services;
	struct scope_flow *flows;
	size_t n_flows, cap_flows;
	struct id_list flow_ids; /* flows with all below them */
	struct id_list micro_ids;
	struct id_list packet_ids,
		partial_ids; /* single packets, and the microflows that hold them */
	struct id_list blocks, points;
	int64_t from_ns, to_ns; /* half-open: packets of all it holds lie between */
};

enum scope_answer { SCOPE_NO, SCOPE_SOME, SCOPE_YES }; /* SOME: ask for each microflow */

/* One store of a run. */
struct source_run {
	struct run *run;
	struct store *store;
	unsigned index; /* from 0 */
	const struct segment_place *segments;
	size_t n_segments;
	const struct point_info *points;
	size_t n_points;
	struct scope scope;
	struct id_list gone; /* blocks that were evicted meanwhile, ascending */
	uint32_t block_seen; /* explain: the block counted last */
};

enum { RUN_TEXTS = 64 << 20, RUN_TEXTS_FULL = 16 << 20 };

/* ---- plan.c --------------------------------------------------------------------------------- */

/*
 * Names of what has gone by are forgotten when there are many: a new pool, to which move() takes what is still on its way (NULL: nothing is).
 * No segment may be open.
 */
enum rc run_keep_texts(struct run *run, void (*move)(void *ctx, struct texts *to), void *ctx, struct err *err);
/* Whether the ids of a query can be asked for. */
enum rc run_check_ids(const struct query_sources *sources, const struct query *q, struct err *err);
/* The times of query and filter. */
void run_set_times(struct run *run);
/* What a source holds; its scope is empty. */
void source_open(struct source_run *sr, struct run *run, unsigned index);
/* What the filter's whole addresses are looked up in, before source_wants() is asked; nothing where there are none. */
enum rc source_load_filters(struct source_run *sr, struct err *err);
/* RC_CANCELLED where somebody asked for it. Cheap enough for every part. */
enum rc run_check(struct run *run, struct err *err);
/* A row of this source with everything but its record or packet. */
void source_row(const struct source_run *sr, enum tier tier, struct row *out);
const struct point_info *source_point(const struct source_run *sr, uint32_t number);
int64_t source_flow_ns(const struct source_run *sr);
int64_t source_micro_ns(const struct source_run *sr);
/*
 * Whether a segment may hold rows of the run, by its times (widened to whole slices of slice_ns, 0: not) and the filter's
 * addresses.
 */
bool source_segment_wanted(
	const struct source_run *sr, const struct segment_place *place, int64_t slice_ns);
/* The same as the query's tier asks it: what run_packets() and run_records() read, and query_blocks() tells. */
bool source_wants(const struct source_run *sr, const struct segment_place *place);
/* The next segment is wanted or left out: for progress and explanation. */
void source_step(struct source_run *sr, const struct segment_place *place, bool wanted);
/* Whether times overlap the query's. */
bool run_overlaps(const struct run *run, int64_t first_ns, int64_t last_ns);
enum rc run_segment_open(struct source_run *sr, const struct segment_place *place,
	struct segment **out, struct err *err);
/*
 * What came of reading a segment: RC_DONE, and counted, where it failed because its block was evicted since the snapshot.
 * Eviction removes files; one that is open is read to its end, so that a segment is either read whole or not at all.
 */
enum rc run_forgive(struct source_run *sr, const struct segment_place *place, enum rc rc, struct err *err);
/*
 * What came of reading a packet: RC_DONE for one of an own store that is damaged. It is left out, the answer goes on and
 * ends with RC_DAMAGED. In place the index is at fault, which can be made anew: the answer ends here.
 */
enum rc run_leave_out(struct source_run *sr, enum rc rc, struct err *err);
/* Closes and counts the bytes read. */
void run_segment_close(struct source_run *sr, struct segment *s);

/* ---- scope.c -------------------------------------------------------------------------------- */

enum rc scope_make(struct source_run *sr, struct err *err);
void scope_free(struct scope *s);
/* Whether nothing of this store is asked for. */
bool scope_is_empty(const struct scope *s);
enum scope_answer scope_of_part(
	const struct source_run *sr, uint32_t block, const struct segment_flow *flow);
bool scope_has_micro(const struct scope *s, struct record_id id);
/* Whether single packets of it are asked for. */
bool scope_has_part_of(const struct scope *s, struct record_id micro);
bool id_list_has(const struct id_list *l, uint64_t number);
enum rc id_list_add(struct id_list *l, uint64_t number, struct err *err);
void id_list_sort(struct id_list *l);
/*
 * Flow parts of a segment that may be asked for, sorted; *all: no list tells. Those that are neither in scope nor match
 * may be among them.
 */
enum rc scope_candidates(struct source_run *sr, struct segment *s, struct part_list *out,
	bool *all, struct err *err);

/* Those of them that continue a record of an earlier segment. */
enum rc scope_continuations(struct source_run *sr, struct segment *s, struct part_list *out, struct err *err);

/* ---- locate.c ------------------------------------------------------------------------------- */

struct located {
	struct record_id flow, micro; /* micro: packets and microflows only */
	int64_t slice_ns; /* the flow's */
	struct flow_key key;
};

/* RC_MISSING names the id. */
enum rc locate_flow(struct store *s, struct record_id id, struct located *out, struct err *err);
enum rc locate_micro(
	struct store *s, struct record_id id, struct located *out, struct err *err);
enum rc locate_packet(
	struct store *s, struct record_id id, struct located *out, struct err *err);
/* Where a packet's record lies. */
enum rc locate_ref(
	struct store *s, struct record_id id, struct packet_ref *out, struct err *err);
enum rc missing_id(enum tier tier, struct record_id id, struct err *err);
/* Whether a part with this id, found in a segment, continues a record of an earlier one. */
static inline bool part_continues(const struct segment_info *info, struct record_id id)
{
	return id.block != info->block || id.offset < info->first_offset;
}
/* Decodes a raw packet; time, place and point are filled in too. */
void decode_raw(const struct point_info *point, const struct raw_packet *raw, uint32_t offset,
	bool verify, struct packet *out);

/* ---- running -------------------------------------------------------------------------------- */

enum rc run_records(struct source_run *sr, struct err *err);
enum rc run_packets(struct source_run *sr, struct err *err);
enum rc run_macro(struct source_run *sr, struct err *err);
enum rc run_blocks(struct source_run *sr, struct err *err);
enum rc run_points(struct source_run *sr, struct err *err);

/* ---- output.c ------------------------------------------------------------------------------- */

enum rc output_new(
	struct run *run, query_sink sink, void *ctx, struct output **out, struct err *err);
void output_free(struct output *o);
/* A row that matches. RC_END: enough. */
enum rc output_row(
	struct output *o, const struct row *row, const struct raw_packet *raw, struct err *err);
/* Groups and sorted rows, when all were given. */
enum rc output_finish(struct output *o, struct err *err);

/* ---- group.c -------------------------------------------------------------------------------- */

struct groups;

enum rc groups_check(const struct query *q, struct err *err);
enum rc groups_new(struct run *run, struct groups **out, struct err *err);
void groups_free(struct groups *g);
enum rc groups_add(struct groups *g, const struct row *row, struct err *err);
size_t groups_count(const struct groups *g);
void groups_row(const struct groups *g, size_t i, struct row *out);

#endif
