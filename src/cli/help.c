/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/help.h"

#include <string.h>

enum { OPTION_CELLS = 26 };

/* One line a line of the synopsis. */
static void print_usage(FILE *to, const struct command *c, const char *lead)
{
	for (const char *line = c->synopsis; line; lead = "      ") {
		const char *end = strchr(line, '\n');
		int len = end ? (int)(end - line) : (int)strlen(line);
		fprintf(to, "%s flowdrill %s%s%.*s\n", lead, c->name ? c->name : "",
			c->name ? " " : "", len, line);
		line = end ? end + 1 : NULL;
	}
}

static void print_option(FILE *to, const struct option *o)
{
	char text[80], letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(text, sizeof(text), "%s--%s%s%s", letter, o->name, o->value ? " " : "",
		o->value ? o->value : "");
	fprintf(to, "  %-*s %s\n", OPTION_CELLS, text, o->help);
}

static void print_options(FILE *to, const struct command *c)
{
	fputs("\noptions:\n", to);
	for (unsigned i = 0; i < OPTIONS; i++)
		if (c->options >> i & 1)
			print_option(to, option_at((enum option_id)i));
}

static void print_commands(FILE *to)
{
	fputs("\nsubcommands (flowdrill NAME --help):\n", to);
	for (size_t i = 1; i < command_count(); i++)
		fprintf(to, "  %-8s %s\n", command_at(i)->name, command_at(i)->help);
	fputs("\nSOURCE is -s STORE or -r FILE, repeatable. Options may stand anywhere; the "
	      "words that\n"
	      "are left are the filter: flowdrill list flows -r a.pcap host 10.0.0.5 and port "
	      "443\n",
		to);
}

void help_print(FILE *to, const struct command *c)
{
	print_usage(to, c, "usage:");
	if (!c->name)
		fputs("       flowdrill SUBCOMMAND ...\n", to);
	fprintf(to, "\n%s\n", c->help);
	if (!c->name)
		print_commands(to);
	print_options(to, c);
	if (c->name)
		fprintf(to, "\nmanual: flowdrill-%s(1)\n", c->name);
	else
		fputs("\nmanual: flowdrill(1), flowdrill-filter(7), flowdrill-fields(7), "
		      "flowdrill-keys(7)\n",
			to);
}
