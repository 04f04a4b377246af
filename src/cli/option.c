/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/option.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- values ------------------------------------------------------------------------------ */

enum rc args_add_source(struct args *a, const char *path, bool is_store, struct err *err)
{
	if (mem_grow(&a->sources, &a->cap_sources, a->n_sources + 1, sizeof(*a->sources)) != 0)
		return err_memory(err);
	a->sources[a->n_sources++] =
		(struct session_source){ .path = path, .is_store = is_store };
	return RC_DONE;
}

static enum rc set_store(struct args *a, const char *value, struct err *err)
{
	return args_add_source(a, value, true, err);
}

static enum rc set_read(struct args *a, const char *value, struct err *err)
{
	return args_add_source(a, value, false, err);
}

static enum rc set_in(struct args *a, const char *value, struct err *err)
{
	struct id id;

	if (!id_parse(value, &id))
		return err_set(err, RC_USAGE, "--in", "'%s' is no id", value);
	if (mem_grow(&a->in, &a->cap_in, a->n_in + 1, sizeof(*a->in)) != 0)
		return err_memory(err);
	a->in[a->n_in++] = id;
	return RC_DONE;
}

#define SET_TEXT(member)                                                                \
	static enum rc set_##member(struct args *a, const char *value, struct err *err) \
	{                                                                               \
		(void)err;                                                              \
		a->member = value;                                                      \
		return RC_DONE;                                                         \
	}

SET_TEXT(from)
SET_TEXT(to)
SET_TEXT(group_by)
SET_TEXT(sort)
SET_TEXT(fields)
SET_TEXT(bpf)
SET_TEXT(write)
SET_TEXT(sqlite)
SET_TEXT(filter)
SET_TEXT(script)
SET_TEXT(keys)
SET_TEXT(batch)
SET_TEXT(screen_dump)
SET_TEXT(payload)
SET_TEXT(text)
SET_TEXT(hex)
SET_TEXT(index_dir)
SET_TEXT(health)
SET_TEXT(config)
SET_TEXT(state)
SET_TEXT(user)
SET_TEXT(attributes_for)

static enum rc set_number(
	uint64_t *out, const char *option, const char *value, uint64_t max, struct err *err)
{
	if (!text_parse_u64(value, out))
		return err_set(err, RC_USAGE, option, "'%s' is no number", value);
	if (*out == 0 || *out > max)
		return err_set(err, RC_USAGE, option, "'%s' is out of range (1 to %llu)", value,
			(unsigned long long)max);
	return RC_DONE;
}

static enum rc set_limit(struct args *a, const char *value, struct err *err)
{
	return set_number(&a->limit, "--limit", value, UINT64_MAX, err);
}

static enum rc set_threads(struct args *a, const char *value, struct err *err)
{
	return set_number(&a->threads, "--threads", value, 256, err);
}

static enum rc set_bytes(uint64_t *out, const char *option, const char *value, struct err *err)
{
	if (text_parse_size(value, out, NULL) != RC_DONE || *out == 0)
		return err_set(err, RC_USAGE, option, "'%s' is no size (64M, 10Gi)", value);
	return RC_DONE;
}

static enum rc set_ns(
	int64_t *out, const char *option, const char *value, struct err *err)
{
	if (text_parse_duration(value, out, NULL) != RC_DONE || *out <= 0)
		return err_set(err, RC_USAGE, option, "'%s' is no duration (500ms, 36h, 7d)", value);
	return RC_DONE;
}

#define SET_BYTES(member, option)                                                       \
	static enum rc set_##member(struct args *a, const char *value, struct err *err) \
	{                                                                               \
		return set_bytes(&a->member, option, value, err);                       \
	}

SET_BYTES(buffer_size, "--buffer-size")
SET_BYTES(max_size, "--max-size")
SET_BYTES(min_free, "--min-free")

#define SET_DURATION(member, option)                                                    \
	static enum rc set_##member(struct args *a, const char *value, struct err *err) \
	{                                                                               \
		return set_ns(&a->member, option, value, err);                 \
	}

SET_DURATION(sync_ns, "--sync-interval")
SET_DURATION(max_age_ns, "--max-age")
SET_DURATION(keep_macroflows_ns, "--keep-macroflows")
SET_DURATION(duration_ns, "--duration")

