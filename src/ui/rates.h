/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rates of rows that grow while they are recorded: what a row grew by, over the time of packets in which it did: at least
 * three seconds where the list is as old, six at most. Nothing of it is stored. After as long without news a rate is 0.
 *
 * Beside that: which rows are new, because they were not there so long ago. Zeroed it is empty; owns its samples. One thread.
 */
#ifndef FLOWDRILL_UI_RATES_H
#define FLOWDRILL_UI_RATES_H

#include "flow/field.h"
#include "query/result.h"

/* Lists that are longer have no rates. */
enum { RATES_ROWS_MAX = 100000, RATES_SOURCES = 16 };

/* Rows as they were, by id. */
struct rates_sample {
	struct rates_entry {
		uint64_t record;
		uint32_t source; /* from 1; 0: the slot is free */
		uint64_t bytes, packets;
	} *v;
	size_t n_slots; /* 0: there is no sample */
	int64_t taken_ns; /* monotonic */
	int64_t end_ns[RATES_SOURCES]; /* newest packet of each source */
};

struct rates {
	struct rates_sample old, mid, last; /* rates are from old (or where there is none mid) to now */
	size_t n_new;
	int64_t now_ns; /* set before it is asked; monotonic */
};

/* Rows of records, as they are now. Without memory there are no rates. */
void rates_take(struct rates *t, const struct result *r, int64_t now_ns);
void rates_clear(struct rates *t);
bool rates_is_new(const struct rates *t, const struct row *row);
/* False where it is unknown: no sample that is old enough. */
bool rates_of(const struct rates *t, const struct row *row, double *bits, double *packets);

/* Columns of the screen alone: bits/s and packets/s. */
extern const struct field rates_bits_field, rates_packets_field;
bool rates_is_field(const struct field *f);
/* As cell_format(). */
bool rates_format(char *out, size_t size, const struct rates *t, const struct field *f, const struct row *row);

#endif
