/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/columns.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GAP "  "

static void add(struct columns *columns, enum paint paint, char *text)
{
	if (text && columns->count == columns->room) {
		const size_t room = columns->room ? columns->room * 2 : 64;
		struct columns_cell *bigger = reallocarray(columns->cells, room, sizeof(*bigger));

		if (bigger) {
			columns->cells = bigger;
			columns->room = room;
		}
	}
	if (!text || columns->count == columns->room) {
		columns->failed = true;
		free(text);
		return;
	}
	columns->cells[columns->count++] = (struct columns_cell){ .text = text, .paint = paint };
}

static bool is_right(const struct columns *columns, size_t column)
{
	return columns->headings[column][0] == '>';
}

void columns_begin(struct columns *columns, const char *const *headings)
{
	*columns = (struct columns){ .headings = headings };
	while (headings[columns->width])
		columns->width++;
	for (size_t i = 0; i < columns->width; i++)
		add(columns, PAINT_DIM, strdup(headings[i] + is_right(columns, i)));
}

void columns_add(struct columns *columns, enum paint paint, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	add(columns, paint, text);
}

static size_t width_of(const struct columns *columns, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < columns->count; i += columns->width) {
		size_t one = paint_width(columns->cells[i].text);

		width = one > width ? one : width;
	}
	return width;
}

static void pad(size_t count, FILE *out)
{
	fprintf(out, "%*s", (int)count, "");
}

/* No blanks at the end of a line. */
static void print_cell(const struct columns *columns, size_t at, size_t width, bool color, FILE *out)
{
	const struct columns_cell *cell = &columns->cells[at];
	const size_t blanks = width - paint_width(cell->text), column = at % columns->width;
	const bool last = column + 1 == columns->width;

	if (is_right(columns, column))
		pad(blanks, out);
	fputs(paint_on(cell->paint, color), out);
	paint_safely(out, cell->text);
	fputs(paint_off(cell->paint, color), out);
	if (!is_right(columns, column) && !last)
		pad(blanks, out);
	fputs(last ? "\n" : GAP, out);
}

void columns_end(struct columns *columns, bool color, FILE *out)
{
	size_t *widths = calloc(columns->width, sizeof(*widths));

	if (!widths || columns->failed)
		fputs("no memory for this table\n", out);
	for (size_t i = 0; widths && i < columns->width; i++)
		widths[i] = width_of(columns, i);
	for (size_t i = 0; widths && !columns->failed && i < columns->count; i++)
		print_cell(columns, i, widths[i % columns->width], color, out);
	for (size_t i = 0; i < columns->count; i++)
		free(columns->cells[i].text);
	free(columns->cells);
	free(widths);
	*columns = (struct columns){ 0 };
}
