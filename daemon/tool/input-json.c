/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets from what export and --json print. */
#include "daemon/tool/input.h"

#include <jansson.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One of a list. */
static int take(struct say *say, json_t *value, const char *name, struct rulesets *rulesets)
{
	char *text = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
	struct nfv_rules_error error = { 0 };
	struct nfv_rules *rules = text ? nfv_rules_from_json(text, strlen(text), name, &error) : NULL;
	enum nfv_family family;

	free(text);
	if (!rules && !error.code)
		return say_failure(say, TOOL_ERROR, EINVAL, "%s: a list of rulesets has something else in it", name);
	if (!rules)
		return say_error(say, &error, TOOL_ERROR);
	family = nfv_rules_family(rules);
	if (rulesets->of[family]) {
		nfv_rules_free(rules);
		return say_failure(say, TOOL_ERROR, EINVAL, "%s: there are two rulesets of the family %s", name,
				   rulesets_family_name(family));
	}
	rulesets->of[family] = rules;
	return TOOL_OK;
}

static bool is_list(const struct input *input)
{
	size_t at = 0;

	while (at < input->len && strchr(" \t\r\n", input->text[at]))
		at++;
	return at < input->len && input->text[at] == '[';
}

/* One ruleset, or a list of them. */
static int read_all(struct say *say, const struct input *input, struct rulesets *rulesets)
{
	struct nfv_rules_error error = { .code = EINVAL };
	json_error_t where;
	json_t *root;
	int result = TOOL_OK;

	if (!is_list(input)) {
		struct nfv_rules *rules =
			nfv_rules_from_json(input->text ? input->text : "", input->len, input->name, &error);

		if (!rules)
			return say_error(say, &error, TOOL_ERROR);
		rulesets->of[nfv_rules_family(rules)] = rules;
		return TOOL_OK;
	}
	root = json_loadb(input->text, input->len, JSON_REJECT_DUPLICATES, &where);
	if (!root) {
		snprintf(error.text, sizeof(error.text), "%s", where.text);
		snprintf(error.file, sizeof(error.file), "%s", input->name);
		error.line = (unsigned)where.line;
		error.column = (unsigned)where.column;
		return say_error(say, &error, TOOL_ERROR);
	}
	for (size_t i = 0; result == TOOL_OK && i < json_array_size(root); i++)
		result = take(say, json_array_get(root, i), input->name, rulesets);
	json_decref(root);
	return result;
}

/* Only the families that --family says. */
static void choose_families(struct say *say, struct rulesets *rulesets)
{
	static const bool both[2] = { true, true };
	bool families[2];

	input_families(say->arguments, both, families);
	for (int family = 0; family < 2; family++) {
		if (!families[family]) {
			nfv_rules_free(rulesets->of[family]);
			rulesets->of[family] = NULL;
		}
	}
}

int input_read_json(struct say *say, const struct input *input, struct rulesets *rulesets)
{
	int result;

	*rulesets = (struct rulesets){ 0 };
	if (say->arguments->table)
		return say_failure(say, TOOL_ERROR, EINVAL, "%s: --table does not go with JSON", input->name);
	result = read_all(say, input, rulesets);
	if (result == TOOL_OK)
		choose_families(say, rulesets);
	else
		rulesets_free(rulesets);
	return result;
}
