/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Getters of derived fields, for the field table alone. Each gives the field's value of a row, or
 * false where it is unknown. Pure functions.
 */
#ifndef FLOWDRILL_FLOW_DERIVED_H
#define FLOWDRILL_FLOW_DERIVED_H

#include "flow/field.h"

bool derive_id(const struct row *row, struct value *out);
bool derive_slice(const struct row *row, struct value *out);
bool derive_duration(const struct row *row, struct value *out);
bool derive_point(const struct row *row, struct value *out);
bool derive_service(const struct row *row, struct value *out);
bool derive_packets(const struct row *row, struct value *out);
bool derive_bytes(const struct row *row, struct value *out);
bool derive_size_avg(const struct row *row, struct value *out);
bool derive_size_sd(const struct row *row, struct value *out);
bool derive_gap_avg(const struct row *row, struct value *out);
bool derive_gap_sd(const struct row *row, struct value *out);
bool derive_rtt_avg(const struct row *row, struct value *out);
bool derive_rtt_sd(const struct row *row, struct value *out);
bool derive_rtt_p50(const struct row *row, struct value *out);
bool derive_rtt_p95(const struct row *row, struct value *out);
bool derive_clients(const struct row *row, struct value *out);
bool derive_end_reason(const struct row *row, struct value *out);
bool derive_community_id(const struct row *row, struct value *out);
bool derive_client_name(const struct row *row, struct value *out);
bool derive_server_name(const struct row *row, struct value *out);
bool derive_client_net(const struct row *row, struct value *out);
bool derive_server_net(const struct row *row, struct value *out);

bool derive_packet_frame(const struct row *row, struct value *out);
bool derive_packet_file_offset(const struct row *row, struct value *out);
bool derive_packet_time(const struct row *row, struct value *out);
bool derive_packet_gap(const struct row *row, struct value *out);
bool derive_packet_len(const struct row *row, struct value *out);
bool derive_packet_caplen(const struct row *row, struct value *out);
bool derive_packet_src(const struct row *row, struct value *out);
bool derive_packet_src_name(const struct row *row, struct value *out);
bool derive_packet_dst_name(const struct row *row, struct value *out);
bool derive_packet_src_port(const struct row *row, struct value *out);
bool derive_packet_dst(const struct row *row, struct value *out);
bool derive_packet_dst_port(const struct row *row, struct value *out);
bool derive_packet_proto(const struct row *row, struct value *out);
bool derive_packet_vlan(const struct row *row, struct value *out);
bool derive_packet_tunnel(const struct row *row, struct value *out);
bool derive_packet_tcp_flags(const struct row *row, struct value *out);
bool derive_packet_seq(const struct row *row, struct value *out);
bool derive_packet_ack(const struct row *row, struct value *out);
bool derive_packet_window(const struct row *row, struct value *out);
bool derive_packet_ttl(const struct row *row, struct value *out);
bool derive_packet_payload_len(const struct row *row, struct value *out);
bool derive_packet_info(const struct row *row, struct value *out);

