/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/change.h"

#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The chains of one table that a change is about, as they were and as they are. */
struct gathered {
	struct script_chain *items;
	size_t count, size;
	size_t changed; /* the first of them; behind: unchanged ones, for the legacy backend's counters */
};

/* ---- which chains ---- */

static int gather(struct gathered *gathered, const struct nfv_chain *from_chain, const struct base *from_base,
		  const struct nfv_chain *to_chain)
{
	if (grow((void **)&gathered->items, gathered->count, &gathered->size, sizeof(*gathered->items)))
		return -ENOMEM;
	gathered->items[gathered->count++] = (struct script_chain){
		.from_chain = from_chain,
		.from_base = from_base,
		.to_chain = to_chain,
		.builtin = to_chain ? to_chain->builtin : from_base->policy != NULL,
	};
	return 0;
}

static bool is_renamed(const struct nfv_chain *chain)
{
	return chain->base && strcmp(chain->base->name, chain->name) != 0;
}

/* A chain that was removed or renamed, and another one that has its name now, are one chain of the kernel. */
static int gather_gone(struct gathered *gathered, const struct base *base)
{
	for (size_t i = 0; i < gathered->count; i++) {
		struct script_chain *chain = &gathered->items[i];

		if (chain->from_base || strcmp(chain->to_chain->name, base->name) != 0)
			continue;
		chain->from_base = base;
		return 0;
	}
	return gather(gathered, NULL, base, NULL);
}

static int gather_changed(struct gathered *gathered, const struct nfv_table *table)
{
	bool renamed = false;
	int err = 0;

	for (size_t i = 0; i < table->count && !err; i++) {
		const struct nfv_chain *chain = table->chains[i];

		if (!chain->base && !chain->created)
			continue;
		renamed = renamed || is_renamed(chain);
		err = gather(gathered, NULL, is_renamed(chain) ? NULL : chain->base, chain);
	}
	for (size_t i = 0; i < table->removed_count && !err; i++)
		err = gather_gone(gathered, table->removed[i]);
	for (size_t i = 0; renamed && i < table->count && !err; i++)
		if (is_renamed(table->chains[i]))
			err = gather_gone(gathered, table->chains[i]->base);
	gathered->changed = gathered->count;
	return err;
}

static int gather_builtin(struct gathered *gathered, const struct nfv_table *table)
{
	const char *const *names = table_builtin_chains(table->name, table->rules->family);
	int err = 0;

	for (; names && *names && !err; names++) {
		const struct nfv_chain *chain = table_find_chain(table, *names, strlen(*names));

		if (chain && !chain->base && !chain->created)
			err = gather(gathered, chain, NULL, chain);
	}
	return err;
}

/* ---- one part ---- */

static int number_rules(struct change_chain *chain, const struct base *base)
{
	chain->rules = calloc(base->count + 1, sizeof(*chain->rules));
	if (!chain->rules)
		return -ENOMEM;
	for (size_t i = 0; i < base->count; i++)
		chain->rules[i] = change_rule_number(base->rules[i].spec->hash);
	chain->rule_count = base->count;
	return 0;
}

static int describe(struct change_part *part, struct gathered *gathered)
{
	part->chains = calloc(gathered->changed + 1, sizeof(*part->chains));
	if (!part->chains)
		return -ENOMEM;
	for (size_t i = 0; i < gathered->changed; i++) {
		struct script_chain *from = &gathered->items[i];
		struct change_chain *chain = &part->chains[i];

		chain->was = from->from_base != NULL;
		chain->is = from->to_chain != NULL;
		chain->before = chain->was ? base_hash(from->from_base) : 0;
		chain->name = strdup(chain->is ? from->to_chain->name : from->from_base->name);
		if (!chain->name)
			return -ENOMEM;
		part->chain_count++;
		if (chain->was && number_rules(chain, from->from_base))
			return -ENOMEM;
		from->expect = &chain->after;
	}
	return 0;
}

static void turn(struct gathered *gathered)
{
	for (size_t i = 0; i < gathered->count; i++) {
		struct script_chain *chain = &gathered->items[i];

		*chain = (struct script_chain){ .from_chain = chain->to_chain, .to_chain = chain->from_chain,
						.to_base = chain->from_base, .builtin = chain->builtin };
	}
}

