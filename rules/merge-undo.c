/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/merge-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- was it taken? ---- */

/* What speaks for it and against it. */
struct signs {
	size_t ours, ours_there; /* rules that it puts in, new ones */
	size_t theirs, theirs_missing; /* rules that it takes out */
	size_t others, others_done; /* chains made and removed, policies, rules moved */
};

static bool same_word(const char *a, const char *b)
{
	const size_t len = strcspn(a, " \n");

	return len == strcspn(b, " \n") && !strncmp(a, b, len);
}

static bool changes_policy(const struct merge_chain *mc)
{
	return mc->policy && mc->policy_back && !same_word(mc->policy, mc->policy_back);
}

static void look_at_rules(const struct merge_chain *mc, struct signs *signs)
{
	for (size_t i = 0; i < mc->put->count; i++)
		signs->ours += mc->is_new[i];
	for (size_t n = 0; mc->now && n < mc->now->count; n++)
		signs->ours_there += mc->ours[n] != MERGE_NONE;
	for (size_t i = 0; i < mc->chain->rule_count; i++) {
		signs->theirs += mc->fate[i] == MERGE_TAKEN;
		signs->theirs_missing += mc->missing[i] != MERGE_NONE;
		signs->others += mc->elsewhere[i] != MERGE_NONE;
		signs->others_done += mc->elsewhere[i] != MERGE_NONE;
	}
}

static void look_at_chain(const struct merge_chain *mc, struct signs *signs)
{
	if (mc->chain->was != mc->chain->is) {
		signs->others++;
		signs->others_done += mc->chain->is == (mc->now != NULL);
	}
	if (changes_policy(mc)) {
		signs->others++;
		signs->others_done += mc->now && mc->now->policy && same_word(mc->now->policy, mc->policy);
	}
}

/*
 * The kernel takes a table whole or not at all: one new rule that is there says that all was taken, whatever somebody
 * took out since. Without new rules all that the change does has to be done.
 */
static enum change_state judge(const struct signs *signs, bool open)
{
	if (signs->ours_there)
		return CHANGE_AFTER;
	if (signs->ours)
		return open ? CHANGE_NEITHER : CHANGE_BEFORE;
	if (signs->theirs_missing == signs->theirs && signs->others_done == signs->others && signs->theirs + signs->others)
		return CHANGE_AFTER;
	return CHANGE_BEFORE;
}

/* Is all that is there from before or from the change, and all that the change left there still? */
static bool only_ours(const struct merge_chain *mc)
{
	size_t missing = 0;

	for (size_t n = 0; mc->now && n < mc->now->count; n++)
		if (mc->was[n] == MERGE_NONE && mc->ours[n] == MERGE_NONE && mc->came[n] == MERGE_NONE)
			return false;
	for (size_t i = 0; i < mc->chain->rule_count; i++)
		missing += mc->stands[i] == MERGE_NONE && mc->elsewhere[i] == MERGE_NONE && mc->missing[i] == MERGE_NONE;
	return !missing && mc->chain->is == (mc->now != NULL);
}

int merge_look(const struct change_part *part, const struct nfv_rules *now, const struct merge_ask *ask,
	       struct merge_finding *finding)
{
	struct signs signs = { 0 };
	struct merge merge;
	int err = merge_begin(&merge, part, now, ask);

	*finding = (struct merge_finding){ .state = CHANGE_NEITHER, .others = true };
	if (!err) {
		finding->others = false;
		for (size_t i = 0; i < merge.count; i++) {
			look_at_rules(&merge.chains[i], &signs);
			look_at_chain(&merge.chains[i], &signs);
			finding->others = finding->others || !only_ours(&merge.chains[i]);
		}
		finding->state = judge(&signs, merge.open);
		finding->partly = finding->state == CHANGE_AFTER &&
				  (signs.ours_there != signs.ours || signs.theirs_missing != signs.theirs ||
				   signs.others_done != signs.others);
		/* The state before, as it was, is known without all this. */
		if (finding->state != CHANGE_AFTER || finding->partly)
			finding->others = true;
	}
	merge_end(&merge);
	return err;
}

/* ---- taking it back ---- */

/* The chain's rules as they shall be. */
struct row {
	struct nfv_rule **rules;
	size_t count;
	size_t place; /* before the change: how far the way back is put in */
	size_t target; /* the place now that it goes in front of */
};

static int add_copy(struct row *row, const struct nfv_rule *rule)
{
	struct nfv_rule *copy = nfv_rule_copy(rule);

	if (!copy)
		return -ENOMEM;
	copy->packets = rule->packets;
	copy->bytes = rule->bytes;
	row->rules[row->count++] = copy;
	return 0;
}

