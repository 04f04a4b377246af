/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables for people: aligned, with units, coloured where asked for.
 *
 * The first TABLE_KEEP rows are kept back; they tell each column's width, and whether all times lie on
 * one day (then the day stands in the heading, else in every cell). Later rows are written as they come; a
 * number longer than its column pushes the rest aside, and a text too unless the terminal's width bounds the line. Columns that do not fit are left out, with an ellipsis in their place.
 */
#include "base/mem.h"
#include "base/text.h"
#include "out/cells.h"
#include "out/format.h"

#include <inttypes.h>
#include <string.h>

enum {
	TABLE_KEEP = 256,
	TABLE_GAP = 2, /* blanks between columns */
	TABLE_NARROWEST = 6, /* a column that has to give way keeps this */
};

#define DAY_NS      (86400LL * 1000000000)
#define SGR_HEAD    "\033[1m"
#define SGR_UNKNOWN "\033[2m"
#define SGR_ID      "\033[36m"
#define SGR_TROUBLE "\033[31m"
#define SGR_OFF     "\033[0m"

struct cell {
	bool known;
	struct value value;
};

struct column {
	unsigned width_cells;
	bool right;
	char title[64];
};

struct table {
	struct column *columns;
	struct cell *kept; /* TABLE_KEEP rows */
	size_t n_kept;
	size_t shown; /* columns; the others do not fit */
	bool started; /* the heading is out, rows stream */
	bool has_day, many_days;
	int64_t day_ns; /* of the first time there was */
};

static bool column_is_right(const struct field *f)
{
	return field_is_number(f) && f->unit != UNIT_POINT;
}

/* Times without their day where the heading tells it. */
static void cell_text(const struct table *t, const struct field *f, const struct cell *c,
	char *out, size_t size)
{
	size_t n = 0;

	if (!c->known) {
		snprintf(out, size, "-");
		return;
	}
	if (f->unit == UNIT_TIME &&
		(t->many_days || time_floor(c->value.i, DAY_NS) != t->day_ns)) {
		n = text_date(out, size, c->value.i);
		if (n + 1 < size)
			out[n++] = ' ';
	}
	n += value_format(out + n, size - n, f, &c->value, STYLE_PEOPLE);
	if (c->value.type == TYPE_ADDR && c->value.text[0] != '\0')
		snprintf(out + n, size - n, " %s", c->value.text);
}

