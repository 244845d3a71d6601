/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/script.h"

#include "rules/script-edit.h"
#include "rules/script-expect.h"
#include "rules/script-plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One chain while its table's script is written. */
struct work {
	const struct script_chain *chain;
	struct script_plan plan;
	const char *name;
	bool make, empty, drop; /* it is new; it is refilled; it goes */
};

struct job {
	struct script *script;
	struct work *works;
	size_t count;
	unsigned flags;
};

/* ---- plans ---- */

static int plan_chain(struct work *work, const struct script_chain *chain, enum nfv_family family, unsigned flags)
{
	const struct script_side from = { .chain = chain->from_chain, .base = chain->from_base, .family = family };
	const struct script_side to = { .chain = chain->to_chain, .base = chain->to_base, .family = family };
	int err = script_plan_make(&work->plan, &from, &to, flags);

	if (err)
		return err;
	work->chain = chain;
	work->name = script_side_name(script_side_exists(&to) ? &to : &from);
	work->make = !chain->builtin && !script_side_exists(&from) && script_side_exists(&to);
	work->drop = !chain->builtin && script_side_exists(&from) && !script_side_exists(&to);
	work->empty = work->plan.refill && !work->drop;
	return chain->expect ? script_expect_make(chain->expect, &work->plan) : 0;
}

static int plan_all(struct job *job, const struct script_chain *chains, size_t count, enum nfv_family family)
{
	int err = 0;

	job->works = calloc(count + 1, sizeof(*job->works));
	if (!job->works)
		return -ENOMEM;
	for (; job->count < count && !err; job->count++)
		err = plan_chain(&job->works[job->count], &chains[job->count], family, job->flags);
	return err;
}

/* ---- lines ---- */

static void chain_line(struct job *job, const char *before, const struct work *work, const char *behind)
{
	text_printf(&job->script->text, "%s%s%s", before, work->name, behind);
	script_edit_line(job->script, NULL, work->name);
}

/* Chains that are new, and those of the user that are refilled. */
static void declare(struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct work *work = &job->works[i];

		if (work->make && job->flags & NFV_DIFF_BY_VALUE)
			chain_line(job, "-N ", work, "");
		else if (work->make || (work->empty && !work->chain->builtin))
			chain_line(job, ":", work, " - [0:0]");
		job->script->edits += work->make;
	}
}

static int fill(struct job *job)
{
	int err = 0;

	for (size_t i = 0; i < job->count && !err; i++) {
		const struct work *work = &job->works[i];

		if (work->empty && work->chain->builtin)
			chain_line(job, "-F ", work, "");
		if (work->make || work->empty)
			err = script_edit_fill(job->script, &work->plan);
		job->script->edits += work->empty && !work->plan.to_count;
	}
	return err;
}

static int edit(struct job *job)
{
	int err = 0;

	for (size_t i = 0; i < job->count && !err; i++) {
		const struct work *work = &job->works[i];
		bool by_value = job->flags & NFV_DIFF_BY_VALUE;

		if (!work->make && !work->empty && (!work->drop || by_value))
			err = script_edit_edits(job->script, &work->plan);
	}
	return err;
}

/* What the policy and its counters shall be. */
struct policy {
	const char *name;
	struct script_counters counters;
	bool changed;
};

static const char *policy_name(const struct script_side *side)
{
	const char *name = script_side_policy(side);

	return name ? name : "ACCEPT";
}

static struct policy wanted_policy(const struct job *job, const struct work *work)
{
	const struct script_side *from = &work->plan.from, *to = &work->plan.to;
	bool leave = work->chain->keep_policy || (script_side_exists(to) && !script_side_policy(to));
	struct policy policy = { policy_name(leave ? from : to), script_side_policy_counters(from), false };

	if (job->flags & NFV_DIFF_COUNTERS && script_side_exists(to) && !leave)
		policy.counters = script_side_policy_counters(to);
	policy.changed = strcmp(policy.name, policy_name(from)) != 0 ||
			 !script_counters_same(policy.counters, script_side_policy_counters(from));
	return policy;
}

static bool changes_policies_or_drops(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->works[i].drop ||
		    (job->works[i].chain->builtin && wanted_policy(job, &job->works[i]).changed))
			return true;
	return false;
}

/* The legacy backend zeroes the policy counters of the table with every commit, so there they are all given again. */
static void set_policies(struct job *job, bool again)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct work *work = &job->works[i];
		struct policy policy;

		if (!work->chain->builtin)
			continue;
		policy = wanted_policy(job, work);
		if (!policy.changed && !(again && script_side_exists(&work->plan.from)))
			continue;
		text_printf(&job->script->text, ":%s %s [%" PRIu64 ":%" PRIu64 "]", work->name, policy.name,
			    policy.counters.packets, policy.counters.bytes);
		script_edit_line(job->script, NULL, work->name);
		job->script->edits += policy.changed;
	}
}

/* All are emptied before the first is removed: they may lead to each other. */
static void remove_chains(struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->works[i].drop && job->works[i].plan.from_count && !(job->flags & NFV_DIFF_BY_VALUE))
			chain_line(job, "-F ", &job->works[i], "");
	for (size_t i = 0; i < job->count; i++) {
		if (!job->works[i].drop)
			continue;
		chain_line(job, "-X ", &job->works[i], "");
		job->script->edits++;
	}
}

/* ---- the whole ---- */

/* 1: there is something to do; 0: nothing. */
static int write_table(struct job *job, const char *table)
{
	struct script *script = job->script;
	size_t begin;
	bool any;
	int err;

	text_printf(&script->text, "*%s", table);
	script_edit_line(script, NULL, NULL);
	begin = script->line_count;
	declare(job);
	err = fill(job);
	if (!err)
		err = edit(job);
	if (err)
		return err;
	any = script->line_count > begin || changes_policies_or_drops(job);
	set_policies(job, any && job->flags & NFV_DIFF_LEGACY);
	remove_chains(job);
	text_add(&script->text, "COMMIT", 6);
	script_edit_line(script, NULL, NULL);
	return script->text.failed ? -ENOMEM : any;
}

int script_table(struct script *script, const char *table, enum nfv_family family, const struct script_chain *chains,
		 size_t count, unsigned flags)
{
	const size_t len = script->text.len, lines = script->line_count, edits = script->edits;
	struct job job = { .script = script, .flags = flags };
	int err;

	script->blame = NULL;
	err = plan_all(&job, chains, count, family);
	if (!err)
		err = write_table(&job, table);
	if (err <= 0 && script->text.data) {
		script->text.len = len;
		script->text.data[len] = '\0';
		script->line_count = lines;
		script->edits = edits;
	}
	for (size_t i = 0; i < job.count; i++)
		script_plan_free(&job.works[i].plan);
	free(job.works);
	return err < 0 ? err : 0;
}

void script_free(struct script *script)
{
	text_free(&script->text);
	free(script->lines);
	*script = (struct script){ 0 };
}
