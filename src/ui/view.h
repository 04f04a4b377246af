/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Views: what fills the screen between the top line and the hints. A view is an ops table and a
 * struct that begins with struct view. Views lie on a stack: opening one puts it on top, going
 * back takes it off, and the one below is as it was left.
 *
 * Views draw into the canvas, answer requests (never keys), and ask the screen for everything
 * else (ui/screen.h). They never wait for a query. The screen owns them; close() frees what a
 * view owns and the view itself.
 */
#ifndef FLOWDRILL_UI_VIEW_H
#define FLOWDRILL_UI_VIEW_H

#include "flow/record.h"
#include "ui/canvas.h"
#include "ui/keymap.h"

struct filter;
struct filter_wanted;
struct field;
struct query_sort;
struct screen;
struct view;
struct place_step;

enum { VIEW_CRUMB_MAX = 128 };

/* A key to be shown at the bottom; text NULL: the keymap's word. */
struct view_hint {
	enum request request;
	const char *text;
};

struct view_ops {
	const char *name;
	const struct view_hint *hints; /* most useful first; ended by REQ_NONE */
	void (*close)(struct view *v);
	void (*draw)(struct view *v, struct canvas *c, struct rect area);
	/* False where the view does not know the request. */
	bool (*request)(struct view *v, enum request r);
	/*
	 * May be NULL: looks whether background work brought something. Called before each
	 * drawing.
	 */
	void (*update)(struct view *v);
	/* May be NULL: something new was published. */
	void (*refresh)(struct view *v);
	/*
	 * May be NULL: whether background work is under way; its progress in 0..1000, -1
	 * unknown.
	 */
	bool (*busy)(const struct view *v, int *progress);
	/* May be NULL: why the query failed, where it did. */
	bool (*failed)(const struct view *v, struct err *err);
	/* May be NULL: stops what the user waits for; false where there is nothing to stop. */
	bool (*cancel)(struct view *v);
	/* May be NULL: "3/120", and what is unusual (filter, order) for the last line. */
	void (*status)(const struct view *v, char *position, size_t position_size, char *state,
		size_t state_size);

	/*
	 * May be NULL: it fills whatever room there is. Else the rows that it takes to show all at this width, at most
	 * `max`.
	 */
	size_t (*lines)(const struct view *v, int width, size_t max);

	/* May be NULL: a click where nothing else is; `again`: the second one on this row. */
	void (*click)(struct view *v, int x, int y, bool again);

	/* Lists; NULL elsewhere. */
	enum rc (*set_filter)(struct view *v, const char *text, struct err *err);
	/* The view on top is about to be left for this one: its filter may go along. */
	void (*take_back)(struct view *v, const struct view *from);
	/* How many of the rows that are there match; false where there are too many to look at each. */
	bool (*count)(const struct view *v, const struct filter *f, size_t *matched, size_t *of_rows);
	/* Values of fields in the rows that are there which begin with `part`, as a filter writes them. */
	void (*values)(const struct view *v, const struct filter_wanted *wanted, const char *part,
		void (*say)(void *ctx, const char *word, const char *help), void *ctx);
	enum rc (*set_sort)(
		struct view *v, const struct field *f, bool descending, struct err *err);
	enum rc (*set_columns)(struct view *v, const char *names, struct err *err);
	/* The columns as set_columns() takes them; false where nobody chose them. */
	bool (*columns)(const struct view *v, char *out, size_t size);
	/* Groups by fields ("client,server"); "": not. NULL where rows cannot be grouped. */
	enum rc (*set_group)(struct view *v, const char *names, struct err *err);
	enum rc (*go_to_time)(struct view *v, int64_t time_ns, struct err *err);
	/*
	 * Searches for text from the selected row on (by: 1, -1); NULL repeats. False where it
	 * is not there.
	 */
	bool (*search)(struct view *v, const char *text, int by);
	/* The id of what is selected (a packet view: of its packet); false where nothing is. */
	bool (*selected)(const struct view *v, struct id *out);
	/* May be NULL: the time of what is selected, first and last packet; false where nothing is. */
	bool (*span)(const struct view *v, int64_t *first_ns, int64_t *last_ns);
	/* How many of its rows are tagged. */
	size_t (*tagged)(const struct view *v);
	/* May be NULL: how to open it again (ui/place.h); false where that is not possible. */
	bool (*place)(const struct view *v, struct place_step *out);
	/* Lists: selects this row, or else will when it comes. */
	void (*select_id)(struct view *v, const struct id *id);
	/* Selects the row before or behind and says its id: what a view above shows next. */
	bool (*step)(struct view *v, int by, struct id *out);
	/*
	 * May be NULL: what `w` writes where that is neither the selected row nor what is tagged: what lies below these records
	 * between two times. The list is the view's. False where there is nothing.
	 */
	bool (*chosen)(const struct view *v, const struct id **ids, size_t *n, int64_t *from_ns, int64_t *to_ns);
	/* May be NULL: writes the payload that is shown to a new file, and says so. */
	enum rc (*save_payload)(struct view *v, const char *path, struct err *err);
};

struct view {
	const struct view_ops *ops;
	struct screen *screen;
	enum tier tier; /* of its rows, where it has some */
	bool stale; /* something was published while it was not on top */
	char filter[1024]; /* that holds here; lists only */
	bool filter_typed; /* by the user, in this view */
	char group[128]; /* what its rows are grouped by, "" nothing; lists only */
	/*
	 * Its part of the breadcrumb: one or two steps (a macroflow is a window and a service),
	 * "" for none.
	 */
	char crumb[2][VIEW_CRUMB_MAX];
};

/*
 * The views. Each returns NULL when there is no memory. `crumbs`: see struct view, set by
 * whoever opens.
 */
/* `ports`: the server's port differs between the rows (services called dynamic). */
struct view *view_records_new(
	struct screen *s, enum tier tier, const struct id *in, bool ports);
struct view *view_packets_new(struct screen *s, const struct id *in);
struct view *view_packet_new(struct screen *s, const struct id *packet, struct err *err);
/* Top talkers of what a list of records shows; NULL with *err set. */
struct view *view_top_new(
	struct screen *s, enum tier tier, const struct id *in, const char *filter, struct err *err);
/* Bytes of its frame that stand out while the packet is the same; len 0: none. */
void view_packet_mark(struct view *packet, uint32_t offset, uint32_t len);
/* Chooses the columns of a list. */
struct list_view;
struct view *view_columns_new(struct screen *s, const struct list_view *of);
struct view *view_sort_new(struct screen *s, const struct view *of);
struct view *view_help_new(struct screen *s);
struct view *view_events_new(struct screen *s);
/* Runs a line of the shell with `input` (taken over) as its standard input. */
struct view *view_program_new(struct screen *s, const char *line, int input, struct err *err);

#endif
