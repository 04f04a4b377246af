/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/field_groups.h"

#include <string.h>

enum { GROUP_FIELDS = 28 };

static const char tcp[] = "tcp", tcp_trouble[] = "tcp trouble", times[] = "times", application[] = "application", media[] = "media";

static const struct group {
	const char *title;
	const char *fields[GROUP_FIELDS];
} groups[] = {
	{ "health", { "health", "why" } },
	{ "who",
		{ "point", "src", "src_port", "dst", "dst_port", "client", "client_port",
			"server", "server_port", "client_net", "server_net", "proto", "service", "vlan", "tunnel",
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
	{ tcp,
		{ "tcp_flags", "seq", "ack", "window", "marks", "syn", "fin", "rst", "window_min",
			"window_max", "in_flight_max", "c2s_mss", "s2c_mss", "c2s_window_scale",
			"s2c_window_scale", "c2s_sack", "s2c_sack", "attempted", "answered",
			"refused", "unanswered", "closed_by" } },
	{ tcp_trouble,
		{ "retrans", "c2s_retrans", "s2c_retrans", "fast_retrans", "spurious_retrans",
			"out_of_order", "lost_segment", "ack_lost_segment", "dup_ack", "keep_alive",
			"keep_alive_ack", "zero_window", "zero_window_probe",
			"zero_window_probe_ack", "window_full", "window_update", "port_reuse",
			"overlap", "duplicate", "bad_sack" } },
	{ times,
		{ "rtt", "rtt_min", "rtt_avg", "rtt_max", "rtt_sd", "rtt_p50", "rtt_p95",
			"rtt_client_min", "rtt_client_avg", "rtt_client_max", "rtt_client_sd",
			"rtt_server_min", "rtt_server_avg", "rtt_server_max", "rtt_server_sd",
			"response", "response_min", "response_avg", "response_max", "response_sd",
			"response_p50", "response_p95", "turns", "transfer_avg", "transfer_max", "aborted" } },
	{ application,
		{ "app", "name", "client_name", "server_name", "src_name", "dst_name", "url", "status", "requests", "errors", "refusals", "tls_version",
			"alpn", "ja4" } },
	{ media,
		{ "rtp_packets", "c2s_rtp_packets", "s2c_rtp_packets", "rtp_lost", "c2s_rtp_lost", "s2c_rtp_lost", "rtp_loss",
			"rtp_gaps", "rtp_reordered", "rtp_duplicates", "rtp_bursts", "jitter_avg", "jitter_max", "c2s_jitter_avg",
			"s2c_jitter_avg", "mos_min", "mos_avg", "c2s_mos_min", "c2s_mos_avg", "s2c_mos_min", "s2c_mos_avg",
			"delay_by", "codec", "call", "rtcp_loss", "rtcp_jitter", "rtcp_rtt" } },
	{ "packet", { "frame", "file_offset", "info" } },
	{ "block", { "file", "offset", "length", "state" } },
	{ "capture point", { "name", "linktype", "snaplen", "dropped" } },
	{ "trouble", { "malformed", "checksum_errors", "state_evicted", "drops", "gone" } },
};


enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

size_t field_groups(void)
{
	return GROUPS + 1;
}

const char *field_group_title(size_t group)
{
	return group < GROUPS ? groups[group].title : "more";
}

size_t field_group_of(const struct field *f, enum tier tier)
{
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t i = 0; i < GROUP_FIELDS && groups[g].fields[i]; i++)
			/* points have a name of their own */
			if (strcmp(groups[g].fields[i], f->name) == 0 &&
				(tier != TIER_POINT || groups[g].title != application))
				return g;
	return GROUPS;
}

bool field_is_zero_count(const struct field *f, const struct row *row)
{
	struct value v;

	return f->unit == UNIT_COUNT && field_get(f, row, &v) && v.type == TYPE_U64 && v.u == 0;
}

static bool is_tcp(const struct row *row)
{
	if (row->packet)
		return row->packet->pkt.proto == PROTO_TCP;
	return row->record && row->record->key.proto == PROTO_TCP;
}

bool field_group_says(size_t group, const struct row *row)
{
	const char *title = field_group_title(group);
	struct value v;

	if (title != tcp && title != tcp_trouble && title != times && title != application && title != media)
		return true;
	if (is_tcp(row) && title != application && title != media)
		return true;
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);

		if (!f->hidden && (f->tiers & FIELD_ON(row->tier)) && field_group_of(f, row->tier) == group &&
			field_get(f, row, &v) && !field_is_zero_count(f, row))
			return true;
	}
	return false;
}

bool field_is_told(const struct field *f)
{
	return f->id >= FIELD_PACKET_MARK && f->id < FIELD_PACKET_MARK + PACKET_MARKS;
}
