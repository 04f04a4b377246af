/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Imprints: what is shared has them in common wherever it stands, they are as few as they should be, hostile bytes get no more. */
#include "trace/imprint.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct imprinting memory;

static void sparse(const void *payload, size_t len, size_t head, struct imprints *out)
{
	assert_int_equal(imprint_sparse(&memory, payload, len, head, out, NULL), RC_DONE);
	assert_true(out->n <= imprint_bound(FINGERPRINTS_SPARSE, len));
	for (uint32_t i = 1; i < out->n; i++)
		assert_true(out->v[i] > out->v[i - 1]);
}

static void full(const void *payload, size_t len, struct imprints *out)
{
	assert_int_equal(imprint_full(&memory, payload, len, out, NULL), RC_DONE);
	assert_true(out->n <= imprint_bound(FINGERPRINTS_FULL, len));
	for (uint32_t i = 1; i < out->n; i++)
		assert_true(out->v[i] > out->v[i - 1]);
}

static bool has(const struct imprints *x, uint32_t print)
{
	for (uint32_t i = 0; i < x->n; i++)
		if (x->v[i] == print)
			return true;
	return false;
}

static unsigned shared(const struct imprints *a, const struct imprints *b)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < a->n; i++)
		n += has(b, a->v[i]);
	return n;
}

static void fill(uint8_t *bytes, size_t len, unsigned seed)
{
	srand(seed);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(rand() >> 7);
}

/* The places of content are the imprints of every payload that it stands in, whatever is around it. */
static void test_places(void **state)
{
	static uint8_t content[3000], payload[9000];
	struct imprint_place *places;
	struct imprints found;
	size_t n;

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		size_t len = 20 + round * 14, at = round * 29;
		unsigned which = 1 + round % 2;

		fill(content, len, round);
		fill(payload, sizeof(payload), round + 1000);
		memcpy(payload + at, content, len);
		assert_int_equal(imprint_places(&memory, content, len, (enum fingerprints)which, &places, &n, NULL), RC_DONE);
		if (which == FINGERPRINTS_FULL)
			full(payload, sizeof(payload), &found);
		else
			sparse(payload, sizeof(payload), 0, &found);
		for (size_t i = 0; i < n; i++) {
			assert_true(places[i].at + IMPRINT_BYTES <= len);
			assert_true(i == 0 || places[i].at > places[i - 1].at);
			assert_true(has(&found, places[i].print));
		}
		/* about as many as there should be */
		if (len > 2000)
			assert_true(n > len / (which == FINGERPRINTS_FULL ? IMPRINT_DENSE : IMPRINT_THIN) / 3);
		mem_free(places);
	}
}

static void test_density(void **state)
{
	static uint8_t bytes[16384];
	uint64_t thin = 0, dense = 0;
	struct imprints found;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		fill(bytes, sizeof(bytes), round);
		sparse(bytes, sizeof(bytes), 0, &found);
		assert_false(found.more);
		thin += found.n;
		full(bytes, 8192, &found);
		assert_false(found.more);
		dense += found.n;
	}
	assert_in_range(thin, 85 * sizeof(bytes) / IMPRINT_THIN, 115 * sizeof(bytes) / IMPRINT_THIN);
	assert_in_range(dense, 85 * 8192 / IMPRINT_DENSE, 115 * 8192 / IMPRINT_DENSE);
}

/* Of 500 pairs of packets with 200 bytes in common, at any place, how many share imprints. */
static void test_full(void **state)
{
	uint8_t a[900], b[900];
	struct imprints x, y;
	unsigned found = 0;

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		fill(a, sizeof(a), round * 2 + 1);
		fill(b, sizeof(b), round * 2 + 2);
		memcpy(b + round % 600, a + 17 + round % 77, 200);
		full(a, sizeof(a), &x);
		full(b, sizeof(b), &y);
		found += shared(&x, &y) > 0;
	}
	assert_true(found >= 499);
	full("GET /cart/ORDER-20931-77 HTTP/1.1", 33, &x);
	full("select * from orders where id = 'order-20931-77'", 48, &y);
	assert_true(shared(&x, &y) > 0);
}

