/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filters of lists: as they are typed, of the cell under the cursor, and how they go along up and
 * down the tiers.
 *
 * What was typed is kept with its tier (lv->asked); each list shows what of it says something
 * there. A list inherits from the one that it is opened from; coming back, a filter that was typed
 * below goes up as far as the row one comes from stays visible.
 */
#include "query/filter.h"
#include "ui/list_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct list_view *of(struct view *v)
{
	return (struct list_view *)v;
}

/* ---- setting ------------------------------------------------------------------------------ */

/* Shows rows that match; `text` compiles to `filter`, which is taken over. */
static enum rc show_filtered(
	struct list_view *lv, const char *text, struct filter *filter, struct err *err)
{
	struct view *v = &lv->view;
	enum rc rc;

	snprintf(v->filter, sizeof(v->filter), "%s", filter != NULL ? text : "");
	/* the row stays selected where the filter lets it through */
	list_view_remember(lv);
	list_select(&lv->list, 0);
	columns_forget(&lv->columns);
	rc = loader_set_filter(&lv->loader, filter, err);
	list_view_arrange(lv);
	return rc;
}

enum rc list_view_set_filter(struct view *v, const char *text, struct err *err)
{
	struct list_view *lv = of(v);
	struct filter *filter = NULL;
	enum rc rc;

	if (strlen(text) >= sizeof(v->filter))
		return err_set(err, RC_USAGE, "filter", "longer than %zu bytes",
			sizeof(v->filter) - 1);
	rc = filter_compile(text, v->tier, &filter, err);
	if (rc != RC_DONE)
		return rc;
	rc = show_filtered(lv, text, filter, err);
	v->filter_typed = false;
	snprintf(lv->asked.text, sizeof(lv->asked.text), "%s", v->filter);
	lv->asked.tier = v->tier;
	lv->asked.left_out[0] = '\0';
	return rc;
}

/* Takes away, or brings back what was taken away. */
static void toggle_filter(struct list_view *lv)
{
	struct screen *s = lv->view.screen;
	char before[sizeof(lv->unfiltered)];
	struct err err;
	enum rc rc;

	if (lv->asked.text[0] == '\0' && lv->unfiltered[0] == '\0') {
		screen_say(s, "there is no filter");
		return;
	}
	snprintf(before, sizeof(before), "%s", lv->view.filter);
	if (lv->asked.text[0] != '\0')
		rc = list_view_set_filter(&lv->view, "", &err);
	else
		rc = list_view_set_filter(&lv->view, lv->unfiltered, &err);
	memcpy(lv->unfiltered, before, sizeof(before));
	if (rc != RC_DONE)
		screen_fail(s, &err);
	else if (before[0] != '\0')
		screen_say(s, "no filter; the same key brings it back");
}

/* ---- up and down the tiers ---------------------------------------------------------------- */

/* Shows what of `asked` makes sense here. */
static void take_filter(struct list_view *lv, const struct list_asked *asked, const char *text)
{
	struct screen *s = lv->view.screen;
	struct filter *filter = NULL;
	struct err err;

	lv->asked = *asked;
	if (strcmp(text, lv->view.filter) == 0)
		return;
	if (filter_compile(text, lv->view.tier, &filter, &err) != RC_DONE ||
		show_filtered(lv, text, filter, &err) != RC_DONE)
		screen_fail(s, &err);
}

static void say_left_out(struct list_view *lv)
{
	if (lv->asked.left_out[0] != '\0')
		screen_say(lv->view.screen, "left out, because it says nothing of %s: %s",
			tier_plural(lv->view.tier), lv->asked.left_out);
}

void list_view_inherit(struct list_view *lv, struct list_view *from)
{
	struct list_asked asked = from->asked;
	struct filter_way way = { .from = asked.tier, .to = lv->view.tier };
	char text[sizeof(asked.text)];
	const struct result *r;
	struct row row;

	if (asked.text[0] == '\0')
		return;
	r = loader_lock(&from->loader);
	if (list_view_row(from, r, from->list.selected, &row))
		way.through = &row;
	filter_translate(asked.text, &way, text, sizeof(text), asked.left_out, sizeof(asked.left_out));
	loader_unlock(&from->loader);
	take_filter(lv, &asked, text);
	say_left_out(lv);
}

