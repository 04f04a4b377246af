/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill related SOURCE ID */
#include "base/mem.h"
#include "base/text.h"
#include "cli/grid.h"
#include "out/report.h"
#include "query/related_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct tree {
	struct cli *cli;
	struct related_hop *hops;
	size_t n, cap;
	enum rc rc;
	struct err *err;
};

static bool on_hop(void *ctx, const struct related_hop *hop)
{
	struct tree *t = ctx;

	if (mem_grow(&t->hops, &t->cap, t->n + 1, sizeof(*t->hops)) != 0) {
		t->rc = err_memory(t->err);
		return false;
	}
	t->hops[t->n++] = *hop;
	return true;
}

/* ---- table --------------------------------------------------------------------------------------- */

/* The flow that this line is about: what was triggered, or upstream what triggered. */
static void fill_line(const struct cli *c, bool upstream, const struct related_hop *h, char (*cells)[GRID_CELL])
{
	const struct related_place *p = upstream ? &h->from : &h->to;
	unsigned indent = (h->depth - 1) * 2;
	char from[ID_TEXT], to[ID_TEXT];

	indent = indent < GRID_CELL / 2 ? indent : GRID_CELL / 2;
	memset(cells[0], ' ', indent);
	id_format(cells[0] + indent, GRID_CELL - indent, &p->flow);
	grid_path_named(c, cells[1], GRID_CELL, &p->packet, p->time_ns, &p->src, p->src_port, &p->dst, p->dst_port);
	id_format(cells[2], GRID_CELL, upstream ? &h->to.flow : &h->from.flow);
	id_format(from, sizeof(from), &h->from.packet);
	id_format(to, sizeof(to), &h->to.packet);
	snprintf(cells[3], GRID_CELL, "%s > %s", from, to);
	text_duration(cells[4], GRID_CELL, h->delay_ns);
	snprintf(cells[5], GRID_CELL, "%" PRIu32 " B", h->matched_bytes);
	snprintf(cells[6], GRID_CELL, "%" PRIu32 " > %" PRIu32, h->from_offset, h->to_offset);
	snprintf(cells[7], GRID_CELL, "%" PRIu64, h->matches);
	snprintf(cells[8], GRID_CELL, "%" PRIu64, h->responses);
	snprintf(cells[9], GRID_CELL, "%.1f", h->score);
	snprintf(cells[10], GRID_CELL, "%.2f", h->confidence);
	snprintf(cells[11], GRID_CELL, "%s", related_by_word(h));
}

static enum rc write_table(const struct tree *t)
{
	bool upstream = args_given(&t->cli->args, OPTION_UPSTREAM);
	const char *const titles[] = { "flow", "path", upstream ? "triggered" : "trigger", "packets", "delay",
		"matched", "at", "matches", "answers", "score", "confidence", "by" };
	struct grid g;

	grid_title(&g, titles, sizeof(titles) / sizeof(titles[0]), 0x7f0);
	for (size_t i = 0; i < t->n; i++) {
		char (*cells)[GRID_CELL] = grid_line(&g);

		if (cells)
			fill_line(t->cli, upstream, &t->hops[i], cells);
	}
	return grid_write(&g, t->err);
}

/* ---- csv, json ------------------------------------------------------------------------------------- */

static void say_id(struct report *r, const char *key, const struct id *id)
{
	char text[ID_TEXT];

	id_format(text, sizeof(text), id);
	report_text(r, key, NULL, text);
}

static enum rc write_json(const struct tree *t)
{
	struct out_style style = { 0 };
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < t->n && rc == RC_DONE; i++) {
		const struct related_hop *h = &t->hops[i];
		struct report *r;

		rc = report_begin(stdout, true, &style, &r, t->err);
		if (rc != RC_DONE)
			break;
		report_count(r, "depth", NULL, h->depth);
		say_id(r, "trigger", &h->from.flow);
		say_id(r, "flow", &h->to.flow);
		say_id(r, "from", &h->from.packet);
		say_id(r, "to", &h->to.packet);
		report_duration(r, "delay", NULL, h->delay_ns);
		report_count(r, "matched_bytes", NULL, h->matched_bytes);
		report_count(r, "matches", NULL, h->matches);
		report_share(r, "score", NULL, h->score);
		report_count(r, "answers", NULL, h->responses);
		report_share(r, "confidence", NULL, h->confidence);
		say_id(r, "content_from", &h->content_from);
		say_id(r, "content_to", &h->content_to);
		report_count(r, "from_offset", NULL, h->from_offset);
		report_count(r, "to_offset", NULL, h->to_offset);
		report_text(r, "by", NULL, related_by_word(h));
		rc = report_end(r, t->err);
	}
	return rc;
}

