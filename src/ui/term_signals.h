/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals while the screen is up. Those that ask for something (resize, end, interrupt,
 * suspend) become bits behind a descriptor to poll; those that kill first give the terminal
 * back, with nothing but async-signal-safe calls. Ctrl-C interrupts, SIGINT from another process
 * ends. Whoever is told to end and is stuck in a write to the terminal loses the terminal after
 * a second (SIGALRM is ours).
 *
 * Process-wide: at most one between open and close. Handlers of others for fatal signals
 * (sanitizers) are left alone.
 */
#ifndef FLOWDRILL_UI_TERM_SIGNALS_H
#define FLOWDRILL_UI_TERM_SIGNALS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum signal_bits {
	SIGNALS_RESIZE = 1,
	SIGNALS_QUIT = 2,
	SIGNALS_INTERRUPT = 4,
	SIGNALS_SUSPEND = 8,
	SIGNALS_CONTINUE = 16
};

enum rc signals_open(struct err *err);
/* Puts the handlers of before back. */
void signals_close(void);
/* The screen's thread says that it writes to the terminal, and so may hang. */
void signals_writing(bool on);
/* Readable when a bit is set. */
int signals_fd(void);
/* The bits since the last call. */
unsigned signals_take(void);
/*
 * What a fatal signal does to the terminal: sets the modes that descriptor `fd` has now and
 * writes `bytes` (copied, cut to what there is room for) to `out_fd`. Call before the modes are
 * changed.
 */
void signals_guard(int fd, int out_fd, const char *bytes, size_t n);

#endif
