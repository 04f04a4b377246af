/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pane below a list: every known field of the selected row, by name. Zero counts are left
 * out, and what does not fit is counted at the end. Stateless.
 */
#ifndef FLOWDRILL_UI_DETAIL_H
#define FLOWDRILL_UI_DETAIL_H

#include "flow/row.h"
#include "ui/cell_text.h"

/* A rule with the record's id and name, and the fields below it. Nothing where r.h < 2. */
void detail_draw(
	struct canvas *c, struct rect r, const struct row *row, const struct cell_style *style);

#endif
