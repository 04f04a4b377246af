/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 (FIPS 180-4). */
#ifndef FLOWDRILL_FLOW_DIGEST_H
#define FLOWDRILL_FLOW_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32 };

void digest_sha256(const void *bytes, size_t len, uint8_t out[DIGEST_BYTES]);

#endif
