/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of rulesets that came from a kernel, when they are changed: bases, autocommit, changes that are refused. */
#include "rules/base.h"
#include "rules/live.h"
#include "rules/model.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),  cmocka_unit_test(test_autocommit), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bases), cmocka_unit_test(test_new_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
