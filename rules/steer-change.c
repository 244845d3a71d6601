/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one steering to another, in one transaction. */
#include "rules/steer.h"

#include "rules/steer-plan.h"
#include "rules/steer-remove.h"
#include "rules/steer-run.h"
#include "rules/steer-sync.h"
#include "rules/steer-wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the same? ---- */

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_entry(const struct steer_entry *a, const struct steer_entry *b)
{
	return same_text(a->table, b->table) && same_text(a->chain, b->chain) && same_text(a->match, b->match) &&
	       a->ipv4 == b->ipv4 && a->ipv6 == b->ipv6 && a->last == b->last;
}

static bool same_queue(const struct steer_queue *a, const struct steer_queue *b)
{
	bool same = !strcmp(a->name, b->name) && a->first == b->first && a->last == b->last && a->bypass == b->bypass &&
		    a->cpu_fanout == b->cpu_fanout && a->entry_count == b->entry_count;

	for (size_t i = 0; same && i < a->entry_count; i++)
		same = same_entry(&a->entries[i], &b->entries[i]);
	return same;
}

bool steer_same(const struct steer_queue *a, size_t a_count, const struct steer_queue *b, size_t b_count)
{
	bool same = a_count == b_count;

	for (size_t i = 0; same && i < a_count; i++)
		same = same_queue(&a[i], &b[i]);
	return same;
}

/* ---- one table ---- */

/* What the function of the transaction works on. */
struct changing {
	struct steer_run *run;
	const struct steer_plan *wanted;
	const struct steer_plan *before; /* NULL: not known */
	struct steer_sweep sweep;        /* only its own numbers */
	struct text stays[2];            /* by family: what could not be removed */
	long changes;
	bool told;
};

static bool item_of_table(const struct changing *changing, const struct steer_item *item, const struct nfv_table *table)
{
	return steer_item_in(item, changing->run->family) && !strcmp(item->entry->table, nfv_table_name(table));
}

/* Of the queue that a chain is named after; NULL: nobody wants it in this table. */
static const struct steer_queue *wanted_queue(const struct changing *changing, const struct nfv_table *table,
					      const struct nfv_chain *chain)
{
	for (size_t i = 0; i < changing->wanted->count; i++) {
		const struct steer_item *item = &changing->wanted->items[i];

		if (item_of_table(changing, item, table) &&
		    !strcmp(item->queue->name, nfv_chain_name(chain) + strlen(STEER_PREFIX)))
			return item->queue;
	}
	return NULL;
}

static int add(struct changing *changing, long changes)
{
	if (changes < 0)
		return (int)changes;
	changing->changes += changes;
	return 0;
}

/* Makes the content of a chain what the queue wants. have: our rule in it, NULL: none. */
static int fill_chain(struct changing *changing, struct nfv_chain *chain, struct nfv_rule *have,
		      const struct steer_queue *queue)
{
	struct nfv_chain *content = steer_wanted_content(changing->run, queue, nfv_table_name(nfv_chain_table(chain)));
	const struct steer_sync sync = {
		.chain = chain,
		.have = &have,
		.have_count = have != NULL,
		.wanted = content,
		.lead = content ? nfv_chain_count(content) : 0,
		.head = have ? (size_t)nfv_rule_position(have) : 0, /* rules of others that stand before it do so on purpose */
	};
	int err = content ? add(changing, steer_sync(&sync)) : -errno;

	steer_wanted_free(content);
	return err;
}

/* Chains that are there: who wants them, who has them. */
static int judge_chains(struct changing *changing, struct steer_found *found)
{
	int err = 0;

	for (size_t i = 0; i < found->count; i++) {
		struct steer_chain *chain = &found->chains[i];
		const bool wanted = wanted_queue(changing, found->table, chain->chain) != NULL;
		const bool ours = steer_chain_ours(chain) && !chain->bound;

		chain->chosen = ours && !wanted;
		if (!wanted || ours || nfv_chain_count(chain->chain) == 0)
			continue;
		steer_tell(changing->run, NULL,
			   "table %s: chain %s is there already and in use: is another daemon running with this queue?",
			   nfv_table_name(found->table), nfv_chain_name(chain->chain));
		changing->told = true;
		err = -EEXIST;
	}
	return err;
}

