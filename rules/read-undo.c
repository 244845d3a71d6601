/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-undo.h"

#include "rules/base.h"
#include "rules/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { TABLE_MADE, CHAIN_MADE, CHAIN_CHANGED, CHAIN_REMOVED };

struct kept_rule {
	struct nfv_rule *rule;
	struct spec *spec;
	uint64_t packets, bytes;
};

struct read_undo_entry {
	struct read_undo_entry *next; /* the one before it in time */
	enum kind kind;
	struct nfv_table *table; /* all but CHAIN_CHANGED */
	struct nfv_chain *chain;
	size_t position; /* CHAIN_REMOVED: among the table's chains */
	struct base *base; /* CHAIN_MADE: taken out of the table's `removed`; CHAIN_REMOVED: put there */
	/* CHAIN_CHANGED: the chain before. */
	char *name, *policy;
	uint64_t packets, bytes;
	bool declared, had_base;
	struct kept_rule *rules;
	size_t count;
};

void read_undo_begin(struct read_undo *undo, struct nfv_rules *rules, bool live_text)
{
	*undo = (struct read_undo){ .rules = rules, .fresh = rules->count == 0, .live_text = live_text };
}

static void entry_free(struct read_undo_entry *entry)
{
	for (size_t i = 0; i < entry->count; i++)
		spec_unref(entry->rules[i].spec);
	free(entry->rules);
	free(entry->policy);
	free(entry->name);
	free(entry);
}

static struct read_undo_entry *entry_add(struct read_undo *undo, enum kind kind)
{
	struct read_undo_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->kind = kind;
	entry->next = undo->entries;
	undo->entries = entry;
	return entry;
}

static struct read_undo_entry *entry_pop(struct read_undo *undo)
{
	struct read_undo_entry *entry = undo->entries;

	undo->entries = entry->next;
	return entry;
}

/* ---- keeping what is there ---- */

static int keep_rules(struct read_undo_entry *entry, const struct nfv_chain *chain)
{
	entry->rules = calloc(chain->count + 1, sizeof(*entry->rules));
	if (!entry->rules)
		return -ENOMEM;
	for (size_t i = 0; i < chain->count; i++) {
		struct nfv_rule *rule = chain->rules[i];

		if (!rule_spec(rule))
			return -ENOMEM;
		entry->rules[i] = (struct kept_rule){
			.rule = rule, .spec = spec_ref(rule->spec), .packets = rule->packets, .bytes = rule->bytes
		};
		entry->count++;
	}
	return 0;
}

static int keep_chain(struct read_undo_entry *entry, struct nfv_chain *chain)
{
	entry->name = strdup(chain->name);
	entry->policy = chain->policy ? strdup(chain->policy) : NULL;
	if (!entry->name || (chain->policy && !entry->policy))
		return -ENOMEM;
	entry->packets = chain->packets;
	entry->bytes = chain->bytes;
	entry->declared = chain->declared;
	entry->had_base = chain->base != NULL;
	return keep_rules(entry, chain);
}

int read_undo_touch(struct read_undo *undo, struct nfv_chain *chain)
{
	struct read_undo_entry *entry;

	if (undo->fresh || chain->undo)
		return 0;
	entry = entry_add(undo, CHAIN_CHANGED);
	if (!entry)
		return -ENOMEM;
	if (keep_chain(entry, chain) || chain_touch(chain)) {
		entry_free(entry_pop(undo));
		return -ENOMEM;
	}
	entry->chain = chain;
	chain->undo = entry;
	return 0;
}

/* ---- changes ---- */

struct nfv_table *read_undo_add_table(struct read_undo *undo, const char *name, size_t len)
{
	struct read_undo_entry *entry = undo->fresh ? NULL : entry_add(undo, TABLE_MADE);
	struct nfv_table *table;

	if (!entry && !undo->fresh)
		return NULL;
	table = table_new(undo->rules, name, len);
	if (!table && entry)
		entry_free(entry_pop(undo));
	if (table && entry)
		entry->table = table;
	if (table)
		table->created = undo->rules->live && !undo->live_text;
	return table;
}

/* A chain that the kernel has, that was removed here, and that comes back: it is the same one, changed. */
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

struct nfv_chain *read_undo_add_chain(struct read_undo *undo, struct nfv_table *table, const char *name, size_t len)
{
	struct read_undo_entry *entry = undo->fresh ? NULL : entry_add(undo, CHAIN_MADE);
	struct nfv_chain *chain;

	if (!entry && !undo->fresh)
		return NULL;
	chain = chain_new(table, name, len);
	if (!chain) {
		if (entry)
			entry_free(entry_pop(undo));
		return NULL;
	}
	chain->created = undo->rules->live && !undo->live_text;
	if (entry) {
		entry->chain = chain;
		entry->table = table;
		chain->undo = entry;
		chain->base = entry->base = take_removed(table, chain->name);
		if (chain->base)
			chain->created = false;
	}
	return chain;
}

int read_undo_remove_chain(struct read_undo *undo, struct nfv_chain *chain)
{
	struct nfv_table *table = chain->table;
	struct read_undo_entry *entry;

	if (undo->fresh) {
		table_pull_chain(table, chain);
		chain_free(chain);
		return 0;
	}
	if (read_undo_touch(undo, chain) ||
	    grow((void **)&table->removed, table->removed_count, &table->removed_size, sizeof(*table->removed)))
		return -ENOMEM;
	entry = entry_add(undo, CHAIN_REMOVED);
	if (!entry)
		return -ENOMEM;
	entry->chain = chain;
	entry->table = table;
	entry->position = table_chain_position(table, chain);
	table_pull_chain(table, chain);
	/* The kernel has it still: what it has is remembered by the table now. */
	entry->base = chain->base;
	chain->base = NULL;
	if (entry->base)
		table->removed[table->removed_count++] = entry->base;
	return 0;
}

