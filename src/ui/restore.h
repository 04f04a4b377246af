/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file is shown again as it was left: views with their filters and rows, and the range of time; in
 * the state, by what the file is called and when its first packet came. One thread.
 */
#ifndef FLOWDRILL_UI_RESTORE_H
#define FLOWDRILL_UI_RESTORE_H

#include "ui/screen.h"

/* Goes where the sources were left last time, if they were; the first view is there. */
void restore_go(struct screen *s);
/* Remembers where the screen is. */
void restore_remember(struct screen *s);

#endif
