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

static const char install_ipv4[] = "*mangle\n"
				   "-N NFV-edge\n"
				   "-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
				   "-A FORWARD -m comment --comment \"nfv:edge\" -j NFV-edge\n"
				   "COMMIT\n"
				   "*filter\n"
				   "-N NFV-edge\n"
				   "-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
				   "-N NFV-one\n"
				   "-A NFV-one -j NFQUEUE --queue-num 65535\n"
				   "-I INPUT 1 -m comment --comment \"nfv:one\" -j NFV-one\n"
				   "-I INPUT 1 -s \"10.0.0.0/8\" -m comment --comment \"nfv:edge\" -j NFV-edge\n"
				   "-I INPUT 1 -p tcp --dport 23 -m comment --comment \"nfv:edge\" -j NFV-edge\n"
				   "COMMIT\n";

static const char install_ipv6[] =
	"*raw\n"
	"-N NFV-one\n"
	"-A NFV-one -j NFQUEUE --queue-num 65535\n"
	"-I OUTPUT 1 -m comment --comment \"a \\\"b\" -m comment --comment \"nfv:one\" -j NFV-one\n"
	"COMMIT\n"
	"*mangle\n"
	"-N NFV-edge\n"
	"-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
	"-A FORWARD -m comment --comment \"nfv:edge\" -j NFV-edge\n"
	"COMMIT\n"
	"*filter\n"
	"-N NFV-edge\n"
	"-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
	"-I INPUT 1 -p tcp --dport 23 -m comment --comment \"nfv:edge\" -j NFV-edge\n"
	"COMMIT\n";

static void test_install(void **state)
{
	struct steer_scope scope = { .family = TOOL_IPV4, .item = STEER_NONE };
	struct steer_plan plan;
	struct steer_text text;

	(void)state;
	told[0] = '\0';
	assert_int_equal(steer_plan_make(&plan, both, 2, tell, NULL), 0);
	assert_string_equal(told, "");
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_string_equal(text.text.data, install_ipv4);
	/* What each line is for: line 13 is the first entry's jump, line 9 the chain of the second queue. */
	assert_int_equal(text.line_count, 14);
	assert_int_equal(text.lines[13 - 1].item, 0);
	assert_int_equal(text.lines[12 - 1].item, 1);
	assert_int_equal(text.lines[4 - 1].item, 2);
	assert_int_equal(text.lines[9 - 1].item, STEER_NONE);
	assert_ptr_equal(text.lines[9 - 1].queue, &both[1]);
	assert_null(text.lines[14 - 1].queue);
	assert_string_equal(steer_tables[text.lines[14 - 1].table], "filter");
	assert_string_equal(steer_tables[text.lines[5 - 1].table], "mangle");
	steer_text_free(&text);

	scope.family = TOOL_IPV6;
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_string_equal(text.text.data, install_ipv6);
	steer_text_free(&text);
	steer_plan_free(&plan);
}

static void test_single_and_found(void **state)
{
	static const char there[] = "*filter\n:INPUT ACCEPT [0:0]\n:NFV-edge - [0:0]\nCOMMIT\n";
	struct steer_scope scope = { .family = TOOL_IPV4, .item = 1, .test = true };
	struct steer_plan plan;
	struct steer_text text;
	struct save save;

	(void)state;
	assert_int_equal(steer_plan_make(&plan, both, 2, tell, NULL), 0);
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_string_equal(text.text.data,
			    "*filter\n:NFV-edge - [0:0]\n"
			    "-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout\n"
			    "-I INPUT 1 -s \"10.0.0.0/8\" -m comment --comment \"nfv:edge\" -j NFV-edge\nCOMMIT\n");
	steer_text_free(&text);

	/* With nothing behind the user's match; and, to be tried, without any effect on packets. */
	scope.match_last = true;
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_non_null(strstr(text.text.data,
			       "\n-I INPUT 1 -m comment --comment \"nfv:edge\" -j NFV-edge -s \"10.0.0.0/8\"\nCOMMIT\n"));
	steer_text_free(&text);
	scope = (struct steer_scope){ .family = TOOL_IPV4, .item = 1, .bare = true };
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_string_equal(text.text.data,
			    "*filter\n-N NFV-edge\n"
			    "-I INPUT 1 -s \"10.0.0.0/8\" -m comment --comment \"nfv:edge\" -j NFV-edge\nCOMMIT\n");
	assert_int_equal(text.line_count, 4);
	steer_text_free(&text);

	/* An empty chain that is there already is used. */
	assert_int_equal(save_parse(&save, there, strlen(there)), 0);
	scope = (struct steer_scope){ .family = TOOL_IPV4, .item = 1, .found = &save };
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_null(strstr(text.text.data, "-N"));
	steer_text_free(&text);
	save_free(&save);

	/* An entry of the other family alone makes no text. */
	scope = (struct steer_scope){ .family = TOOL_IPV6, .item = 1 };
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_int_equal(text.text.len, 0);
	steer_text_free(&text);
	steer_plan_free(&plan);
}

