/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/handler/handler.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- A plugin whose open() is the test's ---- */

struct rule {
	const char *match;
	nfv_verdict verdict;
	struct nfv_mark mark;
};

struct table {
	const char *name;
	uint64_t weight;
};

struct options {
	bool flag;
	uint64_t number;
	uint64_t word;
	uint64_t size;
	uint64_t wait_ns;
	const char *text;
	const char *absent;
	int choice;
	struct nfv_mark mark;
	nfv_verdict verdict;
	struct nfv_bytes bytes;
	struct nfv_range range;
	struct nfv_list numbers;  /* of uint64_t */
	struct rule one;
	struct nfv_list rules;    /* of struct rule */
	struct nfv_list tables;   /* of struct table */
};

static const char *const words[] = { "auto", "off", NULL };
static const char *const choices[] = { "red", "green", "blue", NULL };

static const struct nfv_option rule_table[] = {
	{ .name = "match", .type = NFV_OPT_STRING, .offset = offsetof(struct rule, match) },
	{ .name = "verdict", .type = NFV_OPT_VERDICT, .offset = offsetof(struct rule, verdict), .fallback = "continue" },
	{ .name = "mark", .type = NFV_OPT_MARK, .offset = offsetof(struct rule, mark) },
	{ .name = NULL },
};

static const struct nfv_option tables_table[] = {
	{ .name = "weight", .type = NFV_OPT_UINT, .offset = offsetof(struct table, weight), .fallback = "3" },
	{ .name = NULL },
};

#define FIELD(field) .offset = offsetof(struct options, field)

static const struct nfv_option option_table[] = {
	{ .name = "flag", .type = NFV_OPT_BOOL, FIELD(flag) },
	{ .name = "number", .type = NFV_OPT_UINT, FIELD(number), .fallback = "7", .min = 1, .max = 100 },
	{ .name = "word", .type = NFV_OPT_UINT, FIELD(word), .words = words, .fallback = "auto" },
	{ .name = "size", .type = NFV_OPT_SIZE, FIELD(size), .fallback = "4K" },
	{ .name = "wait", .type = NFV_OPT_DURATION, FIELD(wait_ns), .fallback = "2ms" },
	{ .name = "text", .type = NFV_OPT_STRING, FIELD(text), .fallback = "hello" },
	{ .name = "absent", .type = NFV_OPT_STRING, FIELD(absent) },
	{ .name = "choice", .type = NFV_OPT_CHOICE, FIELD(choice), .words = choices, .fallback = "green" },
	{ .name = "mark", .type = NFV_OPT_MARK, FIELD(mark) },
	{ .name = "verdict", .type = NFV_OPT_VERDICT, FIELD(verdict), .fallback = "drop" },
	{ .name = "bytes", .type = NFV_OPT_BYTES, FIELD(bytes) },
	{ .name = "range", .type = NFV_OPT_RANGE, FIELD(range), .fallback = "5-6", .max = 1000 },
	{ .name = "numbers", .type = NFV_OPT_UINT, .flags = NFV_OPT_LIST, FIELD(numbers) },
	{ .name = "one", .type = NFV_OPT_GROUP, FIELD(one), .group = rule_table, .group_size = sizeof(struct rule) },
	{ .name = "rules", .type = NFV_OPT_GROUPS, FIELD(rules), .group = rule_table, .group_size = sizeof(struct rule) },
	{ .name = "tables", .type = NFV_OPT_NAMED_GROUPS, FIELD(tables), .group = tables_table,
	  .group_size = sizeof(struct table) },
	{ .name = NULL },
};

static int (*at_open)(const struct nfv_host *host, const struct options *o);
static unsigned opened, closed;
static int instance;

static int test_open(const struct nfv_host *host, const void *options, void **state)
{
	opened++;
	*state = &instance;
	return at_open ? at_open(host, options) : 0;
}

static void test_close(void *state)
{
	assert_ptr_equal(state, &instance);
	closed++;
}

