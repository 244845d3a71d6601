/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running tools: shell scripts take their place. */
#include "rules/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/nfv-tool.XXXXXX";
static struct tool tool;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(tool.restore[TOOL_IPV4], sizeof(tool.restore[TOOL_IPV4]), "%s/restore", folder);
	snprintf(tool.save[TOOL_IPV4], sizeof(tool.save[TOOL_IPV4]), "%s/save", folder);
	tool.timeout_ms = 20000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(tool.restore[TOOL_IPV4]);
	unlink(tool.save[TOOL_IPV4]);
	return rmdir(folder);
}

static void script(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fchmod(fileno(file), 0755), 0);
	assert_int_equal(fclose(file), 0);
}

static int restore(const char *text, const char *input, int test, struct tool_result *result)
{
	script(tool.restore[TOOL_IPV4], text);
	return tool_restore(&tool, TOOL_IPV4, input, test, result);
}

static void test_arguments(void **state)
{
	struct tool_result result;

	(void)state;
	assert_int_equal(restore("echo \"$*\"; cat", "a\nb\n", 0, &result), 0);
	assert_int_equal(result.status, 0);
	assert_string_equal(result.out, "--noflush -w 5\na\nb\n");
	assert_int_equal(result.out_len, strlen(result.out));
	assert_string_equal(result.err, "");
	tool_result_free(&result);
	assert_null(result.out);

	assert_int_equal(restore("echo \"$*\"", "", 1, &result), 0);
	assert_string_equal(result.out, "--noflush -w 5 --test\n");
	tool_result_free(&result);

	script(tool.save[TOOL_IPV4], "echo \"$*.\"");
	assert_int_equal(tool_save(&tool, TOOL_IPV4, NULL, &result), 0);
	assert_string_equal(result.out, ".\n");
	tool_result_free(&result);
	assert_int_equal(tool_save(&tool, TOOL_IPV4, "raw", &result), 0);
	assert_string_equal(result.out, "-t raw.\n");
	tool_result_free(&result);
}

/* Nothing of the caller's but the place of the lock gets through. */
static void test_surroundings(void **state)
{
	struct tool_result result;
	int fd = open("/dev/null", O_RDONLY);
	const char *ignored;
	sigset_t set;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, 200), 200);
	setenv("XTABLES_LOCKFILE", "/x/lock", 1);
	setenv("LD_PRELOAD_OF_TEST", "x", 1);
	setenv("XTABLES_LIBDIR", "/x", 1);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(restore("tr '\\0' '\\n' </proc/$$/environ | sort; test ! -e /proc/$$/fd/200 || echo leaked; pwd; "
				 "grep -E 'Sig(Blk|Ign):' /proc/$$/status | tr -d '\\t\\n'",
				 "", 0, &result),
			 0);
	assert_non_null(strstr(result.out, "LC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nXTABLES_LOCKFILE=/x/lock\n"));
	assert_null(strstr(result.out, "LD_PRELOAD_OF_TEST"));
	assert_null(strstr(result.out, "LIBDIR"));
	assert_null(strstr(result.out, "leaked"));
	ignored = strstr(result.out, "\n/\nSigBlk:0000000000000000SigIgn:");
	assert_non_null(ignored);
	/* 32 and 33 are the C library's own, which it lets nobody change. */
	assert_int_equal(strtoull(strrchr(ignored, ':') + 1, NULL, 16) & ~0x180000000ULL, 0);
	tool_result_free(&result);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	unsetenv("XTABLES_LOCKFILE");
	close(200);
	close(fd);
}

static long stat_size(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return (long)status.st_size;
}

static bool end_the_next;

/* In the child, between fork() and what it does to be by itself: as a signal for the whole process group. */
static void in_child(void)
{
	if (end_the_next) {
		raise(SIGTERM);
		raise(SIGINT);
	}
}

/* A signal for the caller's process group that comes while the tool is being started is none for the tool. */
static void test_group_signal(void **state)
{
	struct tool_result result;
	sigset_t before, after;

	(void)state;
	assert_int_equal(pthread_atfork(NULL, NULL, in_child), 0);
	sigprocmask(SIG_BLOCK, NULL, &before);
	end_the_next = true;
	assert_int_equal(restore("echo alive", "", 0, &result), 0);
	end_the_next = false;
	assert_string_equal(result.out, "alive\n");
	tool_result_free(&result);
	sigprocmask(SIG_BLOCK, NULL, &after);
	for (int s = 1; s < NSIG; s++)
		assert_int_equal(sigismember(&before, s), sigismember(&after, s));
}

/* A reading that was killed is done once more; a change is not, and one that is killed each time is told. */
static void test_killed_reading(void **state)
{
	struct tool_result result;
	char text[400], mark[100];

	(void)state;
	snprintf(mark, sizeof(mark), "%s/mark", folder);
	snprintf(text, sizeof(text), "test -e %s && { echo whole; exit 0; }; >%s; echo half; kill -KILL $$", mark, mark);
	script(tool.save[TOOL_IPV4], text);
	assert_int_equal(tool_save(&tool, TOOL_IPV4, NULL, &result), 0);
	assert_string_equal(result.out, "whole\n");
	tool_result_free(&result);
	assert_int_equal(unlink(mark), 0);

	assert_int_equal(restore(text, "", 0, &result), -EINVAL);
	assert_int_equal(result.status, 128 + SIGKILL);
	tool_result_free(&result);
	assert_int_equal(unlink(mark), 0);

	snprintf(text, sizeof(text), "echo x >>%s; kill -KILL $$", mark);
	script(tool.save[TOOL_IPV4], text);
	assert_int_equal(tool_save(&tool, TOOL_IPV4, NULL, &result), -EINVAL);
	assert_int_equal(result.status, 128 + SIGKILL);
	tool_result_free(&result);
	assert_int_equal(stat_size(mark), 4);
	assert_int_equal(unlink(mark), 0);
}

