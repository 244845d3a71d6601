/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of rules/from-python.md that need no kernel: those of PyPTables and Pytables. */
#include "tests/unit/from-python.h"

/* Appends to a chain, compares what is printed, and empties the chain. */
static void made(struct nfv_chain *chain, struct nfv_rule *rule, const char *wanted)
{
	assert_non_null(rule);
	prints_canonical(rule, wanted);
	assert_int_equal(nfv_chain_append(chain, rule), 0);
	assert_int_equal(nfv_chain_flush(chain), 0);
}

static void test_pyptables_rules(void **state)
{
	struct nfv_rule *rule, *other;
	struct nfv_chain *chain;
	struct fixture f;
	unsigned line;
	char *text;

	(void)state;
	setup(&f);
	chain = nfv_table_add_chain(f.table, "test");
	row("p9");
	made(chain, nfv_rule_build("proto", "udp", "jump", "DROP", NULL), "-p udp -j DROP");
	made(chain, NFV_RULE_KEYS("proto", "tcp", "dport", "22", "jump", "ACCEPT"), "-p tcp -m tcp --dport 22 -j ACCEPT");
	row("p10");
	made(chain, NFV_RULE_KEYS("destination__not", "10.0.0.1"), "! -d 10.0.0.1/32");
	made(chain, NFV_RULE_KEYS("!destination", "10.0.0.1"), "! -d 10.0.0.1/32");
	row("p11");
	rule = nfv_rule_build("proto", "tcp", "jump", "REJECT", NULL);
	other = nfv_rule_specialise(rule, "dport", "80", NULL);
	prints_canonical(rule, "-p tcp -j REJECT --reject-with icmp-port-unreachable");
	made(chain, other, "-p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable");
	nfv_rule_free(rule);
	row("p12");
	made(chain, NFV_RULE_ACCEPT("proto", "tcp"), "-p tcp -j ACCEPT");
	made(chain, NFV_RULE_DROP(), "-j DROP");
	made(chain, NFV_RULE_RETURN(), "-j RETURN");
	made(chain, NFV_RULE_LOG("log-prefix", "IN x "), "-j LOG --log-prefix \"IN x \"");
	made(chain, NFV_RULE_REJECT(), "-j REJECT --reject-with icmp-port-unreachable");
	made(chain, NFV_RULE_REDIRECT("8080", "proto", "tcp"), "-p tcp -j REDIRECT --to-ports 8080");
	row("p13");
	made(chain, NFV_RULE_JUMP("web"), "-j web");
	made(chain, NFV_RULE_GOTO("web"), "-g web");
	row("p14");
	assert_int_equal(nfv_chain_append_text(chain, "-j DROP", NULL), 0);
	assert_int_equal(nfv_chain_flush(chain), 0);
	rule = parsed("-s 10.0.0.1 -j ACCEPT");
	assert_int_equal(nfv_rule_set_comment(rule, "say \"so\""), 0);
	prints_canonical(rule, "-s 10.0.0.1/32 -m comment --comment \"say \\\"so\\\"\" -j ACCEPT");
	row("p27");
	prints(rule, "-s 10.0.0.1 -m comment --comment \"say \\\"so\\\"\" -j ACCEPT");
	assert_int_equal(nfv_chain_append(chain, rule), 0);
	text = nfv_rule_command(rule);
	assert_non_null(text);
	assert_string_equal(text, "iptables -t filter -A test -s 10.0.0.1 -m comment --comment 'say \"so\"' -j ACCEPT");
	free(text);
	assert_int_equal(nfv_chain_flush(chain), 0);
	row("p15");
	assert_int_equal(nfv_chain_append(chain, NFV_RULE_ACCEPT("proto", "tcp")), 0);
	assert_int_equal(nfv_chain_append(chain, NFV_RULE_DROP()), 0);
	chain_is(chain, "-p tcp -j ACCEPT; -j DROP");
	assert_int_equal(nfv_chain_flush(chain), 0);
	assert_int_equal(nfv_chain_append_text(chain, "-s 1.1.1.1,2.2.2.2 -j DROP", NULL), 0);
	assert_int_equal(nfv_chain_count(chain), 2);
	assert_int_equal(nfv_chain_flush(chain), 0);
	row("p16");
	rule = NFV_RULE_DROP();
	assert_int_equal(nfv_rule_set_comment(rule, "It's \\ here"), 0);
	made(chain, rule, "-m comment --comment \"It\\'s \\\\ here\" -j DROP");
	made(chain, NFV_RULE_KEYS("jump", "DROP", "comment", "A Rule"), "-m comment --comment \"A Rule\" -j DROP");
	row("p17");
	made(chain, NFV_RULE(.matches = { NFV_MATCH("conntrack", "ctstate", "NEW") }, .jump = "DROP"),
	     "-m conntrack --ctstate NEW -j DROP");
	made(chain, NFV_RULE_DROP("match", "conntrack", "ctstate", "NEW"), "-m conntrack --ctstate NEW -j DROP");
	row("p18");
	made(chain, NFV_RULE_MARK("0x5"), "-j MARK --set-xmark 0x5/0xffffffff");
	made(chain, NFV_RULE_DROP("match", "mark", "mark", "0x5"), "-m mark --mark 0x5 -j DROP");
	row("p23");
	rule = NFV_RULE(.jump = "DROP");
	assert_non_null(strstr(nfv_rule_origin(rule, &line), "test-from-pyptables.c"));
	assert_int_equal(line, __LINE__ - 2);
	assert_int_equal(nfv_rule_set_origin_comment(rule), 0);
	assert_non_null(strstr(nfv_rule_comment(rule), "test-from-pyptables.c:"));
	nfv_rule_free(rule);
	rule = NFV_RULE_KEYS("jump", "RETURN");
	assert_non_null(strstr(nfv_rule_origin(rule, &line), "test-from-pyptables.c"));
	assert_int_equal(line, __LINE__ - 2);
	assert_int_equal(nfv_chain_append(chain, rule), 0);
	text = nfv_rules_print(f.rules, NFV_PRINT_ANNOTATED, NULL);
	assert_non_null(strstr(text, "test-from-pyptables.c:"));
	free(text);
	nfv_rules_free(f.rules);
}

