/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of rules/from-python.md share. */
#ifndef TESTS_UNIT_FROM_PYTHON_H
#define TESTS_UNIT_FROM_PYTHON_H

#include <nfverdict/rules.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What follows is row `id` of the table. */
static inline void row(const char *id)
{
	print_message("row %s\n", id);
}

static inline void prints(const struct nfv_rule *rule, const char *wanted)
{
	char *text = nfv_rule_print(rule, 0);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

/* The same as the kernel would keep it. */
static inline void prints_canonical(const struct nfv_rule *rule, const char *wanted)
{
	char *text = nfv_rule_print(rule, NFV_PRINT_CANONICAL);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static inline struct nfv_rule *parsed(const char *text)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_rule *rule = nfv_rule_parse(text, &error);

	if (!rule)
		fail_msg("%s: %s", text, error.text);
	return rule;
}

static inline void chain_is(const struct nfv_chain *chain, const char *wanted)
{
	char got[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < nfv_chain_count(chain); i++) {
		char *text = nfv_rule_print(nfv_chain_rule(chain, i), 0);

		assert_non_null(text);
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s", i ? "; " : "", text);
		free(text);
	}
	assert_string_equal(got, wanted);
}

/* A ruleset of the table filter with INPUT: ACCEPT tcp; DROP. */
struct fixture {
	struct nfv_rules *rules;
	struct nfv_table *table;
	struct nfv_chain *chain;
};

static inline void setup(struct fixture *f)
{
	f->rules = nfv_rules_new(NFV_FAMILY_IPV4);
	assert_non_null(f->rules);
	f->table = nfv_rules_add_table(f->rules, "filter");
	f->chain = nfv_table_chain(f->table, "INPUT");
	assert_non_null(f->chain);
	assert_int_equal(nfv_chain_append_text(f->chain, "-p tcp -j ACCEPT", NULL), 0);
	assert_int_equal(nfv_chain_append_text(f->chain, "-j DROP", NULL), 0);
}

#endif
