/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose request a machine asked on behalf of, by time and order: made-up traffic of a web server, its cache and its database. */
#include "trace/match.h"
#include "trace/order.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	MAX = 8192,
	US = 1000,
	PAGES = 200,
	TALKS = 64,
	CACHE = 6379,
	DATABASE = 5432,
	WEB = 80
};

struct traffic {
	struct trace_packet packets[MAX];
	char *texts[MAX];
	size_t n;
	struct trace_order *order;
};

static struct traffic *traffic_new(void **state)
{
	*state = mem_calloc(1, sizeof(struct traffic));
	assert_non_null(*state);
	return *state;
}

static void traffic_free(struct traffic *t)
{
	for (size_t i = 0; i < t->n; i++)
		mem_free(t->texts[i]);
	trace_order_free(t->order);
	mem_free(t);
}

static void say(struct traffic *t, int64_t us, enum trace_way way, enum trace_role role,
	uint32_t talk, uint32_t service, const char *text)
{
	assert_true(t->n < MAX);
	t->texts[t->n] = mem_strdup(text);
	t->packets[t->n] = (struct trace_packet){ .time_ns = us * US,
		.payload = (uint8_t *)t->texts[t->n],
		.len = (uint32_t)strlen(text),
		.talk = talk,
		.peer = talk,
		.service = service,
		.way = (uint8_t)way,
		.role = (uint8_t)role };
	t->n++;
}

static int by_time(const void *a, const void *b)
{
	const struct trace_packet *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* Texts stay where they are: packets point to them. */
static void think(struct traffic *t)
{
	qsort(t->packets, t->n, sizeof(t->packets[0]), by_time);
	trace_order_free(t->order);
	assert_int_equal(
		trace_order_new(t->packets, t->n, TALKS, 1000000000, &t->order, NULL), RC_DONE);
}

static uint32_t find(const struct traffic *t, int64_t us, uint32_t talk)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->packets[i].time_ns == us * US && t->packets[i].talk == talk)
			return i;
	fail_msg("no packet at %lld us", (long long)us);
	return 0;
}

static int64_t jitter(int64_t most)
{
	return rand() % most;
}

struct page {
	int64_t at, cache_at, query_at;
	uint32_t talk, cache, database;
};

/* A page that counts its visits and shows the same to everybody; nothing in it is rare. Over connections of pools. */
static struct page say_home(struct traffic *t, int64_t at, unsigned k)
{
	struct page p = {
		.at = at, .talk = k % 8, .cache = 16 + k % 5, .database = 32 + k % 7
	};
	int64_t us = at + 500 + jitter(200);

	say(t, at, TRACE_IN, TRACE_REQUEST, p.talk, WEB,
		"GET / HTTP/1.1\r\nhost: www.shop.example\r\n");
	p.cache_at = us;
	say(t, us, TRACE_OUT, TRACE_REQUEST, p.cache, CACHE, "INCR visits\r\n");
	us += 200 + jitter(100);
	say(t, us, TRACE_IN, TRACE_RESPONSE, p.cache, CACHE, ":1\r\n");
	us += 300 + jitter(100);
	say(t, us, TRACE_OUT, TRACE_REQUEST, p.database, DATABASE, "BEGIN");
	us += 100;
	say(t, us, TRACE_IN, TRACE_RESPONSE, p.database, DATABASE, "done");
	us += 50;
	p.query_at = us;
	say(t, us, TRACE_OUT, TRACE_REQUEST, p.database, DATABASE,
		"SELECT name FROM items ORDER BY sold");
	us += 1000 + jitter(500);
	say(t, us, TRACE_IN, TRACE_RESPONSE, p.database, DATABASE, "lamp chair table");
	us += 200;
	say(t, us, TRACE_OUT, TRACE_RESPONSE, p.talk, WEB, "200 OK lamp chair table");
	return p;
}

/* Another page, that asks the database for something else. */
static void say_about(struct traffic *t, int64_t at, unsigned k)
{
	uint32_t talk = 8 + k % 8, database = 40 + k % 7;
	int64_t us = at + 300 + jitter(100);

	say(t, at, TRACE_IN, TRACE_REQUEST, talk, WEB,
		"GET /about HTTP/1.1\r\nhost: www.shop.example\r\n");
	say(t, us, TRACE_OUT, TRACE_REQUEST, database, DATABASE, "BEGIN");
	us += 100;
	say(t, us, TRACE_IN, TRACE_RESPONSE, database, DATABASE, "done");
	us += 60;
	say(t, us, TRACE_OUT, TRACE_REQUEST, database, DATABASE, "SELECT address FROM offices");
	us += 2000 + jitter(500);
	say(t, us, TRACE_IN, TRACE_RESPONSE, database, DATABASE, "London");
	us += 200;
	say(t, us, TRACE_OUT, TRACE_RESPONSE, talk, WEB, "200 OK London");
}

static void say_shop(struct traffic *t, struct page pages[PAGES])
{
	int64_t at = 0;

	srand(4);
	for (unsigned k = 0; k < PAGES; k++) {
		at += 1500 + jitter(4000);
		pages[k] = say_home(t, at, k);
		say_about(t, at + jitter(3000), k);
	}
	think(t);
}

