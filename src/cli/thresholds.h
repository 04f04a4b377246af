/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thresholds by which health is judged: --health FILE, else the user's (flowdrill-health(5)). */
#ifndef FLOWDRILL_CLI_THRESHOLDS_H
#define FLOWDRILL_CLI_THRESHOLDS_H

#include "flow/health.h"

/*
 * The defaults, changed by lines `health ...` of the configuration (flowdrill-config(5)), then by
 * the file of thresholds. `config`, `path` NULL: the user's file, where there is one. A line of the configuration that is
 * wrong is said and skipped; of the file of thresholds it is RC_SYNTAX. RC_MISSING, RC_DENIED, RC_LIMIT.
 */
enum rc thresholds_read(struct health_limits *out, const char *path, const char *config, struct err *err);

#endif
