/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Queries: what is asked, how it is planned, and rows as they come.
 *
 * A query names a tier, what it lies below (`in`), a time range, a filter, grouping, order and limit. query_run() plans it against
 * the stores' indexes (filters of blocks -> address or service lists -> flow parts -> references -> packets), reads
 * nothing else, and hands rows to a sink in order. Records are merged from their parts before the filter sees them.
 *
 * Memory: streaming where the order allows it (no sort but the natural one); sorting keeps what `limit` allows, else all rows; grouping keeps the groups. 
 * RC_LIMIT where that would pass the memory bound of the query.
 *
 * Threads: a query belongs to the thread that runs it; `cancel` may be set by any.
 */
#ifndef FLOWDRILL_QUERY_QUERY_H
#define FLOWDRILL_QUERY_QUERY_H

#include "flow/field.h"
#include "query/filter.h"
#include "store/block.h"
#include "store/store.h"

#include <stdatomic.h>

/* A store may be NULL: a source of which nothing can be read yet. */
struct query_sources {
	struct store **stores;
	size_t n;
	const struct health_limits *limits; /* what health is judged by; NULL: the defaults */
	const struct name_source *names; /* of addresses (query/names.h), of these very stores; NULL: none */
};

struct print_search;

enum { QUERY_GROUP_MAX = 8, QUERY_SORT_MAX = 4 };

struct query_sort {
	const struct field *field;
	bool descending;
};

/*
 * Natural order: sources one after the other; in each, records in the order in which their first packets were captured (which is that of
 * their ids), packets as captured, macroflows by window and service, groups as their first members come.
 *
 * The filter, `in` and times choose records; groups are made of those chosen, never over several sources or capture points:
 * see query_groups_by_point().
 */
struct query {
	enum tier tier;
	const struct filter *filter; /* compiled for tier; NULL: all */
	/* Half-open; a record counts where it overlaps. INT64_MIN, INT64_MAX: unbounded. */
	int64_t from_ns, to_ns;
	const struct id *
		in; /* only these records (of any tier from this one up), and what lies below them */
	size_t n_in;
	const struct id *ids; /* only these records themselves */
	size_t n_ids;
	const struct field *group[QUERY_GROUP_MAX];
	size_t n_group;
	struct query_sort sort[QUERY_SORT_MAX]; /* n_sort 0: natural order (see below) */
	size_t n_sort;
	uint64_t limit; /* 0: none */
	struct print_search *prints; /* packets: only those that may hold this content (query/prints.h), and gaps are not told; NULL: all */
	uint64_t memory_max; /* bytes for sorting and grouping; 0: 1 GiB */
	bool unheard; /* packets: nobody but perhaps the filter wants to know what applications say in each (packet_row.said) */
};

void query_init(struct query *q, enum tier tier);
/*
 * Whether groups are kept apart by capture point though nobody asked: there are several points, and what each saw is never added up
 * silently. The answer should then show the point.
 */
bool query_groups_by_point(const struct query_sources *sources, const struct query *q);

/* What it cost and how: --explain. */
struct query_explain {
	uint64_t blocks, blocks_skipped; /* touched; left out by filters or times */
	uint64_t segments, segments_skipped;
	uint64_t index_bytes; /* read of index files */
	uint64_t filter_bytes; /* read of the filters of blocks */
	uint64_t catalog_rows, catalog_bytes; /* macroflows; read of what their parts say */
	uint64_t flow_parts, micro_parts; /* decoded */
	uint64_t packet_bytes, packet_reads, packets; /* read of blocks */
	uint64_t packets_gone; /* of segments that were evicted while the query ran: not in the answer */
	char plan[256]; /* one line in words */
};

/* Of several queries together; the plan is the last one's. */
void query_explain_add(struct query_explain *sum, const struct query_explain *e);

/* A row with its raw packet (tier packets; NULL else). Valid during the call. Returning false ends the query (RC_DONE). */
typedef bool (*query_sink)(void *ctx, const struct row *row, const struct raw_packet *raw);

struct query_control {
	_Atomic bool cancel;
	_Atomic uint64_t done, total; /* progress in parts of the work; total 0: unknown */
};

/*
 * Runs it. RC_DONE (also with no row), RC_CANCELLED, RC_MISSING for an id that is not there, RC_USAGE for what cannot be asked,
 * RC_LIMIT, RC_DAMAGED, RC_STALE (a segment was replaced meanwhile), RC_IO. control and explain may be NULL.
 */
enum rc query_run(const struct query_sources *sources, const struct query *q, query_sink sink,
	void *ctx, struct query_control *control, struct query_explain *explain,
	struct err *err);

/*
 * A sink in front of another, for a query that has to be run again: counts the rows that it hands on; before the next run `skip` is set to
 * how many were given, and so many are left out.
 */
struct query_again {
	query_sink sink;
	void *ctx;
	uint64_t given, skip;
};
/* Its sink; ctx is the struct query_again. */
bool query_again_row(void *ctx, const struct row *row, const struct raw_packet *raw);

/*
 * As query_run(), over a snapshot that nobody else looks at: where a store was compacted while it ran, refreshes all and goes on behind
 * the rows that were given. RC_STALE where those might be others now: blocks were evicted, or a filter that new packets may change.
 */
enum rc query_run_fresh(const struct query_sources *sources, const struct query *q, query_sink sink,
	void *ctx, struct query_control *control, struct query_explain *explain,
	struct err *err);

/*
 * Has all stores see what was published since: what RC_STALE asks for, of a snapshot that nobody else looks at. What was read from
 * them before (rows, holders) is no longer valid.
 */
enum rc query_refresh(const struct query_sources *sources, struct err *err);

/*
 * Which blocks a query would read, without running it: each block of each source (counted from 0), with the segments of it that would be read, of
 * how many. Macroflows, blocks and points are read of the catalog alone. Reads no more than it takes to find the records that the query names.
 * Errors as query_run().
 */
typedef void (*query_block_sink)(void *ctx, unsigned source, const struct block_info *block, size_t segments, size_t of);
enum rc query_blocks(const struct query_sources *sources, const struct query *q, query_block_sink sink, void *ctx,
	struct err *err);

/* One record, packet, block or point by id; fills a row that stays valid until the holder is freed. */
struct query_holder;
enum rc query_get(const struct query_sources *sources, const struct id *id,
	struct query_holder **out, struct err *err);
const struct row *query_holder_row(const struct query_holder *h);
const struct raw_packet *query_holder_raw(
	const struct query_holder *h); /* packets; else NULL */
const struct point_info *query_holder_point(const struct query_holder *h);
void query_holder_free(struct query_holder *h);

/* The id of a row. */
void row_id(const struct row *row, struct id *out);
/* The id of the record one tier up: packet -> microflow -> flow -> macroflow. RC_MISSING at the top. */
enum rc query_parent(const struct query_sources *sources, const struct id *id, struct id *out,
	struct err *err);

/* --from and --to: RFC 3339, or "-15m" relative to the newest packet of the sources. */
enum rc query_parse_time(const struct query_sources *sources, const char *text,
	int64_t *time_ns, struct err *err);
/* Newest packet of all sources; false where there is none. */
bool query_newest(const struct query_sources *sources, int64_t *time_ns);
/* Parts of macroflows that a list of those from a time on would read. */
uint64_t query_macro_parts(const struct query_sources *sources, int64_t from_ns);

#endif
