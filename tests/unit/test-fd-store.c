/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/fd-store.h"
#include "daemon/process/notify.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* Descriptors from 3 on are what a manager gives; those of the test must not be there. */
static int given[3];

static void give(const char *pid, const char *count, const char *names)
{
	char own[16];

	snprintf(own, sizeof(own), "%d", (int)getpid());
	setenv("LISTEN_PID", pid ? pid : own, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	for (int i = 0; i < 3; i++) {
		int fd = open("/dev/null", O_RDONLY);

		given[i] = dup2(fd, 3 + i);
		if (fd != 3 + i)
			close(fd);
	}
	fd_store_inherit();
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_FDNAMES"));
}

static void what_is_given(void **state)
{
	(void)state;
	give(NULL, "3", "nfv-queue-7:odd:nfv-queue-65535");
	assert_int_equal(fd_store_count(), 3);
	assert_int_equal(fd_store_take(8), -1);
	assert_int_equal(fd_store_take(7), 3);
	assert_true(fcntl(3, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fd_store_take(7), -1);
	assert_int_equal(fd_store_take(65535), 5);
	fd_store_close_rest();
	assert_int_equal(fcntl(4, F_GETFD), -1);
	assert_int_equal(fd_store_count(), 0);
	close(3);
	close(5);
}

static void what_is_for_others(void **state)
{
	(void)state;
	give("1", "3", "nfv-queue-7:a:b");
	assert_int_equal(fd_store_count(), 0);
	give(NULL, "0", "");
	assert_int_equal(fd_store_count(), 0);
	give(NULL, "-1", "nfv-queue-7");
	assert_int_equal(fd_store_count(), 0);
	give(NULL, "3x", "nfv-queue-7");
	assert_int_equal(fd_store_count(), 0);
	give(NULL, "65537", "nfv-queue-7");
	assert_int_equal(fd_store_count(), 0);
	assert_int_equal(fd_store_take(7), -1);
}

static void names_that_are_none(void **state)
{
	(void)state;
	give(NULL, "3", "nfv-queue-65536:nfv-queue--1:nfv-queue-");
	assert_int_equal(fd_store_count(), 3);
	assert_int_equal(fd_store_take(0), -1);
	assert_int_equal(fd_store_take(1), -1);
	fd_store_close_rest();
	give(NULL, "3", "nfv-queue-1"); /* fewer names than descriptors */
	assert_int_equal(fd_store_take(1), 3);
	fd_store_close_rest();
	assert_int_equal(fcntl(5, F_GETFD), -1);
	close(3);
}

/* What the manager gets: the words, and a descriptor of the same file. */
static void what_is_put(void **state)
{
	const char name[] = "@nfv-test-fd-store";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[256] = "", control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), file = open("/dev/zero", O_RDONLY), got;
	struct stat one, other;

	(void)state;
	memcpy(address.sun_path + 1, name + 1, sizeof(name) - 2);
	assert_int_equal(bind(manager, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(fd_store_put(12, file), 0);
	assert_true(recvmsg(manager, &message, 0) > 0);
	assert_string_equal(text, "FDSTORE=1\nFDNAME=nfv-queue-12\nFDPOLL=0");
	assert_non_null(CMSG_FIRSTHDR(&message));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(got));
	assert_int_equal(fstat(file, &one) | fstat(got, &other), 0);
	assert_true(one.st_rdev == other.st_rdev && one.st_ino == other.st_ino);
	memset(text, 0, sizeof(text));
	fd_store_remove(12);
	assert_true(recv(manager, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=nfv-queue-12");
	unsetenv("NOTIFY_SOCKET");
	close(got);
	close(file);
	close(manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given),
		cmocka_unit_test(what_is_for_others),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(what_is_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
