/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules by themselves: their life, place, fields, counters, comment, note and origin. */
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
	struct nfv_rules_error error = { 0 };
	struct nfv_rule *rule = nfv_rule_parse(text, &error);

	if (!rule)
		print_error("%s: %s\n", text, error.text);
	assert_non_null(rule);
	return rule;
}

/* The text, which when it is parsed gives itself again. */
static void says(const struct nfv_rule *rule, const char *wanted)
{
	struct nfv_rule *again;
	struct view *view;
	struct text text = { 0 };

	assert_non_null(rule_spec(rule));
	assert_string_equal(rule_spec(rule)->bytes, wanted);
	again = parse(wanted);
	view = rule_view(again);
	assert_non_null(view);
	view_print(view, &text);
	text_add(&text, "", 0);
	if (rule->view)
		assert_string_equal(text.data, wanted);
	text_free(&text);
	nfv_rule_free(again);
}

/* A chain INPUT. */
static struct nfv_chain *new_chain(enum nfv_family family)
{
	struct nfv_rules *rules = nfv_rules_new(family);
	struct nfv_table *table = rules ? nfv_rules_add_table(rules, "filter") : NULL;
	struct nfv_chain *chain = table ? nfv_table_chain(table, "INPUT") : NULL;

	assert_non_null(chain);
	return chain;
}

static void test_parse(void **state)
{
	struct nfv_rules_error error;
	struct nfv_rule *rule;
	uint64_t packets = 1, bytes = 1;

	(void)state;
	rule = nfv_rule_new();
	assert_non_null(rule);
	says(rule, "");
	assert_null(nfv_rule_get(rule, NFV_FIELD_SOURCE, NULL));
	assert_null(nfv_rule_target(rule));
	nfv_rule_free(rule);

	/* Kept as it was written. */
	rule = parse("  -p tcp   --dport=22 -j  ACCEPT \t");
	assert_string_equal(rule_spec(rule)->bytes, "-p tcp   --dport=22 -j  ACCEPT");
	nfv_rule_counters(rule, &packets, &bytes);
	assert_true(packets == 0 && bytes == 0);
	nfv_rule_free(rule);

	/* But for what the tool would take for something else. */
	rule = parse("-olo   --source=1.1.1.1 -m  tcp --dport=1 -jACCEPT");
	says(rule, "-s 1.1.1.1 -o lo -m tcp --dport=1 -j ACCEPT");
	nfv_rule_free(rule);
	rule = parse("-v -j  ACCEPT");
	says(rule, "-j ACCEPT");
	nfv_rule_free(rule);

	rule = parse("-c 7 800 -j ACCEPT");
	says(rule, "-j ACCEPT");
	nfv_rule_counters(rule, &packets, &bytes);
	assert_true(packets == 7 && bytes == 800);
	nfv_rule_counters(rule, NULL, NULL);
	nfv_rule_free(rule);

	errno = 0;
	assert_null(nfv_rule_parse("  -p tcp --dport -j A", &error));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(error.code, EINVAL);
	assert_string_equal(error.text, "--dport: its value is missing");
	assert_int_equal(error.line, 1);
	assert_int_equal(error.column, 10);
	assert_string_equal(error.shown, "  -p tcp --dport -j A");
	assert_int_equal(error.shown_column, 10);
	assert_null(nfv_rule_parse("-j \"", NULL));
	nfv_rule_free(NULL);
}

