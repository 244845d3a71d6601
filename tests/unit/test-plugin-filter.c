/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plugin-bench.h"

static uint64_t hits(const char *name)
{
	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		if (!strcmp(bench.counters.own[i].name, name))
			return bench.counters.own[i].value;
	}
	fail_msg("no counter %s", name);
	return 0;
}

static void the_first_verdict_ends(void **state)
{
	(void)state;
	bench_must_open("rules:\n"
			"  - { match: udp dst port 53, verdict: drop }\n"
			"  - { match: udp, verdict: queue 9 }\n"
			"  - { match: tcp port 80, verdict: accept }\n"
			"  - { match: icmp or icmp6, verdict: repeat, mark: 1 }\n");
	assert_int_equal(bench_judge("dns4"), NFV_DROP);
	assert_int_equal(bench_judge("dns6"), NFV_DROP);
	assert_int_equal(bench_judge("dns4_answer"), NFV_QUEUE(9));
	assert_int_equal(bench_judge("syn4"), NFV_ACCEPT);
	assert_int_equal(bench.decision.handler, 0);
	assert_int_equal(bench_judge("http6"), NFV_ACCEPT);
	assert_int_equal(bench_judge("ping4"), NFV_REPEAT);
	assert_true(bench.decision.set_mark);
	assert_int_equal(bench_judge("ping6"), NFV_REPEAT);
	assert_int_equal(hits("rule 1"), 2);
	assert_int_equal(hits("rule 2"), 1);
	assert_int_equal(hits("rule 3"), 2);
	assert_int_equal(hits("rule 4"), 2);
	assert_int_equal(bench.counters.breaches[BREACH_MAY], 0);
}

static void no_rule_no_verdict(void **state)
{
	(void)state;
	bench_must_open("rules: [ { match: tcp dst port 23, verdict: drop } ]\n");
	assert_int_equal(bench_judge("dns4"), NFV_ACCEPT);
	assert_int_equal(bench.decision.handler, -1);
	assert_false(bench.decision.set_mark);
	bench.chain.default_verdict = NFV_DROP;
	assert_int_equal(bench_judge("dns4"), NFV_DROP);
	assert_int_equal(hits("rule 1"), 0);
}

static void marks_add_up(void **state)
{
	(void)state;
	bench_must_open("rules:\n"
			"  - { name: all, mark: 0x1/0xf }\n"
			"  - { name: dns, match: port 53, mark: 0x20/0xf0 }\n"
			"  - { name: small, match: less 60, mark: 0x300/0xf00, verdict: accept }\n"
			"  - { name: behind, match: udp, mark: 0xf/0xf }\n");
	assert_int_equal(bench_judge("dns4"), NFV_ACCEPT);
	assert_true(bench.decision.set_mark);
	assert_int_equal(bench.packet.mark, 0x321);
	bench_sample("dns4_answer");
	bench.packet.mark = 0xff00;
	assert_int_equal(bench_run(), NFV_ACCEPT);
	assert_int_equal(bench.packet.mark, 0xff2f);
	assert_int_equal(hits("all"), 2);
	assert_int_equal(hits("small"), 1);
	assert_int_equal(hits("behind"), 1);
	assert_int_equal(bench.counters.marked, 2);
}

static void what_was_not_copied_does_not_match(void **state)
{
	const struct sample *dns = &samples[0];

	(void)state;
	bench_must_open("rules: [ { match: 'udp[20:4] = 0x07657861', verdict: drop } ]\n");
	assert_int_equal(bench_judge("dns4"), NFV_DROP);
	bench_fill(dns->bytes, dns->len, 43);
	assert_int_equal(bench_run(), NFV_ACCEPT);
	bench_fill(dns->bytes, dns->len, 0);
	bench.packet.data = NULL;
	assert_int_equal(bench_run(), NFV_ACCEPT);
}

static void bytes_that_it_needs(void **state)
{
	static const struct {
		const char *match;
		uint32_t bytes;
	} cases[] = {
		{ "tcp dst port 23", NFV_NEEDS_HEADERS },
		{ "ip6 and udp", NFV_NEEDS_HEADERS },
		{ "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", NFV_NEEDS_HEADERS },
		{ "greater 1000", 0 },
		{ "udp[100] = 1", 161 },
		{ "ip[200:2] = 1", 202 },
		{ "ip[65530:4] = 1", NFV_NEEDS_ALL },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "rules: [ { match: '%s', verdict: drop } ]\n", cases[i].match);
		bench_must_open(text);
		if (bench.handler.needs_bytes != cases[i].bytes)
			fail_msg("%s: wanted %u, got %u", cases[i].match, cases[i].bytes, bench.handler.needs_bytes);
	}
	bench_must_open("rules: [ { verdict: drop } ]\n");
	assert_int_equal(bench.handler.needs_bytes, 0);
}

