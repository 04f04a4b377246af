/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An address of any layer: IPv4, IPv6, or the link layer's for frames without IP.
 * A plain value: unused bytes are zero, so two equal addresses are equal byte by byte.
 */
#ifndef FLOWDRILL_FLOW_ADDR_H
#define FLOWDRILL_FLOW_ADDR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum addr_kind {
	ADDR_NONE = 0,
	ADDR_IPV4 = 4,
	ADDR_IPV6 = 6,
	ADDR_LINK = 1,       /* EUI-48 in the first six bytes; shorter ones padded with zeros */
};

enum { ADDR_TEXT = 64 };     /* longest text with its zero */

struct addr {
	uint8_t kind;        /* enum addr_kind */
	uint8_t bytes[16];   /* network order */
};

/* Bytes that count: 0, 4, 16 or 6. */
size_t addr_len(const struct addr *a);
/* Order: by kind, then by bytes; as memcmp. */
static inline int addr_cmp(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

/* In three words, because every packet is compared with its conversation. */
static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	uint64_t x[2], y[2];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (uint64_t)(a->bytes[15] ^ b->bytes[15])) == 0;
}

/* RFC 5952 for IPv6, dotted for IPv4, aa:bb:cc:dd:ee:ff; "" for none. Returns the length. */
size_t addr_format(char *out, size_t size, const struct addr *a);
/* Any of the three forms; RC_SYNTAX else. */
enum rc addr_parse(const char *text, struct addr *out, struct err *err);

/* A network: an address and a number of leading bits. */
struct addr_net {
	struct addr addr;    /* bits behind the prefix are zero */
	unsigned bits;       /* 0..32, 0..128 or 0..48 */
};

/* "10.0.0.0/8", "2001:db8::/32"; without a slash the whole address; RC_SYNTAX else. */
enum rc addr_net_parse(const char *text, struct addr_net *out, struct err *err);
/* The network of an address with so many leading bits; all of them where it has no more. */
void addr_net_of(struct addr_net *out, const struct addr *a, unsigned bits);
/* "10.0.3.0/24". Returns the length. */
enum { ADDR_NET_TEXT = ADDR_TEXT + 4 };
size_t addr_net_format(char *out, size_t size, const struct addr_net *net);
bool addr_net_has(const struct addr_net *net, const struct addr *a);

#endif
