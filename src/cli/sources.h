/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What subcommands share that read sources: opening and indexing them, running queries that can be interrupted, and
 * turning words into parts of a query.
 *
 * SIGINT cancels what runs, cleanly; a second one kills.
 */
#ifndef FLOWDRILL_CLI_SOURCES_H
#define FLOWDRILL_CLI_SOURCES_H

#include "cli/command.h"

/* Session options as the command line says. */
enum rc cli_session_options(const struct args *a, struct session_options *out, struct err *err);
/* --index-dir of a store that is made. */
enum rc cli_index_dir(const struct args *a, struct store_config *config, struct err *err);
/* Opens -s and -r, and indexes what has none: c->session. RC_USAGE where none was named. */
enum rc cli_open(struct cli *c, struct err *err);
/* Says which link types of a store's capture points nobody can decode. */
void cli_note_linktypes(const struct store *s, const char *path);
/* What went wrong with the input though there are answers: RC_DAMAGED with its offset, else RC_DONE. */
enum rc cli_input_state(struct cli *c, struct err *err);

/* SIGINT sets the flag from here on. */
void cli_catch_interrupt(void);
bool cli_interrupted(void);
/* Set by SIGINT: for work that is no query. */
struct query_control *cli_control(void);

/*
 * Runs a query. Where the index of a capture file turns out to be damaged, says so, makes it anew and goes on behind the
 * rows that were given already: records and their order are the same.
 */
enum rc cli_query(struct cli *c, const struct query *q, query_sink sink, void *ctx,
	struct query_explain *explain, struct err *err);

/*
 * Where what failed was an index that can be made anew: says so, and makes it. RC_DONE: ask again; else rc, or why it
 * could not be made.
 */
enum rc cli_mend(struct cli *c, enum rc rc, struct err *err);

/* --from, --to and --in. */
enum rc cli_query_range(struct cli *c, struct query *q, struct err *err);
/* "a,b,c" as fields of a tier; at most `max`. `option` is for the message. */
enum rc cli_fields(const char *text, enum tier tier, const char *option,
	const struct field **out, size_t max, size_t *n, struct err *err);
/* All fields of a tier that are not hidden, in the table's order. */
size_t cli_all_fields(enum tier tier, const struct field **out, size_t max);
enum { CLI_FIELDS_MAX = 128 };

/* Number of capture points of all sources. */
size_t cli_point_count(const struct cli *c);
/* The store of a row (row->source counted from 1, 0 where there is one). */
struct store *cli_store_of(const struct cli *c, unsigned source);
/* Whether standard output takes colours, and its width (0: unlimited). */
void cli_style(struct out_style *out);
/* Totals of --explain on standard error. */
void cli_explain(const struct query_explain *e);
/* The same of a walk from machine to machine, and what it compared. */
void cli_explain_walk(const struct query_explain *cost, uint64_t machines, uint64_t packets, uint64_t steps);

#endif
