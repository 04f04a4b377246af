/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory with the path of an own store in it, for tests of stores. Included by one .c a program. */
#ifndef FLOWDRILL_TESTS_STORE_OWN_PLACE_H
#define FLOWDRILL_TESTS_STORE_OWN_PLACE_H

#include "made.h"
#include "store/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PACKETS = 6000 };

struct place {
	char dir[128], store[300];
	/* packets that a test has written, in order: where each is */
	struct packet_ref refs[PACKETS];
	uint32_t blocks[PACKETS];
	size_t n;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->store, sizeof(p->store), "%s/s.fdr", p->dir);
	*state = p;
	return 0;
}

#endif
