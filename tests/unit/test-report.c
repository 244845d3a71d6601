/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_printed(const struct report *report, const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	report_print(report, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_forms(void **state)
{
	struct report report = { 0 };

	(void)state;
	report_add(&report, (struct place){ "a.yaml", 14, 12 }, "queue edge", "range: %d is above %d", 70000, 65531);
	report_add(&report, (struct place){ "a.yaml", 3, 1 }, NULL, "plain");
	report_add(&report, (struct place){ "a.yaml", 0, 0 }, "file", "whole");
	report_add(&report, (struct place){ NULL, 0, 0 }, NULL, "nowhere");
	assert_printed(&report, "a.yaml:14:12: queue edge: range: 70000 is above 65531\n"
				"a.yaml:3:1: plain\n"
				"a.yaml: file: whole\n"
				"nowhere\n");
	report_clear(&report);
	assert_int_equal(report.count, 0);
	report_clear(&report);
}

/* A value from a file must neither make a second line nor reach the terminal as an escape. */
static void test_one_line(void **state)
{
	struct report report = { 0 };

	(void)state;
	report_add(&report, (struct place){ "a", 1, 1 }, "a\nb", "c\r\n\td\033[31m\177 \303\266\302\233\302\240");
	assert_printed(&report, "a:1:1: a b: c   d?[31m? \303\266??\302\240\n");
	report_clear(&report);
}

static void test_sort(void **state)
{
	struct report report = { 0 };

	(void)state;
	report_sort(&report);
	report_add(&report, (struct place){ "z", 9, 1 }, NULL, "1");
	report_add(&report, (struct place){ "a", 2, 2 }, NULL, "2");
	report_add(&report, (struct place){ "z", 9, 1 }, NULL, "0");
	report_add(&report, (struct place){ "z", 1, 5 }, NULL, "3");
	report_add(&report, (struct place){ "z", 1, 4 }, NULL, "4");
	report_add(&report, (struct place){ "a", 2, 2 }, NULL, "2");
	report_add(&report, (struct place){ "z", 9, 1 }, NULL, "1");
	report_add(&report, (struct place){ "a", 0, 0 }, NULL, "5");
	report_sort(&report);
	assert_printed(&report, "z:1:4: 4\nz:1:5: 3\nz:9:1: 1\nz:9:1: 0\na: 5\na:2:2: 2\n");
	report_clear(&report);
}

/* The file's name is copied: whoever parsed the file may be gone when the report is printed. */
static void test_owns_names(void **state)
{
	struct report report = { 0 };
	char name[] = "first";

	(void)state;
	report_add(&report, (struct place){ name, 1, 1 }, NULL, "x");
	memcpy(name, "XXXXX", 5);
	assert_printed(&report, "first:1:1: x\n");
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_owns_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
