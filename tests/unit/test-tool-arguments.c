/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/arguments.h"
#include "daemon/tool/input-text.h"
#include "daemon/tool/nearest-word.h"
#include "daemon/tool/options.h"
#include "daemon/tool/paint.h"
#include "daemon/tool/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS_MAX 12

static char said[1024];

/* Parses the words of one line, cut at blanks, with stderr caught. argv lives until the next call. */
static int parse(struct arguments *arguments, const char *line)
{
	static char copy[256];
	static char *argv[ARGS_MAX + 1];
	int argc = 0, kept, result;
	FILE *file = tmpfile();

	assert_non_null(file);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	*arguments = (struct arguments){ .command = arguments_find(argv[0]) };
	assert_non_null(arguments->command);
	fflush(stderr);
	kept = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	result = arguments_parse(arguments, argc, argv);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	memset(said, 0, sizeof(said));
	assert_true(fread(said, 1, sizeof(said) - 1, file) < sizeof(said));
	fclose(file);
	return result;
}

/* The line is refused, with this one line on stderr. */
static void refused(const char *line, const char *text)
{
	struct arguments arguments;
	char wanted[512];

	snprintf(wanted, sizeof(wanted), "nfverdict: %s\n", text);
	assert_int_equal(parse(&arguments, line), TOOL_ERROR);
	assert_string_equal(said, wanted);
}

static void test_options(void **state)
{
	struct arguments arguments;

	(void)state;
	assert_int_equal(parse(&arguments, "show"), TOOL_OK);
	assert_int_equal(arguments.word_count, 0);
	assert_int_equal(arguments.family, ARGUMENTS_AUTO);
	assert_int_equal(arguments.color, ARGUMENTS_COLOR_AUTO);
	assert_int_equal(arguments.backend, NFV_BACKEND_AUTO);
	assert_int_equal(parse(&arguments, "apply --family=both rules -n --confirm 30 --server /s --backend legacy"),
			 TOOL_OK);
	assert_int_equal(arguments.family, ARGUMENTS_BOTH);
	assert_int_equal(arguments.backend, NFV_BACKEND_LEGACY);
	assert_int_equal(arguments.confirm_s, 30);
	assert_string_equal(arguments.server, "/s");
	assert_int_equal(arguments.word_count, 1);
	assert_string_equal(arguments.words[0], "rules");
	assert_int_equal(arguments.given & (ARG_DRY_RUN | ARG_JSON), ARG_DRY_RUN);
	assert_int_equal(parse(&arguments, "diff - --human live --color never -c"), TOOL_OK);
	assert_int_equal(arguments.word_count, 2);
	assert_string_equal(arguments.words[0], "-");
	assert_string_equal(arguments.words[1], "live");
	assert_int_equal(arguments.color, ARGUMENTS_COLOR_NEVER);
	assert_int_equal(parse(&arguments, "show -6ct nat"), TOOL_OK);
	assert_int_equal(arguments.family, ARGUMENTS_IPV6);
	assert_string_equal(arguments.table, "nat");
	assert_int_equal(parse(&arguments, "show -tnat"), TOOL_OK);
	assert_string_equal(arguments.table, "nat");
	assert_int_equal(parse(&arguments, "format -- --json"), TOOL_OK);
	assert_string_equal(arguments.words[0], "--json");
	assert_int_equal(arguments.given, 0);
	assert_int_equal(parse(&arguments, "format --help"), TOOL_OK); /* without its file */
}

