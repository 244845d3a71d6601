/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/base.h"
#include "rules/model.h"
#include "rules/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "check-findings.h"

#include <errno.h>

static void test_targets(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-j ACCEPT", "");
	V4("filter", "INPUT", "-j RETURN", "");
	V4("filter", "INPUT", "-p udp", "");
	V4("filter", "INPUT", "-j NOWHERE", "no chain and no known target 'NOWHERE'");
	V4("filter", "INPUT", "-g NOWHERE", "goes to NOWHERE, and table filter has no such chain");
	V4("filter", "INPUT", "-g ACCEPT", "goes to ACCEPT, and table filter has no such chain");
	V4("filter", "INPUT", "-j FORWARD", "leads to FORWARD, which is a built-in chain");
	V4("filter", "INPUT", "-g OUTPUT", "leads to OUTPUT, which is a built-in chain");
	V4("mangle", "INPUT", "-j HL --hl-set 5", "target HL is one of ip6tables, not of iptables");
	V6("mangle", "INPUT", "-j TTL --ttl-set 5", "target TTL is one of iptables, not of ip6tables");
	V6("mangle", "INPUT", "-j HL --hl-set 5", "");
}

/* What iptables-restore would refuse, though each rule could be read and printed. */
static void test_words(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-j ACCEPT # why", "#: is no option");
	V4("filter", "INPUT", "-m comment --comment 'a b' -j ACCEPT", "b': is no option");
	V4("filter", "INPUT", "-m comment --comment a\"b c\"d -j ACCEPT", "d: is no option");
	V4("filter", "INPUT", "-m comment --comment a --comment b", "--comment: given twice");
	V4("filter", "INPUT", "-p tcp --dport 1 --destination-port 2", "--destination-port: given twice");
	V4("filter", "OUTPUT", "-m owner --cmd-owner perl", "match owner has no option --cmd-owner");
	V4("filter", "INPUT", "-j REJECT --with x", "target REJECT has no option --with");
	V4("filter", "INPUT", "-m comment ! --comment a", "--comment: \"!\" does not go with it");
	V4("filter", "INPUT", "-m unheard-of --odd 1 2 -j ACCEPT", "");
	V4("filter", "INPUT", "-p tcp ! --syn ! --dport 1:2 -m comment --comment a -m comment --comment b", "");
}

static void test_addresses(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-s 1.2.3.4/33", "-s 1.2.3.4/33: its mask is none of IPv4");
	V4("filter", "INPUT", "-d 1.2.3.4/", "-d 1.2.3.4/: its mask is none of IPv4");
	V4("filter", "INPUT", "-d 1.2.3.4/255.255.255", "-d 1.2.3.4/255.255.255: its mask is none of IPv4");
	V4("filter", "INPUT", "-s 1.2.3.256", "-s 1.2.3.256: is no address");
	V4("filter", "INPUT", "-s /8", "-s /8: is no address");
	V4("filter", "INPUT", "-p 256", "-p 256: is no protocol");
	V4("filter", "INPUT", "-p tcp,udp", "-p tcp,udp: is no protocol");
	V4("filter", "INPUT", "! -s 10/8 -d 1.2.3.4/255.0.255.0 -p 0x11", "");
	V4("filter", "INPUT", "-s any/0 -d 1.2.3.256/0.0.0.0", "");
	V4("filter", "INPUT", "-s ::/0", "");
	V6("filter", "INPUT", "-s 0/0 -d 0.0.0.0/0", "");
	V4("filter", "INPUT", "-s localhost -d host.example/24", "");
	V6("filter", "INPUT", "-s 2001:db8::1/129", "-s 2001:db8::1/129: its mask is none of IPv6");
	V6("filter", "INPUT", "-s fe80::1%eth0", "-s fe80::1%eth0: is no address");
	V6("filter", "INPUT", "-s 2001:db8::/ffff:ffff:: -d ::/0", "");
}

