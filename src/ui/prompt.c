/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prompt.h"

#include "base/mem.h"
#include "base/text.h"
#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/prompt_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>
#include <readline/history.h>

enum { WORDS_MAX = 64, WORD_MAX = 64, HELP_MAX = 96, TEXT_MAX = 4096 };

struct prompt {
	prompt_complete complete;
	void *ctx;
	struct history history;
	enum prompt_kind kind;
	bool open, done;
	char label[96];
	char text[TEXT_MAX];
	FILE *null; /* what readline has for a terminal */
	/* what Tab found last */
	char words[WORDS_MAX][WORD_MAX];
	char help[HELP_MAX]; /* of the first */
	size_t n_words;
};

/* Readline's callbacks have no context. */
static struct prompt *current;
static struct {
	char bytes[16];
	size_t at, n;
} fed;

static int feed_getc(FILE *file)
{
	(void)file;
	return fed.at < fed.n ? (unsigned char)fed.bytes[fed.at++] : EOF;
}

static int feed_available(void)
{
	return fed.at < fed.n;
}

static void no_display(void)
{
}

static void no_prep(int meta)
{
	(void)meta;
}

static void on_line(char *line)
{
	if (current != NULL) {
		current->done = true;
		snprintf(current->text, sizeof(current->text), "%s", line != NULL ? line : "");
	}
	rl_callback_handler_remove();
	free(line);
}

/* Once: readline is told to touch no terminal, no signal, no environment. */
static void set_up_readline(FILE *null)
{
	rl_readline_name = "flowdrill";
	rl_instream = null;
	rl_outstream = null;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_getc_function = feed_getc;
	rl_input_available_hook = feed_available;
	rl_redisplay_function = no_display;
	rl_prep_term_function = no_prep;
	rl_deprep_term_function = no_display;
	rl_initialize();
	rl_variable_bind("bell-style", "none");
	rl_variable_bind("editing-mode", "emacs");
	rl_variable_bind("enable-bracketed-paste", "off");
	rl_bind_key('\t', rl_insert);
}

enum rc prompt_new(const char *history_path, prompt_complete complete, void *ctx,
	struct prompt **out, struct err *err)
{
	struct prompt *p = mem_calloc(1, sizeof(*p));

	if (p == NULL)
		return err_memory(err);
	p->null = fopen("/dev/null", "r+e");
	if (p->null == NULL) {
		mem_free(p);
		return err_errno(err, "/dev/null", "cannot open");
	}
	p->complete = complete;
	p->ctx = ctx;
	history_load(&p->history, history_path);
	set_up_readline(p->null);
	*out = p;
	return RC_DONE;
}

static void close_prompt(struct prompt *p)
{
	if (!p->open)
		return;
	if (!p->done)
		rl_callback_handler_remove();
	p->open = false;
	p->n_words = 0;
	current = NULL;
}

void prompt_free(struct prompt *p)
{
	if (p == NULL)
		return;
	close_prompt(p);
	rl_clear_history();
	rl_instream = rl_outstream = NULL;
	history_free(&p->history);
	fclose(p->null);
	mem_free(p);
}

void prompt_open(struct prompt *p, enum prompt_kind kind, const char *label, const char *text,
	size_t column)
{
	close_prompt(p);
	p->kind = kind;
	p->open = true;
	p->done = false;
	p->n_words = 0;
	snprintf(p->label, sizeof(p->label), "%s", label);
	current = p;
	rl_clear_history();
	for (size_t i = 0; i < p->history.n; i++)
		if (p->history.lines[i][0] == (char)kind)
			add_history(p->history.lines[i] + 1);
	using_history();
	rl_callback_handler_install("", on_line);
	rl_insert_text(text);
	if (column < (size_t)rl_end)
		rl_point = (int)column;
}

bool prompt_is_open(const struct prompt *p)
{
	return p->open;
}

enum prompt_kind prompt_kind(const struct prompt *p)
{
	return p->kind;
}

const char *prompt_text(const struct prompt *p)
{
	return p->text;
}

const char *prompt_line(const struct prompt *p)
{
	return p->open ? rl_line_buffer : "";
}

bool prompt_has_words(const struct prompt *p)
{
	return p->open && p->n_words > 0;
}

/*
 * ---- completion ---------------------------------------------------------------------------
 */

static void take_word(void *ctx, const char *word, const char *help)
{
	struct prompt *p = ctx;

	if (p->n_words == WORDS_MAX || strlen(word) >= WORD_MAX)
		return;
	for (size_t i = 0; i < p->n_words; i++)
		if (strcmp(p->words[i], word) == 0)
			return;
	if (p->n_words == 0)
		snprintf(p->help, sizeof(p->help), "%s", help != NULL ? help : "");
	snprintf(p->words[p->n_words++], WORD_MAX, "%s", word);
}

/* Length of what all words begin with. */
static size_t common_length(const struct prompt *p)
{
	size_t len = strlen(p->words[0]);

	for (size_t i = 1; i < p->n_words; i++)
		for (size_t k = 0; k < len; k++)
			if (p->words[i][k] != p->words[0][k])
				len = k;
	return len;
}

