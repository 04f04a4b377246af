/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recorder over made-up interfaces, a disk of a certain size and a clock that steps. Everything fails the test where it cannot. */
#ifndef FLOWDRILL_TESTS_RECORDING_H
#define FLOWDRILL_TESTS_RECORDING_H

#include "session/recorder.h"

#include <stdatomic.h>

enum { FRAME = 1000, STEPS = 64 };

struct recording {
	char dir[256], store[300];
	struct recorder_options options;
	struct live_step steps[2][STEPS];
	size_t n_steps[2];
	int64_t time_ns;
	struct recorder *r;
	struct recorder_status status;
	struct recorder_point points[2];
	char said[4096];
	bool index_behind;           /* not all that is stored has to be published */
	enum rc rc;                  /* of recorder_stop() */
};

/* Of cmocka: *state is a struct recording, with a directory of its own. */
int recording_setup(void **state);
int recording_teardown(void **state);

/* Files with `kind` in their names may take so many bytes from now on, until io_set_ops(NULL). */
void small_disk(const char *kind, int64_t bytes);
extern _Atomic int64_t clock_step;       /* ns that stepping_clock() is off */
int64_t stepping_clock(void);

/* A step of interface `at`; frames are FRAME bytes long. */
void recording_step(struct recording *p, unsigned at, enum live_step_kind kind, uint64_t n);
void recording_start(struct recording *p, unsigned n);
/* Status, points and what was said, now. */
void recording_look(struct recording *p);
void recording_nap(unsigned ms);
/* Until so many frames were counted (stored or refused), or somebody said so; at most 20 s. */
void recording_wait_received(struct recording *p, uint64_t n);
void recording_wait_said(struct recording *p, const char *what);
/* Checks sums, too; p->rc is how it ended. */
void recording_stop(struct recording *p);
void recording_complain(void *ctx, const char *path, uint64_t offset, const char *text);
/* The store reopens without help, is whole, and has so many packets. */
struct store *recording_reopen(struct recording *p, bool writing, uint64_t packets);
bool recording_has_event(struct store *s, const char *kind);

#endif
