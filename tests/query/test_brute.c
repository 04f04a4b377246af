/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every answer about real captures equals what brute force over their packets says. */
#include "brute.h"
#include "captures.h"

static void test_captures(void **state)
{
	struct captures c;

	(void)state;
	captures_find(&c);
	if (c.n == 0)
		skip();
	for (size_t i = 0; i < c.n; i++)
		brute_check(c.paths[i]);
	captures_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_captures) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
