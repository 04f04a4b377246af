/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns that one code point takes on a terminal: 0, 1 or 2. A pure function behind
 * text_next() and text_width(); control characters count 1.
 */
#ifndef FLOWDRILL_BASE_TEXT_WIDTH_H
#define FLOWDRILL_BASE_TEXT_WIDTH_H

#include <stdint.h>

unsigned text_cp_width(uint32_t cp);

#endif
