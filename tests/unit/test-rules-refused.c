/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that are refused leave nothing behind, and rulesets of the kernel remember what that has. */
#include "tests/unit/rules-read.h"

#include "rules/base.h"

#include <errno.h>
#include <stdio.h>

/* ---- what is refused ---- */

#define START ":INPUT ACCEPT [1:2]\n:A - [0:0]\n:B - [0:0]\n[3:4] -A INPUT -j A\n[5:6] -A A -p 1\n[7:8] -A A -p 2\n"

/* Neither an empty ruleset nor one with rules is changed. */
static void refused_by(const char *text, size_t len, const struct nfv_read_options *options, int code, unsigned line,
		       unsigned column, const char *cause)
{
	struct nfv_rules *empty = nfv_rules_new(NFV_FAMILY_IPV4), *rules = rules_of(NFV_FAMILY_IPV4, wrap(START));
	struct nfv_rules_error error;
	struct nfv_rule *rule = nfv_chain_rule(nfv_table_chain(nfv_rules_table(rules, "filter"), "A"), 1);
	int err = nfv_rules_read(rules, text, len, options, &error);

	if (err != -code || error.code != code || error.line != line || error.column != column || !strstr(error.text, cause))
		fail_msg("%s\n%d, %u:%u: %s\nwanted %d, %u:%u: %s", text, err, error.line, error.column, error.text, -code,
			 line, column, cause);
	assert_true(error.shown_column > 0);
	assert_prints(rules, NFV_PRINT_COUNTERS, wrap(START));
	assert_ptr_equal(rule, nfv_chain_rule(nfv_table_chain(nfv_rules_table(rules, "filter"), "A"), 1));
	if (nfv_rules_read(empty, text, len, options, NULL))
		assert_int_equal(nfv_rules_table_count(empty), 0);
	nfv_rules_free(empty);
	nfv_rules_free(rules);
}

/* The line is the second of a table. */
static void refused(const char *line, int code, unsigned column, const char *cause)
{
	const char *text = wrap(line);

	refused_by(text, strlen(text), NULL, code, 2, column, cause);
}

static void bad_bytes(void **state)
{
	(void)state;
	refused("-A INPUT -m comment --comment \"open\n", EINVAL, 31, "quote that is not closed");
	refused("-I INPUT -m comment --comment \"open\n", EINVAL, 31, "quote that is not closed");
	refused("-A INPUT -m comment --comment \"a\\\"\n", EINVAL, 31, "quote that is not closed");
	refused("-A INPUT -j\x01 DROP\n", EINVAL, 12, "control character");
	refused("-A INPUT -m comment --comment \"\x7f\"\n", EINVAL, 32, "control character");
	refused("-A INPUT -j DROP\r\n", EINVAL, 17, "carriage return");
	refused("# all of the file\r\n", EINVAL, 18, "carriage return");
	refused_by("*filter\n# \0\nCOMMIT\n", 19, NULL, EINVAL, 2, 3, "NUL");
	refused_by("*filter\n-A INPUT -m comment --comment \"a\0b\"\nCOMMIT\n", 51, NULL, EINVAL, 2, 33, "NUL");
}

static void bad_lengths(void **state)
{
	char line[12000], wanted[12000];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "-A INPUT -m comment --comment ", 30);
	strcpy(line + 30 + 1024, " -j DROP\n");
	refused(line, EINVAL, 31, "longer than 1023 bytes");
	memmove(line + 30 + 1023, line + 30 + 1024, 10);
	assert_true(snprintf(wanted, sizeof(wanted), "[0:0] %.2000s", line) < 2000);
	makes(NULL, line, wanted);
	memset(line, 'x', sizeof(line));
	memcpy(line, "# ", 2);
	strcpy(line + 10240, "\n");
	refused(line, EINVAL, 10240, "longer than 10239 bytes");
	refused(":x2345678901234567890123456789 - [0:0]\n", EINVAL, 2, "at most 28 bytes");
	refused("-N x2345678901234567890123456789\n", EINVAL, 4, "at most 28 bytes");
	refused("-A x2345678901234567890123456789 -p 1\n", EINVAL, 4, "at most 28 bytes");
	refused("-E A x2345678901234567890123456789\n", EINVAL, 6, "at most 28 bytes");
	strcpy(line, "-A INPUT");
	for (int i = 0; i < 253; i++)
		strcat(line, " -f");
	refused(strcat(line, "\n"), EINVAL, 766, "more than 254 words");
	memcpy(line, "-I", 2);
	refused(line, EINVAL, 766, "more than 254 words");
}

