/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer.h"

#include "rules/steer-blame.h"
#include "rules/steer-remove.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Which tables of which family a text went into. */
struct installed {
	bool tables[2][STEER_TABLES];
};

/* ---- installing ---- */

/* Our chains of these names that hold rules are somebody else's. Returns how many, all told. */
static size_t conflicts(const struct steer_run *run, const struct steer_plan *plan, const struct save *save)
{
	const struct steer_queue *told = NULL;
	const char *told_table = NULL;
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct steer_item *item = &plan->items[i];
		const struct save_table *table = save_table(save, item->entry->table);
		char name[sizeof(STEER_PREFIX) + STEER_NAME_MAX];
		const struct save_chain *chain;
		bool used = false;

		if (!table || !steer_item_in(item, run->family) ||
		    (told == item->queue && !strcmp(told_table, item->entry->table)))
			continue;
		snprintf(name, sizeof(name), STEER_PREFIX "%s", item->queue->name);
		chain = save_chain(table, name);
		for (size_t r = 0; chain && r < table->rule_count && !used; r++)
			used = &table->chains[table->rules[r].chain] == chain;
		if (!used)
			continue;
		steer_tell(run, NULL,
			   "table %s: chain %s is there already and in use: is another daemon running with this queue?",
			   table->name, name);
		told = item->queue;
		told_table = item->entry->table;
		count++;
	}
	return count;
}

static int install_text(const struct steer_run *run, const struct steer_plan *plan, const struct save *save,
			bool installed[STEER_TABLES])
{
	struct steer_scope scope = { .family = run->family, .item = STEER_NONE, .found = save };
	char cause[STEER_MESSAGE_MAX];
	struct tool_result result;
	struct steer_text text;
	int err = steer_text_install(&text, plan, &scope);

	if (err) {
		steer_tell(run, NULL, "%s", strerror(-err));
		return err;
	}
	if (text.text.len) {
		err = tool_restore(run->tool, run->family, text.text.data, 0, &result);
		if (err) {
			unsigned line = steer_cause(&result, cause, sizeof(cause));

			if (err == -EPERM)
				steer_tell(run, NULL, "%s", cause);
			else
				steer_blame(run, plan, save, &text, &(struct steer_refusal){ line, cause }, installed);
		}
		tool_result_free(&result);
	}
	for (size_t l = 0; l < text.line_count && !err; l++)
		installed[text.lines[l].table] = true;
	steer_text_free(&text);
	return err;
}

static int install_family(const struct steer_run *run, const struct steer_plan *plan, bool installed[STEER_TABLES])
{
	struct tool_result result;
	struct save save = { 0 };
	bool any = false;
	int err;

	for (size_t i = 0; i < plan->count && !any; i++)
		any = steer_item_in(&plan->items[i], run->family);
	if (!any)
		return 0;
	err = steer_read(run, &save, &result);
	if (!err && conflicts(run, plan, &save))
		err = -EEXIST;
	if (!err)
		err = install_text(run, plan, &save, installed);
	save_free(&save);
	tool_result_free(&result);
	return err;
}

static void roll_back(const struct steer_run *run, const struct steer_plan *plan, const bool tables[STEER_TABLES])
{
	const struct steer_choice choice = { .plan = plan, .tables = tables };
	unsigned removed = 0, kept = 0;
	bool any = false;

	for (size_t t = 0; t < STEER_TABLES; t++)
		any |= tables[t];
	/* A failure was told; the error that led here is the one to return. */
	if (any)
		steer_remove(run, &choice, &removed, &kept);
}

int steer_install(const struct tool *tool, const struct steer_queue *queues, size_t count, steer_error_fn *tell,
		  void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	struct installed installed = { 0 };
	struct tool patient = *tool;
	struct steer_plan plan;
	int err = steer_plan_make(&plan, queues, count, tell, context);

	for (int f = TOOL_IPV4; f <= TOOL_IPV6 && !err; f++) {
		run.family = f;
		if (steer_family_there(f))
			err = install_family(&run, &plan, installed.tables[f]);
	}
	/* What asks for an end would end this as well. */
	patient.interrupt_fd = 0;
	run.tool = &patient;
	for (int f = TOOL_IPV6; f >= TOOL_IPV4 && err; f--) {
		run.family = f;
		roll_back(&run, &plan, installed.tables[f]);
	}
	steer_plan_free(&plan);
	return err;
}

/* ---- sweeping ---- */

/* The backend that is not ours may hold what an earlier run left; it need not work at all. */
static bool other_holds_chains(const struct tool *other, enum tool_family family)
{
	struct tool_result result;
	bool holds = !tool_save(other, family, NULL, &result) &&
		     memmem(result.out, result.out_len, STEER_PREFIX, strlen(STEER_PREFIX));

	tool_result_free(&result);
	return holds;
}

int steer_sweep(const struct tool *tool, struct steer_sweep *sweep, steer_error_fn *tell, void *context)
{
	const struct steer_choice choice = { .sweep = sweep };
	struct steer_run run = { .tell = tell, .context = context };
	bool look_around;
	struct tool other;
	int err = 0;

	sweep->removed = sweep->kept = 0;
	look_around = tool->backend == TOOL_AUTO && !tool_other(tool, &other);
	for (int f = TOOL_IPV4; f <= TOOL_IPV6; f++) {
		int family_err;

		if (!steer_family_there(f))
			continue;
		run.family = f;
		run.tool = tool;
		family_err = steer_remove(&run, &choice, &sweep->removed, &sweep->kept);
		err = err ? err : family_err;
		if (!look_around || !other_holds_chains(&other, f))
			continue;
		run.tool = &other;
		family_err = steer_remove(&run, &choice, &sweep->removed, &sweep->kept);
		err = err ? err : family_err;
	}
	return err ? err : (int)sweep->removed;
}