static void test_copy(void **state)
{
	struct nfv_rule *rule = parse("-p tcp --dport 22 -j ACCEPT"), *copy;
	uint64_t packets, bytes;
	unsigned line;

	(void)state;
	assert_int_equal(nfv_rule_set_counters(rule, 3, 4), 0);
	assert_int_equal(nfv_rule_set_note(rule, "one\ntwo"), 0);
	assert_int_equal(nfv_rule_set_origin(rule, "a.c", 12), 0);
	copy = nfv_rule_copy(rule);
	assert_non_null(copy);
	assert_int_equal(nfv_rule_set(copy, NFV_FIELD_SOURCE, "1.1.1.1", false), 0);
	assert_int_equal(nfv_rule_set_note(rule, NULL), 0);
	says(rule, "-p tcp --dport 22 -j ACCEPT");
	says(copy, "-s 1.1.1.1 -p tcp --dport 22 -j ACCEPT");
	nfv_rule_free(rule);
	assert_string_equal(nfv_rule_note(copy), "one\ntwo");
	assert_string_equal(nfv_rule_origin(copy, &line), "a.c");
	assert_int_equal(line, 12);
	nfv_rule_counters(copy, &packets, &bytes);
	assert_true(packets == 3 && bytes == 4);
	/* A copy of what was changed, and of nothing. */
	rule = nfv_rule_copy(copy);
	says(rule, "-s 1.1.1.1 -p tcp --dport 22 -j ACCEPT");
	nfv_rule_free(rule);
	nfv_rule_free(copy);
	rule = nfv_rule_new();
	copy = nfv_rule_copy(rule);
	says(copy, "");
	nfv_rule_free(copy);
	nfv_rule_free(rule);
}

static void expect_get(struct nfv_rule *rule, enum nfv_field field, const char *value, bool wanted)
{
	bool negated = !wanted;
	const char *got = nfv_rule_get(rule, field, &negated);

	if (value)
		assert_string_equal(got, value);
	else
		assert_null(got);
	assert_int_equal(negated, wanted);
}

static void test_fields(void **state)
{
	struct nfv_rule *rule = parse("-p tcp -m tcp --dport 22 ! -s 10.0.0.0/8 -f");

	(void)state;
	expect_get(rule, NFV_FIELD_SOURCE, "10.0.0.0/8", true);
	expect_get(rule, NFV_FIELD_DESTINATION, NULL, false);
	expect_get(rule, NFV_FIELD_PROTOCOL, "tcp", false);
	expect_get(rule, NFV_FIELD_FRAGMENT, "", false);
	expect_get(rule, (enum nfv_field)NFV_FIELD_COUNT, NULL, false);
	assert_int_equal(nfv_rule_set(rule, (enum nfv_field)NFV_FIELD_COUNT, "x", false), -EINVAL);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, nfv_rule_get(rule, NFV_FIELD_SOURCE, NULL), false), 0);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_DESTINATION, "10.1.0.0/255.255.0.0", true), 0);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_IN, "eth+", true), 0);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_OUT, "lo", false), 0);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_FRAGMENT, "", true), 0);
	says(rule, "-s 10.0.0.0/8 ! -d 10.1.0.0/255.255.0.0 ! -i eth+ -o lo -p tcp ! -f -m tcp --dport 22");
	expect_get(rule, NFV_FIELD_IN, "eth+", true);
	expect_get(rule, NFV_FIELD_FRAGMENT, "", true);
	for (int field = NFV_FIELD_SOURCE; field < NFV_FIELD_COUNT; field++) {
		if (field != NFV_FIELD_PROTOCOL)
			assert_int_equal(nfv_rule_set(rule, (enum nfv_field)field, NULL, true), 0);
	}
	says(rule, "-p tcp -m tcp --dport 22");
	expect_get(rule, NFV_FIELD_SOURCE, NULL, false);
	nfv_rule_free(rule);
}

