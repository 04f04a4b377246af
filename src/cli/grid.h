/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table for people of what is no row of a tier: cells as text, aligned once all are there. Cells are ours (ids, addresses, numbers):
 * nothing from outside goes in unescaped. For out of memory see grid_write().
 */
#ifndef FLOWDRILL_CLI_GRID_H
#define FLOWDRILL_CLI_GRID_H

#include "cli/sources.h"

struct addr;

enum { GRID_COLUMNS = 12, GRID_CELL = 160 };

struct grid {
	unsigned columns;
	unsigned right;              /* bits: columns that align to the right */
	char (*cells)[GRID_CELL];    /* line by line, the titles first */
	size_t n, cap;               /* cells */
	bool failed;
};

/* The next line, to be filled in: columns cells, empty. NULL when memory ran out. Valid until the next call. */
char (*grid_line(struct grid *g))[GRID_CELL];
void grid_title(struct grid *g, const char *const *titles, unsigned n, unsigned right);
/* Writes to standard output and frees. */
enum rc grid_write(struct grid *g, struct err *err);

/* "10.0.0.5:80 > [2001:db8::1:11]:8080" */
void grid_path(char *out, size_t size, const struct addr *src, uint16_t src_port, const struct addr *dst,
	uint16_t dst_port);
/*
 * Where --resolve asks for it: "10.0.0.5:80 lb > 10.0.1.11:8080 web1", with the names of that time in the source that `id` tells.
 */
void grid_path_named(const struct cli *c, char *out, size_t size, const struct id *id, int64_t time_ns,
	const struct addr *src, uint16_t src_port, const struct addr *dst, uint16_t dst_port);
/* " lb", or nothing where no name is known or wanted. Returns its length. */
size_t grid_name(const struct cli *c, char *out, size_t size, const struct id *id, int64_t time_ns, const struct addr *a);

#endif
