/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-run.h"

#include "rules/steer-plan.h"
#include "rules/tool-message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *steer_family_name(enum tool_family family)
{
	return family == TOOL_IPV4 ? "iptables" : "ip6tables";
}

bool steer_family_there(enum tool_family family)
{
	return family == TOOL_IPV4 || access("/proc/self/net/if_inet6", F_OK) == 0;
}

void steer_tell(const struct steer_run *run, const void *origin, const char *format, ...)
{
	char text[STEER_MESSAGE_MAX + 256];
	int len = snprintf(text, sizeof(text), "%s: ", steer_family_name(run->family));
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	run->tell(run->context, origin, text);
}

unsigned steer_cause(const struct tool_result *result, char *text, size_t size)
{
	if (result->status == -ETIMEDOUT && result->limit_ms == 0)
		snprintf(text, size, "not tried, the time is up");
	else if (result->status == -ETIMEDOUT)
		snprintf(text, size, "no answer within %d ms", result->limit_ms);
	else if (result->status == -EINTR)
		snprintf(text, size, "ended, for the start was called off");
	else if (result->status < 0)
		snprintf(text, size, "cannot be run: %s", strerror(-result->status));
	else if (result->status > 128)
		snprintf(text, size, "killed by signal %d", result->status - 128);
	else
		return tool_message(result->err, text, size);
	return 0;
}

/*
 * Table by table. In a network namespace that was made together with its user namespace the list of tables belongs to
 * nobody, so that the legacy tools cannot read it. A table that cannot be read is one that the kernel does not have.
 */
static int read_tables(const struct steer_run *run, struct tool_result *result)
{
	struct text text = { 0 };
	int err = 0;

	for (size_t t = 0; t < STEER_TABLES && (!err || err == -EINVAL); t++) {
		tool_result_free(result);
		err = tool_save(run->tool, run->family, steer_tables[t], result);
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

int steer_read(const struct steer_run *run, struct save *save, struct tool_result *result)
{
	char cause[STEER_MESSAGE_MAX];
	int err = tool_save(run->tool, run->family, NULL, result);

	if (err == -EINVAL && result->err && strstr(result->err, "Failed to list table names"))
		err = read_tables(run, result);
	if (err) {
		steer_cause(result, cause, sizeof(cause));
		steer_tell(run, NULL, "reading the ruleset: %s", cause);
		return err;
	}
	err = save_parse(save, result->out, result->out_len);
	if (err)
		steer_tell(run, NULL, "reading the ruleset: %s",
			   err == -ENOMEM ? strerror(ENOMEM) : "the text is incomplete");
	return err;
}
