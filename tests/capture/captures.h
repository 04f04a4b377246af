/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small captures of every kind, made here: what the tests of src/capture read, and the seeds of the fuzzers (with
 * GENERATE=1 test_source writes them to tests/fuzz/corpus).
 */
#ifndef FLOWDRILL_TESTS_CAPTURE_CAPTURES_H
#define FLOWDRILL_TESTS_CAPTURE_CAPTURES_H

#include "base/buf.h"

struct made_capture {
	const char *name;
	void (*make)(struct buf *b);
	const char *events;      /* what a source yields: see transcript() in test_source.c */
};

extern const struct made_capture made_pcaps[], made_pcapngs[];   /* ended by a NULL name */

#endif
