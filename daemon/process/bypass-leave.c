/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books of what passed queues by, from one nfverdictd to the one that takes its place: by the queues' names and
 * numbers.
 */
#include "daemon/process/bypass-leave.h"

#include <limits.h>
#include <string.h>

/* ---- Leaving ---- */

static json_t *cells_to_json(const struct bypass_entry *entry)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < 2 * STEER_TABLES; i++) {
		const struct steer_cell *cell = &entry->cells[i / STEER_TABLES][i % STEER_TABLES];

		json_array_append_new(cells, cell->there ? json_integer((json_int_t)cell->packets) : json_null());
	}
	return cells;
}

static json_t *numbers_to_json(const struct bypass *bypass, size_t q)
{
	const struct steer_queue *queue = &bypass->steering->queues[q];
	json_t *numbers = json_array();

	for (uint32_t number = queue->first; number <= queue->last; number++) {
		const struct bypass_number *from = bypass_number_at(bypass, q, (uint16_t)number);

		if (from->known)
			json_array_append_new(numbers, json_pack("[iII]", (int)number, (json_int_t)from->last_id,
								 (json_int_t)from->dropped_full));
	}
	return numbers;
}

json_t *bypass_leave(const struct bypass *bypass)
{
	json_t *all = json_array();

	for (size_t q = 0; bypass->board && q < bypass->steering->count; q++) {
		const struct bypass_entry *entry = bypass_entry_at(bypass, q);

		json_array_append_new(
			all,
			json_pack("{ss si si sI sI si sb sb so* so*}", "queue", bypass->steering->queues[q].name, "first",
				  (int)bypass->steering->queues[q].first, "last", (int)bypass->steering->queues[q].last,
				  "steered", (json_int_t)entry->steered, "past", (json_int_t)entry->past, "breaks",
				  (int)entry->breaks, "others", (int)entry->others, "may_pass", (int)entry->may_pass,
				  "cells", cells_to_json(entry), "numbers", numbers_to_json(bypass, q)));
	}
	return all;
}

/* ---- Taking over ---- */

static bool get_number(const json_t *json, uint64_t most, uint64_t *value)
{
	json_int_t number = json_is_integer(json) ? json_integer_value(json) : -1;

	*value = number < 0 ? 0 : (uint64_t)number;
	return number >= 0 && (uint64_t)number <= most;
}

static bool get_cells(const json_t *json, struct bypass_entry *entry)
{
	if (json_array_size(json) != 2 * STEER_TABLES)
		return false;
	for (size_t i = 0; i < 2 * STEER_TABLES; i++) {
		struct steer_cell *cell = &entry->cells[i / STEER_TABLES][i % STEER_TABLES];
		const json_t *item = json_array_get(json, i);

		*cell = (struct steer_cell){ .there = !json_is_null(item) };
		if (cell->there && !get_number(item, INT64_MAX, &cell->packets))
			return false;
	}
	return true;
}

static bool get_entry(const json_t *json, struct bypass_entry *entry)
{
	const json_t *past = json_object_get(json, "past");
	uint64_t breaks;

	*entry = (struct bypass_entry){
		.past = json_integer_value(past),
		.others = json_is_true(json_object_get(json, "others")),
		.may_pass = json_is_true(json_object_get(json, "may_pass")),
	};
	if (!json_is_integer(past) || !get_number(json_object_get(json, "steered"), INT64_MAX, &entry->steered) ||
	    !get_number(json_object_get(json, "breaks"), UINT_MAX, &breaks))
		return false;
	entry->breaks = (unsigned)breaks;
	return get_cells(json_object_get(json, "cells"), entry);
}

static void take_number(struct bypass *bypass, size_t q, const json_t *json)
{
	const struct steer_queue *queue = &bypass->steering->queues[q];
	uint64_t number, last_id, dropped;
	struct bypass_number *to;

	if (!get_number(json_array_get(json, 0), UINT16_MAX, &number) ||
	    !get_number(json_array_get(json, 1), UINT32_MAX, &last_id) ||
	    !get_number(json_array_get(json, 2), UINT32_MAX, &dropped) || number < queue->first || number > queue->last)
		return;
	to = bypass_number_at(bypass, q, (uint16_t)number);
	*to = (struct bypass_number){ .last_id = (uint32_t)last_id, .dropped_full = (uint32_t)dropped, .known = true };
}

static bool is_same(const struct steer_queue *queue, const json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "queue"));
	uint64_t first, last;

	return name && strcmp(queue->name, name) == 0 && get_number(json_object_get(json, "first"), UINT16_MAX, &first) &&
	       get_number(json_object_get(json, "last"), UINT16_MAX, &last) && first == queue->first && last == queue->last;
}

void bypass_take(struct bypass *bypass, const json_t *left)
{
	struct bypass_entry entry;
	const json_t *item, *number;
	size_t i, j;

	for (size_t q = 0; bypass->board && q < bypass->steering->count; q++) {
		json_array_foreach(left, i, item) {
			if (!is_same(&bypass->steering->queues[q], item) || !get_entry(item, &entry))
				continue;
			entry.may_pass |=
				bypass_entry_at(bypass, q)->may_pass; /* by the configuration that is in force now */
			*bypass_entry_at(bypass, q) = entry;
			json_array_foreach(json_object_get(item, "numbers"), j, number)
				take_number(bypass, q, number);
			break;
		}
	}
}

void bypass_begin_anew(struct bypass *bypass)
{
	for (size_t q = 0; bypass->board && q < bypass->steering->count; q++) {
		struct bypass_entry *entry = bypass_entry_at(bypass, q);

		entry->steered = 0;
		entry->past = 0;
		entry->breaks++;
	}
}
