/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-tool.h"

#include "rules/error.h"
#include "rules/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t store_tool_generation(const struct store_tool *st)
{
	return st->generation ? generation_get(st->generation) : 0;
}

/*
 * Table by table. In a network namespace that was made together with its user namespace the list of tables belongs to
 * nobody, so that the legacy tools cannot read it. A table that cannot be read is one that the kernel does not have.
 */
static int read_singly(struct store_tool *st, enum nfv_family family, unsigned flags, struct tool_result *result)
{
	static const char *const tables[] = { "raw", "mangle", "nat", "filter", "security" };
	struct text text = { 0 };
	int err = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]) && (!err || err == -EINVAL); t++) {
		tool_result_free(result);
		err = tool_save_with(&st->tool, (enum tool_family)family, tables[t], flags, result);
		if (!err)
			text_add(&text, result->out, result->out_len);
	}
	if (err && err != -EINVAL) {
		text_free(&text);
		return err;
	}
	text_add(&text, "", 0);
	free(result->out);
	result->out = text.data;
	result->out_len = text.len;
	if (text.failed)
		result->status = -ENOMEM;
	return text.failed ? -ENOMEM : 0;
}

int store_tool_text(struct store_tool *st, enum nfv_family family, const char *table, bool counters,
		    struct tool_result *result, struct nfv_rules_error *error)
{
	const unsigned flags = counters ? TOOL_COUNTERS : 0;
	char cause[STORE_TOOL_CAUSE_MAX];
	int err = tool_save_with(&st->tool, (enum tool_family)family, table, flags, result);

	if (err == -EINVAL && !table && result->err && strstr(result->err, "Failed to list table names"))
		err = read_singly(st, family, flags, result);
	if (!err)
		return 0;
	tool_cause(result, cause, sizeof(cause));
	tool_result_free(result);
	return error_set(error, err, "%s: reading the ruleset: %s", store_tool_family(family), cause);
}

struct nfv_rules *store_tool_rules(struct store_tool *st, enum nfv_family family, const char *table,
				   struct nfv_rules_error *error)
{
	struct tool_result result = { 0 };
	struct nfv_rules *rules = NULL;
	int err = store_tool_text(st, family, table, true, &result, error);

	if (!err) {
		rules = nfv_rules_new(family);
		err = rules ? 0 : error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	}
	if (!err)
		err = read_live(rules, result.out, result.out_len, error);
	tool_result_free(&result);
	if (!err)
		return rules;
	nfv_rules_free(rules);
	errno = -err;
	return NULL;
}
