/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "out/cells.h"
#include "out/out.h"
#include "out/report.h"
#include "tests/out/rows.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = { "id", "first", "duration", "client", "client_port",
	"server", "bytes", "rtt_avg", NULL };

/* Writes `rows` flows; every tenth a day later when `days`. */
static void write_flows(struct memory *m, enum out_format format, const struct out_style *style,
	unsigned rows, bool days)
{
	const struct field *columns[16];
	size_t n = flow_columns(names, columns);
	struct out *o;

	memory_open(m);
	assert_int_equal(
		out_begin(m->to, format, style, TIER_FLOW, columns, n, &o, NULL), RC_DONE);
	for (unsigned i = 0; i < rows; i++) {
		struct record r;
		make_flow(&r, 100 + i);
		if (days && i % 10 == 9)
			r.c.first_ns += 86400LL * 1000000000;
		struct row row = flow_row(&r);
		assert_int_equal(out_row(o, &row, NULL), RC_DONE);
		record_free(&r);
	}
	assert_int_equal(out_end(o, NULL), RC_DONE);
}

static void test_csv(void **state)
{
	struct memory m;
	struct out_style style = { 0 };

	(void)state;
	write_flows(&m, OUT_CSV, &style, 1, false);
	assert_string_equal(m.text,
		"id,first,duration,client,client_port,server,bytes,rtt_avg\n"
		"f7.100,2024-01-05T14:17:35.123456789Z,1.25,10.1.2.3,51514,2001:db8::5,1234,"
		"\n");
	memory_close(&m);
}

static void test_csv_quotes(void **state)
{
	const struct field *name = field_find("name", TIER_POINT);
	struct point_info point = { .name = "a,\"b\"" };
	struct row row = { .tier = TIER_POINT, .point = &point };
	struct out_style style = { 0 };
	struct memory m;
	struct out *o;

	(void)state;
	memory_open(&m);
	assert_int_equal(
		out_begin(m.to, OUT_CSV, &style, TIER_POINT, &name, 1, &o, NULL), RC_DONE);
	assert_int_equal(out_row(o, &row, NULL), RC_DONE);
	assert_int_equal(out_end(o, NULL), RC_DONE);
	assert_string_equal(m.text, "name\n\"a,\"\"b\"\"\"\n");
	memory_close(&m);
}

static void test_json(void **state)
{
	struct memory m;
	struct out_style style = { 0 };

	(void)state;
	write_flows(&m, OUT_JSON, &style, 2, false);
	assert_string_equal(m.text,
		"{\"id\":\"f7.100\",\"first\":\"2024-01-05T14:17:35.123456789Z\",\"duration\":"
		"1.25,"
		"\"client\":\"10.1.2.3\",\"client_port\":51514,\"server\":\"2001:db8::5\","
		"\"bytes\":1234,\"rtt_avg\":null}\n"
		"{\"id\":\"f7.101\",\"first\":\"2024-01-05T14:17:35.123456789Z\",\"duration\":"
		"1.25,"
		"\"client\":\"10.1.2.3\",\"client_port\":51514,\"server\":\"2001:db8::5\","
		"\"bytes\":1234,\"rtt_avg\":null}\n");
	memory_close(&m);
}

/* A duration of many digits keeps them all: a double would not. */
static void test_json_exact(void **state)
{
	const struct field *f = field_find("duration", TIER_FLOW);
	struct out_style style = { 0 };
	struct memory m;
	struct record r;
	struct out *o;

	(void)state;
	make_flow(&r, 1);
	r.c.last_ns = r.c.first_ns + 1234567890123456789LL;
	struct row row = flow_row(&r);
	memory_open(&m);
	assert_int_equal(
		out_begin(m.to, OUT_JSON, &style, TIER_FLOW, &f, 1, &o, NULL), RC_DONE);
	assert_int_equal(out_row(o, &row, NULL), RC_DONE);
	assert_int_equal(out_end(o, NULL), RC_DONE);
	assert_string_equal(m.text, "{\"duration\":1234567890.123456789}\n");
	memory_close(&m);
	record_free(&r);
}

