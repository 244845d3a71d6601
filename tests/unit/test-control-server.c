/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server under clients of every kind, in one thread: turns are run until there is nothing to do. */
#include "daemon/control/control-server.h"

#include "tests/unit/control-bench.h"

#include <poll.h>
#include <time.h>

#define LONG_LINES 100000

static struct {
	struct control_server *server;
	struct control_request request; /* the last one */
	uint64_t client;                /* who asked */
	unsigned requests, logged;
	uint64_t lines;                 /* that a stream was asked for */
	bool at_once;                   /* the answer is given in the call */
} bench;

static void on_request(void *context, uint64_t client, const struct control_request *request)
{
	assert_ptr_equal(context, &bench);
	bench.request = *request;
	bench.client = client;
	bench.requests++;
	if (bench.at_once)
		control_server_done(bench.server, client, CONTROL_WELL);
}

static void on_log(void *context, const char *text)
{
	assert_ptr_equal(context, &bench);
	assert_non_null(strstr(text, "control socket: "));
	bench.logged++;
}

static int begin_with(void **state, unsigned patience_ms)
{
	const struct control_calls calls = {
		.commands = 1u << CONTROL_STATUS | 1u << CONTROL_STATS | 1u << CONTROL_RELOAD,
		.request = on_request,
		.log = on_log,
		.context = &bench,
		.patience_ms = patience_ms,
	};
	char why[256];

	memset(&bench, 0, sizeof(bench));
	if (bench_begin(state))
		return -1;
	return control_server_open(&bench.server, bench_socket, &calls, why, sizeof(why));
}

/* On a busy machine a test may stand still for a while: nobody is dropped for that. */
static int begin(void **state)
{
	return begin_with(state, 60000);
}

static int begin_impatient(void **state)
{
	return begin_with(state, 100);
}

static int end(void **state)
{
	control_server_close(bench.server);
	return bench_end(state);
}

static bool can_turn(int wait_ms)
{
	struct pollfd fd = { .fd = control_server_fd(bench.server), .events = POLLIN };

	return poll(&fd, 1, wait_ms) == 1;
}

/* All there is to do now. */
static void turn(void)
{
	for (int i = 0; i < 1000 && can_turn(0); i++)
		control_server_turn(bench.server);
}

/* Until the other end was closed by the server, or `ms` are over. */
static bool closed_within(int fd, int ms)
{
	struct pollfd client = { .fd = fd, .events = POLLRDHUP };

	for (int i = 0; i < ms / 10; i++) {
		if (can_turn(10))
			control_server_turn(bench.server);
		if (poll(&client, 1, 0) == 1)
			return true;
	}
	return false;
}

static void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What has come; the other end is closed, if `whole`. */
static char *got(int fd, bool whole)
{
	static char text[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, text + len, sizeof(text) - 1 - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	assert_int_equal(n, whole ? 0 : -1);
	text[len] = '\0';
	return text;
}

static int ask(const char *line)
{
	int fd = bench_connect();

	put(fd, line);
	turn();
	return fd;
}

static void test_answer(void **state)
{
	int fd = ask("{\"command\": \"reload\"}\n");

	(void)state;
	assert_int_equal(bench.requests, 1);
	assert_int_equal(bench.request.command, CONTROL_RELOAD);
	assert_string_equal(got(fd, false), "");
	control_server_say(bench.server, bench.client, json_pack("{s:s}", "mistake", "a"));
	control_server_say(bench.server, bench.client, json_pack("{s:s}", "mistake", "b"));
	assert_string_equal(got(fd, false), "{\"mistake\":\"a\"}\n{\"mistake\":\"b\"}\n");
	control_server_done(bench.server, bench.client, CONTROL_WRONG);
	assert_string_equal(got(fd, true), "{\"done\":true,\"exit\":1}\n");
	close(fd);
	control_server_done(bench.server, bench.client, CONTROL_WRONG); /* it is gone: nothing happens */
	control_server_say(bench.server, bench.client, json_object());
}

static void test_pieces(void **state)
{
	static const char line[] = "{\"command\": \"status\"}\n";
	int fd = bench_connect();

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(line); i++) {
		assert_int_equal(bench.requests, 0);
		assert_int_equal(send(fd, line + i, 1, 0), 1);
		turn();
	}
	assert_int_equal(bench.requests, 1);
	close(fd);
	turn();
	control_server_refuse(bench.server, bench.client, 1, "too late");
}

/* The end of the input is not the end of the connection. */
static void test_half_closed(void **state)
{
	int fd = bench_connect();

	(void)state;
	put(fd, "{\"command\": \"status\"}\n");
	shutdown(fd, SHUT_WR);
	turn();
	control_server_done(bench.server, bench.client, CONTROL_WELL);
	assert_string_equal(got(fd, true), "{\"done\":true,\"exit\":0}\n");
	close(fd);
}

