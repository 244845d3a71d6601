/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nfv_rules_diff() does not show of scripts: lines and their rules, failures, what is expected of the kernel. */
#include "rules/script.h"
#include "rules/script-expect.h"
#include "rules/script-plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules-text.h"

#include <errno.h>

static struct nfv_chain *chain_of(struct nfv_rules *rules, const char *name)
{
	return nfv_table_chain(nfv_rules_table(rules, "filter"), name);
}

static struct script_chain pair(struct nfv_rules *from, struct nfv_rules *to, const char *name)
{
	struct script_chain chain = { .from_chain = chain_of(from, name), .to_chain = chain_of(to, name) };

	chain.builtin = chain.from_chain ? chain.from_chain->builtin : chain.to_chain->builtin;
	return chain;
}

#define MANY "-A INPUT -s 10.0.0.1/32\n-A INPUT -s 10.0.0.2/32\n-A INPUT -s 10.0.0.3/32\n-A INPUT -s 10.0.0.4/32\n"

static void test_lines(void **state)
{
	struct nfv_rules *from = rules_of("*filter\n" MANY "COMMIT\n", NFV_FAMILY_IPV4);
	struct nfv_rules *to = rules_of(
		"*filter\n:U - [0:0]\n-A INPUT -i lo\n" MANY "-A INPUT -j U\n-A U -j ACCEPT\nCOMMIT\n", NFV_FAMILY_IPV4);
	struct script_chain chains[] = { pair(from, to, "INPUT"), pair(from, to, "U") };
	struct script script = { 0 };

	(void)state;
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, chains, 2, 0), 0);
	assert_string_equal(script.text.data,
			    "*filter\n:U - [0:0]\n-A U -j ACCEPT\n-I INPUT 1 -i lo\n-A INPUT -j U\nCOMMIT\n");
	assert_int_equal(script.line_count, 6);
	assert_null(script.lines[0].rule);
	assert_null(script.lines[1].rule);
	assert_string_equal(script.lines[1].chain, "U");
	assert_ptr_equal(script.lines[2].rule, nfv_chain_rule(chain_of(to, "U"), 0));
	assert_ptr_equal(script.lines[3].rule, nfv_chain_rule(chain_of(to, "INPUT"), 0));
	assert_ptr_equal(script.lines[4].rule, nfv_chain_rule(chain_of(to, "INPUT"), 5));
	assert_string_equal(script.lines[4].chain, "INPUT");
	assert_null(script.lines[5].chain);
	assert_int_equal(script.edits, 4);
	/* A second table comes behind the first; nothing to do adds nothing. */
	chains[0].from_chain = chains[0].to_chain;
	chains[1].from_chain = chains[1].to_chain;
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, chains, 2, NFV_DIFF_LEGACY), 0);
	assert_int_equal(script.line_count, 6);
	script_free(&script);
	nfv_rules_free(to);
	nfv_rules_free(from);
}

/* A rule whose text cannot be a line: it is only told of when it has to be one. */
static void odd_rule(const char *bytes, size_t len, int wanted)
{
	struct nfv_rules *from = rules_of("*filter\n" MANY "-A INPUT -i odd\nCOMMIT\n", NFV_FAMILY_IPV4);
	struct nfv_rules *to = rules_of("*filter\n-A INPUT -i lo\n" MANY "-A INPUT -i odd\nCOMMIT\n", NFV_FAMILY_IPV4);
	struct script_chain chain = pair(from, to, "INPUT");
	struct script script = { 0 };
	struct spec *spec = spec_new(bytes, len);

	assert_int_equal(rule_set_spec(nfv_chain_rule(chain_of(from, "INPUT"), 4), spec_ref(spec)), 0);
	assert_int_equal(rule_set_spec(nfv_chain_rule(chain_of(to, "INPUT"), 5), spec), 0);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &chain, 1, 0), 0);
	assert_string_equal(script.text.data, "*filter\n-I INPUT 1 -i lo\nCOMMIT\n");
	/* Moved to the front it would have to be written. What was there before stays. */
	assert_int_equal(nfv_chain_move(chain_of(to, "INPUT"), 5, 0), 0);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &chain, 1, 0), wanted);
	assert_string_equal(script.text.data, "*filter\n-I INPUT 1 -i lo\nCOMMIT\n");
	assert_int_equal(script.line_count, 3);
	assert_ptr_equal(script.blame, nfv_chain_rule(chain_of(to, "INPUT"), 0));
	/* By number it can go, by value it cannot. */
	assert_int_equal(nfv_chain_delete(chain_of(to, "INPUT"), 0), 0);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &chain, 1, 0), 0);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &chain, 1, NFV_DIFF_BY_VALUE), wanted);
	assert_ptr_equal(script.blame, nfv_chain_rule(chain_of(from, "INPUT"), 4));
	script_free(&script);
	nfv_rules_free(to);
	nfv_rules_free(from);
}

