/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a reload takes long, in children: the check, and the change of the rules. */
#include "daemon/process/log.h"
#include "daemon/process/placed.h"
#include "daemon/process/reload-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES_RUN_MS 10000
#define RULES_ALL_MS 20000

/* ---- in the child that checks ---- */

static int send_needs(const struct plan *plan, int channel)
{
	int err = 0;

	for (size_t i = 0; i < plan->config->queue_count && !err; i++)
		if (plan->needs[i].known)
			err = placed_send_needs(channel, (uint32_t)i, &plan->needs[i]);
	return err;
}

static void check_steering(const struct master *master, struct plan *plan, struct report *report)
{
	const struct place file = { .file = config_place(plan->config, NULL).file };

	if (!steering_same(&master->plan->steering, &plan->steering) && steering_check(&plan->steering, report) == -EPERM)
		report_add(report, file, "steering", "its rules cannot be checked: CAP_NET_ADMIN is missing");
}

static int check(void *context, int channel)
{
	struct master *master = context;
	struct reload *reload = &master->reload;
	const struct channel_message ready = { .type = CHANNEL_READY };
	int err;

	/* It and its checker must not outlive a master that is killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	plan_check(reload->plan, &reload->report);
	check_steering(master, reload->plan, &reload->report);
	report_sort(&reload->report);
	err = placed_send_report(channel, &reload->report);
	if (!err)
		err = send_needs(reload->plan, channel);
	if (!err)
		err = channel_send_wait(channel, &ready);
	return err ? 1 : 0;
}

/* ---- in the child that changes the rules ---- */

static int change(const struct steering *before, const struct steering *after, int channel)
{
	const struct steering_patience patience = { .interrupt_fd = channel, .run_ms = RULES_RUN_MS, .all_ms = RULES_ALL_MS };
	struct report report = { 0 };
	int err = steering_change(before, after, &patience, &report);
	const struct channel_message ready = { .type = CHANNEL_READY, .value = err < 0 };

	(void)placed_send_report(channel, &report);
	return channel_send_wait(channel, &ready) < 0;
}

static int steer(void *context, int channel)
{
	struct master *master = context;
	const struct steering_patience patience = { .interrupt_fd = channel, .run_ms = RULES_RUN_MS };

	/* What is taken out takes its counters along. */
	(void)bypass_read(&master->bypass, &patience);
	return change(&master->plan->steering, &master->reload.plan->steering, channel);
}

static int steer_back(void *context, int channel)
{
	const struct master *master = context;

	return change(NULL, &master->plan->steering, channel);
}

/* ---- in the master ---- */

static void take(struct master *master, const struct channel_message *message)
{
	struct reload *reload = &master->reload;
	const enum nfv_log_level level = message->value <= NFV_LOG_DEBUG ? (enum nfv_log_level)message->value : NFV_LOG_INFO;

	switch ((enum channel_type)message->type) {
	case CHANNEL_MISTAKE:
		placed_take(&reload->report, message, "");
		break;
	case CHANNEL_NEEDS:
		placed_take_needs(reload->plan, message);
		break;
	case CHANNEL_LOG:
		if (level == NFV_LOG_ERROR)
			reload_complain(master, "%s", message->text);
		else
			log_write(level, "%s", message->text);
		break;
	case CHANNEL_READY:
		reload->through = true;
		reload->refused = message->value != 0;
		break;
	case CHANNEL_PRINT:
	case CHANNEL_STEP:
	case CHANNEL_STATS:
	case CHANNEL_LEFT:
	case CHANNEL_CONFIGURED:
	case CHANNEL_GO:
	case CHANNEL_LEAVE:
	case CHANNEL_STOP:
	case CHANNEL_TELL_STATS:
	case CHANNEL_JUDGES:
		break; /* not its words */
	}
}

static int take_all(struct master *master)
{
	struct channel_message message;
	int got;

	while ((got = channel_receive(master->reload.task.channel, &message)) == 1)
		take(master, &message);
	return got;
}

static void on_task(void *argument, int fd, uint32_t events)
{
	struct master *master = argument;

	(void)events;
	/* The other end is closed: SIGCHLD tells the rest. */
	if (take_all(master) != -EAGAIN)
		events_unwatch(&master->events, fd);
}

static int start(struct master *master, const char *name, task_fn *fn, const int *keep, size_t keep_count)
{
	struct reload *reload = &master->reload;
	int err = task_start(&reload->task, name, fn, master, keep, keep_count);

	reload->through = reload->refused = false;
	if (!err)
		err = events_watch(&master->events, reload->task.channel, EPOLLIN, on_task, master);
	if (err) {
		task_kill(&reload->task);
		reload_complain(master, "%s cannot be started: %s", name, strerror(-err));
	}
	return err;
}

/* The checker loads the plugins through their descriptors. */
int reload_check_start(struct master *master)
{
	const struct plan *plan = master->reload.plan;
	int *keep = calloc(plan->config->handler_count + 1, sizeof(*keep));
	int err;

	if (!keep) {
		reload_complain(master, "reload: no memory to check the configuration");
		return -ENOMEM;
	}
	for (size_t i = 0; i < plan->config->handler_count; i++)
		keep[i] = plan->plugins[i].fd;
	err = start(master, "nfv-check", check, keep, plan->config->handler_count);
	free(keep);
	return err;
}

int reload_steer_start(struct master *master, bool back)
{
	return start(master, "nfv-steer", back ? steer_back : steer, NULL, 0);
}

void reload_task_close(struct master *master)
{
	struct reload *reload = &master->reload;

	if (reload->task.channel < 0)
		return;
	(void)take_all(master);
	events_unwatch(&master->events, reload->task.channel);
	task_leave(&reload->task);
}
