/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill show SOURCE ID... */
#include "cli/show.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/sources.h"
#include "flow/field_groups.h"

#include <stdio.h>
#include <string.h>

enum { NAME_CELLS = 21 };

/* For people, with the exact number behind it where units rounded it. */
static void print_field(const struct field *f, const struct row *row)
{
	char people[OUT_CELL], exact[OUT_CELL];
	struct value v;

	if (!field_get(f, row, &v)) {
		printf("    %-*s -\n", NAME_CELLS, f->name);
		return;
	}
	value_format(exact, sizeof(exact), f, &v, STYLE_MACHINE);
	value_format(people, sizeof(people), f, &v, STYLE_PEOPLE);
	if (f->unit == UNIT_TIME)
		printf("    %-*s %s\n", NAME_CELLS, f->name, exact);
	else if (f->unit == UNIT_DURATION || (f->unit == UNIT_BYTES && v.u >= 1000))
		printf("    %-*s %s (%s)\n", NAME_CELLS, f->name, people, exact);
	else
		printf("    %-*s %s\n", NAME_CELLS, f->name, people);
}

static void print_group(size_t g, const struct row *row)
{
	bool titled = false;

	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);
		if (f->hidden || !(f->tiers & FIELD_ON(row->tier)) || f->type == TYPE_ID ||
			field_group_of(f, row->tier) != g || field_is_told(f))
			continue;
		if (!titled)
			printf("  %s\n", field_group_title(g));
		titled = true;
		print_field(f, row);
	}
}

/* "f7.24  flow  in m7.24": who it is and what it belongs to, up to the top. */
static enum rc print_head(
	struct cli *c, const struct id *id, const struct row *row, struct err *err)
{
	char text[ID_TEXT];
	struct id at = *id, up;
	enum rc rc;

	id_format(text, sizeof(text), id);
	printf("%s  %s", text, tier_singular(row->tier));
	for (const char *lead = "  in "; at.tier <= TIER_FLOW; lead = " in ", at = up) {
		rc = query_parent(session_sources(c->session), &at, &up, err);
		if (rc != RC_DONE)
			return rc;
		id_format(text, sizeof(text), &up);
		printf("%s%s", lead, text);
	}
	putchar('\n');
	return RC_DONE;
}

static enum rc show_one(struct cli *c, const struct id *id, struct err *err)
{
	struct query_holder *h;
	enum rc rc = query_get(session_sources(c->session), id, &h, err);

	if (rc != RC_DONE)
		return rc;
	const struct row *row = query_holder_row(h);
	struct id full;
	row_id(row, &full);
	rc = print_head(c, &full, row, err);
	for (size_t g = 0; rc == RC_DONE && g < field_groups(); g++)
		if (field_group_says(g, row))
			print_group(g, row);
	if (rc == RC_DONE && row->tier == TIER_PACKET)
		rc = show_packet(row->packet, query_holder_raw(h), query_holder_point(h), err);
	query_holder_free(h);
	return rc;
}

enum rc command_show(struct cli *c, struct err *err)
{
	struct id *ids;
	size_t n;
	enum rc rc = args_ids(&c->args, 1, &ids, &n, err);

	if (rc != RC_DONE)
		return rc;
	if (n == 0) {
		mem_free(ids);
		if (c->args.n_words > 1)
			return err_set(err, RC_USAGE, c->args.words[1],
				"is no id (f7.123456, p7.123456)");
		return err_set(err, RC_USAGE, "show", "name an id");
	}
	rc = cli_open(c, err);
	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		if (i > 0)
			putchar('\n');
		rc = show_one(c, &ids[i], err);
		if (rc == RC_DONE && (ferror(stdout) || (i + 1 == n && fflush(stdout) != 0)))
			rc = err_errno(err, OUT_STDOUT, "cannot write");
	}
	mem_free(ids);
	return rc;
}
