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

/* What the lists of a session have in common. */
struct cell_style {
	bool dates; /* packets of more than one day: times begin with the date */
	bool points; /* more than one capture point: lists show it */
	const struct query_sources
		*sources; /* where there are several: rows say from which; else NULL */
};

enum { CELL_TEXT = 256 };

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

/* Like field_find(), these two included; NULL where there is none. */
const struct field *cell_field_find(const char *name, enum tier tier);

/*
 * The capture point as cell_format() writes it: its name or number; with several sources the
 * file's name, or "file:name".
 */
size_t cell_point(
	char *out, size_t size, const struct row *row, const struct cell_style *style);

#endif
