/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP (RFC 3550, 6): what senders and receivers report. Pure. */
#ifndef FLOWDRILL_APP_RTCP_H
#define FLOWDRILL_APP_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTCP_REPORTS = 8 };

/* What `reporter` received of `source`. */
struct rtcp_report {
	uint32_t reporter, source;
	uint8_t fraction;            /* lost since the report before, of 256 */
	int32_t lost;                /* since the beginning; below 0 with duplicates */
	uint32_t jitter;             /* in units of the source's clock */
	uint32_t last_sr, delay;     /* middle bits of the sender report that came last (0: none); 1/65536 s since then */
};

struct rtcp_said {
	bool has_sender, has_name, bye;
	uint32_t sender, ntp_middle;         /* has_sender: who, and the middle 32 bits of its time */
	uint32_t packets;                    /* of the compound */
	uint32_t n_reports;
	struct rtcp_report reports[RTCP_REPORTS];    /* the first ones */
};

/*
 * A whole compound packet: begins with SR or RR, each length is right, the last one ends where the datagram ends. False for anything
 * else, also for one that is encrypted (SRTCP).
 */
bool rtcp_read(const uint8_t *p, size_t n, struct rtcp_said *out);
/* Seconds in units of 1/65536 as nanoseconds. */
int64_t rtcp_delay_ns(uint32_t delay);

#endif
