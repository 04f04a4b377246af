/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Health of a record: does its traffic hurt, and why. A judgement over counters, computed on reading: nothing of it is
 * stored, so that other thresholds need no new index.
 *
 * Each reason is a share: events of so many that could have been. It is degraded or faulty where the share reaches its threshold
 * and there were at least so many events. What was not computed (unknown counters) is no reason, and a record of which no reason
 * can be computed has no health at all.
 *
 *   loss         retransmitted packets (spurious ones left out)   of TCP packets
 *   aborted      connections reset while an answer was awaited    of requests
 *   refused      connections answered by RST                      of connections attempted
 *   unanswered   connections without any answer                   of connections attempted
 *   zero-window  packets that close the window                    of TCP packets
 *   slow         responses that took `slow time` or longer        of responses
 *   errors       packets in which the server says that it failed  of requests of applications
 *   rtp-loss     RTP packets that never came                      of RTP packets expected
 *   call         RTP packets at which MOS was below 3.6           of RTP packets with MOS
 *
 * Of a record without a histogram of response times (flows, microflows) the longest and the sum tell how many were slow at least: those are
 * counted.
 */
#ifndef FLOWDRILL_FLOW_HEALTH_H
#define FLOWDRILL_FLOW_HEALTH_H

#include "flow/record.h"

enum health { HEALTH_NORMAL, HEALTH_DEGRADED, HEALTH_FAULTY, HEALTHS };
enum health_reason {
	HEALTH_LOSS, HEALTH_ABORTED, HEALTH_REFUSED, HEALTH_UNANSWERED, HEALTH_ZERO_WINDOW, HEALTH_SLOW,
	HEALTH_ERRORS, HEALTH_RTP_LOSS, HEALTH_CALL,
	HEALTH_REASONS
};

const char *health_name(enum health h);
/* As in the file of thresholds and in `why`. */
const char *health_reason_name(enum health_reason r);

struct health_rule {
	double degraded, faulty;     /* shares, 0..1; above 1: never */
	uint64_t at_least;           /* events */
};

struct health_limits {
	int64_t slow_ns;             /* a response is slow from here on */
	struct health_rule rules[HEALTH_REASONS];
};

/* The documented defaults; static. */
extern const struct health_limits health_limits_default;

/*
 * Changes *l by the lines of a file of thresholds (flowdrill-health(5)):
 *
 *   # comment
 *   slow time 500ms
 *   loss degraded 1% faulty 5% at-least 3
 *   resets off
 *
 * What a line does not name stays as it was. RC_SYNTAX with the byte offset of the line; *l is then unchanged.
 */
enum rc health_limits_parse(struct health_limits *l, const char *path, const char *text, size_t len,
	struct err *err);

struct health_verdict {
	bool known;
	enum health health;                      /* the worst of the reasons */
	struct health_finding {
		bool known;
		enum health health;
		uint64_t events, of;
	} reasons[HEALTH_REASONS];
	struct health_finding refusals;          /* no reason, but what may explain one */
};

/* Limits NULL: the defaults. */
void health_judge(const struct record *r, const struct health_limits *l, struct health_verdict *out);
/*
 * "slow 28 of 450, refused 3 of 40", the worst first; "" where all is well. Where a slow server that does not fail refuses one in five requests or
 * more, that stands before it: "refusals 30 of 90, slow 30 of 90", as of a server that lets those wait who do not know the password. Cut to the buffer;
 * returns the length.
 */
size_t health_why(char *out, size_t size, const struct health_verdict *v);

/*
 * "refused 1 of 1": what failed in a flow or microflow of which that is too little to judge by; "" where nothing did, and of macroflows.
 */
size_t health_failed(char *out, size_t size, const struct record *r, const struct health_verdict *v);

struct row;

/*
 * How much a row hurts: 0 not at all, more is worse. A record by its verdict: faulty before degraded, then the longest slow
 * response, then the number of events; then flows and microflows with what health_failed() says, as those behind a service that
 * refuses now and then; a packet by the response that it begins, where that is slow, else by its marks (retransmissions,
 * lost segments, closed windows, overlaps), RST, headers or checksums that are wrong, and what a server refuses.
 */
uint64_t health_trouble(const struct row *row);

#endif
