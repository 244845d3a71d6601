/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/schema.h"
#include "daemon/config/nearest.h"
#include "daemon/config/option.h"
#include "daemon/config/values.h"

#include <string.h>

/* What is being filled. */
struct apply {
	struct values *values;
	const char *object;
	struct report *report;
	size_t mistakes; /* in the values, whether told here or when the tree was parsed */
	bool absent; /* inside a group that was not written: its required keys are not missed */
};

static void fill_table(struct apply *a, const struct nfv_option *table, unsigned char *base, const struct node *map,
		       struct place place, const char *path, const char *const *skip);

/* "handler x: rules 2: match: cause" */
static void complain(struct apply *a, struct place place, const char *path, const char *cause)
{
	const char *colon = *path ? ": " : "";

	a->mistakes++;
	report_add(a->report, place, a->object, "%s%s%s", path, colon, cause);
}

static const char *join(struct apply *a, const char *path, const char *name)
{
	return *path ? arena_format(&a->values->arena, "%s: %s", path, name) : name;
}

static const char *kind_name(const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		return "nothing";
	case NODE_SCALAR:
		return "a single value";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a mapping";
	case NODE_UNUSABLE:
		break;
	}
	return "something else";
}

static void refuse_kind(struct apply *a, const struct node *node, const char *path, const char *wanted)
{
	char cause[128];

	/* It was complained about already. */
	if (node->kind == NODE_UNUSABLE) {
		a->mistakes++;
		return;
	}
	snprintf(cause, sizeof(cause), "wanted %s, found %s", wanted, kind_name(node));
	complain(a, node->place, path, cause);
}

static const char *wanted_name(const struct nfv_option *option)
{
	switch (option->type) {
	case NFV_OPT_BOOL:
		return "true or false";
	case NFV_OPT_UINT:
		return "a number";
	case NFV_OPT_SIZE:
		return "a size";
	case NFV_OPT_DURATION:
		return "a duration";
	case NFV_OPT_STRING:
		return "a text";
	case NFV_OPT_CHOICE:
		return "a word";
	case NFV_OPT_MARK:
		return "a mark";
	case NFV_OPT_VERDICT:
		return "a verdict";
	case NFV_OPT_BYTES:
		return "a text";
	case NFV_OPT_RANGE:
		return "a number or a range";
	case NFV_OPT_GROUP:
	case NFV_OPT_GROUPS:
	case NFV_OPT_NAMED_GROUPS:
	case NFV_OPT_ANY:
		break;
	}
	return "a value";
}

static void fill_scalar(struct apply *a, const struct nfv_option *option, void *field, const struct node *node,
			const char *path)
{
	struct why why;

	if (node->kind != NODE_SCALAR)
		refuse_kind(a, node, path, wanted_name(option));
	else if (option_set(option, node->text, node->quoted, field, &a->values->arena, &why))
		complain(a, node->place, path, why.text);
}

static void fill_list(struct apply *a, const struct nfv_option *option, struct nfv_list *list, const struct node *node,
		      const char *path)
{
	size_t size = option_item_size(option);
	bool single = node->kind == NODE_SCALAR;
	size_t count = single ? 1 : node->count;
	unsigned char *items;

	if (!single && node->kind != NODE_LIST) {
		refuse_kind(a, node, path, node->kind == NODE_NULL ? "a list ([] for an empty one)" : "a list");
		return;
	}
	if (!count)
		return;
	items = arena_alloc(&a->values->arena, count, size);
	for (size_t i = 0; i < count; i++) {
		const struct node *item = single ? node : &node->children[i];
		const char *item_path = single ? path : arena_format(&a->values->arena, "%s %zu", path, i + 1);

		size_t index = values_record(a->values, items + i * size, item_path, item->place, true);
		size_t before = a->mistakes;

		fill_scalar(a, option, items + i * size, item, item_path);
		if (a->mistakes != before)
			values_break(a->values, index);
	}
	*list = (struct nfv_list){ .items = items, .count = count };
}

/*
 * A list of mappings, or a mapping of names to mappings: an array that is complete before its fields' places are
 * recorded.
 */
static void fill_groups(struct apply *a, const struct nfv_option *option, struct nfv_list *list, const struct node *node,
			const char *path)
{
	bool named = option->type == NFV_OPT_NAMED_GROUPS;
	unsigned char *items;
	size_t index;

	if (node->kind == NODE_NULL)
		return;
	if (node->kind != (named ? NODE_MAP : NODE_LIST)) {
		refuse_kind(a, node, path, named ? "a mapping of names" : "a list of mappings");
		return;
	}
	if (!node->count)
		return;
	items = arena_alloc(&a->values->arena, node->count, option->group_size);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *child = &node->children[i];
		struct place place = named ? child->key_place : child->place;
		unsigned char *item = items + i * option->group_size;
		const char *item_path = named ? arena_format(&a->values->arena, "%s %s", path, child->key)
					      : arena_format(&a->values->arena, "%s %zu", path, i + 1);

		if (named)
			*(const char **)item = arena_copy(&a->values->arena, child->key, strlen(child->key));
		index = values_record(a->values, item, item_path, place, true);
		fill_table(a, option->group, item, child, place, item_path, NULL);
		if (child->kind == NODE_UNUSABLE)
			values_break(a->values, index);
	}
	*list = (struct nfv_list){ .items = items, .count = node->count };
}

