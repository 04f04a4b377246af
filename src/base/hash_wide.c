/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The library's XXH3 for the widest vectors that the processor turns out to have: twice as fast from 240 bytes on as what
 * is compiled in, with the same values. Its header cannot stand beside the inlined code, hence a file of its own.
 */
#include "config.h"
#ifdef HAVE_XXH3_DISPATCH
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#endif

#include "base/hash_wide.h"

#ifdef HAVE_XXH3_DISPATCH
uint64_t hash_wide(const void *bytes, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed_dispatch(bytes, len, seed);
}
#endif
