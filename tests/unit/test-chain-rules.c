/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of a chain: put in, taken out, moved, found. */
#include "rules/model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);

	*state = rules;
	return rules && nfv_rules_add_table(rules, "filter") ? 0 : -1;
}

static int tear_down(void **state)
{
	nfv_rules_free(*state);
	return 0;
}

static struct nfv_chain *input(void **state)
{
	return nfv_table_chain(nfv_rules_table(*state, "filter"), "INPUT");
}

static struct nfv_rule *parse(const char *text)
{
	struct nfv_rules_error error;
	struct nfv_rule *rule = nfv_rule_parse(text, &error);

	if (!rule)
		fail_msg("%s: %s", text, error.text);
	return rule;
}

/* Rules that jump to a, b, c, …, one for each letter. */
static void fill(struct nfv_chain *chain, const char *letters)
{
	assert_int_equal(nfv_chain_flush(chain), 0);
	for (; *letters; letters++) {
		char text[] = "-j x";

		text[3] = *letters;
		assert_int_equal(nfv_chain_append(chain, parse(text)), 0);
	}
}

static void expect(struct nfv_chain *chain, const char *letters)
{
	char found[64] = "";

	for (size_t i = 0; i < nfv_chain_count(chain) && i < sizeof(found) - 1; i++) {
		struct nfv_rule *rule = nfv_chain_rule(chain, i);

		assert_ptr_equal(nfv_rule_chain(rule), chain);
		assert_int_equal(nfv_rule_position(rule), i);
		found[i] = *nfv_extension_name(nfv_rule_target(rule));
	}
	assert_string_equal(found, letters);
}

static void test_order(void **state)
{
	struct nfv_chain *chain = input(state);

	fill(chain, "abc");
	expect(chain, "abc");
	assert_int_equal(nfv_chain_insert(chain, 0, parse("-j x")), 0);
	assert_int_equal(nfv_chain_insert(chain, 2, parse("-j y")), 0);
	assert_int_equal(nfv_chain_insert(chain, 5, parse("-j z")), 0);
	expect(chain, "xaybcz");
	assert_int_equal(nfv_chain_insert(chain, 7, parse("-j z")), -ERANGE);
	assert_int_equal(nfv_chain_delete(chain, 6), -ERANGE);
	assert_int_equal(nfv_chain_delete(chain, 5), 0);
	assert_int_equal(nfv_chain_delete(chain, 0), 0);
	expect(chain, "aybc");
	assert_int_equal(nfv_chain_replace(chain, 1, parse("-j n")), 0);
	assert_int_equal(nfv_chain_replace(chain, 4, parse("-j n")), -ERANGE);
	expect(chain, "anbc");
	assert_null(nfv_chain_rule(chain, 4));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(nfv_chain_flush(chain), 0);
	expect(chain, "");
}

static void test_move(void **state)
{
	struct nfv_chain *chain = input(state);

	fill(chain, "abcde");
	assert_int_equal(nfv_chain_move(chain, 0, 4), 0);
	expect(chain, "bcdea");
	assert_int_equal(nfv_chain_move(chain, 3, 1), 0);
	expect(chain, "becda");
	assert_int_equal(nfv_chain_move(chain, 2, 2), 0);
	expect(chain, "becda");
	assert_int_equal(nfv_chain_move(chain, 5, 0), -ERANGE);
	assert_int_equal(nfv_chain_move(chain, 0, 5), -ERANGE);
	expect(chain, "becda");
}

static void test_owning(void **state)
{
	struct nfv_chain *chain = input(state), *none = nfv_table_chain(nfv_rules_table(*state, "filter"), "none");
	struct nfv_rule *rule, *copy;

	fill(chain, "ab");
	assert_int_equal(nfv_chain_append(chain, NULL), -ENOMEM);
	assert_int_equal(nfv_chain_replace(chain, 0, NULL), -ENOMEM);
	assert_int_equal(nfv_chain_append(none, parse("-j c")), -ENOENT);
	assert_int_equal(nfv_chain_append_text(none, "-j c", NULL), -ENOENT);
	assert_int_equal(nfv_chain_replace(none, 0, parse("-j c")), -ENOENT);
	/* One that is in a chain stays there. */
	rule = nfv_chain_rule(chain, 0);
	assert_int_equal(nfv_chain_append(chain, rule), -EBUSY);
	assert_int_equal(nfv_chain_replace(chain, 1, rule), -EBUSY);
	expect(chain, "ab");
	copy = nfv_rule_copy(rule);
	assert_null(nfv_rule_chain(copy));
	assert_int_equal(nfv_rule_position(copy), -ENOENT);
	assert_int_equal(nfv_rule_take(copy), -ENOENT);
	assert_int_equal(nfv_chain_append(chain, copy), 0);
	assert_int_equal(nfv_rule_take(rule), 0);
	expect(chain, "ba");
	assert_int_equal(nfv_chain_insert(chain, 1, rule), 0);
	expect(chain, "baa");
	nfv_rule_free(nfv_chain_rule(chain, 0));
	expect(chain, "aa");
}

