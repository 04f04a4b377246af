/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"

#include <string.h>

#define BIT(name) ((u128)1 << OPTION_##name)
#define ALWAYS    (BIT(QUIET) | BIT(HELP))
#define ATTRIBUTES (BIT(ATTRIBUTES) | BIT(ATTRIBUTES_FOR) | BIT(FINGERPRINTS))
/* Where records come from, and how a capture file is indexed. */
#define SOURCE                                                                              \
	(BIT(STORE) | BIT(READ) | BIT(BPF) | BIT(SLICES) | ATTRIBUTES | BIT(INDEX_DIR) | BIT(NO_CACHE) | \
		BIT(THREADS) | BIT(HEALTH))
/* With an interface. */
#define LIVE  (BIT(INTERFACE) | BIT(BLOCK_SIZE) | COMMAND_LIVE)
#define RANGE (BIT(FROM) | BIT(TO) | BIT(IN))

static const struct command commands[] = {
	{
		.synopsis = "FILE...\n-s STORE...\n-i IFACE... [-s STORE]",
		.help = "the screen: open captures or stores and look around",
		.options = ALWAYS | SOURCE | LIVE | BIT(FILTER) | BIT(RESOLVE) | BIT(SCRIPT) |
			BIT(KEYS) | BIT(BATCH) | BIT(IN) | BIT(SCREEN_DUMP) | BIT(ANSI) | BIT(SIZE) | BIT(ASCII) |
			BIT(CONFIG) | BIT(STATE) | BIT(FRESH) |
			BIT(VERSION),
		.run = command_screen,
	},
	{
		.name = "import",
		.synopsis = "-s STORE FILE...",
		.help = "copy packets into a store, several files merged by time",
		.options = ALWAYS | BIT(STORE) | BIT(BPF) | BIT(SLICES) | ATTRIBUTES |
			BIT(BLOCK_SIZE) | BIT(INDEX_DIR) | BIT(THREADS) | BIT(SNAPLEN),
		.run = command_import,
	},
	{
		.name = "capture",
		.synopsis = "-s STORE -i IFACE...",
		.help = "record interfaces without a screen",
		.options = ALWAYS | LIVE | BIT(STORE) | BIT(BPF) | BIT(SLICES) | ATTRIBUTES |
			BIT(INDEX_DIR) | BIT(THREADS) | BIT(REPORT) | BIT(DURATION) | BIT(COUNT),
		.run = command_capture,
	},
	{
		.name = "list",
		.synopsis = "TIER SOURCE [FILTER|ID...]",
		.help = "rows of a tier: macroflows flows microflows packets blocks points",
		.options = ALWAYS | SOURCE | RANGE | BIT(GROUP_BY) | BIT(SORT) | BIT(LIMIT) |
			BIT(FIELDS) | BIT(FORMAT) | BIT(CSV_EXACT) | BIT(RESOLVE) | BIT(EXPLAIN),
		.run = command_list,
	},
	{
		.name = "show",
		.synopsis = "SOURCE ID...",
		.help = "records in full; for a packet the decoded layers and the bytes",
		.options = ALWAYS | SOURCE | BIT(RESOLVE),
		.run = command_show,
	},
	{
		.name = "export",
		.synopsis = "SOURCE [FILTER|ID...] -w OUT.pcapng\n"
			    "SOURCE TIER [FILTER|ID...] --sqlite OUT.db",
		.help = "write what the filter or the ids select as pcapng or SQLite",
		.options = ALWAYS | SOURCE | RANGE | BIT(WRITE) | BIT(TIER) | BIT(SQLITE) |
			BIT(FORCE) | BIT(FIELDS) | BIT(RESOLVE) | BIT(EXPLAIN),
		.run = command_export,
	},
	{
		.name = "related",
		.synopsis = "SOURCE ID",
		.help = "the traffic between other machines that it triggered",
		.options = ALWAYS | SOURCE | BIT(WINDOW) | BIT(DEPTH) | BIT(UPSTREAM) | BIT(LIMIT) |
			BIT(FORMAT) | BIT(RESOLVE) | BIT(EXPLAIN),
		.run = command_related,
	},
	{
		.name = "map",
		.synopsis = "SOURCE [FILTER|ID...]",
		.help = "which service triggers which, how often and how fast",
		.options = ALWAYS | SOURCE | RANGE | BIT(WINDOW) | BIT(LIMIT) | BIT(FORMAT) | BIT(RESOLVE) |
			BIT(EXPLAIN),
		.run = command_map,
	},
	{
		.name = "find",
		.synopsis = "SOURCE --payload FILE|--text TEXT|--hex DIGITS [FILTER]",
		.help = "where this content travelled",
		.options = ALWAYS | SOURCE | RANGE | BIT(PAYLOAD) | BIT(TEXT) | BIT(HEX) | BIT(EVERY_PACKET) | BIT(EXPLAIN) |
			BIT(TIER) |
			BIT(LIMIT) | BIT(FORMAT) | BIT(RESOLVE),
		.run = command_find_content,
	},
	{
		.name = "stats",
		.synopsis = "SOURCE",
		.help = "totals, times, drops, sizes",
		.options = ALWAYS | SOURCE | BIT(FORMAT),
		.run = command_stats,
	},
	{
		.name = "check",
		.synopsis = "-s STORE",
		.help = "verify everything; rebuild what can be rebuilt",
		.options = ALWAYS | BIT(STORE) | BIT(REPAIR) | BIT(THREADS),
		.run = command_check,
	},
	{
		.name = "dump",
		.synopsis = "FILE.idx|FILE.pcapng",
		.help = "inspect a file of a store",
		.options = ALWAYS | BIT(DEEP),
		.run = command_dump,
	},
};

const struct command *command_at(size_t i)
{
	return &commands[i];
}

size_t command_count(void)
{
	return sizeof(commands) / sizeof(commands[0]);
}

const struct command *command_find(const char *name)
{
	for (size_t i = 1; i < command_count(); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
