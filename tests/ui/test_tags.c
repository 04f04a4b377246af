/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tags and remembered places, over a made-up session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "screen_keys.h"

/* ---- the set ------------------------------------------------------------------------------ */

static struct id id_of(enum tier tier, unsigned source, uint32_t block, uint32_t offset)
{
	return (struct id){ .tier = tier, .source = source, .rec = { block, offset } };
}

static void test_set(void **state)
{
	struct tags t = { 0 };
	struct err err;
	bool now;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct id id = id_of(TIER_FLOW, 0, 1 + i * 7919 % 13, i * 7919 % 1000);

		assert_int_equal(tags_toggle(&t, &id, &now, &err), RC_DONE);
		assert_true(now);
	}
	assert_int_equal(t.n, 1000);
	for (uint32_t i = 0; i < 1000; i += 2) {
		struct id id = id_of(TIER_FLOW, 1, 1 + i * 7919 % 13, i * 7919 % 1000);

		/* the first source is the same whether it is written or not */
		assert_true(tags_has(&t, &id));
		assert_int_equal(tags_toggle(&t, &id, &now, &err), RC_DONE);
		assert_false(now);
		assert_false(tags_has(&t, &id));
	}
	assert_int_equal(t.n, 500);
	struct id other_tier = id_of(TIER_MICROFLOW, 0, t.v[0].rec.block, t.v[0].rec.offset);
	struct id other_source = t.v[0];
	other_source.source = 2;
	assert_true(tags_has(&t, &t.v[0]));
	assert_false(tags_has(&t, &other_tier));
	assert_false(tags_has(&t, &other_source));
	assert_int_equal(tags_add(&t, &t.v[3], &err), RC_DONE);
	assert_int_equal(t.n, 500);
	tags_clear(&t);
	assert_int_equal(t.n, 0);
}

/* ---- on the screen ------------------------------------------------------------------------ */

static void test_tags_stay(void **state)
{
	(void)state;
	open_screen();
	keys("Space Space");
	assert_seen("* 2 tagged rows");
	assert_seen(" *14:00");
	assert_int_equal(selected_offset(), 300);
	/* below they are others' */
	keys("Enter Space");
	assert_seen("* 3 tagged rows, 2 elsewhere");
	keys("Escape");
	assert_seen("* 3 tagged rows, 1 elsewhere");
	/* a refresh with rows above them changes nothing */
	fake.first = 5;
	screen_top(&screen)->ops->refresh(screen_top(&screen));
	wait_seen("* 3 tagged rows elsewhere");
	fake.first = 0;
	screen_top(&screen)->ops->refresh(screen_top(&screen));
	wait_seen("* 3 tagged rows, 1 elsewhere");
	keys("gg Space");
	assert_seen("* 2 tagged rows, 1 elsewhere");
	keys("u");
	assert_unseen("tagged");
	keys("Ctrl-T");
	assert_seen("* 30 tagged rows");
	keys("Enter");
	assert_seen("* 30 tagged rows elsewhere");
}

static void test_fold_is_no_row(void **state)
{
	(void)state;
	fake.window_rows = 40;
	open_screen();
	keys("G Space");
	assert_seen("open it to tag them");
	assert_int_equal(screen.tags.n, 0);
}

static void test_write_tagged(void **state)
{
	char path[] = "/tmp/flowdrill-tags-XXXXXX", file[64];

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/out.pcapng", path);
	open_screen();
	keys("j Space Enter Space w");
	assert_seen("write 2 tagged rows, 1 elsewhere, to: tagged.pcapng");
	keys("Ctrl-U");
	type(file);
	fake.manual = true;
	keys("Enter");
	assert_int_equal(fake.asked.tier, TIER_PACKET);
	assert_int_equal(fake.asked.n_in, 2);
	assert_int_equal(fake.asked.in[0].tier, TIER_FLOW);
	assert_int_equal(fake.asked.in[0].rec.offset, 100);
	assert_int_equal(fake.asked.in[1].tier, TIER_MACROFLOW);
	assert_int_equal(fake.asked.in[1].rec.offset, 200);
	/* tags are the user's: they may change while it writes */
	keys("u");
	assert_int_equal(fake.asked.in[1].rec.offset, 200);
	fake_end();
	assert_seen("written to");
	/* without tags it is the selected row */
	keys("w");
	assert_seen("write packets to: f1.200.pcapng");
	keys("Escape");
	unlink(file);
	rmdir(path);
}

/* ---- places ------------------------------------------------------------------------------- */

static void test_marks(void **state)
{
	(void)state;
	open_screen();
	keys("'");
	assert_seen("no place is remembered");
	keys("j j Enter /");
	type("client_port > 50004");
	keys("Enter j j m");
	assert_seen("under which letter?");
	keys("a");
	assert_seen("' and a comes back here");
	assert_int_equal(selected_offset(), 800);
	/* leave the view, and another one in its place */
	keys("Escape j Enter Enter j m b");
	keys("' a");
	assert_seen("› 14:00 › https 198.51.100.3");
	assert_seen("filter: client_port > 50004");
	assert_int_equal(screen.n_views, 2);
	assert_int_equal(selected_offset(), 800);
	/* back to where one was */
	keys("' '");
	assert_int_equal(screen.n_views, 3);
	assert_int_equal(selected_offset(), 200);
	keys("'");
	assert_seen("go to: a 14:00 https 198.51.100.3, b ");
	keys("z");
	assert_seen("no place is remembered under z");
	keys("m F1");
	assert_seen("F1 is no letter and no digit");
	keys("m Escape");
	/* a letter means what it did */
	keys("k");
	assert_int_equal(selected_offset(), 100);
}

static void test_mark_has_its_time(void **state)
{
	(void)state;
	open_screen();
	keys("Enter m a :");
	type("range 14:00:00 14:00:10");
	keys("Enter");
	assert_true(range_is_set(&screen.range));
	keys("m b ' a");
	assert_false(range_is_set(&screen.range));
	keys("' b");
	assert_int_equal(screen.range.to_ns - screen.range.from_ns, INT64_C(10) * 1000000000);
	shown();
	assert_true(fake.asked.to_ns == screen.range.to_ns);
}

static void test_mark_of_a_packet(void **state)
{
	(void)state;
	open_screen();
	keys("P j j Enter m p Escape Escape");
	assert_seen("all services");
	keys("' p");
	assert_seen("› #3");
	keys("Escape");
	assert_int_equal(selected_offset(), 300);
	/* packets that are one view's below are kept as they are */
	keys("m q j j ' q");
	assert_int_equal(selected_offset(), 300);
	assert_int_equal(screen.n_views, 2);
}

static void test_mark_while_rows_come(void **state)
{
	(void)state;
	open_screen();
	keys("Enter G m a Escape");
	fake.manual = true;
	keys("' a");
	fake_rows(3);
	assert_seen("1/3+");
	fake_end();
	shown();
	assert_int_equal(selected_offset(), 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		TEST(test_tags_stay),
		TEST(test_fold_is_no_row),
		TEST(test_write_tagged),
		TEST(test_marks),
		TEST(test_mark_has_its_time),
		TEST(test_mark_of_a_packet),
		TEST(test_mark_while_rows_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
