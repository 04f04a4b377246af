/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/voice.h"

#include "app/media.h"
#include "app/mos.h"
#include "app/rtcp.h"
#include "app/rtp.h"
#include "base/hash.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum { EARLY = RTP_GUESS - 1 };

/* A round trip beyond this is a clock or a lie. */
static const int64_t longest_rtt_ns = 10 * INT64_C(1000000000);

/* One source's packets in one direction. */
struct stream {
	struct rtp_stream rtp;
	uint64_t used;               /* the call's count; 0: free */
	uint8_t dir;
	uint8_t codec;               /* enum mos_codec of its last voice */
	/* the MOS told last, and of what */
	uint32_t mos, delay_us;
	uint16_t lost, runs;
	uint8_t mos_codec;
};

struct call {
	uint32_t place;              /* + 1; 0: free */
	uint64_t count;
	struct announced *announced; /* held, or NULL */
	struct stream streams[VOICE_STREAMS];
};

/* A packet of which it is not certain yet that it is RTP. */
struct early {
	int64_t time_ns;
	uint32_t timestamp;
	uint16_t seq;
	uint8_t type;
};

struct place {
	struct rtp_guess guess[2];
	struct early early[2][EARLY];        /* what it was told from, the newest first */
	uint16_t call;               /* number + 1; 0 none */
	uint8_t app;                 /* enum app */
	bool used;
};

/* What is known of an SSRC between two addresses: by its sender reports, and what was reported of it. */
struct source {
	uint64_t key;                /* 0: free */
	uint32_t clock_hz;
	uint32_t middle[2];          /* times in its last two sender reports */
	int64_t middle_ns[2];        /* when they came by */
	uint8_t n_middle;
	int64_t far_ns;              /* round trip between here and its receiver; -1 unknown */
	uint64_t peer;               /* key of the source that its receiver is; 0 none */
};

struct voice {
	struct place *places;
	struct call *calls;
	struct mem_table place_memory, call_memory;
	struct source *sources;      /* by their key: a newer one takes the place */
	uint32_t next_call;
	uint32_t n_calls;            /* those before it were used at least once */
};

_Static_assert(VOICE_CALLS < UINT16_MAX, "a call's number fits");

enum rc voice_new(uint32_t capacity, struct voice **out, struct err *err)
{
	struct voice *v = mem_calloc(1, sizeof(*v));

	if (!v)
		return err_memory(err);
	v->sources = mem_calloc(VOICE_SOURCES, sizeof(*v->sources));
	if (!v->sources || mem_table_new(&v->place_memory, capacity, sizeof(*v->places)) != 0 ||
		mem_table_new(&v->call_memory, VOICE_CALLS, sizeof(*v->calls)) != 0) {
		voice_free(v);
		return err_memory(err);
	}
	v->places = (struct place *)(void *)v->place_memory.at;
	v->calls = (struct call *)(void *)v->call_memory.at;
	*out = v;
	return RC_DONE;
}

static void end_call(struct voice *v, struct call *c)
{
	if (c->place == 0)
		return;
	struct place *place = &v->places[c->place - 1];
	place->call = 0;
	memset(place->guess, 0, sizeof(place->guess));   /* what was told from is counted */
	announced_release(c->announced);
	memset(c, 0, sizeof(*c));
}

void voice_free(struct voice *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; i < v->n_calls; i++)
		end_call(v, &v->calls[i]);
	mem_table_free(&v->place_memory);
	mem_table_free(&v->call_memory);
	mem_free(v->sources);
	mem_free(v);
}

void voice_begin(struct voice *v, uint32_t place)
{
	struct place *at = &v->places[place];

	if (!at->used)
		return;
	if (at->call != 0)
		end_call(v, &v->calls[at->call - 1]);
	memset(at, 0, sizeof(*at));
}

/* ---- sources ------------------------------------------------------------------------------- */

/* The same for both directions between two addresses. */
static uint64_t source_key(const struct packet *p, uint32_t ssrc)
{
	uint64_t a = hash_bytes(&p->src, sizeof(p->src), ssrc), b = hash_bytes(&p->dst, sizeof(p->dst), ssrc);
	uint64_t key = hash_mix(a + b);

	return key ? key : 1;
}

static struct source *source_find(struct voice *v, uint64_t key)
{
	struct source *s = &v->sources[key % VOICE_SOURCES];

	return s->key == key ? s : NULL;
}

static struct source *source_get(struct voice *v, uint64_t key)
{
	struct source *s = &v->sources[key % VOICE_SOURCES];

	if (s->key != key)
		*s = (struct source){.key = key, .far_ns = -1};
	return s;
}

