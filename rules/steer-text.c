/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Ends a line of the text and remembers what it is for. */
static void end_line(struct steer_text *text, struct steer_line line)
{
	text_add(&text->text, "\n", 1);
	if (text->line_count == text->line_size) {
		size_t size = text->line_size ? text->line_size * 2 : 32;
		struct steer_line *lines = reallocarray(text->lines, size, sizeof(*lines));

		if (!lines) {
			text->text.failed = true;
			return;
		}
		text->lines = lines;
		text->line_size = size;
	}
	text->lines[text->line_count++] = line;
}

static bool item_chosen(const struct steer_plan *plan, size_t i, const struct steer_scope *scope, size_t table)
{
	const struct steer_item *item = &plan->items[i];

	return (scope->item == STEER_NONE || scope->item == i) && steer_item_in(item, scope->family) &&
	       !strcmp(item->entry->table, steer_tables[table]);
}

static bool chain_found(const struct steer_scope *scope, const char *table, const char *queue)
{
	const struct save_table *t = scope->found ? save_table(scope->found, table) : NULL;
	char name[sizeof(STEER_PREFIX) + STEER_NAME_MAX];

	stpcpy(stpcpy(name, STEER_PREFIX), queue);
	return t && save_chain(t, name);
}

/* The chain with its one rule. -N fails when somebody made the chain in between; a ":" line would empty it. */
static void add_chain(struct steer_text *text, const struct steer_queue *queue, const struct steer_scope *scope,
		      size_t table)
{
	struct steer_line line = { .table = table, .item = STEER_NONE, .queue = queue };
	struct text *t = &text->text;

	if (scope->test || !chain_found(scope, steer_tables[table], queue->name)) {
		text_printf(t, scope->test ? ":" STEER_PREFIX "%s - [0:0]" : "-N " STEER_PREFIX "%s", queue->name);
		end_line(text, line);
	}
	if (scope->bare)
		return;
	text_printf(t, "-A " STEER_PREFIX "%s -j NFQUEUE", queue->name);
	if (queue->first == queue->last)
		text_printf(t, " --queue-num %u", queue->first);
	else
		text_printf(t, " --queue-balance %u:%u", queue->first, queue->last);
	text_printf(t, "%s%s", queue->bypass ? " --queue-bypass" : "", queue->cpu_fanout ? " --queue-cpu-fanout" : "");
	end_line(text, line);
}

static void add_jump(struct steer_text *text, const struct steer_plan *plan, size_t i, const struct steer_scope *scope,
		     size_t table)
{
	const struct steer_item *item = &plan->items[i];
	struct text *t = &text->text;

	text_printf(t, item->entry->last ? "-A %s" : "-I %s 1", item->entry->chain);
	if (!scope->match_last)
		text_add(t, item->match.data, item->match.len);
	text_printf(t, " -m comment --comment \"" STEER_COMMENT "%s\" -j " STEER_PREFIX "%s", item->queue->name,
		    item->queue->name);
	if (scope->match_last)
		text_add(t, item->match.data, item->match.len);
	end_line(text, (struct steer_line){ .table = table, .item = i, .queue = item->queue });
}

static void add_table(struct steer_text *text, const struct steer_plan *plan, const struct steer_scope *scope, size_t table)
{
	struct steer_line line = { .table = table, .item = STEER_NONE };
	const struct steer_queue *queue = NULL;
	bool named = false;

	for (size_t i = 0; i < plan->count; i++) {
		if (!item_chosen(plan, i, scope, table))
			continue;
		if (!named) {
			text_printf(&text->text, "*%s", steer_tables[table]);
			end_line(text, line);
			named = true;
		}
		/* The items of a queue stand together. */
		if (plan->items[i].queue != queue)
			add_chain(text, plan->items[i].queue, scope, table);
		queue = plan->items[i].queue;
	}
	if (!named)
		return;
	/*
	 * Those that go before the chain's rules are put in from the last to the first, each at the head: the tool makes
	 * more than one rule of a list of addresses, so positions cannot be counted.
	 */
	for (size_t i = plan->count; i > 0; i--)
		if (item_chosen(plan, i - 1, scope, table) && !plan->items[i - 1].entry->last)
			add_jump(text, plan, i - 1, scope, table);
	for (size_t i = 0; i < plan->count; i++)
		if (item_chosen(plan, i, scope, table) && plan->items[i].entry->last)
			add_jump(text, plan, i, scope, table);
	text_printf(&text->text, "COMMIT");
	end_line(text, line);
}

