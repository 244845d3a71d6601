/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-plan.h"
#include "rules/steer-text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char told[4096];

static void tell(void *context, const void *origin, const char *text)
{
	size_t used = strlen(told);

	(void)context;
	snprintf(told + used, sizeof(told) - used, "%s: %s\n", origin ? (const char *)origin : "-", text);
}

static const struct steer_entry edge_entries[] = {
	{ .table = "filter", .chain = "INPUT", .match = "-p tcp --dport 23", .ipv4 = true, .ipv6 = true, .origin = "e1" },
	{ .table = "filter", .chain = "INPUT", .match = "-s 10.0.0.0/8", .ipv4 = true, .origin = "e2" },
	{ .table = "mangle", .chain = "FORWARD", .match = "", .ipv4 = true, .ipv6 = true, .last = true, .origin = "e3" },
};

static const struct steer_entry one_entries[] = {
	{ .table = "filter", .chain = "INPUT", .ipv4 = true, .origin = "o1" },
	{ .table = "raw", .chain = "OUTPUT", .match = "-m comment --comment \"a \\\"b\"", .ipv6 = true, .origin = "o2" },
};

static const struct steer_queue both[] = {
	{ .name = "edge",
	  .first = 0,
	  .last = 3,
	  .bypass = true,
	  .cpu_fanout = true,
	  .entries = edge_entries,
	  .entry_count = 3 },
	{ .name = "one", .first = 65535, .last = 65535, .entries = one_entries, .entry_count = 2 },
};

static void test_all(void **state)
{
	static const char wanted[] =
		"*mangle\n"
		":NFV-edge - [0:0]\n"
		"-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
		"-A FORWARD -m comment --comment \"nfv:edge\" -j NFV-edge\n"
		"COMMIT\n"
		"*filter\n"
		":NFV-edge - [0:0]\n"
		"-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
		"-A INPUT -p tcp --dport 23 -m comment --comment \"nfv:edge\" -j NFV-edge\n"
		"-A INPUT -s \"10.0.0.0/8\" -m comment --comment \"nfv:edge\" -j NFV-edge\n"
		":NFV-one - [0:0]\n"
		"-A NFV-one -j NFQUEUE --queue-num 65535\n"
		"-A INPUT -m comment --comment \"nfv:one\" -j NFV-one\n"
		"COMMIT\n";
	const struct steer_scope scope = { .family = NFV_FAMILY_IPV4, .item = STEER_NONE };
	struct steer_plan plan;
	struct text text;

	(void)state;
	told[0] = '\0';
	assert_int_equal(steer_plan_make(&plan, both, 2, tell, NULL), 0);
	assert_string_equal(told, "");
	assert_int_equal(steer_text_test(&text, &plan, &scope), 0);
	assert_string_equal(text.data, wanted);
	text_free(&text);
	steer_plan_free(&plan);
}

static void test_single(void **state)
{
	struct steer_scope scope = { .family = NFV_FAMILY_IPV4, .item = 1 };
	struct steer_plan plan;
	struct text text;

	(void)state;
	assert_int_equal(steer_plan_make(&plan, both, 2, tell, NULL), 0);
	assert_int_equal(steer_text_test(&text, &plan, &scope), 0);
	assert_string_equal(text.data, "*filter\n:NFV-edge - [0:0]\n"
				       "-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
				       "-A INPUT -s \"10.0.0.0/8\" -m comment --comment \"nfv:edge\" -j NFV-edge\nCOMMIT\n");
	text_free(&text);
	scope.match_last = true;
	assert_int_equal(steer_text_test(&text, &plan, &scope), 0);
	assert_string_equal(text.data, "*filter\n:NFV-edge - [0:0]\n"
				       "-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
				       "-A INPUT -m comment --comment \"nfv:edge\" -j NFV-edge -s \"10.0.0.0/8\"\nCOMMIT\n");
	text_free(&text);
	scope = (struct steer_scope){ .family = NFV_FAMILY_IPV6, .item = 1 };
	assert_int_equal(steer_text_test(&text, &plan, &scope), 0);
	assert_int_equal(text.len, 0);
	text_free(&text);
	steer_plan_free(&plan);
}

static void refused(const struct steer_queue *queues, size_t count, const char *wanted)
{
	const struct steer_scope scope = { .family = NFV_FAMILY_IPV4, .item = STEER_NONE };
	struct steer_plan plan;
	struct text text;

	told[0] = '\0';
	assert_int_equal(steer_plan_make(&plan, queues, count, tell, NULL), -EINVAL);
	assert_string_equal(told, wanted);
	assert_int_equal(steer_text_test(&text, &plan, &scope), 0);
	assert_int_equal(text.len, 0);
	text_free(&text);
	steer_plan_free(&plan);
}

static void test_refused_queues(void **state)
{
	static const char *const names[] = { NULL,         "", "a b", "a\nb", "a\"", "x.y", "1234567890123456789012345",
					     "caf\303\251" };
	struct steer_queue queue = { .entries = one_entries, .entry_count = 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		queue.name = names[i];
		refused(&queue, 1, "-: a queue's name has 1 to 24 letters, digits, - and _\n");
	}
	queue.name = "q";
	queue.first = 2;
	refused(&queue, 1, "-: queue q: 2 is above 0\n");
	queue.last = 2;
	queue.cpu_fanout = true;
	refused(&queue, 1, "-: queue q: a fan-out over CPUs needs more than one queue number\n");
}

static void test_refused_entries(void **state)
{
	static const struct steer_entry entries[] = {
		{ .table = "nat", .chain = "OUTPUT", .ipv4 = true, .origin = "e1" },
		{ .table = "raw", .chain = "INPUT", .ipv4 = true, .origin = "e2" },
		{ .chain = "INPUT", .ipv4 = true, .origin = "e3" },
		{ .table = "filter", .ipv4 = true, .origin = "e4" },
		{ .table = "filter", .chain = "INPUT", .origin = "e5" },
		{ .table = "filter", .chain = "INPUT\n-j", .ipv4 = true, .origin = "e6" },
		{ .table = "filter", .chain = "INPUT", .ipv4 = true, .match = "-p tcp\nCOMMIT", .origin = "e7" },
		{ .table = "filter", .chain = "INPUT", .ipv4 = true, .match = "-p tcp -j DROP", .origin = "e8" },
	};
	const struct steer_queue queue = { .name = "q", .entries = entries, .entry_count = 8 };

	(void)state;
	refused(&queue, 1,
		"e1: \"nat\" is none of the tables filter, mangle, raw, security\n"
		"e2: table raw has no built-in chain \"INPUT\"\n"
		"e3: \"\" is none of the tables filter, mangle, raw, security\n"
		"e4: table filter has no built-in chain \"\"\n"
		"e5: neither IPv4 nor IPv6 is asked for\n"
		"e6: table filter has no built-in chain \"INPUT\n-j\"\n"
		"e7: holds a newline\n"
		"e8: \"-j\" is not allowed in a match (a value that begins with - is written --option=value)\n");
}

static void test_duplicate(void **state)
{
	const struct steer_queue twice[] = { { .name = "q" }, { .name = "q", .entries = one_entries, .entry_count = 1 } };

	(void)state;
	refused(twice, 2, "-: queue q: the name is used twice\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),            cmocka_unit_test(test_single),
		cmocka_unit_test(test_refused_queues), cmocka_unit_test(test_refused_entries),
		cmocka_unit_test(test_duplicate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
