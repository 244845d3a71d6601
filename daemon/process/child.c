/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/child.h"

#include "daemon/process/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_TURNS   500
#define STOP_TURN_NS 2000000

/* What a child does, and with which descriptors. */
struct work {
	const char *name;
	child_fn *fn;
	void *context;
	const int *keep;
	size_t keep_count;
};

static void __attribute__((noreturn)) run(const struct work *work, int stop_fd)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE };
	int keep[CHILD_KEEP_MAX + 1] = { stop_fd };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, work->name);
	for (size_t i = 0; i < work->keep_count; i++)
		keep[i + 1] = work->keep[i];
	descriptors_keep(keep, work->keep_count + 1);
	_exit(work->fn(work->context, stop_fd));
}

int child_start(struct child *child, const char *name, child_fn *fn, void *context)
{
	return child_start_keeping(child, name, fn, context, NULL, 0);
}

int child_start_keeping(struct child *child, const char *name, child_fn *fn, void *context, const int *keep, size_t count)
{
	const struct work work = { name, fn, context, keep, count < CHILD_KEEP_MAX ? count : CHILD_KEEP_MAX };
	int ends[2], err;

	*child = (struct child){ .stop_fd = -1 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		close(ends[1]);
		run(&work, ends[0]);
	}
	err = child->pid < 0 ? -errno : 0;
	close(ends[0]);
	if (err) {
		child->pid = 0;
		close(ends[1]);
		return err;
	}
	child->stop_fd = ends[1];
	return 0;
}

pid_t child_wait(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

static void forget(struct child *child)
{
	if (child->stop_fd >= 0)
		close(child->stop_fd);
	*child = (struct child){ .stop_fd = -1 };
}

bool child_ended(struct child *child)
{
	if (child->pid <= 0)
		return false;
	if (child->stop_fd >= 0)
		return child_gone(child);
	(void)child_gone(child); /* it was told to */
	return false;
}

void child_leave(struct child *child)
{
	if (child->stop_fd >= 0)
		close(child->stop_fd);
	child->stop_fd = -1;
}

bool child_gone(struct child *child)
{
	if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == 0)
		return false;
	forget(child);
	return true;
}

void child_kill(struct child *child)
{
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		(void)child_wait(child->pid, NULL);
	}
	forget(child);
}

void child_stop(struct child *child)
{
	const struct timespec turn = { .tv_nsec = STOP_TURN_NS };

	child_leave(child);
	for (int i = 0; i < STOP_TURNS; i++) {
		if (child_gone(child))
			return;
		nanosleep(&turn, NULL);
	}
	child_kill(child);
}
