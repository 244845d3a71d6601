/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/script-class.h"

#include "rules/canonical.h"

#include <errno.h>
#include <stdlib.h>

uint64_t script_side_key(const struct script_side *side, size_t at)
{
	const struct spec *spec;

	if (side->chain)
		return rule_key(side->chain->rules[at]);
	spec = side->base->rules[at].spec;
	return canonical_key(spec->bytes, spec->len, side->family);
}

/* Rules of the same bytes. */
struct kind {
	const struct spec *spec;
	const struct script_side *side; /* where it was seen first, */
	size_t at;                      /* and at which place */
	uint32_t from_count, to_count;
	uint32_t number;                /* its own, or that of an equal kind */
	uint64_t key;                   /* 0: not asked for */
};

struct kinds {
	struct kind *items;
	uint32_t count;
	uint32_t *slots; /* index + 1; open addressing, at most half full */
	size_t mask;
};

static int kinds_init(struct kinds *kinds, size_t rules)
{
	size_t size = 16;

	while (size < rules * 2)
		size *= 2;
	kinds->mask = size - 1;
	kinds->items = calloc(rules + 1, sizeof(*kinds->items));
	kinds->slots = calloc(size, sizeof(*kinds->slots));
	return kinds->items && kinds->slots ? 0 : -ENOMEM;
}

static void kinds_free(struct kinds *kinds)
{
	free(kinds->slots);
	free(kinds->items);
}

static uint32_t find_kind(struct kinds *kinds, const struct spec *spec, const struct script_side *side, size_t place)
{
	size_t at = spec->hash & kinds->mask;

	for (; kinds->slots[at]; at = (at + 1) & kinds->mask)
		if (spec_same(kinds->items[kinds->slots[at] - 1].spec, spec))
			return kinds->slots[at] - 1;
	kinds->items[kinds->count] = (struct kind){ .spec = spec, .side = side, .at = place, .number = kinds->count };
	kinds->slots[at] = ++kinds->count;
	return kinds->count - 1;
}

static int number_side(struct kinds *kinds, uint32_t *numbers, const struct script_side *side, size_t begin, size_t end,
		       bool is_from)
{
	for (size_t i = begin; i < end; i++) {
		const struct spec *spec = script_side_spec(side, i);
		uint32_t kind;

		if (!spec)
			return -ENOMEM;
		kind = find_kind(kinds, spec, side, i);
		if (is_from)
			kinds->items[kind].from_count++;
		else
			kinds->items[kind].to_count++;
		numbers[i - begin] = kind;
	}
	return 0;
}

static bool any(const struct kind *kind)
{
	(void)kind;
	return true;
}

/* A kind that comes as often on both sides has all its twins. */
static bool uneven(const struct kind *kind)
{
	return kind->from_count != kind->to_count;
}

/* Kinds that are equal through spelling get the number of the first of them. */
static int join_by_key(struct kinds *kinds, bool (*wanted)(const struct kind *kind))
{
	struct kinds keyed = { .slots = calloc(kinds->mask + 1, sizeof(uint32_t)), .mask = kinds->mask };

	if (!keyed.slots)
		return -ENOMEM;
	for (uint32_t k = 0; k < kinds->count; k++) {
		struct kind *kind = &kinds->items[k], *other;
		size_t at;

		if (!wanted(kind))
			continue;
		if (!kind->key)
			kind->key = script_side_key(kind->side, kind->at);
		if (!kind->key) {
			free(keyed.slots);
			return -ENOMEM;
		}
		for (at = kind->key & keyed.mask; keyed.slots[at]; at = (at + 1) & keyed.mask) {
			other = &kinds->items[keyed.slots[at] - 1];
			if (other->key == kind->key &&
			    canonical_equal(other->spec->bytes, other->spec->len, kind->spec->bytes, kind->spec->len,
					    kind->side->family)) {
				kind->number = other->number;
				break;
			}
		}
		if (!keyed.slots[at])
			keyed.slots[at] = k + 1;
	}
	free(keyed.slots);
	return 0;
}

static int join(struct kinds *kinds, bool exact)
{
	bool from = false, to = false;

	for (uint32_t k = 0; k < kinds->count; k++) {
		from = from || kinds->items[k].from_count > kinds->items[k].to_count;
		to = to || kinds->items[k].to_count > kinds->items[k].from_count;
	}
	if (exact)
		return join_by_key(kinds, any);
	/* When nothing is left over on one of the sides, nothing can have a twin of another spelling. */
	return from && to ? join_by_key(kinds, uneven) : 0;
}

int script_classes_make(struct script_classes *classes, const struct script_side *from, size_t from_begin, size_t from_end,
			const struct script_side *to, size_t to_begin, size_t to_end, bool exact)
{
	size_t from_count = from_end - from_begin, to_count = to_end - to_begin;
	struct kinds kinds = { 0 };
	int err = -ENOMEM;

	*classes = (struct script_classes){ .from = calloc(from_count + 1, sizeof(uint32_t)),
					    .to = calloc(to_count + 1, sizeof(uint32_t)) };
	if (!classes->from || !classes->to || kinds_init(&kinds, from_count + to_count))
		goto out;
	if (number_side(&kinds, classes->from, from, from_begin, from_end, true) ||
	    number_side(&kinds, classes->to, to, to_begin, to_end, false) || join(&kinds, exact))
		goto out;
	for (size_t i = 0; i < from_count; i++)
		classes->from[i] = kinds.items[classes->from[i]].number;
	for (size_t j = 0; j < to_count; j++)
		classes->to[j] = kinds.items[classes->to[j]].number;
	classes->count = kinds.count;
	err = 0;
out:
	kinds_free(&kinds);
	if (err)
		script_classes_free(classes);
	return err;
}

void script_classes_free(struct script_classes *classes)
{
	free(classes->to);
	free(classes->from);
	*classes = (struct script_classes){ 0 };
}
