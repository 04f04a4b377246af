/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/tls_hello.h"

#include "base/cursor.h"

#include <string.h>

enum {
	EXT_SERVER_NAME = 0, EXT_SIGNATURE_ALGORITHMS = 13, EXT_ALPN = 16, EXT_SUPPORTED_VERSIONS = 43,
	RANDOM_BYTES = 32, SESSION_ID_MAX = 32,
	DTLS = 0xfe,                 /* in the upper byte of its versions */
};

/* A part of a message, `width` bytes of length before it. False where it is not whole. */
static bool take_part(struct cursor *c, unsigned width, struct cursor *part)
{
	size_t len = width == 1 ? cursor_u8(c) : cursor_be16(c);
	const uint8_t *p = cursor_bytes(c, len);

	if (c->truncated)
		return false;
	cursor_init(part, p, len);
	return true;
}

static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

static void list_add(struct tls_list *list, uint16_t v)
{
	if (is_grease(v))
		return;
	if (list->n == TLS_LIST_MAX)
		list->overflow = true;
	else
		list->v[list->n++] = v;
}

static bool take_list(struct cursor *c, struct tls_list *list)
{
	if (cursor_left(c) % 2 != 0)
		return false;
	while (cursor_left(c) > 0)
		list_add(list, cursor_be16(c));
	return true;
}

/* ---- extensions of a client ---------------------------------------------------------------- */

/* RFC 6066, 3: the name of type host_name. What is longer than a text may be is no name. */
static bool take_name(struct cursor *c, struct tls_client_hello *out)
{
	struct cursor list, name;

	out->has_name = true;
	if (cursor_left(c) == 0)
		return true;
	if (!take_part(c, 2, &list))
		return false;
	while (cursor_left(&list) > 0) {
		uint8_t type = cursor_u8(&list);

		if (!take_part(&list, 2, &name))
			return false;
		if (type == 0 && !out->name.p && name.len > 0 && name.len <= SAID_MAX)
			out->name = (struct said_text){(const char *)name.data, name.len};
	}
	return true;
}

/* RFC 7301, 3.1 */
static bool take_alpn(struct cursor *c, struct said_text *first, bool *one)
{
	struct cursor list, name;
	unsigned n = 0;

	if (!take_part(c, 2, &list))
		return false;
	for (; cursor_left(&list) > 0; n++) {
		if (!take_part(&list, 1, &name))
			return false;
		if (n == 0)
			*first = (struct said_text){(const char *)name.data, name.len};
	}
	*one = n == 1;
	return true;
}

/* Versions of DTLS count down: 0xfeff is 1.0. */
static bool is_newer(uint16_t v, uint16_t than)
{
	return v >> 8 == DTLS && than >> 8 == DTLS ? v < than : v > than;
}

bool tls_is_13(uint16_t version)
{
	return version == 0xfefc || (version > 0x0303 && version >> 8 == 3);
}

/* The highest version, as JA4 wants it and as it would be chosen. */
static bool take_versions(struct cursor *c, uint16_t *version)
{
	struct cursor list;

	if (!take_part(c, 1, &list) || list.len % 2 != 0)
		return false;
	*version = 0;
	while (cursor_left(&list) > 0) {
		uint16_t v = cursor_be16(&list);
		if (!is_grease(v) && is_newer(v, *version))
			*version = v;
	}
	return true;
}

static bool client_extension(uint16_t type, struct cursor *c, struct tls_client_hello *out)
{
	struct cursor list;

	list_add(&out->extensions, type);
	switch (type) {
	case EXT_SERVER_NAME:
		return take_name(c, out);
	case EXT_ALPN:
		out->has_alpn = true;
		return take_alpn(c, &out->alpn, &out->one_alpn);
	case EXT_SUPPORTED_VERSIONS:
		return take_versions(c, &out->version);
	case EXT_SIGNATURE_ALGORITHMS:
		return take_part(c, 2, &list) && take_list(&list, &out->algorithms);
	default:
		return true;
	}
}

/* ---- hellos ------------------------------------------------------------------------------------ */

/* What both begin with: version, random, session. Returns the random; NULL where it is none. */
static const uint8_t *begin_hello(struct cursor *c, bool dtls, uint16_t *version)
{
	struct cursor session;

	*version = cursor_be16(c);
	const uint8_t *random = cursor_bytes(c, RANDOM_BYTES);
	bool known = dtls ? *version >> 8 == DTLS : *version >> 8 == 3 && (*version & 0xff) <= 4;
	if (!known || !take_part(c, 1, &session) || session.len > SESSION_ID_MAX)
		return NULL;
	return random;
}

