/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows whose runs were merged into one: they say the same, cost less to read, and go when a run changes. */
#include "macro_place.h"

#include "../sql.h"
#include "store/store_impl.h"

static int64_t sql(const struct place *p, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/catalog.db", p->index);
	return sql_run(path, text);
}

/* Bytes that a walk over everything reads. */
static uint64_t walk_bytes(struct store *s)
{
	struct macro_range range = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct service_key key;
	struct macro_walk *w;
	struct record rec;
	uint64_t bytes;

	assert_int_equal(macro_walk_open(s, &range, &w, NULL), RC_DONE);
	while (macro_walk_next(w, &rec, &key, NULL) == RC_DONE)
		record_free(&rec);
	bytes = macro_walk_bytes(w);
	macro_walk_close(w);
	return bytes;
}

static struct store *open_it(struct place *p, bool writing)
{
	struct store *s;

	assert_int_equal(open_place(p, writing, &s, NULL, NULL), RC_DONE);
	return s;
}

/* Runs, and windows merged; what reading all costs before. */
static uint64_t make_merged(struct place *p)
{
	struct store *s;
	uint64_t bytes;

	make_runs(p);
	s = open_it(p, true);
	bytes = walk_bytes(s);
	assert_int_equal(bytes, sql(p, "SELECT sum(length(parts)) FROM macroparts"));
	assert_int_equal(store_merge_windows(s, NULL), RC_DONE);
	check_walk(s);
	store_close(s);
	return bytes;
}

static void test_merged(void **state)
{
	struct place *p = *state;
	uint64_t before = make_merged(p), after;
	struct store *s = open_it(p, false);

	/* two windows of three runs, two of six: each has about as many services as one run */
	after = walk_bytes(s);
	assert_int_equal(after, sql(p, "SELECT sum(length(parts)) FROM macroparts WHERE block = 0"));
	assert_true(after < before / 3);
	check_walk(s);
	assert_int_equal(store_check_windows(s, NULL), RC_DONE);
	store_close(s);
	/* nothing else is read */
	sql(p, "UPDATE macroparts SET parts = zeroblob(4) WHERE block > 0");
	s = open_it(p, false);
	check_walk(s);
	store_close(s);
	/* once is enough */
	int64_t changes = sql(p, "SELECT sum FROM tallies WHERE number = 14");
	s = open_it(p, true);
	assert_int_equal(store_merge_windows(s, NULL), RC_DONE);
	store_close(s);
	assert_int_equal(sql(p, "SELECT sum FROM tallies WHERE number = 14"), changes);
}

/* A window that begins later stays as it is, until it is over. */
static void test_before(void **state)
{
	struct place *p = *state;
	struct store *s;
	bool did;

	make_runs(p);
	s = open_it(p, true);
	assert_int_equal(store_merge_window(s, 2 * window_len_ns, &did, NULL), RC_DONE);
	assert_true(did);
	assert_int_equal(store_merge_window(s, 2 * window_len_ns, &did, NULL), RC_DONE);
	assert_true(did);
	assert_int_equal(store_merge_window(s, 2 * window_len_ns, &did, NULL), RC_DONE);
	assert_false(did);
	assert_int_equal(sql(p, "SELECT count(*) FROM windows"), 2);
	check_walk(s);
	assert_int_equal(store_merge_window(s, INT64_MAX, &did, NULL), RC_DONE);
	assert_true(did);
	store_close(s);
	assert_int_equal(sql(p, "SELECT max(window) FROM windows"), 2 * window_len_ns);
}

/* Whatever changes a run takes the window away, and its parts; the next time it is merged again. */
static void test_changed(void **state)
{
	struct place *p = *state;
	struct store *s;

	make_merged(p);
	s = open_it(p, false);
	sql(p, "UPDATE runs SET parts = parts WHERE window = 0 AND segment = 1");
	assert_int_equal(sql(p, "SELECT count(*) FROM windows WHERE window = 0"), 0);
	assert_int_equal(sql(p, "SELECT count(*) FROM macroparts WHERE window = 0 AND block = 0"), 0);
	assert_int_equal(sql(p, "SELECT count(*) FROM windows"), 3);
	check_walk(s);
	store_close(s);
	s = open_it(p, true);
	assert_int_equal(store_merge_windows(s, NULL), RC_DONE);
	assert_int_equal(sql(p, "SELECT count(*) FROM windows"), 4);
	check_walk(s);
	/* and with the index all of it */
	assert_int_equal(store_drop_index(s, 0, NULL), RC_DONE);
	store_close(s);
	assert_int_equal(sql(p, "SELECT count(*) FROM windows"), 0);
	assert_int_equal(sql(p, "SELECT count(*) FROM macroparts"), 0);
}

/* A merged window of other runs, or one that cannot be read, is left aside; check says so. */
static void test_damaged(void **state)
{
	struct place *p = *state;
	struct store *s;
	struct err err;

	make_merged(p);
	/* its first piece: seen before anything was said */
	sql(p, "UPDATE macroparts SET parts = zeroblob(4) WHERE rowid = "
		"(SELECT min(rowid) FROM macroparts WHERE block = 0 AND window = 0)");
	s = open_it(p, false);
	check_walk(s);
	assert_int_equal(store_check_windows(s, &err), RC_DAMAGED);
	store_close(s);
}

static void test_damaged_row(void **state)
{
	struct place *p = *state;
	struct store *s;
	struct err err;

	make_merged(p);
	sql(p, "UPDATE windows SET of = of + 1");
	s = open_it(p, false);
	check_walk(s);
	assert_int_equal(catalog_verify_rest(s->catalog, &err), RC_DAMAGED);
	store_close(s);
}

/* Parts that are whole, but of other packets than the runs'. */
static void test_wrong(void **state)
{
	struct place *p = *state;
	struct store *s;
	struct err err;

	make_runs(p);
	s = open_it(p, true);
	struct window_runs of = view_window_runs(&s->view, 0);
	struct macro_part part = { 0 };
	struct macro_pieces pieces = { .n = 0 };

	make_service(&part.key, 0, 0);
	record_init(&part.rec, TIER_MACROFLOW);
	assert_int_equal(macro_pieces_add(&pieces, &part, 1, NULL), RC_DONE);
	assert_int_equal(catalog_put_window(s->catalog, 0, of.tails, &pieces, NULL), RC_DONE);
	macro_pieces_free(&pieces);
	assert_int_equal(store_check_windows(s, &err), RC_DAMAGED);
	assert_string_equal(err.why, "the macroflows of a window are not those of its segments");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_merged, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_before, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_row, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_wrong, setup_runs, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
