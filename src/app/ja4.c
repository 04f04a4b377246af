/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JA4: (transport, version, has a name, numbers of ciphers and extensions, ALPN)_(hash of ciphers)_(hash of extensions). */
#include "app/tls_hello.h"

#include "flow/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNI = 0x0000, ALPN = 0x0010, NUMBER = 5, HASH = 12 };

/* Texts that are hashed, which is as long as two lists may make it. */
struct listing {
	char text[2 * TLS_LIST_MAX * NUMBER + 1];
	size_t len;
};

static int by_number(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* "002f,0035,..." behind what is there; the first with this before it. */
static void put_numbers(struct listing *to, char before, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char number[NUMBER + 1];
		size_t skip = i == 0 && before == '\0';

		snprintf(number, sizeof(number), "%c%04x", i == 0 ? before : ',', v[i]);
		memcpy(to->text + to->len, number + skip, NUMBER - skip);
		to->len += NUMBER - skip;
	}
}

static void put_hash(char *out, const struct listing *of)
{
	uint8_t sum[DIGEST_BYTES];

	digest_sha256(of->text, of->len, sum);
	for (size_t i = 0; of->len > 0 && i < HASH / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	if (of->len == 0)
		memcpy(out, "000000000000", HASH);
}

static void hash_ciphers(const struct tls_list *ciphers, char *out)
{
	struct tls_list sorted = *ciphers;
	struct listing text = {.len = 0};

	qsort(sorted.v, sorted.n, sizeof(sorted.v[0]), by_number);
	put_numbers(&text, '\0', sorted.v, sorted.n);
	put_hash(out, &text);
}

static void hash_extensions(const struct tls_client_hello *hello, char *out)
{
	struct tls_list sorted = {.n = 0};
	struct listing text = {.len = 0};

	for (size_t i = 0; i < hello->extensions.n; i++)
		if (hello->extensions.v[i] != SNI && hello->extensions.v[i] != ALPN)
			sorted.v[sorted.n++] = hello->extensions.v[i];
	qsort(sorted.v, sorted.n, sizeof(sorted.v[0]), by_number);
	put_numbers(&text, '\0', sorted.v, sorted.n);
	put_numbers(&text, '_', hello->algorithms.v, hello->algorithms.n);
	put_hash(out, &text);
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first protocol; of its hexadecimal form where one of them is none that can be shown. */
static void put_alpn(char out[2], struct said_text alpn)
{
	static const char digits[] = "0123456789abcdef";

	if (alpn.len == 0) {
		memcpy(out, "00", 2);
		return;
	}
	uint8_t first = (uint8_t)alpn.p[0], last = (uint8_t)alpn.p[alpn.len - 1];
	bool shown = is_alphanumeric(first) && is_alphanumeric(last);
	out[0] = shown ? (char)first : digits[first >> 4];
	out[1] = shown ? (char)last : digits[last & 15];
}

static const char *version_code(uint16_t version)
{
	switch (version) {
	case 0x0304: return "13";
	case 0x0303: return "12";
	case 0x0302: return "11";
	case 0x0301: return "10";
	case 0x0300: return "s3";
	case 0x0002: return "s2";
	case 0xfeff: return "d1";
	case 0xfefd: return "d2";
	case 0xfefc: return "d3";
	default: return "00";
	}
}

static unsigned two_digits(size_t n)
{
	return n > 99 ? 99 : (unsigned)n;
}

bool tls_ja4(const struct tls_client_hello *hello, char transport, char out[JA4_LENGTH + 1])
{
	char alpn[2], ciphers[HASH + 1] = "", extensions[HASH + 1] = "";

	if (hello->ciphers.overflow || hello->extensions.overflow || hello->algorithms.overflow)
		return false;
	put_alpn(alpn, hello->alpn);
	hash_ciphers(&hello->ciphers, ciphers);
	hash_extensions(hello, extensions);
	snprintf(out, JA4_LENGTH + 1, "%c%s%c%02u%02u%.2s_%.12s_%.12s", transport, version_code(hello->version),
		hello->has_name ? 'd' : 'i', two_digits(hello->ciphers.n), two_digits(hello->extensions.n), alpn, ciphers,
		extensions);
	return true;
}