static bool client_hello(const uint8_t *p, size_t n, bool dtls, struct tls_client_hello *out)
{
	struct cursor c, part, extension;

	memset(out, 0, sizeof(*out));
	cursor_init(&c, p, n);
	if (!begin_hello(&c, dtls, &out->version) || (dtls && !take_part(&c, 1, &part)) || !take_part(&c, 2, &part) || !take_list(&part, &out->ciphers) ||
		!take_part(&c, 1, &part))
		return false;
	if (cursor_left(&c) == 0)        /* none at all: before TLS 1.2 */
		return true;
	if (!take_part(&c, 2, &part) || cursor_left(&c) > 0)
		return false;
	while (cursor_left(&part) > 0) {
		uint16_t type = cursor_be16(&part);
		if (!take_part(&part, 2, &extension) || !client_extension(type, &extension, out))
			return false;
	}
	return true;
}

static bool server_hello(const uint8_t *p, size_t n, bool dtls, struct tls_server_hello *out)
{
	/* SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3) */
	static const uint8_t retry[RANDOM_BYTES] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};
	struct cursor c, part, extension;
	bool one;

	memset(out, 0, sizeof(*out));
	cursor_init(&c, p, n);
	const uint8_t *random = begin_hello(&c, dtls, &out->version);
	if (!random)
		return false;
	out->retry = memcmp(random, retry, sizeof(retry)) == 0;
	cursor_skip(&c, 3);      /* cipher, compression */
	if (cursor_left(&c) == 0)
		return !c.truncated;
	if (!take_part(&c, 2, &part) || cursor_left(&c) > 0)
		return false;
	while (cursor_left(&part) > 0) {
		uint16_t type = cursor_be16(&part);
		if (!take_part(&part, 2, &extension))
			return false;
		if (type == EXT_SUPPORTED_VERSIONS && extension.len == 2)
			out->version = cursor_be16(&extension);
		else if (type == EXT_ALPN && !take_alpn(&extension, &out->alpn, &one))
			return false;
	}
	return true;
}

bool tls_client_hello(const uint8_t *p, size_t n, struct tls_client_hello *out)
{
	return client_hello(p, n, false, out);
}

bool tls_server_hello(const uint8_t *p, size_t n, struct tls_server_hello *out)
{
	return server_hello(p, n, false, out);
}

bool dtls_client_hello(const uint8_t *p, size_t n, struct tls_client_hello *out)
{
	return client_hello(p, n, true, out);
}

bool dtls_server_hello(const uint8_t *p, size_t n, struct tls_server_hello *out)
{
	return server_hello(p, n, true, out);
}

/* ---- names ----------------------------------------------------------------------------------------- */

const char *tls_version_name(uint16_t version)
{
	static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};

	switch (version) {
	case 0xfeff: return "DTLS 1.0";
	case 0xfefd: return "DTLS 1.2";
	case 0xfefc: return "DTLS 1.3";
	default: return version >= 0x300 && version <= 0x304 ? names[version & 0xff] : NULL;
	}
}

const char *tls_alert_name(unsigned description)
{
	static const struct { uint8_t number; const char *name; } alerts[] = {
		{0, "close_notify"}, {10, "unexpected_message"}, {20, "bad_record_mac"}, {21, "decryption_failed"},
		{22, "record_overflow"}, {30, "decompression_failure"}, {40, "handshake_failure"}, {41, "no_certificate"},
		{42, "bad_certificate"}, {43, "unsupported_certificate"}, {44, "certificate_revoked"},
		{45, "certificate_expired"}, {46, "certificate_unknown"}, {47, "illegal_parameter"}, {48, "unknown_ca"},
		{49, "access_denied"}, {50, "decode_error"}, {51, "decrypt_error"}, {60, "export_restriction"},
		{70, "protocol_version"}, {71, "insufficient_security"}, {80, "internal_error"},
		{86, "inappropriate_fallback"}, {90, "user_canceled"}, {100, "no_renegotiation"},
		{109, "missing_extension"}, {110, "unsupported_extension"}, {111, "certificate_unobtainable"},
		{112, "unrecognized_name"}, {113, "bad_certificate_status_response"}, {114, "bad_certificate_hash_value"},
		{115, "unknown_psk_identity"}, {116, "certificate_required"}, {120, "no_application_protocol"},
		{121, "ech_required"},
	};

	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].number == description)
			return alerts[i].name;
	return NULL;
}
