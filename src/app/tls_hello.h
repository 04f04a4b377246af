/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ClientHello and ServerHello of TLS (RFC 8446, 5246) and DTLS, as they stand in records or in QUIC; and the client's JA4 fingerprint, as
 * FoxIO specifies it (github.com/FoxIO-LLC/ja4, technical_details/JA4.md). A hello is read as a whole, or not at all.
 */
#ifndef FLOWDRILL_APP_TLS_HELLO_H
#define FLOWDRILL_APP_TLS_HELLO_H

#include "app/app.h"

enum {
	TLS_LIST_MAX = 256,          /* ciphers, extensions, signature algorithms; GREASE left out. Nobody sends so many */
	JA4_LENGTH = 36,
};

enum tls_message { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2 };

struct tls_list {
	uint16_t v[TLS_LIST_MAX];
	size_t n;
	bool overflow;               /* there were more */
};

struct tls_client_hello {
	uint16_t version;            /* the highest that is offered, GREASE left out */
	bool has_name, has_alpn, one_alpn;   /* the extensions are there; just one protocol is offered */
	struct said_text name;       /* p NULL: none, or none that can be one */
	struct said_text alpn;       /* the first */
	struct tls_list ciphers, extensions, algorithms;
};

struct tls_server_hello {
	uint16_t version;            /* that was chosen */
	bool retry;                  /* HelloRetryRequest: the true one follows */
	struct said_text alpn;       /* p NULL: not chosen, or not in clear */
};

/* The body of a handshake message, without its type and length. False where it is none. Texts point into p. */
bool tls_client_hello(const uint8_t *p, size_t n, struct tls_client_hello *out);
bool tls_server_hello(const uint8_t *p, size_t n, struct tls_server_hello *out);
/* The same of DTLS (RFC 6347, 9147): its versions count down, and a client may show a cookie. */
bool dtls_client_hello(const uint8_t *p, size_t n, struct tls_client_hello *out);
bool dtls_server_hello(const uint8_t *p, size_t n, struct tls_server_hello *out);
/* TLS 1.3 or DTLS 1.3. */
bool tls_is_13(uint16_t version);
/* False where it cannot be said (more of something than TLS_LIST_MAX). transport: 't' for TCP, 'q' for QUIC, 'd' for DTLS. */
bool tls_ja4(const struct tls_client_hello *hello, char transport, char out[JA4_LENGTH + 1]);
/* "1.3", "1.2" ...; NULL for what has no name. */
const char *tls_version_name(uint16_t version);
/* "handshake_failure"; NULL for a number that has no name. */
const char *tls_alert_name(unsigned description);

#endif
