/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one machine heard and said over a stretch of time: its packets with payload, read through the index by address and time,
 * for trace/match.h. Private to the walks along content (related.c).
 *
 * The same packet may have been seen at several capture points, or sent again: it counts once. Of several points the one nearest
 * to the machine is taken: the last that saw what came in, the first that saw what left.
 */
#ifndef FLOWDRILL_QUERY_MACHINE_H
#define FLOWDRILL_QUERY_MACHINE_H

#include "query/aliases.h"
#include "trace/match.h"

/* Of one machine at a time. */
enum { MACHINE_PACKETS = 200000, MACHINE_BYTES = 192 << 20 };

struct seen_id {                     /* a packet or record of one of the sources */
	unsigned source;             /* as rows have it */
	struct record_id rec;
};

static inline bool seen_id_equal(struct seen_id a, struct seen_id b)
{
	return a.source == b.source && record_id_equal(a.rec, b.rec);
}

/* Packets that are asked of, and by which node of the tree: sorted by machine_ask_sort(). */
struct machine_asked {
	struct seen_id id;
	uint32_t node;
};
void machine_ask_sort(struct machine_asked *v, size_t n);

enum { MACHINE_NONE = UINT32_MAX };  /* no packet, no node */

struct machine_packet {
	int64_t time_ns;
	struct seen_id self, flow;
	uint64_t talk;               /* hash of who talks to whom, without direction and point */
	struct addr src, dst;
	uint16_t src_port, dst_port;
	uint8_t way, role;           /* enum trace_way, trace_role */
	bool datagram;
	size_t payload;              /* in machine.bytes */
	uint32_t len;
	uint32_t node;               /* that asked of it, or MACHINE_NONE */
	uint32_t before;             /* the packet before in its talk, or MACHINE_NONE */
	uint32_t turn;               /* of its talk */
	uint64_t same;               /* of what makes it the same packet elsewhere */
	uint64_t points;             /* that saw it, as bits */
};

struct machine {
	struct aliases addrs;        /* v[0] is asked for, the others found */
	int64_t from_ns, to_ns;      /* half-open */
	struct machine_packet *packets;      /* by time */
	size_t n, cap;
	uint8_t *bytes;
	size_t n_bytes, cap_bytes;
	struct trace_packet *trace;  /* the same packets */
	uint32_t talks;
	uint64_t read;               /* packets read, those without payload too */
	bool limited;                /* there were more */
};

/* What tells conversations apart, whatever point sees them. */
uint64_t machine_talk(const struct packet *p);
/* Who is the client, as far as it is certain. */
enum trace_role machine_role(const struct flow_key *key, enum direction direction);
/* Payload in a raw packet; 0 where none was kept. */
size_t machine_payload(const struct packet *p, const struct raw_packet *raw, const uint8_t **payload);

/* Reads the packets of m->addrs.v[0]'s machine between m->from_ns and m->to_ns; the rest of *m is zero. asked may be empty. */
enum rc machine_read(struct machine *m, const struct query_sources *sources, const struct machine_asked *asked,
	size_t n_asked, struct query_control *control, struct err *err);
void machine_free(struct machine *m);

#endif
