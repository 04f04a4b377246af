/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/columns.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	WIDTH_MIN = 2, WIDTH_MAX = 200, /* that can be chosen */
	COLUMN_MIN = 4, /* cells below which a cut column says nothing */
	INFO_TEXT = 84,
	WIDE_ROW =
		120, /* cells from which on addresses are not cut for the sake of further columns */
};

void columns_clear(struct columns *cs)
{
	memset(cs, 0, sizeof(*cs));
}

bool columns_add(struct columns *cs, const struct field *f)
{
	for (size_t i = 0; i < cs->n; i++)
		if (cs->v[i].field == f)
			return false;
	if (cs->n == COLUMNS_MAX)
		return false;
	cs->v[cs->n++] = (struct column){ .field = f };
	return true;
}

void columns_bring(struct columns *cs, const struct field *f)
{
	struct column found = { .field = f };
	size_t at = 0;

	while (at < cs->n && cs->v[at].field != f)
		at++;
	if (at == COLUMNS_MAX || (at < cs->n && (cs->v[at].width > 0 || at < cs->frozen)))
		return;
	if (at == cs->n)
		cs->n++;
	else
		found = cs->v[at];
	memmove(&cs->v[cs->frozen + 1], &cs->v[cs->frozen], (at - cs->frozen) * sizeof(found));
	cs->v[cs->frozen] = found;
	cs->left = 0;
}

/* Cuts ":30" off a name; 0 where there is none, or it is no width. */
static int take_width(char *name)
{
	char *colon = strchr(name, ':');
	uint64_t width;

	if (colon == NULL || !text_parse_u64(colon + 1, &width) || width < WIDTH_MIN || width > WIDTH_MAX)
		return 0;
	*colon = '\0';
	return (int)width;
}

bool columns_format(const struct columns *cs, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < cs->n && len < size; i++) {
		char width[16] = "";

		if (cs->v[i].chosen > 0)
			snprintf(width, sizeof(width), ":%d", cs->v[i].chosen);
		len += (size_t)snprintf(
			out + len, size - len, "%s%s%s", i > 0 ? "," : "", cs->v[i].field->name, width);
	}
	return len < size;
}

enum rc columns_parse(struct columns *cs, const char *names, enum tier tier, struct err *err)
{
	struct columns parsed;
	const char *s = names;

	columns_clear(&parsed);
	while (*s != '\0') {
		size_t len = strcspn(s, ", ");
		const struct field *f;
		char name[64];
		int chosen;

		snprintf(name, sizeof(name), "%.*s", (int)len, s);
		chosen = take_width(name);
		f = len > 0 && len < sizeof(name) ? cell_field_find(name, tier) : NULL;
		if (len > 0 && f == NULL)
			return err_set_at(err, RC_SYNTAX, names, (uint64_t)(s - names),
				"%s have no field '%s'", tier_plural(tier), name);
		if (f != NULL && columns_add(&parsed, f))
			parsed.v[parsed.n - 1].chosen = chosen;
		s += len;
		s += strspn(s, ", ");
	}
	if (parsed.n == 0)
		return err_set_at(err, RC_SYNTAX, names, 0, "no column is named");
	parsed.cursor = cs->cursor;
	parsed.row_width = cs->row_width;
	*cs = parsed;
	return RC_DONE;
}

void columns_forget(struct columns *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		cs->v[i].need = 0;
}

void columns_measure(struct columns *cs, const struct canvas *c, const struct row *row,
	const struct cell_style *style)
{
	char text[CELL_TEXT];

	for (size_t i = 0; i < cs->n; i++) {
		int width;

		cell_format(text, sizeof(text), cs->v[i].field, row, style);
		width = canvas_width(c, text);
		if (width > cs->v[i].need)
			cs->v[i].need = width;
	}
}

static int title_cells(const struct column *col)
{
	return (int)text_width(col->field->title);
}

