/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/record.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/field.h"
#include "flow/merge.h"
#include "flow/proto.h"
#include "flow/sketch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *plural, *singular;
	char letter;
} tiers[TIERS] = {
	[TIER_PACKET] = {"packets", "packet", 'p'},
	[TIER_MICROFLOW] = {"microflows", "microflow", 'u'},
	[TIER_FLOW] = {"flows", "flow", 'f'},
	[TIER_MACROFLOW] = {"macroflows", "macroflow", 'm'},
	[TIER_BLOCK] = {"blocks", "block", 'b'},
	[TIER_POINT] = {"points", "point", 'i'},
};

const char *tier_plural(enum tier t)
{
	return tiers[t].plural;
}

const char *tier_singular(enum tier t)
{
	return tiers[t].singular;
}

bool tier_parse(const char *text, enum tier *out)
{
	for (enum tier t = 0; t < TIERS; t++) {
		if (strcmp(text, tiers[t].plural) == 0 || strcmp(text, tiers[t].singular) == 0) {
			*out = t;
			return true;
		}
	}
	return false;
}

/* ---- ids -------------------------------------------------------------------------- */

static size_t id_has_offset(enum tier t)
{
	return t != TIER_BLOCK && t != TIER_POINT;
}

size_t id_format(char *out, size_t size, const struct id *id)
{
	char text[ID_TEXT], *end = text;

	if (id->source > 0) {
		end = text_digits(end, id->source, 1);
		*end++ = ':';
	}
	*end++ = tiers[id->tier].letter;
	end = text_digits(end, id->rec.block, 1);
	if (id_has_offset(id->tier)) {
		*end++ = '.';
		end = text_digits(end, id->rec.offset, 1);
	}
	return text_put(out, size, text, (size_t)(end - text));
}

/* A decimal number of at most 32 bits at *s; moves *s behind it. */
static bool id_number(const char **s, uint32_t *out)
{
	const char *p = *s;
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*s = p;
	*out = (uint32_t)v;
	return true;
}

bool id_parse(const char *text, struct id *out)
{
	const char *s = text;
	uint32_t source = 0;

	memset(out, 0, sizeof(*out));
	if (id_number(&s, &source)) {
		if (*s++ != ':' || source == 0)
			return false;
		out->source = source;
	}
	for (out->tier = 0; out->tier < TIERS && tiers[out->tier].letter != *s; out->tier++)
		;
	if (out->tier == TIERS)
		return false;
	s++;
	if (!id_number(&s, &out->rec.block))
		return false;
	if (id_has_offset(out->tier) && (*s++ != '.' || !id_number(&s, &out->rec.offset)))
		return false;
	return *s == '\0';
}

/* ---- names ------------------------------------------------------------------------- */

const char *orientation_name(enum orientation o)
{
	static const char *const names[ORIENTATIONS] = {
		[ORIENTATION_NONE] = "none", [ORIENTATION_SYN] = "syn",
		[ORIENTATION_KNOWN_PORT] = "known-port", [ORIENTATION_LOWER_PORT] = "lower-port",
		[ORIENTATION_FIRST] = "first",
	};
	return o < ORIENTATIONS ? names[o] : "?";
}

const char *end_reason_name(enum end_reason e)
{
	static const char *const names[END_REASONS] = {
		[END_NONE] = "none", [END_FIN] = "fin", [END_RST] = "rst", [END_NEW_SYN] = "new-syn",
		[END_EVICTED] = "evicted", [END_SLICE] = "slice", [END_OF_CAPTURE] = "end",
	};
	return e < END_REASONS ? names[e] : "?";
}

const char *closed_by_name(enum closed_by c)
{
	static const char *const names[CLOSED_BYS] = {
		[CLOSED_BY_NONE] = "none", [CLOSED_BY_CLIENT] = "client", [CLOSED_BY_SERVER] = "server",
	};
	return c < CLOSED_BYS ? names[c] : "?";
}

/* ---- merging ------------------------------------------------------------------------ */

void record_init(struct record *r, enum tier tier)
{
	memset(r, 0, sizeof(*r));
	r->tier = tier;
	counters_init(&r->c);
}

void record_free(struct record *r)
{
	media_free(r->media);
	sketch_free(r->clients);
	hist_free(r->rtt);
	hist_free(r->response);
	r->media = NULL;
	r->clients = NULL;
	r->rtt = r->response = NULL;
}

