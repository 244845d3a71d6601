/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/guard.h"

#include "rules/owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t chains_of(const struct nfv_rules *rules)
{
	size_t count = 0;

	for (size_t t = 0; t < rules->count; t++)
		count += rules->tables[t]->count;
	return count;
}

static int tag_all(struct nfv_rules *rules, const char *owner)
{
	int err = 0;

	for (size_t t = 0; t < rules->count; t++) {
		struct nfv_table *table = rules->tables[t];

		for (size_t c = 0; c < table->count; c++)
			for (size_t r = 0; r < table->chains[c]->count && !err; r++)
				if (!owner_has(table->chains[c]->rules[r], owner))
					err = nfv_rule_set_owner(table->chains[c]->rules[r], owner);
	}
	return err;
}

int guard_take_wanted(struct nfv_guard *guard, const struct nfv_rules *wanted)
{
	struct nfv_rules *copy;
	size_t count;

	if (guard->wanted[wanted->family])
		return -EEXIST;
	copy = nfv_rules_copy(wanted);
	if (!copy)
		return -ENOMEM;
	/* A copy of what was read from a kernel is not the kernel's. */
	copy->live = NULL;
	guard->wanted[wanted->family] = copy;
	count = chains_of(copy);
	guard->places[wanted->family] = calloc(count + 1, sizeof(size_t));
	if (!guard->places[wanted->family])
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		guard->places[wanted->family][i] = SIZE_MAX;
	return tag_all(copy, guard->owner);
}

/* ---- putting ---- */

static int make_chains(const struct nfv_rules *wanted, struct nfv_rules *rules)
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

/* Rules of the owner in other chains are not looked at: another part of the owner's program may have put them there. */
int guard_put(const struct nfv_guard *guard, struct nfv_rules *rules)
{
	const struct nfv_rules *wanted = guard->wanted[rules->family];
	const size_t *place = guard->places[rules->family];
	int err = make_chains(wanted, rules);

	for (size_t t = 0; t < wanted->count && !err; t++) {
		const struct nfv_table *from = wanted->tables[t];
		struct nfv_table *table = nfv_rules_table(rules, from->name);

		for (size_t c = 0; c < from->count && !err; c++)
			err = owner_put_chain(nfv_table_chain(table, from->chains[c]->name), from->chains[c], guard->owner,
					      *place++);
	}
	return err;
}

/* ---- learning ---- */

/* The tag, as it stands in the text. */
static const char *tag_text(const struct nfv_rule *rule)
{
	const char *text = NULL;

	for (size_t i = nfv_rule_match_count(rule); i > 0 && !text; i--) {
		text = nfv_extension_get(nfv_rule_match_at(rule, i - 1), "comment");
		if (text && strncmp(text, OWNER_PREFIX, strlen(OWNER_PREFIX)) != 0)
			text = NULL;
	}
	return text ? text : "";
}

/* True when the kernel has the same rules there, by their tags, one behind the other. */
static bool same_tags(const struct nfv_chain *mine, const struct nfv_chain *found, size_t place)
{
	for (size_t i = 0; i < mine->count; i++)
		if (place + i >= found->count || strcmp(tag_text(mine->rules[i]), tag_text(found->rules[place + i])) != 0)
			return false;
	return true;
}

static int learn_chain(const struct nfv_guard *guard, struct nfv_chain *mine, const struct nfv_chain *found, size_t *place)
{
	size_t at = owner_place(found, guard->owner);

	if (mine->count == 0 || at == SIZE_MAX || !same_tags(mine, found, at))
		return 0;
	*place = at;
	for (size_t i = 0; i < mine->count; i++) {
		struct nfv_rule *copy;
		int err;

		if (nfv_rule_equal(mine->rules[i], found->rules[at + i]))
			continue;
		copy = nfv_rule_copy(found->rules[at + i]);
		/* Put back, it counts from the beginning. */
		err = copy ? nfv_rule_set_counters(copy, 0, 0) : -ENOMEM;
		if (!err)
			err = nfv_chain_replace(mine, i, copy);
		else
			nfv_rule_free(copy);
		if (err)
			return err;
	}
	return 0;
}

int guard_learn(struct nfv_guard *guard, const struct nfv_rules *rules)
{
	struct nfv_rules *wanted = guard->wanted[rules->family];
	size_t *place = guard->places[rules->family];
	int err = 0;

	for (size_t t = 0; t < wanted->count; t++) {
		struct nfv_table *from = wanted->tables[t];
		const struct nfv_table *table = nfv_rules_table(rules, from->name);

		for (size_t c = 0; c < from->count && !err; c++, place++) {
			const struct nfv_chain *chain = table ? nfv_table_chain(table, from->chains[c]->name) : NULL;

			if (chain)
				err = learn_chain(guard, from->chains[c], chain, place);
		}
	}
	return err;
}
