/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/handler-bench.h"

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
				   check_all),
			 0);
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
				   check_all),
			 -EINVAL);
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
				   refuse_second_match),
			 -EINVAL);
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
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	report_clear(&report);
	tree_free(tree);
	return failed;
}
