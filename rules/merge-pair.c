/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/merge-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct merge_item {
	uint64_t number;
	uint32_t at;
	bool second; /* of the second row */
};

uint32_t *merge_places(size_t count)
{
	uint32_t *made = malloc((count + 1) * sizeof(*made));

	if (made)
		memset(made, 0xff, (count + 1) * sizeof(*made));
	return made;
}

static int compare_items(const void *a, const void *b)
{
	const struct merge_item *one = a, *other = b;

	if (one->number != other->number)
		return one->number < other->number ? -1 : 1;
	if (one->second != other->second)
		return one->second - other->second;
	return one->at < other->at ? -1 : one->at > other->at;
}

int merge_items_new(struct merge_items *items, size_t room)
{
	*items = (struct merge_items){ .items = calloc(room + 1, sizeof(*items->items)) };
	return items->items ? 0 : -ENOMEM;
}

void merge_items_free(struct merge_items *items)
{
	free(items->items);
}

void merge_items_clear(struct merge_items *items)
{
	items->count = 0;
}

void merge_items_add(struct merge_items *items, uint64_t number, size_t at, bool second)
{
	items->items[items->count++] = (struct merge_item){ number, (uint32_t)at, second };
}

void merge_items_pair(struct merge_items *items, uint32_t *first_to_second, uint32_t *second_to_first)
{
	/* Equal ones of the first row stand before those of the second. */
	qsort(items->items, items->count, sizeof(*items->items), compare_items);
	for (size_t begin = 0, end; begin < items->count; begin = end) {
		const struct merge_item *group = items->items + begin;
		size_t firsts = 0, seconds;

		for (end = begin; end < items->count && items->items[end].number == group->number; end++)
			firsts += !items->items[end].second;
		seconds = end - begin - firsts;
		for (size_t i = 0; i < firsts && i < seconds; i++) {
			if (first_to_second)
				first_to_second[group[i].at] = group[firsts + i].at;
			if (second_to_first)
				second_to_first[group[firsts + i].at] = group[i].at;
		}
	}
}

uint32_t merge_items_classes(struct merge_items *items, uint32_t *first, uint32_t *second)
{
	uint32_t classes = 0;

	qsort(items->items, items->count, sizeof(*items->items), compare_items);
	for (size_t i = 0; i < items->count; i++) {
		const struct merge_item *item = &items->items[i];

		classes += !i || item->number != item[-1].number;
		(item->second ? second : first)[item->at] = classes - 1;
	}
	return classes;
}
