/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rtp.h"

#include "app/parser.h"
#include "base/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEADER = 12, VERSION_2 = 0x80 };

/* Beyond this nothing is jitter: a clock was set, or timestamps began anew. */
static const int64_t insane_ns = 10 * INT64_C(1000000000);

bool rtp_read(const uint8_t *p, size_t n, struct rtp_header *out)
{
	struct cursor c;

	cursor_init(&c, p, n);
	uint8_t first = cursor_u8(&c), second = cursor_u8(&c);
	out->seq = cursor_be16(&c);
	out->timestamp = cursor_be32(&c);
	out->ssrc = cursor_be32(&c);
	out->type = second & 0x7f;
	out->marker = second >> 7;
	if ((first & 0xc0) != VERSION_2 || (out->type >= 64 && out->type < 96))
		return false;
	cursor_skip(&c, (size_t)(first & 0x0f) * 4);
	if (first & 0x10) {
		cursor_skip(&c, 2);
		cursor_skip(&c, (size_t)cursor_be16(&c) * 4);
	}
	out->header_len = (uint32_t)c.pos;
	return !c.truncated && n >= HEADER;
}

/* ---- which places were seen ---------------------------------------------------------------- */

static uint64_t *word(struct rtp_stream *s, int64_t at)
{
	return &s->seen[((uint64_t)at % RTP_RING) >> 6];
}

static bool was_seen(const struct rtp_stream *s, int64_t at)
{
	uint64_t place = (uint64_t)at % RTP_RING;

	return s->seen[place >> 6] >> (place & 63) & 1;
}

static void see(struct rtp_stream *s, int64_t at)
{
	*word(s, at) |= (uint64_t)1 << ((uint64_t)at & 63);
}

static void unsee(struct rtp_stream *s, int64_t at)
{
	*word(s, at) &= ~((uint64_t)1 << ((uint64_t)at & 63));
}

/* A run of lost places is counted at its first one. */
static bool begins_run(const struct rtp_stream *s, int64_t at)
{
	return !was_seen(s, at) && was_seen(s, at - 1);
}

/* The place RTP_LAG behind the highest is judged; the oldest one that was is forgotten. */
static void judge(struct rtp_stream *s, struct rtp_step *out)
{
	int64_t now = s->highest - RTP_LAG, old = now - RTP_WINDOW;

	if (!was_seen(s, old)) {
		s->window_lost--;
		if (was_seen(s, old + 1))        /* the last of its run goes */
			s->window_runs--;
	}
	if (was_seen(s, now)) {
		if (s->since_loss < RTP_GMIN)
			s->since_loss++;
		s->in_burst &= s->since_loss < RTP_GMIN;
		return;
	}
	s->window_lost++;
	s->window_runs = (uint16_t)(s->window_runs + begins_run(s, now));
	if (!s->in_burst && s->since_loss < RTP_GMIN) {
		s->in_burst = true;
		out->bursts++;
	}
	s->since_loss = 0;
}

/* A judged place that counted as lost is seen after all. */
static void take_back(struct rtp_stream *s, int64_t at)
{
	int64_t newest = s->highest - RTP_LAG, oldest = newest - RTP_WINDOW + 1;
	bool before = at > oldest && !was_seen(s, at - 1), behind = at < newest && !was_seen(s, at + 1);

	if (at > newest || at < oldest)
		return;
	s->window_lost--;
	if (before && behind)
		s->window_runs++;
	else if (!before && !behind)
		s->window_runs--;
}

/* ---- sequence numbers ---------------------------------------------------------------------- */

static void begin(struct rtp_stream *s, int64_t seq, struct rtp_step *out)
{
	memset(s->seen, 0xff, sizeof(s->seen));
	s->begun = true;
	s->jumped = false;
	s->first = s->highest = seq;
	s->since_loss = RTP_GMIN;
	s->in_burst = false;
	s->window_lost = s->window_runs = 0;
	out->expected++;
	out->received++;
}

static void advance(struct rtp_stream *s, int64_t to, struct rtp_step *out)
{
	out->expected += (uint32_t)(to - s->highest);
	out->missing = (uint32_t)(to - s->highest) - 1;
	while (s->highest < to) {
		s->highest++;
		/* the place that the new one takes is RTP_RING back: judged and forgotten long ago */
		if (s->highest < to)
			unsee(s, s->highest);
		else
			see(s, s->highest);
		judge(s, out);
	}
	out->received++;
}

