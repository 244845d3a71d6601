/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands about rules do to the ruleset, and the steps that other lines share. */
#include "rules/read-apply.h"

#include "rules/read-check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- chains ---- */

bool read_is_builtin(const struct reader *reader, const char *name, size_t len)
{
	const char *const *names = table_builtin_chains(reader->table->name, reader->rules->family);

	for (; names && *names; names++)
		if (strlen(*names) == len && !memcmp(*names, name, len))
			return true;
	return false;
}

int read_name_check(struct reader *reader, struct read_span name)
{
	size_t len = read_span_len(name);
	int err = chain_name_check(name.at, len);

	if (err == -ENAMETOOLONG)
		return read_fail(reader, -EINVAL, name.at, "a chain's name has at most %d bytes, this one has %zu",
				 NFV_RULES_CHAIN_NAME_MAX, len);
	return err ? read_fail(reader, err, name.at, "not a name for a chain") : 0;
}

struct nfv_chain *read_make_chain(struct reader *reader, const char *name, size_t len, bool declared)
{
	struct nfv_chain *chain = read_undo_add_chain(&reader->undo, reader->table, name, len);

	if (!chain) {
		read_fail_memory(reader);
		return NULL;
	}
	chain->declared = declared;
	chain->builtin = read_is_builtin(reader, name, len);
	if (chain->builtin) {
		chain->policy = strdup("ACCEPT");
		if (!chain->policy) {
			read_fail_memory(reader);
			return NULL;
		}
	}
	return chain;
}

int read_set_policy(struct reader *reader, struct nfv_chain *chain, const char *policy, size_t len)
{
	char *copy = strndup(policy, len);

	if (!copy)
		return read_fail_memory(reader);
	free(chain->policy);
	chain->policy = copy;
	return 0;
}

struct nfv_chain *read_touch(struct reader *reader, struct nfv_chain *chain)
{
	if (chain && read_undo_touch(&reader->undo, chain)) {
		read_fail_memory(reader);
		return NULL;
	}
	return chain;
}

struct nfv_chain *read_chain_of_rule(struct reader *reader, const char *name, size_t len, const char *at)
{
	struct nfv_chain *chain = table_find_chain(reader->table, name, len);

	if (chain)
		return read_touch(reader, chain);
	if (!reader->live && !read_is_builtin(reader, name, len)) {
		if (reader->flags & NFV_READ_DECLARED) {
			read_fail(reader, -ENOENT, at, "chain \"%.*s\" is not declared", (int)(len < 64 ? len : 64), name);
			return NULL;
		}
		if (chain_name_check(name, len)) {
			read_name_check(reader, (struct read_span){ at, at + len });
			return NULL;
		}
	}
	return read_make_chain(reader, name, len, false);
}

/* A built-in chain is always there. */
struct nfv_chain *read_existing_chain(struct reader *reader, const struct read_command *command)
{
	const struct read_word *word = command->chain;
	struct nfv_chain *chain = table_find_chain(reader->table, word->value, word->len);

	if (!chain && read_is_builtin(reader, word->value, word->len))
		return read_make_chain(reader, word->value, word->len, false);
	if (!chain)
		read_fail(reader, -ENOENT, command->chain->raw.at, "no chain \"%.*s\" in table %s", READ_SHOWN(word),
			  reader->table->name);
	return read_touch(reader, chain);
}

/* ---- rules ---- */

struct nfv_rule *read_make_rule(struct reader *reader, struct spec *spec, uint64_t packets, uint64_t bytes)
{
	struct nfv_rule *rule = spec ? calloc(1, sizeof(*rule)) : NULL;

	if (!rule) {
		spec_unref(spec);
		read_fail_memory(reader);
		return NULL;
	}
	rule->spec = spec;
	rule->packets = packets;
	rule->bytes = bytes;
	if (reader->file) {
		rule->file = spec_ref(reader->file);
		rule->line = reader->line_number;
	}
	return rule;
}

static int put(struct reader *reader, const struct read_command *command, struct nfv_chain *chain, size_t position,
	       struct spec *spec)
{
	struct nfv_rule *rule = read_make_rule(reader, spec_ref(spec), command->packets, command->bytes);

	if (!rule)
		return -ENOMEM;
	if (chain_put(chain, position, rule)) {
		nfv_rule_free(rule);
		return read_fail_memory(reader);
	}
	read_lookup_came(&reader->undo.lookup, rule);
	return 0;
}

