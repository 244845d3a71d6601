/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules apply and import: the kernel's rules become what a file says. */
#include "daemon/tool/declared.h"
#include "daemon/tool/edit.h"
#include "daemon/tool/rules.h"
#include "daemon/tool/rulesets-print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_NAME "(difference)"

struct apply {
	const struct arguments *arguments;
	struct say *say;
	struct rulesets wanted;
};

/* The file speaks of the chain: it declares it, or has rules for it. */
static bool is_named(const struct nfv_table *wanted, const char *name)
{
	const struct nfv_chain *chain = nfv_table_chain(wanted, name);

	return chain && (nfv_chain_is_declared(chain) || nfv_chain_count(chain) > 0);
}

static void keep_first(void *context, const struct nfv_rules_error *found)
{
	struct nfv_rules_error *error = context;

	if (!error->code)
		*error = *found;
}

/* ---- the change ---- */

/* Rules that the script put in are where the wanted ones are, and come from where those do. 0 or -errno. */
static int set_origins(struct nfv_chain *chain, const struct nfv_chain *wanted)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < nfv_chain_count(wanted) && i < nfv_chain_count(chain); i++) {
		struct nfv_rule *rule = nfv_chain_rule(chain, i);
		const char *file = nfv_rule_origin(rule, NULL);
		unsigned line;

		if (!file || strcmp(file, SCRIPT_NAME) != 0)
			continue;
		file = nfv_rule_origin(nfv_chain_rule(wanted, i), &line);
		err = nfv_rule_set_origin(rule, file, file ? line : 0);
	}
	return err;
}

static int set_all_origins(struct nfv_rules *rules, const struct nfv_rules *wanted)
{
	int err = 0;

	for (size_t t = 0; err == 0 && t < nfv_rules_table_count(wanted); t++) {
		const struct nfv_table *from = nfv_rules_table_at(wanted, t);
		struct nfv_table *table = nfv_rules_table(rules, nfv_table_name(from));

		for (size_t c = 0; err == 0 && table && c < nfv_table_chain_count(from); c++) {
			const struct nfv_chain *chain = nfv_table_chain_at(from, c);

			if (is_named(from, nfv_chain_name(chain)))
				err = set_origins(nfv_table_chain(table, nfv_chain_name(chain)), chain);
		}
	}
	return err;
}

/* In the order of the file, as people read them. 0 or -errno. */
static int make_chains(struct nfv_rules *rules, const struct nfv_rules *wanted)
{
	for (size_t t = 0; t < nfv_rules_table_count(wanted); t++) {
		const struct nfv_table *from = nfv_rules_table_at(wanted, t);
		struct nfv_table *table = nfv_rules_add_table(rules, nfv_table_name(from));

		if (!table)
			return -errno;
		for (size_t c = 0; c < nfv_table_chain_count(from); c++) {
			const char *name = nfv_chain_name(nfv_table_chain_at(from, c));

			if (is_named(from, name) && !nfv_table_ensure_chain(table, name))
				return -errno;
		}
	}
	return 0;
}

/* As the difference says, so that rules that stay are the kernel's own, with their counters. 0 or -errno. */
static int put_named(struct nfv_rules *rules, const struct nfv_rules *wanted, struct nfv_rules_error *error)
{
	const struct nfv_read_options options = { .file = SCRIPT_NAME };
	int err = make_chains(rules, wanted);
	char *script = err ? NULL : nfv_rules_diff(rules, wanted, NFV_DIFF_NAMED_ONLY, NULL);
	size_t len = script ? strlen(script) : 0;

	if (err == 0 && !script)
		err = -errno;
	if (len > 0)
		err = nfv_rules_read(rules, script, len, &options, error);
	free(script);
	return err ? err : set_all_origins(rules, wanted);
}

/* Chains that the file does not name: rules first, for they may lead to each other. Policies of built-in ones stay. */
static int drop_others(struct nfv_table *table, const struct nfv_table *wanted)
{
	int err = 0;

	for (size_t c = 0; err == 0 && c < nfv_table_chain_count(table); c++) {
		struct nfv_chain *chain = nfv_table_chain_at(table, c);

		if (!is_named(wanted, nfv_chain_name(chain)))
			err = nfv_chain_flush(chain);
	}
	for (size_t c = nfv_table_chain_count(table); err == 0 && c > 0; c--) {
		struct nfv_chain *chain = nfv_table_chain_at(table, c - 1);

		if (!nfv_chain_is_builtin(chain) && !is_named(wanted, nfv_chain_name(chain)))
			err = nfv_chain_remove(chain);
	}
	return err;
}

static int put(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error)
{
	const struct apply *apply = context;
	const struct nfv_rules *wanted = apply->wanted.of[nfv_rules_family(rules)];
	int err;

	(void)attempt;
	*error = (struct nfv_rules_error){ 0 };
	if (declared_check(wanted, rules, keep_first, error))
		return -EINVAL;
	if (apply->arguments->owner)
		return nfv_rules_put_owned(rules, wanted, apply->arguments->owner, apply->arguments->given & ARG_FIRST);
	err = put_named(rules, wanted, error);
	for (size_t t = 0; err == 0 && apply->arguments->given & ARG_EXACT && t < nfv_rules_table_count(wanted); t++) {
		const struct nfv_table *table = nfv_rules_table_at(wanted, t);
		struct nfv_table *there = nfv_rules_add_table(rules, nfv_table_name(table));

		err = there ? drop_others(there, table) : -errno;
	}
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
		result = edit_run(apply->say, families, &apply->wanted.source, put, apply);
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
