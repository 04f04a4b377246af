/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop that brings keys, signals and news of the session to the screen, and the screen to
 * the terminal. It waits in poll() alone, and draws only when something happened.
 */
#ifndef FLOWDRILL_UI_LOOP_H
#define FLOWDRILL_UI_LOOP_H

#include "ui/screen.h"
#include "ui/term.h"

/* Until the user leaves, or the terminal is gone. */
void loop_run(struct screen *s, struct terminal *t);

#endif
