/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a record is called where there is room for a word: in the breadcrumb and above the
 * details. Pure functions.
 */
#ifndef FLOWDRILL_UI_RECORD_LABEL_H
#define FLOWDRILL_UI_RECORD_LABEL_H

#include "flow/row.h"
#include "ui/cell_text.h"

/*
 * One or two steps: "14:15" and "https 10.0.0.5" (with several capture points "https 10.0.0.5
 * @lb") of a macroflow, "10.1.2.3:51514" of a flow, "14:17:35" of a microflow, "#18234" of a
 * packet. The second is "" where there is one.
 */
void record_label(const struct row *row, const struct cell_style *style, char *first,
	char *second, size_t size);

#endif
