/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/keep.h"
#include "rules/model.h"
#include "rules/store-tool.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file in the state folder tells that there is something to give up: to ask the kernel each time would cost more. */
static void name_of(const struct store_tool *st, char name[64])
{
	snprintf(name, 64, "keep-%llu", (unsigned long long)st->space.inode);
}

static void remember_own(struct store_tool *st, uint64_t generation)
{
	st->own[st->own_next++ % STORE_TOOL_OWN] = (struct store_tool_own){ .generation = generation, .family = -1 };
}

static unsigned hold_conntrack(struct store_tool *st, const struct change_part *part, const char *script,
			       const char *opposite)
{
	const uint64_t before = store_tool_generation(st);
	bool made = false;
	char name[64];
	int err, fd;

	if (!keep_is_needed(script, opposite))
		return 0;
	name_of(st, name);
	fd = openat(st->folder.fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	err = keep_hold(part->family, &made);
	if (err)
		store_tool_log(st, NFV_RULES_WARNING,
			       "%s: packets that wait in queues may be lost: connection tracking cannot be held: %s",
			       store_tool_family(part->family), strerror(-err));
	if (made && before && store_tool_generation(st) == before + 1)
		remember_own(st, before + 1);
	return made && before;
}

/* Does the script put rules into the chain, or set its policy? */
static bool uses_chain(const char *script, const char *chain)
{
	const size_t len = strlen(chain);

	for (const char *line = script; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *name = *line == ':' ? line + 1 : *line == '-' && strlen(line) > 3 ? line + 3 : NULL;

		if (name && !strncmp(name, chain, len) && (name[len] == ' ' || name[len] == '\n'))
			return true;
	}
	return false;
}

/* Built-in chains are made by themselves, which cannot be refused. */
static unsigned make_chains(struct store_tool *st, const struct change_part *part, const char *script)
{
	const uint64_t before = store_tool_generation(st);
	struct text text = { 0 };
	struct tool_result result;
	unsigned made = 0;

	if (st->backend != NFV_BACKEND_NFT || !keep_queues_bound())
		return 0;
	text_printf(&text, "*%s\n", part->table);
	for (const char *const *name = table_builtin_chains(part->table, part->family); name && *name; name++) {
		if (!uses_chain(script, *name) || !keep_lacks_chain(part->family, part->table, *name))
			continue;
		text_printf(&text, ":%s ACCEPT [0:0]\n", *name);
		made = 1;
	}
	text_printf(&text, "COMMIT\n");
	if (made && !text.failed) {
		if (tool_restore_with(&st->tool, (enum tool_family)part->family, text.data, 0, &result))
			made = 0;
		tool_result_free(&result);
	}
	text_free(&text);
	if (made && store_tool_generation(st) == before + 1)
		remember_own(st, before + 1);
	return made;
}

unsigned store_tool_keep(struct store_tool *st, const struct change_part *part, const char *script, const char *opposite)
{
	return hold_conntrack(st, part, script, opposite) + make_chains(st, part, script);
}

void store_tool_keep_no_more(struct store_tool *st)
{
	char name[64];

	name_of(st, name);
	if (faccessat(st->folder.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) || keep_queues_bound())
		return;
	keep_drop();
	unlinkat(st->folder.fd, name, 0);
}