/* Terms that are added to what holds here already. */
static bool add_terms(char *out, size_t size, const char *before, const char *terms)
{
	const char *between = before[0] != '\0' && terms[0] != '\0' ? " and " : "";

	return (size_t)snprintf(out, size, "%s%s%s", before, between, terms) < size;
}

void list_view_take_back(struct view *v, const struct view *from)
{
	struct list_view *lv = of(v);
	struct list_asked asked;
	struct filter_way way = { .to = v->tier, .known = v->filter };
	char terms[sizeof(asked.text)], text[sizeof(asked.text)];
	const struct result *r;
	struct row row;

	if (!from->filter_typed || from->filter[0] == '\0' || v->group[0] != '\0')
		return;
	asked = ((const struct list_view *)from)->asked;
	way.from = asked.tier;
	r = loader_lock(&lv->loader);
	if (list_view_row(lv, r, lv->list.selected, &row))
		way.through = &row;
	filter_translate(asked.text, &way, terms, sizeof(terms), asked.left_out, sizeof(asked.left_out));
	loader_unlock(&lv->loader);
	if (!add_terms(text, sizeof(text), v->filter, terms))
		return;
	/* what says nothing here waits for the next list below, unless another filter does */
	if (lv->asked.text[0] != '\0') {
		if (terms[0] == '\0')
			return;
		snprintf(asked.text, sizeof(asked.text), "%s", text);
		asked.tier = v->tier;
	}
	take_filter(lv, &asked, text);
	v->filter_typed = true;
	say_left_out(lv);
}

/* ---- as it is typed ----------------------------------------------------------------------- */

/* Rows that are looked at: more would be felt between two keys. */
enum { COUNT_MAX = 20000 };

bool list_view_count(const struct view *v, const struct filter *f, size_t *matched, size_t *of_rows)
{
	/* locking a result does not change the view */
	struct list_view *lv = of((struct view *)(uintptr_t)v);
	const struct result *r = loader_lock(&lv->loader);
	size_t n = r != NULL ? result_count(r) : 0;
	bool few = n <= COUNT_MAX && !loader_loading(&lv->loader);

	*matched = 0;
	*of_rows = n;
	for (size_t i = 0; few && i < n; i++) {
		struct row row;

		*matched += result_row(r, i, &row) && filter_match(f, &row);
	}
	loader_unlock(&lv->loader);
	return few;
}

enum { VALUES_MAX = 64 };

struct seen {
	char text[64];
	size_t rows;
};

struct seen_values {
	struct seen v[VALUES_MAX];
	size_t n;
};

static void see(struct seen_values *seen, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(seen->v[i].text, text) == 0) {
			seen->v[i].rows++;
			return;
		}
	if (seen->n == VALUES_MAX || len >= sizeof(seen->v[0].text))
		return;
	memcpy(seen->v[seen->n].text, text, len + 1);
	seen->v[seen->n++].rows = 1;
}

/* Blind for capitals, and for the quote that a word may begin with. */
static bool begins(const char *text, const char *part)
{
	part += *part == '"' || *part == '\'';
	return strncasecmp(text, part, strlen(part)) == 0;
}

static int by_rows(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? 1 : -1;
	return strcmp(x->text, y->text);
}

/* Values of the fields in the rows that are there, the most frequent first. */
void list_view_values(const struct view *v, const struct filter_wanted *wanted, const char *part,
	prompt_say say, void *ctx)
{
	struct list_view *lv = of((struct view *)(uintptr_t)v);
	const struct result *r = loader_lock(&lv->loader);
	size_t n = r != NULL ? result_count(r) : 0;
	struct seen_values seen = { .n = 0 };

	for (size_t i = 0; i < n && i < COUNT_MAX; i++)
		for (size_t k = 0; k < wanted->n; k++) {
			char text[CELL_TEXT];
			struct value value;
			struct row row;

			if (!result_row(r, i, &row) || !field_get(wanted->fields[k], &row, &value))
				continue;
			value_format(text, sizeof(text), wanted->fields[k], &value, STYLE_MACHINE);
			if (text[0] != '\0' && begins(text, part))
				see(&seen, text);
		}
	loader_unlock(&lv->loader);
	qsort(seen.v, seen.n, sizeof(seen.v[0]), by_rows);
	for (size_t i = 0; i < seen.n; i++) {
		char word[140], help[64];

		filter_quote(word, sizeof(word), seen.v[i].text);
		snprintf(help, sizeof(help), "in %zu %s", seen.v[i].rows,
			seen.v[i].rows == 1 ? tier_singular(v->tier) : tier_plural(v->tier));
		say(ctx, word, help);
	}
}