static void complete(struct prompt *p)
{
	char text[TEXT_MAX], word[WORD_MAX + 1];
	size_t start = 0, typed, common;
	int point = rl_point;

	p->n_words = 0;
	if (p->complete == NULL || (size_t)point >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s", point, rl_line_buffer);
	p->complete(p->ctx, p->kind, text, &start, take_word, p);
	if (p->n_words == 0 || start > (size_t)point)
		return;
	typed = (size_t)point - start;
	common = common_length(p);
	if (common < typed || (common == typed && p->n_words > 1))
		return;
	snprintf(word, sizeof(word), "%.*s%s", (int)common, p->words[0],
		p->n_words == 1 && (common == 0 || p->words[0][common - 1] != '/') ? " " : "");
	rl_begin_undo_group();
	rl_delete_text((int)start, point);
	rl_point = (int)start;
	rl_insert_text(word);
	rl_end_undo_group();
}

/*
 * ---- keys -----------------------------------------------------------------------------------
 */

static void feed(const char *bytes, size_t n)
{
	if (n > sizeof(fed.bytes))
		return;
	memcpy(fed.bytes, bytes, n);
	fed.at = 0;
	fed.n = n;
	while (fed.at < fed.n && current != NULL && !current->done)
		rl_callback_read_char();
}

/* Keys that have no byte of their own; false where it is none of them. */
static bool edit_key(uint32_t key)
{
	switch (key) {
	case UKEY_UP: rl_get_previous_history(1, 0); return true;
	case UKEY_DOWN: rl_get_next_history(1, 0); return true;
	case UKEY_LEFT: rl_backward_char(1, 0); return true;
	case UKEY_RIGHT: rl_forward_char(1, 0); return true;
	case UKEY_HOME: rl_beg_of_line(1, 0); return true;
	case UKEY_END: rl_end_of_line(1, 0); return true;
	case UKEY_DELETE:
	case UKEY_CTRL('D'):
		if (rl_point < rl_end)
			rl_delete(1, 0);
		return true;
	default: return key > 0x10ffff;
	}
}

/* Backspace in an empty line leaves the prompt, as in vim and less. */
static bool is_cancel(uint32_t key)
{
	return key == UKEY_ESCAPE || key == UKEY_CTRL('C') ||
		(key == UKEY_BACKSPACE && rl_end == 0);
}

enum prompt_state prompt_key(struct prompt *p, uint32_t key)
{
	char utf8[8];

	if (!p->open || is_cancel(key)) {
		rl_replace_line("", 1);
		close_prompt(p);
		return PROMPT_CANCELLED;
	}
	if (key == UKEY_TAB) {
		complete(p);
		return PROMPT_TYPING;
	}
	p->n_words = 0;
	if (edit_key(key))
		return PROMPT_TYPING;
	if (key == UKEY_ENTER || key >= 0x20)
		feed(utf8,
			key == UKEY_ENTER ? (size_t)snprintf(utf8, sizeof(utf8), "\n")
					  : key_utf8(utf8, sizeof(utf8), key));
	else
		feed(&(char){ (char)key }, 1);
	if (!p->done)
		return PROMPT_TYPING;
	history_add(&p->history, (char)p->kind, p->text);
	close_prompt(p);
	return PROMPT_DONE;
}

/*
 * ---- drawing --------------------------------------------------------------------------------
 */

void prompt_draw(const struct prompt *p, struct canvas *c, int y)
{
	const char *line = rl_line_buffer;
	char before[TEXT_MAX];
	int x, room, skip = 0;

	canvas_fill(c, (struct rect){ 0, y, c->w, 1 }, ATTR_NORMAL);
	x = canvas_text(c, 0, y, c->w / 2, ATTR_PROMPT, p->label);
	room = c->w - x - 1;
	/* the part before the cursor must fit: begin later in the line where it does not */
	do {
		snprintf(before, sizeof(before), "%.*s", rl_point - skip, line + skip);
		if (canvas_width(c, before) <= room)
			break;
		do
			skip++;
		while (skip < rl_point && ((unsigned char)line[skip] & 0xc0) == 0x80);
	} while (skip < rl_point);
	canvas_text(c, x, y, room + 1, ATTR_NORMAL, line + skip);
	if (skip > 0)
		canvas_glyph(c, x > 0 ? x - 1 : 0, y, ATTR_KEY, GLYPH_ELLIPSIS);
	c->cursor_x = x + canvas_width(c, before);
	c->cursor_y = y;
}

bool prompt_draw_words(const struct prompt *p, struct canvas *c, int y)
{
	int x = 1;

	if (!p->open || p->n_words == 0)
		return false;
	for (size_t i = 0; i < p->n_words; i++) {
		int left = c->w - x - 2;

		if (canvas_width(c, p->words[i]) > left - (i + 1 < p->n_words ? 10 : 0)) {
			canvas_printf(c, x, y, left + 2, ATTR_DIM, "%zu more", p->n_words - i);
			return true;
		}
		x += canvas_text(c, x, y, left, ATTR_KEY, p->words[i]) + 2;
	}
	if (p->n_words == 1)
		canvas_text(c, x, y, c->w - x, ATTR_DIM, p->help);
	return true;
}
