/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets, tables and chains; also what becomes of them when they came from a kernel that takes or refuses changes. */
#include "rules/base.h"
#include "rules/live.h"
#include "rules/model.h"
#include "rules/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a kernel that takes what it gets, or says no ---- */

struct kernel {
	int answer;
	unsigned commits;
};

int live_autocommit(struct nfv_rules *rules)
{
	struct kernel *kernel = (struct kernel *)rules->live;

	kernel->commits++;
	if (kernel->answer)
		assert_int_equal(base_restore(rules), 0);
	else
		base_forget(rules);
	return kernel->answer;
}

static void make_live(struct nfv_rules *rules, struct kernel *kernel, bool autocommit)
{
	rules->live = (struct nfv_live *)kernel;
	rules->autocommit = autocommit;
}

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
	expect(rules, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
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
	"-p tcp -j web", "-g web", "-j web -p udp", "--jump web", "-j \"web\"", "-j \"w\\eb\"", "-m mark --mark 0x1 -j w\"eb\"",
	"-m comment --comment \"it's -j web\" -j web",
};
static const char *const other[] = {
	"-j website", "-j LOG --log-prefix web", "-m comment --comment \"-j web\" -j ACCEPT", "-i web -j ACCEPT",
	"-m comment --comment \"a \\\" -j web\"", "-m comment --comment web", "-j xweb", "-m set --match-set web src",
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
	expect(rules, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:pages - [0:0]\n"
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

static void test_copy(void **state)
{
	struct nfv_rules *rules = new_filter(), *copy;
	struct nfv_chain *input = chain_of(rules, "INPUT");
	struct kernel kernel = { 0 };
	char *before, *after;
	unsigned line;

	(void)state;
	nfv_table_set_note(nfv_rules_table(rules, "filter"), "front");
	nfv_chain_set_note(input, "in");
	nfv_chain_set_counters(input, 5, 6);
	append(input, "-c 1 2 -p tcp -m tcp --dport 22 -j ACCEPT");
	nfv_rule_set_note(nfv_chain_rule(input, 0), "ssh");
	nfv_rule_set_origin(nfv_chain_rule(input, 0), "here.c", 7);
	append(nfv_table_add_chain(nfv_rules_table(rules, "filter"), "web"), "");
	make_live(rules, &kernel, true);
	copy = nfv_rules_copy(rules);
	before = nfv_rules_print(rules, NFV_PRINT_COUNTERS | NFV_PRINT_ANNOTATED, NULL);
	assert_null(copy->live);
	assert_int_equal(nfv_table_flush(nfv_rules_table(rules, "filter")), 0);
	nfv_rules_free(rules);
	/* The copy is what the original was, and commits nothing. */
	rules = nfv_rules_copy(copy);
	nfv_rules_free(copy);
	copy = rules;
	after = nfv_rules_print(copy, NFV_PRINT_COUNTERS | NFV_PRINT_ANNOTATED, NULL);
	assert_string_equal(after, before);
	free(after);
	free(before);
	assert_string_equal(nfv_rule_origin(nfv_chain_rule(chain_of(copy, "INPUT"), 0), &line), "here.c");
	assert_int_equal(line, 7);
	kernel.commits = 0;
	append(chain_of(copy, "INPUT"), "-j DROP");
	assert_int_equal(kernel.commits, 0);
	nfv_rules_free(copy);
}

/* ---- rulesets of a kernel ---- */

static const char start[] = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:old - [0:0]\n"
			    ":web - [0:0]\n-A INPUT -j web\n-A INPUT -j old\n-A web -j ACCEPT\n-A old -j DROP\nCOMMIT\n";

static struct nfv_rules *new_live(struct kernel *kernel, bool autocommit)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);

	assert_int_equal(nfv_rules_read(rules, start, strlen(start), NULL, NULL), 0);
	make_live(rules, kernel, autocommit);
	return rules;
}

/* Each change of a chain, once by itself. Returns what it returned; pointers are looked up anew. */
static int change(struct nfv_rules *rules, int which)
{
	struct nfv_table *table = nfv_rules_table(rules, "filter");
	struct nfv_chain *input = chain_of(rules, "INPUT"), *old = chain_of(rules, "old");
	struct nfv_rule *rules_[] = { nfv_rule_parse("-j LOG", NULL), nfv_rule_parse("-j DROP", NULL) };
	struct nfv_rule *rule;
	int err;

	if (which == 0)
		return nfv_chain_append_all(input, rules_, 2);
	nfv_rule_free(rules_[0]);
	nfv_rule_free(rules_[1]);
	switch (which) {
	case 1:
		return nfv_chain_append(input, nfv_rule_parse("-s 10.0.0.1,10.0.0.2 -j DROP", NULL));
	case 2:
		return nfv_chain_insert(input, 0, nfv_rule_parse("-j RETURN", NULL));
	case 3:
		return nfv_chain_replace(input, 1, nfv_rule_parse("-j RETURN", NULL));
	case 4:
		return nfv_chain_delete(input, 1);
	case 5:
		return nfv_chain_move(input, 1, 0);
	case 6:
		return nfv_chain_flush(input);
	case 7:
		return nfv_chain_set_policy(input, "DROP");
	case 8:
		return nfv_chain_set_counters(input, 1, 1);
	case 9:
		return nfv_chain_rename(old, "older");
	case 10:
		return nfv_table_flush(table);
	case 11:
		return nfv_table_add_chain(table, "new") ? 0 : -errno;
	case 12:
		rule = nfv_chain_rule(input, 0);
		err = nfv_rule_take(rule);
		nfv_rule_free(rule);
		return err;
	case 13:
		rules_hold(rules);
		nfv_chain_delete(input, 1);
		nfv_chain_remove(old);
		return rules_unhold(rules);
	case 14:
		return nfv_chain_zero(input);
	default:
		return 1;
	}
}

