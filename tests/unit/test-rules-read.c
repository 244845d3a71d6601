/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/rules-read.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void save_text(void **state)
{
	(void)state;
	makes(NULL,
	      ":INPUT DROP [1:2]\n:OUTPUT ACCEPT [3:4]\n:USER - [0:0]\n[5:6] -A INPUT -j USER\n[7:8] -A USER -p tcp -j "
	      "DROP\n",
	      ":INPUT DROP [1:2]\n:OUTPUT ACCEPT [3:4]\n:USER - [0:0]\n[5:6] -A INPUT -j USER\n[7:8] -A USER -p tcp -j "
	      "DROP\n");
	/* Exact bytes, also blanks at the end, as old versions of the tool print them. */
	makes(NULL, "-A INPUT -p tcp   -j ACCEPT \n-A INPUT \n-A INPUT\n",
	      "[0:0] -A INPUT -p tcp   -j ACCEPT \n[0:0] -A INPUT \n[0:0] -A INPUT\n");
	/* Comments, empty lines, blanks. */
	makes(NULL, "# one\n\n  # two\n \t\n  -A INPUT -j DROP\n\t[1:1] -A INPUT -j ACCEPT\n",
	      "[0:0] -A INPUT -j DROP\n[1:1] -A INPUT -j ACCEPT\n");
	/* Rules of one chain stand together afterwards. */
	makes(NULL, ":A - [0:0]\n:B - [0:0]\n-A A -p 1\n-A B -p 2\n-A A -p 3\n",
	      ":A - [0:0]\n:B - [0:0]\n[0:0] -A A -p 1\n[0:0] -A A -p 3\n[0:0] -A B -p 2\n");
	/* Quotes hold anything but control characters. */
	makes(NULL, "-A INPUT -m comment --comment \"a \\\"b\\\" -A 'c' \\\\ # $x\" -j DROP\n",
	      "[0:0] -A INPUT -m comment --comment \"a \\\"b\\\" -A 'c' \\\\ # $x\" -j DROP\n");
}

static void tables(void **state)
{
	struct nfv_rules *rules =
		rules_of(NFV_FAMILY_IPV4, "* nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j RETURN\nCOMMIT\n"
					  "*filter\n:INPUT DROP\nCOMMIT\n*nat\n-A POSTROUTING\nCOMMIT");

	(void)state;
	assert_int_equal(nfv_rules_table_count(rules), 2);
	assert_prints(rules, 0,
		      "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j RETURN\n-A POSTROUTING\nCOMMIT\n"
		      "*filter\n:INPUT DROP [0:0]\nCOMMIT\n");
	assert_true(nfv_chain_is_builtin(nfv_table_chain(nfv_rules_table(rules, "nat"), "POSTROUTING")));
	nfv_rules_free(rules);
}

