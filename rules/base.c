/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/base.h"

#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- keeping ---- */

static int keep_rules(struct base *base, const struct nfv_chain *chain)
{
	base->rules = calloc(chain->count + 1, sizeof(*base->rules));
	if (!base->rules)
		return -ENOMEM;
	for (size_t i = 0; i < chain->count; i++) {
		const struct nfv_rule *rule = chain->rules[i];

		if (!rule_spec(rule))
			return -ENOMEM;
		base->rules[i] = (struct base_rule){ .spec = spec_ref(rule->spec), .packets = rule->packets,
						     .bytes = rule->bytes };
		base->count++;
	}
	return 0;
}

struct base *base_new(const struct nfv_chain *chain)
{
	struct base *base = calloc(1, sizeof(*base));

	if (!base)
		return NULL;
	base->name = strdup(chain->name);
	base->policy = chain->policy ? strdup(chain->policy) : NULL;
	base->packets = chain->packets;
	base->bytes = chain->bytes;
	if (!base->name || (chain->policy && !base->policy) || keep_rules(base, chain)) {
		base_free(base);
		return NULL;
	}
	return base;
}

void base_free(struct base *base)
{
	if (!base)
		return;
	for (size_t i = 0; i < base->count; i++)
		spec_unref(base->rules[i].spec);
	free(base->rules);
	free(base->policy);
	free(base->name);
	free(base);
}

/* ---- hashing ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 31;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = mix(hash, (unsigned char)*text);
	return mix(hash, text ? 1 : 2);
}

static uint64_t hash_head(const char *name, const char *policy)
{
	return hash_text(hash_text(1, name), policy);
}

/* 0 stands for a chain that is not there. */
static uint64_t hash_end(uint64_t hash)
{
	return hash ? hash : 1;
}

uint64_t base_hash(const struct base *base)
{
	uint64_t hash = hash_head(base->name, base->policy);

	for (size_t i = 0; i < base->count; i++)
		hash = mix(hash, base->rules[i].spec->hash);
	return hash_end(hash);
}

uint64_t base_hash_of_chain(const struct nfv_chain *chain)
{
	uint64_t hash = hash_head(chain->name, chain->policy);

	for (size_t i = 0; i < chain->count; i++) {
		const struct spec *spec = rule_spec(chain->rules[i]);

		hash = mix(hash, spec ? spec->hash : 0);
	}
	return hash_end(hash);
}

/* ---- going back ---- */

static int restore_rules(struct nfv_chain *chain, const struct base *base)
{
	for (size_t i = 0; i < base->count; i++) {
		struct nfv_rule *rule = calloc(1, sizeof(*rule));

		if (!rule || chain_put(chain, chain->count, rule)) {
			free(rule);
			return -ENOMEM;
		}
		rule->spec = spec_ref(base->rules[i].spec);
		rule->packets = base->rules[i].packets;
		rule->bytes = base->rules[i].bytes;
	}
	return 0;
}

/* The new state is complete before the old one goes, so that a failure changes nothing. */
static int restore_chain(struct nfv_chain *chain, const struct base *base)
{
	struct nfv_chain fresh = { .table = chain->table };
	char *name = strdup(base->name), *policy = base->policy ? strdup(base->policy) : NULL;

	if (!name || (base->policy && !policy) || restore_rules(&fresh, base)) {
		chain_clear(&fresh);
		free(fresh.rules);
		free(name);
		free(policy);
		return -ENOMEM;
	}
	chain_clear(chain);
	free(chain->rules);
	chain->rules = fresh.rules;
	chain->count = fresh.count;
	chain->size = fresh.size;
	for (size_t i = 0; i < chain->count; i++)
		chain->rules[i]->chain = chain;
	if (strcmp(chain->name, name) != 0) {
		chain_set_name(chain, name);
	} else {
		free(name);
	}
	free(chain->policy);
	chain->policy = policy;
	chain->packets = base->packets;
	chain->bytes = base->bytes;
	return 0;
}

static void drop_base(struct nfv_chain *chain)
{
	base_free(chain->base);
	chain->base = NULL;
}

/* Chains that are gone here come back, behind the others. */
static int restore_removed(struct nfv_table *table)
{
	while (table->removed_count > 0) {
		struct base *base = table->removed[table->removed_count - 1];
		struct nfv_chain *chain = chain_new(table, base->name, strlen(base->name));
		int err = chain ? restore_chain(chain, base) : -ENOMEM;

		if (err) {
			if (chain) {
				table_pull_chain(table, chain);
				chain_free(chain);
			}
			return err;
		}
		chain->declared = true;
		chain->builtin = base->policy != NULL;
		base_free(base);
		table->removed_count--;
	}
	return 0;
}

static int restore_table(struct nfv_table *table)
{
	int err;

	/* From the end: a chain made here is pulled out. */
	for (size_t i = table->count; i > 0; i--) {
		struct nfv_chain *chain = table->chains[i - 1];

		if (chain->created && !chain->builtin) {
			table_pull_chain(table, chain);
			chain_free(chain);
		} else if (chain->base) {
			err = restore_chain(chain, chain->base);
			if (err)
				return err;
			drop_base(chain);
		}
	}
	return restore_removed(table);
}

int base_restore(struct nfv_rules *rules)
{
	int err = 0;

	for (size_t i = 0; i < rules->count && !err; i++)
		err = restore_table(rules->tables[i]);
	return err;
}

void base_forget(struct nfv_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct nfv_table *table = rules->tables[i];

		for (size_t j = 0; j < table->count; j++) {
			drop_base(table->chains[j]);
			table->chains[j]->created = false;
			table->chains[j]->watched = false;
		}
		while (table->removed_count > 0)
			base_free(table->removed[--table->removed_count]);
		table->created = false;
	}
}

bool base_any(const struct nfv_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct nfv_table *table = rules->tables[i];

		if (table->removed_count > 0)
			return true;
		for (size_t j = 0; j < table->count; j++)
			if (table->chains[j]->base || (table->chains[j]->created && !table->chains[j]->builtin))
				return true;
	}
	return false;
}
