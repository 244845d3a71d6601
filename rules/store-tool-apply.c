/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-tool.h"

#include "rules/error.h"
#include "rules/store-tool-text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 2 /* of a tool that something else ended */

static int tell(const struct change_part *part, int err, const char *cause, struct nfv_rules_error *error)
{
	return error_set(error, err, "%s: table %s: %s", store_tool_family(part->family), part->table, cause);
}

/* One that was ended, by a signal or by its time limit, may have changed the table before. */
static bool was_ended(const struct tool_result *result)
{
	return result->status > 128 || (result->status == -ETIMEDOUT && result->limit_ms > 0);
}

/* ---- after it ---- */

static void remember(struct store_tool *st, const struct change_part *part, uint64_t generation)
{
	struct store_tool_own *own = &st->own[st->own_next++ % STORE_TOOL_OWN];

	*own = (struct store_tool_own){ .generation = generation, .family = (int)part->family };
	snprintf(own->table, sizeof(own->table), "%s", part->table);
}

/*
 * On nft, one generation more says that ours was the only change. On legacy nobody who takes the tools' lock could get in
 * between; one who does not is found by reading.
 */
static int verify(struct store_tool_run *run, size_t index, struct nfv_rules_error *error)
{
	const struct change_part *part = &run->change->parts[index];
	struct store_tool *st = run->st;
	struct merge_finding finding;
	bool alone = false;
	uint64_t now;
	int err;

	if (st->backend == NFV_BACKEND_NFT) {
		now = store_tool_generation(st);
		alone = run->generation && now == run->generation + 1;
		if (alone)
			remember(st, part, now);
		else
			run->moved = true;
		run->generation = now;
	}
	if (st->verify == NFV_VERIFY_NEVER || (st->verify == NFV_VERIFY_AUTO && alone))
		return 0;
	err = store_tool_look(st, part, &finding, error);
	if (err)
		return err;
	if (finding.state == CHANGE_AFTER && !finding.others)
		return 0;
	if (st->backend == NFV_BACKEND_NFT && !alone)
		return tell(part, -EAGAIN, "somebody else changed the same chains meanwhile", error);
	if (finding.state == CHANGE_BEFORE && !finding.others)
		return tell(part, -EIO, "the tool said that it changed the table, but nothing is changed", error);
	/*
	 * On legacy places are by number: to take ours out again could hit theirs. If nobody else was there, the tool spells
	 * a rule in a way that is not known here.
	 */
	store_tool_log(st, NFV_RULES_WARNING, "%s: table %s: after the change it is not quite what was expected%s",
		       store_tool_family(part->family), part->table,
		       alone ? "" : " (did somebody change it without taking the lock of the tools?)");
	return 0;
}

/* ---- when it was refused ---- */

/* Did somebody else make it impossible? */
static int look_for_conflict(struct store_tool_run *run, const struct change_part *part, struct nfv_rules_error *error)
{
	struct store_tool *st = run->st;
	struct nfv_rules *rules;
	int err;

	if (st->backend == NFV_BACKEND_NFT && store_tool_generation(st) == run->generation)
		return 0;
	rules = store_tool_rules(st, part->family, part->table, NULL);
	if (!rules)
		return 0;
	err = change_part_conflict(part, rules, error);
	nfv_rules_free(rules);
	return err;
}

static int refused(struct store_tool_run *run, size_t index, const struct store_tool_text *text, int err,
		   const struct tool_result *result, struct nfv_rules_error *error)
{
	const struct change_part *part = &run->change->parts[index];
	char cause[STORE_TOOL_CAUSE_MAX];
	unsigned line = tool_cause(result, cause, sizeof(cause));
	int conflict = err == -EINVAL ? look_for_conflict(run, part, error) : 0;

	if (conflict == -EAGAIN)
		return conflict;
	if (err == -EINVAL && !was_ended(result))
		line = store_tool_blame(run->st, part, store_tool_text_line(text, line), cause, sizeof(cause));
	run->submit->blame_part = index;
	run->submit->blame_line = line;
	return tell(part, err, cause, error);
}

/* What is there says whether it did its work. 1: once more. */
static int after_end(struct store_tool_run *run, size_t index, const struct tool_result *result, int turn,
		     struct nfv_rules_error *error)
{
	const struct change_part *part = &run->change->parts[index];
	struct store_tool *st = run->st;
	const bool timed_out = result->status == -ETIMEDOUT;
	char cause[STORE_TOOL_CAUSE_MAX];
	struct merge_finding finding;
	int err = store_tool_look(st, part, &finding, error);

