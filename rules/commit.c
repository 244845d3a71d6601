/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/live-private.h"

#include "rules/base.h"
#include "rules/commit.h"
#include "rules/error.h"

#include <errno.h>
#include <string.h>

/* One commit on its way. */
struct commit {
	struct nfv_live *live;
	struct nfv_rules *const *rules;
	size_t count;
	struct change change;
	struct store_submit submit;
};

/* ---- who is to blame ---- */

static const struct script *blamed_script(const struct commit *commit)
{
	const size_t part = commit->submit.blame_part;

	return part < commit->change.count ? &commit->change.parts[part].forward : NULL;
}

static void blame(const struct commit *commit, struct nfv_rules_error *error)
{
	const struct script *script = blamed_script(commit);
	const unsigned line = commit->submit.blame_line;
	const char *at = script ? script->text.data : NULL;

	if (!error || !line || !script || line > script->line_count)
		return;
	for (unsigned i = 1; i < line && at; i++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	error_blame(error, script->lines[line - 1].rule);
	if (at && script->lines[line - 1].rule)
		error_show(error, at, strcspn(at, "\n"), 0);
}

/* Did the tool not find a rule that was to go by its value? It prints some in a way that it does not read as the same. */
static bool lost_a_rule(const struct commit *commit)
{
	const struct script *script = blamed_script(commit);
	const char *at = script ? script->text.data : NULL;

	for (unsigned i = 1; i < commit->submit.blame_line && at; i++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return commit->submit.blame_line && at && !strncmp(at, "-D ", 3);
}

/* ---- the whole ---- */

static unsigned flags_of(const struct commit *commit)
{
	/* Counters that nobody set are the same in both states. */
	const unsigned flags = NFV_DIFF_COUNTERS;

	if (nfv_live_backend(commit->live) == NFV_BACKEND_NFT)
		return flags | NFV_DIFF_BY_VALUE;
	/* The way back of one that waits is gone long after the lock was: by value it hits nothing else. */
	return flags | NFV_DIFF_LEGACY | (commit->submit.confirm_s ? NFV_DIFF_BY_VALUE : 0);
}

static int make_and_submit(struct commit *commit, unsigned flags, struct nfv_rules_error *error)
{
	struct store *store = commit->live->store;
	int err = change_make(&commit->change, commit->rules, commit->count, flags, error);

	if (err)
		return err;
	err = store->ops->submit(store, &commit->change, &commit->submit, error);
	if (err == -EINVAL && flags & NFV_DIFF_BY_VALUE && lost_a_rule(commit)) {
		change_free(&commit->change);
		return make_and_submit(commit, flags & ~(unsigned)NFV_DIFF_BY_VALUE, error);
	}
	if (err)
		blame(commit, error);
	else if (!commit->submit.dry_run)
		commit_settle(commit->rules, commit->count, &commit->submit);
	change_free(&commit->change);
	return err;
}

int nfv_live_commit(struct nfv_live *live, struct nfv_rules *const *rules, size_t count,
		    const struct nfv_commit_options *options, struct nfv_rules_error *error)
{
	static const struct nfv_commit_options none = { 0 };
	struct commit commit = { .live = live, .rules = rules, .count = count };
	int err = 0;

	if (!options)
		options = &none;
	commit.submit.confirm_s = options->confirm_s;
	commit.submit.dry_run = options->dry_run;
	for (size_t i = 0; i < count && !err; i++)
		if (rules[i]->live != live)
			err = error_set(error, -EINVAL, "a ruleset was not read through this way to the kernel");
	for (size_t i = 0; i < count && !err; i++)
		err = commit_check(rules[i], options, error);
	return err ? err : make_and_submit(&commit, flags_of(&commit), error);
}

int nfv_rules_commit(struct nfv_rules *rules, struct nfv_rules_error *error)
{
	if (!rules->live)
		return error_set(error, -EINVAL, "the ruleset was not read from the kernel");
	return nfv_live_commit(rules->live, &rules, 1, NULL, error);
}

int live_autocommit(struct nfv_rules *rules)
{
	struct nfv_rules_error error;
	int err = nfv_rules_commit(rules, &error);

	if (!err)
		return 0;
	live_log(rules->live, NFV_RULES_WARNING, "autocommit: %s", error.text);
	if (base_restore(rules))
		live_log(rules->live, NFV_RULES_ERROR,
			 "autocommit: the change could not be undone in the objects: no memory");
	return err;
}
