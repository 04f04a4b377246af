/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store that grows under the screen: whether somebody records into it, and when to look for
 * what was published. Part of struct screen; one thread.
 *
 * Looking is cheap (a version number of the catalog, a lock), so it is done often; what was
 * published is shown by the views' refresh. Paused, the recorder is looked after but nothing
 * new is shown: the snapshot, its totals and the rows stay.
 */
#ifndef FLOWDRILL_UI_LIVE_H
#define FLOWDRILL_UI_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen;

enum { LIVE_SOURCES = 16, LIVE_TROUBLES = 8 };

/* What hinders recording now, as the store's log has it: an interface that is down or gone, a full disk. */
struct live_trouble {
	size_t source;
	char name[32]; /* of an interface; "disk", "recording". Not escaped */
	const char *word; /* static: "down", "gone", "full", "ended" */
};

struct live {
	bool can; /* some source is a store, so that it can be recorded into */
	size_t recorders; /* sources that somebody records into now */
	long pid; /* of the first of them */
	bool seen; /* there was one since the screen was opened */
	bool paused;
	int64_t looked_ns; /* on the monotonic clock */
	struct live_trouble troubles[LIVE_TROUBLES]; /* oldest first */
	size_t n_troubles;
	/* of the first sources: their catalogs' version when their log was read, the last event in it (0: never) */
	uint64_t heard_version[LIVE_SOURCES];
	int64_t heard_ns[LIVE_SOURCES];
	bool heard_drops; /* `dropped` is known: what all interfaces had lost at the last look */
	uint64_t dropped;
};

/* Looks now: at recorders, and for news unless it is paused. */
void live_see(struct screen *s);
/* The same when it is time. */
void live_update(struct screen *s);
/* How long poll() may wait; -1: nothing is going to happen by itself. */
int live_wait_ms(const struct screen *s);
/* Pauses or goes on. */
void live_pause(struct screen *s);
/* One event of a source's log: its trouble comes or goes. False where it is no news for who looks on (a start). */
bool live_hear(struct live *l, size_t source, const char *kind, const char *text);
/*
 * "live, recorder 4711, eth0 down"; `brief`: "eth0 down", or "live" where all is well. False where nothing was ever
 * recorded: no text.
 */
bool live_state(const struct screen *s, char *out, size_t size, bool brief);
/* Names of the interfaces that are recorded: "eth0, eth1"; "" where there are none. Not escaped. */
void live_names(const struct screen *s, char *out, size_t size);

#endif
