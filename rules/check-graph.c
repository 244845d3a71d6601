/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/check.h"
#include "rules/check-limits.h"
#include "rules/read-target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- nodes ---- */

static size_t hash_name(const char *name, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32);
}

struct check_node *check_graph_find(const struct check_table *table, const char *name, size_t len)
{
	size_t at = hash_name(name, len) & table->mask;

	for (; table->slots[at]; at = (at + 1) & table->mask) {
		struct check_node *node = &table->nodes[table->slots[at] - 1];

		if (strlen(node->chain->name) == len && !memcmp(node->chain->name, name, len))
			return node;
	}
	return NULL;
}

static void add_node(struct check_table *table, const struct nfv_chain *chain)
{
	size_t len = strlen(chain->name), at = hash_name(chain->name, len) & table->mask;

	if (check_graph_find(table, chain->name, len))
		return;
	while (table->slots[at])
		at = (at + 1) & table->mask;
	table->nodes[table->count++] = (struct check_node){ .chain = chain };
	table->slots[at] = (uint32_t)table->count;
}

/* A chain that the checked ruleset only fills is there if the kernel has it or not; one that it has not is the kernel's. */
int check_graph_make(struct check_table *table)
{
	size_t room = (table->own ? table->own->count : 0) + (table->kernel ? table->kernel->count : 0), size = 16;

	while (size < room * 2 + 2)
		size *= 2;
	table->mask = size - 1;
	table->slots = calloc(size, sizeof(*table->slots));
	table->nodes = calloc(room + 1, sizeof(*table->nodes));
	if (!table->slots || !table->nodes)
		return -ENOMEM;
	for (size_t i = 0; table->own && i < table->own->count; i++)
		add_node(table, table->own->chains[i]);
	for (size_t i = 0; table->kernel && i < table->kernel->count; i++)
		add_node(table, table->kernel->chains[i]);
	return 0;
}

void check_graph_free(struct check_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->nodes[i].edges);
	free(table->nodes);
	free(table->slots);
}

/* ---- edges ---- */

int check_graph_edges(struct check_table *table, struct check_node *node)
{
	const struct nfv_chain *chain = node->chain;
	size_t size = 0, count = 0;
	struct check_edge *edges = NULL;

	if (node->edges)
		return 0;
	if (grow((void **)&edges, 0, &size, sizeof(*edges)))
		return -ENOMEM;
	for (size_t i = 0; i < chain->count; i++) {
		const struct spec *spec = rule_spec(chain->rules[i]);
		const struct check_node *to;
		struct read_span target;

		if (!spec)
			goto failed;
		target = read_target(spec->bytes, spec->len);
		to = target.at ? check_graph_find(table, target.at, read_span_len(target)) : NULL;
		if (!to)
			continue;
		if (grow((void **)&edges, count, &size, sizeof(*edges)))
			goto failed;
		edges[count++] = (struct check_edge){ (uint32_t)(to - table->nodes), (uint32_t)i };
	}
	node->edges = edges;
	node->edge_count = count;
	return 0;
failed:
	free(edges);
	return -ENOMEM;
}

/* ---- hooks ---- */

/* From one built-in chain to all that it leads to. */
static int spread(struct check_table *table, struct check_node *from, unsigned hook, uint32_t *stack)
{
	size_t depth = 0;

	from->hooks |= hook;
	stack[depth++] = (uint32_t)(from - table->nodes);
	while (depth > 0) {
		struct check_node *node = &table->nodes[stack[--depth]];
		int err = check_graph_edges(table, node);

		if (err)
			return err;
		for (size_t i = 0; i < node->edge_count; i++) {
			struct check_node *to = &table->nodes[node->edges[i].node];

			if (to->hooks & hook)
				continue;
			to->hooks |= hook;
			stack[depth++] = node->edges[i].node;
		}
	}
	return 0;
}

int check_graph_hooks(struct check_table *table)
{
	uint32_t *stack;
	int err = 0;

	if (table->hooks_known)
		return 0;
	stack = calloc(table->count + 1, sizeof(*stack));
	if (!stack)
		return -ENOMEM;
	for (size_t i = 0; i < table->count && !err; i++)
		if (table->nodes[i].chain->builtin)
			err = spread(table, &table->nodes[i], check_hook_of(table->nodes[i].chain->name), stack);
	free(stack);
	table->hooks_known = !err;
	return err;
}
