/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/digest.h"

#include <sha2.h>

_Static_assert(SHA256_DIGEST_LENGTH == DIGEST_BYTES, "of 256 bits");

void digest_sha256(const void *bytes, size_t len, uint8_t out[DIGEST_BYTES])
{
	SHA2_CTX c;

	SHA256Init(&c);
	SHA256Update(&c, bytes, len);
	SHA256Final(out, &c);
}