static void write_csv(const struct tree *t)
{
	puts("depth,trigger,flow,from,to,delay,matched_bytes,matches,score,answers,confidence,content_from,"
	     "content_to,from_offset,to_offset,by");
	for (size_t i = 0; i < t->n; i++) {
		const struct related_hop *h = &t->hops[i];
		const struct id *ids[] = { &h->from.flow, &h->to.flow, &h->from.packet, &h->to.packet,
			&h->content_from, &h->content_to };
		char text[6][ID_TEXT], delay[TEXT_NUMBER];

		for (unsigned k = 0; k < 6; k++)
			id_format(text[k], ID_TEXT, ids[k]);
		text_seconds(delay, sizeof(delay), h->delay_ns);
		printf("%u,%s,%s,%s,%s,%s,%" PRIu32 ",%" PRIu64 ",%.3f,%" PRIu64 ",%.3f,%s,%s,%" PRIu32 ",%" PRIu32
		       ",%s\n",
			h->depth, text[0], text[1], text[2], text[3], delay, h->matched_bytes, h->matches, h->score,
			h->responses, h->confidence, text[4], text[5], h->from_offset, h->to_offset,
			related_by_word(h));
	}
}

/* ---- dot --------------------------------------------------------------------------------------------- */

/* Machines, and a line from one to the next for each hop. */
static void write_dot(const struct tree *t)
{
	puts("digraph related {\n\trankdir=LR;\n\tnode [shape=box];");
	for (size_t i = 0; i < t->n; i++) {
		const struct related_hop *h = &t->hops[i];
		const struct related_place *ends[] = { &h->from, &h->to };
		char src[ADDR_TEXT], dst[ADDR_TEXT], flow[ID_TEXT], delay[TEXT_NUMBER];

		for (unsigned k = h->parent == 0 ? 0 : 1; k < 2; k++) {
			addr_format(src, sizeof(src), &ends[k]->src);
			addr_format(dst, sizeof(dst), &ends[k]->dst);
			id_format(flow, sizeof(flow), &ends[k]->flow);
			printf("\t\"%s\" -> \"%s\" [label=\"%s port %u", src, dst, flow, ends[k]->dst_port);
			text_duration(delay, sizeof(delay), h->delay_ns);
			if (k == 1)
				printf("\\nafter %s, %" PRIu32 " B, %.2f", delay, h->matched_bytes, h->confidence);
			puts("\"];");
		}
	}
	puts("}");
}

static enum rc write_tree(const struct tree *t)
{
	enum rc rc = RC_DONE;

	switch (t->cli->args.format) {
	case OUT_CSV: write_csv(t); break;
	case OUT_JSON: rc = write_json(t); break;
	case OUT_DOT: write_dot(t); break;
	default: rc = write_table(t);
	}
	if (rc == RC_DONE && (fflush(stdout) != 0 || ferror(stdout)))
		rc = err_errno(t->err, OUT_STDOUT, "cannot write");
	return rc;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static enum rc parse(struct cli *c, struct id *id, struct err *err)
{
	struct id *ids;
	size_t n;
	enum rc rc = args_ids(&c->args, 1, &ids, &n, err);

	if (rc != RC_DONE)
		return rc;
	if (n == 1)
		*id = ids[0];
	mem_free(ids);
	if (n == 0 && c->args.n_words > 1)
		return err_set(err, RC_USAGE, c->args.words[1], "is no id (f7.123456, p7.123456)");
	if (n != 1)
		return err_set(err, RC_USAGE, "related", "name one id");
	return RC_DONE;
}

static enum rc run(struct tree *t, const struct id *id, const struct related_options *options,
	struct related_told *told)
{
	enum rc rc = related_run_fresh(session_sources(t->cli->session), id, options, on_hop, t, cli_control(), told,
		t->err);

	return rc == RC_DONE ? t->rc : rc;
}

enum rc command_related(struct cli *c, struct err *err)
{
	struct related_options options = { .window_ns = c->args.window_ns,
		.depth = (unsigned)c->args.depth,
		.limit = c->args.limit,
		.upstream = args_given(&c->args, OPTION_UPSTREAM) };
	struct tree t = { .cli = c, .rc = RC_DONE, .err = err };
	struct related_told told;
	struct id id;
	enum rc rc = parse(c, &id, err);

	if (rc == RC_DONE)
		rc = cli_open(c, err);
	if (rc != RC_DONE)
		return rc;
	rc = run(&t, &id, &options, &told);
	if (rc == RC_DAMAGED && cli_mend(c, rc, err) == RC_DONE)
		rc = run(&t, &id, &options, &told);
	if (rc == RC_DONE && t.n == 0)
		rc = related_nothing(&told, c->args.words[1], err);
	else if (rc == RC_DONE)
		rc = write_tree(&t);
	if (args_given(&c->args, OPTION_EXPLAIN))
		cli_explain_walk(&told.cost, told.machines, told.packets, told.work);
	if (rc == RC_DONE && told.limited)
		rc = err_set(err, RC_LIMIT, c->args.words[1], "not all was looked at: %s", told.limit);
	mem_free(t.hops);
	return rc;
}