static void test_tables(void **state)
{
	(void)state;
	family(NFV_FAMILY_IPV4, "*foo\n:U - [0:0]\nCOMMIT\n", "-:0: table foo, chain U: no such table: foo\n");
	V4("nat", "PREROUTING", "-j DNAT --to-destination 10.0.0.1", "");
	V4("nat", "POSTROUTING", "-j DNAT --to-destination 10.0.0.1", "target DNAT works in PREROUTING or OUTPUT only");
	V4("filter", "INPUT", "-j DNAT --to-destination 10.0.0.1", "target DNAT is not for table filter: it is for nat");
	V4("nat", "POSTROUTING", "-j SNAT --to-source 10.0.0.1", "");
	V4("nat", "INPUT", "-j SNAT --to-source 10.0.0.1", "");
	V4("nat", "OUTPUT", "-j SNAT --to-source 10.0.0.1", "target SNAT works in INPUT or POSTROUTING only");
	V4("nat", "INPUT", "-j MASQUERADE", "target MASQUERADE works in POSTROUTING only");
	V4("nat", "INPUT", "-j REDIRECT", "target REDIRECT works in PREROUTING or OUTPUT only");
	V4("nat", "INPUT", "-j DROP", "target DROP is not for table nat: it is for filter,mangle,raw,security");
	V4("mangle", "INPUT", "-j REJECT", "target REJECT is not for table mangle: it is for filter");
	V4("mangle", "PREROUTING", "-p tcp -j TPROXY --on-port 1", "");
	V4("mangle", "INPUT", "-p tcp -j TPROXY --on-port 1", "target TPROXY works in PREROUTING only");
	V4("filter", "INPUT", "-j CT --notrack", "target CT is not for table filter: it is for raw");
	V4("mangle", "PREROUTING", "-m rpfilter -j ACCEPT", "");
	V4("filter", "INPUT", "-m rpfilter -j ACCEPT", "match rpfilter is not for table filter: it is for mangle,raw");
	/* The nft backend takes it anywhere. */
	V4("filter", "INPUT", "-j TRACE", "");
}

static void test_hooks(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-i eth0 -j ACCEPT", "");
	V4("filter", "INPUT", "-o eth0 -j ACCEPT", "-o cannot be used in INPUT");
	V4("filter", "INPUT", "! -o eth0 -j ACCEPT", "-o cannot be used in INPUT");
	V4("filter", "OUTPUT", "-i eth0 -j ACCEPT", "-i cannot be used in OUTPUT");
	V4("nat", "PREROUTING", "-o eth0", "-o cannot be used in PREROUTING");
	V4("nat", "POSTROUTING", "-i eth0", "-i cannot be used in POSTROUTING");
	V4("filter", "FORWARD", "-i eth0 -o eth1", "");
	V4("filter", "INPUT", "-m owner --uid-owner 0", "match owner works in OUTPUT or POSTROUTING only");
	V4("filter", "OUTPUT", "-m owner --uid-owner 0", "");
	V4("filter", "OUTPUT", "-m mac --mac-source 02:00:00:00:00:01",
	   "match mac works in PREROUTING, INPUT or FORWARD only");
	V4("filter", "INPUT", "-m policy --dir out --pol none",
	   "match policy --dir out works in FORWARD, OUTPUT or POSTROUTING only");
	V4("filter", "INPUT", "-m policy --dir in --pol none", "");
	V4("filter", "OUTPUT", "-m devgroup --src-group 1",
	   "match devgroup --src-group works in PREROUTING, INPUT or FORWARD only");
}

/* What leads to a chain of the user decides what may stand in it. */
static void test_hooks_of_user_chains(void **state)
{
	(void)state;
	family(NFV_FAMILY_IPV4,
	       "*nat\n:U - [0:0]\n:V - [0:0]\n-A PREROUTING -j U\n-A U -p tcp -j V\n-A V -j MASQUERADE\nCOMMIT\n",
	       "-:6: table nat, chain V, rule 1: target MASQUERADE works in POSTROUTING only, and PREROUTING leads to this "
	       "chain\n");
	family(NFV_FAMILY_IPV4, "*nat\n:U - [0:0]\n-A POSTROUTING -g U\n-A U -j MASQUERADE\nCOMMIT\n", "");
	family(NFV_FAMILY_IPV4, "*nat\n:U - [0:0]\n-A U -j MASQUERADE\nCOMMIT\n", "");
	family(NFV_FAMILY_IPV4, "*filter\n:U - [0:0]\n-A INPUT -j U\n-A U -o eth0 -j DROP\nCOMMIT\n",
	       "-:4: table filter, chain U, rule 1: -o never matches here: only INPUT leads to this chain\n");
	family(NFV_FAMILY_IPV4, "*filter\n:U - [0:0]\n-A INPUT -j U\n-A FORWARD -j U\n-A U -o eth0 -j DROP\nCOMMIT\n", "");
	/* These match. */
	family(NFV_FAMILY_IPV4, "*filter\n:U - [0:0]\n-A INPUT -j U\n-A U ! -o eth0 -j DROP\nCOMMIT\n", "");
	family(NFV_FAMILY_IPV4, "*filter\n:U - [0:0]\n-A INPUT -j U\n-A U -o + -j DROP\nCOMMIT\n", "");
}

