/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags, and an owner's rules among those of others. */
#include "rules/owner.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct nfv_rules *rules_of(const char *text)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;

	assert_non_null(rules);
	if (nfv_rules_read(rules, text, strlen(text), NULL, &error))
		fail_msg("%u: %s", error.line, error.text);
	return rules;
}

static struct nfv_chain *chain_of(struct nfv_rules *rules, const char *name)
{
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_table(rules, "filter"), name);

	assert_non_null(chain);
	return chain;
}

static struct nfv_rule *parse(const char *text)
{
	struct nfv_rule *rule = nfv_rule_parse(text, NULL);

	assert_non_null(rule);
	return rule;
}

/* The targets of a chain's rules, one letter each; with a tag of `me` in capitals. */
static void judge_order(struct nfv_chain *chain, const char *wanted)
{
	char order[64] = "";

	for (size_t i = 0; i < nfv_chain_count(chain); i++) {
		const struct nfv_rule *rule = nfv_chain_rule(chain, i);
		const char *source = nfv_rule_get(rule, NFV_FIELD_SOURCE, NULL);

		assert_non_null(source);
		order[i] = (char)((owner_has(rule, "me") ? 'A' : 'a') + atoi(source + strlen("10.0.0.")) - 1);
	}
	assert_string_equal(order, wanted);
}

/* ---- tags ---- */

static void test_tag(void **state)
{
	struct nfv_rule *rule = parse("-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment \"my rule\" -j ACCEPT");
	char owner[32], *text;
	bool intact = false;

	(void)state;
	assert_int_equal(nfv_rule_owner(rule, owner, sizeof(owner), &intact), -ENOENT);
	assert_int_equal(nfv_rule_set_owner(rule, "web_1-a"), 0);
	assert_int_equal(nfv_rule_owner(rule, owner, sizeof(owner), &intact), 0);
	assert_string_equal(owner, "web_1-a");
	assert_true(intact);
	assert_string_equal(nfv_rule_comment(rule), "my rule");
	text = nfv_rule_print(rule, 0);
	assert_non_null(strstr(text, "--comment \"my rule\" -m comment --comment \"nfv:web_1-a:"));
	/* Twice is once; another owner takes the place of the first. */
	assert_int_equal(nfv_rule_set_owner(rule, "web_1-a"), 0);
	assert_int_equal(nfv_rule_match_count(rule), 3);
	assert_int_equal(nfv_rule_set_owner(rule, "other"), 0);
	assert_int_equal(nfv_rule_match_count(rule), 3);
	assert_int_equal(nfv_rule_owner(rule, owner, 3, NULL), 0);
	assert_string_equal(owner, "ot");
	free(text);
	nfv_rule_free(rule);
}

static void test_hash(void **state)
{
	/* The same rule as somebody writes it and as the tool prints it. */
	struct nfv_rule *mine = parse("-p tcp --dport 22 -s 10.1.0.0/255.255.0.0 -j ACCEPT");
	struct nfv_rule *printed;
	char text[512], *end, *tag;
	bool intact = false;

	(void)state;
	assert_int_equal(nfv_rule_set_owner(mine, "me"), 0);
	tag = nfv_rule_print(mine, 0);
	assert_non_null(tag);
	end = strstr(tag, "nfv:me:");
	assert_non_null(end);
	snprintf(text, sizeof(text), "-s 10.1.0.0/16 -p tcp -m tcp --dport 22 -m comment --comment \"%.23s\" -j ACCEPT",
		 end);
	printed = parse(text);
	assert_int_equal(nfv_rule_owner(printed, NULL, 0, &intact), 0);
	assert_true(intact);
	nfv_rule_free(printed);

	snprintf(text, sizeof(text), "-s 10.1.0.0/16 -p tcp -m tcp --dport 23 -m comment --comment \"%.23s\" -j ACCEPT",
		 end);
	printed = parse(text);
	assert_int_equal(nfv_rule_owner(printed, NULL, 0, &intact), 0);
	assert_false(intact);
	/* Set anew, the hash fits again. */
	assert_int_equal(nfv_rule_set_owner(printed, "me"), 0);
	assert_int_equal(nfv_rule_owner(printed, NULL, 0, &intact), 0);
	assert_true(intact);
	nfv_rule_free(printed);
	free(tag);
	nfv_rule_free(mine);
}