static void bad_words(void **state)
{
	(void)state;
	refused("foo\n", EINVAL, 1, "neither a table");
	refused("\"-A\n", EINVAL, 1, "quote that is not closed");
	refused("-A\n", EINVAL, 1, "-A needs a chain");
	refused("-A -j DROP\n", EINVAL, 1, "-A needs a chain");
	refused("-A INPUT -j DROP -D INPUT\n", EINVAL, 18, "-D: a second command behind -A");
	refused("-N A2 -j DROP\n", EINVAL, 7, "-N takes no rule");
	refused("-D A 1 -j DROP\n", EINVAL, 8, "not both");
	refused("-A INPUT -t nat -j DROP\n", EINVAL, 10, "cannot name a table");
	refused("-A INPUT -w\n", EINVAL, 10, "no option of a line");
	refused("-A INPUT -c 5\n", EINVAL, 10, "number of packets");
	refused("-A INPUT -c 5 x\n", EINVAL, 10, "number of packets");
	refused("[1:x] -A INPUT\n", EINVAL, 1, "[packets:bytes]");
	refused("[1:99999999999999999999] -A INPUT\n", EINVAL, 1, "[packets:bytes]");
	refused("[1:2]\n", EINVAL, 6, "no command");
	/* These are the view's; the reader adds the place, also for the hundredth rule of a form. */
	refused("-A INPUT -j\n", EINVAL, 10, "its value is missing");
	refused("-A INPUT -p tcp -s -j DROP\n", EINVAL, 17, "its value is missing");
	refused("-A INPUT -s ,10.0.0.1\n", EINVAL, 10, "a list of addresses that is none");
	refused("-A INPUT -p 1 -d 10.0.0.1,\n", EINVAL, 10, "a list of addresses that is none");
	refused("-A INPUT -j DROP -j ACCEPT\n", EINVAL, 18, "a second target");
	refused("-A INPUT ! -j DROP\n", EINVAL, 10, "negated");
	refused("-A INPUT -i abcdefghijklmnop -j DROP\n", EINVAL, 10, "at most 15 bytes");
	refused("-I INPUT -j DROP -j ACCEPT\n", EINVAL, 18, "a second target");
}

/* A form that was right once says nothing of another that is only similar. */
static void similar_words(void **state)
{
	static const char *const texts[] = {
		"*filter\n-A INPUT -i eth0 -j DROP\n-A INPUT -i -j DROP\nCOMMIT\n",
		"*filter\n-A INPUT -i eth0 -j DROP\n-A INPUT -i abcdefghijklmnop -j DROP\nCOMMIT\n",
		"*filter\n-A INPUT -i eth0 -j DROP\n-A INPUT -i \"\" -j DROP\nCOMMIT\n",
		"*filter\n-A INPUT -p tcp --dport 1 -j DROP\n-A INPUT --dport 1 -j DROP\nCOMMIT\n",
		"*filter\n-A INPUT -m comment --comment a -j DROP\n-A INPUT -m comment --comment\nCOMMIT\n",
		"*filter\n-A INPUT -j DROP\n-A INPUT -j\nCOMMIT\n",
		"*filter\n-A INPUT -j DROP\n-A INPUT -j abcdefghijabcdefghijabcdefghi\nCOMMIT\n",
		"*filter\n-A INPUT -s 10.0.0.1 -j DROP\n-A INPUT ! -s 10.0.0.1,10.0.0.2 -j DROP\nCOMMIT\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
		struct nfv_rules_error error = { 0 };

		if (nfv_rules_read(rules, texts[i], strlen(texts[i]), NULL, &error) != -EINVAL || error.line != 3)
			fail_msg("%s: %u: %s", texts[i], error.line, error.text);
		nfv_rules_free(rules);
	}
}

