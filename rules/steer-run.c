/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-run.h"

#include "rules/tool-message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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

unsigned steer_cause(const struct steer_run *run, const struct tool_result *result, char *text, size_t size)
{
	if (result->status == -ETIMEDOUT)
		snprintf(text, size, "no answer within %d ms", run->tool->timeout_ms);
	else if (result->status < 0)
		snprintf(text, size, "cannot be run: %s", strerror(-result->status));
	else if (result->status > 128)
		snprintf(text, size, "killed by signal %d", result->status - 128);
	else
		return tool_message(result->err, text, size);
	return 0;
}

int steer_read(const struct steer_run *run, struct save *save, struct tool_result *result)
{
	char cause[STEER_MESSAGE_MAX];
	int err = tool_save(run->tool, run->family, NULL, result);

	if (err) {
		steer_cause(run, result, cause, sizeof(cause));
		steer_tell(run, NULL, "reading the ruleset: %s", cause);
		return err;
	}
	err = save_parse(save, result->out, result->out_len);
	if (err)
		steer_tell(run, NULL, "reading the ruleset: %s", err == -ENOMEM ? strerror(ENOMEM) : "the text is incomplete");
	return err;
}
