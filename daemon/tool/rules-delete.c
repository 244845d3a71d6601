/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules delete: rules by what they say or by number, whole chains, all of an owner. */
#include "daemon/tool/edit.h"
#include "daemon/tool/nearest-word.h"
#include "daemon/tool/rules.h"
#include "daemon/tool/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct delete
{
	const struct arguments *arguments;
	const char *table, *chain;
	struct nfv_rule *rule; /* by what it says; NULL: otherwise */
	struct nfv_rule **numbered[2]; /* by family: what stood at the numbers at the first try */
	size_t count; /* of numbers */
};

static int __attribute__((format(printf, 3, 4))) fail(struct nfv_rules_error *error, int code, const char *format, ...)
{
	va_list args;

	*error = (struct nfv_rules_error){ .code = -code };
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}

/* NULL after filling error; the nearest name is offered. */
static struct nfv_chain *find_chain(const struct delete *delete, const struct nfv_rules *rules, const char *name,
				    struct nfv_rules_error *error)
{
	const struct nfv_table *table = nfv_rules_table(rules, delete->table);
	struct nfv_chain *chain = table ? nfv_table_chain(table, name) : NULL;
	struct nearest_word nearest = { .wanted = name };
	char hint[64];

	if (chain)
		return chain;
	for (size_t c = 0; table && c < nfv_table_chain_count(table); c++)
		nearest_word_offer(&nearest, nfv_chain_name(nfv_table_chain_at(table, c)));
	nearest_word_hint(&nearest, hint, sizeof(hint));
	fail(error, -ENOENT, "table %s, %s: there is no chain '%s'%s", delete->table,
	     rulesets_family_title(nfv_rules_family(rules)), name, hint);
	return NULL;
}

static int delete_rule(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error)
{
	const struct delete *delete = context;
	struct nfv_chain *chain = find_chain(delete, rules, delete->chain, error);
	int err;

	(void)attempt;
	if (!chain)
		return -ENOENT;
	err = nfv_chain_delete_equal(chain, delete->rule);
	if (err == -ENOENT)
		return fail(error, err, "table %s, %s: chain %s has no such rule", delete->table,
			    rulesets_family_title(nfv_rules_family(rules)), delete->chain);
	return err;
}

/* At the first try numbers are what they were when the user wrote them; from then on the rules that stood there count. */
static int remember_numbers(struct delete *delete, const struct nfv_chain *chain, enum nfv_family family,
			    struct nfv_rules_error *error)
{
	struct nfv_rule **kept = calloc(delete->count, sizeof(struct nfv_rule *));

	if (!kept)
		return -ENOMEM;
	delete->numbered[family] = kept;
	for (size_t i = 0; i < delete->count; i++) {
		size_t number = words_number(delete->arguments->words[i + 1]);
		const struct nfv_rule *rule = nfv_chain_rule(chain, number - 1);

		if (!rule)
			return fail(error, -ENOENT, "table %s, %s: chain %s has %zu rules, there is no #%zu", delete->table,
				    rulesets_family_title(family), delete->chain, nfv_chain_count(chain), number);
		for (size_t j = 0; j < i; j++) {
			if (words_number(delete->arguments->words[j + 1]) == number)
				return fail(error, -EINVAL, "#%zu stands there twice", number);
		}
		kept[i] = nfv_rule_copy(rule);
		if (!kept[i])
			return -ENOMEM;
	}
	return 0;
}

static int by_number_down(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x < y) - (x > y);
}

static int delete_positions(const struct delete *delete, struct nfv_chain *chain)
{
	size_t *positions = calloc(delete->count, sizeof(*positions));
	int err = positions ? 0 : -ENOMEM;

	for (size_t i = 0; err == 0 && i < delete->count; i++)
		positions[i] = words_number(delete->arguments->words[i + 1]) - 1;
	if (err == 0)
		qsort(positions, delete->count, sizeof(*positions), by_number_down);
	for (size_t i = 0; err == 0 && i < delete->count; i++)
		err = nfv_chain_delete(chain, positions[i]);
	free(positions);
	return err;
}

