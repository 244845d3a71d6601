/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules diff: from one ruleset to another. */
#include "daemon/tool/input.h"
#include "daemon/tool/paint.h"
#include "daemon/tool/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct diff {
	struct say *say;
	unsigned flags;
	bool color;
	char *script[2], *shown[2]; /* by family; NULL: not compared */
};

/* A family that one side does not speak of is empty there only if the other side was asked for it too. */
static int compare(struct diff *diff, struct rulesets *a, struct rulesets *b)
{
	for (int family = 0; family < 2; family++) {
		if (!a->of[family] && !b->of[family])
			continue;
		if (!a->of[family])
			a->of[family] = nfv_rules_new((enum nfv_family)family);
		if (!b->of[family])
			b->of[family] = nfv_rules_new((enum nfv_family)family);
		if (!a->of[family] || !b->of[family])
			return -ENOMEM;
		diff->script[family] = nfv_rules_diff(a->of[family], b->of[family], diff->flags, NULL);
		diff->shown[family] = nfv_rules_diff_show(a->of[family], b->of[family], diff->flags, diff->color, NULL);
		if (!diff->script[family] || !diff->shown[family])
			return -ENOMEM;
	}
	return 0;
}

static bool differs(const struct diff *diff, int family)
{
	return diff->script[family] && diff->script[family][0];
}

static void print(const struct diff *diff)
{
	bool human = diff->say->arguments->given & ARG_HUMAN;
	bool both = diff->script[0] && diff->script[1];

	for (int family = 0; family < 2; family++) {
		if (!differs(diff, family))
			continue;
		if (both && human)
			printf("%s%s%s\n", paint_on(PAINT_TABLE, diff->color),
			       rulesets_family_title((enum nfv_family)family), paint_off(PAINT_TABLE, diff->color));
		else if (both)
			printf("# family %s\n", rulesets_family_name((enum nfv_family)family));
		fputs(human ? diff->shown[family] : diff->script[family], stdout);
	}
}

static json_t *outcome(const struct diff *diff)
{
	json_t *value = json_object(), *list = json_array();

	json_object_set_new(value, "equal", json_boolean(!differs(diff, 0) && !differs(diff, 1)));
	for (int family = 0; family < 2; family++) {
		json_t *one;

		if (!diff->script[family])
			continue;
		one = json_object();
		json_object_set_new(one, "family", json_string(rulesets_family_name((enum nfv_family)family)));
		json_object_set_new(one, "script", say_text(diff->script[family]));
		json_array_append_new(list, one);
	}
	json_object_set_new(value, "changes", list);
	return value;
}

static int diff_rulesets(struct diff *diff, struct rulesets *a, struct rulesets *b)
{
	int err = compare(diff, a, b), result;

	if (err)
		return say_failure(diff->say, TOOL_ERROR, err, "%s", strerror(-err));
	result = differs(diff, 0) || differs(diff, 1) ? TOOL_NO : TOOL_OK;
	if (!(diff->say->arguments->given & ARG_JSON))
		print(diff);
	return say_outcome(diff->say, outcome(diff), (enum tool_exit)result);
}

/* The families that a file is for are those that are compared with the kernel. */
static int read_both(struct say *say, struct rulesets *a, struct rulesets *b)
{
	struct arguments *arguments = (struct arguments *)say->arguments;
	char **words = arguments->words;
	bool live_first = strcmp(words[0], "live") == 0;
	struct rulesets *first = live_first ? b : a, *second = live_first ? a : b;
	int result = input_read_path(say, words[live_first ? 1 : 0], first);

	if (result != TOOL_OK)
		return result;
	if (arguments->family == ARGUMENTS_AUTO && strcmp(words[live_first ? 0 : 1], "live") == 0)
		arguments->family = !first->of[0] ? ARGUMENTS_IPV6 : first->of[1] ? ARGUMENTS_BOTH : ARGUMENTS_IPV4;
	result = input_read_path(say, words[live_first ? 0 : 1], second);
	if (result != TOOL_OK)
		rulesets_free(first);
	return result;
}

int tool_diff(const struct arguments *arguments)
{
	struct arguments mine = *arguments;
	struct rulesets a = { 0 }, b = { 0 };
	struct say say;
	struct diff diff = { .say = &say, .color = paint_wanted(arguments->color, stdout) };
	int result;

	say_init(&say, &mine);
	if (arguments->given & ARG_COUNTERS)
		diff.flags |= NFV_DIFF_COUNTERS;
	if (arguments->given & ARG_NAMED)
		diff.flags |= NFV_DIFF_NAMED_ONLY;
	if (arguments->backend == NFV_BACKEND_LEGACY)
		diff.flags |= NFV_DIFF_LEGACY;
	if (strcmp(mine.words[0], "-") == 0 && strcmp(mine.words[1], "-") == 0)
		return say_failure(&say, TOOL_ERROR, EINVAL, "only one of A and B can be standard input");
	result = read_both(&say, &a, &b);
	if (result == TOOL_OK)
		result = diff_rulesets(&diff, &a, &b);
	for (int family = 0; family < 2; family++) {
		free(diff.script[family]);
		free(diff.shown[family]);
	}
	rulesets_free(&a);
	rulesets_free(&b);
	return result;
}
