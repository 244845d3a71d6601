/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands about chains do to the ruleset. */
#include "rules/read-apply.h"
#include "rules/read-target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int new_chain(struct reader *reader, const struct read_command *command)
{
	const struct read_word *word = command->chain;
	struct nfv_chain *chain = table_find_chain(reader->table, word->value, word->len);
	int err;

	if (read_is_builtin(reader, word->value, word->len) || (chain && chain->declared))
		return read_fail(reader, -EEXIST, command->chain->raw.at, "chain \"%.*s\" is there already",
				 READ_SHOWN(word));
	err = chain_name_check(word->value, word->len);
	if (err)
		return read_name_check(reader, word->quoted ? (struct read_span){ word->raw.at, word->raw.end }
							    : (struct read_span){ word->raw.at, word->raw.at + word->len });
	if (!chain)
		return read_make_chain(reader, word->value, word->len, true) ? 0 : reader->err;
	if (!read_touch(reader, chain))
		return reader->err;
	chain->declared = true;
	return 0;
}

/* at: where the line says so. */
static int remove_chain(struct reader *reader, const char *at, struct nfv_chain *chain)
{
	size_t references;

	if (chain->count > 0)
		return read_fail(reader, -EBUSY, at, "chain %s is not empty: %zu rules", chain->name, chain->count);
	if (read_target_count(reader, chain, &references))
		return reader->err;
	if (references > 0)
		return read_fail(reader, -EBUSY, at, "chain %s is in use: %zu rules lead to it", chain->name, references);
	if (reader->chain == chain)
		reader->chain = NULL;
	return read_undo_remove_chain(&reader->undo, chain) ? read_fail_memory(reader) : 0;
}

static int delete_chains(struct reader *reader, const struct read_command *command)
{
	struct nfv_chain *chain;
	int err = 0;

	if (command->chain) {
		chain = read_existing_chain(reader, command);
		if (!chain)
			return reader->err;
		if (chain->builtin)
			return read_fail(reader, -EINVAL, command->chain->raw.at, "chain %s is built in", chain->name);
		return remove_chain(reader, command->chain->raw.at, chain);
	}
	for (size_t i = reader->table->count; i > 0 && !err; i--) {
		chain = reader->table->chains[i - 1];
		if (!chain->builtin)
			err = remove_chain(reader, command->word->raw.at, chain);
	}
	return err;
}

static int rename_chain(struct reader *reader, const struct read_command *command)
{
	const struct read_word *name = command->name;
	struct nfv_chain *chain = read_existing_chain(reader, command);
	int err;

	if (!chain)
		return reader->err;
	if (chain->builtin)
		return read_fail(reader, -EINVAL, command->chain->raw.at, "chain %s is built in", chain->name);
	if (table_find_chain(reader->table, name->value, name->len) || read_is_builtin(reader, name->value, name->len))
		return read_fail(reader, -EEXIST, name->raw.at, "chain \"%.*s\" is there already", READ_SHOWN(name));
	if (chain_name_check(name->value, name->len))
		return read_name_check(reader, (struct read_span){ name->raw.at, name->raw.at + name->len });
	err = read_target_rename(reader, chain, name->value);
	if (!err) {
		char *copy = strdup(name->value);

		if (!copy)
			return read_fail_memory(reader);
		chain_set_name(chain, copy);
	}
	return err;
}

static int set_policy(struct reader *reader, const struct read_command *command)
{
	const struct read_word *policy = command->name;
	struct nfv_chain *chain = read_existing_chain(reader, command);

	if (!chain)
		return reader->err;
	if (!chain->builtin)
		return read_fail(reader, -EINVAL, command->chain->raw.at, "chain %s is not built in: it has no policy",
				 chain->name);
	if (strcmp(policy->value, "ACCEPT") != 0 && strcmp(policy->value, "DROP") != 0)
		return read_fail(reader, -EINVAL, policy->raw.at, "\"%.*s\" is no policy: ACCEPT and DROP are",
				 READ_SHOWN(policy));
	chain->declared = true;
	if (command->counted) {
		chain->packets = command->packets;
		chain->bytes = command->bytes;
	}
	return read_set_policy(reader, chain, policy->value, policy->len);
}

/* ---- commands about one chain or all ---- */

static int flush(struct reader *reader, const struct read_command *command, struct nfv_chain *chain)
{
	(void)command;
	return read_undo_clear(&reader->undo, chain) ? read_fail_memory(reader) : 0;
}

static int zero(struct reader *reader, const struct read_command *command, struct nfv_chain *chain)
{
	size_t begin = command->number ? command->number - 1 : 0, end = command->number ? command->number : chain->count;

	if (end > chain->count)
		return read_fail(reader, -EINVAL, command->number_word->raw.at, "chain %s has %zu rules, not %lu",
				 chain->name, chain->count, command->number);
	for (size_t i = begin; i < end; i++)
		chain->rules[i]->packets = chain->rules[i]->bytes = 0;
	if (!command->number)
		chain->packets = chain->bytes = 0;
	return 0;
}

static int each_chain(struct reader *reader, const struct read_command *command,
		      int (*change)(struct reader *, const struct read_command *, struct nfv_chain *))
{
	struct nfv_table *table = reader->table;
	int err = 0;

	if (command->chain) {
		struct nfv_chain *chain = read_existing_chain(reader, command);

		return chain ? change(reader, command, chain) : reader->err;
	}
	for (size_t i = 0; i < table->count && !err; i++)
		err = read_touch(reader, table->chains[i]) ? change(reader, command, table->chains[i]) : reader->err;
	return err;
}

int read_command_chain(struct reader *reader, const struct read_command *command)
{
	switch (command->letter) {
	case 'N':
		return new_chain(reader, command);
	case 'X':
		return delete_chains(reader, command);
	case 'E':
		return rename_chain(reader, command);
	case 'P':
		return set_policy(reader, command);
	case 'F':
		return each_chain(reader, command, flush);
	case 'Z':
		return each_chain(reader, command, zero);
	}
	return 0;
}
