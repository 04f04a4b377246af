/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options: ONE table of them, and what they say once parsed.
 *
 * A letter or name means the same in every subcommand; each subcommand names those that it takes. Options may
 * stand anywhere among the words, `--` ends them. `--name VALUE`, `--name=VALUE`, `-f VALUE` and `-fVALUE` are
 * understood; letters are not bundled. --help and the tests of the manual pages read the same table.
 */
#ifndef FLOWDRILL_CLI_OPTION_H
#define FLOWDRILL_CLI_OPTION_H

#include "out/out.h"
#include "session/session.h"

enum option_id {
	OPTION_STORE,
	OPTION_READ,
	OPTION_INTERFACE,
	OPTION_WRITE,
	OPTION_BPF,
	OPTION_FROM,
	OPTION_TO,
	OPTION_IN,
	OPTION_GROUP_BY,
	OPTION_SORT,
	OPTION_LIMIT,
	OPTION_FIELDS,
	OPTION_FORMAT,
	OPTION_WINDOW,
	OPTION_DEPTH,
	OPTION_UPSTREAM,
	OPTION_PAYLOAD,
	OPTION_TEXT,
	OPTION_HEX,
	OPTION_EVERY_PACKET,
	OPTION_CSV_EXACT,
	OPTION_EXPLAIN,
	OPTION_TIER,
	OPTION_SQLITE,
	OPTION_FORCE,
	OPTION_REPAIR,
	OPTION_DEEP,
	OPTION_FILTER,
	OPTION_SCRIPT,
	OPTION_KEYS,
	OPTION_BATCH,
	OPTION_SCREEN_DUMP,
	OPTION_ANSI,
	OPTION_SIZE,
	OPTION_ASCII,
	OPTION_CONFIG,
	OPTION_STATE,
	OPTION_FRESH,
	OPTION_SLICES,
	OPTION_ATTRIBUTES,
	OPTION_ATTRIBUTES_FOR,
	OPTION_FINGERPRINTS,
	OPTION_BLOCK_SIZE,
	OPTION_INDEX_DIR,
	OPTION_NO_CACHE,
	OPTION_THREADS,
	OPTION_RESOLVE,
	OPTION_HEALTH,
	OPTION_BUFFER_SIZE,
	OPTION_SNAPLEN,
	OPTION_PROMISCUOUS,
	OPTION_IMMEDIATE,
	OPTION_SYNC_INTERVAL,
	OPTION_MAX_SIZE,
	OPTION_MAX_AGE,
	OPTION_MIN_FREE,
	OPTION_KEEP_MACROFLOWS,
	OPTION_WHEN_FULL,
	OPTION_USER,
	OPTION_REPORT,
	OPTION_DURATION,
	OPTION_COUNT,
	OPTION_QUIET,
	OPTION_HELP,
	OPTION_VERSION,
	OPTIONS
};

/* Bits of the options that only a recorder has: how interfaces are captured, and what is kept of it. */
#define COMMAND_LIVE                                                                             \
	(((u128)2 << OPTION_USER) - ((u128)1 << OPTION_BUFFER_SIZE))

/* What the command line said. Texts are argv's; the arrays are args_free()'s. */
struct args {
	u128 given; /* bits by enum option_id */
	struct session_source *sources; /* -s and -r in their order */
	size_t n_sources, cap_sources;
	const char **words; /* all that is no option */
	size_t n_words, cap_words;
	struct id *in;
	size_t n_in, cap_in;
	const char *from, *to, *group_by, *sort, *fields, *bpf, *write, *sqlite, *filter,
		*script, *keys, *batch, *screen_dump, *index_dir, *health, *config, *state, *payload, *text, *hex;
	const char **devices; /* -i in their order */
	size_t n_devices, cap_devices;
	const char *user;
	uint64_t limit, depth, block_size, threads;
	uint64_t buffer_size, snaplen, max_size, min_free, count;
	int64_t window_ns; /* 0: not given */
	int64_t sync_ns, max_age_ns, keep_macroflows_ns, report_ns, duration_ns;
	bool stop_when_full;
	unsigned width_cells, height_cells;
	enum out_format format;
	enum tier tier;
	int64_t micro_ns, flow_ns, macro_ns;
	unsigned attributes; /* enum attribute */
	unsigned fingerprints; /* enum fingerprints */
	const char *attributes_for;
	bool no_names; /* of addresses */
	struct hosts *hosts; /* or NULL; args_free()'s */
};

struct option {
	const char *name; /* without dashes */
	char letter; /* 0: none */
	const char *value; /* placeholder of the value, NULL: takes none */
	const char *help;
	/* Takes the value (NULL: nothing to keep but that it was given). RC_USAGE with the reason. */
	enum rc (*set)(struct args *a, const char *value, struct err *err);
};

/* The row of an option; static. */
const struct option *option_at(enum option_id id);
static inline bool args_given(const struct args *a, enum option_id id)
{
	return (a->given >> id & 1) != 0;
}

/*
 * Parses argv[1..]. The first word is words[0], also where it names a subcommand. RC_USAGE; nothing is left to free then.
 */
enum rc args_parse(struct args *a, int argc, char **argv, struct err *err);
void args_free(struct args *a);
enum rc args_add_source(struct args *a, const char *path, bool is_store, struct err *err);
/* Words from `first` on, joined by blanks: a filter; "" for none. In *out, which the caller frees. */
enum rc args_join(const struct args *a, size_t first, struct buf *out, struct err *err);
/*
 * Words from `first` on as ids, if all look like ids: *out (to be freed with mem_free()) and *n; n 0 where none does;
 * RC_USAGE where some do and others do not.
 */
enum rc args_ids(
	const struct args *a, size_t first, struct id **out, size_t *n, struct err *err);

#endif
