/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/model.h"

#include "rules/base.h"
#include "rules/live.h"
#include "rules/names.h"
#include "rules/text.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int grow(void **items, size_t count, size_t *size, size_t item_size)
{
	size_t wanted = *size ? *size * 2 : 8;
	void *grown;

	if (count < *size)
		return 0;
	grown = reallocarray(*items, wanted, item_size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*size = wanted;
	return 0;
}

/* ---- changes ---- */

int chain_touch(struct nfv_chain *chain)
{
	if (!chain->table || !chain->table->rules->live || chain->base || chain->created)
		return 0;
	chain->base = base_new(chain);
	return chain->base ? 0 : -ENOMEM;
}

int rule_touch(struct nfv_rule *rule)
{
	int err = rule->chain ? chain_touch(rule->chain) : 0;

	if (!err)
		rule->key = 0;
	return err;
}

int rules_changed_now(struct nfv_rules *rules)
{
	int err;

	if (!rules->live || !rules->autocommit || rules->holding)
		return 0;
	/* A commit looks at the objects only; should it change them, that is no change of the user's. */
	rules->holding++;
	err = live_autocommit(rules);
	rules->holding--;
	return err;
}

void rules_hold(struct nfv_rules *rules)
{
	rules->holding++;
}

int rules_unhold(struct nfv_rules *rules)
{
	rules->holding--;
	return rules_changed_now(rules);
}

/* ---- the layers of a rule ---- */

const struct spec *rule_spec(const struct nfv_rule *rule)
{
	struct nfv_rule *made = (struct nfv_rule *)(uintptr_t)rule;
	struct text text = { 0 };

	if (rule->spec)
		return rule->spec;
	if (rule->view)
		view_print(rule->view, &text);
	if (!text.failed)
		made->spec = spec_new(text.data ? text.data : "", text.len);
	text_free(&text);
	return rule->spec;
}

struct view *rule_view(const struct nfv_rule *rule)
{
	struct nfv_rule *made = (struct nfv_rule *)(uintptr_t)rule;
	const char *text = rule->spec ? rule->spec->bytes : "";

	if (!rule->view)
		view_parse(&made->view, made, text, rule->spec ? rule->spec->len : 0, NULL);
	return rule->view;
}

void rule_view_changed(struct nfv_rule *rule)
{
	spec_unref(rule->spec);
	rule->spec = NULL;
	rule->key = 0;
}

void rule_drop_view(struct nfv_rule *rule)
{
	/* Matches and values that the user holds lie in it. */
	if (!rule->spec || (rule->view && rule->view->lent))
		return;
	view_free(rule->view);
	rule->view = NULL;
}

int rule_set_spec(struct nfv_rule *rule, struct spec *spec)
{
	if (!spec)
		return -ENOMEM;
	view_free(rule->view);
	rule->view = NULL;
	spec_unref(rule->spec);
	rule->spec = spec;
	rule->key = 0;
	return 0;
}

/* ---- building blocks ---- */

struct nfv_table *rules_find_table(const struct nfv_rules *rules, const char *name, size_t len)
{
	for (size_t i = 0; i < rules->count; i++)
		if (strlen(rules->tables[i]->name) == len && !memcmp(rules->tables[i]->name, name, len))
			return rules->tables[i];
	return NULL;
}

struct nfv_table *table_new(struct nfv_rules *rules, const char *name, size_t len)
{
	struct nfv_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->rules = rules;
	table->name = strndup(name, len);
	if (!table->name || grow((void **)&rules->tables, rules->count, &rules->size, sizeof(struct nfv_table *))) {
		free(table->name);
		free(table);
		errno = ENOMEM;
		return NULL;
	}
	rules->tables[rules->count++] = table;
	return table;
}

/* Room for one more chain behind the others. */
static int grow_chains(struct nfv_table *table)
{
	if (table->count < table->size || table->before == 0)
		return grow((void **)&table->chains, table->count, &table->size, sizeof(struct nfv_chain *));
	memmove(table->chains - table->before, table->chains, table->count * sizeof(struct nfv_chain *));
	table->chains -= table->before;
	table->size += table->before;
	table->before = 0;
	return 0;
}

/* Orders begin anew long before their number ends. */
static void number_chains(struct nfv_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		table->chains[i]->order = (uint32_t)i;
	table->next_order = (uint32_t)table->count;
}

int table_add_chain(struct nfv_table *table, struct nfv_chain *chain)
{
	if (grow_chains(table) || names_add(table, chain))
		return -ENOMEM;
	if (table->next_order == UINT32_MAX)
		number_chains(table);
	chain->order = table->next_order++;
	table->chains[table->count++] = chain;
	return 0;
}

struct nfv_chain *chain_new(struct nfv_table *table, const char *name, size_t len)
{
	struct nfv_chain *chain = calloc(1, sizeof(*chain));

	if (!chain)
		return NULL;
	chain->table = table;
	chain->name = strndup(name, len);
	if (!chain->name || table_add_chain(table, chain)) {
		free(chain->name);
		free(chain);
		errno = ENOMEM;
		return NULL;
	}
	return chain;
}

void chain_set_name(struct nfv_chain *chain, char *name)
{
	names_remove(chain->table, chain);
	free(chain->name);
	chain->name = name;
	/* Room is there: one was just removed. */
	names_add(chain->table, chain);
}

size_t table_chain_position(const struct nfv_table *table, const struct nfv_chain *chain)
{
	size_t low = 0, high = table->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (table->chains[middle]->order <= chain->order)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The shorter side moves. */
void table_pull_chain(struct nfv_table *table, struct nfv_chain *chain)
{
	size_t at = table_chain_position(table, chain);

	names_remove(table, chain);
	table->count--;
	if (at >= table->count - at) {
		memmove(&table->chains[at], &table->chains[at + 1], (table->count - at) * sizeof(struct nfv_chain *));
		return;
	}
	memmove(&table->chains[1], &table->chains[0], at * sizeof(struct nfv_chain *));
	table->chains++;
	table->size--;
	table->before++;
}

void table_put_back(struct nfv_table *table, struct nfv_chain *chain, size_t position)
{
	if (table->before > 0 && (position <= table->count / 2 || table->count == table->size)) {
		table->chains--;
		table->size++;
		table->before--;
		memmove(&table->chains[0], &table->chains[1], position * sizeof(struct nfv_chain *));
	} else {
		memmove(&table->chains[position + 1], &table->chains[position],
			(table->count - position) * sizeof(struct nfv_chain *));
	}
	table->chains[position] = chain;
	table->count++;
	/* Its order is that of its place, unless they were numbered anew. */
	if ((position > 0 && table->chains[position - 1]->order >= chain->order) ||
	    (position + 1 < table->count && table->chains[position + 1]->order <= chain->order))
		number_chains(table);
}

void chain_clear(struct nfv_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		chain->rules[i]->chain = NULL;
		nfv_rule_free(chain->rules[i]);
	}
	chain->count = 0;
}

void chain_free(struct nfv_chain *chain)
{
	if (!chain)
		return;
	chain_clear(chain);
	free(chain->rules);
	base_free(chain->base);
	free(chain->note);
	free(chain->policy);
	free(chain->name);
	free(chain);
}

void table_free(struct nfv_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		chain_free(table->chains[i]);
	for (size_t i = 0; i < table->removed_count; i++)
		base_free(table->removed[i]);
	names_free(table);
	free(table->chains ? table->chains - table->before : NULL);
	free(table->removed);
	free(table->note);
	free(table->name);
	free(table);
}

void rules_clear(struct nfv_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		table_free(rules->tables[i]);
	rules->count = 0;
}

int chain_put(struct nfv_chain *chain, size_t position, struct nfv_rule *rule)
{
	if (position > chain->count)
		return -ERANGE;
	if (grow((void **)&chain->rules, chain->count, &chain->size, sizeof(struct nfv_rule *)))
		return -ENOMEM;
	memmove(&chain->rules[position + 1], &chain->rules[position],
		(chain->count - position) * sizeof(struct nfv_rule *));
	chain->rules[position] = rule;
	chain->count++;
	rule->chain = chain;
	rule->hint = (uint32_t)position;
	return 0;
}

void chain_pull(struct nfv_chain *chain, size_t position)
{
	chain->rules[position]->chain = NULL;
	chain->count--;
	memmove(&chain->rules[position], &chain->rules[position + 1],
		(chain->count - position) * sizeof(struct nfv_rule *));
}

/* ---- names ---- */

const char *const *table_builtin_chains(const char *table, enum nfv_family family)
{
	static const char *const filter[] = { "INPUT", "FORWARD", "OUTPUT", NULL };
	static const char *const nat[] = { "PREROUTING", "INPUT", "OUTPUT", "POSTROUTING", NULL };
	static const char *const mangle[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", NULL };
	static const char *const raw[] = { "PREROUTING", "OUTPUT", NULL };
	static const struct {
		const char *name;
		const char *const *chains;
	} tables[] = { { "filter", filter }, { "nat", nat }, { "mangle", mangle }, { "raw", raw }, { "security", filter } };

	(void)family; /* the same for both today */
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (!strcmp(tables[i].name, table))
			return tables[i].chains;
	return NULL;
}

int chain_name_check(const char *name, size_t len)
{
	if (len > NFV_RULES_CHAIN_NAME_MAX)
		return -ENAMETOOLONG;
	if (len == 0 || *name == '-' || *name == '!')
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f || name[i] == '"')
			return -EINVAL;
	return 0;
}