/* Before the first one: the stream began earlier than it seemed. */
static void extend_back(struct rtp_stream *s, int64_t to, struct rtp_step *out)
{
	out->expected += (uint32_t)(s->first - to);
	for (int64_t at = to + 1; at < s->first; at++)
		if (at > s->highest - RTP_LAG)   /* what is judged already stays as it was */
			unsee(s, at);
	s->first = to;
	out->received++;
	out->reordered++;
}

static void come_late(struct rtp_stream *s, int64_t at, struct rtp_step *out)
{
	if (at < s->first) {
		extend_back(s, at, out);
		return;
	}
	if (was_seen(s, at)) {
		out->duplicates++;
		return;
	}
	take_back(s, at);
	see(s, at);
	out->received++;
	out->reordered++;
}

/* Too far away: the next one tells whether the stream goes on there. The one before is counted then. */
static bool jump(struct rtp_stream *s, uint16_t seq, struct rtp_step *out)
{
	if (!s->jumped || seq != s->next_after_jump) {
		s->jumped = true;
		s->next_after_jump = (uint16_t)(seq + 1);
		return false;
	}
	begin(s, (int64_t)s->highest - (s->highest & 0xffff) + 0x20000 + seq - 1, out);
	advance(s, s->highest + 1, out);
	out->restarts++;
	return true;
}

/* False where the packet is not counted (yet). */
static bool place(struct rtp_stream *s, uint16_t seq, struct rtp_step *out)
{
	int16_t ahead = (int16_t)(uint16_t)(seq - (uint16_t)s->highest);
	int64_t at = s->highest + ahead;

	if (!s->begun)
		begin(s, 0x10000 + seq, out);
	else if (ahead >= RTP_DROPOUT || ahead <= -(RTP_WINDOW) || (at < s->first && at <= s->first - RTP_LAG))
		return jump(s, seq, out);
	else if (ahead > 0)
		advance(s, at, out);
	else
		come_late(s, at, out);
	s->jumped = false;
	return true;
}

/* ---- jitter -------------------------------------------------------------------------------- */

/* RFC 3550, A.8: J += (|D| - J) / 16, in integers. */
static void count_jitter(struct rtp_stream *s, uint32_t timestamp, uint32_t clock_hz, int64_t time_ns, struct rtp_step *out)
{
	if (clock_hz == 0)
		return;
	if (s->clock == clock_hz) {
		int64_t sent = (int64_t)(int32_t)(timestamp - s->timestamp) * INT64_C(1000000000) / clock_hz, d;

		if (__builtin_sub_overflow(time_ns, s->time_ns, &d) || __builtin_sub_overflow(d, sent, &d) ||
			d > insane_ns || d < -insane_ns) {
			s->clock = 0;
		} else {
			s->jitter16 += (d < 0 ? -d : d) - (s->jitter16 + 8) / 16;
			out->has_jitter = true;
			out->jitter_ns = s->jitter16 / 16;
		}
	} else {
		s->jitter16 = 0;
	}
	s->clock = clock_hz;
	s->timestamp = timestamp;
	s->time_ns = time_ns;
}

void rtp_stream_packet(struct rtp_stream *s, const struct rtp_header *h, uint32_t clock_hz, int64_t time_ns, struct rtp_step *out)
{
	memset(out, 0, sizeof(*out));
	if (s->begun && s->ssrc != h->ssrc)
		memset(s, 0, sizeof(*s));
	s->ssrc = h->ssrc;
	if (!place(s, h->seq, out) || out->duplicates > 0)
		return;
	if (out->restarts > 0)
		s->clock = 0;
	count_jitter(s, h->timestamp, clock_hz, time_ns, out);
}

void rtp_stream_loss(const struct rtp_stream *s, double *loss, double *burst)
{
	*loss = (double)s->window_lost / RTP_WINDOW;
	*burst = 1;
	if (s->window_runs == 0)
		return;
	double run = (double)s->window_lost / s->window_runs;
	*burst = run * (1 - *loss);      /* random loss has runs of 1 / (1 - loss) */
	if (*burst < 1)
		*burst = 1;
}

/* ---- without an announcement ----------------------------------------------------------------- */

static void note(struct rtp_guess *g, const struct rtp_header *h)
{
	g->ssrc = h->ssrc;
	g->seq = h->seq;
	g->timestamp = h->timestamp;
	g->type = h->type;
}

