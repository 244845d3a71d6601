/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing to readers that do not read. An alarm ends the test if a call waits. */
#include "daemon/process/log.h"
#include "daemon/process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define LINES 5000

static char kept[16384];

/* Two descriptors: what is written to the second can be read from the first. */
typedef void open_fn(int ends[2]);

static void open_pipe(int ends[2])
{
	assert_int_equal(pipe(ends), 0);
}

static void open_terminal(int ends[2])
{
	ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(ends[0] >= 0);
	assert_int_equal(grantpt(ends[0]) | unlockpt(ends[0]), 0);
	ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
	assert_true(ends[1] >= 0);
}

static void open_socket(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

/* Without the carriage returns of a terminal. Until nothing comes any more; appends to text. */
static size_t read_all(int fd, char *text, size_t size, size_t used)
{
	char piece[4096];
	ssize_t got;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		for (ssize_t i = 0; i < got; i++)
			if (piece[i] != '\r' && used + 1 < size)
				text[used++] = piece[i];
	text[used] = '\0';
	return used;
}

/* Lines "line N…" with N rising: how many there are. Anything else fails. */
static unsigned count_lines(const char *text)
{
	unsigned count = 0, last = 0, number;

	while (*text) {
		const char *end = strchr(text, '\n');

		assert_non_null(end);
		assert_int_equal(sscanf(text, "line %u ", &number), 1);
		assert_true(number > last);
		assert_int_equal(end - text, 100);
		last = number;
		text = end + 1;
		count++;
	}
	return count;
}

static void fill(struct output *output)
{
	char line[128];

	for (unsigned i = 1; i <= LINES; i++) {
		snprintf(line, sizeof(line), "line %u ", i);
		memset(line + strlen(line), '.', 100 - strlen(line));
		line[100] = '\0';
		(void)output_line(output, line);
		(void)output_flush(output);
	}
}

static void held(open_fn *open_ends, enum output_way wanted)
{
	static char text[LINES * 128];
	struct output output;
	int ends[2], shared, count;
	enum output_way way;
	size_t used = 0;

	open_ends(ends);
	shared = dup(ends[1]);
	way = wanted == OUTPUT_POLLED ? OUTPUT_POLLED : output_own(ends[1]);
	assert_int_equal(way, wanted);
	assert_int_equal(fcntl(shared, F_GETFL) & O_NONBLOCK, 0);
	output_init(&output, ends[1], way, kept, sizeof(kept));
	alarm(10);
	fill(&output);
	assert_true(output.lost > 0);
	assert_true(output.len > 0);
	/* The reader comes back: nothing of what was kept is missing or mixed. */
	do
		used = read_all(ends[0], text, sizeof(text), used);
	while (!output_flush(&output));
	used = read_all(ends[0], text, sizeof(text), used);
	count = (int)count_lines(text);
	assert_true(count > 20);
	assert_int_equal(count + output.lost, LINES);
	/* And what it never takes is counted at the end. */
	output.lost = 0;
	fill(&output);
	output_drain(&output, 20);
	assert_int_equal(output.len, 0);
	used = read_all(ends[0], text, sizeof(text), 0);
	*(strrchr(text, '\n') + 1) = '\0'; /* a terminal may have taken a part of one */
	assert_int_equal(count_lines(text) + output.lost, LINES);
	alarm(0);
	close(ends[0]);
	close(ends[1]);
	close(shared);
}

static void full_pipe(void **state)
{
	(void)state;
	held(open_pipe, OUTPUT_WRITE);
}

static void full_terminal(void **state)
{
	(void)state;
	held(open_terminal, OUTPUT_WRITE);
}

static void full_socket(void **state)
{
	(void)state;
	held(open_socket, OUTPUT_SEND);
}

static void full_polled(void **state)
{
	(void)state;
	held(open_pipe, OUTPUT_POLLED);
}

/* Opening the master side again would make another terminal. */
static void terminal_master(void **state)
{
	int ends[2];
	char name[64];

	(void)state;
	open_terminal(ends);
	snprintf(name, sizeof(name), "%s", ptsname(ends[0]));
	assert_int_equal(output_own(ends[0]), OUTPUT_POLLED);
	assert_string_equal(ptsname(ends[0]), name);
	close(ends[0]);
	close(ends[1]);
}

/* The place in a file is shared with others that write to it, and stays shared. */
static void regular_file(void **state)
{
	char path[] = "/tmp/nfv-test-output.XXXXXX", text[64] = "";
	int fd = mkstemp(path), other = dup(fd);
	struct output output;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(output_own(fd), OUTPUT_WRITE);
	output_init(&output, fd, OUTPUT_WRITE, kept, sizeof(kept));
	assert_int_equal(write(other, "a\n", 2), 2);
	assert_true(output_line(&output, "b") && output_flush(&output));
	assert_int_equal(write(other, "c\n", 2), 2);
	assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 6);
	assert_string_equal(text, "a\nb\nc\n");
	close(fd);
	close(other);
}

