/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/crashes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void as_many_as_allowed(void **state)
{
	struct crashes c = { 0 };

	(void)state;
	assert_false(crashes_note(&c, 100, 3, 50));
	assert_false(crashes_note(&c, 110, 3, 50));
	assert_true(crashes_note(&c, 150, 3, 50));
}

static void too_far_apart(void **state)
{
	struct crashes c = { 0 };

	(void)state;
	for (uint64_t now = 100; now < 10000; now += 26)
		assert_false(crashes_note(&c, now, 3, 50));
}

static void the_first_is_enough(void **state)
{
	struct crashes c = { 0 };

	(void)state;
	assert_true(crashes_note(&c, 7, 1, 0));
}

static void the_most(void **state)
{
	struct crashes c = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_false(crashes_note(&c, i * 1000, CRASHES_MAX, 100));
	for (unsigned i = 1; i < CRASHES_MAX; i++)
		assert_false(crashes_note(&c, 200000 + i, CRASHES_MAX, 100));
	assert_true(crashes_note(&c, 200000 + CRASHES_MAX, CRASHES_MAX, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_allowed),
		cmocka_unit_test(too_far_apart),
		cmocka_unit_test(the_first_is_enough),
		cmocka_unit_test(the_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