static void test_all(void **state)
{
	struct nfv_chain *chain = input(state);
	struct nfv_rule *none[] = { parse("-j c"), NULL, parse("-j d") };

	fill(chain, "ab");
	assert_int_equal(NFV_CHAIN_APPEND_ALL(chain, parse("-j c"), parse("-s 10.0.0.1,10.0.0.2 -j d")), 0);
	expect(chain, "abcdd");
	assert_int_equal(nfv_chain_append_all(chain, none, 3), -ENOMEM);
	assert_int_equal(NFV_CHAIN_APPEND_ALL(NULL, parse("-j c")), -ENOENT);
	expect(chain, "abcdd");
	none[0] = nfv_chain_rule(chain, 0);
	assert_int_equal(nfv_chain_append_all(chain, none, 1), -EBUSY);
	expect(chain, "abcdd");
	assert_int_equal(nfv_chain_append_all(chain, none, 0), 0);
}

static void expect_rule(struct nfv_chain *chain, size_t at, const char *wanted)
{
	char *text = nfv_rule_print(nfv_chain_rule(chain, at), 0);

	assert_string_equal(text, wanted);
	free(text);
}

static void test_lists(void **state)
{
	struct nfv_chain *chain = input(state);
	struct nfv_rule *rule = parse("-c 3 4 -s 10.0.0.1,10.0.0.2 -d 10.1.0.1,10.1.0.2 -p tcp -j ACCEPT");
	uint64_t packets, bytes;
	unsigned line;

	nfv_rule_set_note(rule, "hosts");
	nfv_rule_set_origin(rule, "here.c", 3);
	fill(chain, "ab");
	assert_int_equal(nfv_chain_insert(chain, 1, rule), 0);
	assert_int_equal(nfv_chain_count(chain), 6);
	assert_ptr_equal(nfv_chain_rule(chain, 1), rule);
	expect_rule(chain, 1, "-s 10.0.0.1 -d 10.1.0.1 -p tcp -j ACCEPT");
	expect_rule(chain, 2, "-s 10.0.0.1 -d 10.1.0.2 -p tcp -j ACCEPT");
	expect_rule(chain, 3, "-s 10.0.0.2 -d 10.1.0.1 -p tcp -j ACCEPT");
	expect_rule(chain, 4, "-s 10.0.0.2 -d 10.1.0.2 -p tcp -j ACCEPT");
	expect_rule(chain, 5, "-j b");
	for (size_t i = 1; i <= 4; i++) {
		nfv_rule_counters(nfv_chain_rule(chain, i), &packets, &bytes);
		assert_int_equal(packets, 3);
		assert_int_equal(bytes, 4);
		assert_string_equal(nfv_rule_note(nfv_chain_rule(chain, i)), "hosts");
		assert_string_equal(nfv_rule_origin(nfv_chain_rule(chain, i), &line), "here.c");
		assert_int_equal(line, 3);
	}
	/* One of a view, and in the place of another. */
	rule = parse("-j c");
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_SOURCE, "10.2.0.1,10.2.0.2", false), 0);
	assert_int_equal(nfv_chain_replace(chain, 0, rule), 0);
	assert_int_equal(nfv_chain_count(chain), 7);
	expect_rule(chain, 0, "-s 10.2.0.1 -j c");
	expect_rule(chain, 1, "-s 10.2.0.2 -j c");
	/* Commas elsewhere are no lists. */
	assert_int_equal(nfv_chain_append_text(chain, "-p tcp -m multiport --dports 22,80 -j ACCEPT", NULL), 0);
	assert_int_equal(nfv_chain_count(chain), 8);
	assert_null(nfv_chain_rule(chain, 7)->view);
}

