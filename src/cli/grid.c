/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/grid.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

char (*grid_line(struct grid *g))[GRID_CELL]
{
	if (g->failed || mem_grow(&g->cells, &g->cap, g->n + g->columns, sizeof(*g->cells)) != 0) {
		g->failed = true;
		return NULL;
	}
	memset(g->cells + g->n, 0, g->columns * sizeof(*g->cells));
	g->n += g->columns;
	return g->cells + g->n - g->columns;
}

void grid_title(struct grid *g, const char *const *titles, unsigned n, unsigned right)
{
	*g = (struct grid){ .columns = n, .right = right };
	char (*line)[GRID_CELL] = grid_line(g);

	for (unsigned c = 0; c < n && line; c++)
		snprintf(line[c], GRID_CELL, "%s", titles[c]);
}

static void write_line(const struct grid *g, const char (*line)[GRID_CELL], const int *widths)
{
	for (unsigned c = 0; c < g->columns; c++) {
		bool right = g->right >> c & 1, last = c + 1 == g->columns;

		printf("%*s%s", right ? widths[c] : last ? 0 : -widths[c], line[c], last ? "\n" : "  ");
	}
}

enum rc grid_write(struct grid *g, struct err *err)
{
	int widths[GRID_COLUMNS] = { 0 };
	struct out_style style;

	cli_style(&style);
	for (size_t i = 0; i < g->n && !g->failed; i++)
		if ((int)strlen(g->cells[i]) > widths[i % g->columns])
			widths[i % g->columns] = (int)strlen(g->cells[i]);
	for (size_t i = 0; i < g->n && !g->failed; i += g->columns) {
		bool bold = i == 0 && style.color;

		fputs(bold ? "\033[1m" : "", stdout);
		write_line(g, (const char(*)[GRID_CELL])g->cells + i, widths);
		fputs(bold ? "\033[0m" : "", stdout);
	}
	mem_free(g->cells);
	return g->failed ? err_memory(err) : RC_DONE;
}

static size_t end_text(char *out, size_t size, const struct addr *a, uint16_t port)
{
	char text[ADDR_TEXT];

	addr_format(text, sizeof(text), a);
	return (size_t)snprintf(out, size, a->kind == ADDR_IPV6 ? "[%s]:%u" : "%s:%u", text, port);
}

void grid_path(char *out, size_t size, const struct addr *src, uint16_t src_port, const struct addr *dst,
	uint16_t dst_port)
{
	size_t n = end_text(out, size, src, src_port);

	n += (size_t)snprintf(out + n, size - n, " > ");
	end_text(out + n, size - n, dst, dst_port);
}

size_t grid_name(const struct cli *c, char *out, size_t size, const struct id *id, int64_t time_ns, const struct addr *a)
{
	const struct name_source *names = session_sources(c->session)->names;

	out[0] = '\0';
	if (!args_given(&c->args, OPTION_RESOLVE) || !names || size < 2 ||
		!names->name(names, id->source, a, time_ns, out + 1, size - 1))
		return 0;
	out[0] = ' ';
	return strlen(out);
}

void grid_path_named(const struct cli *c, char *out, size_t size, const struct id *id, int64_t time_ns,
	const struct addr *src, uint16_t src_port, const struct addr *dst, uint16_t dst_port)
{
	size_t n = end_text(out, size, src, src_port);

	n += grid_name(c, out + n, size - n, id, time_ns, src);
	n += (size_t)snprintf(out + n, size - n, " > ");
	if (n >= size)
		return;
	n += end_text(out + n, size - n, dst, dst_port);
	if (n < size)
		grid_name(c, out + n, size - n, id, time_ns, dst);
}
