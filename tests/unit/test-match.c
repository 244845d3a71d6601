/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/match.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void takes(const char *match, const char *wanted)
{
	struct text text = { 0 };
	char why[256] = "";

	assert_int_equal(match_check(match, &text, why, sizeof(why)), 0);
	text_add(&text, "", 0);
	assert_string_equal(text.data, wanted);
	text_free(&text);
}

static void refuses(const char *match, const char *wanted)
{
	struct text text = { 0 };
	char why[256] = "";

	assert_int_equal(match_check(match, &text, why, sizeof(why)), -EINVAL);
	if (!strstr(why, wanted))
		fail_msg("%s: \"%s\" does not hold \"%s\"", match, why, wanted);
	assert_int_equal(text.len, 0);
	text_free(&text);
}

static void test_taken(void **state)
{
	(void)state;
	takes(NULL, "");
	takes("", "");
	takes("-p tcp --dport 23", " -p tcp --dport 23");
	takes("! -s 10.0.0.0/8 -i eth0+", " ! -s \"10.0.0.0/8\" -i \"eth0+\"");
	takes("-f", " -f");
	takes("-ptcp -d ::1 -o x", " -ptcp -d \"::1\" -o x");
	takes("-m string --string=-x --algo bm", " -m string \"--string=-x\" --algo bm");
	takes("-m comment --comment \"x -j DROP; y\"", " -m comment --comment \"x -j DROP; y\"");
	takes("-m comment \"--comment=-j DROP\"", " -m comment \"--comment=-j DROP\"");
}

static void test_shared_words(void **state)
{
	(void)state;
	takes("-m statistic --mode random", " -m statistic --mode random");
	takes("-m recent --set", " -m recent --set");
	takes("-m policy --pol ipsec --dir in", " -m policy --pol ipsec --dir in");
	refuses("--set --name x", "\"--set\"");
	refuses("--set -m recent", "\"--set\"");
	refuses("-mrecent --set", "\"--set\"");
	refuses("-m statistic --set", "\"--set\"");
	refuses("-m recent --set-counters 1 1", "\"--set-counters\"");
	refuses("-m recent --set=x --pol", "\"--pol\"");
}

static void test_refused(void **state)
{
	static const char *const words[] = {
		"-j", "-jDROP", "-g", "-A", "-AINPUT", "-D", "-I", "-R", "-N", "-X", "-F", "-Z", "-P", "-E", "-L", "-S", "-C", "-t",
		"-tnat", "-c", "-M", "-M/bin/x", "-4", "-6", "-w", "-W", "-n", "-v", "-x", "-h", "-V", "-", "--", "-fj", "-f-j",
		"--jump", "--jum", "--j", "--jump=DROP", "--goto", "--goto=X", "--append", "--delete", "--delete-chain", "--del",
		"--insert", "--replace", "--new-chain", "--flush", "--zero", "--policy", "--rename-chain", "--list", "--list-rules",
		"--check", "--table", "--table=nat", "--ta", "--modprobe", "--modprobe=/bin/x", "--set-counters", "--wait", "--ipv4",
		"--ipv6", "--verbose", "--help", "--version", "--exact", "--numeric", "--line-numbers", "--=x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char match[128];

		snprintf(match, sizeof(match), "-p tcp %s DROP", words[i]);
		refuses(match, words[i]);
		/* Quotes do not hide it. */
		snprintf(match, sizeof(match), "-p tcp \"%s\" DROP", words[i]);
		refuses(match, words[i]);
		/* Nor does an option before it, whose value it might be. */
		snprintf(match, sizeof(match), "-m comment --comment %s", words[i]);
		refuses(match, words[i]);
	}
}

static void test_hostile(void **state)
{
	char match[12000];

	(void)state;
	refuses("-p tcp\n-A INPUT -j DROP", "newline");
	refuses("-m comment --comment \"x\nCOMMIT\n*nat\"", "newline");
	refuses("-m comment --comment \"x", "not closed");
	refuses("-p tcp !", "nothing follows");
	memset(match, 'a', sizeof(match));
	match[sizeof(match) - 1] = '\0';
	refuses(match, "longer than a line");
	match[1100] = '\0';
	refuses(match, "longer than 1023");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_shared_words),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
