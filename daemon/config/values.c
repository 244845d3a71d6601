/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/values.h"

#include <stdint.h>
#include <stdlib.h>

struct values *values_new(size_t size)
{
	struct values *values = memory_alloc(1, sizeof(*values));

	values->data = arena_alloc(&values->arena, 1, size);
	return values;
}

size_t values_record(struct values *values, const void *field, const char *path, struct place place, bool given)
{
	if (values->count == values->capacity) {
		values->capacity = values->capacity ? values->capacity * 2 : 32;
		values->places = memory_grow(values->places, values->capacity, sizeof(*values->places));
	}
	values->places[values->count] =
		(struct value_place){ .field = field, .path = path, .place = place, .order = values->count, .given = given };
	return values->count++;
}

void values_break(struct values *values, size_t index)
{
	values->places[index].broken = true;
}

static int compare(const void *a, const void *b)
{
	const struct value_place *x = a, *y = b;
	uintptr_t at_x = (uintptr_t)x->field, at_y = (uintptr_t)y->field;

	if (at_x != at_y)
		return at_x < at_y ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void values_seal(struct values *values)
{
	size_t kept = 0;

	if (values->count)
		qsort(values->places, values->count, sizeof(*values->places), compare);
	for (size_t i = 0; i < values->count; i++) {
		if (i + 1 == values->count || values->places[i].field != values->places[i + 1].field)
			values->places[kept++] = values->places[i];
	}
	values->count = kept;
}

static const struct value_place *find(const struct values *values, const void *field)
{
	uintptr_t wanted = (uintptr_t)field;
	size_t low = 0, high = values->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uintptr_t at = (uintptr_t)values->places[middle].field;

		if (at == wanted)
			return &values->places[middle];
		if (at < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void *values_data(struct values *values)
{
	return values->data;
}

bool values_place(const struct values *values, const void *field, struct place *place)
{
	const struct value_place *found = find(values, field);

	/* What is no field counts as the object itself, which was recorded first. */
	if (!found)
		found = find(values, values);
	*place = found->place;
	return found->given;
}

bool values_usable(const struct values *values, const void *field)
{
	const struct value_place *found = find(values, field);

	return found && !found->broken;
}

const char *values_path(const struct values *values, const void *field)
{
	const struct value_place *found = find(values, field);

	return found ? found->path : "";
}

void values_free(struct values *values)
{
	if (!values)
		return;
	arena_free(&values->arena);
	memory_free(values->places);
	memory_free(values);
}
