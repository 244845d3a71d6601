/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/canonical.h"
#include "rules/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *a, *b;
	enum nfv_family family;
};

static bool equal(const struct pair *pair)
{
	size_t a_len = strlen(pair->a), b_len = strlen(pair->b);
	bool same = canonical_equal(pair->a, a_len, pair->b, b_len, pair->family);

	assert_int_equal(same, canonical_equal(pair->b, b_len, pair->a, a_len, pair->family));
	assert_int_equal(same, canonical_key(pair->a, a_len, pair->family) == canonical_key(pair->b, b_len, pair->family));
	assert_int_not_equal(canonical_key(pair->a, a_len, pair->family), 0);
	return same;
}

static void spelling_makes_no_difference(void **state)
{
	static const struct pair pairs[] = {
		{ "-s 10.0.0.0/255.255.0.0 -j DROP", "-s 10.0.3.4/16 -j DROP", NFV_FAMILY_IPV4 },
		{ "-p tcp --dport 22", "-p 6 -m tcp --destination-port 22", NFV_FAMILY_IPV4 },
		{ "-p icmpv6 -j ACCEPT", "-p ipv6-icmp -j ACCEPT", NFV_FAMILY_IPV6 },
		{ "-p tcp -m tcp --sport 1 --dport 2", "-p tcp -m tcp --dport 2 --sport 1", NFV_FAMILY_IPV4 },
		{ "-j NFQUEUE", "-j NFQUEUE --queue-num 0", NFV_FAMILY_IPV4 },
		{ "-m recent --set --name x",
		  "-m recent --name x --rsource --set --mask 255.255.255.255", NFV_FAMILY_IPV4 },
		{ "-m conntrack --ctstate NEW,RELATED", "-m conntrack --ctstate related,new", NFV_FAMILY_IPV4 },
		{ "-m comment --comment abc", "-m comment --comment \"abc\"", NFV_FAMILY_IPV4 },
		{ "-m set --match-set \"foo\" src", "-m set --match-set foo src", NFV_FAMILY_IPV4 },
		{ "-m nosuch --a \"b\"", "-m nosuch --a b", NFV_FAMILY_IPV4 },
		{ "-p tcp ! --dport 0:80", "-p tcp --dport 81:", NFV_FAMILY_IPV4 },
		{ "-p tcp -m tcp --dport 1 -m tcp --sport 2", "-p tcp -m tcp --sport 2 --dport 1", NFV_FAMILY_IPV4 },
		{ "-j NFLOG --nflog-range 7", "-j NFLOG", NFV_FAMILY_IPV4 },
		{ "-s 2001:db8::0:1 -j DROP", "-j DROP -s 2001:DB8::1/128", NFV_FAMILY_IPV6 },
		{ "-j MARK --or-mark 4", "-j MARK --set-xmark 0x4/0x4", NFV_FAMILY_IPV4 },
		{ "-c 5 7 -j DROP", "-j DROP", NFV_FAMILY_IPV4 },
		{ "", "-s 0.0.0.0/0 -i + -p all", NFV_FAMILY_IPV4 },
		{ "-m ah --ahlen 6 --ahspi 5", "-m ah --ahspi 5 --ahlen 6", NFV_FAMILY_IPV6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!equal(&pairs[i]))
			fail_msg("not equal: %s, %s", pairs[i].a, pairs[i].b);
}

static void different_rules_are_different(void **state)
{
	static const struct pair pairs[] = {
		{ "-s 10.0.0.0/16", "-s 10.0.0.0/17", NFV_FAMILY_IPV4 },
		{ "-s 10.0.0.0/16", "-d 10.0.0.0/16", NFV_FAMILY_IPV4 },
		{ "-s 10.0.0.0/16", "! -s 10.0.0.0/16", NFV_FAMILY_IPV4 },
		{ "-s 10.0.0.0/255.0.255.0", "-s 10.0.0.0/255.0.254.0", NFV_FAMILY_IPV4 },
		{ "-s 10.0.0.1", "-s 10.0.0.1,10.0.0.2", NFV_FAMILY_IPV4 },
		{ "-i eth0", "-i eth0+", NFV_FAMILY_IPV4 },
		{ "-i eth0", "-o eth0", NFV_FAMILY_IPV4 },
		{ "-i +", "! -i +", NFV_FAMILY_IPV4 },
		{ "-f", "! -f", NFV_FAMILY_IPV4 },
		{ "-p tcp", "-p tcp -m tcp", NFV_FAMILY_IPV4 },
		{ "-p tcp", "! -p tcp", NFV_FAMILY_IPV4 },
		{ "-p tcp --dport 22", "-p tcp --sport 22", NFV_FAMILY_IPV4 },
		{ "-p tcp --dport 22", "-p udp --dport 22", NFV_FAMILY_IPV4 },
		{ "-p tcp --dport 22", "-p tcp ! --dport 22", NFV_FAMILY_IPV4 },
		{ "-p tcp --dport 22", "-p tcp --dport 022", NFV_FAMILY_IPV4 },
		{ "-p tcp --dport 22:23", "-p tcp --dport 22:24", NFV_FAMILY_IPV4 },
		{ "-p tcp ! --dport 0:65535", "-p tcp --dport 0:65535", NFV_FAMILY_IPV4 },
		{ "-p tcp -m tcp --dport 1 -m tcp --dport 2", "-p tcp -m tcp --dport 2", NFV_FAMILY_IPV4 },
		{ "-p tcp -m tcp --dport 1 -m tcp --dport 2",
		  "-p tcp -m tcp --dport 2 -m tcp --dport 1", NFV_FAMILY_IPV4 },
		{ "-p tcp --syn", "-p tcp --tcp-flags FIN,SYN,RST,ACK SYN,ACK", NFV_FAMILY_IPV4 },
		{ "-p tcp -m multiport --dports 1,2", "-p tcp -m multiport --dports 2,1", NFV_FAMILY_IPV4 },
		{ "-p tcp -m multiport --dports 1,2", "-p tcp -m multiport --dports 1:2", NFV_FAMILY_IPV4 },
		{ "-m mark --mark 1", "-m mark --mark 1/0x7fffffff", NFV_FAMILY_IPV4 },
		{ "-m mark --mark 1", "-m connmark --mark 1", NFV_FAMILY_IPV4 },
		{ "-m mark --mark 10", "-m mark --mark 0x10", NFV_FAMILY_IPV4 },
		{ "-m mark --mark 1 -m comment --comment a", "-m comment --comment a -m mark --mark 1", NFV_FAMILY_IPV4 },
		{ "-m mark --mark 1", "-m mark --mark 1 -m mark --mark 1", NFV_FAMILY_IPV4 },
		{ "-m state --state NEW", "-m conntrack --ctstate NEW", NFV_FAMILY_IPV4 },
		{ "-m conntrack --ctstate NEW", "-m conntrack ! --ctstate NEW", NFV_FAMILY_IPV4 },
		{ "-m conntrack --ctorigsrc 10.0.0.1/24", "-m conntrack --ctorigsrc 10.0.0.0/24", NFV_FAMILY_IPV4 },
		{ "-m comment --comment a", "-m comment --comment A", NFV_FAMILY_IPV4 },
		{ "-m comment --comment \"a b\"", "-m comment --comment \"a  b\"", NFV_FAMILY_IPV4 },
		{ "-m comment --comment \"-j DROP\"", "-m comment --comment x -j DROP", NFV_FAMILY_IPV4 },
		{ "-m string --string \"|41|\" --algo bm", "-m string --hex-string \"|41|\" --algo bm", NFV_FAMILY_IPV4 },
		{ "-m string --string \"|4100|\" --algo bm",
		  "-m string --hex-string \"|4100|\" --algo bm", NFV_FAMILY_IPV4 },
		{ "-m string --string abc --algo bm", "-m string --string abc --algo kmp", NFV_FAMILY_IPV4 },
		{ "-m string --string abc --algo bm", "-m string --string abc --algo bm --icase", NFV_FAMILY_IPV4 },
		{ "-m limit --limit 1/sec", "-m limit --limit 1/min", NFV_FAMILY_IPV4 },
		{ "-m limit --limit 1/sec --limit-burst 6", "-m limit --limit 1/sec", NFV_FAMILY_IPV4 },
		{ "-m set --match-set a src", "-m set --match-set a dst", NFV_FAMILY_IPV4 },
		{ "-m set --match-set a src", "-m set ! --match-set a src", NFV_FAMILY_IPV4 },
		{ "-m set --match-set a src,dst", "-m set --match-set a dst,src", NFV_FAMILY_IPV4 },
		{ "-m policy --dir in --pol ipsec --strict --spi 1 --next --spi 2",
		  "-m policy --dir in --pol ipsec --strict --spi 2 --next --spi 1",
		  NFV_FAMILY_IPV4 },
		{ "-m policy --dir in --pol ipsec --strict --spi 1 --next --reqid 2",
		  "-m policy --dir in --pol ipsec --strict --spi 1 --reqid 2",
		  NFV_FAMILY_IPV4 },
		{ "-j ACCEPT", "-j DROP", NFV_FAMILY_IPV4 },
		{ "-j CHAIN", "-g CHAIN", NFV_FAMILY_IPV4 },
		{ "-j CHAIN", "-j chain", NFV_FAMILY_IPV4 },
		{ "-j ACCEPT", "", NFV_FAMILY_IPV4 },
		{ "-j NFQUEUE", "-j NFQUEUE --queue-num 0 --queue-bypass", NFV_FAMILY_IPV4 },
		{ "-j NFQUEUE --queue-num 1", "-j NFQUEUE --queue-balance 0:1", NFV_FAMILY_IPV4 },
		{ "-j DNAT --to-destination 1.2.3.4", "-j DNAT --to-destination 1.2.3.5", NFV_FAMILY_IPV4 },
		{ "-j NFLOG --nflog-size 0", "-j NFLOG", NFV_FAMILY_IPV4 },
		{ "-j LOG --log-prefix a", "-j LOG --log-prefix \"a \"", NFV_FAMILY_IPV4 },
		{ "-j MARK --set-xmark 1/1", "-j MARK --set-xmark 1/0", NFV_FAMILY_IPV4 },
		{ "-m nosuch --a 1 --b 2", "-m nosuch --a 2 --b 1", NFV_FAMILY_IPV4 },
		{ "-m nosuch --a 1", "-m nosuch ! --a 1", NFV_FAMILY_IPV4 },
		{ "-m nosuch --a 1 2", "-m nosuch --a \"1 2\"", NFV_FAMILY_IPV4 },
		{ "-s ::1", "-s ::2", NFV_FAMILY_IPV6 },
		{ "-s dead::/64", "-s dead::/65", NFV_FAMILY_IPV6 },
		{ "-m frag --fragfirst", "-m frag --fraglast", NFV_FAMILY_IPV6 },
		{ "-p ipv6-icmp -m icmp6 --icmpv6-type 1", "-p ipv6-icmp -m icmp6 --icmpv6-type 1/0", NFV_FAMILY_IPV6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (equal(&pairs[i]))
			fail_msg("equal: %s, %s", pairs[i].a, pairs[i].b);
}

static struct nfv_rules *read_rules(const char *text, enum nfv_family family)
{
	struct nfv_rules *rules = nfv_rules_new(family);
	struct nfv_rules_error error;

	if (nfv_rules_read(rules, text, strlen(text), NULL, &error))
		fail_msg("%s", error.text);
	return rules;
}

static bool rulesets_equal(const char *a_text, const char *b_text)
{
	struct nfv_rules *a = read_rules(a_text, NFV_FAMILY_IPV4), *b = read_rules(b_text, NFV_FAMILY_IPV4);
	bool same = nfv_rules_equal(a, b);

	assert_int_equal(same, nfv_rules_equal(b, a));
	assert_true(nfv_rules_equal(a, a));
	nfv_rules_free(a);
	nfv_rules_free(b);
	return same;
}

#define FILTER "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"

static void rulesets_are_compared_chain_by_chain(void **state)
{
	(void)state;
	assert_true(rulesets_equal("", ""));
	assert_true(rulesets_equal(FILTER "-A INPUT -p tcp --dport 1\nCOMMIT\n",
				   "*filter\n:FORWARD ACCEPT [7:8]\n:OUTPUT ACCEPT [0:0]\n:INPUT ACCEPT [5:6]\n"
				   "[1:2] -A INPUT -p 6 -m tcp --dport 1\nCOMMIT\n"));
	assert_true(rulesets_equal(FILTER ":a - [0:0]\n:b - [0:0]\nCOMMIT\n", FILTER ":b - [0:0]\n:a - [0:0]\nCOMMIT\n"));
	assert_true(rulesets_equal(FILTER "COMMIT\n*nat\nCOMMIT\n", "*nat\nCOMMIT\n" FILTER "COMMIT\n"));
	assert_false(rulesets_equal(FILTER ":a - [0:0]\nCOMMIT\n", FILTER "COMMIT\n"));
	assert_false(rulesets_equal(FILTER "-A INPUT -j DROP\nCOMMIT\n", FILTER "COMMIT\n"));
	assert_false(rulesets_equal(FILTER "-A INPUT -j DROP\n-A INPUT -j ACCEPT\nCOMMIT\n",
				    FILTER "-A INPUT -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n"));
	assert_false(rulesets_equal(FILTER "-A INPUT -j DROP\nCOMMIT\n", FILTER "-A OUTPUT -j DROP\nCOMMIT\n"));
	assert_false(rulesets_equal(FILTER "COMMIT\n", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"));
	assert_false(rulesets_equal("*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n", FILTER "-A OUTPUT -j ACCEPT\nCOMMIT\n"));
}

static void families_are_different(void **state)
{
	struct nfv_rules *a = read_rules("", NFV_FAMILY_IPV4), *b = read_rules("", NFV_FAMILY_IPV6);

	(void)state;
	assert_false(nfv_rules_equal(a, b));
	nfv_rules_free(a);
	nfv_rules_free(b);
}

static void a_rule_knows_its_family_by_its_chain(void **state)
{
	struct nfv_rules *rules = read_rules("*filter\n-A INPUT -j REJECT\nCOMMIT\n", NFV_FAMILY_IPV6);
	struct nfv_rule *in_chain = nfv_chain_rule(nfv_table_chain(nfv_rules_table(rules, "filter"), "INPUT"), 0);
	struct nfv_rule *alone = nfv_rule_parse("-j REJECT --reject-with icmp6-port-unreachable", NULL);
	struct nfv_rule *other = nfv_rule_parse("-j REJECT --reject-with icmp6-no-route", NULL);

	(void)state;
	assert_true(nfv_rule_equal(in_chain, alone));
	assert_true(nfv_rule_equal(alone, in_chain));
	assert_false(nfv_rule_equal(in_chain, other));
	assert_true(nfv_rule_equal(other, other));
	nfv_rule_free(alone);
	nfv_rule_free(other);
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spelling_makes_no_difference),
		cmocka_unit_test(different_rules_are_different),
		cmocka_unit_test(rulesets_are_compared_chain_by_chain),
		cmocka_unit_test(families_are_different),
		cmocka_unit_test(a_rule_knows_its_family_by_its_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
