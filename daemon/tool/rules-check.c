/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules check: every mistake in a file. */
#include "daemon/tool/declared.h"
#include "daemon/tool/input.h"
#include "daemon/tool/rules.h"

#include <errno.h>
#include <string.h>

/* Our own checks, over the kernel's ruleset with --live. 0 or -errno. */
static int check_rules(struct say *say, const struct rulesets *rulesets, const struct rulesets *kernel)
{
	int result = 0;

	for (int family = 0; family < 2; family++) {
		int err;

		if (!rulesets->of[family])
			continue;
		if (declared_check(rulesets->of[family], kernel->of[family], say_finding, say))
			result = result ? result : -EINVAL;
		err = nfv_rules_check(rulesets->of[family], kernel->of[family], say_finding, say);
		if (err && (!result || err != -EINVAL))
			result = err;
	}
	return result;
}

/* The tool's own --test. What it finds is told as a finding. 0 or -errno. */
static int check_with_tool(struct say *say, struct nfv_live *live, const struct rulesets *rulesets)
{
	const struct nfv_commit_options options = { .dry_run = true };
	const struct nfv_rules *wanted[2];
	struct nfv_rules_error error = { 0 };
	size_t count = 0;
	int err;

	for (int family = 0; family < 2; family++) {
		if (rulesets->of[family])
			wanted[count++] = rulesets->of[family];
	}
	err = nfv_live_apply(live, wanted, count, NFV_DIFF_NAMED_ONLY, &options, NULL, &error);
	if (err < 0 && error.code) {
		input_show_line(&rulesets->source, &error);
		say_finding(say, &error);
	}
	return err;
}

static int check(struct say *say, const struct rulesets *rulesets)
{
	bool test = say->arguments->given & ARG_TEST, families[2] = { rulesets->of[0] != NULL, rulesets->of[1] != NULL };
	struct rulesets kernel = { 0 };
	struct nfv_live *live = NULL;
	int result, err;

	if (say->arguments->given & (ARG_LIVE | ARG_TEST)) {
		result = input_open_live(say, &live);
		if (result == TOOL_OK && say->arguments->given & ARG_LIVE)
			result = input_read_live(say, live, families, &kernel);
		if (result != TOOL_OK) {
			nfv_live_close(live);
			return result;
		}
	}
	err = check_rules(say, rulesets, &kernel);
	if (err == 0 && test)
		err = check_with_tool(say, live, rulesets);
	rulesets_free(&kernel);
	nfv_live_close(live);
	if (err && !say->findings)
		return say_failure(say, TOOL_ERROR, err, "%s", strerror(-err));
	return say_outcome(say, NULL, say->findings ? TOOL_NO : TOOL_OK);
}

int tool_check(const struct arguments *arguments)
{
	struct rulesets rulesets;
	struct say say;
	int result;

	say_init(&say, arguments);
	result = input_read_path(&say, arguments->words[0], &rulesets);
	if (result != TOOL_OK)
		return result;
	result = check(&say, &rulesets);
	rulesets_free(&rulesets);
	return result;
}
