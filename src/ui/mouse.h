/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mouse, which is never needed: a click selects a row, a second one opens it; on a heading it
 * sorts, on a step of the breadcrumb it goes there, on a hint it does what the key does; the wheel
 * moves. What can be clicked is noted while it is drawn (spots), views answer the rest.
 *
 * Knows no terminal: clicks come from ui/term.h or from a script. One thread.
 */
#ifndef FLOWDRILL_UI_MOUSE_H
#define FLOWDRILL_UI_MOUSE_H

#include "ui/canvas.h"
#include "ui/keymap.h"

struct screen;

enum mouse_kind { MOUSE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct mouse_event {
	enum mouse_kind kind;
	int x, y; /* cells from 0 */
};

enum { MOUSE_SPOTS = 64, MOUSE_WHEEL_ROWS = 3 };

/* What a place on the screen stands for: a step of the breadcrumb, or a request and its key. */
struct mouse_spot {
	unsigned crumb; /* from 1; 0: none */
	enum request request;
	uint32_t begins; /* not 0: the first key of a sequence, instead of the request */
};

struct mouse {
	struct {
		struct rect r;
		struct mouse_spot spot;
	} v[MOUSE_SPOTS];
	size_t n;
	/* the last click, where no key was pressed since; else clicked is false */
	bool clicked;
	struct mouse_event last;
};

/* Drawing begins. */
void mouse_forget(struct screen *s);
void mouse_spot(struct screen *s, struct rect r, struct mouse_spot spot);
/* Does nothing while the prompt is open, or where the user wants no mouse. */
void mouse_take(struct screen *s, const struct mouse_event *e);

#endif