int steer_text_install(struct steer_text *text, const struct steer_plan *plan, const struct steer_scope *scope)
{
	*text = (struct steer_text){ 0 };
	for (size_t t = 0; t < STEER_TABLES; t++)
		add_table(text, plan, scope, t);
	if (!text->text.failed)
		return 0;
	steer_text_free(text);
	return -ENOMEM;
}

void steer_text_free(struct steer_text *text)
{
	text_free(&text->text);
	free(text->lines);
	*text = (struct steer_text){ 0 };
}

static void add_removed_spec(struct text *text, const struct save_rule *rule)
{
	struct tokens tokens;
	const char *why;

	/* steer_find() has split it before. */
	if (save_rule_tokens(rule, &tokens, &why)) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < tokens.count; i++) {
		text_add(text, " ", 1);
		tokens_quote(text, tokens.items[i]);
	}
	tokens_free(&tokens);
}

/* The place of a rule in its chain, from 1. */
static size_t rule_number(const struct save_table *table, size_t rule)
{
	size_t number = 1;

	for (size_t r = 0; r < rule; r++)
		number += table->rules[r].chain == table->rules[rule].chain;
	return number;
}

static void add_removed_jumps(struct text *text, const struct steer_found *found, enum steer_removal how)
{
	const struct save_table *table = found->table;

	/* From the last to the first, so that the numbers of those that follow stay right. */
	for (size_t r = table->rule_count; r > 0; r--) {
		size_t to = found->jump_of[r - 1];

		if (to == STEER_NONE || !found->chains[to].chosen ||
		    (how == STEER_BY_NUMBER && steer_chain_stays(&found->chains[to])))
			continue;
		text_printf(text, "-D %s", table->chains[table->rules[r - 1].chain].name);
		if (how == STEER_BY_NUMBER)
			text_printf(text, " %zu", rule_number(table, r - 1));
		else
			add_removed_spec(text, &table->rules[r - 1]);
		text_add(text, "\n", 1);
	}
}

/* Takes our rule out of a chain. Where others have put theirs, it alone: it is plain, so that its text always finds it. */
static void add_emptied(struct text *text, const struct steer_found *found, const struct steer_chain *chain)
{
	const char *name = found->table->chains[chain->chain].name;

	if (!steer_chain_others(chain)) {
		text_printf(text, "-F %s\n", name);
	} else if (chain->own_rule != STEER_NONE) {
		text_printf(text, "-D %s", name);
		add_removed_spec(text, &found->table->rules[chain->own_rule]);
		text_add(text, "\n", 1);
	}
}

void steer_text_remove(struct text *text, const struct steer_found *found, enum steer_removal how)
{
	size_t chosen = 0;

	for (size_t i = 0; i < found->count; i++)
		chosen += found->chains[i].chosen;
	if (!chosen)
		return;
	text_printf(text, "*%s\n", found->table->name);
	if (how != STEER_FLUSH)
		add_removed_jumps(text, found, how);
	for (size_t i = 0; i < found->count; i++)
		if (found->chains[i].chosen)
			add_emptied(text, found, &found->chains[i]);
	for (size_t i = 0; i < found->count && how != STEER_FLUSH; i++)
		if (found->chains[i].chosen && !steer_chain_stays(&found->chains[i]))
			text_printf(text, "-X %s\n", found->table->chains[found->chains[i].chain].name);
	text_printf(text, "COMMIT\n");
}
