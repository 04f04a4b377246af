/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names out of the user's own file of hosts (hosts(5)): read once, looked up in memory. The first name of a line counts, and the first line
 * of an address. Does not change once it is read: any thread.
 */
#ifndef FLOWDRILL_QUERY_HOSTS_H
#define FLOWDRILL_QUERY_HOSTS_H

#include "flow/addr.h"

enum { HOSTS_BYTES = 4 << 20 };      /* of a file; more is RC_LIMIT */

struct hosts;

/* RC_MISSING, RC_DENIED, RC_IO, RC_LIMIT. Lines that are none say nothing. */
enum rc hosts_read(const char *path, struct hosts **out, struct err *err);
void hosts_free(struct hosts *h);
/* Raw text; NULL where the file does not say. */
const char *hosts_find(const struct hosts *h, const struct addr *a);

#endif