static enum rc set_device(struct args *a, const char *value, struct err *err)
{
	if (mem_grow(&a->devices, &a->cap_devices, a->n_devices + 1, sizeof(*a->devices)) != 0)
		return err_memory(err);
	a->devices[a->n_devices++] = value;
	return RC_DONE;
}

static enum rc set_snaplen(struct args *a, const char *value, struct err *err)
{
	return set_number(&a->snaplen, "--snaplen", value, 262144, err);
}

static enum rc set_count(struct args *a, const char *value, struct err *err)
{
	return set_number(&a->count, "--count", value, UINT64_MAX, err);
}

static enum rc set_report(struct args *a, const char *value, struct err *err)
{
	uint64_t seconds = 0;
	enum rc rc = set_number(&seconds, "--report", value, 1000000, err);

	a->report_ns = (int64_t)seconds * 1000000000;
	return rc;
}

static enum rc set_when_full(struct args *a, const char *value, struct err *err)
{
	a->stop_when_full = strcmp(value, "stop") == 0;
	if (!a->stop_when_full && strcmp(value, "rotate") != 0)
		return err_set(err, RC_USAGE, "--when-full", "'%s' is none of rotate, stop", value);
	return RC_DONE;
}

static enum rc set_block_size(struct args *a, const char *value, struct err *err)
{
	if (text_parse_size(value, &a->block_size, NULL) != RC_DONE)
		return err_set(
			err, RC_USAGE, "--block-size", "'%s' is no size (64M, 256Mi)", value);
	return RC_DONE;
}

static enum rc set_format(struct args *a, const char *value, struct err *err)
{
	if (strcmp(value, "dot") == 0)
		a->format = OUT_DOT;
	else if (!out_format_parse(value, &a->format))
		return err_set(
			err, RC_USAGE, "--format", "'%s' is none of table, csv, json", value);
	return RC_DONE;
}

static enum rc set_window(struct args *a, const char *value, struct err *err)
{
	if (text_parse_duration(value, &a->window_ns, NULL) != RC_DONE || a->window_ns <= 0)
		return err_set(err, RC_USAGE, "--window", "'%s' is no duration (1s, 200ms)", value);
	return RC_DONE;
}

static enum rc set_depth(struct args *a, const char *value, struct err *err)
{
	if (!text_parse_u64(value, &a->depth) || a->depth == 0 || a->depth > 64)
		return err_set(err, RC_USAGE, "--depth", "'%s' is no number from 1 to 64", value);
	return RC_DONE;
}

static enum rc set_tier(struct args *a, const char *value, struct err *err)
{
	if (!tier_parse(value, &a->tier) || a->tier > TIER_MACROFLOW)
		return err_set(err, RC_USAGE, "--tier",
			"'%s' is none of packets, microflows, flows, macroflows", value);
	return RC_DONE;
}

/* "5s,5m,15m": microflows, flows, macroflows. */
static enum rc set_slices(struct args *a, const char *value, struct err *err)
{
	int64_t *const out[] = { &a->micro_ns, &a->flow_ns, &a->macro_ns };
	char text[128], *rest = text, *word;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", value);
	while ((word = strsep(&rest, ",")) && n < 3)
		if (text_parse_duration(word, out[n++], NULL) != RC_DONE || *out[n - 1] <= 0)
			n = 4;
	if (n != 3 || word)
		return err_set(err, RC_USAGE, "--slices",
			"'%s' is not three durations such as 5s,5m,15m", value);
	return RC_DONE;
}

/* "tcp,response"; "all" and "none" stand alone. */
static enum rc set_attributes(struct args *a, const char *value, struct err *err)
{
	if (!attributes_parse(value, &a->attributes))
		return err_set(err, RC_USAGE, "--attributes",
			"'%s' is none of all, none, tcp, response or a list of the latter", value);
	return RC_DONE;
}

static enum rc set_fingerprints(struct args *a, const char *value, struct err *err)
{
	if (!fingerprints_parse(value, &a->fingerprints))
		return err_set(err, RC_USAGE, "--fingerprints", "'%s' is none of off, sparse, full", value);
	return RC_DONE;
}

/* The file is read at once: privileges, and what can be opened, are given up later. */
static enum rc set_resolve(struct args *a, const char *value, struct err *err)
{
	enum rc rc;

