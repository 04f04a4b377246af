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
struct rates;

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

/* How times are shown in lists: when it was, since the first packet, or since the row before. */
enum cell_times { CELL_TIMES_ABSOLUTE, CELL_TIMES_RELATIVE, CELL_TIMES_DELTA, CELL_TIMES };

/* What the lists of a session have in common. */
struct cell_style {
	bool dates; /* packets of more than one day: times begin with the date */
	bool points; /* more than one capture point: lists show it */
	const struct query_sources
		*sources; /* where there are several: rows say from which; else NULL */
	enum cell_times times;
	bool local; /* times are those of the user's time zone, else UTC */
	int64_t origin_ns; /* of relative times: of the first packet of all sources */
	const struct row *before; /* what deltas are since; NULL in the first row */
	size_t others; /* capture points beside the row's own that saw the same; 0 none */
	const char *question; /* what the packet answers, or asks; NULL: it is not known */
	bool asks;
	const struct cell_share *share; /* of a list with shares; else NULL */
	const struct rates *rates; /* of a list that is recorded; else NULL */
};

/* Text of the field; false where it is unknown ("-" is written then). */
bool cell_format(char *out, size_t size, const struct field *f, const struct row *row,
	const struct cell_style *style);
/*
 * 14:15 (whole minutes), 14:17:35, 14:17:35.123456; the date before it where the style says so.
 */
size_t cell_time(char *out, size_t size, int64_t time_ns, unsigned digits,
	const struct cell_style *style);
/* The date alone; what the shown zone is ahead of UTC at a time; its name ("UTC", "CET"). */
size_t cell_date(char *out, size_t size, int64_t time_ns, const struct cell_style *style);
int64_t cell_zone_ns(int64_t time_ns, const struct cell_style *style);
size_t cell_zone_name(char *out, size_t size, int64_t time_ns, const struct cell_style *style);
/*
 * A field of time in a list: as cell_time(), or with a sign in seconds since the first packet ("+312.800160") or since the row
 * before ("-" in the first).
 */
bool cell_list_time(char *out, size_t size, const struct field *f, int64_t time_ns, const struct cell_style *style);
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

/* Like field_find(), these included; NULL where there is none. */
const struct field *cell_field_find(const char *name, enum tier tier);

/*
 * The capture point as cell_format() writes it: its name or number; with several sources the
 * file's name, or "file:name".
 */
size_t cell_point(
	char *out, size_t size, const struct row *row, const struct cell_style *style);

#endif
