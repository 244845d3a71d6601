/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read.h"
#include "rules/steer-find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char ruleset[] =
	"*filter\n"
	":INPUT ACCEPT [0:0]\n"
	":OUTPUT ACCEPT [0:0]\n"
	":NFV-alive - [0:0]\n"
	":NFV-dead - [0:0]\n"
	":NFV-held - [0:0]\n"
	":NFV-bad.name - [0:0]\n"
	":mine - [0:0]\n"
	"-A INPUT -m comment --comment \"nfv:alive\" -j NFV-alive\n"
	"-A INPUT -s 10.0.0.0/8 -m comment --comment \"x \\\"y\\\\z\" -m comment --comment \"nfv:dead\" -j NFV-dead\n"
	"-A INPUT -m comment --comment \"-j NFV-dead\" -j DROP\n"
	"-A INPUT -m comment --comment \"nfv:dead\" -j ACCEPT\n"
	"-A INPUT -i a\"b -m comment --comment \"nfv:dead\" -j NFV-dead\n"
	"-A OUTPUT -m comment --comment \"nfv:held\" -j NFV-held\n"
	"-A OUTPUT -m comment --comment \"nfv:dead\" -j NFV-held\n"
	"-A NFV-alive -j NFQUEUE --queue-balance 3:5 --queue-bypass\n"
	"-A NFV-dead -j NFQUEUE --queue-num 9\n"
	"-A NFV-held -j NFQUEUE --queue-num 10\n"
	"-A NFV-bad.name -j NFQUEUE --queue-num 11\n"
	"-A mine -m comment --comment \"nfv:held\" -j NFV-held\n"
	"COMMIT\n";

/* The ruleset of a text, and what is ours in its first table. */
static struct nfv_rules *found_in(const char *text, const struct queues *listening, struct steer_found *found)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);

	assert_int_equal(read_live(rules, text, strlen(text), NULL), 0);
	assert_int_equal(steer_find(found, nfv_rules_table_at(rules, 0), listening), 0);
	return rules;
}

static void test_find(void **state)
{
	struct queues listening = { 0 };
	struct steer_found found;
	struct nfv_rules *rules;

	(void)state;
	queues_set(&listening, 4, true);
	rules = found_in(ruleset, &listening, &found);
	assert_int_equal(found.count, 3);

	assert_string_equal(nfv_chain_name(found.chains[0].chain), "NFV-alive");
	assert_true(found.chains[0].bound);
	assert_int_equal(found.chains[0].jumps, 1);
	assert_false(found.chains[0].foreign);

	assert_string_equal(nfv_chain_name(found.chains[1].chain), "NFV-dead");
	assert_false(found.chains[1].bound);
	assert_non_null(found.chains[1].own_rule);
	assert_int_equal(steer_chain_others(&found.chains[1]), 0);
	assert_int_equal(found.chains[1].jumps, 1);
	/* The one with a quote in an interface's name, which no tool reads as it prints it. */
	assert_true(found.chains[1].foreign);

	assert_string_equal(nfv_chain_name(found.chains[2].chain), "NFV-held");
	assert_int_equal(found.chains[2].jumps, 1);
	assert_true(found.chains[2].foreign);

	assert_int_equal(found.jump_count, 3);
	for (size_t i = 0; i < found.jump_count; i++)
		assert_true(nfv_chain_is_builtin(nfv_rule_chain(found.jumps[i].rule)));
	for (unsigned n = 0; n < 20; n++)
		assert_int_equal(queues_any(&found.numbers, (uint16_t)n, (uint16_t)n), (n >= 3 && n <= 5) || n == 9 || n == 10);
	steer_found_free(&found);
	nfv_rules_free(rules);
}

/* Rules that cannot be split still hold a chain. */
static void test_odd_jump(void **state)
{
	static const char text[] = "*raw\n:OUTPUT ACCEPT [0:0]\n:NFV-q - [0:0]\n:NFV-q2 - [0:0]\n"
				   "-A OUTPUT -m comment --comment \"a\nb\" -j NFV-q\n-A OUTPUT -g NFV-q2\nCOMMIT\n";
	struct steer_found found;
	struct nfv_rules *rules;

	(void)state;
	rules = found_in(text, NULL, &found);
	assert_int_equal(found.count, 2);
	assert_true(found.chains[0].foreign);
	assert_true(found.chains[1].foreign);
	assert_int_equal(found.jump_count, 0);
	steer_found_free(&found);
	nfv_rules_free(rules);
}

