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
	uint8_t app;                 /* enum app that app_number stands for */
	bool used;                   /* its talk is */
	bool ruled_out;              /* as its talk, which need not be looked at; not where the application is known all the same (RTP) */
};

struct heard {
	struct place *places;
	struct talk *talks;          /* beside them: not touched before somebody speaks */
	struct talk_memory *memory;
	struct others *others;
	struct texts *names;
};

enum rc heard_new(uint32_t capacity, struct heard **out, struct err *err)
{
	struct heard *h = mem_calloc(1, sizeof(*h));

	if (!h)
		return err_memory(err);
	h->places = mem_calloc(capacity, sizeof(*h->places));
	h->talks = mem_calloc(capacity, sizeof(*h->talks));
	enum rc rc = h->places && h->talks ? talk_memory_new(&h->memory, err) : err_memory(err);
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
	mem_free(h->places);
	mem_free(h->talks);
	talk_memory_free(h->memory);
	others_free(h->others);
	texts_free(h->names);
	mem_free(h);
}

static void forget_other(struct heard *h, struct place *place)
{
	others_end(h->others, &place->other_flow);
	texts_drop(h->names, place->other);
	place->other = place->generation = 0;
	place->other_done = false;
}

void heard_begin(struct heard *h, uint32_t place)
{
	struct place *at = &h->places[place];

	if (!at->used)
		return;
	talk_end(&h->talks[place], h->memory);
	memset(&h->talks[place], 0, sizeof(h->talks[place]));
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

/* From now on the conversation has this name. */
static void say_name(struct heard *h, struct place *place, struct said_text name)
{
	char bytes[SAID_MAX];

	name = lower(name, bytes);
	texts_drop(h->names, place->name);
	place->name = texts_add(h->names, name.p, name.len);
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
		place->other = texts_add(h->names, name.p, name.len);
}

/* Numbers in the pool of what is counted now: looked up once a segment and conversation, not for each packet. */
static void find_numbers(const struct heard *h, struct place *place, const struct talk *talk, const struct analysed *at)
{
	const char *app = app_name((enum app)talk->app), *name;
	size_t len;

	if (place->generation == at->generation && place->app == talk->app)
		return;
	name = texts_get(h->names, place->name, &len);
	place->name_number = texts_add(at->texts, name, len);
	if (talk->app == APP_NONE)
		app = texts_get(h->names, place->other, &len);
	place->app_number = texts_add(at->texts, app, strlen(app));
	place->app = talk->app;
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

void heard_packet(struct heard *h, const struct packet *p, const struct analysed *at, struct counters *c,
	struct packet_note *note)
{
	struct place *place = &h->places[at->place];
	struct talk *talk = &h->talks[at->place];
	bool speaks = p->payload_len > 0 && !(note->marks & MARK_BIT(MARK_DUPLICATE));
	bool begins = (p->flags & PACKET_HAS_TCP) && (p->tcp_flags & TCP_SYN) && place->used;
	struct namer namer = {at->observations, p->time_ns};
	struct said_sink sink = {observe, &namer};
	struct said said;

	if (!begins && (!speaks || (place->ruled_out && place->other_done && !place->other)))
		return;
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
	place->used = true;
	place->ruled_out = talk->ruled_out && talk->app == APP_NONE;
	if (said.name.p)
		say_name(h, place, said.name);
	/* ours come first: they may still be trying */
	if (!speaks || (talk->app == APP_NONE && !(talk->ruled_out && place->other)))
		return;
	find_numbers(h, place, talk, at);
	counters_text(c, TEXT_APP, place->app_number);
	counters_text(c, TEXT_NAME, place->name_number);
}
