/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock for intervals: it goes on evenly whatever is done to the time of day. */
#ifndef FLOWDRILL_BASE_CLOCK_H
#define FLOWDRILL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some moment in the past. Any thread. */
static inline int64_t clock_monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#endif