static int delete_numbers(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error)
{
	struct delete *delete = context;
	enum nfv_family family = nfv_rules_family(rules);
	struct nfv_chain *chain = find_chain(delete, rules, delete->chain, error);
	int err = chain ? 0 : -ENOENT;

	if (err == 0 && attempt == 0 && !delete->numbered[family]) {
		err = remember_numbers(delete, chain, family, error);
		return err ? err : delete_positions(delete, chain);
	}
	for (size_t i = 0; err == 0 && i < delete->count; i++) {
		err = nfv_chain_delete_equal(chain, delete->numbered[family][i]);
		if (err == -ENOENT)
			return fail(error, err, "somebody else deleted %s of chain %s meanwhile",
				    delete->arguments->words[i + 1], delete->chain);
	}
	return err;
}

/* The chain and every rule of its table that leads to it. */
static int delete_chain(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error)
{
	const struct delete *delete = context;
	struct nfv_chain *chain = find_chain(delete, rules, delete->arguments->chain, error);
	struct nfv_table *table;

	(void)attempt;
	if (!chain)
		return -ENOENT;
	if (nfv_chain_is_builtin(chain))
		return fail(error, -EINVAL, "table %s: chain %s is built in and cannot be deleted", delete->table,
			    nfv_chain_name(chain));
	table = nfv_chain_table(chain);
	for (size_t c = 0; c < nfv_table_chain_count(table); c++) {
		struct nfv_chain *other = nfv_table_chain_at(table, c);

		for (size_t r = nfv_chain_count(other); r > 0; r--) {
			const struct nfv_extension *target = nfv_rule_target(nfv_chain_rule(other, r - 1));
			int err = 0;

			if (target && strcmp(nfv_extension_name(target), nfv_chain_name(chain)) == 0)
				err = nfv_chain_delete(other, r - 1);
			if (err)
				return err;
		}
	}
	return nfv_chain_remove(chain);
}

static int delete_owner(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error)
{
	const struct delete *delete = context;
	const struct arguments *arguments = delete->arguments;
	int count = nfv_rules_sweep(rules, arguments->owner, arguments->word_count ? arguments->words[0] : NULL);

	(void)attempt;
	(void)error;
	return count < 0 ? count : 0;
}

/* What the words mean. NULL after telling. */
static edit_fn *choose(struct say *say, struct delete *delete)
{
	const struct arguments *arguments = delete->arguments;
	struct nfv_rules_error error = { 0 };
	char *text;

	if (arguments->owner && arguments->chain) {
		say_failure(say, TOOL_ERROR, EINVAL, "--owner and --chain exclude each other");
		return NULL;
	}
	if (arguments->owner ? arguments->word_count > 1 : arguments->chain ? arguments->word_count > 0 : false) {
		say_failure(say, TOOL_ERROR, EINVAL, "what is '%s' for?", arguments->words[arguments->owner ? 1 : 0]);
		return NULL;
	}
	if (arguments->owner)
		return delete_owner;
	if (arguments->chain)
		return delete_chain;
	if (arguments->word_count < 2) {
		say_failure(say, TOOL_ERROR, EINVAL,
			    "delete what? CHAIN and a rule or #numbers, --chain NAME, or --owner NAME");
		return NULL;
	}
	delete->chain = arguments->words[0];
	delete->count = arguments->word_count - 1;
	if (words_number(arguments->words[1])) {
		for (size_t i = 1; i < arguments->word_count; i++) {
			if (!words_number(arguments->words[i])) {
				say_failure(say, TOOL_ERROR, EINVAL, "'%s' is not the number of a rule, as #3 is",
					    arguments->words[i]);
				return NULL;
			}
		}
		return delete_numbers;
	}
	text = words_join((const char *const *)arguments->words + 1, delete->count);
	delete->rule = text ? nfv_rule_parse(text, &error) : NULL;
	free(text);
	if (!delete->rule)
		say_error(say, &error, TOOL_ERROR);
	return delete->rule ? delete_rule : NULL;
}

int tool_delete(const struct arguments *arguments)
{
	struct delete delete = { .arguments = arguments, .table = arguments->table ? arguments->table : "filter" };
	const bool automatic[2] = { true, arguments->owner != NULL };
	bool families[2];
	struct say say;
	edit_fn *fn;
	int result = TOOL_ERROR;

	say_init(&say, arguments);
	input_families(arguments, automatic, families);
	fn = choose(&say, &delete);
	if (fn)
		result = edit_run(&say, families, NULL, fn, &delete);
	nfv_rule_free(delete.rule);
	for (int family = 0; family < 2; family++) {
		for (size_t i = 0; delete.numbered[family] && i < delete.count; i++)
			nfv_rule_free(delete.numbered[family][i]);
		free(delete.numbered[family]);
	}
	return result;
}
