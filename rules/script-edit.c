/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By number, hunks go from the first to the last, so that all before a hunk has its last place already and a number is a
 * place in the new state. By value, all deletions come first, so that none can hit a rule that the same script put in.
 */
#include "rules/script-edit.h"

#include <errno.h>
#include <string.h>

void script_edit_line(struct script *script, const struct nfv_rule *rule, const char *chain)
{
	text_add(&script->text, "\n", 1);
	if (grow((void **)&script->lines, script->line_count, &script->line_size, sizeof(*script->lines))) {
		script->text.failed = true;
		return;
	}
	script->lines[script->line_count++] = (struct script_line){ .rule = rule, .chain = chain };
}

/* ---- one line ---- */

static void add_number(struct text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	text_add(text, digits + at, sizeof(digits) - at);
}

static void add_word(struct text *text, const char *word)
{
	text_add(text, word, strlen(word));
}

/* "-I INPUT 3"; number 0: none. */
static void add_command(struct text *text, const char *command, const char *chain, size_t number)
{
	add_word(text, command);
	add_word(text, chain);
	if (!number)
		return;
	add_word(text, " ");
	add_number(text, number);
}

static void add_counters(struct text *text, struct script_counters counters)
{
	if (!counters.packets && !counters.bytes)
		return; /* what the tool gives without */
	add_word(text, "[");
	add_number(text, counters.packets);
	add_word(text, ":");
	add_number(text, counters.bytes);
	add_word(text, "] ");
}

static int add_spec(struct text *text, const struct spec *spec)
{
	if (!spec)
		return -ENOMEM;
	if (memchr(spec->bytes, '\n', spec->len))
		return -EINVAL;
	if (spec->len)
		add_word(text, " ");
	text_add(text, spec->bytes, spec->len);
	return 0;
}

static int end_line(struct script *script, size_t begin, const struct nfv_rule *rule, const char *chain)
{
	if (script->text.len - begin > NFV_RULES_LINE_MAX)
		return -EMSGSIZE;
	script_edit_line(script, rule, chain);
	script->edits++;
	return script->text.failed ? -ENOMEM : 0;
}

/* -A, -I or -R of the rule at a place of the new state. */
static int put(struct script *script, const struct script_plan *plan, const char *command, size_t to, size_t number)
{
	const char *chain = script_side_name(&plan->to);
	size_t begin = script->text.len;
	int err;

	add_counters(&script->text, script_plan_counters(plan, to));
	add_command(&script->text, command, chain, number);
	err = add_spec(&script->text, script_side_spec(&plan->to, to));
	if (!err)
		err = end_line(script, begin, script_side_rule(&plan->to, to), chain);
	if (err)
		script->blame = script_side_rule(&plan->to, to);
	return err;
}

static int delete_number(struct script *script, const struct script_plan *plan, size_t number)
{
	size_t begin = script->text.len;

	add_command(&script->text, "-D ", script_side_name(&plan->from), number);
	return end_line(script, begin, NULL, script_side_name(&plan->from));
}

static int delete_value(struct script *script, const struct script_plan *plan, size_t from)
{
	size_t begin = script->text.len;
	int err;

	add_command(&script->text, "-D ", script_side_name(&plan->from), 0);
	err = add_spec(&script->text, script_side_spec(&plan->from, from));
	if (!err)
		err = end_line(script, begin, NULL, script_side_name(&plan->from));
	if (err)
		script->blame = script_side_rule(&plan->from, from);
	return err;
}

/* ---- hunks ---- */

/* Rules of the new state from one place to another, behind which others stand already unless it is the end. */
static int insert(struct script *script, const struct script_plan *plan, size_t begin, size_t end, bool is_tail)
{
	int err = 0;

	/* In front of all others: -I 1 needs no look at the chain, so the last goes first. */
	if (!begin && !is_tail) {
		for (size_t j = end; j > begin && !err; j--)
			err = put(script, plan, "-I ", j - 1, 1);
		return err;
	}
	for (size_t j = begin; j < end && !err; j++)
		err = put(script, plan, is_tail ? "-A " : "-I ", j, is_tail ? 0 : j + 1);
	return err;
}

static int edit_hunk(struct script *script, const struct script_plan *plan, const struct script_hunk *hunk)
{
	size_t gone = hunk->from_end - hunk->from, come = hunk->to_end - hunk->to;
	size_t both = gone < come ? gone : come;
	int err = 0;

	for (size_t k = 0; k < both && !err; k++)
		err = put(script, plan, "-R ", hunk->to + k, hunk->to + k + 1);
	for (size_t k = both; k < gone && !err; k++)
		err = delete_number(script, plan, hunk->to + both + 1);
	return err ? err : insert(script, plan, hunk->to + both, hunk->to_end, hunk->from_end == plan->from_count);
}

/* Rules that stay, and whose counters are to be others. All rules have their last places. */
static int set_counters(struct script *script, const struct script_plan *plan)
{
	struct script_walk walk = { 0 };
	struct script_pair pair;
	int err = 0;

	while (!err && script_plan_next_kept(plan, &walk, &pair))
		if (!script_counters_same(script_side_counters(&plan->from, pair.from),
					  script_side_counters(&plan->to, pair.to)))
			err = put(script, plan, "-R ", pair.to, pair.to + 1);
	return err;
}

static int edit_by_number(struct script *script, const struct script_plan *plan)
{
	struct script_walk walk = { 0 };
	struct script_hunk hunk;
	int err = 0;

	while (!err && script_plan_next(plan, &walk, &hunk))
		err = edit_hunk(script, plan, &hunk);
	if (!err && plan->flags & NFV_DIFF_COUNTERS)
		err = set_counters(script, plan);
	return err;
}

static int edit_by_value(struct script *script, const struct script_plan *plan)
{
	struct script_walk walk = { 0 };
	struct script_hunk hunk;
	int err = 0;

	while (!err && script_plan_next(plan, &walk, &hunk))
		for (size_t i = hunk.from; i < hunk.from_end && !err; i++)
			err = delete_value(script, plan, i);
	walk = (struct script_walk){ 0 };
	while (!err && script_plan_next(plan, &walk, &hunk))
		err = insert(script, plan, hunk.to, hunk.to_end, hunk.from_end == plan->from_count);
	return err;
}

int script_edit_edits(struct script *script, const struct script_plan *plan)
{
	return plan->flags & NFV_DIFF_BY_VALUE ? edit_by_value(script, plan) : edit_by_number(script, plan);
}

int script_edit_fill(struct script *script, const struct script_plan *plan)
{
	int err = 0;

	for (size_t j = 0; j < plan->to_count && !err; j++)
		err = put(script, plan, "-A ", j, 0);
	return err;
}
