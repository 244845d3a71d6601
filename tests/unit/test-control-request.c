/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct control_request read_good(const char *line)
{
	struct control_request request;
	char why[256] = "";

	if (control_request_read(&request, line, strlen(line), why, sizeof(why)))
		fail_msg("%s: %s", line, why);
	return request;
}

static void read_bad(const char *line, size_t len, const char *cause)
{
	struct control_request request;
	char why[256] = "";

	assert_int_equal(control_request_read(&request, line, len, why, sizeof(why)), -EINVAL);
	if (!strstr(why, cause))
		fail_msg("%s: \"%s\", expected \"%s\"", line, why, cause);
}

static void test_good(void **state)
{
	struct control_request request;

	(void)state;
	assert_int_equal(read_good("{\"command\": \"status\"}").command, CONTROL_STATUS);
	assert_int_equal(read_good(" { \"command\" : \"reload\" } ").command, CONTROL_RELOAD);
	assert_int_equal(read_good("{\"command\": \"stop\"}").command, CONTROL_STOP);
	assert_false(read_good("{\"command\": \"stats\"}").text);
	assert_true(read_good("{\"text\": true, \"command\": \"stats\"}").text);
	request = read_good("{\"command\": \"release\", \"queue\": \"edge\", \"handler\": \"dns\"}");
	assert_string_equal(request.queue, "edge");
	assert_string_equal(request.handler, "dns");
	assert_false(request.all);
	assert_true(read_good("{\"command\": \"release\", \"all\": true}").all);
	assert_string_equal(read_good("{\"command\": \"upgrade\", \"binary\": \"/usr/sbin/nfverdictd\"}").binary,
			    "/usr/sbin/nfverdictd");
	assert_string_equal(read_good("{\"command\": \"upgrade\"}").binary, "");
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *cause;
	} cases[] = {
		{ "", "no JSON object" },
		{ "nonsense", "no JSON object" },
		{ "[]", "no JSON object" },
		{ "[\"status\"]", "no JSON object" },
		{ "\"status\"", "no JSON object" },
		{ "{\"command\": \"status\"} {}", "no JSON object" },
		{ "{\"command\": \"status\", \"command\": \"stop\"}", "no JSON object" },
		{ "{\"command\": \"sta\\u0000tus\"}", "no JSON object" },
		{ "{\"command\": \"sta\xfftus\"}", "no JSON object" },
		{ "{}", "command: it is missing" },
		{ "{\"command\": 1}", "command: wanted a text" },
		{ "{\"command\": \"\"}", "there is no ''" },
		{ "{\"command\": \"statu\"}", "there is no 'statu'" },
		{ "{\"command\": \"status\", \"all\": true}", "status: there is no 'all'" },
		{ "{\"command\": \"status\", \"\": true}", "status: there is no ''" },
		{ "{\"command\": \"stats\", \"text\": 1}", "stats: text: wanted true or false" },
		{ "{\"command\": \"release\"}", "release: either a queue or all" },
		{ "{\"command\": \"release\", \"all\": true, \"queue\": \"edge\"}", "either a queue or all" },
		{ "{\"command\": \"release\", \"all\": false}", "either a queue or all" },
		{ "{\"command\": \"release\", \"all\": true, \"handler\": \"dns\"}", "handler: of which queue?" },
		{ "{\"command\": \"release\", \"queue\": 5}", "release: queue: wanted a text" },
		{ "{\"command\": \"release\", \"queue\": \"\"}", "release: queue: wanted a text" },
		{ "{\"command\": \"release\", \"queue\": \"12345678901234567890123456789012\"}", "32 bytes; at most 31" },
		{ "{\"command\": \"upgrade\", \"binary\": \"nfverdictd\"}", "'nfverdictd' is not an absolute path" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		read_bad(cases[i].line, strlen(cases[i].line), cases[i].cause);
	read_bad("{\"command\": \"status\"}\0", 22, "no JSON object");
}

static void test_deep(void **state)
{
	enum { DEPTH = 60000 };
	char *line = malloc(DEPTH);

	(void)state;
	assert_non_null(line);
	memset(line, '[', DEPTH);
	read_bad(line, DEPTH, "no JSON object");
	free(line);
}

static void test_there_and_back(void **state)
{
	static const char *const lines[] = {
		"{\"command\":\"status\"}",
		"{\"command\":\"stats\",\"text\":true}",
		"{\"command\":\"release\",\"all\":true}",
		"{\"command\":\"release\",\"queue\":\"edge\",\"handler\":\"d\\\"ns\"}",
		"{\"command\":\"upgrade\",\"binary\":\"/opt/\xc3\xa4\"}",
	};
	struct control_request request = { .command = CONTROL_RELEASE, .queue = "\xff" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *printed;

		request = read_good(lines[i]);
		printed = control_request_print(&request);
		assert_string_equal(printed, lines[i]);
		free(printed);
	}
	request = (struct control_request){ .command = CONTROL_RELEASE, .queue = "\xff" };
	assert_null(control_request_print(&request));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
