/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is remembered from one run to the next: `key value` lines in
 * $XDG_STATE_HOME/flowdrill/state. Keys are words ("set.theme", "columns.flows"), values one
 * line of text.
 *
 * Bounded: STATE_ENTRIES keys, of which those that were set longest ago go first. The file is
 * private (0600, its directory 0700) and replaced atomically at every change; what another
 * process has set meanwhile stays. Trouble with the file is no trouble of the user: then things
 * are remembered in memory.
 *
 * In scripts nothing is read or written unless asked (see --state): path "". One thread.
 */
#ifndef FLOWDRILL_UI_STATE_H
#define FLOWDRILL_UI_STATE_H

#include "base/err.h"

#include <stddef.h>

enum { STATE_ENTRIES = 256, STATE_KEY_MAX = 128, STATE_VALUE_MAX = 6000 };

struct state;

/* `path` NULL: the user's file; "": none. */
enum rc state_open(const char *path, struct state **out, struct err *err);
void state_close(struct state *s);
/* NULL where it was never set. Valid until the next state_set(). */
const char *state_get(const struct state *s, const char *key);
/*
 * Remembers; value NULL or "" forgets. False (and nothing changes) where key or value are too
 * long, the key is no word, or the value has a line end.
 */
bool state_set(struct state *s, const char *key, const char *value);
/* All keys that begin so, in the order in which they were set. `say` must set nothing. */
void state_each(const struct state *s, const char *prefix,
	void (*say)(void *ctx, const char *key, const char *value), void *ctx);

#endif
