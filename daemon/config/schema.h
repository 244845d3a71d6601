/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option tables (struct nfv_option of nfverdict/plugin.h) applied to a tree: values go into a struct, mistakes into a
 * report, and each value's place is kept so that a later judgement of it can name line and column. The daemon's own keys and
 * those of plugins are described by the same tables.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "daemon/config/tree.h"

#include <nfverdict/plugin.h>

/* A filled struct, all memory that it points to, and the places of its fields. */
struct values;

/*
 * Fills a struct of `size` bytes by `table` from `map` (a NODE_MAP, or NULL or NODE_NULL for defaults only). `object`
 * ("queue edge", "handler no-telnet") stands in front of each cause. Keys in `skip` (NULL-terminated, may be NULL) are not
 * the table's. Unknown keys are mistakes, with the nearest known key named. All mistakes are added to the report, but for
 * those that tree_parse() told already. Returns NULL when there was any. `place` is where the object begins.
 */
struct values *schema_apply(const struct nfv_option *table, size_t size, const struct node *map, struct place place,
			    const char *object, const char *const *skip, struct report *report);

/* The struct: lives until values_free(). */
void *values_data(struct values *values);

/* True and the place when the option whose field lies at `field` was written; false: a default, place is the object's. */
bool values_place(const struct values *values, const void *field, struct place *place);

/* The path of the option at `field` from the object, such as "rules 2: match"; "" when it is no field. */
const char *values_path(const struct values *values, const void *field);

void values_free(struct values *values);

/*
 * A table that is wrong in itself (a plugin's, made by somebody else): no name, unknown type, field beyond size,
 * duplicate, fields that overlap, a default that its own bounds refuse or that is never used, nesting above 4. Returns
 * 0, or -EINVAL with the cause in why.
 */
int schema_check_table(const struct nfv_option *table, size_t size, char *why, size_t why_size);

/* Prints the reference of a table: key, type, bounds, default, help; groups indented below. */
void schema_print(const struct nfv_option *table, int indent, FILE *out);

#endif
