/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "ui/columns.h"
#include "ui/list.h"

static struct list make(size_t count, size_t page)
{
	struct list l = { 0 };

	list_set_page(&l, page);
	list_set_count(&l, count);
	return l;
}

static void assert_place(const struct list *l, size_t selected, size_t top)
{
	assert_int_equal(l->selected, selected);
	assert_int_equal(l->top, top);
}

static void test_moving(void **state)
{
	struct list l = make(100, 10);

	(void)state;
	assert_true(list_request(&l, REQ_UP));
	assert_place(&l, 0, 0);
	for (int i = 0; i < 12; i++)
		list_request(&l, REQ_DOWN);
	assert_place(&l, 12, 3);
	list_request(&l, REQ_PAGE_DOWN);
	assert_place(&l, 22, 13);
	list_request(&l, REQ_PAGE_UP);
	assert_place(&l, 12, 3);
	list_request(&l, REQ_LAST);
	assert_place(&l, 99, 90);
	list_request(&l, REQ_PAGE_DOWN);
	assert_place(&l, 99, 90);
	list_request(&l, REQ_HALF_UP);
	assert_place(&l, 94, 90);
	list_request(&l, REQ_FIRST);
	assert_place(&l, 0, 0);
	assert_false(list_request(&l, REQ_FILTER));
}

static void test_growing_and_shrinking(void **state)
{
	struct list l = make(0, 5);

	(void)state;
	list_request(&l, REQ_DOWN);
	list_request(&l, REQ_LAST);
	assert_place(&l, 0, 0);
	list_set_count(&l, 50);
	list_select(&l, 40);
	assert_place(&l, 40, 36);
	/* rows that come in above: the row keeps its place on the screen */
	list_set_count(&l, 60);
	list_follow(&l, 47);
	assert_place(&l, 47, 43);
	list_set_page(&l, 30);
	assert_place(&l, 47, 30);
	list_set_count(&l, 10);
	assert_place(&l, 9, 0);
	list_set_count(&l, 0);
	assert_place(&l, 0, 0);
}

/* Whatever is asked, the invariant holds. */
static void test_invariant(void **state)
{
	struct list l = make(7, 3);
	unsigned seed = 20240105;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1664525u + 1013904223u;
		switch (seed >> 28) {
		case 0: list_set_count(&l, (seed >> 8) % 40); break;
		case 1: list_set_page(&l, (seed >> 8) % 12); break;
		case 2: list_follow(&l, (seed >> 8) % 40); break;
		case 3: list_select(&l, (seed >> 8) % 40); break;
		default: list_request(&l, (enum request)(1 + (seed >> 8) % REQ_LAST)); break;
		}
		if (l.count == 0) {
			assert_place(&l, 0, 0);
			continue;
		}
		if (!(l.selected < l.count && l.top <= l.selected &&
			    l.selected < l.top + l.page))
			fail_msg("step %d: selected %zu top %zu count %zu page %zu", i,
				l.selected, l.top, l.count, l.page);
	}
}

/*
 * ---- columns
 * ---------------------------------------------------------------------------------------
 */

static const struct cell_style style = { 0 };

static void fill_flow(struct record *r, struct row *row)
{
	record_init(r, TIER_FLOW);
	assert_int_equal(addr_parse("192.0.2.123", &r->key.client, NULL), RC_DONE);
	assert_int_equal(addr_parse("2001:db8:1234:5678::1", &r->key.server, NULL), RC_DONE);
	r->key.client_port = 51514;
	r->key.server_port = 443;
	r->key.proto = PROTO_TCP;
	r->key.has_ports = true;
	record_key_known(r);
	r->c.first_ns = r->c.last_ns = INT64_C(1704464255123456789);
	r->c.packets[0] = 7;
	r->c.bytes[0] = 4000;
	r->c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);
	memset(row, 0, sizeof(*row));
	row->tier = TIER_FLOW;
	row->record = r;
}

static void draw(struct columns *cs, struct canvas *c, const struct row *row)
{
	struct query_sort sort = { field_find("bytes", TIER_FLOW), true };

	canvas_clear(c);
	columns_measure(cs, c, row, &style);
	columns_layout(cs, c->w - 2);
	columns_draw_header(cs, c, (struct rect){ 1, 0, c->w - 2, 1 }, &sort);
	columns_draw_row(cs, c, (struct rect){ 1, 1, c->w - 2, 1 }, row, &style, 0, NULL);
}

