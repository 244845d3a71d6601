/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules confirm and rollback: the end of a change that waits. */
#include "daemon/tool/input.h"
#include "daemon/tool/rules.h"

#include <errno.h>
#include <string.h>

static int end_waiting(const struct arguments *arguments, const char *done,
		       int (*end)(struct nfv_live *live, struct nfv_rules_error *error))
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live *live;
	struct say say;
	int result, err;

	say_init(&say, arguments);
	result = input_open_live(&say, &live);
	if (result != TOOL_OK)
		return result;
	err = end(live, &error);
	nfv_live_close(live);
	if (err == -ENOENT)
		return say_failure(&say, TOOL_ABSENT, err, "no change waits to be confirmed");
	if (err)
		return error.code ? say_error(&say, &error, say_exit_of(err))
				  : say_failure(&say, say_exit_of(err), err, "%s", strerror(-err));
	say_hint(&say, "%s", done);
	return say_outcome(&say, NULL, TOOL_OK);
}

int tool_confirm(const struct arguments *arguments)
{
	return end_waiting(arguments, "confirmed: the change stays", nfv_live_confirm);
}

int tool_rollback(const struct arguments *arguments)
{
	return end_waiting(arguments, "rolled back: the rules are as they were", nfv_live_rollback);
}
