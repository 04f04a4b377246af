/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static const char cli_usage[] =
	"usage: flowdrill FILE...              open captures\n"
	"       flowdrill --help | --version\n";

int cli_main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
	} else if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(cli_usage, stdout);
	} else {
		fputs(cli_usage, stderr);
		return CLI_EXIT_USAGE;
	}
	if (fflush(stdout) != 0) {
		perror("flowdrill: standard output");
		return CLI_EXIT_INPUT;
	}
	return CLI_EXIT_DONE;
}
