/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store's tests are made of: directories, small captures, segments published by hand. */
#ifndef FLOWDRILL_TESTS_STORE_MADE_H
#define FLOWDRILL_TESTS_STORE_MADE_H

#include "store/store.h"

/* A directory of its own, removed by made_dir_remove(). */
void made_dir(char *path, size_t size);
void made_dir_remove(const char *path);
/* Of tests whose state, from malloc(), begins with its directory's name. */
int made_teardown(void **state);
void made_file(const char *path, const void *bytes, size_t len);
uint64_t made_size(const char *path);

enum { MADE_MAX = 4096 };

/* Packets of a capture: where their records are, and what they are. */
struct made {
	char path[512];
	size_t n;
	uint64_t at[MADE_MAX];       /* in the file */
	uint32_t record_len[MADE_MAX];
	uint32_t len[MADE_MAX];
	int64_t time_ns[MADE_MAX];
};

/* The bytes of packet i. */
void made_bytes(size_t i, uint8_t *out, uint32_t len);
/* A pcap file of n packets, a second apart from `start_s` on. */
void made_pcap(struct made *m, const char *path, size_t n, int64_t start_s);

/*
 * Publishes packets [from, to) as segment `number` of a block that begins at block_at of the file: one flow part of one microflow part,
 * and one macroflow part, of UDP from 10.0.0.1 to 10.0.0.2:53.
 */
enum rc made_publish(struct store *s, const struct made *m, uint32_t block, uint64_t block_at, uint32_t number, size_t from, size_t to,
	struct err *err);
/* The same in the place of `replaced` segments from `number` on. */
enum rc made_replace(struct store *s, const struct made *m, uint32_t block, uint64_t block_at, uint32_t number, size_t replaced, size_t from,
	size_t to, struct err *err);
/* The whole of m as one block of segments of `per` packets, sealed and indexed, and a capture point where there is none. */
enum rc made_index(struct store *s, const struct made *m, size_t per, struct err *err);

/* A store's directory with all in it. Large blocks are linked: nobody writes to sealed ones. */
void made_copy(const char *from, const char *to);

/* Walks all macroflows: their number; packets and bytes in all. */
size_t made_macros(struct store *s, uint64_t *packets, uint64_t *bytes);

#endif
