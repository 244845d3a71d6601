/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what was installed still there? */
#include "rules/steer.h"

#include "rules/steer-find.h"
#include "rules/steer-plan.h"
#include "rules/steer-run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Our chain of the queue, with our rule before all others; NULL: it is not there, or does something else. */
static const struct steer_chain *find_chain(const struct steer_found *found, const char *queue)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct steer_chain *chain = &found->chains[i];

		if (strcmp(nfv_chain_name(chain->chain) + strlen(STEER_PREFIX), queue) != 0)
			continue;
		return chain->own_rule && nfv_rule_position(chain->own_rule) == 0 ? chain : NULL;
	}
	return NULL;
}

/* A list of addresses made several of one entry, so there may be more than were asked for. */
static size_t jumps_from(const struct steer_found *found, const struct steer_chain *to, const char *chain)
{
	size_t count = 0;

	for (size_t j = 0; j < found->jump_count; j++)
		count += &found->chains[found->jumps[j].to] == to &&
			 !strcmp(nfv_chain_name(nfv_rule_chain(found->jumps[j].rule)), chain);
	return count;
}

static size_t jumps_wanted(const struct steer_plan *plan, const struct steer_item *item, enum nfv_family family)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->items[i].queue == item->queue && steer_item_in(&plan->items[i], family) &&
			 !strcmp(plan->items[i].entry->table, item->entry->table) &&
			 !strcmp(plan->items[i].entry->chain, item->entry->chain);
	return count;
}

/* 1: there, 0: not, or -errno. */
static int item_present(const struct nfv_rules *rules, const struct steer_plan *plan, const struct steer_item *item)
{
	const char *name = item->entry->table;
	struct nfv_table *table = nfv_rules_table(rules, name);
	const struct steer_chain *chain;
	struct steer_found found;
	int err;

	if (!table)
		return 0;
	err = steer_find(&found, table, NULL);
	if (err)
		return err;
	chain = find_chain(&found, item->queue->name);
	err = chain && jumps_from(&found, chain, item->entry->chain) >= jumps_wanted(plan, item, nfv_rules_family(rules));
	steer_found_free(&found);
	return err;
}

static int family_present(const struct steer_run *run, const struct steer_plan *plan)
{
	struct nfv_rules_error error;
	struct nfv_rules *rules = NULL;
	int present = 1;

	for (size_t i = 0; i < plan->count && present == 1; i++) {
		if (!steer_item_in(&plan->items[i], run->family))
			continue;
		if (!rules)
			rules = nfv_live_read(run->live, run->family, NULL, &error);
		if (!rules) {
			present = -errno;
			run->tell(run->context, NULL, error.text);
			return present;
		}
		present = item_present(rules, plan, &plan->items[i]);
	}
	nfv_rules_free(rules);
	return present;
}

int steer_present(const struct tool *tool, const struct steer_queue *queues, size_t count, steer_error_fn *tell,
		  void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	struct steer_plan plan;
	int present = 1, err = steer_plan_make(&plan, queues, count, tell, context);

	if (!err)
		err = steer_open(&run);
	for (int f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6 && !err && present == 1; f++) {
		run.family = (enum nfv_family)f;
		if (steer_family_there(run.family))
			present = family_present(&run, &plan);
	}
	nfv_live_close(run.live);
	steer_plan_free(&plan);
	return err ? err : present;
}

bool steer_tells_changes(const struct tool *tool)
{
	enum tool_backend kind = tool->backend;

	return (kind != TOOL_AUTO || !tool_kind(tool, &kind)) && kind == TOOL_NFT;
}
