/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all lists of rows have in common: a loader, columns, the place in the list, filter,
 * order, search, the pane of details. The views of records and packets begin with a struct
 * list_view and add what is theirs through its hooks.
 *
 * The selected row is remembered by its id from the first move on, so that it survives a
 * refresh, another order, and coming back from below; before that the first row stays selected
 * while rows come in (but of a store that is being recorded it is remembered from the start).
 */
#ifndef FLOWDRILL_UI_LIST_VIEW_H
#define FLOWDRILL_UI_LIST_VIEW_H

#include "ui/columns.h"
#include "ui/detail.h"
#include "ui/grouping.h"
#include "ui/list.h"
#include "ui/loader.h"
#include "ui/rates.h"
#include "ui/same.h"
#include "ui/screen.h"
#include "ui/view.h"

struct list_view;

/* A line that stands for rows which are hidden (or shown below it, when open). */
struct list_fold {
	bool on, open;
	size_t at; /* its place in the list */
	size_t rows;
	char text[96];
};

/* What all rows add up to, exactly; unknown while rows come. */
struct list_totals {
	bool known;
	size_t rows;
	bool once; /* what several points saw is counted at one of them */
	struct result_sums sums; /* what several capture points saw counts for each, but for `once` */
};

/* From the first row's beginning to the last one's end; found when all rows are there. */
struct list_extent {
	bool known;
	size_t rows; /* there were then */
	int64_t from_ns, to_ns;
};

struct series;
struct series_question;

/* What rows are looked through for, one by one (ui/list_view_scan.c). */
enum list_scan_what { LIST_SCAN_NONE, LIST_SCAN_TEXT /* list_view.search */, LIST_SCAN_TROUBLE, LIST_SCAN_TIME };
struct list_scan {
	enum list_scan_what what;
	size_t at; /* the place that is looked at next */
	size_t left, n; /* rows; n when it began */
	int by;
	int64_t time_ns; /* LIST_SCAN_TIME: a row at or after this */
};

struct list_hooks {
	/*
	 * The view below a row; NULL where there is none or no memory, then it has said so.
	 * `ports`: the rows there differ in the server's port.
	 */
	struct view *(*below)(struct list_view *lv, const struct id *id, bool ports);
	/*
	 * May be NULL: decides which rows are seen in which order (lv->map, which is NULL then, and lv->fold). Called
	 * when the rows, or how many of them fit on the screen, have changed.
	 */
	void (*arrange)(struct list_view *lv, const struct result *r);
	void (*columns)(struct list_view *lv); /* the usual ones */
	/* May be NULL: what else is to be said in the cells of a row. */
	void (*dress)(const struct list_view *lv, const struct row *row, struct cell_style *style);
	void (*group_columns)(struct list_view *lv); /* those of groups; NULL: the usual ones of those */
};

/* A filter as it was typed, here or in a list above or below. */
struct list_asked {
	char text[sizeof(((struct view *)0)->filter)];
	enum tier tier; /* of the rows that it was typed for */
	char left_out[256]; /* what of it says nothing of the rows here */
};

struct list_view {
	struct view view;
	const struct list_hooks *hooks;
	struct loader loader;
	struct columns columns;
	bool own_columns; /* chosen by the user */
	bool settling; /* rows still came, or the worst was looked for, when it was drawn last */
	bool with_rates; /* somebody recorded when the usual ones were set */
	bool with_points; /* style.points when the usual ones were set */
	struct list list;
	struct id key; /* of the selected row, where has_key */
	bool has_key;
	bool sought; /* it was selected since the last drawing, which scrolls to it */
	bool seek; /* the worst row is selected once all are there, unless the user moves before */
	bool follow; /* the newest row is the selected one, whatever comes */
	struct query_sort natural[2]; /* the order when nobody chose one */
	size_t n_natural;
	struct query_sort sort; /* chosen, where field is not NULL */
	struct list_asked asked; /* view.filter is what of it holds here */
	char unfiltered[sizeof(((struct view *)0)->filter)]; /* the filter that was taken away, or "" */
	char search[128];
	struct list_scan scan;
	struct rect rows; /* where they were drawn last; the heading is above */
	size_t *map; /* list place -> row of the result; NULL: the same */
	struct list_fold fold;
	struct same same; /* rows that others stand for are hidden */
	bool each_point; /* screen.each_point when they were looked for */
	size_t arranged_page; /* rows on the screen when it was arranged */
	bool ports; /* of the server differ between the rows */
	struct grouping grouping; /* n 0: rows stand for themselves */
	struct list_totals totals;
	struct rates rates; /* while it is recorded */
	unsigned rates_of; /* loader.asks that they are of */
	const struct cell_share *share; /* for columns of shares; NULL: there are none */
	struct cell_style style; /* of its cells; made when it is drawn */
	struct detail detail;
	struct series *over_time; /* of the selected row, for the pane; NULL before it is needed */
	struct sizes *sizes; /* likewise: of its packets */
	struct series *series; /* of the time strip; NULL before it is needed */
	struct list_extent extent; /* lists of what lies below one record */
	struct {
		unsigned change; /* of tags, when they were counted */
		size_t rows; /* there were then */
		size_t n;
	} tagged; /* of its rows; see list_view_tagged() */
};

