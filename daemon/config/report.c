/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/report.h"

#include <stdlib.h>
#include <string.h>

/* What there is no room to tell. Shared by all reports, and never freed. */
static char unsaid[] = "out of memory: a mistake cannot be told", nowhere[] = "?";
static struct report_entry alone = { .file = nowhere, .text = unsaid };

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

static char *copy_name(const char *name)
{
	char *copy = strdup(name);

	return copy ? copy : nowhere;
}

static char *make_text(const char *object, const char *format, va_list args)
{
	char *cause, *text;
	int len;

	if (vasprintf(&cause, format, args) < 0)
		return unsaid;
	len = asprintf(&text, "%s%s%s", object ? object : "", object ? ": " : "", cause);
	free(cause);
	if (len < 0)
		return unsaid;
	make_printable(text);
	return text;
}

/* False: there is no room for one more. */
static bool make_room(struct report *report)
{
	size_t capacity = report->capacity ? report->capacity * 2 : 16;
	struct report_entry *entries;

	if (report->count < report->capacity)
		return true;
	entries = reallocarray(report->entries == &alone ? NULL : report->entries, capacity, sizeof(*entries));
	if (!entries)
		return false;
	if (report->entries == &alone)
		entries[0] = alone;
	report->entries = entries;
	report->capacity = capacity;
	return true;
}

static void free_entry(struct report_entry *entry)
{
	if (entry->file != nowhere)
		free(entry->file);
	if (entry->text != unsaid)
		free(entry->text);
}

void report_vadd(struct report *report, struct place place, const char *object, const char *format, va_list args)
{
	struct report_entry entry = {
		.file = place.file ? copy_name(place.file) : NULL,
		.line = place.line,
		.column = place.column,
		.text = make_text(object, format, args),
	};

	if (make_room(report)) {
		report->entries[report->count++] = entry;
		return;
	}
	free_entry(&entry);
	if (report->count > 0)
		return; /* one is told already */
	report->entries = &alone;
	report->count = 1;
	report->capacity = 1;
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
static void rank_files(struct sortable *sorted, size_t *firsts, size_t count)
{
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
	size_t *firsts, kept = 0;

	if (report->count < 2)
		return;
	sorted = calloc(report->count, sizeof(*sorted));
	firsts = calloc(report->count, sizeof(*firsts));
	if (!sorted || !firsts)
		goto free; /* as they were found */
	for (size_t i = 0; i < report->count; i++)
		sorted[i] = (struct sortable){ .entry = report->entries[i], .index = i };
	rank_files(sorted, firsts, report->count);
	qsort(sorted, report->count, sizeof(*sorted), compare);

	for (size_t i = 0; i < report->count; i++) {
		if (is_repeated(report->entries, kept, &sorted[i].entry))
			free_entry(&sorted[i].entry);
		else
			report->entries[kept++] = sorted[i].entry;
	}
	report->count = kept;
free:
	free(firsts);
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
	if (report->entries != &alone)
		free(report->entries);
	*report = (struct report){ 0 };
}
