/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms of a record's times, over a logarithmic scale from the shortest to the longest. */
#include "base/text.h"
#include "flow/sketch.h"
#include "ui/pane_lines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BARS = 24 };

static void put_hist(struct pane_lines *out, const struct hist *h, const char *help)
{
	char from[TEXT_NUMBER], to[TEXT_NUMBER];
	int64_t least_ns, longest_ns;
	struct pane_line *line;
	double step;

	if (h == NULL || hist_count(h) < 2 || !hist_quantile(h, 0, &least_ns) || !hist_quantile(h, 1, &longest_ns))
		return;
	least_ns = least_ns > 0 ? least_ns : 1;
	if (longest_ns <= least_ns)
		return;
	line = pane_lines_add(out, PANE_CHART, "");
	step = pow((double)longest_ns / (double)least_ns, 1.0 / BARS);
	for (line->n_bars = 0; line->n_bars < BARS; line->n_bars++) {
		double low = (double)least_ns * pow(step, (double)line->n_bars);
		uint64_t above = line->n_bars + 1 < BARS ? hist_count_from(h, (int64_t)(low * step)) : 0;
		uint64_t here = line->n_bars > 0 ? hist_count_from(h, (int64_t)low) : hist_count(h);

		line->bars[line->n_bars] = (double)(here - above);
	}
	text_duration(from, sizeof(from), least_ns);
	text_duration(to, sizeof(to), longest_ns);
	snprintf(line->text, sizeof(line->text), "%s to %s", from, to);
	snprintf(line->help, sizeof(line->help), "%s", help);
	line->attr = ATTR_NORMAL;
}

void pane_lines_chart(struct pane_lines *out, const struct row *row, const char *base)
{
	if (row->record == NULL)
		return;
	if (strcmp(base, "response") == 0)
		put_hist(out, row->record->response,
			"how many responses took how long; from bar to bar times grow by the same factor");
	else if (strcmp(base, "rtt") == 0)
		put_hist(out, row->record->rtt,
			"how many handshakes took how long; from bar to bar times grow by the same factor");
}
