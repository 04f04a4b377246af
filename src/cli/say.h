/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages: one line each on standard error, `flowdrill: WHAT: WHY`, escaped; and progress, which
 * is shown only where standard error is a terminal and wiped before anything else is said.
 */
#ifndef FLOWDRILL_CLI_SAY_H
#define FLOWDRILL_CLI_SAY_H

#include "base/err.h"

#include <stdbool.h>

/* --quiet: no notes, no progress. */
void say_quiet(bool quiet);
void say_error(const struct err *err);
/* Something the user should know though it is no error. */
void say_note(const char *what, const char *why);
/* `flowdrill: indexing x.pcap 43 %`, overwritten by the next; total 0: unknown. */
void say_progress(const char *doing, const char *path, uint64_t done, uint64_t total);
void say_progress_end(void);

#endif
