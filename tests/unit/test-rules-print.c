/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/rules-read.h"

#include "rules/read.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char dump[] =
	"*nat\n:PREROUTING ACCEPT [1:2]\n:DOCKER - [0:0]\n[3:4] -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
	"[5:6] -A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n"
	"*filter\n:INPUT DROP [18446744073709551615:7]\n[0:0] -A INPUT\n[0:9] -A INPUT -m comment --comment \"it\\'s a "
	"\\\"b\\\" \\\\\"\n"
	"[0:0] -A UNDECLARED -j RETURN\nCOMMIT\n";

static struct nfv_chain *chain_of(const struct nfv_rules *rules, const char *table, const char *chain)
{
	return nfv_table_chain(nfv_rules_table(rules, table), chain);
}

static void counters(void **state)
{
	struct nfv_rules *rules = rules_of(NFV_FAMILY_IPV4, dump);

	(void)state;
	assert_prints(rules, NFV_PRINT_COUNTERS, dump);
	assert_prints(
		rules, 0,
		"*nat\n:PREROUTING ACCEPT [1:2]\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
		"-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n"
		"*filter\n:INPUT DROP [18446744073709551615:7]\n-A INPUT\n"
		"-A INPUT -m comment --comment \"it\\'s a \\\"b\\\" \\\\\"\n-A UNDECLARED -j RETURN\nCOMMIT\n");
	nfv_rules_free(rules);
	rules = rules_of(NFV_FAMILY_IPV4, "*filter\n:INPUT DROP [5:6]\n:A - [7:8]\n[1:1] -A A\nCOMMIT\n");
	assert_prints(rules, NFV_PRINT_ZERO_POLICY, "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n-A A\nCOMMIT\n");
	nfv_rules_free(rules);
}

static void nothing(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV6);

	(void)state;
	assert_prints(rules, 0, "");
	assert_prints(rules, NFV_PRINT_COMMANDS | NFV_PRINT_ANNOTATED, "");
	nfv_rules_free(rules);
}

static void one_table(void **state)
{
	struct nfv_rules *rules = rules_of(NFV_FAMILY_IPV4, dump);
	size_t len;
	char *text = nfv_table_print(nfv_rules_table(rules, "nat"), NFV_PRINT_COUNTERS, &len);

	(void)state;
	assert_non_null(text);
	assert_int_equal(len, strlen(text));
	assert_int_equal(len, strstr(dump, "*filter") - dump);
	assert_memory_equal(text, dump, len);
	free(text);
	nfv_rules_free(rules);
}

/* Both ways of a rule: as it was read, and as the tool would print it. */
static void canonical(void **state)
{
	struct nfv_rules *rules = rules_of(
		NFV_FAMILY_IPV4, "*filter\n:INPUT ACCEPT [0:0]\n"
				 "-A INPUT  -p tcp   --dport 22 -s 10.0.0.0/255.0.0.0  -j ACCEPT \n-A INPUT \nCOMMIT\n");

	(void)state;
	assert_prints(rules, 0,
		      "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT  -p tcp   --dport 22 -s 10.0.0.0/255.0.0.0  -j ACCEPT \n-A "
		      "INPUT \nCOMMIT\n");
	assert_prints(rules, NFV_PRINT_CANONICAL,
		      "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n-A "
		      "INPUT\nCOMMIT\n");
	/* Printing changes nothing. */
	assert_prints(rules, 0,
		      "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT  -p tcp   --dport 22 -s 10.0.0.0/255.0.0.0  -j ACCEPT \n-A "
		      "INPUT \nCOMMIT\n");
	nfv_rules_free(rules);
}