static void bad_frames(void **state)
{
	struct nfv_read_options none = { 0 };

	(void)state;
	refused_by("*filter\n-A INPUT\n", 17, &none, EINVAL, 2, 9, "ends without COMMIT for table filter");
	refused_by("*filter\n-A INPUT\n*nat\nCOMMIT\n", 29, &none, EINVAL, 3, 1, "before the COMMIT of table filter");
	refused_by("-A INPUT\n", 9, &none, EINVAL, 1, 1, "no *table before");
	refused_by("*filter\nCOMMIT\n-A INPUT\n", 24, &none, EINVAL, 3, 1, "outside of *table");
	refused_by("COMMIT\n", 7, &none, EINVAL, 1, 1, "COMMIT without a *table");
	refused_by("*filter\nCOMMIT \n", 16, &none, EINVAL, 2, 7, "COMMIT stands alone");
	refused_by("*filter\n COMMIT\n", 16, &none, EINVAL, 2, 1, "must begin its line");
	refused_by("*filter\n :A - [0:0]\nCOMMIT\n", 27, &none, EINVAL, 2, 1, "blanks before ':'");
	refused_by("*fil!ter\nCOMMIT\n", 16, &none, EINVAL, 1, 2, "not a name for a table");
	refused_by("*filter x\nCOMMIT\n", 17, &none, EINVAL, 1, 9, "behind the name of a table");
	refused_by("*filter\niptables -A INPUT\nCOMMIT\n", 33, &none, EINVAL, 2, 1, "before the COMMIT of table filter");
}

static void bad_chains(void **state)
{
	(void)state;
	refused(": - [0:0]\n", EINVAL, 3, "not a name for a chain");
	refused(":C\n", EINVAL, 3, "needs a policy");
	refused(":INPUT RETURN [0:0]\n", EINVAL, 8, "not a policy");
	refused(":C ACCEPT [0:0]\n", EINVAL, 4, "not built in");
	refused(":INPUT [0:0]\n", EINVAL, 8, "not a policy");
	refused(":C [0:0] [0:0]\n", EINVAL, 4, "not built in");
	refused(":C [0:x]\n", EINVAL, 4, "[packets:bytes]");
	makes(NULL, ":C [0:0]\n", ":C - [0:0]\n");
	refused(":C - [0:x]\n", EINVAL, 6, "[packets:bytes]");
	refused(":C - [0:0] x\n", EINVAL, 12, "behind a chain's counters");
	refused("-N A\n", EEXIST, 4, "there already");
	refused("-N INPUT\n", EEXIST, 4, "there already");
	refused("-X A\n", EBUSY, 4, "not empty: 2 rules");
	refused_by(wrap("-F A\n-X A\n"), strlen(wrap("-F A\n-X A\n")), NULL, EBUSY, 3, 4, "1 rules lead to it");
	refused("-X INPUT\n", EINVAL, 4, "built in");
	refused("-X none\n", ENOENT, 4, "no chain \"none\" in table filter");
	refused("-F none\n", ENOENT, 4, "no chain");
	refused("-E A B\n", EEXIST, 6, "there already");
	refused("-E INPUT C\n", EINVAL, 4, "built in");
	refused("-E A\n", EINVAL, 1, "-E needs a new name");
	refused("-P A DROP\n", EINVAL, 4, "not built in");
	refused("-P INPUT REJECT\n", EINVAL, 10, "no policy");
	refused_by(wrap("-A C -p 1\n:C - [0:0]\n"), strlen(wrap("-A C -p 1\n:C - [0:0]\n")), NULL, EINVAL, 3, 2,
		   "declared behind rules");
}

static void bad_positions(void **state)
{
	(void)state;
	refused("-I A 4 -p 3\n", EINVAL, 6, "has 2 rules: none can be put in at 4");
	refused("-I A 0 -p 3\n", EINVAL, 6, "count from 1");
	refused("-R A 3 -p 3\n", EINVAL, 6, "has 2 rules, not 3");
	refused("-R A -p 3\n", EINVAL, 1, "needs a number");
	refused("-R A 1 -s 10.0.0.1,10.0.0.2\n", EINVAL, 8, "several");
	refused("-D A 3\n", EINVAL, 6, "has 2 rules, not 3");
	refused("-D A -p 3\n", ENOENT, 6, "no such rule");
	refused("-C A -p 3\n", ENOENT, 6, "no such rule");
	refused("-Z A 3\n", EINVAL, 6, "has 2 rules, not 3");
}

