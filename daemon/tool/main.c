/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict: the command of people and scripts. */
#include "config.h"

#include "daemon/tool/arguments.h"
#include "daemon/tool/nearest-word.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *out)
{
	fputs("Usage: nfverdict COMMAND [ARGUMENT]...\n"
	      "\n",
	      out);
	for (const struct command *command = daemon_commands; command->name; command++)
		fprintf(out, "  %-11s %s\n", command->name, command->summary);
	fputs("  rules       reads, compares and changes the rules of iptables\n"
	      "  help        print this; `nfverdict help COMMAND` tells a command's options\n"
	      "  version     print versions\n"
	      "\n"
	      "Exit code: 0 done, all is well; 1 refused, or something is wrong; 2 wrong usage; 3 there is no\n"
	      "daemon to ask. Those of rules are its own.\n"
	      "Manual: nfverdict(8), nfverdict-rules(8), nfverdict-json(5).\n",
	      out);
}

static int print_version(void)
{
	printf("nfverdict %s\nlibnfvrules %s\nLicence GPL-2.0-or-later. There is no warranty.\n", PACKAGE_VERSION,
	       nfv_rules_version());
	return TOOL_OK;
}

static int rules_help(const char *name)
{
	const struct command *command = NULL;

	if (name) {
		command = arguments_find(name);
		if (!command)
			return TOOL_ERROR;
	}
	arguments_print_help(command, stdout);
	return TOOL_OK;
}

/* argv[0] is its name. */
static int run(const struct command *command, int argc, char **argv)
{
	struct arguments arguments = { .command = command };
	int result = arguments_parse(&arguments, argc, argv);

	if (result != TOOL_OK)
		return result;
	if (arguments.given & ARG_HELP) {
		arguments_print_help(command, stdout);
		return TOOL_OK;
	}
	return command->run(&arguments);
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* argv[0] is "rules". */
static int rules(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		fputs("nfverdict: rules: which command? See nfverdict rules help\n", stderr);
		return TOOL_ERROR;
	}
	if (is_help(argv[1]))
		return rules_help(argc > 2 ? argv[2] : NULL);
	command = arguments_find(argv[1]);
	return command ? run(command, argc - 1, argv + 1) : TOOL_ERROR;
}

static int unknown(const char *name)
{
	struct nearest_word nearest = { .wanted = name };
	char hint[64];

	for (const struct command *command = daemon_commands; command->name; command++)
		nearest_word_offer(&nearest, command->name);
	nearest_word_offer(&nearest, "rules");
	nearest_word_offer(&nearest, "help");
	nearest_word_offer(&nearest, "version");
	fprintf(stderr, "nfverdict: there is no command '%s'%s\n", name,
		nearest.best ? nearest_word_hint(&nearest, hint, sizeof(hint)) : "; see nfverdict help");
	return TOOL_ERROR;
}

/* NULL: of all. */
static int help(const char *name)
{
	const struct command *command = name ? arguments_find_daemon(name) : NULL;

	if (!name) {
		print_help(stdout);
		return TOOL_OK;
	}
	if (strcmp(name, "rules") == 0)
		return rules_help(NULL);
	if (!command)
		return unknown(name);
	arguments_print_help(command, stdout);
	return TOOL_OK;
}

static int dispatch(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		fputs("nfverdict: which command? See nfverdict help\n", stderr);
		return TOOL_ERROR;
	}
	if (strcmp(argv[1], "rules") == 0)
		return rules(argc - 1, argv + 1);
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return print_version();
	if (is_help(argv[1]))
		return help(argc > 2 ? argv[2] : NULL);
	command = arguments_find_daemon(argv[1]);
	return command ? run(command, argc - 1, argv + 1) : unknown(argv[1]);
}

int main(int argc, char **argv)
{
	int result = dispatch(argc, argv);

	/* What was printed must have arrived: a full disk is an error, not half a ruleset. */
	if (fflush(stdout) || ferror(stdout)) {
		perror("nfverdict: standard output");
		return TOOL_ERROR;
	}
	return result;
}
