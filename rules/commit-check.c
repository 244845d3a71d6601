/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks before a commit: of rules that are put in, not of the whole ruleset, so that one rule costs what one rule costs. */
#include "rules/commit.h"

#include "rules/base.h"
#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AHEAD 256 /* rules that may have been deleted in one place */

struct check {
	struct nfv_rules *news; /* rules that the kernel has not, in chains of the same names */
	struct nfv_rule **copies; /* in news, */
	struct nfv_rule **originals; /* and whose they are */
	size_t count, copy_size, original_size;
	const struct nfv_commit_options *options;
	struct nfv_rules_error *error;
	bool told;
};

/* ---- what is new ---- */

static int add_rule(struct check *check, struct nfv_chain *chain, struct nfv_rule *rule)
{
	struct nfv_rule *copy;

	if (grow((void **)&check->copies, check->count, &check->copy_size, sizeof(*check->copies)) ||
	    grow((void **)&check->originals, check->count, &check->original_size, sizeof(*check->originals)))
		return -ENOMEM;
	/* The text is made now, if need be: copies share it. */
	copy = rule_spec(rule) ? nfv_rule_copy(rule) : NULL;
	if (!copy || chain_put(chain, chain->count, copy)) {
		nfv_rule_free(copy);
		return -ENOMEM;
	}
	check->copies[check->count] = copy;
	check->originals[check->count++] = rule;
	return 0;
}

/* Rules that were there share their text with the base, in the same order. One too many that is checked does no harm. */
static bool was_there(const struct base *base, size_t *known, const struct nfv_rule *rule)
{
	if (!rule->spec || rule->spec->refs < 2)
		return false;
	for (size_t at = *known; at < base->count && at < *known + LOOK_AHEAD; at++) {
		if (base->rules[at].spec != rule->spec)
			continue;
		*known = at + 1;
		return true;
	}
	return false;
}

static int add_chain(struct check *check, struct nfv_table *table, const struct nfv_chain *chain)
{
	const struct base *base = chain->base;
	struct nfv_chain *news = chain_new(table, chain->name, strlen(chain->name));
	size_t known = 0;
	int err = 0;

	if (!news)
		return -ENOMEM;
	news->declared = true;
	news->builtin = chain->builtin;
	news->policy = chain->policy ? strdup(chain->policy) : NULL;
	if (chain->policy && !news->policy)
		return -ENOMEM;
	for (size_t i = 0; i < chain->count && !err; i++)
		if (!base || !was_there(base, &known, chain->rules[i]))
			err = add_rule(check, news, chain->rules[i]);
	return err;
}

static int add_table(struct check *check, const struct nfv_table *table)
{
	struct nfv_table *news = NULL;
	int err = 0;

	for (size_t i = 0; i < table->count && !err; i++) {
		const struct nfv_chain *chain = table->chains[i];

		if (!chain->base && !chain->created)
			continue;
		if (!news)
			news = table_new(check->news, table->name, strlen(table->name));
		err = news ? add_chain(check, news, chain) : -ENOMEM;
	}
	return err;
}

/* ---- findings ---- */

static void found(void *context, const struct nfv_rules_error *finding)
{
	struct check *check = context;
	struct nfv_rules_error error = *finding;

	error.rule = NULL;
	for (size_t i = 0; i < check->count && finding->rule; i++)
		if (check->copies[i] == finding->rule)
			error.rule = check->originals[i];
	if (!check->told && check->error)
		*check->error = error;
	check->told = true;
	if (check->options->report)
		check->options->report(check->options->context, &error);
}

int commit_check(struct nfv_rules *rules, const struct nfv_commit_options *options, struct nfv_rules_error *error)
{
	struct check check = { .options = options, .error = error };
	int err = 0;

	if (!base_any(rules))
		return 0;
	check.news = nfv_rules_new(rules->family);
	if (!check.news)
		return error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < rules->count && !err; i++)
		err = add_table(&check, rules->tables[i]);
	if (err)
		error_set(error, err, "%s", strerror(-err));
	else
		err = nfv_rules_check(check.news, rules, found, &check);
	if (err && !check.told && err != -ENOMEM)
		error_set(error, err, "%s", strerror(-err));
	nfv_rules_free(check.news);
	free(check.copies);
	free(check.originals);
	return err;
}