static void test_no_tags(void **state)
{
	static const char *const others[] = {
		"nfv:edge",
		"nfv:",
		"nfv::0123456789abcdef",
		"nfv:me:0123456789abcde",
		"nfv:me:0123456789abcdef0",
		"nfv:me:0123456789ABCDEF",
		"nfv:me:0123456789abcdeg",
		"xnfv:me:0123456789abcdef",
		"nfv:m e:0123456789abcdef",
		"nfv:aaaaaaaaaaaaaaaaaaaaa:0123456789abcdef",
		"nfv:a:b:0123456789abcdef",
	};
	static const char *const names[] = { "", "a b", "a:b", "aaaaaaaaaaaaaaaaaaaaa", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char text[256];
		struct nfv_rule *rule;

		snprintf(text, sizeof(text), "-m comment --comment \"%s\" -j ACCEPT", others[i]);
		rule = parse(text);
		assert_int_equal(nfv_rule_owner(rule, text, sizeof(text), NULL), -ENOENT);
		/* Such a comment is left alone. */
		assert_int_equal(nfv_rule_set_owner(rule, "me"), 0);
		assert_string_equal(nfv_rule_comment(rule), others[i]);
		assert_int_equal(nfv_rule_owner(rule, text, sizeof(text), NULL), 0);
		assert_string_equal(text, "me");
		nfv_rule_free(rule);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct nfv_rule *rule = parse("-j ACCEPT");

		assert_int_equal(nfv_rule_set_owner(rule, names[i]), -EINVAL);
		nfv_rule_free(rule);
	}
}

/* ---- among others ---- */

static const char *const mixed = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:MY-1 - [0:0]\n"
				 ":MY-2 - [0:0]\n:MY-3 - [0:0]\n:MY-4 - [0:0]\n:OTHER - [0:0]\n"
				 "-A INPUT -s 10.0.0.1/32 -j OTHER\n-A INPUT -s 10.0.0.2/32 -j MY-1\n"
				 "-A INPUT -s 10.0.0.3/32 -j MY-3\n-A MY-1 -s 10.0.0.4/32 -j MY-2\n"
				 "-A MY-2 -s 10.0.0.5/32 -j DROP\n-A MY-4 -s 10.0.0.6/32 -j DROP\nCOMMIT\n";

static void tag(struct nfv_rules *rules, const char *chain, size_t position)
{
	assert_int_equal(nfv_rule_set_owner(nfv_chain_rule(chain_of(rules, chain), position), "me"), 0);
}

static void test_sweep(void **state)
{
	struct nfv_rules *rules = rules_of(mixed);
	struct nfv_table *table = nfv_rules_table(rules, "filter");

	(void)state;
	tag(rules, "INPUT", 1);
	tag(rules, "MY-1", 0);
	tag(rules, "MY-2", 0);
	assert_int_equal(nfv_rules_sweep(rules, "you", "MY-"), 0);
	assert_int_equal(nfv_rules_sweep(rules, "m e", NULL), -EINVAL);
	/* Three rules, and MY-1 and MY-2; somebody's rule leads to MY-3, and one stands in MY-4. */
	assert_int_equal(nfv_rules_sweep(rules, "me", "MY-"), 5);
	judge_order(chain_of(rules, "INPUT"), "ac");
	assert_null(nfv_table_chain(table, "MY-1"));
	assert_null(nfv_table_chain(table, "MY-2"));
	assert_non_null(nfv_table_chain(table, "MY-3"));
	assert_int_equal(nfv_chain_count(chain_of(rules, "MY-4")), 1);
	assert_int_equal(nfv_rules_sweep(rules, "me", "MY-"), 0);
	nfv_rules_free(rules);
}

static struct nfv_rules *input(const char *letters)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT");

	for (; *letters; letters++) {
		char text[64];

		snprintf(text, sizeof(text), "-s 10.0.0.%d/32 -j ACCEPT", (*letters | 0x20) - 'a' + 1);
		assert_int_equal(nfv_chain_append_text(chain, text, NULL), 0);
		/* Capitals are ours. */
		if (*letters < 'a')
			assert_int_equal(nfv_rule_set_owner(nfv_chain_rule(chain, nfv_chain_count(chain) - 1), "me"), 0);
	}
	return rules;
}