static void fill_by_type(struct apply *a, const struct nfv_option *option, unsigned char *field, const struct node *node,
			 const char *path)
{
	switch (option->type) {
	case NFV_OPT_GROUP:
		fill_table(a, option->group, field, node, node->key_place, path, NULL);
		return;
	case NFV_OPT_GROUPS:
	case NFV_OPT_NAMED_GROUPS:
		fill_groups(a, option, (struct nfv_list *)field, node, path);
		return;
	case NFV_OPT_ANY:
		*(const struct node **)field = node;
		return;
	case NFV_OPT_BOOL:
	case NFV_OPT_UINT:
	case NFV_OPT_SIZE:
	case NFV_OPT_DURATION:
	case NFV_OPT_STRING:
	case NFV_OPT_CHOICE:
	case NFV_OPT_MARK:
	case NFV_OPT_VERDICT:
	case NFV_OPT_BYTES:
	case NFV_OPT_RANGE:
		break;
	}
	if (option->flags & NFV_OPT_LIST)
		fill_list(a, option, (struct nfv_list *)field, node, path);
	else
		fill_scalar(a, option, field, node, path);
}

static void fill_given(struct apply *a, const struct nfv_option *option, unsigned char *field, const struct node *node,
		       const char *path)
{
	size_t index = values_record(a->values, field, path, node->place, true);
	size_t before = a->mistakes;

	fill_by_type(a, option, field, node, path);
	if (a->mistakes != before)
		values_break(a->values, index);
}

/* A required option that is not there may stand in the part of the mapping that could not be taken. */
static void miss(struct apply *a, const struct node *map, struct place place, const char *path)
{
	if (map && map->partial)
		a->mistakes++;
	else if (!a->absent)
		complain(a, place, path, "is missing");
}

static void fill_default(struct apply *a, const struct nfv_option *option, unsigned char *field, const struct node *map,
			 struct place place, const char *path)
{
	void *target = field;
	struct why why;
	size_t index = values_record(a->values, field, path, place, false);

	if (option->flags & NFV_OPT_REQUIRED) {
		miss(a, map, place, path);
		values_break(a->values, index);
		return;
	}
	if (option->type == NFV_OPT_GROUP) {
		bool outer = a->absent;

		a->absent = true;
		fill_table(a, option->group, field, NULL, place, path, NULL);
		a->absent = outer;
		return;
	}
	if (!option->fallback)
		return;
	if (option->flags & NFV_OPT_LIST) {
		target = arena_alloc(&a->values->arena, 1, option_item_size(option));
		*(struct nfv_list *)field = (struct nfv_list){ .items = target, .count = 1 };
		values_record(a->values, target, path, place, false);
	}
	if (option_set(option, option->fallback, false, target, &a->values->arena, &why))
		complain(a, place, path, why.text);
}

static bool is_in(const char *const *words, const char *word)
{
	for (size_t i = 0; words && words[i]; i++) {
		if (!strcmp(words[i], word))
			return true;
	}
	return false;
}

static void refuse_unknown(struct apply *a, const struct nfv_option *table, const struct node *map, const char *path,
			   const char *const *skip)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct node *entry = &map->children[i];
		struct nearest nearest = { .wanted = entry->key };
		const struct nfv_option *option;
		char hint[96], cause[224];

		if (is_in(skip, entry->key))
			continue;
		for (option = table; option->name; option++) {
			if (!strcmp(option->name, entry->key))
				break;
			nearest_offer(&nearest, option->name);
		}
		if (option->name)
			continue;
		if (entry->kind == NODE_NULL && strchr(entry->key, ':'))
			snprintf(hint, sizeof(hint), " (a blank is needed behind ':')");
		else
			nearest_hint(&nearest, hint, sizeof(hint));
		snprintf(cause, sizeof(cause), "unknown key %.64s%s", entry->key, hint);
		complain(a, entry->key_place, path, cause);
	}
}

static void fill_table(struct apply *a, const struct nfv_option *table, unsigned char *base, const struct node *map,
		       struct place place, const char *path, const char *const *skip)
{
	if (map && map->kind != NODE_NULL && map->kind != NODE_MAP) {
		refuse_kind(a, map, path, "a mapping of keys");
		return;
	}
	if (map)
		refuse_unknown(a, table, map, path, skip);
	for (const struct nfv_option *option = table; option->name; option++) {
		const struct node *node = tree_get(map, option->name);
		const char *option_path = join(a, path, option->name);

		if (is_in(skip, option->name))
			continue;
		if (node)
			fill_given(a, option, base + option->offset, node, option_path);
		else
			fill_default(a, option, base + option->offset, map, place, option_path);
	}
}

struct values *schema_fill(const struct nfv_option *table, size_t size, const struct node *map, struct place place,
			   const char *object, const char *const *skip, struct report *report)
{
	static const struct nfv_option no_options[] = { { .name = NULL } };
	struct apply a = { .values = values_new(size), .object = object, .report = report };

	/* The address of the values themselves stands for the object. */
	values_record(a.values, a.values, "", place, false);
	fill_table(&a, table ? table : no_options, a.values->data, map, place, "", skip);
	values_seal(a.values);
	a.values->faulty = a.mistakes > 0;
	return a.values;
}

/* The arguments of schema_fill(), and what it gives. */
struct filling {
	const struct nfv_option *table;
	size_t size;
	const struct node *map;
	struct place place;
	const char *object;
	const char *const *skip;
	struct report *report;
	struct values *values;
};

static void fill(void *argument)
{
	struct filling *f = argument;

	f->values = schema_fill(f->table, f->size, f->map, f->place, f->object, f->skip, f->report);
}

struct values *schema_apply(const struct nfv_option *table, size_t size, const struct node *map, struct place place,
			    const char *object, const char *const *skip, struct report *report)
{
	struct filling filling = { .table = table, .size = size, .map = map, .place = place, .object = object, .skip = skip,
				   .report = report };

	if (memory_try(fill, &filling)) {
		report_add(report, place, object, "out of memory");
		return NULL;
	}
	if (!filling.values->faulty)
		return filling.values;
	values_free(filling.values);
	return NULL;
}