static void hear_sender(struct voice *v, const struct packet *p, const struct rtcp_said *said)
{
	struct source *s = source_get(v, source_key(p, said->sender));

	s->middle[1] = s->middle[0];
	s->middle_ns[1] = s->middle_ns[0];
	s->middle[0] = said->ntp_middle;
	s->middle_ns[0] = p->time_ns;
	if (s->n_middle < 2)
		s->n_middle++;
}

/* The time from a source's report to the answer to it, less what the receiver took. False where it cannot be told. */
static bool far_time(const struct source *s, const struct rtcp_report *r, int64_t now_ns, int64_t *far_ns)
{
	for (unsigned i = 0; r->last_sr != 0 && i < s->n_middle; i++) {
		int64_t ns;

		if (s->middle[i] != r->last_sr || __builtin_sub_overflow(now_ns, s->middle_ns[i], &ns))
			continue;
		ns -= rtcp_delay_ns(r->delay);
		*far_ns = ns;
		return ns >= 0 && ns <= longest_rtt_ns;
	}
	return false;
}

/* The whole round trip of a source: from here to its receiver, and to itself as far as that is known. False: nobody reports. */
static bool round_trip(struct voice *v, const struct source *s, int64_t *rtt_ns)
{
	const struct source *peer = s && s->peer ? source_find(v, s->peer) : NULL;

	if (!s || s->far_ns < 0)
		return false;
	*rtt_ns = s->far_ns + (peer && peer->far_ns > 0 ? peer->far_ns : 0);
	return true;
}

/* What a receiver says belongs to the direction of who sends to it. */
static void count_report(struct voice *v, const struct packet *p, const struct rtcp_report *r, enum direction as, struct media *more)
{
	uint64_t *f = more->v[DIR_C2S + DIR_S2C - as];
	struct source *s = source_get(v, source_key(p, r->source));
	int64_t ns;

	f[MEDIA_REPORTS]++;
	f[MEDIA_REPORT_LOSS] += r->fraction;
	if (s->clock_hz > 0) {
		uint64_t jitter = (uint64_t)r->jitter * 1000000000 / s->clock_hz;

		f[MEDIA_REPORT_JITTER_N]++;
		f[MEDIA_REPORT_JITTER_SUM] += jitter;
		if (jitter > f[MEDIA_REPORT_JITTER_MAX])
			f[MEDIA_REPORT_JITTER_MAX] = jitter;
	}
	if (!far_time(s, r, p->time_ns, &ns))
		return;
	s->far_ns = ns;
	s->peer = source_key(p, r->reporter);
	if (!round_trip(v, s, &ns))
		return;
	f[MEDIA_RTT_N]++;
	f[MEDIA_RTT_SUM] += (uint64_t)ns;
	if ((uint64_t)ns > f[MEDIA_RTT_MAX])
		f[MEDIA_RTT_MAX] = (uint64_t)ns;
}

static void count_rtcp(struct voice *v, const struct packet *p, const struct rtcp_said *said, enum direction as, struct media *more)
{
	if (said->has_sender)
		hear_sender(v, p, said);
	for (uint32_t i = 0; i < said->n_reports; i++)
		count_report(v, p, &said->reports[i], as, more);
}

/* ---- streams --------------------------------------------------------------------------------- */

static struct stream *stream_of(struct call *c, uint32_t ssrc, enum direction dir)
{
	struct stream *oldest = &c->streams[0];

