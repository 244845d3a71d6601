/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mistakes found in a configuration: collected, not only the first, and printed as file:line:column: object: cause. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where something stands. file is owned by whoever parsed it and outlives the report. line 0: the file as a whole. */
struct place {
	const char *file;
	unsigned line;
	unsigned column;
};

struct report_entry {
	char *file; /* a copy */
	unsigned line;
	unsigned column;
	char *text; /* "queue edge: range: 70000 is above 65531" */
};

struct report {
	struct report_entry *entries;
	size_t count;
	size_t capacity;
};

/*
 * Adds "object: cause" at a place. object may be NULL. Newlines in the text become blanks, other control characters
 * question marks. Without memory there is an entry nevertheless, so that nothing with a mistake is taken for good.
 */
void report_add(struct report *report, struct place place, const char *object, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void report_vadd(struct report *report, struct place place, const char *object, const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));

/* Sorts by order of files as first reported, then line and column; stable; an equal line is kept once. */
void report_sort(struct report *report);

/* Prints every line to out. */
void report_print(const struct report *report, FILE *out);

void report_clear(struct report *report);

#endif
