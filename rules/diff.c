/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- pairs ---- */

/* What only rules lead to is not what the ruleset speaks of. */
static bool is_named(const struct nfv_chain *chain)
{
	return chain && (chain->declared || chain->count > 0);
}

static void add_pair(struct diff_table *table, const struct nfv_chain *from, const struct nfv_chain *to, unsigned flags)
{
	struct script_chain *chain = &table->chains[table->count];

	*chain = (struct script_chain){ .from_chain = from, .to_chain = to };
	chain->builtin = from ? from->builtin : to->builtin;
	if (flags & NFV_DIFF_NAMED_ONLY && !is_named(to)) {
		/* It stays as it is; the legacy backend wants its counters all the same. */
		if (!from || !chain->builtin)
			return;
		chain->to_chain = from;
	}
	/* Named by its rules alone: the policy is nobody's wish. */
	chain->keep_policy = flags & NFV_DIFF_NAMED_ONLY && to && !to->declared;
	table->count++;
}

static struct nfv_chain *find_twin(const struct nfv_table *table, const struct nfv_chain *chain)
{
	return table ? table_find_chain(table, chain->name, strlen(chain->name)) : NULL;
}

static int pair_table(struct diff_table *table, const struct nfv_table *from, const struct nfv_table *to, unsigned flags)
{
	size_t room = (from ? from->count : 0) + (to ? to->count : 0);

	table->name = to ? to->name : from->name;
	table->chains = calloc(room + 1, sizeof(*table->chains));
	if (!table->chains)
		return -ENOMEM;
	for (size_t i = 0; to && i < to->count; i++)
		add_pair(table, find_twin(from, to->chains[i]), to->chains[i], flags);
	for (size_t i = 0; from && i < from->count; i++)
		if (!find_twin(to, from->chains[i]))
			add_pair(table, from->chains[i], NULL, flags);
	return 0;
}

static struct nfv_table *find_table(const struct nfv_rules *rules, const struct nfv_table *table)
{
	return rules_find_table(rules, table->name, strlen(table->name));
}

int diff_pair(struct diff_tables *tables, const struct nfv_rules *from, const struct nfv_rules *to, unsigned flags)
{
	int err = 0;

	*tables = (struct diff_tables){ .items = calloc(from->count + to->count + 1, sizeof(*tables->items)) };
	if (!tables->items)
		return -ENOMEM;
	for (size_t i = 0; i < to->count && !err; i++)
		err = pair_table(&tables->items[tables->count++], find_table(from, to->tables[i]), to->tables[i], flags);
	for (size_t i = 0; i < from->count && !err && !(flags & NFV_DIFF_NAMED_ONLY); i++)
		if (!find_table(to, from->tables[i]))
			err = pair_table(&tables->items[tables->count++], from->tables[i], NULL, flags);
	if (err)
		diff_free(tables);
	return err;
}

void diff_free(struct diff_tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		free(tables->items[i].chains);
	free(tables->items);
	*tables = (struct diff_tables){ 0 };
}

/* ---- the script ---- */

char *nfv_rules_diff(const struct nfv_rules *from, const struct nfv_rules *to, unsigned flags, size_t *len)
{
	struct script script = { 0 };
	struct diff_tables tables;
	char *text = NULL;
	int err;

	if (from->family != to->family) {
		errno = EINVAL;
		return NULL;
	}
	err = diff_pair(&tables, from, to, flags);
	for (size_t i = 0; !err && i < tables.count; i++)
		err = script_table(&script, tables.items[i].name, to->family, tables.items[i].chains, tables.items[i].count,
				   flags);
	if (!err) {
		text_add(&script.text, "", 0);
		err = script.text.failed ? -ENOMEM : 0;
	}
	if (!err) {
		text = script.text.data;
		if (len)
			*len = script.text.len;
		script.text = (struct text){ 0 };
	}
	script_free(&script);
	diff_free(&tables);
	if (err)
		errno = -err;
	return text;
}
