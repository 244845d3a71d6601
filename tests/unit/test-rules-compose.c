/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets, tables and chains. */
#include "rules/model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- making and looking ---- */

static struct nfv_rules *new_filter(void)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);

	assert_non_null(rules);
	assert_non_null(nfv_rules_add_table(rules, "filter"));
	return rules;
}

static struct nfv_chain *chain_of(struct nfv_rules *rules, const char *name)
{
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_table(rules, "filter"), name);

	assert_non_null(chain);
	return chain;
}

static void append(struct nfv_chain *chain, const char *text)
{
	struct nfv_rules_error error;

	if (nfv_chain_append_text(chain, text, &error))
		fail_msg("%s: %s", text, error.text);
}

static void expect(struct nfv_rules *rules, const char *wanted)
{
	char *text = nfv_rules_print(rules, 0, NULL);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_new(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV6);

	(void)state;
	assert_int_equal(nfv_rules_family(rules), NFV_FAMILY_IPV6);
	assert_int_equal(nfv_rules_table_count(rules), 0);
	assert_null(nfv_rules_table_at(rules, 0));
	assert_int_equal(errno, ENOENT);
	assert_null(nfv_rules_table(rules, "filter"));
	assert_int_equal(errno, ENOENT);
	assert_null(nfv_rules_add_table(rules, "broute"));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(nfv_rules_table_count(rules), 0);
	nfv_rules_free(rules);
	nfv_rules_free(NULL);
	errno = 0;
	assert_null(nfv_rules_new((enum nfv_family)7));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(nfv_rules_version(), "0.1.0");
}

static void test_default_tables(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_table *nat;

	(void)state;
	assert_int_equal(nfv_rules_add_default_tables(rules), 0);
	assert_int_equal(nfv_rules_add_default_tables(rules), 0);
	expect(rules,
	       "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
	       "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
	       "COMMIT\n"
	       "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
	       ":POSTROUTING ACCEPT [0:0]\nCOMMIT\n"
	       "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
	       "*security\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
	nat = nfv_rules_table(rules, "nat");
	assert_ptr_equal(nat, nfv_rules_table_at(rules, 1));
	assert_ptr_equal(nat, nfv_rules_add_table(rules, "nat"));
	assert_ptr_equal(nfv_table_rules(nat), rules);
	assert_string_equal(nfv_table_name(nat), "nat");
	assert_int_equal(nfv_table_chain_count(nat), 4);
	assert_string_equal(nfv_chain_name(nfv_table_chain_at(nat, 3)), "POSTROUTING");
	assert_null(nfv_table_chain_at(nat, 4));
	assert_int_equal(errno, ENOENT);
	nfv_rules_free(rules);
}

static void refuse_chain(struct nfv_table *table, const char *name, int code)
{
	errno = 0;
	assert_null(nfv_table_add_chain(table, name));
	assert_int_equal(errno, code);
}

static void test_chains(void **state)
{
	struct nfv_rules *rules = new_filter();
	struct nfv_table *table = nfv_rules_table(rules, "filter");
	struct nfv_chain *web = nfv_table_add_chain(table, "web");

	(void)state;
	assert_non_null(web);
	assert_false(nfv_chain_is_builtin(web));
	assert_null(nfv_chain_policy(web));
	assert_ptr_equal(nfv_chain_table(web), table);
	assert_true(nfv_chain_is_builtin(chain_of(rules, "INPUT")));
	refuse_chain(table, "web", EEXIST);
	refuse_chain(table, "INPUT", EEXIST);
	refuse_chain(table, "", EINVAL);
	refuse_chain(table, "-j", EINVAL);
	refuse_chain(table, "!x", EINVAL);
	refuse_chain(table, "a b", EINVAL);
	refuse_chain(table, "a\nb", EINVAL);
	refuse_chain(table, "ACCEPT", EINVAL);
	refuse_chain(table, "LOG", EINVAL);
	refuse_chain(table, "12345678901234567890123456789", ENAMETOOLONG);
	assert_non_null(nfv_table_add_chain(table, "1234567890123456789012345678"));
	assert_ptr_equal(nfv_table_ensure_chain(table, "web"), web);
	assert_non_null(nfv_table_ensure_chain(table, "more"));
	assert_int_equal(nfv_table_chain_count(table), 6);
	nfv_rules_free(rules);
}

/* A table of which a text named one chain alone. */
static void test_missing_builtin(void **state)
{
	static const char text[] = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_table *table;

	(void)state;
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), NULL, NULL), 0);
	table = nfv_rules_table(rules, "filter");
	refuse_chain(table, "OUTPUT", EINVAL);
	assert_non_null(nfv_table_ensure_chain(table, "OUTPUT"));
	expect(rules, "*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
	nfv_rules_free(rules);
}

