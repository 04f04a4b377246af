/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of dump: formatted, and safe for a terminal. Private to this layer's dump*.c.
 */
#ifndef FLOWDRILL_STORE_DUMP_SAY_H
#define FLOWDRILL_STORE_DUMP_SAY_H

#include "store/check.h"

struct dump {
	const char *path;
	bool deep;
	dump_line line;
	void *ctx;
};

/* One line, cut at 400 bytes. Outside text must have been escaped. */
void dump_say(const struct dump *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