/* More than pipes hold, on both outputs, while the input is not read. */
static void test_large(void **state)
{
	struct tool_result result;
	size_t size = 4 << 20;
	char *input = malloc(size + 1);

	(void)state;
	assert_non_null(input);
	memset(input, 'x', size);
	input[size] = '\0';
	assert_int_equal(
		restore("head -c 3000000 /dev/zero | tr '\\0' e >&2; head -c 2000000 /dev/zero; wc -c", input, 0, &result),
		0);
	assert_int_equal(strlen(result.err), 3000000);
	assert_true(result.out_len > 2000000);
	assert_string_equal(result.out + 2000000, "4194304\n");
	tool_result_free(&result);
	/* One that does not read at all must not kill us. */
	assert_int_equal(restore("exit 0", input, 0, &result), 0);
	tool_result_free(&result);
	free(input);
}

static void test_failures(void **state)
{
	struct tool_result result;
	struct tool nowhere = { .restore = { "/nonexistent/restore" }, .timeout_ms = 1000 };

	(void)state;
	assert_int_equal(restore("echo why >&2; exit 2", "", 0, &result), -EINVAL);
	assert_int_equal(result.status, 2);
	assert_string_equal(result.err, "why\n");
	tool_result_free(&result);

	assert_int_equal(restore("echo 'x: (you must be root)' >&2; exit 1", "", 0, &result), -EPERM);
	tool_result_free(&result);

	assert_int_equal(restore("kill -SEGV $$", "", 0, &result), -EINVAL);
	assert_int_equal(result.status, 128 + SIGSEGV);
	tool_result_free(&result);

	assert_int_equal(tool_restore(&nowhere, TOOL_IPV4, "", 0, &result), -EINVAL);
	assert_int_equal(result.status, 127);
	assert_non_null(strstr(result.err, "cannot be run"));
	tool_result_free(&result);
}

static void test_time_limit(void **state)
{
	struct tool_result result;
	struct timespec before, after;

	(void)state;
	tool.timeout_ms = 200;
	clock_gettime(CLOCK_MONOTONIC, &before);
	/* A child of the tool holds the outputs open: it is no reason to wait either. */
	assert_int_equal(restore("echo begun; exec sleep 30", "", 0, &result), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 10);
	assert_int_equal(result.status, -ETIMEDOUT);
	assert_string_equal(result.out, "begun\n");
	tool_result_free(&result);

	/* One that never stops writing. */
	assert_int_equal(restore("exec cat /dev/zero >&2", "", 0, &result), -ETIMEDOUT);
	tool_result_free(&result);
	tool.timeout_ms = 20000;

	/* A grandchild that holds the outputs is no reason to wait once the tool has ended. */
	assert_int_equal(restore("sleep 3 & echo done", "", 0, &result), 0);
	assert_string_equal(result.out, "done\n");
	tool_result_free(&result);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* What a script that stands in the tool's place has started goes with it, and with that the lock. */
static void test_script_that_hangs(void **state)
{
	static const char *const scripts[] = { "sleep 30\n:", "sh -c 'sleep 30; :'\n:", "sleep 30 & kill -9 $$" };
	char path[sizeof(folder) + 8];

	(void)state;
	snprintf(path, sizeof(path), "%s/lock", folder);
	tool.timeout_ms = 200;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct tool_result result;

		tool.keep_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		assert_true(tool.keep_fd >= 0);
		assert_int_equal(flock(tool.keep_fd, LOCK_EX), 0);
		assert_int_not_equal(restore(scripts[i], "", 0, &result), 0);
		tool_result_free(&result);
		close(tool.keep_fd);
		tool.keep_fd = open(path, O_RDWR | O_CLOEXEC);
		for (int turn = 0; flock(tool.keep_fd, LOCK_EX | LOCK_NB); turn++) {
			assert_true(turn < 1000);
			usleep(10000);
		}
		close(tool.keep_fd);
	}
	tool.keep_fd = 0;
	tool.timeout_ms = 20000;
	unlink(path);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Several runs share one deadline; what comes after it is not even begun. */
static void test_deadline(void **state)
{
	struct tool_result result;
	int64_t begun = now_ms();

	(void)state;
	tool.deadline_ms = begun + 300;
	assert_int_equal(restore("echo quick", "", 0, &result), 0);
	assert_true(result.limit_ms > 0 && result.limit_ms <= 300);
	tool_result_free(&result);
	assert_int_equal(restore("exec sleep 30", "", 0, &result), -ETIMEDOUT);
	assert_in_range(now_ms() - begun, 290, 10000);
	tool_result_free(&result);
	assert_int_equal(restore("echo begun", "", 0, &result), -ETIMEDOUT);
	assert_int_equal(result.limit_ms, 0);
	assert_string_equal(result.out, "");
	tool_result_free(&result);
	tool.deadline_ms = 0;
}

static void test_interrupt(void **state)
{
	struct tool_result result;
	int64_t begun = now_ms();
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	tool.interrupt_fd = fds[0];
	assert_int_equal(restore("echo undisturbed", "", 0, &result), 0);
	tool_result_free(&result);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(restore("exec sleep 15", "", 0, &result), -EINTR);
	assert_in_range(now_ms() - begun, 0, 10000);
	tool_result_free(&result);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	tool.interrupt_fd = 0;
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_script_that_hangs),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_group_signal),
		cmocka_unit_test(test_killed_reading),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
