/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/net/netfilter/nfnetlink_queue. */
#include "daemon/queue/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* As Linux 6.18 prints it. */
static const char text[] = "    0  23662    12 2 65531     3     4      521  1\n"
			   "   17 4294963041     0 1     0     0     0 4294967295  1\n";

static void finds_a_queue(void **state)
{
	struct queue_status status;

	(void)state;
	assert_true(queue_status_parse(text, 0, &status));
	assert_int_equal(status.portid, 23662);
	assert_int_equal(status.waiting, 12);
	assert_int_equal(status.copy_mode, 2);
	assert_int_equal(status.range, 65531);
	assert_int_equal(status.dropped_full, 3);
	assert_int_equal(status.dropped_socket, 4);
	assert_int_equal(status.last_id, 521);
}

static void takes_large_numbers(void **state)
{
	struct queue_status status;

	(void)state;
	assert_true(queue_status_parse(text, 17, &status));
	assert_int_equal(status.portid, 4294963041u);
	assert_int_equal(status.last_id, 4294967295u);
}

static void misses_others(void **state)
{
	struct queue_status status;

	(void)state;
	assert_false(queue_status_parse(text, 1, &status));
	assert_false(queue_status_parse("", 0, &status));
	assert_false(queue_status_parse("\n\n", 0, &status));
	assert_false(queue_status_parse("0 1 2 3\n", 0, &status));
	assert_false(queue_status_parse("zero", 0, &status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_queue),
		cmocka_unit_test(takes_large_numbers),
		cmocka_unit_test(misses_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
