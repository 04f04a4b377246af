/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/sources.h"

#include "base/text.h"
#include "cli/say.h"
#include "cli/thresholds.h"
#include "decode/decode.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- interruption ------------------------------------------------------------------------- */

static struct query_control control; /* of the query that runs */

static void on_interrupt(int number)
{
	(void)number;
	atomic_store(&control.cancel, true);
}

void cli_catch_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt,
		.sa_flags = (int)(SA_RESETHAND | SA_RESTART) };

	sigaction(SIGINT, &action, NULL);
}

struct query_control *cli_control(void)
{
	return &control;
}

bool cli_interrupted(void)
{
	return atomic_load(&control.cancel);
}

/* ---- sessions ------------------------------------------------------------------------------ */

static enum rc take_attributes(const struct args *a, struct session_options *out, struct err *err)
{
	struct store_config *c = &out->config;
	struct filter *filter;

	if (!args_given(a, OPTION_ATTRIBUTES) && !args_given(a, OPTION_ATTRIBUTES_FOR))
		return RC_DONE;
	out->asked |= CONFIG_ATTRIBUTES;
	if (args_given(a, OPTION_ATTRIBUTES))
		c->attributes = a->attributes;
	if (!a->attributes_for)
		return RC_DONE;
	if (strlen(a->attributes_for) >= sizeof(c->attributes_for))
		return err_set(err, RC_USAGE, "--attributes-for", "at most %zu bytes expected",
			sizeof(c->attributes_for) - 1);
	enum rc rc = filter_compile_conversations(a->attributes_for, &filter, err);
	if (rc != RC_DONE)
		return rc;
	if (filter && c->attributes)         /* which ones does not matter where there is nothing to do */
		strcpy(c->attributes_for, a->attributes_for);
	filter_free(filter);
	return RC_DONE;
}

enum rc cli_session_options(const struct args *a, struct session_options *out, struct err *err)
{
	session_options_default(out);
	out->no_cache = args_given(a, OPTION_NO_CACHE);
	out->cache_dir = a->index_dir;
	out->ingest.bpf = a->bpf;
	out->ingest.threads = (unsigned)a->threads;
	if (args_given(a, OPTION_SLICES)) {
		out->config.micro_ns = a->micro_ns;
		out->config.flow_ns = a->flow_ns;
		out->config.macro_ns = a->macro_ns;
		out->asked |= CONFIG_SLICES;
	}
	if (args_given(a, OPTION_BLOCK_SIZE))
		out->config.block_size = a->block_size;
	out->no_names = a->no_names;
	out->hosts = a->hosts;
	if (args_given(a, OPTION_FINGERPRINTS)) {
		out->config.fingerprints = a->fingerprints;
		out->asked |= CONFIG_FINGERPRINTS;
	}
	enum rc rc = take_attributes(a, out, err);
	if (rc == RC_DONE)
		rc = thresholds_read(&out->health, a->health, a->config, err);
	return rc == RC_DONE ? store_config_check(&out->config, err) : rc;
}

enum rc cli_index_dir(const struct args *a, struct store_config *config, struct err *err)
{
	char full[PATH_MAX];

	if (!a->index_dir)
		return RC_DONE;
	if (!realpath(a->index_dir, full))
		return err_errno(err, a->index_dir, "cannot use");
	int n = snprintf(config->index_dir, sizeof(config->index_dir), "%s", full);
	if (n < 0 || (size_t)n >= sizeof(config->index_dir))
		return err_set(err, RC_USAGE, "--index-dir", "the name is too long");
	return RC_DONE;
}

static void on_say(void *ctx, const char *what, const char *text)
{
	(void)ctx;
	say_note(what, text);
}

static bool on_tick(void *ctx, const struct ingest_progress *p, const char *path)
{
	(void)ctx;
	say_progress("indexing", path, atomic_load(&p->position), atomic_load(&p->size));
	return !cli_interrupted();
}

void cli_note_linktypes(const struct store *s, const char *path)
{
	size_t n;
	const struct point_info *p = store_points(s, &n);

	for (size_t i = 0; i < n; i++) {
		char name[48], why[128];
		bool told = false;
		for (size_t k = 0; k < i; k++)
			told |= p[k].linktype == p[i].linktype;
		if (told || p[i].packets == 0 || decode_knows_linktype(p[i].linktype))
			continue;
		linktype_format(name, sizeof(name), p[i].linktype);
		bool named = strncmp(name, "link-", 5) != 0;
		snprintf(why, sizeof(why),
			"link type %" PRIu32
			"%s%s%s: packets are kept and counted, not decoded",
			p[i].linktype, named ? " (" : "", named ? name : "", named ? ")" : "");
		say_note(path, why);
	}
}

static enum rc open_sources(struct cli *c, struct err *err)
{
	struct session_options options;
	enum rc rc;

	if (c->args.n_sources == 0)
		return err_set(
			err, RC_USAGE, c->command->name, "name a source: -s STORE or -r FILE");
	rc = cli_session_options(&c->args, &options, err);
	cli_catch_interrupt();
	if (rc == RC_DONE)
		rc = session_open(c->args.sources, c->args.n_sources, &options, on_say, NULL,
			&c->session, err);
	if (rc != RC_DONE || !session_needs_index(c->session))
		return rc;
	rc = session_index(c->session, on_tick, NULL, err);
	say_progress_end();
	/* not even a whole header: that is no capture cut short, but none */
	return rc == RC_CUT_SHORT ? RC_UNSUPPORTED : rc;
}

