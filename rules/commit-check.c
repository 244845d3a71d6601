/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks before a commit: of what was changed, not of the whole ruleset, so that one rule costs what one rule costs. */
#include "rules/commit.h"

#include "rules/base.h"
#include "rules/error.h"

#include <errno.h>
#include <string.h>

struct check {
	const struct nfv_commit_options *options;
	struct nfv_rules_error *error;
	bool told;
};

static void found(void *context, const struct nfv_rules_error *finding)
{
	struct check *check = context;

	if (!check->told && check->error)
		*check->error = *finding;
	check->told = true;
	if (check->options->report)
		check->options->report(check->options->context, finding);
}

int commit_check(struct nfv_rules *rules, const struct nfv_commit_options *options, struct nfv_rules_error *error)
{
	struct check check = { .options = options, .error = error };
	int err;

	if (!base_any(rules))
		return 0;
	/* Of a ruleset that came from the kernel it looks at changes only. */
	err = nfv_rules_check(rules, NULL, found, &check);
	if (err && !check.told)
		error_set(error, err, "%s", strerror(-err));
	return err;
}