	c->count++;
	for (unsigned i = 0; i < VOICE_STREAMS; i++) {
		struct stream *s = &c->streams[i];

		if (s->used && s->rtp.ssrc == ssrc && s->dir == dir) {
			s->used = c->count;
			return s;
		}
		if (s->used < oldest->used)
			oldest = s;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->used = c->count;
	oldest->dir = (uint8_t)dir;
	return oldest;
}

/* A payload type's codec and clock; NULL where nobody said. Comfort noise and telephone events are no codec of their own. */
static const char *codec_of(const struct call *c, uint8_t type, uint32_t *clock_hz, bool *is_voice)
{
	const struct sdp_type *told = c->announced ? announced_type(c->announced, type) : NULL;
	const char *name = told && told->codec[0] ? told->codec : rtp_static_type(type, clock_hz);

	*is_voice = true;
	if (told && told->codec[0])
		*clock_hz = told->clock_hz;
	if (!name) {
		*clock_hz = 0;
		return NULL;
	}
	*is_voice = strcmp(name, "CN") != 0 && strcmp(name, "telephone-event") != 0;
	if (strcmp(name, "telephone-event") == 0)
		*clock_hz = 0;       /* its timestamps are those of the event's beginning (RFC 4733) */
	return name;
}

static void count_mos(struct voice *v, struct stream *s, const struct packet *p, uint64_t *f)
{
	struct mos_input in = {.codec = (enum mos_codec)s->codec, .delay_ms = VOICE_DELAY_MS};
	int64_t rtt;
	bool measured = round_trip(v, source_find(v, source_key(p, s->rtp.ssrc)), &rtt);

	if (in.codec == MOS_NONE)
		return;
	uint32_t delay_us = measured ? (uint32_t)(rtt / 2000) : VOICE_DELAY_MS * 1000;
	if (s->mos == 0 || s->delay_us != delay_us || s->lost != s->rtp.window_lost || s->runs != s->rtp.window_runs ||
		s->mos_codec != s->codec) {
		in.delay_ms = delay_us / 1000.0;
		rtp_stream_loss(&s->rtp, &in.loss, &in.burst);
		mos_micro(&in, &s->mos);
		s->delay_us = delay_us;
		s->lost = s->rtp.window_lost;
		s->runs = s->rtp.window_runs;
		s->mos_codec = s->codec;
	}
	f[MEDIA_MOS_N]++;
	f[MEDIA_MOS_SUM] += s->mos;
	f[MEDIA_MOS_MIN] = f[MEDIA_MOS_MIN] == 0 || s->mos < f[MEDIA_MOS_MIN] ? s->mos : f[MEDIA_MOS_MIN];
	f[MEDIA_BAD] += s->mos < MEDIA_BAD_MOS;
	f[MEDIA_MEASURED] += measured;
}

static uint32_t marks_of(const struct rtp_step *step)
{
	return (step->missing > 0 ? MARK_BIT(MARK_RTP_GAPS) : 0) | (step->reordered > 0 ? MARK_BIT(MARK_RTP_REORDERED) : 0) |
		(step->duplicates > 0 ? MARK_BIT(MARK_RTP_DUPLICATES) : 0);
}

static void add_step(const struct rtp_step *step, uint64_t *f)
{
	f[MEDIA_PACKETS]++;
	f[MEDIA_EXPECTED] += step->expected;
	f[MEDIA_RECEIVED] += step->received;
	f[MEDIA_REORDERED] += step->reordered;
	f[MEDIA_DUPLICATES] += step->duplicates;
	f[MEDIA_GAPS] += step->missing > 0;
	f[MEDIA_BURSTS] += step->bursts;
	if (!step->has_jitter)
		return;
	f[MEDIA_JITTER_N]++;
	f[MEDIA_JITTER_SUM] += (uint64_t)step->jitter_ns;
	if ((uint64_t)step->jitter_ns > f[MEDIA_JITTER_MAX])
		f[MEDIA_JITTER_MAX] = (uint64_t)step->jitter_ns;
}

/* The packet's marks. */
static uint32_t count_rtp(struct voice *v, struct call *c, const struct packet *p, const struct rtp_header *h, const struct analysed *at,
	int64_t time_ns, struct media *more)
{
	struct stream *s = stream_of(c, h->ssrc, at->dir);
	uint64_t *f = more->v[at->as];
	uint32_t clock_hz = 0;
	bool is_voice;
	const char *codec = codec_of(c, h->type, &clock_hz, &is_voice);
	struct rtp_step step;

	rtp_stream_packet(&s->rtp, h, clock_hz, time_ns, &step);
	add_step(&step, f);
	if (is_voice)
		s->codec = (uint8_t)(codec ? mos_codec_of(codec, strlen(codec)) : MOS_NONE);
	if (s->rtp.window_lost == 0 && clock_hz > 0)     /* now and then is enough: reports come after many packets */
		source_get(v, source_key(p, h->ssrc))->clock_hz = clock_hz;
	count_mos(v, s, p, f);
	if (is_voice && codec)
		media_text(more, MEDIA_CODEC, texts_add(at->texts, codec, strlen(codec)));
	return marks_of(&step);
}

/* ---- which conversations --------------------------------------------------------------------- */

static void call_begin(struct voice *v, uint32_t place, struct announced *announced)
{
	uint32_t number = v->next_call;
	struct call *c = &v->calls[number];

	v->next_call = (number + 1) % VOICE_CALLS;
	if (number == v->n_calls) {
		mem_table_use(&v->call_memory, number);
		v->n_calls++;
	}
	end_call(v, c);
	c->place = place + 1;
	c->announced = announced ? announced_hold(announced) : NULL;
	v->places[place].call = (uint16_t)(number + 1);
}

/* Whose call it is: as announced now, else when the stream began. */
static void count_call(struct voice *v, const struct place *place, const struct analysed *at, struct media *more)
{
	const struct announced *a = place->call ? v->calls[place->call - 1].announced : NULL;

	if (!a)
		a = at->announced;
	if (a && a->call_len > 0)
		media_text(more, MEDIA_CALL, texts_add(at->texts, a->call, a->call_len));
}

/* What was announced last counts: another call on the same ports, or another codec in the same one. */
static void follow_announcement(struct voice *v, const struct place *place, struct announced *announced)
{
	struct call *c = place->call ? &v->calls[place->call - 1] : NULL;

	if (!c || !announced || c->announced == announced)
		return;
	announced_release(c->announced);
	c->announced = announced_hold(announced);
}

/* Packets that came before it was certain, the last n: without marks, because they went on from each other. */
static void count_early(struct voice *v, struct call *c, const struct packet *p, const struct analysed *at,
	const struct early *early, unsigned n, uint32_t ssrc, struct media *more)
{
	for (unsigned back = n; back > 0; back--) {
		const struct early *e = &early[back - 1];
		struct rtp_header h = {.ssrc = ssrc, .timestamp = e->timestamp, .seq = e->seq, .type = e->type};

		uint32_t marks = count_rtp(v, c, p, &h, at, e->time_ns, more);
		assert(marks == 0);
		(void)marks;
	}
}

/* One direction is certain: what the other one has sent meanwhile, if it goes on from each other, is RTP too. */
static void count_other_side(struct voice *v, const struct place *place, const struct packet *p, const struct analysed *at,
	struct media *more)
{
	struct analysed other = *at;
	const struct rtp_guess *guess;

