/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer.h"

#include "rules/steer-count.h"
#include "rules/steer-plan.h"
#include "rules/steer-remove.h"
#include "rules/steer-run.h"
#include "rules/steer-wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum nfv_family families[] = { NFV_FAMILY_IPV4, NFV_FAMILY_IPV6 };

/* ---- installing ---- */

/* What the function of the transaction works on. */
struct install {
	struct steer_run *run;
	const struct steer_plan *plan;
	bool told;
};

/* Our chain of the queue. One that holds rules belongs to somebody alive: -EEXIST, told. */
static int own_chain(struct install *install, struct nfv_table *table, const struct steer_queue *queue,
		     struct nfv_chain **chain)
{
	char name[sizeof(STEER_PREFIX) + STEER_NAME_MAX];

	snprintf(name, sizeof(name), STEER_PREFIX "%s", queue->name);
	*chain = nfv_table_ensure_chain(table, name);
	if (!*chain)
		return -errno;
	if (nfv_chain_count(*chain) == 0)
		return 0;
	steer_tell(install->run, NULL,
		   "table %s: chain %s is there already and in use: is another daemon running with this queue?",
		   nfv_table_name(table), name);
	install->told = true;
	return -EEXIST;
}

static int put_chain(struct install *install, struct nfv_table *table, const struct steer_queue *queue)
{
	struct nfv_chain *chain;
	int err = own_chain(install, table, queue, &chain);

	return err ? err : steer_wanted_rules(chain, queue);
}

static int put_jump(struct install *install, struct nfv_table *table, size_t i)
{
	const struct steer_item *item = &install->plan->items[i];
	struct nfv_chain *chain = nfv_table_chain(table, item->entry->chain);
	struct nfv_rule *rule = steer_wanted_jump(install->run, install->plan, i);

	if (!rule) {
		install->told = errno == EINVAL;
		return -errno;
	}
	return nfv_chain_insert(chain, item->entry->last ? nfv_chain_count(chain) : 0, rule);
}

/* The chains first, each once: the items of a queue stand together. */
static int put_chains(struct install *install, struct nfv_rules *rules)
{
	const struct steer_plan *plan = install->plan;
	int result = 0;

	for (size_t t = 0; t < STEER_TABLES; t++) {
		const struct steer_queue *queue = NULL;

		for (size_t i = 0; i < plan->count; i++) {
			const struct steer_item *item = &plan->items[i];
			int err;

			if (!steer_item_in(item, install->run->family) || strcmp(item->entry->table, steer_tables[t]) != 0 ||
			    item->queue == queue)
				continue;
			queue = item->queue;
			err = put_chain(install, nfv_rules_add_table(rules, steer_tables[t]), queue);
			if (err && err != -EEXIST)
				return err;
			/* All that are in use are told. */
			result = err ? err : result;
		}
	}
	return result;
}

/* Those that go before the chain's rules are put in from the last to the first, each at the head. */
static int put_jumps(struct install *install, struct nfv_rules *rules)
{
	const struct steer_plan *plan = install->plan;
	const enum nfv_family family = install->run->family;
	int err = 0;

	for (size_t i = plan->count; i > 0 && !err; i--)
		if (steer_item_in(&plan->items[i - 1], family) && !plan->items[i - 1].entry->last)
			err = put_jump(install, nfv_rules_table(rules, plan->items[i - 1].entry->table), i - 1);
	for (size_t i = 0; i < plan->count && !err; i++)
		if (steer_item_in(&plan->items[i], family) && plan->items[i].entry->last)
			err = put_jump(install, nfv_rules_table(rules, plan->items[i].entry->table), i);
	return err;
}

static int put_all(struct nfv_transaction *transaction, void *context)
{
	struct install *install = context;
	int err = 0;

	for (size_t f = 0; f < 2 && !err; f++) {
		struct nfv_rules *rules;

		if (!steer_family_there(families[f]) || !steer_wanted_any(install->plan, families[f]))
			continue;
		install->run->family = families[f];
		rules = nfv_transaction_rules(transaction, families[f]);
		err = rules ? put_chains(install, rules) : -errno;
		if (!err)
			err = put_jumps(install, rules);
	}
	return err;
}

int steer_install(const struct tool *tool, const struct steer_queue *queues, size_t count, steer_error_fn *tell,
		  void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	struct nfv_rules_error error = { 0 };
	struct steer_plan plan;
	struct install install = { .run = &run, .plan = &plan };
	int err = steer_plan_make(&plan, queues, count, tell, context);

	if (err == -ENOMEM)
		tell(context, NULL, "the rules to put in place: no memory");
	if (!err && (steer_wanted_any(&plan, NFV_FAMILY_IPV4) || steer_wanted_any(&plan, NFV_FAMILY_IPV6)))
		err = steer_open(&run);
	else
		goto out;
	if (!err) {
		err = nfv_live_transaction(run.live, put_all, &install, &error);
		if (err < 0 && !install.told)
			steer_wanted_blame(&run, &plan, &error);
	}
	nfv_live_close(run.live);
out:
	steer_plan_free(&plan);
	return err < 0 ? err : 0;
}

/* ---- sweeping ---- */

/* The backend that is not ours may hold what an earlier run left; it need not work at all. */
static bool other_holds_chains(const struct tool *other, enum nfv_family family)
{
	struct tool_result result;
	bool holds = !tool_save(other, (enum tool_family)family, NULL, &result) &&
		     memmem(result.out, result.out_len, STEER_PREFIX, strlen(STEER_PREFIX));

	tool_result_free(&result);
	return holds;
}

/* Both families through one tool. A family that fails does not keep the other from being cleaned. */
static int sweep_with(const struct tool *tool, bool is_other, struct steer_sweep *sweep, steer_error_fn *tell, void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	int err = 0;

	for (size_t f = 0; f < 2; f++) {
		int family_err;

		run.family = families[f];
		if (!steer_family_there(families[f]) || (is_other && !other_holds_chains(tool, families[f])))
			continue;
		family_err = run.live ? 0 : steer_open(&run);
		if (!family_err)
			family_err = steer_remove(&run, sweep);
		err = err ? err : family_err;
	}
	nfv_live_close(run.live);
	return err;
}

int steer_sweep(const struct tool *tool, struct steer_sweep *sweep, steer_error_fn *tell, void *context)
{
	struct steer_tally *tally = sweep->tally;
	struct tool other;
	int err, other_err = 0;

	sweep->removed = sweep->kept = 0;
	if (tally)
		steer_count_clear(tally);
	err = sweep_with(tool, false, sweep, tell, context);
	sweep->tally = NULL; /* what the other backend holds was left by somebody else */
	if (tool->backend == TOOL_AUTO && !tool_other(tool, &other))
		other_err = sweep_with(&other, true, sweep, tell, context);
	sweep->tally = tally;
	err = err ? err : other_err;
	return err ? err : (int)sweep->removed;
}
