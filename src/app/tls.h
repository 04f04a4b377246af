/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TLS says wherever it runs: over TCP (tls.c), in QUIC (quic.c). */
#ifndef FLOWDRILL_APP_TLS_H
#define FLOWDRILL_APP_TLS_H

#include "app/parser.h"
#include "app/tls_hello.h"

/* A ClientHello: a request, its name and JA4; not its ALPN. transport: as tls_ja4(). */
void tls_say_client(const struct parse_out *out, const struct tls_client_hello *hello, char transport);
/* One more message in the line for people, with the client's name behind it. */
void tls_tell_client(const struct parse_out *out, const struct tls_client_hello *hello);
/* A fatal alert before the handshake was done (RFC 8446, 6.2): who sends it refuses, or has failed. */
void tls_say_alert(const struct parse_out *out, unsigned description);

#endif
