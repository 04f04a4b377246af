/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/analysis.h"

#include "base/mem.h"
#include "flow/field.h"
#include "tier/heard.h"
#include "tier/tcp_state.h"
#include "tier/tcp_syn.h"
#include "tier/turns.h"
#include "tier/voice.h"

#include <string.h>

enum { TCP_LARGE = 2048 };       /* conversations of a shard that may have many segments under way at a time: 5 MiB */

enum connection { CONNECTION_NONE, CONNECTION_ASKED, CONNECTION_ANSWERED, CONNECTION_REFUSED, CONNECTION_CLOSED };

struct analysed_state {
	struct turns turns;
	uint32_t syn_seq;
	uint8_t connection;          /* enum connection */
	uint8_t attributes;          /* enum attribute */
	bool turned;                 /* directions of TCP analysis are the other way round */
	bool seen_tcp;               /* its tcp_state is in use */
	bool has_syn;                /* `syn` is the only packet of TCP until now */
	bool media;                  /* it has a place among media that is in use */
	uint8_t media_app;           /* enum app: what its media say that it is */
	struct tcp_syn syn;
};

struct analysis {
	struct analysed_state *v;
	struct tcp_state *tcp;       /* beside v: not touched before a conversation needs it, */
	struct tcp_more *more;       /* TCP_LARGE of them, lent to conversations; not touched before they are */
	struct tcp_more **back;      /* those that came back, n_back of them */
	uint32_t n_lent, n_back;     /* the first so many were lent at least once */
	struct mem_table memory, tcp_memory, more_memory;        /* of v, tcp, more */
	struct heard *heard;         /* NULL: nobody listens */
	struct voice *voice;         /* likewise */
	unsigned attributes;
};

/* Marks that tell bytes which the other side may have had before. */
static const uint32_t repeated = MARK_BIT(MARK_RETRANS) | MARK_BIT(MARK_FAST_RETRANS) |
	MARK_BIT(MARK_SPURIOUS_RETRANS) | MARK_BIT(MARK_OUT_OF_ORDER) | MARK_BIT(MARK_KEEP_ALIVE) |
	MARK_BIT(MARK_ZERO_WINDOW_PROBE) | MARK_BIT(MARK_DUPLICATE);

enum rc analysis_new(uint32_t capacity, unsigned attributes, struct analysis **out, struct err *err)
{
	struct analysis *a = mem_calloc(1, sizeof(*a));

	if (!a)
		return err_memory(err);
	a->attributes = attributes;
	a->back = mem_calloc(TCP_LARGE, sizeof(struct tcp_more *));
	bool has_room = a->back && mem_table_new(&a->memory, capacity, sizeof(*a->v)) == 0 &&
		mem_table_new(&a->tcp_memory, capacity, sizeof(*a->tcp)) == 0 &&
		mem_table_new(&a->more_memory, TCP_LARGE, sizeof(*a->more)) == 0;
	a->v = (struct analysed_state *)(void *)a->memory.at;
	a->tcp = (struct tcp_state *)(void *)a->tcp_memory.at;
	a->more = (struct tcp_more *)(void *)a->more_memory.at;
	enum rc rc = has_room ? RC_DONE : err_memory(err);
	if (rc == RC_DONE && (attributes & ATTRIBUTE_APP))
		rc = heard_new(capacity, &a->heard, err);
	if (rc == RC_DONE && (attributes & ATTRIBUTE_VOIP))
		rc = voice_new(capacity, &a->voice, err);
	if (rc != RC_DONE) {
		analysis_free(a);
		return rc;
	}
	*out = a;
	return RC_DONE;
}

void analysis_free(struct analysis *a)
{
	if (!a)
		return;
	mem_table_free(&a->memory);
	mem_table_free(&a->tcp_memory);
	mem_table_free(&a->more_memory);
	mem_free(a->back);
	heard_free(a->heard);
	voice_free(a->voice);
	mem_free(a);
}

/* ---- large states: lent to whom needs them ----------------------------------------------- */

static struct tcp_more *lend_more(struct analysis *a)
{
	if (a->n_back > 0)
		return a->back[--a->n_back];
	if (a->n_lent == TCP_LARGE)
		return NULL;
	mem_table_use(&a->more_memory, a->n_lent);
	return &a->more[a->n_lent++];
}

static void take_back(struct analysis *a, struct tcp_more *more)
{
	if (more)
		a->back[a->n_back++] = more;
}

void analysis_begin(struct analysis *a, uint32_t place, unsigned attributes)
{
	struct analysed_state *s = &a->v[place];

	if (a->attributes == 0)
		return;              /* and nothing is looked at */
	mem_table_use(&a->memory, place);
	if (s->seen_tcp) {
		take_back(a, a->tcp[place].more);
		memset(&a->tcp[place], 0, sizeof(a->tcp[place]));
	}
	if (a->heard)
		heard_begin(a->heard, place);
	/* places that nobody used are not looked at: they need no memory */
	if (s->media)
		voice_begin(a->voice, place);
	memset(s, 0, offsetof(struct analysed_state, syn));
	s->attributes = (uint8_t)(attributes & a->attributes);
}

