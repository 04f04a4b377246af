/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/quic_crypto.h"

#include "config.h"

#ifndef HAVE_GCRYPT

bool quic_can_open(void)
{
	return false;
}

size_t quic_open(const struct quic_sealed *packet, const uint8_t *id, size_t id_len, bool from_client, uint8_t *out)
{
	(void)packet, (void)id, (void)id_len, (void)from_client, (void)out;
	return 0;
}

#else

#include <gcrypt.h>
#include <pthread.h>
#include <string.h>

enum { SECRET = 32, KEY = 16, IV = 12, TAG = 16, SAMPLE = 16, NUMBER_MAX = 4 };

struct keys {
	uint8_t key[KEY], iv[IV], header[KEY];
};

static bool ready;

static void get_ready(void)
{
	/* a program that uses the library as well has done it already */
	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		if (!gcry_check_version(NULL))
			return;
		/* there are no secrets: no locked memory */
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	ready = true;
}

bool quic_can_open(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, get_ready);
	return ready;
}

/* ---- keys ------------------------------------------------------------------------------- */

static bool hmac(const uint8_t *key, size_t key_len, const uint8_t *p, size_t n, uint8_t out[SECRET])
{
	gcry_mac_hd_t mac;
	size_t len = SECRET;

	if (gcry_mac_open(&mac, GCRY_MAC_HMAC_SHA256, 0, NULL) != 0)
		return false;
	bool good = gcry_mac_setkey(mac, key, key_len) == 0 && gcry_mac_write(mac, p, n) == 0 && gcry_mac_read(mac, out, &len) == 0;
	gcry_mac_close(mac);
	return good && len == SECRET;
}

/* HKDF-Expand-Label (RFC 8446, 7.1) with an empty context, up to the length of one hash. */
static bool expand(const uint8_t secret[SECRET], const char *label, uint8_t *out, size_t len)
{
	uint8_t info[32], block[SECRET];
	size_t label_len = strlen(label), n = 0;

	info[n++] = 0;
	info[n++] = (uint8_t)len;
	info[n++] = (uint8_t)(6 + label_len);
	memcpy(info + n, "tls13 ", 6);
	memcpy(info + n + 6, label, label_len);
	n += 6 + label_len;
	info[n++] = 0;
	info[n++] = 1;           /* the number of the block */
	if (!hmac(secret, SECRET, info, n, block))
		return false;
	memcpy(out, block, len);
	return true;
}

static bool make_keys(uint32_t version, const uint8_t *id, size_t id_len, bool from_client, struct keys *k)
{
	static const uint8_t salt1[20] = {
		0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
	};
	static const uint8_t salt2[20] = {
		0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
	};
	bool two = version == QUIC_V2;
	uint8_t initial[SECRET], secret[SECRET];

	return hmac(two ? salt2 : salt1, sizeof(salt1), id, id_len, initial) &&
		expand(initial, from_client ? "client in" : "server in", secret, SECRET) &&
		expand(secret, two ? "quicv2 key" : "quic key", k->key, KEY) &&
		expand(secret, two ? "quicv2 iv" : "quic iv", k->iv, IV) &&
		expand(secret, two ? "quicv2 hp" : "quic hp", k->header, KEY);
}

/* ---- packets ------------------------------------------------------------------------------ */

/* RFC 9001, 5.4: the first bytes of what hides the packet number. */
static bool header_mask(const uint8_t key[KEY], const uint8_t *sample, uint8_t mask[SAMPLE])
{
	gcry_cipher_hd_t c;

	if (gcry_cipher_open(&c, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0) != 0)
		return false;
	bool good = gcry_cipher_setkey(c, key, KEY) == 0 && gcry_cipher_encrypt(c, mask, SAMPLE, sample, SAMPLE) == 0;
	gcry_cipher_close(c);
	return good;
}

/* Header and its unmasked bytes: the first, and the number behind `at`. */
struct head {
	uint8_t first, number[NUMBER_MAX];
	size_t number_len;
};

static bool open_payload(const struct keys *k, const struct quic_sealed *packet, const struct head *h, uint8_t *out, size_t n)
{
	gcry_cipher_hd_t c;
	uint8_t nonce[IV];
	const uint8_t *body = packet->p + packet->number_at + h->number_len;

	memcpy(nonce, k->iv, IV);
	for (size_t i = 0; i < h->number_len; i++)
		nonce[IV - h->number_len + i] ^= h->number[i];
	if (gcry_cipher_open(&c, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0) != 0)
		return false;
	bool good = gcry_cipher_setkey(c, k->key, KEY) == 0 && gcry_cipher_setiv(c, nonce, IV) == 0 &&
		gcry_cipher_authenticate(c, &h->first, 1) == 0 &&
		gcry_cipher_authenticate(c, packet->p + 1, packet->number_at - 1) == 0 &&
		gcry_cipher_authenticate(c, h->number, h->number_len) == 0 &&
		gcry_cipher_decrypt(c, out, n, body, n) == 0 && gcry_cipher_checktag(c, body + n, TAG) == 0;
	gcry_cipher_close(c);
	return good;
}

size_t quic_open(const struct quic_sealed *packet, const uint8_t *id, size_t id_len, bool from_client, uint8_t *out)
{
	size_t at = packet->number_at;
	uint8_t mask[SAMPLE];
	struct keys k;
	struct head h;

	if (!quic_can_open() || at + NUMBER_MAX + SAMPLE > packet->n || !make_keys(packet->version, id, id_len, from_client, &k) ||
		!header_mask(k.header, packet->p + at + NUMBER_MAX, mask))
		return 0;
	h.first = (uint8_t)(packet->p[0] ^ (mask[0] & 0x0f));
	h.number_len = (size_t)(h.first & 3) + 1;
	/* the first packets have small numbers: what was left out of them in front is zero */
	for (size_t i = 0; i < h.number_len; i++)
		h.number[i] = (uint8_t)(packet->p[at + i] ^ mask[1 + i]);
	if (at + h.number_len + TAG >= packet->n)
		return 0;
	size_t n = packet->n - at - h.number_len - TAG;
	return open_payload(&k, packet, &h, out, n) ? n : 0;
}

#endif