static void mistakes(void **state)
{
	(void)state;
	bench_refused("plugin: filter\n", "1:1: handler h: rules: is missing");
	bench_refused("rules: []\n", "1:8: handler h: rules: there is no rule");
	bench_refused("rules:\n  - { match: tcp dst porrt 23, verdict: drop }\n", "2:14: handler h: rules 1: match: ");
	bench_refused("rules:\n  - { match: ether host 00:11:22:33:44:55, verdict: drop }\n",
		      "2:14: handler h: rules 1: match: ");
	bench_refused("rules:\n  - { match: vlan 3, verdict: drop }\n", "2:14: handler h: rules 1: match: ");
	bench_refused("rules:\n  - { verdict: drop, match: udp }\n  - { match: udp }\n",
		      "3:5: handler h: rules 2: does nothing: it has neither a mark nor a verdict other than continue");
	bench_refused("rules:\n  - { name: x, match: udp, verdict: continue }\n", "2:5: handler h: rules 1: does nothing");
	bench_refused("rules:\n  - match: udp\n    verdict: repeat\n",
		      "3:14: handler h: rules 1: verdict: repeat without a mark would bring the packet back for ever");
	bench_refused("rules: [ { verdict: hold } ]\n", "1:21: handler h: rules 1: verdict: ");
	bench_refused("rules: [ { verdict: drop, name: '' } ]\n", "1:33: handler h: rules 1: name: ");
	bench_refused("rules:\n  - { name: a, verdict: drop }\n  - { name: a, match: udp, verdict: drop }\n",
		      "3:13: handler h: rules 2: name: the name a is taken by rule 1");
	bench_refused("rules:\n  - { name: rule 2, match: tcp, verdict: drop }\n  - { verdict: drop }\n",
		      "3:5: handler h: rules 2: the name rule 2 is taken by rule 1");

	bench.env.mark_mask = 0xff;
	bench_refused("rules:\n  - { mark: 0x100/0x1ff }\n",
		      "2:13: handler h: rules 1: mark: 0x100/0x1ff has bits outside the queue's mark-mask 0xff");
	bench_must_open("rules:\n  - { mark: 0x10/0xff }\n");
	bench.env.mark_mask = 0xffffffff;
}

static void all_mistakes_at_once(void **state)
{
	(void)state;
	bench_refused("rules:\n"
		      "  - { match: nonsense here, verdict: repeat }\n"
		      "  - { match: udp }\n"
		      "  - { match: udp, verdict: drop }\n",
		      "2:14: handler h: rules 1: match: ");
	assert_int_equal(bench.report.count, 3);
}

/* The bench's queue is 3. */
static void a_packet_is_not_sent_where_it_is(void **state)
{
	(void)state;
	bench_must_open("rules:\n  - { name: there, match: udp, verdict: queue 3 }\n  - { verdict: queue 4 }\n");
	assert_string_equal(bench.logged, "1 h: there: in queue 3 already: packets go on to the next rule");
	assert_int_equal(bench_judge("dns4"), NFV_QUEUE(4));
	assert_int_equal(hits("there"), 1);
}

static void rules_that_are_never_asked(void **state)
{
	(void)state;
	bench.env.checking = true;
	bench_must_open("rules:\n  - { match: tcp, verdict: drop }\n  - { name: end, verdict: accept }\n  - { match: udp, "
			"verdict: drop }\n");
	assert_string_equal(bench.logged,
			    "1 h: end decides every packet: the rules behind it, from rule 3 on, are never asked");
	bench_must_open("rules:\n  - { mark: 1 }\n  - { match: udp, verdict: drop }\n  - { verdict: accept }\n");
	assert_string_equal(bench.logged, "");
	bench.env.checking = false;
	bench_must_open("rules:\n  - { verdict: accept }\n  - { match: udp, verdict: drop }\n");
	assert_string_equal(bench.logged, "");
}

static void more_rules_than_counters(void **state)
{
	char text[8192] = "rules:\n";

	(void)state;
	for (int i = 0; i < 70; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  - { match: udp port %d, verdict: drop }\n",
			 i + 1);
	bench.env.checking = true;
	bench_must_open(text);
	bench.env.checking = false;
	assert_non_null(strstr(bench.logged, "64 rules"));
	assert_int_equal(bench_judge("dns4"), NFV_DROP);
	assert_int_equal(hits("rule 53"), 1);
}

static void statistics(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	bench_must_open("rules:\n  - { name: dns, match: port 53, mark: 1 }\n  - { verdict: accept }\n");
	bench_judge("dns4");
	bench_judge("syn4");
	bench.plugin.ops->stats(bench.handler.state, out);
	fclose(out);
	assert_string_equal(text, "dns: 1\nrule 2: 2\n");
	free(text);
}

static int setup(void **state)
{
	(void)state;
	return bench_load("filter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_verdict_ends),
		cmocka_unit_test(no_rule_no_verdict),
		cmocka_unit_test(marks_add_up),
		cmocka_unit_test(what_was_not_copied_does_not_match),
		cmocka_unit_test(bytes_that_it_needs),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(all_mistakes_at_once),
		cmocka_unit_test(a_packet_is_not_sent_where_it_is),
		cmocka_unit_test(rules_that_are_never_asked),
		cmocka_unit_test(more_rules_than_counters),
		cmocka_unit_test(statistics),
	};

	return cmocka_run_group_tests(tests, setup, bench_unload);
}
