/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the pane of details says of a row, as lines under titles: fields that belong together in one line (shortest to longest, mean,
 * spread; of client and server), with units, in words; why its health is what it is; histograms of times where the record has some.
 * Zero counts and what is unknown are left out. It knows nothing of where the lines are drawn.
 *
 * The groups are flow/field_groups.h's. Pure functions.
 */
#ifndef FLOWDRILL_UI_PANE_LINES_H
#define FLOWDRILL_UI_PANE_LINES_H

#include "flow/row.h"
#include "ui/cell_text.h"

struct series;
struct sizes;

enum { PANE_LINES_MAX = 128, PANE_LABEL = 20, PANE_TEXT = 400, PANE_HELP = 224, PANE_BARS = 32 };

enum pane_kind {
	PANE_TITLE, /* of the lines behind it: text */
	PANE_ITEM, /* label and text */
	PANE_CHART /* label, bars, and in text their ends */
};

struct pane_line {
	enum pane_kind kind;
	unsigned attr; /* of the text */
	char label[PANE_LABEL];
	char text[PANE_TEXT];
	char help[PANE_HELP]; /* the fields by name, and what they mean */
	double bars[PANE_BARS];
	size_t n_bars;
};

/* What is read in the background for the row; members may be NULL: there is none. */
struct pane_more {
	const struct series *over_time; /* columns of its time */
	const struct sizes *sizes; /* of its packets */
};

struct pane_lines {
	struct pane_line v[PANE_LINES_MAX];
	size_t n;
};

/* Fills *out; `more` (NULL: nothing) is of the row, or will be. */
void pane_lines(struct pane_lines *out, const struct row *row, const struct pane_more *more, const struct cell_style *style);
/* A further line, empty; the last one where there is no room. For those who write lines. */
struct pane_line *pane_lines_add(struct pane_lines *out, enum pane_kind kind, const char *label);
/* Why its health is what it is, with thresholds (ui/pane_health.c); nothing of rows that have none. */
void pane_lines_health(struct pane_lines *out, const struct row *row);
/* Bytes and response times over the row's time (ui/pane_charts.c). */
void pane_lines_over_time(struct pane_lines *out, const struct row *row, const struct series *s);
/* How many packets are of which size, under the line of "size". */
void pane_lines_sizes(struct pane_lines *out, const struct row *row, const struct sizes *s);
/*
 * The histogram of "response" or "rtt" (ui/pane_charts.c) under the line of that name; nothing of others, or where the record has none.
 */
void pane_lines_chart(struct pane_lines *out, const struct row *row, const char *base);

#endif
