/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command's end, against a child that answers with fixed bytes. */
#include "daemon/control/control-client.h"

#include "tests/unit/control-bench.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* Listens, takes one connection, reads a line, sends the text, and waits or ends. */
static pid_t serve(const char *text, bool stays)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client;
	char request[4096];
	size_t len = 0;
	pid_t pid;

	strcpy(address.sun_path, bench_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	client = accept(fd, NULL, NULL);
	while (len == 0 || request[len - 1] != '\n') {
		ssize_t n = recv(client, request + len, sizeof(request) - len, 0);

		if (n <= 0)
			_exit(1);
		len += (size_t)n;
	}
	for (len = 0; len < strlen(text);) {
		ssize_t n = send(client, text + len, strlen(text) - len < 7 ? strlen(text) - len : 7, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(1);
		len += (size_t)n;
	}
	if (stays)
		pause();
	_exit(0);
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(bench_socket);
}

static void collect(void *context, json_t *line)
{
	json_array_append(context, line);
}

static int ask(struct control_answer *answer, json_t *lines)
{
	const struct control_request request = { .command = CONTROL_STATUS };

	return control_client_ask(bench_socket, &request, 1, collect, lines, answer);
}

static void test_answer(void **state)
{
	pid_t pid = serve("{\"a\": 1}\n{\"a\": 2}\n{\"done\": true, \"exit\": 1}\n", true);
	json_t *lines = json_array();
	struct control_answer answer;

	(void)state;
	assert_int_equal(ask(&answer, lines), 0);
	assert_true(answer.done);
	assert_int_equal(answer.exit, 1);
	assert_int_equal(json_array_size(lines), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, 1), "a")), 2);
	json_decref(lines);
	stop(pid);
}

static void test_refused(void **state)
{
	pid_t pid = serve("{\"done\": false, \"error\": \"no\", \"exit\": 2}\n", true);
	struct control_answer answer;

	(void)state;
	assert_int_equal(ask(&answer, NULL), 0);
	assert_false(answer.done);
	assert_int_equal(answer.exit, 2);
	assert_string_equal(answer.why, "no");
	stop(pid);
}

static void expect(const char *text, bool stays, int err, const char *cause)
{
	pid_t pid = serve(text, stays);
	json_t *lines = json_array();
	struct control_answer answer;

	assert_int_equal(ask(&answer, lines), err);
	assert_int_equal(answer.exit, CONTROL_UNREACHABLE);
	if (!strstr(answer.why, cause))
		fail_msg("\"%s\", expected \"%s\"", answer.why, cause);
	json_decref(lines);
	stop(pid);
}

static void test_broken(void **state)
{
	(void)state;
	expect("", false, -ECONNRESET, "ended the connection");
	expect("{\"a\": 1}\n{\"b\"", false, -ECONNRESET, "ended the connection");
	expect("hello\n", true, -EPROTO, "not one of nfverdictd");
	expect("[]\n", true, -EPROTO, "not one of nfverdictd");
	expect("{\"a\": 1}\n", true, -ETIMEDOUT, "does not answer");
}

static void test_nobody(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct control_answer answer;

	(void)state;
	assert_int_equal(ask(&answer, NULL), -ENOENT);
	assert_int_equal(answer.exit, CONTROL_UNREACHABLE);
	assert_non_null(strstr(answer.why, "control.sock: no nfverdictd listens there"));
	strcpy(address.sun_path, bench_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(ask(&answer, NULL), -ECONNREFUSED);
	close(fd);
	unlink(bench_socket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answer, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_refused, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_broken, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_nobody, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
