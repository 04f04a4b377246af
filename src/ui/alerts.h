/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong while somebody looks on: packets dropped, an interface gone, a full disk, a service that turned degraded
 * or faulty. The newest is a line above the hints for a minute, and how many came with it.
 *
 * Services are looked after by a query of their newest window in the background, when something was published and two
 * seconds at most apart. Those that were in trouble when it began are no news. Part of struct screen; one thread.
 */
#ifndef FLOWDRILL_UI_ALERTS_H
#define FLOWDRILL_UI_ALERTS_H

#include "flow/health.h"
#include "flow/record.h"

struct screen;
struct job;
struct alerts_watch;

enum { ALERTS_MAX = 16, ALERT_TEXT = 320 };

struct alerts {
	struct alert {
		int64_t at_ns, since_ns; /* of the packets, 0 where it is of none; monotonic */
		char text[ALERT_TEXT]; /* not escaped */
	} v[ALERTS_MAX]; /* oldest first */
	size_t n;
	bool stale; /* something was published since the last query */
	int64_t asked_ns;
	struct alerts_watch *watch;
};

void alerts_add(struct screen *s, int64_t at_ns, const char *text);
/* Something was published. */
void alerts_refresh(struct screen *s);
/* Takes what the query found, begins the next one, and forgets what is old. */
void alerts_update(struct screen *s);
void alerts_close(struct screen *s);
/* Rows of the screen that they take: 0 or 1. */
int alerts_rows(const struct screen *s);
void alerts_draw(struct screen *s, int y);

#endif
