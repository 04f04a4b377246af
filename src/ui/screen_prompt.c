/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the prompt asks for, and what becomes of the answer. */
#include "base/text.h"
#include "query/filter.h"
#include "ui/command.h"
#include "ui/filters.h"
#include "ui/no_use.h"
#include "ui/program.h"
#include "ui/save.h"
#include "ui/screen.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = 160 };

static void say_error(struct screen *s, const struct err *err)
{
	if (err->has_offset)
		snprintf(s->message.text, sizeof(s->message.text), "column %llu: %s",
			(unsigned long long)err->offset + 1, err->why);
	else
		snprintf(s->message.text, sizeof(s->message.text), "%s: %s", err->what,
			err->why);
	s->message.bad = true;
}

/* The name that what is written gets if nobody says another. */
static bool proposed_name(struct screen *s, char *out, size_t size)
{
	const struct view *v = screen_top(s);
	int64_t from_ns, to_ns;
	const struct id *ids;
	char text[ID_TEXT];
	struct err err;
	struct id id;
	size_t n;

	if (v->ops->chosen != NULL && !v->ops->chosen(v, &ids, &n, &from_ns, &to_ns)) {
		screen_say(s, "there is nothing to write");
		return false;
	}
	if (v->ops->chosen != NULL)
		return snprintf(out, size, "%s.pcapng", v->ops->name) > 0;
	if (tags_chosen(s, &id, &ids, &n, &err) != RC_DONE) {
		screen_fail(s, &err);
		return false;
	}
	if (n > 1)
		return snprintf(out, size, "tagged.pcapng") > 0;
	id_format(text, sizeof(text), &ids[0]);
	for (char *c = text; *c != '\0'; c++)
		if (*c == ':')
			*c = '-';
	snprintf(out, size, "%s.pcapng", text);
	return true;
}

/* What stands before the prompt; `room` for what is tagged. */
/* ---- while it is typed -------------------------------------------------------------------- */

static void check_good(struct screen *s, const struct filter *f)
{
	const struct view *v = screen_top(s);
	char matched[TEXT_NUMBER], rows[TEXT_NUMBER];
	size_t n, of;

	s->check.attr = ATTR_GOOD;
	if (v->ops->count != NULL && v->ops->count(v, f, &n, &of)) {
		text_count(matched, sizeof(matched), n);
		text_count(rows, sizeof(rows), of);
		snprintf(s->check.text, sizeof(s->check.text), "matches %s of %s %s", matched, rows,
			of == 1 ? tier_singular(v->tier) : tier_plural(v->tier));
	} else {
		snprintf(s->check.text, sizeof(s->check.text), "Enter shows what matches");
	}
}

/* What only lacks its end is not wrong yet, and the last word may still become right. */
static void check_bad(struct screen *s, const char *text, const struct err *err)
{
	bool ends = !err->has_offset || err->offset >= strlen(text);
	bool last = !ends && strchr(text + err->offset, ' ') == NULL;

	s->check.attr = ends ? ATTR_DIM : last ? ATTR_WARN : ATTR_BAD;
	if (ends)
		snprintf(s->check.text, sizeof(s->check.text), "%s", err->why);
	else
		snprintf(s->check.text, sizeof(s->check.text), "column %llu: %s",
			(unsigned long long)err->offset + 1, err->why);
}

/* Says before Enter what is wrong with a filter, and where, or what it will show. */
static void check_line(struct screen *s)
{
	const char *line = prompt_line(s->prompt);
	char text[sizeof(screen_top(s)->filter)];
	struct filter *f = NULL;
	struct err err = { 0 };

	s->check.text[0] = '\0';
	if (!prompt_is_open(s->prompt) || prompt_kind(s->prompt) != PROMPT_FILTER)
		return;
	if (filters_expand(s, line, text, sizeof(text), &err) != RC_DONE) {
		check_bad(s, line, &err);
		return;
	}
	if (filter_compile(text, screen_top(s)->tier, &f, &err) == RC_DONE) {
		if (f != NULL)
			check_good(s, f);
	} else {
		/* columns of what a name stands for are not those of the line */
		err.has_offset &= strcmp(text, line) == 0;
		check_bad(s, text, &err);
	}
	filter_free(f);
}

/* ---- answers -------------------------------------------------------------------------------- */

static const char *label(const struct screen *s, enum prompt_kind kind, char *room, size_t size)
{
	char tags[96];

	switch (kind) {
	case PROMPT_FILTER: return " filter: ";
	case PROMPT_SEARCH: return " search: ";
	case PROMPT_WRITE:
		if (screen_top(s)->ops->chosen != NULL)
			return " write all packets of this view to: ";
		if (tags_text(s, tags, sizeof(tags)) == 0)
			return " write packets to: ";
		snprintf(room, size, " write %s, to: ", tags);
		return room;
	case PROMPT_PIPE: return " packets into: ! ";
	case PROMPT_COMMAND: break;
	}
	return " :";
}

void screen_prompt_open(struct screen *s, enum prompt_kind kind)
{
	struct view *v = screen_top(s);
	const char *text = "";
	char name[64], before[LABEL_MAX];

	enum request asked = kind == PROMPT_FILTER ? REQ_FILTER : REQ_SEARCH;

	/* text is not filtered, but searched */
	if (kind == PROMPT_FILTER && v->ops->set_filter == NULL)
		kind = PROMPT_SEARCH;
	if (kind == PROMPT_FILTER)
		text = v->filter;
	if (kind == PROMPT_SEARCH && v->ops->search == NULL) {
		no_use_say(s, asked);
		return;
	}
	if (kind == PROMPT_WRITE) {
		if (!proposed_name(s, name, sizeof(name)))
			return;
		text = name;
	}
	prompt_open(s->prompt, kind, label(s, kind, before, sizeof(before)), text, strlen(text));
}

static enum rc answer(
	struct screen *s, enum prompt_kind kind, const char *text, struct err *err)
{
	struct view *v = screen_top(s);

	switch (kind) {
	case PROMPT_FILTER: return filters_apply(s, text, err);
	case PROMPT_SEARCH:
		if (!v->ops->search(v, text, 1) && text[0] != '\0')
			screen_say(s, v->ops->set_filter != NULL ? "'%s' is in no column on the screen" : "'%s' is not in it", text);
		return RC_DONE;
	case PROMPT_WRITE:
		return text[0] != '\0' ? save_chosen(s, text, err) : RC_DONE;
	case PROMPT_PIPE: return text[0] != '\0' ? program_start(s, text, err) : RC_DONE;
	case PROMPT_COMMAND: break;
	}
	return command_run(s, text, err);
}

/* What was wrong can be mended: the prompt opens again with the cursor where the error is. */
void screen_prompt_key(struct screen *s, uint32_t key)
{
	enum prompt_kind kind = prompt_kind(s->prompt);
	struct err err = { 0 };
	char text[4096], before[LABEL_MAX];
	size_t column;

	if (prompt_key(s->prompt, key) != PROMPT_DONE) {
		check_line(s);
		return;
	}
	s->check.text[0] = '\0';
	snprintf(text, sizeof(text), "%s", prompt_text(s->prompt));
	if (answer(s, kind, text, &err) == RC_DONE)
		return;
	if ((kind == PROMPT_FILTER && err.rc == RC_SYNTAX) || kind == PROMPT_WRITE) {
		column = err.has_offset && err.offset < strlen(text) ? (size_t)err.offset
								     : strlen(text);
		prompt_open(s->prompt, kind, label(s, kind, before, sizeof(before)), text, column);
	}
	say_error(s, &err);
}