static int write_scripts(struct change_part *part, struct gathered *gathered, unsigned flags, struct nfv_rules_error *error)
{
	int err = script_table(&part->forward, part->table, part->family, gathered->items, gathered->count, flags);
	const struct nfv_rule *blame = part->forward.blame;

	if (!err) {
		turn(gathered);
		err = script_table(&part->back, part->table, part->family, gathered->items, gathered->count, flags);
		blame = part->back.blame;
	}
	if (err == -EINVAL)
		error_set(error, err, "a rule's text holds a newline: iptables-restore cannot be given it");
	else if (err == -EMSGSIZE)
		error_set(error, err, "a rule is longer than the %d bytes that iptables-restore takes in a line",
			  NFV_RULES_LINE_MAX);
	else if (err)
		error_set(error, err, "no memory");
	if (err)
		error_blame(error, blame);
	return err;
}

static void forget_chains(struct change_part *part)
{
	for (size_t i = 0; i < part->chain_count; i++) {
		script_expect_free(&part->chains[i].after);
		free(part->chains[i].rules);
		free(part->chains[i].name);
	}
	free(part->chains);
	part->chains = NULL;
	part->chain_count = 0;
}

static int add_watched(struct change_part *part, const struct nfv_chain *watched)
{
	struct change_chain *chains = reallocarray(part->chains, part->chain_count + 1, sizeof(*chains));
	char *name = strdup(watched->name);

	if (chains)
		part->chains = chains;
	if (!chains || !name) {
		free(name);
		return -ENOMEM;
	}
	part->chains[part->chain_count++] = (struct change_chain){
		.name = name, .was = true, .is = true, .before = base_hash_of_chain(watched), .watched = true,
	};
	return 0;
}

static int add_all_watched(struct change_part *part, const struct nfv_table *table)
{
	int err = 0;

	for (size_t i = 0; i < table->count && !err; i++)
		if (table->chains[i]->watched && !table->chains[i]->base && !table->chains[i]->created)
			err = add_watched(part, table->chains[i]);
	return err;
}

static int make_part(struct change_part *part, const struct nfv_table *table, unsigned flags, struct nfv_rules_error *error)
{
	struct gathered gathered = { 0 };
	int err;

	part->family = table->rules->family;
	part->generation = table->rules->generation;
	part->table = strdup(table->name);
	err = part->table ? gather_changed(&gathered, table) : -ENOMEM;
	if (!err && gathered.changed && flags & NFV_DIFF_LEGACY)
		err = gather_builtin(&gathered, table);
	if (!err)
		err = describe(part, &gathered);
	if (err)
		error_set(error, err, "no memory");
	if (!err && gathered.changed)
		err = write_scripts(part, &gathered, flags, error);
	free(gathered.items);
	if (err)
		return err;
	/* Changed, and changed back. */
	if (!part->forward.edits)
		forget_chains(part);
	err = add_all_watched(part, table);
	return err ? error_set(error, err, "no memory") : 0;
}

static void part_free(struct change_part *part)
{
	forget_chains(part);
	script_free(&part->back);
	script_free(&part->forward);
	free(part->table);
}

/* ---- all ---- */

static bool concerns(const struct nfv_table *table)
{
	if (table->removed_count)
		return true;
	for (size_t i = 0; i < table->count; i++) {
		const struct nfv_chain *chain = table->chains[i];

		if (chain->base || chain->created || chain->watched)
			return true;
	}
	return false;
}

static int add_part(struct change *change, const struct nfv_table *table, unsigned flags, struct nfv_rules_error *error)
{
	struct change_part *parts = reallocarray(change->parts, change->count + 1, sizeof(*parts)), *part;
	int err;

	if (!parts)
		return error_set(error, -ENOMEM, "no memory");
	change->parts = parts;
	part = &parts[change->count];
	*part = (struct change_part){ 0 };
	err = make_part(part, table, flags, error);
	if (err || !part->chain_count)
		part_free(part);
	else
		change->count++;
	return err;
}

int change_make(struct change *change, struct nfv_rules *const *rules, size_t count, unsigned flags,
		struct nfv_rules_error *error)
{
	int err = 0;

	*change = (struct change){ 0 };
	for (size_t r = 0; r < count && !err; r++)
		for (size_t t = 0; t < rules[r]->count && !err; t++)
			if (concerns(rules[r]->tables[t]))
				err = add_part(change, rules[r]->tables[t], flags, error);
	/* Nothing to free either when there is nothing to do. */
	if (err || !change->count)
		change_free(change);
	return err;
}

void change_free(struct change *change)
{
	for (size_t i = 0; i < change->count; i++)
		part_free(&change->parts[i]);
	free(change->parts);
	*change = (struct change){ 0 };
}
