/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of both backends at once are almost always a mistake: each sees packets, and neither tool shows the other's. */
#include "rules/store-tool.h"

#include <stdio.h>
#include <string.h>

/* Cheap: the list of tables that the legacy backend has in this network namespace. */
static bool legacy_has_tables(enum nfv_family family)
{
	char byte;
	FILE *file = fopen(family == NFV_FAMILY_IPV4 ? "/proc/thread-self/net/ip_tables_names"
						     : "/proc/thread-self/net/ip6_tables_names",
			   "re");
	bool any = file && fread(&byte, 1, 1, file) == 1;

	if (file)
		fclose(file);
	return any;
}

/* As cheap: a ruleset that nobody ever changed is of generation 1. */
static bool nft_was_changed(void)
{
	struct mnl_socket *socket;
	uint64_t generation = 0;

	if (!generation_open(&socket)) {
		generation = generation_get(socket);
		generation_close(socket);
	}
	return generation > 1;
}

/* A rule, or a policy that is not the default. */
static bool holds_rules(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t name = strcspn(line, " \n");

		if (!strncmp(line, "-A ", 3))
			return true;
		if (*line == ':' && line[name] == ' ' && !strncmp(line + name + 1, "DROP ", 5))
			return true;
	}
	return false;
}

static bool other_holds_rules(const struct tool *other, enum nfv_family family)
{
	struct tool_result result;
	bool any = !tool_save_with(other, (enum tool_family)family, NULL, 0, &result) && holds_rules(result.out);

	tool_result_free(&result);
	return any;
}

void store_tool_look_at_other(const struct store_tool *st)
{
	const bool nft = st->backend == NFV_BACKEND_NFT;
	struct tool other;
	char why[STORE_TOOL_CAUSE_MAX];

	if (!st->log || tool_find_in(&other, st->tool_folder, nft ? TOOL_LEGACY : TOOL_NFT, why, sizeof(why)))
		return;
	other.timeout_ms = st->tool.timeout_ms;
	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++) {
		if (!(nft ? legacy_has_tables(family) : nft_was_changed()) || !other_holds_rules(&other, family))
			continue;
		store_tool_log(st, NFV_RULES_WARNING,
			       "both backends hold rules: %s is used here, and packets pass those of %s too (see %s)",
			       nft ? "nft" : "legacy", nft ? "legacy" : "nft", other.save[family]);
		return;
	}
}
