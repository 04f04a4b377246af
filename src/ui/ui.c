/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/ui.h"

#include "base/mem.h"
#include "base/text.h"
#include "ui/batch.h"
#include "ui/config.h"
#include "ui/loop.h"
#include "ui/screen.h"
#include "ui/term.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

enum { SCRIPT_W = 80, SCRIPT_H = 24, PAGE_W = 160 };

static bool is_headless(const struct ui_options *o)
{
	return o->batch != NULL || o->script != NULL || o->keys != NULL || o->dump != NULL;
}

/* Nothing of the user's is read without a terminal, unless it is asked for. out->config is to be taken over, or freed. */
static enum rc take_options(
	struct screen_options *out, const struct ui_options *o, struct err *err)
{
	enum rc rc = RC_DONE;

	out->title = o->title;
	out->filter = o->filter;
	out->ascii = o->ascii;
	out->fresh = o->fresh;
	out->state = o->state == NULL && is_headless(o) ? "" : o->state;
	out->config = config_new();
	if (out->config == NULL)
		return err_memory(err);
	if (o->config != NULL || !is_headless(o))
		rc = config_read(out->config, o->config, err);
	if (rc != RC_DONE)
		mem_free(out->config);
	return rc;
}

/* A file that could not be indexed is told once more when the screen is gone. */
static enum rc index_result(const struct screen *s, struct err *err)
{
	if (s->index_err.rc != RC_DONE && err != NULL)
		*err = s->index_err;
	return s->index_err.rc;
}

/* Where the screen was: what is wrong with the configuration, line by line. */
static void say_errors(char errors[][CONFIG_ERROR_MAX], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[CONFIG_ERROR_MAX * 2];

		text_escape_to(text, sizeof(text), errors[i], strlen(errors[i]));
		fprintf(stderr, "flowdrill: %s\n", text);
	}
}

static void close_screen(struct screen *s, struct terminal *t)
{
	const struct config *c = s->config;
	size_t n = c->n_errors < CONFIG_ERRORS ? c->n_errors : CONFIG_ERRORS;
	char errors[CONFIG_ERRORS][CONFIG_ERROR_MAX];

	memcpy(errors, c->errors, sizeof(errors));
	screen_close(s);
	term_close(t);
	say_errors(errors, n);
}

static enum rc run_headless(struct session *s, const struct ui_options *o, struct err *err)
{
	struct screen_options options = { .history = "" };
	struct screen screen;
	enum rc rc = take_options(&options, o, err);

	if (rc != RC_DONE)
		return rc;
	if (o->batch != NULL)
		options.filter = NULL; /* the named view's */
	options.w = o->width_cells > 0 ? (int)o->width_cells : o->batch != NULL ? PAGE_W : SCRIPT_W;
	options.h = o->height_cells > 0 ? (int)o->height_cells : SCRIPT_H;
	rc = screen_open(&screen, s, &options, err);
	if (rc != RC_DONE)
		return rc;
	rc = batch_run(&screen, o, err);
	if (rc == RC_DONE)
		rc = index_result(&screen, err);
	close_screen(&screen, NULL);
	return rc;
}

static enum rc run_terminal(struct session *s, const struct ui_options *o, struct err *err)
{
	struct term_options term_options = { .ascii = o->ascii, .no_color = o->no_color };
	struct screen_options options = { 0 };
	struct terminal *t;
	struct screen screen;
	enum rc rc = take_options(&options, o, err);

	if (rc != RC_DONE)
		return rc;
	term_options.theme = &options.config->theme;
	rc = term_open(&term_options, &t, err);
	if (rc != RC_DONE) {
		mem_free(options.config);
		return rc;
	}
	options.ascii = term_ascii(t);
	term_size(t, &options.w, &options.h);
	rc = screen_open(&screen, s, &options, err);
	if (rc == RC_DONE) {
		loop_run(&screen, t);
		rc = index_result(&screen, err);
		close_screen(&screen, t);
	} else {
		term_close(t);
	}
	return rc;
}

enum rc ui_run(struct session *s, const struct ui_options *options, struct err *err)
{
	setlocale(LC_CTYPE, "");
	return is_headless(options) ? run_headless(s, options, err) : run_terminal(s, options, err);
}
