/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two tables by service, for the sealer alone: the macroflow parts of one segment, and the identities
 * that parts of one macroflow share. One thread.
 */
#ifndef FLOWDRILL_TIER_MACRO_TABLE_H
#define FLOWDRILL_TIER_MACRO_TABLE_H

#include "store/store.h"

struct macro_table;

enum rc macro_table_new(struct macro_table **out, struct err *err);
void macro_table_free(struct macro_table *t);
void macro_table_clear(struct macro_table *t);
/* The part of a service, an empty one with its sketch if there is none. Valid until the next get. */
enum rc macro_table_get(struct macro_table *t, const struct service_key *key, struct macro_part **out, struct err *err);
/* All parts, sorted by key; the table can then only be cleared. Valid until that. */
struct macro_part *macro_table_sorted(struct macro_table *t, size_t *n);

/*
 * Identities: what a macroflow's first part was called. Holds the MACRO_IDS services used last, at least; one that was forgotten gets a new
 * identity, and reading (which merges by service, and takes the earliest id) still finds the first.
 */
enum { MACRO_IDS = 32768 };

struct macro_ids;

enum rc macro_ids_new(struct macro_ids **out, struct err *err);
void macro_ids_free(struct macro_ids *m);
/* Puts the identity known for the key into *id, or remembers *id for it. */
void macro_ids_carry(struct macro_ids *m, const struct service_key *key, struct record_id *id);

#endif