static const char *cell_color(const struct field *f, const struct cell *c)
{
	static const char *const troubles[] = { "rst", "malformed", "checksum_errors",
		"state_evicted", "dropped", "refused", "if_dropped", "drops", "gone" };

	if (!c->known)
		return SGR_UNKNOWN;
	if (f->type == TYPE_ID)
		return SGR_ID;
	if (c->value.type != TYPE_U64 || c->value.u == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (strcmp(f->name, troubles[i]) == 0)
			return SGR_TROUBLE;
	return NULL;
}

/* The cell of column i; columns that do not fit are left out together, with an ellipsis in their place. */
static void put_cell(const struct out *o, size_t i, const char *text, const char *color)
{
	const struct table *t = o->state;
	const struct column *c = &t->columns[i];
	bool last = i + 1 == o->n;
	size_t need = text_width(text);

	if (i >= t->shown) {
		if (i == t->shown)
			fputs("…", o->to);
		return;
	}
	/* what came after the widths were chosen may be longer: text is cut, a number pushes the rest aside */
	bool cut = o->style.width_cells > 0 && o->columns[i]->type == TYPE_TEXT;
	unsigned width = !cut && need > c->width_cells ? (unsigned)need : c->width_cells;
	if (color)
		fputs(color, o->to);
	cells_put(o->to, text, width, c->right, !last);
	if (color)
		fputs(SGR_OFF, o->to);
	if (!last)
		cells_blanks(o->to, TABLE_GAP);
}

static void put_row(const struct out *o, const struct cell *cells)
{
	char text[OUT_CELL];

	for (size_t i = 0; i < o->n; i++) {
		const char *color =
			o->style.color ? cell_color(o->columns[i], &cells[i]) : NULL;
		cell_text(o->state, o->columns[i], &cells[i], text, sizeof(text));
		put_cell(o, i, text, color);
	}
	putc('\n', o->to);
}

/* ---- laying out ------------------------------------------------------------------------ */

static void find_days(const struct out *o)
{
	struct table *t = o->state;

	for (size_t i = 0; i < t->n_kept * o->n; i++) {
		if (o->columns[i % o->n]->unit != UNIT_TIME || !t->kept[i].known)
			continue;
		int64_t day = time_floor(t->kept[i].value.i, DAY_NS);
		if (!t->has_day) {
			t->has_day = true;
			t->day_ns = day;
		} else if (day != t->day_ns) {
			t->many_days = true;
		}
	}
}

/* The day goes into the heading of the first time column. */
static void set_titles(const struct out *o)
{
	struct table *t = o->state;
	bool told = !t->has_day || t->many_days;
	char day[TEXT_TIME];

	text_date(day, sizeof(day), t->day_ns);
	for (size_t i = 0; i < o->n; i++) {
		struct column *c = &t->columns[i];
		bool tell = !told && o->columns[i]->unit == UNIT_TIME;
		snprintf(c->title, sizeof(c->title), "%s%s%s", o->columns[i]->title,
			tell ? " " : "", tell ? day : "");
		told |= tell;
	}
}

static void measure(const struct out *o)
{
	struct table *t = o->state;
	char text[OUT_CELL];

	for (size_t i = 0; i < o->n; i++) {
		t->columns[i].right = column_is_right(o->columns[i]);
		t->columns[i].width_cells = (unsigned)text_width(t->columns[i].title);
	}
	for (size_t i = 0; i < t->n_kept * o->n; i++) {
		struct column *c = &t->columns[i % o->n];
		cell_text(t, o->columns[i % o->n], &t->kept[i], text, sizeof(text));
		unsigned width = (unsigned)text_width(text);
		if (width > c->width_cells)
			c->width_cells = width;
	}
}

static unsigned total_width(const struct out *o)
{
	const struct table *t = o->state;
	unsigned total = 0;

	for (size_t i = 0; i < o->n; i++)
		total += t->columns[i].width_cells + (i > 0 ? TABLE_GAP : 0);
	return total;
}

/* Free text gives way first, the longest column each time; numbers and identities never do. */
static void shrink(const struct out *o)
{
	struct table *t = o->state;
	unsigned total = total_width(o);

	while (o->style.width_cells > 0 && total > o->style.width_cells) {
		struct column *widest = NULL;
		for (size_t i = 0; i < o->n; i++) {
			struct column *c = &t->columns[i];
			if (o->columns[i]->type != TYPE_TEXT &&
				o->columns[i]->type != TYPE_TUNNEL && !(o->style.names && o->columns[i]->type == TYPE_ADDR))
				continue;
			if (c->width_cells > TABLE_NARROWEST &&
				(!widest || c->width_cells > widest->width_cells))
				widest = c;
		}
		if (!widest)
			return;
		widest->width_cells--;
		total--;
	}
}

/*
 * How many columns fit beside an ellipsis for the rest. Free text is cut to what room there is: a number never is.
 */
static void choose_columns(const struct out *o)
{
	struct table *t = o->state;
	unsigned limit = o->style.width_cells, at = 0;

	t->shown = o->n;
	if (limit == 0 || total_width(o) <= limit)
		return;
	for (t->shown = 0; t->shown < o->n; t->shown++) {
		struct column *c = &t->columns[t->shown];
		unsigned rest = t->shown + 1 < o->n ? TABLE_GAP + 1 : 0;
		unsigned room = limit > at + rest ? limit - at - rest : 0;
		if (c->width_cells > room) {
			if (room < TABLE_NARROWEST || o->columns[t->shown]->type != TYPE_TEXT)
				return;
			c->width_cells = room;
		}
		at += c->width_cells + TABLE_GAP;
	}
}

static void put_heading(const struct out *o)
{
	const struct table *t = o->state;

	for (size_t i = 0; i < o->n; i++)
		put_cell(o, i, t->columns[i].title, o->style.color ? SGR_HEAD : NULL);
	putc('\n', o->to);
}

static void table_start(struct out *o)
{
	struct table *t = o->state;

	find_days(o);
	set_titles(o);
	measure(o);
	shrink(o);
	choose_columns(o);
	put_heading(o);
	for (size_t i = 0; i < t->n_kept; i++)
		put_row(o, &t->kept[i * o->n]);
	t->n_kept = 0;
	t->started = true;
}

/* ---- the format -------------------------------------------------------------------------- */

static void table_free(struct out *o)
{
	struct table *t = o->state;

	if (!t)
		return;
	mem_free(t->columns);
	mem_free(t->kept);
	mem_free(t);
}

static enum rc table_begin(struct out *o, struct err *err)
{
	struct table *t = mem_calloc(1, sizeof(*t));

	o->state = t;
	if (!t)
		return err_memory(err);
	t->columns = mem_calloc(o->n + 1, sizeof(*t->columns));
	t->kept = mem_calloc(TABLE_KEEP * (o->n + 1), sizeof(*t->kept));
	return t->columns && t->kept ? RC_DONE : err_memory(err);
}

/* Points of several sources have the source's number before them, as ids have. */
static void tell_source(const struct row *row, struct value *v)
{
	char name[sizeof(v->text)];

	if (v->text[0] == '\0')
		snprintf(v->text, sizeof(v->text), "%" PRIu64, v->u);
	memcpy(name, v->text, sizeof(name));
	snprintf(v->text, sizeof(v->text), "%u:%.150s", row->source, name);
}

/* The name stands beside the address; none: no text. */
static void tell_name(const struct out *o, const struct row *row, size_t i, struct value *v)
{
	if (!o->style.names || !row_addr_name(row, o->columns[i]->id, v->text, sizeof(v->text)))
		v->text[0] = '\0';
}

static enum rc table_row(struct out *o, const struct row *row, struct err *err)
{
	struct table *t = o->state;
	struct cell *cells = &t->kept[t->n_kept * o->n];

	(void)err;
	for (size_t i = 0; i < o->n; i++) {
		cells[i].known = field_get(o->columns[i], row, &cells[i].value);
		if (cells[i].known && cells[i].value.type == TYPE_ADDR)
			tell_name(o, row, i, &cells[i].value);
		if (cells[i].known && row->source > 0 && o->columns[i]->unit == UNIT_POINT)
			tell_source(row, &cells[i].value);
	}
	if (t->started)
		put_row(o, cells);
	else if (++t->n_kept == TABLE_KEEP)
		table_start(o);
	return RC_DONE;
}

/* A table without rows has no heading: whoever asked says that nothing was found. */
static enum rc table_end(struct out *o, struct err *err)
{
	struct table *t = o->state;

	(void)err;
	if (!t->started && t->n_kept > 0)
		table_start(o);
	return RC_DONE;
}

const struct out_ops out_table = {
	.name = "table",
	.begin = table_begin,
	.row = table_row,
	.end = table_end,
	.free = table_free,
};
