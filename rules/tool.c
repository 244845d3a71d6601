/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/tool.h"

#include "rules/tool-message.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TIMEOUT_MS 30000
#define LOCK_WAIT "5" /* seconds that a tool waits for the lock of the legacy backend */

static const char *const backend_infix[] = { [TOOL_AUTO] = "", [TOOL_NFT] = "-nft", [TOOL_LEGACY] = "-legacy" };
static const char *const family_prefix[] = { [TOOL_IPV4] = "ip", [TOOL_IPV6] = "ip6" };

/* ---- finding ---- */

static int find_one(char *path, size_t size, enum tool_backend backend, enum tool_family family, const char *what, char *why,
		    size_t why_size)
{
	int len = snprintf(path, size, "%s/%stables%s-%s", NFV_IPTABLES_DIR, family_prefix[family], backend_infix[backend],
			   what);

	if (len < 0 || (size_t)len >= size) {
		snprintf(why, why_size, "%s: the path is too long", NFV_IPTABLES_DIR);
		return -ENAMETOOLONG;
	}
	if (access(path, X_OK)) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return -ENOENT;
	}
	return 0;
}

int tool_find(struct tool *tool, enum tool_backend backend, char *why, size_t why_size)
{
	int err = 0;

	*tool = (struct tool){ .backend = backend, .timeout_ms = TIMEOUT_MS };
	for (int f = TOOL_IPV4; f <= TOOL_IPV6 && !err; f++) {
		err = find_one(tool->restore[f], sizeof(tool->restore[f]), backend, f, "restore", why, why_size);
		if (!err)
			err = find_one(tool->save[f], sizeof(tool->save[f]), backend, f, "save", why, why_size);
	}
	return err;
}

int tool_other(const struct tool *tool, struct tool *other)
{
	char *mine = realpath(tool->save[TOOL_IPV4], NULL);
	char why[512];
	int err = -ENOENT;

	for (enum tool_backend b = TOOL_NFT; mine && b <= TOOL_LEGACY && err; b++) {
		char *theirs;

		if (tool_find(other, b, why, sizeof(why)))
			continue;
		/* The names of one backend are links to one program. */
		theirs = realpath(other->save[TOOL_IPV4], NULL);
		if (theirs && strcmp(mine, theirs) != 0)
			err = 0;
		free(theirs);
	}
	other->timeout_ms = tool->timeout_ms;
	other->deadline_ms = tool->deadline_ms;
	other->interrupt_fd = tool->interrupt_fd;
	free(mine);
	return err;
}

/* ---- running ---- */

static bool has_net_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) || data[0].effective & 1u << CAP_NET_ADMIN;
}

static struct tool_limits limits_of(const struct tool *tool)
{
	struct tool_limits limits = {
		.timeout_ms = tool->timeout_ms,
		.interrupt_fd = tool->interrupt_fd > 0 ? tool->interrupt_fd : -1,
	};
	int64_t left = tool->deadline_ms ? tool->deadline_ms - tool_run_now_ms() : limits.timeout_ms;

	if (left < limits.timeout_ms)
		limits.timeout_ms = left > 0 ? (int)left : 0;
	return limits;
}

/* Runs, and turns the outcome into result and return value. */
static int run_tool(const struct tool *tool, const char *const *argv, const char *text, struct tool_result *result)
{
	const struct tool_limits limits = limits_of(tool);
	struct text texts[2] = { { 0 } };

	result->limit_ms = limits.timeout_ms;
	result->status = limits.timeout_ms > 0 ? tool_run(argv, text, &limits, texts) : -ETIMEDOUT;
	/* An empty text still owns its terminating NUL. */
	text_add(&texts[0], "", 0);
	text_add(&texts[1], "", 0);
	result->out = texts[0].data;
	result->out_len = texts[0].len;
	result->err = texts[1].data;
	if (texts[0].failed || texts[1].failed || texts[0].len >= TOOL_RUN_OUT_MAX)
		result->status = -ENOMEM;
	if (result->status == 0)
		return 0;
	if (result->status < 0)
		return result->status;
	return result->err && tool_message_denied(result->err, has_net_admin()) ? -EPERM : -EINVAL;
}

static bool was_killed(const struct tool_result *result)
{
	return result->status > 128;
}

int tool_restore(const struct tool *tool, enum tool_family family, const char *text, int test, struct tool_result *result)
{
	const char *argv[] = { tool->restore[family], "--noflush", "-w", LOCK_WAIT, test ? "--test" : NULL, NULL };

	return run_tool(tool, argv, text, result);
}

int tool_save(const struct tool *tool, enum tool_family family, const char *table, struct tool_result *result)
{
	const char *argv[] = { tool->save[family], table ? "-t" : NULL, table, NULL };

	int err = run_tool(tool, argv, NULL, result);

	/* It changes nothing, so one that something else ended may be run again. */
	if (err == -EINVAL && was_killed(result)) {
		tool_result_free(result);
		err = run_tool(tool, argv, NULL, result);
	}
	return err;
}

void tool_result_free(struct tool_result *result)
{
	free(result->out);
	free(result->err);
	*result = (struct tool_result){ 0 };
}
