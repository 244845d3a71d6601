/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Takes the text over. NULL stands for an allocation that failed. */
static void add_cell(struct table *table, char *text)
{
	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? table->capacity * 2 : 64;
		char **cells = reallocarray(table->cells, capacity, sizeof(*cells));

		if (!cells) {
			table->failed = true;
			free(text);
			return;
		}
		table->cells = cells;
		table->capacity = capacity;
	}
	if (!text) {
		table->failed = true;
		return;
	}
	for (char *byte = text; *byte; byte++) {
		if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
			*byte = '?';
	}
	table->cells[table->count++] = text;
}

void table_begin(struct table *table, const char *const *headings)
{
	*table = (struct table){ 0 };
	for (; headings[table->columns]; table->columns++)
		add_cell(table, strdup(headings[table->columns]));
}

void table_text(struct table *table, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	add_cell(table, text);
}

void table_number(struct table *table, uint64_t number)
{
	table_text(table, "%" PRIu64, number);
}

/* Characters, not bytes: a continuation byte of UTF-8 takes no room. */
static size_t width(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static void measure(const struct table *table, size_t column, size_t *widest, bool *numbers)
{
	*widest = 0;
	*numbers = table->count > table->columns; /* headings alone are text */
	for (size_t i = column; i < table->count; i += table->columns) {
		const char *cell = table->cells[i];

		if (width(cell) > *widest)
			*widest = width(cell);
		if (i >= table->columns && cell[strspn(cell, "0123456789")] != '\0')
			*numbers = false;
	}
}

static void print_cell(const struct table *table, size_t index, FILE *out)
{
	size_t column = index % table->columns, widest;
	bool numbers, last = column == table->columns - 1 || index == table->count - 1;
	const char *cell = table->cells[index];
	int blanks;

	measure(table, column, &widest, &numbers);
	blanks = (int)(widest - width(cell));
	if (numbers)
		fprintf(out, "%*s%s", blanks, "", cell);
	else
		fprintf(out, "%s%*s", cell, last ? 0 : blanks, "");
	fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *table, FILE *out)
{
	if (table->failed) {
		fputs("(no memory to print this table)\n", out);
		return;
	}
	for (size_t i = 0; i < table->count; i++)
		print_cell(table, i, out);
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ 0 };
}