static void test_families(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-p ipv6-icmp -m icmp6 --icmpv6-type 1", "match icmp6 is one of ip6tables, not of iptables");
	V6("filter", "INPUT", "-p icmp -m icmp --icmp-type 8", "match icmp is one of iptables, not of ip6tables");
	V6("filter", "INPUT", "-m ttl --ttl-eq 1", "match ttl is one of iptables, not of ip6tables");
	V4("filter", "INPUT", "-m frag --fragid 1", "match frag is one of ip6tables, not of iptables");
	V6("filter", "INPUT", "-f", "-f is not for IPv6: -m frag is");
	V4("filter", "INPUT", "-f", "");
	V4("filter", "INPUT", "-s fe80::/10", "-s fe80::/10 is an IPv6 address in an IPv4 ruleset");
	V6("filter", "INPUT", "! -d 10.0.0.0/8", "-d 10.0.0.0/8 is an IPv4 address in an IPv6 ruleset");
	V6("filter", "INPUT", "-s fe80::/10 -d ::1", "");
	V4("filter", "INPUT", "-s localhost", "");
	/* Odd, but the tools take it. */
	V6("filter", "INPUT", "-p icmp", "");
	V4("filter", "INPUT", "-p ipv6-icmp", "");
	V4("filter", "INPUT", "-m something --we-do-not know", "");
}

static void test_protocols(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-p tcp -m tcp --dport 1", "");
	V4("filter", "INPUT", "-p 6 -m tcp --dport 1", "");
	V4("filter", "INPUT", "-p TCP --dport 1", "");
	V4("filter", "INPUT", "-m tcp --dport 1", "match tcp needs -p tcp");
	V4("filter", "INPUT", "-p udp -m tcp --dport 1", "match tcp needs -p tcp");
	V4("filter", "INPUT", "-m icmp --icmp-type 8", "match icmp needs -p icmp");
	V6("filter", "INPUT", "-p ipv6-icmp -m icmp6 --icmpv6-type 1", "");
	V6("filter", "INPUT", "-p icmpv6 -m icmp6 --icmpv6-type 1", "");
	V6("filter", "INPUT", "-m icmp6 --icmpv6-type 1", "match icmp6 needs -p ipv6-icmp");
	V4("filter", "INPUT", "-m ah --ahspi 1", "match ah needs -p ah");
	V6("filter", "INPUT", "-m ah --ahspi 1", "");
}

static void test_loops(void **state)
{
	(void)state;
	family(NFV_FAMILY_IPV4, "*filter\n:A - [0:0]\n-A A -i lo\n-A A -j A\nCOMMIT\n",
	       "-:4: table filter, chain A, rule 2: leads to its own chain\n");
	family(NFV_FAMILY_IPV4, "*filter\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n-A A -j B\n-A B -g C\n-A C -j A\nCOMMIT\n",
	       "-:7: table filter, chain C, rule 1: loop: A → B → C → A\n");
	/* From a chain outside of it, and two ways to the same chain are none. */
	family(NFV_FAMILY_IPV4, "*filter\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -j A\nCOMMIT\n",
	       "-:6: table filter, chain B, rule 1: loop: A → B → A\n");
	family(NFV_FAMILY_IPV4, "*filter\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A INPUT -j B\n-A A -j B\nCOMMIT\n", "");
}

/* Deeper than any stack would bear. */
static void test_depth(void **state)
{
	struct text text = { 0 };
	struct nfv_rules *rules;

	(void)state;
	text_printf(&text, "*filter\n");
	for (unsigned i = 0; i < 50000; i++)
		text_printf(&text, ":c%u - [0:0]\n", i);
	for (unsigned i = 0; i < 49999; i++)
		text_printf(&text, "-A c%u -j c%u\n", i, i + 1);
	text_printf(&text, "COMMIT\n");
	assert_false(text.failed);
	rules = rules_of(text.data, NFV_FAMILY_IPV4);
	judge(rules, NULL, "");
	nfv_rules_free(rules);
	text_free(&text);
}

