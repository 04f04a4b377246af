/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A field of a row as text and attribute of a cell: what value_format() gives for people,
 * shortened where the screen says the rest (the date, where all packets are of one day). Pure
 * functions.
 */
#ifndef FLOWDRILL_UI_CELL_TEXT_H
#define FLOWDRILL_UI_CELL_TEXT_H

#include "flow/field.h"
#include "ui/canvas.h"

struct query_sources;

enum { CELL_TEXT = 256, CELL_SHARE_POINTS = 64, CELL_BAR = 24 };

/* What shares are of: all rows of a list by capture point (source << 32 | number). */
struct cell_share {
	const struct field *measure;
	double most; /* of one row: the longest bar */
	struct cell_share_point {
		uint64_t point;
		double total;
	} points[CELL_SHARE_POINTS];
	size_t n;
};

/* What the lists of a session have in common. */
struct cell_style {
	bool dates; /* packets of more than one day: times begin with the date */
	bool points; /* more than one capture point: lists show it */
	const struct query_sources
		*sources; /* where there are several: rows say from which; else NULL */
	const struct cell_share *share; /* of a list with shares; else NULL */
};

/* Text of the field; false where it is unknown ("-" is written then). */
bool cell_format(char *out, size_t size, const struct field *f, const struct row *row,
	const struct cell_style *style);
/*
 * 14:15 (whole minutes), 14:17:35, 14:17:35.123456; the date before it where the style says so.
 */
size_t cell_time(char *out, size_t size, int64_t time_ns, unsigned digits,
	const struct cell_style *style);
unsigned cell_attr(const struct field *f, const struct row *row);
enum align cell_align(const struct field *f);

/* Whether packets go from the client (true) or to it; a column of the screen alone. */
extern const struct field cell_direction_field;
/* The server's port: "443", where it is not TCP's "443/udp"; likewise. */
extern const struct field cell_port_field;

/* A row's share of its list in per cent, and as a bar of at most CELL_BAR cells; likewise. */
extern const struct field cell_share_field, cell_bar_field;
/* cell_format() of these two. */
bool cell_share_format(char *out, size_t size, const struct field *f, const struct row *row,
	const struct cell_style *style);

/* Like field_find(), these two included; NULL where there is none. */
const struct field *cell_field_find(const char *name, enum tier tier);

/*
 * The capture point as cell_format() writes it: its name or number; with several sources the
 * file's name, or "file:name".
 */
size_t cell_point(
	char *out, size_t size, const struct row *row, const struct cell_style *style);

#endif
