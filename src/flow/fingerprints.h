/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fingerprints of content that an index keeps of packets (trace/imprint.h makes them): how many, and how one packet's are handed on.
 */
#ifndef FLOWDRILL_FLOW_FINGERPRINTS_H
#define FLOWDRILL_FLOW_FINGERPRINTS_H

#include <stdbool.h>
#include <stdint.h>

/* In files: append only. */
enum fingerprints { FINGERPRINTS_OFF, FINGERPRINTS_SPARSE, FINGERPRINTS_FULL, FINGERPRINTS_KINDS };

/* "off", "sparse", "full"; false for another word. */
bool fingerprints_parse(const char *text, unsigned *out);
/* NULL for a number that is none. */
const char *fingerprints_name(unsigned which);

/* Those of one packet: ascending, each once. */
struct packet_prints {
	const uint32_t *v;
	uint32_t n;
	bool more;                   /* it has others, for which there was no room */
};

#endif
