/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/deadline.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MS 1000000ull

static const struct chain_progress none;
static const struct chain_progress packet = { .handler = 1, .packet_id = 7 };
static const struct chain_progress next = { .handler = 1, .packet_id = 8 };
static const struct chain_progress other = { .handler = 2, .packet_id = 7 };

static void over_after_its_time(void **state)
{
	struct deadline d = { 0 };

	(void)state;
	assert_false(deadline_over(&d, &packet, false, 1000 * MS, 100 * MS));
	assert_true(deadline_lasts(&d, &packet));
	assert_false(deadline_over(&d, &packet, false, 1050 * MS, 100 * MS));
	assert_false(deadline_over(&d, &packet, false, 1099 * MS, 100 * MS));
	assert_true(deadline_over(&d, &packet, false, 1100 * MS, 100 * MS));
	assert_true(deadline_over(&d, &packet, false, 1101 * MS, 100 * MS));
}

static void another_call_begins_anew(void **state)
{
	static const struct chain_progress tick = { .handler = 1, .call = CHAIN_CALL_TICK, .sequence = 1 };
	static const struct chain_progress later = { .handler = 1, .call = CHAIN_CALL_TICK, .sequence = 2 };
	static const struct chain_progress *const calls[] = { &packet, &next, &other, &tick, &later };
	struct deadline d = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_false(deadline_lasts(&d, calls[i]));
		assert_false(deadline_over(&d, calls[i], false, (1 + i) * 1000 * MS, 100 * MS));
	}
	assert_false(deadline_over(&d, &later, false, 5050 * MS, 100 * MS));
	assert_true(deadline_over(&d, &later, false, 5100 * MS, 100 * MS));
}

static void nothing_under_way(void **state)
{
	struct deadline d = { 0 };

	(void)state;
	assert_false(deadline_over(&d, &packet, false, 1000 * MS, 100 * MS));
	assert_false(deadline_over(&d, &none, false, 2000 * MS, 100 * MS));
	assert_false(deadline_lasts(&d, &none));
	/* The same packet again: it was let go in between. */
	assert_false(deadline_over(&d, &packet, false, 3000 * MS, 100 * MS));
}

static void stopped_time_does_not_count(void **state)
{
	struct deadline d = { 0 };

	(void)state;
	assert_false(deadline_over(&d, &packet, false, 1000 * MS, 100 * MS));
	assert_false(deadline_over(&d, &packet, true, 5000 * MS, 100 * MS));
	assert_false(deadline_over(&d, &packet, false, 5050 * MS, 100 * MS));
	assert_false(deadline_over(&d, &packet, false, 5099 * MS, 100 * MS));
	assert_true(deadline_over(&d, &packet, false, 5100 * MS, 100 * MS));
}

static void time_that_the_whole_machine_stood_still(void **state)
{
	struct deadline d = { 0 };

	(void)state;
	assert_false(deadline_over(&d, &packet, false, 1000 * MS, 100 * MS));
	assert_false(deadline_over(&d, &packet, false, 1020 * MS, 100 * MS));
	assert_false(deadline_over(&d, &packet, false, 9000 * MS, 100 * MS)); /* 70 ms of these count */
	assert_false(deadline_over(&d, &packet, false, 9029 * MS, 100 * MS));
	assert_true(deadline_over(&d, &packet, false, 9030 * MS, 100 * MS));
	/* It stays over, however late the next look. */
	assert_true(deadline_over(&d, &packet, false, 20000 * MS, 100 * MS));
}

static void without_a_limit(void **state)
{
	struct deadline d = { 0 };

	(void)state;
	assert_false(deadline_over(&d, &packet, false, 1, 0));
	assert_false(deadline_over(&d, &packet, false, UINT64_MAX, 0));
}

static void looks_often_enough(void **state)
{
	(void)state;
	assert_int_equal(deadline_interval_ns(1000 * MS), 200 * MS);
	assert_int_equal(deadline_interval_ns(10 * MS), 5 * MS);
	assert_int_equal(deadline_interval_ns(UINT64_MAX), 250 * MS);
}

static void sees_a_stopped_process(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		for (;;)
			pause();
	assert_true(child > 0);
	assert_false(deadline_is_stopped(child));
	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(deadline_is_stopped(child));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(deadline_is_stopped(child));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_after_its_time),
		cmocka_unit_test(another_call_begins_anew),
		cmocka_unit_test(nothing_under_way),
		cmocka_unit_test(stopped_time_does_not_count),
		cmocka_unit_test(time_that_the_whole_machine_stood_still),
		cmocka_unit_test(without_a_limit),
		cmocka_unit_test(looks_often_enough),
		cmocka_unit_test(sees_a_stopped_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