static void test_policies(void **state)
{
	struct nfv_rules *rules = new_filter();
	struct nfv_chain *input = chain_of(rules, "INPUT");
	struct nfv_chain *web = nfv_table_add_chain(nfv_rules_table(rules, "filter"), "web");
	uint64_t packets = 1, bytes = 1;

	(void)state;
	assert_string_equal(nfv_chain_policy(input), "ACCEPT");
	assert_int_equal(nfv_chain_set_policy(input, "DROP"), 0);
	assert_string_equal(nfv_chain_policy(input), "DROP");
	assert_int_equal(nfv_chain_set_policy(input, "REJECT"), -EINVAL);
	assert_int_equal(nfv_chain_set_policy(input, NULL), -EINVAL);
	assert_int_equal(nfv_chain_set_policy(web, "DROP"), -EINVAL);
	assert_int_equal(nfv_chain_set_counters(web, 1, 2), -EINVAL);
	assert_int_equal(nfv_chain_set_counters(input, 7, 9), 0);
	append(input, "-c 3 4 -j ACCEPT");
	nfv_chain_counters(input, &packets, NULL);
	nfv_chain_counters(input, NULL, &bytes);
	assert_int_equal(packets, 7);
	assert_int_equal(bytes, 9);
	assert_int_equal(nfv_chain_zero(input), 0);
	nfv_chain_counters(input, &packets, &bytes);
	assert_int_equal(packets + bytes, 0);
	nfv_rule_counters(nfv_chain_rule(input, 0), &packets, &bytes);
	assert_int_equal(packets + bytes, 0);
	nfv_rules_free(rules);
}

static void test_notes(void **state)
{
	struct nfv_rules *rules = new_filter();
	struct nfv_table *table = nfv_rules_table(rules, "filter");
	struct nfv_chain *input = chain_of(rules, "INPUT");

	(void)state;
	assert_null(nfv_table_note(table));
	assert_int_equal(nfv_table_set_note(table, "of the\nfront"), 0);
	assert_string_equal(nfv_table_note(table), "of the\nfront");
	assert_int_equal(nfv_table_set_note(table, NULL), 0);
	assert_null(nfv_table_note(table));
	assert_int_equal(nfv_chain_set_note(input, "what comes in"), 0);
	assert_string_equal(nfv_chain_note(input), "what comes in");
	assert_int_equal(nfv_chain_set_note(input, NULL), 0);
	assert_null(nfv_chain_note(input));
	nfv_rules_free(rules);
}

