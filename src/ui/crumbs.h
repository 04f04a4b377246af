/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The breadcrumb: the steps that led to the view on top, each of which can be gone back to. Steps are
 * counted from 1, the source. One thread.
 */
#ifndef FLOWDRILL_UI_CRUMBS_H
#define FLOWDRILL_UI_CRUMBS_H

#include "ui/screen.h"

/* Cells that all of it takes. */
int crumbs_width(const struct screen *s);
/*
 * Draws it into the top line, at most `room` cells; first steps give way to a mark where there is
 * no room for all.
 */
void crumbs_draw(struct screen *s, int room);
/*
 * Closes what lies above a step. A window's step is the list with all of them, its row selected. False where
 * there is no such step.
 */
bool crumbs_go(struct screen *s, unsigned step);

#endif
