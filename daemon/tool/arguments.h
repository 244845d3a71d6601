/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of nfverdict: which commands there are, which options each takes, and what was given. */
#ifndef TOOL_ARGUMENTS_H
#define TOOL_ARGUMENTS_H

#include <nfverdict/rules.h>

#include <stdint.h>

/*
 * Exit codes, the same for every command of `nfverdict rules`; nfverdict-rules(8) has them. Commands that ask the daemon have
 * the first three and enum control_exit.
 */
enum tool_exit {
	TOOL_OK = 0, /* done; equal; nothing found */
	TOOL_NO = 1, /* different; something found */
	TOOL_ERROR = 2, /* wrong usage, or something cannot be read */
	TOOL_REFUSED = 3, /* the change was refused: nothing was changed */
	TOOL_CONFLICT = 4, /* others kept changing the same chains, or held the lock: nothing was changed, try again */
	TOOL_ABSENT = 5, /* what was named is not there: a rule, a chain, a change that waits */
};

enum arguments_family { ARGUMENTS_AUTO, ARGUMENTS_IPV4, ARGUMENTS_IPV6, ARGUMENTS_BOTH };
enum arguments_color { ARGUMENTS_COLOR_AUTO, ARGUMENTS_COLOR_ALWAYS, ARGUMENTS_COLOR_NEVER };

/* One bit for each option: which of them a command takes. */
enum arguments_bit {
	ARG_FAMILY = 1 << 0,
	ARG_TABLE = 1 << 1,
	ARG_JSON = 1 << 2,
	ARG_DRY_RUN = 1 << 3,
	ARG_COUNTERS = 1 << 4,
	ARG_EXACT = 1 << 5,
	ARG_OWNER = 1 << 6,
	ARG_CHAIN = 1 << 7,
	ARG_CONFIRM = 1 << 8,
	ARG_COLOR = 1 << 9,
	ARG_COMMANDS = 1 << 10,
	ARG_TEXT = 1 << 11,
	ARG_ANNOTATED = 1 << 12,
	ARG_HUMAN = 1 << 13,
	ARG_LIVE = 1 << 14,
	ARG_PRINT = 1 << 15,
	ARG_FIRST = 1 << 16,
	ARG_TEST = 1 << 17,
	ARG_SOCKET = 1 << 18,
	ARG_IDLE_EXIT = 1 << 19,
	ARG_USERS = 1 << 20,
	ARG_KERNEL = 1 << 21, /* --backend, --tools, --state, --verbose: how the kernel is reached */
	ARG_SERVER = 1 << 22,
	ARG_HELP = 1 << 23,
	ARG_NAMED = 1 << 24,
	ARG_ALL = 1 << 25,
};

#define ARGUMENTS_USERS 32

struct command;

struct arguments {
	const struct command *command;
	enum arguments_family family;
	enum arguments_color color;
	enum nfv_backend backend;
	unsigned given; /* bits of the options that were given */
	unsigned confirm_s, idle_exit_s;
	const char *table, *owner, *chain, *server, *socket, *tools, *state;
	uint32_t users[ARGUMENTS_USERS];
	size_t user_count;
	bool verbose;
	char **words; /* what is no option: files, a chain and a rule */
	size_t word_count;
};

struct command {
	const char *name;
	const char *usage; /* behind the name */
	const char *summary; /* one line for the list */
	const char *help; /* the rest of its help */
	bool of_daemon; /* nfverdict NAME, which asks the daemon; else nfverdict rules NAME */
	unsigned takes; /* options */
	size_t words_min, words_max;
	bool words_end_options; /* from the first word on, everything belongs to the words: a rule */
	int (*run)(const struct arguments *arguments); /* returns enum tool_exit */
};

/* NULL name ends. Of `nfverdict rules`, and of nfverdict itself. */
extern const struct command arguments_commands[];
extern const struct command daemon_commands[];

/* What stands between nfverdict and the command's name. */
static inline const char *arguments_prefix(const struct command *command)
{
	return command->of_daemon ? "" : "rules ";
}

/*
 * argv[0] is the command's name. TOOL_OK, or TOOL_ERROR after one line on stderr that names the word that is wrong. Words
 * and values point into argv, whose order is changed: options first.
 */
int arguments_parse(struct arguments *arguments, int argc, char **argv);

/* NULL: the list of commands. */
void arguments_print_help(const struct command *command, FILE *out);

/* The command of `nfverdict rules` of that name, or NULL after a line on stderr. */
const struct command *arguments_find(const char *name);

/* The command of nfverdict that asks the daemon, or NULL. */
const struct command *arguments_find_daemon(const char *name);

#endif
