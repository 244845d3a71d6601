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
	      "\n"
	      "  rules       reads, compares and changes the rules of iptables\n"
	      "  help        print this; `nfverdict rules help` tells about rules\n"
	      "  version     print versions\n"
	      "\n"
	      "Exit code: 0 done, others as the command says, 2 wrong usage.\n"
	      "Manual: nfverdict(8), nfverdict-rules(8).\n",
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

/* argv[0] is "rules". */
static int rules(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int result;

	if (argc < 2) {
		fputs("nfverdict: rules: which command? See nfverdict rules help\n", stderr);
		return TOOL_ERROR;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return rules_help(argc > 2 ? argv[2] : NULL);
	arguments.command = arguments_find(argv[1]);
	if (!arguments.command)
		return TOOL_ERROR;
	result = arguments_parse(&arguments, argc - 1, argv + 1);
	if (result != TOOL_OK)
		return result;
	if (arguments.given & ARG_HELP)
		return rules_help(arguments.command->name);
	return arguments.command->run(&arguments);
}

static int dispatch(int argc, char **argv)
{
	struct nearest_word nearest;
	char hint[64];

	if (argc < 2) {
		fputs("nfverdict: which command? See nfverdict help\n", stderr);
		return TOOL_ERROR;
	}
	if (strcmp(argv[1], "rules") == 0)
		return rules(argc - 1, argv + 1);
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return print_version();
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return TOOL_OK;
	}
	nearest = (struct nearest_word){ .wanted = argv[1] };
	nearest_word_offer(&nearest, "rules");
	nearest_word_offer(&nearest, "help");
	nearest_word_offer(&nearest, "version");
	fprintf(stderr, "nfverdict: there is no command '%s'%s\n", argv[1],
		nearest.best ? nearest_word_hint(&nearest, hint, sizeof(hint)) : "; see nfverdict help");
	return TOOL_ERROR;
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
