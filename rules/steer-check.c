/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-run.h"
#include "rules/steer-text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Lets the tool read one text. 0 or -errno with the cause. */
static int test_text(const struct steer_run *run, const struct steer_plan *plan, const struct steer_scope *scope,
		     char *cause)
{
	struct tool_result result;
	struct text text;
	int err = steer_text_test(&text, plan, scope);

	snprintf(cause, STEER_MESSAGE_MAX, "%s", strerror(ENOMEM));
	if (err)
		return err;
	if (text.len) {
		err = tool_restore(run->tool, (enum tool_family)run->family, text.data, 1, &result);
		if (err)
			tool_cause(&result, cause, STEER_MESSAGE_MAX);
		tool_result_free(&result);
	}
	text_free(&text);
	return err;
}

/* Tests one item alone. */
static int test_item(const struct steer_run *run, const struct steer_plan *plan, size_t item, char *cause)
{
	struct steer_scope scope = { .family = run->family, .item = item };
	char better[STEER_MESSAGE_MAX];
	int err = test_text(run, plan, &scope, cause);

	if (err != -EINVAL)
		return err;
	/*
	 * An option without its value takes the next word for it, which is one of ours, and the tool then complains of
	 * words that the user never wrote. With nothing behind the match it names the option.
	 */
	scope.match_last = true;
	if (test_text(run, plan, &scope, better) == -EINVAL)
		memcpy(cause, better, sizeof(better));
	return err;
}

/* Tests each entry alone in the families that refused the whole. Returns how many were found. */
static size_t test_singly(const struct steer_run runs[2], const struct steer_plan *plan, const bool failed[2])
{
	char causes[2][STEER_MESSAGE_MAX];
	size_t found = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct steer_entry *entry = plan->items[i].entry;
		bool bad[2] = { false, false };
		bool both = entry->ipv4 && entry->ipv6 && steer_family_there(NFV_FAMILY_IPV6);

		for (int f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6; f++)
			bad[f] = failed[f] && steer_item_in(&plan->items[i], f) &&
				 test_item(&runs[f], plan, i, causes[f]) == -EINVAL;
		if (bad[NFV_FAMILY_IPV4])
			steer_tell(&runs[NFV_FAMILY_IPV4], entry->origin, "%s%s", causes[NFV_FAMILY_IPV4],
				   both && !bad[NFV_FAMILY_IPV6] ? " (family: ipv6?)" : "");
		/* What both say in the same words is told once. */
		if (bad[NFV_FAMILY_IPV6] && !(bad[NFV_FAMILY_IPV4] && !strcmp(causes[NFV_FAMILY_IPV4], causes[NFV_FAMILY_IPV6])))
			steer_tell(&runs[NFV_FAMILY_IPV6], entry->origin, "%s%s", causes[NFV_FAMILY_IPV6],
				   both && !bad[NFV_FAMILY_IPV4] ? " (family: ipv4?)" : "");
		found += bad[NFV_FAMILY_IPV4] || bad[NFV_FAMILY_IPV6];
	}
	return found;
}

/* Tests everything in each family. -EPERM and what no entry is to blame for are told. */
static int test_plan(const struct steer_run runs[2], const struct steer_plan *plan)
{
	char causes[2][STEER_MESSAGE_MAX];
	bool failed[2] = { false, false };

	for (int f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6; f++) {
		const struct steer_scope scope = { .family = f, .item = STEER_NONE };
		int err;

		if (!steer_family_there(f))
			continue;
		err = test_text(&runs[f], plan, &scope, causes[f]);
		if (err && err != -EINVAL) {
			steer_tell(&runs[f], NULL, "%s", causes[f]);
			return err;
		}
		failed[f] = err != 0;
	}
	if (!failed[NFV_FAMILY_IPV4] && !failed[NFV_FAMILY_IPV6])
		return 0;
	if (!test_singly(runs, plan, failed))
		for (int f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6; f++)
			if (failed[f])
				steer_tell(&runs[f], NULL, "%s", causes[f]);
	return -EINVAL;
}

int steer_check(const struct tool *tool, const struct steer_queue *queues, size_t count, steer_error_fn *tell, void *context)
{
	const struct steer_run runs[2] = {
		{ .tool = tool, .family = NFV_FAMILY_IPV4, .tell = tell, .context = context },
		{ .tool = tool, .family = NFV_FAMILY_IPV6, .tell = tell, .context = context },
	};
	struct steer_plan plan;
	int err = steer_plan_make(&plan, queues, count, tell, context);
	int test_err = 0;

	/* The entries that are right so far are tested also when others are not. */
	if (err != -ENOMEM)
		test_err = test_plan(runs, &plan);
	steer_plan_free(&plan);
	return err ? err : test_err;
}
