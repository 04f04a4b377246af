/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands for characters above ASCII where the terminal has none. Pure function; private to
 * the canvas.
 */
#ifndef FLOWDRILL_UI_CANVAS_ASCII_H
#define FLOWDRILL_UI_CANVAS_ASCII_H

#include <stddef.h>

/* Replaces UTF-8 text in place by what looks like it, else by \u{NNNN}; cut to `size`. */
void canvas_to_ascii(char *text, size_t size);

#endif
