/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of lists where nobody chose any. */
#include "flow/field.h"

const char *const *field_default_columns(enum tier tier)
{
	static const char *const packets[] = {"id", "time", "gap", "src", "src_port", "dst", "dst_port",
		"proto", "len", "marks", "rtt", "info", NULL};
	static const char *const flows[] = {"id", "first", "duration", "client", "client_port", "server",
		"server_port", "proto", "packets", "bytes", "rtt_avg", "end_reason", NULL};
	static const char *const microflows[] = {"id", "first", "duration", "client", "client_port",
		"server", "server_port", "proto", "packets", "bytes", "gap_max", NULL};
	static const char *const macroflows[] = {"id", "slice", "service", "server", "server_port",
		"proto", "clients", "flows", "packets", "bytes", "rtt_p50", "rtt_p95", "point", NULL};
	static const char *const blocks[] = {"id", "file", "offset", "length", "first", "last",
		"packets", "bytes", "state", NULL};
	static const char *const points[] = {"id", "name", "linktype", "snaplen", "packets", "bytes",
		"first", "last", "dropped", NULL};
	static const char *const *const columns[TIERS] = {
		[TIER_PACKET] = packets, [TIER_MICROFLOW] = microflows, [TIER_FLOW] = flows,
		[TIER_MACROFLOW] = macroflows, [TIER_BLOCK] = blocks, [TIER_POINT] = points,
	};
	return columns[tier];
}
