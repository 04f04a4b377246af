/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of text to scroll and search through: help, what a program said. Part of a view, which
 * owns it; bounded. Text is as it came, the canvas escapes it. One thread.
 */
#ifndef FLOWDRILL_UI_PAGER_H
#define FLOWDRILL_UI_PAGER_H

#include "base/buf.h"
#include "ui/canvas.h"
#include "ui/keymap.h"

enum { PAGER_BYTES = 8 << 20, PAGER_LINES = 200000 };

enum pager_line { PAGER_TEXT, PAGER_HEADING, PAGER_NAME /* its first cells are a name */ };

struct pager {
	struct buf text; /* lines, each ended by a zero */
	struct pager_entry {
		size_t at;
		enum pager_line kind;
	} *lines;
	size_t n, cap;
	size_t top, page;
	int left;
	int name_w; /* cells of the name in lines that have one */
	size_t found; /* the line that was found, where `search` is not "" */
	char search[128];
	bool full; /* what came then was left out */
};

void pager_free(struct pager *p);
/* No lines; place and search stay. */
void pager_clear(struct pager *p);
/* Adds one line, without an end. */
void pager_add(struct pager *p, enum pager_line kind, const char *line, size_t len);
void pager_draw(struct pager *p, struct canvas *c, struct rect r);
/* Moving, and scrolling sideways; false where the request is another. */
bool pager_request(struct pager *p, enum request r);
/* See view_ops.search. */
bool pager_search(struct pager *p, const char *text, int by);
/* "1-20/120" */
void pager_position(const struct pager *p, char *out, size_t size);

#endif