static void test_values(void **state)
{
	static const struct {
		enum nfv_field field;
		const char *good[16], *bad[24];
	} values[] = {
		{ NFV_FIELD_SOURCE,
		  { "1.2.3.4", "10.0.0.0/8", "10.0.0.0/255.0.255.0", "10/8", "0/0", "fe80::1", "fe80::/10", "::/0",
		    "fe80::1/ffff::", "host.example.org", "host_1/24", "localhost/64", "1.1.1.1,2.2.2.0/24",
		    "1.1.1.1, fe80::1" },
		  { "",
		    "1.2.3.256",
		    "1.2.3.4.5",
		    "1.2.3.4/33",
		    "1.2.3.4/",
		    "/8",
		    "1.2.3.4/255.0.0",
		    "1.2.3.4/ffff::",
		    "fe80::1/129",
		    "fe80:::1",
		    "fe80::1/255.0.0.0",
		    "a b",
		    "-a",
		    "a,",
		    ",a",
		    "1.1.1.1 ",
		    "h\303\266st",
		    "1.2.3.4/8/8",
		    "!",
		    "1.2.3.4\n" } },
		{ NFV_FIELD_OUT,
		  { "eth0", "eth+", "+", "fifteen-bytes-x", "a.b:1", "caf\303\251", "a\"b" },
		  { "", "sixteen--bytes-x", "a b", "a/b", "a\tb", "a\nb", "!" } },
		{ NFV_FIELD_PROTOCOL,
		  { "tcp", "TCP", "17", "0x11", "255", "all", "icmpv6", "ipv6-icmp", "gre", "mh" },
		  { "", "256", "-1", "nonsense-xyz", "tcp udp", "6x", "tcp,udp", "!tcp" } },
		{ NFV_FIELD_FRAGMENT, { "" }, { "1", "yes" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct nfv_rule *rule = nfv_rule_new(), *again;

		for (size_t j = 0; values[i].good[j]; j++) {
			if (nfv_rule_set(rule, values[i].field, values[i].good[j], false))
				fail_msg("refused: %s", values[i].good[j]);
			expect_get(rule, values[i].field, values[i].good[j], false);
			again = parse(rule_spec(rule)->bytes);
			expect_get(again, values[i].field, values[i].good[j], false);
			nfv_rule_free(again);
		}
		again = nfv_rule_copy(rule);
		for (size_t j = 0; values[i].bad[j]; j++)
			if (nfv_rule_set(rule, values[i].field, values[i].bad[j], false) != -EINVAL)
				fail_msg("taken: %s", values[i].bad[j]);
		says(rule, rule_spec(again)->bytes);
		nfv_rule_free(again);
		nfv_rule_free(rule);
	}
}

/* In a chain the family is known, and one rule is one rule. */
static void test_values_in_chain(void **state)
{
	(void)state;
	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++) {
		struct nfv_chain *chain = new_chain((enum nfv_family)family);
		struct nfv_rule *rule = nfv_rule_new();
		bool ipv6 = family == NFV_FAMILY_IPV6;

		assert_int_equal(nfv_chain_append(chain, rule), 0);
		assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, "1.2.3.4", false), ipv6 ? -EINVAL : 0);
		assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, "fe80::1", false), ipv6 ? 0 : -EINVAL);
		assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, "a.example/33", false), ipv6 ? 0 : -EINVAL);
		assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, "a.example/255.0.0.0", false), ipv6 ? -EINVAL : 0);
		assert_int_equal(nfv_rule_set(rule, NFV_FIELD_FRAGMENT, "", false), ipv6 ? -EINVAL : 0);
		assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, "a.example,b.example", false), -EINVAL);
		assert_int_equal(rule_family(rule), family);
		nfv_rules_free(chain->table->rules);
	}
}

static void test_negated_values(void **state)
{
	struct nfv_rule *rule = nfv_rule_new();

	(void)state;
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, "1.1.1.1,2.2.2.2", true), -EINVAL);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_PROTOCOL, "all", true), -EINVAL);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_PROTOCOL, "0", true), -EINVAL);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_PROTOCOL, "0", false), 0);
	nfv_rule_free(rule);
}

