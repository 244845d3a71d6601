/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log server that is there, that does not read, that comes back, that has streams. An alarm ends the test if a call waits. */
#include "daemon/process/syslog-socket.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

static char folder[] = "/tmp/nfv-test-syslog.XXXXXX";
static char path[64];

static int serve(int kind)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, kind, 0);

	strcpy(address.sun_path, path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (kind == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* The next message, or "". */
static const char *next(int fd)
{
	static char text[4096];
	ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[got > 0 ? got : 0] = '\0';
	return text;
}

static void assert_line(const char *text, const char *end)
{
	char pattern[256];
	regex_t regex;

	snprintf(pattern, sizeof(pattern), "^<28>[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} ident\\[%d\\]: %s$", (int)getpid(), end);
	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" is not %s", text, pattern);
	regfree(&regex);
}

static void lines(void **state)
{
	struct syslog_socket s;
	int server = serve(SOCK_DGRAM);

	(void)state;
	assert_int_equal(LOG_DAEMON | LOG_WARNING, 28);
	syslog_socket_open(&s, path);
	syslog_socket_line(&s, LOG_WARNING, "ident", "a text");
	assert_line(next(server), "a text");
	/* Another server under the same name. */
	close(server);
	server = serve(SOCK_DGRAM);
	syslog_socket_line(&s, LOG_WARNING, "ident", "another");
	assert_line(next(server), "another");
	syslog_socket_close(&s);
	syslog_socket_close(&s);
	close(server);
}

static void no_reader(void **state)
{
	struct syslog_socket s;
	int server = serve(SOCK_DGRAM);
	char number[16], told[64];
	unsigned kept = 0;
	uint64_t lost;

	(void)state;
	syslog_socket_open(&s, path);
	alarm(10);
	for (int i = 0; i < 5000; i++) {
		snprintf(number, sizeof(number), "%d", i);
		syslog_socket_line(&s, LOG_WARNING, "ident", number);
	}
	alarm(0);
	lost = s.lost;
	assert_true(lost > 0);
	for (; kept < 5000 - lost; kept++) {
		snprintf(number, sizeof(number), "%u", kept);
		assert_line(next(server), number);
	}
	assert_string_equal(next(server), "");
	syslog_socket_line(&s, LOG_WARNING, "ident", "again");
	snprintf(told, sizeof(told), "%llu log lines lost", (unsigned long long)lost);
	assert_line(next(server), told);
	assert_line(next(server), "again");
	syslog_socket_close(&s);
	close(server);
}

/* A burst is longer than the queue of the socket; a server that reads gets all of it. */
static void burst(void **state)
{
	struct syslog_socket s;
	int server = serve(SOCK_DGRAM), status;
	char text[512];
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		alarm(20);
		for (int i = 0; i < 3000; i++)
			if (recv(server, text, sizeof(text), 0) <= 0)
				_exit(1);
		_exit(0);
	}
	syslog_socket_open(&s, path);
	for (int i = 0; i < 3000; i++)
		syslog_socket_line(&s, LOG_WARNING, "ident", "one of many");
	assert_int_equal(s.lost, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	syslog_socket_close(&s);
	close(server);
}

static void no_server(void **state)
{
	struct syslog_socket s;
	int server;

	(void)state;
	unlink(path);
	syslog_socket_open(&s, path);
	syslog_socket_line(&s, LOG_WARNING, "ident", "nobody hears it");
	assert_int_equal(s.lost, 1);
	server = serve(SOCK_DGRAM);
	syslog_socket_line(&s, LOG_WARNING, "ident", "somebody");
	assert_line(next(server), "1 log lines lost");
	assert_line(next(server), "somebody");
	syslog_socket_close(&s);
	close(server);
}

static void stream(void **state)
{
	struct syslog_socket s;
	int server = serve(SOCK_STREAM), connection;
	const char *text;

	(void)state;
	syslog_socket_open(&s, path);
	connection = accept(server, NULL, NULL);
	assert_true(connection >= 0);
	syslog_socket_line(&s, LOG_WARNING, "ident", "one");
	syslog_socket_line(&s, LOG_WARNING, "ident", "two");
	text = next(connection);
	assert_line(text, "one");
	assert_line(text + strlen(text) + 1, "two");
	syslog_socket_close(&s);
	close(connection);
	close(server);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(no_reader),
		cmocka_unit_test(burst),
		cmocka_unit_test(no_server),
		cmocka_unit_test(stream),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
