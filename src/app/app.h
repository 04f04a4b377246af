/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Applications, and what is said in them.
 *
 * Which application a conversation speaks is told from its first bytes, never from its ports; a port alone is a guess
 * (app_of_port()) that is marked as one wherever it is shown. Parsers (app/parser.h) are pure functions of bytes and a small
 * state; app/talk.h feeds them with the packets of a conversation. Every byte may be hostile: right or unknown, never wrong, never slow.
 */
#ifndef FLOWDRILL_APP_APP_H
#define FLOWDRILL_APP_APP_H

#include "flow/addr.h"
#include "flow/observation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum app {
	APP_NONE,
	APP_HTTP, APP_HTTP2, APP_TLS, APP_DTLS, APP_QUIC,
	APP_DNS, APP_MDNS, APP_NTP, APP_DHCP,
	APP_SSH, APP_SMTP, APP_IMAP, APP_POP3, APP_FTP,
	APP_POSTGRESQL, APP_MYSQL, APP_REDIS, APP_SMB,
	APP_SIP, APP_RTP, APP_RTCP,
	APPS
};

/* "http", "postgresql", ...; "" for APP_NONE. */
const char *app_name(enum app a);
/* The application of this name; APP_NONE. */
enum app app_find(const char *name, size_t len);
/* Which application usually listens there; APP_NONE where none of these does. */
enum app app_of_port(uint32_t proto, uint16_t port);

/* A stretch of somebody's bytes: raw, not terminated, not escaped. p NULL: nothing was said. */
struct said_text {
	const char *p;
	size_t len;
};

enum {
	SAID_MAX = 255,              /* of a text, bytes; what is longer is cut there */
	SAID_ROOM = 2048,
};

/*
 * What one packet says, as far as its application tells. A message belongs to the packet with which it becomes known (a request to
 * that with the end of its first line, a ClientHello to that with its last byte). Texts are valid until the talk's next
 * packet.
 */
struct said {
	enum app app;                /* of the conversation; APP_NONE: not known (yet) */
	uint32_t requests, responses;
	uint32_t errors;             /* responses in which the server says that it failed: HTTP 5xx, SERVFAIL, an SQL error */
	uint32_t refusals;           /* in which it refuses: HTTP 4xx, NXDOMAIN, REFUSED, a login that failed */
	bool has_status, has_response;
	uint16_t status;             /* of the last response here, as the protocol numbers it: HTTP 404, rcode 3, SMTP 550, SIP 486, a fatal
	                                TLS alert 40 */
	uint16_t version;            /* TLS: chosen by the server, as on the wire (0x0304; DTLS 0xfefd); 0 unknown */
	int64_t response_ns;         /* has_response: the answered request was so long ago (by transaction, as in DNS) */
	struct said_text name;       /* whom the client asks: Host, SNI, the DNS question; as written, without a port */
	struct said_text url;        /* of the last request here: HTTP target, SIP request URI, SQL has none */
	struct said_text alpn;       /* TLS: as chosen, else the client's first */
	struct said_text ja4;        /* TLS or QUIC client */
	uint16_t room_used;
	char room[SAID_ROOM];        /* for texts that do not stand in the packet as they are; see said_put() */
};

/* Nothing said; its room is left alone. */
void said_clear(struct said *s);
/* Copies a text, or what of it fits; the copy lives as long as the said. */
struct said_text said_put(struct said *s, const void *bytes, size_t len);

/*
 * For who wants to hear more. Members may be NULL.
 *   name   an address was given a name (DNS answers, through CNAMEs the name that was asked for; DHCP host names; not SNI, which the
 *          conversation's own name tells)
 */
struct said_sink {
	void (*name)(void *ctx, const struct addr *addr, struct said_text name, enum seen_by by);
	void *ctx;
};

#endif
