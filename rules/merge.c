/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/merge-private.h"

#include "rules/canonical.h"
#include "rules/script-lcs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MAX 64 /* questions for the tool: each is a run of it */

/* ---- which rule is which ---- */

static uint64_t number_by_words(const struct nfv_rule *rule)
{
	const struct spec *spec = rule_spec(rule);

	return spec ? spec->hash : 0;
}

/* New rules of the change that were not found yet, by words or by what they mean. */
static int pair_ours(struct merge_chain *mc, uint32_t *place, uint64_t (*number)(const struct nfv_rule *rule))
{
	struct merge_items items;

	if (merge_items_new(&items, mc->put->count + mc->now->count))
		return -ENOMEM;
	for (size_t i = 0; i < mc->put->count; i++)
		if (mc->is_new[i] && place[i] == MERGE_NONE)
			merge_items_add(&items, number(mc->put->rules[i]), i, false);
	for (size_t n = 0; n < mc->now->count; n++)
		if (mc->was[n] == MERGE_NONE && mc->ours[n] == MERGE_NONE)
			merge_items_add(&items, number(mc->now->rules[n]), n, true);
	merge_items_pair(&items, place, mc->ours);
	merge_items_free(&items);
	return 0;
}

/* Numbers from 0 on, the same for equal rules of the state before and of now. */
static int number_rows(const struct merge_chain *mc, uint32_t *before, uint32_t *now, uint32_t *classes)
{
	struct merge_items items;

	if (merge_items_new(&items, mc->chain->rule_count + mc->now->count))
		return -ENOMEM;
	for (size_t i = 0; i < mc->chain->rule_count; i++)
		merge_items_add(&items, mc->chain->rules[i], i, false);
	for (size_t n = 0; n < mc->now->count; n++)
		merge_items_add(&items, change_rule_number(number_by_words(mc->now->rules[n])), n, true);
	*classes = merge_items_classes(&items, before, now);
	merge_items_free(&items);
	return 0;
}

/* Rules of before that stand there still, in their order. */
static int find_standing(struct merge_chain *mc)
{
	const size_t count = mc->chain->rule_count, now_count = mc->now->count;
	uint32_t *before = calloc(count + 1, sizeof(*before)), *now = calloc(now_count + 1, sizeof(*now)), classes = 0;
	struct script_pair *pairs = calloc(count + 1, sizeof(*pairs));
	size_t pair_count = 0;
	int err = before && now && pairs ? number_rows(mc, before, now, &classes) : -ENOMEM;

	if (!err)
		err = script_lcs(before, count, now, now_count, classes, pairs, &pair_count);
	for (size_t i = 0; i < pair_count && !err; i++) {
		mc->stands[pairs[i].from] = pairs[i].to;
		mc->was[pairs[i].to] = pairs[i].from;
	}
	free(pairs);
	free(now);
	free(before);
	return err;
}

/* What no spelling that is known here shows. */
static void ask_for_ours(struct merge *merge, struct merge_chain *mc, uint32_t *place)
{
	for (size_t i = 0; i < mc->put->count; i++) {
		if (place[i] != MERGE_NONE || !mc->is_new[i])
			continue;
		for (size_t n = 0; n < mc->now->count && place[i] == MERGE_NONE; n++) {
			if (mc->was[n] != MERGE_NONE || mc->ours[n] != MERGE_NONE)
				continue;
			if (!merge->ask || !merge->ask->same || merge->asked++ >= ASK_MAX) {
				merge->open = true;
				return;
			}
			if (!merge->ask->same(merge->ask->context, merge->part, mc->now->rules[n], mc->put->rules[i]))
				continue;
			place[i] = (uint32_t)n;
			mc->ours[n] = (uint32_t)i;
		}
	}
}

static int find_ours(struct merge *merge, struct merge_chain *mc)
{
	uint32_t *place = merge_places(mc->put->count);
	int err = place ? pair_ours(mc, place, number_by_words) : -ENOMEM;

	if (!err)
		err = pair_ours(mc, place, rule_key);
	if (!err)
		ask_for_ours(merge, mc, place);
	free(place);
	return err;
}

static bool moves_something(const struct merge_chain *mc)
{
	for (size_t i = 0; i < mc->chain->rule_count; i++)
		if (mc->fate[i] == MERGE_MOVED)
			return true;
	return false;
}

/*
 * Rules of before that stand in another order now. Should the change have moved nothing, then somebody else did: that is
 * theirs.
 */
static void find_moved(struct merge_chain *mc, struct merge_items *items)
{
	if (!mc->now || !moves_something(mc))
		return;
	merge_items_clear(items);
	for (size_t i = 0; i < mc->chain->rule_count; i++)
		if (mc->stands[i] == MERGE_NONE)
			merge_items_add(items, mc->chain->rules[i], i, false);
	for (size_t n = 0; n < mc->now->count; n++)
		if (mc->was[n] == MERGE_NONE && mc->ours[n] == MERGE_NONE)
			merge_items_add(items, change_rule_number(number_by_words(mc->now->rules[n])), n, true);
	merge_items_pair(items, mc->elsewhere, mc->came);
}

