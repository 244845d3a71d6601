/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-wanted.h"

#include "rules/steer-text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool steer_wanted_any(const struct steer_plan *plan, enum nfv_family family)
{
	bool any = false;

	for (size_t i = 0; i < plan->count && !any; i++)
		any = steer_item_in(&plan->items[i], family);
	return any;
}

int steer_wanted_rules(struct nfv_chain *chain, const struct steer_queue *queue)
{
	struct text text = { 0 };
	int err;

	steer_text_rule(&text, queue);
	err = text.failed ? -ENOMEM : nfv_chain_append_text(chain, text.data, NULL);
	text_free(&text);
	return err;
}

struct nfv_rule *steer_wanted_jump(const struct steer_run *run, const struct steer_plan *plan, size_t i)
{
	const struct steer_item *item = &plan->items[i];
	struct nfv_rules_error error;
	struct text text = { 0 };
	struct nfv_rule *rule;
	int err;

	steer_text_jump(&text, item, false);
	rule = text.failed ? NULL : nfv_rule_parse(text.data, &error);
	err = text.failed ? ENOMEM : errno;
	if (!rule && !text.failed) {
		steer_tell(run, item->entry->origin, "%s", error.text);
		err = EINVAL;
	}
	text_free(&text);
	if (rule && nfv_rule_set_origin(rule, STEER_ORIGIN, (unsigned)i + 1)) {
		nfv_rule_free(rule);
		rule = NULL;
		err = ENOMEM;
	}
	if (!rule)
		errno = err;
	return rule;
}

const struct steer_item *steer_wanted_item(const struct steer_plan *plan, const struct nfv_rule *rule)
{
	unsigned line = 0;
	const char *origin = nfv_rule_origin(rule, &line);

	return origin && !strcmp(origin, STEER_ORIGIN) && line >= 1 && line <= plan->count ? &plan->items[line - 1] : NULL;
}

/* ---- chains of their own, which no kernel knows ---- */

static struct nfv_chain *new_chain(const struct steer_run *run, const char *table, const char *name)
{
	struct nfv_rules *rules = nfv_rules_new(run->family);
	struct nfv_table *in = rules ? nfv_rules_add_table(rules, table) : NULL;
	struct nfv_chain *chain = in ? nfv_table_ensure_chain(in, name) : NULL;
	int err = errno;

	if (chain)
		return chain;
	nfv_rules_free(rules);
	errno = err;
	return NULL;
}

void steer_wanted_free(struct nfv_chain *chain)
{
	if (chain)
		nfv_rules_free(nfv_table_rules(nfv_chain_table(chain)));
}

static int add_jumps(const struct steer_run *run, const struct steer_plan *plan, bool last, struct nfv_chain *chain)
{
	const char *table = nfv_table_name(nfv_chain_table(chain));
	int err = 0;

	for (size_t i = 0; i < plan->count && !err; i++) {
		const struct steer_entry *entry = plan->items[i].entry;
		struct nfv_rule *rule;

		if (!steer_item_in(&plan->items[i], run->family) || entry->last != last || strcmp(entry->table, table) != 0 ||
		    strcmp(entry->chain, nfv_chain_name(chain)) != 0)
			continue;
		rule = steer_wanted_jump(run, plan, i);
		err = rule ? nfv_chain_append(chain, rule) : -errno;
	}
	return err;
}

struct nfv_chain *steer_wanted_jumps(const struct steer_run *run, const struct steer_plan *plan, const char *table,
				     const char *name)
{
	struct nfv_chain *chain = new_chain(run, table, name);
	int err;

	if (!chain)
		return NULL;
	err = add_jumps(run, plan, false, chain);
	if (!err)
		err = add_jumps(run, plan, true, chain);
	if (!err)
		return chain;
	steer_wanted_free(chain);
	errno = -err;
	return NULL;
}

struct nfv_chain *steer_wanted_content(const struct steer_run *run, const struct steer_queue *queue, const char *table)
{
	struct nfv_chain *chain = new_chain(run, table, STEER_PREFIX "content");
	int err;

	if (!chain)
		return NULL;
	err = steer_wanted_rules(chain, queue);
	if (!err)
		return chain;
	steer_wanted_free(chain);
	errno = -err;
	return NULL;
}

void steer_wanted_blame(const struct steer_run *run, const struct steer_plan *plan, const struct nfv_rules_error *error)
{
	const void *origin = NULL;

	if (!strcmp(error->file, STEER_ORIGIN) && error->line >= 1 && error->line <= plan->count)
		origin = plan->items[error->line - 1].entry->origin;
	run->tell(run->context, origin, error->text);
}
