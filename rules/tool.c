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

struct place {
	const char *folder;
	enum tool_backend backend;
	char *why;
	size_t why_size;
};

static int find_one(const struct place *place, char *path, size_t size, enum tool_family family, const char *what)
{
	int len = snprintf(path, size, "%s/%stables%s-%s", place->folder, family_prefix[family],
			   backend_infix[place->backend], what);

	if (len < 0 || (size_t)len >= size) {
		snprintf(place->why, place->why_size, "%s: the path is too long", place->folder);
		return -ENAMETOOLONG;
	}
	if (access(path, X_OK)) {
		snprintf(place->why, place->why_size, "%s: %s", path, strerror(errno));
		return -ENOENT;
	}
	return 0;
}

int tool_find_in(struct tool *tool, const char *folder, enum tool_backend backend, char *why, size_t why_size)
{
	const struct place place = { folder ? folder : NFV_IPTABLES_DIR, backend, why, why_size };
	int err = 0;

	*tool = (struct tool){ .backend = backend, .timeout_ms = TIMEOUT_MS };
	for (int f = TOOL_IPV4; f <= TOOL_IPV6 && !err; f++) {
		err = find_one(&place, tool->restore[f], sizeof(tool->restore[f]), f, "restore");
		if (!err)
			err = find_one(&place, tool->save[f], sizeof(tool->save[f]), f, "save");
	}
	return err;
}

int tool_find(struct tool *tool, enum tool_backend backend, char *why, size_t why_size)
{
	return tool_find_in(tool, NULL, backend, why, why_size);
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
		.keep_fd = tool->keep_fd,
		.scratch = tool->scratch,
		.lock_file = tool->lock_file,
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

int tool_restore_with(const struct tool *tool, enum tool_family family, const char *text, unsigned flags,
		      struct tool_result *result)
{
	const char *argv[] = { tool->restore[family], "--noflush", "-w", LOCK_WAIT, NULL, NULL, NULL };
	size_t used = 4;

	if (flags & TOOL_TEST)
		argv[used++] = "--test";
	if (flags & TOOL_COUNTERS)
		argv[used++] = "--counters";
	return run_tool(tool, argv, text, result);
}

int tool_restore(const struct tool *tool, enum tool_family family, const char *text, int test, struct tool_result *result)
{
	return tool_restore_with(tool, family, text, test ? TOOL_TEST : 0, result);
}

int tool_save_with(const struct tool *tool, enum tool_family family, const char *table, unsigned flags,
		   struct tool_result *result)
{
	const char *argv[] = { tool->save[family], NULL, NULL, NULL, NULL };
	size_t used = 1;
	int err;

	if (flags & TOOL_COUNTERS)
		argv[used++] = "-c";
	if (table) {
		argv[used++] = "-t";
		argv[used++] = table;
	}
	err = run_tool(tool, argv, NULL, result);
	/* It changes nothing, so one that something else ended may be run again. */
	if (err == -EINVAL && was_killed(result)) {
		tool_result_free(result);
		err = run_tool(tool, argv, NULL, result);
	}
	return err;
}

int tool_save(const struct tool *tool, enum tool_family family, const char *table, struct tool_result *result)
{
	return tool_save_with(tool, family, table, 0, result);
}

unsigned tool_cause(const struct tool_result *result, char *text, size_t size)
{
	if (result->status == -ETIMEDOUT && result->limit_ms == 0)
		snprintf(text, size, "not tried, the time is up");
	else if (result->status == -ETIMEDOUT)
		snprintf(text, size, "no answer within %d ms", result->limit_ms);
	else if (result->status < 0)
		snprintf(text, size, "cannot be run: %s", strerror(-result->status));
	else if (result->status > 128)
		snprintf(text, size, "killed by signal %d", result->status - 128);
	else
		return tool_message(result->err ? result->err : "", text, size);
	return 0;
}

/* The names of one backend are links to one program, whose name tells which. Else it says so itself. */
int tool_kind(const struct tool *tool, enum tool_backend *kind)
{
	const char *argv[] = { tool->restore[TOOL_IPV4], "--version", NULL };
	char *path = realpath(tool->restore[TOOL_IPV4], NULL);
	const char *name = path ? strrchr(path, '/') : NULL;
	struct tool_result result;
	int err = 0;

	*kind = tool->backend;
	if (name && (strstr(name, "nft-multi") || strstr(name, "legacy-multi"))) {
		*kind = strstr(name, "nft-multi") ? TOOL_NFT : TOOL_LEGACY;
	} else if (*kind == TOOL_AUTO) {
		err = run_tool(tool, argv, NULL, &result);
		if (!err)
			/* Before 1.8 there was but one, and it named none. */
			*kind = strstr(result.out, "nf_tables") ? TOOL_NFT : TOOL_LEGACY;
		tool_result_free(&result);
	}
	free(path);
	return err;
}

void tool_result_free(struct tool_result *result)
{
	free(result->out);
	free(result->err);
	*result = (struct tool_result){ 0 };
}
