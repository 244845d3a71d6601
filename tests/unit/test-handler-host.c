/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host table does, with and without somebody who offers it. */
#include "tests/unit/handler-bench.h"

static char printed[256];
static int cancelled, unwatched;

static void env_print(void *context, const char *line)
{
	(void)context;
	snprintf(printed, sizeof(printed), "%s", line);
}

static int env_timer(void *context, const struct handler *asking, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn,
		     void *argument)
{
	(void)context, (void)asking;
	fn(argument, after_ns + every_ns);
	return 12;
}

static void env_timer_cancel(void *context, const struct handler *asking, int timer)
{
	(void)context, (void)asking;
	cancelled = timer;
}

static int env_watch(void *context, const struct handler *asking, int fd, uint32_t events, nfv_watch_fn fn, void *argument)
{
	(void)context, (void)asking;
	fn(argument, fd, events);
	return 0;
}

static void env_unwatch(void *context, const struct handler *asking, int fd)
{
	(void)context, (void)asking;
	unwatched = fd;
}

static uint64_t timer_said;
static uint32_t watch_said;

static void on_timer(void *argument, uint64_t now_ns)
{
	*(uint64_t *)argument = now_ns;
}

static void on_watch(void *argument, int fd, uint32_t events)
{
	*(uint32_t *)argument = (uint32_t)fd * 100 + events;
}

static int without_functions(const struct nfv_host *host, const struct options *o)
{
	uint64_t before = host->now_ns(host);

	(void)o;
	assert_int_equal(host->size, sizeof(*host));
	assert_int_equal(host->queue, 5);
	assert_int_equal(host->mark_mask, 0xff00);
	assert_string_equal(host->handler, "h");
	host->log(host, NFV_LOG_WARNING, "%s is %d", "answer", 42);
	assert_string_equal(logged, "1 h: answer is 42");
	host->log(host, (enum nfv_log_level)77, "odd level");
	assert_string_equal(logged, "4 h: odd level");
	host->print(host, "a packet");
	assert_string_equal(logged, "3 h: a packet");
	assert_int_equal(host->timer(host, 1, 1, on_timer, NULL), -ENOSYS);
	assert_int_equal(host->watch(host, 0, 1, on_watch, NULL), -ENOSYS);
	host->timer_cancel(host, 1);
	host->unwatch(host, 1);
	assert_true(host->now_ns(host) >= before);
	host->need(host, 20, 0);
	return 0;
}

static int with_functions(const struct nfv_host *host, const struct options *o)
{
	(void)o;
	host->print(host, "a packet");
	assert_string_equal(printed, "a packet");
	assert_int_equal(host->timer(host, 30, 12, on_timer, &timer_said), 12);
	assert_int_equal(timer_said, 42);
	assert_int_equal(host->timer(host, 30, 12, NULL, NULL), -EINVAL);
	host->timer_cancel(host, 12);
	assert_int_equal(cancelled, 12);
	assert_int_equal(host->watch(host, 7, 1, on_watch, &watch_said), 0);
	assert_int_equal(watch_said, 701);
	assert_int_equal(host->watch(host, -1, 1, on_watch, NULL), -EINVAL);
	host->unwatch(host, 7);
	assert_int_equal(unwatched, 7);
	host->need(host, 1000, NFV_META_NAMES);
	host->need(host, 99, 0);
	return 0;
}

static void host_functions(void **state)
{
	(void)state;
	assert_int_equal(open_text("h: { plugin: test }\n", without_functions), 0);
	assert_int_equal(handler.needs_bytes, 40);
	assert_int_equal(handler.needs_metadata, NFV_META_UID);
	/* After open() there is no report: the log hears it. */
	assert_int_equal(handler.host.error(&handler.host, NULL, "too late"), -EINVAL);
	assert_string_equal(logged, "0 h: too late");
	handler.host.need(&handler.host, 2000, 0);
	assert_int_equal(handler.needs_bytes, 40);
	assert_null(handler.host.counter(&handler.host, "late"));
	handler_close(&handler);

	env.print = env_print;
	env.timer = env_timer;
	env.timer_cancel = env_timer_cancel;
	env.watch = env_watch;
	env.unwatch = env_unwatch;
	assert_int_equal(open_text("h: { plugin: test }\n", with_functions), 0);
	assert_int_equal(handler.needs_bytes, 1000);
	assert_int_equal(handler.needs_metadata, NFV_META_UID | NFV_META_NAMES);
	handler_close(&handler);

	/* Who may change packets needs the whole of them. */
	ops.may = NFV_MAY_REWRITE;
	assert_int_equal(open_text("h: { plugin: test }\n", NULL), 0);
	assert_int_equal(handler.needs_bytes, NFV_NEEDS_ALL);
	handler_close(&handler);
	ops.may = 0;
}

static uint64_t *counter;

static int take_counters(const struct nfv_host *host, const struct options *o)
{
	const char *long_name = "a name that is longer than the forty-seven bytes a counter's may have";
	char name[32];

	(void)o;
	counter = host->counter(host, "hits");
	assert_non_null(counter);
	assert_ptr_equal(host->counter(host, "hits"), counter);
	assert_non_null(host->counter(host, long_name));
	assert_ptr_equal(host->counter(host, long_name), host->counter(host, long_name));
	assert_null(host->counter(host, ""));
	assert_null(host->counter(host, NULL));
	for (int i = 2; i < HANDLER_COUNTERS; i++) {
		snprintf(name, sizeof(name), "counter %d", i);
		assert_non_null(host->counter(host, name));
	}
	assert_null(host->counter(host, "one too many"));
	return 0;
}

static void counters_go_on(void **state)
{
	(void)state;
	memset(&counters, 0, sizeof(counters));
	assert_int_equal(open_text("h: { plugin: test }\n", take_counters), 0);
	*counter += 5;
	handler_close(&handler);
	assert_string_equal(counters.own[0].name, "hits");
	assert_int_equal(strlen(counters.own[1].name), HANDLER_COUNTER_NAME - 1);
	assert_int_equal(open_text("h: { plugin: test }\n", take_counters), 0);
	assert_int_equal(*counter, 5);
	handler_close(&handler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_functions),
		cmocka_unit_test(counters_go_on),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	report_clear(&report);
	tree_free(tree);
	return failed;
}
