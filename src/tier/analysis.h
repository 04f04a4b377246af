/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is computed of a conversation beside counting: TCP analysis, response times, connections. State stands beside the conversation
 * table, one place a conversation: taken with it, gone with it, and memory only when it is used.
 * Private to the tier layer; packet order alone decides. One thread.
 */
#ifndef FLOWDRILL_TIER_ANALYSIS_H
#define FLOWDRILL_TIER_ANALYSIS_H

#include "app/app.h"
#include "flow/record.h"

struct announced;

struct analysis;

/* attributes: enum attribute. */
enum rc analysis_new(uint32_t capacity, unsigned attributes, struct analysis **out, struct err *err);
void analysis_free(struct analysis *a);
/* A conversation begins at this place (what was there is gone); `attributes`: those that it gets, of those there are. */
void analysis_begin(struct analysis *a, uint32_t place, unsigned attributes);
/* A packet at this place comes soon. */
void analysis_expect(const struct analysis *a, uint32_t place);
/* Client and server have changed places by a new SYN. */
void analysis_turn(struct analysis *a, uint32_t place);

/* One packet: who sent it (dir: as the conversation is oriented now; as: as its flow is), where it is counted. */
struct analysed {
	uint32_t place;
	enum direction dir, as;
	const uint8_t *frame;        /* its bytes, p->caplen of them; NULL: nobody has them */
	struct texts *texts;         /* pool of what is counted; */
	struct observations *observations;   /* of the segment */
	uint32_t generation;         /* another number when it was emptied, not 0 */
	bool forgotten;              /* the conversation's state had to go before this packet */
	struct announced *announced; /* media (app/media.h) that this packet may be; NULL: nobody said so */
	enum app app;                /* what its media says that the conversation is; APP_NONE: nothing */
};

/*
 * Counts what the packet means into *c, and says what is to be kept of it in *note (its position is left alone). True where there is
 * something to keep. *has_media: what it adds to media was put into *media.
 */
bool analysis_packet(struct analysis *a, const struct packet *p, struct analysed *at, struct counters *c,
	struct packet_note *note, struct media *media, bool *has_media);

#endif
