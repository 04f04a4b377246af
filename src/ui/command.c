/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/command.h"

#include "base/text.h"
#include "flow/field.h"
#include "query/filter.h"
#include "ui/chart.h"
#include "ui/config.h"
#include "ui/crumbs.h"
#include "ui/filters.h"
#include "ui/program.h"
#include "ui/rates.h"
#include "ui/save.h"
#include "ui/setting.h"
#include "ui/state.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static enum rc not_here(struct err *err, const char *what)
{
	return err_set(err, RC_USAGE, what, "works in lists only");
}

/* A name alone is that of a saved filter, unless it is a filter by itself. */
static enum rc run_filter(struct screen *s, const char *arguments, struct err *err)
{
	struct view *v = screen_top(s);
	const char *named = filters_find(s, arguments);

	if (v->ops->set_filter == NULL)
		return not_here(err, "filter");
	return filters_apply(s, named != NULL ? named : arguments, err);
}

static enum rc run_filter_save(struct screen *s, const char *arguments, struct err *err)
{
	return filters_save(s, arguments, err);
}

static enum rc run_sort(struct screen *s, const char *arguments, struct err *err)
{
	struct view *v = screen_top(s);
	bool descending = arguments[0] == '-';
	const struct field *f;

	if (v->ops->set_sort == NULL)
		return not_here(err, "sort");
	if (arguments[0] == '\0')
		return v->ops->set_sort(v, NULL, false, err);
	f = cell_field_find(arguments + (descending ? 1 : 0), v->tier);
	/* what the screen makes up for its columns is in no row, but for rates */
	if (f == NULL || (f != field_find(f->name, v->tier) && !rates_is_field(f)))
		return err_set(err, RC_USAGE, "sort", "%s have no field '%s'",
			tier_plural(v->tier), arguments + (descending ? 1 : 0));
	return v->ops->set_sort(v, f, descending, err);
}

static enum rc run_columns(struct screen *s, const char *arguments, struct err *err)
{
	struct view *v = screen_top(s);

	return v->ops->set_columns != NULL ? v->ops->set_columns(v, arguments, err)
					   : not_here(err, "columns");
}

static enum rc run_group(struct screen *s, const char *arguments, struct err *err)
{
	struct view *v = screen_top(s);

	if (v->ops->set_group == NULL)
		return err_set(err, RC_USAGE, "group", "only macroflows, flows and microflows can be grouped");
	return v->ops->set_group(v, arguments, err);
}

static enum rc run_export(struct screen *s, const char *arguments, struct err *err)
{
	if (arguments[0] == '\0')
		return err_set(err, RC_USAGE, "export", "to which file?");
	return save_chosen(s, arguments, err);
}

static enum rc run_goto(struct screen *s, const char *arguments, struct err *err)
{
	struct view *v = screen_top(s);
	int64_t time_ns;
	enum rc rc;

	if (v->ops->go_to_time == NULL)
		return not_here(err, "goto");
	rc = range_parse_time(s, arguments, &time_ns, err);
	return rc == RC_DONE ? v->ops->go_to_time(v, time_ns, err) : rc;
}

static enum rc run_chart(struct screen *s, const char *arguments, struct err *err)
{
	return view_chart_set_fields(s, arguments, err);
}

static enum rc run_blocks(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	screen_request(s, REQ_BLOCKS);
	return RC_DONE;
}

static enum rc run_events(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	screen_request(s, REQ_EVENTS);
	return RC_DONE;
}

static enum rc run_range(struct screen *s, const char *arguments, struct err *err)
{
	return range_parse(s, arguments, err);
}

static enum rc run_crumb(struct screen *s, const char *arguments, struct err *err)
{
	uint64_t step;

	if (!text_parse_u64(arguments, &step) || step > 99 || !crumbs_go(s, (unsigned)step))
		return err_set(err, RC_USAGE, "crumb", "the top line has no step '%s'", arguments);
	return RC_DONE;
}

