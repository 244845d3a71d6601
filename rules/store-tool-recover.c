/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a writer that died left: the journal tells what it wanted, the tables tell how far it came. Who has the lock knows
 * that the writer is gone, and its tool too.
 */
#include "rules/store-tool.h"

#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct states {
	struct merge_finding *part;
	size_t before, after, neither; /* of the parts that change something */
};

static int look(struct store_tool *st, const struct change *change, struct states *states, struct nfv_rules_error *error)
{
	int err = 0;

	*states = (struct states){ .part = calloc(change->count + 1, sizeof(struct merge_finding)) };
	if (!states->part)
		return error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < change->count && !err; i++) {
		states->part[i] = (struct merge_finding){ .state = CHANGE_BEFORE };
		if (!store_tool_changes(&change->parts[i]))
			continue;
		err = store_tool_look(st, &change->parts[i], &states->part[i], error);
		states->before += !err && states->part[i].state == CHANGE_BEFORE;
		states->after += !err && states->part[i].state == CHANGE_AFTER;
		states->neither += !err && states->part[i].state == CHANGE_NEITHER;
	}
	return err;
}

static void put_aside(struct store_tool *st, enum journal_kind kind, const char *why)
{
	const struct journal_place place = store_tool_place(st);
	char name[512];
	int err = journal_put_aside(&place, kind, name, sizeof(name));

	if (err)
		store_tool_log(st, NFV_RULES_ERROR, "journal: %s; it cannot be renamed: %s", why, strerror(-err));
	else
		store_tool_log(st, NFV_RULES_ERROR, "journal: %s; it is kept as %s", why, name);
}

/* Names the tables, and the chains that a person has to look at. */
static void tell_neither(struct store_tool *st, const struct change *change, const struct states *states)
{
	for (size_t i = 0; i < change->count; i++) {
		const struct change_part *part = &change->parts[i];

		for (size_t c = 0; states->part[i].state == CHANGE_NEITHER && c < part->chain_count; c++)
			if (!part->chains[c].watched)
				store_tool_log(st, NFV_RULES_ERROR,
					       "%s: table %s: chain %s: a change was cut off in the middle, and somebody "
					       "changed the chain since: left as it is",
					       store_tool_family(part->family), part->table, part->chains[c].name);
	}
}

/* ---- a change of several tables ---- */

/* Where others changed something since, numbers would hit theirs. */
static int undo_part(struct store_tool *st, const struct change_part *part, const struct merge_finding *finding,
		     struct nfv_rules_error *error)
{
	return finding->others ? store_tool_merge_undo(st, part, error) : store_tool_undo(st, part, error);
}

static bool undo_all(struct store_tool *st, const struct change *change, const struct states *states)
{
	for (size_t i = change->count; i > 0; i--)
		if (states->part[i - 1].state == CHANGE_AFTER &&
		    undo_part(st, &change->parts[i - 1], &states->part[i - 1], NULL))
			return false;
	return true;
}

static bool redo_all(struct store_tool *st, const struct change *change)
{
	struct nfv_rules **before = calloc(change->count + 1, sizeof(*before));
	struct store_submit submit = { 0 };
	struct store_tool_run run = { .st = st, .change = change, .submit = &submit, .before = before };
	bool done = before != NULL;

	for (size_t i = 0; done && i < change->count; i++) {
		struct merge_finding finding;

		if (!store_tool_changes(&change->parts[i]))
			continue;
		/* On top of what others did since, the script forward is not the right one. */
		done = !store_tool_look(st, &change->parts[i], &finding, NULL) &&
		       (finding.state == CHANGE_AFTER || (finding.state == CHANGE_BEFORE && !finding.others));
		if (!done || finding.state == CHANGE_AFTER)
			continue;
		run.generation = store_tool_generation(st);
		if (st->backend == NFV_BACKEND_LEGACY)
			before[i] = store_tool_rules(st, change->parts[i].family, change->parts[i].table, NULL);
		done = !store_tool_apply(&run, i, NULL);
	}
	for (size_t i = 0; before && i < change->count; i++)
		nfv_rules_free(before[i]);
	free(before);
	return done;
}

