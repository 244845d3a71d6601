/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read.h"
#include "rules/steer-count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char ruleset[] =
	"*mangle\n"
	":INPUT ACCEPT [0:0]\n"
	":NFV-edge - [0:0]\n"
	":NFV-core - [0:0]\n"
	":mine - [0:0]\n"
	"[7:70] -A INPUT -m comment --comment \"nfv:edge\" -j NFV-edge\n"
	"[9:90] -A INPUT -p udp -m comment --comment \"nfv:core\" -j NFV-core\n"
	"[3:30] -A NFV-edge -m comment --comment \"not ours\" -j LOG\n"
	"[18446744073709551615:60] -A NFV-edge -j NFQUEUE --queue-balance 3:5 --queue-bypass\n"
	"[9:90] -A NFV-core -j NFQUEUE --queue-num 6\n"
	"COMMIT\n"
	"*filter\n"
	":INPUT ACCEPT [0:0]\n"
	":NFV-edge - [0:0]\n"
	"[5:50] -A INPUT -m comment --comment \"nfv:edge\" -j NFV-edge\n"
	"[5:50] -A NFV-edge -j NFQUEUE --queue-balance 3:5 --queue-bypass\n"
	"COMMIT\n";

static const struct steer_queue queues[] = {
	{ .name = "edge", .first = 3, .last = 5 },
	{ .name = "core", .first = 6, .last = 6 },
	{ .name = "idle", .first = 7, .last = 9 },
};

#define COUNT (sizeof(queues) / sizeof(queues[0]))

static struct steer_count counts[COUNT];

static void count_text(const char *text, enum nfv_family family)
{
	struct steer_tally tally = { .queues = queues, .count = COUNT, .counts = counts };
	struct nfv_rules *rules = nfv_rules_new(family);

	assert_int_equal(read_live(rules, text, strlen(text), NULL), 0);
	assert_int_equal(steer_count_rules(&tally, rules), 0);
	nfv_rules_free(rules);
}

static void test_cells(void **state)
{
	(void)state;
	memset(counts, 0, sizeof(counts));
	count_text(ruleset, NFV_FAMILY_IPV6);
	for (size_t q = 0; q < COUNT; q++) {
		for (size_t t = 0; t < STEER_TABLES; t++) {
			assert_false(counts[q].cells[NFV_FAMILY_IPV4][t].there);
			assert_int_equal(counts[q].cells[NFV_FAMILY_IPV6][t].there, (q < 2 && t == 1) || (q == 0 && t == 2));
		}
		assert_false(counts[q].others);
	}
	assert_true(counts[0].cells[NFV_FAMILY_IPV6][1].packets == UINT64_MAX);
	assert_int_equal(counts[0].cells[NFV_FAMILY_IPV6][2].packets, 5);
	assert_int_equal(counts[1].cells[NFV_FAMILY_IPV6][1].packets, 9);
}

/* What leads to our numbers beside our rule makes the difference unknown. */
static void test_others(void **state)
{
	static const struct {
		const char *rule;
		bool others[COUNT];
	} cases[] = {
		{ "-A mine -p tcp -j NFQUEUE --queue-num 4", { true, false, false } },
		{ "-A mine -j NFQUEUE --queue-balance 5:6", { true, true, false } },
		{ "-A mine -j NFQUEUE --queue-balance 0:65535 --queue-cpu-fanout", { true, true, true } },
		{ "-A NFV-edge -j NFQUEUE --queue-num 3", { true, false, false } },
		{ "-A NFV-edge -j NFQUEUE --queue-balance 3:5 --queue-bypass", { true, false, false } },
		{ "-A mine -j NFQUEUE --queue-num 10", { false, false, false } },
		{ "-A mine -j NFQUEUE", { false, false, false } },
		{ "-A mine -m comment --comment \"-j NFQUEUE --queue-num 4\" -j DROP", { false, false, false } },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(counts, 0, sizeof(counts));
		snprintf(text, sizeof(text), "*mangle\n:INPUT ACCEPT [0:0]\n:NFV-edge - [0:0]\n:mine - [0:0]\n"
			 "[7:70] -A INPUT -m comment --comment \"nfv:edge\" -j NFV-edge\n"
			 "[7:70] -A NFV-edge -j NFQUEUE --queue-balance 3:5 --queue-bypass\n"
			 "[2:20] %s\nCOMMIT\n", cases[i].rule);
		count_text(text, NFV_FAMILY_IPV4);
		assert_int_equal(counts[0].cells[NFV_FAMILY_IPV4][1].packets, 7);
		for (size_t q = 0; q < COUNT; q++)
			if (counts[q].others != cases[i].others[q])
				fail_msg("%s: queue %s", cases[i].rule, queues[q].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