/* Zones, hosts and channels are templates that are specialised. */
static void test_pyptables_routes(void **state)
{
	static const char *const sources[] = { "1.1.1.1", "2.2.2.0/24" };
	static const char *const set[] = { "a_set", "dst" };
	struct nfv_rule *tcp, *zone, *rule;
	struct nfv_chain *chain;
	struct fixture f;

	(void)state;
	setup(&f);
	chain = nfv_table_add_chain(f.table, "test");
	row("p19");
	tcp = NFV_RULE_KEYS("proto", "tcp", "match", "multiport", "dports", "80:90");
	prints_canonical(tcp, "-p tcp -m multiport --dports 80:90");
	made(chain, nfv_rule_specialise(tcp, "jump", "ACCEPT", NULL), "-p tcp -m multiport --dports 80:90 -j ACCEPT");
	row("p20");
	rule = NFV_RULE(.matches = { NFV_MATCH("iprange", "src-range", "1.1.1.1-2.2.2.2") }, .jump = "DROP");
	assert_int_equal(nfv_extension_set_values(nfv_rule_add_match(rule, "set"), "match-set", set, 2), 0);
	made(chain, rule, "-m iprange --src-range 1.1.1.1-2.2.2.2 -m set --match-set a_set dst -j DROP");
	assert_int_equal(nfv_chain_append(chain, NFV_RULE(.source = "1.1.1.1,2.2.2.2", .jump = "DROP")), 0);
	assert_int_equal(nfv_chain_count(chain), 2);
	assert_int_equal(nfv_chain_flush(chain), 0);
	row("p21");
	zone = NFV_RULE_KEYS("in-interface", "br0", "match", "physdev", "physdev-in", "eth0");
	made(chain, nfv_rule_specialise(zone, "jump", "DROP", NULL), "-i br0 -m physdev --physdev-in eth0 -j DROP");
	row("p22");
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			nfv_chain_append(chain, nfv_rule_specialise(tcp, "source", sources[i], "jump", "ACCEPT", NULL)), 0);
	prints_canonical(nfv_chain_rule(chain, 0), "-s 1.1.1.1/32 -p tcp -m multiport --dports 80:90 -j ACCEPT");
	prints_canonical(nfv_chain_rule(chain, 1), "-s 2.2.2.0/24 -p tcp -m multiport --dports 80:90 -j ACCEPT");
	nfv_rule_free(tcp);
	nfv_rule_free(zone);
	nfv_rules_free(f.rules);
}

