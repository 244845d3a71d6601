/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-text.h"

#include <errno.h>
#include <string.h>

void steer_text_rule(struct text *text, const struct steer_queue *queue)
{
	text_printf(text, "-j NFQUEUE");
	if (queue->first == queue->last)
		text_printf(text, " --queue-num %u", queue->first);
	else
		text_printf(text, " --queue-balance %u:%u", queue->first, queue->last);
	text_printf(text, "%s%s", queue->bypass ? " --queue-bypass" : "", queue->cpu_fanout ? " --queue-cpu-fanout" : "");
}

void steer_text_jump(struct text *text, const struct steer_item *item, bool match_last)
{
	const struct text *match = &item->match;

	/* Each word of the match has a blank before it. */
	if (!match_last && match->len)
		text_printf(text, "%s ", match->data + 1);
	text_printf(text, "-m comment --comment \"" STEER_COMMENT "%s\" -j " STEER_PREFIX "%s", item->queue->name,
		    item->queue->name);
	if (match_last)
		text_add(text, match->data, match->len);
}

static bool item_chosen(const struct steer_plan *plan, size_t i, const struct steer_scope *scope, size_t table)
{
	const struct steer_item *item = &plan->items[i];

	return (scope->item == STEER_NONE || scope->item == i) && steer_item_in(item, scope->family) &&
	       !strcmp(item->entry->table, steer_tables[table]);
}

static void add_table(struct text *text, const struct steer_plan *plan, const struct steer_scope *scope, size_t table)
{
	const struct steer_queue *queue = NULL;
	bool named = false;

	for (size_t i = 0; i < plan->count; i++) {
		const struct steer_item *item = &plan->items[i];

		if (!item_chosen(plan, i, scope, table))
			continue;
		if (!named)
			text_printf(text, "*%s\n", steer_tables[table]);
		named = true;
		/* The items of a queue stand together. */
		if (item->queue != queue) {
			text_printf(text, ":" STEER_PREFIX "%s - [0:0]\n-A " STEER_PREFIX "%s ", item->queue->name,
				    item->queue->name);
			steer_text_rule(text, item->queue);
			text_add(text, "\n", 1);
		}
		queue = item->queue;
		text_printf(text, "-A %s ", item->entry->chain);
		steer_text_jump(text, item, scope->match_last);
		text_add(text, "\n", 1);
	}
	if (named)
		text_printf(text, "COMMIT\n");
}

int steer_text_test(struct text *text, const struct steer_plan *plan, const struct steer_scope *scope)
{
	*text = (struct text){ 0 };
	for (size_t t = 0; t < STEER_TABLES; t++)
		add_table(text, plan, scope, t);
	if (!text->failed)
		return 0;
	text_free(text);
	return -ENOMEM;
}