static enum rc run_pipe(struct screen *s, const char *arguments, struct err *err)
{
	return program_start(s, arguments, err);
}

static enum rc run_wireshark(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	return program_wireshark(s, err);
}

static enum rc run_help(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	screen_request(s, REQ_HELP);
	return RC_DONE;
}

/* The chosen columns of the tier; without any the usual ones come back. */
static void save_columns(struct screen *s)
{
	struct view *v = screen_top(s);
	char key[STATE_KEY_MAX], names[CONFIG_COLUMNS_MAX];

	if (v->ops->columns == NULL || !v->ops->columns(v, names, sizeof(names)))
		return;
	snprintf(key, sizeof(key), "columns.%s", tier_plural(v->tier));
	state_set(s->state, key, names);
}

static enum rc run_save(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	setting_save(s);
	save_columns(s);
	screen_say(s, "settings and columns are remembered");
	return RC_DONE;
}

static enum rc run_set(struct screen *s, const char *arguments, struct err *err)
{
	char name[CONFIG_NAME_MAX], list[512];
	size_t len = strcspn(arguments, " ");

	if (len == 0) {
		setting_list(s, list, sizeof(list));
		screen_say(s, "%s", list);
		return RC_DONE;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, arguments);
	arguments += len;
	return setting_set(s, name, arguments + strspn(arguments, " "), err);
}

static enum rc run_ladder(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	screen_request(s, REQ_LADDER);
	return RC_DONE;
}

static enum rc run_related(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	screen_request(s, REQ_RELATED);
	return RC_DONE;
}

static enum rc run_upstream(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	screen_request(s, REQ_UPSTREAM);
	return RC_DONE;
}

static enum rc run_stream(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	screen_request(s, REQ_STREAM);
	return RC_DONE;
}

static enum rc run_payload(struct screen *s, const char *arguments, struct err *err)
{
	struct view *v = screen_top(s);

	if (v->ops->save_payload == NULL)
		return err_set(err, RC_USAGE, "payload", "works in a stream only (v)");
	if (arguments[0] == '\0')
		return err_set(err, RC_USAGE, "payload", "to which file?");
	return v->ops->save_payload(v, arguments, err);
}

static enum rc run_quit(struct screen *s, const char *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	s->quit = true;
	return RC_DONE;
}

