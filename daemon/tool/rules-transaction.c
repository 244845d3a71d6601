/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules transaction: a file of edits, all or nothing. */
#include "daemon/tool/edit.h"
#include "daemon/tool/rules.h"

#include <errno.h>
#include <string.h>

struct transaction {
	const struct arguments *arguments;
	struct input input;
};

static int run_lines(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error)
{
	const struct transaction *transaction = context;
	const char *table = transaction->arguments->table;
	const struct nfv_read_options options = { .table = table ? table : "filter", .flags = NFV_READ_DECLARED };
	int err = input_apply(&transaction->input, rules, NULL, &options, error);

	(void)attempt;
	/* Whatever is wrong with a line, a rule that is not there too: the file was refused. */
	return err == -ENOENT || err == -EBUSY ? -EINVAL : err;
}

int tool_transaction(const struct arguments *arguments)
{
	struct transaction transaction = { .arguments = arguments };
	struct say say;
	int result;

	say_init(&say, arguments);
	result = input_load(&say, arguments->words[0], &transaction.input);
	if (result != TOOL_OK)
		return result;
	result = edit_run(&say, transaction.input.families, &transaction.input, run_lines, &transaction);
	input_free(&transaction.input);
	return result;
}
