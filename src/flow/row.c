/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/row.h"

const char *block_state_name(enum block_state s)
{
	static const char *const names[BLOCK_STATES] = {
		[BLOCK_OPEN] = "open", [BLOCK_SEALED] = "sealed", [BLOCK_INDEXED] = "indexed",
		[BLOCK_EVICTED] = "evicted",
	};
	return s < BLOCK_STATES ? names[s] : "?";
}