/* Lines of the cache that nearly every packet of TCP needs; others lose little by it. */
void analysis_expect(const struct analysis *a, uint32_t place)
{
	const char *tcp = (const char *)&a->tcp[place];

	if (a->attributes == 0)
		return;
	__builtin_prefetch(&a->v[place], 1);
	for (size_t line = 0; line < sizeof(*a->tcp); line += 64)
		__builtin_prefetch(tcp + line, 1);
	if (a->heard)
		heard_expect(a->heard, place);
}

void analysis_turn(struct analysis *a, uint32_t place)
{
	if (a->attributes)
		a->v[place].turned = !a->v[place].turned;
}

/* ---- connections ------------------------------------------------------------------------ */

/* What a SYN says of its sender. */
static void count_options(struct counters *c, const struct packet *p, enum direction as)
{
	unsigned scale = as == DIR_C2S ? FIELD_C2S_WINDOW_SCALE : FIELD_S2C_WINDOW_SCALE;
	unsigned sack = as == DIR_C2S ? FIELD_C2S_SACK : FIELD_S2C_SACK;
	unsigned mss = as == DIR_C2S ? FIELD_C2S_MSS : FIELD_S2C_MSS;

	if ((p->tcp_options & TCP_OPT_MSS) && (!(c->known & FIELD_BIT(mss)) || p->tcp_mss < c->mss[as])) {
		c->mss[as] = p->tcp_mss;
		c->known |= FIELD_BIT(mss);
	}
	if (p->tcp_options & TCP_OPT_SCALE)
		counters_same(c, scale, &c->window_scale[as], p->tcp_scale);
	counters_same(c, sack, &c->sack[as], (p->tcp_options & TCP_OPT_SACK_OK) != 0);
}

/*
 * Asked for by a SYN with a new sequence; granted, refused, closed at most once each. What became of the connection with this packet;
 * CONNECTION_NONE: nothing new.
 */
static enum connection follow_connection(struct analysed_state *s, const struct packet *p, enum direction dir)
{
	unsigned syn = p->tcp_flags & (TCP_SYN | TCP_ACK);
	enum connection was = s->connection;

	if (syn == TCP_SYN && dir == DIR_C2S && !(p->tcp_flags & TCP_RST) &&
		(was == CONNECTION_NONE || s->syn_seq != p->tcp_seq)) {
		s->connection = CONNECTION_ASKED;
		s->syn_seq = p->tcp_seq;
		memset(&s->turns, 0, sizeof(s->turns));
		return CONNECTION_ASKED;
	}
	if (syn == (TCP_SYN | TCP_ACK) && dir == DIR_S2C && was == CONNECTION_ASKED && p->tcp_ack == s->syn_seq + 1) {
		s->connection = CONNECTION_ANSWERED;
		return CONNECTION_ANSWERED;
	}
	if (!(p->tcp_flags & (TCP_RST | TCP_FIN)) || was == CONNECTION_CLOSED)
		return CONNECTION_NONE;
	s->connection = CONNECTION_CLOSED;
	return was == CONNECTION_ASKED && dir == DIR_S2C && (p->tcp_flags & TCP_RST) ? CONNECTION_REFUSED
		: CONNECTION_CLOSED;
}

static void count_connection(struct counters *c, const struct packet *p, enum connection now, enum direction as)
{
	if (p->tcp_flags & TCP_SYN)
		count_options(c, p, as);
	c->attempted += now == CONNECTION_ASKED;
	c->answered += now == CONNECTION_ANSWERED;
	c->refused += now == CONNECTION_REFUSED;
	if (now == CONNECTION_CLOSED)
		counters_same(c, FIELD_CLOSED_BY, &c->closed_by,
			as == DIR_C2S ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER);
}

/* ---- packets ------------------------------------------------------------------------------ */

static void forget_marks(struct counters *c)
{
	c->known &= ~(FIELD_BIT(FIELD_IN_FLIGHT_MAX) - FIELD_BIT(FIELD_C2S_RETRANS));
}

static void count_in_flight(struct counters *c, const struct tcp_verdict *v)
{
	if (!v->has_in_flight)
		return;
	if (v->in_flight > c->in_flight_max)
		c->in_flight_max = v->in_flight;
	c->known |= FIELD_BIT(FIELD_IN_FLIGHT_MAX);
}

