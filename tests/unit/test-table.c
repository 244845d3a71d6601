/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char printed[4096];

static const char *print(struct table *table)
{
	FILE *out = fmemopen(printed, sizeof(printed), "w");

	table_print(table, out);
	fclose(out);
	table_clear(table);
	return printed;
}

static void alignment(void **state)
{
	static const char *const headings[] = { "queue", "seen", "note", NULL };
	struct table table;

	(void)state;
	table_begin(&table, headings);
	table_text(&table, "edge");
	table_number(&table, 18446744073709551615u);
	table_text(&table, "%d of %d", 1, 2);
	table_text(&table, "a-long-name");
	table_number(&table, 0);
	table_text(&table, "x");
	assert_string_equal(print(&table), "queue                        seen  note\n"
					   "edge         18446744073709551615  1 of 2\n"
					   "a-long-name                     0  x\n");
}

static void odd_cells(void **state)
{
	static const char *const headings[] = { "a", "b", NULL };
	struct table table;

	(void)state;
	table_begin(&table, headings);
	assert_string_equal(print(&table), "a  b\n");

	table_begin(&table, headings);
	table_text(&table, "caf\xc3\xa9\x1b[2J\n");
	table_number(&table, 7);
	table_text(&table, "%s", "");
	table_number(&table, 12);
	table_text(&table, "half a row");
	assert_string_equal(print(&table), "a            b\n"
					   "caf\xc3\xa9?[2J?    7\n"
					   "            12\n"
					   "half a row\n");
	table_clear(&(struct table){ 0 });
}

/* More cells than the first allocation holds, each in its place. */
static void many_rows(void **state)
{
	static const char *const headings[] = { "n", "square", NULL };
	struct table table;
	size_t size = 0;
	char *text = NULL, *line;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	table_begin(&table, headings);
	for (unsigned i = 0; i < 300; i++) {
		table_number(&table, i);
		table_number(&table, (uint64_t)i * i);
	}
	table_print(&table, out);
	fclose(out);
	table_clear(&table);
	line = strtok(text, "\n");
	assert_string_equal(line, "  n  square");
	for (unsigned i = 0; i < 300; i++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "%3u  %6u", i, i * i);
		line = strtok(NULL, "\n");
		assert_non_null(line);
		assert_string_equal(line, wanted);
	}
	assert_null(strtok(NULL, "\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alignment),
		cmocka_unit_test(odd_cells),
		cmocka_unit_test(many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
