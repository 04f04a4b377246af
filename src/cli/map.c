/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill map SOURCE [FILTER|ID...] */
#include "base/text.h"
#include "cli/grid.h"
#include "cli/say.h"
#include "cli/select.h"
#include "out/report.h"
#include "query/related_words.h"
#include "query/service_map.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- table --------------------------------------------------------------------------------------- */

/* "10.0.0.5:80 lb"; "10.0.0.5 lb" for a machine by itself. */
static void end_text(const struct cli *c, char *out, size_t size, const struct service_edge *e, const struct service_end *end)
{
	char addr[ADDR_TEXT];
	bool six = end->addr.kind == ADDR_IPV6;
	size_t n;

	addr_format(addr, sizeof(addr), &end->addr);
	if (end->port)
		n = (size_t)snprintf(out, size, six ? "[%s]:%u" : "%s:%u", addr, end->port);
	else
		n = (size_t)snprintf(out, size, "%s", addr);
	grid_name(c, out + n, size - n, &e->packet_to, e->time_ns, &end->addr);
}

static void fill_line(const struct cli *c, const struct service_edge *e, char (*cells)[GRID_CELL])
{
	end_text(c, cells[0], GRID_CELL, e, &e->from);
	end_text(c, cells[1], GRID_CELL, e, &e->to);
	if (e->from.port)
		snprintf(cells[2], GRID_CELL, "%" PRIu64, e->requests);
	snprintf(cells[3], GRID_CELL, "%" PRIu64, e->triggered);
	if (!e->has_delay) {
		snprintf(cells[8], GRID_CELL, "by itself, or unknown");
		return;
	}
	snprintf(cells[4], GRID_CELL, "%" PRIu64, e->ordered);
	snprintf(cells[5], GRID_CELL, "%.2f", e->requests ? (double)e->triggered / (double)e->requests : 0.0);
	text_duration(cells[6], GRID_CELL, e->delay_p50_ns);
	text_duration(cells[7], GRID_CELL, e->delay_p95_ns);
	snprintf(cells[8], GRID_CELL, "%s %.2f", related_confidence_word(e->confidence), e->confidence);
}

static enum rc write_table(const struct cli *c, const struct service_map *map, size_t n, struct err *err)
{
	static const char *const titles[] = { "service", "triggers", "requests", "triggered", "by order", "per request", "delay p50",
		"p95", "confidence" };
	struct grid g;

	grid_title(&g, titles, sizeof(titles) / sizeof(titles[0]), 0xfc);
	for (size_t i = 0; i < n; i++) {
		char (*cells)[GRID_CELL] = grid_line(&g);

		if (cells)
			fill_line(c, &map->v[i], cells);
	}
	return grid_write(&g, err);
}

/* ---- csv, json, dot -------------------------------------------------------------------------------- */

static void write_csv(const struct service_map *map, size_t n)
{
	puts("from,from_port,to,to_port,proto,requests,triggered,delay_p50,delay_p95,packet_from,packet_to,by_order,confidence");
	for (size_t i = 0; i < n; i++) {
		const struct service_edge *e = &map->v[i];
		char from[ADDR_TEXT], to[ADDR_TEXT], p50[TEXT_NUMBER] = "", p95[TEXT_NUMBER] = "", a[ID_TEXT] = "", b[ID_TEXT];
		char port[TEXT_NUMBER] = "", requests[TEXT_NUMBER] = "", ordered[TEXT_NUMBER] = "", sure[TEXT_NUMBER] = "";

		addr_format(from, sizeof(from), &e->from.addr);
		addr_format(to, sizeof(to), &e->to.addr);
		id_format(b, sizeof(b), &e->packet_to);
		if (e->has_delay) {
			text_seconds(p50, sizeof(p50), e->delay_p50_ns);
			text_seconds(p95, sizeof(p95), e->delay_p95_ns);
			id_format(a, sizeof(a), &e->packet_from);
			snprintf(port, sizeof(port), "%u", e->from.port);
			snprintf(requests, sizeof(requests), "%" PRIu64, e->requests);
			snprintf(ordered, sizeof(ordered), "%" PRIu64, e->ordered);
			snprintf(sure, sizeof(sure), "%.3f", e->confidence);
		}
		printf("%s,%s,%s,%u,%u,%s,%" PRIu64 ",%s,%s,%s,%s,%s,%s\n", from, port, to, e->to.port, e->to.proto, requests,
			e->triggered, p50, p95, a, b, ordered, sure);
	}
}

static void say_end(struct report *r, const char *addr_key, const char *port_key, const struct service_end *end)
{
	char text[ADDR_TEXT];

	addr_format(text, sizeof(text), &end->addr);
	report_text(r, addr_key, NULL, text);
	if (end->port)
		report_count(r, port_key, NULL, end->port);
	else
		report_unknown(r, port_key, NULL);
}

static void say_packet(struct report *r, const char *key, const struct id *id)
{
	char text[ID_TEXT];

	id_format(text, sizeof(text), id);
	report_text(r, key, NULL, text);
}

