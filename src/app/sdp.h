/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SDP (RFC 8866): where somebody wants to receive media, and how it is coded. Pure. */
#ifndef FLOWDRILL_APP_SDP_H
#define FLOWDRILL_APP_SDP_H

#include "flow/addr.h"

enum { SDP_TYPES = 12, SDP_CODEC = 16, SDP_LINES = 1024 };

struct sdp_type {
	uint8_t type;                /* RTP payload type */
	uint32_t clock_hz;           /* 0: not said, and no static type */
	char codec[SDP_CODEC];       /* printable, as RFC 3551 writes it, else small letters; "" likewise */
};

/* One stream of media. */
struct sdp_media {
	struct addr addr;
	uint16_t port, rtcp_port;    /* equal where both share it */
	unsigned n_types;
	struct sdp_type types[SDP_TYPES];    /* the first ones */
};

/*
 * Calls `tell` for each stream over RTP that has an address (no name, not 0.0.0.0, no multicast) and a port. What is wrong is left out;
 * lines behind the first SDP_LINES are not read. Returns how many.
 */
unsigned sdp_read(const char *text, size_t len, void (*tell)(void *ctx, const struct sdp_media *m), void *ctx);

#endif
