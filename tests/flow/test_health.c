/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "flow/field.h"
#include "flow/health.h"
#include "flow/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const int64_t ms = 1000 * 1000;

static struct record tcp_record(uint64_t packets)
{
	struct record r;

	record_init(&r, TIER_FLOW);
	r.c.packets[DIR_C2S] = packets / 2;
	r.c.packets[DIR_S2C] = packets - packets / 2;
	r.c.flows = 1;
	r.c.known |= FIELD_BIT(FIELD_TCP_FLAGS) | FIELD_BIT(FIELD_RESPONSE_MIN);
	return r;
}

static struct health_verdict judge(const struct record *r)
{
	struct health_verdict v;

	health_judge(r, NULL, &v);
	return v;
}

static void test_unknown(void **state)
{
	struct record r;

	(void)state;
	record_init(&r, TIER_FLOW);
	r.c.packets[DIR_C2S] = 5;
	/* what was not computed is no health, even where its (meaningless) counters would say so */
	r.c.retrans[DIR_C2S] = 5;
	assert_false(judge(&r).known);
}

static void test_loss(void **state)
{
	struct record r = tcp_record(100);
	char why[64];

	(void)state;
	assert_true(judge(&r).known);
	assert_int_equal(judge(&r).health, HEALTH_NORMAL);
	r.c.retrans[DIR_C2S] = 2;
	assert_int_equal(judge(&r).health, HEALTH_NORMAL);       /* two are no evidence */
	r.c.retrans[DIR_S2C] = 1;
	assert_int_equal(judge(&r).health, HEALTH_DEGRADED);
	r.c.retrans[DIR_S2C] = 3;
	struct health_verdict v = judge(&r);
	assert_int_equal(v.health, HEALTH_FAULTY);
	assert_int_equal(health_why(why, sizeof(why), &v), strlen("loss 5 of 100"));
	assert_string_equal(why, "loss 5 of 100");
	r.c.marks[MARK_SPURIOUS_RETRANS] = 4;
	assert_int_equal(judge(&r).health, HEALTH_NORMAL);
}

static void test_connections(void **state)
{
	struct record r = tcp_record(60);
	char why[80];

	(void)state;
	r.c.attempted = 21;
	r.c.answered = 15;
	r.c.refused = 3;
	r.c.rst = 3;
	struct health_verdict v = judge(&r);
	assert_int_equal(v.reasons[HEALTH_REFUSED].health, HEALTH_DEGRADED);
	assert_int_equal(v.reasons[HEALTH_UNANSWERED].health, HEALTH_DEGRADED);
	assert_int_equal(v.reasons[HEALTH_ABORTED].events, 0);
	r.c.turns = 50;
	r.c.aborted = 1;
	assert_int_equal(judge(&r).reasons[HEALTH_ABORTED].health, HEALTH_DEGRADED);
	r.c.aborted = 0;
	health_why(why, sizeof(why), &v);
	assert_string_equal(why, "refused 3 of 21, unanswered 3 of 21");
	/* the worst stands first */
	r.c.answered = 5;
	v = judge(&r);
	health_why(why, sizeof(why), &v);
	assert_string_equal(why, "unanswered 13 of 21, refused 3 of 21");
	assert_int_equal(v.health, HEALTH_FAULTY);
}

static void test_one_side_captured(void **state)
{
	struct record r = tcp_record(0);

	(void)state;
	r.c.packets[DIR_C2S] = 30;
	r.c.syn = 10;
	r.c.attempted = 10;
	assert_false(judge(&r).reasons[HEALTH_UNANSWERED].known);
	/* SYN and nothing but SYN: that is silence */
	r.c.packets[DIR_C2S] = 10;
	assert_int_equal(judge(&r).health, HEALTH_FAULTY);
}