bool rtp_guess_announced(struct rtp_guess *g, const struct rtp_header *h)
{
	int16_t ahead = (int16_t)(uint16_t)(h->seq - g->seq);
	bool goes_on = g->n > 0 && h->ssrc == g->ssrc && ahead != 0 && ahead <= RTP_LAG && ahead >= -RTP_LAG;

	g->n = 1;
	note(g, h);
	return goes_on;
}

bool rtp_guess(struct rtp_guess *g, const uint8_t *p, size_t n)
{
	struct rtp_header h;

	if (!rtp_read(p, n, &h) || h.ssrc == 0 || n <= h.header_len || (h.type > 34 && h.type < 96)) {
		memset(g, 0, sizeof(*g));
		return false;
	}
	uint32_t step = h.timestamp - g->timestamp;
	bool goes_on = g->n > 0 && h.ssrc == g->ssrc && h.seq == (uint16_t)(g->seq + 1) && h.type == g->type && step < 1 << 17;

	g->advanced = goes_on && (g->advanced || step > 0);
	g->n = goes_on ? (uint8_t)(g->n + 1) : 1;
	note(g, &h);
	if (g->n < RTP_GUESS)
		return false;
	g->n = RTP_GUESS - 1;
	return g->advanced;
}

const char *rtp_static_type(uint8_t type, uint32_t *clock_hz)
{
	static const struct { const char *name; uint32_t clock; } types[35] = {
		[0] = {"PCMU", 8000}, [3] = {"GSM", 8000}, [4] = {"G723", 8000}, [5] = {"DVI4", 8000}, [6] = {"DVI4", 16000},
		[7] = {"LPC", 8000}, [8] = {"PCMA", 8000}, [9] = {"G722", 8000}, [10] = {"L16", 44100}, [11] = {"L16", 44100},
		[12] = {"QCELP", 8000}, [13] = {"CN", 8000}, [14] = {"MPA", 90000}, [15] = {"G728", 8000}, [16] = {"DVI4", 11025},
		[17] = {"DVI4", 22050}, [18] = {"G729", 8000}, [25] = {"CelB", 90000}, [26] = {"JPEG", 90000}, [28] = {"nv", 90000},
		[31] = {"H261", 90000}, [32] = {"MPV", 90000}, [33] = {"MP2T", 90000}, [34] = {"H263", 90000},
	};

	if (type >= 35 || !types[type].name)
		return NULL;
	*clock_hz = types[type].clock;
	return types[type].name;
}

/* ---- as an application --------------------------------------------------------------------- */

/* A payload type's name, as far as it needs no announcement. */
static void type_text(char *out, size_t size, uint8_t type)
{
	uint32_t clock_hz;
	const char *name = rtp_static_type(type, &clock_hz);

	if (name)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "type %u", type);
}

static void rtp_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	char text[96], type[24];
	struct rtp_header h;

	(void)state;
	if (!out->info || out->info->len > 0 || !rtp_read(in->p, in->n, &h))
		return;
	type_text(type, sizeof(type), h.type);
	int n = snprintf(text, sizeof(text), "%s seq %u time %u ssrc %08x%s", type, h.seq, (unsigned)h.timestamp, (unsigned)h.ssrc,
		h.marker ? " mark" : "");
	buf_put(out->info, text, (size_t)n);
}

static void number_field(const struct decode_sink *sink, const char *name, uint32_t v, uint32_t offset, uint32_t len)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu32, v);
	sink->field(sink->ctx, name, text, offset, len);
}

static void rtp_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct rtp_header h;
	char type[24];

	if (!rtp_read(in->p, in->n, &h))
		return;
	type_text(type, sizeof(type), h.type);
	sink->begin(sink->ctx, "rtp", "Real-time Transport Protocol", offset, h.header_len);
	sink->field(sink->ctx, "type", type, offset + 1, 1);
	sink->field(sink->ctx, "marker", h.marker ? "1" : "0", offset + 1, 1);
	number_field(sink, "seq", h.seq, offset + 2, 2);
	number_field(sink, "timestamp", h.timestamp, offset + 4, 4);
	snprintf(type, sizeof(type), "0x%08" PRIx32, h.ssrc);
	sink->field(sink->ctx, "ssrc", type, offset + 8, 4);
	sink->end(sink->ctx);
}

/* Never found by one packet alone: tier/voice.h tells. */
const struct app_parser rtp_parser = {.app = APP_RTP, .datagram = rtp_datagram, .layers = rtp_layers};
