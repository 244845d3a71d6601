/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is refused, and why, stands in tests/unit/config/bad/match-*; here: what must pass, and where words end. */
#include "daemon/config/config-match.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_passes(const char *text)
{
	struct why why = { "" };

	if (config_match_check(text, &why))
		fail_msg("%s: %s", text, why.text);
}

static void assert_refused(const char *text, const char *cause)
{
	struct why why = { "" };

	assert_int_equal(config_match_check(text, &why), -EINVAL);
	if (!strstr(why.text, cause))
		fail_msg("%s: \"%s\", expected \"%s\"", text, why.text, cause);
}

static void test_passes(void **state)
{
	static const char *const matches[] = {
		"-p tcp --dport 23",
		"  -p\tudp   -m udp --sport 1024:65535 ",
		"! -i lo -o eth+ -s 192.0.2.0/24,198.51.100.1 ! -d 2001:db8::/32",
		"-m conntrack --ctstate NEW,ESTABLISHED --ctdir ORIGINAL",
		"-m comment --comment \"a \\\"word\\\", -j in quotes\"",
		"-m limit --limit 5/second --limit-burst 10",
		"-m recent --set --name list --rsource",
		"-m policy --dir in --pol ipsec --strict --next",
		"-m string --algo bm --to 65535 --hex-string \"|de ad|\"",
		"-m statistic --mode nth --every 2 --packet 0",
		"-m set --match-set good src",
		"-m hashlimit --hashlimit-upto 1/sec --hashlimit-name h",
		"-f",
		"-ptcp -ieth0",
		"-p icmpv6 --icmpv6-type 128",
		"-m u32 --u32 6&0xFF=1",
		/* The next word is this option's, whatever it is. */
		"-i -j",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		assert_passes(matches[i]);
}

/* Words end where iptables-restore ends them: at a blank, and behind a closing quote. */
static void test_words(void **state)
{
	(void)state;
	assert_refused("-m comment --comment \"x\"-j DROP", "-j cannot stand");
	assert_refused("-p \"tcp\"--jump DROP", "--jump cannot stand");
	assert_refused("-\"j\" DROP", "-j cannot stand");
	assert_refused("-m comment --comment 'x -j y'", "-j cannot stand");
	assert_refused("-m comment --comment \\\"x -j y\\\"", "not closed");
	assert_refused("-m comment --comment \"x\\\"", "not closed");
	assert_passes("-m comment --comment \"x\\\\\"");
	/* Outside of quotes a backslash is a letter. */
	assert_refused("-m comment --comment \\ -j", "-j cannot stand");
}

/* getopt takes the beginning of a long option for the whole. */
static void test_beginnings(void **state)
{
	(void)state;
	assert_refused("--j DROP", "--j cannot stand");
	assert_refused("--got x", "--got cannot stand");
	assert_refused("--tab nat", "--tab cannot stand");
	assert_refused("--ins INPUT", "--ins cannot stand");
	assert_refused("--modprobe=x", "--modprobe=x cannot stand");
	assert_refused("--set-c 1 2", "--set-c cannot stand");
	assert_refused("--jump=", "--jump= cannot stand");
	assert_passes("--jumpy");
}

static void test_bounds(void **state)
{
	char text[2100];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "-s ", 3);
	text[3 + 1023] = '\0';
	assert_passes(text);
	text[3 + 1023] = 'x';
	text[3 + 1024] = '\0';
	assert_refused(text, "longer than 1023 bytes");
	for (size_t i = 0; i < 200; i++)
		memcpy(text + 2 * i, "x ", 2);
	text[400] = '\0';
	assert_passes(text);
	memcpy(text + 400, "x", 2);
	assert_refused(text, "more than 200 words");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