/* The match of the protocol goes with it, if it can. */
static void test_protocol(void **state)
{
	static const struct {
		const char *text, *protocol, *wanted;
	} cases[] = {
		{ "-p tcp --dport 1 -j A", "udp", "-p udp --dport 1 -j A" },
		{ "-p tcp --dport 1 -j A", "17", "-p 17 --dport 1 -j A" },
		{ "-p tcp --dport 1 -j A", "6", "-p 6 --dport 1 -j A" },
		{ "-p tcp -m tcp --dport 1 -m comment --comment x -j A", "udp",
		  "-p udp -m udp --dport 1 -m comment --comment x -j A" },
		{ "-p tcp -m tcp -j A", "sctp", "-p sctp -m sctp -j A" },
		/* What the other does not have stays: a rule must not become wider in silence. */
		{ "-p tcp --syn --dport 1", "udp", "-p udp -m tcp --syn --dport 1" },
		{ "-p tcp -m tcp --syn", "udp", "-p udp -m tcp --syn" },
		{ "-p tcp --dport 1", "gre", "-p gre -m tcp --dport 1" },
		{ "-p tcp --dport 1", NULL, "-m tcp --dport 1" },
		{ "-m udp --dport 1", "tcp", "-p tcp -m udp --dport 1" },
		{ "-p udplite --newer 2", "tcp", "-p tcp -m udplite --newer 2" },
		{ "-p icmp --icmp-type 8", "tcp", "-p tcp -m icmp --icmp-type 8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nfv_rule *rule = parse(cases[i].text);

		assert_int_equal(nfv_rule_set(rule, NFV_FIELD_PROTOCOL, cases[i].protocol, false), 0);
		says(rule, cases[i].wanted);
		nfv_rule_free(rule);
	}
}

static void test_family(void **state)
{
	static const char *const ipv4[] = {
		"",       "-s 1.1.1.1",        "-s host", "-m tcp", "-j REJECT --reject-with icmp-host-unreachable",
		"-m odd", "-m ttl --ttl-eq 1", "-4 -j A"
	};
	static const char *const ipv6[] = { "-s fe80::1",
					    "! -d ::/0",
					    "-m icmp6 --icmpv6-type 1",
					    "-m hl --hl-eq 1",
					    "-p tcp -m rt --rt-type 0",
					    "-6 -j A",
					    "-p ipv6-icmp --icmpv6-type 1",
					    "-j HL --hl-set 3" };

	(void)state;
	for (size_t i = 0; i < sizeof(ipv4) / sizeof(ipv4[0]); i++) {
		struct nfv_rule *rule = parse(ipv4[i]);

		assert_int_equal(rule_family(rule), NFV_FAMILY_IPV4);
		nfv_rule_free(rule);
	}
	for (size_t i = 0; i < sizeof(ipv6) / sizeof(ipv6[0]); i++) {
		struct nfv_rule *rule = parse(ipv6[i]);

		if (rule_family(rule) != NFV_FAMILY_IPV6)
			fail_msg("not for IPv6: %s", ipv6[i]);
		nfv_rule_free(rule);
	}
}

static void test_comment(void **state)
{
	struct nfv_rule *rule = parse("-p tcp -m tcp --dport 22 -j ACCEPT");
	char *longest = malloc(257);

	(void)state;
	assert_null(nfv_rule_comment(rule));
	assert_int_equal(nfv_rule_set_comment(rule, NULL), 0);
	assert_int_equal(nfv_rule_set_comment(rule, "a \"b\""), 0);
	says(rule, "-p tcp -m tcp --dport 22 -m comment --comment \"a \\\"b\\\"\" -j ACCEPT");
	assert_string_equal(nfv_rule_comment(rule), "a \"b\"");
	assert_int_equal(nfv_rule_set_comment(rule, "plain"), 0);
	says(rule, "-p tcp -m tcp --dport 22 -m comment --comment plain -j ACCEPT");
	assert_int_equal(nfv_rule_set_comment(rule, "two\nlines"), -EINVAL);
	assert_non_null(longest);
	memset(longest, 'x', 256);
	longest[256] = '\0';
	assert_int_equal(nfv_rule_set_comment(rule, longest), -EINVAL);
	assert_string_equal(nfv_rule_comment(rule), "plain");
	assert_int_equal(nfv_rule_set_comment(rule, longest + 1), 0);
	assert_string_equal(nfv_rule_comment(rule), longest + 1);
	free(longest);
	assert_int_equal(nfv_rule_set_comment(rule, ""), 0);
	says(rule, "-p tcp -m tcp --dport 22 -m comment --comment \"\" -j ACCEPT");
	assert_int_equal(nfv_rule_set_comment(rule, NULL), 0);
	says(rule, "-p tcp -m tcp --dport 22 -j ACCEPT");
	nfv_rule_free(rule);

	rule = parse("-m comment --comment one -m comment --comment two");
	assert_string_equal(nfv_rule_comment(rule), "one");
	assert_int_equal(nfv_rule_set_comment(rule, NULL), 0);
	assert_string_equal(nfv_rule_comment(rule), "two");
	nfv_rule_free(rule);
}

static void test_origin(void **state)
{
	struct nfv_rule *rule = parse("-m comment --comment why -m tcp -j ACCEPT");
	char path[600];
	const char *comment;
	unsigned line = 1;

	(void)state;
	assert_null(nfv_rule_origin(rule, &line));
	assert_int_equal(line, 0);
	assert_int_equal(nfv_rule_set_origin_comment(rule), -ENOENT);
	assert_int_equal(nfv_rule_set_origin(rule, "rules/a.c", 12), 0);
	assert_string_equal(nfv_rule_origin(rule, NULL), "rules/a.c");
	assert_int_equal(nfv_rule_set_origin_comment(rule), 0);
	assert_int_equal(nfv_rule_set_origin_comment(rule), 0);
	says(rule, "-m comment --comment why -m comment --comment \"rules/a.c:12\" -m tcp -j ACCEPT");
	assert_int_equal(nfv_rule_set_origin(rule, NULL, 0), 0);
	assert_null(nfv_rule_origin(rule, NULL));
	nfv_rule_free(rule);

	/* Of a long path the end, and no half of a character. */
	rule = nfv_rule_new();
	memset(path, 'x', sizeof(path));
	memcpy(path + sizeof(path) - 5, "/b.c", 5);
	memcpy(path + sizeof(path) - 1 - 253, "\303\251", 2);
	assert_int_equal(nfv_rule_set_origin(rule, path, 7), 0);
	assert_int_equal(nfv_rule_set_origin_comment(rule), 0);
	comment = nfv_rule_comment(rule);
	assert_int_equal(strlen(comment), 255);
	assert_string_equal(comment + 249, "/b.c:7");
	assert_int_equal(nfv_rule_set_origin(rule, path, 70), 0);
	assert_int_equal(nfv_rule_set_comment(rule, NULL), 0);
	assert_int_equal(nfv_rule_set_origin_comment(rule), 0);
	assert_int_equal(strlen(nfv_rule_comment(rule)), 254);
	nfv_rule_free(rule);
}

static void test_position(void **state)
{
	struct nfv_chain *chain = new_chain(NFV_FAMILY_IPV4);
	struct nfv_rule *rules[40], *alone = nfv_rule_new();

	(void)state;
	assert_null(nfv_rule_chain(alone));
	assert_int_equal(nfv_rule_position(alone), -ENOENT);
	nfv_rule_free(alone);
	for (size_t i = 0; i < 40; i++) {
		rules[i] = parse("-j ACCEPT");
		assert_int_equal(nfv_chain_insert(chain, i / 2, rules[i]), 0);
		assert_ptr_equal(nfv_rule_chain(rules[i]), chain);
	}
	for (size_t i = 0; i < 40; i++)
		assert_ptr_equal(nfv_chain_rule(chain, (size_t)nfv_rule_position(rules[i])), rules[i]);
	for (size_t i = 0; i < 30; i++)
		nfv_rule_free(rules[i]);
	assert_int_equal(nfv_chain_count(chain), 10);
	for (size_t i = 30; i < 40; i++)
		assert_ptr_equal(nfv_chain_rule(chain, (size_t)nfv_rule_position(rules[i])), rules[i]);
	nfv_rules_free(chain->table->rules);
}

/* A view that nobody holds a part of can be given back. */
static void test_drop_view(void **state)
{
	struct nfv_rule *rule = parse("-p tcp -m tcp --dport 22 -j ACCEPT");
	const char *protocol;

	(void)state;
	rule_drop_view(rule);
	assert_null(rule->view);
	assert_true(nfv_rule_match_count(rule) == 1);
	assert_non_null(rule->view);
	rule_drop_view(rule);
	assert_null(rule->view);
	protocol = nfv_rule_get(rule, NFV_FIELD_PROTOCOL, NULL);
	rule_drop_view(rule);
	assert_string_equal(protocol, "tcp");
	nfv_rule_free(rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),           cmocka_unit_test(test_copy),
		cmocka_unit_test(test_fields),          cmocka_unit_test(test_values),
		cmocka_unit_test(test_family),          cmocka_unit_test(test_negated_values),
		cmocka_unit_test(test_values_in_chain), cmocka_unit_test(test_protocol),
		cmocka_unit_test(test_comment),         cmocka_unit_test(test_origin),
		cmocka_unit_test(test_position),        cmocka_unit_test(test_drop_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
