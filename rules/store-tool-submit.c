/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-tool.h"

#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool store_tool_changes(const struct change_part *part)
{
	return part->forward.text.len > 0;
}

/* ---- what the change rests on ---- */

/* True when every commit between the two generations was one of ours, and none in this table (NULL: in this family). */
static bool only_ours(const struct store_tool *st, enum nfv_family family, const char *table, uint64_t from, uint64_t to)
{
	if (!from || from > to || to - from > STORE_TOOL_OWN)
		return false;
	for (uint64_t g = from + 1; g <= to; g++) {
		bool other = false;

		for (size_t i = 0; i < STORE_TOOL_OWN && !other; i++)
			other = st->own[i].generation == g &&
				(st->own[i].family != (int)family || (table && strcmp(st->own[i].table, table) != 0));
		if (!other)
			return false;
	}
	return true;
}

static bool is_current(const struct store_tool_run *run, const struct change_part *part)
{
	return run->generation && only_ours(run->st, part->family, part->table, part->generation, run->generation);
}

/* Reads what may have changed, and compares. */
static int compare(struct store_tool_run *run, struct nfv_rules_error *error)
{
	for (size_t i = 0; i < run->change->count; i++) {
		const struct change_part *part = &run->change->parts[i];
		int err;

		if (is_current(run, part))
			continue;
		run->before[i] = store_tool_rules(run->st, part->family, part->table, error);
		if (!run->before[i])
			return -errno;
		err = change_part_conflict(part, run->before[i], error);
		if (err)
			return err;
	}
	return 0;
}

/* ---- all or nothing ---- */

static int write_journal(struct store_tool_run *run, bool waiting, struct nfv_rules_error *error)
{
	const struct journal_place place = store_tool_place(run->st);
	const unsigned confirm_s = run->submit->confirm_s;
	struct journal journal = {
		.change = *run->change,
		.waiting = waiting,
		.deadline_ms = confirm_s ? journal_now_ms() + (uint64_t)confirm_s * 1000 : 0,
	};

	return journal_write(&place, confirm_s ? JOURNAL_CONFIRM : JOURNAL_COMMIT, &journal, error);
}

static bool needs_journal(const struct store_tool_run *run)
{
	size_t parts = 0;

	for (size_t i = 0; i < run->change->count; i++)
		parts += store_tool_changes(&run->change->parts[i]);
	return parts > 1 || (parts && run->submit->confirm_s);
}

/* The parts before `count`, in reverse. The journal goes once all is as it was. */
static void take_back(struct store_tool_run *run, size_t count, enum journal_kind kind)
{
	const struct journal_place place = store_tool_place(run->st);
	struct nfv_rules_error error;
	char name[512];
	bool left = false;

	while (count-- > 0) {
		if (!store_tool_changes(&run->change->parts[count]) ||
		    !store_tool_undo(run->st, &run->change->parts[count], &error))
			continue;
		left = true;
		store_tool_log(run->st, NFV_RULES_ERROR, "undoing: %s", error.text);
	}
	if (!needs_journal(run))
		return;
	if (!left)
		journal_remove(&place, kind);
	else if (!journal_put_aside(&place, kind, name, sizeof(name)))
		store_tool_log(run->st, NFV_RULES_ERROR, "what could not be undone is in %s", name);
}

static int apply_all(struct store_tool_run *run, struct nfv_rules_error *error)
{
	const enum journal_kind kind = run->submit->confirm_s ? JOURNAL_CONFIRM : JOURNAL_COMMIT;
	const struct journal_place place = store_tool_place(run->st);
	size_t done = 0;
	int err = 0;

	if (needs_journal(run))
		err = write_journal(run, false, error);
	if (err)
		return err;
	if (needs_journal(run) && run->submit->confirm_s)
		err = confirm_watch(run->st, error);
	while (!err && done < run->change->count) {
		if (store_tool_changes(&run->change->parts[done]))
			err = store_tool_apply(run, done, error);
		done += !err;
	}
	/* From here on the time runs. */
	if (!err && needs_journal(run) && run->submit->confirm_s)
		err = write_journal(run, true, error);
	if (err)
		take_back(run, done, kind);
	else if (needs_journal(run) && !run->submit->confirm_s)
		journal_remove(&place, kind);
	return err;
}

/* ---- the whole ---- */

/* What was read of a family stands for the generation after it, if nothing but this change came between. */
static void set_generations(struct store_tool_run *run, uint64_t began)
{
	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++) {
		bool known = false, stale = false;

		for (size_t i = 0; i < run->change->count; i++) {
			const struct change_part *part = &run->change->parts[i];

			if ((int)part->family != family)
				continue;
			known = true;
			stale = stale || !only_ours(run->st, part->family, NULL, part->generation, began);
		}
		run->submit->generation[family] = known && !stale && !run->moved ? run->generation : 0;
	}
}

static int submit_locked(struct store_tool_run *run, struct nfv_rules_error *error)
{
	uint64_t began;
	int err = store_tool_recover(run->st, error);

	if (!err)
		err = confirm_allows(run->st, run->change, run->submit->confirm_s > 0, error);
	if (err)
		return err;
	store_tool_keep_no_more(run->st);
	began = run->generation = store_tool_generation(run->st);
	err = compare(run, error);
	if (!err)
		err = apply_all(run, error);
	if (!err)
		set_generations(run, began);
	return err;
}

/* Lets the tools read the text only. */
static int test_all(struct store_tool_run *run, struct nfv_rules_error *error)
{
	struct store_tool *st = run->st;

	for (size_t i = 0; i < run->change->count; i++) {
		const struct change_part *part = &run->change->parts[i];
		char cause[STORE_TOOL_CAUSE_MAX];
		struct tool_result result;
		int err;

		if (!store_tool_changes(part))
			continue;
		err = tool_restore_with(&st->tool, (enum tool_family)part->family, part->forward.text.data,
					TOOL_TEST | TOOL_COUNTERS, &result);

		if (err) {
			run->submit->blame_line = tool_cause(&result, cause, sizeof(cause));
			if (err == -EINVAL)
				run->submit->blame_line =
					store_tool_blame(st, part, run->submit->blame_line, cause, sizeof(cause));
			run->submit->blame_part = i;
			error_set(error, err, "%s: table %s: %s", store_tool_family(part->family), part->table, cause);
		}
		tool_result_free(&result);
		if (err)
			return err;
	}
	return 0;
}

int store_tool_submit(struct store *store, const struct change *change, struct store_submit *submit,
		      struct nfv_rules_error *error)
{
	struct store_tool_run run = { .st = (struct store_tool *)store, .change = change, .submit = submit };
	int err;

	submit->blame_line = 0;
	submit->blame_part = 0;
	submit->generation[0] = submit->generation[1] = 0;
	if (change->count == 0)
		return 0;
	if (submit->dry_run)
		return test_all(&run, error);
	run.before = calloc(change->count, sizeof(*run.before));
	if (!run.before)
		return error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	err = store_tool_enter(run.st, error);
	if (!err) {
		err = submit_locked(&run, error);
		store_tool_leave(run.st);
	}
	for (size_t i = 0; i < change->count; i++)
		nfv_rules_free(run.before[i]);
	free(run.before);
	return err;
}
