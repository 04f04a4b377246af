/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/imprinter.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static const int64_t silence_ns = 1000000000;

struct place {
	int64_t last_ns;
	uint8_t dir;                 /* who spoke last + 1; 0: nobody yet */
	uint8_t left;                /* bytes of the message's beginning that did not come yet */
	uint8_t sealed;              /* enum sealed */
};

/* What is encrypted: nothing; the message; whatever comes. */
enum sealed { SEALED_NOT, SEALED_MESSAGE, SEALED_ALL };

struct imprinter {
	enum fingerprints which;
	struct place *places;
	struct mem_table memory;     /* of places */
	struct imprinting imprinting;
	struct imprints found;
};

enum rc imprinter_new(uint32_t capacity, enum fingerprints which, struct imprinter **out, struct err *err)
{
	struct imprinter *x = mem_calloc(1, sizeof(*x));

	if (!x)
		return err_memory(err);
	x->which = which;
	if (mem_table_new(&x->memory, capacity, sizeof(*x->places)) != 0) {
		imprinter_free(x);
		return err_memory(err);
	}
	x->places = (struct place *)(void *)x->memory.at;
	*out = x;
	return RC_DONE;
}

void imprinter_free(struct imprinter *x)
{
	if (!x)
		return;
	mem_table_free(&x->memory);
	imprinting_free(&x->imprinting);
	mem_free(x);
}

void imprinter_expect(const struct imprinter *x, uint32_t place)
{
	__builtin_prefetch(&x->places[place], 1);
}

void imprinter_begin(struct imprinter *x, uint32_t place)
{
	mem_table_use(&x->memory, place);
	x->places[place] = (struct place){ .dir = 0 };
}

/* RFC 8446, 5.1; records of older versions look alike. */
static bool is_tls_data(const uint8_t *payload, size_t len)
{
	return len >= 5 && payload[0] == 23 && payload[1] == 3 && payload[2] <= 4 && payload[3] <= 0x41;
}

/* RFC 9000, 17.2: a long header of a version that there is. */
static bool is_quic(const uint8_t *payload, size_t len)
{
	uint32_t version = len >= 5 ? (uint32_t)payload[1] << 24 | (uint32_t)payload[2] << 16 | (uint32_t)payload[3] << 8 | payload[4] : 0;

	return (payload[0] & 0xc0) == 0xc0 && (version == 1 || version == 0x6b3343cf || version >> 8 == 0xff0000);
}

static enum sealed sealed_by(const struct packet *p, const uint8_t *payload, size_t len, bool begins)
{
	if (!(p->flags & PACKET_HAS_TCP))
		return is_quic(payload, len) ? SEALED_ALL : SEALED_NOT;
	if (begins && len >= 8 && memcmp(payload, "SSH-2.0-", 8) == 0)
		return SEALED_ALL;
	return is_tls_data(payload, len) ? SEALED_MESSAGE : SEALED_NOT;
}

/* How many of these bytes are the beginning of a message. */
static size_t head_of(struct place *at, const struct packet *p, enum direction dir, const uint8_t *payload, size_t len)
{
	size_t head;

	if (p->flags & PACKET_MEDIA)
		return 0;
	if (at->dir != dir + 1 || time_sub(p->time_ns, at->last_ns) >= silence_ns) {
		at->left = IMPRINT_HEAD;
		if (at->sealed != SEALED_ALL)
			at->sealed = (uint8_t)sealed_by(p, payload, len, at->dir == 0);
	}
	at->dir = (uint8_t)(dir + 1);
	at->last_ns = p->time_ns;
	head = len < at->left ? len : at->left;
	at->left = (uint8_t)(at->left - head);
	return head;
}

enum rc imprinter_packet(struct imprinter *x, uint32_t place, const struct packet *p, enum direction dir, const uint8_t *payload,
	size_t len, const struct imprints **out, struct err *err)
{
	size_t head = head_of(&x->places[place], p, dir, payload, len);

	*out = x->places[place].sealed ? NULL : &x->found;
	if (!*out)
		return RC_DONE;
	if (x->which == FINGERPRINTS_FULL)
		return imprint_full(&x->imprinting, payload, len, &x->found, err);
	return imprint_sparse(&x->imprinting, payload, len, head, &x->found, err);
}
