/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A terminal for tests, as much of xterm as drawing programs use: its screen, the state that outlives a program, and
 * whether something was sent that a program which only draws never sends. Shares nothing with the program's own drawing
 * and escaping: it is the second opinion. Of colours it knows the highest alone; no wide characters (each takes one cell).
 */
#ifndef FLOWDRILL_TESTS_UI_VT_H
#define FLOWDRILL_TESTS_UI_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VT_MAX_W = 512, VT_MAX_H = 512, VT_PARAMETERS = 8, VT_MODES = 16 };

enum vt_state { VT_GROUND, VT_ESCAPE, VT_CHARSET, VT_CHARSET_1, VT_CSI, VT_STRING, VT_STRING_ESCAPE };

struct vt {
	int w, h;
	uint32_t cells[VT_MAX_H][VT_MAX_W]; /* 0 where nothing was written */
	int x, y, saved_x, saved_y;
	int top, bottom; /* of what scrolls, inclusive */
	uint32_t last; /* character, to be repeated */
	enum vt_state state;
	int parameters[VT_PARAMETERS];
	size_t n_parameters;
	char mark; /* of a private sequence: '?', '>', '!', ' '; 0 */
	unsigned more; /* bytes to come of a character */
	uint32_t cp;
	/* what outlives a program */
	bool graphics; /* the line drawing character set */
	bool pen; /* some attribute or colour */
	bool keypad;
	int modes[VT_MODES]; /* private ones that are on; the cursor, 25, is there where it is hidden */
	size_t n_modes;
	int colors; /* the highest that was set, and one more; 0: none */
	const char *found; /* the first thing that a program that only draws never sends; NULL */
};

void vt_init(struct vt *v, int w, int h);
void vt_resize(struct vt *v, int w, int h);
void vt_bytes(struct vt *v, const uint8_t *bytes, size_t n);
/* What of its state is not as vt_init() left it, the screen and the cursor's place apart; NULL where all is. */
const char *vt_left_over(const struct vt *v);
/* A line as text (of line 0 to h - 1), trailing blanks dropped; static, until the next call. */
const char *vt_line(const struct vt *v, int y);
/* The first line that has the text; -1. */
int vt_find(const struct vt *v, const char *text);

#endif
