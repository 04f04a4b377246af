/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill show SOURCE ID... */
#include "cli/show.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/sources.h"

#include <stdio.h>
#include <string.h>

enum { NAME_CELLS = 21, GROUP_FIELDS = 26 };

static const char application[] = "application";

/* How fields stand together; what is not named here comes last, so that a new field needs no word. */
static const struct group {
	const char *title;
	const char *fields[GROUP_FIELDS];
} groups[] = {
	{ "who",
		{ "point", "src", "src_port", "dst", "dst_port", "client", "client_port",
			"server", "server_port", "proto", "service", "vlan", "tunnel",
			"client_mac", "server_mac", "orientation_by", "community_id",
			"clients" } },
	{ "when", { "slice", "time", "first", "last", "duration", "gap", "end_reason" } },
	{ "how much",
		{ "flows", "packets", "bytes", "payload_bytes", "c2s_packets", "s2c_packets",
			"c2s_bytes", "s2c_bytes", "len", "caplen", "payload_len" } },
	{ "sizes and gaps",
		{ "size_min", "size_avg", "size_max", "size_sd", "gap_min", "gap_avg",
			"gap_max", "gap_sd" } },
	{ "ip",
		{ "ttl", "c2s_ttl_min", "c2s_ttl_max", "s2c_ttl_min", "s2c_ttl_max", "dscp",
			"icmp_type", "fragments" } },
	{ "tcp",
		{ "tcp_flags", "seq", "ack", "window", "marks", "syn", "fin", "rst", "window_min",
			"window_max", "in_flight_max", "c2s_mss", "s2c_mss", "c2s_window_scale",
			"s2c_window_scale", "c2s_sack", "s2c_sack", "attempted", "answered",
			"refused", "unanswered", "closed_by" } },
	{ "tcp trouble",
		{ "retrans", "c2s_retrans", "s2c_retrans", "fast_retrans", "spurious_retrans",
			"out_of_order", "lost_segment", "ack_lost_segment", "dup_ack", "keep_alive",
			"keep_alive_ack", "zero_window", "zero_window_probe",
			"zero_window_probe_ack", "window_full", "window_update", "port_reuse",
			"overlap", "duplicate", "bad_sack" } },
	{ "times",
		{ "rtt", "rtt_min", "rtt_avg", "rtt_max", "rtt_sd", "rtt_p50", "rtt_p95",
			"rtt_client_min", "rtt_client_avg", "rtt_client_max", "rtt_client_sd",
			"rtt_server_min", "rtt_server_avg", "rtt_server_max", "rtt_server_sd",
			"response", "response_min", "response_avg", "response_max", "response_sd",
			"response_p50", "response_p95", "turns", "transfer_avg", "transfer_max", "aborted" } },
	{ application,
		{ "app", "name", "client_name", "server_name", "src_name", "dst_name", "url", "status", "requests", "errors", "refusals", "tls_version",
			"alpn", "ja4" } },
	{ "packet", { "frame", "file_offset", "info" } },
	{ "block", { "file", "offset", "length", "state" } },
	{ "capture point", { "name", "linktype", "snaplen", "dropped" } },
	{ "trouble", { "malformed", "checksum_errors", "state_evicted", "drops", "gone" } },
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static size_t group_of(const char *name, enum tier tier)
{
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t i = 0; i < GROUP_FIELDS && groups[g].fields[i]; i++)
			/* points have a name of their own */
			if (strcmp(groups[g].fields[i], name) == 0 &&
				(tier != TIER_POINT || groups[g].title != application))
				return g;
	return GROUPS;
}

/* For people, with the exact number behind it where units rounded it. */
static void print_field(const struct field *f, const struct row *row)
{
	char people[OUT_CELL], exact[OUT_CELL];
	struct value v;

	if (!field_get(f, row, &v)) {
		printf("    %-*s -\n", NAME_CELLS, f->name);
		return;
	}
	value_format(exact, sizeof(exact), f, &v, STYLE_MACHINE);
	value_format(people, sizeof(people), f, &v, STYLE_PEOPLE);
	if (f->unit == UNIT_TIME)
		printf("    %-*s %s\n", NAME_CELLS, f->name, exact);
	else if (f->unit == UNIT_DURATION || (f->unit == UNIT_BYTES && v.u >= 1000))
		printf("    %-*s %s (%s)\n", NAME_CELLS, f->name, people, exact);
	else
		printf("    %-*s %s\n", NAME_CELLS, f->name, people);
}

/* Of a packet the words of `marks` say it all. */
static bool is_told_by_marks(const struct field *f)
{
	return f->id >= FIELD_PACKET_MARK && f->id < FIELD_PACKET_MARK + PACKET_MARKS;
}

static void print_group(size_t g, const struct row *row)
{
	bool titled = false;

	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);
		if (f->hidden || !(f->tiers & FIELD_ON(row->tier)) || f->type == TYPE_ID ||
			group_of(f->name, row->tier) != g || is_told_by_marks(f))
			continue;
		if (!titled)
			printf("  %s\n", g < GROUPS ? groups[g].title : "more");
		titled = true;
		print_field(f, row);
	}
}

/* "f7.24  flow  in m7.24": who it is and what it belongs to, up to the top. */
static enum rc print_head(
	struct cli *c, const struct id *id, const struct row *row, struct err *err)
{
	char text[ID_TEXT];
	struct id at = *id, up;
	enum rc rc;

	id_format(text, sizeof(text), id);
	printf("%s  %s", text, tier_singular(row->tier));
	for (const char *lead = "  in "; at.tier <= TIER_FLOW; lead = " in ", at = up) {
		rc = query_parent(session_sources(c->session), &at, &up, err);
		if (rc != RC_DONE)
			return rc;
		id_format(text, sizeof(text), &up);
		printf("%s%s", lead, text);
	}
	putchar('\n');
	return RC_DONE;
}

static enum rc show_one(struct cli *c, const struct id *id, struct err *err)
{
	struct query_holder *h;
	enum rc rc = query_get(session_sources(c->session), id, &h, err);

	if (rc != RC_DONE)
		return rc;
	const struct row *row = query_holder_row(h);
	struct id full;
	row_id(row, &full);
	rc = print_head(c, &full, row, err);
	for (size_t g = 0; rc == RC_DONE && g <= GROUPS; g++)
		print_group(g, row);
	if (rc == RC_DONE && row->tier == TIER_PACKET)
		rc = show_packet(row->packet, query_holder_raw(h), query_holder_point(h), err);
	query_holder_free(h);
	return rc;
}

enum rc command_show(struct cli *c, struct err *err)
{
	struct id *ids;
	size_t n;
	enum rc rc = args_ids(&c->args, 1, &ids, &n, err);

	if (rc != RC_DONE)
		return rc;
	if (n == 0) {
		mem_free(ids);
		if (c->args.n_words > 1)
			return err_set(err, RC_USAGE, c->args.words[1],
				"is no id (f7.123456, p7.123456)");
		return err_set(err, RC_USAGE, "show", "name an id");
	}
	rc = cli_open(c, err);
	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		if (i > 0)
			putchar('\n');
		rc = show_one(c, &ids[i], err);
		if (rc == RC_DONE && (ferror(stdout) || (i + 1 == n && fflush(stdout) != 0)))
			rc = err_errno(err, OUT_STDOUT, "cannot write");
	}
	mem_free(ids);
	return rc;
}
