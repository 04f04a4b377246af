/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A model, the index file made of it, and its segment opened; with what tests compare. Failures
 * are cmocka's.
 */
#ifndef FLOWDRILL_TESTS_SEGMENT_WORLD_H
#define FLOWDRILL_TESTS_SEGMENT_WORLD_H

#include "segment_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct world {
	struct model *m;
	struct buf file;
	size_t at; /* where the segment begins in the file */
	struct segment *s;
	struct err err;
};

void world_open(struct world *x, uint64_t seed, enum model_kind kind, uint32_t packets,
	uint32_t conversations);
void world_close(struct world *x);
/* Fails with the error's text where rc is not RC_DONE. */
void good(struct world *x, enum rc rc);
/* The cursor's next flow part is the model's flow i. */
void same_flow(struct world *x, struct segment_cursor *c, uint32_t i);
/* The cursor's next microflow part, with counters and references, is u. */
void same_micro(struct world *x, struct segment_cursor *c, const struct model_micro *u);
/* All flow parts and microflow parts are those of the model. */
void same_all(struct world *x);

#endif
