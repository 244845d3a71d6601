/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char base[] = "/tmp/nfv-lock.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(base) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

static const char *in_base(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static void test_folder(void **state)
{
	struct lock_folder folder;
	struct nfv_rules_error error;
	struct stat status;
	const char *path;

	(void)state;
	path = in_base("state");
	assert_int_equal(lock_folder_open(&folder, path, &error), 0);
	assert_int_equal(fstat(folder.fd, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_true(fcntl(folder.fd, F_GETFD) & FD_CLOEXEC);
	lock_folder_close(&folder);
	assert_int_equal(lock_folder_open(&folder, path, &error), 0);
	lock_folder_close(&folder);

	assert_int_equal(chmod(path, 0722), 0);
	assert_int_equal(lock_folder_open(&folder, path, &error), -EPERM);
	assert_non_null(strstr(error.text, "others may write"));
	assert_int_equal(chmod(path, 0700), 0);

	assert_int_equal(symlink("state", in_base("link")), 0);
	assert_int_equal(lock_folder_open(&folder, in_base("link"), &error), -EPERM);
	assert_int_equal(close(open(in_base("file"), O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(lock_folder_open(&folder, in_base("file"), &error), -EPERM);
	assert_int_equal(lock_folder_open(&folder, in_base("no/such"), &error), -ENOENT);
	assert_non_null(strstr(error.text, "no/such"));
	if (geteuid() == 0) {
		assert_int_equal(mkdir(in_base("theirs"), 0700), 0);
		assert_int_equal(chown(in_base("theirs"), 12345, 12345), 0);
		assert_int_equal(lock_folder_open(&folder, in_base("theirs"), &error), -EPERM);
		assert_non_null(strstr(error.text, "12345"));
	}
}

static void test_namespace(void **state)
{
	struct lock_namespace a, b;
	struct stat status;

	(void)state;
	assert_int_equal(lock_namespace_get(&a, NULL), 0);
	assert_int_equal(lock_namespace_get(&b, NULL), 0);
	assert_int_equal(stat("/proc/self/ns/net", &status), 0);
	assert_int_equal(a.inode, status.st_ino);
	assert_int_equal(a.cookie, b.cookie);
}

static void test_exclusion(void **state)
{
	const struct lock_namespace one = { .inode = 1 }, two = { .inode = 2 };
	struct nfv_rules_error error;
	struct lock_folder folder;
	int a, b, c;
	char text[64];

	(void)state;
	assert_int_equal(lock_folder_open(&folder, in_base("x"), NULL), 0);
	assert_int_equal(lock_take(&a, &folder, &one, 0, &error), 0);
	assert_true(fcntl(a, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(lock_take(&b, &folder, &one, 30, &error), -ETIMEDOUT);
	assert_int_equal(b, -1);
	assert_int_equal(error.code, ETIMEDOUT);
	snprintf(text, sizeof(text), "lock-1: not free within 30 ms (process %d has it)", getpid());
	assert_non_null(strstr(error.text, text));
	assert_non_null(strstr(error.text, base));
	/* Another namespace has another lock. */
	assert_int_equal(lock_take(&c, &folder, &two, 0, &error), 0);
	lock_drop(&c);
	lock_drop(&a);
	assert_int_equal(lock_take(&b, &folder, &one, 0, &error), 0);
	lock_drop(&b);
	lock_drop(&b);

	assert_int_equal(symlinkat("/tmp", folder.fd, "lock-3"), 0);
	assert_int_equal(lock_take(&a, &folder, &(struct lock_namespace){ .inode = 3 }, 0, &error), -ELOOP);
	lock_folder_close(&folder);
}

/* Many at once: the number in a file is never seen in between. */
static void work(const struct lock_folder *folder, const struct lock_namespace *space)
{
	for (int i = 0; i < 40; i++) {
		int fd, number, lock;

		if (lock_take(&lock, folder, space, 20000, NULL))
			_exit(1);
		fd = openat(folder->fd, "number", O_RDWR);
		if (fd < 0 || pread(fd, &number, sizeof(number), 0) != sizeof(number))
			_exit(2);
		number++;
		sched_yield();
		if (pwrite(fd, &number, sizeof(number), 0) != sizeof(number))
			_exit(3);
		close(fd);
		lock_drop(&lock);
	}
	_exit(0);
}

static void test_many(void **state)
{
	const struct lock_namespace space = { .inode = 9 };
	struct lock_folder folder;
	int fd, number = 0, status;

	(void)state;
	assert_int_equal(lock_folder_open(&folder, in_base("many"), NULL), 0);
	fd = openat(folder.fd, "number", O_RDWR | O_CREAT, 0600);
	assert_int_equal(pwrite(fd, &number, sizeof(number), 0), sizeof(number));
	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			work(&folder, &space);
	for (int i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(pread(fd, &number, sizeof(number), 0), sizeof(number));
	assert_int_equal(number, 8 * 40);
	close(fd);
	lock_folder_close(&folder);
}

/* A holder that is killed has it no more. */
static void test_dead_holder(void **state)
{
	const struct lock_namespace space = { .inode = 5 };
	struct lock_folder folder;
	int pipes[2], lock, status;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(lock_folder_open(&folder, in_base("dead"), NULL), 0);
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		if (lock_take(&lock, &folder, &space, 0, NULL) || write(pipes[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(lock_take(&lock, &folder, &space, 0, NULL), -ETIMEDOUT);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(lock_take(&lock, &folder, &space, 0, NULL), 0);
	lock_drop(&lock);
	close(pipes[0]);
	close(pipes[1]);
	lock_folder_close(&folder);
}

static void test_xtables(void **state)
{
	struct nfv_rules_error error;
	char path[64];
	int fd, theirs;

	(void)state;
	snprintf(path, sizeof(path), "%s", in_base("xtables.lock"));
	assert_int_equal(setenv("XTABLES_LOCKFILE", path, 1), 0);
	assert_int_equal(lock_take_xtables(&fd, 0, &error), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	/* As the tools take it. */
	theirs = open(path, O_RDONLY);
	assert_true(theirs >= 0);
	assert_int_equal(flock(theirs, LOCK_EX | LOCK_NB), -1);
	lock_drop(&fd);
	assert_int_equal(flock(theirs, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(lock_take_xtables(&fd, 20, &error), -ETIMEDOUT);
	assert_non_null(strstr(error.text, path));
	close(theirs);
	assert_int_equal(unsetenv("XTABLES_LOCKFILE"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folder), cmocka_unit_test(test_namespace),   cmocka_unit_test(test_exclusion),
		cmocka_unit_test(test_many),   cmocka_unit_test(test_dead_holder), cmocka_unit_test(test_xtables),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
