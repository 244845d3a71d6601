/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-remove.h"

#include "rules/steer-text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRIES 3 /* others may change the ruleset between reading and writing it */

static const char *chain_name(const struct steer_found *found, size_t i)
{
	return found->table->chains[found->chains[i].chain].name;
}

static bool of_plan(const struct steer_choice *choice, const char *table, const char *queue)
{
	for (size_t t = 0; t < STEER_TABLES; t++) {
		if (!choice->tables[t] || strcmp(steer_tables[t], table) != 0)
			continue;
		for (size_t i = 0; i < choice->plan->count; i++)
			if (!strcmp(choice->plan->items[i].entry->table, table) &&
			    !strcmp(choice->plan->items[i].queue->name, queue))
				return true;
	}
	return false;
}

/* Marks the chains that are to go. Returns how many, and adds to kept those that stay because somebody listens. */
static size_t choose(struct steer_found *found, const struct steer_choice *choice, unsigned *kept)
{
	size_t chosen = 0;

	for (size_t i = 0; i < found->count; i++) {
		struct steer_chain *chain = &found->chains[i];

		if (!steer_chain_ours(chain))
			continue;
		if (choice->sweep)
			chain->chosen = !chain->bound;
		else
			chain->chosen = of_plan(choice, found->table->name, chain_name(found, i) + strlen(STEER_PREFIX));
		chosen += chain->chosen;
		*kept += choice->sweep && chain->bound;
	}
	return chosen;
}

/* Hands a removal to the tool. */
static int apply(const struct steer_run *run, const struct steer_found *found, enum steer_removal how, char *cause,
		 size_t cause_size)
{
	struct tool_result result;
	struct text text = { 0 };
	int err = -ENOMEM;

	steer_text_remove(&text, found, how);
	if (!text.failed) {
		err = tool_restore(run->tool, run->family, text.data, 0, &result);
		if (err)
			steer_cause(&result, cause, cause_size);
		tool_result_free(&result);
	} else {
		snprintf(cause, cause_size, "%s", strerror(ENOMEM));
	}
	text_free(&text);
	return err;
}

static unsigned tell_removed(const struct steer_run *run, const struct steer_found *found)
{
	size_t removed = 0;

	for (size_t i = 0; i < found->count; i++) {
		const struct steer_chain *chain = &found->chains[i];

		if (!chain->chosen)
			continue;
		removed += (chain->own_rule != STEER_NONE) + chain->jumps + !steer_chain_stays(chain);
		if (steer_chain_others(chain))
			steer_tell(run, NULL,
				   "table %s: chain %s: rules that are not ours stand in it: they stay, and the chain with "
				   "them",
				   found->table->name, chain_name(found, i));
		else if (chain->foreign)
			steer_tell(run, NULL,
				   "table %s: chain %s: a rule that is not ours leads to it: emptied, not removed",
				   found->table->name, chain_name(found, i));
	}
	return (unsigned)removed;
}

/* What cannot be taken out can still be made to do nothing. */
static void give_up(const struct steer_run *run, const struct steer_found *found, const char *cause)
{
	char second[STEER_MESSAGE_MAX];

	if (!apply(run, found, STEER_FLUSH, second, sizeof(second)))
		steer_tell(run, NULL, "table %s: removing our rules: %s; our chains were emptied", found->table->name,
			   cause);
	else
		steer_tell(run, NULL, "table %s: removing our rules: %s; emptying our chains: %s", found->table->name, cause,
			   second);
}

/* Which of the numbers somebody else listens on. */
static int read_listening(const struct steer_sweep *sweep, const struct queues *numbers, struct queues *listening)
{
	struct queues asked = *numbers;
	int err;

	for (size_t i = 0; i < sweep->own_count; i++)
		queues_set(&asked, sweep->own[i], false);
	err = queues_read(listening, &asked);
	for (size_t i = 0; i < sweep->own_count; i++)
		queues_set(listening, sweep->own[i], false);
	return err;
}

/* Finds what is ours, and who listens. The listeners are read after the ruleset: who steers has bound before. */
static int find(const struct steer_run *run, const struct save_table *table, const struct steer_choice *choice,
		struct steer_found *found)
{
	struct queues listening;
	int err = steer_find(found, table, NULL);

	if (err || !choice->sweep || !found->count)
		goto out;
	err = read_listening(choice->sweep, &found->numbers, &listening);
	steer_found_free(found);
	if (err) {
		steer_tell(run, NULL, "reading who listens on queues: %s", strerror(-err));
		return err;
	}
	err = steer_find(found, table, &listening);
out:
	if (err)
		steer_tell(run, NULL, "table %s: %s", table->name, strerror(-err));
	return err;
}

/* One table. 0, -EAGAIN when it is worth another try, or -errno. */
static int remove_from(const struct steer_run *run, const struct save_table *table, const struct steer_choice *choice,
		       bool last_try, unsigned *removed, unsigned *kept)
{
	char cause[STEER_MESSAGE_MAX];
	struct steer_found found;
	int err = find(run, table, choice, &found);

	if (err)
		return err;
	if (choose(&found, choice, kept)) {
		err = apply(run, &found, STEER_BY_SPEC, cause, sizeof(cause));
		if (err == -EINVAL)
			err = apply(run, &found, STEER_BY_NUMBER, cause, sizeof(cause));
		if (!err) {
			*removed += tell_removed(run, &found);
		} else if (err == -EINVAL && !last_try) {
			err = -EAGAIN;
		} else {
			give_up(run, &found, cause);
		}
	}
	steer_found_free(&found);
	return err;
}

/* One reading of the ruleset and what follows from it. A table that fails does not keep the others from being cleaned. */
static int try_remove(const struct steer_run *run, const struct steer_choice *choice, bool last_try, unsigned *removed,
		      unsigned *kept)
{
	struct save save = { 0 };
	struct tool_result result;
	int err = steer_read(run, &save, &result);

	*kept = 0;
	for (size_t t = 0; t < save.table_count; t++) {
		int table_err = remove_from(run, &save.tables[t], choice, last_try, removed, kept);

		err = err ? err : table_err;
	}
	save_free(&save);
	tool_result_free(&result);
	return err;
}

int steer_remove(const struct steer_run *run, const struct steer_choice *choice, unsigned *removed, unsigned *kept)
{
	unsigned family_kept = 0;
	int err = -EAGAIN;

	for (int i = 1; i <= TRIES && err == -EAGAIN; i++)
		err = try_remove(run, choice, i == TRIES, removed, &family_kept);
	*kept += family_kept;
	return err;
}
