/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/batch.h"

#include "ui/script.h"
#include "ui/ui.h"
#include "ui/view_table.h"

/* A canvas has room for so many rows: who wants more wants `flowdrill list`. */
enum { ROWS_MAX = 4000 };

/* On top of the first view; what the filter is for is the view itself. */
static enum rc open_view(struct screen *s, const struct ui_options *o, struct err *err)
{
	enum rc rc = view_open_named(s, o->batch, o->in, err);
	struct view *v = screen_top(s);

	if (rc != RC_DONE || o->filter == NULL || o->filter[0] == '\0')
		return rc;
	if (v->ops->set_filter == NULL)
		return err_set(err, RC_USAGE, o->batch, "takes no filter");
	return v->ops->set_filter(v, o->filter, err);
}

/* All that the view has to show, or as much of it as the size asked for has room for. */
static enum rc write_view(struct screen *s, const struct ui_options *o, const char *path, struct err *err)
{
	struct view *v = screen_top(s);
	int w = s->canvas->w, h = s->canvas->h;
	struct canvas *c;
	enum rc rc;

	if (o->height_cells == 0 && v->ops->lines != NULL)
		h = (int)v->ops->lines(v, w, ROWS_MAX);
	rc = canvas_new(w, h, s->canvas->ascii, &c, err);
	if (rc != RC_DONE)
		return rc;
	v->ops->draw(v, c, (struct rect){ 0, 0, w, h });
	while (c->h > 1 && canvas_is_blank(c, c->h - 1))
		c->h--;
	rc = script_write(c, path, o->ansi ? canvas_dump_ansi : canvas_dump, err);
	canvas_free(c);
	return rc;
}

/* An answer that could not be had is no answer. */
static enum rc failure(struct screen *s, struct err *err)
{
	const struct view *v = screen_top(s);

	if (v->ops->failed != NULL && v->ops->failed(v, err))
		return err->rc;
	return RC_DONE;
}

enum rc batch_run(struct screen *s, const struct ui_options *o, struct err *err)
{
	const char *path = o->dump != NULL ? o->dump : o->batch != NULL || o->keys != NULL ? "-" : NULL;
	enum rc rc = RC_DONE;

	s->printing = o->batch != NULL;
	if (s->printing)
		range_init(&s->range);       /* who reads it cannot ask for more */
	if (o->batch != NULL)
		rc = script_press(s, "", err); /* a packet is there once it is indexed */
	if (rc == RC_DONE && o->batch != NULL)
		rc = open_view(s, o, err);
	if (rc == RC_DONE && o->script != NULL)
		rc = script_run(s, o->script, err);
	if (rc == RC_DONE && path != NULL)
		rc = script_press(s, o->keys != NULL ? o->keys : "", err);
	if (rc == RC_DONE && path != NULL)
		rc = failure(s, err);
	if (rc != RC_DONE || path == NULL || s->quit)
		return rc;
	if (o->batch != NULL)
		return write_view(s, o, path, err);
	return script_write(s->canvas, path, o->ansi ? canvas_dump_ansi : canvas_dump, err);
}
