/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one worker counted goes on with the next, also when the handlers are others. */
#include "daemon/process/runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A plan with one queue and these handlers. */
struct made {
	struct config_queue queue;
	struct config config;
	struct plan plan;
};

static void make(struct made *made, const char *const *names, size_t count)
{
	*made = (struct made){ .queue = { .name = "edge", .batch = 1 } };
	made->queue.handlers = (struct nfv_list){ .items = (void *)(uintptr_t)names, .count = count };
	made->config = (struct config){ .queues = &made->queue, .queue_count = 1 };
	made->plan = (struct plan){ .users = 1, .config = &made->config };
}

static void open_runner(struct runner *runner, struct made *made)
{
	assert_int_equal(runner_open(runner, &made->plan, 0, 7, 4096), 0);
}

static void own(struct handler_counters *counters, size_t index, const char *name, uint64_t value)
{
	snprintf(counters->own[index].name, sizeof(counters->own[index].name), "%s", name);
	counters->own[index].value = value;
}

static void the_queue_goes_on(void **state)
{
	struct runner from, to;
	struct made made;

	(void)state;
	make(&made, NULL, 0);
	open_runner(&from, &made);
	open_runner(&to, &made);
	runner_shared(&from)->counters.received = 10;
	runner_shared(&from)->counters.accepted = 9;
	runner_shared(&from)->last_id = 11;
	runner_shared(&from)->last_id_known = 1;
	runner_shared(&from)->sent_until = 9;
	runner_shared(&from)->sending.accepted = 1;
	runner_inherit(&to, &from);
	assert_int_equal(runner_shared(&to)->counters.received, 10);
	assert_int_equal(runner_shared(&to)->counters.accepted, 9);
	assert_int_equal(runner_shared(&to)->last_id, 11);
	assert_int_equal(runner_shared(&to)->last_id_known, 1);
	assert_int_equal(runner_shared(&to)->sent_until, 9);
	assert_int_equal(runner_shared(&to)->sending.accepted, 1);
	runner_close(&from);
	runner_close(&to);
	assert_int_equal(made.plan.users, 1);
}

static void handlers_by_name(void **state)
{
	static const char *const before[] = { "a", "b", "c" };
	static const char *const after[] = { "c", "new", "a" };
	struct made old, new;
	struct runner from, to;
	struct shared *shared;

	(void)state;
	make(&old, before, 3);
	make(&new, after, 3);
	open_runner(&from, &old);
	open_runner(&to, &new);
	for (size_t i = 0; i < 3; i++) {
		runner_shared(&from)->handlers[i].seen = i + 1;
		runner_shared(&from)->handlers[i].breaches[BREACH_MAY] = 10 * (i + 1);
	}
	runner_inherit(&to, &from);
	shared = runner_shared(&to);
	assert_int_equal(shared->handlers[0].seen, 3);
	assert_int_equal(shared->handlers[0].breaches[BREACH_MAY], 30);
	assert_int_equal(shared->handlers[1].seen, 0);
	assert_int_equal(shared->handlers[2].seen, 1);
	runner_close(&from);
	runner_close(&to);
}

/* The plugin has registered its own at open(), maybe in another order; what it does not know any more stays in the books. */
static void own_counters_by_name(void **state)
{
	static const char *const names[] = { "a" };
	struct handler_counters *old_counters, *new_counters;
	struct runner from, to;
	struct made made;

	(void)state;
	make(&made, names, 1);
	open_runner(&from, &made);
	open_runner(&to, &made);
	old_counters = &runner_shared(&from)->handlers[0];
	new_counters = &runner_shared(&to)->handlers[0];
	own(old_counters, 0, "hits", 5);
	own(old_counters, 1, "misses", 6);
	own(old_counters, 2, "gone", 7);
	own(new_counters, 0, "misses", 0);
	own(new_counters, 1, "hits", 1);
	runner_inherit(&to, &from);
	assert_int_equal(new_counters->own[0].value, 6);
	assert_int_equal(new_counters->own[1].value, 6);
	assert_string_equal(new_counters->own[2].name, "gone");
	assert_int_equal(new_counters->own[2].value, 7);
	runner_close(&from);
	runner_close(&to);
}

/* A worker may have written anything there: names without an end, and more of them than there is room for. */
static void own_counters_of_a_liar(void **state)
{
	static const char *const names[] = { "a" };
	struct handler_counters *old_counters, *new_counters;
	struct runner from, to;
	struct made made;

	(void)state;
	make(&made, names, 1);
	open_runner(&from, &made);
	open_runner(&to, &made);
	old_counters = &runner_shared(&from)->handlers[0];
	new_counters = &runner_shared(&to)->handlers[0];
	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		memset(old_counters->own[i].name, 'x', HANDLER_COUNTER_NAME);
		old_counters->own[i].name[0] = (char)('A' + i % 26);
		old_counters->own[i].value = 1;
		own(new_counters, i, "mine", i);
	}
	runner_inherit(&to, &from);
	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		assert_string_equal(new_counters->own[i].name, "mine");
		assert_int_equal(new_counters->own[i].value, i);
	}
	runner_close(&from);
	runner_close(&to);
}

/* A worker must not be able to write into the memory of another queue's. */
static void children_do_not_see_it(void **state)
{
	struct runner runner;
	struct made made;
	int status;
	pid_t pid;

	(void)state;
	make(&made, NULL, 0);
	open_runner(&runner, &made);
	runner_shared(&runner)->last_id = 3;
	pid = fork();
	if (pid == 0) {
		/* The kernel says EFAULT where nothing is mapped: a fault of our own would be a sanitizer's. */
		int ends[2];

		_exit(pipe(ends) == 0 && write(ends[1], runner.shared.memory, 1) < 0 ? 42 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	runner_close(&runner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_queue_goes_on),
		cmocka_unit_test(handlers_by_name),
		cmocka_unit_test(own_counters_by_name),
		cmocka_unit_test(own_counters_of_a_liar),
		cmocka_unit_test(children_do_not_see_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
