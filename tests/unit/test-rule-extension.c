/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches and targets of rules, and their options. */
#include "rules/model.h"
#include "rules/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct nfv_rule *parse(const char *text)
{
	struct nfv_rule *rule = nfv_rule_parse(text, NULL);

	if (!rule)
		print_error("refused: %s\n", text);
	assert_non_null(rule);
	return rule;
}

/* Also after it is parsed again. */
static void says(const struct nfv_rule *rule, const char *wanted)
{
	struct nfv_rule *again;
	struct view *view;
	struct text text = { 0 };

	assert_non_null(rule_spec(rule));
	assert_string_equal(rule_spec(rule)->bytes, wanted);
	again = parse(wanted);
	view = rule_view(again);
	view_print(view, &text);
	text_add(&text, "", 0);
	assert_string_equal(text.data, wanted);
	text_free(&text);
	nfv_rule_free(again);
}

static void expect_option(const struct nfv_extension *extension, const char *name, const char *found, bool negated,
			  const char *values)
{
	struct nfv_extension_option option;
	struct text text = { 0 };

	assert_int_equal(nfv_extension_option(extension, name, &option), 0);
	assert_string_equal(option.name, found);
	assert_int_equal(option.negated, negated);
	for (size_t i = 0; i < option.value_count; i++)
		text_printf(&text, "%s%s", i ? "|" : "", option.values[i]);
	text_add(&text, "", 0);
	assert_string_equal(text.data, values);
	text_free(&text);
}

static void test_matches(void **state)
{
	struct nfv_rule *rule = parse(
				"-p tcp --dport 22 -m comment --comment a -m recent --set -m recent --rcheck -m icmpv6"),
			*other;
	struct nfv_extension *match;

	(void)state;
	assert_int_equal(nfv_rule_match_count(rule), 5);
	assert_string_equal(nfv_extension_name(nfv_rule_match_at(rule, 0)), "tcp");
	assert_string_equal(nfv_extension_name(nfv_rule_match_at(rule, 1)), "comment");
	errno = 0;
	assert_null(nfv_rule_match_at(rule, 5));
	assert_int_equal(errno, ENOENT);
	assert_ptr_equal(nfv_rule_match(rule, "recent", 0), nfv_rule_match_at(rule, 2));
	assert_ptr_equal(nfv_rule_match(rule, "recent", 1), nfv_rule_match_at(rule, 3));
	assert_ptr_equal(nfv_rule_match(rule, "icmp6", 0), nfv_rule_match_at(rule, 4));
	errno = 0;
	assert_null(nfv_rule_match(rule, "recent", 2));
	assert_int_equal(errno, ENOENT);
	assert_null(nfv_rule_match(rule, "odd", 0));

	match = nfv_rule_match_at(rule, 3);
	assert_int_equal(nfv_rule_remove_match(rule, nfv_rule_match_at(rule, 2)), 0);
	assert_int_equal(nfv_rule_remove_match(rule, nfv_rule_match(rule, "icmp6", 0)), 0);
	/* What was given stays where it was. */
	assert_ptr_equal(nfv_rule_match(rule, "recent", 0), match);
	says(rule, "-p tcp --dport 22 -m comment --comment a -m recent --rcheck");
	match = nfv_rule_add_match(rule, "comment");
	assert_non_null(match);
	assert_int_equal(nfv_extension_set(match, "comment", "b c"), 0);
	says(rule, "-p tcp --dport 22 -m comment --comment a -m recent --rcheck -m comment --comment \"b c\"");
	assert_int_equal(nfv_rule_remove_match(rule, nfv_rule_match(rule, "tcp", 0)), 0);
	says(rule, "-p tcp -m comment --comment a -m recent --rcheck -m comment --comment \"b c\"");

	other = nfv_rule_new();
	assert_int_equal(nfv_rule_remove_match(other, match), -ENOENT);
	nfv_rule_free(other);
	nfv_rule_free(rule);
}

static void test_names(void **state)
{
	static const char *const bad[] = { "", "-x", "!x", "a b", "a\nb", "a\"b", "\177" };
	struct nfv_rule *rule = nfv_rule_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		assert_null(nfv_rule_add_match(rule, bad[i]));
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_null(nfv_rule_set_jump(rule, bad[i]));
		assert_int_equal(errno, EINVAL);
		assert_null(nfv_rule_set_goto(rule, bad[i]));
	}
	errno = 0;
	assert_null(nfv_rule_set_goto(rule, "a-name-of-twenty-nine-bytes-x"));
	assert_int_equal(errno, ENAMETOOLONG);
	says(rule, "");
	assert_non_null(nfv_rule_set_jump(rule, "a-name-of-twenty-eight-bytes"));
	says(rule, "-j a-name-of-twenty-eight-bytes");
	nfv_rule_free(rule);
}