static void test_failures(void **state)
{
	char *text = malloc(NFV_RULES_LINE_MAX);

	(void)state;
	assert_non_null(text);
	odd_rule("-m comment --comment \"a\nb\"", 26, -EINVAL);
	memset(text, 'x', NFV_RULES_LINE_MAX);
	memcpy(text, "-i ", 3);
	odd_rule(text, NFV_RULES_LINE_MAX, -EMSGSIZE);
	free(text);
}

/* A chain that would be cheaper to refill, but for one rule that stays and cannot be a line. */
static void test_no_refill(void **state)
{
	struct nfv_rules *from = rules_of("*filter\n-A INPUT -i odd\n" MANY MANY MANY "COMMIT\n", NFV_FAMILY_IPV4);
	struct nfv_rules *to = rules_of("*filter\n-A INPUT -i odd\nCOMMIT\n", NFV_FAMILY_IPV4);
	struct script_chain chain = pair(from, to, "INPUT");
	struct script script = { 0 };
	struct spec *spec = spec_new("-m comment --comment \"a\nb\"", 26);

	(void)state;
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &chain, 1, 0), 0);
	assert_non_null(strstr(script.text.data, "-F INPUT\n"));
	script_free(&script);
	rule_set_spec(nfv_chain_rule(chain_of(from, "INPUT"), 0), spec_ref(spec));
	rule_set_spec(nfv_chain_rule(chain_of(to, "INPUT"), 0), spec);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &chain, 1, 0), 0);
	assert_null(strstr(script.text.data, "-F INPUT\n"));
	assert_int_equal(script.edits, 12);
	script_free(&script);
	nfv_rules_free(to);
	nfv_rules_free(from);
}

/* A chain that is there as a base, as bases of live rulesets are. */
static void test_bases(void **state)
{
	struct nfv_rules *rules = rules_of("*filter\n:U - [0:0]\n[3:30] -A U -i a\n-A U -i b\nCOMMIT\n", NFV_FAMILY_IPV4);
	struct nfv_chain *chain = chain_of(rules, "U");
	struct base *base = base_new(chain);
	struct script_chain forward = { .from_base = base, .to_chain = chain }, gone = { .from_base = base };
	struct script_chain back = { .from_chain = chain, .to_base = base };
	struct script script = { 0 };

	(void)state;
	assert_non_null(base);
	assert_int_equal(nfv_chain_append_text(chain, "-i c", NULL), 0);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &forward, 1, 0), 0);
	assert_string_equal(script.text.data, "*filter\n-A U -i c\nCOMMIT\n");
	script_free(&script);
	assert_int_equal(nfv_chain_delete(chain, 0), 0);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &back, 1, NFV_DIFF_BY_VALUE), 0);
	assert_string_equal(script.text.data, "*filter\n-D U -i c\n[3:30] -I U 1 -i a\nCOMMIT\n");
	assert_null(script.lines[2].rule);
	script_free(&script);
	assert_int_equal(script_table(&script, "filter", NFV_FAMILY_IPV4, &gone, 1, 0), 0);
	assert_string_equal(script.text.data, "*filter\n-F U\n-X U\nCOMMIT\n");
	script_free(&script);
	base_free(base);
	nfv_rules_free(rules);
}

/* ---- cost ---- */

static void fill(struct nfv_rules *rules, unsigned first, unsigned count)
{
	char rule[64];

	for (unsigned i = first; i < first + count; i++) {
		snprintf(rule, sizeof(rule), "-s 10.%u.%u.%u/32", i >> 16, i >> 8 & 255, i & 255);
		assert_int_equal(nfv_chain_append_text(chain_of(rules, "INPUT"), rule, NULL), 0);
	}
}