	other.dir = DIR_C2S + DIR_S2C - at->dir;
	other.as = DIR_C2S + DIR_S2C - at->as;
	guess = &place->guess[other.dir];
	count_early(v, &v->calls[place->call - 1], p, &other, place->early[other.dir], guess->n < EARLY ? guess->n : EARLY, guess->ssrc, more);
}

/* Whether the packet makes it certain that this is RTP; then those before it are counted. */
static bool begin_rtp(struct voice *v, struct place *place, const struct packet *p, const uint8_t *bytes, size_t n,
	const struct rtp_header *h, const struct analysed *at, struct media *more)
{
	struct early *early = place->early[at->dir];
	bool announced = at->announced && announced_type(at->announced, h->type), certain;

	place->used = true;
	certain = announced ? rtp_guess_announced(&place->guess[at->dir], h) : rtp_guess(&place->guess[at->dir], bytes, n);
	if (certain) {
		call_begin(v, at->place, at->announced);
		count_early(v, &v->calls[place->call - 1], p, at, early, announced ? 1 : EARLY, h->ssrc, more);
		count_other_side(v, place, p, at, more);
		return true;
	}
	memmove(early + 1, early, (EARLY - 1) * sizeof(*early));
	early[0] = (struct early){.time_ns = p->time_ns, .timestamp = h->timestamp, .seq = h->seq, .type = h->type};
	return false;
}

/* Reports are media's where that is announced or seen, and where they say who sends them (as app/rtcp.c does). */
static bool is_rtcp(const struct place *place, const struct packet *p, const uint8_t *bytes, size_t n, const struct analysed *at,
	struct rtcp_said *said)
{
	return n >= 8 && bytes[1] >= 200 && n == p->payload_len && rtcp_read(bytes, n, said) &&
		(place->app != APP_NONE || at->announced || (said->packets > 1 && said->has_name));
}

enum app voice_packet(struct voice *v, const struct packet *p, const struct analysed *at, struct media *more, bool *has_more,
	uint32_t *marks)
{
	struct place *place = &v->places[at->place];
	struct rtcp_said said;
	struct rtp_header h;

	mem_table_use(&v->place_memory, at->place);
	*has_more = false;
	if (!(p->flags & PACKET_MEDIA) || (p->flags & PACKET_FRAGMENT) || !at->frame || p->payload_off >= p->caplen)
		return (enum app)place->app;
	const uint8_t *bytes = at->frame + p->payload_off;
	size_t there = p->caplen - p->payload_off, n = there < p->payload_len ? there : p->payload_len;

	memset(more, 0, sizeof(*more));
	if (is_rtcp(place, p, bytes, n, at, &said)) {
		place->used = true;
		if (place->app == APP_NONE)
			place->app = APP_RTCP;
		count_rtcp(v, p, &said, at->as, more);
		*has_more = said.n_reports > 0;
	} else if (rtp_read(bytes, n, &h)) {
		follow_announcement(v, place, at->announced);
		*has_more = place->call != 0 || begin_rtp(v, place, p, bytes, n, &h, at, more);
		if (*has_more) {
			place->app = APP_RTP;
			*marks |= count_rtp(v, &v->calls[place->call - 1], p, &h, at, p->time_ns, more);
		}
	}
	if (*has_more)
		count_call(v, place, at, more);
	return (enum app)place->app;
}
