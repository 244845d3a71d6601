/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *print(const struct statistics_queue *queues, size_t count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	statistics_print(queues, count, out);
	fclose(out);
	return text;
}

static void one_queue(void **state)
{
	const struct statistics_queue queue = { .name = "edge", .number = 7, .seen = 100, .accepted = 50, .dropped = 20, .repeated = 10,
						.requeued = 20, .marked = 5, .rewritten = 6, .failed = 2, .lost = 3 };
	char *text = print(&queue, 1);

	(void)state;
	assert_string_equal(text,
			    "queue  number  seen  accepted  dropped  repeated  requeued  marked  rewritten  failed  lost\n"
			    "edge        7   100        50       20        10        20       5          6       2     3\n");
	free(text);
}

static void sums(void **state)
{
	static struct handler_counters filter[2] = {
		{ .seen = 10, .accepted = 1, .dropped = 2, .repeated = 1, .queued = 1, .continued = 5, .marked = 3,
		  .breaches = { 1, 0, 1 }, .own = { { "telnet", 2 }, { "dns", 3 } } },
		{ .seen = 5, .continued = 5, .breaches = { 0, 0, 0, 0, 1 }, .own = { { "dns", 4 }, { "new\nline", 1 } } },
	};
	static struct handler_counters edit = { .seen = 5, .accepted = 5, .rewritten = 4 };
	const struct statistics_handler first[] = { { "no-telnet", &filter[0] }, { "edit", &edit } };
	const struct statistics_handler second[] = { { "no-telnet", &filter[1] } };
	const struct statistics_queue queues[] = {
		{ .name = "edge", .number = 0, .seen = 10, .accepted = 10, .lost = 1, .handlers = first, .handler_count = 2 },
		{ .name = "edge", .number = 1, .seen = 5, .dropped = 5, .lost = 1, .handlers = second, .handler_count = 1 },
	};
	char *text;

	(void)state;
	memset(filter[1].own[2].name, 'x', HANDLER_COUNTER_NAME); /* a worker gone wild ends no name */
	filter[1].own[2].value = 9;
	text = print(queues, 2);
	assert_non_null(strstr(text, "edge        0    10        10        0         0         0       0          0       0     1\n"));
	assert_non_null(strstr(text, "total            15        10        5         0         0       0          0       0     2\n"));
	assert_non_null(strstr(text,
			       "handler    seen  accepted  dropped  repeated  requeued  continued  marked  rewritten  breaches\n"
			       "no-telnet    15         1        2         1         1         10       3          0         3\n"
			       "edit          5         5        0         0         0          0       0          4         0\n"));
	assert_non_null(strstr(text, "no-telnet  telnet "));
	assert_non_null(strstr(text, "no-telnet  dns "));
	assert_non_null(strstr(text, "      7\n"));
	assert_non_null(strstr(text, "no-telnet  new?line "));
	assert_non_null(strstr(text, "no-telnet  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx      9\n"));
	assert_null(strstr(text, "edit       telnet"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_queue),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