static void annotated(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	const char *text = "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n-A INPUT -j A\n-A INPUT -p 1\nCOMMIT\n";
	const struct nfv_read_options options = { .file = "firewall.c" };
	struct nfv_rules *again;

	(void)state;
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), &options, NULL), 0);
	assert_int_equal(nfv_table_set_note(nfv_rules_table(rules, "filter"), "what comes in"), 0);
	assert_int_equal(nfv_chain_set_note(chain_of(rules, "filter", "INPUT"), "two\nlines\033"), 0);
	assert_int_equal(nfv_rule_set_note(nfv_chain_rule(chain_of(rules, "filter", "INPUT"), 0), "first"), 0);
	assert_int_equal(nfv_rule_set_origin(nfv_chain_rule(chain_of(rules, "filter", "INPUT"), 0), "firewall.c", 42), 0);
	assert_prints(
		rules, NFV_PRINT_ANNOTATED,
		"#\n# ---- table filter ----\n# what comes in\n*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n"
		"#\n# chain INPUT\n# two\n# lines?\n# firewall.c:42: first\n-A INPUT -j A\n# firewall.c:5\n-A INPUT -p 1\n"
		"#\n# chain A\n# no rules\nCOMMIT\n");
	again = rules_of(NFV_FAMILY_IPV4, "#\n# ---- table filter ----\n# what comes in\n*filter\n:INPUT DROP [0:0]\n"
					  "#\n# chain INPUT\n# two\n# firewall.c:42: first\n-A INPUT -j A\nCOMMIT\n");
	assert_prints(again, 0, "*filter\n:INPUT DROP [0:0]\n-A INPUT -j A\nCOMMIT\n");
	nfv_rules_free(again);
	nfv_rules_free(rules);
}

static void commands(void **state)
{
	struct nfv_rules *rules = rules_of(NFV_FAMILY_IPV4, dump), *again;
	const char *wanted =
		"iptables -t nat -P PREROUTING ACCEPT\niptables -t nat -N DOCKER\n"
		"iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
		"iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80\n"
		"iptables -t filter -P INPUT DROP\niptables -t filter -A INPUT\n"
		"iptables -t filter -A INPUT -m comment --comment 'it'\\''s a \"b\" \\'\niptables -t filter -A UNDECLARED "
		"-j RETURN\n";

	(void)state;
	assert_prints(rules, NFV_PRINT_COMMANDS, wanted);
	again = rules_of(NFV_FAMILY_IPV4, wanted);
	assert_prints(again, NFV_PRINT_COMMANDS, wanted);
	nfv_rules_free(again);
	nfv_rules_free(rules);

	rules = rules_of(NFV_FAMILY_IPV6, "*filter\n:INPUT DROP [1:2]\n[3:4] -A INPUT -j DROP\nCOMMIT\n");
	assert_prints(rules, NFV_PRINT_COMMANDS | NFV_PRINT_COUNTERS,
		      "ip6tables -t filter -P INPUT DROP -c 1 2\nip6tables -t filter -A INPUT -c 3 4 -j DROP\n");
	nfv_rules_free(rules);
}

/* What a real shell gives to a command is what stood in the rule. */
static void shell(void **state)
{
	static const char rule[] = "-m comment --comment \"$(x) `y` 'z' \\\\ \\\" ! * ? ~ & | ; < > # \t\303\244\" -j A";
	struct nfv_rules *rules = rules_of(NFV_FAMILY_IPV4, "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n");
	struct nfv_rule *made = nfv_rule_parse(rule, NULL);
	char script[600], got[600];
	char *command;
	FILE *pipe;
	size_t len;

	(void)state;
	assert_non_null(made);
	assert_int_equal(nfv_chain_append(chain_of(rules, "filter", "INPUT"), made), 0);
	command = nfv_rule_command(made);
	assert_non_null(command);
	assert_memory_equal(command, "iptables -t filter -A INPUT -m comment --comment '", 50);
	snprintf(script, sizeof(script), "iptables() { for word; do printf '%%s\\n' \"$word\"; done; }\n%s", command);
	pipe = popen(script, "r");
	assert_non_null(pipe);
	len = fread(got, 1, sizeof(got) - 1, pipe);
	got[len] = '\0';
	assert_int_equal(pclose(pipe), 0);
	assert_string_equal(
		got,
		"-t\nfilter\n-A\nINPUT\n-m\ncomment\n--comment\n$(x) `y` 'z' \\ \" ! * ? ~ & | ; < > # \t\303\244\n-j\nA\n");
	free(command);
	nfv_rules_free(rules);
}

