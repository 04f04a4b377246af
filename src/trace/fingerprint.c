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

static const uint64_t EACH = 0x0101010101010101;

/* Eight bytes at once: the high bit of a sum tells which of them are capital letters. */
static void fold_all(uint8_t *out, const uint8_t *in, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t eight, low;

		memcpy(&eight, in + i, 8);
		low = eight & 0x7f * EACH;
		/* not ASCII: no letter; from 'A' on, but not behind 'Z' */
		eight |= (~eight & ((low + 0x3f * EACH) ^ (low + 0x25 * EACH)) & 0x80 * EACH) >> 2;
		memcpy(out + i, &eight, 8);
	}
	for (; i < len; i++)
		out[i] = fold(in[i]);
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

bool plain_moves(const uint8_t *payload, size_t len)
{
	const uint8_t *at = len > 0 ? memchr(payload, '%', len) : NULL;

	while (at && !is_escape(payload, len, (size_t)(at - payload)))
		at = memchr(at + 1, '%', len - (size_t)(at + 1 - payload));
	return at != NULL;
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

/* With escapes: bytes move. */
static void make_moved(struct plain *p, const uint8_t *payload, size_t len)
{
	p->len = 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = payload[i];

		p->at[p->len] = (uint32_t)i;
		if (c == '%' && is_escape(payload, len, i)) {
			c = (uint8_t)(hex_digit(payload[i + 1]) * 16 + hex_digit(payload[i + 2]));
			i += 2;
		}
		p->bytes[p->len++] = fold(c);
	}
}

enum rc plain_make(struct plain *p, const uint8_t *payload, size_t len, struct err *err)
{
	enum rc rc = plain_room(p, len, err);

	if (rc != RC_DONE)
		return rc;
	p->payload_len = len;
	p->handshake = fingerprint_is_handshake(payload, len);
	p->moved = plain_moves(payload, len);
	if (p->moved) {
		make_moved(p, payload, len);
	} else {
		p->len = len;
		fold_all(p->bytes, payload, len);
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

enum { WORD = 1, TOKEN = 2 };

#define W(c) [c] = WORD | TOKEN
/* clang-format off */
/* Of plain bytes. */
static const uint8_t CLASS[256] = {
	W('a'), W('b'), W('c'), W('d'), W('e'), W('f'), W('g'), W('h'), W('i'), W('j'), W('k'),
	W('l'), W('m'), W('n'), W('o'), W('p'), W('q'), W('r'), W('s'), W('t'), W('u'), W('v'),
	W('w'), W('x'), W('y'), W('z'), W('0'), W('1'), W('2'), W('3'), W('4'), W('5'), W('6'),
	W('7'), W('8'), W('9'),
	['_'] = TOKEN, ['-'] = TOKEN,
};
/* clang-format on */
#undef W

static bool is_word(uint8_t c)
{
	return CLASS[c] & WORD;
}

static bool is_token(uint8_t c)
{
	return CLASS[c];
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

/* hash_mix(byte + 1) of each byte; the first step of hash_mix() leaves small numbers alone. */
#define STEP2(x) ((x) * 0xff51afd7ed558ccdULL)
#define STEP3(x) (((x) ^ (x) >> 33) * 0xc4ceb9fe1a85ec53ULL)
#define STEP4(x) ((x) ^ (x) >> 33)
#define GEAR1(b) STEP4(STEP3(STEP2((b) + 1ULL)))
#define GEAR4(b) GEAR1(b), GEAR1((b) + 1), GEAR1((b) + 2), GEAR1((b) + 3)
#define GEAR16(b) GEAR4(b), GEAR4((b) + 4), GEAR4((b) + 8), GEAR4((b) + 12)
#define GEAR64(b) GEAR16(b), GEAR16((b) + 16), GEAR16((b) + 32), GEAR16((b) + 48)
static const uint64_t GEARS[256] = { GEAR64(0), GEAR64(64), GEAR64(128), GEAR64(192) };

static bool is_binary(const uint8_t *bytes, size_t len)
{
	size_t odd = 0;

	for (size_t i = 0; i < len; i++)
		odd += bytes[i] >= 0x7f || (bytes[i] < ' ' && bytes[i] != '\r' && bytes[i] != '\n' && bytes[i] != '\t');
	return odd * PRINT_BINARY > len;
}

/* One in 1 << so many gear hashes is kept. What is kept of less is kept of more, too: the thinner choice is part of the denser one. */
static unsigned thinning(const uint8_t *bytes, size_t len)
{
	if (len > PRINT_SHORT || !is_binary(bytes, len))
		return PRINT_THIN;
	return len <= PRINT_SHORT / 8 ? 0 : len <= PRINT_SHORT / 2 ? 1 : 2;
}

/* Each byte moves on by four bits, so that after 16 of them nothing is left of those before. */
static void find_gears(struct printer *p, size_t len)
{
	uint64_t hash = 0;
	size_t same = 0; /* bytes up to here that are all one */
	unsigned thin = thinning(p->bytes, len);

	for (size_t i = 0; i < len; i++) {
		same = i > 0 && p->bytes[i] == p->bytes[i - 1] ? same + 1 : 1;
		hash = (hash << GEAR_SHIFT) + GEARS[p->bytes[i]];
		if (i + 1 < PRINT_GEAR || same >= PRINT_GEAR)
			continue;
		/* chosen by the bits that all 16 bytes reach */
		if (thin == 0 || hash >> (64 - thin) == 0)
			add(p, hash_mix(hash), i + 1 - PRINT_GEAR, PRINT_GEAR);
	}
}

uint64_t fingerprint_whole(const uint8_t *plain, size_t len)
{
	return hash_bytes(plain, len, WHOLE_SEED);
}

/* What is sent on as it came is rarer than its parts. */
static void add_whole(struct printer *p, size_t len)
{
	if (len >= PRINT_GEAR && !is_row(p->bytes, len))
		add(p, fingerprint_whole(p->bytes, len), 0, len);
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

size_t fingerprint_tokens(const uint8_t *plain, size_t len, struct print *out, size_t max)
{
	struct printer p = { .bytes = plain, .out = out, .max = max };

	find_tokens(&p, len);
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
