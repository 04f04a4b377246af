/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill stats SOURCE */
#include "cli/sources.h"
#include "base/text.h"
#include "out/report.h"

#include <stdio.h>
#include <string.h>

/* What is known only by counting records. */
struct counts {
	uint64_t macroflows, flows;
};

static bool count_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct counts *n = ctx;

	(void)raw;
	n->macroflows++;
	n->flows += row->record->c.flows;
	return true;
}

static void say_times(struct report *r, const struct store_totals *t)
{
	if (t->packets == t->time_unknown) {
		report_unknown(r, "first", "first");
		report_unknown(r, "last", "last");
		report_unknown(r, "duration", "duration");
		return;
	}
	report_time(r, "first", "first", t->first_ns);
	report_time(r, "last", "last", t->last_ns);
	report_duration(r, "duration", "duration", time_sub(t->last_ns, t->first_ns));
}

static void say_dropped(struct report *r, const struct point_info *points, size_t n)
{
	uint64_t dropped = 0;
	bool known = false;

	for (size_t i = 0; i < n; i++) {
		known |= points[i].has_dropped;
		dropped += points[i].has_dropped ? points[i].dropped : 0;
	}
	if (known)
		report_count(r, "dropped", "dropped by capture", dropped);
	else
		report_unknown(r, "dropped", "dropped by capture");
}

static void say_problems(struct report *r, const struct store_totals *t)
{
	report_heading(r, "input");
	report_flag(r, "complete", "indexed to the end", t->complete);
	report_flag(r, "cut_short", "cut short", t->cut_short);
	report_flag(r, "damaged", "damaged", t->damaged);
	if (t->damaged)
		report_count(r, "damaged_at", "damaged at byte", t->damaged_at);
	else
		report_unknown(r, "damaged_at", NULL);
	report_count(r, "cut_packets", "packets cut", t->cut_packets);
	report_count(r, "undecoded", "packets not decoded", t->undecoded);
	report_count(r, "time_unknown", "times unknown", t->time_unknown);
	report_count(r, "time_saturated", "times out of range", t->time_saturated);
	report_flag(r, "checksum_offload", "checksum offload", t->checksum_offload);
}

static void say_sizes(struct report *r, struct store *s)
{
	const struct store_totals *t = store_totals(s);
	uint64_t index_bytes = store_index_bytes(s);

	report_heading(r, "size");
	report_count(r, "blocks", "blocks", t->blocks);
	report_count(r, "segments", "segments", t->segments);
	if (t->evicted_blocks > 0) {
		report_count(r, "evicted_blocks", "evicted blocks", t->evicted_blocks);
		report_count(r, "evicted_packets", "evicted packets", t->evicted_packets);
	}
	report_bytes(r, "block_bytes", "packets on disk", t->block_bytes);
	report_bytes(r, "index_bytes", "index", index_bytes);
	if (t->block_bytes > 0)
		report_share(r, "index_share", "index share",
			(double)index_bytes / (double)t->block_bytes);
	else
		report_unknown(r, "index_share", "index share");
}

static void say_config(struct report *r, const struct store_config *c)
{
	char text[ATTRIBUTES_TEXT];

	report_heading(r, "slices");
	report_duration(r, "microflow_slice", "microflow", c->micro_ns);
	report_duration(r, "flow_slice", "flow", c->flow_ns);
	report_duration(r, "macroflow_window", "macroflow", c->macro_ns);
	report_heading(r, "attributes");
	attributes_format(text, sizeof(text), c->attributes);
	report_text(r, "attributes", "computed", text);
	if (c->attributes_for[0])
		report_text(r, "attributes_for", "for", c->attributes_for);
	report_text(r, "fingerprints", "fingerprints", fingerprints_name(c->fingerprints));
}

static void say_points(struct report *r, const struct point_info *points, size_t n)
{
	const struct field *columns[CLI_FIELDS_MAX];
	size_t n_columns = cli_all_fields(TIER_POINT, columns, CLI_FIELDS_MAX);

	report_heading(r, "capture points");
	report_list(r, "points", TIER_POINT, columns, n_columns);
	for (size_t i = 0; i < n; i++) {
		struct row row = { .tier = TIER_POINT, .point = &points[i] };
		report_row(r, &row);
	}
}

static void say_all(struct report *r, const struct session_source *source, struct store *s,
	const struct counts *n)
{
	const struct store_totals *t = store_totals(s);
	size_t n_points;
	const struct point_info *points = store_points(s, &n_points);

	report_heading(r, "totals");
	report_text(r, "path", "source", source->path);
	report_text(r, "kind", "kind", source->is_store ? "store" : "capture file");
	report_count(r, "packets", "packets", t->packets);
	report_bytes(r, "bytes", "bytes on the wire", t->bytes);
	report_bytes(r, "captured_bytes", "bytes captured", t->captured_bytes);
	say_times(r, t);
	say_dropped(r, points, n_points);
	report_count(r, "macroflows", "macroflows", n->macroflows);
	report_count(r, "flows", "flows", n->flows);
	say_problems(r, t);
	say_sizes(r, s);
	say_config(r, store_config(s));
	say_points(r, points, n_points);
}

enum { STATS_EVENTS = 10 };

static enum rc say_events(struct report *r, struct store *s, struct err *err)
{
	struct event_info events[STATS_EVENTS];
	size_t n;
	enum rc rc = store_events(s, STATS_EVENTS, events, &n, err);

	if (rc != RC_DONE || n == 0)
		return rc;
	report_heading(r, "last events");
	for (size_t i = 0; i < n; i++) {
		char key[32], text[sizeof(events[i].text) + 40];

		snprintf(key, sizeof(key), "event_%zu", i + 1);
		size_t at = text_time(text, sizeof(text), events[i].time_ns);
		snprintf(text + at, sizeof(text) - at, " %s", events[i].text);
		report_text(r, key, events[i].kind, text);
	}
	return RC_DONE;
}

static enum rc say_source(struct cli *c, size_t i, struct err *err)
{
	struct store *s = session_sources(c->session)->stores[i];
	struct query_sources one = { .stores = &s, .n = 1 };
	struct counts counts = { 0 };
	struct out_style style;
	struct report *r;
	struct query q;

	query_init(&q, TIER_MACROFLOW);
	enum rc rc = query_run_fresh(&one, &q, count_row, &counts, NULL, NULL, err);
	if (rc != RC_DONE)
		return rc;
	cli_style(&style);
	rc = report_begin(stdout, c->args.format == OUT_JSON, &style, &r, err);
	if (rc != RC_DONE)
		return rc;
	say_all(r, &c->args.sources[i], s, &counts);
	rc = say_events(r, s, err);
	if (rc != RC_DONE) {
		report_end(r, NULL);
		return rc;
	}
	return report_end(r, err);
}

enum rc command_stats(struct cli *c, struct err *err)
{
	if (c->args.n_words > 1)
		return err_set(err, RC_USAGE, c->args.words[1], "stats takes no filter");
	if (c->args.format == OUT_CSV)
		return err_set(err, RC_USAGE, "--format", "stats has table and json");
	enum rc rc = cli_open(c, err);
	const struct query_sources *s = rc == RC_DONE ? session_sources(c->session) : NULL;
	for (size_t i = 0; rc == RC_DONE && i < s->n; i++) {
		if (i > 0 && c->args.format == OUT_TABLE)
			putchar('\n');
		rc = say_source(c, i, err);
	}
	return rc;
}
