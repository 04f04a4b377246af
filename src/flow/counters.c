/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How packets, and what is said of them, add up: tracker, verification, tests and columns of time count here. */
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

	if (c->known & bit) {
		if (shared == value)
			return shared;
		c->known &= ~bit;
		c->mixed |= bit;
		return 0;
	}
	if (c->mixed & bit)
		return 0;
	c->known |= bit;
	return value;
}

void counters_same(struct counters *c, unsigned id, uint8_t *field, uint8_t value)
{
	*field = (uint8_t)share(c, id, *field, value);
}

void counters_same16(struct counters *c, unsigned id, uint16_t *field, uint16_t value)
{
	*field = (uint16_t)share(c, id, *field, value);
}

void counters_gap(struct counters *c, int64_t gap)
{
	u128 bit = FIELD_BIT(FIELD_GAP_MIN);

	if (!(c->known & bit) || gap < c->gap_min)
		c->gap_min = gap;
	if (!(c->known & bit) || gap > c->gap_max)
		c->gap_max = gap;
	c->known |= bit | FIELD_BIT(FIELD_GAP_MAX);
	c->gap_sum += gap;
	c->gap_sumsq += (u128)((__extension__ (__int128)gap) * gap);
}

static void count_ip(struct counters *c, const struct packet *p, enum direction dir)
{
	enum field_id min = dir == DIR_C2S ? FIELD_C2S_TTL_MIN : FIELD_S2C_TTL_MIN;
	u128 bit = FIELD_BIT(min);

	if (!(c->known & bit)) {
		c->ttl_min[dir] = c->ttl_max[dir] = p->ttl;
		c->known |= bit | bit << 1;          /* the maximum's bit is the next one */
	} else if (p->ttl < c->ttl_min[dir]) {
		c->ttl_min[dir] = p->ttl;
	} else if (p->ttl > c->ttl_max[dir]) {
		c->ttl_max[dir] = p->ttl;
	}
}

static void count_tcp(struct counters *c, const struct packet *p)
{
	u128 bit = FIELD_BIT(FIELD_WINDOW_MIN);

	if (!(c->known & bit)) {
		c->window_min = c->window_max = p->tcp_window;
		c->known |= bit | FIELD_BIT(FIELD_WINDOW_MAX) | FIELD_BIT(FIELD_TCP_FLAGS);
	} else if (p->tcp_window < c->window_min) {
		c->window_min = p->tcp_window;
	} else if (p->tcp_window > c->window_max) {
		c->window_max = p->tcp_window;
	}
	c->tcp_flags |= p->tcp_flags;
	if (!(p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return;
	c->syn += (p->tcp_flags & TCP_SYN) != 0;
	c->fin += (p->tcp_flags & TCP_FIN) != 0;
	c->rst += (p->tcp_flags & TCP_RST) != 0;
}

void counters_packet(struct counters *c, const struct packet *p, enum direction dir)
{
	if (c->packets[0] + c->packets[1] == 0) {
		c->first_ns = c->last_ns = p->time_ns;
		c->size_min = c->size_max = p->len;
		c->known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST) |
			FIELD_BIT(FIELD_SIZE_MIN) | FIELD_BIT(FIELD_SIZE_MAX);
	}
	if (p->time_ns < c->first_ns)
		c->first_ns = p->time_ns;
	if (p->time_ns > c->last_ns)
		c->last_ns = p->time_ns;
	if (p->len < c->size_min)
		c->size_min = p->len;
	if (p->len > c->size_max)
		c->size_max = p->len;
	c->size_sumsq += (uint64_t)p->len * p->len;
	c->packets[dir]++;
	c->bytes[dir] += p->len;
	c->payload_bytes += p->payload_len;
	if (p->flags & PACKET_HAS_IP) {
		count_ip(c, p, dir);
		counters_same(c, FIELD_DSCP, &c->dscp, p->dscp);
	}
	if (p->flags & PACKET_HAS_TCP)
		count_tcp(c, p);
	if (p->flags & PACKET_HAS_ICMP)
		counters_same(c, FIELD_ICMP_TYPE, &c->icmp_type, p->icmp_type);
	if (!(p->flags & (PACKET_FRAGMENT | PACKET_MALFORMED | PACKET_CHECKSUM_IP | PACKET_CHECKSUM_L4)))
		return;
	c->fragments += (p->flags & PACKET_FRAGMENT) != 0;
	c->malformed += (p->flags & PACKET_MALFORMED) != 0;
	c->checksum_errors += (p->flags & (PACKET_CHECKSUM_IP | PACKET_CHECKSUM_L4)) != 0;
}

void counters_note(struct counters *c, enum direction dir, const struct packet_note *note)
{
	uint32_t marks = note->marks & ~(MARK_BIT(MARK_RETRANS) | MARK_BIT(MARK_RESPONSE_START));

	if (note->marks & MARK_BIT(MARK_RETRANS))
		c->retrans[dir]++;
	for (; marks; marks &= marks - 1) {
		unsigned m = (unsigned)__builtin_ctz(marks);

		if (m < COUNTED_MARKS)
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
	if (m >= COUNTED_MARKS)
		return c->rtp_packets;
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

/* Of every set of attributes, because it is asked for every packet; made before main(). */
static u128 fields_of_set[ATTRIBUTES_ALL + 1];

__attribute__((constructor)) static void attributes_init(void)
{
	for (unsigned set = 0; set <= ATTRIBUTES_ALL; set++)
		for (unsigned i = 0; i < ATTRIBUTES; i++)
			if (set & attributes[i].attribute)
				fields_of_set[set] |= fields_of(i);
}

u128 attribute_fields(unsigned which)
{
	return fields_of_set[which & ATTRIBUTES_ALL];
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
