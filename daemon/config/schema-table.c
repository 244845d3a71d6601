/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a table right in itself? Those of plugins were written by somebody else, and a wrong offset writes anywhere. */
#include "daemon/config/option.h"
#include "daemon/config/schema.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#define NESTING_MAX 4
#define OPTIONS_MAX 256
#define STRUCT_MAX  (1u << 20)
#define WORDS_MAX   64

static int check_level(const struct nfv_option *table, size_t size, unsigned level, struct why *why);

static bool is_option_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return len > 0 && len <= 64 && !name[len];
}

static bool takes_words(const struct nfv_option *option)
{
	return option->type == NFV_OPT_CHOICE || option->type == NFV_OPT_UINT || option->type == NFV_OPT_SIZE ||
	       option->type == NFV_OPT_DURATION;
}

static int check_words(const struct nfv_option *option, struct why *why)
{
	size_t count = 0;

	if (option->type == NFV_OPT_CHOICE && (!option->words || !option->words[0]))
		return scalar_refuse(why, "has no words to choose from");
	if (!option->words)
		return 0;
	if (!takes_words(option))
		return scalar_refuse(why, "has words, which its type does not take");
	while (option->words[count]) {
		if (++count > WORDS_MAX)
			return scalar_refuse(why, "has more than %d words", WORDS_MAX);
	}
	/* The values of words must not be numbers as well. */
	if (option->type != NFV_OPT_CHOICE && count && option->max > NFV_WORD(count))
		return scalar_refuse(why, "has a max that takes in the values of its words");
	return 0;
}

static int check_field(const struct nfv_option *option, size_t size, struct why *why)
{
	size_t bytes = option_size(option), align = option_align(option);

	if (option->offset > size || bytes > size - option->offset)
		return scalar_refuse(why, "lies outside of the options' %zu bytes (offset %zu, %zu bytes)", size,
				     option->offset, bytes);
	if (option->offset % align)
		return scalar_refuse(why, "lies at offset %zu, which is not aligned to %zu", option->offset, align);
	return 0;
}

/* Only of a table that check_level() has passed, whose groups therefore end somewhere. */
static size_t table_align(const struct nfv_option *table)
{
	size_t align = 1;

	for (; table->name; table++) {
		size_t inner = table->type == NFV_OPT_GROUP ? table_align(table->group) : option_align(table);

		if (inner > align)
			align = inner;
	}
	return align;
}

/* Fields are aligned in their struct, if the struct is: where a group stands, and from one to the next in an array. */
static int check_group_align(const struct nfv_option *option, struct why *why)
{
	size_t align = table_align(option->group);

	if (option->type == NFV_OPT_GROUP && option->offset % align)
		return scalar_refuse(why, "lies at offset %zu, which is not aligned to %zu", option->offset, align);
	if (option->type == NFV_OPT_NAMED_GROUPS && align < alignof(const char *))
		align = alignof(const char *);
	if (option->type != NFV_OPT_GROUP && option->group_size % align)
		return scalar_refuse(why, "has structs of %zu bytes, which is no multiple of %zu", option->group_size,
				     align);
	return 0;
}

static int check_group(const struct nfv_option *option, unsigned level, struct why *why)
{
	int err;

	if (!option->group || !option->group_size)
		return scalar_refuse(why, "is a group without a table");
	if (level + 1 > NESTING_MAX)
		return scalar_refuse(why, "is nested deeper than %d", NESTING_MAX);
	if (option->flags & NFV_OPT_LIST)
		return scalar_refuse(why, "is a group and a list of scalars at once");
	if (option->fallback)
		return scalar_refuse(why, "is a group with a default");
	if (option->type == NFV_OPT_NAMED_GROUPS) {
		if (option->group_size < sizeof(const char *))
			return scalar_refuse(why, "has no room for a name in its structs");
		for (const struct nfv_option *inner = option->group; inner->name; inner++) {
			if (inner->offset < sizeof(const char *))
				return scalar_refuse(why, "%.64s lies where the name stands", inner->name);
		}
	}
	err = check_level(option->group, option->group_size, level + 1, why);
	return err ? err : check_group_align(option, why);
}

