/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules format and export: rules as text and as JSON. */
#include "daemon/tool/input.h"
#include "daemon/tool/rules.h"
#include "daemon/tool/rulesets-print.h"

static unsigned print_flags(const struct arguments *arguments)
{
	unsigned flags = NFV_PRINT_CANONICAL;

	if (arguments->given & ARG_COUNTERS)
		flags |= NFV_PRINT_COUNTERS;
	if (arguments->given & ARG_ANNOTATED)
		flags |= NFV_PRINT_ANNOTATED;
	if (arguments->given & ARG_COMMANDS)
		flags |= NFV_PRINT_COMMANDS;
	return flags;
}

int tool_format(const struct arguments *arguments)
{
	struct rulesets rulesets;
	struct say say;
	int result;

	say_init(&say, arguments);
	result = input_read_path(&say, arguments->words[0], &rulesets);
	if (result != TOOL_OK)
		return result;
	if (arguments->given & ARG_JSON)
		result = rulesets_print_json(&say, &rulesets);
	else
		result = rulesets_print_text(&say, &rulesets, print_flags(arguments));
	rulesets_free(&rulesets);
	say_end(&say);
	return result;
}

int tool_export(const struct arguments *arguments)
{
	struct rulesets rulesets;
	struct say say;
	int result;

	say_init(&say, arguments);
	result = input_read_path(&say, arguments->word_count ? arguments->words[0] : "live", &rulesets);
	if (result != TOOL_OK)
		return result;
	result = rulesets_print_json(&say, &rulesets);
	rulesets_free(&rulesets);
	say_end(&say);
	return result;
}
