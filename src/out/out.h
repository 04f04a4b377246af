/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Output formats behind one ops table: table (people), csv, json (one object a line). A writer gets columns
 * once, then rows. It writes to a FILE of the caller's. Errors of writing are sticky and told by out_end().
 * Everything from outside was escaped by value_format(). CSV has one header row, RFC 4180's quoting and
 * plain newlines. A table keeps its first rows back to find the columns' widths; later rows stream.
 */
#ifndef FLOWDRILL_OUT_OUT_H
#define FLOWDRILL_OUT_OUT_H

#include "flow/field.h"

#include <stdio.h>

/* OUT_DOT, for Graphviz, is no format of rows: who draws trees writes it. */
enum out_format { OUT_TABLE, OUT_CSV, OUT_JSON, OUT_DOT };
bool out_format_parse(const char *text, enum out_format *out);

/* How errors of writing name a stream of the caller's. */
#define OUT_STDOUT "standard output"
enum { OUT_CELL = 512 }; /* room for the text of any value */

struct out_style {
	bool names; /* tables: beside addresses, where they are known */
	bool color; /* the caller looked at NO_COLOR and isatty */
	unsigned width_cells; /* of the terminal for tables; 0: unlimited */
	/*
	 * CSV: text as it is, also where a spreadsheet would run it as a formula (= + - @ at its beginning).
	 * Else such a cell gets an apostrophe before it.
	 */
	bool csv_exact;
};

struct out;

enum rc out_begin(FILE *to, enum out_format format, const struct out_style *style,
	enum tier tier, const struct field *const *columns, size_t n, struct out **out,
	struct err *err);
enum rc out_row(struct out *o, const struct row *row, struct err *err);
/* Flushes, frees; RC_IO where something could not be written (EPIPE included). */
enum rc out_end(struct out *o, struct err *err);
/* Whether an error of writing says that nobody reads any more (EPIPE): no cause for a message. */
bool out_is_broken_pipe(const struct err *err);

#endif
