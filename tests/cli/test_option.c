/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cli/option.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 32 };

/* `line` split at blanks; the texts stay until the next call. */
static enum rc parse(struct args *a, const char *line, struct err *err)
{
	static char text[512], name[] = "flowdrill";
	char *argv[WORDS_MAX] = { name }, *rest = text, *word;
	int argc = 1;

	snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, " ")) && *word)
		argv[argc++] = word;
	return args_parse(a, argc, argv, err);
}

static void test_anywhere(void **state)
{
	struct args a;
	struct buf filter;

	(void)state;
	assert_int_equal(parse(&a,
				 "list -r a.pcap flows host --limit 5 10.0.0.5 -s b.fdr and -r "
				 "c --explain port 443",
				 NULL),
		RC_DONE);
	assert_int_equal(a.n_sources, 3);
	assert_string_equal(a.sources[0].path, "a.pcap");
	assert_false(a.sources[0].is_store);
	assert_string_equal(a.sources[1].path, "b.fdr");
	assert_true(a.sources[1].is_store);
	assert_int_equal(a.limit, 5);
	assert_true(args_given(&a, OPTION_EXPLAIN));
	assert_false(args_given(&a, OPTION_FORCE));
	assert_string_equal(a.words[0], "list");
	assert_int_equal(args_join(&a, 2, &filter, NULL), RC_DONE);
	assert_string_equal(buf_text(&filter), "host 10.0.0.5 and port 443");
	buf_free(&filter);
	args_free(&a);
}

static void test_spellings(void **state)
{
	static const char *const lines[] = { "-w out", "-wout", "--write out", "--write=out" };
	struct args a;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(parse(&a, lines[i], NULL), RC_DONE);
		assert_string_equal(a.write, "out");
		assert_int_equal(a.n_words, 0);
		args_free(&a);
	}
	assert_int_equal(parse(&a, "-w - --from -15m --sort -bytes -- -x --in", NULL), RC_DONE);
	assert_string_equal(a.write, "-");
	assert_string_equal(a.from, "-15m");
	assert_string_equal(a.sort, "-bytes");
	assert_int_equal(a.n_words, 2);
	assert_string_equal(a.words[1], "--in");
	args_free(&a);
}

static void check_bad(const char *line, const char *what, const char *why)
{
	struct args a;
	struct err err;

	assert_int_equal(parse(&a, line, &err), RC_USAGE);
	assert_string_equal(err.what, what);
	assert_non_null(strstr(err.why, why));
}

static void test_bad(void **state)
{
	(void)state;
	check_bad("list --nonsense", "--nonsense", "no such option");
	check_bad("-z", "-z", "no such option");
	check_bad("--explain=yes", "--explain=yes", "takes no value");
	check_bad("list --limit", "--limit", "needs a value: N");
	check_bad("--limit x", "--limit", "'x' is no number");
	check_bad("--limit 0", "--limit", "out of range");
	check_bad("--threads 1000", "--threads", "out of range");
	check_bad("--format xml", "--format", "none of table, csv, json");
	check_bad("--in host", "--in", "'host' is no id");
	check_bad("--tier blocks", "--tier", "none of");
	check_bad("--block-size big", "--block-size", "no size");
	check_bad("--size 80", "--size", "no size");
	for (const char *const *s = (const char *const[]){ "5s", "5s,5m", "5s,5m,15m,1h",
		     "a,b,c", ",,", "-5s,5m,15m", "0s,5m,15m", NULL };
		*s; s++) {
		char line[64];
		snprintf(line, sizeof(line), "--slices %s", *s);
		check_bad(line, "--slices", "three durations");
	}
}

static void test_slices(void **state)
{
	struct args a;

	(void)state;
	assert_int_equal(parse(&a, "--slices 500ms,1m,1h", NULL), RC_DONE);
	assert_int_equal(a.micro_ns, 500000000);
	assert_int_equal(a.flow_ns, 60000000000);
	assert_int_equal(a.macro_ns, 3600000000000);
	args_free(&a);
}

static void test_ids(void **state)
{
	struct args a;
	struct err err;
	struct id *ids;
	size_t n;

	(void)state;
	assert_int_equal(parse(&a, "show f7.123456 2:p1.24 b7 i0", NULL), RC_DONE);
	assert_int_equal(args_ids(&a, 1, &ids, &n, NULL), RC_DONE);
	assert_int_equal(n, 4);
	assert_int_equal(ids[0].tier, TIER_FLOW);
	assert_int_equal(ids[1].source, 2);
	assert_int_equal(ids[1].tier, TIER_PACKET);
	assert_int_equal(ids[2].tier, TIER_BLOCK);
	assert_int_equal(ids[3].tier, TIER_POINT);
	mem_free(ids);
	args_free(&a);

	assert_int_equal(parse(&a, "show f7.1 or f7.2", NULL), RC_DONE);
	assert_int_equal(args_ids(&a, 1, &ids, &n, &err), RC_USAGE);
	assert_non_null(strstr(err.why, "'or'"));
	args_free(&a);

	assert_int_equal(parse(&a, "list flows host 10.0.0.1", NULL), RC_DONE);
	assert_int_equal(args_ids(&a, 2, &ids, &n, NULL), RC_DONE);
	assert_int_equal(n, 0);
	mem_free(ids);
	args_free(&a);
}

/* Names and letters are told apart; each has a help text and, where it takes a value, says which. */
static void test_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);
		assert_non_null(o->name);
		assert_true(strlen(o->help) > 5);
		assert_true(o->value || !o->set);
		for (unsigned k = 0; k < i; k++) {
			const struct option *other = option_at((enum option_id)k);
			assert_string_not_equal(o->name, other->name);
			assert_true(!o->letter || o->letter != other->letter);
		}
	}
	assert_true(OPTIONS <= 128);
}

static void test_no_memory(void **state)
{
	struct args a;
	bool done = false;

	(void)state;
	for (uint64_t nth = 1; !done; nth++) {
		mem_fail_after(nth);
		enum rc rc = parse(&a, "-s a -r b x y --in f1.1", NULL);
		mem_fail_after(0);
		done = rc == RC_DONE;
		assert_true(done || rc == RC_NO_MEMORY);
		assert_true(nth < 10);
	}
	args_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anywhere),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