static void test_pyptables_tables(void **state)
{
	static const char wanted[] =
		"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:test - [0:0]\n"
		"-A INPUT -j test\n-A test -s 1.1.1.1/32 -j ACCEPT\nCOMMIT\n";
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_chain *chain, *input;
	struct nfv_rules_error error = { 0 };
	struct nfv_rule *taken;
	char shown[512], *text;
	size_t len;

	(void)state;
	row("p2");
	assert_non_null(nfv_rules_add_table(rules, "filter"));
	assert_non_null(nfv_rules_table(rules, "filter"));
	assert_null(nfv_rules_table(rules, "nat"));
	row("p3");
	assert_non_null(nfv_table_add_chain(nfv_rules_table(rules, "filter"), "other"));
	assert_non_null(nfv_table_chain(nfv_rules_table(rules, "filter"), "INPUT"));
	assert_int_equal(nfv_chain_remove(nfv_table_chain(nfv_rules_table(rules, "filter"), "other")), 0);
	row("p6");
	chain = nfv_table_add_chain(nfv_rules_table(rules, "filter"), "test");
	assert_int_equal(nfv_chain_set_note(chain, "A user chain"), 0);
	row("p5");
	input = nfv_table_chain(nfv_rules_table(rules, "filter"), "INPUT");
	assert_int_equal(nfv_chain_set_policy(input, "DROP"), 0);
	row("p7");
	assert_int_equal(nfv_chain_append(input, NFV_RULE_JUMP("test")), 0);
	assert_int_equal(nfv_chain_insert(chain, 0, NFV_RULE(.source = "1.1.1.1/32", .jump = "ACCEPT")), 0);
	assert_int_equal(nfv_chain_append_text(chain, "-j DROP", NULL), 0);
	assert_int_equal(nfv_chain_replace(chain, 1, NFV_RULE_RETURN()), 0);
	prints(nfv_chain_rule(chain, 1), "-j RETURN");
	taken = NFV_RULE_RETURN();
	assert_int_equal(nfv_chain_delete_equal(chain, taken), 0);
	nfv_rule_free(taken);
	assert_int_equal(nfv_chain_count(chain), 1);
	row("p4");
	prints(nfv_chain_rule(input, 0), "-j test");
	text = nfv_rules_print(rules, 0, &len);
	assert_string_equal(text, wanted);
	assert_int_equal(len, sizeof(wanted) - 1);
	free(text);
	text = nfv_table_print(nfv_rules_table(rules, "filter"), 0, NULL);
	assert_non_null(strstr(text, "-A INPUT -j test\n"));
	free(text);
	row("p24");
	assert_int_equal(nfv_chain_set_note(chain, "A user chain"), 0);
	assert_int_equal(nfv_table_set_note(nfv_rules_table(rules, "filter"), "the banner"), 0);
	assert_int_equal(nfv_rule_set_note(nfv_chain_rule(input, 0), "a note"), 0);
	text = nfv_rules_print(rules, NFV_PRINT_ANNOTATED, NULL);
	assert_non_null(strstr(text, "# the banner\n"));
	assert_non_null(strstr(text, "# A user chain\n"));
	assert_non_null(strstr(text, ": a note\n"));
	assert_non_null(strstr(text, "# no rules"));
	free(text);
	row("p8");
	assert_int_equal(nfv_chain_append_text(input, "-j DROP", NULL), 0);
	assert_int_equal(nfv_chain_move(input, 1, 0), 0);
	chain_is(input, "-j DROP; -j test");
	taken = nfv_chain_rule(input, 0);
	assert_int_equal(nfv_rule_take(taken), 0);
	chain_is(input, "-j test");
	nfv_rule_free(taken);
	nfv_rules_free(rules);
	row("p1");
	rules = nfv_rules_new(NFV_FAMILY_IPV4);
	assert_int_equal(nfv_rules_add_default_tables(rules), 0);
	assert_non_null(nfv_rules_table(rules, "mangle"));
	row("p26");
	assert_int_equal(nfv_rules_read(rules, "*filter\n-A INPUT -j DROP\n-A INPUT --what\n", 41, NULL, &error), -EINVAL);
	assert_true(nfv_rules_error_print(&error, shown, sizeof(shown)) > 0);
	assert_non_null(strstr(shown, "3:"));
	nfv_rules_free(rules);
}

static void test_pytables(void **state)
{
	struct nfv_chain *chain;
	struct nfv_rule *rule;
	struct fixture f;
	char *text;

	(void)state;
	setup(&f);
	row("t5");
	chain = nfv_table_ensure_chain(f.table, "test");
	assert_int_equal(nfv_chain_set_policy(chain, "DROP"), -EINVAL); /* only built-in chains have one */
	row("t1");
	made(chain, NFV_RULE(.source = "10.0.0.0/8", .protocol = "tcp"), "-s 10.0.0.0/8 -p tcp");
	row("t2");
	made(chain, NFV_RULE(.protocol = "udp", .matches = { NFV_MATCH("udp", "dport", "1024:2048", "!sport", "53") }),
	     "-p udp -m udp ! --sport 53 --dport 1024:2048");
	row("t3");
	made(chain, NFV_RULE(.target = NFV_TARGET("DNAT", "to-destination", "10.0.0.1")),
	     "-j DNAT --to-destination 10.0.0.1");
	row("t4");
	made(chain, NFV_RULE(.go_to = "chain"), "-g chain");
	rule = nfv_rule_new();
	assert_non_null(nfv_rule_set_goto(rule, "chain"));
	made(chain, rule, "-g chain");
	row("t6");
	assert_int_equal(nfv_chain_append(chain, NFV_RULE_DROP()), 0);
	assert_int_equal(nfv_chain_insert(chain, 1 - 1, NFV_RULE_ACCEPT("proto", "tcp")), 0);
	assert_int_equal(nfv_chain_delete(chain, 2 - 1), 0);
	chain_is(chain, "-p tcp -j ACCEPT");
	row("t7");
	prints(nfv_chain_rule(chain, 0), "-p tcp -j ACCEPT");
	text = nfv_table_print(f.table, 0, NULL);
	assert_non_null(strstr(text, "-A test -p tcp -j ACCEPT\n"));
	free(text);
	text = nfv_rules_print(f.rules, 0, NULL);
	assert_non_null(strstr(text, "*filter\n"));
	assert_non_null(strstr(text, "-A test -p tcp -j ACCEPT\n"));
	free(text);
	nfv_rules_free(f.rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pyptables_rules),
		cmocka_unit_test(test_pyptables_routes),
		cmocka_unit_test(test_pyptables_tables),
		cmocka_unit_test(test_pytables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
