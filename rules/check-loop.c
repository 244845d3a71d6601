/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains that lead back to themselves, by jump or goto: a search in depth, without recursion, for a ruleset may be deep. */
#include "rules/check.h"

#include "rules/text.h"

#include <stdlib.h>

enum { WHITE, GREY, BLACK }; /* not seen; on the path; done */

struct step {
	uint32_t node;
	size_t edge; /* the next to be looked at */
};

/* "A → B → A": the path from the chain that the edge leads back to. */
static void tell_loop(struct check_table *table, const struct step *path, size_t depth, const struct check_edge *edge)
{
	const struct check_node *from = &table->nodes[path[depth - 1].node], *to = &table->nodes[edge->node];
	const struct nfv_rule *rule = from->chain->rules[edge->rule];
	struct text text = { 0 };
	size_t begin = depth - 1;

	if (from == to) {
		check_tell(table->check, from->chain, rule, "leads to its own chain");
		return;
	}
	while (begin > 0 && path[begin].node != edge->node)
		begin--;
	for (size_t i = begin; i < depth; i++)
		text_printf(&text, "%s → ", table->nodes[path[i].node].chain->name);
	text_printf(&text, "%s", to->chain->name);
	if (text.failed)
		table->check->no_memory = true;
	else
		check_tell(table->check, from->chain, rule, "loop: %s", text.data);
	text_free(&text);
}

static void search(struct check_table *table, struct step *path, uint32_t first)
{
	size_t depth = 1;

	path[0] = (struct step){ .node = first };
	table->nodes[first].colour = GREY;
	while (depth > 0) {
		struct step *step = &path[depth - 1];
		struct check_node *node = &table->nodes[step->node], *to;
		const struct check_edge *edge;

		if (check_graph_edges(table, node)) {
			table->check->no_memory = true;
			return;
		}
		if (step->edge == node->edge_count) {
			node->colour = BLACK;
			depth--;
			continue;
		}
		edge = &node->edges[step->edge++];
		to = &table->nodes[edge->node];
		if (to->chain->builtin)
			continue; /* told of already, and no loop */
		if (to->colour == GREY) {
			tell_loop(table, path, depth, edge);
		} else if (to->colour == WHITE) {
			to->colour = GREY;
			path[depth++] = (struct step){ .node = edge->node };
		}
	}
}

void check_loops(struct check_table *table)
{
	struct step *path = calloc(table->count + 1, sizeof(*path));

	if (!path) {
		table->check->no_memory = true;
		return;
	}
	for (size_t i = 0; i < table->count; i++)
		if (table->nodes[i].subject && table->nodes[i].colour == WHITE)
			search(table, path, (uint32_t)i);
	free(path);
}
