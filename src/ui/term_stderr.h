/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Standard error while the screen is up: what anybody writes there is held back, so that it
 * does not spoil the screen, and said when the screen is gone. Only where standard error is a
 * terminal. Process-wide.
 */
#ifndef FLOWDRILL_UI_TERM_STDERR_H
#define FLOWDRILL_UI_TERM_STDERR_H

#include "base/err.h"

/* Trouble is no reason not to show the screen: then nothing is held back. */
void term_stderr_hold(void);
/* Gives standard error back and writes what was held. */
void term_stderr_release(void);
/* Async-signal-safe: gives standard error back without writing. */
void term_stderr_restore(void);

#endif