static void insertions(void **state)
{
	const char *start = ":INPUT ACCEPT [0:0]\n-A INPUT -p 1\n-A INPUT -p 2\n";

	(void)state;
	makes(start, "-I INPUT -p 3\n",
	      ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 3\n[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 2\n");
	makes(start, "-I INPUT 2 -p 3\n",
	      ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 3\n[0:0] -A INPUT -p 2\n");
	makes(start, "--insert INPUT 3 -p 3\n",
	      ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 2\n[0:0] -A INPUT -p 3\n");
	makes(start, "[4:5] -R INPUT 1 -p 3\n", ":INPUT ACCEPT [0:0]\n[4:5] -A INPUT -p 3\n[0:0] -A INPUT -p 2\n");
	makes(start, "-D INPUT 1\n", ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 2\n");
	makes(start, "-D INPUT -p 2\n", ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 1\n");
	makes(start, "--delete INPUT -p icmp\n", ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 2\n");
	makes(start, "-C INPUT -p 2\n", ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 2\n");
	makes(start, "-AINPUT -p 3\n--append=INPUT -p 4\n-p 5 -A INPUT -j DROP\n",
	      ":INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 2\n[0:0] -A INPUT -p 3\n[0:0] -A INPUT -p 4\n"
	      "[0:0] -A INPUT -p 5 -j DROP\n");
}

/* As iptables makes them: -I puts each before the one before. */
static void lists(void **state)
{
	(void)state;
	makes(NULL, "-A INPUT -s 10.0.0.1,10.0.0.2 -d 1.1.1.1,2.2.2.2 -j ACCEPT\n",
	      "[0:0] -A INPUT -s 10.0.0.1 -d 1.1.1.1 -j ACCEPT\n[0:0] -A INPUT -s 10.0.0.1 -d 2.2.2.2 -j ACCEPT\n"
	      "[0:0] -A INPUT -s 10.0.0.2 -d 1.1.1.1 -j ACCEPT\n[0:0] -A INPUT -s 10.0.0.2 -d 2.2.2.2 -j ACCEPT\n");
	makes("-A INPUT\n", "-I INPUT -s 10.0.0.1,10.0.0.2 -j ACCEPT\n",
	      "[0:0] -A INPUT -s 10.0.0.2 -j ACCEPT\n[0:0] -A INPUT -s 10.0.0.1 -j ACCEPT\n[0:0] -A INPUT\n");
	makes("-A INPUT\n-A INPUT -p 1\n", "-I INPUT 2 --destination=10.0.0.1,10.0.0.2\n",
	      "[0:0] -A INPUT\n[0:0] -A INPUT -d 10.0.0.2\n[0:0] -A INPUT -d 10.0.0.1\n[0:0] -A INPUT -p 1\n");
	makes("-A INPUT -s 10.0.0.1\n-A INPUT -s 10.0.0.3\n-A INPUT -s 10.0.0.2/32\n", "-D INPUT --src 10.0.0.1,10.0.0.2\n",
	      "[0:0] -A INPUT -s 10.0.0.3\n");
	/* Commas elsewhere are no lists. */
	makes(NULL, "-A INPUT -p tcp -m multiport --sports 1,2 -j DROP\n",
	      "[0:0] -A INPUT -p tcp -m multiport --sports 1,2 -j DROP\n");
}

static void chains(void **state)
{
	const char *start = ":INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -g B\n-A A -m comment "
			    "--comment B -j DROP\n";

	(void)state;
	makes(NULL, "-N A\n--new-chain B\n--new C\n-A A -j B\n", ":A - [0:0]\n:B - [0:0]\n:C - [0:0]\n[0:0] -A A -j B\n");
	makes(start, "-F A\n-X B\n", ":INPUT ACCEPT [0:0]\n:A - [0:0]\n[0:0] -A INPUT -j A\n");
	makes(start, "-F\n-X\n", ":INPUT ACCEPT [0:0]\n");
	makes(start, ":A - [0:0]\n-A A -p 1\n",
	      ":INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n[0:0] -A INPUT -j A\n[0:0] -A A -p 1\n");
	makes(start, "-E B new\n",
	      ":INPUT ACCEPT [0:0]\n:A - [0:0]\n:new - [0:0]\n[0:0] -A INPUT -j A\n[0:0] -A A -g new\n"
	      "[0:0] -A A -m comment --comment B -j DROP\n");
	makes(start, "--rename-chain A x\n-A x\n",
	      ":INPUT ACCEPT [0:0]\n:x - [0:0]\n:B - [0:0]\n[0:0] -A INPUT -j x\n[0:0] -A x -g B\n"
	      "[0:0] -A x -m comment --comment B -j DROP\n[0:0] -A x\n");
	makes_with(wrap(start), wrap(":A - [0:0]\n"),
		   wrap(":INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n[0:0] -A INPUT -j A\n"
			"[0:0] -A A -g B\n[0:0] -A A -m comment --comment B -j DROP\n"),
		   &(struct nfv_read_options){ .flags = NFV_READ_NO_FLUSH_ON_DECLARE });
	/* A chain that rules name, and then -N declares: sorted lists of commands have them so. */
	makes(NULL, "-A A -p 1\n-N A\n", ":A - [0:0]\n[0:0] -A A -p 1\n");
}

static void policies_and_counters(void **state)
{
	const char *start = ":INPUT ACCEPT [1:2]\n:A - [0:0]\n[3:4] -A INPUT -p 1\n[5:6] -A INPUT -p 2\n[7:8] -A A\n";

	(void)state;
	makes(NULL, ":INPUT DROP [9:9]\n:INPUT ACCEPT\n", ":INPUT ACCEPT [9:9]\n");
	makes(NULL, ":INPUT DROP [9:9]\n:INPUT - [0:0]\n", ":INPUT DROP [0:0]\n");
	makes(start, "-P INPUT DROP\n",
	      ":INPUT DROP [1:2]\n:A - [0:0]\n[3:4] -A INPUT -p 1\n[5:6] -A INPUT -p 2\n[7:8] -A A\n");
	makes(NULL, "-P INPUT DROP -c 5 6\n", ":INPUT DROP [5:6]\n");
	makes(start, "-Z\n", ":INPUT ACCEPT [0:0]\n:A - [0:0]\n[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 2\n[0:0] -A A\n");
	makes(start, "-Z INPUT\n",
	      ":INPUT ACCEPT [0:0]\n:A - [0:0]\n[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 2\n[7:8] -A A\n");
	makes(start, "-Z INPUT 2\n",
	      ":INPUT ACCEPT [1:2]\n:A - [0:0]\n[3:4] -A INPUT -p 1\n[0:0] -A INPUT -p 2\n[7:8] -A A\n");
	/* -c is no part of the rule, and comes before what stands in brackets. */
	makes(NULL,
	      "[1:1] -A INPUT -c 5 6 -j DROP\n-A INPUT -p 1 -c 7,8 -j DROP\n-A INPUT --set-counters 18446744073709551615 "
	      "0\n",
	      "[5:6] -A INPUT -j DROP\n[7:8] -A INPUT -p 1 -j DROP\n[18446744073709551615:0] -A INPUT\n");
}

static void families(void **state)
{
	struct nfv_rules *rules;

	(void)state;
	makes(NULL, "-4 -A INPUT -p 1\n-A INPUT -6 -p 2\n-A INPUT --ipv4 -p 3\n--ipv6 -P INPUT DROP\n",
	      "[0:0] -A INPUT -p 1\n[0:0] -A INPUT -p 3\n");
	rules = rules_of(NFV_FAMILY_IPV6, "*filter\n-4 -A INPUT -p 1\n-6 -A INPUT -s fe80::/10\nCOMMIT\n"
					  "iptables -A INPUT -p 3\nip6tables -A INPUT -p 4\n");
	assert_prints(rules, 0, "*filter\n-A INPUT -s fe80::/10\n-A INPUT -p 4\nCOMMIT\n");
	nfv_rules_free(rules);
}

/* ---- lines without a table, and of shells ---- */

static void list_rules_output(void **state)
{
	(void)state;
	makes_with(NULL, "-P INPUT DROP -c 1 2\n-N A\n-A INPUT -c 3 4 -m comment --comment \"a b\" -j A\n",
		   wrap(":INPUT DROP [1:2]\n:A - [0:0]\n[3:4] -A INPUT -m comment --comment \"a b\" -j A\n"),
		   &(struct nfv_read_options){ .table = "filter" });
}

static void commands(void **state)
{
	const char *wanted =
		"*nat\n:A - [0:0]\n[0:0] -A A -p tcp -m comment --comment \"it\\'s \\\"a b\\\"\" -j DNAT --to-destination "
		"10.0.0.1:80\n"
		"COMMIT\n*filter\n:INPUT DROP [0:0]\n[0:0] -A INPUT ! -i lo -j LOG --log-prefix \"\" --log-level 4\n"
		"[0:0] -A INPUT -m comment --comment \"-A\"\nCOMMIT\n";

	(void)state;
	makes_with(NULL,
		   "#!/bin/sh\n\niptables -t nat -N A # a chain\n"
		   "/sbin/iptables -w -t nat -A A -p tcp -m comment --comment 'it'\\''s \"a b\"' \\\n\t-j DNAT "
		   "--to-destination 10.0.0.1:80\n"
		   "  iptables-legacy -w 5 -P INPUT DROP\niptables -A INPUT '!' -i lo -j LOG --log-prefix '' --log-level 4\n"
		   "iptables-nft -A INPUT -m comment --comment \"-A\" \niptables -n -L -v\nip6tables -A INPUT\n",
		   wanted, NULL);
	makes_with(NULL, "iptables -A INPUT -s 10.0.0.1\n-t nat -A A\n-A INPUT -j DROP\n",
		   "*filter\n[0:0] -A INPUT -s 10.0.0.1\n[0:0] -A INPUT -j DROP\nCOMMIT\n*nat\n[0:0] -A A\nCOMMIT\n",
		   &(struct nfv_read_options){ .flags = NFV_READ_COMMANDS });
}

static void origins(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	const char *text = "# x\n*filter\n-A INPUT\n\n-A INPUT\nCOMMIT\niptables -A INPUT \\\n-p 1\niptables -A INPUT\n";
	const struct nfv_read_options options = { .file = "a.rules" };
	struct nfv_chain *chain;
	unsigned line;

	(void)state;
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), &options, NULL), 0);
	chain = nfv_table_chain(nfv_rules_table(rules, "filter"), "INPUT");
	assert_string_equal(nfv_rule_origin(nfv_chain_rule(chain, 0), &line), "a.rules");
	assert_int_equal(line, 3);
	nfv_rule_origin(nfv_chain_rule(chain, 1), &line);
	assert_int_equal(line, 5);
	nfv_rule_origin(nfv_chain_rule(chain, 2), &line);
	assert_int_equal(line, 7);
	nfv_rule_origin(nfv_chain_rule(chain, 3), &line);
	assert_int_equal(line, 9);
	nfv_rules_free(rules);
}

static void files(void **state)
{
	char path[] = "/tmp/test-rules-read.XXXXXX";
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "*filter\nX\n", 10), 10);
	close(fd);
	assert_int_equal(nfv_rules_read_file(rules, path, NULL, &error), -EINVAL);
	assert_string_equal(error.file, path);
	assert_int_equal(error.line, 2);
	unlink(path);
	assert_int_equal(nfv_rules_read_file(rules, path, NULL, &error), -ENOENT);
	assert_string_equal(error.file, path);
	assert_string_equal(error.text, "read: No such file or directory");
	assert_int_equal(nfv_rules_read_file(rules, "/", NULL, &error), -EISDIR);
	nfv_rules_free(rules);
}

/* ---- many commands, where going through all rules for each would take too long ---- */

#define MANY 600

static void many_lines(char **text, size_t *len, const char *head, const char *format, int first, int step)
{
	FILE *file = open_memstream(text, len);

	assert_non_null(file);
	fputs(head, file);
	for (int i = first; i >= 0 && i < MANY; i += step)
		for (const char *c = format; *c; c++)
			*c == '%' ? fprintf(file, "%d", i) : fputc(*c, file);
	fputs("COMMIT\n", file);
	assert_int_equal(fclose(file), 0);
}

/* What one text after another makes of the first, and that a text which fails at its end changes nothing. */
static void many_step(struct nfv_rules *rules, const char *head, const char *format, int first, int step)
{
	struct nfv_rules_error error = { 0 };
	char *before = nfv_rules_print(rules, 0, NULL), *after, *text;
	size_t len;

	many_lines(&text, &len, head, format, first, step);
	memcpy(text + len - 7, "-Q F F\n", 7);
	assert_int_not_equal(nfv_rules_read(rules, text, len, NULL, &error), 0);
	after = nfv_rules_print(rules, 0, NULL);
	assert_string_equal(after, before);
	memcpy(text + len - 7, "COMMIT\n", 7);
	assert_int_equal(nfv_rules_read(rules, text, len, NULL, &error), 0);
	free(text);
	free(before);
	free(after);
}

static void assert_many(struct nfv_rules *rules, const char *head, const char *format, int first, int step)
{
	char *text;
	size_t len;

	many_lines(&text, &len, head, format, first, step);
	assert_prints(rules, 0, text);
	free(text);
}

static void many(void **state)
{
	const char *head = "*filter\n:INPUT ACCEPT [0:0]\n", *in_use = "*filter\n-X D4\nCOMMIT\n";
	struct nfv_rules *rules;
	char *text;
	size_t len;

	(void)state;
	many_lines(&text, &len, head, ":C% - [0:0]\n-A INPUT -p tcp --dport % -j ACCEPT\n", 0, 1);
	rules = rules_of(NFV_FAMILY_IPV4, text);
	free(text);
	/* Last first, by their bytes and by what they mean; half of them come again, and lead to chains. */
	many_step(rules, "*filter\n", "-D INPUT -p tcp --dport % -j ACCEPT\n", MANY - 1, -2);
	many_step(rules, "*filter\n", "-D INPUT -p 6 --dport % -j ACCEPT\n", MANY - 2, -2);
	assert_many(rules, head, ":C% - [0:0]\n", 0, 1);
	many_step(rules, "*filter\n", "-A INPUT -j C%\n-C INPUT -j C%\n", 0, 2);
	many_step(rules, "*filter\n", "-E C% D%\n", MANY - 2, -2);
	many_step(rules, "*filter\n", "-X C%\n", 1, 2);
	many_step(rules, "*filter\n", "-I INPUT -j D%\n-D INPUT -j D%\n", 0, 2);
	/* In use until the rules are gone. */
	assert_int_equal(nfv_rules_read(rules, in_use, strlen(in_use), NULL, NULL), -EBUSY);
	many_step(rules, "*filter\n", "-D INPUT -j D%\n-X D%\n", 0, 4);
	many_step(rules, "*filter\n", "-D INPUT -j D%\n-X D%\n", MANY - 2, -4);
	assert_prints(rules, 0, "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n");
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(save_text),
		cmocka_unit_test(tables),
		cmocka_unit_test(insertions),
		cmocka_unit_test(lists),
		cmocka_unit_test(chains),
		cmocka_unit_test(policies_and_counters),
		cmocka_unit_test(families),
		cmocka_unit_test(list_rules_output),
		cmocka_unit_test(commands),
		cmocka_unit_test(origins),
		cmocka_unit_test(files),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
