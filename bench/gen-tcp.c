/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The generator's TCP conversations.
 *
 *   SYN -> SYN_ACK -> ACK -> DATA <-> ACKS -> (next message) DATA ...
 *    |         |               |        |
 *    v         v               +-> RESEND (a segment was lost)
 *   (no answer) RST                     after the last message:
 *                              IDLE -> FIN -> FIN_REPLY -> LAST_ACK, RST, or silence
 *
 * A message goes out in bursts that double; then come the acknowledgements,
 * one for two segments. A lost segment was seen by the capture or it was not;
 * what follows it brings duplicate acknowledgements, three of them a fast
 * retransmission, fewer a timeout.
 */
#include <stdlib.h>

#include "gen.h"

enum tcp_state {
	TCP_SYN,
	TCP_SYN_ACK,
	TCP_ACK,
	TCP_DATA,
	TCP_ACKS,
	TCP_RESEND,
	TCP_FIN,
	TCP_FIN_REPLY,
	TCP_LAST_ACK,
	TCP_RST,
};

#define RTO_NS (200 * GEN_MS)

static enum gen_dir tcp_other(const struct gen_flow *f)
{
	return f->dir == GEN_C2S ? GEN_S2C : GEN_C2S;
}

/* from seeing a packet of the sender to seeing what the receiver says to it, and back */
static int64_t tcp_reply_ns(const struct gen_flow *f)
{
	return f->dir == GEN_C2S ? f->far_ns : f->near_ns;
}

static int64_t tcp_return_ns(const struct gen_flow *f)
{
	return f->dir == GEN_C2S ? f->near_ns : f->far_ns;
}

static bool tcp_later(struct gen_flow *f, enum tcp_state state, int64_t delay_ns)
{
	f->state = (uint8_t)state;
	f->next_ns += delay_ns;
	return true;
}

static uint16_t tcp_segment(struct gen *g)
{
	uint32_t at = gen_rng_below(&g->rng, 1000);

	if (at < g->profile->full)
		return 1428; /* fits IPv6 too */
	if (at < g->profile->full + g->profile->medium)
		return (uint16_t)(400 + gen_rng_below(&g->rng, 240));
	return (uint16_t)(40 + gen_rng_below(&g->rng, 160));
}

/* how long a response is, the tail heavy; the unit is a 16th of a segment */
static uint64_t tcp_response_bytes(struct gen *g, const struct gen_flow *f)
{
	const struct gen_profile *p = g->profile;
	uint64_t min = p->segments_min ? 16 * (uint64_t)p->segments_min : 4;
	uint64_t units = gen_rng_pareto(&g->rng, min, p->alpha_percent, 16 * p->segments_max);

	return units * f->segment_bytes / 16;
}

static void tcp_message_begin(struct gen *g, struct gen_flow *f, enum gen_dir dir)
{
	uint64_t body = 0;

	f->dir = (uint8_t)dir;
	f->message++;
	f->offset = 0;
	f->burst = 10;
	f->sent = 0;
	if (dir == GEN_S2C)
		body = 6 + tcp_response_bytes(g, f);
	else if (f->app == GEN_APP_TLS)
		body = 35 + gen_rng_below(&g->rng, 400);
	f->message_bytes = gen_payload_header(f) + (uint32_t)body;
}

void gen_tcp_begin(struct gen *g, struct gen_flow *f, bool midway)
{
	f->segment_bytes = tcp_segment(g);
	f->loss_per_10000 = gen_rng_permille(&g->rng, 80) ? 150 : 3;
	for (int d = 0; d < 2; d++) {
		f->seq[d] = f->acked[d] = (uint32_t)gen_rng_next(&g->rng);
		f->ip_id[d] = (uint16_t)gen_rng_next(&g->rng);
	}
	f->state = TCP_SYN;
	if (midway) {
		f->state = TCP_DATA;
		tcp_message_begin(g, f, gen_rng_permille(&g->rng, 500) ? GEN_C2S : GEN_S2C);
	}
}

