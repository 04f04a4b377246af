/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conversations of one shard: a table of fixed size, found by key. What is kept of each is what later packets need: who is client, which
 * flow and microflow are open, how far the handshake got. When it is full one has to go that was unused longest: of those that nobody
 * will miss (one packet, so far; or closed), where they have been silent for SPARE_SILENCE_S or fill half of the table; else of all. So
 * a flood of questions that nobody answers has half of the table, and connections that speak keep the other half.
 * Private to the tier layer. Everything here depends on packet order alone. One thread.
 */
#ifndef FLOWDRILL_TIER_CONVERSATION_H
#define FLOWDRILL_TIER_CONVERSATION_H

#include "base/text.h"
#include "flow/record.h"

/* A microflow that packets may still join. id.block 0: none. */
struct open_micro {
	int64_t slice_ns;
	struct record_id id;
	uint32_t part;           /* index of its part in the open segment ... */
	uint32_t generation;     /* ... if this is that segment's number */
};

/* A flow likewise, with its newest microflow and the one before (for packets that come late). */
struct open_flow {
	int64_t slice_ns;
	int64_t last_ns;         /* of its packet before, in order of capture */
	struct record_id id;
	uint32_t part, generation;
	bool closed;             /* FIN both ways, or RST */
	bool turned;             /* its client is the conversation's server: a new SYN turned that round since it began */
	uint8_t orientation;     /* enum orientation, when it began */
	struct open_micro micro[2];
};

enum handshake { HANDSHAKE_NONE, HANDSHAKE_SYN, HANDSHAKE_SYN_ACK, HANDSHAKE_DONE, HANDSHAKE_AMBIGUOUS };

/* The key is the first line of the cache, what nearly every packet changes the next two. */
struct conversation {
	_Alignas(64) uint64_t vlan;
	uint64_t tunnel_hash;
	struct addr client, server;
	uint16_t client_port, server_port;
	uint32_t point, proto;
	bool has_ports;
	uint8_t orientation;     /* enum orientation */
	uint8_t handshake;       /* enum handshake */
	uint8_t fin_seen;        /* bit 1 << direction */
	struct open_flow open[2];    /* newest slice first */
	int64_t syn_ns;
	uint32_t syn_seq, syn_ack_seq;
	uint8_t client_mac[6], server_mac[6];
	bool has_macs;
};

enum {
	CLOSED_SILENCE_S = 60,   /* after both FINs or a RST, silence of this length ends the flow */
	SPARE_SILENCE_S = 10,    /* by then the last ACKs of what was closed have come, and answers */
};

/* Closed, and silent for so long that what comes now is another flow. */
static inline bool open_flow_is_over(const struct open_flow *f, int64_t now_ns)
{
	return f->closed && time_sub(now_ns, f->last_ns) > CLOSED_SILENCE_S * INT64_C(1000000000);
}

struct conversation_table;

enum rc conversation_table_new(uint32_t capacity, struct conversation_table **out, struct err *err);
void conversation_table_free(struct conversation_table *t);
/* Hash of the key, from that of the pair of addresses. */
uint64_t conversation_hash(const struct packet *p, uint64_t pair_hash);
/*
 * A packet with this hash comes soon: memory that conversation_find() will look at is asked for. First the one, then, when that is likely
 * to be there, the other, which tells the conversation that it will probably be; or NULL.
 */
void conversation_expect(const struct conversation_table *t, uint64_t hash);
const struct conversation *conversation_expect_more(const struct conversation_table *t, uint64_t hash);
/*
 * The conversation of a packet, made (and oriented) if there is none; never fails: the table has its memory from the
 * beginning. *was_evicted: it was here before and had to go while a flow of it was open (told by a fingerprint; wrong in 1 of 4 billion).
 * The pointer is valid until the next call.
 */
struct conversation *conversation_find(struct conversation_table *t, const struct packet *p, uint64_t hash,
	int64_t flow_ns, enum direction *dir, bool *was_evicted);
/* Its place in the table, below the capacity: the same as long as it is there. */
uint32_t conversation_place(const struct conversation_table *t, const struct conversation *c);
/* Its flow was closed just now. */
void conversation_close(struct conversation_table *t, const struct conversation *c);
/* Direction of a packet of this conversation. */
enum direction conversation_direction(const struct conversation *c, const struct packet *p);
/* A new SYN tells who is client from now on, and begins a handshake; flows that are open keep theirs (`turned`). True
 * where that turned it round. */
bool conversation_reorient(struct conversation *c, const struct packet *p);
/*
 * Follows the handshake (RFC 9293, 3.5): true, with the time from SYN to the ACK that completes it, for exactly that ACK. A SYN or SYN,ACK sent
 * twice makes it ambiguous: no time then (Karn's rule).
 */
bool conversation_handshake(struct conversation *c, const struct packet *p, enum direction dir, int64_t *rtt_ns);
/* The key of one of its flows as records have it; the tunnel is the packet's. */
void conversation_key(const struct conversation *c, const struct open_flow *f, const struct packet *p,
	struct flow_key *out);

#endif
