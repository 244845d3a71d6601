/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that are commands for a shell: `iptables -t nat -A …`. */
#include "rules/read-command.h"
#include "rules/read-line.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum nfv_family family;
} programs[] = {
	{ "iptables", NFV_FAMILY_IPV4 },  { "iptables-legacy", NFV_FAMILY_IPV4 },  { "iptables-nft", NFV_FAMILY_IPV4 },
	{ "ip6tables", NFV_FAMILY_IPV6 }, { "ip6tables-legacy", NFV_FAMILY_IPV6 }, { "ip6tables-nft", NFV_FAMILY_IPV6 },
};

static bool find_program(const char *path, size_t len, enum nfv_family *family)
{
	for (size_t i = len; i > 0; i--) {
		if (path[i - 1] == '/') {
			path += i;
			len -= i;
			break;
		}
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strlen(programs[i].name) == len && !memcmp(programs[i].name, path, len)) {
			*family = programs[i].family;
			return true;
		}
	}
	return false;
}

bool read_is_shell(struct read_span line)
{
	const char *end = line.at;
	enum nfv_family family;

	while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
		line.at++;
	if (line.at == line.end || (*line.at != 'i' && *line.at != '/'))
		return false;
	for (end = line.at; end < line.end && *end != ' ' && *end != '\t' && *end != '\\';)
		end++;
	return find_program(line.at, (size_t)(end - line.at), &family);
}

static int enter(struct reader *reader, const struct read_command *command)
{
	const char *name = command->table ? command->table->value : reader->default_table ? reader->default_table : "filter";

	if (reader->open)
		return read_fail(reader, -EINVAL, reader->line.at, "a command of a shell before the COMMIT of table %s",
				 reader->table->name);
	if (!table_builtin_chains(name, reader->rules->family))
		return read_fail(reader, -EINVAL, command->table ? command->table->raw.at : reader->line.at,
				 "no table \"%.64s\"", name);
	return read_enter_table(reader, name, strlen(name));
}

static int run(struct reader *reader, const struct read_words *words, size_t first)
{
	struct read_command command = { 0 };
	int err = read_command_parse(reader, &command, words, first, true);

	if (!err && !command.other_family)
		err = enter(reader, &command);
	if (!err && !command.other_family)
		err = read_command_apply(reader, &command);
	read_command_free(&command);
	/* The next line says its table itself. */
	reader->table = reader->open ? reader->table : NULL;
	return err;
}

int read_shell_line(struct reader *reader)
{
	enum nfv_family family = reader->rules->family;
	struct read_words words;
	bool program;
	int err = read_words_shell(reader, &words, reader->line);

	if (err || !words.count) {
		read_words_free(&words);
		return err;
	}
	program = find_program(words.items[0].value, words.items[0].len, &family);
	if (!program && *words.items[0].value != '-' && *words.items[0].value != '!')
		err = read_fail(reader, -EINVAL, words.items[0].raw.at, "not a command of iptables");
	else if (family == reader->rules->family)
		err = run(reader, &words, program ? 1 : 0);
	read_words_free(&words);
	return err;
}