/* Fills a zeroed *lv of a tier below `in` (NULL: everything); starts the query. */
void list_view_init(struct list_view *lv, struct screen *s, const struct view_ops *ops,
	const struct list_hooks *hooks, enum tier tier, const struct id *in);
/*
 * Rows or their number on the screen have changed: places them anew and finds the selected one
 * again.
 */
void list_view_arrange(struct list_view *lv);
/*
 * The row at the place in the list; false for the fold's line and outside. Call between
 * loader_lock() and unlock.
 */
bool list_view_row(
	const struct list_view *lv, const struct result *r, size_t place, struct row *out);

/* Remembers the selected row by its id. */
void list_view_remember(struct list_view *lv);
/* What came since a few seconds ago, of lists that are recorded (ui/list_view_rates.c). */
void list_view_take_rates(struct list_view *lv, bool changed);
/* Whether a rate is its order; puts the rows in it. Call with the result locked. */
bool list_view_by_rate(const struct list_view *lv);
void list_view_arrange_by_rate(struct list_view *lv, const struct result *r);
/* Sums up the rows (ui/list_view_totals.c). Call with the result locked. */
void list_view_sum(struct list_view *lv, const struct result *r);
/* Whether what is listed is a choice, so that its totals are said below it. */
bool list_view_has_totals(const struct list_view *lv);
void list_view_draw_totals(const struct list_view *lv, struct canvas *c, struct rect r);
/* Takes over how cells are shown now. */
void list_view_restyle(struct list_view *lv);
/* The usual columns again. */
void list_view_usual_columns(struct list_view *lv);
/* Grouping (ui/list_view_group.c); false where the request is another. */
bool list_view_group_request(struct list_view *lv, enum request r);
/* Opens the members of the selected group. */
void list_view_open_group(struct list_view *lv);
/*
 * Has *q ask for the members of the selected group alone, and says what they are called. False, and *q as it was, where none is
 * selected.
 */
bool list_view_group_question(const struct list_view *lv, struct series_question *q, char *label, size_t size);
/* Columns of groups: what they are grouped by, and sums; the former alone, which do not scroll. */
void list_view_group_columns(struct list_view *lv);
void list_view_group_heads(struct list_view *lv);
/* Capture points (ui/list_view_points.c): finds rows that are the same, before the list is arranged; hides them, behind. */
void list_view_find_same(struct list_view *lv, const struct result *r);
void list_view_hide_same(struct list_view *lv);
/* Names of the other points that saw the selected row; 0 where there are none. */
size_t list_view_same_text(const struct list_view *lv, const struct result *r, char *out, size_t size);
bool list_view_points_request(struct list_view *lv, enum request r);
/* Opens the top talkers of what is listed. */
void list_view_open_top(struct list_view *lv);
/* Trouble (ui/list_view_trouble.c): selects the worst row. */
void list_view_select_worst(struct list_view *lv, const struct result *r);
/* Looking through rows (ui/list_view_scan.c): goes to the next one that is not well, by: 1, -1. */
void list_view_go_to_trouble(struct list_view *lv, int by);
/* Goes on looking where it has not ended; says so where it was in vain. */
void list_view_scan_on(struct list_view *lv);
/* Looks no further; false where nothing was looked for. */
bool list_view_scan_stop(struct list_view *lv);
/* How far it is; false where nothing is looked for. */
bool list_view_scan_text(const struct list_view *lv, char *out, size_t size);
/* What makes one row newer than another: when it began. False where it has no time. */
bool list_view_row_time(const struct row *row, int64_t *time_ns);
/* Time (ui/list_view_time.c): asks anew where the screen's range has changed. */
void list_view_take_range(struct list_view *lv);
/* Asks for the strip's columns when the list's own first rows are there. */
void list_view_update_strip(struct list_view *lv);
/* Draws the strip at the top of the area; returns the rows that it takes. */
int list_view_draw_strip(struct list_view *lv, struct canvas *c, struct rect area);
/* Opens the map of blocks, and which of them the list's query reads. */
void list_view_open_blocks(struct list_view *lv);
/* Opens the chart of what is listed. */
void list_view_open_chart(struct list_view *lv);
/* First and last packet of a row; false where it has no time. */
bool list_view_row_span(const struct row *row, int64_t *first_ns, int64_t *last_ns);
/* Choosing columns and their widths (ui/list_view_columns.c); false where the request is another. */
bool list_view_columns_request(struct list_view *lv, enum request r);
/* Remembers the columns of this tier for further lists and runs; of groups they are not. NULL forgets them. */
void list_view_keep_columns(struct list_view *lv, const char *names);
/* Asks for the numbers over time of the selected row that the pane shows (ui/list_view_pane.c). */
void list_view_update_pane(struct list_view *lv);
/* Draws the pane. Call with the result locked. */
void list_view_draw_pane(struct list_view *lv, struct canvas *c, struct rect r, const struct result *result);
/* Tagging (ui/list_view_tags.c); false where the request is another. */
bool list_view_tag_request(struct list_view *lv, enum request r);

