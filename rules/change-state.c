/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/change.h"

#include "rules/error.h"

#include <errno.h>
#include <string.h>

/* The chain as it is now. A built-in one that the kernel does not show yet is empty: it is made in *empty. */
static const struct nfv_chain *find(const struct change_part *part, const struct nfv_rules *rules, const char *name,
				    struct nfv_chain *empty)
{
	const struct nfv_table *table = rules_find_table(rules, part->table, strlen(part->table));
	const struct nfv_chain *chain = table ? table_find_chain(table, name, strlen(name)) : NULL;
	const char *const *names = table_builtin_chains(part->table, part->family);

	if (chain)
		return chain;
	for (; names && *names; names++) {
		if (strcmp(*names, name) != 0)
			continue;
		*empty = (struct nfv_chain){ .name = (char *)(uintptr_t)name, .policy = (char *)(uintptr_t) "ACCEPT",
					     .builtin = true };
		return empty;
	}
	return NULL;
}

static bool is_before(const struct change_chain *chain, const struct nfv_chain *now)
{
	/* A built-in one that the kernel did not show: a look of somebody's makes it appear. */
	if (!chain->before && now && now->builtin)
		return now->count == 0 && !strcmp(now->policy, "ACCEPT");
	return (now ? base_hash_of_chain(now) : 0) == chain->before;
}

enum change_state change_part_state(const struct change_part *part, const struct nfv_rules *rules)
{
	bool before = true, after = true;

	for (size_t i = 0; i < part->chain_count; i++) {
		const struct change_chain *chain = &part->chains[i];
		const struct nfv_chain *now;
		struct nfv_chain empty;

		if (chain->watched)
			continue;
		now = find(part, rules, chain->name, &empty);
		before = before && is_before(chain, now);
		after = after && script_expect_fits(&chain->after, now);
	}
	return after ? CHANGE_AFTER : before ? CHANGE_BEFORE : CHANGE_NEITHER;
}

static const char *what_happened(const struct change_chain *chain, const struct nfv_chain *now)
{
	return !chain->was ? "made" : !now ? "removed" : "changed";
}

int change_part_conflict(const struct change_part *part, const struct nfv_rules *rules, struct nfv_rules_error *error)
{
	for (size_t i = 0; i < part->chain_count; i++) {
		const struct change_chain *chain = &part->chains[i];
		const struct nfv_chain *now;
		struct nfv_chain empty;

		now = find(part, rules, chain->name, &empty);
		if (!is_before(chain, now))
			return error_set(error, -EAGAIN, "chain %s of table %s was %s by somebody else", chain->name,
					 part->table, what_happened(chain, now));
	}
	return 0;
}