static void test_put(void **state)
{
	static const struct {
		const char *before, *wanted, *first, *last;
	} cases[] = {
		{ "", "xy", "XY", "XY" },
		{ "ab", "xy", "XYab", "abXY" },
		{ "aXb", "xy", "aXYb", "aXYb" },
		{ "aXbYc", "xy", "aXYbc", "aXYbc" },
		{ "aYbXc", "xy", "aXYbc", "aXYbc" },
		{ "aXYb", "xy", "aXYb", "aXYb" },
		{ "aXYXb", "xy", "aXYb", "aXYb" },
		{ "aZbXc", "x", "aXbc", "aXbc" },
		{ "aXbYc", "", "abc", "abc" },
		{ "aXb", "xx", "aXXb", "aXXb" },
		{ "XxX", "x", "Xx", "Xx" },
		{ "xa", "x", "Xxa", "xaX" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int last = 0; last < 2; last++) {
			struct nfv_rules *rules = input(cases[i].before), *wanted = input(cases[i].wanted);

			for (int again = 0; again < 2; again++) {
				assert_int_equal(nfv_rules_put_owned(rules, wanted, "me", !last), 0);
				judge_order(chain_of(rules, "INPUT"), last ? cases[i].last : cases[i].first);
			}
			nfv_rules_free(wanted);
			nfv_rules_free(rules);
		}
	}
}

static void test_put_chains(void **state)
{
	struct nfv_rules *rules = rules_of(mixed), *wanted = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules *six = nfv_rules_new(NFV_FAMILY_IPV6);
	struct nfv_table *table = nfv_rules_add_table(wanted, "filter");

	(void)state;
	tag(rules, "MY-2", 0);
	assert_int_equal(nfv_chain_append_text(nfv_table_add_chain(table, "FRESH"), "-s 10.0.0.7/32 -j DROP", NULL), 0);
	assert_int_equal(nfv_chain_append_text(nfv_table_chain(table, "INPUT"), "-s 10.0.0.8/32 -j FRESH", NULL), 0);
	assert_int_equal(nfv_rules_put_owned(rules, wanted, "me", true), 0);
	judge_order(chain_of(rules, "INPUT"), "Habc");
	judge_order(chain_of(rules, "FRESH"), "G");
	/* What the owner had elsewhere is gone. */
	assert_int_equal(nfv_chain_count(chain_of(rules, "MY-2")), 0);
	assert_int_equal(nfv_chain_count(chain_of(rules, "MY-1")), 1);
	assert_int_equal(nfv_rules_put_owned(rules, six, "me", true), -EINVAL);
	nfv_rules_free(six);
	nfv_rules_free(wanted);
	nfv_rules_free(rules);
}

/* Rules that stay are the same objects, with their counters. */
static void test_put_keeps(void **state)
{
	struct nfv_rules *rules = input("aXbYc"), *wanted = input("xzy");
	struct nfv_chain *chain = chain_of(rules, "INPUT");
	struct nfv_rule *x = nfv_chain_rule(chain, 1), *y = nfv_chain_rule(chain, 3);
	uint64_t packets, bytes;

	(void)state;
	assert_int_equal(nfv_rule_set_counters(y, 7, 700), 0);
	assert_int_equal(nfv_rules_put_owned(rules, wanted, "me", true), 0);
	judge_order(chain, "aXZYbc");
	assert_ptr_equal(nfv_chain_rule(chain, 1), x);
	assert_ptr_equal(nfv_chain_rule(chain, 3), y);
	nfv_rule_counters(y, &packets, &bytes);
	assert_int_equal(packets, 7);
	nfv_rules_free(wanted);
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tag),       cmocka_unit_test(test_hash), cmocka_unit_test(test_no_tags),
		cmocka_unit_test(test_sweep),     cmocka_unit_test(test_put),  cmocka_unit_test(test_put_chains),
		cmocka_unit_test(test_put_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