static nfv_verdict test_packet(void *state, struct nfv_packet *packet)
{
	(void)state;
	(void)packet;
	return NFV_ACCEPT;
}

static struct nfv_plugin ops = {
	.name = "test",
	.needs_bytes = 40,
	.needs_metadata = NFV_META_UID,
	.options = option_table,
	.options_size = sizeof(struct options),
	.open = test_open,
	.packet = test_packet,
	.close = test_close,
};
static struct plugin plugin = { .ops = &ops, .path = (char *)"/lib/test.so" };

/* ---- Its surroundings ---- */

static char logged[2048], printed[256];
static int cancelled, unwatched;

static void env_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	(void)context;
	snprintf(logged, sizeof(logged), "%d %s: %s", level, handler, text);
}

static void env_print(void *context, const char *line)
{
	(void)context;
	snprintf(printed, sizeof(printed), "%s", line);
}

static int env_timer(void *context, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn, void *argument)
{
	(void)context;
	fn(argument, after_ns + every_ns);
	return 12;
}

static void env_timer_cancel(void *context, int timer)
{
	(void)context;
	cancelled = timer;
}

static int env_watch(void *context, int fd, uint32_t events, nfv_watch_fn fn, void *argument)
{
	(void)context;
	fn(argument, fd, events);
	return 0;
}

static void env_unwatch(void *context, int fd)
{
	(void)context;
	unwatched = fd;
}

static struct handler_env env = { .log = env_log, .queue = 5, .mark_mask = 0xff00 };
static struct handler_counters counters;
static struct handler handler;
static struct report report;
static struct node *tree;

static int open_text(const char *text, int (*fn)(const struct nfv_host *host, const struct options *o))
{
	const struct node *node;

	report_clear(&report);
	tree_free(tree);
	tree = tree_parse("test.yaml", text, strlen(text), &report);
	assert_non_null(tree);
	node = tree_get(tree, "h");
	at_open = fn;
	opened = closed = 0;
	return handler_open(&handler, &plugin, "h", node, node ? node->place : tree->place, &env, &counters, &report);
}

static void expect_line(size_t index, unsigned line, unsigned column, const char *text)
{
	assert_true(index < report.count);
	if (report.entries[index].line != line || report.entries[index].column != column ||
	    strcmp(report.entries[index].text, text) || strcmp(report.entries[index].file, "test.yaml"))
		fail_msg("wanted test.yaml:%u:%u: %s, got %s:%u:%u: %s", line, column, text, report.entries[index].file,
			 report.entries[index].line, report.entries[index].column, report.entries[index].text);
}

/* ---- Options ---- */

static int check_all(const struct nfv_host *host, const struct options *o)
{
	const struct rule *rules = o->rules.items;
	const struct table *tables = o->tables.items;

	assert_true(o->flag);
	assert_int_equal(o->number, 99);
	assert_true(o->word == NFV_WORD(1));
	assert_int_equal(o->size, 3 << 20);
	assert_int_equal(o->wait_ns, 1500000000);
	assert_string_equal(o->text, "two words");
	assert_null(o->absent);
	assert_int_equal(o->choice, 2);
	assert_int_equal(o->mark.value, 0x10);
	assert_int_equal(o->mark.mask, 0xf0);
	assert_int_equal(o->verdict, NFV_QUEUE(12));
	assert_int_equal(o->bytes.len, 5);
	assert_memory_equal(o->bytes.data, "GET /", 5);
	assert_int_equal(o->range.first, 10);
	assert_int_equal(o->range.last, 20);
	assert_int_equal(o->numbers.count, 3);
	assert_int_equal(((const uint64_t *)o->numbers.items)[2], 3);
	assert_string_equal(o->one.match, "icmp");
	assert_int_equal(o->one.verdict, NFV_DROP);
	assert_int_equal(o->rules.count, 2);
	assert_string_equal(rules[0].match, "tcp");
	assert_int_equal(rules[0].verdict, NFV_CONTINUE);
	assert_null(rules[1].match);
	assert_int_equal(rules[1].verdict, NFV_REPEAT);
	assert_int_equal(rules[1].mark.mask, 0xffffffff);
	assert_int_equal(o->tables.count, 2);
	assert_string_equal(tables[0].name, "left");
	assert_int_equal(tables[0].weight, 3);
	assert_string_equal(tables[1].name, "right");
	assert_int_equal(tables[1].weight, 8);

	assert_true(host->given(host, &o->flag));
	assert_true(host->given(host, &rules[0].match));
	assert_false(host->given(host, &rules[1].match));
	assert_false(host->given(host, &o->absent));
	assert_false(host->given(host, NULL));
	return 0;
}

