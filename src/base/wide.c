/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/wide.h"

bool wide_has_avx2;

__attribute__((constructor)) static void find_out(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	wide_has_avx2 = __builtin_cpu_supports("avx2");
#endif
}
