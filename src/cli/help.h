/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --help, made from the tables of subcommands and options. */
#ifndef FLOWDRILL_CLI_HELP_H
#define FLOWDRILL_CLI_HELP_H

#include "cli/command.h"

#include <stdio.h>

/* The program (command_at(0)) with all subcommands, or one subcommand. */
void help_print(FILE *to, const struct command *command);

#endif