static void every_type(void **state)
{
	(void)state;
	assert_int_equal(open_text("h:\n"
				   "  plugin: test\n"
				   "  flag: true\n"
				   "  number: 99\n"
				   "  word: off\n"
				   "  size: 3M\n"
				   "  wait: 1500ms\n"
				   "  text: two words\n"
				   "  choice: blue\n"
				   "  mark: 0x10/0xf0\n"
				   "  verdict: queue 12\n"
				   "  bytes: GET|20|/\n"
				   "  range: 10-20\n"
				   "  numbers: [1, 2, 3]\n"
				   "  one: { match: icmp, verdict: drop }\n"
				   "  rules:\n"
				   "    - { match: tcp }\n"
				   "    - { verdict: repeat, mark: 1 }\n"
				   "  tables: { left: {}, right: { weight: 8 } }\n",
				   check_all), 0);
	assert_int_equal(opened, 1);
	handler_close(&handler);
	assert_int_equal(closed, 1);
	handler_close(&handler);
	assert_int_equal(closed, 1);
}

static int check_defaults(const struct nfv_host *host, const struct options *o)
{
	assert_false(o->flag);
	assert_int_equal(o->number, 7);
	assert_true(o->word == NFV_WORD(0));
	assert_int_equal(o->size, 4096);
	assert_int_equal(o->wait_ns, 2000000);
	assert_string_equal(o->text, "hello");
	assert_int_equal(o->choice, 1);
	assert_int_equal(o->mark.mask, 0);
	assert_int_equal(o->verdict, NFV_DROP);
	assert_null(o->bytes.data);
	assert_int_equal(o->range.first, 5);
	assert_int_equal(o->numbers.count, 0);
	assert_int_equal(o->rules.count, 0);
	assert_false(host->given(host, &o->number));
	return 0;
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(open_text("h:\n  plugin: test\n", check_defaults), 0);
	handler_close(&handler);
	assert_int_equal(open_text("", check_defaults), 0);
	handler_close(&handler);
}

static void mistakes_are_all_reported(void **state)
{
	(void)state;
	assert_int_equal(open_text("h:\n"
				   "  plugin: test\n"
				   "  number: 101\n"
				   "  colour: red\n"
				   "  rules:\n"
				   "    - { verdict: perhaps }\n",
				   check_all), -EINVAL);
	assert_int_equal(opened, 0);
	assert_int_equal(report.count, 3);
	report_sort(&report);
	assert_int_equal(report.entries[0].line, 3);
	assert_non_null(strstr(report.entries[0].text, "handler h: number: "));
	assert_int_equal(report.entries[1].line, 4);
	assert_non_null(strstr(report.entries[1].text, "unknown key colour"));
	assert_int_equal(report.entries[2].line, 6);
	assert_non_null(strstr(report.entries[2].text, "handler h: rules 1: verdict: "));
	handler_close(&handler);
	assert_int_equal(closed, 0);
}

static void a_plugin_without_options(void **state)
{
	(void)state;
	ops.options = NULL;
	assert_int_equal(open_text("h:\n  plugin: test\n", NULL), 0);
	handler_close(&handler);
	assert_int_equal(open_text("h:\n  plugin: test\n  number: 3\n", NULL), -EINVAL);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].line, 3);
	assert_non_null(strstr(report.entries[0].text, "unknown key number"));
	ops.options = option_table;
}