static enum rc write_json(const struct service_edge *e, struct err *err)
{
	struct out_style style = { 0 };
	struct report *r;
	enum rc rc = report_begin(stdout, true, &style, &r, err);

	if (rc != RC_DONE)
		return rc;
	say_end(r, "from", "from_port", &e->from);
	say_end(r, "to", "to_port", &e->to);
	report_count(r, "proto", NULL, e->to.proto);
	report_count(r, "triggered", NULL, e->triggered);
	say_packet(r, "packet_to", &e->packet_to);
	if (e->has_delay) {
		report_count(r, "requests", NULL, e->requests);
		report_duration(r, "delay_p50", NULL, e->delay_p50_ns);
		report_duration(r, "delay_p95", NULL, e->delay_p95_ns);
		say_packet(r, "packet_from", &e->packet_from);
		report_count(r, "by_order", NULL, e->ordered);
		report_share(r, "confidence", NULL, e->confidence);
	}
	return report_end(r, err);
}

static void write_dot(const struct cli *c, const struct service_map *map, size_t n)
{
	puts("digraph services {\n\trankdir=LR;\n\tnode [shape=box];");
	for (size_t i = 0; i < n; i++) {
		const struct service_edge *e = &map->v[i];
		char from[GRID_CELL], to[GRID_CELL], p50[TEXT_NUMBER], p95[TEXT_NUMBER];

		end_text(c, from, sizeof(from), e, &e->from);
		end_text(c, to, sizeof(to), e, &e->to);
		printf("\t\"%s\" -> \"%s\" [label=\"%" PRIu64, from, to, e->triggered);
		if (e->has_delay) {
			text_duration(p50, sizeof(p50), e->delay_p50_ns);
			text_duration(p95, sizeof(p95), e->delay_p95_ns);
			printf(" of %" PRIu64 "\\nafter %s, p95 %s", e->requests, p50, p95);
			if (e->ordered > 0)
				printf("\\n%" PRIu64 " by order", e->ordered);
		}
		printf("\"%s];\n", !e->has_delay ? ", style=dashed" : e->ordered == e->triggered ? ", style=dotted" : "");
	}
	puts("}");
}

static enum rc write_map(const struct cli *c, const struct service_map *map, struct err *err)
{
	size_t n = c->args.limit && c->args.limit < map->n ? (size_t)c->args.limit : map->n;
	enum rc rc = RC_DONE;

	switch (c->args.format) {
	case OUT_CSV: write_csv(map, n); break;
	case OUT_DOT: write_dot(c, map, n); break;
	case OUT_JSON:
		for (size_t i = 0; i < n && rc == RC_DONE; i++)
			rc = write_json(&map->v[i], err);
		break;
	default: rc = write_table(c, map, n, err);
	}
	if (rc == RC_DONE && (fflush(stdout) != 0 || ferror(stdout)))
		rc = err_errno(err, OUT_STDOUT, "cannot write");
	return rc;
}

/* ---- the command ------------------------------------------------------------------------------------ */

static enum rc tell(const struct cli *c, const struct service_map *map, struct err *err)
{
	enum rc rc = RC_DONE;
	char text[80];

	if (map->n > 0)
		rc = write_map(c, map, err);
	if (args_given(&c->args, OPTION_EXPLAIN))
		cli_explain_walk(&map->cost, map->machines, map->packets, map->work);
	if (map->n > 0 && map->looked_ns < map->window_ns) {
		snprintf(text, sizeof(text), "looked at %.0f %% of the time, in parts",
			100.0 * (double)map->looked_ns / (double)map->window_ns);
		say_note("map", text);
	}
	if (rc == RC_DONE && map->limited)
		rc = err_set(err, RC_LIMIT, "map", "not all was looked at: %s", map->limit);
	else if (rc == RC_DONE && map->n == 0)
		rc = err_set(err, RC_NOTHING, "map", "no machine that serves and asks sent a request");
	return rc;
}

static enum rc run(struct cli *c, const struct query *q, struct service_map *map, struct err *err)
{
	return service_map_run_fresh(session_sources(c->session), q, c->args.window_ns, cli_control(), map, err);
}

enum rc command_map(struct cli *c, struct err *err)
{
	struct selection selection = { 0 };
	struct service_map map = { 0 };
	struct query q;
	enum rc rc;

	query_init(&q, TIER_FLOW);
	rc = select_words(&selection, &c->args, 1, TIER_FLOW, err);
	if (rc == RC_DONE)
		rc = cli_open(c, err);
	if (rc == RC_DONE)
		rc = cli_query_range(c, &q, err);
	if (rc == RC_DONE)
		rc = select_apply(&selection, &q, err);
	if (rc == RC_DONE)
		rc = run(c, &q, &map, err);
	if (rc == RC_DAMAGED && cli_mend(c, rc, err) == RC_DONE)
		rc = run(c, &q, &map, err);
	if (rc == RC_DONE)
		rc = tell(c, &map, err);
	service_map_free(&map);
	select_free(&selection);
	return rc;
}