/* a SYN takes one sequence number, which the answer acknowledges */
static bool tcp_syn(struct gen *g, struct gen_flow *f)
{
	gen_packet_tcp(g, f, GEN_C2S, GEN_SYN);
	if (f->tries++)
		f->resent++;
	if (f->seed % 128 == 0) /* a host that does not answer */
		return f->tries < 4 && tcp_later(f, TCP_SYN, GEN_S << (f->tries - 1));
	f->seq[GEN_C2S]++;
	f->acked[GEN_C2S] = f->seq[GEN_C2S];
	return tcp_later(f, f->seed % 128 == 1 ? TCP_RST : TCP_SYN_ACK, f->far_ns);
}

static bool tcp_syn_ack(struct gen *g, struct gen_flow *f)
{
	gen_packet_tcp(g, f, GEN_S2C, GEN_SYN | GEN_ACK);
	f->seq[GEN_S2C]++;
	f->acked[GEN_S2C] = f->seq[GEN_S2C];
	return tcp_later(f, TCP_ACK, f->near_ns);
}

static bool tcp_ack(struct gen *g, struct gen_flow *f)
{
	gen_packet_tcp(g, f, GEN_C2S, GEN_ACK);
	tcp_message_begin(g, f, GEN_C2S);
	return tcp_later(f, TCP_DATA, 30000 + gen_rng_exponential(&g->rng, 300000));
}

/* how it ends: of 256, 20 by reset, 10 in silence, 16 after a while without a word */
static bool tcp_end(struct gen *g, struct gen_flow *f)
{
	uint32_t how = (f->seed >> 8) & 255;

	if (how < 20) {
		f->dir = GEN_C2S;
		return tcp_later(f, TCP_RST, GEN_MS);
	}
	if (how < 30)
		return false;
	f->dir = how & 1;
	if (how < 46)
		return tcp_later(
			f, TCP_FIN, 5 * GEN_S + gen_rng_exponential(&g->rng, 15 * GEN_S));
	return tcp_later(f, TCP_FIN, GEN_MS + gen_rng_exponential(&g->rng, 30 * GEN_MS));
}

/* all of a message was acknowledged: the answer to it, the next request, or the end */
static bool tcp_message_end(struct gen *g, struct gen_flow *f)
{
	int64_t delay_ns;

	f->acked[f->dir] = f->seq[f->dir];
	if (f->dir == GEN_C2S) {
		tcp_message_begin(g, f, GEN_S2C);
		delay_ns = 300000 + gen_rng_exponential(&g->rng, 15 * GEN_MS);
		return tcp_later(f, TCP_DATA, delay_ns);
	}
	if (f->exchanges-- <= 1)
		return tcp_end(g, f);
	tcp_message_begin(g, f, GEN_C2S);
	return tcp_later(
		f, TCP_DATA, GEN_MS + gen_rng_exponential(&g->rng, g->profile->pause_ns));
}

/* the burst is out: how many acknowledgements will come, and when */
static bool tcp_burst_end(struct gen *g, struct gen_flow *f)
{
	bool quick = f->dir == GEN_C2S && f->sent <= 2 && f->offset == f->message_bytes;

	if (f->lost.active) {
		uint8_t before = (uint8_t)(f->sent - f->lost.after - 1);

		f->acks = (uint8_t)((before + 1) / 2 + f->lost.after);
		if (f->acks == 0)
			return tcp_later(f, TCP_RESEND, RTO_NS + tcp_return_ns(f));
		return tcp_later(f, TCP_ACKS, tcp_reply_ns(f));
	}
	if (quick) /* the answer acknowledges it */
		return tcp_message_end(g, f);
	f->acks = (uint8_t)((f->sent + 1) / 2);
	return tcp_later(f, TCP_ACKS, tcp_reply_ns(f));
}

static bool tcp_data(struct gen *g, struct gen_flow *f)
{
	uint32_t left = f->message_bytes - f->offset;
	uint16_t len = left < f->segment_bytes ? (uint16_t)left : f->segment_bytes;
	bool lose = !f->lost.active && gen_rng_below(&g->rng, 10000) < f->loss_per_10000;

	if (lose) {
		f->lost = (struct gen_lost){
			.active = true,
			.len_bytes = len,
			.seq = f->seq[f->dir],
			.offset = f->offset,
		};
	} else if (f->lost.active) {
		f->lost.after++;
	}
	if (!lose || gen_rng_permille(&g->rng, 500))
		gen_packet_tcp_data(g, f, f->seq[f->dir], f->offset, len);
	f->seq[f->dir] += len;
	f->offset += len;
	f->sent++;
	if (f->sent >= f->burst || f->offset == f->message_bytes)
		return tcp_burst_end(g, f);
	return tcp_later(f, TCP_DATA, 1500 + (int64_t)len * 8 + gen_rng_below(&g->rng, 8000));
}