static const struct steer_chain *found_chain(const struct steer_found *found, const char *name)
{
	for (size_t i = 0; i < found->count; i++)
		if (!strcmp(nfv_chain_name(found->chains[i].chain), name))
			return &found->chains[i];
	return NULL;
}

/* Each queue's chain once: the items of a queue stand together. */
static int put_chains(struct changing *changing, const struct steer_found *found)
{
	const struct steer_queue *queue = NULL;
	char name[sizeof(STEER_PREFIX) + STEER_NAME_MAX];
	int err = 0;

	for (size_t i = 0; i < changing->wanted->count && !err; i++) {
		const struct steer_item *item = &changing->wanted->items[i];
		const struct steer_chain *there;
		struct nfv_chain *chain;

		if (!item_of_table(changing, item, found->table) || item->queue == queue)
			continue;
		queue = item->queue;
		snprintf(name, sizeof(name), STEER_PREFIX "%s", queue->name);
		there = found_chain(found, name);
		chain = there ? there->chain : nfv_table_add_chain(found->table, name);
		changing->changes += !there;
		err = chain ? fill_chain(changing, chain, there ? there->own_rule : NULL, queue) : -errno;
	}
	return err;
}

/* How many of the wanted jumps go before the chain's rules. */
static size_t count_lead(const struct steer_plan *plan, const struct nfv_chain *wanted)
{
	size_t lead = 0;

	for (size_t r = 0; r < nfv_chain_count(wanted); r++) {
		const struct steer_item *item = steer_wanted_item(plan, nfv_chain_rule(wanted, r));

		lead += item && !item->entry->last;
	}
	return lead;
}

/* Our jumps that lead to chains which we may change, with the chain that each stands in. */
struct jumps {
	struct nfv_rule **rules;
	struct nfv_chain **chains; /* noted before any of the rules is gone */
	size_t count;
};

static int collect_jumps(struct jumps *jumps, const struct steer_found *found)
{
	*jumps = (struct jumps){
		.rules = calloc(found->jump_count + 1, sizeof(struct nfv_rule *)),
		.chains = calloc(found->jump_count + 1, sizeof(struct nfv_chain *)),
	};
	if (!jumps->rules || !jumps->chains)
		return -ENOMEM;
	for (size_t j = 0; j < found->jump_count; j++) {
		const struct steer_chain *to = &found->chains[found->jumps[j].to];

		if (!steer_chain_ours(to) || to->bound)
			continue;
		jumps->rules[jumps->count] = found->jumps[j].rule;
		jumps->chains[jumps->count++] = nfv_rule_chain(found->jumps[j].rule);
	}
	return 0;
}

static void free_jumps(struct jumps *jumps)
{
	free(jumps->rules);
	free(jumps->chains);
}

/* Makes the jumps of one chain what is wanted. They stand together in `jumps`: have of them, in their order. */
static int put_jumps_in(struct changing *changing, struct nfv_chain *chain, struct nfv_rule *const *have, size_t have_count)
{
	const char *table = nfv_table_name(nfv_chain_table(chain)), *name = nfv_chain_name(chain);
	struct nfv_chain *wanted = steer_wanted_jumps(changing->run, changing->wanted, table, name), *before = NULL;
	struct steer_sync sync = { .chain = chain, .have = have, .have_count = have_count };
	int err = wanted ? 0 : -errno;

	changing->told |= err == -EINVAL;
	if (!err && changing->before) {
		before = steer_wanted_jumps(changing->run, changing->before, table, name);
		err = before ? 0 : -errno;
	}
	if (!err) {
		sync.wanted = wanted;
		sync.lead = count_lead(changing->wanted, wanted);
		sync.before = before;
		sync.before_lead = before ? count_lead(changing->before, before) : 0;
		err = add(changing, steer_sync(&sync));
	}
	steer_wanted_free(before);
	steer_wanted_free(wanted);
	return err;
}

static int put_jumps(struct changing *changing, const struct steer_found *found)
{
	struct jumps jumps;
	int err = collect_jumps(&jumps, found);

	for (size_t c = 0; c < nfv_table_chain_count(found->table) && !err; c++) {
		struct nfv_chain *chain = nfv_table_chain_at(found->table, c);
		size_t first = 0, count = 0;

		if (!nfv_chain_is_builtin(chain))
			continue;
		while (first < jumps.count && jumps.chains[first] != chain)
			first++;
		while (first + count < jumps.count && jumps.chains[first + count] == chain)
			count++;
		err = put_jumps_in(changing, chain, jumps.rules + first, count);
	}
	free_jumps(&jumps);
	return err;
}

