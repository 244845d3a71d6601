/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check finds goes over a channel: what arrives is what was sent, and odd messages do no harm. */
#include "daemon/process/placed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];

static int open_pair(void **state)
{
	(void)state;
	return channel_pair(pair);
}

static int close_pair(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void sends_a_report(void **state)
{
	const struct place place = { .file = "a.yaml", .line = 14, .column = 12 };
	const struct place whole = { .file = "b.yaml" };
	struct report sent = { 0 }, got = { 0 };
	struct channel_message message;

	(void)state;
	report_add(&sent, place, "queue edge", "range: %d is above 65531", 70000);
	report_add(&sent, whole, NULL, "No such file or directory");
	assert_int_equal(placed_send_report(pair[1], &sent), 0);
	while (channel_receive(pair[0], &message) == 1) {
		assert_int_equal(message.type, CHANNEL_MISTAKE);
		placed_take(&got, &message, "");
	}
	assert_int_equal(got.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(got.entries[i].file, sent.entries[i].file);
		assert_string_equal(got.entries[i].text, sent.entries[i].text);
		assert_int_equal(got.entries[i].line, sent.entries[i].line);
		assert_int_equal(got.entries[i].column, sent.entries[i].column);
	}
	report_clear(&sent);
	report_clear(&got);
}

/* A text that is too long is cut; the place stays. */
static void cuts_what_is_too_long(void **state)
{
	const struct place place = { .file = "a.yaml", .line = 1, .column = 2 };
	char *text = calloc(1, 2 * CHANNEL_TEXT_MAX);
	struct channel_message message = { .type = CHANNEL_STEP };
	struct report got = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 2 * CHANNEL_TEXT_MAX - 1);
	assert_int_equal(placed_send(pair[1], &message, place, text), 0);
	assert_int_equal(channel_receive(pair[0], &message), 1);
	placed_take(&got, &message, ": a cause");
	assert_int_equal(got.count, 1);
	assert_string_equal(got.entries[0].file, "a.yaml");
	assert_int_equal(strspn(got.entries[0].text, "x"), CHANNEL_TEXT_MAX - strlen("a.yaml") - 1);
	assert_non_null(strstr(got.entries[0].text, "x: a cause"));
	report_clear(&got);
	free(text);
}

/* Of a child that is not itself any more. */
static void leaves_out_what_names_nothing(void **state)
{
	struct channel_message message = { .type = CHANNEL_MISTAKE, .value = UINT32_MAX, .extra = UINT32_MAX };
	struct report got = { 0 };

	(void)state;
	placed_take(&got, &message, "");
	assert_int_equal(got.count, 0);
	memset(message.text, 'f', CHANNEL_TEXT_MAX);
	message.text_len = CHANNEL_TEXT_MAX;
	placed_take(&got, &message, "");
	assert_int_equal(got.count, 0);
	/* A place and no words: the cause alone. The receiver ends each text. */
	message.text[3] = message.text[4] = '\0';
	message.text_len = 4;
	placed_take(&got, &message, "cause");
	assert_int_equal(got.count, 1);
	assert_string_equal(got.entries[0].file, "fff");
	assert_string_equal(got.entries[0].text, "cause");
	report_clear(&got);
}

/* What is of no entry of the plan may come from a child that is not itself any more. */
static void takes_needs(void **state)
{
	struct config config = { .queue_count = 2 };
	struct plan_needs needs[2] = { 0 };
	struct plan plan = { .config = &config, .needs = needs };
	const struct plan_needs sent = { .known = true, .bytes = 128, .metadata = 5, .may = 3 };
	struct channel_message message;

	(void)state;
	for (uint32_t queue = 1; queue < 4; queue++) {
		assert_int_equal(placed_send_needs(pair[1], queue, &sent), 0);
		assert_int_equal(channel_receive(pair[0], &message), 1);
		assert_int_equal(message.type, CHANNEL_NEEDS);
		placed_take_needs(&plan, &message);
	}
	assert_false(needs[0].known);
	assert_true(needs[1].known);
	assert_int_equal(needs[1].bytes, sent.bytes);
	assert_int_equal(needs[1].metadata, sent.metadata);
	assert_int_equal(needs[1].may, sent.may);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sends_a_report, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(cuts_what_is_too_long, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(leaves_out_what_names_nothing, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(takes_needs, open_pair, close_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
