/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text tables: cells in, aligned columns out. Columns of numbers are aligned to the right, others to the left. */
#ifndef PROCESS_TABLE_H
#define PROCESS_TABLE_H

#include <nfverdict/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct table {
	char **cells;     /* rows one after the other, the headings first */
	size_t columns;
	size_t count;     /* cells */
	size_t capacity;
	bool failed;      /* memory was short: table_print() says so instead */
};

/* Begins a table with NULL-terminated headings, at least one. */
void table_begin(struct table *table, const char *const *headings);

/*
 * The next cell; after the last column comes the next row. Control characters become '?': names in a table may be a
 * plugin's.
 */
void table_text(struct table *table, const char *format, ...) NFV_PRINTF(2, 3);
void table_number(struct table *table, uint64_t number);

/* Two blanks between columns, none at a line's end. A last row that is not full is printed as far as it goes. */
void table_print(const struct table *table, FILE *out);

/* Accepts a zeroed table. */
void table_clear(struct table *table);

#endif
