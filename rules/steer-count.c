/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-count.h"

#include "rules/model.h"
#include "rules/steer-plan.h"
#include "rules/steer-run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const enum nfv_family families[] = { NFV_FAMILY_IPV4, NFV_FAMILY_IPV6 };

/* ---- in rulesets ---- */

static size_t table_index(const char *name)
{
	size_t t = 0;

	while (t < STEER_TABLES && strcmp(name, steer_tables[t]) != 0)
		t++;
	return t;
}

/* The tally's queue that a chain belongs to; NULL: none. */
static struct steer_count *count_of(const struct steer_tally *tally, const struct steer_chain *chain)
{
	const char *name = nfv_chain_name(chain->chain) + strlen(STEER_PREFIX);

	for (size_t q = 0; q < tally->count; q++)
		if (!strcmp(name, tally->queues[q].name))
			return &tally->counts[q];
	return NULL;
}

void steer_count_found(struct steer_tally *tally, enum nfv_family family, const struct steer_found *found)
{
	const size_t t = table_index(nfv_table_name(found->table));

	for (size_t i = 0; i < found->count && t < STEER_TABLES; i++) {
		const struct steer_chain *chain = &found->chains[i];
		struct steer_count *count = count_of(tally, chain);
		struct steer_cell *cell = count ? &count->cells[family][t] : NULL;

		if (!cell || !chain->own_rule)
			continue;
		cell->there = true;
		nfv_rule_counters(chain->own_rule, &cell->packets, NULL);
	}
}

/* A rule that leads to numbers of ours, and is none of ours. */
static void judge_other(struct steer_tally *tally, struct nfv_rule *rule, const struct steer_chain *inside)
{
	const struct spec *spec = rule_spec(rule);
	uint16_t first, last;
	bool plain;

	/* Most rules lead to no queue: they need not be looked into. */
	if (!spec || !memmem(spec->bytes, spec->len, "NFQUEUE", strlen("NFQUEUE")) || !rule_view(rule))
		return;
	if (steer_target_numbers(rule, &first, &last, &plain))
		for (size_t q = 0; q < tally->count; q++)
			if (first <= tally->queues[q].last && last >= tally->queues[q].first &&
			    !(inside && inside->own_rule == rule && count_of(tally, inside) == &tally->counts[q]))
				tally->counts[q].others = true;
	rule_drop_view(rule);
}

static void judge_others(struct steer_tally *tally, struct nfv_table *table, const struct steer_found *found)
{
	for (size_t c = 0; c < nfv_table_chain_count(table); c++) {
		struct nfv_chain *chain = nfv_table_chain_at(table, c);
		size_t own = 0;

		while (own < found->count && found->chains[own].chain != chain)
			own++;
		for (size_t r = 0; r < nfv_chain_count(chain); r++)
			judge_other(tally, nfv_chain_rule(chain, r), own < found->count ? &found->chains[own] : NULL);
	}
}

int steer_count_rules(struct steer_tally *tally, const struct nfv_rules *rules)
{
	struct steer_found found;

	for (size_t t = 0; t < nfv_rules_table_count(rules); t++) {
		struct nfv_table *table = nfv_rules_table_at(rules, t);

		if (steer_find(&found, table, NULL))
			return -ENOMEM;
		steer_count_found(tally, nfv_rules_family(rules), &found);
		judge_others(tally, table, &found);
		steer_found_free(&found);
	}
	return 0;
}

void steer_count_clear(struct steer_tally *tally)
{
	for (size_t q = 0; q < tally->count; q++)
		tally->counts[q] = (struct steer_count){ 0 };
}

/* ---- in the kernel ---- */

int steer_count(const struct tool *tool, struct steer_tally *tally, steer_error_fn *tell, void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	struct nfv_rules_error error;
	int err = steer_open(&run);

	steer_count_clear(tally);
	for (size_t f = 0; f < 2 && !err; f++) {
		struct nfv_rules *rules;

		if (!steer_family_there(families[f]))
			continue;
		rules = nfv_live_read(run.live, families[f], NULL, &error);
		err = rules ? steer_count_rules(tally, rules) : -errno;
		if (!rules)
			tell(context, NULL, error.text);
		nfv_rules_free(rules);
	}
	nfv_live_close(run.live);
	return err;
}

/* ---- taking jumps out ---- */

/* Another daemon may have a queue of the same name: its chain leads to other numbers. */
static bool leads_to_ours(const struct steer_tally *tally, const struct steer_chain *chain)
{
	const struct steer_count *count = count_of(tally, chain);
	const struct steer_queue *queue = count ? &tally->queues[count - tally->counts] : NULL;
	uint16_t first, last;
	bool plain, leads;

	if (!queue || !chain->own_rule || !rule_view(chain->own_rule))
		return false;
	leads = steer_target_numbers(chain->own_rule, &first, &last, &plain) && first == queue->first && last == queue->last;
	rule_drop_view(chain->own_rule);
	return leads;
}

static int unhook_table(struct steer_tally *tally, struct nfv_table *table)
{
	struct steer_found found;
	int err = steer_find(&found, table, NULL);

	for (size_t j = 0; !err && j < found.jump_count; j++) {
		const struct steer_jump *jump = &found.jumps[j];
		long position = nfv_rule_position(jump->rule);

		if (!leads_to_ours(tally, &found.chains[jump->to]))
			continue;
		err = position < 0 ? (int)position : nfv_chain_delete(nfv_rule_chain(jump->rule), (size_t)position);
	}
	steer_found_free(&found);
	return err;
}

static int unhook_all(struct nfv_transaction *transaction, void *context)
{
	struct steer_tally *tally = context;
	int err = 0;

	steer_count_clear(tally);
	for (size_t f = 0; f < 2 && !err; f++) {
		struct nfv_rules *rules;

		if (!steer_family_there(families[f]))
			continue;
		rules = nfv_transaction_rules(transaction, families[f]);
		err = rules ? steer_count_rules(tally, rules) : -errno;
		for (size_t t = 0; !err && t < nfv_rules_table_count(rules); t++)
			err = unhook_table(tally, nfv_rules_table_at(rules, t));
	}
	return err;
}

int steer_unhook(const struct tool *tool, struct steer_tally *tally, steer_error_fn *tell, void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	struct nfv_rules_error error = { 0 };
	int err = steer_open(&run);

	if (!err) {
		err = nfv_live_transaction(run.live, unhook_all, tally, &error);
		if (err < 0)
			tell(context, NULL, error.text);
	}
	nfv_live_close(run.live);
	return err < 0 ? err : 0;
}
