/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored fingerprints of single packets, for walks along content: of those whose payload was cut. Private to the layer.
 */
#ifndef FLOWDRILL_QUERY_PRINTS_OF_H
#define FLOWDRILL_QUERY_PRINTS_OF_H

#include "query/machine.h"

struct prints_of;

enum rc prints_of_new(const struct query_sources *sources, struct prints_of **out, struct err *err);
void prints_of_free(struct prints_of *x);
/*
 * Those of a packet; n 0 where none are kept of it, or its block has gone. Cheap where packets come in order of capture. Valid until the next
 * call.
 */
enum rc prints_of_get(struct prints_of *x, struct seen_id packet, struct packet_prints *out, struct err *err);

/*
 * Where payload of some of the packets was cut and fingerprints of it are kept, all get some (trace.prints): those that are kept, or
 * such as would be. Where none are, nothing is done.
 */
enum rc machine_take_prints(struct machine *m, const struct query_sources *sources, struct err *err);

#endif