static void one_rule(void **state)
{
	struct nfv_rule *rule = nfv_rule_parse("-p tcp --dport 22 -j ACCEPT", NULL);
	char *text;

	(void)state;
	assert_non_null(rule);
	nfv_rule_set_counters(rule, 5, 6);
	text = nfv_rule_print(rule, 0);
	assert_string_equal(text, "-p tcp --dport 22 -j ACCEPT");
	free(text);
	text = nfv_rule_print(rule, NFV_PRINT_CANONICAL | NFV_PRINT_COUNTERS);
	assert_string_equal(text, "-c 5 6 -p tcp -m tcp --dport 22 -j ACCEPT");
	free(text);
	errno = 0;
	assert_null(nfv_rule_command(rule));
	assert_int_equal(errno, ENOENT);
	nfv_rule_set(rule, NFV_FIELD_SOURCE, "10.0.0.1", true);
	text = nfv_rule_print(rule, 0);
	assert_string_equal(text, "! -s 10.0.0.1 -p tcp --dport 22 -j ACCEPT");
	free(text);
	nfv_rule_free(rule);
}

/* ---- the kernel's rulesets: whatever others put there is kept, byte for byte ---- */

static void live_is(const char *text)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;

	assert_non_null(rules);
	assert_int_equal(read_live(rules, text, strlen(text), &error), 0);
	assert_prints(rules, NFV_PRINT_COUNTERS, text);
	nfv_rules_free(rules);
}

static void live(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;
	struct nfv_chain *chain;
	const char *odd = "*filter\n:INPUT ACCEPT [0:0]\n[0:0] -A INPUT -m comment --comment \"a\nCOMMIT\n-A INPUT -j "
			  "x\n\"\n[0:0] -A INPUT -p 1\nCOMMIT\n";

	(void)state;
	live_is(dump);
	live_is("*filter\n:a\"b - [0:0]\n:x2345678901234567890123456789 - [0:0]\n[0:0] -A a\"b -i a\"b -j DROP\n"
		"[0:0] -A a\"b -o \"c -m comment --comment \"d e\"\n[0:0] -A a\"b -i a\nb -j DROP\n[0:0] -A a\"b -j DROP "
		"\nCOMMIT\n"
		"*rawpost\n:POSTROUTING ACCEPT [0:0]\n:OWN QUEUE [0:0]\n[0:0] -A POSTROUTING -j RAWSNAT --to-source "
		"1.1.1.1\nCOMMIT\n");
	assert_int_equal(read_live(rules, odd, strlen(odd), &error), 0);
	assert_prints(rules, NFV_PRINT_COUNTERS, odd);
	chain = chain_of(rules, "filter", "INPUT");
	assert_int_equal(nfv_chain_count(chain), 2);
	assert_null(nfv_rule_origin(nfv_chain_rule(chain, 0), NULL));
	assert_int_equal(read_live(rules, odd, strlen(odd) - 7, &error), -EINVAL);
	assert_non_null(strstr(error.text, "cut"));
	assert_int_equal(error.line, 7);
	assert_prints(rules, NFV_PRINT_COUNTERS, odd);
	nfv_rules_free(rules);
}

/* A rule that no view can be made of is printed as it is, canonical or not, and for a shell too. */
static void live_printed(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	const char *text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment \"a\nb\" -j DROP\n-A INPUT -i \"c "
			   "-j DROP\nCOMMIT\n";

	(void)state;
	assert_int_equal(read_live(rules, text, strlen(text), NULL), 0);
	assert_prints(rules, NFV_PRINT_CANONICAL, text);
	assert_prints(rules, NFV_PRINT_COMMANDS,
		      "iptables -t filter -P INPUT ACCEPT\niptables -t filter -A INPUT -m comment --comment 'a\nb' -j DROP\n"
		      "iptables -t filter -A INPUT -i '\"c' -j DROP\n");
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters),     cmocka_unit_test(nothing),   cmocka_unit_test(one_table),
		cmocka_unit_test(canonical),    cmocka_unit_test(annotated), cmocka_unit_test(commands),
		cmocka_unit_test(shell),        cmocka_unit_test(one_rule),  cmocka_unit_test(live),
		cmocka_unit_test(live_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