	a->no_names = strcmp(value, "none") == 0;
	hosts_free(a->hosts);
	a->hosts = NULL;
	if (a->no_names || strcmp(value, "seen") == 0)
		return RC_DONE;
	if (strcmp(value, "hosts") != 0)
		return err_set(err, RC_USAGE, "--resolve", "'%s' is none of none, seen, hosts", value);
	rc = hosts_read("/etc/hosts", &a->hosts, err);
	return rc == RC_MISSING ? RC_DONE : rc;
}

static enum rc set_size(struct args *a, const char *value, struct err *err)
{
	int used = 0;

	if (sscanf(value, "%4ux%4u%n", &a->width_cells, &a->height_cells, &used) != 2 ||
		value[used])
		return err_set(err, RC_USAGE, "--size", "'%s' is no size such as 80x24", value);
	return RC_DONE;
}

/* ---- the table ---------------------------------------------------------------------------- */

static const struct option options[OPTIONS] = {
	[OPTION_STORE] = { "store", 's', "STORE", "a store; repeatable", set_store },
	[OPTION_READ] = { "read", 'r', "FILE", "a capture file; repeatable", set_read },
	[OPTION_INTERFACE] = { "interface", 'i', "IFACE", "a live interface; repeatable",
		set_device },
	[OPTION_WRITE] = { "write", 'w', "OUT", "pcapng file to write; '-' is standard output",
		set_write },
	[OPTION_BPF] = { "bpf", 'f', "EXPR",
		"take only packets that this tcpdump expression lets through", set_bpf },
	[OPTION_FROM] = { "from", 0, "TIME",
		"begin here: RFC 3339, or -15m before the newest packet", set_from },
	[OPTION_TO] = { "to", 0, "TIME", "end before this time", set_to },
	[OPTION_IN] = { "in", 0, "ID", "only what lies below this record; repeatable", set_in },
	[OPTION_GROUP_BY] = { "group-by", 0, "FIELD,...",
		"one row for each combination of these fields", set_group_by },
	[OPTION_SORT] = { "sort", 0, "[-]FIELD,...", "order of rows; '-' for largest first",
		set_sort },
	[OPTION_LIMIT] = { "limit", 0, "N", "stop after N rows", set_limit },
	[OPTION_FIELDS] = { "fields", 0, "FIELD,...", "columns to show; 'all' for every one",
		set_fields },
	[OPTION_FORMAT] = { "format", 0, "FORMAT", "table, csv or json (related, map: dot, too)", set_format },
	[OPTION_WINDOW] = { "window", 0, "TIME", "an effect comes so much later at most (default 1s)",
		set_window },
	[OPTION_DEPTH] = { "depth", 0, "N", "hops from what was asked for (default 8)", set_depth },
	[OPTION_UPSTREAM] = { "upstream", 0, NULL, "what triggered it, not what it triggered", NULL },
	[OPTION_PAYLOAD] = { "payload", 0, "FILE", "find what is in this file", set_payload },
	[OPTION_TEXT] = { "text", 0, "TEXT", "find this text", set_text },
	[OPTION_HEX] = { "hex", 0, "DIGITS", "find these bytes: 16 03 01", set_hex },
	[OPTION_EVERY_PACKET] = { "every-packet", 0, NULL, "read also what stored fingerprints say no of", NULL },
	[OPTION_CSV_EXACT] = { "csv-exact", 0, NULL,
		"in CSV, leave text as it is that a spreadsheet would run", NULL },
	[OPTION_EXPLAIN] = { "explain", 0, NULL, "say on standard error what the answer cost",
		NULL },
	[OPTION_TIER] = { "tier", 0, "TIER", "the filter selects whole records of this tier",
		set_tier },
	[OPTION_SQLITE] = { "sqlite", 0, "OUT.db",
		"write records as a table of an SQLite database", set_sqlite },
	[OPTION_FORCE] = { "force", 0, NULL, "replace a file that exists", NULL },
	[OPTION_REPAIR] = { "repair", 0, NULL, "rebuild what can be rebuilt", NULL },
	[OPTION_DEEP] = { "deep", 0, NULL, "show every record, not only the outline", NULL },
	[OPTION_FILTER] = { "filter", 0, "FILTER", "filter to begin with", set_filter },
	[OPTION_SCRIPT] = { "script", 0, "FILE", "take keys from a file, write screens as text",
		set_script },
	[OPTION_KEYS] = { "keys", 0, "KEYS", "without a terminal: press these keys, then write the screen as text",
		set_keys },
	[OPTION_BATCH] = { "batch", 0, "VIEW", "without a terminal: write a view as text: flows, help, ...",
		set_batch },
	[OPTION_SCREEN_DUMP] = { "screen-dump", 0, "FILE",
		"where the screen is written as text at the end; '-' is standard output", set_screen_dump },
	[OPTION_ANSI] = { "ansi", 0, NULL, "write screens with the colours of a terminal", NULL },
	[OPTION_SIZE] = { "size", 0, "WxH", "size of a screen without a terminal", set_size },
	[OPTION_ASCII] = { "ascii", 0, NULL, "draw with ASCII characters only", NULL },
	[OPTION_CONFIG] = { "config", 0, "FILE", "configuration instead of the user's", set_config },
	[OPTION_STATE] = { "state", 0, "FILE", "remember there what is remembered over runs", set_state },
	[OPTION_FRESH] = { "fresh", 0, NULL, "do not show the file as it was left", NULL },
	[OPTION_SLICES] = { "slices", 0, "A,B,C",
		"lengths of microflows, flows and macroflows: 5s,5m,15m", set_slices },
	[OPTION_ATTRIBUTES] = { "attributes", 0, "LIST",
		"what is computed beside counting: all, none, or of tcp,response,app,voip", set_attributes },
	[OPTION_ATTRIBUTES_FOR] = { "attributes-for", 0, "FILTER",
		"compute it only for conversations that match", set_attributes_for },
	[OPTION_FINGERPRINTS] = { "fingerprints", 0, "HOW",
		"of payload, kept in the index: off, sparse (default) or full", set_fingerprints },
	[OPTION_BLOCK_SIZE] = { "block-size", 0, "SIZE",
		"of a new store's blocks: 1Mi to 256Mi", set_block_size },
	[OPTION_INDEX_DIR] = { "index-dir", 0, "DIR", "keep the index there", set_index_dir },
	[OPTION_NO_CACHE] = { "no-cache", 0, NULL, "index anew, and keep nothing of it", NULL },
	[OPTION_THREADS] = { "threads", 0, "N",
		"threads for indexing (default: one a processor)", set_threads },
	[OPTION_RESOLVE] = { "resolve", 0, "HOW",
		"names of addresses: none, seen in the packets, or hosts: also in /etc/hosts", set_resolve },
	[OPTION_HEALTH] = { "health", 0, "FILE", "thresholds that health is judged by", set_health },
	[OPTION_BUFFER_SIZE] = { "buffer-size", 0, "SIZE",
		"ring shared with the kernel, of each interface (default 64Mi)", set_buffer_size },
	[OPTION_SNAPLEN] = { "snaplen", 0, "BYTES", "keep so much of a packet (default: all)",
		set_snaplen },
	[OPTION_PROMISCUOUS] = { "promiscuous", 0, NULL, "also what is not for this host", NULL },
	[OPTION_IMMEDIATE] = { "immediate", 0, NULL, "every packet at once, at a price", NULL },
	[OPTION_SYNC_INTERVAL] = { "sync-interval", 0, "TIME",
		"packets are safe and visible after so long (default 1s)", set_sync_ns },
	[OPTION_MAX_SIZE] = { "max-size", 0, "SIZE", "oldest blocks go beyond this size",
		set_max_size },
	[OPTION_MAX_AGE] = { "max-age", 0, "TIME", "blocks go when they are older", set_max_age_ns },
	[OPTION_MIN_FREE] = { "min-free", 0, "SIZE", "oldest blocks go to keep this free on the disk",
		set_min_free },
	[OPTION_KEEP_MACROFLOWS] = { "keep-macroflows", 0, "TIME",
		"macroflows outlive their packets so long", set_keep_macroflows_ns },
	[OPTION_WHEN_FULL] = { "when-full", 0, "rotate|stop",
		"a full disk costs the oldest blocks, or ends it", set_when_full },
	[OPTION_USER] = { "user", 0, "USER", "become this user once interfaces are open", set_user },
	[OPTION_REPORT] = { "report", 0, "SECONDS", "say how it goes every so often", set_report },
	[OPTION_DURATION] = { "duration", 0, "TIME", "end after so long", set_duration_ns },
	[OPTION_COUNT] = { "count", 0, "N", "end when N packets are stored", set_count },
	[OPTION_QUIET] = { "quiet", 'q', NULL, "no notes, no progress: errors only", NULL },
	[OPTION_HELP] = { "help", 'h', NULL, "say this", NULL },
	[OPTION_VERSION] = { "version", 'V', NULL, "say which version this is", NULL },
};

