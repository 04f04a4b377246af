/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of thresholds by which health is judged: --health FILE, else the user's (flowdrill-health(5)). */
#ifndef FLOWDRILL_CLI_THRESHOLDS_H
#define FLOWDRILL_CLI_THRESHOLDS_H

#include "flow/health.h"

/* path NULL: the user's file, the defaults where there is none. RC_SYNTAX, RC_MISSING, RC_DENIED, RC_LIMIT. */
enum rc thresholds_read(struct health_limits *out, const char *path, struct err *err);

#endif
