/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A talk: what the two sides of one conversation say, from its packets in order of capture.
 *
 * Finds out the application from the first packets with payload, then gives each direction's bytes to its parser in order of their
 * sequence numbers. Bounded: TALK_BYTES a conversation, and for messages over several segments one of a shard's TALK_HOLDS
 * buffers a direction; the one that was used longest ago goes when all are taken, and that direction is lost. What was sent again is
 * left out, a gap (not captured, out of order) is skipped where the parser need not see it; else the direction is lost until
 * a message surely begins again. A SYN with another sequence number begins a new talk. Packet order alone decides; one thread a
 * memory. A talk stays where it is in memory while it lives.
 */
#ifndef FLOWDRILL_APP_TALK_H
#define FLOWDRILL_APP_TALK_H

#include "app/parser.h"
#include "base/err.h"

enum {
	TALK_BYTES = 192,
	TALK_TRIES = 4,              /* packets of a direction that are none of ours, until it is not asked any more */
	TALK_HOLDS = 64,             /* buffers of PARSE_HOLD bytes */
};

struct talk_direction {
	uint64_t skip;               /* bytes that need not be seen */
	uint32_t next_seq;           /* of the byte that comes next */
	uint32_t need;               /* bytes that must be together */
	uint8_t hold;                /* number of its buffer + 1; 0 none */
	uint8_t tries;
	bool known;                  /* next_seq is */
	bool lost, done;
	bool answered;               /* since it was lost the other side has spoken: a message may begin */
};

/* Plain data; zeroed it is a conversation that begins. */
struct talk {
	struct talk_direction side[2];
	uint64_t state[PARSE_STATE / 8];     /* the parser's */
	uint8_t app;                 /* enum app: what it is known as */
	uint8_t parser;              /* enum app: whose parser hears it; another one behind STARTTLS */
	bool ruled_out;              /* no application of ours */
};

/* Buffers of a shard. */
struct talk_memory;
enum rc talk_memory_new(struct talk_memory **out, struct err *err);
void talk_memory_free(struct talk_memory *m);

/*
 * The next packet. frame: its p->caplen bytes (NULL: not there; then nothing is said). dir: who sent it, as the conversation is
 * oriented now. *out is overwritten; out->app is the conversation's application as far as known. sink may be NULL.
 * True where the packet says something (other than that the application is known).
 */
bool talk_packet(struct talk *t, struct talk_memory *m, const struct packet *p, const uint8_t *frame, enum direction dir,
	const struct said_sink *sink, struct said *out);
/* Whether nothing is said any more before a SYN comes, which then must be given; other packets need not be. */
static inline bool talk_is_over(const struct talk *t)
{
	return t->side[0].done && t->side[1].done;
}
/* The conversation's place is given to another one: its buffers go back. */
void talk_end(struct talk *t, struct talk_memory *m);

/* What of a packet a parser gets: its payload as far as captured, if it is TCP's or UDP's and no fragment's; else false. */
bool talk_payload(const struct packet *p, const uint8_t *frame, enum direction dir, struct parse_bytes *in);

/*
 * One packet alone, as a list shows it: what it says if a message of `app` (APP_NONE: find out) begins with its payload, and one
 * line for people in *info (may be NULL). False where it says nothing.
 */
bool talk_one(enum app app, const struct packet *p, const uint8_t *frame, enum direction dir, struct said *out, struct buf *info);

#endif
