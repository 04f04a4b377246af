/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/derived.h"

#include "base/text.h"
#include "flow/proto.h"
#include "flow/sketch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool give_u64(struct value *out, uint64_t v)
{
	out->type = TYPE_U64;
	out->u = v;
	return true;
}

static bool give_i64(struct value *out, int64_t v)
{
	out->type = TYPE_I64;
	out->i = v;
	return true;
}

static bool give_real(struct value *out, double v)
{
	out->type = TYPE_REAL;
	out->real = v;
	return true;
}

static bool give_text(struct value *out, const char *raw)
{
	out->type = TYPE_TEXT;
	text_escape_to(out->text, sizeof(out->text), raw, strlen(raw));
	return out->text[0] != '\0';
}

static const struct counters *counters(const struct row *row)
{
	return &row->record->c;
}

static bool knows(const struct row *row, enum field_id id)
{
	return (counters(row)->known & FIELD_BIT(id)) != 0;
}

/* ---- records ------------------------------------------------------------------------ */

bool derive_id(const struct row *row, struct value *out)
{
	out->type = TYPE_ID;
	out->id = (struct id){.tier = row->tier, .source = row->source};
	if (row->tier == TIER_PACKET) {
		out->id.rec = row->packet->self;
	} else if (row->tier == TIER_BLOCK) {
		out->id.rec.block = row->block->number;
	} else if (row->tier == TIER_POINT) {
		out->id.rec.block = row->point->number;
	} else {
		out->id.rec = row->record->id;
	}
	return true;
}

bool derive_slice(const struct row *row, struct value *out)
{
	return give_i64(out, row->record->slice_ns);
}

bool derive_duration(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);

	return knows(row, FIELD_FIRST) && give_i64(out, time_sub(c->last_ns, c->first_ns));
}

/* The number; for people the name stands beside it where there is one. */
bool derive_point(const struct row *row, struct value *out)
{
	uint32_t number;

	if (row->tier == TIER_PACKET)
		number = row->packet->pkt.point;
	else if (knows(row, FIELD_POINT))
		number = row->record->key.point;
	else
		return false;
	give_u64(out, number);
	out->text[0] = '\0';
	if (row->point)
		text_escape_to(out->text, sizeof(out->text), row->point->name, strlen(row->point->name));
	return true;
}

/* What was said, else what usually is at this port. */
bool derive_app(const struct row *row, struct value *out)
{
	const struct record *r = row->record;
	size_t len = 0;
	const char *text = r->texts ? texts_get(r->texts, r->c.text[TEXT_APP], &len) : "";

	out->type = TYPE_TEXT;
	if ((r->c.known & FIELD_BIT(FIELD_APP)) && len > 0)
		return text_escape_to(out->text, sizeof(out->text), text, len) > 0;
	if (r->c.mixed & FIELD_BIT(FIELD_APP))
		return give_text(out, "several");
	if (!(r->c.known & FIELD_BIT(FIELD_SERVER_PORT)) || !(r->c.known & FIELD_BIT(FIELD_PROTO)))
		return false;
	text = service_name(r->key.proto, r->key.server_port);
	return text && snprintf(out->text, sizeof(out->text), "%s?", text) > 0;
}

bool derive_service(const struct row *row, struct value *out)
{
	const struct flow_key *k = &row->record->key;
	struct service_key service;
	const char *name;

	if (!knows(row, FIELD_PROTO))
		return false;
	out->type = TYPE_TEXT;
	if (!knows(row, FIELD_SERVER_PORT)) {
		proto_format(out->text, sizeof(out->text), k->proto);
		return true;
	}
	service_of(&service, k, 0);
	if (row->tier == TIER_MACROFLOW)
		service.port = k->server_port;
	name = service_name(k->proto, service.port);
	if (service.port == 0)
		snprintf(out->text, sizeof(out->text), "dynamic");
	else if (name)
		snprintf(out->text, sizeof(out->text), "%s", name);
	else {
		size_t n = proto_format(out->text, sizeof(out->text), k->proto);
		snprintf(out->text + n, sizeof(out->text) - n, "/%u", service.port);
	}
	return true;
}

bool derive_packets(const struct row *row, struct value *out)
{
	return give_u64(out, counters_packets(counters(row)));
}

