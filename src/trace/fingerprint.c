/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/fingerprint.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

enum { TOKEN_SEED = 1, WHOLE_SEED = 2, GEAR_SHIFT = 64 / PRINT_GEAR };

/* ---- plain bytes ----------------------------------------------------------------------------- */

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_hex_escape(const uint8_t *payload, size_t len, size_t i)
{
	return i < len && len - i > 2 && payload[i] == '%' && hex_digit(payload[i + 1]) >= 0 &&
		hex_digit(payload[i + 2]) >= 0;
}

/*
 * An escape of a URL, and not the '%' of a pattern, as in LIKE '%abba%': behind what stands in URLs, and bytes that are not ASCII come
 * in twos at least.
 */
static bool is_escape(const uint8_t *payload, size_t len, size_t i)
{
	uint8_t before = i > 0 ? payload[i - 1] : '=';

	if (!is_hex_escape(payload, len, i) || before <= ' ' || before >= 0x7f || before == '\'' || before == '"')
		return false;
	return hex_digit(payload[i + 1]) < 8 || is_hex_escape(payload, len, i + 3) ||
		(i >= 3 && is_hex_escape(payload, len, i - 3));
}

static enum rc plain_room(struct plain *p, size_t len, struct err *err)
{
	size_t cap = p->cap;

	if (len <= p->cap)
		return RC_DONE;
	if (mem_grow(&p->bytes, &cap, len, sizeof(*p->bytes)) != 0)
		return err_memory(err);
	cap = p->cap;
	if (mem_grow(&p->at, &cap, len, sizeof(*p->at)) != 0)
		return err_memory(err);
	p->cap = cap;
	return RC_DONE;
}

enum rc plain_make(struct plain *p, const uint8_t *payload, size_t len, struct err *err)
{
	enum rc rc = plain_room(p, len, err);

	if (rc != RC_DONE)
		return rc;
	p->len = 0;
	p->payload_len = len;
	p->handshake = fingerprint_is_handshake(payload, len);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = payload[i];

		p->at[p->len] = (uint32_t)i;
		if (is_escape(payload, len, i)) {
			c = (uint8_t)(hex_digit(payload[i + 1]) << 4 |
				hex_digit(payload[i + 2]));
			i += 2;
		}
		p->bytes[p->len++] = fold(c);
	}
	return RC_DONE;
}

void plain_free(struct plain *p)
{
	mem_free(p->bytes);
	mem_free(p->at);
	memset(p, 0, sizeof(*p));
}

/* ---- prints ---------------------------------------------------------------------------------- */

struct printer {
	const uint8_t *bytes;
	struct print *out;
	size_t n, max;
};

static void add(struct printer *p, uint64_t hash, size_t at, size_t len)
{
	if (p->n < p->max)
		p->out[p->n++] = (struct print){ hash, (uint32_t)at, (uint32_t)len };
}

static bool is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_token(uint8_t c)
{
	return is_word(c) || c == '_' || c == '-';
}

/* One byte again and again says nothing: rules, padding, zeros. */
static bool is_row(const uint8_t *bytes, size_t len)
{
	return memcmp(bytes, bytes + 1, len - 1) == 0;
}

static void add_token(struct printer *p, size_t at, size_t len)
{
	if (len >= PRINT_TOKEN_MIN && !is_row(p->bytes + at, len))
		add(p, hash_bytes(p->bytes + at, len, TOKEN_SEED), at, len);
}

/* The token, and the words that it is made of: what one side calls cart-8f3a21 may be cart:8f3a21 for the next. */
static void add_run(struct printer *p, size_t at, size_t end)
{
	size_t word = at;

	add_token(p, at, end - at);
	for (size_t i = at; i <= end; i++) {
		if (i < end && is_word(p->bytes[i]))
			continue;
		if (i - word < end - at)
			add_token(p, word, i - word);
		word = i + 1;
	}
}

static void find_tokens(struct printer *p, size_t len)
{
	for (size_t i = 0, end; i < len; i = end) {
		for (end = i; end < len && end - i < PRINT_TOKEN_MAX && is_token(p->bytes[end]);)
			end++;
		if (end == i)
			end++;
		else if (end - i >= PRINT_TOKEN_MIN)
			add_run(p, i, end);
	}
}

/* Each byte moves on by four bits, so that after 16 of them nothing is left of those before. */
static void find_gears(struct printer *p, size_t len)
{
	uint64_t hash = 0;
	size_t same = 0; /* bytes up to here that are all one */

	for (size_t i = 0; i < len; i++) {
		same = i > 0 && p->bytes[i] == p->bytes[i - 1] ? same + 1 : 1;
		hash = (hash << GEAR_SHIFT) + hash_mix(p->bytes[i] + 1);
		if (i + 1 < PRINT_GEAR || same >= PRINT_GEAR)
			continue;
		/* chosen by the bits that all 16 bytes reach */
		if (hash >> 61 == 0)
			add(p, hash_mix(hash), i + 1 - PRINT_GEAR, PRINT_GEAR);
	}
}

/* What is sent on as it came is rarer than its parts. */
static void add_whole(struct printer *p, size_t len)
{
	if (len >= PRINT_GEAR && !is_row(p->bytes, len))
		add(p, hash_bytes(p->bytes, len, WHOLE_SEED), 0, len);
}

size_t fingerprint(const struct plain *plain, struct print *out, size_t max)
{
	struct printer p = { .bytes = plain->bytes, .out = out, .max = max };

	add_whole(&p, plain->len);
	if (plain->handshake)
		return p.n;
	find_tokens(&p, plain->len);
	find_gears(&p, plain->len);
	return p.n;
}

size_t fingerprint_bound(size_t plain_len)
{
	/* a token and its words: one in three bytes; a gear hash a byte at worst */
	return plain_len + plain_len / 3 + 2;
}

bool fingerprint_is_handshake(const uint8_t *payload, size_t len)
{
	return len >= 3 && (payload[0] == 20 || payload[0] == 21 || payload[0] == 22) &&
		payload[1] == 3 && payload[2] <= 4;
}
