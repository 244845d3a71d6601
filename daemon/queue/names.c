/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/names.h"

#include <errno.h>
#include <libnfnetlink/libnfnetlink.h>
#include <net/if.h>
#include <stdlib.h>

struct names {
	struct nlif_handle *table;
	char name[IFNAMSIZ];
};

struct names *names_open(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->table = nlif_open();
	if (!names->table)
		goto free;
	if (nlif_query(names->table) < 0)
		goto close;
	return names;
close:
	nlif_close(names->table);
free:
	free(names);
	return NULL;
}

int names_fd(const struct names *names)
{
	return nlif_fd(names->table);
}

void names_update(struct names *names)
{
	(void)nlif_catch(names->table);
}

const char *names_find(struct names *names, uint32_t ifindex)
{
	return nlif_index2name(names->table, ifindex, names->name) < 0 ? NULL : names->name;
}

void names_close(struct names *names)
{
	if (!names)
		return;
	nlif_close(names->table);
	free(names);
}