/* derived_marks.c */
bool derive_rtt_client_avg(const struct row *row, struct value *out);
bool derive_rtt_client_sd(const struct row *row, struct value *out);
bool derive_rtt_server_avg(const struct row *row, struct value *out);
bool derive_rtt_server_sd(const struct row *row, struct value *out);
bool derive_response_avg(const struct row *row, struct value *out);
bool derive_response_sd(const struct row *row, struct value *out);
bool derive_response_p50(const struct row *row, struct value *out);
bool derive_response_p95(const struct row *row, struct value *out);
bool derive_transfer_avg(const struct row *row, struct value *out);
bool derive_retrans(const struct row *row, struct value *out);
bool derive_unanswered(const struct row *row, struct value *out);
bool derive_packet_marks(const struct row *row, struct value *out);
bool derive_packet_rtt(const struct row *row, struct value *out);
bool derive_packet_response(const struct row *row, struct value *out);
bool derive_packet_retrans(const struct row *row, struct value *out);
bool derive_packet_fast_retrans(const struct row *row, struct value *out);
bool derive_packet_spurious_retrans(const struct row *row, struct value *out);
bool derive_packet_out_of_order(const struct row *row, struct value *out);
bool derive_packet_lost_segment(const struct row *row, struct value *out);
bool derive_packet_ack_lost_segment(const struct row *row, struct value *out);
bool derive_packet_dup_ack(const struct row *row, struct value *out);
bool derive_packet_keep_alive(const struct row *row, struct value *out);
bool derive_packet_keep_alive_ack(const struct row *row, struct value *out);
bool derive_packet_zero_window(const struct row *row, struct value *out);
bool derive_packet_zero_window_probe(const struct row *row, struct value *out);
bool derive_packet_zero_window_probe_ack(const struct row *row, struct value *out);
bool derive_packet_window_full(const struct row *row, struct value *out);
bool derive_packet_window_update(const struct row *row, struct value *out);
bool derive_packet_port_reuse(const struct row *row, struct value *out);
bool derive_packet_overlap(const struct row *row, struct value *out);
bool derive_packet_duplicate(const struct row *row, struct value *out);
bool derive_packet_bad_sack(const struct row *row, struct value *out);
bool derive_packet_response_start(const struct row *row, struct value *out);
bool derive_app(const struct row *row, struct value *out);
bool derive_packet_app(const struct row *row, struct value *out);
bool derive_packet_name(const struct row *row, struct value *out);
bool derive_packet_url(const struct row *row, struct value *out);
bool derive_packet_status(const struct row *row, struct value *out);
bool derive_packet_errors(const struct row *row, struct value *out);
bool derive_packet_refusals(const struct row *row, struct value *out);
bool derive_packet_rtp_gaps(const struct row *row, struct value *out);
bool derive_packet_rtp_reordered(const struct row *row, struct value *out);
bool derive_packet_rtp_duplicates(const struct row *row, struct value *out);

bool derive_rtp_lost(const struct row *row, struct value *out);
bool derive_mos_min(const struct row *row, struct value *out);
bool derive_mos_avg(const struct row *row, struct value *out);
bool derive_jitter_avg(const struct row *row, struct value *out);
bool derive_c2s_rtp_packets(const struct row *row, struct value *out);
bool derive_c2s_rtp_lost(const struct row *row, struct value *out);
bool derive_c2s_mos_min(const struct row *row, struct value *out);
bool derive_c2s_mos_avg(const struct row *row, struct value *out);
bool derive_c2s_jitter_avg(const struct row *row, struct value *out);
bool derive_s2c_rtp_packets(const struct row *row, struct value *out);
bool derive_s2c_rtp_lost(const struct row *row, struct value *out);
bool derive_s2c_mos_min(const struct row *row, struct value *out);
bool derive_s2c_mos_avg(const struct row *row, struct value *out);
bool derive_s2c_jitter_avg(const struct row *row, struct value *out);
bool derive_rtp_loss(const struct row *row, struct value *out);
bool derive_rtp_reordered(const struct row *row, struct value *out);
bool derive_rtp_duplicates(const struct row *row, struct value *out);
bool derive_rtp_gaps(const struct row *row, struct value *out);
bool derive_rtp_bursts(const struct row *row, struct value *out);
bool derive_jitter_max(const struct row *row, struct value *out);
bool derive_codec(const struct row *row, struct value *out);
bool derive_call(const struct row *row, struct value *out);
bool derive_rtcp_loss(const struct row *row, struct value *out);
bool derive_rtcp_jitter(const struct row *row, struct value *out);
bool derive_rtcp_rtt(const struct row *row, struct value *out);
bool derive_delay_by(const struct row *row, struct value *out);

bool derive_health(const struct row *row, struct value *out);
bool derive_why(const struct row *row, struct value *out);

bool derive_block_file(const struct row *row, struct value *out);
bool derive_block_offset(const struct row *row, struct value *out);
bool derive_block_length(const struct row *row, struct value *out);
bool derive_block_state(const struct row *row, struct value *out);
bool derive_point_name(const struct row *row, struct value *out);
bool derive_point_linktype(const struct row *row, struct value *out);
bool derive_point_snaplen(const struct row *row, struct value *out);
bool derive_point_dropped(const struct row *row, struct value *out);
bool derive_point_received(const struct row *row, struct value *out);
bool derive_point_refused(const struct row *row, struct value *out);
bool derive_point_if_dropped(const struct row *row, struct value *out);
bool derive_drops(const struct row *row, struct value *out);
bool derive_gone(const struct row *row, struct value *out);
/* first, last, packets and bytes of blocks and points. */
bool derive_span_first(const struct row *row, struct value *out);
bool derive_span_last(const struct row *row, struct value *out);
bool derive_span_packets(const struct row *row, struct value *out);
bool derive_span_bytes(const struct row *row, struct value *out);

#endif