static void bad_shell(void **state)
{
	static const struct {
		const char *text, *cause;
		unsigned column;
	} cases[] = {
		{ "iptables -A INPUT -s $NET\n", "a shell would replace", 22 },
		{ "iptables -A INPUT -s \"$NET\"\n", "a shell would replace", 23 },
		{ "iptables -A INPUT -s `x`\n", "a shell would replace", 22 },
		{ "iptables -A INPUT; reboot\n", "means something to a shell", 18 },
		{ "iptables -A INPUT | cat\n", "means something to a shell", 19 },
		{ "iptables -A INPUT >x\n", "means something to a shell", 19 },
		{ "iptables -A INPUT -m comment --comment 'open\n", "quote that is not closed", 40 },
		{ "iptables -t none -A INPUT\n", "no table \"none\"", 13 },
		{ "iptables -t nat\n", "no command", 10 },
		{ "iptables -A INPUT -j\n", "its value is missing", 19 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused_by(cases[i].text, strlen(cases[i].text), NULL, EINVAL, 1, cases[i].column, cases[i].cause);
	refused_by("iptables -A INPUT \\\n  -s $A\n", 28, NULL, EINVAL, 2, 6, "a shell would replace");
	refused_by("echo 1\n", 7, &(struct nfv_read_options){ .flags = NFV_READ_COMMANDS }, EINVAL, 1, 1,
		   "not a command of iptables");
}

static void declared_only(void **state)
{
	struct nfv_read_options options = { .flags = NFV_READ_DECLARED };
	const char *fine =
		":C - [0:0]\n-A INPUT -j C\n-A C -j DNAT --to-destination 1.1.1.1\n-A C -g A\n-A OUTPUT -j ACCEPT\n";

	(void)state;
	makes_with(wrap(":A - [0:0]\n"), wrap(fine),
		   wrap(":A - [0:0]\n:C - [0:0]\n[0:0] -A C -j DNAT --to-destination 1.1.1.1\n"
			"[0:0] -A C -g A\n[0:0] -A INPUT -j C\n[0:0] -A OUTPUT -j ACCEPT\n"),
		   &options);
	refused_by("*filter\n-A C -j DROP\nCOMMIT\n", 28, &options, ENOENT, 2, 4, "\"C\" is not declared");
	refused_by("*filter\n-A INPUT -p 1 -j C\nCOMMIT\n", 34, &options, ENOENT, 2, 18,
		   "neither a chain that is declared nor a target");
	refused_by("*filter\n-I INPUT -p 1 -j C\nCOMMIT\n", 34, &options, ENOENT, 2, 18,
		   "neither a chain that is declared nor a target");
}

struct told {
	unsigned lines[8];
	size_t count;
};

static void tell(void *context, const struct nfv_rules_error *error)
{
	struct told *told = context;

	assert_true(told->count < 8);
	assert_string_equal(error->file, "x");
	told->lines[told->count++] = error->line;
}

static void all_errors(void **state)
{
	const char *text = "*filter\nfoo\n-A INPUT -j\n-A INPUT -j DROP\n-X none\n:INPUT\nCOMMIT\n*nat\n-A INPUT\n";
	struct told told = { .count = 0 };
	struct nfv_read_options options = { .file = "x", .report = tell, .context = &told };
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;

	(void)state;
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), &options, &error), -EINVAL);
	assert_int_equal(error.line, 2);
	assert_string_equal(error.shown, "foo");
	assert_int_equal(told.count, 5);
	assert_int_equal(told.lines[1], 3);
	assert_int_equal(told.lines[2], 5);
	assert_int_equal(told.lines[3], 6);
	assert_int_equal(told.lines[4], 9);
	assert_int_equal(nfv_rules_table_count(rules), 0);
	nfv_rules_free(rules);
}

