/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill find SOURCE --payload FILE|--text STRING|--hex DIGITS [FILTER] */
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/grid.h"
#include "cli/say.h"
#include "cli/select.h"
#include "out/report.h"
#include "query/find.h"
#include "trace/common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct looking {
	struct query query;
	struct selection selection;
	struct buf content;
	struct find_options how;
	struct finds found;
	struct query_explain cost;
};

/* ---- what is looked for ------------------------------------------------------------------------------ */

static enum rc read_content(const char *path, struct buf *out, struct err *err)
{
	struct io_file *f;
	size_t got = 0;
	enum rc rc = io_open(path, IO_READ, &f, err);

	if (rc != RC_DONE)
		return rc;
	uint8_t *to = buf_reserve(out, NEEDLE_MAX + 1);
	rc = to ? io_read(f, 0, to, NEEDLE_MAX + 1, &got, err) : err_memory(err);
	out->len = got;
	io_close(f);
	if (rc == RC_DONE && got > NEEDLE_MAX)
		return err_set(err, RC_LIMIT, path, "more than %d bytes", NEEDLE_MAX);
	return rc == RC_END ? RC_DONE : rc;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* "16 03 01", "160301", "16:03:01" */
static enum rc read_hex(const char *text, struct buf *out, struct err *err)
{
	for (const char *p = text; *p; p++) {
		if (*p == ' ' || *p == ':')
			continue;
		int high = digit(p[0]), low = high < 0 ? -1 : digit(p[1]);

		if (low < 0)
			return err_set_at(err, RC_USAGE, "--hex", (uint64_t)(p - text), "two hexadecimal digits a byte expected");
		buf_put_u8(out, (uint8_t)(high * 16 + low));
		p++;
	}
	return out->failed ? err_memory(err) : RC_DONE;
}

static enum rc parse_content(const struct args *a, struct buf *out, struct err *err)
{
	enum rc rc = RC_DONE;

	if (!!a->payload + !!a->text + !!a->hex != 1)
		return err_set(err, RC_USAGE, "find", "say what to find: one of --payload, --text, --hex");
	if (a->payload)
		rc = read_content(a->payload, out, err);
	else if (a->hex)
		rc = read_hex(a->hex, out, err);
	else
		buf_put_str(out, a->text);
	if (rc == RC_DONE && out->failed)
		return err_memory(err);
	if (rc == RC_DONE && out->len == 0)
		return err_set(err, RC_USAGE, "find", "nothing to look for");
	return rc;
}

static enum rc parse(const struct cli *c, struct looking *l, struct err *err)
{
	const struct args *a = &c->args;
	enum rc rc = parse_content(a, &l->content, err);

	query_init(&l->query, TIER_PACKET);
	if (rc != RC_DONE)
		return rc;
	l->how.by_flow = args_given(a, OPTION_TIER) && a->tier == TIER_FLOW;
	l->how.every = args_given(a, OPTION_EVERY_PACKET);
	if (args_given(a, OPTION_TIER) && a->tier != TIER_FLOW && a->tier != TIER_PACKET)
		return err_set(err, RC_USAGE, "--tier", "find tells packets or flows");
	return select_words(&l->selection, a, 1, TIER_PACKET, err);
}

/* ---- what was found ------------------------------------------------------------------------------------ */

static void fill_line(const struct cli *c, const struct find_hit *h, char (*cells)[GRID_CELL])
{
	text_time(cells[0], GRID_CELL, h->time_ns);
	id_format(cells[1], GRID_CELL, &h->packet);
	id_format(cells[2], GRID_CELL, &h->flow);
	grid_path_named(c, cells[3], GRID_CELL, &h->packet, h->time_ns, &h->src, h->src_port, &h->dst, h->dst_port);
	snprintf(cells[4], GRID_CELL, "%" PRIu32 " B", h->matched_bytes);
	snprintf(cells[5], GRID_CELL, "%" PRIu32, h->content_offset);
	snprintf(cells[6], GRID_CELL, "-");
	if (h->confirmed)
		snprintf(cells[6], GRID_CELL, "%" PRIu32, h->offset);
	snprintf(cells[7], GRID_CELL, "%" PRIu32, h->shared_by);
	snprintf(cells[8], GRID_CELL, "%s", h->confirmed ? "yes" : "no");
	snprintf(cells[9], GRID_CELL, "%" PRIu64, h->packets);
}

static enum rc write_table(const struct cli *c, const struct looking *l, size_t n, struct err *err)
{
	static const char *const titles[] = { "time", "packet", "flow", "path", "matched", "from", "at",
		"in flows", "confirmed", "packets" };
	struct grid g;