/* One that is moved keeps its counters; one that was taken out brings those that it had. */
static int put_back(const struct merge_chain *mc, const struct nfv_chain *chain, struct row *row)
{
	const uint32_t elsewhere = mc->elsewhere[row->place], missing = mc->missing[row->place];

	if (elsewhere != MERGE_NONE)
		return add_copy(row, chain->rules[elsewhere]);
	/* What the change did not take, somebody else took out. */
	if (missing == MERGE_NONE || mc->words[missing] == MERGE_NONE)
		return 0;
	return add_copy(row, mc->back->rules[mc->words[missing]]);
}

/* In front of the first that stands still. */
static size_t first_target(const struct merge_chain *mc)
{
	for (size_t i = 0; i < mc->chain->rule_count; i++)
		if (mc->stands[i] != MERGE_NONE)
			return mc->stands[i];
	return 0;
}

/* A rule goes back behind the one that stood in front of it. Rules that are neither ours nor moved stay. */
static int fill_row(const struct merge_chain *mc, const struct nfv_chain *chain, struct row *row)
{
	int err = 0;

	row->target = first_target(mc);
	for (size_t n = 0; n <= chain->count && !err; n++) {
		for (; row->place < mc->chain->rule_count && row->target <= n && !err; row->place++) {
			if (mc->stands[row->place] == MERGE_NONE)
				err = put_back(mc, chain, row);
			else
				row->target = (size_t)mc->stands[row->place] + 1;
		}
		if (!err && n < chain->count && mc->ours[n] == MERGE_NONE && mc->came[n] == MERGE_NONE)
			err = add_copy(row, chain->rules[n]);
	}
	return err;
}

static int undo_rules(const struct merge_chain *mc, struct nfv_chain *chain)
{
	struct row row = { .rules = calloc(chain->count + mc->chain->rule_count + 1, sizeof(struct nfv_rule *)) };
	int err = row.rules ? fill_row(mc, chain, &row) : -ENOMEM;

	if (!err)
		chain_clear(chain);
	for (size_t i = 0; i < row.count; i++) {
		if (!err)
			err = chain_put(chain, chain->count, row.rules[i]);
		if (err)
			nfv_rule_free(row.rules[i]);
	}
	free(row.rules);
	return err;
}

static int undo_policy(const struct merge_chain *mc, struct nfv_chain *chain)
{
	char *policy;

	if (!changes_policy(mc) || !chain->policy || !same_word(chain->policy, mc->policy))
		return 0;
	policy = strndup(mc->policy_back, strcspn(mc->policy_back, " \n"));
	if (!policy)
		return -ENOMEM;
	free(chain->policy);
	chain->policy = policy;
	return 0;
}

static int undo_chain(const struct merge_chain *mc, struct nfv_table *table)
{
	const char *name = mc->chain->name;
	struct nfv_chain *chain = table_find_chain(table, name, strlen(name));
	int err;

	if (!chain) {
		/* Somebody removed what the change made, or what it changed: that is theirs to decide. */
		if (mc->chain->is || !mc->chain->was)
			return 0;
		chain = chain_new(table, name, strlen(name));
		if (!chain)
			return -ENOMEM;
		chain->declared = true;
	}
	err = undo_rules(mc, chain);
	return err ? err : undo_policy(mc, chain);
}

/* Chains that the change made go, unless somebody else uses them by now. They may lead to each other. */
static void remove_chains(const struct merge *merge, struct nfv_table *table)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < merge->count; i++) {
			const struct change_chain *made = merge->chains[i].chain;
			struct nfv_chain *chain = made->was ? NULL : table_find_chain(table, made->name, strlen(made->name));

			if (!chain || chain->builtin || chain->count || nfv_chain_references(chain))
				continue;
			table_pull_chain(table, chain);
			chain_free(chain);
			again = true;
		}
	}
}

struct nfv_rules *merge_undo(const struct change_part *part, const struct nfv_rules *now, const struct merge_ask *ask)
{
	struct nfv_rules *wanted = nfv_rules_copy(now);
	struct nfv_table *table = wanted ? rules_find_table(wanted, part->table, strlen(part->table)) : NULL;
	struct merge merge;
	int err = merge_begin(&merge, part, now, ask);

	if (wanted && !table)
		table = table_new(wanted, part->table, strlen(part->table));
	if (!table)
		err = -ENOMEM;
	for (size_t i = 0; i < merge.count && !err; i++)
		err = undo_chain(&merge.chains[i], table);
	if (!err)
		remove_chains(&merge, table);
	merge_end(&merge);
	if (!err)
		return wanted;
	nfv_rules_free(wanted);
	errno = -err;
	return NULL;
}
