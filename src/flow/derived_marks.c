/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Derived fields of TCP analysis and response times. */
#include "flow/derived.h"
#include "flow/health.h"
#include "flow/sketch.h"

#include <math.h>

static const struct counters *counters(const struct row *row)
{
	return &row->record->c;
}

static bool knows(const struct row *row, unsigned id)
{
	return (counters(row)->known & FIELD_BIT(id)) != 0;
}

static bool give_u64(struct value *out, uint64_t v)
{
	out->type = TYPE_U64;
	out->u = v;
	return true;
}

static bool give_ns(struct value *out, long double ns)
{
	out->type = TYPE_I64;
	out->i = (int64_t)llroundl(ns);
	return true;
}

/* ---- records ------------------------------------------------------------------------ */

static bool give_avg(const struct time_sums *t, struct value *out)
{
	return t->n > 0 && give_ns(out, (long double)t->sum_ns / (long double)t->n);
}

static bool give_sd(const struct time_sums *t, struct value *out)
{
	if (t->n == 0)
		return false;
	long double mean = (long double)t->sum_ns / (long double)t->n;
	long double variance = (long double)t->sumsq / (long double)t->n - mean * mean;

	return give_ns(out, variance > 0 ? sqrtl(variance) : 0);
}

bool derive_rtt_client_avg(const struct row *row, struct value *out)
{
	return knows(row, FIELD_RTT_CLIENT_SUM) && give_avg(&counters(row)->rtt_client, out);
}

bool derive_rtt_client_sd(const struct row *row, struct value *out)
{
	return knows(row, FIELD_RTT_CLIENT_SUM) && give_sd(&counters(row)->rtt_client, out);
}

bool derive_rtt_server_avg(const struct row *row, struct value *out)
{
	return knows(row, FIELD_RTT_SERVER_SUM) && give_avg(&counters(row)->rtt_server, out);
}

bool derive_rtt_server_sd(const struct row *row, struct value *out)
{
	return knows(row, FIELD_RTT_SERVER_SUM) && give_sd(&counters(row)->rtt_server, out);
}

bool derive_response_avg(const struct row *row, struct value *out)
{
	return knows(row, FIELD_RESPONSE_SUM) && give_avg(&counters(row)->response, out);
}

bool derive_response_sd(const struct row *row, struct value *out)
{
	return knows(row, FIELD_RESPONSE_SUM) && give_sd(&counters(row)->response, out);
}

static bool response_quantile(const struct row *row, double q, struct value *out)
{
	const struct time_sums *t = &counters(row)->response;
	int64_t v;

	return knows(row, FIELD_RESPONSE_N) && row->record->response &&
		hist_quantile_within(row->record->response, q, t->min_ns, t->max_ns, &v) && give_ns(out, (long double)v);
}

bool derive_response_p50(const struct row *row, struct value *out)
{
	return response_quantile(row, 0.50, out);
}

bool derive_response_p95(const struct row *row, struct value *out)
{
	return response_quantile(row, 0.95, out);
}

bool derive_transfer_avg(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);

	return knows(row, FIELD_TRANSFER_SUM) && c->transfer_n > 0 &&
		give_ns(out, (long double)c->transfer_sum_ns / (long double)c->transfer_n);
}

bool derive_retrans(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);

	return knows(row, FIELD_C2S_RETRANS) && knows(row, FIELD_S2C_RETRANS) &&
		give_u64(out, c->retrans[DIR_C2S] + c->retrans[DIR_S2C]);
}

/* Known where attempts and both answers are; an answer in a later slice than its SYN makes less than none of that slice. */
bool derive_unanswered(const struct row *row, struct value *out)
{
	const struct counters *c = counters(row);
	uint64_t heard = c->answered + c->refused;

	return knows(row, FIELD_ATTEMPTED) && knows(row, FIELD_ANSWERED) && knows(row, FIELD_REFUSED) &&
		give_u64(out, c->attempted > heard ? c->attempted - heard : 0);
}

bool derive_health(const struct row *row, struct value *out)
{
	struct health_verdict v;

	health_judge(row->record, row->limits, &v);
	return v.known && give_u64(out, v.health);
}

bool derive_why(const struct row *row, struct value *out)
{
	struct health_verdict v;

	health_judge(row->record, row->limits, &v);
	out->type = TYPE_TEXT;
	return health_why(out->text, sizeof(out->text), &v) > 0;
}

/* ---- packets ------------------------------------------------------------------------ */

bool derive_packet_marks(const struct row *row, struct value *out)
{
	out->type = TYPE_TEXT;
	return (row->packet->has_marks || row->packet->has_said || row->packet->has_media) &&
		packet_marks_format(out->text, sizeof(out->text),
			row->packet->note.marks & ~MARK_BIT(MARK_RESPONSE_START)) > 0;
}

bool derive_packet_rtt(const struct row *row, struct value *out)
{
	const struct packet_note *note = &row->packet->note;

	return note->has_rtt && give_ns(out, (long double)note->rtt_ns);
}

bool derive_packet_response(const struct row *row, struct value *out)
{
	const struct packet_note *note = &row->packet->note;

	return note->has_response && give_ns(out, (long double)note->response_ns);
}

static bool give_mark(const struct row *row, enum packet_mark m, struct value *out)
{
	const struct packet_row *p = row->packet;
	bool known = m == MARK_RESPONSE_START ? p->has_turns :
		m >= COUNTED_MARKS ? p->has_media :
		m == MARK_ERRORS || m == MARK_REFUSALS ? p->has_said : p->has_marks;

	return known && give_u64(out, (row->packet->note.marks & MARK_BIT(m)) != 0);
}

#define GETTER(name, mark) \
	bool derive_packet_##name(const struct row *row, struct value *out) \
	{ \
		return give_mark(row, mark, out); \
	}

GETTER(retrans, MARK_RETRANS)
GETTER(fast_retrans, MARK_FAST_RETRANS)
GETTER(spurious_retrans, MARK_SPURIOUS_RETRANS)
GETTER(out_of_order, MARK_OUT_OF_ORDER)
GETTER(lost_segment, MARK_LOST_SEGMENT)
GETTER(ack_lost_segment, MARK_ACK_LOST_SEGMENT)
GETTER(dup_ack, MARK_DUP_ACK)
GETTER(keep_alive, MARK_KEEP_ALIVE)
GETTER(keep_alive_ack, MARK_KEEP_ALIVE_ACK)
GETTER(zero_window, MARK_ZERO_WINDOW)
GETTER(zero_window_probe, MARK_ZERO_WINDOW_PROBE)
GETTER(zero_window_probe_ack, MARK_ZERO_WINDOW_PROBE_ACK)
GETTER(window_full, MARK_WINDOW_FULL)
GETTER(window_update, MARK_WINDOW_UPDATE)
GETTER(port_reuse, MARK_PORT_REUSE)
GETTER(overlap, MARK_OVERLAP)
GETTER(duplicate, MARK_DUPLICATE)
GETTER(bad_sack, MARK_BAD_SACK)
GETTER(response_start, MARK_RESPONSE_START)
GETTER(errors, MARK_ERRORS)
GETTER(refusals, MARK_REFUSALS)
GETTER(rtp_gaps, MARK_RTP_GAPS)
GETTER(rtp_reordered, MARK_RTP_REORDERED)
GETTER(rtp_duplicates, MARK_RTP_DUPLICATES)
