/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read.h"
#include "rules/steer-sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A chain in short: letters are rules of ours, digits those of others, '|' parts what goes before the rules of others from
 * what goes behind them. Each rule of the chain that is there has its place as its counter, from 1.
 */
static struct nfv_rules *make(const char *letters, bool counted)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT");
	unsigned counter = 1;

	for (; *letters; letters++) {
		char text[80];

		if (*letters == '|')
			continue;
		snprintf(text, sizeof(text), "-c %u %u -p tcp -m tcp --dport %d -j ACCEPT", counted ? counter : 0,
			 counted ? counter * 10 : 0, *letters);
		assert_int_equal(nfv_chain_append_text(chain, text, NULL), 0);
		counter++;
	}
	return rules;
}

static struct nfv_chain *chain_of(const struct nfv_rules *rules)
{
	return nfv_table_chain(nfv_rules_table(rules, "filter"), "INPUT");
}

static int letter_of(const struct nfv_rule *rule)
{
	return atoi(nfv_extension_get(nfv_rule_match(rule, "tcp", 0), "dport"));
}

static size_t lead_of(const char *letters)
{
	return strcspn(letters, "|");
}

/* What the chain holds in the end: letters, and behind each that has one its counter. */
static void expect(const char *is, const char *before, const char *wanted, long changes, const char *result)
{
	struct nfv_rules *live = make(is, true), *want = make(wanted, false), *was = before ? make(before, false) : NULL;
	struct nfv_chain *chain = chain_of(live);
	struct nfv_rule *have[32];
	char got[256] = "";
	struct steer_sync sync = { .chain = chain, .have = have, .wanted = chain_of(want), .lead = lead_of(wanted),
				   .before = was ? chain_of(was) : NULL, .before_lead = was ? lead_of(before) : 0 };

	for (size_t r = 0; r < nfv_chain_count(chain); r++)
		if (letter_of(nfv_chain_rule(chain, r)) >= 'a')
			have[sync.have_count++] = nfv_chain_rule(chain, r);
	assert_int_equal(steer_sync(&sync), changes);
	for (size_t r = 0; r < nfv_chain_count(chain); r++) {
		uint64_t packets, bytes;
		const struct nfv_rule *rule = nfv_chain_rule(chain, r);
		size_t len = strlen(got);

		nfv_rule_counters(rule, &packets, &bytes);
		assert_int_equal(bytes, packets * 10);
		snprintf(got + len, sizeof(got) - len, packets ? "%c%d" : "%c", letter_of(rule), (int)packets);
	}
	assert_string_equal(got, result);
	nfv_rules_free(live);
	nfv_rules_free(want);
	nfv_rules_free(was);
}

static void test_nothing_to_do(void **state)
{
	(void)state;
	expect("", NULL, "|", 0, "");
	expect("12", NULL, "|", 0, "1122");
	expect("a12b", NULL, "a|b", 0, "a11223b4");
	expect("1ab2", NULL, "ab|", 0, "11a2b324");
	expect("1ab2", NULL, "|ab", 0, "11a2b324");
	expect("aab", "aab|", "aab|", 0, "a1a2b3");
}

static void test_in_and_out(void **state)
{
	(void)state;
	expect("12", NULL, "ab|cd", 4, "ab1122cd");
	expect("a1b2", NULL, "|", 2, "1224");
	expect("a12", NULL, "abc|", 2, "a1bc1223");
	expect("c12", NULL, "abc|", 2, "abc11223");
	expect("12a", NULL, "|abc", 2, "1122a3bc");
	expect("12c", NULL, "|abc", 2, "1122abc3");
	expect("abc1", NULL, "axc|", 2, "a1xc314");
	/* Somebody put his rule before ours: what is new goes to the begin, or behind its neighbour. */
	expect("1b2", NULL, "abc|", 2, "a11b2c23");
	expect("1b2", NULL, "|abc", 2, "11ab223c");
}

static void test_order(void **state)
{
	(void)state;
	/* One that moves takes its counter along. */
	expect("ab1", NULL, "ba|", 2, "b2a113");
	expect("abcd", NULL, "dabc|", 2, "d4a1b2c3");
	expect("abca", NULL, "aabc|", 2, "a1a4b2c3");
}

static void test_sides(void **state)
{
	(void)state;
	expect("a12", NULL, "|a", 2, "1223a1");
	expect("12a", NULL, "a|", 2, "a31122");
	/* In the middle only what was wanted before tells. */
	expect("1a2", NULL, "|a", 0, "11a223");
	expect("1a2", "a|", "|a", 2, "1123a2");
	expect("1a2", "|a", "a|", 2, "a21123");
	expect("1a2", "|a", "|a", 0, "11a223");
	expect("1a2", "x|", "|a", 0, "11a223");
	/* Without rules of others there are no sides, but there will be. */
	expect("a", "a|", "|a", 2, "a1");
	/* The same jump on both. */
	expect("a1a", "a|a", "a|a", 0, "a112a3");
	expect("a1a", "a|a", "|a", 1, "12a3");
}

/* Everything against everything: the result is what is wanted, and rules of others stand as they stood. */
static void test_all(void **state)
{
	static const char letters[] = "ab1";

	(void)state;
	for (unsigned n = 0; n < 3 * 3 * 3 * 3; n++)
		for (unsigned m = 0; m < 3 * 3 * 3; m++) {
			char is[8] = "", wanted[8] = "|", others[8] = "", ours[8] = "";
			struct nfv_rules *live, *want;
			struct nfv_rule *have[8];
			struct steer_sync sync = { .have = have };

			for (unsigned k = 0, rest = n; k < 4; k++, rest /= 3)
				is[k] = letters[rest % 3];
			for (unsigned k = 0, rest = m; k < 3; k++, rest /= 3)
				if (rest % 3 < 2)
					memmove(wanted + 1, wanted, strlen(wanted) + 1), wanted[0] = "ab"[rest % 3];
			live = make(is, true);
			want = make(wanted, false);
			sync.chain = chain_of(live);
			sync.wanted = chain_of(want);
			sync.lead = lead_of(wanted);
			for (size_t r = 0; r < nfv_chain_count(sync.chain); r++)
				if (letter_of(nfv_chain_rule(sync.chain, r)) >= 'a')
					have[sync.have_count++] = nfv_chain_rule(sync.chain, r);
			assert_true(steer_sync(&sync) >= 0);
			for (size_t r = 0; r < nfv_chain_count(sync.chain); r++) {
				int letter = letter_of(nfv_chain_rule(sync.chain, r));
				char *to = letter >= 'a' ? ours : others;

				to[strlen(to)] = (char)letter;
			}
			wanted[strlen(wanted) - 1] = '\0'; /* all lead */
			assert_string_equal(ours, wanted);
			for (size_t k = 0; is[k]; k++)
				assert_true(is[k] != '1' || others[0] == '1');
			nfv_rules_free(live);
			nfv_rules_free(want);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_in_and_out),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_sides),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