static const struct command_row rows[] = {
	{ "blocks", "", "The map of blocks, and which of them the list's query reads.", run_blocks },
	{ "chart", "FIELD,FIELD,…",
		"Show these fields over time: names of numbers, or response, rtt and their like as bands from least to "
		"greatest; without any, the usual ones.",
		run_chart },
	{ "columns", "FIELD,FIELD,…", "Show these columns; without any, the usual ones.",
		run_columns },
	{ "crumb", "N", "Go back to a step of the top line, counted from 1.", run_crumb },
	{ "events", "", "The log: losses, recoveries, evictions, interfaces, starts and ends.", run_events },
	{ "export", "FILE", "Write the packets of all tagged rows, else of the selected one, to a pcapng file.",
		run_export },
	{ "filter", "FILTER|NAME",
		"Show only what the filter selects, or the one saved under the name; without one, "
		"everything.",
		run_filter },
	{ "filter-save", "NAME",
		"Save the filter under a name: @NAME stands for it at the prompt. Without a filter, forget "
		"the name.",
		run_filter_save },
	{ "goto", "TIME",
		"Go to the first row at or after a time: 14:17:35, 2024-01-05T14:17:35Z, or "
		"-15m before the end.",
		run_goto },
	{ "group", "FIELD,…", "Group rows by fields, with sums; without one, show the rows themselves.", run_group },
	{ "help", "", "Keys and commands.", run_help },
	{ "ladder", "", "A sequence diagram of the selected conversation.", run_ladder },
	{ "payload", "FILE", "Write the payload that a stream shows to a file.", run_payload },
	{ "pipe", "PROGRAM …", "Run a program with the packets as pcapng on its standard input, as ! does.",
		run_pipe },
	{ "quit", "", "Leave the program.", run_quit },
	{ "range", "FROM TO",
		"Ask only for a range of time: 14:17 14:18:30, 14:17 (from then on), -5m (the last five minutes, "
		"sliding while packets are recorded); without any, all times.",
		run_range },
	{ "related", "", "The traffic that the selected row triggered.", run_related },
	{ "save", "", "Remember settings, and the columns of this tier where they were chosen.",
		run_save },
	{ "set", "NAME VALUE", "Change a setting (flowdrill-config(5)); without any, show all.",
		run_set },
	{ "sort", "[-]FIELD",
		"Sort by a field, with - the largest first; without one, as usual.", run_sort },
	{ "stream", "", "What the two ends of the selected conversation said to each other.", run_stream },
	{ "upstream", "", "The traffic that triggered the selected row.", run_upstream },
	{ "wireshark", "", "Open the packets of all tagged rows, else of the selected one, in Wireshark.",
		run_wireshark },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct command_row *command_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

/* The command whose name begins so; NULL for none or several. */
static const struct command_row *find(const char *name, size_t len)
{
	const struct command_row *found = NULL;

	for (size_t i = 0; i < ROWS; i++) {
		if (strncmp(rows[i].name, name, len) != 0)
			continue;
		if (strlen(rows[i].name) == len)
			return &rows[i];
		if (found != NULL)
			return NULL;
		found = &rows[i];
	}
	return found;
}

/* Everything that has a key is a command, too: by the request's whole name. */
static bool run_request(struct screen *s, const char *name, size_t len)
{
	char text[64];
	const struct keymap_row *row;

	snprintf(text, sizeof(text), "%.*s", (int)len, name);
	row = name[len] == '\0' ? keymap_row_find(text) : NULL;
	if (row == NULL)
		return false;
	screen_request(s, row->request);
	return true;
}

enum rc command_run(struct screen *s, const char *line, struct err *err)
{
	char arguments[4096];
	const struct command_row *row;
	size_t len;

	line += strspn(line, " ");
	len = strcspn(line, " ");
	if (len == 0)
		return RC_DONE;
	if (*line == '!')
		return program_start(s, line + 1, err);
	row = find(line, len);
	if (row == NULL && run_request(s, line, len))
		return RC_DONE;
	if (row == NULL)
		return err_set(err, RC_USAGE, "command", "there is no '%.*s'; ? shows all",
			(int)len, line);
	line += len;
	line += strspn(line, " ");
	snprintf(arguments, sizeof(arguments), "%s", line);
	len = strlen(arguments);
	while (len > 0 && arguments[len - 1] == ' ')
		arguments[--len] = '\0';
	return row->run(s, arguments, err);
}

/*
 * ---- completion
 * ------------------------------------------------------------------------------
 */

static void complete_names(const char *word, prompt_say say, void *say_ctx)
{
	size_t n;
	const struct keymap_row *requests = keymap_rows(&n);
	bool found = false;

	for (size_t i = 0; i < ROWS; i++)
		if (strncmp(rows[i].name, word, strlen(word)) == 0) {
			say(say_ctx, rows[i].name, rows[i].help);
			found = true;
		}
	if (found)
		return; /* requests are many, and have keys */
	for (size_t i = 0; i < n; i++)
		if (strncmp(requests[i].name, word, strlen(word)) == 0)
			say(say_ctx, requests[i].name, requests[i].help);
}

static void complete_fields(const char *word, enum tier tier, prompt_say say, void *say_ctx)
{
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);

		if (!f->hidden && (f->tiers & FIELD_ON(tier)) != 0 &&
			strncmp(f->name, word, strlen(word)) == 0)
			say(say_ctx, f->name, f->help);
	}
}

