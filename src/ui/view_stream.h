/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view of a stream, for its own two files: what it does, and how its lines are drawn. */
#ifndef FLOWDRILL_UI_VIEW_STREAM_H
#define FLOWDRILL_UI_VIEW_STREAM_H

#include "ui/list.h"
#include "ui/screen.h"
#include "ui/stream_lines.h"
#include "ui/stream_load.h"
#include "ui/work_view.h"

/* Of a line: the mark of who speaks, and what is said; in bytes, their offset. */
enum { STREAM_MARK_X = 1, STREAM_TEXT_X = 3, STREAM_OFFSET_CELLS = 8, STREAM_HEXDUMP_OFFSET_CELLS = 6 };

struct stream_view {
	struct work_view work;       /* first */
	struct stream_load load;
	struct stream_lines lines;
	struct list list;
	bool hex;
	enum stream_side side;
	int width;                   /* of the area that the lines were made for; 0: none yet */
	char search[128];
};

void stream_view_draw_line(const struct stream_view *sv, struct canvas *c, struct rect r, size_t n);
/* What is said where there are no lines. */
void stream_view_draw_empty(const struct stream_view *sv, struct canvas *c, struct rect area);

#endif
