/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fingerprints of packets as they are indexed (trace/imprint.h), and where messages begin: a message is what one side says before the other one
 * does, or before it was silent for a second. State stands beside the conversation table; packet order alone decides. One thread.
 *
 * Nothing is kept of what is encrypted: messages that begin with a record of TLS application data, and conversations that begin as QUIC or SSH do.
 */
#ifndef FLOWDRILL_TIER_IMPRINTER_H
#define FLOWDRILL_TIER_IMPRINTER_H

#include "flow/packet.h"
#include "flow/record.h"
#include "trace/imprint.h"

struct imprinter;

/* which: not FINGERPRINTS_OFF. */
enum rc imprinter_new(uint32_t capacity, enum fingerprints which, struct imprinter **out, struct err *err);
void imprinter_free(struct imprinter *x);
/* A packet at this place comes soon. */
void imprinter_expect(const struct imprinter *x, uint32_t place);
/* A conversation begins at this place. */
void imprinter_begin(struct imprinter *x, uint32_t place);
/*
 * What is kept of a packet of the conversation at this place, whose payload is `len` bytes, as far as they were captured; valid until the next call. NULL: nothing.
 */
enum rc imprinter_packet(struct imprinter *x, uint32_t place, const struct packet *p, enum direction dir, const uint8_t *payload,
	size_t len, const struct imprints **out, struct err *err);

#endif