	if (err)
		return err;
	tool_cause(result, cause, sizeof(cause));
	store_tool_log(st, NFV_RULES_WARNING, "%s: table %s: %s: %s", st->tool.restore[part->family], part->table, cause,
		       finding.state == CHANGE_AFTER ? "it had changed the table before" : "it had not changed the table");
	if (finding.state == CHANGE_AFTER && !finding.others) {
		run->generation = store_tool_generation(st);
		run->moved = true;
		return 0;
	}
	/* Whether theirs came first nobody can tell: ours goes, and is tried again on top of theirs. */
	if (finding.state == CHANGE_AFTER && store_tool_merge_undo(st, part, error))
		return -EIO;
	if (finding.state == CHANGE_NEITHER)
		return tell(part, -EIO, "somebody else changed the same chains meanwhile: whether the change was taken is not known",
			    error);
	if (finding.state == CHANGE_AFTER || finding.others)
		return tell(part, -EAGAIN, "somebody else changed the same chains meanwhile", error);
	if (timed_out || turn + 1 >= TRIES)
		return tell(part, timed_out ? -ETIMEDOUT : -EIO, cause, error);
	run->generation = store_tool_generation(st);
	return 1;
}

static bool busy(const struct tool_result *result)
{
	return result->status == 4 && result->err && strstr(result->err, "Resource temporarily unavailable");
}

int store_tool_apply(struct store_tool_run *run, size_t index, struct nfv_rules_error *error)
{
	const struct change_part *part = &run->change->parts[index];
	struct store_tool *st = run->st;
	const struct store_tool_texts texts = { part->table, part->forward.text.data, part->back.text.data };
	struct store_tool_text text;
	unsigned kept;
	int err = store_tool_text_make(&text, &texts, st->backend == NFV_BACKEND_LEGACY ? run->before[index] : NULL);

	if (err)
		return tell(part, err, strerror(-err), error);
	kept = store_tool_keep(st, part, texts.script, texts.opposite);
	if (run->generation)
		run->generation += kept;
	for (int turn = 0;; turn++) {
		struct tool_result result;
		int more = 0;

		err = tool_restore_with(&st->tool, (enum tool_family)part->family, text.text, TOOL_COUNTERS, &result);
		if (!err) {
			tool_result_free(&result);
			err = verify(run, index, error);
			if (err && store_tool_undo(st, part, NULL))
				store_tool_log(st, NFV_RULES_ERROR,
					       "%s: table %s: a change that met another one could not be undone",
					       store_tool_family(part->family), part->table);
			break;
		}
		if (was_ended(&result))
			more = err = after_end(run, index, &result, turn, error);
		else if (busy(&result) && turn + 1 < TRIES)
			more = 1;
		else
			err = refused(run, index, &text, err, &result, error);
		tool_result_free(&result);
		if (more != 1)
			break;
	}
	store_tool_text_free(&text);
	return err;
}

/* ---- taking back ---- */

static int run_back(struct store_tool *st, const struct change_part *part, struct tool_result *result)
{
	const struct store_tool_texts texts = { part->table, part->back.text.data, part->forward.text.data };
	struct nfv_rules *now = NULL;
	struct store_tool_text text;
	int err;

	if (st->backend == NFV_BACKEND_LEGACY)
		now = store_tool_rules(st, part->family, part->table, NULL);
	err = store_tool_text_make(&text, &texts, now);
	nfv_rules_free(now);
	store_tool_keep(st, part, texts.script, texts.opposite);
	if (!err)
		err = tool_restore_with(&st->tool, (enum tool_family)part->family, text.text, TOOL_COUNTERS, result);
	store_tool_text_free(&text);
	return err;
}

static int undo(struct store_tool *st, const struct change_part *part, struct nfv_rules_error *error)
{
	char cause[STORE_TOOL_CAUSE_MAX] = "";
	struct tool_result result = { 0 };
	struct merge_finding finding;
	int err = -EIO;

	/* On legacy the way back goes by number: it must be from exactly there. */
	if (st->backend == NFV_BACKEND_LEGACY) {
		err = store_tool_look(st, part, &finding, error);
		if (err || (finding.state == CHANGE_BEFORE && !finding.others))
			return err;
		if (finding.others || finding.state != CHANGE_AFTER)
			return store_tool_merge_undo(st, part, error);
		err = -EIO;
	}

	/* One that was ended is asked for once more, after a look. */
	for (int turn = 0; err && turn < TRIES; turn++) {
		tool_result_free(&result);
		err = run_back(st, part, &result);
		if (!err || !was_ended(&result))
			break;
		if (!store_tool_look(st, part, &finding, NULL) && finding.state == CHANGE_BEFORE)
			err = 0;
	}
	if (err)
		tool_cause(&result, cause, sizeof(cause));
	/* The tool may print rules in a way that it does not find again. */
	if (err == -EINVAL && !store_tool_merge_undo(st, part, NULL))
		err = 0;
	tool_result_free(&result);
	return err ? tell(part, err, cause, error) : 0;
}

/* What ended the change, a signal or the end of its time, must not end this as well. */
int store_tool_undo(struct store_tool *st, const struct change_part *part, struct nfv_rules_error *error)
{
	const struct tool hurried = st->tool;
	int err;

	st->tool.interrupt_fd = 0;
	st->tool.deadline_ms = 0;
	err = undo(st, part, error);
	st->tool.interrupt_fd = hurried.interrupt_fd;
	st->tool.deadline_ms = hurried.deadline_ms;
	return err;
}
