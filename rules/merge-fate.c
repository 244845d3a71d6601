/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script forward, carried out on the rules of before: which stay, which are taken out, which are new. */
#include "rules/merge-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PUT 0x80000000u

/* One chain while the script runs: places before, or PUT and places in `put`. */
struct row {
	uint32_t *items;
	size_t count;
	size_t put;
};

static uint32_t number_of(const struct merge_chain *mc, uint32_t item)
{
	const struct spec *spec;

	if (!(item & PUT))
		return mc->chain->rules[item];
	spec = rule_spec(mc->put->rules[item & ~PUT]);
	return spec ? change_rule_number(spec->hash) : 0;
}

static void take_out(struct row *row, size_t at)
{
	memmove(row->items + at, row->items + at + 1, (--row->count - at) * sizeof(*row->items));
}

static int take_value(const struct merge_chain *mc, struct row *row, const struct merge_line *line)
{
	struct spec *spec = spec_new(line->rule, line->rule_len);
	uint32_t number;

	if (!spec)
		return -ENOMEM;
	number = change_rule_number(spec->hash);
	spec_unref(spec);
	for (size_t i = 0; i < row->count; i++) {
		if (number_of(mc, row->items[i]) != number)
			continue;
		take_out(row, i);
		break;
	}
	return 0;
}

/* The row has room for all that was there and all that the script puts in. */
static void put_in(struct row *row, size_t at)
{
	if (at > row->count)
		at = row->count;
	memmove(row->items + at + 1, row->items + at, (row->count++ - at) * sizeof(*row->items));
	row->items[at] = PUT | (uint32_t)row->put++;
}

static int run_line(const struct merge_chain *mc, struct row *row, const struct merge_line *line)
{
	switch (line->command) {
	case 'A':
		put_in(row, row->count);
		break;
	case 'I':
		put_in(row, line->number ? line->number - 1 : 0);
		break;
	case 'R':
		if (line->number && line->number <= row->count)
			take_out(row, line->number - 1);
		put_in(row, line->number ? line->number - 1 : 0);
		break;
	case 'D':
		if (!line->number)
			return take_value(mc, row, line);
		if (line->number <= row->count)
			take_out(row, line->number - 1);
		break;
	case ':':
		/* A chain of the user is emptied by that. */
		if (mc->policy)
			break;
		row->count = 0;
		break;
	case 'F':
	case 'X':
		row->count = 0;
		break;
	default:
		break;
	}
	return 0;
}

/* ---- from the row to fates ---- */

static void add_taken(const struct merge_chain *mc, struct merge_items *items)
{
	merge_items_clear(items);
	for (size_t i = 0; i < mc->chain->rule_count; i++)
		if (mc->fate[i] == MERGE_TAKEN)
			merge_items_add(items, mc->chain->rules[i], i, false);
}

/* One that was taken out and put in again, in the same words, is moved. */
static void find_moves(struct merge_chain *mc, const struct row *row, struct merge_items *items, uint32_t *source)
{
	for (size_t i = 0; i < mc->chain->rule_count; i++)
		mc->fate[i] = MERGE_TAKEN;
	for (size_t i = 0; i < row->count; i++)
		if (!(row->items[i] & PUT))
			mc->fate[row->items[i]] = MERGE_KEPT;
	add_taken(mc, items);
	for (size_t i = 0; i < row->count; i++)
		if (row->items[i] & PUT)
			merge_items_add(items, number_of(mc, row->items[i]), row->items[i] & ~PUT, true);
	merge_items_pair(items, NULL, source);
	for (size_t i = 0; i < row->count; i++) {
		const uint32_t put = row->items[i] & ~PUT;

		if (!(row->items[i] & PUT))
			continue;
		mc->is_new[put] = source[put] == MERGE_NONE;
		if (!mc->is_new[put])
			mc->fate[source[put]] = MERGE_MOVED;
	}
}

static void find_words(struct merge_chain *mc, struct merge_items *items)
{
	add_taken(mc, items);
	for (size_t b = 0; b < mc->back->count; b++) {
		const struct spec *spec = rule_spec(mc->back->rules[b]);

		merge_items_add(items, spec ? change_rule_number(spec->hash) : 0, b, true);
	}
	merge_items_pair(items, mc->words, NULL);
}

static int settle(struct merge_chain *mc, const struct row *row)
{
	uint32_t *source = merge_places(mc->put->count);
	struct merge_items items = { 0 };
	int err = source ? merge_items_new(&items, mc->chain->rule_count + mc->put->count + mc->back->count) : -ENOMEM;

	if (!err) {
		find_moves(mc, row, &items, source);
		find_words(mc, &items);
		merge_items_free(&items);
	}
	free(source);
	return err;
}

static int begin_row(const struct merge_chain *mc, struct row *row)
{
	*row = (struct row){ .items = calloc(mc->chain->rule_count + mc->put->count + 1, sizeof(*row->items)) };
	if (!row->items)
		return -ENOMEM;
	for (; row->count < mc->chain->rule_count; row->count++)
		row->items[row->count] = (uint32_t)row->count;
	return 0;
}

/* Lines about one chain mostly follow each other. */
static size_t find_chain(const struct merge *merge, const struct merge_line *line, size_t last)
{
	for (size_t i = 0; i < merge->count; i++) {
		const size_t at = (last + i) % merge->count;
		const char *name = merge->chains[at].chain->name;

		if (strlen(name) == line->chain_len && !strncmp(name, line->chain, line->chain_len))
			return at;
	}
	return merge->count;
}

int merge_find_fates(struct merge *merge)
{
	struct row *rows = calloc(merge->count + 1, sizeof(*rows));
	const char *script = merge->part->forward.text.data;
	struct merge_line line;
	size_t last = 0;
	int err = rows ? 0 : -ENOMEM;

	for (size_t i = 0; i < merge->count && !err; i++)
		err = begin_row(&merge->chains[i], &rows[i]);
	while (!err && merge_next_line(&script, &line)) {
		size_t at = find_chain(merge, &line, last);

		if (at == merge->count)
			continue;
		err = run_line(&merge->chains[at], &rows[at], &line);
		last = at;
	}
	for (size_t i = 0; i < merge->count && !err; i++)
		err = settle(&merge->chains[i], &rows[i]);
	for (size_t i = 0; rows && i < merge->count; i++)
		free(rows[i].items);
	free(rows);
	return err;
}