	grid_title(&g, titles, l->how.by_flow ? 10 : 9, 0x2f0);
	for (size_t i = 0; i < n; i++) {
		char (*cells)[GRID_CELL] = grid_line(&g), all[10][GRID_CELL];

		if (!cells)
			break;
		fill_line(c, &l->found.hits[i], all);
		memcpy(cells, all, g.columns * sizeof(*cells));
	}
	return grid_write(&g, err);
}

struct hit_text {
	char time[TEXT_TIME], packet[ID_TEXT], flow[ID_TEXT], src[ADDR_TEXT], dst[ADDR_TEXT];
};

static void texts_of(const struct find_hit *h, struct hit_text *t)
{
	text_time(t->time, sizeof(t->time), h->time_ns);
	id_format(t->packet, sizeof(t->packet), &h->packet);
	id_format(t->flow, sizeof(t->flow), &h->flow);
	addr_format(t->src, sizeof(t->src), &h->src);
	addr_format(t->dst, sizeof(t->dst), &h->dst);
}

static void write_csv(const struct find_hit *hits, size_t n)
{
	puts("time,packet,flow,src,src_port,dst,dst_port,matched_bytes,content_offset,shared_by,offset,packets,confirmed");
	for (size_t i = 0; i < n; i++) {
		const struct find_hit *h = &hits[i];
		char offset[16] = "";
		struct hit_text t;

		texts_of(h, &t);
		if (h->confirmed)
			snprintf(offset, sizeof(offset), "%" PRIu32, h->offset);
		printf("%s,%s,%s,%s,%u,%s,%u,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%s,%" PRIu64 ",%d\n", t.time, t.packet,
			t.flow, t.src, h->src_port, t.dst, h->dst_port, h->matched_bytes, h->content_offset,
			h->shared_by, offset, h->packets, h->confirmed);
	}
}

static enum rc write_json(const struct find_hit *h, struct err *err)
{
	struct out_style style = { 0 };
	struct hit_text t;
	struct report *r;
	enum rc rc = report_begin(stdout, true, &style, &r, err);

	if (rc != RC_DONE)
		return rc;
	texts_of(h, &t);
	report_time(r, "time", NULL, h->time_ns);
	report_text(r, "packet", NULL, t.packet);
	report_text(r, "flow", NULL, t.flow);
	report_text(r, "src", NULL, t.src);
	report_count(r, "src_port", NULL, h->src_port);
	report_text(r, "dst", NULL, t.dst);
	report_count(r, "dst_port", NULL, h->dst_port);
	report_count(r, "matched_bytes", NULL, h->matched_bytes);
	report_count(r, "content_offset", NULL, h->content_offset);
	report_count(r, "shared_by", NULL, h->shared_by);
	if (h->confirmed)
		report_count(r, "offset", NULL, h->offset);
	else
		report_unknown(r, "offset", NULL);
	report_count(r, "packets", NULL, h->packets);
	report_flag(r, "confirmed", NULL, h->confirmed);
	return report_end(r, err);
}

static enum rc write_found(const struct cli *c, const struct looking *l, struct err *err)
{
	size_t n = l->found.n;
	enum rc rc = RC_DONE;

	if (c->args.limit && c->args.limit < n)
		n = c->args.limit;
	if (c->args.format == OUT_CSV)
		write_csv(l->found.hits, n);
	else if (c->args.format == OUT_TABLE)
		rc = write_table(c, l, n, err);
	for (size_t i = 0; c->args.format == OUT_JSON && i < n && rc == RC_DONE; i++)
		rc = write_json(&l->found.hits[i], err);
	if (rc == RC_DONE && (fflush(stdout) != 0 || ferror(stdout)))
		rc = err_errno(err, OUT_STDOUT, "cannot write");
	return rc;
}

static enum rc run(struct cli *c, struct looking *l, struct err *err)
{
	memset(&l->cost, 0, sizeof(l->cost));
	return find_run(session_sources(c->session), &l->query, l->content.data, l->content.len, &l->how,
		&l->found, cli_control(), &l->cost, err);
}

/* What was left out, and what fingerprints could not leave out. */
static void say_how(const struct finds *f)
{
	char why[160];

	if (f->bare_segments > 0) {
		snprintf(why, sizeof(why), "%" PRIu64 " of %" PRIu64 " segments have no fingerprints: all of their packets were read",
			f->bare_segments, f->asked_segments);
		say_note("find", why);
	}
	if (f->sure > 0) {
		snprintf(why, sizeof(why), "parts of under %" PRIu32 " bytes are told where fingerprints led to them; "
			"--every-packet reads all packets", f->sure);
		say_note("find", why);
	}
}

static enum rc look(struct cli *c, struct looking *l, struct err *err)
{
	enum rc rc = cli_open(c, err);

	if (rc == RC_DONE)
		rc = cli_query_range(c, &l->query, err);
	if (rc == RC_DONE)
		rc = select_apply(&l->selection, &l->query, err);
	if (rc != RC_DONE)
		return rc;
	rc = run(c, l, err);
	if (rc == RC_DAMAGED && cli_mend(c, rc, err) == RC_DONE)
		rc = run(c, l, err);
	if (rc != RC_DONE)
		return rc;
	say_how(&l->found);
	if (args_given(&c->args, OPTION_EXPLAIN))
		cli_explain(&l->cost);
	if (l->found.n == 0)
		return err_set(err, RC_NOTHING, "find", "no packet of %" PRIu64 " with payload%s carries it",
			l->found.looked_at, l->found.sure > 0 ? " that fingerprints left" : "");
	rc = write_found(c, l, err);
	if (rc == RC_DONE && l->found.limited)
		rc = err_set(err, RC_LIMIT, "find", "more than %d packets carry it", FIND_HITS);
	return rc;
}

enum rc command_find_content(struct cli *c, struct err *err)
{
	struct looking l = { .how = { .by_flow = false } };
	enum rc rc;

	buf_init(&l.content);
	rc = parse(c, &l, err);
	if (rc == RC_DONE)
		rc = look(c, &l, err);
	finds_free(&l.found);
	select_free(&l.selection);
	buf_free(&l.content);
	return rc;
}
