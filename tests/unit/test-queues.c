/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/queues.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_parse(void **state)
{
	static const char text[] = "    0  12345     0 2 65531     0     0        0  1\n"
				   "    7   5678     3 1     0     0     0       55  1\n"
				   "65535 4294967295     0 2 65531     0     0        0  1";
	struct queues queues;

	(void)state;
	assert_int_equal(queues_parse(&queues, text, strlen(text)), 0);
	assert_true(queues_any(&queues, 0, 0));
	assert_false(queues_any(&queues, 1, 6));
	assert_true(queues_any(&queues, 1, 7));
	assert_true(queues_any(&queues, 7, 9));
	assert_false(queues_any(&queues, 8, 65534));
	assert_true(queues_any(&queues, 8, 65535));
	queues_set(&queues, 7, false);
	assert_false(queues_any(&queues, 1, 9));
}

static void test_hostile(void **state)
{
	static const char *const texts[] = { "\n", "x\n", " \n", "65536 1\n", "-1 1\n", "99999999999 1\n", "1 2\nx\n" };
	struct queues queues;

	(void)state;
	assert_int_equal(queues_parse(&queues, "", 0), 0);
	assert_false(queues_any(&queues, 0, 65535));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(queues_parse(&queues, texts[i], strlen(texts[i])), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