static void complete_files(const char *text, size_t *start, prompt_say say, void *say_ctx)
{
	const char *slash = strrchr(text, '/'), *base = slash != NULL ? slash + 1 : text;
	char dir[4096], name[300];
	struct dirent *entry;
	DIR *d;

	*start = (size_t)(base - text);
	snprintf(dir, sizeof(dir), "%.*s", (int)(base - text), text);
	d = opendir(dir[0] != '\0' ? dir : ".");
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, base, strlen(base)) != 0)
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name,
			entry->d_type == DT_DIR ? "/" : "");
		say(say_ctx, name, "");
	}
	closedir(d);
}

struct counting {
	prompt_say say;
	void *ctx;
	size_t n;
};

static void count_and_say(void *ctx, const char *word, const char *help)
{
	struct counting *c = ctx;

	c->n++;
	c->say(c->ctx, word, help);
}

/* Values in the rows that are there; true where no others are to be offered. */
static bool complete_values(const struct view *v, const char *text, size_t *start, prompt_say say, void *say_ctx)
{
	struct counting c = { say, say_ctx, 0 };
	struct filter_wanted wanted;

	if (v->ops->values == NULL || !filter_wants_value(text, v->tier, start, &wanted))
		return false;
	v->ops->values(v, &wanted, text + *start, count_and_say, &c);
	/* services that have a name are many, and hardly any is here */
	return text[*start] == '"' || text[*start] == '\'' ||
		(c.n > 0 && wanted.fields[0]->unit == UNIT_PORT);
}

/* Words of the language and names, or values of what is compared. */
static void complete_filter(
	struct screen *s, const char *text, size_t *start, prompt_say say, void *say_ctx)
{
	const struct view *v = screen_top(s);
	const char *word = strrchr(text, ' ');

	word = word != NULL ? word + 1 : text;
	word += strspn(word, "(!");
	if (*word == '@') {
		*start = (size_t)(word - text);
		filters_complete(s, word + 1, "@", say, say_ctx);
		return;
	}
	if (complete_values(v, text, start, say, say_ctx))
		return;
	filter_complete(text, v->tier, start, say, say_ctx);
}

/* Behind the command's name: what its arguments are. */
static void complete_arguments(struct screen *s, const char *name, size_t len,
	const char *arguments, size_t *start, prompt_say say, void *say_ctx)
{
	enum tier tier = screen_top(s)->tier;
	const struct command_row *row = find(name, len);
	const char *word = arguments;

	*start = 0;
	if (row == NULL)
		return;
	if (row->run == run_filter) {
		filters_complete(s, arguments, "", say, say_ctx);
		complete_filter(s, arguments, start, say, say_ctx);
	} else if (row->run == run_filter_save) {
		filters_complete(s, arguments, "", say, say_ctx);
	} else if (row->run == run_export || row->run == run_payload) {
		complete_files(arguments, start, say, say_ctx);
	} else if (row->run == run_set) {
		setting_complete(arguments, start, say, say_ctx);
	} else if (row->run == run_sort || row->run == run_columns ||
		row->run == run_group || row->run == run_chart) {
		for (const char *c = arguments; *c != '\0'; c++)
			if (*c == ',' || *c == ' ' || *c == '-')
				word = c + 1;
		*start = (size_t)(word - arguments);
		complete_fields(word, tier, say, say_ctx);
	}
}

void command_complete(void *ctx, enum prompt_kind kind, const char *text, size_t *start,
	prompt_say say, void *say_ctx)
{
	struct screen *s = ctx;
	size_t skip = strspn(text, " "), len = strcspn(text + skip, " "), more;

	*start = 0;
	switch (kind) {
	case PROMPT_FILTER:
		complete_filter(s, text, start, say, say_ctx);
		break;
	case PROMPT_WRITE: complete_files(text, start, say, say_ctx); break;
	case PROMPT_COMMAND:
		if (text[skip + len] == '\0') {
			*start = skip;
			complete_names(text + skip, say, say_ctx);
			break;
		}
		more = skip + len + strspn(text + skip + len, " ");
		complete_arguments(s, text + skip, len, text + more, start, say, say_ctx);
		*start += more;
		break;
	case PROMPT_PIPE:
	case PROMPT_SEARCH: break;
	}
}