int read_undo_remove_rule(struct read_undo *undo, struct nfv_chain *chain, size_t position)
{
	struct nfv_rule *rule = chain->rules[position];

	if (!undo->fresh) {
		if (grow((void **)&undo->gone, undo->gone_count, &undo->gone_size, sizeof(struct nfv_rule *)))
			return -ENOMEM;
		undo->gone[undo->gone_count++] = rule;
	}
	read_lookup_gone(&undo->lookup, rule);
	chain_pull(chain, position);
	if (undo->fresh)
		nfv_rule_free(rule);
	return 0;
}

int read_undo_clear(struct read_undo *undo, struct nfv_chain *chain)
{
	int err = 0;

	if (undo->fresh && !read_lookup_any(&undo->lookup))
		chain_clear(chain);
	while (chain->count > 0 && !err)
		err = read_undo_remove_rule(undo, chain, chain->count - 1);
	return err;
}

/* ---- the end ---- */

/* Rules that are in no chain now. */
static void free_gone(struct read_undo *undo)
{
	for (size_t i = 0; i < undo->gone_count; i++)
		if (!undo->gone[i]->chain)
			nfv_rule_free(undo->gone[i]);
	free(undo->gone);
	undo->gone = NULL;
	undo->gone_count = undo->gone_size = 0;
}

void read_undo_keep(struct read_undo *undo)
{
	read_lookup_free(&undo->lookup);
	for (struct read_undo_entry *entry = undo->entries; entry; entry = entry->next)
		if (entry->chain)
			entry->chain->undo = NULL;
	while (undo->entries) {
		struct read_undo_entry *entry = entry_pop(undo);

		if (entry->kind == CHAIN_REMOVED)
			chain_free(entry->chain);
		entry_free(entry);
	}
	free_gone(undo);
}

/* Rules that came go, those that went come back. The array has room: it had it before. */
static void back_rules(struct nfv_chain *chain, const struct read_undo_entry *entry)
{
	for (size_t i = 0; i < chain->count; i++)
		chain->rules[i]->chain = NULL;
	for (size_t i = 0; i < entry->count; i++)
		entry->rules[i].rule->chain = chain;
	for (size_t i = 0; i < chain->count; i++)
		if (!chain->rules[i]->chain)
			nfv_rule_free(chain->rules[i]);
	for (size_t i = 0; i < entry->count; i++) {
		const struct kept_rule *kept = &entry->rules[i];

		chain->rules[i] = kept->rule;
		kept->rule->hint = (uint32_t)i;
		kept->rule->packets = kept->packets;
		kept->rule->bytes = kept->bytes;
		if (kept->rule->spec != kept->spec)
			rule_set_spec(kept->rule, spec_ref(kept->spec));
	}
	chain->count = entry->count;
}

static void back_changed(struct nfv_chain *chain, struct read_undo_entry *entry)
{
	back_rules(chain, entry);
	if (strcmp(chain->name, entry->name) != 0) {
		chain_set_name(chain, entry->name);
		entry->name = NULL;
	}
	free(chain->policy);
	chain->policy = entry->policy;
	entry->policy = NULL;
	chain->packets = entry->packets;
	chain->bytes = entry->bytes;
	chain->declared = entry->declared;
	if (!entry->had_base) {
		base_free(chain->base);
		chain->base = NULL;
	}
	chain->undo = NULL;
}

static void back_made(struct nfv_chain *chain, const struct read_undo_entry *entry)
{
	struct nfv_table *table = entry->table;

	/* There is room: it was taken out of there. */
	if (entry->base) {
		chain->base = NULL;
		table->removed[table->removed_count++] = entry->base;
	}
	table_pull_chain(table, chain);
	chain_free(chain);
}

/* There is room among the chains: it stood there. */
static void back_removed(struct nfv_chain *chain, const struct read_undo_entry *entry)
{
	struct nfv_table *table = entry->table;

	if (entry->base)
		chain->base = take_removed(table, chain->name);
	names_add(table, chain);
	table_put_back(table, chain, entry->position);
}

static void back_table(struct nfv_rules *rules, struct nfv_table *table)
{
	for (size_t i = rules->count; i > 0; i--) {
		if (rules->tables[i - 1] != table)
			continue;
		rules->count--;
		memmove(&rules->tables[i - 1], &rules->tables[i], (rules->count - (i - 1)) * sizeof(struct nfv_table *));
	}
	table_free(table);
}

void read_undo_back(struct read_undo *undo)
{
	read_lookup_free(&undo->lookup);
	if (undo->fresh)
		rules_clear(undo->rules);
	while (undo->entries) {
		struct read_undo_entry *entry = entry_pop(undo);

		switch (entry->kind) {
		case TABLE_MADE:
			back_table(undo->rules, entry->table);
			break;
		case CHAIN_MADE:
			back_made(entry->chain, entry);
			break;
		case CHAIN_CHANGED:
			back_changed(entry->chain, entry);
			break;
		case CHAIN_REMOVED:
			back_removed(entry->chain, entry);
			break;
		}
		entry_free(entry);
	}
	free_gone(undo);
}