static void refused(const struct steer_queue *queues, size_t count, const char *wanted)
{
	struct steer_scope scope = { .family = TOOL_IPV4, .item = STEER_NONE };
	struct steer_plan plan;
	struct steer_text text;

	told[0] = '\0';
	assert_int_equal(steer_plan_make(&plan, queues, count, tell, NULL), -EINVAL);
	assert_string_equal(told, wanted);
	assert_int_equal(steer_text_install(&text, &plan, &scope), 0);
	assert_int_equal(text.text.len, 0);
	steer_text_free(&text);
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

/* ---- taking out ---- */

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

static const char removed_by_spec[] =
	"*filter\n"
	"-D OUTPUT -m comment --comment \"nfv:held\" -j NFV-held\n"
	"-D INPUT -i \"a\\\"b\" -m comment --comment \"nfv:dead\" -j NFV-dead\n"
	"-D INPUT -s \"10.0.0.0/8\" -m comment --comment \"x \\\"y\\\\z\" -m comment --comment \"nfv:dead\" -j NFV-dead\n"
	"-F NFV-dead\n"
	"-F NFV-held\n"
	"-X NFV-dead\n"
	"COMMIT\n";

static const char removed_by_number[] = "*filter\n"
					"-D INPUT 5\n"
					"-D INPUT 2\n"
					"-F NFV-dead\n"
					"-F NFV-held\n"
					"-X NFV-dead\n"
					"COMMIT\n";

static void removes(const struct steer_found *found, enum steer_removal how, const char *wanted)
{
	struct text text = { 0 };

	steer_text_remove(&text, found, how);
	text_add(&text, "", 0);
	assert_string_equal(text.data, wanted);
	text_free(&text);
}

static void test_find_and_remove(void **state)
{
	struct queues listening = { 0 };
	struct steer_found found;
	struct save save;

	(void)state;
	queues_set(&listening, 4, true);
	assert_int_equal(save_parse(&save, ruleset, strlen(ruleset)), 0);
	assert_int_equal(steer_find(&found, &save.tables[0], &listening), 0);
	assert_int_equal(found.count, 3);

	assert_string_equal(save.tables[0].chains[found.chains[0].chain].name, "NFV-alive");
	assert_true(found.chains[0].bound);
	assert_int_equal(found.chains[0].jumps, 1);
	assert_false(found.chains[0].foreign);

	assert_string_equal(save.tables[0].chains[found.chains[1].chain].name, "NFV-dead");
	assert_false(found.chains[1].bound);
	assert_true(found.chains[1].own_rule != STEER_NONE);
	assert_int_equal(found.chains[1].rules, 1);
	assert_int_equal(found.chains[1].jumps, 2);
	assert_false(found.chains[1].foreign);

	assert_string_equal(save.tables[0].chains[found.chains[2].chain].name, "NFV-held");
	assert_int_equal(found.chains[2].jumps, 1);
	assert_true(found.chains[2].foreign);

	removes(&found, STEER_BY_SPEC, "");
	found.chains[1].chosen = found.chains[2].chosen = true;
	removes(&found, STEER_BY_SPEC, removed_by_spec);
	removes(&found, STEER_BY_NUMBER, removed_by_number);
	removes(&found, STEER_FLUSH, "*filter\n-F NFV-dead\n-F NFV-held\nCOMMIT\n");
	steer_found_free(&found);
	save_free(&save);
}

/* Rules that cannot be split still hold a chain. */
static void test_odd_jump(void **state)
{
	static const char text[] = "*raw\n:OUTPUT ACCEPT [0:0]\n:NFV-q - [0:0]\n:NFV-q2 - [0:0]\n"
				   "-A OUTPUT -m comment --comment \"a\nb\" -j NFV-q\n-A OUTPUT -g NFV-q2\nCOMMIT\n";
	struct steer_found found;
	struct save save;

	(void)state;
	assert_int_equal(save_parse(&save, text, strlen(text)), 0);
	assert_int_equal(steer_find(&found, &save.tables[0], NULL), 0);
	assert_int_equal(found.count, 2);
	assert_true(found.chains[0].foreign);
	assert_true(found.chains[1].foreign);
	assert_int_equal(found.chains[0].jumps + found.chains[1].jumps, 0);
	steer_found_free(&found);
	save_free(&save);
}

/* Which chains with such a name are ours: the text is what stands between the chains' lines and COMMIT. */
static void judged(const char *rules, bool ours, bool stays)
{
	struct steer_found found;
	struct save save;
	char text[1024];

	snprintf(text, sizeof(text), "*filter\n:INPUT ACCEPT [0:0]\n:NFV-q - [0:0]\n:mine - [0:0]\n%sCOMMIT\n", rules);
	assert_int_equal(save_parse(&save, text, strlen(text)), 0);
	assert_int_equal(steer_find(&found, &save.tables[0], NULL), 0);
	assert_int_equal(found.count, 1);
	if (steer_chain_ours(&found.chains[0]) != ours || (ours && steer_chain_stays(&found.chains[0]) != stays))
		fail_msg("judged wrong: %s", rules);
	steer_found_free(&found);
	save_free(&save);
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

/* What others put into a chain of ours stays, and the chain with it. */
static void test_others_inside(void **state)
{
	static const char text[] = "*raw\n:OUTPUT ACCEPT [0:0]\n:NFV-q - [0:0]\n"
				   "-A OUTPUT -m comment --comment \"nfv:q\" -j NFV-q\n"
				   "-A NFV-q -s 10.0.0.0/8 -j ACCEPT\n-A NFV-q -j NFQUEUE --queue-balance 1:2\n"
				   "-A NFV-q -j NFQUEUE --queue-num 9\nCOMMIT\n";
	struct steer_found found;
	struct save save;

	(void)state;
	assert_int_equal(save_parse(&save, text, strlen(text)), 0);
	assert_int_equal(steer_find(&found, &save.tables[0], NULL), 0);
	assert_int_equal(found.count, 1);
	assert_int_equal(steer_chain_others(&found.chains[0]), 2);
	found.chains[0].chosen = true;
	removes(&found, STEER_BY_SPEC,
		"*raw\n-D OUTPUT -m comment --comment \"nfv:q\" -j NFV-q\n"
		"-D NFV-q -j NFQUEUE --queue-balance \"1:2\"\nCOMMIT\n");
	removes(&found, STEER_BY_NUMBER, "*raw\n-D NFV-q -j NFQUEUE --queue-balance \"1:2\"\nCOMMIT\n");
	removes(&found, STEER_FLUSH, "*raw\n-D NFV-q -j NFQUEUE --queue-balance \"1:2\"\nCOMMIT\n");
	steer_found_free(&found);
	save_free(&save);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_install),        cmocka_unit_test(test_single_and_found),
		cmocka_unit_test(test_refused_queues), cmocka_unit_test(test_refused_entries),
		cmocka_unit_test(test_duplicate),      cmocka_unit_test(test_find_and_remove),
		cmocka_unit_test(test_odd_jump),       cmocka_unit_test(test_ours),
		cmocka_unit_test(test_others_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
