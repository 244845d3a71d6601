/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/owner.h"

#include <errno.h>
#include <stdlib.h>

/* ---- one chain ---- */

/* What is wanted in a chain, as rules with their tags. */
struct put {
	struct nfv_rule **rules; /* each NULL once it is in its chain */
	size_t count;
};

static void put_free(struct put *put)
{
	for (size_t i = 0; i < put->count; i++)
		nfv_rule_free(put->rules[i]);
	free(put->rules);
}

static int put_make(struct put *put, const struct nfv_chain *wanted, const char *owner)
{
	const size_t count = wanted ? wanted->count : 0;
	int err = 0;

	*put = (struct put){ .rules = calloc(count + 1, sizeof(struct nfv_rule *)) };
	if (!put->rules)
		return -ENOMEM;
	for (; put->count < count && !err; put->count++) {
		struct nfv_rule *copy = nfv_rule_copy(wanted->rules[put->count]);

		put->rules[put->count] = copy;
		err = !copy ? -ENOMEM : owner_has(copy, owner) ? 0 : nfv_rule_set_owner(copy, owner);
	}
	if (err)
		put_free(put);
	return err;
}

/* True when the chain is as it should be: then it must not be touched. */
static bool is_there(const struct nfv_chain *chain, const struct put *put, const char *owner)
{
	size_t first = owner_place(chain, owner), i;

	if (first == SIZE_MAX)
		return put->count == 0;
	for (i = 0; i < put->count; i++)
		if (first + i >= chain->count || !nfv_rule_equal(chain->rules[first + i], put->rules[i]))
			return false;
	for (i += first; i < chain->count; i++)
		if (owner_has(chain->rules[i], owner))
			return false;
	return true;
}

/* A rule of the owner that is there and equal, from a position on; -ENOENT. */
static long find(const struct nfv_chain *chain, const struct nfv_rule *rule, const char *owner, size_t start)
{
	long at = nfv_chain_find(chain, rule, start);

	while (at >= 0 && !owner_has(chain->rules[at], owner))
		at = nfv_chain_find(chain, rule, (size_t)at + 1);
	return at;
}

/* The wanted rules come one behind the other at `place`; behind them the owner's others are deleted. */
static int put_rules(struct nfv_chain *chain, struct put *put, const char *owner, size_t place)
{
	int err = 0;

	for (size_t i = 0; i < put->count && !err; i++) {
		long at = find(chain, put->rules[i], owner, place + i);

		if (at < 0) {
			err = nfv_chain_insert(chain, place + i, put->rules[i]);
			put->rules[i] = NULL;
		} else if ((size_t)at != place + i) {
			err = nfv_chain_move(chain, (size_t)at, place + i);
		}
	}
	for (size_t i = place + put->count; i < chain->count && !err;) {
		if (owner_has(chain->rules[i], owner))
			err = nfv_chain_delete(chain, i);
		else
			i++;
	}
	return err;
}

int owner_put_chain(struct nfv_chain *chain, const struct nfv_chain *wanted, const char *owner, size_t before)
{
	struct put put;
	size_t place;
	int err = put_make(&put, wanted, owner);

	if (err)
		return err;
	if (!is_there(chain, &put, owner)) {
		place = owner_place(chain, owner);
		if (place == SIZE_MAX)
			place = before < chain->count ? before : chain->count;
		err = put_rules(chain, &put, owner, place);
	}
	put_free(&put);
	return err;
}

/* ---- a ruleset ---- */

static struct nfv_chain *counterpart(const struct nfv_rules *rules, const struct nfv_chain *chain)
{
	struct nfv_table *table = nfv_rules_table(rules, nfv_table_name(chain->table));

	return table ? nfv_table_chain(table, chain->name) : NULL;
}

/* First all chains, for rules may lead to any of them. */
static int make_chains(struct nfv_rules *rules, const struct nfv_rules *wanted)
{
	for (size_t t = 0; t < wanted->count; t++) {
		const struct nfv_table *from = wanted->tables[t];
		struct nfv_table *table = nfv_rules_add_table(rules, from->name);

		if (!table)
			return -errno;
		for (size_t c = 0; c < from->count; c++)
			if (!nfv_table_ensure_chain(table, from->chains[c]->name))
				return -errno;
	}
	return 0;
}

static int put_all(struct nfv_rules *rules, const struct nfv_rules *wanted, const char *owner, bool first)
{
	int err = make_chains(rules, wanted);

	for (size_t t = 0; t < rules->count && !err; t++) {
		struct nfv_table *table = rules->tables[t];

		for (size_t c = 0; c < table->count && !err; c++)
			err = owner_put_chain(table->chains[c], counterpart(wanted, table->chains[c]), owner,
					      first ? 0 : SIZE_MAX);
	}
	return err;
}

int nfv_rules_put_owned(struct nfv_rules *rules, const struct nfv_rules *wanted, const char *owner, bool first)
{
	int err = owner_check(owner), held;

	if (err)
		return err;
	if (rules->family != wanted->family)
		return -EINVAL;
	rules_hold(rules);
	err = put_all(rules, wanted, owner, first);
	held = rules_unhold(rules);
	return err ? err : held;
}