const struct option *option_at(enum option_id id)
{
	return &options[id];
}

/* ---- parsing ------------------------------------------------------------------------------- */

/* What is left of the command line. */
struct reader {
	char **argv;
	int argc, next;
};

static enum rc add_word(struct args *a, const char *word, struct err *err)
{
	if (mem_grow(&a->words, &a->cap_words, a->n_words + 1, sizeof(*a->words)) != 0)
		return err_memory(err);
	a->words[a->n_words++] = word;
	return RC_DONE;
}

/* `text` without its dash: "-store=x", "sx". *value is what is attached to it, or NULL. */
static const struct option *find_option(const char *text, const char **value)
{
	size_t len;

	*value = NULL;
	if (text[0] != '-') {
		for (size_t i = 0; i < OPTIONS; i++) {
			if (options[i].letter != text[0])
				continue;
			*value = text[1] ? text + 1 : NULL;
			return &options[i];
		}
		return NULL;
	}
	text++;
	len = strcspn(text, "=");
	for (size_t i = 0; i < OPTIONS; i++) {
		if (strlen(options[i].name) != len || strncmp(options[i].name, text, len) != 0)
			continue;
		*value = text[len] ? text + len + 1 : NULL;
		return &options[i];
	}
	return NULL;
}

static enum rc take_option(struct args *a, struct reader *r, struct err *err)
{
	const char *text = r->argv[r->next++], *value;
	const struct option *o = find_option(text + 1, &value);

