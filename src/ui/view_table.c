/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/view_table.h"

#include "ui/along.h"
#include "ui/chart.h"
#include "ui/view_blocks.h"

#include <stdio.h>
#include <string.h>

#define ON(tier) FIELD_ON(TIER_##tier)

static struct view *or_memory(struct view *v, struct err *err)
{
	if (v == NULL)
		err_memory(err);
	return v;
}

static struct view *records(struct screen *s, enum tier tier, const struct id *in, struct err *err)
{
	return or_memory(view_records_new(s, tier, in, true), err);
}

static struct view *make_macroflows(struct screen *s, const struct id *in, struct err *err)
{
	return records(s, TIER_MACROFLOW, in, err);
}

static struct view *make_flows(struct screen *s, const struct id *in, struct err *err)
{
	return records(s, TIER_FLOW, in, err);
}

static struct view *make_microflows(struct screen *s, const struct id *in, struct err *err)
{
	return records(s, TIER_MICROFLOW, in, err);
}

static struct view *make_packets(struct screen *s, const struct id *in, struct err *err)
{
	return or_memory(view_packets_new(s, in), err);
}

static struct view *make_events(struct screen *s, const struct id *in, struct err *err)
{
	(void)in;
	return or_memory(view_events_new(s), err);
}

/* Of everything it is what no query reads. */
static struct view *make_blocks(struct screen *s, const struct id *in, struct err *err)
{
	struct blocks_query q = { .any = in != NULL, .tier = TIER_PACKET, .has_in = in != NULL, .from_ns = s->range.from_ns,
		.to_ns = s->range.to_ns };

	if (in != NULL)
		q.in = *in;
	return or_memory(view_blocks_new(s, &q), err);
}

static struct view *make_chart(struct screen *s, const struct id *in, struct err *err)
{
	struct series_question *q;
	struct chart_of of = { .has_all = in == NULL, .has_one = in != NULL };

	q = in != NULL ? &of.one : &of.all;
	*q = (struct series_question){ .tier = TIER_MACROFLOW, .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	if (in != NULL) {
		q->tier = in->tier == TIER_MACROFLOW ? TIER_FLOW : in->tier == TIER_FLOW ? TIER_MICROFLOW : TIER_PACKET;
		q->has_in = true;
		q->in = *in;
		id_format(of.label, sizeof(of.label), in);
	}
	return view_chart_new(s, &of, err);
}

static struct view *make_top(struct screen *s, const struct id *in, struct err *err)
{
	return view_top_new(s, in != NULL ? TIER_FLOW : TIER_MACROFLOW, in, "", err);
}

static struct view *make_stream(struct screen *s, const struct id *in, struct err *err)
{
	return or_memory(view_stream_new(s, in), err);
}

static struct view *make_ladder(struct screen *s, const struct id *in, struct err *err)
{
	return or_memory(view_ladder_new(s, in), err);
}

static struct view *make_related(struct screen *s, const struct id *in, struct err *err)
{
	return or_memory(view_related_new(s, in, false), err);
}

static struct view *make_upstream(struct screen *s, const struct id *in, struct err *err)
{
	return or_memory(view_related_new(s, in, true), err);
}

static struct view *make_help(struct screen *s, const struct id *in, struct err *err)
{
	(void)in;
	return or_memory(view_help_new(s), err);
}

static struct view *make_map(struct screen *s, const struct id *in, struct err *err)
{
	struct view *v = view_map_new(s);

	(void)in;
	if (v == NULL)
		err_memory(err);
	return v;
}

static const struct view_row rows[] = {
	{ "macroflows", "services, window by window", ON(MACROFLOW), false, make_macroflows },
	{ "flows", "flows", ON(MACROFLOW) | ON(FLOW), false, make_flows },
	{ "microflows", "microflows", ON(MACROFLOW) | ON(FLOW) | ON(MICROFLOW), false, make_microflows },
	{ "packets", "packets", ON(MACROFLOW) | ON(FLOW) | ON(MICROFLOW) | ON(PACKET), false, make_packets },
	{ "packet", "one packet's layers and bytes", ON(PACKET), true, view_packet_new },
	{ "chart", "bytes, response times and other fields over time", ON(MACROFLOW) | ON(FLOW) | ON(MICROFLOW), false,
		make_chart },
	{ "top", "who has most", ON(MACROFLOW), false, make_top },
	{ "stream", "what a conversation says", ON(FLOW) | ON(MICROFLOW) | ON(PACKET), true, make_stream },
	{ "ladder", "a conversation's packets between its ends", ON(FLOW) | ON(MICROFLOW) | ON(PACKET), true, make_ladder },
	{ "related", "the traffic that it triggered", ON(FLOW) | ON(MICROFLOW) | ON(PACKET), true, make_related },
	{ "upstream", "the traffic that triggered it", ON(FLOW) | ON(MICROFLOW) | ON(PACKET), true, make_upstream },
	{ "blocks", "the map of blocks; of a record: which of them its packets lie in",
		ON(MACROFLOW) | ON(FLOW) | ON(MICROFLOW), false, make_blocks },
	{ "events", "the log: losses, recoveries, evictions, interfaces, starts and ends", 0, false, make_events },
	{ "map", "which service triggers which", 0, false, make_map },
	{ "help", "keys and commands", 0, false, make_help },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct view_row *view_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

static enum rc no_such(const char *name, struct err *err)
{
	char names[256];
	size_t len = 0;

	for (size_t i = 0; i < ROWS && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "", rows[i].name);
	return err_set(err, RC_USAGE, "view", "'%s' is none of %s", name, names);
}

static enum rc check_record(const struct view_row *row, const struct id *in, struct err *err)
{
	if (in == NULL)
		return row->needs ? err_set(err, RC_USAGE, row->name, "of which record? --in ID says it") : RC_DONE;
	if ((row->of & FIELD_ON(in->tier)) == 0)
		return err_set(err, RC_USAGE, row->name, "cannot be of a %s", tier_singular(in->tier));
	return RC_DONE;
}

enum rc view_open_named(struct screen *s, const char *name, const struct id *in, struct err *err)
{
	const struct view_row *row = NULL;
	struct view *v;
	enum rc rc;

	for (size_t i = 0; i < ROWS && row == NULL; i++)
		if (strcmp(rows[i].name, name) == 0)
			row = &rows[i];
	if (row == NULL)
		return no_such(name, err);
	rc = check_record(row, in, err);
	if (rc != RC_DONE)
		return rc;
	v = row->make(s, in, err);
	if (v == NULL)
		return err->rc;
	if (in != NULL && v->crumb[0][0] == '\0')
		id_format(v->crumb[0], sizeof(v->crumb[0]), in);
	screen_push(s, v);
	return RC_DONE;
}