static void test_target(void **state)
{
	struct nfv_rule *rule = parse("-m tcp -g away");
	struct nfv_extension *target;

	(void)state;
	assert_true(nfv_rule_is_goto(rule));
	assert_string_equal(nfv_extension_name(nfv_rule_target(rule)), "away");
	target = nfv_rule_set_jump(rule, "LOG");
	assert_non_null(target);
	assert_false(nfv_rule_is_goto(rule));
	assert_int_equal(nfv_extension_set(target, "log-prefix", "a: "), 0);
	says(rule, "-m tcp -j LOG --log-prefix \"a: \"");
	/* A match is no target, and the other way round. */
	assert_int_equal(nfv_rule_remove_match(rule, target), -ENOENT);
	target = nfv_rule_set_jump(rule, nfv_extension_name(target));
	says(rule, "-m tcp -j LOG");
	assert_non_null(nfv_rule_set_goto(rule, "back"));
	assert_true(nfv_rule_is_goto(rule));
	says(rule, "-m tcp -g back");
	errno = 5;
	assert_null(nfv_rule_set_goto(rule, NULL));
	assert_int_equal(errno, 0);
	says(rule, "-m tcp");
	assert_null(nfv_rule_target(rule));
	assert_false(nfv_rule_is_goto(rule));
	nfv_rule_free(rule);
}

static void test_reading(void **state)
{
	struct nfv_rule *rule =
		parse("-p tcp -m tcp ! --destination-port 22 --syn -m set ! --match-set a src,dst -m odd --x 1 2 -m tcp "
		      "--tcp-flags SYN,ACK SYN stray");
	struct nfv_extension *tcp = nfv_rule_match(rule, "tcp", 0), *set = nfv_rule_match(rule, "set", 0);
	struct nfv_extension *odd = nfv_rule_match(rule, "odd", 0), *second = nfv_rule_match(rule, "tcp", 1);
	struct nfv_extension_option option;

	(void)state;
	assert_int_equal(nfv_extension_option_count(tcp), 2);
	expect_option(tcp, "dport", "destination-port", true, "22");
	expect_option(tcp, "destination-port", "destination-port", true, "22");
	expect_option(tcp, "dp", "destination-port", true, "22");
	expect_option(tcp, "syn", "syn", false, "");
	expect_option(set, "match-set", "match-set", true, "a|src,dst");
	expect_option(odd, "x", "x", false, "1|2");
	expect_option(second, "tcp-flags", "tcp-flags", false, "SYN,ACK|SYN");
	assert_int_equal(nfv_extension_option(odd, "y", &option), -ENOENT);
	assert_int_equal(nfv_extension_option(tcp, "sport", &option), -ENOENT);
	assert_int_equal(nfv_extension_option_at(second, 1, &option), 0);
	assert_string_equal(option.name, "");
	assert_int_equal(option.value_count, 1);
	assert_string_equal(option.values[0], "stray");
	assert_int_equal(nfv_extension_option_at(second, 2, &option), -ERANGE);
	assert_string_equal(nfv_extension_get(tcp, "dport"), "22");
	assert_string_equal(nfv_extension_get(tcp, "syn"), "");
	assert_null(nfv_extension_get(tcp, "sport"));
	nfv_rule_free(rule);
}

