/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hellos of TLS, made from lists of numbers, for tests. */
#ifndef FLOWDRILL_TESTS_APP_HELLOS_H
#define FLOWDRILL_TESTS_APP_HELLOS_H

#include "base/buf.h"

/* Lists as the specification of JA4 writes them: "1301,c02b"; NULL: without the extension (ciphers: none). */
struct hello_plan {
	unsigned version;            /* in its head */
	unsigned session_len;
	const char *ciphers;
	const char *extensions;      /* in this order; those below get their contents, all others two bytes of nothing */
	const char *name;            /* server name */
	const char *alpn;            /* "h2,http/1.1" */
	const char *algorithms;
	const char *versions;
	const char *cookie;          /* of DTLS, "" none; NULL: TLS */
};

/* The handshake message: type, length, body. */
void hello_client(struct buf *out, const struct hello_plan *plan);
/* chosen: by supported_versions, 0: none. */
void hello_server(struct buf *out, unsigned version, unsigned chosen, const char *alpn, bool retry);
/* Messages in records of at most so many bytes. */
void hello_records(struct buf *out, const struct buf *messages, size_t record);
/* One message in records of DTLS, a fragment of at most so many bytes each. */
void hello_fragments(struct buf *out, const struct buf *message, unsigned sequence, size_t fragment);
/* A browser's of the specification's example. */
extern const struct hello_plan hello_example;
extern const char hello_example_ja4[];       /* over TCP */

#endif
