/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Derived fields of media: calls, RTP and RTCP. Unknown where voip was not computed, null where there is nothing to say. */
#include "base/text.h"
#include "flow/derived.h"
#include "flow/field.h"

#include <stdio.h>

/* Both directions; else the one of enum direction. */
enum { BOTH = 2 };

static const struct media *media_of(const struct row *row)
{
	return row->record->c.known & FIELD_BIT(FIELD_RTP_PACKETS) ? row->record->media : NULL;
}

static uint64_t figure(const struct media *m, unsigned dir, enum media_figure f)
{
	return dir == BOTH ? media_both(m, f) : m->v[dir][f];
}

static bool has_rtp(const struct media *m, unsigned dir)
{
	return m && figure(m, dir, MEDIA_PACKETS) > 0;
}

static uint64_t lost(const struct media *m, unsigned dir)
{
	if (dir == BOTH)
		return lost(m, DIR_C2S) + lost(m, DIR_S2C);
	uint64_t expected = m->v[dir][MEDIA_EXPECTED], received = m->v[dir][MEDIA_RECEIVED];
	return expected > received ? expected - received : 0;
}

static bool give_count(struct value *out, uint64_t v)
{
	out->type = TYPE_U64;
	out->u = v;
	return true;
}

static bool give_real(struct value *out, double v)
{
	out->type = TYPE_REAL;
	out->real = v;
	return true;
}

static bool give_time(struct value *out, uint64_t ns)
{
	out->type = TYPE_I64;
	out->i = (int64_t)ns;
	return true;
}

static bool give_figure(const struct row *row, unsigned dir, enum media_figure f, struct value *out)
{
	const struct media *m = media_of(row);

	return has_rtp(m, dir) && give_count(out, figure(m, dir, f));
}

static bool give_lost(const struct row *row, unsigned dir, struct value *out)
{
	const struct media *m = media_of(row);

	return has_rtp(m, dir) && give_count(out, lost(m, dir));
}

/* The mean, rounded to whole ns. */
static bool give_mean(const struct row *row, unsigned dir, enum media_figure n, enum media_figure sum, struct value *out)
{
	const struct media *m = media_of(row);
	uint64_t of = m ? figure(m, dir, n) : 0;

	return of > 0 && give_time(out, (figure(m, dir, sum) + of / 2) / of);
}

static bool give_mos_min(const struct row *row, unsigned dir, struct value *out)
{
	const struct media *m = media_of(row);

	return m && figure(m, dir, MEDIA_MOS_N) > 0 && give_real(out, (double)figure(m, dir, MEDIA_MOS_MIN) / 1e6);
}

static bool give_mos_avg(const struct row *row, unsigned dir, struct value *out)
{
	const struct media *m = media_of(row);
	uint64_t n = m ? figure(m, dir, MEDIA_MOS_N) : 0;

	return n > 0 && give_real(out, (double)figure(m, dir, MEDIA_MOS_SUM) / (double)n / 1e6);
}

static bool give_text(const struct row *row, enum media_text slot, struct value *out)
{
	const struct media *m = media_of(row);
	const struct record *r = row->record;
	size_t len = 0;
	const char *text = m && r->texts ? texts_get(r->texts, m->text[slot], &len) : "";

	out->type = TYPE_TEXT;
	return len > 0 && text_escape_to(out->text, sizeof(out->text), text, len) > 0;
}

#define OF_DIRECTION(prefix, dir) \
	bool derive_##prefix##rtp_lost(const struct row *row, struct value *out) { return give_lost(row, dir, out); } \
	bool derive_##prefix##mos_min(const struct row *row, struct value *out) { return give_mos_min(row, dir, out); } \
	bool derive_##prefix##mos_avg(const struct row *row, struct value *out) { return give_mos_avg(row, dir, out); } \
	bool derive_##prefix##jitter_avg(const struct row *row, struct value *out) \
	{ \
		return give_mean(row, dir, MEDIA_JITTER_N, MEDIA_JITTER_SUM, out); \
	}

OF_DIRECTION(, BOTH)
OF_DIRECTION(c2s_, DIR_C2S)
OF_DIRECTION(s2c_, DIR_S2C)

bool derive_c2s_rtp_packets(const struct row *row, struct value *out)
{
	return give_figure(row, DIR_C2S, MEDIA_PACKETS, out);
}

bool derive_s2c_rtp_packets(const struct row *row, struct value *out)
{
	return give_figure(row, DIR_S2C, MEDIA_PACKETS, out);
}

bool derive_rtp_loss(const struct row *row, struct value *out)
{
	const struct media *m = media_of(row);
	uint64_t expected = m ? figure(m, BOTH, MEDIA_EXPECTED) : 0;

	return expected > 0 && give_real(out, 100.0 * (double)lost(m, BOTH) / (double)expected);
}

bool derive_rtp_reordered(const struct row *row, struct value *out)
{
	return give_figure(row, BOTH, MEDIA_REORDERED, out);
}

bool derive_rtp_duplicates(const struct row *row, struct value *out)
{
	return give_figure(row, BOTH, MEDIA_DUPLICATES, out);
}

bool derive_rtp_gaps(const struct row *row, struct value *out)
{
	return give_figure(row, BOTH, MEDIA_GAPS, out);
}

bool derive_rtp_bursts(const struct row *row, struct value *out)
{
	return give_figure(row, BOTH, MEDIA_BURSTS, out);
}

bool derive_jitter_max(const struct row *row, struct value *out)
{
	const struct media *m = media_of(row);

	return m && figure(m, BOTH, MEDIA_JITTER_N) > 0 && give_time(out, figure(m, BOTH, MEDIA_JITTER_MAX));
}

bool derive_codec(const struct row *row, struct value *out)
{
	return give_text(row, MEDIA_CODEC, out);
}

bool derive_call(const struct row *row, struct value *out)
{
	return give_text(row, MEDIA_CALL, out);
}

bool derive_rtcp_loss(const struct row *row, struct value *out)
{
	const struct media *m = media_of(row);
	uint64_t n = m ? figure(m, BOTH, MEDIA_REPORTS) : 0;

	return n > 0 && give_real(out, (double)figure(m, BOTH, MEDIA_REPORT_LOSS) * 100 / 256 / (double)n);
}

bool derive_rtcp_jitter(const struct row *row, struct value *out)
{
	return give_mean(row, BOTH, MEDIA_REPORT_JITTER_N, MEDIA_REPORT_JITTER_SUM, out);
}

bool derive_rtcp_rtt(const struct row *row, struct value *out)
{
	return give_mean(row, BOTH, MEDIA_RTT_N, MEDIA_RTT_SUM, out);
}

bool derive_delay_by(const struct row *row, struct value *out)
{
	const struct media *m = media_of(row);
	uint64_t n = m ? figure(m, BOTH, MEDIA_MOS_N) : 0, measured = n > 0 ? figure(m, BOTH, MEDIA_MEASURED) : 0;

	out->type = TYPE_TEXT;
	snprintf(out->text, sizeof(out->text), "%s", measured == 0 ? "assumed" : measured == n ? "measured" : "both");
	return n > 0;
}