static void test_setting(void **state)
{
	static const char *const flags[] = { "SYN,ACK", "SYN" }, *const pair[] = { "bad", "src" };
	struct nfv_rule *rule = parse("-p tcp -m tcp --destination-port 22 -m set --match-set a src -m odd");
	struct nfv_extension *tcp = nfv_rule_match(rule, "tcp", 0), *set = nfv_rule_match(rule, "set", 0);
	struct nfv_extension *odd = nfv_rule_match(rule, "odd", 0);

	(void)state;
	/* The one that is there keeps the name that it has. */
	assert_int_equal(nfv_extension_set(tcp, "!dport", "23:24"), 0);
	assert_int_equal(nfv_extension_set(tcp, "syn", NULL), 0);
	assert_int_equal(nfv_extension_set(tcp, "syn", ""), 0);
	assert_int_equal(nfv_extension_set_values(set, "! match-set", pair, 2), 0);
	assert_int_equal(nfv_extension_add(set, "match-set", pair, 2), 0);
	says(rule, "-p tcp -m tcp ! --destination-port 23:24 --syn -m set ! --match-set bad src --match-set bad src -m odd");
	assert_int_equal(nfv_extension_set(set, "match-set", " other  dst "), 0);
	assert_int_equal(nfv_extension_remove(tcp, "dport"), 0);
	assert_int_equal(nfv_extension_remove(tcp, "dport"), -ENOENT);
	assert_int_equal(nfv_extension_remove(tcp, "!sy"), 0);
	assert_int_equal(nfv_extension_set_values(tcp, "tcp-flags", flags, 2), 0);
	assert_int_equal(nfv_extension_set(tcp, "sport", nfv_extension_get(tcp, "tcp-flags")), 0);
	assert_int_equal(nfv_extension_set(odd, "flag", NULL), 0);
	assert_int_equal(nfv_extension_set(odd, "value", ""), 0);
	says(rule, "-p tcp -m tcp --tcp-flags SYN,ACK SYN --sport SYN,ACK -m set --match-set other dst --match-set bad src "
		   "-m odd --flag --value \"\"");
	nfv_extension_clear(tcp);
	nfv_extension_clear(tcp);
	assert_int_equal(nfv_extension_option_count(tcp), 0);
	nfv_extension_clear(set);
	says(rule, "-p tcp -m tcp -m set -m odd --flag --value \"\"");
	nfv_rule_free(rule);
}

/* Values that look like something else come back as they were set. */
static void test_odd_values(void **state)
{
	static const char *const values[] = { "-j", "--dport", "!",           "",     "a b",  "\"",  "\\",        "'", "-",
					      "--", "-1",      "caf\303\251", "a\tb", "a\"b", "x\\", "-j ACCEPT", "=" };
	static const struct {
		const char *extension, *option;
	} options[] = { { "comment", "comment" }, { "odd", "x" }, { "tcp", "dport" }, { "recent", "name" } };
	const size_t count = sizeof(values) / sizeof(values[0]);

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		for (size_t j = 0; j < count; j++) {
			struct nfv_rule *rule = parse("-j ACCEPT"), *again;
			struct nfv_extension *match = nfv_rule_add_match(rule, options[i].extension);

			assert_int_equal(nfv_extension_set(match, options[i].option, values[j]), 0);
			assert_string_equal(nfv_extension_get(match, options[i].option), values[j]);
			again = parse(rule_spec(rule)->bytes);
			match = nfv_rule_match(again, options[i].extension, 0);
			assert_non_null(match);
			assert_int_equal(nfv_extension_option_count(match), 1);
			assert_string_equal(nfv_extension_get(match, options[i].option), values[j]);
			assert_string_equal(nfv_extension_name(nfv_rule_target(again)), "ACCEPT");
			nfv_rule_free(again);
			nfv_rule_free(rule);
		}
	for (size_t j = 0; j < count; j++) {
		struct nfv_rule *rule = nfv_rule_new(), *again;
		struct nfv_extension *match = nfv_rule_add_match(rule, "odd");
		struct nfv_extension_option option;

		assert_int_equal(nfv_extension_set_values(match, "!all", values, count), 0);
		assert_int_equal(nfv_extension_set(match, "next", values[j]), 0);
		again = parse(rule_spec(rule)->bytes);
		match = nfv_rule_match(again, "odd", 0);
		assert_int_equal(nfv_extension_option_count(match), 2);
		assert_int_equal(nfv_extension_option(match, "all", &option), 0);
		assert_true(option.negated);
		assert_int_equal(option.value_count, count);
		for (size_t k = 0; k < count; k++)
			assert_string_equal(option.values[k], values[k]);
		assert_string_equal(nfv_extension_get(match, "next"), values[j]);
		nfv_rule_free(again);
		nfv_rule_free(rule);
	}
}

