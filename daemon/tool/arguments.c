/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/arguments.h"

#include "daemon/tool/nearest-word.h"
#include "daemon/tool/options.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int __attribute__((format(printf, 2, 3))) wrong(const struct command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "nfverdict: %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
	return TOOL_ERROR;
}

/* The word of words (NULL at the end) that is the value, as its position; -1 after a message. */
static int choose(const struct command *command, const char *option, const char *value, const char *const *words)
{
	struct nearest_word nearest = { .wanted = value };
	char list[128] = "", hint[64];
	size_t used = 0;

	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], value) == 0)
			return i;
		nearest_word_offer(&nearest, words[i]);
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", words[i]);
	}
	nearest_word_hint(&nearest, hint, sizeof(hint));
	wrong(command, "%s: '%s' is none of %s%s", option, value, list, hint);
	return -1;
}

static int take_seconds(const struct command *command, const char *option, const char *value, unsigned *seconds)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0')
		return wrong(command, "%s: '%s' is not a number of seconds", option, value);
	if (errno || number < 1 || number > 86400)
		return wrong(command, "%s: %s: range: 1 to 86400 seconds", option, value);
	*seconds = (unsigned)number;
	return TOOL_OK;
}

/* Names or numbers with commas between them. */
static int take_users(struct arguments *arguments, const char *option, const char *value)
{
	while (*value) {
		size_t len = strcspn(value, ",");
		char name[64], *end;
		const struct passwd *user;
		unsigned long number;

		if (len == 0 || len >= sizeof(name))
			return wrong(arguments->command, "%s: '%s': not a list of users", option, value);
		if (arguments->user_count == ARGUMENTS_USERS)
			return wrong(arguments->command, "%s: more than %d users", option, ARGUMENTS_USERS);
		memcpy(name, value, len);
		name[len] = '\0';
		user = getpwnam(name);
		errno = 0;
		number = strtoul(name, &end, 10);
		if (user)
			number = user->pw_uid;
		else if (name[0] < '0' || name[0] > '9' || *end || errno || number >= UINT32_MAX)
			return wrong(arguments->command, "%s: there is no user '%s'", option, name);
		arguments->users[arguments->user_count++] = (uint32_t)number;
		value += len + (value[len] == ',');
	}
	return TOOL_OK;
}

static int take_value(struct arguments *arguments, const struct option_row *row, const char *option, const char *value)
{
	static const char *const families[] = { "auto", "ipv4", "ipv6", "both", NULL };
	static const char *const colors[] = { "auto", "always", "never", NULL };
	static const char *const backends[] = { "auto", "nft", "legacy", NULL };
	const char **const texts[] = {
		[OPTION_TABLE] = &arguments->table,   [OPTION_OWNER] = &arguments->owner,
		[OPTION_CHAIN] = &arguments->chain,   [OPTION_SERVER] = &arguments->server,
		[OPTION_SOCKET] = &arguments->socket, [OPTION_TOOLS] = &arguments->tools,
		[OPTION_STATE] = &arguments->state,
	};
	int found = 0;

	if (value && value[0] == '\0')
		return wrong(arguments->command, "%s: the value is empty", option);
	switch (row->kind) {
	case OPTION_FLAG:
		break;
	case OPTION_IPV4:
		arguments->family = ARGUMENTS_IPV4;
		break;
	case OPTION_IPV6:
		arguments->family = ARGUMENTS_IPV6;
		break;
	case OPTION_FAMILY:
		found = choose(arguments->command, option, value, families);
		arguments->family = (enum arguments_family)found;
		break;
	case OPTION_COLOR:
		found = choose(arguments->command, option, value, colors);
		arguments->color = (enum arguments_color)found;
		break;
	case OPTION_BACKEND:
		found = choose(arguments->command, option, value, backends);
		arguments->backend = (enum nfv_backend)found;
		break;
	case OPTION_CONFIRM:
		return take_seconds(arguments->command, option, value, &arguments->confirm_s);
	case OPTION_IDLE_EXIT:
		return take_seconds(arguments->command, option, value, &arguments->idle_exit_s);
	case OPTION_USERS:
		return take_users(arguments, option, value);
	case OPTION_VERBOSE:
		arguments->verbose = true;
		break;
	case OPTION_TABLE:
	case OPTION_OWNER:
	case OPTION_CHAIN:
	case OPTION_SERVER:
	case OPTION_SOCKET:
	case OPTION_TOOLS:
	case OPTION_STATE:
		*texts[row->kind] = value;
		break;
	}
	return found < 0 ? TOOL_ERROR : TOOL_OK;
}