/* The beginning of a message: its longest tokens; places where it has none. */
static void test_head(void **state)
{
	const char *text = "GET /search?q=storm%6Cantern&user=4711 HTTP/1.1\r\nHost: shop.example\r\n\r\n";
	const char *other = "select name from goods where name like '%StormLantern%'";
	uint8_t binary[300], again[300];
	struct imprints x, y;
	unsigned told = 0;

	(void)state;
	sparse(text, strlen(text), IMPRINT_HEAD, &x);
	sparse(other, strlen(other), IMPRINT_HEAD, &y);
	assert_true(shared(&x, &y) > 0);
	sparse(text, strlen(text), 0, &x);
	assert_true(x.n <= 2);
	for (unsigned i = 0; i < 20; i++) {
		fill(binary, sizeof(binary), i);
		fill(again, sizeof(again), i + 100);
		memcpy(again, binary, IMPRINT_HEAD);
		sparse(binary, sizeof(binary), IMPRINT_HEAD, &x);
		sparse(again, sizeof(again), IMPRINT_HEAD, &y);
		told += shared(&x, &y) > 0;
	}
	assert_true(told > 15);
}

/* Case and escapes do not count. */
static void test_plain(void **state)
{
	char low[600], high[600], moved[1900];
	struct imprints x, y, z;
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(low); i++) {
		low[i] = (char)('a' + i * i * i / 7 % 26);
		high[i] = (char)(i % 3 ? low[i] : low[i] - 32);
		if (i % 50 == 9)
			n += (size_t)snprintf(moved + n, sizeof(moved) - n, "%%%02X", (unsigned)low[i]);
		else
			moved[n++] = low[i];
	}
	full(low, sizeof(low), &x);
	full(high, sizeof(high), &y);
	full(moved, n, &z);
	assert_true(x.n > 10 && shared(&x, &y) == x.n && shared(&x, &z) == x.n);
	sparse(low, sizeof(low), 0, &x);
	sparse(moved, n, 0, &z);
	assert_true(x.n == z.n && shared(&x, &z) == x.n);
}

/* Bytes that repeat themselves, and those that are chosen everywhere: few, or as many as may be, and it is said. */
static void test_hostile(void **state)
{
	static uint8_t bytes[1 << 18];
	uint8_t chosen[IMPRINT_BYTES * 2] = { 0 };
	struct imprint_place *places;
	struct imprints found;
	size_t n = 0;

	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		memset(bytes, (int)value, sizeof(bytes));
		sparse(bytes, 4096, IMPRINT_HEAD, &found);
		assert_int_equal(found.n, 0);
		full(bytes, 4096, &found);
		assert_true(found.n <= 1);
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)"one token repeated "[i % 19];
	sparse(bytes, sizeof(bytes), IMPRINT_HEAD, &found);
	assert_true(found.n <= 19 + IMPRINT_HEAD_MAX);
	full(bytes, sizeof(bytes), &found);
	assert_true(found.n < 40);
	/* a million tokens */
	for (size_t i = 0; i + 9 <= sizeof(bytes); i += 8)
		snprintf((char *)bytes + i, 9, "%07zu ", i / 8);
	full(bytes, sizeof(bytes) - 9, &found);
	assert_true(found.n <= IMPRINT_MAX && found.more);
	/* something that is chosen, again and again with another byte behind it: every packet full of them */
	for (unsigned seed = 0; n == 0; seed++) {
		fill(chosen, sizeof(chosen), seed);
		assert_int_equal(imprint_places(&memory, chosen, sizeof(chosen), FINGERPRINTS_SPARSE, &places, &n, NULL), RC_DONE);
		if (n > 0)
			memmove(chosen, chosen + places[0].at, IMPRINT_BYTES);
		mem_free(places);
	}
	fill(bytes, 65536, 5);
	for (size_t i = 0; i < 65536; i++)
		bytes[i] = i % 17 < IMPRINT_CONTEXT ? chosen[i % 17] : bytes[i];
	sparse(bytes, 65536, 0, &found);
	assert_int_equal(found.n, 1024 < 4 + 65536 / (IMPRINT_THIN / 2) ? 1024 : 4 + 65536 / (IMPRINT_THIN / 2));
	assert_true(found.more);
}

static void test_short(void **state)
{
	struct imprints found;

	(void)state;
	for (size_t len = 0; len < 40; len++) {
		uint8_t *exact = mem_alloc(len + 1);

		fill(exact, len, (unsigned)len);
		sparse(exact, len, len, &found);
		full(exact, len, &found);
		mem_free(exact);
	}
	sparse("", 0, 0, &found);
	assert_true(found.n == 0 && !found.more);
	imprinting_free(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_density),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
