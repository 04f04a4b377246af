/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What takes the protection off QUIC's Initial packets (RFC 9001, 5; RFC 9369, 3.3). Their keys come from the client's first
 * destination connection id, which everybody sees: no secret of anybody is needed. Built with libgcrypt (--with-crypto), else
 * nothing can be opened.
 */
#ifndef FLOWDRILL_APP_QUIC_CRYPTO_H
#define FLOWDRILL_APP_QUIC_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUIC_V1 = 0x00000001, QUIC_V2 = 0x6b3343cf, QUIC_ID_MAX = 20 };

/* An Initial packet as it came. */
struct quic_sealed {
	uint32_t version;            /* QUIC_V1, QUIC_V2 */
	const uint8_t *p;            /* from its first byte to the last that its length says */
	size_t n;
	size_t number_at;            /* where the packet number begins */
};

/* Whether packets can be opened at all. */
bool quic_can_open(void);
/*
 * Opens a packet of the client (or the server) of the connection whose first destination id this is. Frames go to `out`, which has
 * room for n bytes; returns how many there are, 0 where it cannot be opened: not theirs, or changed.
 */
size_t quic_open(const struct quic_sealed *packet, const uint8_t *id, size_t id_len, bool from_client, uint8_t *out);

#endif
