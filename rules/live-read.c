/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/live-private.h"

#include "rules/base.h"
#include "rules/error.h"
#include "rules/names.h"
#include "rules/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* A table that was asked for is there, also when the kernel does not show it before its first rule. */
static int fill(struct nfv_rules *rules, const char *text, size_t len, struct nfv_rules_error *error)
{
	int err = read_live(rules, text, len, error);

	if (err || !rules->live_table || nfv_rules_add_table(rules, rules->live_table))
		return err;
	return error_set(error, -errno, "table %s: %s", rules->live_table,
			 errno == EINVAL ? "no table of iptables has that name" : strerror(errno));
}

struct nfv_rules *live_read(struct nfv_live *live, enum nfv_family family, const char *table, struct nfv_rules_error *error)
{
	struct nfv_rules *rules = NULL;
	uint64_t generation = 0;
	char *text = NULL;
	size_t len = 0;
	/* With counters in any case: rules that a commit has to put in again bring theirs. */
	int err = live->store->ops->read(live->store, family, table, true, &text, &len, &generation, error);

	if (err) {
		errno = -err;
		return NULL;
	}
	rules = nfv_rules_new(family);
	if (rules) {
		rules->live = live;
		rules->generation = generation;
		rules->live_table = table ? strdup(table) : NULL;
	}
	if (!rules || (table && !rules->live_table))
		err = error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	else
		err = fill(rules, text, len, error);
	free(text);
	if (!err)
		return rules;
	nfv_rules_free(rules);
	errno = -err;
	return NULL;
}

struct nfv_rules *nfv_live_read(struct nfv_live *live, enum nfv_family family, const char *table,
				struct nfv_rules_error *error)
{
	struct nfv_rules *rules = live_read(live, family, table, error);

	if (rules)
		rules->autocommit = live->options.autocommit;
	return rules;
}

bool nfv_rules_changed(const struct nfv_rules *rules)
{
	return rules->live && base_any(rules);
}

void nfv_rules_set_autocommit(struct nfv_rules *rules, bool on)
{
	rules->autocommit = on;
}

/* ---- reading again ---- */

void live_replace(struct nfv_rules *rules, struct nfv_rules *fresh)
{
	struct nfv_table **tables = rules->tables;
	const size_t count = rules->count, size = rules->size;

	rules->tables = fresh->tables;
	rules->count = fresh->count;
	rules->size = fresh->size;
	rules->generation = fresh->generation;
	for (size_t i = 0; i < rules->count; i++)
		rules->tables[i]->rules = rules;
	fresh->tables = tables;
	fresh->count = count;
	fresh->size = size;
	for (size_t i = 0; i < fresh->count; i++)
		fresh->tables[i]->rules = fresh;
	nfv_rules_free(fresh);
}

static struct nfv_rules *read_again(struct nfv_rules *rules, struct nfv_rules_error *error)
{
	if (rules->live)
		return live_read(rules->live, rules->family, rules->live_table, error);
	error_set(error, -EINVAL, "the ruleset was not read from the kernel");
	errno = EINVAL;
	return NULL;
}

int nfv_live_refresh(struct nfv_rules *rules, struct nfv_rules_error *error)
{
	struct nfv_rules *fresh = read_again(rules, error);

	if (!fresh)
		return -errno;
	live_replace(rules, fresh);
	return 0;
}

/* ---- changes on top of what was read again ---- */

static int look_for_conflicts(struct nfv_rules *rules, const struct nfv_rules *fresh, struct nfv_rules_error *error)
{
	struct change change;
	int err = change_make(&change, &rules, 1, 0, error);

	if (err)
		return err;
	for (size_t i = 0; i < change.count && !err; i++)
		err = change_part_conflict(&change.parts[i], fresh, error);
	change_free(&change);
	return err;
}

/* Is this chain of the table as it was read? */
static bool is_kept(const struct nfv_chain *chain)
{
	return !chain->base && !chain->created;
}

static bool is_removed(const struct nfv_table *table, const char *name)
{
	for (size_t i = 0; i < table->removed_count; i++)
		if (!strcmp(table->removed[i]->name, name))
			return true;
	for (size_t i = 0; i < table->count; i++)
		if (table->chains[i]->base && strcmp(table->chains[i]->base->name, name) == 0 &&
		    strcmp(table->chains[i]->name, name) != 0)
			return true;
	return false;
}

/* From the fresh table into the old one: chains that were not changed here. */
static int take_chains(struct nfv_table *table, struct nfv_table *fresh)
{
	for (size_t i = table->count; i > 0; i--) {
		struct nfv_chain *chain = table->chains[i - 1];

		if (!is_kept(chain))
			continue;
		table_pull_chain(table, chain);
		chain_free(chain);
	}
	for (size_t i = 0; i < fresh->count; i++) {
		struct nfv_chain *chain = fresh->chains[i];

		if (table_find_chain(table, chain->name, strlen(chain->name)) || is_removed(table, chain->name))
			continue;
		table_pull_chain(fresh, chain);
		if (table_add_chain(table, chain)) {
			chain_free(chain);
			return -ENOMEM;
		}
		chain->table = table;
		i--;
	}
	return 0;
}

static bool is_changed(const struct nfv_table *table)
{
	if (table->removed_count)
		return true;
	for (size_t i = 0; i < table->count; i++)
		if (!is_kept(table->chains[i]))
			return true;
	return false;
}

static struct nfv_table *find_table(const struct nfv_rules *rules, const char *name)
{
	return rules_find_table(rules, name, strlen(name));
}

/* Tables that were changed here keep their objects; the others come from `fresh`. */
static int put_on_top(struct nfv_rules *rules, struct nfv_rules *fresh)
{
	int err = 0;

	for (size_t i = 0; i < rules->count && !err; i++) {
		struct nfv_table *table = rules->tables[i], *theirs = find_table(fresh, table->name);

		if (!is_changed(table))
			continue;
		if (!theirs)
			theirs = table_new(fresh, table->name, strlen(table->name));
		err = theirs ? take_chains(table, theirs) : -ENOMEM;
		if (err)
			break;
		for (size_t j = 0; j < fresh->count; j++) {
			if (fresh->tables[j] != theirs)
				continue;
			fresh->tables[j] = table;
			rules->tables[i] = theirs;
			table->rules = fresh;
			theirs->rules = rules;
		}
	}
	return err;
}

int nfv_live_resync(struct nfv_rules *rules, struct nfv_rules_error *error)
{
	struct nfv_rules *fresh = read_again(rules, error);
	int err;

	if (!fresh)
		return -errno;
	err = look_for_conflicts(rules, fresh, error);
	if (!err) {
		err = put_on_top(rules, fresh);
		if (err)
			error_set(error, err, "%s: the ruleset has to be read again", strerror(-err));
	}
	if (err) {
		nfv_rules_free(fresh);
		return err;
	}
	live_replace(rules, fresh);
	return 0;
}