static int find_missing(struct merge_chain *mc)
{
	struct merge_items items;

	if (merge_items_new(&items, 2 * mc->chain->rule_count + (mc->now ? mc->now->count : 0)))
		return -ENOMEM;
	find_moved(mc, &items);
	merge_items_clear(&items);
	for (size_t i = 0; i < mc->chain->rule_count; i++) {
		if (mc->stands[i] == MERGE_NONE && mc->elsewhere[i] == MERGE_NONE)
			merge_items_add(&items, mc->chain->rules[i], i, false);
		if (mc->fate[i] == MERGE_TAKEN)
			merge_items_add(&items, mc->chain->rules[i], i, true);
	}
	merge_items_pair(&items, mc->missing, NULL);
	merge_items_free(&items);
	return 0;
}

/* ---- the whole ---- */

static struct nfv_chain *find_chain(const struct nfv_rules *rules, const char *table_name, const char *name)
{
	struct nfv_table *table = rules_find_table(rules, table_name, strlen(table_name));

	return table ? table_find_chain(table, name, strlen(name)) : NULL;
}

static struct nfv_chain *script_chain(struct nfv_rules *rules, const char *name)
{
	struct nfv_chain *chain = table_find_chain(rules->tables[0], name, strlen(name));

	return chain ? chain : chain_new(rules->tables[0], name, strlen(name));
}

static int begin_chain(struct merge *merge, struct merge_chain *mc)
{
	const size_t before = mc->chain->rule_count;

	mc->now = find_chain(merge->now, merge->part->table, mc->chain->name);
	mc->put = script_chain(merge->puts, mc->chain->name);
	mc->back = script_chain(merge->backs, mc->chain->name);
	if (!mc->put || !mc->back)
		return -ENOMEM;
	mc->policy = merge_policy(merge->part->forward.text.data, mc->chain->name);
	mc->policy_back = merge_policy(merge->part->back.text.data, mc->chain->name);
	mc->fate = calloc(before + 1, sizeof(*mc->fate));
	mc->is_new = calloc(mc->put->count + 1, sizeof(*mc->is_new));
	mc->words = merge_places(before);
	mc->stands = merge_places(before);
	mc->was = merge_places(mc->now ? mc->now->count : 0);
	mc->ours = merge_places(mc->now ? mc->now->count : 0);
	mc->elsewhere = merge_places(before);
	mc->came = merge_places(mc->now ? mc->now->count : 0);
	mc->missing = merge_places(before);
	return mc->fate && mc->is_new && mc->words && mc->stands && mc->was && mc->ours && mc->elsewhere && mc->came &&
			       mc->missing
		       ? 0
		       : -ENOMEM;
}

static int look_at_now(struct merge *merge, struct merge_chain *mc)
{
	int err = mc->now ? find_standing(mc) : 0;

	if (!err && mc->now)
		err = find_ours(merge, mc);
	return err ? err : find_missing(mc);
}

int merge_begin(struct merge *merge, const struct change_part *part, const struct nfv_rules *now,
		const struct merge_ask *ask)
{
	int err = 0;

	*merge = (struct merge){ .part = part, .now = now, .ask = ask };
	if (!part->forward.text.len || !part->back.text.len)
		return -EINVAL;
	merge->puts = nfv_rules_new(part->family);
	merge->backs = nfv_rules_new(part->family);
	merge->chains = calloc(part->chain_count + 1, sizeof(*merge->chains));
	if (!merge->puts || !merge->backs || !merge->chains ||
	    merge_read_script(merge->puts, part->table, part->forward.text.data) ||
	    merge_read_script(merge->backs, part->table, part->back.text.data))
		return -ENOMEM;
	for (size_t i = 0; i < part->chain_count && !err; i++) {
		const struct change_chain *chain = &part->chains[i];

		if (chain->watched)
			continue;
		merge->chains[merge->count].chain = chain;
		err = begin_chain(merge, &merge->chains[merge->count++]);
	}
	if (!err)
		err = merge_find_fates(merge);
	for (size_t i = 0; i < merge->count && !err; i++)
		err = look_at_now(merge, &merge->chains[i]);
	return err;
}

void merge_end(struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		free(merge->chains[i].fate);
		free(merge->chains[i].is_new);
		free(merge->chains[i].words);
		free(merge->chains[i].stands);
		free(merge->chains[i].was);
		free(merge->chains[i].ours);
		free(merge->chains[i].elsewhere);
		free(merge->chains[i].came);
		free(merge->chains[i].missing);
	}
	free(merge->chains);
	nfv_rules_free(merge->puts);
	nfv_rules_free(merge->backs);
	*merge = (struct merge){ 0 };
}
