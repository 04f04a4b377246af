/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two ends of one conversation said, in order: TCP put together by sequence (bytes that were sent again stand there once, what
 * was never captured is a gap of so many bytes), everything else packet by packet. It knows no application.
 *
 * Packets come as captured; transcript_end() puts them in order. Bytes that had to wait for earlier ones stand behind those, as their
 * receiver had them. Of bytes that were sent twice with other content those count that were captured first.
 *
 * Invariants after the end: pieces of bytes cover bytes[0] and bytes[1] without a hole, each direction's in order; a piece belongs to the
 * packet that carried it. Bounded by TRANSCRIPT_BYTES and TRANSCRIPT_PACKETS: `limited` says that there was more.
 *
 * Owns all that it points to. One thread.
 */
#ifndef FLOWDRILL_APP_TRANSCRIPT_H
#define FLOWDRILL_APP_TRANSCRIPT_H

#include "base/buf.h"
#include "flow/record.h"

enum { TRANSCRIPT_BYTES = 4 << 20, TRANSCRIPT_PACKETS = 100000 };
/* Somebody who goes on talking after such a pause begins another turn. */
static const int64_t TRANSCRIPT_PAUSE_NS = 1000000000;

struct transcript_packet {
	int64_t time_ns;
	uint64_t frame;
	struct id id;
};

enum piece_kind {
	PIECE_BYTES,
	PIECE_GAP,                   /* not captured, or cut off */
	PIECE_ANEW,                  /* another connection begins; no bytes */
};

struct transcript_piece {
	uint8_t kind;                /* enum piece_kind */
	uint8_t dir;                 /* enum direction */
	bool turn;                   /* begins a turn: the other one spoke before, or another datagram, or a pause */
	uint32_t packet;             /* of `packets`: which carried it; of a gap the one behind it, else the last before */
	size_t at;                   /* PIECE_BYTES: in bytes[dir] */
	uint64_t len;                /* bytes */
};

struct transcript_segment;

struct transcript_side {
	struct transcript_segment *v;
	size_t n, cap;
	bool known, has_syn;
	uint32_t near;               /* a sequence number, and where it is: */
	int64_t near_pos;
	int64_t syn_pos;             /* where its SYN had it begin */
	uint32_t isn;
};

struct transcript {
	struct transcript_packet *packets;
	size_t n_packets, cap_packets;
	struct transcript_piece *pieces;     /* after the end */
	size_t n_pieces, cap_pieces;
	struct buf bytes[2];                 /* likewise */
	uint64_t again;                      /* bytes sent again, left out */
	uint64_t missing;                    /* in gaps */
	bool limited;
	/* until the end */
	struct transcript_side side[2];
	struct buf raw;
	uint32_t epoch;
};

/*
 * One more packet (zeroed *t: the first) of which caplen bytes are there. *more false: the bounds are met, and it was not taken.
 * RC_NO_MEMORY; *t is then still to be freed.
 */
enum rc transcript_add(struct transcript *t, const struct packet *p, const uint8_t *frame, enum direction dir,
	const struct transcript_packet *as, bool *more, struct err *err);
enum rc transcript_end(struct transcript *t, struct err *err);
void transcript_free(struct transcript *t);
/*
 * Where text begins in what a direction said, case-blind for ASCII, at `from` or behind it, before `to`; the direction's length where it
 * does not.
 */
size_t transcript_find(
	const struct transcript *t, enum direction dir, size_t from, size_t to, const void *text, size_t len);
/* The last one that begins before `before`; likewise. */
size_t transcript_find_last(const struct transcript *t, enum direction dir, size_t before, const void *text, size_t len);
/* The piece that holds a byte of a direction; n_pieces where there is none. */
size_t transcript_piece_at(const struct transcript *t, enum direction dir, size_t at);

#endif
