/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations made of texts, for tests of talks and parsers: segments of TCP or datagrams, and what was said of each. */
#ifndef FLOWDRILL_TESTS_APP_TALKING_H
#define FLOWDRILL_TESTS_APP_TALKING_H

#include "app/talk.h"

struct talking {
	struct talk talk;
	struct talk_memory *memory;
	uint32_t seq[2];             /* of the next byte of each side */
	bool udp;
	uint16_t client_port, server_port;
	int64_t time_ns;             /* of the next packet; 1 ms more for each */
	struct said said;            /* of the last one */
	/* sums over all packets */
	struct said all;
	char name[256], url[256], alpn[256], ja4[256];
	struct { struct addr addr; char name[256]; enum seen_by by; } seen[64];
	unsigned n_seen;
	struct said_sink sink;
};

void talking_begin(struct talking *x, bool udp);
void talking_end(struct talking *x);
/* SYN and SYN,ACK. */
void talking_connect(struct talking *x);
/* One packet with these bytes. */
void talking_say(struct talking *x, enum direction dir, const void *bytes, size_t len);
#define SAY(x, dir, text) talking_say(x, dir, text, sizeof(text) - 1)
/* The same, of which the capture kept so many bytes of payload. */
void talking_say_cut(struct talking *x, enum direction dir, const void *bytes, size_t len, size_t kept);
/* The bytes are sent, but not captured. */
void talking_miss(struct talking *x, enum direction dir, size_t len);
/* In segments of `step` bytes. */
void talking_say_in_steps(struct talking *x, enum direction dir, const void *bytes, size_t len, size_t step);

#endif
