/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules apply and import: the kernel's rules become what a file says. */
#include "daemon/tool/edit.h"
#include "daemon/tool/rules.h"
#include "daemon/tool/rulesets-print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct apply {
	const struct arguments *arguments;
	struct say *say;
	struct rulesets wanted;
};

/* The chain becomes what the file says; rules that stay keep their counters in the kernel. 0 or -errno. */
static int put_chain(struct nfv_table *table, const struct nfv_chain *wanted)
{
	struct nfv_chain *chain = nfv_table_ensure_chain(table, nfv_chain_name(wanted));
	const char *policy = nfv_chain_policy(wanted);
	int err = chain ? nfv_chain_flush(chain) : -errno;

	if (err == 0 && policy)
		err = nfv_chain_set_policy(chain, policy);
	for (size_t i = 0; err == 0 && i < nfv_chain_count(wanted); i++)
		err = nfv_chain_append(chain, nfv_rule_copy(nfv_chain_rule(wanted, i)));
	return err;
}

/* Chains that the file does not name: rules first, for they may lead to each other. Policies of built-in ones stay. */
static int drop_others(struct nfv_table *table, const struct nfv_table *wanted)
{
	int err = 0;

	for (size_t c = 0; err == 0 && c < nfv_table_chain_count(table); c++) {
		struct nfv_chain *chain = nfv_table_chain_at(table, c);

		if (!nfv_table_chain(wanted, nfv_chain_name(chain)))
			err = nfv_chain_flush(chain);
	}
	for (size_t c = nfv_table_chain_count(table); err == 0 && c > 0; c--) {
		struct nfv_chain *chain = nfv_table_chain_at(table, c - 1);

		if (!nfv_chain_is_builtin(chain) && !nfv_table_chain(wanted, nfv_chain_name(chain)))
			err = nfv_chain_remove(chain);
	}
	return err;
}

static int put_table(const struct apply *apply, struct nfv_rules *rules, const struct nfv_table *wanted)
{
	struct nfv_table *table = nfv_rules_add_table(rules, nfv_table_name(wanted));
	int err = table ? 0 : -errno;

	/* All chains come before the first rule: rules may lead to any of them. */
	for (size_t c = 0; err == 0 && c < nfv_table_chain_count(wanted); c++) {
		if (!nfv_table_ensure_chain(table, nfv_chain_name(nfv_table_chain_at(wanted, c))))
			err = -errno;
	}
	for (size_t c = 0; err == 0 && c < nfv_table_chain_count(wanted); c++)
		err = put_chain(table, nfv_table_chain_at(wanted, c));
	if (err == 0 && apply->arguments->given & ARG_EXACT)
		err = drop_others(table, wanted);
	return err;
}

static int put(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error)
{
	const struct apply *apply = context;
	const struct nfv_rules *wanted = apply->wanted.of[nfv_rules_family(rules)];
	int err = 0;

	(void)attempt;
	(void)error;
	if (apply->arguments->owner)
		return nfv_rules_put_owned(rules, wanted, apply->arguments->owner, apply->arguments->given & ARG_FIRST);
	for (size_t t = 0; err == 0 && t < nfv_rules_table_count(wanted); t++)
		err = put_table(apply, rules, nfv_rules_table_at(wanted, t));
	return err;
}

/* Nothing is tried that the checks know will fail. */
static int check(struct apply *apply)
{
	int err = 0;

	if (apply->arguments->given & ARG_EXACT && apply->arguments->owner)
		return say_failure(apply->say, TOOL_ERROR, EINVAL, "--exact and --owner exclude each other");
	if (apply->arguments->given & ARG_FIRST && !apply->arguments->owner)
		return say_failure(apply->say, TOOL_ERROR, EINVAL, "--first goes with --owner");
	for (int family = 0; family < 2 && !err; family++) {
		if (apply->wanted.of[family] && nfv_rules_table_count(apply->wanted.of[family]) > 0)
			return TOOL_OK;
	}
	return say_failure(apply->say, TOOL_ERROR, EINVAL, "%s: there is no table in it", apply->arguments->words[0]);
}

static int apply_wanted(struct apply *apply)
{
	const bool families[2] = { apply->wanted.of[0] != NULL, apply->wanted.of[1] != NULL };
	int result = check(apply);

	if (result == TOOL_OK)
		result = edit_run(apply->say, families, put, apply);
	return result;
}

int tool_apply(const struct arguments *arguments)
{
	struct apply apply = { .arguments = arguments };
	struct say say;
	int result;

	apply.say = &say;
	say_init(&say, arguments);
	if (strcmp(arguments->words[0], "live") == 0)
		return say_failure(&say, TOOL_ERROR, EINVAL, "live: these are the kernel's rules already; a file is needed");
	result = input_read_path(&say, arguments->words[0], &apply.wanted);
	if (result != TOOL_OK)
		return result;
	result = apply_wanted(&apply);
	rulesets_free(&apply.wanted);
	return result;
}

int tool_import(const struct arguments *arguments)
{
	struct apply apply = { .arguments = arguments };
	struct input input;
	struct say say;
	int result;

	apply.say = &say;
	say_init(&say, arguments);
	result = input_load(&say, arguments->words[0], &input);
	if (result != TOOL_OK)
		return result;
	result = input_read_json(&say, &input, &apply.wanted);
	input_free(&input);
	if (result == TOOL_OK && arguments->given & ARG_PRINT) {
		result = rulesets_print_text(&say, &apply.wanted, arguments->given & ARG_COUNTERS ? NFV_PRINT_COUNTERS : 0);
		say_end(&say);
	} else if (result == TOOL_OK) {
		result = apply_wanted(&apply);
	}
	rulesets_free(&apply.wanted);
	return result;
}
