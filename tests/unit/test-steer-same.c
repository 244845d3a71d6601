/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two steerings mean the same rules: each field counts, and what the caller keeps beside them does not. */
#include "rules/steer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct steer_entry entries[2];
static struct steer_queue queue;

static void reset(void)
{
	entries[0] = (struct steer_entry){ .table = "filter", .chain = "INPUT", .match = "-p tcp", .ipv4 = true };
	entries[1] = (struct steer_entry){ .table = "raw", .chain = "OUTPUT", .ipv6 = true, .last = true };
	queue = (struct steer_queue){ .name = "edge", .first = 1, .last = 2, .entries = entries, .entry_count = 2 };
}

static void test_same(void **state)
{
	struct steer_entry other[2];
	struct steer_queue same;

	(void)state;
	reset();
	other[0] = entries[0];
	other[1] = entries[1];
	other[0].origin = &same;
	other[1].match = ""; /* as good as none */
	same = queue;
	same.entries = other;
	assert_true(steer_same(&queue, 1, &same, 1));
	assert_true(steer_same(NULL, 0, NULL, 0));
	assert_false(steer_same(&queue, 1, NULL, 0));
	assert_false(steer_same(NULL, 0, &queue, 1));
}

static void test_each_field(void **state)
{
	struct steer_entry other[2];
	struct steer_queue changed;

	(void)state;
#define DIFFERS(change) \
	do { \
		reset(); \
		other[0] = entries[0]; \
		other[1] = entries[1]; \
		changed = queue; \
		changed.entries = other; \
		change; \
		assert_false(steer_same(&queue, 1, &changed, 1)); \
	} while (0)
	DIFFERS(changed.name = "egde");
	DIFFERS(changed.first = 0);
	DIFFERS(changed.last = 3);
	DIFFERS(changed.bypass = true);
	DIFFERS(changed.cpu_fanout = true);
	DIFFERS(changed.entry_count = 1);
	DIFFERS(other[0].table = "mangle");
	DIFFERS(other[0].chain = "FORWARD");
	DIFFERS(other[0].match = "-p udp");
	DIFFERS(other[0].match = NULL);
	DIFFERS(other[1].match = "-p udp");
	DIFFERS(other[0].ipv4 = false);
	DIFFERS(other[0].ipv6 = true);
	DIFFERS(other[1].last = false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_each_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
