/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prompt in the bottom line: readline in callback mode, fed with keys and drawn by us, so
 * that it works in a script without a terminal. History by kind of prompt, kept in a file
 * (ui/prompt_history.h). Completion is the caller's.
 *
 * Readline is process-wide: one prompt at a time. One thread.
 */
#ifndef FLOWDRILL_UI_PROMPT_H
#define FLOWDRILL_UI_PROMPT_H

#include "base/err.h"

#include <stddef.h>

struct canvas;
struct prompt;

/* Also the character that history lines of this kind begin with. */
enum prompt_kind {
	PROMPT_FILTER = '/',
	PROMPT_COMMAND = ':',
	PROMPT_SEARCH = '*',
	PROMPT_WRITE = 'w',
	PROMPT_PIPE = '!'
};
enum prompt_state { PROMPT_TYPING, PROMPT_DONE, PROMPT_CANCELLED };

/*
 * Words that may stand at the end of `text`: each through say(); *start is the column where the
 * word begins.
 */
typedef void (*prompt_say)(void *ctx, const char *word, const char *help);
typedef void (*prompt_complete)(void *ctx, enum prompt_kind kind, const char *text,
	size_t *start, prompt_say say, void *say_ctx);

/*
 * `history_path` NULL: the user's ($XDG_STATE_HOME/flowdrill/history, else ~/.local/state/…);
 * "": none is kept.
 */
enum rc prompt_new(const char *history_path, prompt_complete complete, void *ctx,
	struct prompt **out, struct err *err);
void prompt_free(struct prompt *p);
/*
 * Opens with a label ("filter: ") and text to begin with; `column` is the cursor's place in it
 * in bytes, or its end.
 */
void prompt_open(struct prompt *p, enum prompt_kind kind, const char *label, const char *text,
	size_t column);
bool prompt_is_open(const struct prompt *p);
enum prompt_kind prompt_kind(const struct prompt *p);
/*
 * When done, prompt_text() is what was typed, and it is in the history; the prompt is closed
 * when done or cancelled.
 */
enum prompt_state prompt_key(struct prompt *p, uint32_t key);
const char *prompt_text(const struct prompt *p);
/* What is being typed; valid until the next key. */
const char *prompt_line(const struct prompt *p);
/* Whether Tab has found words, which stand in the line above. */
bool prompt_has_words(const struct prompt *p);
/* The line with its cursor; and the words that Tab found, in the line above. */
void prompt_draw(const struct prompt *p, struct canvas *c, int y);
/* False where there are none. */
bool prompt_draw_words(const struct prompt *p, struct canvas *c, int y);

#endif