static void test_table(void **state)
{
	struct memory m;
	struct out_style style = { 0 };

	(void)state;
	write_flows(&m, OUT_TABLE, &style, 1, false);
	assert_string_equal(m.text,
		"id      first 2024-01-05  duration  client    cport  server         bytes  "
		"rtt\n"
		"f7.100  14:17:35.123456     1.25 s  10.1.2.3  51514  2001:db8::5  1.23 kB    "
		"-\n");
	memory_close(&m);
}

/* Where rows lie on several days, every time has its date. */
static void test_table_days(void **state)
{
	struct memory m;
	struct out_style style = { 0 };

	(void)state;
	write_flows(&m, OUT_TABLE, &style, 10, true);
	assert_non_null(strstr(m.text, " first  "));
	assert_non_null(strstr(m.text, " 2024-01-05 14:17:35.123456 "));
	assert_non_null(strstr(m.text, " 2024-01-06 14:17:35.123456 "));
	memory_close(&m);
}

/* No line is wider than the terminal; what is left out is marked; every row is there. */
static void test_table_width(void **state)
{
	struct out_style style = { 0 };

	(void)state;
	/* the last columns may be narrow enough to fit where their heading does not */
	for (style.width_cells = 1; style.width_cells < 90; style.width_cells++) {
		struct memory m;
		unsigned lines = 0;
		write_flows(&m, OUT_TABLE, &style, 400, false);
		for (char *line = strtok(m.text, "\n"); line; line = strtok(NULL, "\n")) {
			size_t width = text_width(line);
			assert_true(width <= style.width_cells);
			if (style.width_cells < 74)
				assert_non_null(strstr(line, "…"));
			lines++;
		}
		assert_int_equal(lines, 401);
		memory_close(&m);
	}
}

static void test_table_color(void **state)
{
	struct memory m;
	struct out_style style = { .color = true };

	(void)state;
	write_flows(&m, OUT_TABLE, &style, 1, false);
	assert_non_null(strstr(m.text, "\033[1mid    \033[0m"));
	assert_non_null(strstr(m.text, "\033[2m  -\033[0m"));
	memory_close(&m);
}

static void test_nothing(void **state)
{
	struct out_style style = { 0 };
	struct memory m;

	(void)state;
	write_flows(&m, OUT_TABLE, &style, 0, false);
	assert_string_equal(m.text, "");
	memory_close(&m);
	write_flows(&m, OUT_CSV, &style, 0, false);
	assert_string_equal(
		m.text, "id,first,duration,client,client_port,server,bytes,rtt_avg\n");
	memory_close(&m);
	write_flows(&m, OUT_JSON, &style, 0, false);
	assert_string_equal(m.text, "");
	memory_close(&m);
}

static void check_cells(
	const char *text, unsigned width, bool right, bool pad, const char *expected)
{
	struct memory m;

	memory_open(&m);
	cells_put(m.to, text, width, right, pad);
	fflush(m.to);
	assert_string_equal(m.text, expected);
	memory_close(&m);
}

static void test_cells(void **state)
{
	(void)state;
	check_cells("abc", 5, false, true, "abc  ");
	check_cells("abc", 5, false, false, "abc");
	check_cells("abc", 5, true, true, "  abc");
	check_cells("abcdef", 5, false, true, "abcd…");
	check_cells("abcdef", 1, false, true, "…");
	check_cells("abcdef", 0, false, true, "");
	check_cells("日本語", 6, false, true, "日本語");
	check_cells("日本語", 5, false, true, "日本…");
	check_cells("日本語", 4, false, true, "日… ");
}

/* Full device: RC_IO or RC_NO_SPACE from row or end, never silence. */
static void test_write_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	const struct field *columns[16];
	size_t n = flow_columns(names, columns);
	struct out_style style = { 0 };

	(void)state;
	if (!full)
		skip();
	for (enum out_format f = OUT_TABLE; f <= OUT_JSON; f++) {
		struct record r;
		struct err err;
		struct out *o;
		make_flow(&r, 1);
		struct row row = flow_row(&r);
		clearerr(full);
		assert_int_equal(
			out_begin(full, f, &style, TIER_FLOW, columns, n, &o, &err), RC_DONE);
		enum rc rc = out_row(o, &row, &err), rc_end = out_end(o, &err);
		assert_true(rc != RC_DONE || rc_end == RC_NO_SPACE);
		assert_string_equal(err.what, OUT_STDOUT);
		record_free(&r);
	}
	fclose(full);
}

