/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

const char *nfv_rules_version(void)
{
	return TEXT(NFV_RULES_VERSION_MAJOR) "." TEXT(NFV_RULES_VERSION_MINOR) ".0";
}

struct nfv_rules *nfv_rules_new(enum nfv_family family)
{
	struct nfv_rules *rules;

	if (family != NFV_FAMILY_IPV4 && family != NFV_FAMILY_IPV6) {
		errno = EINVAL;
		return NULL;
	}
	rules = calloc(1, sizeof(*rules));
	if (rules)
		rules->family = family;
	return rules;
}

void nfv_rules_free(struct nfv_rules *rules)
{
	if (!rules)
		return;
	rules_clear(rules);
	free(rules->tables);
	free(rules->live_table);
	free(rules);
}

enum nfv_family nfv_rules_family(const struct nfv_rules *rules)
{
	return rules->family;
}

size_t nfv_rules_table_count(const struct nfv_rules *rules)
{
	return rules->count;
}

struct nfv_table *nfv_rules_table_at(const struct nfv_rules *rules, size_t position)
{
	if (position < rules->count)
		return rules->tables[position];
	errno = ENOENT;
	return NULL;
}

struct nfv_table *nfv_rules_table(const struct nfv_rules *rules, const char *name)
{
	struct nfv_table *table = rules_find_table(rules, name, strlen(name));

	if (!table)
		errno = ENOENT;
	return table;
}

/* ---- making tables ---- */

static struct nfv_chain *add_builtin(struct nfv_table *table, const char *name)
{
	char *policy = strdup("ACCEPT");
	struct nfv_chain *chain = policy ? chain_new(table, name, strlen(name)) : NULL;

	if (!chain) {
		free(policy);
		return NULL;
	}
	chain->policy = policy;
	chain->builtin = true;
	chain->declared = true;
	return chain;
}

/*
 * Built-in chains are not marked as created, also in a ruleset that came from the kernel: it has them, empty, as soon as
 * somebody looks into the table.
 */
struct nfv_table *nfv_rules_add_table(struct nfv_rules *rules, const char *name)
{
	struct nfv_table *table = rules_find_table(rules, name, strlen(name));
	const char *const *chains;

	if (table)
		return table;
	chains = table_builtin_chains(name, rules->family);
	if (!chains) {
		errno = EINVAL;
		return NULL;
	}
	table = table_new(rules, name, strlen(name));
	if (!table)
		return NULL;
	for (; *chains; chains++) {
		if (add_builtin(table, *chains))
			continue;
		rules->count--;
		table_free(table);
		errno = ENOMEM;
		return NULL;
	}
	table->created = rules->live != NULL;
	return table;
}

int nfv_rules_add_default_tables(struct nfv_rules *rules)
{
	static const char *const names[] = { "filter", "nat", "mangle", "raw", "security" };

	size_t before = rules->count;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (nfv_rules_add_table(rules, names[i]))
			continue;
		while (rules->count > before)
			table_free(rules->tables[--rules->count]);
		return -ENOMEM;
	}
	return 0;
}

/* ---- copying ---- */

static int copy_text(char **to, const char *from)
{
	if (!from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int copy_rules(struct nfv_chain *to, const struct nfv_chain *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct nfv_rule *rule = nfv_rule_copy(from->rules[i]);

		if (!rule)
			return -ENOMEM;
		if (chain_put(to, to->count, rule)) {
			nfv_rule_free(rule);
			return -ENOMEM;
		}
		rule->key = from->rules[i]->key;
	}
	return 0;
}

static int copy_chain(struct nfv_table *table, const struct nfv_chain *from)
{
	struct nfv_chain *to = chain_new(table, from->name, strlen(from->name));

	if (!to)
		return -ENOMEM;
	to->packets = from->packets;
	to->bytes = from->bytes;
	to->builtin = from->builtin;
	to->declared = from->declared;
	if (copy_text(&to->policy, from->policy) || copy_text(&to->note, from->note))
		return -ENOMEM;
	return copy_rules(to, from);
}

static int copy_table(struct nfv_rules *rules, const struct nfv_table *from)
{
	struct nfv_table *to = table_new(rules, from->name, strlen(from->name));
	int err = to ? copy_text(&to->note, from->note) : -ENOMEM;

	for (size_t i = 0; i < from->count && !err; i++)
		err = copy_chain(to, from->chains[i]);
	return err;
}

struct nfv_rules *nfv_rules_copy(const struct nfv_rules *rules)
{
	struct nfv_rules *copy = nfv_rules_new(rules->family);

	if (!copy)
		return NULL;
	for (size_t i = 0; i < rules->count; i++) {
		if (copy_table(copy, rules->tables[i])) {
			nfv_rules_free(copy);
			errno = ENOMEM;
			return NULL;
		}
	}
	return copy;
}
