/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TLS says wherever it runs: over TCP (tls.c), over datagrams (dtls.c), in QUIC (quic.c). transport: as tls_ja4(). */
#ifndef FLOWDRILL_APP_TLS_H
#define FLOWDRILL_APP_TLS_H

#include "app/parser.h"
#include "app/tls_hello.h"

enum { TLS_FIRST_ALPN = 24 };        /* bytes; longer ones are not remembered */

/* What was said in a connection's handshake; zeroed it is one that begins. */
struct tls_hellos {
	bool asked, answered;        /* a ClientHello, a ServerHello was there */
	bool retry;                  /* a HelloRetryRequest was, and no ServerHello since */
	uint8_t alpn_len;            /* the client's first, until the server's answer */
	char alpn[TLS_FIRST_ALPN];
};

/*
 * The body of a ClientHello, of a ServerHello: what they say. The first one alone: one behind a HelloRetryRequest, or with a cookie, is the
 * same request. False where they are none.
 */
bool tls_hear_client(struct tls_hellos *s, const uint8_t *p, size_t n, char transport, const struct parse_out *out);
bool tls_hear_server(struct tls_hellos *s, const uint8_t *p, size_t n, char transport, const struct parse_out *out);
/* An alert in clear, two bytes: level, description. */
void tls_hear_alert(struct tls_hellos *s, const uint8_t *p, enum direction dir, const struct parse_out *out);

/* A ClientHello: a request, its name and JA4; not its ALPN. */
void tls_say_client(const struct parse_out *out, const struct tls_client_hello *hello, char transport);
/* One more message in the line for people, with the client's name behind it. */
void tls_tell_client(const struct parse_out *out, const struct tls_client_hello *hello);
/* A fatal alert before the handshake was done (RFC 8446, 6.2): who sends it refuses, or has failed. */
void tls_say_alert(const struct parse_out *out, unsigned description);
/* "Client Hello"; NULL for what is no message of a handshake. */
const char *tls_message_name(unsigned type);

/* For people: where a message is shown, and how long it is there. */
struct tls_showing {
	const struct decode_sink *sink;
	uint32_t offset;             /* in its frame */
	uint32_t len;
	char transport;
};
/* A number with its name, if it has one (known may be NULL), `at` behind the offset. */
void tls_show_number(const struct tls_showing *x, const char *name, const char *known, unsigned v, uint32_t at, uint32_t len);
/* The body of a ClientHello or ServerHello; nothing of another message. */
void tls_show_hello(const struct tls_showing *x, unsigned type, const uint8_t *p, size_t n);

#endif