	if (!o)
		return err_set(err, RC_USAGE, text, "no such option");
	if (!o->value && value)
		return err_set(err, RC_USAGE, text, "takes no value");
	if (o->value && !value) {
		if (r->next == r->argc)
			return err_set(err, RC_USAGE, text, "needs a value: %s", o->value);
		value = r->argv[r->next++];
	}
	a->given |= (u128)1 << (o - options);
	return o->set ? o->set(a, value, err) : RC_DONE;
}

enum rc args_parse(struct args *a, int argc, char **argv, struct err *err)
{
	struct reader r = { argv, argc, 1 };
	enum rc rc = RC_DONE;
	bool ended = false;

	memset(a, 0, sizeof(*a));
	while (rc == RC_DONE && r.next < argc) {
		const char *word = argv[r.next];
		if (ended || word[0] != '-' || word[1] == '\0') {
			rc = add_word(a, word, err);
			r.next++;
		} else if (strcmp(word, "--") == 0) {
			ended = true;
			r.next++;
		} else {
			rc = take_option(a, &r, err);
		}
	}
	if (rc != RC_DONE)
		args_free(a);
	return rc;
}

void args_free(struct args *a)
{
	hosts_free(a->hosts);
	mem_free(a->sources);
	mem_free(a->words);
	mem_free(a->in);
	mem_free(a->devices);
	memset(a, 0, sizeof(*a));
}

/* ---- words --------------------------------------------------------------------------------- */

enum rc args_join(const struct args *a, size_t first, struct buf *out, struct err *err)
{
	buf_init(out);
	for (size_t i = first; i < a->n_words; i++) {
		if (i > first)
			buf_put_u8(out, ' ');
		buf_put_str(out, a->words[i]);
	}
	(void)buf_text(out);
	if (!out->failed)
		return RC_DONE;
	buf_free(out);
	return err_memory(err);
}

enum rc args_ids(
	const struct args *a, size_t first, struct id **out, size_t *n, struct err *err)
{
	const char *other = NULL, *like = NULL;
	struct id *ids = mem_calloc(a->n_words + 1, sizeof(*ids));

	*out = NULL;
	*n = 0;
	if (!ids)
		return err_memory(err);
	for (size_t i = first; i < a->n_words; i++) {
		if (id_parse(a->words[i], &ids[*n])) {
			like = a->words[i];
			++*n;
		} else {
			other = a->words[i];
		}
	}
	if (like && other) {
		mem_free(ids);
		*n = 0;
		return err_set(err, RC_USAGE, like,
			"ids and a filter ('%s') do not go together", other);
	}
	*out = ids;
	return RC_DONE;
}