static void expect_refusal(int fd, const char *cause)
{
	char *text = got(fd, true);

	if (strncmp(text, "{\"done\":false,\"error\":\"", 23) != 0 || !strstr(text, cause) ||
	    !strstr(text, ",\"exit\":2}\n"))
		fail_msg("\"%s\", expected \"%s\"", text, cause);
	close(fd);
}

static void test_garbage(void **state)
{
	char *long_line = malloc(CONTROL_REQUEST_MAX + 1);
	int fd;

	(void)state;
	expect_refusal(ask("GET / HTTP/1.1\n"), "no JSON object");
	expect_refusal(ask("\n"), "no JSON object");
	expect_refusal(ask("{\"command\": \"dance\"}\n"), "there is no 'dance'");
	expect_refusal(ask("{\"command\": \"stop\"}\n"), "has no command 'stop'");
	fd = bench_connect();
	put(fd, "{\"command\": \"sta");
	shutdown(fd, SHUT_WR);
	turn();
	expect_refusal(fd, "before its end of line");
	memset(long_line, ' ', CONTROL_REQUEST_MAX);
	long_line[CONTROL_REQUEST_MAX] = '\0';
	expect_refusal(ask(long_line), "too long");
	/* The longest that is taken. */
	memcpy(long_line, "{\"command\": \"status\"}", 21);
	long_line[CONTROL_REQUEST_MAX - 1] = '\n';
	fd = ask(long_line);
	assert_int_equal(bench.requests, 1);
	close(fd);
	free(long_line);
	assert_int_equal(bench.requests, 1);
}

static json_t *next_line(void *context, uint64_t *cursor, int *exit)
{
	assert_ptr_equal(context, &bench);
	if (*cursor == LONG_LINES) {
		*exit = CONTROL_WELL;
		return NULL;
	}
	bench.lines++;
	return json_pack("{s:I, s:s}", "line", (json_int_t)(*cursor)++, "text", "forty bytes that make the answer long");
}

static void test_stream(void **state)
{
	int fd = ask("{\"command\": \"stats\"}\n");
	FILE *in = fdopen(fd, "r");
	char line[256], wanted[32];
	uint64_t count = 0;

	(void)state;
	control_server_stream(bench.server, bench.client, next_line, &bench);
	for (; count < LONG_LINES; count++) {
		turn();
		assert_non_null(fgets(line, sizeof(line), in));
		snprintf(wanted, sizeof(wanted), "{\"line\":%llu,", (unsigned long long)count);
		assert_memory_equal(line, wanted, strlen(wanted));
	}
	turn();
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "{\"done\":true,\"exit\":0}\n");
	assert_null(fgets(line, sizeof(line), in));
	fclose(in);
}

/* Who does not read costs a bounded number of lines, and is dropped. */
static void test_never_reads(void **state)
{
	int fd = ask("{\"command\": \"stats\"}\n"), other;

	(void)state;
	control_server_stream(bench.server, bench.client, next_line, &bench);
	turn();
	assert_in_range(bench.lines, 100, 20000);
	other = ask("{\"command\": \"status\"}\n");
	assert_int_equal(bench.requests, 2);
	control_server_done(bench.server, bench.client, CONTROL_WELL);
	assert_string_equal(got(other, true), "{\"done\":true,\"exit\":0}\n");
	close(other);
	assert_true(closed_within(fd, 3000));
	assert_int_equal(bench.logged, 1);
	close(fd);
}

static void test_never_sends(void **state)
{
	int fd = ask("{\"command\"");

	(void)state;
	assert_true(closed_within(fd, 3000));
	assert_int_equal(bench.logged, 1);
	assert_string_equal(got(fd, true), "");
	close(fd);
}

/* Whose request takes long is not dropped, and it costs no turns. */
static void test_long_work(void **state)
{
	int fd = ask("{\"command\": \"reload\"}\n");

	(void)state;
	assert_false(closed_within(fd, 1000));
	control_server_done(bench.server, bench.client, CONTROL_WELL);
	assert_string_equal(got(fd, true), "{\"done\":true,\"exit\":0}\n");
	close(fd);
	while (can_turn(600)) /* the clock's last tick; then it stands */
		control_server_turn(bench.server);
}

