/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a test waits. That the program is quick can be told on a quiet machine alone: where FLOWDRILL_TEST_TIMES is
 * set (`make check-long` sets it) limits are what they say. Elsewhere a slow machine, or one that others share, has a
 * twenty times as long, and the test sees only that there is an end.
 */
#ifndef FLOWDRILL_TESTS_PATIENCE_H
#define FLOWDRILL_TESTS_PATIENCE_H

#include "base/clock.h"

#include <stdlib.h>

/* A factor for limits of time. */
static inline double patience(void)
{
	return getenv("FLOWDRILL_TEST_TIMES") != NULL ? 1 : 20;
}

/* Seconds since some moment in the past. */
static inline double now_s(void)
{
	return (double)clock_monotonic_ns() / 1e9;
}

#endif
