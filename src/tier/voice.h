/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTP and RTCP of conversations: which ones they are, and what their packets add to what is known of media. State beside the conversation
 * table, as that of tier/analysis.h, which owns it. Memory is touched when somebody sends what could be media. One thread.
 *
 * A conversation is RTP when packets of one direction go on from each other: two where SDP announced the endpoint, RTP_GUESS where nobody
 * did. Those before are counted with the one that makes it certain. VOICE_CALLS conversations a shard are followed, four sources each; of
 * more the one that began longest ago is followed anew.
 */
#ifndef FLOWDRILL_TIER_VOICE_H
#define FLOWDRILL_TIER_VOICE_H

#include "app/app.h"
#include "tier/analysis.h"

enum {
	VOICE_CALLS = 4096,
	VOICE_STREAMS = 4,
	VOICE_SOURCES = 4096,        /* of which reports are remembered */
	VOICE_DELAY_MS = 50,         /* one way, where nobody reports */
};

struct voice;

enum rc voice_new(uint32_t capacity, struct voice **out, struct err *err);
void voice_free(struct voice *v);
/* A conversation begins at this place. */
void voice_begin(struct voice *v, uint32_t place);
/*
 * One packet of UDP with PACKET_MEDIA; others change nothing. What it adds, if anything, is put into *more (overwritten then) and *has_more set; texts are of the pool at->texts.
 * Marks of the packet are added to *marks.
 * Returns what the conversation is known as: APP_RTP, APP_RTCP or APP_NONE.
 */
enum app voice_packet(struct voice *v, const struct packet *p, const struct analysed *at, struct media *more, bool *has_more,
	uint32_t *marks);

#endif
