/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors and timers. */
#include "daemon/process/events.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cmocka.h>

#define WATCHES 16

static struct events events;
static int calls;

static int open_events(void **state)
{
	(void)state;
	calls = 0;
	return events_open(&events, WATCHES);
}

static int close_events(void **state)
{
	(void)state;
	events_close(&events);
	return 0;
}

static void on_readable(void *argument, int fd, uint32_t mask)
{
	char byte;

	assert_ptr_equal(argument, &calls);
	assert_true(mask & EPOLLIN);
	assert_int_equal(read(fd, &byte, 1), 1);
	calls++;
}

static void on_timer(void *argument, uint64_t now_ns)
{
	assert_true(now_ns > 0);
	(*(int *)argument)++;
}

static void calls_for_a_descriptor(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(events_watch(&events, pair[0], EPOLLIN, on_readable, &calls), 0);
	assert_int_equal(events_watch(&events, pair[0], EPOLLIN, on_readable, &calls), -EEXIST);
	assert_int_equal(events_wait(&events, 0), 0);
	assert_int_equal(calls, 0);
	assert_int_equal(write(pair[1], "ab", 2), 2);
	assert_int_equal(events_wait(&events, -1), 0);
	assert_int_equal(events_wait(&events, -1), 0);
	assert_int_equal(calls, 2);
	assert_int_equal(write(pair[1], "c", 1), 1);
	events_unwatch(&events, pair[0]);
	assert_int_equal(events_wait(&events, 0), 0);
	assert_int_equal(calls, 2);
	close(pair[0]);
	close(pair[1]);
}

static void refuses_too_many(void **state)
{
	int fds[WATCHES + 1], pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	for (int i = 0; i <= WATCHES; i++)
		fds[i] = dup(pair[0]);
	for (int i = 0; i < WATCHES; i++)
		assert_int_equal(events_watch(&events, fds[i], EPOLLIN, NULL, NULL), 0);
	assert_int_equal(events_watch(&events, fds[WATCHES], EPOLLIN, NULL, NULL), -ENOSPC);
	assert_int_equal(events_watch(&events, -1, EPOLLIN, NULL, NULL), -EBADF);
	for (int i = 0; i <= WATCHES; i++)
		close(fds[i]);
	close(pair[0]);
	close(pair[1]);
}

/* What was watched before is still watched afterwards. */
static void makes_room(void **state)
{
	int fds[3 * WATCHES], pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	for (int i = 0; i < 3 * WATCHES; i++) {
		fds[i] = dup(pair[0]);
		if (i == WATCHES)
			assert_int_equal(events_reserve(&events, 3 * WATCHES), 0);
		assert_int_equal(events_watch(&events, fds[i], EPOLLIN, on_readable, &calls), 0);
	}
	assert_int_equal(events_reserve(&events, 1), 0);
	assert_int_equal(events_watch(&events, pair[0], EPOLLIN, NULL, NULL), -ENOSPC);
	/* The first and the last alone. */
	for (int i = 1; i < 3 * WATCHES - 1; i++)
		events_unwatch(&events, fds[i]);
	assert_int_equal(write(pair[1], "ab", 2), 2);
	assert_int_equal(events_wait(&events, -1), 0);
	assert_int_equal(calls, 2);
	for (int i = 0; i < 3 * WATCHES; i++)
		close(fds[i]);
	close(pair[0]);
	close(pair[1]);
}

static void calls_timers(void **state)
{
	int once = 0, often = 0, never = 0, cancelled;

	(void)state;
	assert_true(events_timer(&events, 1000000, 0, on_timer, &once) >= 0);
	assert_true(events_timer(&events, 1000000, 1000000, on_timer, &often) >= 0);
	cancelled = events_timer(&events, 1000000, 0, on_timer, &never);
	events_timer_cancel(&events, cancelled);
	events_timer_cancel(&events, -1);
	events_timer_cancel(&events, EVENTS_TIMERS);
	while (often < 3)
		assert_int_equal(events_wait(&events, -1), 0);
	assert_int_equal(once, 1);
	assert_int_equal(never, 0);
}

static void survives_far_timers(void **state)
{
	int far = 0;

	(void)state;
	assert_true(events_timer(&events, UINT64_MAX, UINT64_MAX, on_timer, &far) >= 0);
	assert_int_equal(events_wait(&events, 1), 0);
	assert_int_equal(far, 0);
	for (int i = 1; i < EVENTS_TIMERS; i++)
		assert_true(events_timer(&events, UINT64_MAX, 0, on_timer, &far) >= 0);
	assert_int_equal(events_timer(&events, 1, 0, on_timer, &far), -ENOSPC);
}

/* A function may take away a descriptor whose event is in hand already. */
static int first[2], second[2];

static void on_either(void *argument, int fd, uint32_t mask)
{
	(void)mask;
	calls++;
	events_unwatch(argument, fd == first[0] ? second[0] : first[0]);
}

static void forgets_what_was_unwatched(void **state)
{
	(void)state;
	assert_int_equal(pipe(first), 0);
	assert_int_equal(pipe(second), 0);
	assert_int_equal(events_watch(&events, first[0], EPOLLIN, on_either, &events), 0);
	assert_int_equal(events_watch(&events, second[0], EPOLLIN, on_either, &events), 0);
	assert_int_equal(write(first[1], "x", 1), 1);
	assert_int_equal(write(second[1], "x", 1), 1);
	assert_int_equal(events_wait(&events, -1), 0);
	assert_int_equal(calls, 1);
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(calls_for_a_descriptor, open_events, close_events),
		cmocka_unit_test_setup_teardown(refuses_too_many, open_events, close_events),
		cmocka_unit_test_setup_teardown(makes_room, open_events, close_events),
		cmocka_unit_test_setup_teardown(calls_timers, open_events, close_events),
		cmocka_unit_test_setup_teardown(survives_far_timers, open_events, close_events),
		cmocka_unit_test_setup_teardown(forgets_what_was_unwatched, open_events, close_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