static void assert_shows(const struct canvas *c, const char *text)
{
	struct buf out;

	buf_init(&out);
	canvas_dump(c, &out);
	assert_string_equal(buf_text(&out), text);
	buf_free(&out);
}

static void test_columns(void **state)
{
	struct columns cs;
	struct canvas *c;
	struct record r;
	struct row row;
	struct err err;

	(void)state;
	fill_flow(&r, &row);
	assert_int_equal(columns_parse(&cs, "first,client,client_port,bytes,rtt_avg,server",
				 TIER_FLOW, &err),
		RC_DONE);
	cs.frozen = 1;
	assert_int_equal(canvas_new(92, 2, false, &c, &err), RC_DONE);
	draw(&cs, c, &row);
	assert_shows(c,
		" first            client       cport   ▼bytes  rtt  server\n"
		" 14:17:35.123456  192.0.2.123  51514  4.00 kB    -  2001:db8:1234:5678::1\n");
	/* less room: cut with a mark, then left out with a mark */
	canvas_resize(c, 68, 2, &err);
	draw(&cs, c, &row);
	assert_shows(c,
		" first            client       cport   ▼bytes  rtt  server\n"
		" 14:17:35.123456  192.0.2.123  51514  4.00 kB    -  2001:db8:1234:…\n");
	canvas_resize(c, 42, 2, &err);
	draw(&cs, c, &row);
	/* numbers are never cut */
	assert_shows(c,
		" first           client      cport       ›\n"
		" 14:17:35.123456 192.0.2.123 51514\n");
	canvas_free(c);
	record_free(&r);
}

static void test_scrolling_sideways(void **state)
{
	struct columns cs;
	struct canvas *c;
	struct record r;
	struct row row;
	struct err err;

	(void)state;
	fill_flow(&r, &row);
	assert_int_equal(columns_parse(&cs, "first client client_port bytes rtt_avg server",
				 TIER_FLOW, &err),
		RC_DONE);
	cs.frozen = 1;
	assert_int_equal(canvas_new(48, 2, false, &c, &err), RC_DONE);
	draw(&cs, c, &row);
	/* the cursor begins at an address */
	assert_string_equal(columns_cursor(&cs)->field->name, "client");
	assert_true(columns_step(&cs, -1));
	assert_string_equal(columns_cursor(&cs)->field->name, "first");
	assert_false(columns_step(&cs, -1));
	/* it moves over what is on the screen, then scrolls */
	for (int i = 0; i < 4; i++)
		assert_true(columns_step(&cs, 1));
	assert_string_equal(columns_cursor(&cs)->field->name, "rtt_avg");
	assert_true(columns_step(&cs, 1));
	draw(&cs, c, &row);
	assert_shows(c,
		"‹first            cport   ▼bytes  rtt  server\n"
		" 14:17:35.123456  51514  4.00 kB    -  2001:db…\n");
	assert_false(columns_step(&cs, 1));
	assert_string_equal(columns_cursor(&cs)->field->name, "server");
	assert_ptr_equal(columns_at(&cs, 0), &cs.v[0]);
	assert_null(columns_at(&cs, 16));
	/* and back */
	for (int i = 0; i < 4; i++)
		assert_true(columns_step(&cs, -1));
	assert_string_equal(columns_cursor(&cs)->field->name, "client");
	assert_true(columns_cursor(&cs)->width > 0);
	assert_int_equal(cs.left, 0);
	for (int i = 0; i < 4; i++)
		assert_true(columns_step(&cs, 1));
	draw(&cs, c, &row);
	assert_true(columns_match(&cs, &row, &style, "DB8"));
	assert_false(columns_match(&cs, &row, &style, "192.0.2"));
	canvas_free(c);
	record_free(&r);
}

static void test_wrong_columns(void **state)
{
	struct columns cs;
	struct err err;

	(void)state;
	assert_int_equal(columns_parse(&cs, "first", TIER_FLOW, &err), RC_DONE);
	assert_int_equal(columns_parse(&cs, "first,nonsense", TIER_FLOW, &err), RC_SYNTAX);
	assert_int_equal(err.offset, 6);
	assert_int_equal(columns_parse(&cs, " , ", TIER_FLOW, &err), RC_SYNTAX);
	/* unchanged */
	assert_int_equal(cs.n, 1);
	/* twice is once */
	assert_int_equal(columns_parse(&cs, "first,first", TIER_FLOW, &err), RC_DONE);
	assert_int_equal(cs.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_growing_and_shrinking),
		cmocka_unit_test(test_invariant),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_scrolling_sideways),
		cmocka_unit_test(test_wrong_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
