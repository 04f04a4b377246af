/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows whose checksums are right and that cannot be all the same, as a bug or an enemy would write them: whoever reads them is told. And
 * what a catalog may say of its store.
 */
#include "made.h"

#include "store/catalog_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../sql.h"

struct place {
	char dir[200], path[300];
	struct catalog *c;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct point_info point = { .linktype = 1, .name = "eth0" };
	struct block_info block = { .number = 3, .state = BLOCK_OPEN };

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/catalog.db", p->dir);
	assert_int_equal(catalog_open(p->path, CATALOG_CREATE, &p->c, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_put_point(p->c, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(catalog_put_block(p->c, &block, NULL), RC_DONE);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	catalog_close(p->c);
	made_dir_remove(p->dir);
	free(p);
	return 0;
}

static void reload(struct place *p, enum rc want)
{
	struct err err = { 0 };
	struct view v;

	view_init(&v);
	enum rc rc = catalog_load(p->c, &v, &err);
	if (rc != want)
		fail_msg("%s: %s", rc_name(rc), err.why);
	view_free(&v);
}

/* What was written behind begin() is taken back: the next row is looked at by itself. */
static void begin(struct place *p)
{
	reload(p, RC_DONE);
}

static void refused(struct place *p, enum rc put)
{
	assert_int_equal(put, RC_DONE);
	reload(p, RC_DAMAGED);
}

/* ---- rows ------------------------------------------------------------------------------------- */

static void drop_block(struct place *p, uint32_t number)
{
	assert_int_equal(catalog_drop_block(p->c, number, NULL), RC_DONE);
	begin(p);
}

static void test_blocks(void **state)
{
	static const struct block_info wrong[] = {
		{ .number = 0, .state = BLOCK_SEALED },
		{ .number = 4, .state = BLOCK_STATES },
		{ .number = 4, .state = BLOCK_SEALED, .length = UINT64_C(1) << 32 },
		{ .number = 4, .state = BLOCK_SEALED, .offset = UINT64_MAX },
		{ .number = 4, .state = BLOCK_SEALED, .parts = PARTS_KEPT },
		{ .number = 4, .state = BLOCK_EVICTED, .parts = PARTS_THERE },
		{ .number = 4, .state = BLOCK_EVICTED, .parts = PARTS_STATES },
		{ .number = 4, .state = BLOCK_EVICTED, .parts = PARTS_GONE, .packets = UINT64_MAX },
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refused(p, catalog_put_block(p->c, &wrong[i], NULL));
		drop_block(p, wrong[i].number);
	}
}

static void test_points(void **state)
{
	struct place *p = *state;
	struct point_info gap = { .number = 2, .linktype = 1 };

	begin(p);
	refused(p, catalog_put_point(p->c, &gap, "options", 7, NULL));
}

static void drop_segments(struct place *p)
{
	assert_int_equal(catalog_drop_segments(p->c, 3, 0, 0, NULL), RC_DONE);
	begin(p);
}

static void test_segments(void **state)
{
	const struct segment_place wrong[] = {
		{ .block = 3, .number = 1, .end_offset = 9 },
		{ .block = 3, .first_offset = 9, .end_offset = 8 },
		{ .block = 3, .at = UINT64_MAX },
	};
	const struct segment_place right = { .block = 3, .end_offset = 9, .first_ns = INT64_MIN, .last_ns = INT64_MAX,
		.digest = UINT64_MAX };
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refused(p, catalog_put_segment(p->c, &wrong[i], NULL));
		drop_segments(p);
	}
	assert_int_equal(catalog_put_segment(p->c, &right, NULL), RC_DONE);
	reload(p, RC_DONE);
}

static void test_counts(void **state)
{
	struct place *p = *state;
	const struct point_counts counts = { .received = 4 };

	assert_int_equal(catalog_put_counts(p->c, 0, &counts, NULL), RC_DONE);
	reload(p, RC_DONE);
	refused(p, catalog_put_counts(p->c, 1, &counts, NULL));
}

static void test_drops(void **state)
{
	const struct drop_info wrong[] = {
		{ .number = 1, .point = 1, .to_ns = 5 },
		{ .number = 2, .from_ns = 6, .to_ns = 5 },
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refused(p, catalog_put_drop(p->c, &wrong[i], NULL));
		assert_int_equal(catalog_forget_drops(p->c, INT64_MAX, NULL), RC_DONE);
		begin(p);
	}
}

static void test_sections(void **state)
{
	struct place *p = *state;

	begin(p);
	refused(p, catalog_put_section(p->c, &(struct section_info){ .offset = UINT64_MAX }, NULL));
}

/* Where conversations begin anew: names that are not exactly ours say nothing. */
static void test_anew(void **state)
{
	static const char *const others[] = { "anew", "anew.3", "anew.3.5", "anew.0000000003.0000000005x", "anew.0000000003 0000000005",
		"new.0000000003.0000000005" };
	struct place *p = *state;
	struct anew_place place;
	struct view v;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(catalog_parse_anew(others[i], &place));
		assert_int_equal(catalog_set(p->c, others[i], 1, NULL), RC_DONE);
	}
	assert_int_equal(catalog_put_anew(p->c, (struct anew_place){ 3, 5 }, NULL), RC_DONE);
	view_init(&v);
	assert_int_equal(catalog_load(p->c, &v, NULL), RC_DONE);
	assert_int_equal(v.n_anew, 1);
	assert_int_equal(v.anew[0].offset, 5);
	view_free(&v);
}

/* Runs of packets without a time of their own: the one before a place counts, as far as it reaches. */
static void test_untimed(void **state)
{
	struct place *p = *state;
	struct catalog *r;
	uint64_t from, to;
	int64_t time_ns;

	assert_int_equal(catalog_put_untimed(p->c, 100, 200, 7, NULL), RC_DONE);
	assert_int_equal(catalog_open(p->path, CATALOG_READ, &r, NULL, NULL), RC_DONE);
	for (int i = 0; i < 2; i++) {
		struct catalog *c = i ? r : p->c;

		assert_int_equal(catalog_untimed(c, 99, &from, &to, &time_ns, NULL), RC_MISSING);
		assert_int_equal(catalog_untimed(c, 100, &from, &to, &time_ns, NULL), RC_DONE);
		assert_int_equal(time_ns, 7);
		assert_int_equal(catalog_untimed(c, 200, &from, &to, &time_ns, NULL), RC_MISSING);
	}
	catalog_close(r);
	/* a row too many, or too few: a new reader is told */
	assert_int_equal(catalog_exec(p->c, "UPDATE tallies SET sum = sum + 1 WHERE number = 6", NULL), RC_DONE);
	assert_int_equal(catalog_open(p->path, CATALOG_READ, &r, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_untimed(r, 100, &from, &to, &time_ns, NULL), RC_DAMAGED);
	assert_int_equal(catalog_verify_rest(r, NULL), RC_DAMAGED);
	catalog_close(r);
}

static bool take_event(void *ctx, int64_t time_ns, const char *kind, const char *text)
{
	(void)time_ns;
	(void)kind;
	(void)text;
	return ++*(unsigned *)ctx < 2;
}

static void test_events(void **state)
{
	struct place *p = *state;
	unsigned n = 0;

	for (int i = 0; i < 3; i++)
		assert_int_equal(catalog_put_event(p->c, i, "kind", "text", NULL), RC_DONE);
	assert_int_equal(catalog_events(p->c, take_event, &n, NULL), RC_DONE);
	assert_int_equal(n, 2);
	n = 1;
	assert_int_equal(catalog_last_events(p->c, SIZE_MAX, take_event, &n, NULL), RC_DONE);
	assert_int_equal(n, 2);
	assert_int_equal(catalog_exec(p->c, "DELETE FROM tallies WHERE number = 10", NULL), RC_DONE);
	n = 5;
	assert_int_equal(catalog_forget_events(p->c, 1, NULL), RC_DONE);
	n = 0;
	assert_int_equal(catalog_events(p->c, take_event, &n, NULL), RC_DAMAGED);
	assert_int_equal(n, 1);
}

/* ---- what it says of itself ------------------------------------------------------------------- */

/* Opened again after this statement, for writing and for reading. */
static void reopen(struct place *p, const char *sql, enum rc want)
{
	struct catalog *c;

	catalog_close(p->c);
	p->c = NULL;
	sql_run(p->path, sql);
	for (enum catalog_mode mode = CATALOG_READ; mode <= CATALOG_WRITE; mode++) {
		enum rc rc = catalog_open(p->path, mode, &c, NULL, NULL);

		if (rc != want)
			fail_msg("%s: %s", sql, rc_name(rc));
		if (rc == RC_DONE)
			catalog_close(c);
	}
}

static void test_versions(void **state)
{
	struct place *p = *state;

	reopen(p, "PRAGMA user_version = 1", RC_DAMAGED);
	reopen(p, "PRAGMA user_version = 0", RC_DAMAGED);
	reopen(p, "PRAGMA user_version = 99", RC_NEWER);
	reopen(p, "PRAGMA user_version = 3; PRAGMA application_id = 7", RC_DAMAGED);
	reopen(p, "PRAGMA application_id = 7; PRAGMA user_version = 99", RC_DAMAGED);
}

static void test_tables(void **state)
{
	struct place *p = *state;

	reopen(p, "CREATE TABLE more (a)", RC_DAMAGED);
	reopen(p, "DROP TABLE more", RC_DONE);
	reopen(p, "DROP TRIGGER meta_in", RC_DAMAGED);
}

/* ---- what it says of the store ---------------------------------------------------------------- */

static struct store *make_store(struct place *p, char *path, size_t size)
{
	struct store_config config;
	struct store *s;

	store_config_default(&config);
	snprintf(path, size, "%s/s.fdr", p->dir);
	assert_int_equal(store_create(path, &config, &s, NULL), RC_DONE);
	return s;
}

static void set_number(const char *index, const char *name, int64_t value)
{
	struct catalog *c;

	assert_int_equal(catalog_open(index, CATALOG_WRITE, &c, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_set(c, name, value, NULL), RC_DONE);
	catalog_close(c);
}

/* A configuration that no store can have is damage, not the store's. */
static void test_config(void **state)
{
	static const struct { const char *name; int64_t wrong, right; } numbers[] = {
		{ "kind", STORE_IN_PLACE, STORE_OWN },
		{ "micro_ns", 0, INT64_C(5000000000) },
		{ "flow_ns", INT64_C(301000000000), INT64_C(300000000000) },
		{ "macro_ns", -1, INT64_C(900000000000) },
		{ "block_size", 4096, 256 << 20 },
		{ "attributes", INT32_MAX, ATTRIBUTES_ALL },
	};
	struct place *p = *state;
	struct store *s;
	char path[300], index[400];

	store_close(make_store(p, path, sizeof(path)));
	snprintf(index, sizeof(index), "%s/index/catalog.db", path);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		set_number(index, numbers[i].name, numbers[i].wrong);
		if (store_open(path, false, &s, NULL, NULL) != RC_DAMAGED)
			fail_msg("%s", numbers[i].name);
		set_number(index, numbers[i].name, numbers[i].right);
		assert_int_equal(store_open(path, false, &s, NULL, NULL), RC_DONE);
		store_close(s);
	}
}

/* Catalogs of before there was a choice of attributes have no row for them; every other one must be there. */
static void test_missing_rows(void **state)
{
	static const struct { const char *name; int64_t value; } needed[] = { { "kind", STORE_OWN },
		{ "micro_ns", INT64_C(5000000000) }, { "block_size", 256 << 20 }, { "identity_high", 7 } };
	struct place *p = *state;
	struct store *s;
	struct catalog *c;
	char path[300], index[400], sql[100];

	store_close(make_store(p, path, sizeof(path)));
	snprintf(index, sizeof(index), "%s/index/catalog.db", path);
	assert_int_equal(catalog_open(index, CATALOG_WRITE, &c, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_exec(c, "DELETE FROM meta WHERE name LIKE 'attributes%'", NULL), RC_DONE);
	catalog_close(c);
	assert_int_equal(store_open(path, false, &s, NULL, NULL), RC_DONE);
	assert_int_equal(store_config(s)->attributes, ATTRIBUTES_ALL);
	assert_string_equal(store_config(s)->attributes_for, "");
	store_close(s);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		snprintf(sql, sizeof(sql), "DELETE FROM meta WHERE name = '%s'", needed[i].name);
		assert_int_equal(catalog_open(index, CATALOG_WRITE, &c, NULL, NULL), RC_DONE);
		assert_int_equal(catalog_begin(c, NULL), RC_DONE);
		assert_int_equal(catalog_exec(c, sql, NULL), RC_DONE);
		assert_int_equal(catalog_commit(c, NULL), RC_DONE);
		catalog_close(c);
		assert_int_equal(store_open(path, false, &s, NULL, NULL), RC_DAMAGED);
		set_number(index, needed[i].name, needed[i].value);
		assert_int_equal(store_open(path, false, &s, NULL, NULL), RC_DONE);
		store_close(s);
	}
}

static void test_config_check(void **state)
{
	struct store_config good, c;

	(void)state;
	store_config_default(&good);
	assert_int_equal(store_config_check(&good, NULL), RC_DONE);
#define REFUSED(member, value)                                                                               \
	do {                                                                                                 \
		c = good;                                                                                    \
		c.member = value;                                                                            \
		assert_int_equal(store_config_check(&c, NULL), RC_USAGE);                                    \
	} while (0)
	REFUSED(micro_ns, 0);
	REFUSED(flow_ns, -1);
	REFUSED(macro_ns, 0);
	REFUSED(flow_ns, good.micro_ns * 3 / 2);
	REFUSED(macro_ns, good.flow_ns * 3 / 2);
	REFUSED(block_size, (1 << 20) - 1);
	REFUSED(block_size, (256 << 20) + 1);
	REFUSED(attributes, UINT32_MAX);
	REFUSED(index_dir[0], 'x');
#undef REFUSED
	c = good;
	strcpy(c.index_dir, "/tmp");
	assert_int_equal(store_config_check(&c, NULL), RC_DONE);
}

static void test_config_differs(void **state)
{
	struct store_config a, b;

	(void)state;
	store_config_default(&a);
#define DIFFERS(change, what)                                                                                \
	do {                                                                                                 \
		b = a;                                                                                       \
		change;                                                                                      \
		const char *differs = store_config_differs(&a, &b, CONFIG_SLICES | CONFIG_ATTRIBUTES);       \
		assert_non_null(differs);                                                                    \
		assert_string_equal(differs, what);                                                          \
		assert_null(store_config_differs(&a, &b, strcmp(what, "slices") == 0 ? CONFIG_ATTRIBUTES : CONFIG_SLICES)); \
	} while (0)
	DIFFERS(b.micro_ns = 1, "slices");
	DIFFERS(b.flow_ns = 1, "slices");
	DIFFERS(b.macro_ns = 1, "slices");
	DIFFERS(b.attributes = 1, "attributes");
	DIFFERS(b.attributes_for[0] = 'x', "attributes");
#undef DIFFERS
	b = a;
	b.block_size = 1 << 20;      /* nothing is made anew for that */
	assert_null(store_config_differs(&a, &b, CONFIG_SLICES | CONFIG_ATTRIBUTES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_points, setup, teardown),
		cmocka_unit_test_setup_teardown(test_segments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_untimed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_rows, setup, teardown),
		cmocka_unit_test(test_config_check),
		cmocka_unit_test(test_config_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
