/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of protocols, ICMP types and well-known ports. Static tables, compiled in, so that
 * every machine gives the same answer. Thread-safe.
 */
#ifndef FLOWDRILL_FLOW_PROTO_H
#define FLOWDRILL_FLOW_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "tcp", "arp", "lldp", "ip-253", "eth-0x8874", "llc-0xf0f0", "link-271"; never empty. Returns the length. */
size_t proto_format(char *out, size_t size, uint32_t proto);
/* The forms above, or a number (an IP protocol). False else. */
bool proto_parse(const char *text, uint32_t *out);

/*
 * The service that usually listens on a port ("https"), NULL where none is known.
 * The table is curated: ports that clients also get from the ephemeral range are in it
 * only where a real server is far more likely there.
 */
const char *service_name(uint32_t proto, uint16_t port);
static inline bool service_known(uint32_t proto, uint16_t port)
{
	return service_name(proto, port) != NULL;
}
/* The (lowest) port of a service's name for either TCP or UDP; false where unknown. */
bool service_port(const char *name, uint16_t *port);
/* Names of services by index from 0, some of them several times; NULL behind the last. For completion. */
const char *service_at(size_t index);

/* "echo request" for PROTO_ICMP or PROTO_ICMP6; NULL where the type is not known (RFC 792, RFC 4443, IANA). */
const char *icmp_type_name(uint32_t proto, uint8_t type);
/* Of a TLS or DTLS version as it is on the wire (RFC 8446, RFC 9147), as filters have it: "1.3", "dtls1.2"; "other". */
const char *tls_version_word(uint64_t version);

#endif
