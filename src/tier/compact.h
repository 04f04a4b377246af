/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compaction: many small segments of a block become one.
 *
 * A recorder publishes a segment a second, so that followers see what came; a day of them would be 86,400. Segments are levels: FAN_IN
 * (16) neighbours of one level become one of the next, until a segment would pass the limits of an offline one (1 Mi packets,
 * 48 Ki microflow parts). The merged segment says what its parts said: parts of one record are merged (record_merge()), ordinals
 * moved, and its macroflow parts are the merge of theirs; so every answer is what it was, and so are ids and frame numbers. It takes the
 * place of its parts in the catalog in one transaction (store_replace_segments()), after its bytes were synced; the old bytes stay
 * where they are for a reader with an older snapshot, and are given back to the file system later.
 *
 * Deterministic: the same segments give the same bytes. May run in a thread of its own while the writer publishes.
 */
#ifndef FLOWDRILL_TIER_COMPACT_H
#define FLOWDRILL_TIER_COMPACT_H

#include "store/store.h"

enum { COMPACT_FAN_IN = 16 };

struct compactor;

enum rc compactor_new(struct store *s, struct compactor **out, struct err *err);
void compactor_free(struct compactor *c);
/*
 * Does at most one merge of up to FAN_IN segments, where there is one to do in the block that is open or was sealed last (found by what
 * store_segments() says); *did tells. `all`: merges what is left of a sealed block as far as the limits go.
 */
enum rc compactor_step(struct compactor *c, bool all, bool *did, struct err *err);

#endif
