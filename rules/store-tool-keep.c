/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/keep.h"
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

int store_tool_keep(struct store_tool *st, enum nfv_family family, const char *script, const char *opposite)
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
	err = keep_hold(family, &made);
	if (err)
		store_tool_log(st, NFV_RULES_WARNING, "%s: packets that wait in queues may be lost: connection tracking cannot be held: %s",
			       store_tool_family(family), strerror(-err));
	if (!made || !st->generation || store_tool_generation(st) != before + 1)
		return made;
	st->own[st->own_next++ % STORE_TOOL_OWN] = (struct store_tool_own){ .generation = before + 1, .family = -1 };
	return 1;
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
