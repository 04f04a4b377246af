/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One bit of one file of a store is flipped: opening, every tier and check end without a crash, and a wrong answer is
 * never given unless check reports it. Packets in blocks/ have no checksum of their own: a flip there may change the list of
 * packets and their bytes, and nothing else, and check reports it. FLOWDRILL_TEST_FLIPS flips (300), from FLOWDRILL_TEST_SEED (1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "query/query.h"
#include "session/ingest.h"
#include "store/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome { HARMLESS, DETECTED, BY_CHECK, WRONG, OUTCOMES };
static const char *const outcome_names[] = {"harmless", "refused", "found by check", "wrong"};
static const char *const files[] = {
	"index/00000001.idx", "index/filters", "index/catalog.db", "blocks/00000001.pcapng",
};
static char dir[128], store_dir[192];

struct answers {
	enum rc rc;
	uint64_t hash[TIERS + 1];    /* the last: flows of one host, for which filters leave blocks out */
	uint64_t bytes;              /* of the packets, as they would be shown or exported */
};

struct hashing { uint64_t hash, bytes; enum tier tier; };

static void hash_add(uint64_t *hash, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
}

static bool hash_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct hashing *h = ctx;
	char text[512];
	struct value v;

	if (raw)
		hash_add(&h->bytes, raw->data, raw->caplen);
	for (const char *const *name = field_default_columns(h->tier); *name; name++) {
		const struct field *f = field_find(*name, h->tier);
		if (!f || !field_get(f, row, &v))
			continue;
		value_format(text, sizeof(text), f, &v, STYLE_MACHINE);
		hash_add(&h->hash, text, strlen(text) + 1);
	}
	return true;
}

static void answer(struct answers *a)
{
	struct store *s;

	memset(a, 0, sizeof(*a));
	a->rc = store_open(store_dir, false, &s, NULL, NULL);
	if (a->rc != RC_DONE)
		return;
	struct filter *host;
	assert_int_equal(filter_compile("host ff02::16", TIER_FLOW, &host, NULL), RC_DONE);
	for (int tier = 0; tier <= TIERS && a->rc == RC_DONE; tier++) {
		struct hashing h = {0xcbf29ce484222325, 0, tier < TIERS ? (enum tier)tier : TIER_FLOW};
		struct query q;
		query_init(&q, h.tier);
		q.filter = tier < TIERS ? NULL : host;
		a->rc = query_run(&(struct query_sources){.stores = &s, .n = 1}, &q, hash_row, &h, NULL, NULL, NULL);
		a->hash[tier] = h.hash;
		if (tier == TIER_PACKET)
			a->bytes = h.bytes;
	}
	filter_free(host);
	store_close(s);
}

static void say_nothing(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	(void)path;
	(void)offset;
	(void)text;
}

static bool check_finds(void)
{
	struct check_report report = {0};
	struct store *s;
	enum rc rc = store_open(store_dir, false, &s, NULL, NULL);

	if (rc != RC_DONE)
		return true;
	rc = store_check(s, say_nothing, NULL, &report, NULL);
	store_close(s);
	return rc != RC_DONE || report.problems > 0;
}

/* In a process of its own, which ends with the outcome. */
static enum outcome judge(const struct answers *good, bool is_block)
{
	struct answers now;
	bool equal = true;

	answer(&now);
	bool found = check_finds();
	if (now.rc != RC_DONE)
		return DETECTED;
	for (int i = 0; i <= TIERS; i++)
		equal &= now.hash[i] == good->hash[i] || (is_block && i == TIER_PACKET);
	if (!equal)
		return found ? BY_CHECK : WRONG;
	/* a payload that was flipped is nothing that the answer shows, but check has to tell */
	if (now.bytes != good->bytes || now.hash[TIER_PACKET] != good->hash[TIER_PACKET])
		return found ? BY_CHECK : WRONG;
	return HARMLESS;
}

static void flip(const char *path, off_t at, int bit)
{
	uint8_t byte;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= (uint8_t)(1 << bit);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void make_store(void)
{
	char capture[4200];
	const char *top = getenv("top_srcdir"), *const paths[] = {capture};
	struct store_config config;
	struct ingest_options options;
	struct ingest_progress progress = {0};
	struct ingest_result result;
	struct store *s;

	snprintf(capture, sizeof(capture), "%s/samples/sip-call.pcapng", top ? top : ".");
	captures_make_dir(dir, sizeof(dir));
	snprintf(store_dir, sizeof(store_dir), "%s/store", dir);
	store_config_default(&config);
	ingest_options_default(&options);
	options.segment_packets = 500;
	assert_int_equal(store_create(store_dir, &config, &s, NULL), RC_DONE);
	assert_int_equal(ingest_import(s, paths, 1, &options, &progress, &result, NULL), RC_DONE);
	store_close(s);
}

static void test_flips(void **state)
{
	uint64_t count = number_of("FLOWDRILL_TEST_FLIPS", 300), seed = number_of("FLOWDRILL_TEST_SEED", 1);
	uint64_t x = seed * 0x9e3779b97f4a7c15 | 1, seen[4][OUTCOMES] = {{0}}, bad = 0;
	struct answers good;

	(void)state;
	make_store();
	answer(&good);
	assert_int_equal(good.rc, RC_DONE);
	assert_false(check_finds());
	for (uint64_t i = 0; i < count; i++) {
		char path[300];
		struct stat st;
		size_t file = i % 4;
		int status;

		snprintf(path, sizeof(path), "%s/%s", store_dir, files[file]);
		assert_int_equal(stat(path, &st), 0);
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		off_t at = (off_t)((x >> 8) % (uint64_t)st.st_size);
		int bit = (int)(x & 7);
		flip(path, at, bit);
		fflush(stdout);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			alarm(60);
			_exit((int)judge(&good, file == 3));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		flip(path, at, bit);
		if (!WIFEXITED(status) || WEXITSTATUS(status) >= OUTCOMES) {
			printf("%s: bit %d of byte %jd: ended by %x\n", files[file], bit, (intmax_t)at, (unsigned)status);
			bad++;
			continue;
		}
		seen[file][WEXITSTATUS(status)]++;
		if (WEXITSTATUS(status) == WRONG)
			printf("%s: bit %d of byte %jd: wrong\n", files[file], bit, (intmax_t)at);
		bad += WEXITSTATUS(status) == WRONG;
	}
	for (size_t f = 0; f < 4; f++)
		for (int o = 0; o < OUTCOMES; o++)
			printf("%s: %s: %ju\n", files[f], outcome_names[o], (uintmax_t)seen[f][o]);
	captures_remove_dir(dir);
	if (bad)
		fail_msg("%ju of %ju flips, seed %ju", (uintmax_t)bad, (uintmax_t)count, (uintmax_t)seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_flips)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
