/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A capture file with an index in place, for tests of stores. Included by one .c a program. */
#ifndef FLOWDRILL_TESTS_STORE_PLACE_H
#define FLOWDRILL_TESTS_STORE_PLACE_H

#include "made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char dir[128], capture[200], index[200];
	struct made m;
};

/* A capture of n packets, a second apart; the index will be `index` in the directory. */
static inline int place_make(void **state, const char *index, size_t n)
{
	struct place *p = calloc(1, sizeof(*p));

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->capture, sizeof(p->capture), "%s/a.pcap", p->dir);
	snprintf(p->index, sizeof(p->index), "%s/%s", p->dir, index);
	made_pcap(&p->m, p->capture, n, 1700000000);
	*state = p;
	return 0;
}

static inline int setup(void **state)
{
	return place_make(state, "cache/flowdrill/a.fdr", 2000);
}

static inline enum rc open_place(struct place *p, bool writing, struct store **s, struct store_notes *notes,
	struct err *err)
{
	struct store_config config;

	store_config_default(&config);
	return store_open_in_place(p->capture, p->index, &config, writing, s, notes, err);
}

static inline struct store *must_open(struct place *p, bool writing, struct store_notes *notes)
{
	struct store *s = NULL;
	struct err err = { 0 };
	enum rc rc = open_place(p, writing, &s, notes, &err);

	if (rc != RC_DONE)
		print_message("%s: %s\n", err.what, err.why);
	assert_int_equal(rc, RC_DONE);
	return s;
}

static inline void check_whole(struct place *p, struct store *s, size_t n_segments)
{
	const struct store_totals *t = store_totals(s);
	size_t n;
	uint64_t packets, bytes, sum = 0;

	for (size_t i = 0; i < p->m.n; i++)
		sum += p->m.len[i];
	assert_int_equal(t->packets, p->m.n);
	assert_int_equal(t->bytes, sum);
	assert_int_equal(t->first_ns, p->m.time_ns[0]);
	assert_int_equal(t->last_ns, p->m.time_ns[p->m.n - 1]);
	assert_int_equal(t->indexed_to, made_size(p->capture));
	assert_true(store_index_bytes(s) > 1000);
	store_segments(s, &n);
	assert_int_equal(n, n_segments);
	assert_int_equal(store_blocks(s, &n)[0].packets, p->m.n);
	assert_int_equal(n, 1);
	assert_int_equal(store_points(s, &n)[0].packets, p->m.n);
	assert_int_equal(n, 1);
	/* 2000 s touch three windows of 900 s */
	assert_in_range(made_macros(s, &packets, &bytes), 3, 4);
	assert_int_equal(packets, p->m.n);
	assert_int_equal(bytes, sum);
}

#endif