static void test_slow(void **state)
{
	struct record r = tcp_record(100);

	(void)state;
	r.c.response = (struct time_sums){ .n = 8, .min_ns = ms, .max_ns = 700 * ms, .sum_ns = 900 * ms };
	struct health_verdict v = judge(&r);
	assert_int_equal(v.reasons[HEALTH_SLOW].events, 1);
	assert_int_equal(v.health, HEALTH_FAULTY);       /* one of eight */
	r.c.response.n = 50;
	assert_int_equal(judge(&r).health, HEALTH_DEGRADED);
	r.c.response.n = 200;
	assert_int_equal(judge(&r).health, HEALTH_NORMAL);
	/* n 500 + k 200 >= 40,000 needs k 50 */
	r.c.response = (struct time_sums){ .n = 60, .max_ns = 700 * ms, .sum_ns = 40000 * ms };
	assert_int_equal(judge(&r).reasons[HEALTH_SLOW].events, 50);
	r.c.response = (struct time_sums){ .n = 60, .max_ns = 500 * ms, .sum_ns = 30000 * ms };
	assert_int_equal(judge(&r).reasons[HEALTH_SLOW].events, 1);
	r.c.response.max_ns = 499 * ms;
	assert_int_equal(judge(&r).reasons[HEALTH_SLOW].events, 0);
}

/* Who does not know the password is refused, and has to wait for it. */
static void test_refusals_first(void **state)
{
	struct record r = tcp_record(100);
	struct health_verdict v;
	char why[64];

	(void)state;
	r.c.known |= FIELD_BIT(FIELD_REFUSALS) | FIELD_BIT(FIELD_REQUESTS);
	r.c.requests = 15;
	r.c.marks[MARK_REFUSALS] = 5;
	v = judge(&r);
	assert_int_equal(v.health, HEALTH_NORMAL);       /* alone they are no trouble */
	assert_int_equal(health_why(why, sizeof(why), &v), 0);
	r.c.response = (struct time_sums){ .n = 15, .max_ns = 2000 * ms, .sum_ns = 10000 * ms };
	v = judge(&r);
	health_why(why, sizeof(why), &v);
	assert_string_equal(why, "refusals 5 of 15, slow 2 of 15");
	r.c.marks[MARK_REFUSALS] = 2;
	v = judge(&r);
	health_why(why, sizeof(why), &v);
	assert_string_equal(why, "slow 2 of 15");
}

static void test_slow_of_many(void **state)
{
	struct record r = tcp_record(1000);

	(void)state;
	r.tier = TIER_MACROFLOW;
	r.c.response = (struct time_sums){ .n = 100, .max_ns = 3000 * ms };
	assert_int_equal(hist_new(&r.response, NULL), RC_DONE);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(hist_add(r.response, i < 93 ? 20 * ms : 3000 * ms, NULL), RC_DONE);
	struct health_verdict v = judge(&r);
	assert_int_equal(v.reasons[HEALTH_SLOW].events, 7);
	assert_int_equal(v.health, HEALTH_DEGRADED);
	record_free(&r);
}

static enum rc parse(struct health_limits *l, const char *text, struct err *err)
{
	*l = health_limits_default;
	return health_limits_parse(l, "thresholds", text, strlen(text), err);
}

static void test_limits(void **state)
{
	struct health_limits l;
	struct err err;

	(void)state;
	assert_int_equal(parse(&l, "# mine\n\n slow time 2s # two\nloss faulty 0.5 at-least 9\naborted off", &err), RC_DONE);
	assert_int_equal(l.slow_ns, 2000 * ms);
	assert_true(l.rules[HEALTH_LOSS].faulty == 0.5 && l.rules[HEALTH_LOSS].degraded == 0.01);
	assert_int_equal(l.rules[HEALTH_LOSS].at_least, 9);
	assert_true(l.rules[HEALTH_ABORTED].degraded > 1);

	static const char *const wrong[] = {
		"loss", "loss degraded", "loss degraded 101%", "loss degraded -1", "loss degraded nan", "loss maybe 1%",
		"speed degraded 1%", "slow time 0", "slow time soon", "loss at-least x", "aborted off now",
		"loss degraded 1% faulty 2% at-least 3 more 4 words 5",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct health_limits before = health_limits_default;
		char text[128] = "slow time 1s\n";
		strcat(text, wrong[i]);
		if (parse(&l, text, &err) != RC_SYNTAX)
			fail_msg("'%s' was taken", wrong[i]);
		assert_int_equal(err.offset, strlen("slow time 1s\n"));
		assert_memory_equal(&l, &before, sizeof(l));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_loss), cmocka_unit_test(test_connections),
		cmocka_unit_test(test_one_side_captured), cmocka_unit_test(test_slow), cmocka_unit_test(test_refusals_first),
		cmocka_unit_test(test_slow_of_many), cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
