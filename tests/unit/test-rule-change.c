/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of rules in chains that came from the kernel: what the kernel has is kept aside before the first of them. */
#include "rules/base.h"
#include "rules/model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RULE "-p tcp -m tcp --dport 22 -j ACCEPT"

/* A chain INPUT. */
static struct nfv_chain *new_chain(void)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_table *table = rules ? nfv_rules_add_table(rules, "filter") : NULL;
	struct nfv_chain *chain = table ? nfv_table_chain(table, "INPUT") : NULL;

	assert_non_null(chain);
	return chain;
}

/* From now on its ruleset counts as read from the kernel. */
static void begin_live(struct nfv_chain *chain)
{
	chain->created = false;
	chain->table->rules->live = (struct nfv_live *)1; /* never looked into without autocommit */
}

static void end_live(struct nfv_chain *chain)
{
	struct nfv_rules *rules = chain->table->rules;

	rules->live = NULL;
	nfv_rules_free(rules);
}

static void touched(int (*change)(struct nfv_rule *rule), bool wanted)
{
	struct nfv_chain *chain = new_chain();
	struct nfv_rule *rule = nfv_rule_parse(RULE, NULL);

	assert_non_null(rule);
	assert_int_equal(nfv_chain_append(chain, rule), 0);
	begin_live(chain);
	rule->key = 5;
	assert_int_equal(change(rule), 0);
	assert_int_equal(chain->base != NULL, wanted);
	if (chain->base) {
		assert_int_equal(chain->base->count, 1);
		assert_string_equal(chain->base->rules[0].spec->bytes, RULE);
		assert_true(chain->base->rules[0].packets == 0);
	}
	end_live(chain);
}

static int change_field(struct nfv_rule *rule)
{
	int err = nfv_rule_set(rule, NFV_FIELD_IN, "lo", false);

	assert_true(rule->key == 0);
	return err;
}

static int change_counters(struct nfv_rule *rule)
{
	return nfv_rule_set_counters(rule, 5, 6);
}

static int change_comment(struct nfv_rule *rule)
{
	return nfv_rule_set_comment(rule, "x");
}

static int change_target(struct nfv_rule *rule)
{
	assert_null(nfv_rule_set_jump(rule, NULL));
	return -errno;
}

static int change_match(struct nfv_rule *rule)
{
	return nfv_rule_add_match(rule, "odd") ? 0 : -errno;
}

static int change_match_away(struct nfv_rule *rule)
{
	return nfv_rule_remove_match(rule, nfv_rule_match_at(rule, 0));
}

static int change_option(struct nfv_rule *rule)
{
	return nfv_extension_set(nfv_rule_match_at(rule, 0), "dport", "23");
}

static int change_option_more(struct nfv_rule *rule)
{
	return nfv_extension_add(nfv_rule_match_at(rule, 0), "syn", NULL, 0);
}

static int change_option_away(struct nfv_rule *rule)
{
	return nfv_extension_remove(nfv_rule_match_at(rule, 0), "dport");
}

static int change_options_away(struct nfv_rule *rule)
{
	nfv_extension_clear(nfv_rule_match_at(rule, 0));
	return 0;
}

static int change_all(struct nfv_rule *rule)
{
	nfv_rule_free(rule);
	return 0;
}

static int change_nothing(struct nfv_rule *rule)
{
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_IN, "", false), -EINVAL);
	assert_int_equal(nfv_extension_set(nfv_rule_match_at(rule, 0), "no name", "1"), -EINVAL);
	assert_int_equal(nfv_rule_set_note(rule, "note"), 0);
	assert_int_equal(nfv_rule_set_origin(rule, "file", 3), 0);
	assert_non_null(nfv_rule_get(rule, NFV_FIELD_PROTOCOL, NULL));
	assert_int_equal(nfv_rule_set_comment(rule, NULL), 0);
	return nfv_rule_position(rule) ? -EINVAL : 0;
}

static void test_touch(void **state)
{
	(void)state;
	touched(change_field, true);
	touched(change_counters, true);
	touched(change_comment, true);
	touched(change_target, true);
	touched(change_match, true);
	touched(change_match_away, true);
	touched(change_option, true);
	touched(change_option_more, true);
	touched(change_option_away, true);
	touched(change_options_away, true);
	touched(change_all, true);
	touched(change_nothing, false);
}

/* A rule in a chain of no kernel's ruleset has nothing to be kept. */
static void test_not_live(void **state)
{
	struct nfv_chain *chain = new_chain();
	struct nfv_rule *rule = nfv_rule_parse(RULE, NULL);

	(void)state;
	assert_int_equal(nfv_chain_append(chain, rule), 0);
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_IN, "lo", false), 0);
	assert_null(chain->base);
	nfv_rule_free(rule);
	assert_int_equal(nfv_chain_count(chain), 0);
	nfv_rules_free(chain->table->rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_touch),
		cmocka_unit_test(test_not_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