/* Which chains with such a name are ours: the text is what stands between the chains' lines and COMMIT. */
static void judged(const char *lines, bool ours, bool stays)
{
	struct steer_found found;
	struct nfv_rules *rules;
	char text[1024];

	snprintf(text, sizeof(text), "*filter\n:INPUT ACCEPT [0:0]\n:NFV-q - [0:0]\n:mine - [0:0]\n%sCOMMIT\n", lines);
	rules = found_in(text, NULL, &found);
	assert_int_equal(found.count, 1);
	if (steer_chain_ours(&found.chains[0]) != ours || (ours && steer_chain_stays(&found.chains[0]) != stays))
		fail_msg("judged wrong: %s", lines);
	steer_found_free(&found);
	nfv_rules_free(rules);
}

#define JUMP "-A INPUT -m comment --comment \"nfv:q\" -j NFV-q\n"

static void test_ours(void **state)
{
	(void)state;
	/* With our jump, whatever it holds. */
	judged(JUMP "-A NFV-q -j NFQUEUE --queue-num 7\n", true, false);
	judged(JUMP, true, false);
	judged(JUMP "-A INPUT -j NFV-q\n-A NFV-q -j NFQUEUE --queue-num 7\n", true, true);
	judged(JUMP "-A NFV-q -j NFQUEUE --queue-num 7\n-A NFV-q -j ACCEPT\n", true, true);
	judged(JUMP "-A NFV-q -p udp -j ACCEPT\n", true, true);
	/* Without any jump, only what we alone would have left. */
	judged("", true, false);
	judged("-A NFV-q -j NFQUEUE\n", true, false);
	judged("-A NFV-q -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n", true, false);
	judged("-A NFV-q -j NFQUEUE --queue-num 7\n-A NFV-q -j NFQUEUE --queue-num 8\n", false, false);
	judged("-A NFV-q -p tcp -j NFQUEUE --queue-num 7\n", false, false);
	judged("-A NFV-q -m comment --comment \"x\" -j NFQUEUE --queue-num 7\n", false, false);
	judged("-A NFV-q -j NFQUEUE --queue-num 7 --queue-new\n", false, false);
	judged("-A NFV-q -j NFQUEUE --queue-balance 3:1\n", false, false);
	judged("-A NFV-q -j NFQUEUE --queue-num 7:8\n", false, false);
	judged("-A NFV-q -j NFQUEUE --queue-num\n", false, false);
	judged("-A NFV-q -j ACCEPT\n", false, false);
	judged("-A NFV-q -j NFQUEUE --queue-num 7\n-A NFV-q -j ACCEPT\n", false, false);
	/* With a jump of somebody else alone. */
	judged("-A INPUT -j NFV-q\n", false, false);
	judged("-A INPUT -j NFV-q\n-A NFV-q -j NFQUEUE --queue-num 7\n", false, false);
	judged("-A INPUT -m comment --comment \"nfv:p\" -j NFV-q\n-A NFV-q -j NFQUEUE --queue-num 7\n", false, false);
	judged("-A mine -m comment --comment \"nfv:q\" -j NFV-q\n-A NFV-q -j NFQUEUE --queue-num 7\n", false, false);
	judged("-A INPUT -m comment --comment \"nfv:q\" -g NFV-q\n-A NFV-q -j NFQUEUE --queue-num 7\n", false, false);
}

/* What others put into a chain of ours. */
static void test_others_inside(void **state)
{
	static const char text[] = "*raw\n:OUTPUT ACCEPT [0:0]\n:NFV-q - [0:0]\n"
				   "-A OUTPUT -m comment --comment \"nfv:q\" -j NFV-q\n"
				   "-A NFV-q -s 10.0.0.0/8 -j ACCEPT\n-A NFV-q -j NFQUEUE --queue-balance 1:2\n"
				   "-A NFV-q -j NFQUEUE --queue-num 9\nCOMMIT\n";
	struct steer_found found;
	struct nfv_rules *rules;

	(void)state;
	rules = found_in(text, NULL, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(steer_chain_others(&found.chains[0]), 2);
	assert_int_equal(nfv_rule_position(found.chains[0].own_rule), 1);
	steer_found_free(&found);
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_odd_jump),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_others_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