bool derive_bytes(const struct row *row, struct value *out)
{
	return give_u64(out, counters_bytes(counters(row)));
}

/* Standard deviation of n values from their sum and sum of squares. */
static double deviation(uint64_t n, long double sum, u128 sumsq)
{
	long double mean = sum / (long double)n;
	long double variance = (long double)sumsq / (long double)n - mean * mean;

	return variance > 0 ? (double)sqrtl(variance) : 0;
}

bool derive_size_avg(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);
	uint64_t n = counters_packets(c);

	return n > 0 && give_real(out, (double)counters_bytes(c) / (double)n);
}

bool derive_size_sd(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);
	uint64_t n = counters_packets(c);

	return n > 0 && give_real(out, deviation(n, (long double)counters_bytes(c), c->size_sumsq));
}

/* Every packet but a flow's first has a gap. */
static uint64_t gaps(const struct counters *c)
{
	uint64_t packets = counters_packets(c);

	return packets > c->flows ? packets - c->flows : 0;
}

bool derive_gap_avg(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);
	uint64_t n = gaps(c);

	return n > 0 && give_i64(out, (int64_t)llroundl((long double)c->gap_sum / (long double)n));
}

bool derive_gap_sd(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);
	uint64_t n = gaps(c);

	return n > 0 && give_i64(out, llround(deviation(n, (long double)c->gap_sum, c->gap_sumsq)));
}

bool derive_rtt_avg(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);

	return c->rtt_n > 0 &&
		give_i64(out, (int64_t)llroundl((long double)c->rtt_sum / (long double)c->rtt_n));
}

bool derive_rtt_sd(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);

	return c->rtt_n > 0 &&
		give_i64(out, llround(deviation(c->rtt_n, (long double)c->rtt_sum, c->rtt_sumsq)));
}

static bool rtt_quantile(const struct row *row, double q, struct value *out)
{
	const struct counters *c = counters(row);
	int64_t v;

	return row->record->rtt && hist_quantile_within(row->record->rtt, q, c->rtt_min, c->rtt_max, &v) && give_i64(out, v);
}

bool derive_rtt_p50(const struct row *row, struct value *out)
{
	return rtt_quantile(row, 0.50, out);
}

bool derive_rtt_p95(const struct row *row, struct value *out)
{
	return rtt_quantile(row, 0.95, out);
}

bool derive_clients(const struct row *row, struct value *out)
{
	if (!row->record->clients)
		return false;
	give_u64(out, sketch_count(row->record->clients, &out->estimated));
	return true;
}

/*
 * A flow that neither closed nor was cut off ended with its slice, if the capture went on behind it, else
 * with the capture.
 */
bool derive_end_reason(const struct row *row, struct value *out)
{
	const struct record *r = row->record;

	if (r->c.mixed & FIELD_BIT(FIELD_END_REASON))
		return false;
	if (knows(row, FIELD_END_REASON))
		return give_u64(out, r->c.end_reason);
	if (r->tier != TIER_FLOW || row->flow_slice_ns <= 0)
		return false;
	bool over = time_add(r->slice_ns, row->flow_slice_ns) <= row->capture_end_ns;
	return give_u64(out, over ? END_SLICE : END_OF_CAPTURE);
}

bool derive_community_id(const struct row *row, struct value *out)
{
	if (!knows(row, FIELD_CLIENT) || !knows(row, FIELD_SERVER) || !knows(row, FIELD_PROTO))
		return false;
	uint32_t proto = row->record->key.proto;
	bool needs_ports = proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
	if (needs_ports && (!knows(row, FIELD_CLIENT_PORT) || !knows(row, FIELD_SERVER_PORT)))
		return false;
	out->type = TYPE_TEXT;
	return community_id(out->text, sizeof(out->text), &row->record->key,
		knows(row, FIELD_ICMP_TYPE), counters(row)->icmp_type, 0);
}

static bool give_name(const struct row *row, unsigned field_id, struct value *out)
{
	out->type = TYPE_TEXT;
	return row_addr_name(row, field_id, out->text, sizeof(out->text));
}

bool derive_client_name(const struct row *row, struct value *out)
{
	return give_name(row, FIELD_CLIENT, out);
}

