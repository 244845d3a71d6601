/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table for people: cells in, columns of equal width out. Columns whose heading says so are aligned to the right. */
#ifndef TOOL_COLUMNS_H
#define TOOL_COLUMNS_H

#include "daemon/tool/paint.h"

struct columns {
	const char *const *headings; /* NULL at the end; one that begins with '>' is aligned to the right */
	size_t width;                /* columns */
	struct columns_cell {
		char *text;
		enum paint paint;
	} *cells;                    /* row by row */
	size_t count, room;
	bool failed;                 /* memory was short */
};

void columns_begin(struct columns *columns, const char *const *headings);

/* The next cell; after the last column the next row begins. */
void columns_add(struct columns *columns, enum paint paint, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prints, and frees. */
void columns_end(struct columns *columns, bool color, FILE *out);

#endif
