/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Export of packets as pcapng: byte-identical data, exact times (each capture point keeps its resolution), interfaces with
 * their options, comments and other options kept. Interfaces are written when first needed.
 */
#ifndef FLOWDRILL_OUT_PCAPNG_OUT_H
#define FLOWDRILL_OUT_PCAPNG_OUT_H

#include "query/query.h"

struct pcapng_out;

/* path "-": standard output. Made 0600 with O_EXCL unless force; never through a symbolic link. */
enum rc pcapng_out_open(const char *path, bool force, struct pcapng_out **out, struct err *err);
/* `source` (0-based) tells points of several stores apart. */
enum rc pcapng_out_packet(struct pcapng_out *o, unsigned source, const struct point_info *point,
	const void *point_options, size_t point_options_len, const struct raw_packet *p,
	struct err *err);
uint64_t pcapng_out_count(const struct pcapng_out *o);
/* Flushes and closes; on failure the file is removed (not standard output). */
enum rc pcapng_out_close(struct pcapng_out *o, struct err *err);
void pcapng_out_abandon(struct pcapng_out *o);

#endif