static void test_autocommit(void **state)
{
	(void)state;
	for (int which = 0; which <= 14; which++) {
		struct kernel kernel = { 0 };
		struct nfv_rules *rules = new_live(&kernel, true);

		assert_int_equal(change(rules, which), 0);
		if (kernel.commits != 1)
			fail_msg("change %d: %u commits", which, kernel.commits);
		assert_false(base_any(rules));
		nfv_rules_free(rules);
	}
}

static void test_refused(void **state)
{
	(void)state;
	for (int which = 0; which <= 14; which++) {
		struct kernel kernel = { .answer = -EPERM };
		struct nfv_rules *rules = new_live(&kernel, true), *wanted = new_live(&kernel, false);
		struct nfv_table *table = nfv_rules_table(rules, "filter");

		if (change(rules, which) != -EPERM)
			fail_msg("change %d was not refused", which);
		assert_int_equal(kernel.commits, 1);
		assert_false(base_any(rules));
		/* All is there again; chains that were removed stand behind the others. */
		assert_int_equal(table->count, 5);
		for (size_t i = 0; i < table->count; i++) {
			struct nfv_chain *chain = table->chains[i], *was = chain_of(wanted, chain->name);

			assert_int_equal(chain->count, was->count);
			assert_true(base_hash_of_chain(chain) == base_hash_of_chain(was));
			assert_int_equal(chain->packets, 0);
			assert_ptr_equal(chain_of(rules, chain->name), chain);
		}
		nfv_rules_free(rules);
		nfv_rules_free(wanted);
	}
}

/* Without autocommit the bases say what the kernel has. */
static void test_bases(void **state)
{
	struct kernel kernel = { 0 };
	struct nfv_rules *rules = new_live(&kernel, false);
	struct nfv_table *table = nfv_rules_table(rules, "filter");
	struct nfv_chain *old = chain_of(rules, "old"), *input = chain_of(rules, "INPUT"), *added;

	(void)state;
	append(input, "-j DROP");
	assert_int_equal(input->base->count, 2);
	assert_null(chain_of(rules, "web")->base);
	nfv_chain_delete(input, 2);
	nfv_chain_delete(input, 1);
	assert_int_equal(nfv_chain_remove(old), 0);
	assert_int_equal(table->removed_count, 1);
	assert_string_equal(table->removed[0]->name, "old");
	/* Made again: it is the kernel's chain with other rules. */
	added = nfv_table_add_chain(table, "old");
	assert_int_equal(table->removed_count, 0);
	assert_false(added->created);
	assert_int_equal(added->base->count, 1);
	added = nfv_table_add_chain(table, "new");
	assert_true(added->created);
	append(added, "-j DROP");
	assert_null(added->base);
	/* What the kernel never had leaves nothing. */
	assert_int_equal(nfv_chain_remove(added), 0);
	assert_int_equal(table->removed_count, 0);
	/* Another name: the base has the old one, also when the chain goes then. */
	assert_int_equal(nfv_chain_rename(chain_of(rules, "web"), "pages"), 0);
	assert_string_equal(chain_of(rules, "pages")->base->name, "web");
	nfv_chain_flush(input);
	assert_int_equal(nfv_chain_remove(chain_of(rules, "pages")), 0);
	assert_string_equal(table->removed[0]->name, "web");
	assert_int_equal(kernel.commits, 0);
	assert_int_equal(base_restore(rules), 0);
	assert_false(base_any(rules));
	expect(rules, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:old - [0:0]\n"
		      ":web - [0:0]\n-A INPUT -j web\n-A INPUT -j old\n-A old -j DROP\n-A web -j ACCEPT\nCOMMIT\n");
	nfv_rules_free(rules);
}

/* A table that the kernel did not show: its chains are there, empty, as soon as something is done to them. */
static void test_new_table(void **state)
{
	struct kernel kernel = { .answer = -EPERM };
	struct nfv_rules *rules = new_live(&kernel, true);
	struct nfv_table *table = nfv_rules_add_table(rules, "nat");
	struct nfv_chain *chain = nfv_table_chain(table, "POSTROUTING");

	(void)state;
	assert_true(table->created);
	assert_false(base_any(rules));
	assert_int_equal(nfv_chain_append_text(chain, "-j MASQUERADE", NULL), -EPERM);
	assert_int_equal(nfv_chain_count(chain), 0);
	rules->autocommit = false;
	assert_int_equal(nfv_chain_append_text(chain, "-j MASQUERADE", NULL), 0);
	assert_true(base_any(rules));
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),	      cmocka_unit_test(test_default_tables), cmocka_unit_test(test_chains),
		cmocka_unit_test(test_missing_builtin), cmocka_unit_test(test_policies),     cmocka_unit_test(test_notes),
		cmocka_unit_test(test_references),    cmocka_unit_test(test_rename),	     cmocka_unit_test(test_flush_table),
		cmocka_unit_test(test_copy),	      cmocka_unit_test(test_autocommit),     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bases),	      cmocka_unit_test(test_new_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
