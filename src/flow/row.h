/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row of any list: what queries yield and fields are read from. A view on things that
 * somebody else owns; valid as long as they are.
 */
#ifndef FLOWDRILL_FLOW_ROW_H
#define FLOWDRILL_FLOW_ROW_H

#include "flow/record.h"

struct health_limits;

/* What a packet says as its application understands it; texts belong to whoever made the row. */
struct packet_said {
	const char *app;             /* its name */
	const char *info;            /* one line, safe for a terminal; "" none */
	const char *name, *url;      /* raw bytes, terminated; "" none */
	uint16_t status;
	bool has_status;
};

/* A packet as a row: its facts, and what only its flow knows. */
struct packet_row {
	struct packet pkt;
	uint64_t frame;              /* from 1, over the whole source */
	uint64_t file_offset;        /* of its record in the file that holds it, bytes */
	int64_t gap_ns;              /* since the packet before in its flow */
	bool has_gap;                /* false for a flow's first packet */
	struct record_id self;       /* block, and offset of its record */
	uint16_t check;              /* of the bytes that were read, for who reads them again */
	struct record_id flow, microflow;
	const struct flow_key *key;  /* its flow's */
	const struct packet_said *said;      /* NULL: nothing is known */
	enum direction direction;
	bool has_marks, has_turns;   /* analysis of TCP, and of turns, was done for its microflow */
	bool has_said;               /* what applications say was looked for */
	bool has_media;              /* RTP was */
	struct packet_note note;     /* what it said; empty where nothing is to be said */
};

enum block_state { BLOCK_OPEN, BLOCK_SEALED, BLOCK_INDEXED, BLOCK_EVICTED, BLOCK_STATES };
const char *block_state_name(enum block_state s);

/* What became of an evicted block's macroflow parts: kept for longer, being deleted, or gone. */
enum block_parts { PARTS_THERE, PARTS_KEPT, PARTS_DEAD, PARTS_GONE, PARTS_STATES };

/* A row of the block allocation table. */
struct block_info {
	uint32_t number;             /* from 1, never used again */
	enum block_state state;
	char file[256];              /* in the store: "blocks/00000007.pcapng"; in place: absolute path */
	uint64_t offset;             /* where the block starts in that file */
	uint64_t length;             /* bytes */
	uint64_t packets, bytes;     /* bytes: on the wire */
	uint64_t first_frame;        /* frame number of its first packet, from 1 */
	int64_t first_ns, last_ns;   /* earliest and latest; valid where packets > 0 */
	enum block_parts parts;      /* PARTS_THERE until it is evicted; its packets are then those that it had */
	/* The store's own: checksum of its row; bytes of its index file, where they were looked up. */
	uint64_t row_sum, index_bytes;
	bool index_known;
};

/* A capture point. */
struct point_info {
	uint32_t number;             /* from 0 within the store */
	uint8_t uuid[16];
	char name[128];              /* raw, "" where unknown */
	char description[128];
	uint32_t linktype, snaplen;
	uint8_t tsresol;             /* pcapng's code */
	int64_t tsoffset_s;
	uint8_t fcs_len;
	uint64_t file_offset;        /* in place: where the file describes it (0: pcap); own: 0 */
	uint64_t packets, bytes, dropped;
	bool has_dropped;
	uint64_t received, refused, if_dropped;      /* by a recorder, over the store's life */
	bool has_counts;                             /* these are known: recorded live */
	int64_t first_ns, last_ns;   /* valid where packets > 0 */
};

/*
 * Who knows what addresses were called. name() gives the name that `a` of a source (as in struct row) had at a time, escaped for a
 * terminal; false where none is known. In the thread that reads the row.
 */
struct name_source {
	bool (*name)(const struct name_source *n, unsigned source, const struct addr *a, int64_t time_ns, char *out, size_t size);
};

struct row {
	enum tier tier;
	unsigned source;             /* 0: there is only one; else counted from 1 */
	const struct record *record;             /* macroflow, flow, microflow */
	const struct packet_row *packet;
	const struct block_info *block;
	const struct point_info *point;          /* points; for records and packets their point where known, else NULL */
	int64_t capture_end_ns;      /* latest packet of the source: tells end reasons */
	int64_t flow_slice_ns;       /* length of a flow's slice in this source */
	const struct health_limits *limits;      /* what health is judged by; NULL: the defaults */
	const struct name_source *names;         /* NULL: addresses have no names */
};

/*
 * The name of the address in a field of a row (client, server, src, dst by their ids) at the row's time; false where the field is another
 * one, or where no name is known.
 */
bool row_addr_name(const struct row *row, unsigned field_id, char *out, size_t size);

#endif