/* Rules that lead to a chain, written in each way that the tool reads, beside rules that hold its name only. */
static const char *const leading[] = {
	"-p tcp -j web",
	"-g web",
	"-j web -p udp",
	"--jump web",
	"-j \"web\"",
	"-j \"w\\eb\"",
	"-m mark --mark 0x1 -j w\"eb\"",
	"-m comment --comment \"it's -j web\" -j web",
};
static const char *const other[] = {
	"-j website",
	"-j LOG --log-prefix web",
	"-m comment --comment \"-j web\" -j ACCEPT",
	"-i web -j ACCEPT",
	"-m comment --comment \"a \\\" -j web\"",
	"-m comment --comment web",
	"-j xweb",
	"-m set --match-set web src",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_references(void **state)
{
	struct nfv_rules *rules = new_filter();
	struct nfv_table *table = nfv_rules_table(rules, "filter");
	struct nfv_chain *web = nfv_table_add_chain(table, "web"), *forward = chain_of(rules, "FORWARD");

	(void)state;
	assert_int_equal(nfv_chain_references(web), 0);
	for (size_t i = 0; i < COUNT(other); i++)
		append(forward, other[i]);
	assert_int_equal(nfv_chain_references(web), 0);
	for (size_t i = 0; i < COUNT(leading); i++) {
		append(i % 2 ? forward : chain_of(rules, "INPUT"), leading[i]);
		if (nfv_chain_references(web) != i + 1)
			fail_msg("not counted: %s", leading[i]);
	}
	assert_int_equal(nfv_chain_remove(web), -EBUSY);
	assert_int_equal(nfv_chain_remove(forward), -EINVAL);
	assert_int_equal(nfv_chain_flush(forward), 0);
	assert_int_equal(nfv_chain_flush(chain_of(rules, "INPUT")), 0);
	/* Its own rules go with it. */
	append(web, "-j web");
	assert_int_equal(nfv_chain_references(web), 1);
	assert_int_equal(nfv_chain_remove(web), 0);
	assert_null(nfv_table_chain(table, "web"));
	expect(rules, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
	nfv_rules_free(rules);
}

static void test_rename(void **state)
{
	struct nfv_rules *rules = new_filter();
	struct nfv_table *table = nfv_rules_table(rules, "filter");
	struct nfv_chain *web = nfv_table_add_chain(table, "web"), *input = chain_of(rules, "INPUT");

	(void)state;
	nfv_table_add_chain(table, "taken");
	for (size_t i = 0; i < COUNT(leading); i++)
		append(input, leading[i]);
	append(chain_of(rules, "OUTPUT"), other[1]);
	append(web, "-g web");
	/* One that somebody holds a part of. */
	assert_string_equal(nfv_extension_name(nfv_rule_target(nfv_chain_rule(input, 0))), "web");
	assert_int_equal(nfv_chain_rename(web, "taken"), -EEXIST);
	assert_int_equal(nfv_chain_rename(web, "INPUT"), -EEXIST);
	assert_int_equal(nfv_chain_rename(web, "DROP"), -EINVAL);
	assert_int_equal(nfv_chain_rename(web, "12345678901234567890123456789"), -ENAMETOOLONG);
	assert_int_equal(nfv_chain_rename(input, "in"), -EINVAL);
	assert_int_equal(nfv_chain_rename(web, "web"), 0);
	assert_int_equal(nfv_chain_rename(web, "pages"), 0);
	assert_string_equal(nfv_chain_name(web), "pages");
	assert_ptr_equal(nfv_table_chain(table, "pages"), web);
	assert_null(nfv_table_chain(table, "web"));
	assert_int_equal(nfv_chain_references(web), COUNT(leading) + 1);
	assert_string_equal(nfv_extension_name(nfv_rule_target(nfv_chain_rule(input, 0))), "pages");
	for (size_t i = 0; i < COUNT(leading); i++)
		assert_string_equal(nfv_extension_name(nfv_rule_target(nfv_chain_rule(input, i))), "pages");
	expect(rules,
	       "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:pages - [0:0]\n"
	       ":taken - [0:0]\n-A INPUT -p tcp -j pages\n-A INPUT -g pages\n-A INPUT -p udp -j pages\n-A INPUT -j pages\n"
	       "-A INPUT -j pages\n-A INPUT -j pages\n-A INPUT -m mark --mark 0x1 -j pages\n"
	       "-A INPUT -m comment --comment \"it's -j web\" -j pages\n-A OUTPUT -j LOG --log-prefix web\n"
	       "-A pages -g pages\nCOMMIT\n");
	nfv_rules_free(rules);
}

static void test_flush_table(void **state)
{
	struct nfv_rules *rules = new_filter();
	struct nfv_table *table = nfv_rules_table(rules, "filter");

	(void)state;
	append(nfv_table_add_chain(table, "a"), "-j b");
	append(nfv_table_add_chain(table, "b"), "-j a");
	append(chain_of(rules, "INPUT"), "-j a");
	nfv_chain_set_policy(chain_of(rules, "INPUT"), "DROP");
	assert_int_equal(nfv_table_flush(table), 0);
	expect(rules, "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),         cmocka_unit_test(test_default_tables),
		cmocka_unit_test(test_chains),      cmocka_unit_test(test_missing_builtin),
		cmocka_unit_test(test_policies),    cmocka_unit_test(test_notes),
		cmocka_unit_test(test_references),  cmocka_unit_test(test_rename),
		cmocka_unit_test(test_flush_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