static void a_plugin_without_open(void **state)
{
	(void)state;
	ops.open = NULL;
	ops.close = NULL;
	assert_int_equal(open_text("h: { plugin: test }\n", NULL), 0);
	assert_null(handler.state);
	handler_close(&handler);
	ops.open = test_open;
	ops.close = test_close;
}

/* ---- Errors of open() ---- */

static int refuse_second_match(const struct nfv_host *host, const struct options *o)
{
	const struct rule *rules = o->rules.items;

	host->error(host, &rules[0].match, "%s", "first\nline");
	return host->error(host, &rules[1].match, "syntax error at %d", 5);
}

static int refuse_default(const struct nfv_host *host, const struct options *o)
{
	return host->error(host, &o->number, "is odd");
}

static int refuse_all(const struct nfv_host *host, const struct options *o)
{
	(void)o;
	return host->error(host, NULL, "does not like you");
}

static int refuse_foreign(const struct nfv_host *host, const struct options *o)
{
	(void)o;
	return host->error(host, &closed, "is no option");
}

static int fail_silently(const struct nfv_host *host, const struct options *o)
{
	(void)host;
	(void)o;
	return -ENOENT;
}

static int fail_upwards(const struct nfv_host *host, const struct options *o)
{
	(void)host;
	(void)o;
	return 3;
}

static int complain_and_go_on(const struct nfv_host *host, const struct options *o)
{
	host->error(host, &o->flag, "is wrong");
	return 0;
}

static void errors_have_a_place(void **state)
{
	(void)state;
	assert_int_equal(open_text("h:\n"
				   "  plugin: test\n"
				   "  rules:\n"
				   "    - match: tcp\n"
				   "    - { verdict: drop, match: tcp dst porrt 23 }\n",
				   refuse_second_match), -EINVAL);
	assert_int_equal(report.count, 2);
	expect_line(0, 4, 14, "handler h: rules 1: match: first line");
	expect_line(1, 5, 31, "handler h: rules 2: match: syntax error at 5");
	assert_int_equal(closed, 0);

	assert_int_equal(open_text("h:\n  plugin: test\n", refuse_default), -EINVAL);
	expect_line(0, 2, 3, "handler h: number: is odd");
	assert_int_equal(open_text("h:\n  plugin: test\n", refuse_all), -EINVAL);
	expect_line(0, 2, 3, "handler h: does not like you");
	assert_int_equal(open_text("h:\n  plugin: test\n", refuse_foreign), -EINVAL);
	expect_line(0, 2, 3, "handler h: is no option");
}

static void failures_have_a_line(void **state)
{
	(void)state;
	assert_int_equal(open_text("h:\n  plugin: test\n", fail_silently), -ENOENT);
	assert_int_equal(report.count, 1);
	expect_line(0, 2, 3, "handler h: plugin /lib/test.so: open: No such file or directory");
	assert_int_equal(open_text("h:\n  plugin: test\n", fail_upwards), -EINVAL);
	expect_line(0, 2, 3, "handler h: plugin /lib/test.so: open() returned 3, wanted 0 or -errno");
	handler_close(&handler);
	assert_int_equal(closed, 0);

	/* Its instance is whole: it must be closed, once. */
	assert_int_equal(open_text("h:\n  plugin: test\n  flag: true\n", complain_and_go_on), -EINVAL);
	expect_line(0, 3, 9, "handler h: flag: is wrong");
	assert_int_equal(closed, 1);
	handler_close(&handler);
	assert_int_equal(closed, 1);
	handler_close(NULL);
}

/* ---- Host functions ---- */

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
		cmocka_unit_test(every_type),
		cmocka_unit_test(defaults),
		cmocka_unit_test(mistakes_are_all_reported),
		cmocka_unit_test(a_plugin_without_options),
		cmocka_unit_test(a_plugin_without_open),
		cmocka_unit_test(errors_have_a_place),
		cmocka_unit_test(failures_have_a_line),
		cmocka_unit_test(host_functions),
		cmocka_unit_test(counters_go_on),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	report_clear(&report);
	tree_free(tree);
	return failed;
}
