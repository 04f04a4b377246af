/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill list TIER SOURCE [FILTER|ID...] */
#include "cli/say.h"
#include "cli/select.h"
#include "cli/sources.h"

#include <string.h>

struct list {
	struct query query;
	struct selection selection;
	const struct field *columns[CLI_FIELDS_MAX];
	size_t n_columns;
	struct out *out;
	uint64_t rows;
	enum rc rc; /* of writing */
	struct err *err;
};

static enum rc parse_tier(const struct args *a, enum tier *out, struct err *err)
{
	if (a->n_words < 2)
		return err_set(err, RC_USAGE, "list",
			"name a tier: macroflows flows microflows packets blocks points");
	if (!tier_parse(a->words[1], out))
		return err_set(err, RC_USAGE, a->words[1],
			"none of macroflows flows microflows packets blocks points");
	return RC_DONE;
}

/* "-bytes,first" */
static enum rc parse_sort(const char *text, struct query *q, struct err *err)
{
	char word[64];
	size_t len, n;
	enum rc rc = RC_DONE;

	for (; rc == RC_DONE && (q->n_sort == 0 || *text++ == ','); text += len) {
		if (q->n_sort == QUERY_SORT_MAX)
			return err_set(
				err, RC_USAGE, "--sort", "more than %d fields", QUERY_SORT_MAX);
		struct query_sort *s = &q->sort[q->n_sort++];
		len = strcspn(text, ",");
		s->descending = text[0] == '-';
		snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60) - s->descending,
			text + s->descending);
		rc = cli_fields(word, q->tier, "--sort", &s->field, 1, &n, err);
	}
	return rc;
}

static bool has_column(const struct list *l, const char *name)
{
	for (size_t i = 0; i < l->n_columns; i++)
		if (strcmp(l->columns[i]->name, name) == 0)
			return true;
	return false;
}

static void add_column(struct list *l, const char *name)
{
	const struct field *f = field_find(name, l->query.tier);

	if (f && l->n_columns < CLI_FIELDS_MAX && !has_column(l, name))
		l->columns[l->n_columns++] = f;
}

/* What a tier shows, or for groups: what they are grouped by and the sums. */
static void default_columns(struct cli *c, struct list *l)
{
	static const char *const sums[] = { "clients", "flows", "packets", "bytes", "first",
		"last", NULL };
	const struct query *q = &l->query;
	/* where it keeps groups apart by point though nobody asked, the answer has to show it */
	bool show_point = q->n_group > 0 ? query_groups_by_point(session_sources(c->session), q)
					 : cli_point_count(c) > 1;

	for (size_t i = 0; i < q->n_group; i++)
		add_column(l, q->group[i]->name);
	if (q->n_group == 0)
		add_column(l, "id");
	/* early, so that a narrow terminal does not hide it */
	if (show_point)
		add_column(l, "point");
	const char *const *names = q->n_group > 0 ? sums : field_default_columns(q->tier);
	for (size_t i = 0; names[i]; i++)
		add_column(l, names[i]);
}

/* What several capture points saw is never added up; where no column shows it, that is said. */
static void tell_of_points(struct cli *c, const struct list *l)
{
	if (query_groups_by_point(session_sources(c->session), &l->query) &&
		!has_column(l, "point"))
		say_note("--group-by",
			"groups are kept apart by capture point: the same packets may have "
			"been seen at several");
}

static enum rc prepare(struct cli *c, struct list *l, struct err *err)
{
	const struct args *a = &c->args;
	struct query *q = &l->query;
	enum rc rc = cli_query_range(c, q, err);

	if (rc == RC_DONE)
		rc = select_apply(&l->selection, q, err);
	q->limit = a->limit;
	if (rc == RC_DONE && !a->fields)
		default_columns(c, l);
	if (rc == RC_DONE)
		tell_of_points(c, l);
	return rc;
}

/* What needs no source: wrong words are found before anything is indexed. */
static enum rc parse(struct cli *c, struct list *l, struct err *err)
{
	const struct args *a = &c->args;
	struct query *q = &l->query;
	enum tier tier;
	enum rc rc = parse_tier(a, &tier, err);

	if (rc != RC_DONE)
		return rc;
	query_init(q, tier);
	if (a->group_by)
		rc = cli_fields(a->group_by, tier, "--group-by", q->group, QUERY_GROUP_MAX,
			&q->n_group, err);
	if (rc == RC_DONE && a->sort)
		rc = parse_sort(a->sort, q, err);
	if (rc == RC_DONE && a->fields)
		rc = cli_fields(a->fields, tier, "--fields", l->columns, CLI_FIELDS_MAX,
			&l->n_columns, err);
	if (rc == RC_DONE)
		rc = select_words(&l->selection, a, 2, tier, err);
	return rc;
}

static bool on_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct list *l = ctx;

	(void)raw;
	l->rows++;
	l->rc = out_row(l->out, row, l->err);
	return l->rc == RC_DONE;
}

static enum rc write_rows(
	struct cli *c, struct list *l, struct query_explain *explain, struct err *err)
{
	struct out_style style;

	cli_style(&style);
	style.names = args_given(&c->args, OPTION_RESOLVE);
	style.csv_exact = args_given(&c->args, OPTION_CSV_EXACT);
	enum rc rc = out_begin(stdout, c->args.format, &style, l->query.tier, l->columns,
		l->n_columns, &l->out, err);
	if (rc != RC_DONE)
		return rc;
	l->err = err;
	rc = cli_query(c, &l->query, on_row, l, explain, err);
	if (rc == RC_DONE)
		rc = l->rc;
	/* what was found before an error is told as well */
	enum rc end = out_end(l->out, rc == RC_DONE ? err : NULL);
	return rc == RC_DONE ? end : rc;
}

enum rc command_list(struct cli *c, struct err *err)
{
	struct list l = { .rc = RC_DONE };
	struct query_explain explain = { 0 };
	enum rc rc = parse(c, &l, err);

	if (rc == RC_DONE)
		rc = cli_open(c, err);
	if (rc == RC_DONE)
		rc = prepare(c, &l, err);
	if (rc == RC_DONE)
		rc = write_rows(c, &l, &explain, err);
	if (rc == RC_DONE && args_given(&c->args, OPTION_EXPLAIN))
		cli_explain(&explain);
	if (rc == RC_DONE && l.rows == 0 && select_asked(&l.selection, &c->args))
		rc = err_set(err, RC_NOTHING, tier_plural(l.query.tier), "nothing matched");
	select_free(&l.selection);
	return rc;
}
