/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-run.h"

#include "rules/live.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LOCK_WAIT_MS 5000

const char *steer_family_name(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV4 ? "iptables" : "ip6tables";
}

bool steer_family_there(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV4 || access("/proc/self/net/if_inet6", F_OK) == 0;
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

int steer_open(struct steer_run *run)
{
	const struct nfv_live_options options = { .lock_wait_ms = LOCK_WAIT_MS };
	struct nfv_rules_error error;
	int err = live_open_with(&run->live, run->tool, &options, &error);

	if (err)
		run->tell(run->context, NULL, error.text);
	return err;
}

static void tell_warning(void *context, enum nfv_rules_level level, const char *text)
{
	const struct steer_run *run = context;

	if (level >= NFV_RULES_WARNING)
		run->tell(run->context, NULL, text);
}

void steer_warn(const struct tool *tool, steer_error_fn *tell, void *context)
{
	struct steer_run run = { .tool = tool, .tell = tell, .context = context };
	const struct nfv_live_options options = { .log = tell_warning, .log_context = &run };

	if (live_open_with(&run.live, tool, &options, NULL) == 0)
		nfv_live_close(run.live);
}
