/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Applications that no parser of ours knows, told by nDPI where it was built in (--with-ndpi).
 *
 * What the library concludes from content alone counts: neither ports nor addresses, nor what other conversations were. It is asked about the
 * first packets of a conversation with payload (OTHER_PACKETS), with headers made of the facts that were decoded, so that it
 * never sees a header that contradicts itself. Bounded: OTHER_FLOWS conversations of a shard at a time; one that finds no room is not
 * looked at. Packet order alone decides; one thread a struct others.
 */
#ifndef FLOWDRILL_APP_OTHER_H
#define FLOWDRILL_APP_OTHER_H

#include "app/app.h"
#include "base/err.h"
#include "flow/packet.h"

enum { OTHER_PACKETS = 12, OTHER_FLOWS = 1024 };

struct others;

/* Whether the library was built in; without it nothing is ever told. */
bool others_can_tell(void);
/* The library itself is set up when first asked. */
enum rc others_new(struct others **out, struct err *err);
void others_free(struct others *o);
/*
 * One more packet with payload of a conversation. *flow: 0 at first; what stands for the conversation, to be given back with others_end()
 * unless it is 0. *done is set when nothing more can be told. What it is called, in small letters, when that becomes known ("bittorrent";
 * p NULL else); never one of enum app's. Valid until the next call.
 */
struct said_text others_packet(struct others *o, uint16_t *flow, bool *done, const struct packet *p, const uint8_t *frame);
void others_end(struct others *o, uint16_t *flow);

#endif
