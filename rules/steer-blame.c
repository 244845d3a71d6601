/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-blame.h"

#include "rules/steer-check.h"
#include "rules/steer-remove.h"
#include "rules/tool-message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A table that was refused as a whole. */
struct refused_table {
	const struct steer_run *run;
	const struct steer_plan *plan;
	const struct save *save;
	size_t table;
};

/* The legacy tools pass on nothing of what the kernel says. */
static const char *plain_cause(const char *cause, const char *hint)
{
	return strcmp(cause, TOOL_MESSAGE_NO_REASON) != 0 ? cause : hint;
}

static int take_back(const struct refused_table *refused)
{
	bool tables[STEER_TABLES] = { false };
	const struct steer_choice choice = { .plan = refused->plan, .tables = tables };
	struct steer_run run = *refused->run;
	struct tool patient = *run.tool;
	unsigned removed = 0, kept = 0;

	/* What asks for an end would end this as well. */
	patient.interrupt_fd = 0;
	run.tool = &patient;
	tables[refused->table] = true;
	return steer_remove(&run, &choice, &removed, &kept);
}

/*
 * Installs the jump of one entry, to an empty chain: packets go on as if it were not there. Then takes it out again. 0,
 * -EINVAL when the entry was refused, with the cause, or another error, after which nothing is to be tried any more.
 */
static int try_item(const struct refused_table *refused, size_t item, char *cause)
{
	const struct steer_run *run = refused->run;
	const struct steer_scope scope = { .family = run->family, .item = item, .found = refused->save, .bare = true };
	struct tool_result result;
	struct steer_text text;
	int err = steer_text_install(&text, refused->plan, &scope);

	if (err)
		return err;
	err = tool_restore(run->tool, run->family, text.text.data, 0, &result);
	/* One that was killed has not judged anything. */
	if (err == -EINVAL && result.status > 128)
		err = -ECANCELED;
	if (err)
		steer_cause(&result, cause, STEER_MESSAGE_MAX);
	tool_result_free(&result);
	steer_text_free(&text);
	return err ? err : take_back(refused) ? -ECANCELED : 0;
}

typedef int item_fn(const struct refused_table *refused, size_t item, char *cause);

static int test_item(const struct refused_table *refused, size_t item, char *cause)
{
	return steer_test_item(refused->run, refused->plan, item, cause);
}

/*
 * Judges each entry of the table alone, and tells those that are refused. How many, or -errno when not all could be
 * judged.
 */
static int judge_items(const struct refused_table *refused, const struct steer_text *text, item_fn *judge)
{
	int found = 0;

	for (size_t l = 0; l < text->line_count; l++) {
		size_t item = text->lines[l].item;
		char cause[STEER_MESSAGE_MAX];
		int err;

		if (text->lines[l].table != refused->table || item == STEER_NONE)
			continue;
		err = judge(refused, item, cause);
		if (err == -EINVAL)
			steer_tell(refused->run, refused->plan->items[item].entry->origin, "%s",
				   plain_cause(cause, "the kernel refused it (is the match allowed in this chain?)"));
		else if (err)
			return found ? found : err;
		found += err == -EINVAL;
	}
	return found;
}

/* What the tool can tell without changing anything comes first. */
static void blame_table(const struct refused_table *refused, const struct steer_text *text, const char *cause)
{
	int found = judge_items(refused, text, test_item);

	if (found <= 0)
		found = judge_items(refused, text, try_item);
	if (found < 0)
		steer_tell(refused->run, NULL, "table %s: %s (which entry is to blame cannot be told)",
			   steer_tables[refused->table], plain_cause(cause, "the kernel refused its rules"));
	else if (found == 0)
		steer_tell(refused->run, NULL, "table %s: %s (no entry alone is to blame: is there a target NFQUEUE?)",
			   steer_tables[refused->table], plain_cause(cause, "the kernel refused its rules"));
}

void steer_blame(const struct steer_run *run, const struct steer_plan *plan, const struct save *save,
		 const struct steer_text *text, const struct steer_refusal *refusal, bool installed[STEER_TABLES])
{
	const struct steer_line *line;

	if (refusal->line == 0 || refusal->line > text->line_count) {
		/* Nothing is known: every table may have been committed. */
		for (size_t l = 0; l < text->line_count; l++)
			installed[text->lines[l].table] = true;
		steer_tell(run, NULL, "installing the rules: %s", refusal->cause);
		return;
	}
	line = &text->lines[refusal->line - 1];
	for (size_t l = 0; l < refusal->line; l++)
		if (text->lines[l].table != line->table)
			installed[text->lines[l].table] = true;
	if (line->item != STEER_NONE) {
		steer_tell(run, plan->items[line->item].entry->origin, "%s",
			   plain_cause(refusal->cause, "refused, the tool tells no reason"));
	} else if (line->queue) {
		steer_tell(run, NULL, "table %s: chain " STEER_PREFIX "%s: %s", steer_tables[line->table], line->queue->name,
			   plain_cause(refusal->cause, "refused, the tool tells no reason"));
	} else {
		const struct refused_table refused = { run, plan, save, line->table };

		/* Should a try be cut off, it is taken back with the rest. */
		installed[line->table] = true;
		blame_table(&refused, text, refusal->cause);
	}
}