/* What follows the chain is a rule, and no option. */
static void test_rule_words(void **state)
{
	struct arguments arguments;
	static const char *const words[] = { "INPUT", "-p", "tcp", "-t", "--json" };

	(void)state;
	assert_int_equal(parse(&arguments, "delete -t nat INPUT -p tcp -t --json"), TOOL_OK);
	assert_string_equal(arguments.table, "nat");
	assert_int_equal(arguments.word_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(arguments.words[i], words[i]);
	assert_int_equal(arguments.given & ARG_JSON, 0);
}

static void test_users(void **state)
{
	struct arguments arguments;

	(void)state;
	assert_int_equal(parse(&arguments, "serve --socket /s --users root,1234 --idle-exit 5"), TOOL_OK);
	assert_int_equal(arguments.user_count, 2);
	assert_int_equal(arguments.users[0], 0);
	assert_int_equal(arguments.users[1], 1234);
	assert_int_equal(arguments.idle_exit_s, 5);
	refused("serve --socket /s --users root,,x", "serve: --users: ',x': not a list of users");
	refused("serve --socket /s --users no-such-user", "serve: --users: there is no user 'no-such-user'");
}

static void test_mistakes(void **state)
{
	(void)state;
	refused("show --famly both", "show: there is no option --famly; did you mean --family?");
	refused("show --family ip4", "show: --family: 'ip4' is none of auto, ipv4, ipv6, both; did you mean 'ipv4'?");
	refused("show --zzzzzz", "show: there is no option --zzzzzz; see nfverdict rules help show");
	refused("show --confirm 3", "show: --confirm means nothing here; see nfverdict rules help show");
	refused("show -n", "show: -n means nothing here; see nfverdict rules help show");
	refused("show -q", "show: there is no option -q; see nfverdict rules help show");
	refused("show --json=1", "show: --json takes no value");
	refused("show --table", "show: --table needs a value: TABLE");
	refused("show -t", "show: -t needs a value: TABLE");
	refused("show --table=", "show: --table: the value is empty");
	refused("show a b", "show: what is 'b' for? nfverdict rules show [FILE]");
	refused("diff a", "diff: too few words: nfverdict rules diff A B");
	refused("apply f --confirm 0", "apply: --confirm: 0: range: 1 to 86400 seconds");
	refused("apply f --confirm 99999999999999999999",
		"apply: --confirm: 99999999999999999999: range: 1 to 86400 seconds");
	refused("apply f --confirm -5", "apply: --confirm: '-5' is not a number of seconds");
	refused("apply f --confirm 5m", "apply: --confirm: '5m' is not a number of seconds");
	refused("apply f --backend nftables", "apply: --backend: 'nftables' is none of auto, nft, legacy");
}

static void check_command(const struct command *command)
{
	assert_true(command->takes & ARG_HELP);
	assert_non_null(command->run);
	assert_true(strlen(command->help) > 10 && command->help[strlen(command->help) - 1] == '\n');
}

/* The table of options: no name and no letter twice, and every option belongs to a command. */
static void test_table(void **state)
{
	unsigned taken = 0;

	(void)state;
	for (const struct command *command = arguments_commands; command->name; command++) {
		taken |= command->takes;
		check_command(command);
		assert_false(command->of_daemon);
	}
	for (const struct command *command = daemon_commands; command->name; command++) {
		taken |= command->takes;
		check_command(command);
		assert_true(command->of_daemon && command->takes & ARG_SOCKET && command->takes & ARG_JSON);
		assert_ptr_equal(arguments_find_daemon(command->name), command);
	}
	assert_null(arguments_find_daemon("show"));
	for (const struct option_row *row = options_rows; row->name; row++) {
		assert_true(row->bit & taken);
		assert_true(strlen(row->help) > 3);
		for (const struct option_row *other = row + 1; other->name; other++) {
			assert_string_not_equal(row->name, other->name);
			assert_true(!row->letter || row->letter != other->letter);
		}
	}
}

static void test_nearest(void **state)
{
	static const struct {
		const char *typed, *known, *hint;
	} cases[] = {
		{ "ruels", "rules", "; did you mean 'rules'?" },
		{ "aply", "apply", "; did you mean 'apply'?" },
		{ "trans", "transaction", "; did you mean 'transaction'?" },
		{ "xyz", "rules", "" },
		{ "", "a", "" },
		{ "INPTU", "INPUT", "; did you mean 'INPUT'?" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nearest_word nearest = { .wanted = cases[i].typed };
		char hint[64];

		nearest_word_offer(&nearest, cases[i].known);
		assert_string_equal(nearest_word_hint(&nearest, hint, sizeof(hint)), cases[i].hint);
	}
}

static void look(const char *text, bool commands, bool sections, bool ipv4, bool ipv6)
{
	struct input_text found;

	input_text_look(&found, text, strlen(text));
	assert_int_equal(found.commands, commands);
	assert_int_equal(found.sections, sections);
	assert_int_equal(found.families[NFV_FAMILY_IPV4], ipv4);
	assert_int_equal(found.families[NFV_FAMILY_IPV6], ipv6);
}

static void test_look(void **state)
{
	(void)state;
	look("", false, false, false, false);
	look("*filter\n-A INPUT -j DROP\nCOMMIT\n", false, false, false, false);
	look("*filter\n-6 -A INPUT -j DROP\nCOMMIT\n", false, false, true, true);
	look("*filter\n  --ipv6 -A INPUT\n", false, false, true, true);
	look("# Generated by iptables-save v1.8.9 on …\n*filter\n", false, true, true, false);
	look("# Generated by ip6tables-nft-save v1.8.9\n*filter\n", false, true, false, true);
	look("# family ipv4\n*nat\n# family ipv6\n*nat", false, true, true, true);
	look("# a script\n\niptables -A INPUT -j DROP\n", true, false, true, false);
	look("/usr/sbin/ip6tables -A INPUT -j DROP\n", true, false, false, true);
	look("sudo iptables -N x\nip6tables -N x", true, false, true, true);
	/* iptables in the text of a rule is no command */
	look("*filter\niptables -A INPUT\n", false, false, false, false);
	look("iptablesx", true, false, true, false);
}

static void part(const char *text, enum nfv_family family, const char *table, const char *wanted)
{
	size_t len;
	char *got = input_text_part(text, strlen(text), family, table, &len);

	assert_non_null(got);
	assert_string_equal(got, wanted);
	assert_int_equal(len, strlen(wanted));
	free(got);
}

static void test_part(void **state)
{
	static const char both[] = "# family ipv4\n*nat\nCOMMIT\n# family ipv6\n*raw\nCOMMIT";

	(void)state;
	part(both, NFV_FAMILY_IPV4, NULL, "# family ipv4\n*nat\nCOMMIT\n\n\n");
	part(both, NFV_FAMILY_IPV6, NULL, "\n\n\n# family ipv6\n*raw\nCOMMIT");
	part("*nat\n-A x\nCOMMIT\n*raw\n-A y\nCOMMIT\n", NFV_FAMILY_IPV4, "raw", "\n\n\n*raw\n-A y\nCOMMIT\n");
	part("* nat\n-A x\nCOMMIT\n*natural\nCOMMIT\n", NFV_FAMILY_IPV4, "nat", "* nat\n-A x\nCOMMIT\n\n\n");
	part("-A x\n", NFV_FAMILY_IPV4, "nat", "-A x\n"); /* before any table: for the reader to judge */
	part("", NFV_FAMILY_IPV4, "nat", "");
}

static void joined(const char *const *words, size_t count, const char *wanted)
{
	char *text = words_join(words, count);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_words(void **state)
{
	const char *const plain[] = { "-s", "10.0.0.0/8", "!", "-i", "eth+" };
	const char *const odd[] = { "--comment", "say \"a\\b\"", "" };

	(void)state;
	joined(plain, 5, "-s 10.0.0.0/8 ! -i eth+");
	joined(odd, 3, "--comment \"say \\\"a\\\\b\\\"\" \"\"");
	joined(plain, 0, "");
	assert_int_equal(words_number("#1"), 1);
	assert_int_equal(words_number("#120"), 120);
	assert_int_equal(words_number("#0"), 0);
	assert_int_equal(words_number("#"), 0);
	assert_int_equal(words_number("1"), 0);
	assert_int_equal(words_number("#1x"), 0);
	assert_int_equal(words_number("#99999999999999999999999"), 0);
}

static void test_paint(void **state)
{
	FILE *file = tmpfile();
	char text[64] = "";

	(void)state;
	assert_non_null(file);
	assert_true(paint_wanted(ARGUMENTS_COLOR_ALWAYS, file));
	assert_false(paint_wanted(ARGUMENTS_COLOR_NEVER, file));
	assert_false(paint_wanted(ARGUMENTS_COLOR_AUTO, file)); /* no terminal */
	assert_string_equal(paint_on(PAINT_BAD, false), "");
	assert_string_equal(paint_off(PAINT_BAD, false), "");
	assert_string_equal(paint_on(PAINT_BAD, true), "\033[31m");
	assert_string_equal(paint_off(PAINT_BAD, true), "\033[0m");
	assert_string_equal(paint_on(PAINT_NONE, true), "");
	assert_string_equal(paint_off(PAINT_NONE, true), "");
	assert_int_equal(paint_of_target("ACCEPT"), PAINT_GOOD);
	assert_int_equal(paint_of_target("REJECT"), PAINT_BAD);
	assert_int_equal(paint_of_target("web"), PAINT_JUMP);
	assert_int_equal(paint_of_target(NULL), PAINT_NONE);
	paint_safely(file, "a\033[31mb\tc\n\x7f\xc3\xa4");
	rewind(file);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), 13);
	assert_string_equal(text, "a?[31mb\tc\n?\xc3\xa4");
	assert_int_equal(paint_width("a\xc3\xa4o"), 3);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),  cmocka_unit_test(test_rule_words), cmocka_unit_test(test_users),
		cmocka_unit_test(test_mistakes), cmocka_unit_test(test_table),      cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_look),     cmocka_unit_test(test_part),       cmocka_unit_test(test_words),
		cmocka_unit_test(test_paint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
