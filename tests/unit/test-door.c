/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/door.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The names of doors are the network namespace's: one that no test's daemon has. */
static uint16_t number(void)
{
	static uint16_t chosen;

	if (chosen == 0)
		chosen = (uint16_t)(40000 + getpid() % 20000);
	return chosen;
}

static void nobody_is_there(void **state)
{
	int channel = -1;

	(void)state;
	assert_int_equal(door_knock(number(), &channel), -ECONNREFUSED);
	assert_int_equal(channel, -1);
}

static void one_has_it(void **state)
{
	int door = door_open(number());

	(void)state;
	assert_true(door >= 0);
	assert_int_equal(door_open(number()), -EADDRINUSE);
	assert_int_equal(door_next(door, 0), -EAGAIN);
	close(door);
}

static void taken(void **state)
{
	int door = door_open(number()), channel, other;
	struct door_answer answer;

	(void)state;
	assert_int_equal(door_knock(number(), &channel), 0);
	other = door_next(door, getuid());
	assert_true(other >= 0);
	assert_int_equal(door_say_taken(other, 4711), 0);
	assert_int_equal(door_wait(channel, 1000, &answer), 0);
	assert_int_equal(answer.taken, 4711);
	assert_int_equal(answer.fd_count, 0);
	door_answer_free(&answer);
	close(other);
	close(channel);
	close(door);
}

static void handed_over(void **state)
{
	char *text = malloc(DOOR_TEXT_MAX);
	int door = door_open(number()), channel, other, fds[2];
	struct door_answer answer;
	struct stat sent, got;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', DOOR_TEXT_MAX);
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[1] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(door_knock(number(), &channel), 0);
	other = door_next(door, getuid());
	assert_true(other >= 0);
	assert_int_equal(door_hand_over(other, text, DOOR_TEXT_MAX, fds, 2), 0);
	assert_int_equal(door_wait(channel, 1000, &answer), 0);
	assert_int_equal(answer.taken, 0);
	assert_int_equal(answer.worker, getpid());
	assert_int_equal(strlen(answer.text), DOOR_TEXT_MAX);
	assert_int_equal(answer.fd_count, 2);
	assert_true(fcntl(answer.fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(fds[1], &sent) | fstat(answer.fds[1], &got), 0);
	assert_true(sent.st_rdev == got.st_rdev);
	door_answer_free(&answer);
	assert_int_equal(door_hand_over(other, text, DOOR_TEXT_MAX + 1, fds, 2), -E2BIG);
	close(fds[0]);
	close(fds[1]);
	close(other);
	close(channel);
	close(door);
	free(text);
}

static void no_answer(void **state)
{
	int door = door_open(number()), channel, other;
	struct door_answer answer;

	(void)state;
	assert_int_equal(door_knock(number(), &channel), 0);
	assert_int_equal(door_wait(channel, 10, &answer), -ETIMEDOUT);
	other = door_next(door, getuid());
	close(other); /* whoever was asked has died */
	assert_int_equal(door_wait(channel, 1000, &answer), -ECONNRESET);
	close(channel);
	close(door);
}

/* What is no answer is refused, and what came with it is closed. */
static void nonsense(void **state)
{
	int door = door_open(number()), channel, other;
	struct door_answer answer;

	(void)state;
	assert_int_equal(door_knock(number(), &channel), 0);
	other = door_next(door, getuid());
	assert_int_equal(send(other, "what?", 5, 0), 5);
	assert_int_equal(door_wait(channel, 1000, &answer), -EBADMSG);
	close(other);
	close(channel);
	close(door);
}

static void send_to_door(const void *bytes, size_t len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int name = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "nfverdict-queue-%u", number());
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)name)), len);
	close(fd);
}

static void knocks_that_are_none(void **state)
{
	const uint32_t knock[2] = { 0x6e667664, 1 }; /* without a channel */
	int door = door_open(number()), channel, other;

	(void)state;
	send_to_door("hello", 5);
	send_to_door(knock, sizeof(knock));
	send_to_door("0123456789abcdef", 16);
	assert_int_equal(door_next(door, getuid()), -EAGAIN);
	send_to_door("hello", 5);
	assert_int_equal(door_knock(number(), &channel), 0);
	other = door_next(door, getuid());
	assert_true(other >= 0);
	close(other);
	close(channel);
	close(door);
}

/* Another user knocks in vain. Who is not root cannot try. */
static void others_may_not(void **state)
{
	int door = door_open(number()), status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		int channel;

		if (getuid() == 0 && (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
			_exit(77);
		_exit(door_knock(number(), &channel) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		assert_int_equal(door_next(door, getuid() == 0 ? 0 : getuid() + 1), -EAGAIN);
	else
		assert_int_equal(WEXITSTATUS(status), 77);
	close(door);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(one_has_it),
		cmocka_unit_test(taken),
		cmocka_unit_test(handed_over),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(knocks_that_are_none),
		cmocka_unit_test(others_may_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