static int unknown(const struct command *command, const char *name, size_t len)
{
	char typed[48];
	struct nearest_word nearest = { .wanted = typed + 2 };

	snprintf(typed, sizeof(typed), "%.*s", (int)(len < sizeof(typed) ? len : sizeof(typed) - 1), name);
	for (const struct option_row *row = options_rows; row->name; row++) {
		if (command->takes & row->bit)
			nearest_word_offer(&nearest, row->name);
	}
	if (!nearest.best)
		return wrong(command, "there is no option %s; see nfverdict %shelp %s", typed, arguments_prefix(command),
			     command->name);
	return wrong(command, "there is no option %s; did you mean --%s?", typed, nearest.best);
}

static int not_taken(const struct command *command, const char *option)
{
	return wrong(command, "%s means nothing here; see nfverdict %shelp %s", option, arguments_prefix(command),
		     command->name);
}

/* argv[*at] begins with two dashes. */
static int take_long(struct arguments *arguments, int argc, char **argv, int *at)
{
	char *word = argv[*at], *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	char option[32];
	const struct option_row *row;
	const char *value = equals ? equals + 1 : NULL;

	for (row = options_rows; row->name; row++) {
		if (strlen(row->name) == len - 2 && memcmp(row->name, word + 2, len - 2) == 0)
			break;
	}
	if (!row->name)
		return unknown(arguments->command, word, len);
	snprintf(option, sizeof(option), "--%s", row->name);
	if (!(arguments->command->takes & row->bit))
		return not_taken(arguments->command, option);
	if (!row->value && value)
		return wrong(arguments->command, "%s takes no value", option);
	if (row->value && !value) {
		if (*at + 1 >= argc)
			return wrong(arguments->command, "%s needs a value: %s", option, row->value);
		value = argv[++*at];
	}
	arguments->given |= row->bit;
	return take_value(arguments, row, option, value);
}

/* argv[*at] is one dash and letters. */
static int take_short(struct arguments *arguments, int argc, char **argv, int *at)
{
	for (const char *letter = argv[*at] + 1; *letter; letter++) {
		const char option[3] = { '-', *letter, '\0' };
		const struct option_row *row = options_rows;
		const char *value = NULL;
		int result;

		while (row->name && row->letter != *letter)
			row++;
		if (!row->name)
			return wrong(arguments->command, "there is no option %s; see nfverdict %shelp %s", option,
				     arguments_prefix(arguments->command), arguments->command->name);
		if (!(arguments->command->takes & row->bit))
			return not_taken(arguments->command, option);
		if (row->value) {
			value = letter[1] ? letter + 1 : NULL;
			if (!value && *at + 1 >= argc)
				return wrong(arguments->command, "%s needs a value: %s", option, row->value);
			if (!value)
				value = argv[++*at];
		}
		arguments->given |= row->bit;
		result = take_value(arguments, row, option, value);
		if (result != TOOL_OK || row->value)
			return result;
	}
	return TOOL_OK;
}

static int check_words(const struct arguments *arguments)
{
	const struct command *command = arguments->command;

	if (arguments->given & ARG_HELP)
		return TOOL_OK;
	if (arguments->word_count < command->words_min)
		return wrong(command, "too few words: nfverdict %s%s %s", arguments_prefix(command), command->name,
			     command->usage);
	if (arguments->word_count > command->words_max)
		return wrong(command, "what is '%s' for? nfverdict %s%s%s%s", arguments->words[command->words_max],
			     arguments_prefix(command), command->name, command->usage[0] ? " " : "", command->usage);
	return TOOL_OK;
}

int arguments_parse(struct arguments *arguments, int argc, char **argv)
{
	const struct command *command = arguments->command;
	size_t words = 1;
	int at;

	*arguments = (struct arguments){ .command = command, .words = argv + 1 };
	for (at = 1; at < argc; at++) {
		int result = TOOL_OK;

		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (argv[at][0] != '-' || argv[at][1] == '\0') {
			if (command->words_end_options)
				break;
			argv[words++] = argv[at];
			continue;
		}
		result = argv[at][1] == '-' ? take_long(arguments, argc, argv, &at) : take_short(arguments, argc, argv, &at);
		if (result != TOOL_OK)
			return result;
	}
	while (at < argc)
		argv[words++] = argv[at++];
	arguments->word_count = words - 1;
	return check_words(arguments);
}

const struct command *arguments_find_daemon(const char *name)
{
	for (const struct command *command = daemon_commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

const struct command *arguments_find(const char *name)
{
	struct nearest_word nearest = { .wanted = name };
	char hint[64];

	for (const struct command *command = arguments_commands; command->name; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
		nearest_word_offer(&nearest, command->name);
	}
	fprintf(stderr, "nfverdict: rules has no command '%s'%s\n", name,
		nearest.best ? nearest_word_hint(&nearest, hint, sizeof(hint)) : "; see nfverdict rules help");
	return NULL;
}