static void reader_gone(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	open_pipe(ends);
	output_init(&output, ends[1], output_own(ends[1]), kept, sizeof(kept));
	close(ends[0]);
	assert_true(output_line(&output, "one") && output_line(&output, "two"));
	assert_true(output_flush(&output));
	assert_int_equal(output.lost, 2);
	close(ends[1]);
}

/* Several processes, a pipe that is mostly full: each line arrives whole. */
static void several_writers(void **state)
{
	static char text[4 * LINES * 128];
	const struct timespec brief = { .tv_nsec = 200000 };
	int ends[2], running = 4;
	unsigned lines = 0;
	size_t used = 0;

	(void)state;
	open_pipe(ends);
	for (int i = 0; i < running; i++) {
		struct output output;

		if (fork() != 0)
			continue;
		alarm(20);
		output_init(&output, ends[1], output_own(ends[1]), kept, sizeof(kept));
		fill(&output);
		output_drain(&output, 1000);
		_exit(0);
	}
	close(ends[1]);
	while (running > 0) {
		nanosleep(&brief, NULL);
		used = read_all(ends[0], text, sizeof(text), used);
		running -= waitpid(-1, NULL, WNOHANG) > 0;
	}
	used = read_all(ends[0], text, sizeof(text), used);
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, lines++)
		if (end - line != 100 || strncmp(line, "line ", 5) != 0)
			fail_msg("not a line: %.*s", (int)(end - line), line);
	assert_true(lines > 400);
	assert_int_equal(text[used - 1], '\n');
	close(ends[0]);
}

/* The log over a pipe: what was lost is told where it is missing. */
static void log_lines(void **state)
{
	static char text[LINES * 128];
	int ends[2], standard = dup(STDERR_FILENO);
	unsigned lines = 0;
	unsigned long long lost = 0, one;

	(void)state;
	open_pipe(ends);
	dup2(ends[1], STDERR_FILENO);
	log_never_wait();
	alarm(10);
	for (unsigned i = 0; i < LINES; i++)
		log_warning("line %090u", i);
	(void)read_all(ends[0], text, sizeof(text), 0);
	/* With room, the rest follows, and the number. */
	assert_false(strstr(text, "lost") != NULL);
	for (size_t used = strlen(text); !log_flush() || used < strlen(text);)
		used = read_all(ends[0], text, sizeof(text), strlen(text));
	log_drain(100);
	(void)read_all(ends[0], text, sizeof(text), strlen(text));
	alarm(0);
	dup2(standard, STDERR_FILENO);
	close(standard);
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (sscanf(line, "nfverdictd: warning: %llu log lines lost", &one) == 1)
			lost += one;
		else
			lines += strncmp(line, "nfverdictd: warning: line 0", 27) == 0 && end - line == 116;
	}
	assert_true(lost > 0);
	assert_int_equal(lines + lost, LINES);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_pipe),	   cmocka_unit_test(full_terminal), cmocka_unit_test(full_socket),
		cmocka_unit_test(full_polled),	   cmocka_unit_test(terminal_master), cmocka_unit_test(regular_file),
		cmocka_unit_test(reader_gone),	   cmocka_unit_test(several_writers), cmocka_unit_test(log_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
