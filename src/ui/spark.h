/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of values as small pictures in cells: bars of eight levels a row, and lines and bands of dots (braille, two by four a cell).
 * It knows neither times nor fields: values are plain numbers, the caller says the scale and the attributes. In an ASCII canvas bars
 * are a ramp of characters, dots one character a cell.
 *
 * n values are laid over a width of w cells (w * 2 dots), whichever of the two is larger: spark_from() and spark_to() say which values
 * a cell shows. Where a cell shows several, the largest is drawn, and the attribute of the highest rank.
 *
 * What is above zero is never invisible. Draws through the canvas alone, inside of the rectangle. Pure functions.
 */
#ifndef FLOWDRILL_UI_SPARK_H
#define FLOWDRILL_UI_SPARK_H

#include "ui/canvas.h"

struct spark_value {
	double value;
	bool known; /* else nothing is drawn */
	uint8_t attr; /* enum attr, ATTR_SELECTED too */
	uint8_t rank; /* of the values that share a cell, the attribute of the highest counts */
};

/* The values of cell x: from <= i < to, at least one where n > 0. */
size_t spark_from(int x, int w, size_t n);
size_t spark_to(int x, int w, size_t n);
/* The cell (0 .. w - 1) in which value i begins. */
int spark_cell(size_t i, int w, size_t n);

/* The largest known value; 0 where there is none. */
double spark_max(const struct spark_value *v, size_t n);
/* Bars from the bottom; `max` fills the height. */
void spark_bars(struct canvas *c, struct rect r, const struct spark_value *v, size_t n, double max);

/* How high values stand: `max` at the top, 0 at the bottom. */
struct spark_scale {
	double max;
	bool log; /* by the logarithm from `least` (> 0) on; what is below stands at the bottom */
	double least;
};

/* A line through the values; `mark` is its character in ASCII. Dots that are there stay: lines may be laid over each other. */
void spark_line(struct canvas *c, struct rect r, const struct spark_value *v, size_t n, const struct spark_scale *scale, char mark);
/*
 * The area between two rows of values, thinly dotted, in ASCII `mark`; where either is unknown nothing is drawn.
 */
void spark_band(struct canvas *c, struct rect r, const struct spark_value *low, const struct spark_value *high, size_t n,
	const struct spark_scale *scale, char mark);

#endif