static void test_many(void **state)
{
	int fds[CONTROL_CLIENTS + 4];

	(void)state;
	for (size_t i = 0; i < CONTROL_CLIENTS + 4; i++)
		fds[i] = ask("{\"command\": \"reload\"}\n");
	assert_int_equal(bench.requests, CONTROL_CLIENTS);
	for (size_t i = CONTROL_CLIENTS; i < CONTROL_CLIENTS + 4; i++) {
		char text[256];

		assert_in_range(recv(fds[i], text, sizeof(text), 0), 1, sizeof(text)); /* the request was not read */
		assert_memory_equal(text, "{\"done\":false,\"error\":\"too many ask", 34);
		close(fds[i]);
	}
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		close(fds[i]);
	turn();
	bench.at_once = true;
	for (size_t i = 0; i < 1000; i++) {
		int fd = ask("{\"command\": \"status\"}\n");

		assert_string_equal(got(fd, true), "{\"done\":true,\"exit\":0}\n");
		close(fd);
	}
	assert_int_equal(bench.requests, CONTROL_CLIENTS + 1000);
}

/* One that another process goes on with. */
static void test_detach(void **state)
{
	int fd = ask("{\"command\": \"reload\"}\n"), other = ask("{\"command\": \"reload\"}\n"), detached;

	(void)state;
	detached = control_server_detach(bench.server, bench.client);
	assert_true(detached >= 0);
	assert_int_equal(control_server_detach(bench.server, bench.client), -1);
	control_server_done(bench.server, bench.client, CONTROL_WRONG); /* it is not the server's any more */
	turn();
	assert_string_equal(got(other, false), "");
	control_finish(detached, "one has the place of the other", NULL);
	assert_string_equal(got(other, true), "{\"text\":\"one has the place of the other\"}\n{\"done\":true,\"exit\":0}\n");
	close(other);
	detached = control_server_detach(bench.server, bench.client - 1);
	control_finish(detached, NULL, "it did not");
	assert_string_equal(got(fd, true), "{\"done\":false,\"error\":\"it did not\",\"exit\":1}\n");
	close(fd);
	control_finish(-1, "nobody", NULL);
}

/* Another path, for those that come; who is there stays. */
static void test_move(void **state)
{
	char first[96], second[128], why[256];
	int fd = ask("{\"command\": \"reload\"}\n"), other;

	(void)state;
	strcpy(first, bench_socket);
	snprintf(second, sizeof(second), "%s/other.sock", bench_folder);
	assert_int_equal(control_server_move(bench.server, "relative", why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "relative: it is not an absolute path"));
	assert_int_equal(access(first, F_OK), 0);
	assert_int_equal(control_server_move(bench.server, first, why, sizeof(why)), 0);
	assert_int_equal(access(first, F_OK), 0);
	assert_int_equal(control_server_move(bench.server, second, why, sizeof(why)), 0);
	assert_int_equal(access(first, F_OK), -1);
	control_server_done(bench.server, bench.client, CONTROL_WELL);
	assert_string_equal(got(fd, true), "{\"done\":true,\"exit\":0}\n");
	close(fd);
	snprintf(bench_socket, sizeof(bench_socket), "%.90s", second);
	other = ask("{\"command\": \"status\"}\n");
	assert_int_equal(bench.requests, 2);
	assert_int_equal(control_server_move(bench.server, NULL, why, sizeof(why)), 0);
	assert_int_equal(access(second, F_OK), -1);
	control_server_done(bench.server, bench.client, CONTROL_WELL);
	assert_string_equal(got(other, true), "{\"done\":true,\"exit\":0}\n");
	close(other);
	turn();
	assert_int_equal(control_server_move(bench.server, second, why, sizeof(why)), 0);
	close(ask("{\"command\": \"status\"}\n"));
	assert_int_equal(bench.requests, 3);
	assert_int_equal(unlink(second), 0); /* somebody tidied up */
	assert_int_equal(control_server_move(bench.server, second, why, sizeof(why)), 0);
	close(ask("{\"command\": \"status\"}\n"));
	assert_int_equal(bench.requests, 4);
}

static void test_text(void **state)
{
	json_t *good = control_text("d\xc3\xa4"), *bad = control_text("d\xe4z"), *none = control_text(NULL);

	(void)state;
	assert_string_equal(json_string_value(good), "d\xc3\xa4");
	assert_string_equal(json_string_value(bad), "d?z");
	assert_true(json_is_null(none));
	json_decref(good);
	json_decref(bad);
	json_decref(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_pieces, begin, end),
		cmocka_unit_test_setup_teardown(test_half_closed, begin, end),
		cmocka_unit_test_setup_teardown(test_garbage, begin, end),
		cmocka_unit_test_setup_teardown(test_stream, begin, end),
		cmocka_unit_test_setup_teardown(test_never_reads, begin_impatient, end),
		cmocka_unit_test_setup_teardown(test_never_sends, begin_impatient, end),
		cmocka_unit_test_setup_teardown(test_long_work, begin_impatient, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),
		cmocka_unit_test_setup_teardown(test_detach, begin, end),
		cmocka_unit_test_setup_teardown(test_move, begin, end),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
