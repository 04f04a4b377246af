/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/tcp_syn.h"

#include "tier/tcp_state.h"

bool tcp_syn_keep(struct tcp_syn *syn, const struct packet *p, enum direction dir)
{
	const unsigned all = TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST;

	if ((p->tcp_flags & all) != TCP_SYN || p->payload_len > 0 || (p->tcp_options & (TCP_OPT_SACK | TCP_OPT_BAD_SACK)) ||
		(p->flags & PACKET_FRAGMENT))
		return false;
	*syn = (struct tcp_syn){
		.time_ns = p->time_ns, .seq = p->tcp_seq, .ack = p->tcp_ack, .flags = p->flags, .tcp_flags = p->tcp_flags,
		.window = p->tcp_window, .sum = p->tcp_sum, .mss = p->tcp_mss, .id = (uint16_t)p->fragment_id,
		.scale = p->tcp_scale, .options = p->tcp_options, .dir = (uint8_t)dir,
	};
	return true;
}

void tcp_syn_tell(const struct tcp_syn *syn, struct tcp_state *s)
{
	struct tcp_verdict nothing;
	const struct packet p = {
		.time_ns = syn->time_ns, .proto = PROTO_TCP, .flags = syn->flags, .tcp_seq = syn->seq, .tcp_ack = syn->ack,
		.tcp_flags = syn->tcp_flags, .tcp_window = syn->window, .tcp_sum = syn->sum, .tcp_mss = syn->mss,
		.fragment_id = syn->id, .tcp_scale = syn->scale, .tcp_options = syn->options,
	};

	tcp_analyse(s, &p, (enum direction)syn->dir, &nothing);
}
