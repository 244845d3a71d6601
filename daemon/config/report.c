/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/report.h"
#include "daemon/config/memory.h"

#include <stdlib.h>
#include <string.h>

/* Values come from files: one mistake stays one line, and nothing in it steers a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];

		if (c == '\n' || c == '\t' || c == '\r')
			*text = ' ';
		else if (c < 0x20 || c == 0x7f)
			*text = '?';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0)
			text[0] = text[1] = '?'; /* U+0080 to U+009F: control characters, too */
	}
}

void report_vadd(struct report *report, struct place place, const char *object, const char *format, va_list args)
{
	struct report_entry *entry;
	char *cause, *text;

	if (vasprintf(&cause, format, args) < 0)
		abort();
	if (asprintf(&text, "%s%s%s", object ? object : "", object ? ": " : "", cause) < 0)
		abort();
	free(cause);
	make_printable(text);

	if (report->count == report->capacity) {
		report->capacity = report->capacity ? report->capacity * 2 : 16;
		report->entries = memory_grow(report->entries, report->capacity, sizeof(*report->entries));
	}
	entry = &report->entries[report->count++];
	entry->file = place.file ? memory_copy(place.file, strlen(place.file)) : NULL;
	entry->line = place.line;
	entry->column = place.column;
	entry->text = text;
}

void report_add(struct report *report, struct place place, const char *object, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_vadd(report, place, object, format, args);
	va_end(args);
}

struct sortable {
	struct report_entry entry;
	size_t file_rank;
	size_t index;
};

static int compare_numbers(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int compare(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	int order = compare_numbers(x->file_rank, y->file_rank);

	if (!order)
		order = compare_numbers(x->entry.line, y->entry.line);
	if (!order)
		order = compare_numbers(x->entry.column, y->entry.column);
	return order ? order : compare_numbers(x->index, y->index);
}

static bool same_file(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Ranks count from the first entry of each file, so the rank of a file is the index of that entry. */
static void rank_files(struct sortable *sorted, size_t count)
{
	size_t *firsts = memory_alloc(count, sizeof(*firsts));
	size_t files = 0, f;

	for (size_t i = 0; i < count; i++) {
		for (f = 0; f < files; f++) {
			if (same_file(sorted[firsts[f]].entry.file, sorted[i].entry.file))
				break;
		}
		if (f == files)
			firsts[files++] = i;
		sorted[i].file_rank = firsts[f];
	}
	free(firsts);
}

static void free_entry(struct report_entry *entry)
{
	free(entry->file);
	free(entry->text);
}

/* Entries of one place stand together after sorting, so a repetition is looked for there alone. */
static bool is_repeated(const struct report_entry *entries, size_t count, const struct report_entry *entry)
{
	while (count-- > 0) {
		const struct report_entry *e = &entries[count];

		if (e->line != entry->line || e->column != entry->column || !same_file(e->file, entry->file))
			return false;
		if (!strcmp(e->text, entry->text))
			return true;
	}
	return false;
}

void report_sort(struct report *report)
{
	struct sortable *sorted;
	size_t kept = 0;

	if (report->count < 2)
		return;
	sorted = memory_alloc(report->count, sizeof(*sorted));
	for (size_t i = 0; i < report->count; i++)
		sorted[i] = (struct sortable){ .entry = report->entries[i], .index = i };
	rank_files(sorted, report->count);
	qsort(sorted, report->count, sizeof(*sorted), compare);

	for (size_t i = 0; i < report->count; i++) {
		if (is_repeated(report->entries, kept, &sorted[i].entry))
			free_entry(&sorted[i].entry);
		else
			report->entries[kept++] = sorted[i].entry;
	}
	report->count = kept;
	free(sorted);
}

void report_print(const struct report *report, FILE *out)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *e = &report->entries[i];

		if (!e->file)
			fprintf(out, "%s\n", e->text);
		else if (!e->line)
			fprintf(out, "%s: %s\n", e->file, e->text);
		else
			fprintf(out, "%s:%u:%u: %s\n", e->file, e->line, e->column, e->text);
	}
}

void report_clear(struct report *report)
{
	for (size_t i = 0; i < report->count; i++)
		free_entry(&report->entries[i]);
	free(report->entries);
	*report = (struct report){ 0 };
}
