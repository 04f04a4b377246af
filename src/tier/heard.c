/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/heard.h"

#include "app/other.h"
#include "app/talk.h"
#include "base/mem.h"
#include "base/text.h"
#include "flow/field.h"

#include <string.h>

struct place {
	uint32_t name;               /* of the conversation; in h->names */
	uint32_t generation;         /* of the pool that these numbers are of; 0 none: */
	uint32_t name_number, app_number;
	uint32_t other;              /* what it is where no parser of ours knows it; in h->names */
	uint16_t other_flow;         /* see others_packet() */
	bool other_done;
	uint8_t app;                 /* enum app: its talk's */
	bool used;                   /* its talk is */
	bool ruled_out;              /* as its talk, which need not be looked at; not where the application is known all the same (RTP) */
	bool over;                   /* likewise */
	bool known;                  /* its packets have an application */
};

/* The number of a text in the pool of what is counted now. */
struct number {
	uint32_t generation, number;
};

struct heard {
	struct place *places;
	struct talk *talks;          /* beside them: not touched before somebody speaks */
	struct mem_table place_memory, talk_memory;
	struct talk_memory *memory;
	struct others *others;
	struct texts *names;
	struct number apps[APPS];
	struct number *there;        /* by number in names - 1; as long as that is held, it stands for the same text */
	size_t cap_there;
};

enum rc heard_new(uint32_t capacity, struct heard **out, struct err *err)
{
	struct heard *h = mem_calloc(1, sizeof(*h));

	if (!h)
		return err_memory(err);
	enum rc rc = mem_table_new(&h->place_memory, capacity, sizeof(*h->places)) == 0 &&
		mem_table_new(&h->talk_memory, capacity, sizeof(*h->talks)) == 0 ? talk_memory_new(&h->memory, err) : err_memory(err);
	h->places = (struct place *)(void *)h->place_memory.at;
	h->talks = (struct talk *)(void *)h->talk_memory.at;
	if (rc == RC_DONE)
		rc = others_new(&h->others, err);
	if (rc == RC_DONE)
		rc = texts_new(HEARD_TEXTS, &h->names, err);
	if (rc != RC_DONE) {
		heard_free(h);
		return rc;
	}
	*out = h;
	return RC_DONE;
}

void heard_free(struct heard *h)
{
	if (!h)
		return;
	mem_table_free(&h->place_memory);
	mem_table_free(&h->talk_memory);
	talk_memory_free(h->memory);
	others_free(h->others);
	texts_free(h->names);
	mem_free(h->there);
	mem_free(h);
}

static void forget_other(struct heard *h, struct place *place)
{
	others_end(h->others, &place->other_flow);
	texts_drop(h->names, place->other);
	place->other = place->generation = 0;
	place->other_done = false;
}

void heard_expect(const struct heard *h, uint32_t place)
{
	__builtin_prefetch(&h->places[place], 1);
	__builtin_prefetch(&h->talks[place], 1);
}

void heard_begin(struct heard *h, uint32_t place)
{
	struct place *at = &h->places[place];

	mem_table_use(&h->place_memory, place);
	if (!at->used)
		return;
	talk_end(&h->talks[place], h->memory);
	texts_drop(h->names, at->name);
	forget_other(h, at);
	*at = (struct place){0};
}

/* ---- counting ------------------------------------------------------------------------------ */

static void count_text(struct counters *c, const struct analysed *at, enum record_text slot, struct said_text text)
{
	if (text.p)
		counters_text(c, slot, texts_add(at->texts, text.p, text.len));
}

/* Host names do not tell capitals from small letters: equal ones are to be the same text. */
static struct said_text lower(struct said_text name, char *to)
{
	size_t len = name.len < SAID_MAX ? name.len : SAID_MAX;

	for (size_t i = 0; i < len; i++)
		to[i] = text_small(name.p[i]);
	return (struct said_text){to, len};
}

/* What takes names that addresses were given. */
struct namer {
	struct observations *to;
	int64_t time_ns;
};

/* 0.0.0.0 and 127.0.0.1 and their like: what a resolver answers that wants nobody to be found. */
static bool is_nobody(const struct addr *a)
{
	static const uint8_t zeros[16];

	if (a->kind == ADDR_IPV4)
		return a->bytes[0] == 127 || memcmp(a->bytes, zeros, 4) == 0;
	return a->kind == ADDR_IPV6 && memcmp(a->bytes, zeros, 15) == 0 && a->bytes[15] <= 1;
}

static void observe(void *ctx, const struct addr *addr, struct said_text name, enum seen_by by)
{
	const struct namer *n = ctx;
	char bytes[SAID_MAX];

	while (name.len > 0 && name.p[name.len - 1] == '.')
		name.len--;
	if (!name.p || name.len == 0 || (by != SEEN_SNI && is_nobody(addr)))
		return;
	name = lower(name, bytes);
	observations_add(n->to, &(struct observation){.addr = *addr, .by = (uint8_t)by, .name = name.p,
		.len = (uint8_t)name.len, .first_ns = n->time_ns, .last_ns = n->time_ns});
}

/* The client of TLS says whom it takes the server for. */
static void observe_server(struct namer *n, const struct packet *p, const struct analysed *at, const struct talk *talk,
	const struct said *said)
{
	if ((talk->app == APP_TLS || talk->app == APP_DTLS || talk->app == APP_QUIC) && said->name.p && at->dir == DIR_C2S)
		observe(n, &p->dst, said->name, SEEN_SNI);
}

