/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A made-up stretch of traffic and what a segment must say of it: for tests of segments, their
 * fuzzer's seeds and dump. Everything follows from the seed (so there is one random number in an
 * expression: their order would be the compiler's). Memory failures end the program: it is a
 * test.
 */
#ifndef FLOWDRILL_TESTS_SEGMENT_MODEL_H
#define FLOWDRILL_TESTS_SEGMENT_MODEL_H

#include "flow/field.h"
#include "store/segment.h"

struct model_micro {
	struct record_id id;
	int64_t slice_ns;
	struct counters c;
	uint32_t *ordinals;
	struct packet_note *notes; /* of some of the n packets */
	uint32_t n, n_notes;
};

struct model_flow {
	struct record_id id;
	int64_t slice_ns;
	struct flow_key key;
	struct model_micro *micros;
	uint32_t n;
	bool continued;
};

struct model_packet {
	uint32_t skip, offset, len;
	int64_t time_ns;
};

/* A flow's server was seen to have this name. */
struct model_name {
	struct observation o;
	char name[32];
};

struct model {
	struct segment_start start;
	struct model_packet *packets;
	uint32_t n_packets;
	struct model_flow *flows; /* in order of first ordinal */
	uint32_t n_flows, n_micros;
	struct model_name *names; /* in any order; some addresses have several */
	uint32_t n_names;
	struct texts *texts; /* the counters' texts are numbers of it */
};

enum model_kind {
	MODEL_TAME, /* counters as real packets make them */
	MODEL_WILD, /* any value in any field, known or not, mixed or not; odd slices, ids, times */
};

uint64_t model_random(uint64_t *state);
/* 0 to n - 1. */
uint32_t model_below(uint64_t *state, uint32_t n);
/* The key of a conversation, of any kind that there is. */
void model_key(uint64_t *r, struct flow_key *k);
struct model *model_new(
	uint64_t seed, enum model_kind kind, uint32_t packets, uint32_t conversations);
void model_free(struct model *m);
/* The check that a packet has: nothing that was hashed. */
uint16_t model_check(const struct model *m, uint32_t packet);
/* Its fingerprints, if start.fingerprints says that there are any; MODEL_PRINTS at most, to v. */
enum { MODEL_PRINTS = 300 };
struct packet_prints model_prints(const struct model *m, uint32_t packet, uint32_t *v);
/* Gives all of it to a writer, begin to end. */
enum rc model_write(
	const struct model *m, struct segment_writer *w, struct buf *out, struct err *err);
/*
 * A whole index file: header and the model's segment. Returns where the segment begins; 0 on
 * failure.
 */
size_t model_file(const struct model *m, struct buf *out);
/* Bytes of a counter. */
size_t model_field_size(const struct field *f);
/* Counters as a reader may tell them: unknown values zero. */
void model_canonical(struct counters *c);

#endif
