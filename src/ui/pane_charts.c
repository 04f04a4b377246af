/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pictures of a record: its bytes and response times over its own time, histograms of its times over a logarithmic scale from the shortest
 * to the longest.
 */
#include "base/text.h"
#include "flow/sketch.h"
#include "query/query.h"
#include "ui/pane_lines.h"
#include "ui/series.h"
#include "ui/sizes.h"
#include "ui/strip.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BARS = 20, HIST_MIN = 5 };

static void put_hist(struct pane_lines *out, const struct hist *h, const char *help)
{
	char from[TEXT_NUMBER], to[TEXT_NUMBER];
	int64_t least_ns, longest_ns;
	struct pane_line *line;
	double step;

	if (h == NULL || hist_count(h) < HIST_MIN || !hist_quantile(h, 0, &least_ns) || !hist_quantile(h, 1, &longest_ns))
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

void pane_lines_sizes(struct pane_lines *out, const struct row *row, const struct sizes *s)
{
	const struct sizes_data *d;
	char least[TEXT_NUMBER], greatest[TEXT_NUMBER], n[TEXT_NUMBER];
	struct pane_line *line;
	struct id id;
	int len;

	row_id(row, &id);
	d = sizes_of(s, &id);
	if (row->record == NULL || row->record->c.size_min >= row->record->c.size_max)
		return;
	/* while it is read its line is there, so that nothing jumps */
	line = pane_lines_add(out, PANE_CHART, "");
	if (d == NULL) {
		snprintf(line->text, sizeof(line->text), sizes_busy(s) ? "..." : "");
		return;
	}
	for (; line->n_bars < SIZES_BARS; line->n_bars++)
		line->bars[line->n_bars] = (double)d->packets[line->n_bars];
	text_count(n, sizeof(n), d->n);
	text_bytes(least, sizeof(least), d->least);
	text_bytes(greatest, sizeof(greatest), d->greatest);
	len = snprintf(line->text, sizeof(line->text), "%s to %s", least, greatest);
	if (!d->all && len > 0)
		snprintf(line->text + len, sizeof(line->text) - (size_t)len, ", of the first %s packets", n);
	snprintf(line->help, sizeof(line->help), "how many packets are of which size; all bars are equally wide");
}

/* One bar a column, where the field is known; *most: the largest. */
static void put_series(struct pane_line *line, const struct series *s, const struct field *f, double *most)
{
	const struct series_data *d = series_data(s);

	*most = 0;
	for (size_t i = 0; i < d->n && line->n_bars < PANE_BARS; i++) {
		double v = 0;

		if (!series_value(s, i, f, &v))
			v = 0;
		line->bars[line->n_bars++] = v;
		if (v > *most)
			*most = v;
	}
}

static void put_bytes(struct pane_lines *out, const struct series *s, enum tier tier)
{
	struct pane_line *line = pane_lines_add(out, PANE_CHART, "bytes");
	char peak[TEXT_NUMBER], step[TEXT_NUMBER];
	double most;

	put_series(line, s, field_find("bytes", tier), &most);
	text_bytes(peak, sizeof(peak), (uint64_t)most);
	strip_step_text(step, sizeof(step), series_data(s)->step_ns);
	snprintf(line->text, sizeof(line->text), "max %s/%s", peak, step);
	snprintf(line->help, sizeof(line->help), "bytes from its first packet to its last, each bar %s", step);
}

static void put_responses(struct pane_lines *out, const struct series *s, enum tier tier)
{
	struct pane_line line = { .kind = PANE_CHART, .label = "longest response" };
	char peak[TEXT_NUMBER];
	double most;

	put_series(&line, s, field_find("response_max", tier), &most);
	if (most <= 0)
		return;
	text_duration(peak, sizeof(peak), (int64_t)most);
	snprintf(line.text, sizeof(line.text), "max %s", peak);
	snprintf(line.help, sizeof(line.help), "response_max over the same time");
	*pane_lines_add(out, PANE_CHART, "") = line;
}

/* Whether the columns are those of this row. */
static bool is_of(const struct series_data *d, const struct row *row)
{
	struct id id;

	row_id(row, &id);
	return d != NULL && d->question.has_in && id.tier == d->question.in.tier && id.source == d->question.in.source &&
		record_id_equal(id.rec, d->question.in.rec);
}

/* While they are asked for their lines are there, so that nothing jumps when they come. */
static void put_waiting(struct pane_lines *out, const struct row *row)
{
	struct value v;

	snprintf(pane_lines_add(out, PANE_ITEM, "bytes")->text, PANE_TEXT, "...");
	if (field_get(field_find("response_max", row->tier), row, &v))
		snprintf(pane_lines_add(out, PANE_ITEM, "longest response")->text, PANE_TEXT, "...");
}

void pane_lines_over_time(struct pane_lines *out, const struct row *row, const struct series *s)
{
	const struct series_data *d = s != NULL ? series_data(s) : NULL;

	if (row->record == NULL || s == NULL || row->record->c.last_ns <= row->record->c.first_ns)
		return;
	snprintf(pane_lines_add(out, PANE_TITLE, "")->text, PANE_TEXT, "over its time");
	if (!is_of(d, row)) {
		put_waiting(out, row);
		return;
	}
	put_bytes(out, s, row->tier);
	put_responses(out, s, row->tier);
}
