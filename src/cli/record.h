/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recording, for `capture` and for the screen over live interfaces: interfaces are opened, privileges given up, the store opened, in
 * this order; and what is to be said of it.
 */
#ifndef FLOWDRILL_CLI_RECORD_H
#define FLOWDRILL_CLI_RECORD_H

#include "cli/command.h"
#include "session/recorder.h"

struct recording {
	struct recorder *recorder;
	char store[512];
	bool own;                    /* the store's name is ours */
	/* at the last report */
	int64_t reported_ns;
	uint64_t packets, bytes;
};

/* With a screen it may also write into the working directory, and has a size cap and a store of its own where none was named. */
enum rc record_open(struct cli *c, bool screen, struct recording *out, struct err *err);
/* One line a capture point on standard error. */
void record_report(struct recording *r);
/* What happened since the last call, a line each. */
void record_events(struct recording *r);
/* Ends it, says the totals, frees. What ended it, if not this call. */
enum rc record_close(struct recording *r, struct err *err);

#endif
