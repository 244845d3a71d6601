/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sandbox_no_children() refuses, and what it must leave. Each act is first done outside, where it must work. */
#include "daemon/process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

/* 0 when it worked, an errno when it was refused. */
typedef int act_fn(void);

static int ended(pid_t pid)
{
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno;
	return waitpid(pid, NULL, 0) == pid ? 0 : errno;
}

static int try_fork(void)
{
	return ended(fork());
}

static int try_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return ended(pid);
}

static int try_clone(void)
{
	return ended((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int try_clone3(void)
{
	uint64_t arguments[8] = { [4] = SIGCHLD }; /* struct clone_args: exit_signal */

	return ended((pid_t)syscall(SYS_clone3, arguments, sizeof(arguments)));
}

static int try_spawn(void)
{
	char *const arguments[] = { (char[]){ "true" }, NULL };
	pid_t pid;
	int err = posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, NULL);

	return err ? err : ended(pid);
}

static int try_exec(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static int try_exec_fd(void)
{
	char *const arguments[] = { (char[]){ "true" }, NULL };

	fexecve(open("/bin/true", O_RDONLY | O_CLOEXEC), arguments, environ);
	return errno;
}

static void *nothing(void *argument)
{
	return argument;
}

static int try_thread(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, nothing, NULL);

	return err ? err : pthread_join(thread, NULL);
}

static int try_open(void)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : close(fd);
}

/* The whole sandbox closes behind this first fence: a file is refused then. */
static int try_open_in_sandbox(void)
{
	const struct sandbox_wants wants = { .sends = true };
	char why[256];

	return sandbox_enter(&wants, why, sizeof(why)) ? 204 : try_open();
}

/* What an act returned in a process of its own. */
static int run(act_fn *act, bool inside)
{
	char why[256] = "";
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(inside && sandbox_no_children(why, sizeof(why)) ? 203 : act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void each_act(void **state)
{
	static const struct {
		const char *name;
		act_fn *act;
		int expected;
	} acts[] = {
		{ "fork", try_fork, EPERM },        { "vfork", try_vfork, EPERM },       { "clone", try_clone, EPERM },
		{ "clone3", try_clone3, ENOSYS },   { "posix_spawn", try_spawn, EPERM }, { "execve", try_exec, EPERM },
		{ "execveat", try_exec_fd, EPERM }, { "thread", try_thread, 0 },         { "open", try_open, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int outside = run(acts[i].act, false), inside = run(acts[i].act, true);

		if (outside != 0 || inside != acts[i].expected)
			fail_msg("%s: %d inside, %d outside", acts[i].name, inside, outside);
	}
}

static void both_fences(void **state)
{
	(void)state;
	assert_int_equal(run(try_open_in_sandbox, false), EACCES);
	assert_int_equal(run(try_open_in_sandbox, true), EACCES);
}

static void *wait_for_byte(void *argument)
{
	char byte;

	(void)!read(*(int *)argument, &byte, 1);
	return NULL;
}

static void threads_counted(void **state)
{
	pthread_t thread;
	int fds[2];

	(void)state;
	assert_int_equal(sandbox_threads(), 1);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_byte, &fds[0]), 0);
	assert_int_equal(sandbox_threads(), 2);
	close(fds[1]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sandbox_threads(), 1);
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_act),
		cmocka_unit_test(both_fences),
		cmocka_unit_test(threads_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
