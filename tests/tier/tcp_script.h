/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts of one TCP conversation for tests: packets, and the marks that each must get. */
#ifndef FLOWDRILL_TESTS_TIER_TCP_SCRIPT_H
#define FLOWDRILL_TESTS_TIER_TCP_SCRIPT_H

#include "tier/tcp_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct step {
	int64_t ms;
	char from;               /* 'c'lient or 's'erver */
	unsigned flags;
	uint32_t seq, ack, len;
	uint16_t window;
	const char *marks;       /* joined by commas */
	uint16_t id;             /* IPv4 identification; 0: tells nothing */
	uint8_t scale;           /* window scale + 1; 0: no such option */
	uint16_t sum;            /* of the payload; 0: unknown */
	uint32_t sacked;         /* bytes in SACK blocks; 0: none */
	bool sack_ok;
};

/* A fresh conversation. */
void script_begin(void);
/* Analyses the next packet and checks its marks; valid until the next. */
const struct tcp_verdict *script_step(const struct step *step);
/* A fresh conversation, all of it; at most 64 steps. Verdicts stay until the next run. */
void script_run(const struct step *steps, unsigned n);
/* The same with all sequence numbers of client and server moved. */
void script_run_shifted(const struct step *steps, unsigned n, uint32_t client, uint32_t server);
const struct tcp_verdict *script_verdict(unsigned step);

#endif