static int settle(struct store_tool *st, const struct journal *journal, struct nfv_rules_error *error)
{
	const struct journal_place place = store_tool_place(st);
	const struct change *change = &journal->change;
	struct states states;
	int err = look(st, change, &states, error);

	if (!err && states.neither) {
		tell_neither(st, change, &states);
		put_aside(st, JOURNAL_COMMIT, "an unfinished change met others");
	} else if (!err && !states.before) {
		store_tool_log(st, NFV_RULES_INFO, "journal: process %ld died after it had changed everything",
			       journal->pid);
		journal_remove(&place, JOURNAL_COMMIT);
	} else if (!err && !states.after) {
		store_tool_log(st, NFV_RULES_INFO, "journal: process %ld died before it had changed anything", journal->pid);
		journal_remove(&place, JOURNAL_COMMIT);
	} else if (!err) {
		const bool undone = undo_all(st, change, &states);

		if (undone || redo_all(st, change)) {
			store_tool_log(st, NFV_RULES_WARNING,
				       "journal: process %ld died in the middle of a change: it is %s now", journal->pid,
				       undone ? "undone" : "finished");
			journal_remove(&place, JOURNAL_COMMIT);
		} else {
			put_aside(st, JOURNAL_COMMIT, "an unfinished change can neither be undone nor finished");
		}
	}
	free(states.part);
	return err;
}

/* ---- one that waits for its confirmation ---- */

int store_tool_roll_back(struct store_tool *st, const struct change *change, enum journal_kind kind,
			 struct nfv_rules_error *error)
{
	const struct journal_place place = store_tool_place(st);
	struct nfv_rules_error cause;
	struct states states;
	size_t failed = 0;
	int err = look(st, change, &states, error);

	for (size_t i = change->count; !err && i > 0; i--) {
		if (states.part[i - 1].state == CHANGE_BEFORE ||
		    !undo_part(st, &change->parts[i - 1], &states.part[i - 1], &cause))
			continue;
		failed++;
		store_tool_log(st, NFV_RULES_ERROR, "rolling back: %s", cause.text);
	}
	free(states.part);
	if (err)
		return err;
	if (failed) {
		put_aside(st, kind, "not everything could be rolled back");
		return error_set(error, -EIO, "rolling back: %s", cause.text);
	}
	journal_remove(&place, kind);
	return 0;
}

/* ---- both ---- */

static bool is_due(const struct journal *journal)
{
	return !journal->waiting || (journal->deadline_ms && journal->deadline_ms <= journal_now_ms());
}

bool store_tool_recovers(struct store_tool *st)
{
	const struct journal_place place = store_tool_place(st);
	struct journal journal;
	bool due;
	int err;

	if (journal_any(&place, JOURNAL_COMMIT))
		return true;
	if (!journal_any(&place, JOURNAL_CONFIRM))
		return false;
	err = journal_read(&place, JOURNAL_CONFIRM, &journal, NULL);
	if (err)
		return err != -ENOENT;
	due = is_due(&journal);
	journal_free(&journal);
	return due;
}

/* 1: there is none. */
static int take_journal(struct store_tool *st, enum journal_kind kind, struct journal *journal,
			struct nfv_rules_error *error)
{
	const struct journal_place place = store_tool_place(st);
	struct nfv_rules_error cause;
	int err;

	if (!journal_any(&place, kind))
		return 1;
	err = journal_read(&place, kind, journal, &cause);
	if (err == -ENOENT)
		return 1;
	if (err != -EINVAL)
		return err ? error_set(error, err, "%s", cause.text) : 0;
	/* Nobody could ever change anything again if that were an error. */
	put_aside(st, kind, cause.text);
	return 1;
}

int store_tool_recover(struct store_tool *st, struct nfv_rules_error *error)
{
	struct journal journal;
	int err = take_journal(st, JOURNAL_COMMIT, &journal, error);

	if (err == 0) {
		err = settle(st, &journal, error);
		journal_free(&journal);
	}
	if (err < 0)
		return err;
	err = take_journal(st, JOURNAL_CONFIRM, &journal, error);
	if (err)
		return err < 0 ? err : 0;
	if (is_due(&journal)) {
		store_tool_log(st, NFV_RULES_WARNING, "a change by process %ld was not confirmed: it is rolled back",
			       journal.pid);
		/* What cannot be rolled back was told and put aside: others go on. */
		err = store_tool_roll_back(st, &journal.change, JOURNAL_CONFIRM, error);
		if (err == -EIO)
			err = 0;
	}
	journal_free(&journal);
	return err;
}