/* Behind the jumps: nothing of ours leads there any more. */
static int remove_chains(struct changing *changing, const struct steer_found *found)
{
	int err = 0;

	for (size_t i = 0; i < found->count && !err; i++) {
		const struct steer_chain *chain = &found->chains[i];
		/* Told before its rules are gone, which it is told by. */
		const bool stays = steer_chain_stays(chain);

		if (!chain->chosen)
			continue;
		steer_remove_note(&changing->stays[changing->run->family], found, chain);
		changing->changes += (chain->own_rule != NULL) + !stays;
		err = steer_remove_rules(chain);
		if (!err && !stays)
			err = nfv_chain_remove(chain->chain);
	}
	return err;
}

static int change_table(struct changing *changing, struct nfv_table *table)
{
	struct steer_found found;
	int err = steer_remove_find(changing->run, table, &changing->sweep, &found);

	if (err) {
		changing->told = true;
		return err;
	}
	err = judge_chains(changing, &found);
	if (!err)
		err = put_chains(changing, &found);
	if (!err)
		err = put_jumps(changing, &found);
	if (!err)
		err = remove_chains(changing, &found);
	steer_found_free(&found);
	return err;
}

/* ---- the whole ---- */

static bool is_wanted(const struct changing *changing, const char *table)
{
	for (size_t i = 0; i < changing->wanted->count; i++)
		if (steer_item_in(&changing->wanted->items[i], changing->run->family) &&
		    !strcmp(changing->wanted->items[i].entry->table, table))
			return true;
	return false;
}

static int change_family(struct changing *changing, struct nfv_rules *rules)
{
	int err = 0;

	for (size_t t = 0; t < STEER_TABLES && !err; t++) {
		const bool wanted = is_wanted(changing, steer_tables[t]);
		struct nfv_table *table = wanted ? nfv_rules_add_table(rules, steer_tables[t]) :
						   nfv_rules_table(rules, steer_tables[t]);

		if (table)
			err = change_table(changing, table);
		else if (wanted)
			err = -errno;
	}
	return err;
}

static void forget_stays(struct changing *changing)
{
	for (int f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6; f++)
		text_free(&changing->stays[f]);
}

static int change_all(struct nfv_transaction *transaction, void *context)
{
	struct changing *changing = context;
	int err = 0;

	/* It may be called again. */
	changing->changes = 0;
	forget_stays(changing);
	for (int f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6 && !err; f++) {
		struct nfv_rules *rules;

		if (!steer_family_there((enum nfv_family)f))
			continue;
		changing->run->family = (enum nfv_family)f;
		rules = nfv_transaction_rules(transaction, (enum nfv_family)f);
		err = rules ? change_family(changing, rules) : -errno;
	}
	return err;
}

/* What is said of it was said when it was put in. */
static void say_nothing(void *context, const void *origin, const char *text)
{
	(void)context, (void)origin, (void)text;
}

static int run_change(struct changing *changing)
{
	struct steer_run *run = changing->run;
	struct nfv_rules_error error = { 0 };
	int err = steer_open(run);

	if (err)
		return err;
	err = nfv_live_transaction(run->live, change_all, changing, &error);
	if (err < 0 && !changing->told)
		steer_wanted_blame(run, changing->wanted, &error);
	for (int f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6 && err >= 0; f++) {
		run->family = (enum nfv_family)f;
		steer_remove_tell(run, &changing->stays[f]);
	}
	nfv_live_close(run->live);
	return err;
}

long steer_change(const struct tool *tool, const struct steer_change *change, steer_error_fn *tell, void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	struct steer_plan wanted, before = { 0 };
	struct changing changing = { .run = &run, .wanted = &wanted,
				     .sweep = { .own = change->own, .own_count = change->own_count } };
	int err = steer_plan_make(&wanted, change->wanted, change->wanted_count, tell, context);

	if (!err && change->before) {
		err = steer_plan_make(&before, change->before, change->before_count, say_nothing, NULL);
		changing.before = &before;
	}
	if (err == -ENOMEM)
		tell(context, NULL, "the rules to change: no memory");
	if (!err)
		err = run_change(&changing);
	forget_stays(&changing);
	steer_plan_free(&before);
	steer_plan_free(&wanted);
	return err < 0 ? err : changing.changes;
}
