/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/lock.h"

#include "rules/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define XTABLES_LOCK "/run/xtables.lock"
#define PAUSE_MIN_US 300u
#define PAUSE_MAX_US 12000u

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

/* ---- which namespace ---- */

int lock_namespace_get(struct lock_namespace *space, struct nfv_rules_error *error)
{
	socklen_t len = sizeof(space->cookie);
	struct stat status;
	int fd;

	*space = (struct lock_namespace){ 0 };
	if (stat("/proc/thread-self/ns/net", &status))
		return error_set(error, -errno, "/proc/thread-self/ns/net: %s", strerror(errno));
	space->inode = status.st_ino;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &space->cookie, &len))
		space->cookie = 0;
	if (fd >= 0)
		close(fd);
	return 0;
}

/* ---- taking ---- */

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Never two waiters the same, so that they do not come at the same moment again and again. */
static void pause_a_little(unsigned turn)
{
	unsigned limit = PAUSE_MIN_US << (turn < 6 ? turn : 6), random = 0;
	struct timespec pause;

	if (limit > PAUSE_MAX_US)
		limit = PAUSE_MAX_US;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (unsigned)now_us() * 2654435761u;
	pause.tv_sec = 0;
	pause.tv_nsec = (long)(limit / 2 + random % limit) * 1000;
	nanosleep(&pause, NULL);
}

/* By looking again and again: a signal that ends a wait in flock() would be the caller's. */
static int wait_for(int fd, int wait_ms)
{
	int64_t end = now_us() + (int64_t)wait_ms * 1000;

	for (unsigned turn = 0;; turn++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (now_us() >= end)
			return -ETIMEDOUT;
		pause_a_little(turn);
	}
}

/* " (process 123 has it)" if the file tells. */
static void holder(int fd, char *text, size_t size)
{
	char digits[24] = "";
	ssize_t len = pread(fd, digits, sizeof(digits) - 1, 0);
	long pid = len > 0 ? strtol(digits, NULL, 10) : 0;

	if (pid > 0)
		snprintf(text, size, " (process %ld has it)", pid);
	else
		*text = '\0';
}

/* For people and messages only: the lock is not in the file. */
static void sign(int fd)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%ld\n", (long)getpid());

	if (pwrite(fd, digits, (size_t)len, 0) == len && ftruncate(fd, len))
		return;
}

static int timed_out(int fd, const char *path, int wait_ms, struct nfv_rules_error *error)
{
	char who[48];

	holder(fd, who, sizeof(who));
	return error_set(error, -ETIMEDOUT, "lock %s: not free within %d ms%s", path, wait_ms, who);
}

int lock_take(int *fd, const struct lock_folder *folder, const struct lock_namespace *space, int wait_ms,
	      struct nfv_rules_error *error)
{
	char name[64], path[sizeof(folder->path) + sizeof(name) + 1];
	struct stat status;
	int err;

	snprintf(name, sizeof(name), "lock-%llu", (unsigned long long)space->inode);
	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	*fd = openat(folder->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (*fd < 0)
		return error_set(error, -errno, "lock %s: %s", path, strerror(errno));
	err = fstat(*fd, &status) ? -errno : S_ISREG(status.st_mode) ? wait_for(*fd, wait_ms) : -EINVAL;
	if (!err) {
		sign(*fd);
		return 0;
	}
	if (err == -ETIMEDOUT)
		timed_out(*fd, path, wait_ms, error);
	else
		error_set(error, err, "lock %s: %s", path, err == -EINVAL ? "not a file" : strerror(-err));
	lock_drop(fd);
	return err;
}

void lock_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int lock_take_xtables(int *fd, int wait_ms, struct nfv_rules_error *error)
{
	const char *path = getenv("XTABLES_LOCKFILE");
	int err;

	if (!path || !*path)
		path = XTABLES_LOCK;
	/* As the tools open it; they leave no name in it, so there is none to tell. */
	*fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (*fd < 0)
		return error_set(error, -errno, "lock %s: %s", path, strerror(errno));
	err = wait_for(*fd, wait_ms);
	if (!err)
		return 0;
	if (err == -ETIMEDOUT)
		error_set(error, err, "lock %s of the iptables tools: not free within %d ms", path, wait_ms);
	else
		error_set(error, err, "lock %s: %s", path, strerror(-err));
	lock_drop(fd);
	return err;
}