/* Where there is room, what a packet says comes before the numbers behind it. */
static int usual_cells(const struct column *col, int row_width)
{
	if (row_width >= WIDE_ROW && col->field->type == TYPE_ADDR)
		return ADDR_TEXT;
	if (row_width >= WIDE_ROW && strcmp(col->field->name, "info") == 0)
		return INFO_TEXT;
	return (int)col->field->width_cells;
}

static int wanted(const struct column *col, int row_width)
{
	int title = title_cells(col);
	int usual = usual_cells(col, row_width);
	bool cut = col->field->unit != UNIT_TIME; /* a date without its time says nothing */
	int width = cut && col->need > usual ? usual : col->need;

	if (col->chosen > 0)
		return col->chosen;
	return width > title ? width : title;
}

static bool is_shown(const struct columns *cs, size_t i)
{
	return i < cs->frozen || i >= cs->frozen + cs->left;
}

/*
 * Places columns with `gap` cells between; returns the cells that are left. A last one may be
 * cut.
 */
static int place(struct columns *cs, int width, int gap)
{
	int x = 0;
	bool full = false;

	cs->more_right = false;
	for (size_t i = 0; i < cs->n; i++) {
		struct column *col = &cs->v[i];
		int room = width - x, want = wanted(col, width);

		col->width = 0;
		if (!is_shown(cs, i))
			continue;
		if (!full && want > room && cell_align(col->field) == ALIGN_LEFT &&
			room >= COLUMN_MIN * 2)
			want = room;
		if (full || want > room) {
			full = true;
			cs->more_right = true;
			continue;
		}
		col->x = x;
		col->width = want;
		x += want + gap;
	}
	return x > 0 ? width - (x - gap) : width;
}

/* What room is left goes to columns that are cut, the first ones first. */
static void widen(struct columns *cs, int room)
{
	int shift = 0;

	for (size_t i = 0; i < cs->n; i++) {
		struct column *col = &cs->v[i];
		int more = col->chosen > 0 ? 0 : col->need - col->width;

		if (col->width == 0)
			continue;
		col->x += shift;
		if (more > room)
			more = room;
		if (more > 0) {
			col->width += more;
			shift += more;
			room -= more;
		}
	}
}

void columns_layout(struct columns *cs, int width)
{
	int room;

	cs->row_width = width;
	room = place(cs, width, 2);

	if (cs->more_right)
		room = place(cs, width, 1);
	widen(cs, room);
	cs->more_left = cs->left > 0;
}

/* ---- the cursor --------------------------------------------------------------------------- */

static bool is_on_screen(const struct column *col)
{
	return col->width > 0;
}

static size_t cursor_place(const struct columns *cs)
{
	size_t shown = cs->n, addr = cs->n;

	for (size_t i = cs->n; i > 0; i--) {
		const struct column *col = &cs->v[i - 1];

		if (cs->cursor != NULL && col->field == cs->cursor)
			return i - 1;
		if (is_on_screen(col))
			shown = i - 1;
		if (is_on_screen(col) && col->field->type == TYPE_ADDR)
			addr = i - 1;
	}
	return addr < cs->n ? addr : shown < cs->n ? shown : 0;
}

const struct column *columns_cursor(const struct columns *cs)
{
	return cs->n > 0 ? &cs->v[cursor_place(cs)] : NULL;
}

/* Scrolls until a column is on the screen. */
static void show_column(struct columns *cs, size_t at)
{
	if (at >= cs->frozen && at - cs->frozen < cs->left) {
		cs->left = at - cs->frozen;
		columns_layout(cs, cs->row_width);
	}
	while (!is_on_screen(&cs->v[at]) && cs->more_right && cs->frozen + cs->left < at) {
		cs->left++;
		columns_layout(cs, cs->row_width);
	}
}

bool columns_step(struct columns *cs, int by)
{
	size_t at = cursor_place(cs);

	if (cs->n == 0 || (by < 0 ? at == 0 : at + 1 == cs->n))
		return false;
	at = by < 0 ? at - 1 : at + 1;
	cs->cursor = cs->v[at].field;
	show_column(cs, at);
	return true;
}

