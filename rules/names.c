/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing; a power of two, at most half full, removed entries included. */
struct name_index {
	struct nfv_chain **slots;
	size_t size, used; /* used: entries, and those that were removed */
};

static struct nfv_chain gone; /* marks a slot whose chain is gone: a search goes on behind it */

static size_t hash_name(const char *name, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32);
}

static void put(struct name_index *index, struct nfv_chain *chain)
{
	size_t at = hash_name(chain->name, strlen(chain->name)) & (index->size - 1);

	while (index->slots[at])
		at = (at + 1) & (index->size - 1);
	index->slots[at] = chain;
	index->used++;
}

/* A table twice as large as what is in it needs, with the removed ones left out. */
static int rebuild(struct nfv_table *table)
{
	struct name_index fresh = { .size = 32 }, *index = table->index;

	while (fresh.size < (table->count + 1) * 4)
		fresh.size *= 2;
	fresh.slots = calloc(fresh.size, sizeof(*fresh.slots));
	if (!fresh.slots)
		return -ENOMEM;
	if (!index) {
		index = table->index = calloc(1, sizeof(*index));
		if (!index) {
			free(fresh.slots);
			return -ENOMEM;
		}
	}
	for (size_t i = 0; i < table->count; i++)
		put(&fresh, table->chains[i]);
	free(index->slots);
	*index = fresh;
	return 0;
}

static bool is_indexed(const struct name_index *index, const struct nfv_chain *chain)
{
	size_t at = hash_name(chain->name, strlen(chain->name)) & (index->size - 1);

	for (; index->slots[at]; at = (at + 1) & (index->size - 1))
		if (index->slots[at] == chain)
			return true;
	return false;
}

int names_add(struct nfv_table *table, struct nfv_chain *chain)
{
	if (!table->index || table->index->used * 2 >= table->index->size) {
		/* Half full is for speed: without memory it may become fuller, so that a chain can always get another name. */
		if (rebuild(table)) {
			if (!table->index || table->index->used + 2 > table->index->size)
				return -ENOMEM;
		} else if (is_indexed(table->index, chain)) {
			/* A chain that gets another name is in the table already. */
			return 0;
		}
	}
	put(table->index, chain);
	return 0;
}

void names_remove(struct nfv_table *table, const struct nfv_chain *chain)
{
	struct name_index *index = table->index;
	size_t at;

	if (!index)
		return;
	at = hash_name(chain->name, strlen(chain->name)) & (index->size - 1);
	for (; index->slots[at]; at = (at + 1) & (index->size - 1)) {
		if (index->slots[at] == chain) {
			index->slots[at] = &gone;
			return;
		}
	}
}

void names_free(struct nfv_table *table)
{
	if (table->index)
		free(table->index->slots);
	free(table->index);
	table->index = NULL;
}

struct nfv_chain *table_find_chain(const struct nfv_table *table, const char *name, size_t len)
{
	const struct name_index *index = table->index;
	size_t at;

	if (!index)
		return NULL;
	at = hash_name(name, len) & (index->size - 1);
	for (; index->slots[at]; at = (at + 1) & (index->size - 1)) {
		struct nfv_chain *chain = index->slots[at];

		if (chain != &gone && strlen(chain->name) == len && !memcmp(chain->name, name, len))
			return chain;
	}
	return NULL;
}
