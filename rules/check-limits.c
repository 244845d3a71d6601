/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both backends of iptables 1.8.9 refused on a 6.18 kernel when each extension was tried in each built-in chain. What
 * one of them takes (TRACE outside of raw, with nft) is not here.
 */
#include "rules/check-limits.h"

#include <stdio.h>
#include <string.h>

#define COMES_IN (HOOK_PREROUTING | HOOK_INPUT | HOOK_FORWARD)
#define GOES_OUT (HOOK_FORWARD | HOOK_OUTPUT | HOOK_POSTROUTING)

static const struct check_limit limits[] = {
	{ "CHECKSUM", true, NULL, NULL, "mangle", HOOK_ALL },
	{ "CLASSIFY", true, NULL, NULL, NULL, GOES_OUT },
	{ "CONNSECMARK", true, NULL, NULL, "mangle,security", HOOK_ALL },
	{ "CT", true, NULL, NULL, "raw", HOOK_ALL },
	{ "DNAT", true, NULL, NULL, "nat", HOOK_PREROUTING | HOOK_OUTPUT },
	{ "DNPT", true, NULL, NULL, "mangle", HOOK_PREROUTING | HOOK_OUTPUT },
	{ "DROP", true, NULL, NULL, "filter,mangle,raw,security", HOOK_ALL },
	{ "DSCP", true, NULL, NULL, "mangle", HOOK_ALL },
	{ "ECN", true, NULL, NULL, "mangle", HOOK_ALL },
	{ "HL", true, NULL, NULL, "mangle", HOOK_ALL },
	{ "MASQUERADE", true, NULL, NULL, "nat", HOOK_POSTROUTING },
	{ "NETMAP", true, NULL, NULL, "nat", HOOK_ALL },
	{ "NOTRACK", true, NULL, NULL, "raw", HOOK_ALL },
	{ "REDIRECT", true, NULL, NULL, "nat", HOOK_PREROUTING | HOOK_OUTPUT },
	{ "REJECT", true, NULL, NULL, "filter", HOOK_ALL },
	{ "SECMARK", true, NULL, NULL, "mangle,security", HOOK_ALL },
	{ "SNAT", true, NULL, NULL, "nat", HOOK_INPUT | HOOK_POSTROUTING },
	{ "SNPT", true, NULL, NULL, "mangle", HOOK_INPUT | HOOK_POSTROUTING },
	{ "SYNPROXY", true, NULL, NULL, NULL, HOOK_INPUT | HOOK_FORWARD },
	{ "TCPMSS", true, "clamp-mss-to-pmtu", NULL, NULL, GOES_OUT },
	{ "TCPOPTSTRIP", true, NULL, NULL, "mangle", HOOK_ALL },
	{ "TOS", true, NULL, NULL, "mangle", HOOK_ALL },
	{ "TPROXY", true, NULL, NULL, "mangle", HOOK_PREROUTING },
	{ "TTL", true, NULL, NULL, "mangle", HOOK_ALL },
	{ "cgroup", false, NULL, NULL, NULL, HOOK_INPUT | HOOK_OUTPUT | HOOK_POSTROUTING },
	{ "devgroup", false, "src-group", NULL, NULL, COMES_IN },
	{ "devgroup", false, "dst-group", NULL, NULL, GOES_OUT },
	{ "eui64", false, NULL, NULL, NULL, COMES_IN },
	{ "mac", false, NULL, NULL, NULL, COMES_IN },
	{ "osf", false, NULL, NULL, NULL, COMES_IN },
	{ "owner", false, NULL, NULL, NULL, HOOK_OUTPUT | HOOK_POSTROUTING },
	{ "policy", false, "dir", "in", NULL, COMES_IN },
	{ "policy", false, "dir", "out", NULL, GOES_OUT },
	{ "realm", false, NULL, NULL, NULL, HOOK_INPUT | GOES_OUT },
	{ "rpfilter", false, NULL, NULL, "mangle,raw", HOOK_PREROUTING },
	{ "socket", false, NULL, NULL, NULL, HOOK_PREROUTING | HOOK_INPUT },
};

#define LIMIT_COUNT (sizeof(limits) / sizeof(limits[0]))

static bool has_option(const struct nfv_extension *extension, const struct check_limit *limit)
{
	for (size_t i = 0; i < extension->count; i++) {
		const struct view_option *option = &extension->options[i];

		if (!strcmp(option->name, limit->option) &&
		    (!limit->value || (option->count && !strcmp(option->values[0], limit->value))))
			return true;
	}
	return false;
}

const struct check_limit *check_limit_next(const struct nfv_extension *extension, const struct check_limit *last)
{
	for (const struct check_limit *limit = last ? last + 1 : limits; limit < limits + LIMIT_COUNT; limit++)
		if (limit->is_target == extension->is_target && !strcmp(limit->name, extension->name) &&
		    (!limit->option || has_option(extension, limit)))
			return limit;
	return NULL;
}

/* ---- hooks ---- */

static const char *const hook_names[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };

#define HOOK_COUNT (sizeof(hook_names) / sizeof(hook_names[0]))

unsigned check_hook_of(const char *chain)
{
	for (size_t i = 0; i < HOOK_COUNT; i++)
		if (!strcmp(hook_names[i], chain))
			return 1u << i;
	return 0;
}

void check_hook_names(unsigned hooks, char *text, size_t size)
{
	size_t used = 0;

	if (size)
		*text = '\0';
	for (size_t i = 0; i < HOOK_COUNT && used < size; i++) {
		bool last = hooks >> i == 1;

		if (hooks >> i & 1)
			used += (size_t)snprintf(text + used, size - used, "%s%s", !used ? "" : last ? " or " : ", ",
						 hook_names[i]);
	}
}
