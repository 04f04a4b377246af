/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet for people: its layers, each field, and its bytes with the layers beside them. */
#ifndef FLOWDRILL_CLI_SHOW_H
#define FLOWDRILL_CLI_SHOW_H

#include "cli/command.h"

/* To standard output; the caller looks at its errors. RC_NO_MEMORY. */
enum rc show_packet(const struct packet_row *row, const struct raw_packet *raw, const struct point_info *point,
	struct err *err);

#endif
