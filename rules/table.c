/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/table.h"

#include "rules/base.h"
#include "rules/extension.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *nfv_table_name(const struct nfv_table *table)
{
	return table->name;
}

struct nfv_rules *nfv_table_rules(const struct nfv_table *table)
{
	return table->rules;
}

size_t nfv_table_chain_count(const struct nfv_table *table)
{
	return table->count;
}

struct nfv_chain *nfv_table_chain_at(const struct nfv_table *table, size_t position)
{
	if (position < table->count)
		return table->chains[position];
	errno = ENOENT;
	return NULL;
}

struct nfv_chain *nfv_table_chain(const struct nfv_table *table, const char *name)
{
	struct nfv_chain *chain = table_find_chain(table, name, strlen(name));

	if (!chain)
		errno = ENOENT;
	return chain;
}

const char *nfv_table_note(const struct nfv_table *table)
{
	return table->note;
}

int nfv_table_set_note(struct nfv_table *table, const char *note)
{
	char *copy = note ? strdup(note) : NULL;

	if (note && !copy)
		return -ENOMEM;
	free(table->note);
	table->note = copy;
	return 0;
}

/* ---- adding ---- */

static bool is_builtin_name(const struct nfv_table *table, const char *name)
{
	const char *const *chains = table_builtin_chains(table->name, table->rules->family);

	for (; chains && *chains; chains++)
		if (!strcmp(*chains, name))
			return true;
	return false;
}

int table_check_name(const struct nfv_table *table, const char *name)
{
	int err = chain_name_check(name, strlen(name));

	if (err)
		return err;
	return is_builtin_name(table, name) || extension_find(name, true, table->rules->family) ? -EINVAL : 0;
}

/* What the kernel has under that name, if a chain of that name was removed before. */
static struct base *take_removed(struct nfv_table *table, const char *name)
{
	for (size_t i = 0; i < table->removed_count; i++) {
		struct base *base = table->removed[i];

		if (strcmp(base->name, name) != 0)
			continue;
		table->removed[i] = table->removed[--table->removed_count];
		return base;
	}
	return NULL;
}

static struct nfv_chain *add_chain(struct nfv_table *table, const char *name, bool builtin)
{
	char *policy = builtin ? strdup("ACCEPT") : NULL;
	struct nfv_chain *chain = builtin && !policy ? NULL : chain_new(table, name, strlen(name));
	int err;

	if (!chain) {
		free(policy);
		errno = ENOMEM;
		return NULL;
	}
	chain->policy = policy;
	chain->builtin = builtin;
	chain->declared = true;
	chain->base = take_removed(table, name);
	chain->created = table->rules->live && !chain->base && !builtin;
	/* Refused by the kernel: then the chain is gone already. */
	err = rules_changed_now(table->rules);
	if (!err)
		return chain;
	errno = -err;
	return NULL;
}

struct nfv_chain *nfv_table_add_chain(struct nfv_table *table, const char *name)
{
	int err = table_find_chain(table, name, strlen(name)) ? -EEXIST : table_check_name(table, name);

	if (err) {
		errno = -err;
		return NULL;
	}
	return add_chain(table, name, false);
}

struct nfv_chain *nfv_table_ensure_chain(struct nfv_table *table, const char *name)
{
	struct nfv_chain *chain = table_find_chain(table, name, strlen(name));

	if (chain) {
		chain->declared = true;
		return chain;
	}
	return is_builtin_name(table, name) ? add_chain(table, name, true) : nfv_table_add_chain(table, name);
}

/* ---- removing ---- */

int table_reserve_removed(struct nfv_table *table, size_t count)
{
	while (table->removed_size - table->removed_count < count)
		if (grow((void **)&table->removed, table->removed_size, &table->removed_size, sizeof(struct base *)))
			return -ENOMEM;
	return 0;
}

void table_drop_chain(struct nfv_chain *chain)
{
	struct nfv_table *table = chain->table;

	table_pull_chain(table, chain);
	if (chain->base) {
		table->removed[table->removed_count++] = chain->base;
		chain->base = NULL;
	}
	chain_free(chain);
}

int nfv_table_flush(struct nfv_table *table)
{
	int err = table_reserve_removed(table, table->count);

	for (size_t i = 0; i < table->count && !err; i++)
		err = chain_touch(table->chains[i]);
	if (err)
		return err;
	for (size_t i = table->count; i > 0; i--) {
		struct nfv_chain *chain = table->chains[i - 1];

		if (chain->builtin)
			chain_clear(chain);
		else
			table_drop_chain(chain);
	}
	return rules_changed_now(table->rules);
}
