/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The master's side: starts the checker, takes its findings, explains its end. */
#include "daemon/process/checker.h"

#include "daemon/process/channel.h"
#include "daemon/process/child.h"
#include "daemon/process/instances.h"
#include "daemon/process/log.h"
#include "daemon/process/placed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A plugin's open() that takes longer hangs. */
#define STEP_TIMEOUT_MS 20000

struct answers {
	struct plan *plan;
	struct report *report;
	struct channel_message step; /* the last call into a plugin; type 0: none */
	bool through;
};

static void take(struct answers *answers, const struct channel_message *message)
{
	switch ((enum channel_type)message->type) {
	case CHANNEL_MISTAKE:
		placed_take(answers->report, message, "");
		break;
	case CHANNEL_NEEDS:
		placed_take_needs(answers->plan, message);
		break;
	case CHANNEL_STEP:
		answers->step = *message;
		break;
	case CHANNEL_LOG:
		log_write(message->value <= NFV_LOG_DEBUG ? (enum nfv_log_level)message->value : NFV_LOG_INFO, "%s",
			  message->text);
		break;
	case CHANNEL_READY:
		answers->through = true;
		break;
	case CHANNEL_PRINT:
	case CHANNEL_STATS:
	case CHANNEL_LEFT:
	case CHANNEL_CONFIGURED:
	case CHANNEL_GO:
	case CHANNEL_LEAVE:
	case CHANNEL_STOP:
	case CHANNEL_TELL_STATS:
	case CHANNEL_JUDGES:
		break;
	}
}

/* Until the child is through, gone, or silent for too long. True when it hung. */
static bool listen_to(int channel, struct answers *answers)
{
	struct pollfd ready = { .fd = channel, .events = POLLIN };
	struct channel_message message;

	while (!answers->through) {
		int got = poll(&ready, 1, STEP_TIMEOUT_MS);

		if (got == 0)
			return true;
		if (got < 0)
			continue; /* a signal: its descriptor keeps it for the main loop */
		got = channel_receive(channel, &message);
		if (got == 1)
			take(answers, &message);
		else if (got != -EAGAIN)
			break;
	}
	return false;
}

static void explain_end(struct answers *answers, int status, bool hung)
{
	static const char *const doing[] = {
		[INSTANCES_LOADING] = "loading it",
		[INSTANCES_OPENING] = "opening it",
		[INSTANCES_CLOSING] = "closing it",
	};
	const struct channel_message *step = &answers->step;
	const struct place file = { .file = config_place(answers->plan->config, NULL).file };
	char how[128], cause[256];

	if (answers->through)
		return;
	if (hung)
		snprintf(how, sizeof(how), "gave no answer for %d s", STEP_TIMEOUT_MS / 1000);
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	if (step->type == 0) {
		report_add(answers->report, file, "checker", "%s before it loaded a plugin", how);
		return;
	}
	snprintf(cause, sizeof(cause), ": plugin: the checker %s while %s", how,
		 step->more <= INSTANCES_CLOSING ? doing[step->more] : "using it");
	placed_take(answers->report, step, cause);
}

/* One child, from its start to its end. 0, or -errno when there could be none. */
static int run_child(struct answers *answers, bool whole)
{
	int pair[2], status = 0, err;
	bool hung;
	pid_t parent = getpid(), pid;

	err = channel_pair(pair);
	if (err)
		return err;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (pid == 0) {
		close(pair[0]);
		_exit(checker_child(answers->plan, whole, pair[1], parent));
	}
	close(pair[1]);
	hung = listen_to(pair[0], answers);
	/* Who is through has nothing left to do, whatever threads or calls a plugin still has. */
	if (hung || answers->through)
		kill(pid, SIGKILL);
	(void)child_wait(pid, &status);
	close(pair[0]);
	explain_end(answers, status, hung);
	return 0;
}

/* The plugin that ended the checker is not loaded again; it has been reported. False when none is to blame. */
static bool leave_out(struct plan *plan, const struct channel_message *step)
{
	struct plan_plugin *plugin;

	if (step->type == 0 || step->may >= plan->config->handler_count)
		return false;
	plugin = &plan->plugins[step->may];
	if (plugin->fd < 0)
		return false;
	close(plugin->fd);
	plugin->fd = -1;
	return true;
}

int checker_run(struct plan *plan, bool whole, struct report *report)
{
	bool again = true;
	int err = 0;

	/* After a child that did not come back, another one judges the other handlers. */
	while (again && err == 0) {
		struct answers answers = { .plan = plan, .report = report };

		err = run_child(&answers, whole);
		again = err == 0 && !answers.through && leave_out(plan, &answers.step);
		whole = false;
	}
	return err;
}
