/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one machine heard and said over a stretch of time: its packets with payload, read through the index by address and time,
 * for trace/match.h. Private to the walks along content (related.c, service_map.c).
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
	bool cut;                    /* there was more of its payload */
	uint32_t n_prints;           /* kept of it, from machine.prints[first_print] on */
	size_t first_print;
	uint32_t node;               /* that asked of it, or MACHINE_NONE */
	uint32_t before;             /* the packet before in its talk, or MACHINE_NONE */
	uint32_t turn;               /* of its talk */
	uint32_t first;              /* the first packet of its turn */
	uint64_t same;               /* of what makes it the same packet elsewhere */
	uint64_t points;             /* that saw it, as bits */
};

struct machine {
	struct aliases addrs;        /* v[0] is asked for, the others found */
	struct machine_packet *packets;      /* by time */
	size_t n, cap;
	uint8_t *bytes;
	size_t n_bytes, cap_bytes;
	uint32_t *prints;            /* see machine_take_prints() (query/prints_of.h) */
	size_t n_prints, cap_prints;
	size_t cut;                  /* packets */
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

/* Where the machines of a walk are read from, and what that cost so far. */
struct machine_source {
	const struct query_sources *sources;
	struct query_control *control;       /* may be NULL */
	struct kin kin;
	struct query_explain cost;
};
void machine_source_init(struct machine_source *s, const struct query_sources *sources, struct query_control *control);
void machine_source_free(struct machine_source *s);

enum { MACHINE_SPANS = 64 };

/*
 * Stretches from `before` each time to `after` it, ascending and apart from each other: MACHINE_SPANS at most, so where there would be
 * more, what lies between is part of them. n > 0; times are sorted. Returns how many.
 */
size_t machine_spans(int64_t *times, size_t n, int64_t before_ns, int64_t after_ns, struct time_span out[MACHINE_SPANS]);
/* Reads the packets of m->addrs.v[0]'s machine in these stretches; the rest of *m is zero. asked may be empty. */
enum rc machine_read(struct machine *m, struct machine_source *source, const struct time_span *spans, size_t n_spans,
	const struct machine_asked *asked, size_t n_asked, struct err *err);
void machine_free(struct machine *m);

/* The first packet of the turn before that of packet i: what it answers. MACHINE_NONE: that was not read. */
uint32_t machine_answered_by(const struct machine *m, uint32_t i);
/* By packet: when the other side of its conversation spoke next; INT64_MAX never. */
void machine_answer_times(const struct machine *m, int64_t *out);
/* Whether a link between answers tells by itself: they look alike more often than requests do. */
bool machine_certain(const struct trace_link *l);

#endif