void columns_widen(struct columns *cs, int by)
{
	struct column *col = cs->n > 0 ? &cs->v[cursor_place(cs)] : NULL;
	int width;

	if (col == NULL)
		return;
	width = (col->chosen > 0 ? col->chosen : is_on_screen(col) ? col->width : wanted(col, cs->row_width)) + by;
	col->chosen = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

const struct column *columns_at(const struct columns *cs, int x)
{
	for (size_t i = 0; i < cs->n; i++)
		if (is_on_screen(&cs->v[i]) && x >= cs->v[i].x && x < cs->v[i].x + cs->v[i].width)
			return &cs->v[i];
	return NULL;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static const struct query_sort *sort_of(const struct column *col, const struct query_sort *sort)
{
	return sort != NULL && sort->field == col->field ? sort : NULL;
}

static void draw_title(const struct column *col, struct canvas *c, struct rect r,
	const struct query_sort *sort, bool cursor)
{
	const struct query_sort *by = sort_of(col, sort);
	enum align align = cell_align(col->field);
	int title = title_cells(col), x = r.x + col->x;
	int at = align == ALIGN_RIGHT && title < col->width ? x + col->width - title : x;

	canvas_cell(c, x, r.y, col->width, align, by != NULL ? ATTR_HEADER_SORT : ATTR_HEADER,
		col->field->title);
	if (cursor)
		canvas_paint(c, (struct rect){ x, r.y, col->width, 1 }, ATTR_HEADER_CURSOR);
	if (by == NULL)
		return;
	/*
	 * the mark stands before a heading at the right, else behind it, in the gap where need
	 * be
	 */
	canvas_glyph(c, align == ALIGN_RIGHT && at > r.x ? at - 1 : x + title, r.y,
		ATTR_HEADER_SORT, by->descending ? GLYPH_DOWN : GLYPH_UP);
}

void columns_draw_header(const struct columns *cs, struct canvas *c, struct rect r,
	const struct query_sort *sort)
{
	const struct column *cursor = columns_cursor(cs);

	for (size_t i = 0; i < cs->n; i++)
		if (is_on_screen(&cs->v[i]))
			draw_title(&cs->v[i], c, r, sort, &cs->v[i] == cursor);
	if (cs->more_left && r.x > 0)
		canvas_glyph(c, r.x - 1, r.y, ATTR_KEY, GLYPH_MORE_LEFT);
	if (cs->more_right)
		canvas_glyph(c, r.x + r.w, r.y, ATTR_KEY, GLYPH_MORE_RIGHT);
}

void columns_draw_row(const struct columns *cs, struct canvas *c, struct rect r,
	const struct row *row, const struct cell_style *style, unsigned extra,
	const char *match)
{
	const struct column *cursor = columns_cursor(cs);
	char text[CELL_TEXT];

	for (size_t i = 0; i < cs->n; i++) {
		const struct column *col = &cs->v[i];
		unsigned attr;

		if (col->width == 0)
			continue;
		cell_format(text, sizeof(text), col->field, row, style);
		attr = cell_attr(col->field, row) | extra;
		if (match != NULL && text_has(text, match))
			attr = ATTR_MATCH | extra;
		canvas_cell(
			c, r.x + col->x, r.y, col->width, cell_align(col->field), attr, text);
		if (col == cursor && (extra & ATTR_SELECTED) != 0)
			canvas_paint(c, (struct rect){ r.x + col->x, r.y, col->width, 1 },
				ATTR_CELL | extra);
	}
}

bool columns_match(const struct columns *cs, const struct row *row,
	const struct cell_style *style, const char *text)
{
	char cell[CELL_TEXT];

	for (size_t i = 0; i < cs->n; i++) {
		if (cs->v[i].width == 0)
			continue;
		cell_format(cell, sizeof(cell), cs->v[i].field, row, style);
		if (text_has(cell, text))
			return true;
	}
	return false;
}
