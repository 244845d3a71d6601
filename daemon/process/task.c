/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/task.h"

#include "daemon/process/child.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- in the child ---- */

static void log_line(void *context, enum nfv_log_level level, const char *text)
{
	const int *channel = context;

	(void)channel_send_text(*channel, CHANNEL_LOG, level, text);
}

static void set_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) run(const char *name, task_fn *fn, void *context, int channel, const int *keep,
					  size_t keep_count)
{
	int *all = calloc(keep_count + 1, sizeof(*all));

	if (!all)
		_exit(1);
	if (keep_count)
		memcpy(all, keep, keep_count * sizeof(*all));
	all[keep_count] = channel;
	set_signals();
	prctl(PR_SET_NAME, name);
	descriptors_keep(all, keep_count + 1);
	free(all);
	log_redirect(log_line, &channel);
	_exit(fn(context, channel));
}

/* ---- in the master ---- */

int task_start(struct task *task, const char *name, task_fn *fn, void *context, const int *keep, size_t keep_count)
{
	int pair[2], err = channel_pair(pair);
	pid_t pid;

	if (err)
		return err;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		run(name, fn, context, pair[1], keep, keep_count);
	}
	err = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (err) {
		close(pair[0]);
		return err;
	}
	*task = (struct task){ .pid = pid, .channel = pair[0] };
	return 0;
}

bool task_ended(struct task *task, int *status)
{
	if (task->pid <= 0 || waitpid(task->pid, status, WNOHANG) != task->pid)
		return false;
	task->pid = 0;
	return true;
}

void task_leave(struct task *task)
{
	if (task->channel >= 0)
		close(task->channel);
	task->channel = -1;
}

void task_kill(struct task *task)
{
	task_leave(task);
	if (task->pid > 0) {
		kill(task->pid, SIGKILL);
		(void)child_wait(task->pid, NULL);
	}
	*task = TASK_NONE;
}