static void test_text(void **state)
{
	struct nfv_chain *chain = input(state);
	struct nfv_rules_error error;

	fill(chain, "ab");
	assert_int_equal(nfv_chain_insert_text(chain, 1, "-p tcp --dport 22 -j c", &error), 0);
	expect(chain, "acb");
	assert_int_equal(nfv_chain_append_text(chain, "-p tcp -j \"c", &error), -EINVAL);
	assert_int_equal(error.code, EINVAL);
	assert_string_not_equal(error.text, "");
	assert_int_equal(nfv_chain_insert_text(chain, 9, "-j c", &error), -ERANGE);
	assert_int_equal(error.code, ERANGE);
	assert_string_equal(error.text, "position 9 is behind the chain's end");
	assert_int_equal(nfv_chain_append_text(NULL, "-j c", &error), -ENOENT);
	assert_string_equal(error.text, "there is no such chain");
	expect(chain, "acb");
}

static long find(struct nfv_chain *chain, const char *text, size_t start)
{
	struct nfv_rule *rule = parse(text);
	long at = nfv_chain_find(chain, rule, start);

	nfv_rule_free(rule);
	return at;
}

static int delete_equal(struct nfv_chain *chain, const char *text)
{
	struct nfv_rule *rule = parse(text);
	int err = nfv_chain_delete_equal(chain, rule);

	nfv_rule_free(rule);
	return err;
}

static void test_find(void **state)
{
	struct nfv_chain *chain = input(state);

	nfv_chain_append_text(chain, "-s 10.1.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT", NULL);
	nfv_chain_append_text(chain, "-j LOG", NULL);
	nfv_chain_append_text(chain, "-s 10.1.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT", NULL);
	assert_int_equal(find(chain, "-s 10.1.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT", 0), 0);
	assert_int_equal(find(chain, "-s 10.1.0.0/255.255.0.0 -p 6 --dport 22 -j ACCEPT", 0), 0);
	assert_int_equal(find(chain, "-s 10.1.0.0/255.255.0.0 -p 6 --dport 22 -j ACCEPT", 1), 2);
	assert_int_equal(find(chain, "-s 10.1.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT", 3), -ENOENT);
	assert_int_equal(find(chain, "-s 10.1.0.0/16 -p tcp -m tcp --dport 23 -j ACCEPT", 0), -ENOENT);
	assert_int_equal(delete_equal(chain, "-p tcp --dport 22 --source 10.1.0.0/255.255.0.0 -j ACCEPT"), 0);
	assert_int_equal(nfv_chain_count(chain), 2);
	assert_int_equal(find(chain, "-j LOG", 0), 0);
	assert_int_equal(delete_equal(chain, "-j DROP"), -ENOENT);
}

/* A rule in no chain is looked for as one of the chain's family. */
static void test_find_ipv6(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV6);
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT");

	(void)state;
	nfv_chain_append_text(chain, "-p ipv6-icmp -j ACCEPT", NULL);
	nfv_chain_append_text(chain, "-p tcp -j REJECT --reject-with icmp6-port-unreachable", NULL);
	assert_int_equal(find(chain, "-p icmpv6 -j ACCEPT", 0), 0);
	assert_int_equal(find(chain, "-p tcp -j REJECT", 0), 1);
	nfv_rules_free(rules);
}

static void test_delete_list(void **state)
{
	struct nfv_chain *chain = input(state);

	nfv_chain_append_text(chain, "-s 10.0.0.1,10.0.0.2 -j DROP", NULL);
	nfv_chain_append_text(chain, "-s 10.0.0.1 -j DROP", NULL);
	assert_int_equal(delete_equal(chain, "-s 10.0.0.1,10.0.0.3 -j DROP"), -ENOENT);
	assert_int_equal(nfv_chain_count(chain), 3);
	/* The same twice: two rules. */
	assert_int_equal(delete_equal(chain, "-s 10.0.0.1,10.0.0.1 -j DROP"), 0);
	assert_int_equal(nfv_chain_count(chain), 1);
	expect_rule(chain, 0, "-s 10.0.0.2 -j DROP");
	assert_int_equal(delete_equal(chain, "-s 10.0.0.2,10.0.0.2 -j DROP"), -ENOENT);
	assert_int_equal(delete_equal(chain, "-s 10.0.0.2,10.0.0.1 -j DROP"), -ENOENT);
	assert_int_equal(nfv_chain_count(chain), 1);
}

#define IN_CHAIN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_CHAIN(test_order), IN_CHAIN(test_move),      IN_CHAIN(test_owning),
		IN_CHAIN(test_all),   IN_CHAIN(test_lists),     IN_CHAIN(test_text),
		IN_CHAIN(test_find),  IN_CHAIN(test_find_ipv6), IN_CHAIN(test_delete_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