/* -A, -I: of several rules, each goes where the first goes, so -I turns their order. */
static int put_all(struct reader *reader, const struct read_command *command, const struct read_rules *rules)
{
	struct nfv_chain *chain;
	int err = 0;

	chain = read_chain_of_rule(reader, command->chain->value, command->chain->len, command->chain->raw.at);
	if (!chain)
		return reader->err;
	if (command->number > chain->count + 1)
		return read_fail(reader, -EINVAL, command->number_word->raw.at,
				 "chain %s has %zu rules: none can be put in at %lu", chain->name, chain->count,
				 command->number);
	for (size_t i = 0; i < rules->count && !err; i++) {
		size_t first = command->number ? command->number - 1 : 0;

		err = put(reader, command, chain, command->letter == 'A' ? chain->count : first, rules->specs[i]);
	}
	return err;
}

static int find_or_fail(struct reader *reader, const struct read_command *command, struct nfv_chain *chain,
			struct spec *spec, size_t *position)
{
	long found = read_lookup_rule(&reader->undo.lookup, reader->rules, chain, spec);

	if (found < 0)
		return read_fail(reader, -ENOENT, command->rule_at ? command->rule_at : reader->line.end,
				 "chain %s has no such rule", chain->name);
	*position = (size_t)found;
	return 0;
}

static int delete_number(struct reader *reader, const struct read_command *command, struct nfv_chain *chain)
{
	if (command->number > chain->count)
		return read_fail(reader, -EINVAL, command->number_word->raw.at, "chain %s has %zu rules, not %lu",
				 chain->name, chain->count, command->number);
	return read_undo_remove_rule(&reader->undo, chain, command->number - 1) ? read_fail_memory(reader) : 0;
}

static int delete_all(struct reader *reader, const struct read_command *command, const struct read_rules *rules)
{
	struct nfv_chain *chain = read_existing_chain(reader, command);
	int err = 0;

	if (!chain)
		return reader->err;
	if (command->number)
		return delete_number(reader, command, chain);
	for (size_t i = 0; i < rules->count && !err; i++) {
		size_t position = 0;

		err = find_or_fail(reader, command, chain, rules->specs[i], &position);
		if (!err && read_undo_remove_rule(&reader->undo, chain, position))
			err = read_fail_memory(reader);
	}
	return err;
}

static int check_all(struct reader *reader, const struct read_command *command, const struct read_rules *rules)
{
	struct nfv_chain *chain = read_existing_chain(reader, command);
	size_t position;
	int err = chain ? 0 : reader->err;

	for (size_t i = 0; i < rules->count && !err; i++)
		err = find_or_fail(reader, command, chain, rules->specs[i], &position);
	return err;
}

static int replace(struct reader *reader, const struct read_command *command, const struct read_rules *rules)
{
	struct nfv_chain *chain = read_existing_chain(reader, command);
	int err;

	if (!chain)
		return reader->err;
	if (rules->count != 1)
		return read_fail(reader, -EINVAL, command->rule_at,
				 "one rule cannot be replaced by several: a list of addresses");
	err = delete_number(reader, command, chain);
	return err ? err : put(reader, command, chain, command->number - 1, rules->specs[0]);
}

static int apply_rules(struct reader *reader, struct read_command command_of_rule)
{
	struct read_command *command = &command_of_rule; /* the rule may say more of it */
	struct read_rules rules = { 0 };
	int err = 0;

	if (command->letter != 'D' || !command->number)
		err = read_check_rule(reader, command, &rules);
	if (!err && !command->other_family) {
		switch (command->letter) {
		case 'A':
		case 'I':
			err = put_all(reader, command, &rules);
			break;
		case 'D':
			err = delete_all(reader, command, &rules);
			break;
		case 'C':
			err = check_all(reader, command, &rules);
			break;
		case 'R':
			err = replace(reader, command, &rules);
			break;
		}
	}
	read_rules_free(&rules);
	return err;
}

int read_command_apply(struct reader *reader, const struct read_command *command)
{
	switch (command->letter) {
	case 'A':
	case 'I':
	case 'D':
	case 'R':
	case 'C':
		return apply_rules(reader, *command);
	case 'N':
	case 'X':
	case 'E':
	case 'P':
	case 'F':
	case 'Z':
		return read_command_chain(reader, command);
	}
	return 0; /* -L and -S only show */
}
