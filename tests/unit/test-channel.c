/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between processes, also from a side that lies. */
#include "daemon/process/channel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static int open_pair(void **state)
{
	static int pair[2];

	*state = pair;
	return channel_pair(pair);
}

static int close_pair(void **state)
{
	const int *pair = *state;

	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void carries_text(void **state)
{
	const int *pair = *state;
	struct channel_message message;

	assert_int_equal(channel_receive(pair[0], &message), -EAGAIN);
	assert_int_equal(channel_send_text(pair[1], CHANNEL_LOG, 3, "hello"), 0);
	assert_int_equal(channel_send_text(pair[1], CHANNEL_PRINT, 0, ""), 0);
	assert_int_equal(channel_receive(pair[0], &message), 1);
	assert_int_equal(message.type, CHANNEL_LOG);
	assert_int_equal(message.value, 3);
	assert_string_equal(message.text, "hello");
	assert_int_equal(channel_receive(pair[0], &message), 1);
	assert_int_equal(message.type, CHANNEL_PRINT);
	assert_int_equal(message.text_len, 0);
	assert_int_equal(channel_receive(pair[0], &message), -EAGAIN);
}

static void cuts_long_text(void **state)
{
	const int *pair = *state;
	static char text[CHANNEL_TEXT_MAX * 2];
	struct channel_message message;

	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(channel_send_text(pair[1], CHANNEL_LOG, 0, text), 0);
	assert_int_equal(channel_receive(pair[0], &message), 1);
	assert_int_equal(message.text_len, CHANNEL_TEXT_MAX);
	assert_int_equal(strlen(message.text), CHANNEL_TEXT_MAX);
}

/* The length inside a message is not believed, nor that its text is terminated. */
static void believes_no_length(void **state)
{
	const int *pair = *state;
	struct channel_message message = { .type = CHANNEL_LOG, .text_len = UINT32_MAX };

	memcpy(message.text, "abc", 3);
	assert_int_equal(send(pair[1], &message, offsetof(struct channel_message, text) + 3, 0), offsetof(struct channel_message, text) + 3);
	memset(&message, 'z', sizeof(message));
	assert_int_equal(channel_receive(pair[0], &message), 1);
	assert_int_equal(message.text_len, 3);
	assert_string_equal(message.text, "abc");
}

static void refuses_a_stump(void **state)
{
	const int *pair = *state;
	struct channel_message message;

	assert_int_equal(send(pair[1], "abc", 3, 0), 3);
	assert_int_equal(channel_receive(pair[0], &message), -EBADMSG);
}

static void tells_the_end(void **state)
{
	int *pair = *state;
	struct channel_message message;

	assert_int_equal(channel_send_text(pair[1], CHANNEL_LOG, 0, "last words"), 0);
	close(pair[1]);
	pair[1] = dup(pair[0]);
	assert_int_equal(channel_receive(pair[0], &message), 1);
	assert_string_equal(message.text, "last words");
	assert_int_equal(channel_receive(pair[0], &message), 0);
	assert_int_equal(channel_send_text(pair[0], CHANNEL_STOP, 0, ""), -EPIPE);
}

/* A side that does not read must not make the other wait. */
static void never_waits(void **state)
{
	const int *pair = *state;
	int err = 0, sent = 0;

	while (err == 0 && sent < 1000000) {
		err = channel_send_text(pair[1], CHANNEL_LOG, 0, "line");
		sent++;
	}
	assert_int_equal(err, -EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(carries_text, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(cuts_long_text, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(believes_no_length, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(refuses_a_stump, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(tells_the_end, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(never_waits, open_pair, close_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