bool derive_server_name(const struct row *row, struct value *out)
{
	return give_name(row, FIELD_SERVER, out);
}

/*
 * A group of a network has the network's address where its members' stood, which is not known as an address then (query/group.c); where
 * members are of several networks, it is mixed.
 */
static bool give_net(const struct row *row, enum field_id id, const struct addr *a, struct value *out)
{
	struct addr_net net;

	if ((counters(row)->mixed & FIELD_BIT(id)) != 0 || (a->kind != ADDR_IPV4 && a->kind != ADDR_IPV6))
		return false;
	addr_net_of(&net, a, a->kind == ADDR_IPV4 ? FIELD_NET_BITS_4 : FIELD_NET_BITS_6);
	out->type = TYPE_TEXT;
	addr_net_format(out->text, sizeof(out->text), &net);
	return true;
}

bool derive_client_net(const struct row *row, struct value *out)
{
	return give_net(row, FIELD_CLIENT, &row->record->key.client, out);
}

bool derive_server_net(const struct row *row, struct value *out)
{
	return give_net(row, FIELD_SERVER, &row->record->key.server, out);
}

bool derive_packet_src_name(const struct row *row, struct value *out)
{
	return give_name(row, FIELD_PACKET_SRC, out);
}

bool derive_packet_dst_name(const struct row *row, struct value *out)
{
	return give_name(row, FIELD_PACKET_DST, out);
}

/* ---- packets ------------------------------------------------------------------------ */

static const struct packet *packet(const struct row *row)
{
	return &row->packet->pkt;
}

static bool has(const struct row *row, uint32_t flag)
{
	return (packet(row)->flags & flag) != 0;
}

static bool give_addr(struct value *out, const struct addr *a)
{
	out->type = TYPE_ADDR;
	out->addr = *a;
	return a->kind != ADDR_NONE;
}

bool derive_packet_frame(const struct row *row, struct value *out)
{
	return give_u64(out, row->packet->frame);
}

bool derive_packet_file_offset(const struct row *row, struct value *out)
{
	return give_u64(out, row->packet->file_offset);
}

bool derive_packet_time(const struct row *row, struct value *out)
{
	return !has(row, PACKET_TIME_UNKNOWN) && give_i64(out, packet(row)->time_ns);
}

bool derive_packet_gap(const struct row *row, struct value *out)
{
	return row->packet->has_gap && give_i64(out, row->packet->gap_ns);
}

bool derive_packet_len(const struct row *row, struct value *out)
{
	return give_u64(out, packet(row)->len);
}

bool derive_packet_caplen(const struct row *row, struct value *out)
{
	return give_u64(out, packet(row)->caplen);
}

bool derive_packet_src(const struct row *row, struct value *out)
{
	return give_addr(out, &packet(row)->src);
}

bool derive_packet_src_port(const struct row *row, struct value *out)
{
	return has(row, PACKET_HAS_PORTS) && give_u64(out, packet(row)->src_port);
}

bool derive_packet_dst(const struct row *row, struct value *out)
{
	return give_addr(out, &packet(row)->dst);
}

bool derive_packet_dst_port(const struct row *row, struct value *out)
{
	return has(row, PACKET_HAS_PORTS) && give_u64(out, packet(row)->dst_port);
}

bool derive_packet_proto(const struct row *row, struct value *out)
{
	return give_u64(out, packet(row)->proto);
}

bool derive_packet_vlan(const struct row *row, struct value *out)
{
	return packet(row)->vlan != 0 && give_u64(out, packet(row)->vlan);
}

bool derive_packet_tunnel(const struct row *row, struct value *out)
{
	out->type = TYPE_TEXT;
	return tunnel_format(out->text, sizeof(out->text), &packet(row)->tunnel) > 0;
}

bool derive_packet_tcp_flags(const struct row *row, struct value *out)
{
	return has(row, PACKET_HAS_TCP) && give_u64(out, packet(row)->tcp_flags);
}

bool derive_packet_seq(const struct row *row, struct value *out)
{
	return has(row, PACKET_HAS_TCP) && give_u64(out, packet(row)->tcp_seq);
}

bool derive_packet_ack(const struct row *row, struct value *out)
{
	return has(row, PACKET_HAS_TCP) && (packet(row)->tcp_flags & TCP_ACK) &&
		give_u64(out, packet(row)->tcp_ack);
}

