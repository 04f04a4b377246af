/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tracing for developers: FLOWDRILL_TRACE=store,tier:/tmp/trace.txt writes lines
 * of the named modules ("all" for every one) to that file; unset costs one
 * branch. Thread-safe (one write a line).
 */
#ifndef FLOWDRILL_BASE_TRACE_H
#define FLOWDRILL_BASE_TRACE_H

#include <stdbool.h>

enum trace_module {
	TRACE_BASE, TRACE_FILE, TRACE_DECODE, TRACE_CAPTURE, TRACE_STORE,
	TRACE_TIER, TRACE_QUERY, TRACE_SESSION, TRACE_UI, TRACE_MODULES
};

/* Reads the environment once; call before threads start. */
void trace_init(void);
bool trace_on(enum trace_module m);
void trace_line(enum trace_module m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define TRACE(m, ...) do { if (trace_on(m)) trace_line(m, __VA_ARGS__); } while (0)

#endif