/* How a chain of 1000 rules is changed when so many of them are others. */
static bool refills(unsigned others, unsigned flags)
{
	struct nfv_rules *from = nfv_rules_new(NFV_FAMILY_IPV4), *to = nfv_rules_new(NFV_FAMILY_IPV4);
	struct script_side a = { .family = NFV_FAMILY_IPV4 }, b = a;
	struct script_plan plan;
	bool refill;

	nfv_rules_add_table(from, "filter");
	nfv_rules_add_table(to, "filter");
	fill(from, 0, 1000);
	fill(to, others, 1000);
	a.chain = chain_of(from, "INPUT");
	b.chain = chain_of(to, "INPUT");
	assert_int_equal(script_plan_make(&plan, &a, &b, flags), 0);
	refill = plan.refill;
	script_plan_free(&plan);
	nfv_rules_free(to);
	nfv_rules_free(from);
	return refill;
}

static void test_cost(void **state)
{
	(void)state;
	assert_false(refills(1, 0));
	assert_false(refills(300, 0));
	assert_true(refills(1000, 0));
	assert_true(refills(950, 0));
	/* Numbers cost the legacy backend nearly nothing. */
	assert_false(refills(950, NFV_DIFF_LEGACY));
	/* Never where others may be at work. */
	assert_false(refills(1000, NFV_DIFF_BY_VALUE));
}

/* ---- what the kernel will have ---- */

static void expect(const char *from_text, const char *to_text, const char *now_text, bool fits)
{
	struct nfv_rules *from = rules_of(from_text, NFV_FAMILY_IPV4), *to = rules_of(to_text, NFV_FAMILY_IPV4);
	struct nfv_rules *now = rules_of(now_text, NFV_FAMILY_IPV4);
	const struct script_side a = { .chain = chain_of(from, "INPUT"), .family = NFV_FAMILY_IPV4 };
	const struct script_side b = { .chain = chain_of(to, "INPUT"), .family = NFV_FAMILY_IPV4 };
	struct script_plan plan;
	struct script_expect expected;

	assert_int_equal(script_plan_make(&plan, &a, &b, 0), 0);
	assert_int_equal(script_expect_make(&expected, &plan), 0);
	assert_int_equal(script_expect_fits(&expected, chain_of(now, "INPUT")), fits);
	assert_false(script_expect_fits(&expected, NULL));
	script_expect_free(&expected);
	script_plan_free(&plan);
	nfv_rules_free(now);
	nfv_rules_free(to);
	nfv_rules_free(from);
}

#define OLD "*filter\n:INPUT ACCEPT [1:1]\n[5:5] -A INPUT -i a\n"

static void test_expect(void **state)
{
	(void)state;
	/* What is put in, in the tool's spelling; what stays, in its own; counters apart. */
	expect(OLD "COMMIT\n", OLD "-A INPUT -p tcp --dport 1 -s 10.0.0.0/255.0.0.0\nCOMMIT\n",
	       OLD "[1:2] -A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 1\nCOMMIT\n", true);
	expect(OLD "COMMIT\n", OLD "-A INPUT -p tcp --dport 1\nCOMMIT\n", OLD "-A INPUT -p tcp -m tcp --dport 2\nCOMMIT\n",
	       false);
	expect(OLD "COMMIT\n", OLD "-A INPUT -i b\nCOMMIT\n", OLD "COMMIT\n", false);
	expect(OLD "COMMIT\n", OLD "-A INPUT -i b\nCOMMIT\n", OLD "-A INPUT -i b\n-A INPUT -i b\nCOMMIT\n", false);
	expect(OLD "COMMIT\n", "*filter\n:INPUT DROP [0:0]\n-A INPUT -i a\nCOMMIT\n",
	       "*filter\n:INPUT DROP [7:7]\n-A INPUT -i a\nCOMMIT\n", true);
	expect(OLD "COMMIT\n", "*filter\n:INPUT DROP [0:0]\n-A INPUT -i a\nCOMMIT\n", OLD "COMMIT\n", false);
	/* Nobody knows how an unknown extension is spelt, but all around it is compared. */
	expect(OLD "COMMIT\n", OLD "-A INPUT -m odd --thing 1\nCOMMIT\n", OLD "-A INPUT -m odd --thing 0x1\nCOMMIT\n", true);
	expect(OLD "COMMIT\n", OLD "-A INPUT -m odd --thing 1\nCOMMIT\n",
	       "*filter\n:INPUT ACCEPT [1:1]\n-A INPUT -i z\n-A INPUT -m odd --thing 0x1\nCOMMIT\n", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_no_refill),
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_expect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
