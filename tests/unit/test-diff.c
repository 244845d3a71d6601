/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfv_rules_diff() and nfv_rules_diff_show(): the texts themselves. That they do what they should is for fuzz-rules-diff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules-text.h"

#include <errno.h>

static void judge(const char *from_text, const char *to_text, unsigned flags, const char *wanted)
{
	struct nfv_rules *from = rules_of(from_text, NFV_FAMILY_IPV4), *to = rules_of(to_text, NFV_FAMILY_IPV4);
	size_t len = 0;
	char *script = nfv_rules_diff(from, to, flags, &len);

	assert_non_null(script);
	assert_string_equal(script, wanted);
	assert_int_equal(len, strlen(wanted));
	free(script);
	nfv_rules_free(to);
	nfv_rules_free(from);
}

#define HEAD "*filter\n:INPUT ACCEPT [5:50]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [7:70]\n"
/* Twelve rules, so that edits are cheaper than a refill. */
#define MANY                                                                                                           \
	"-A INPUT -s 10.0.0.1/32\n-A INPUT -s 10.0.0.2/32\n-A INPUT -s 10.0.0.3/32\n-A INPUT -s 10.0.0.4/32\n"        \
	"-A INPUT -s 10.0.0.5/32\n-A INPUT -s 10.0.0.6/32\n-A INPUT -s 10.0.0.7/32\n-A INPUT -s 10.0.0.8/32\n"
#define ONE "-A INPUT -j ACCEPT\n"

static void test_equal(void **state)
{
	(void)state;
	judge(HEAD MANY "COMMIT\n", HEAD MANY "COMMIT\n", 0, "");
	judge(HEAD MANY "COMMIT\n", HEAD MANY "COMMIT\n", NFV_DIFF_LEGACY | NFV_DIFF_BY_VALUE | NFV_DIFF_COUNTERS, "");
	judge("", "", 0, "");
	/* Spelling alone is no difference. */
	judge(HEAD "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n",
	      HEAD "-A INPUT -p tcp --dport 22 -s 10.0.0.0/255.0.0.0 -j ACCEPT\nCOMMIT\n", 0, "");
	/* Nor are counters, unless they are asked for. */
	judge(HEAD "[1:2] -A INPUT -j ACCEPT\nCOMMIT\n", HEAD "[3:4] -A INPUT -j ACCEPT\nCOMMIT\n", 0, "");
}

