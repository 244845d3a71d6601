/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In two lists, of its number and of its rule, for a rule goes as fast as it comes. Places are counted from 1, 0 ends. */
struct node {
	struct nfv_rule *rule; /* NULL: free */
	uint64_t number;
	uint32_t before, after; /* in the list of its number */
	uint32_t next;          /* in that of its rule, or among the free ones */
};

struct read_index {
	struct node *nodes; /* the first is not used */
	size_t count, size; /* count: with the free ones and the first */
	uint32_t free;
	uint32_t *numbers, *rules; /* heads of the lists */
	size_t lists; /* a power of two; 0: none yet */
};

static size_t list_of(const struct read_index *index, uint64_t number)
{
	return (size_t)((number * 0x9e3779b97f4a7c15u) >> 32) & (index->lists - 1);
}

static size_t list_of_rule(const struct read_index *index, const struct nfv_rule *rule)
{
	return list_of(index, (uint64_t)(uintptr_t)rule >> 4);
}

struct read_index *read_index_new(void)
{
	return calloc(1, sizeof(struct read_index));
}

void read_index_free(struct read_index *index)
{
	if (!index)
		return;
	free(index->rules);
	free(index->numbers);
	free(index->nodes);
	free(index);
}

static void link_node(struct read_index *index, uint32_t place)
{
	struct node *node = &index->nodes[place];
	uint32_t *head = &index->numbers[list_of(index, node->number)], *of_rule;

	node->before = 0;
	node->after = *head;
	if (*head)
		index->nodes[*head].before = place;
	*head = place;
	of_rule = &index->rules[list_of_rule(index, node->rule)];
	node->next = *of_rule;
	*of_rule = place;
}

static int more_lists(struct read_index *index)
{
	size_t lists = index->lists ? index->lists * 4 : 1024;
	uint32_t *numbers = calloc(lists, sizeof(*numbers)), *rules = calloc(lists, sizeof(*rules));

	if (!numbers || !rules) {
		free(numbers);
		free(rules);
		return -ENOMEM;
	}
	free(index->numbers);
	free(index->rules);
	index->numbers = numbers;
	index->rules = rules;
	index->lists = lists;
	for (size_t i = 1; i < index->count; i++)
		if (index->nodes[i].rule)
			link_node(index, (uint32_t)i);
	return 0;
}

int read_index_add(struct read_index *index, struct nfv_rule *rule, uint64_t number)
{
	uint32_t place = index->free;

	if (!place) {
		if (index->count == 0)
			index->count = 1;
		if (index->count >= UINT32_MAX || (index->count >= index->lists && more_lists(index)) ||
		    grow((void **)&index->nodes, index->count, &index->size, sizeof(struct node)))
			return -ENOMEM;
		place = (uint32_t)index->count++;
	} else {
		index->free = index->nodes[place].next;
	}
	index->nodes[place] = (struct node){ .rule = rule, .number = number };
	link_node(index, place);
	return 0;
}

void read_index_remove(struct read_index *index, const struct nfv_rule *rule)
{
	uint32_t *link, place;
	struct node *node;

	if (!index->lists)
		return;
	link = &index->rules[list_of_rule(index, rule)];
	while (*link && index->nodes[*link].rule != rule)
		link = &index->nodes[*link].next;
	place = *link;
	if (!place)
		return;
	node = &index->nodes[place];
	*link = node->next;
	if (node->before)
		index->nodes[node->before].after = node->after;
	else
		index->numbers[list_of(index, node->number)] = node->after;
	if (node->after)
		index->nodes[node->after].before = node->before;
	node->rule = NULL;
	node->next = index->free;
	index->free = place;
}

struct nfv_rule *read_index_next(const struct read_index *index, uint64_t number, uint32_t *place)
{
	uint32_t at = 0;

	if (!index->lists)
		return NULL;
	at = *place ? index->nodes[*place].after : index->numbers[list_of(index, number)];
	while (at && index->nodes[at].number != number)
		at = index->nodes[at].after;
	*place = at;
	return at ? index->nodes[at].rule : NULL;
}