static void test_names(void **state)
{
	static const char *const bad[][2] = {
		{ "twenty-nine-bytes-are-too-long", "the name has 30 bytes, and a chain's may have 28" },
		{ "QUEUE", "QUEUE is a verdict, and no name for a chain" },
		{ "-x", "a chain's name does not begin with '-'" },
		{ "a b", "a chain's name holds no blanks and control characters" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
		struct nfv_table *table = nfv_rules_add_table(rules, "filter");
		char wanted[256];

		assert_non_null(chain_new(table, bad[i][0], strlen(bad[i][0])));
		snprintf(wanted, sizeof(wanted), "-:0: table filter, chain %s: %s\n", bad[i][0], bad[i][1]);
		judge(rules, NULL, wanted);
		nfv_rules_free(rules);
	}
	family(NFV_FAMILY_IPV4, "*filter\n:twenty-eight-bytes-may-stand - [0:0]\n:LOG - [0:0]\nCOMMIT\n", "");
}

/* What setters and readers refuse, but objects may hold: it came from a kernel. */
static void test_texts(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT");
	char *text = malloc(NFV_RULES_LINE_MAX + 1);

	(void)state;
	assert_non_null(text);
	assert_int_equal(nfv_chain_append(chain, nfv_rule_new()), 0);
	rule_set_spec(nfv_chain_rule(chain, 0), spec_new("-m comment --comment \"a\nb\"", 26));
	judge(rules, NULL,
	      "-:0: table filter, chain INPUT, rule 1: its text holds a newline, which iptables-restore takes for its "
	      "end\n");
	memset(text, 'x', NFV_RULES_LINE_MAX);
	memcpy(text, "-j ", 3);
	rule_set_spec(nfv_chain_rule(chain, 0), spec_new(text, NFV_RULES_LINE_MAX));
	judge(rules, NULL,
	      "-:0: table filter, chain INPUT, rule 1: its line would have 10292 bytes, and iptables-restore takes 10239\n");
	free(text);
	nfv_rules_free(rules);
}

/* ---- beside the kernel's ruleset ---- */

static void test_kernel(void **state)
{
	struct nfv_rules *kernel =
		rules_of("*filter\n:THEIRS - [0:0]\n:X - [0:0]\n-A THEIRS -j X\nCOMMIT\n", NFV_FAMILY_IPV4);
	struct nfv_rules *rules = rules_of("*filter\n-A INPUT -j THEIRS\n-A INPUT -j NONE\nCOMMIT\n", NFV_FAMILY_IPV4);
	struct nfv_rules *loop = rules_of("*filter\n:X - [0:0]\n-A X -j THEIRS\nCOMMIT\n", NFV_FAMILY_IPV4);

	(void)state;
	judge(rules, kernel, "-:3: table filter, chain INPUT, rule 2: no chain and no known target 'NONE'\n");
	judge(loop, kernel, "-:4: table filter, chain THEIRS, rule 1: loop: X → THEIRS → X\n");
	nfv_rules_free(loop);
	nfv_rules_free(rules);
	nfv_rules_free(kernel);
}

static struct nfv_chain *chain_of(struct nfv_rules *rules, const char *name)
{
	return nfv_table_chain(nfv_rules_table(rules, "filter"), name);
}

/* Of a ruleset that came from the kernel only what was changed is looked at. */
static void test_live(void **state)
{
	static char anywhere;
	struct nfv_rules *rules = rules_of("*filter\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n-A INPUT -j ODD\n-A A -j B\n"
					   "-A C -m owner --uid-owner 0\nCOMMIT\n",
					   NFV_FAMILY_IPV4);

	(void)state;
	rules->live = (struct nfv_live *)&anywhere;
	judge(rules, NULL, "");
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "INPUT"), "-i lo", NULL), 0);
	judge(rules, NULL, "");
	assert_int_equal(nfv_chain_insert_text(chain_of(rules, "INPUT"), 1, "-o lo", NULL), 0);
	judge(rules, NULL, "-:0: table filter, chain INPUT, rule 2: -o cannot be used in INPUT\n");
	assert_int_equal(base_restore(rules), 0);
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "B"), "-j A", NULL), 0);
	judge(rules, NULL, "-:6: table filter, chain A, rule 1: loop: B → A → B\n");
	assert_int_equal(base_restore(rules), 0);
	/* A chain that was right until something led to it from elsewhere. */
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "INPUT"), "-j C", NULL), 0);
	judge(rules, NULL,
	      "-:7: table filter, chain C, rule 1: match owner works in OUTPUT or POSTROUTING only, and INPUT leads to this "
	      "chain\n");
	assert_int_equal(base_restore(rules), 0);
	/* Removed while rules lead to it: the objects do not let that happen, a commit of others may. */
	assert_int_equal(nfv_chain_delete(chain_of(rules, "A"), 0), 0);
	assert_int_equal(nfv_chain_remove(chain_of(rules, "B")), 0);
	judge(rules, NULL, "");
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "A"), "-j B", NULL), 0);
	judge(rules, NULL, "-:0: table filter, chain A, rule 1: leads to B, which is to be removed\n");
	rules->live = NULL;
	nfv_rules_free(rules);
}

static void test_places(void **state)
{
	const char *text = "*filter\n-A INPUT -i lo\n-A INPUT -j NONE\nCOMMIT\n";
	const struct nfv_read_options options = { .file = "my.rules" };
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct findings findings = { 0 };

	(void)state;
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), &options, NULL), 0);
	assert_int_equal(nfv_rules_check(rules, NULL, note, &findings), -EINVAL);
	assert_int_equal(findings.count, 1);
	assert_int_equal(findings.last.code, EINVAL);
	assert_string_equal(findings.last.file, "my.rules");
	assert_int_equal(findings.last.line, 3);
	assert_string_equal(findings.last.shown, "-j NONE");
	assert_ptr_equal(findings.last.rule, nfv_chain_rule(chain_of(rules, "INPUT"), 1));
	text_free(&findings.text);
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_hooks_of_user_chains),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