static void test_edits(void **state)
{
	(void)state;
	judge(HEAD MANY "COMMIT\n", HEAD MANY ONE "COMMIT\n", 0, "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
	judge(HEAD MANY "COMMIT\n", HEAD ONE MANY "COMMIT\n", 0, "*filter\n-I INPUT 1 -j ACCEPT\nCOMMIT\n");
	judge(HEAD MANY ONE MANY "COMMIT\n", HEAD MANY MANY "COMMIT\n", 0, "*filter\n-D INPUT 9\nCOMMIT\n");
	judge(HEAD MANY MANY "COMMIT\n", HEAD MANY ONE MANY "COMMIT\n", 0, "*filter\n-I INPUT 9 -j ACCEPT\nCOMMIT\n");
	judge(HEAD MANY "-A INPUT -j DROP\n" MANY "COMMIT\n", HEAD MANY ONE MANY "COMMIT\n", 0,
	      "*filter\n-R INPUT 9 -j ACCEPT\nCOMMIT\n");
	/* The last of several in front goes first, all to the first place. */
	judge(HEAD MANY "COMMIT\n", HEAD "-A INPUT -i a\n-A INPUT -i b\n" MANY "COMMIT\n", 0,
	      "*filter\n-I INPUT 1 -i b\n-I INPUT 1 -i a\nCOMMIT\n");
	/* Two places. */
	judge(HEAD "-A INPUT -i a\n" MANY MANY "COMMIT\n", HEAD MANY "-A INPUT -i b\n" MANY "-A INPUT -i c\nCOMMIT\n", 0,
	      "*filter\n-D INPUT 1\n-I INPUT 9 -i b\n-A INPUT -i c\nCOMMIT\n");
}

static void test_refill(void **state)
{
	(void)state;
	judge(HEAD MANY "COMMIT\n", HEAD "-A INPUT -i a\n-A INPUT -i b\nCOMMIT\n", 0,
	      "*filter\n-F INPUT\n-A INPUT -i a\n-A INPUT -i b\nCOMMIT\n");
	judge(HEAD MANY "COMMIT\n", HEAD "COMMIT\n", 0, "*filter\n-F INPUT\nCOMMIT\n");
	judge(HEAD ":U - [0:0]\n-A U -i a\n-A U -i b\n-A U -i c\n-A U -i d\nCOMMIT\n",
	      HEAD ":U - [0:0]\n-A U -i e\nCOMMIT\n", 0, "*filter\n:U - [0:0]\n-A U -i e\nCOMMIT\n");
	/* Rules that stay keep their counters. */
	judge(HEAD "[1:10] -A INPUT -i keep\n" MANY MANY "COMMIT\n",
	      HEAD "-A INPUT -i a\n-A INPUT -i b\n-A INPUT -i keep\nCOMMIT\n", 0,
	      "*filter\n-F INPUT\n-A INPUT -i a\n-A INPUT -i b\n[1:10] -A INPUT -i keep\nCOMMIT\n");
}

static void test_moved(void **state)
{
	(void)state;
	/* What is put in elsewhere brings what it counted in the kernel. */
	judge(HEAD "[7:700] -A INPUT -i a\n" MANY "COMMIT\n", HEAD MANY "-A INPUT -i a\nCOMMIT\n", 0,
	      "*filter\n-D INPUT 1\n[7:700] -A INPUT -i a\nCOMMIT\n");
	judge(HEAD "[7:700] -A INPUT -i a\n" MANY "COMMIT\n", HEAD MANY "[1:1] -A INPUT -i a\nCOMMIT\n", NFV_DIFF_COUNTERS,
	      "*filter\n-D INPUT 1\n[1:1] -A INPUT -i a\nCOMMIT\n");
	/* What is new has its own. */
	judge(HEAD MANY "COMMIT\n", HEAD MANY "[1:1] -A INPUT -i a\nCOMMIT\n", 0,
	      "*filter\n[1:1] -A INPUT -i a\nCOMMIT\n");
}

static void test_counters(void **state)
{
	(void)state;
	judge(HEAD MANY "[1:1] -A INPUT -i a\n" MANY "COMMIT\n", HEAD MANY "[2:3] -A INPUT -i a\n" MANY "COMMIT\n",
	      NFV_DIFF_COUNTERS, "*filter\n[2:3] -R INPUT 9 -i a\nCOMMIT\n");
	judge(HEAD MANY "[1:1] -A INPUT -i a\n" MANY "COMMIT\n", HEAD MANY "[2:3] -A INPUT -i a\n" MANY "COMMIT\n",
	      NFV_DIFF_COUNTERS | NFV_DIFF_BY_VALUE, "*filter\n-D INPUT -i a\n[2:3] -I INPUT 9 -i a\nCOMMIT\n");
	judge(HEAD "COMMIT\n", "*filter\n:INPUT ACCEPT [1:2]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [7:70]\nCOMMIT\n",
	      NFV_DIFF_COUNTERS, "*filter\n:INPUT ACCEPT [1:2]\nCOMMIT\n");
	judge(HEAD "COMMIT\n", "*filter\n:INPUT ACCEPT [1:2]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n", 0, "");
}

static void test_policies(void **state)
{
	(void)state;
	judge(HEAD "COMMIT\n", "*filter\n:INPUT DROP [1:2]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n", 0,
	      "*filter\n:INPUT DROP [5:50]\nCOMMIT\n");
	/* Legacy zeroes what is not said. */
	judge(HEAD "COMMIT\n", HEAD ONE "COMMIT\n", NFV_DIFF_LEGACY,
	      "*filter\n-A INPUT -j ACCEPT\n:INPUT ACCEPT [5:50]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [7:70]\nCOMMIT\n");
	judge(HEAD "COMMIT\n", "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n", NFV_DIFF_LEGACY | NFV_DIFF_NAMED_ONLY,
	      "*filter\n-A INPUT -j ACCEPT\n:INPUT ACCEPT [5:50]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [7:70]\nCOMMIT\n");
}

static void test_chains(void **state)
{
	const char *with = HEAD ":A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -i lo\nCOMMIT\n";

	(void)state;
	judge(HEAD "COMMIT\n", with, 0,
	      "*filter\n:A - [0:0]\n:B - [0:0]\n-A A -j B\n-A B -i lo\n-A INPUT -j A\nCOMMIT\n");
	judge(with, HEAD "COMMIT\n", 0, "*filter\n-D INPUT 1\n-F A\n-F B\n-X A\n-X B\nCOMMIT\n");
	judge(with, HEAD ":A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -i lo\n-A B -i eth0\nCOMMIT\n", 0,
	      "*filter\n-A B -i eth0\nCOMMIT\n");
	/* Renamed: made anew, led to, and the old one removed. */
	judge(HEAD ":A - [0:0]\n-A INPUT -i lo\n-A INPUT -j A\n-A A -i lo\nCOMMIT\n",
	      HEAD ":Z - [0:0]\n-A INPUT -i lo\n-A INPUT -j Z\n-A Z -i lo\nCOMMIT\n", 0,
	      "*filter\n:Z - [0:0]\n-A Z -i lo\n-R INPUT 2 -j Z\n-F A\n-X A\nCOMMIT\n");
}

static void test_tables(void **state)
{
	(void)state;
	/* A table that is not wanted is emptied, never removed. */
	judge("*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT DROP [1:2]\n:POSTROUTING ACCEPT [0:0]\n"
	      "-A PREROUTING -i lo\nCOMMIT\n",
	      "", 0, "*nat\n-D PREROUTING 1\n:OUTPUT ACCEPT [1:2]\nCOMMIT\n");
	judge("*nat\n-A PREROUTING -i lo\nCOMMIT\n", "", NFV_DIFF_NAMED_ONLY, "");
	judge("", "*nat\n:OUTPUT DROP [0:0]\n-A PREROUTING -i lo\nCOMMIT\n", 0,
	      "*nat\n-A PREROUTING -i lo\n:OUTPUT DROP [0:0]\nCOMMIT\n");
	judge("*filter\n-A INPUT -i a\nCOMMIT\n",
	      "*raw\n-A OUTPUT -o b\nCOMMIT\n*filter\n-A INPUT -i a\n-A INPUT -i b\nCOMMIT\n", 0,
	      "*raw\n-A OUTPUT -o b\nCOMMIT\n*filter\n-A INPUT -i b\nCOMMIT\n");
}

static void test_named_only(void **state)
{
	(void)state;
	judge(HEAD ":MINE - [0:0]\n:THEIRS - [0:0]\n-A INPUT -j MINE\n-A MINE -i a\n-A THEIRS -i b\nCOMMIT\n",
	      "*filter\n:MINE - [0:0]\n-A MINE -i c\nCOMMIT\n", NFV_DIFF_NAMED_ONLY,
	      "*filter\n-R MINE 1 -i c\nCOMMIT\n");
	/* Named by its rules alone: the policy stays. */
	judge("*filter\n:INPUT DROP [0:0]\n-A INPUT -i a\nCOMMIT\n", "*filter\n-A INPUT -i a\n-A INPUT -i b\nCOMMIT\n",
	      NFV_DIFF_NAMED_ONLY, "*filter\n-A INPUT -i b\nCOMMIT\n");
}

static void test_by_value(void **state)
{
	const unsigned by_value = NFV_DIFF_BY_VALUE;

	(void)state;
	judge(HEAD MANY ONE MANY "COMMIT\n", HEAD MANY MANY "COMMIT\n", by_value,
	      "*filter\n-D INPUT -j ACCEPT\nCOMMIT\n");
	/* No chain of others is flushed, however much goes. */
	judge(HEAD "-A INPUT -i a\n-A INPUT -i b\nCOMMIT\n", HEAD "COMMIT\n", by_value,
	      "*filter\n-D INPUT -i a\n-D INPUT -i b\nCOMMIT\n");
	judge(HEAD ":U - [0:0]\n-A INPUT -j U\n-A U -i a\nCOMMIT\n", HEAD ":V - [0:0]\n-A INPUT -j V\nCOMMIT\n", by_value,
	      "*filter\n-N V\n-D INPUT -j U\n-A INPUT -j V\n-D U -i a\n-X U\nCOMMIT\n");
	/* The tool deletes the first of two that are equal: the first goes in any case, and comes back. */
	judge(HEAD "[1:1] -A INPUT -i a\n-A INPUT -i b\n[2:2] -A INPUT -i a\nCOMMIT\n",
	      HEAD "-A INPUT -i a\n-A INPUT -i b\nCOMMIT\n", by_value,
	      "*filter\n-D INPUT -i a\n-D INPUT -i a\n[1:1] -I INPUT 1 -i a\nCOMMIT\n");
	judge(HEAD "[1:1] -A INPUT -i a\n-A INPUT -i b\n[2:2] -A INPUT -i a\nCOMMIT\n",
	      HEAD "-A INPUT -i b\n-A INPUT -i a\nCOMMIT\n", by_value, "*filter\n-D INPUT -i a\nCOMMIT\n");
	/* Also when it is written in another way. */
	judge(HEAD "-A INPUT -p tcp -m tcp --dport 1 -j DROP\n-A INPUT -i b\n-A INPUT -p tcp --dport 1 -j DROP\n-A INPUT -i "
		   "c\nCOMMIT\n",
	      HEAD "-A INPUT -p tcp -m tcp --dport 1 -j DROP\n-A INPUT -i b\n-A INPUT -i c\nCOMMIT\n", by_value,
	      "*filter\n-D INPUT -p tcp -m tcp --dport 1 -j DROP\n-D INPUT -p tcp --dport 1 -j DROP\n"
	      "-I INPUT 1 -p tcp -m tcp --dport 1 -j DROP\nCOMMIT\n");
}

static void test_errors(void **state)
{
	struct nfv_rules *four = nfv_rules_new(NFV_FAMILY_IPV4), *six = nfv_rules_new(NFV_FAMILY_IPV6);

	(void)state;
	errno = 0;
	assert_null(nfv_rules_diff(four, six, 0, NULL));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(nfv_rules_diff_show(four, six, 0, false, NULL));
	assert_int_equal(errno, EINVAL);
	nfv_rules_free(six);
	nfv_rules_free(four);
}

/* ---- for a person ---- */

static void show(const char *from_text, const char *to_text, unsigned flags, bool colour, const char *wanted)
{
	struct nfv_rules *from = rules_of(from_text, NFV_FAMILY_IPV4), *to = nfv_rules_new(NFV_FAMILY_IPV4);
	const struct nfv_read_options options = { .file = "new.rules" };
	struct nfv_rules_error error;
	size_t len = 0;
	char *text;

	assert_int_equal(nfv_rules_read(to, to_text, strlen(to_text), &options, &error), 0);
	text = nfv_rules_diff_show(from, to, flags, colour, &len);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_int_equal(len, strlen(wanted));
	free(text);
	nfv_rules_free(to);
	nfv_rules_free(from);
}

static void test_show(void **state)
{
	(void)state;
	show(HEAD MANY "COMMIT\n", HEAD MANY "COMMIT\n", 0, false, "");
	show(HEAD MANY "-A INPUT -i a\n" MANY "COMMIT\n",
	     "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:NEW - [0:0]\n" MANY
	     "-A INPUT -i b\n" MANY "-A INPUT\nCOMMIT\n",
	     0, false,
	     "table filter, chain INPUT (policy ACCEPT → DROP)\n"
	     "        7  -s 10.0.0.7/32\n"
	     "        8  -s 10.0.0.8/32\n"
	     "-       9  -i a\n"
	     "+       9  -i b  (new.rules:14)\n"
	     "       10  -s 10.0.0.1/32\n"
	     "       11  -s 10.0.0.2/32\n"
	     "        …\n"
	     "       16  -s 10.0.0.7/32\n"
	     "       17  -s 10.0.0.8/32\n"
	     "+      18  (any packet)  (new.rules:23)\n"
	     "table filter, chain NEW (new)\n");
	show(HEAD ":U - [0:0]\n-A U -i a\nCOMMIT\n", HEAD "COMMIT\n", 0, false,
	     "table filter, chain U (removed)\n"
	     "-       1  -i a\n");
}

static void test_show_moved(void **state)
{
	(void)state;
	show(HEAD "[1:1] -A INPUT -i a\n" MANY "COMMIT\n", HEAD MANY "-A INPUT -i a\nCOMMIT\n", 0, false,
	     "table filter, chain INPUT\n"
	     "-       1  -i a  (moves to 9)\n"
	     "        1  -s 10.0.0.1/32\n"
	     "        2  -s 10.0.0.2/32\n"
	     "        …\n"
	     "        7  -s 10.0.0.7/32\n"
	     "        8  -s 10.0.0.8/32\n"
	     "+       9  -i a  (moved from 1)\n");
}

static void test_show_counters(void **state)
{
	(void)state;
	show(HEAD "[1:2] -A INPUT -i a\nCOMMIT\n",
	     "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [7:70]\n-A INPUT -i a\nCOMMIT\n",
	     NFV_DIFF_COUNTERS, false,
	     "table filter, chain INPUT (policy's counters [5:50] → [0:0])\n"
	     "*       1  -i a  (counters [1:2] → [0:0])\n");
}

static void test_show_colour(void **state)
{
	(void)state;
	show(HEAD "-A INPUT -i a\nCOMMIT\n", HEAD "-A INPUT -i b\nCOMMIT\n", 0, true,
	     "\033[1mtable filter, chain INPUT\033[0m\n"
	     "\033[31m-       1  -i a\033[0m\n"
	     "\033[32m+       1  -i b  (new.rules:5)\033[0m\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_refill),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_named_only),
		cmocka_unit_test(test_by_value),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_show_moved),
		cmocka_unit_test(test_show_counters),
		cmocka_unit_test(test_show_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