/* Two pages at the same time most of the time: nine in ten are told, hardly one is told wrongly. */
static void test_pages(void **state)
{
	struct traffic *t = traffic_new(state);
	struct page pages[PAGES];
	unsigned right = 0, wrong = 0;

	say_shop(t, pages);
	for (unsigned k = 0; k < PAGES; k++) {
		uint32_t cache = find(t, pages[k].cache_at, pages[k].cache);
		uint32_t query = find(t, pages[k].query_at, pages[k].database);

		for (unsigned other = 0; other < PAGES; other++) {
			uint32_t page = find(t, pages[other].at, pages[other].talk);
			bool told = trace_order_share(t->order, page, cache) > 0.9;
			bool queried = trace_order_share(t->order, page, query) > 0.9;

			*(other == k ? &right : &wrong) += told + queried;
		}
	}
	assert_in_range(right, 2 * PAGES * 9 / 10, 2 * PAGES);
	assert_in_range(wrong, 0, 2 * PAGES / 100);
	traffic_free(t);
}

static bool collect(void *ctx, const struct trace_guess *g)
{
	struct trace_guess *last = ctx;

	*last = *g;
	return true;
}

/* What runs by itself is nobody's, however many pages are open. */
static void test_nobodys(void **state)
{
	struct traffic *t = traffic_new(state);
	struct page pages[PAGES];
	int64_t at = 0;

	for (unsigned k = 0; k < 100; k++) {
		at += 7001;
		say(t, at, TRACE_OUT, TRACE_REQUEST, 60, DATABASE, "SELECT pulse FROM health");
		say(t, at + 400, TRACE_IN, TRACE_RESPONSE, 60, DATABASE, "fine");
	}
	say_shop(t, pages);
	at = 0;
	for (unsigned k = 0; k < 100; k++) {
		struct trace_guess g = { 0 };

		at += 7001;
		trace_order_tell(t->order, find(t, at, 60), 0.9, collect, &g);
		assert_false(g.usual);
	}
	traffic_free(t);
}

/* What content tells is believed, and nobody else has it. */
static void test_known(void **state)
{
	struct traffic *t = traffic_new(state);
	struct page pages[PAGES];
	struct trace_guess g = { 0 };
	uint32_t first, second, query;

	say_shop(t, pages);
	query = find(t, pages[50].query_at, pages[50].database);
	first = find(t, pages[49].at, pages[49].talk);
	second = find(t, pages[50].at, pages[50].talk);
	trace_order_know(t->order, second, query);
	trace_order_settle(t->order);
	assert_true(trace_order_share(t->order, second, query) > 0.99);
	assert_true(trace_order_share(t->order, first, query) <= 0);
	trace_order_tell(t->order, query, 0.5, collect, &g);
	assert_int_equal(g.parent, second);
	assert_true(g.known && g.usual);
	traffic_free(t);
}

/* Encrypted, alone, empty, of uncertain roles: nothing is told, and nothing breaks. */
static void test_nothing(void **state)
{
	struct traffic *t = traffic_new(state);

	think(t);
	say(t, 0, TRACE_OUT, TRACE_RESPONSE, 0, WEB, "an answer to nothing");
	think(t);
	assert_true(trace_order_share(t->order, 0, 0) < 0);
	for (unsigned k = 1; k < 40; k++) {
		say(t, k * 1000, TRACE_IN, TRACE_REQUEST, 1, WEB, "\x17\x03\x03 closed");
		say(t, k * 1000 + 100, TRACE_OUT, TRACE_REQUEST, 2, DATABASE,
			"SELECT name FROM items");
		say(t, k * 1000 + 200, TRACE_IN, TRACE_RESPONSE, 2, DATABASE, "lamp");
		say(t, k * 1000 + 300, TRACE_OUT, TRACE_RESPONSE, 1, WEB,
			"\x17\x03\x03 closed");
	}
	think(t);
	assert_true(trace_order_share(t->order, find(t, 5000, 1), find(t, 5100, 2)) < 0);
	for (unsigned k = 1; k < 40; k++)
		say(t, k * 1000, TRACE_IN, TRACE_EITHER, 3, WEB, "who asks?");
	think(t);
	assert_true(trace_order_share(t->order, find(t, 5000, 3), find(t, 5100, 2)) < 0);
	traffic_free(t);
}

/* A crowd that never goes is not looked through. */
static void test_crowd(void **state)
{
	struct traffic *t = traffic_new(state);

	for (unsigned k = 0; k < 60; k++)
		say(t, k, TRACE_IN, TRACE_REQUEST, k, WEB, "GET /wait HTTP/1.1");
	for (unsigned k = 0; k < 100; k++)
		say(t, 100 + k, TRACE_OUT, TRACE_REQUEST, 61, DATABASE,
			"SELECT name FROM items");
	think(t);
	assert_true(trace_order_share(t->order, 0, find(t, 150, 61)) < 0);
	traffic_free(t);
}

static void test_no_memory(void **state)
{
	struct traffic *t = traffic_new(state);
	struct page pages[PAGES];
	struct trace_order *o;
	uint64_t allocations, before = mem_count();

	say_shop(t, pages);
	before = mem_count();
	assert_int_equal(
		trace_order_new(t->packets, t->n, TALKS, 1000000000, &o, NULL), RC_DONE);
	allocations = mem_count() - before;
	trace_order_free(o);
	for (uint64_t nth = 1; nth <= allocations; nth++) {
		mem_fail_after(nth);
		assert_int_equal(trace_order_new(t->packets, t->n, TALKS, 1000000000, &o, NULL),
			RC_NO_MEMORY);
		mem_fail_after(0);
		assert_null(o);
	}
	traffic_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_nobodys),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
