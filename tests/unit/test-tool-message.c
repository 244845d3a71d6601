/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/tool-message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As the tools of 1.8.9 write. */
static const struct {
	const char *err;
	const char *text;
	unsigned line;
} messages[] = {
	{ "iptables-nft-restore v1.8.9 (nf_tables): unknown option \"--dprt\"\nError occurred at line: 2\n"
	  "Try `iptables-nft-restore -h' or 'iptables-nft-restore --help' for more information.\n",
	  "unknown option \"--dprt\"", 2 },
	{ "iptables-restore v1.8.9 (legacy): Couldn't load match `nosuch':No such file or directory\n\nError occurred at "
	  "line: 12\n"
	  "Try `iptables-restore -h' or 'iptables-restore --help' for more information.\n",
	  "Couldn't load match `nosuch':No such file or directory", 12 },
	{ "iptables-nft-restore: line 2 failed: Index of insertion too big.\n", "Index of insertion too big", 2 },
	{ "iptables-restore: line 4 failed\n", "refused without a reason", 4 },
	{ "iptables-nft-restore v1.8.9 (nf_tables): \nline 3: RULE_APPEND failed (Invalid argument): rule in chain INPUT\n",
	  "refused by the kernel: Invalid argument", 3 },
	{ "iptables-nft-restore v1.8.9 (nf_tables): \nline 3: CHAIN_DEL failed (Device or resource busy): chain NFV-a\n"
	  "line 9: RULE_INSERT failed (No such file or directory): rule in chain INPUT\n",
	  "refused by the kernel: Device or resource busy; refused by the kernel: No such file or directory", 3 },
	{ "Bad argument `foo'\nError occurred at line: 2\nTry `x -h' for more information.\n", "Bad argument `foo'", 2 },
	{ "iptables-nft-restore v1.8.9 (nf_tables): iptables-nft-restore: line 1 table name 'nosuch' invalid\n"
	  "Error occurred at line: 1\n",
	  "table name 'nosuch' invalid", 1 },
	{ "iptables-restore v1.8.9 (legacy): iptables-restore: unable to initialize table 'filter'\nError occurred at line: "
	  "1\n",
	  "unable to initialize table 'filter'", 1 },
	{ "Fatal: can't open lock file /run/xtables.lock: Permission denied\n",
	  "Fatal: can't open lock file /run/xtables.lock: Permission denied", 0 },
	{ "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n", "refused without a reason",
	  0 },
	{ "", "refused without a reason", 0 },
	{ "\n\n", "refused without a reason", 0 },
	{ "x: host/network `\033[31m' not found\n", "x: host/network `?[31m' not found", 0 },
	{ "iptables-restore: line 99999999999999999999 failed\n", "refused without a reason", 0 },
};

static void test_messages(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		assert_int_equal(tool_message(messages[i].err, text, sizeof(text)), messages[i].line);
		assert_string_equal(text, messages[i].text);
	}
}

/* Longer than any room for it. */
static void test_long(void **state)
{
	char err[5000], text[32];

	(void)state;
	memset(err, 'x', sizeof(err));
	err[sizeof(err) - 1] = '\0';
	err[2000] = '\n';
	assert_int_equal(tool_message(err, text, sizeof(text)), 0);
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

static void test_denied(void **state)
{
	(void)state;
	assert_true(
		tool_message_denied("iptables-nft-restore: line 4 failed: Permission denied (you must be root).\n", true));
	assert_true(tool_message_denied("Fatal: can't open lock file /run/xtables.lock: Permission denied\n", true));
	assert_true(tool_message_denied("iptables-restore: unable to initialize table 'filter'\n", false));
	assert_false(tool_message_denied("iptables-restore: unable to initialize table 'filter'\n", true));
	assert_false(
		tool_message_denied("iptables-nft-restore: line 4 failed: No chain/target/match by that name.\n", false));
	assert_false(tool_message_denied("", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