/* Holds a name; what it was called where packets are counted is not known any more if it is new. */
static uint32_t keep_name(struct heard *h, const char *name, size_t len)
{
	uint32_t number = texts_add(h->names, name, len);
	size_t before = h->cap_there;

	if (number == 0 || texts_holders(h->names, number) > 1)
		return number;
	if (mem_grow(&h->there, &h->cap_there, number, sizeof(*h->there)) != 0) {
		texts_drop(h->names, number);
		return 0;
	}
	if (h->cap_there > before)
		memset(h->there + before, 0, (h->cap_there - before) * sizeof(*h->there));
	h->there[number - 1].generation = 0;
	return number;
}

/* From now on the conversation has this name. */
static void say_name(struct heard *h, struct place *place, struct said_text name)
{
	char bytes[SAID_MAX];
	size_t len;

	name = lower(name, bytes);
	const char *before = texts_get(h->names, place->name, &len);
	if (len == name.len && memcmp(before, name.p, len) == 0)
		return;
	texts_drop(h->names, place->name);
	place->name = keep_name(h, name.p, name.len);
	place->generation = 0;
}

/* What is spoken where it is nothing that we know. */
static void hear_other(struct heard *h, struct place *place, const struct talk *talk, const struct packet *p, const uint8_t *frame)
{
	struct said_text name;

	if (place->other_done)
		return;
	if (talk->app != APP_NONE) {
		forget_other(h, place);
		place->other_done = true;
		return;
	}
	name = others_packet(h->others, &place->other_flow, &place->other_done, p, frame);
	if (name.p)
		place->other = keep_name(h, name.p, name.len);
}

/* The number of one of h->names in the pool of what is counted now. */
static uint32_t number_of(const struct heard *h, uint32_t name, const struct analysed *at)
{
	struct number *there = name ? &h->there[name - 1] : NULL;
	size_t len;

	if (!there)
		return 0;
	if (there->generation != at->generation) {
		const char *text = texts_get(h->names, name, &len);

		*there = (struct number){at->generation, texts_add(at->texts, text, len)};
	}
	return there->number;
}

static uint32_t number_of_app(struct heard *h, enum app app, const struct analysed *at)
{
	struct number *n = &h->apps[app];
	const char *name = app_name(app);

	if (n->generation != at->generation)
		*n = (struct number){at->generation, texts_add(at->texts, name, strlen(name))};
	return n->number;
}

/* Numbers in the pool of what is counted now: found once a segment and conversation, not for each packet. */
static void find_numbers(struct heard *h, struct place *place, const struct analysed *at)
{
	if (place->generation == at->generation)
		return;
	place->name_number = number_of(h, place->name, at);
	place->app_number = place->app == APP_NONE ? number_of(h, place->other, at) : number_of_app(h, (enum app)place->app, at);
	place->generation = at->generation;
}

static void count_said(const struct said *said, const struct analysed *at, struct counters *c, struct packet_note *note)
{
	c->requests += said->requests;
	if (said->errors)
		note->marks |= MARK_BIT(MARK_ERRORS);
	if (said->refusals)
		note->marks |= MARK_BIT(MARK_REFUSALS);
	if (said->has_status)
		counters_same16(c, FIELD_STATUS, &c->status, said->status);
	if (said->version)
		counters_same16(c, FIELD_TLS_VERSION, &c->tls_version, said->version);
	count_text(c, at, TEXT_URL, said->url);
	count_text(c, at, TEXT_ALPN, said->alpn);
	count_text(c, at, TEXT_JA4, said->ja4);
}

/* What the packet says, and what that makes of its conversation. */
static void hear(struct heard *h, struct place *place, const struct packet *p, const struct analysed *at, bool begins, bool speaks,
	struct counters *c, struct packet_note *note)
{
	struct talk *talk = &h->talks[at->place];
	struct namer namer = {at->observations, p->time_ns};
	struct said_sink sink = {observe, &namer};
	struct said said;

	if (!place->used) {
		mem_table_use(&h->talk_memory, at->place);
		memset(talk, 0, sizeof(*talk));
	}
	/* media are what it is for, whatever came before them: their own reports, keys by DTLS (RFC 5764) */
	if (at->app != APP_NONE && (talk->app == APP_NONE || talk->app == APP_RTCP || talk->app == APP_DTLS)) {
		talk->app = (uint8_t)at->app;
		talk->ruled_out = true;
	}
	if (talk_packet(talk, h->memory, p, at->frame, at->dir, &sink, &said)) {
		count_said(&said, at, c, note);
		observe_server(&namer, p, at, talk, &said);
	}
	if (begins && place->ruled_out && !talk->ruled_out)
		forget_other(h, place);
	if (speaks)
		hear_other(h, place, talk, p, at->frame);
	if (said.name.p)
		say_name(h, place, said.name);
	if (place->app != talk->app)
		place->generation = 0;
	place->used = true;
	place->app = talk->app;
	place->ruled_out = talk->ruled_out && talk->app == APP_NONE;
	place->over = talk_is_over(talk);
	/* ours come first: they may still be trying */
	place->known = talk->app != APP_NONE || (talk->ruled_out && place->other);
}

void heard_packet(struct heard *h, const struct packet *p, const struct analysed *at, struct counters *c,
	struct packet_note *note)
{
	struct place *place = &h->places[at->place];
	bool speaks = p->payload_len > 0 && !(note->marks & MARK_BIT(MARK_DUPLICATE));
	bool begins = (p->flags & PACKET_HAS_TCP) && (p->tcp_flags & TCP_SYN) && place->used;

	if (!begins && (!speaks || (place->ruled_out && place->other_done && !place->other)))
		return;
	if (begins || !place->over)
		hear(h, place, p, at, begins, speaks, c, note);
	if (!speaks || !place->known)
		return;
	find_numbers(h, place, at);
	counters_text(c, TEXT_APP, place->app_number);
	counters_text(c, TEXT_NAME, place->name_number);
}
