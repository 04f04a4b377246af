/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fields stand together where all of a row are shown: `flowdrill show` and the screen's pane. A field that is named in no group
 * belongs to the last one, so that a new field needs no word here. Static data.
 */
#ifndef FLOWDRILL_FLOW_FIELD_GROUPS_H
#define FLOWDRILL_FLOW_FIELD_GROUPS_H

#include "flow/field.h"

size_t field_groups(void);
/* "who", "sizes and gaps". */
const char *field_group_title(size_t group);
/* The group of a field in rows of a tier. */
size_t field_group_of(const struct field *f, enum tier tier);
/* Whether a field is told by another one of the same row: single marks of a packet by `marks`. */
bool field_is_told(const struct field *f);

/* Whether it counts nothing: a known zero. */
bool field_is_zero_count(const struct field *f, const struct row *row);
/*
 * Whether the group says anything of the row: TCP's of what is no TCP, media of what is no call do not. What is unknown or zero in a
 * group that could say more is said.
 */
bool field_group_says(size_t group, const struct row *row);

#endif
