/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of trace/match.c: prints of all packets and how rare they are (match_prints.c), what may be the cause of a packet
 * (match_judge.c), and what is equal on the bytes (match_bytes.c). Private to them.
 *
 * Few packets are asked of, but how rare a print is all packets around tell. So prints of all packets are only written down, one after
 * the other; a table has those alone that can decide: the prints of what is asked of, and of the packets that left and share a rare
 * one with it (`relevant`). What is not in the table is passed by through a bitmap.
 */
#ifndef FLOWDRILL_TRACE_MATCH_PRIV_H
#define FLOWDRILL_TRACE_MATCH_PRIV_H

#include "trace/match.h"

enum {
	MATCH_TIED = 8, MATCH_RECENT = 8, MATCH_NOBODY = -1,
	MATCH_SHARED = 2,            /* fingerprints of 32 bits that two packets must share where nothing else tells: one may be chance */
};

/* A print that can decide. */
struct match_entry {
	uint64_t hash;
	uint32_t units;              /* that have it; 0 until all packets were looked through */
	uint16_t recent[MATCH_RECENT];       /* tags of units counted last: conversations take turns */
	uint32_t post;               /* the packet that came in with it last, plus one */
	uint32_t seen;               /* by which packet, plus one: doubles within one count once */
	double weight;               /* 0: too many have it */
	bool decisive;               /* it is so rare that it is no template */
	bool used;                   /* this place of the table is taken */
};

/* Packets that came in with a print, latest first. */
struct match_post {
	uint32_t packet, next;
};

/* What is known of one candidate for the cause of the packet at hand. */
struct match_candidate {
	uint32_t round;              /* whose it is; another one: nothing */
	bool decisive;               /* something that both have is rare enough */
	double weight;
};

struct matcher {
	const struct trace_packet *packets;
	size_t n;
	int64_t window_ns;
	int64_t from_ns, to_ns;      /* where causes and effects of what is asked of may be */
	const struct trace_order *order;     /* or NULL */
	struct trace_links *out;
	uint64_t *hashes;            /* prints of all packets, one after the other, with doubles */
	size_t n_hashes, cap_hashes;
	size_t *first;               /* of each packet in hashes; n + 1 */
	struct match_entry *table;
	size_t mask, used;
	uint64_t *sieve;             /* bits: hashes that may be in the table */
	size_t sieve_mask;
	bool *relevant;              /* by packet: that left, and whose cause has to be found */
	struct match_post *posts;
	size_t n_posts, cap_posts;
	int64_t *unit;               /* by talk, twice: the one seen last; times */
	uint64_t units;
	double rarest;               /* ln(units + 1) */
	int64_t *answered;           /* by packet: when its request was; INT64_MAX never */
	int64_t *heard;              /* by packet: when the other side of its conversation spoke last; INT64_MIN never */
	uint64_t *caused;            /* by packet: services, as bits */
	struct match_candidate *candidates;  /* by packet */
	uint32_t *list;              /* packets that are candidates now */
	size_t n_list;
	struct plain a, b;
	struct print *room;          /* of one packet */
	size_t cap_room;
};

/* What explains a packet that left best. */
struct match_verdict {
	int64_t in;                  /* MATCH_NOBODY */
	double evidence, other;
	uint32_t tied[MATCH_TIED];   /* that explain it about as well, in order of precedence */
	size_t n_tied;
};

/* ---- match_prints.c */

/* Prints of all packets, who is relevant, the table with counts. talks as in trace_match(). */
enum rc match_note_all(struct matcher *m, uint32_t talks, struct err *err);
/* Prints of one packet, in plain and m->room. */
enum rc match_make_prints(struct matcher *m, struct plain *plain, const struct trace_packet *p, size_t *n, struct err *err);
/* The entry of a print that may be in the table; NULL: it is not. */
struct match_entry *match_look(const struct matcher *m, uint64_t hash);
/* The same of any print. NULL: it decides nothing. */
static inline struct match_entry *match_find(const struct matcher *m, uint64_t hash)
{
	size_t bit = (hash >> 24) & m->sieve_mask;

	return m->sieve[bit / 64] >> (bit % 64) & 1 ? match_look(m, hash) : NULL;
}

/* ---- match_judge.c */

/* What came in with the prints of a packet that is to leave: it may be the cause of what leaves later. */
enum rc match_post(struct matcher *m, uint32_t in, struct err *err);
/* The best cause of a packet that left, by its prints. */
void match_judge(struct matcher *m, uint32_t out, struct match_verdict *v);
/* The same, were another one of those tied the cause. */
void match_prefer(const struct matcher *m, uint32_t out, uint32_t in, struct match_verdict *v);
uint64_t match_service_bit(const struct trace_packet *out);

/* ---- match_bytes.c */

/* What both have, in m->a and m->b; sound as in struct trace_link. */
enum rc match_confirm(struct matcher *m, uint32_t in, uint32_t out, struct common *common, bool *sound, struct err *err);
/* Whether kept fingerprints alone are enough: payload of one of them was cut. */
bool match_told_by_prints(const struct matcher *m, uint32_t in, uint32_t out);
/*
 * Of those that share the same prints the one that shares most bytes: a number that differs may be too short for a print.
 */
enum rc match_settle(struct matcher *m, uint32_t out, struct match_verdict *v, struct err *err);

#endif