static bool tcp_acks_end(struct gen *g, struct gen_flow *f)
{
	if (f->lost.active)
		return tcp_later(
			f, TCP_RESEND, tcp_return_ns(f) + (f->lost.after >= 3 ? 0 : RTO_NS));
	if (f->offset == f->message_bytes)
		return tcp_message_end(g, f);
	if (f->burst < 80)
		f->burst = (uint8_t)(f->burst * 2);
	f->sent = 0;
	return tcp_later(f, TCP_DATA, tcp_return_ns(f));
}

static bool tcp_acks(struct gen *g, struct gen_flow *f)
{
	uint32_t limit = f->lost.active ? f->lost.seq : f->seq[f->dir];
	uint32_t step = 2u * f->segment_bytes;

	if (limit - f->acked[f->dir] < step || (f->acks == 1 && !f->lost.active))
		step = limit - f->acked[f->dir];
	f->acked[f->dir] += step;
	gen_packet_tcp(g, f, tcp_other(f), GEN_ACK);
	if (--f->acks == 0)
		return tcp_acks_end(g, f);
	return tcp_later(f, TCP_ACKS, 2000 + gen_rng_below(&g->rng, 20000));
}

static bool tcp_resend(struct gen *g, struct gen_flow *f)
{
	gen_packet_tcp_data(g, f, f->lost.seq, f->lost.offset, f->lost.len_bytes);
	f->resent++;
	f->lost.active = false;
	f->burst = 10;
	f->acks = 1;
	return tcp_later(f, TCP_ACKS, tcp_reply_ns(f));
}

static bool tcp_fin(struct gen *g, struct gen_flow *f)
{
	gen_packet_tcp(g, f, (enum gen_dir)f->dir, GEN_FIN | GEN_ACK);
	f->seq[f->dir]++;
	f->acked[f->dir] = f->seq[f->dir];
	return tcp_later(f, TCP_FIN_REPLY, tcp_reply_ns(f));
}

static bool tcp_fin_reply(struct gen *g, struct gen_flow *f)
{
	enum gen_dir other = tcp_other(f);

	gen_packet_tcp(g, f, other, GEN_FIN | GEN_ACK);
	f->seq[other]++;
	f->acked[other] = f->seq[other];
	return tcp_later(f, TCP_LAST_ACK, tcp_return_ns(f));
}

static bool tcp_last_ack(struct gen *g, struct gen_flow *f)
{
	gen_packet_tcp(g, f, (enum gen_dir)f->dir, GEN_ACK);
	return false;
}

/* of the server against a SYN, or of the client that has enough */
static bool tcp_rst(struct gen *g, struct gen_flow *f)
{
	bool refused = f->message == 0;

	if (refused)
		f->seq[GEN_S2C] = 0;
	gen_packet_tcp(g, f, refused ? GEN_S2C : GEN_C2S, GEN_RST | GEN_ACK);
	return false;
}

bool gen_tcp_step(struct gen *g, struct gen_flow *f)
{
	static bool (*const steps[])(struct gen *, struct gen_flow *) = {
		[TCP_SYN] = tcp_syn,
		[TCP_SYN_ACK] = tcp_syn_ack,
		[TCP_ACK] = tcp_ack,
		[TCP_DATA] = tcp_data,
		[TCP_ACKS] = tcp_acks,
		[TCP_RESEND] = tcp_resend,
		[TCP_FIN] = tcp_fin,
		[TCP_FIN_REPLY] = tcp_fin_reply,
		[TCP_LAST_ACK] = tcp_last_ack,
		[TCP_RST] = tcp_rst,
	};

	return steps[f->state](g, f);
}
