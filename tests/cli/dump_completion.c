/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion of bash and zsh from the program's own tables: see tests/cli/completion.sh. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What may stand behind an option, by its placeholder: words, or what the shells find themselves. */
static const struct {
	const char *value, *words, *bash, *zsh;
} values[] = {
	{ "FILE", NULL, "_flowdrill_files", "_files" },
	{ "STORE", NULL, "_flowdrill_files", "_files" },
	{ "DIR", NULL, "_flowdrill_files -d", "_files -/" },
	{ "OUT", NULL, "_flowdrill_files", "_files" },
	{ "OUT.db", NULL, "_flowdrill_files", "_files" },
	{ "USER", NULL, "_flowdrill_words \"$(compgen -u)\"", "_users" },
	{ "IFACE", NULL, "_flowdrill_words \"$(ls /sys/class/net)\"", "_net_interfaces" },
	{ "TIER", "packets microflows flows macroflows", NULL, NULL },
	{ "FORMAT", "table csv json dot", NULL, NULL },
	{ "HOW", "none seen hosts", NULL, NULL },
	{ "LIST", "all none tcp response app voip", NULL, NULL },
	{ "rotate|stop", "rotate stop", NULL, NULL },
};

static size_t find_value(const char *value)
{
	size_t i = 0;

	while (i < COUNT(values) && strcmp(values[i].value, value) != 0)
		i++;
	return i;
}

static bool takes(const struct command *c, unsigned option)
{
	return (c->options >> option & 1) != 0;
}

/* ---- bash --------------------------------------------------------------------------------- */

static void bash_options(const struct command *c)
{
	for (unsigned i = 0; i < OPTIONS; i++)
		if (takes(c, i))
			printf(" --%s", option_at((enum option_id)i)->name);
}

static void bash_values(void)
{
	puts("\tcase $prev in");
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);
		size_t at;

		if (!o->value)
			continue;
		printf("\t--%s", o->name);
		if (o->letter)
			printf("|-%c", o->letter);
		at = find_value(o->value);
		if (at == COUNT(values))
			puts(") return ;;");
		else if (values[at].words)
			printf(") _flowdrill_words '%s'; return ;;\n", values[at].words);
		else
			printf(") %s; return ;;\n", values[at].bash);
	}
	puts("\tesac");
}

static void bash(void)
{
	puts("# flowdrill(1): completion for bash. Made from the program's tables by\n"
	     "# GENERATE=1 make check TESTS=tests/cli/completion.sh: do not edit.\n\n"
	     "_flowdrill_files()\n{\n\tcompopt -o filenames\n\tmapfile -t COMPREPLY < <(compgen \"${1--f}\" -- \"$cur\")\n}\n\n"
	     "_flowdrill_words()\n{\n\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n}\n\n"
	     "_flowdrill()\n{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= options= word\n\n"
	     "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $word in");
	fputs("\t\t", stdout);
	for (size_t i = 1; i < command_count(); i++)
		printf("%s%s", i > 1 ? "|" : "", command_at(i)->name);
	puts(") command=$word; break ;;\n\t\tesac\n\tdone");
	bash_values();
	puts("\tcase $command in");
	for (size_t i = 1; i < command_count(); i++) {
		printf("\t%s) options='", command_at(i)->name);
		bash_options(command_at(i));
		puts("' ;;");
	}
	fputs("\t*) options='", stdout);
	bash_options(command_at(0));
	puts("' ;;\n\tesac\n\tif [[ $cur == -* ]]; then\n\t\t_flowdrill_words \"$options\"");
	puts("\telif [[ $command == list && $prev == list ]]; then\n"
	     "\t\t_flowdrill_words 'macroflows flows microflows packets blocks points'");
	fputs("\telif [[ $COMP_CWORD == 1 ]]; then\n\t\t_flowdrill_files\n"
	      "\t\tmapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W '",
		stdout);
	for (size_t i = 1; i < command_count(); i++)
		printf("%s%s", i > 1 ? " " : "", command_at(i)->name);
	puts("' -- \"$cur\")\n\telse\n\t\t_flowdrill_files\n\tfi\n}\n\ncomplete -F _flowdrill flowdrill");
}

/* ---- zsh ---------------------------------------------------------------------------------- */

/* Text within single quotes and brackets. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_action(const struct option *o)
{
	size_t at = find_value(o->value);

	if (at == COUNT(values))
		printf(":%s: ", strcmp(o->value, "[-]FIELD,...") == 0 ? "fields" : "value");
	else if (values[at].words)
		printf(":value:(%s)", values[at].words);
	else
		printf(":value:%s", values[at].zsh);
}

static void zsh_option(const struct option *o)
{
	fputs(" \\\n\t\t\t'", stdout);
	/* many may be repeated; nothing is lost by offering all of them again */
	printf("*--%s%s[", o->name, o->value ? "=" : "");
	zsh_text(o->help);
	putchar(']');
	if (o->value)
		zsh_action(o);
	putchar('\'');
}

static void zsh_arguments(const struct command *c, const char *words)
{
	fputs("\t\t_arguments -s", stdout);
	for (unsigned i = 0; i < OPTIONS; i++)
		if (takes(c, i))
			zsh_option(option_at((enum option_id)i));
	printf(" \\\n\t\t\t%s ;;\n", words);
}

static void zsh(void)
{
	puts("#compdef flowdrill\n"
	     "# flowdrill(1): completion for zsh. Made from the program's tables by\n"
	     "# GENERATE=1 make check TESTS=tests/cli/completion.sh: do not edit.\n\n"
	     "_flowdrill_first()\n{\n\tlocal -a commands\n\tcommands=(");
	for (size_t i = 1; i < command_count(); i++) {
		printf("\t\t'%s:", command_at(i)->name);
		zsh_text(command_at(i)->help);
		puts("'");
	}
	puts("\t)\n\t_describe command commands\n\t_files\n}\n\n"
	     "_flowdrill()\n{\n\tcase ${words[2]} in");
	for (size_t i = 1; i < command_count(); i++) {
		printf("\t%s)\n", command_at(i)->name);
		zsh_arguments(command_at(i), strcmp(command_at(i)->name, "list") == 0
				? "'2:tier:(macroflows flows microflows packets blocks points)' '*:file:_files'"
				: "'*:file:_files'");
	}
	puts("\t*)");
	zsh_arguments(command_at(0), "'1:command:_flowdrill_first' '*:file:_files'");
	puts("\tesac\n}\n\n_flowdrill \"$@\"");
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "bash") == 0)
		bash();
	else if (argc > 1 && strcmp(argv[1], "zsh") == 0)
		zsh();
	else
		return 2;
	return ferror(stdout) != 0 || fflush(stdout) != 0;
}
