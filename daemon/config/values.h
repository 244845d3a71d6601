/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What schema_apply() fills: the struct, the memory it points to, and where each field was written. Inside daemon/config
 * only.
 */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "daemon/config/memory.h"
#include "daemon/config/schema.h"

struct value_place {
	const void *field;
	const char *path;
	struct place place;
	size_t order; /* of recording: the first field of a group has the group's address, and the later one is meant */
	bool given;
	bool broken; /* a mistake was found in it: the field's value means nothing */
};

struct values {
	struct arena arena;
	void *data;
	struct value_place *places; /* sorted by field once values_seal() was called */
	size_t count;
	size_t capacity;
	bool faulty; /* a mistake was found in it, now or by whoever parsed the tree */
};

struct values *values_new(size_t size);

/* The path is kept by reference. Returns an index for values_break(), until values_seal(). */
size_t values_record(struct values *values, const void *field, const char *path, struct place place, bool given);

void values_break(struct values *values, size_t index);

/* True when the field at this address can be relied upon. */
bool values_usable(const struct values *values, const void *field);

/* No more will be recorded: makes the places searchable. */
void values_seal(struct values *values);

/* As schema_apply(), but also returns what it could fill when there were mistakes, so that the rest can still be judged. */
struct values *schema_fill(const struct nfv_option *table, size_t size, const struct node *map, struct place place,
			   const char *object, const char *const *skip, struct report *report);

#endif
