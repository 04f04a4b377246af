/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of flowdrill-keys(7) and flowdrill-config(5) from those of the program: see
 * tests/ui/man_keys.sh. Arguments: keys, colors or settings; bound: what is bound to
 * anything, a line each.
 */
#include "ui/command.h"
#include "ui/keymap.h"
#include "ui/setting.h"
#include "ui/theme.h"

#include <stdio.h>
#include <string.h>

/* Text with what troff would read as its own escaped. */
static void put(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if ((unsigned char)text[0] == 0xe2 && (unsigned char)text[1] == 0x80 &&
			(unsigned char)text[2] == 0xa6)
			fputs("...", stdout), text += 2;
		else
			putchar(*text);
	}
}

/* A line that begins with a dot or a quote would be a request. */
static void put_line(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	put(text);
	putchar('\n');
}

/* "j Down" as "j, Down", each in bold. */
static void put_keys(const char *keys, const char *name)
{
	fputs("\\fB", stdout);
	for (; *keys != '\0'; keys++)
		if (*keys == ' ')
			fputs("\\fR, \\fB", stdout);
		else
			put((const char[]){ *keys, '\0' });
	fputs("\\fR (", stdout);
	put(name);
	fputs(")\n", stdout);
}

static void put_requests(void)
{
	enum keymap_group group = KEYMAP_GROUPS;
	size_t n;
	const struct keymap_row *rows = keymap_rows(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].group != group)
			printf(".SS %s\n", keymap_group_title(rows[i].group));
		group = rows[i].group;
		puts(".TP");
		put_keys(rows[i].keys, rows[i].name);
		put_line(rows[i].help);
	}
}

static void put_commands(void)
{
	size_t n;
	const struct command_row *rows = command_rows(&n);

	puts(".SH COMMANDS\nTyped behind \\fB:\\fR; a name may be cut where it stays unique.");
	for (size_t i = 0; i < n; i++) {
		printf(".TP\n\\fB%s\\fR%s", rows[i].name,
			rows[i].arguments[0] != '\0' ? " \\fI" : "");
		put(rows[i].arguments);
		puts(rows[i].arguments[0] != '\0' ? "\\fR" : "");
		put_line(rows[i].help);
	}
}

static void put_colors(void)
{
	for (unsigned i = 0; i < ATTRS; i++)
		printf(".Li %s%s\n", theme_attr_name(i), i + 1 < ATTRS ? " ," : " .");
}

static void put_settings(void)
{
	size_t n;
	const struct setting *rows = setting_rows(&n);

	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < n; i++) {
		printf(".It Li %s", rows[i].name);
		for (const char *const *w = rows[i].words; *w != NULL; w++)
			printf("%s%s", w == rows[i].words ? " " : " | ", *w);
		printf("\n");
		put_line(rows[i].help);
	}
	puts(".El");
}

static void put_bound(void)
{
	size_t n;
	const struct keymap_row *rows = keymap_rows(&n);

	for (size_t i = 0; i < n; i++) {
		for (const char *k = rows[i].keys; *k != '\0'; k++)
			putchar(*k == ' ' ? '\n' : *k);
		if (rows[i].keys[0] != '\0')
			putchar('\n');
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "keys") == 0) {
		put_requests();
		put_commands();
	} else if (strcmp(what, "colors") == 0) {
		put_colors();
	} else if (strcmp(what, "settings") == 0) {
		put_settings();
	} else if (strcmp(what, "bound") == 0) {
		put_bound();
	} else {
		return 2;
	}
	return ferror(stdout) != 0 || fflush(stdout) != 0;
}
