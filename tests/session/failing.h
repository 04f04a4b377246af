/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of failures stand on: a capture of two small blocks whose packets are told apart by their time, and what a
 * store answers.
 */
#ifndef FLOWDRILL_TESTS_FAILING_H
#define FLOWDRILL_TESTS_FAILING_H

#include "store/store.h"

enum { FAILING_PACKETS = 64, FAILING_CAPTURED = 20000, FAILING_BLOCK = 1 << 20 };

/* UDP between eight clients and a server, 50 ms apart, as a pcap file. */
void failing_make_capture(const char *path);
/* The frame of packet i. */
const uint8_t *failing_frame(unsigned i);
int64_t failing_time_ns(unsigned i);

struct answers {
	uint64_t rows[6], packets[6], bytes[6];  /* by tier, from TIER_PACKET on */
	uint64_t digest;             /* of every field of every row */
	unsigned from, to, missing;  /* packets [from, to) of the capture in order, but for so many; then */
	unsigned again;              /* so many from the first on once more */
	bool wrong;                  /* what is listed is not that, or a packet has other bytes */
};

/* Asks everything of what the store's snapshot has. Allocates nothing itself. */
enum rc failing_ask(struct store *s, struct answers *out, struct err *err);

/* whole: the recorder says that nothing is left to be mended */
struct recorded { uint64_t received, stored, refused, dropped, published; bool whole; };
/*
 * A recorder takes the capture, over a made-up interface, into an own store that is made where there is none
 * (failing_record.c). Counts are zero where it did not start.
 */
enum rc failing_record(const char *path, struct recorded *out, struct err *err);

#endif
