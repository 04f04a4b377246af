/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/view_table.h"

#include <stdio.h>
#include <string.h>

#define ON(tier) FIELD_ON(TIER_##tier)

static struct view *records(struct screen *s, enum tier tier, const struct id *in, struct err *err)
{
	struct view *v = view_records_new(s, tier, in, true);

	if (v == NULL)
		err_memory(err);
	return v;
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
	struct view *v = view_packets_new(s, in);

	if (v == NULL)
		err_memory(err);
	return v;
}

static struct view *make_help(struct screen *s, const struct id *in, struct err *err)
{
	struct view *v = view_help_new(s);

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