/* Every kind of change, and then a line that fails: refused_by() looks that nothing is left of it. */
static void undone(void **state)
{
	(void)state;
	const char *changes[] = { "-A A -p 3\n",
				  "-I INPUT -p 3\n",
				  "-D A 1\n",
				  "-R A 2 -p 9\n",
				  "-F A\n",
				  "-F\n-X\n",
				  "-X B\n",
				  "-X B\n-N B\n-A B\n-F B\n-X B\n:B - [0:0]\n",
				  "-E A new\n",
				  "-E A x\n-E B A\n-E x B\n",
				  "-P INPUT DROP\n",
				  ":INPUT DROP [9:9]\n",
				  "-Z\n",
				  ":A - [0:0]\n-A A -p 5\n",
				  "-N C\n-A C\n-A INPUT -j C\n",
				  "COMMIT\n*nat\n-A OUTPUT\n:C - [0:0]\n" };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char text[512];
		unsigned line = 2;

		for (const char *c = changes[i]; *c; c++)
			line += *c == '\n';
		snprintf(text, sizeof(text), "*filter\n%s?\nCOMMIT\n", changes[i]);
		refused_by(text, strlen(text), NULL, EINVAL, line, 1, "neither a table");
	}
}

/* ---- rulesets that came from the kernel: what it has is remembered ---- */

static struct nfv_rules *live_rules(void)
{
	static int kernel; /* its address stands for the way to the kernel */
	struct nfv_rules *rules = rules_of(NFV_FAMILY_IPV4, wrap(START));

	rules->live = (struct nfv_live *)&kernel;
	return rules;
}

static void live_changes(void **state)
{
	struct nfv_rules *rules = live_rules();
	const char *text = wrap("-A A -p 3\n-N C\n-D INPUT 1\n-F B\n-X B\n-N B\n");
	struct nfv_table *table = nfv_rules_table(rules, "filter");
	const struct nfv_chain *a, *b, *c;

	(void)state;
	assert_false(base_any(rules));
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), NULL, NULL), 0);
	a = nfv_table_chain(table, "A");
	b = nfv_table_chain(table, "B");
	c = nfv_table_chain(table, "C");
	assert_int_equal(a->base->count, 2);
	assert_false(a->created);
	/* Removed and made again: the kernel has it, so it is a changed chain. */
	assert_non_null(b->base);
	assert_false(b->created);
	assert_int_equal(table->removed_count, 0);
	assert_true(c->created);
	assert_null(c->base);
	text = wrap("-X B\n");
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), NULL, NULL), 0);
	assert_int_equal(table->removed_count, 1);
	assert_string_equal(table->removed[0]->name, "B");
	assert_int_equal(base_restore(rules), 0);
	assert_prints(rules, NFV_PRINT_COUNTERS, wrap(START));
	nfv_rules_free(rules);
}

/* After a failure nothing counts as changed. */
static void live_undone(void **state)
{
	struct nfv_rules *rules = live_rules();
	const char *text =
		"*filter\n-A A -p 3\n-N C\n-D INPUT 1\n-X B\n-N B\n-A B\n-F B\n-X B\nCOMMIT\n*nat\n:x - [0:0]\n?\n";

	(void)state;
	assert_int_equal(nfv_rules_read(rules, text, strlen(text), NULL, NULL), -EINVAL);
	assert_false(base_any(rules));
	assert_int_equal(nfv_rules_table(rules, "filter")->removed_count, 0);
	assert_prints(rules, NFV_PRINT_COUNTERS, wrap(START));
	nfv_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_bytes),
		cmocka_unit_test(bad_lengths),
		cmocka_unit_test(bad_words),
		cmocka_unit_test(similar_words),
		cmocka_unit_test(bad_frames),
		cmocka_unit_test(bad_chains),
		cmocka_unit_test(bad_positions),
		cmocka_unit_test(bad_shell),
		cmocka_unit_test(declared_only),
		cmocka_unit_test(all_errors),
		cmocka_unit_test(undone),
		cmocka_unit_test(live_changes),
		cmocka_unit_test(live_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