/* Filters of cells (ui/list_view_filter.c); false where the request is another. */
bool list_view_filter_request(struct list_view *lv, enum request r);
void list_view_filter_cell(struct list_view *lv, bool exclude);
/* A list that was just opened shows what the filter of the one above says of its rows. */
void list_view_inherit(struct list_view *lv, struct list_view *from);

/* The members of struct view_ops. */
void list_view_close(struct view *v);
void list_view_draw(struct view *v, struct canvas *c, struct rect area);
bool list_view_request(struct view *v, enum request r);
void list_view_click(struct view *v, int x, int y, bool again);
void list_view_update(struct view *v);
void list_view_refresh(struct view *v);
bool list_view_busy(const struct view *v, int *progress);
bool list_view_failed(const struct view *v, struct err *err);
bool list_view_cancel(struct view *v);
void list_view_status(const struct view *v, char *position, size_t position_size, char *state,
	size_t state_size);
enum rc list_view_set_filter(struct view *v, const char *text, struct err *err);
void list_view_take_back(struct view *v, const struct view *from);
bool list_view_count(
	const struct view *v, const struct filter *f, size_t *matched, size_t *of_rows);
void list_view_values(const struct view *v, const struct filter_wanted *wanted, const char *part,
	prompt_say say, void *ctx);
enum rc list_view_set_sort(
	struct view *v, const struct field *f, bool descending, struct err *err);
enum rc list_view_set_columns(struct view *v, const char *names, struct err *err);
bool list_view_columns(const struct view *v, char *out, size_t size);
enum rc list_view_set_group(struct view *v, const char *names, struct err *err);
enum rc list_view_go_to_time(struct view *v, int64_t time_ns, struct err *err);
bool list_view_search(struct view *v, const char *text, int by);
size_t list_view_lines(const struct view *v, int width, size_t max);
bool list_view_selected(const struct view *v, struct id *out);
bool list_view_span(const struct view *v, int64_t *first_ns, int64_t *last_ns);
bool list_view_step(struct view *v, int by, struct id *out);
size_t list_view_tagged(const struct view *v);
bool list_view_place(const struct view *v, struct place_step *out);
void list_view_select_id(struct view *v, const struct id *id);

#define LIST_VIEW_OPS_OF_ALL                                                         \
	.click = list_view_click, .failed = list_view_failed, .draw = list_view_draw,     \
	.refresh = list_view_refresh, \
	.cancel = list_view_cancel, .status = list_view_status,                           \
	.set_filter = list_view_set_filter, .take_back = list_view_take_back,             \
	.count = list_view_count, .values = list_view_values, .set_sort = list_view_set_sort,               \
	.set_columns = list_view_set_columns, .columns = list_view_columns,                     \
	.go_to_time = list_view_go_to_time,         \
	.search = list_view_search, .lines = list_view_lines, .selected = list_view_selected, .step = list_view_step, \
	.span = list_view_span, .tagged = list_view_tagged, .place = list_view_place,                     \
	.select_id = list_view_select_id
#define LIST_VIEW_OPS_BUT_REQUEST                                                         \
	LIST_VIEW_OPS_OF_ALL, .close = list_view_close, .update = list_view_update, .busy = list_view_busy
#define LIST_VIEW_OPS LIST_VIEW_OPS_BUT_REQUEST, .request = list_view_request

#endif
