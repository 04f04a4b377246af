/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In the place of src/app/quic_crypto.c: packets are as if nobody had sealed them, so that a fuzzer reaches what they hold. Those of the
 * server have an id of even length, or no packet could be told from the client's.
 */
#include "app/quic_crypto.h"

#include <string.h>

enum { TAG = 16, NUMBER_MAX = 4, SAMPLE = 16 };

bool quic_can_open(void)
{
	return true;
}

size_t quic_open(const struct quic_sealed *packet, const uint8_t *id, size_t id_len, bool from_client, uint8_t *out)
{
	size_t at = packet->number_at, number_len = (size_t)(packet->p[0] & 3) + 1;

	(void)id;
	if (at + NUMBER_MAX + SAMPLE > packet->n || at + number_len + TAG >= packet->n || (!from_client && id_len % 2 != 0))
		return 0;
	size_t n = packet->n - at - number_len - TAG;
	memcpy(out, packet->p + at + number_len, n);
	return n;
}
