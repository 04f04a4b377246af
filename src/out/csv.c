/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV: RFC 4180's quoting, lines ended by a newline alone; unknown is empty. */
#include "out/format.h"

#include <stdio.h>
#include <string.h>

/* What a spreadsheet takes for a formula (OWASP, CSV injection); text alone, never a number. */
static bool would_run(const struct field *f, const char *text)
{
	return f->type == TYPE_TEXT && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

static void csv_cell(FILE *to, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, to);
		return;
	}
	putc('"', to);
	for (const char *s = text; *s; s++) {
		if (*s == '"')
			putc('"', to);
		putc(*s, to);
	}
	putc('"', to);
}

static enum rc csv_begin(struct out *o, struct err *err)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			putc(',', o->to);
		csv_cell(o->to, o->columns[i]->name);
	}
	putc('\n', o->to);
	return out_check(o->to, err);
}

static void csv_value(struct out *o, const struct field *f, const char *text)
{
	char safe[OUT_CELL + 1];

	if (o->style.csv_exact || !would_run(f, text)) {
		csv_cell(o->to, text);
		return;
	}
	snprintf(safe, sizeof(safe), "'%s", text);
	csv_cell(o->to, safe);
}

static enum rc csv_row(struct out *o, const struct row *row, struct err *err)
{
	struct value value;
	char text[OUT_CELL];

	(void)err;
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			putc(',', o->to);
		if (!field_get(o->columns[i], row, &value))
			continue;
		value_format(text, sizeof(text), o->columns[i], &value, STYLE_MACHINE);
		csv_value(o, o->columns[i], text);
	}
	putc('\n', o->to);
	return RC_DONE;
}

const struct out_ops out_csv = {
	.name = "csv",
	.begin = csv_begin,
	.row = csv_row,
};