/* ---- of a cell ---------------------------------------------------------------------------- */

/* What is measured is compared, not equalled: nothing else has the same. */
static bool is_measure(const struct field *f)
{
	return f->unit == UNIT_COUNT || f->unit == UNIT_BYTES || f->unit == UNIT_DURATION ||
		f->type == TYPE_REAL;
}

/* "server_port == 443 and proto == tcp" for the column that is made of both. */
static bool port_term(char *out, size_t size, const struct row *row, bool exclude)
{
	const struct field *port = field_find("server_port", row->tier),
			   *proto = field_find("proto", row->tier);
	char p[32], q[32];
	struct value a, b;

	if (port == NULL || proto == NULL || !field_get(proto, row, &b))
		return false;
	value_format(q, sizeof(q), proto, &b, STYLE_MACHINE);
	if (!field_get(port, row, &a)) {
		snprintf(out, size, "proto %s %s", exclude ? "!=" : "==", q);
		return true;
	}
	value_format(p, sizeof(p), port, &a, STYLE_MACHINE);
	snprintf(out, size, "%s(server_port == %s and proto == %s)", exclude ? "not " : "", p, q);
	return true;
}

static void value_term(char *out, size_t size, const struct field *f, const struct value *value,
	bool exclude)
{
	char text[CELL_TEXT], quoted[CELL_TEXT + 8];
	const char *op = is_measure(f) ? (exclude ? "<" : ">=") : exclude ? "!=" : "==";

	value_format(text, sizeof(text), f, value, STYLE_MACHINE);
	filter_quote(quoted, sizeof(quoted), text);
	snprintf(out, size, "%s %s %s", f->name, op, quoted);
}

/* A cell as a term of a filter that its row matches (or, excluded, does not). */
static bool cell_term(char *out, size_t size, const struct field *f, const struct row *row,
	bool exclude)
{
	struct filter *filter = NULL;
	struct value value;
	bool good;

	if (f == &cell_port_field) {
		if (!port_term(out, size, row, exclude))
			return false;
	} else if (field_get(f, row, &value)) {
		value_term(out, size, f, &value, exclude);
	} else {
		snprintf(out, size, "%s%s", exclude ? "" : "not ", f->name);
	}
	good = filter_compile(out, row->tier, &filter, NULL) == RC_DONE &&
		filter_match(filter, row) == !exclude;
	filter_free(filter);
	return good;
}

void list_view_filter_cell(struct list_view *lv, bool exclude)
{
	struct screen *s = lv->view.screen;
	const struct column *col = columns_cursor(&lv->columns);
	const struct result *r = loader_lock(&lv->loader);
	char term[600], text[sizeof(lv->view.filter)];
	bool good = false, found;
	struct row row;
	struct err err;

	found = col != NULL && list_view_row(lv, r, lv->list.selected, &row);
	if (found)
		good = cell_term(term, sizeof(term), col->field, &row, exclude);
	loader_unlock(&lv->loader);
	if (!found)
		return;
	if (!good) {
		screen_say(s, "a filter cannot tell '%s' by its value here", col->field->title);
		return;
	}
	if ((size_t)snprintf(text, sizeof(text), "%s%s%s", lv->view.filter,
		    lv->view.filter[0] != '\0' ? " and " : "", term) >= sizeof(text)) {
		screen_say(s, "the filter would be too long");
		return;
	}
	if (list_view_set_filter(&lv->view, text, &err) != RC_DONE)
		screen_fail(s, &err);
	lv->view.filter_typed = true;
}

bool list_view_filter_request(struct list_view *lv, enum request r)
{
	switch (r) {
	case REQ_INCLUDE: list_view_filter_cell(lv, false); return true;
	case REQ_EXCLUDE: list_view_filter_cell(lv, true); return true;
	case REQ_UNFILTER: toggle_filter(lv); return true;
	default: return false;
	}
}
