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
static void add_chain(struct steer_text *text, const struct steer_queue *queue, const struct steer_scope *scope, size_t table)
{
	struct steer_line line = { .table = table, .item = STEER_NONE, .queue = queue };
	struct text *t = &text->text;

	if (scope->test || !chain_found(scope, steer_tables[table], queue->name)) {
		text_printf(t, scope->test ? ":" STEER_PREFIX "%s - [0:0]" : "-N " STEER_PREFIX "%s", queue->name);
		end_line(text, line);
	}
	text_printf(t, "-A " STEER_PREFIX "%s -j NFQUEUE", queue->name);
	if (queue->first == queue->last)
		text_printf(t, " --queue-num %u", queue->first);
	else
		text_printf(t, " --queue-balance %u:%u", queue->first, queue->last);
	text_printf(t, "%s%s", queue->bypass ? " --queue-bypass" : "", queue->cpu_fanout ? " --queue-cpu-fanout" : "");
	end_line(text, line);
}

/* Where an entry that goes before the rules of its chain stands: after those of ours that come first. */
static size_t position(const struct steer_plan *plan, size_t item, const struct steer_scope *scope, size_t table)
{
	size_t before = 1;

	for (size_t i = 0; i < item; i++)
		if (item_chosen(plan, i, scope, table) && !plan->items[i].entry->last &&
		    !strcmp(plan->items[i].entry->chain, plan->items[item].entry->chain))
			before++;
	return before;
}

static void add_jump(struct steer_text *text, const struct steer_plan *plan, size_t i, const struct steer_scope *scope, size_t table)
{
	const struct steer_item *item = &plan->items[i];
	struct text *t = &text->text;

	if (item->entry->last)
		text_printf(t, "-A %s", item->entry->chain);
	else
		text_printf(t, "-I %s %zu", item->entry->chain, position(plan, i, scope, table));
	text_add(t, item->match.data, item->match.len);
	text_printf(t, " -m comment --comment \"" STEER_COMMENT "%s\" -j " STEER_PREFIX "%s", item->queue->name, item->queue->name);
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
	for (size_t i = 0; i < plan->count; i++)
		if (item_chosen(plan, i, scope, table))
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

static void add_removed_jumps(struct text *text, const struct steer_found *found)
{
	const struct save_table *table = found->table;

	for (size_t r = 0; r < table->rule_count; r++) {
		struct tokens tokens;
		const char *why;

		if (found->jump_of[r] == STEER_NONE || !found->chains[found->jump_of[r]].chosen)
			continue;
		/* steer_find() has split it before. */
		if (save_rule_tokens(&table->rules[r], &tokens, &why)) {
			text->failed = true;
			return;
		}
		text_printf(text, "-D %s", table->chains[table->rules[r].chain].name);
		for (size_t i = 0; i < tokens.count; i++) {
			text_add(text, " ", 1);
			tokens_quote(text, tokens.items[i]);
		}
		text_add(text, "\n", 1);
		tokens_free(&tokens);
	}
}

void steer_text_remove(struct text *text, const struct steer_found *found, bool flush_only)
{
	size_t chosen = 0;

	for (size_t i = 0; i < found->count; i++)
		chosen += found->chains[i].chosen;
	if (!chosen)
		return;
	text_printf(text, "*%s\n", found->table->name);
	if (!flush_only)
		add_removed_jumps(text, found);
	for (size_t i = 0; i < found->count; i++)
		if (found->chains[i].chosen)
			text_printf(text, "-F %s\n", found->table->chains[found->chains[i].chain].name);
	for (size_t i = 0; i < found->count && !flush_only; i++)
		if (found->chains[i].chosen && !found->chains[i].foreign)
			text_printf(text, "-X %s\n", found->table->chains[found->chains[i].chain].name);
	text_printf(text, "COMMIT\n");
}