static void analyse_tcp(struct analysis *a, struct analysed_state *s, const struct packet *p,
	const struct analysed *at, struct tcp_verdict *v)
{
	enum direction dir = s->turned ? DIR_C2S + DIR_S2C - at->dir : at->dir;
	struct tcp_state *tcp = &a->tcp[at->place];

	if (!s->seen_tcp && !s->has_syn && tcp_syn_keep(&s->syn, p, dir)) {
		s->has_syn = true;
		*v = (struct tcp_verdict){0};
		return;
	}
	if (!s->seen_tcp)
		mem_table_use(&a->tcp_memory, at->place);
	s->seen_tcp = true;
	if (s->has_syn)
		tcp_syn_tell(&s->syn, tcp);
	s->has_syn = false;
	if (tcp_wants_more(tcp))
		tcp->more = lend_more(a);
	tcp_analyse(tcp, p, dir, v);
	if (s->connection == CONNECTION_CLOSED)
		take_back(a, tcp_give_back(tcp));
}

/* Whoever gives up: nobody waits any more. */
static void count_abort(struct analysed_state *s, struct counters *c, const struct packet *p)
{
	if (!(p->tcp_flags & TCP_RST) || s->turns.phase != TURNS_REQUEST)
		return;
	c->aborted++;
	memset(&s->turns, 0, sizeof(s->turns));
}

static void count_turn(struct analysed_state *s, struct counters *c, const struct packet *p,
	const struct analysed *at, uint32_t marks, struct packet_note *note)
{
	struct turns_verdict v;

	if (marks & repeated)
		return;
	turns_packet(&s->turns, p, at->dir, (marks & MARK_BIT(MARK_LOST_SEGMENT)) != 0, &v);
	c->turns += v.begins;
	if (v.has_response) {
		note->marks |= MARK_BIT(MARK_RESPONSE_START);
		note->has_response = true;
		note->response_ns = v.response_ns;
		c->transfer_n++;
	}
	if (!v.in_response)
		return;
	c->transfer_sum_ns += v.transfer_step_ns;
	if (v.transfer_ns >= c->transfer_max_ns)
		c->transfer_max_ns = v.transfer_ns;
	c->known |= FIELD_BIT(FIELD_TRANSFER_MAX);
}

static void count_media(struct analysis *a, struct analysed_state *s, const struct packet *p, const struct analysed *at,
	struct counters *c, struct packet_note *note, struct media *media, bool *has_media)
{
	s->media_app = (uint8_t)voice_packet(a->voice, p, at, media, has_media, &note->marks);
	s->media = true;
	if (*has_media)
		c->rtp_packets += media_both(media, MEDIA_PACKETS);
}

bool analysis_packet(struct analysis *a, const struct packet *p, struct analysed *at, struct counters *c,
	struct packet_note *note, struct media *media, bool *has_media)
{
	struct analysed_state *s = &a->v[at->place];
	bool is_tcp = (p->flags & PACKET_HAS_TCP) != 0;
	unsigned applies = p->proto == PROTO_TCP ? ATTRIBUTES_ALL & ~ATTRIBUTE_VOIP :
		p->proto == PROTO_UDP ? ATTRIBUTE_RESPONSE | ATTRIBUTE_APP | ATTRIBUTE_VOIP : 0;
	unsigned computed = a->attributes ? applies & s->attributes : 0, lacking = applies & ~computed;
	struct tcp_verdict v = {0};

	memset(note, 0, sizeof(*note));
	*has_media = false;
	if (lacking)
		c->known &= ~attribute_fields(lacking);
	applies = computed;
	if (!applies || (p->proto == PROTO_TCP && !is_tcp))
		return false;
	enum connection now = CONNECTION_NONE;
	if (is_tcp) {        /* response times need to know what was sent again, and where connections begin */
		now = follow_connection(s, p, at->dir);
		analyse_tcp(a, s, p, at, &v);
	}
	if (applies & ATTRIBUTE_TCP) {
		count_connection(c, p, now, at->as);
		count_in_flight(c, &v);
		if (v.state_lost || at->forgotten)
			forget_marks(c);
		note->marks = v.marks;
		note->has_rtt = v.has_rtt && v.rtt_ns >= 0;
		note->rtt_ns = note->has_rtt ? v.rtt_ns : 0;
	}
	if ((applies & ATTRIBUTE_RESPONSE) && !(p->flags & PACKET_FRAGMENT_LATER))
		count_turn(s, c, p, at, v.marks, note);
	if (is_tcp && (applies & ATTRIBUTE_RESPONSE))
		count_abort(s, c, p);
	if (applies & ATTRIBUTE_VOIP) {
		if (p->flags & PACKET_MEDIA)
			count_media(a, s, p, at, c, note, media, has_media);
		at->app = (enum app)s->media_app;
	}
	if (applies & ATTRIBUTE_APP)
		heard_packet(a->heard, p, at, c, note);
	counters_note(c, at->as, note);
	return note->marks || note->has_rtt || note->has_response;
}
