/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How what is said of single packets adds up: tracker, verification and tests count notes here. */
#include "flow/field.h"

#include <stdio.h>
#include <string.h>

void counters_time(struct counters *c, struct time_sums *t, unsigned min, unsigned max, int64_t ns)
{
	if (t->n == 0 || ns < t->min_ns)
		t->min_ns = ns;
	if (t->n == 0 || ns > t->max_ns)
		t->max_ns = ns;
	t->n++;
	t->sum_ns += ns;
	t->sumsq += (u128)(uint64_t)ns * (uint64_t)ns;
	c->known |= FIELD_BIT(min) | FIELD_BIT(max);
}

/* What becomes of a value that all packets share or else is null, with one more of them. */
static uint32_t share(struct counters *c, unsigned id, uint32_t shared, uint32_t value)
{
	u128 bit = FIELD_BIT(id);

	if (!((c->known | c->mixed) & bit)) {
		c->known |= bit;
		return value;
	}
	if (shared == value)
		return shared;
	c->known &= ~bit;
	c->mixed |= bit;
	return 0;
}

void counters_same(struct counters *c, unsigned id, uint8_t *field, uint8_t value)
{
	*field = (uint8_t)share(c, id, *field, value);
}

void counters_same16(struct counters *c, unsigned id, uint16_t *field, uint16_t value)
{
	*field = (uint16_t)share(c, id, *field, value);
}

void counters_note(struct counters *c, enum direction dir, const struct packet_note *note)
{
	uint32_t marks = note->marks & ~(MARK_BIT(MARK_RETRANS) | MARK_BIT(MARK_RESPONSE_START));

	c->retrans[dir] += (note->marks & MARK_BIT(MARK_RETRANS)) != 0;
	for (; marks; marks &= marks - 1) {
		unsigned m = (unsigned)__builtin_ctz(marks);

		if (m < PACKET_MARKS)
			c->marks[m]++;
	}
	/* An acknowledgment by the server measures the way to the server and back. */
	if (note->has_rtt && dir == DIR_S2C)
		counters_time(c, &c->rtt_server, FIELD_RTT_SERVER_MIN, FIELD_RTT_SERVER_MAX, note->rtt_ns);
	else if (note->has_rtt)
		counters_time(c, &c->rtt_client, FIELD_RTT_CLIENT_MIN, FIELD_RTT_CLIENT_MAX, note->rtt_ns);
	if (note->has_response)
		counters_time(c, &c->response, FIELD_RESPONSE_MIN, FIELD_RESPONSE_MAX, note->response_ns);
}

uint64_t counters_marked(const struct counters *c, enum packet_mark m)
{
	if (m == MARK_RETRANS)
		return c->retrans[DIR_C2S] + c->retrans[DIR_S2C];
	return m == MARK_RESPONSE_START ? c->response.n : c->marks[m];
}

bool counters_agree(const struct counters *c, const struct counters *marked)
{
	const struct time_sums *client = &c->rtt_client, *server = &c->rtt_server;
	uint64_t n = marked->rtt_client.n + marked->rtt_server.n;
	uint64_t sum = (uint64_t)marked->rtt_client.sum_ns + (uint64_t)marked->rtt_server.sum_ns;

	return c->retrans[0] + c->retrans[1] == marked->retrans[0] + marked->retrans[1] &&
		memcmp(c->marks, marked->marks, sizeof(c->marks)) == 0 &&
		client->n + server->n == n &&
		(uint64_t)client->sum_ns + (uint64_t)server->sum_ns == sum &&
		c->response.n == marked->response.n && c->response.sum_ns == marked->response.sum_ns;
}

/* ---- texts --------------------------------------------------------------------------------- */

_Static_assert(FIELD_JA4 - FIELD_APP + 1 == RECORD_TEXTS, "a field for each text");

u128 text_fields(void)
{
	return FIELD_BIT(FIELD_JA4 + 1) - FIELD_BIT(FIELD_APP);
}

void counters_text(struct counters *c, enum record_text slot, uint32_t number)
{
	if (number != 0 && c->text[slot] != number)
		c->text[slot] = share(c, FIELD_APP + slot, c->text[slot], number);
}

void counters_move_texts(struct counters *c, const struct texts *from, struct texts *to)
{
	for (unsigned slot = 0; slot < RECORD_TEXTS; slot++) {
		size_t len;
		const char *text;

		if (c->text[slot] == 0)
			continue;
		text = texts_get(from, c->text[slot], &len);
		c->text[slot] = texts_add(to, text, len);
		if (c->text[slot] == 0)
			c->known &= ~FIELD_BIT(FIELD_APP + slot);
	}
}

/* ---- attributes --------------------------------------------------------------------------- */

/* What each computes; `told` is the sum that is known wherever it was computed. */
static const struct {
	const char *name;
	unsigned attribute;
	enum field_id first, last, told;
} attributes[] = {
	{"tcp", ATTRIBUTE_TCP, FIELD_C2S_RETRANS, FIELD_CLOSED_BY, FIELD_ATTEMPTED},
	{"response", ATTRIBUTE_RESPONSE, FIELD_RESPONSE_N, FIELD_ABORTED, FIELD_TURNS},
	{"app", ATTRIBUTE_APP, FIELD_APP, FIELD_REFUSALS, FIELD_REQUESTS},
	{"voip", ATTRIBUTE_VOIP, FIELD_RTP_PACKETS, FIELD_RTP_PACKETS, FIELD_RTP_PACKETS},
};

enum { ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]) };
_Static_assert(ATTRIBUTES_ALL == (1 << ATTRIBUTES) - 1, "each attribute has a row");

static u128 fields_of(unsigned row)
{
	return FIELD_BIT(attributes[row].last + 1) - FIELD_BIT(attributes[row].first);
}

u128 attribute_fields(unsigned which)
{
	u128 fields = 0;

	for (unsigned i = 0; i < ATTRIBUTES; i++)
		if (which & attributes[i].attribute)
			fields |= fields_of(i);
	return fields;
}

unsigned attributes_lacking(u128 known)
{
	unsigned lacking = 0;

	for (unsigned i = 0; i < ATTRIBUTES; i++)
		if (!(known & FIELD_BIT(attributes[i].told)))
			lacking |= attributes[i].attribute;
	return lacking;
}

static unsigned attribute_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < ATTRIBUTES; i++)
		if (strlen(attributes[i].name) == len && memcmp(attributes[i].name, name, len) == 0)
			return attributes[i].attribute;
	return 0;
}

bool attributes_parse(const char *text, unsigned *out)
{
	*out = strcmp(text, "all") == 0 ? ATTRIBUTES_ALL : 0;
	if (*out || strcmp(text, "none") == 0)
		return true;
	for (;; text++) {
		size_t len = strcspn(text, ",");
		unsigned one = attribute_find(text, len);

		if (!one)
			return false;
		*out |= one;
		text += len;
		if (*text == '\0')
			return true;
	}
}

size_t attributes_format(char *out, size_t size, unsigned which)
{
	size_t n = 0;

	if (which == 0 || which == ATTRIBUTES_ALL)
		return (size_t)snprintf(out, size, "%s", which == 0 ? "none" : "all");
	for (unsigned i = 0; i < ATTRIBUTES; i++)
		if ((which & attributes[i].attribute) && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? "," : "", attributes[i].name);
	return n;
}