/* A default that its own bounds refuse would make every configuration wrong. */
static int check_fallback(const struct nfv_option *option, struct why *why)
{
	union {
		uint64_t number;
		const char *text;
		struct nfv_bytes bytes;
		struct nfv_mark mark;
		struct nfv_range range;
	} field;
	struct arena arena = { 0 };
	struct why cause;
	int err;

	if (!option->fallback)
		return 0;
	err = option_set(option, option->fallback, false, &field, &arena, &cause);
	arena_free(&arena);
	if (!err)
		return 0;
	return scalar_refuse(why, "has a wrong default: %.200s", cause.text);
}

static int check_option(const struct nfv_option *option, size_t size, unsigned level, struct why *why)
{
	int err = 0;

	if ((unsigned)option->type > NFV_OPT_ANY)
		return scalar_refuse(why, "has the unknown type %u", (unsigned)option->type);
	if (option->type == NFV_OPT_ANY)
		return scalar_refuse(why, "has a type that is the daemon's alone");
	if (option->flags & ~(uint32_t)(NFV_OPT_REQUIRED | NFV_OPT_LIST))
		return scalar_refuse(why, "has unknown flags 0x%x", (unsigned)option->flags);
	if (option->min > option->max)
		return scalar_refuse(why, "has a min above its max");
	if (option->flags & NFV_OPT_REQUIRED && option->fallback)
		return scalar_refuse(why, "is required and has a default, which would never be used");
	err = check_words(option, why);
	if (!err)
		err = check_field(option, size, why);
	if (!err)
		err = option_is_group(option) ? check_group(option, level, why) : check_fallback(option, why);
	return err;
}

/* Of fields that were found to lie inside their struct: the sums cannot overflow. */
static bool overlap(const struct nfv_option *a, const struct nfv_option *b)
{
	return a->offset < b->offset + option_size(b) && b->offset < a->offset + option_size(a);
}

/* An option beside those before it, which are good. */
static int check_neighbours(const struct nfv_option *table, size_t index, struct why *why)
{
	for (size_t i = 0; i < index; i++) {
		if (!strcmp(table[i].name, table[index].name))
			return scalar_refuse(why, "stands in the table twice");
		if (overlap(&table[i], &table[index]))
			return scalar_refuse(why, "lies at offset %zu, where %.64s lies too", table[index].offset,
					     table[i].name);
	}
	return 0;
}

static int check_level(const struct nfv_option *table, size_t size, unsigned level, struct why *why)
{
	struct why cause;

	if (size > STRUCT_MAX)
		return scalar_refuse(why, "a struct of %zu bytes, which is above %u", size, STRUCT_MAX);
	for (size_t i = 0; table[i].name; i++) {
		if (i == OPTIONS_MAX)
			return scalar_refuse(why, "more than %d options: is the table's end missing?", OPTIONS_MAX);
		if (!is_option_name(table[i].name))
			return scalar_refuse(why, "option %zu: wanted a name of 1 to 64 letters, digits, '_', '.' and '-'",
					     i + 1);
		if (check_option(&table[i], size, level, &cause) || check_neighbours(table, i, &cause))
			return scalar_refuse(why, "option %.64s: %.180s", table[i].name, cause.text);
	}
	return 0;
}

struct checking {
	const struct nfv_option *table;
	size_t size;
	struct why why;
	int err;
};

static void check_all(void *argument)
{
	struct checking *checking = argument;

	checking->err = check_level(checking->table, checking->size, 0, &checking->why);
}

int schema_check_table(const struct nfv_option *table, size_t size, char *why, size_t why_size)
{
	struct checking checking = { .table = table, .size = size };

	if (table && memory_try(check_all, &checking))
		checking.err = scalar_refuse(&checking.why, "out of memory");
	if (checking.err)
		snprintf(why, why_size, "%s", checking.why.text);
	return checking.err;
}