void record_key_known(struct record *r)
{
	const struct flow_key *k = &r->key;
	u128 known = FIELD_BIT(FIELD_POINT) | FIELD_BIT(FIELD_PROTO) | FIELD_BIT(FIELD_VLAN) |
		FIELD_BIT(FIELD_TUNNEL) | FIELD_BIT(FIELD_ORIENTATION);

	if (k->client.kind != ADDR_NONE)
		known |= FIELD_BIT(FIELD_CLIENT);
	if (k->server.kind != ADDR_NONE)
		known |= FIELD_BIT(FIELD_SERVER);
	if (k->has_ports)
		known |= FIELD_BIT(FIELD_CLIENT_PORT) | FIELD_BIT(FIELD_SERVER_PORT);
	if (k->has_macs)
		known |= FIELD_BIT(FIELD_CLIENT_MAC) | FIELD_BIT(FIELD_SERVER_MAC);
	r->c.known |= known;
}

static enum rc merge_hist(struct hist **whole, const struct hist *part, struct err *err)
{
	enum rc rc = RC_DONE;

	if (!part)
		return RC_DONE;
	if (!*whole)
		rc = hist_new(whole, err);
	return rc == RC_DONE ? hist_merge(*whole, part, err) : rc;
}

static enum rc merge_summaries(struct record *whole, const struct record *part, struct err *err)
{
	enum rc rc = RC_DONE;

	if (part->clients && !whole->clients)
		rc = sketch_new(&whole->clients, err);
	if (rc == RC_DONE && part->clients)
		rc = sketch_merge(whole->clients, part->clients, err);
	if (rc == RC_DONE)
		rc = merge_hist(&whole->rtt, part->rtt, err);
	return rc == RC_DONE ? merge_hist(&whole->response, part->response, err) : rc;
}

/* Takes the key's helpers that no bit stands for: kept as long as what they describe is known. */
static void merge_key_flags(struct record *whole)
{
	whole->key.has_ports = (whole->c.known & FIELD_BIT(FIELD_SERVER_PORT)) != 0;
	whole->key.has_macs = (whole->c.known & FIELD_BIT(FIELD_SERVER_MAC)) != 0;
}

/* Texts are compared by their numbers, which must be of one pool. */
static void merge_with_texts(struct record *whole, const struct record *part)
{
	struct record moved;

	if (whole->texts != part->texts && (part->c.known & text_fields())) {
		moved = *part;
		counters_move_texts(&moved.c, part->texts, whole->texts);
		part = &moved;
	}
	record_merge_fields(whole, part);
}

static enum rc merge_media(struct record *whole, const struct record *part, struct err *err)
{
	struct media moved;

	if (!part->media || whole->texts == part->texts)
		return media_join(&whole->media, part->media, err);
	moved = *part->media;
	media_move_texts(&moved, part->texts, whole->texts);
	return media_join(&whole->media, &moved, err);
}

enum rc record_merge(struct record *whole, const struct record *part, struct err *err)
{
	bool empty = whole->id.block == 0;
	bool earlier = part->c.first_ns < whole->c.first_ns ||
		(part->c.first_ns == whole->c.first_ns &&
			record_id_number(part->id) < record_id_number(whole->id));

	if (empty || earlier) {
		whole->id = part->id;
		whole->slice_ns = part->slice_ns;
	}
	/* a group of several windows or points has no number of its own */
	if (empty) {
		whole->drops = part->drops;
		whole->has_drops = part->has_drops;
	} else if (whole->has_drops && (!part->has_drops || part->drops != whole->drops)) {
		whole->has_drops = false;
	}
	whole->gone += part->gone;
	if (!whole->texts)
		whole->texts = part->texts;
	merge_with_texts(whole, part);
	merge_key_flags(whole);
	enum rc rc = merge_media(whole, part, err);
	return rc == RC_DONE ? merge_summaries(whole, part, err) : rc;
}

/* ---- services ------------------------------------------------------------------------ */

void service_of(struct service_key *out, const struct flow_key *key, int64_t window_ns)
{
	bool told = key->orientation == ORIENTATION_SYN || key->orientation == ORIENTATION_KNOWN_PORT;
	bool low = key->client_port < 1024 || key->server_port < 1024;

	memset(out, 0, sizeof(*out));
	out->window_ns = window_ns;
	out->server = key->server;
	out->proto = key->proto;
	out->point = key->point;
	out->has_port = key->has_ports;
	out->port = key->has_ports && (told || low) ? key->server_port : 0;
}

int service_cmp(const struct service_key *a, const struct service_key *b)
{
	if (a->window_ns != b->window_ns)
		return a->window_ns < b->window_ns ? -1 : 1;
	int c = addr_cmp(&a->server, &b->server);
	if (c != 0)
		return c;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->has_port != b->has_port)
		return a->has_port ? 1 : -1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	return 0;
}