static void test_refused(void **state)
{
	static const char *const names[] = { "", "!", "-x", "--dport", "a b", "a=b", "a\"b", "h\303\266", "!!x", "a\n" };
	static const char *const three[] = { "a", "b", "c" }, *const hole[] = { "a", NULL };
	char *longest = malloc(1025);
	struct nfv_rule *rule = parse("-m tcp --dport 1 -m set --match-set a src -m odd --x y");
	struct nfv_extension *tcp = nfv_rule_match_at(rule, 0), *set = nfv_rule_match_at(rule, 1),
			     *odd = nfv_rule_match_at(rule, 2);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(nfv_extension_set(odd, names[i], "1"), -EINVAL);
		assert_int_equal(nfv_extension_add(tcp, names[i], NULL, 0), -EINVAL);
	}
	/* The tool's own options. */
	assert_int_equal(nfv_extension_set(odd, "source", "1.1.1.1"), -EINVAL);
	assert_int_equal(nfv_extension_set(tcp, "jump", "DROP"), -EINVAL);
	assert_int_equal(nfv_extension_set(tcp, "prot", "udp"), -EINVAL);
	assert_int_equal(nfv_extension_set(odd, "x", "two\nlines"), -EINVAL);
	assert_int_equal(nfv_extension_set(odd, "x", "\33[2J"), -EINVAL);
	/* As many values as the option takes. */
	assert_int_equal(nfv_extension_set(tcp, "dport", NULL), -EINVAL);
	assert_int_equal(nfv_extension_set_values(tcp, "dport", three, 2), -EINVAL);
	assert_int_equal(nfv_extension_set(tcp, "syn", "1"), -EINVAL);
	assert_int_equal(nfv_extension_set(set, "match-set", "a"), -EINVAL);
	assert_int_equal(nfv_extension_set(set, "match-set", "a b c"), -EINVAL);
	assert_int_equal(nfv_extension_set_values(set, "match-set", three, 3), -EINVAL);
	assert_int_equal(nfv_extension_set_values(odd, "x", hole, 2), -EINVAL);
	assert_non_null(longest);
	memset(longest, 'x', 1024);
	longest[1024] = '\0';
	assert_int_equal(nfv_extension_set(odd, "x", longest), -EINVAL);
	says(rule, "-m tcp --dport 1 -m set --match-set a src -m odd --x y");
	assert_int_equal(nfv_extension_set(odd, "prot", "udp"), 0);
	assert_int_equal(nfv_extension_set(odd, "x", longest + 1), 0);
	assert_string_equal(nfv_extension_get(odd, "x"), longest + 1);
	free(longest);
	nfv_rule_free(rule);
}

/* A match that was not written is, once it is changed; without options it is gone with them. */
static void test_implicit(void **state)
{
	struct nfv_rule *rule = parse("-p tcp --dport 22 -j ACCEPT");
	struct nfv_extension *tcp = nfv_rule_match(rule, "tcp", 0);

	(void)state;
	assert_int_equal(nfv_extension_set(tcp, "dport", "23"), 0);
	says(rule, "-p tcp -m tcp --dport 23 -j ACCEPT");
	nfv_rule_free(rule);
	rule = parse("-p tcp --dport 22 --syn -j ACCEPT");
	tcp = nfv_rule_match(rule, "tcp", 0);
	assert_int_equal(nfv_extension_remove(tcp, "dport"), 0);
	says(rule, "-p tcp --syn -j ACCEPT");
	nfv_extension_clear(tcp);
	says(rule, "-p tcp -j ACCEPT");
	assert_int_equal(nfv_extension_set(tcp, "sport", "1"), 0);
	says(rule, "-p tcp -m tcp --sport 1 -j ACCEPT");
	nfv_rule_free(rule);
}

/* Options of what is not known keep the order in which they were set: a flag behind values stays behind them. */
static void test_order(void **state)
{
	struct nfv_rule *rule = parse("-m unheard -j DROP");
	struct nfv_extension *match = nfv_rule_match(rule, "unheard", 0);

	(void)state;
	assert_int_equal(nfv_extension_set(match, "!foo", "a b c"), 0);
	assert_int_equal(nfv_extension_set(match, "bar", NULL), 0);
	says(rule, "-m unheard ! --foo \"a b c\" --bar -j DROP");
	assert_int_equal(nfv_extension_set(match, "!before", NULL), 0);
	assert_int_equal(nfv_extension_set(match, "foo", "d"), 0);
	says(rule, "-m unheard --foo d --bar ! --before -j DROP");
	nfv_rule_free(rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches), cmocka_unit_test(test_names),    cmocka_unit_test(test_target),
		cmocka_unit_test(test_reading), cmocka_unit_test(test_setting),  cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_implicit), cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
