/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/cpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void in_turn(void **state)
{
	static struct nfv_range ranges[] = { { 2, 3 }, { 7, 7 }, { 0, 1 } };
	static const int wanted[] = { 2, 3, 7, 0, 1, 2, 3, 7, 0, 1, 2 };
	const struct nfv_list list = { .items = ranges, .count = 3 };

	(void)state;
	for (uint32_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(cpus_pick(&list, i), wanted[i]);
}

static void without_a_list(void **state)
{
	const struct nfv_list list = { 0 };

	(void)state;
	assert_int_equal(cpus_pick(&list, 0), -1);
	assert_int_equal(cpus_pick(&list, 3), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_turn),
		cmocka_unit_test(without_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
