/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The range of time that all lists and pictures ask for: half-open; a record counts where it overlaps. It belongs to the screen, not to a
 * view, so it survives going down and up. The top line says it as long as it is set.
 *
 * A range that keys set is fixed: what is recorded meanwhile does not move it. One that was asked for as a length before the end
 * (`:range -5m`) slides with the newest packet.
 *
 * Zooming goes by usual lengths (..., 10 s, 20 s, 1 m, 2 m, 5 m, ...) around the selected row, or around the range's middle.
 */
#ifndef FLOWDRILL_UI_RANGE_H
#define FLOWDRILL_UI_RANGE_H

#include "base/err.h"
#include "ui/keymap.h"

#include <stddef.h>

struct screen;
struct cell_style;

struct range {
	int64_t from_ns, to_ns; /* INT64_MIN, INT64_MAX: open */
	int64_t last_ns; /* above 0: from_ns slides so far behind the newest packet */
};

void range_init(struct range *r);
bool range_is_set(const struct range *r);
/* Both ends, where they are open those of what the sources hold; false where that is nothing. */
bool range_bounds(const struct screen *s, int64_t *from_ns, int64_t *to_ns);
/* Sets it; views ask again when they are drawn. */
void range_set(struct screen *s, int64_t from_ns, int64_t to_ns);
/*
 * What a screen begins with: all times, or as long a time before the newest packet as its first list can be read at once. The top line says so,
 * as of any range.
 */
void range_begin(struct screen *s);
/* Something was published: slides. */
void range_slide(struct screen *s);
/* Zoom, windows, begin and end; false where the request is another. */
bool range_request(struct screen *s, enum request r);

/* "14:17:00-14:18:30", "last 5 m"; "" where none is set. Returns the length. */
size_t range_text(const struct screen *s, char *out, size_t size);
/* One time, to the millisecond at most. */
size_t range_time(char *out, size_t size, int64_t time_ns, const struct cell_style *style);
/* From first to last, as exact as their distance needs: whole seconds, milliseconds ... */
size_t range_times(char *out, size_t size, int64_t first_ns, int64_t last_ns, const struct cell_style *style);

/* A time as people type it: minutes or seconds of the newest packet's day, RFC 3339, or "-15m" before the newest packet. */
enum rc range_parse_time(const struct screen *s, const char *text, int64_t *time_ns, struct err *err);
/* "FROM TO", "FROM", "-5m" (slides), "" (all). */
enum rc range_parse(struct screen *s, const char *text, struct err *err);

#endif
