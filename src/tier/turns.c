/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/turns.h"

#include "base/text.h"

#include <string.h>

/* Longer than resolvers, and tunnels through them, let a question wait. */
static const int64_t silence_ns = 10000000000;

/* Sequence numbers modulo 2^32 (RFC 9293, 3.4). */
static bool reaches(uint32_t ack, uint32_t end)
{
	return (int32_t)(ack - end) >= 0;
}

static bool is_tcp(const struct packet *p)
{
	return (p->flags & PACKET_HAS_TCP) != 0;
}

/* Whether the sender had everything that the other side sent up to `end`. */
static bool has_heard(const struct packet *p, uint32_t end)
{
	return !is_tcp(p) || ((p->tcp_flags & TCP_ACK) && reaches(p->tcp_ack, end));
}

/* Over UDP, what comes after such a silence has nothing to do with what was before. */
static bool fell_silent(const struct turns *t, const struct packet *p)
{
	return !is_tcp(p) && time_sub(p->time_ns, t->phase == TURNS_REQUEST ? t->request_ns : t->last_ns) >= silence_ns;
}

static void begin_request(struct turns *t, const struct packet *p, bool gap)
{
	bool first = t->phase == TURNS_IDLE;
	bool clean = first || !t->unsure;
	bool heard = first || (has_heard(p, t->response_end) && !t->free);

	if (first)
		t->free = false;
	t->phase = TURNS_REQUEST;
	t->doubt = !clean || !heard;
	t->unsure = gap || !heard;
	t->measured = false;
}

static void take_request(struct turns *t, const struct packet *p, bool gap, struct turns_verdict *out)
{
	if (fell_silent(t, p))
		t->phase = TURNS_IDLE;
	out->begins = t->phase != TURNS_REQUEST;
	if (out->begins)
		begin_request(t, p, gap);
	else if (gap || !is_tcp(p))
		t->unsure = true;
	t->free |= !out->begins && !is_tcp(p);  /* two datagrams: which one will be answered? */
	t->request_ns = p->time_ns;
	t->request_end = p->tcp_seq + p->payload_len;
}

static void begin_response(struct turns *t, const struct packet *p, bool gap, struct turns_verdict *out)
{
	int64_t ns = time_sub(p->time_ns, t->request_ns);

	t->phase = TURNS_RESPONSE;
	t->unsure = t->unsure || gap || ns < 0 || !has_heard(p, t->request_end);
	t->first_ns = t->last_ns = p->time_ns;
	t->measured = !t->unsure && !t->doubt;
	out->has_response = out->in_response = t->measured;
	out->response_ns = ns;
}

static void follow_response(struct turns *t, const struct packet *p, struct turns_verdict *out)
{
	int64_t step_ns = time_sub(p->time_ns, t->last_ns);

	if (step_ns <= 0)
		return;
	out->in_response = t->measured;
	out->transfer_step_ns = step_ns;
	t->last_ns = p->time_ns;
}

static void take_response(struct turns *t, const struct packet *p, bool gap, struct turns_verdict *out)
{
	if (t->phase == TURNS_REQUEST) {
		begin_response(t, p, gap, out);
	} else if (t->phase == TURNS_RESPONSE) {
		t->free = !is_tcp(p);
		follow_response(t, p, out);
	}
	out->transfer_ns = time_sub(t->last_ns, t->first_ns);
	t->response_end = p->tcp_seq + p->payload_len;
}

void turns_packet(struct turns *t, const struct packet *p, enum direction dir, bool gap, struct turns_verdict *out)
{
	memset(out, 0, sizeof(*out));
	if (p->payload_len == 0 || (p->flags & PACKET_MEDIA))
		return;
	if (dir == DIR_C2S)
		take_request(t, p, gap, out);
	else
		take_response(t, p, gap, out);
}
