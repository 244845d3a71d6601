/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

/* A service manager's socket at a name as NOTIFY_SOCKET has it. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	size_t len = strlen(name);

	assert_true(fd >= 0 && len < sizeof(address.sun_path));
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] != '@'))), 0);
	return fd;
}

static void check_delivery(const char *name)
{
	static const char sent[] = "READY=1\nSTATUS=2 queues";
	char text[128] = { 0 };
	int fd = listen_at(name);

	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_send(sent), 0);
	assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), sizeof(sent) - 1);
	assert_string_equal(text, sent);
	close(fd);
}

static void by_path(void **state)
{
	char folder[] = "/tmp/nfv-test-notify-XXXXXX", name[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/socket", folder);
	check_delivery(name);
	assert_int_equal(notify_send("STOPPING=1"), -ECONNREFUSED); /* the file is there, the listener is not */
	unlink(name);
	assert_int_equal(notify_send("STOPPING=1"), -ENOENT);
	rmdir(folder);
}

static void abstract(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@nfv-test-notify-%d", (int)getpid());
	check_delivery(name);
}

static void nobody_listens(void **state)
{
	char name[256];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_send("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(notify_send("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	assert_int_equal(notify_send("READY=1"), -EAFNOSUPPORT);
	setenv("NOTIFY_SOCKET", "@", 1);
	assert_int_equal(notify_send("READY=1"), -EAFNOSUPPORT);
	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_send("READY=1"), -ENAMETOOLONG);
}

/* Once it has no room for more words, one gives up; to wait for ever would hang here. */
static void nobody_reads(void **state)
{
	char name[64];
	int fd, err = 0;

	(void)state;
	snprintf(name, sizeof(name), "@nfv-test-notify-full-%d", (int)getpid());
	fd = listen_at(name);
	setenv("NOTIFY_SOCKET", name, 1);
	for (int i = 0; !err && i < 100000; i++)
		err = notify_send("STATUS=2 queues");
	assert_int_equal(err, -EAGAIN);
	close(fd);
}

static void wanted(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_false(notify_wanted());
	setenv("NOTIFY_SOCKET", "", 1);
	assert_false(notify_wanted());
	setenv("NOTIFY_SOCKET", "/somewhere", 1);
	assert_true(notify_wanted());
}

static void forgotten(void **state)
{
	(void)state;
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	setenv("WATCHDOG_USEC", "1", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_forget();
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_path),
		cmocka_unit_test(abstract),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(wanted),
		cmocka_unit_test(forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