enum rc cli_input_state(struct cli *c, struct err *err)
{
	return c->session ? session_input_state(c->session, err) : RC_DONE;
}

enum rc cli_open(struct cli *c, struct err *err)
{
	enum rc rc = open_sources(c, err);
	const struct query_sources *s = rc == RC_DONE ? session_sources(c->session) : NULL;

	for (size_t i = 0; rc == RC_DONE && i < s->n; i++)
		cli_note_linktypes(s->stores[i], store_path(s->stores[i]));
	return rc;
}

/* ---- queries -------------------------------------------------------------------------------- */

enum rc cli_mend(struct cli *c, enum rc rc, struct err *err)
{
	struct err why;

	if (rc != RC_DAMAGED || !err)
		return rc;
	why = *err;
	rc = session_rebuild(c->session, on_tick, NULL, err);
	say_progress_end();
	if (rc == RC_UNSUPPORTED) {
		*err = why;
		return RC_DAMAGED;
	}
	if (rc != RC_DONE)
		return rc;
	say_error(&why);
	say_note(why.what, "the index was made anew");
	return RC_DONE;
}

enum rc cli_query(struct cli *c, const struct query *q, query_sink sink, void *ctx,
	struct query_explain *explain, struct err *err)
{
	struct query_again r = { .sink = sink, .ctx = ctx };
	enum rc rc =
		query_run_fresh(session_sources(c->session), q, query_again_row, &r, &control, explain, err);

	if (rc != RC_DAMAGED)
		return rc;
	rc = cli_mend(c, rc, err);
	if (rc != RC_DONE)
		return rc;
	r.skip = r.given;
	return query_run(session_sources(c->session), q, query_again_row, &r, &control, explain, err);
}

enum rc cli_query_range(struct cli *c, struct query *q, struct err *err)
{
	const struct query_sources *sources = session_sources(c->session);
	enum rc rc = RC_DONE;

	q->in = c->args.in;
	q->n_in = c->args.n_in;
	if (c->args.from)
		rc = query_parse_time(sources, c->args.from, &q->from_ns, err);
	if (rc == RC_DONE && c->args.to)
		rc = query_parse_time(sources, c->args.to, &q->to_ns, err);
	return rc;
}

size_t cli_all_fields(enum tier tier, const struct field **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < field_count() && n < max; i++) {
		const struct field *f = field_at(i);
		if (!f->hidden && (f->tiers & FIELD_ON(tier)))
			out[n++] = f;
	}
	return n;
}

enum rc cli_fields(const char *text, enum tier tier, const char *option,
	const struct field **out, size_t max, size_t *n, struct err *err)
{
	char word[64];
	size_t len;

	if (strcmp(text, "all") == 0) {
		*n = cli_all_fields(tier, out, max);
		return RC_DONE;
	}
	for (*n = 0; *n == 0 || *text++ == ','; text += len) {
		len = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), text);
		if (*n == max)
			return err_set(err, RC_USAGE, option, "more than %zu fields", max);
		out[*n] = field_find(word, tier);
		if (!out[*n])
			return err_set(err, RC_USAGE, option,
				"%s have no field '%s'; see flowdrill-fields(7)",
				tier_plural(tier), word);
		++*n;
	}
	return RC_DONE;
}

/* ---- odds and ends --------------------------------------------------------------------------- */

size_t cli_point_count(const struct cli *c)
{
	const struct query_sources *s = session_sources(c->session);
	size_t n = 0, more;

	for (size_t i = 0; i < s->n; i++) {
		store_points(s->stores[i], &more);
		n += more;
	}
	return n;
}

struct store *cli_store_of(const struct cli *c, unsigned source)
{
	const struct query_sources *s = session_sources(c->session);

	return s->stores[source > 0 ? source - 1 : 0];
}

void cli_style(struct out_style *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	memset(out, 0, sizeof(*out));
	if (!isatty(STDOUT_FILENO))
		return;
	out->color = (!no_color || !*no_color) && term && *term && strcmp(term, "dumb") != 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		out->width_cells = size.ws_col;
}

void cli_explain(const struct query_explain *e)
{
	fprintf(stderr,
		"plan            %s\n"
		"blocks          %" PRIu64 " read, %" PRIu64
		" skipped\n"
		"segments        %" PRIu64 " read, %" PRIu64
		" skipped\n"
		"catalog rows    %" PRIu64 " of %" PRIu64
		" bytes\n"
		"index bytes     %" PRIu64
		"\n"
		"filter bytes    %" PRIu64
		"\n"
		"flow parts      %" PRIu64
		"\n"
		"microflow parts %" PRIu64
		"\n"
		"packet bytes    %" PRIu64 " in %" PRIu64 " reads, %" PRIu64 " packets\n",
		e->plan, e->blocks, e->blocks_skipped, e->segments, e->segments_skipped,
		e->catalog_rows, e->catalog_bytes, e->index_bytes, e->filter_bytes, e->flow_parts, e->micro_parts, e->packet_bytes,
		e->packet_reads, e->packets);
}

void cli_explain_walk(const struct query_explain *cost, uint64_t machines, uint64_t packets, uint64_t steps)
{
	cli_explain(cost);
	fprintf(stderr,
		"machines        %" PRIu64 ", %" PRIu64 " packets\n"
		"comparing       %" PRIu64 " steps\n",
		machines, packets, steps);
}
