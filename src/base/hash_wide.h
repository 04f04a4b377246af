/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For hash.c alone: what hash_bytes() hands long inputs to, where config.h has HAVE_XXH3_DISPATCH. */
#ifndef FLOWDRILL_BASE_HASH_WIDE_H
#define FLOWDRILL_BASE_HASH_WIDE_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_WIDE_FROM = 241 };   /* bytes: XXH3 has no vectors below */

uint64_t hash_wide(const void *bytes, size_t len, uint64_t seed);

#endif
