/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A selection: what the words behind a subcommand ask for, as a filter or as ids.
 */
#ifndef FLOWDRILL_CLI_SELECT_H
#define FLOWDRILL_CLI_SELECT_H

#include "cli/command.h"

struct selection {
	struct filter *filter; /* NULL: everything */
	struct id *ids;
	size_t n_ids; /* 0: the filter decides */
};

/* The words from `first` on; a filter is compiled for `tier`. Errors as args_ids() and filter_compile(). */
enum rc select_words(struct selection *s, const struct args *a, size_t first, enum tier tier,
	struct err *err);
/*
 * Into a query of that tier whose range is set: ids of its own tier name rows, ids of others what lies below them.
 * RC_USAGE where --in says something else.
 */
enum rc select_apply(const struct selection *s, struct query *q, struct err *err);
void select_free(struct selection *s);
/* Whether something was asked for: nothing found is then worth saying. */
bool select_asked(const struct selection *s, const struct args *a);

#endif
