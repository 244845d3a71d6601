/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const headings[] = { "name", ">count", "state", NULL };

static char *printed(struct columns *columns, bool color)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	columns_end(columns, color, out);
	fclose(out);
	assert_null(columns->cells);
	return text;
}

static void test_alignment(void **state)
{
	struct columns columns;
	char *text;

	(void)state;
	columns_begin(&columns, headings);
	columns_add(&columns, PAINT_NONE, "edge");
	columns_add(&columns, PAINT_NONE, "%d", 1234567);
	columns_add(&columns, PAINT_NONE, "serves");
	columns_add(&columns, PAINT_NONE, "d\xc3\xa4nemark");
	columns_add(&columns, PAINT_NONE, "%d", 5);
	columns_add(&columns, PAINT_NONE, "x");
	text = printed(&columns, false);
	assert_string_equal(text, "name        count  state\n"
				  "edge      1234567  serves\n"
				  "d\xc3\xa4nemark        5  x\n");
	free(text);
}

/* What is painted takes the same room, and no text can drive a terminal. */
static void test_paint(void **state)
{
	struct columns columns;
	char *text;

	(void)state;
	columns_begin(&columns, headings);
	columns_add(&columns, PAINT_BAD, "a\033[2Jb");
	columns_add(&columns, PAINT_NONE, "1");
	columns_add(&columns, PAINT_GOOD, "well");
	text = printed(&columns, true);
	assert_string_equal(text, "\033[2mname\033[0m    \033[2mcount\033[0m  \033[2mstate\033[0m\n"
				  "\033[31ma?[2Jb\033[0m      1  \033[32mwell\033[0m\n");
	free(text);
}

static void test_empty(void **state)
{
	struct columns columns;
	char *text;

	(void)state;
	columns_begin(&columns, headings);
	text = printed(&columns, false);
	assert_string_equal(text, "name  count  state\n");
	free(text);
}

static void test_many(void **state)
{
	struct columns columns;
	char *text;
	size_t lines = 0;

	(void)state;
	columns_begin(&columns, headings);
	for (int i = 0; i < 3 * 10000; i++)
		columns_add(&columns, PAINT_NONE, "%d", i);
	text = printed(&columns, false);
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 10001);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_paint),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
