/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making the kernel's rulesets what somebody wants, whatever they are now. */
#include "rules/live-private.h"

#include "rules/base.h"
#include "rules/diff.h"
#include "rules/error.h"
#include "rules/transaction.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define RETRIES     5
#define SCRIPT_NAME "(difference)"

struct apply {
	struct nfv_live *live;
	const struct nfv_rules *const *wanted;
	size_t count;
	unsigned flags;
	const struct nfv_commit_options *options;
	struct nfv_rules *rules[2]; /* the kernel's, by family */
	char *shown;
};

static const unsigned usable_flags = NFV_DIFF_NAMED_ONLY | NFV_DIFF_COUNTERS;

/* ---- from the difference to changed objects ---- */

static int write_script(const struct apply *apply, const struct nfv_rules *from, const struct nfv_rules *to,
			struct script *script)
{
	struct diff_tables tables;
	int err = diff_pair(&tables, from, to, apply->flags & usable_flags);

	if (err)
		return err;
	for (size_t i = 0; i < tables.count && !err; i++)
		err = script_table(script, tables.items[i].name, from->family, tables.items[i].chains, tables.items[i].count,
				   apply->flags & usable_flags);
	diff_free(&tables);
	return err;
}

/* A rule that the script put in comes from the line of somebody's text, not from the script's. */
static void set_origin(struct nfv_rule *rule, const struct script *script)
{
	const struct nfv_rule *theirs;
	const unsigned line = rule->line;

	if (!rule->file || strcmp(rule->file->bytes, SCRIPT_NAME) != 0)
		return;
	theirs = line > 0 && line <= script->line_count ? script->lines[line - 1].rule : NULL;
	spec_unref(rule->file);
	rule->file = theirs && theirs->file ? spec_ref(theirs->file) : NULL;
	rule->line = rule->file ? theirs->line : 0;
}

static void set_origins(struct nfv_rules *rules, const struct script *script)
{
	for (size_t t = 0; t < rules->count; t++)
		for (size_t c = 0; c < rules->tables[t]->count; c++) {
			struct nfv_chain *chain = rules->tables[t]->chains[c];

			for (size_t i = 0; (chain->base || chain->created) && i < chain->count; i++)
				set_origin(chain->rules[i], script);
		}
}

/* The script is what iptables-restore would be given; read into the objects it makes the same changes. */
static int change_one(struct apply *apply, const struct nfv_rules *wanted, struct nfv_rules_error *error)
{
	const struct nfv_read_options options = { .file = SCRIPT_NAME };
	struct nfv_rules *rules = apply->rules[wanted->family];
	struct script script = { 0 };
	int err = write_script(apply, rules, wanted, &script);

	if (err) {
		error_set(error, err, "%s",
			  err == -ENOMEM ? strerror(ENOMEM) : "a rule that iptables-restore cannot be given");
		error_blame(error, script.blame);
	} else if (script.text.len) {
		err = nfv_rules_read(rules, script.text.data, script.text.len, &options, error);
	}
	if (!err)
		set_origins(rules, &script);
	script_free(&script);
	return err;
}

/* ---- tries ---- */

static int read_family(struct apply *apply, enum nfv_family family, struct nfv_rules_error *error)
{
	struct nfv_rules **rules = &apply->rules[family];

	if (*rules)
		return nfv_live_refresh(*rules, error);
	*rules = live_read(apply->live, family, NULL, error);
	return *rules ? 0 : -errno;
}

static int show(struct apply *apply, struct nfv_rules_error *error)
{
	struct text all = { 0 };

	for (size_t i = 0; i < apply->count; i++) {
		const struct nfv_rules *wanted = apply->wanted[i];
		size_t len = 0;
		char *text =
			nfv_rules_diff_show(apply->rules[wanted->family], wanted, apply->flags & usable_flags, false, &len);

		text_add(&all, text ? text : "", len);
		all.failed = all.failed || !text;
		free(text);
	}
	free(apply->shown);
	apply->shown = all.failed ? NULL : all.data;
	if (all.failed)
		text_free(&all);
	return all.failed || !apply->shown ? error_set(error, -ENOMEM, "%s", strerror(ENOMEM)) : 0;
}

static int try_once(struct apply *apply, bool shows, struct nfv_rules_error *error)
{
	struct nfv_rules *changed[2];
	size_t count = 0;
	int err = 0;

	for (size_t i = 0; i < apply->count && !err; i++)
		err = read_family(apply, apply->wanted[i]->family, error);
	if (!err && shows)
		err = show(apply, error);
	for (size_t i = 0; i < apply->count && !err; i++) {
		err = change_one(apply, apply->wanted[i], error);
		changed[count++] = apply->rules[apply->wanted[i]->family];
	}
	return err ? err : nfv_live_commit(apply->live, changed, count, apply->options, error);
}

/* From the second try on with the lock, as in a transaction. */
static int try_often(struct apply *apply, bool shows, struct nfv_rules_error *error)
{
	const struct nfv_live_options *options = live_options(apply->live);
	const unsigned retries = options->max_retries < 0 ? 0
				 : options->max_retries   ? (unsigned)options->max_retries
							  : RETRIES;
	struct store *store = apply->live->store;
	int err = try_once(apply, shows, error);

	for (unsigned try = 1; err == -EAGAIN && try <= retries; try++) {
		poll(NULL, 0, (int)transaction_wait_ms(try));
		err = store->ops->lock(store, error);
		if (err)
			break;
		err = try_once(apply, shows, error);
		store->ops->unlock(store);
	}
	return err;
}

/* ---- the caller's rule ---- */

static struct nfv_rule *find_origin(const struct nfv_rules *rules, const struct nfv_rules_error *error)
{
	for (size_t t = 0; t < rules->count; t++)
		for (size_t c = 0; c < rules->tables[t]->count; c++) {
			const struct nfv_chain *chain = rules->tables[t]->chains[c];

			for (size_t i = 0; i < chain->count; i++)
				if (chain->rules[i]->file && chain->rules[i]->line == error->line &&
				    !strcmp(chain->rules[i]->file->bytes, error->file))
					return chain->rules[i];
		}
	return NULL;
}

/* The rule in the error is one of objects that go now. */
static void blame_wanted(const struct apply *apply, struct nfv_rules_error *error)
{
	error->rule = NULL;
	for (size_t i = 0; i < apply->count && error->line && !error->rule; i++)
		error->rule = find_origin(apply->wanted[i], error);
}

static int check_families(const struct nfv_rules *const *wanted, size_t count, struct nfv_rules_error *error)
{
	if (count > 2 || (count == 2 && wanted[0]->family == wanted[1]->family))
		return error_set(error, -EINVAL, "one ruleset for each family");
	return 0;
}

int nfv_live_apply(struct nfv_live *live, const struct nfv_rules *const *wanted, size_t count, unsigned flags,
		   const struct nfv_commit_options *options, char **shown, struct nfv_rules_error *error)
{
	struct apply apply = { .live = live, .wanted = wanted, .count = count, .flags = flags, .options = options };
	int err = check_families(wanted, count, error);

	if (shown)
		*shown = NULL;
	if (!err)
		err = try_often(&apply, shown != NULL, error);
	if (err && error)
		blame_wanted(&apply, error);
	for (size_t i = 0; i < 2; i++)
		nfv_rules_free(apply.rules[i]);
	if (shown)
		*shown = apply.shown;
	else
		free(apply.shown);
	return err;
}