static void test_broken_pipe(void **state)
{
	struct err err;

	(void)state;
	errno = EPIPE;
	err_errno(&err, OUT_STDOUT, "cannot write");
	assert_true(out_is_broken_pipe(&err));
	errno = EIO;
	err_errno(&err, OUT_STDOUT, "cannot write");
	assert_false(out_is_broken_pipe(&err));
}

static void test_format_parse(void **state)
{
	enum out_format f;

	(void)state;
	assert_true(out_format_parse("json", &f));
	assert_int_equal(f, OUT_JSON);
	assert_true(out_format_parse("table", &f));
	assert_int_equal(f, OUT_TABLE);
	assert_false(out_format_parse("xml", &f));
	assert_false(out_format_parse("", &f));
}

/* Every allocation fails once: an error, nothing lost, nothing freed twice. */
static void test_no_memory(void **state)
{
	const struct field *columns[16];
	size_t n = flow_columns(names, columns);
	struct out_style style = { 0 };

	(void)state;
	for (uint64_t nth = 1; nth < 10; nth++) {
		struct memory m;
		struct out *o;
		memory_open(&m);
		mem_fail_after(nth);
		enum rc rc =
			out_begin(m.to, OUT_TABLE, &style, TIER_FLOW, columns, n, &o, NULL);
		mem_fail_after(0);
		assert_true(rc == RC_DONE || rc == RC_NO_MEMORY);
		assert_int_equal(rc == RC_DONE, nth > 5);
		if (rc == RC_DONE)
			assert_int_equal(out_end(o, NULL), RC_DONE);
		memory_close(&m);
	}
}

static void say_all(struct report *r)
{
	const struct field *columns[16];
	static const char *const two[] = { "id", "bytes", NULL };
	size_t n = flow_columns(two, columns);
	struct record flow;

	make_flow(&flow, 9);
	struct row row = flow_row(&flow);
	report_heading(r, "heading");
	report_text(r, "path", "path", "a\033b");
	report_count(r, "packets", "packets", 12345);
	report_bytes(r, "bytes", "bytes", 1500000);
	report_time(r, "first", "first", T0);
	report_duration(r, "took", "took", 1250000000);
	report_share(r, "share", "share", 0.0371);
	report_flag(r, "whole", "whole", true);
	report_unknown(r, "dropped", "dropped");
	report_list(r, "flows", TIER_FLOW, columns, n);
	report_row(r, &row);
	/* a key need not outlive the call */
	char key[] = "more";
	report_count(r, key, NULL, 3);
	memset(key, 'x', sizeof(key) - 1);
	record_free(&flow);
}

static void test_report(void **state)
{
	struct out_style style = { 0 };
	struct report *r;
	struct memory m;

	(void)state;
	memory_open(&m);
	assert_int_equal(report_begin(m.to, true, &style, &r, NULL), RC_DONE);
	say_all(r);
	assert_int_equal(report_end(r, NULL), RC_DONE);
	assert_string_equal(m.text,
		"{\"path\":\"a\\\\x1bb\",\"packets\":12345,\"bytes\":1500000,"
		"\"first\":\"2024-01-05T14:17:35.123456789Z\",\"took\":1.25,\"share\":0.037100,"
		"\"whole\":true,\"dropped\":null,\"flows\":[{\"id\":\"f7.9\",\"bytes\":1234}],"
		"\"more\":3}\n");
	memory_close(&m);

	memory_open(&m);
	assert_int_equal(report_begin(m.to, false, &style, &r, NULL), RC_DONE);
	say_all(r);
	assert_int_equal(report_end(r, NULL), RC_DONE);
	assert_non_null(strstr(m.text, "heading\n  path                   a\\x1bb\n"));
	assert_non_null(strstr(m.text, "  bytes                  1.50 MB (1 500 000)\n"));
	assert_non_null(strstr(m.text, "id      bytes\nf7.9  1.23 kB\n"));
	assert_null(strstr(m.text, "more"));
	memory_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_quotes),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_exact),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_days),
		cmocka_unit_test(test_table_width),
		cmocka_unit_test(test_table_color),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_write_error),
		cmocka_unit_test(test_broken_pipe),
		cmocka_unit_test(test_format_parse),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
