/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters on the screen: as they are typed, of cells, by name, up and down the tiers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "screen_keys.h"
#include "ui/list_view.h"

static const char *filter(void)
{
	return screen_top(&screen)->filter;
}

static void filter_by(const char *line)
{
	keys("/ Ctrl-U");
	type(line);
	keys("Enter");
}

/* What is wrong is said before Enter, and what will be seen. */
static void test_while_typing(void **state)
{
	(void)state;
	open_screen();
	keys("/");
	type("server == 198.51.100.4");
	assert_seen("matches 1 of 30 macroflows");
	type(" and");
	assert_seen("expected at the end");
	type(" bytes > x ");
	assert_seen("column 36: a size");
	keys("Escape");
	assert_unseen("column");
	assert_string_equal(filter(), "");
	assert_seen("Enter open");
}

static void test_values_complete(void **state)
{
	(void)state;
	open_screen();
	keys("Enter /");
	type("client == 192.0.2.2");
	keys("Tab");
	assert_seen("192.0.2.20  192.0.2.21  192.0.2.22");
	type("9");
	keys("Tab");
	assert_seen("filter: client == 192.0.2.29\n");
	keys("Ctrl-U");
	type("server_port == ");
	keys("Tab");
	assert_seen("filter: server_port == 443\n");
	keys("Enter");
	assert_seen("1/30");
	assert_string_equal(filter(), "server_port == 443 ");
}

static void test_cells(void **state)
{
	(void)state;
	open_screen();
	/* the cursor is on the first address */
	keys("Enter j j a");
	assert_string_equal(filter(), "client == 192.0.2.3");
	assert_seen("1/1");
	keys("\\ j A");
	assert_string_equal(filter(), "client != 192.0.2.4");
	assert_seen("/29");
	/* measures are compared */
	while (strcmp(columns_cursor(&((struct list_view *)screen_top(&screen))->columns)->field->name,
		       "bytes") != 0)
		keys("l");
	keys("Home a");
	assert_string_equal(filter(), "client != 192.0.2.4 and bytes >= 1000000");
	keys("\\");
	assert_string_equal(filter(), "");
	assert_seen("brings it back");
	keys("\\");
	assert_string_equal(filter(), "client != 192.0.2.4 and bytes >= 1000000");
	keys("A");
	assert_string_equal(filter(),
		"client != 192.0.2.4 and bytes >= 1000000 and bytes < 1000000");
	assert_seen("no flows match the filter");
	keys("a");
	assert_seen("no flows match the filter");
}

/* The column that is made of port and protocol. */
static void test_port_cell(void **state)
{
	(void)state;
	open_screen();
	while (strcmp(columns_cursor(&((struct list_view *)screen_top(&screen))->columns)->field->name,
		       "port") != 0)
		keys("h");
	keys("a");
	assert_string_equal(filter(), "(server_port == 443 and proto == tcp)");
	keys("\\ A");
	assert_string_equal(filter(), "not (server_port == 443 and proto == tcp)");
}

static void test_down(void **state)
{
	(void)state;
	open_screen();
	filter_by("server == 198.51.100.4 and packets > 1 and rst == 0 and clients > 0");
	/* what the service says goes without saying, a sum is none of a part, flows have no clients */
	keys("\\ \\");
	filter_by("server == 198.51.100.4 and packets > 1");
	keys("Enter");
	assert_string_equal(filter(), "");
	assert_seen("left out, because it says nothing of flows: packets > 1");
	keys("j");
	assert_seen("not here: packets > 1");
	keys("Escape");
	assert_string_equal(filter(), "server == 198.51.100.4 and packets > 1");
	filter_by("packets > 0");
	keys("Enter Enter");
	assert_string_equal(screen_top(&screen)->ops->name, "microflows");
	assert_string_equal(filter(), "packets > 0");
	/* what is taken away below is there above */
	keys("\\ Escape");
	assert_string_equal(filter(), "packets > 0");
}

static void test_up(void **state)
{
	(void)state;
	open_screen();
	keys("j Enter");
	filter_by("bytes > 100 and client_port != 50001");
	assert_seen("/29");
	keys("Escape");
	/* what the service that one comes from does not match waits for the flows of the next one */
	assert_string_equal(filter(), "bytes > 100");
	assert_seen("left out, because it says nothing of macroflows: client_port != 50001");
	assert_int_equal(selected_offset(), 200);
	keys("j Enter");
	assert_string_equal(filter(), "bytes > 100 and client_port != 50001");
	assert_unseen("left out");
	keys("Escape");
	assert_string_equal(filter(), "bytes > 100");
	/* a filter that was there stays */
	filter_by("server_port == 443");
	keys("Enter");
	filter_by("bytes > 1");
	keys("Escape");
	assert_string_equal(filter(), "server_port == 443 and bytes > 1");
}

static void test_names(void **state)
{
	(void)state;
	open_screen();
	filter_by("server == 198.51.100.4");
	keys(":");
	type("filter-save one");
	keys("Enter");
	assert_seen("saved: @one at the prompt is server == 198.51.100.4");
	filter_by("@one");
	assert_string_equal(filter(), "server == 198.51.100.4");
	filter_by("not @one and bytes > 5");
	assert_string_equal(filter(), "not (server == 198.51.100.4) and bytes > 5");
	keys("/ Ctrl-U");
	type("@tw");
	assert_seen("column 1: no filter is saved as 'tw'");
	keys("Ctrl-U");
	type("@o");
	keys("Tab");
	assert_seen("filter: @one\n");
	keys("Escape :");
	type("filter one");
	keys("Enter");
	assert_string_equal(filter(), "server == 198.51.100.4");
	keys(":");
	type("filter");
	keys("Enter :");
	type("filter-save one");
	keys("Enter");
	assert_seen("forgotten");
	filter_by("@one");
	assert_seen("no filter is saved as 'one'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_while_typing),
		TEST(test_values_complete),
		TEST(test_cells),
		TEST(test_port_cell),
		TEST(test_down),
		TEST(test_up),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