bool derive_packet_window(const struct row *row, struct value *out)
{
	return has(row, PACKET_HAS_TCP) && give_u64(out, packet(row)->tcp_window);
}

bool derive_packet_ttl(const struct row *row, struct value *out)
{
	return has(row, PACKET_HAS_IP) && give_u64(out, packet(row)->ttl);
}

bool derive_packet_payload_len(const struct row *row, struct value *out)
{
	return give_u64(out, packet(row)->payload_len);
}

static bool give_raw(struct value *out, const char *text)
{
	out->type = TYPE_TEXT;
	return text[0] != '\0' && text_escape_to(out->text, sizeof(out->text), text, strlen(text)) > 0;
}

bool derive_packet_app(const struct row *row, struct value *out)
{
	return row->packet->said && give_text(out, row->packet->said->app);
}

bool derive_packet_name(const struct row *row, struct value *out)
{
	return row->packet->said && give_raw(out, row->packet->said->name);
}

bool derive_packet_url(const struct row *row, struct value *out)
{
	return row->packet->said && give_raw(out, row->packet->said->url);
}

bool derive_packet_status(const struct row *row, struct value *out)
{
	const struct packet_said *said = row->packet->said;

	return said && said->has_status && give_u64(out, said->status);
}

bool derive_packet_info(const struct row *row, struct value *out)
{
	const struct packet_said *said = row->packet->said;

	if (said && said->info[0] != '\0') {
		out->type = TYPE_TEXT;
		snprintf(out->text, sizeof(out->text), "%s", said->info);
		return true;
	}
	out->type = TYPE_TEXT;
	return packet_info(out->text, sizeof(out->text), packet(row)) > 0;
}

/* ---- blocks and points ----------------------------------------------------------------- */

bool derive_block_file(const struct row *row, struct value *out)
{
	return give_text(out, row->block->file);
}

bool derive_block_offset(const struct row *row, struct value *out)
{
	return give_u64(out, row->block->offset);
}

bool derive_block_length(const struct row *row, struct value *out)
{
	return give_u64(out, row->block->length);
}

bool derive_block_state(const struct row *row, struct value *out)
{
	return give_u64(out, row->block->state);
}

bool derive_point_name(const struct row *row, struct value *out)
{
	return give_text(out, row->point->name);
}

bool derive_point_linktype(const struct row *row, struct value *out)
{
	return give_u64(out, row->point->linktype);
}

bool derive_point_snaplen(const struct row *row, struct value *out)
{
	return row->point->snaplen > 0 && give_u64(out, row->point->snaplen);
}

bool derive_point_dropped(const struct row *row, struct value *out)
{
	return row->point->has_dropped && give_u64(out, row->point->dropped);
}

bool derive_point_received(const struct row *row, struct value *out)
{
	return row->point->has_counts && give_u64(out, row->point->received);
}

bool derive_point_refused(const struct row *row, struct value *out)
{
	return row->point->has_counts && give_u64(out, row->point->refused);
}

bool derive_point_if_dropped(const struct row *row, struct value *out)
{
	return row->point->has_counts && give_u64(out, row->point->if_dropped);
}

bool derive_drops(const struct row *row, struct value *out)
{
	return row->record->has_drops && give_u64(out, row->record->drops);
}

bool derive_gone(const struct row *row, struct value *out)
{
	return give_u64(out, row->record->gone);
}

bool derive_span_packets(const struct row *row, struct value *out)
{
	return give_u64(out, row->tier == TIER_BLOCK ? row->block->packets : row->point->packets);
}

bool derive_span_bytes(const struct row *row, struct value *out)
{
	return give_u64(out, row->tier == TIER_BLOCK ? row->block->bytes : row->point->bytes);
}

bool derive_span_first(const struct row *row, struct value *out)
{
	derive_span_packets(row, out);
	return out->u > 0 &&
		give_i64(out, row->tier == TIER_BLOCK ? row->block->first_ns : row->point->first_ns);
}

bool derive_span_last(const struct row *row, struct value *out)
{
	derive_span_packets(row, out);
	return out->u > 0 &&
		give_i64(out, row->tier == TIER_BLOCK ? row->block->last_ns : row->point->last_ns);
}
