/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checker does in its own process. */
#include "daemon/process/channel.h"
#include "daemon/process/checker.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/instances.h"
#include "daemon/process/log.h"
#include "daemon/process/notify.h"
#include "daemon/process/placed.h"
#include "daemon/process/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct checker {
	const struct plan *plan;
	bool whole;
	int channel;
	pid_t parent;
	struct instances_step step;
	struct handler_env env;
	struct handler_counters *counters;
};

static void log_line(void *context, enum nfv_log_level level, const char *text)
{
	const struct checker *checker = context;

	(void)channel_send_text(checker->channel, CHANNEL_LOG, level, text);
}

static void host_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	(void)context;
	log_write(level, "handler %s: %s", handler, text);
}

static void host_print(void *context, const char *line)
{
	(void)context;
	(void)line;
}

/* What open() asks for succeeds, and nothing ever happens: the instance is closed at once. */
static int host_timer(void *context, const struct handler *handler, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn,
		      void *argument)
{
	(void)context, (void)handler, (void)after_ns, (void)every_ns, (void)fn, (void)argument;
	return 0;
}

static void host_timer_cancel(void *context, const struct handler *handler, int timer)
{
	(void)context, (void)handler, (void)timer;
}

static int host_watch(void *context, const struct handler *handler, int fd, uint32_t events, nfv_watch_fn fn,
		      void *argument)
{
	(void)context, (void)handler, (void)fd, (void)events, (void)fn, (void)argument;
	return 0;
}

static void host_unwatch(void *context, const struct handler *handler, int fd)
{
	(void)context, (void)handler, (void)fd;
}

static void send_step(void *context, const struct config_handler *handler, enum instances_doing doing)
{
	const struct checker *checker = context;
	struct channel_message message = {
		.type = CHANNEL_STEP,
		.more = doing,
		.may = (uint32_t)(handler - checker->plan->config->handlers),
	};
	char object[96];

	snprintf(object, sizeof(object), "handler %s", handler->name);
	(void)placed_send(checker->channel, &message, handler->plugin_place, object);
}

static void check_queue(struct checker *checker, const struct config_queue *queue, uint32_t index)
{
	struct report report = { 0 };
	struct instances instances;
	struct chain chain;
	struct plan_needs needs = { .known = true };

	checker->env.queue = (uint16_t)queue->numbers.first;
	checker->env.mark_mask = (uint32_t)queue->mark_mask;
	(void)instances_open(&instances, checker->plan, queue, &checker->env, checker->counters, &report, &checker->step,
			     0);
	chain = (struct chain){ .handlers = instances.handlers, .count = instances.count };
	needs.bytes = chain_needs_bytes(&chain);
	needs.metadata = chain_needs_metadata(&chain);
	needs.may = chain_may(&chain);
	instances_close(&instances);
	(void)placed_send_report(checker->channel, &report);
	report_clear(&report);
	if (index != UINT32_MAX)
		(void)placed_send_needs(checker->channel, index, &needs);
}

static bool is_used(const struct config *config, const char *handler)
{
	for (size_t i = 0; i < config->queue_count; i++) {
		const char *const *names = config->queues[i].handlers.items;

		for (size_t j = 0; j < config->queues[i].handlers.count; j++)
			if (strcmp(names[j], handler) == 0)
				return true;
	}
	return false;
}

/*
 * A handler that no queue uses is checked as well, so that its mistakes do not wait for the day it is used; with a faulty
 * configuration each of them is.
 */
static void check_alone(struct checker *checker)
{
	const struct config *config = checker->plan->config;

	for (size_t i = 0; i < config->handler_count; i++) {
		const char *name = config->handlers[i].name;
		const struct config_queue queue = {
			.name = "",
			.mark_mask = UINT32_MAX,
			.handlers = { .items = &name, .count = 1 },
		};

		if (config->handlers[i].options->kind != NODE_MAP)
			continue; /* reported with the other mistakes of the file */
		if (!checker->whole || !is_used(config, name))
			check_queue(checker, &queue, UINT32_MAX);
	}
}

/* A plugin must not reach whatever else is open where the checker comes from. */
static int drop_descriptors(const struct plan *plan, int channel)
{
	const size_t count = plan->config->handler_count;
	int *keep = calloc(count + 1, sizeof(*keep));

	if (!keep)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		keep[i] = plan->plugins[i].fd;
	keep[count] = channel;
	descriptors_keep(keep, count + 1);
	free(keep);
	return 0;
}

static int check(struct checker *checker)
{
	const struct config *config = checker->plan->config;
	struct channel_message ready = { .type = CHANNEL_READY };
	char why[512];

	if (privilege_become(&checker->plan->account, false, why, sizeof(why)) < 0) {
		log_error("checker: privileges: %s", why);
		return 1;
	}
	/* A plugin that hangs must not outlive a master that is told to stop. A change of user would take this back. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != checker->parent)
		return 1;
	if (sandbox_no_children(why, sizeof(why)) < 0) {
		log_error("checker: %s", why);
		return 1;
	}
	checker->counters = calloc(CHAIN_HANDLERS, sizeof(*checker->counters));
	if (!checker->counters)
		return 1;
	for (size_t i = 0; checker->whole && i < config->queue_count; i++)
		check_queue(checker, &config->queues[i], (uint32_t)i);
	check_alone(checker);
	free(checker->counters);
	return channel_send_wait(checker->channel, &ready) < 0;
}

int checker_child(const struct plan *plan, bool whole, int channel, pid_t parent)
{
	struct checker checker = { .plan = plan, .whole = whole, .channel = channel, .parent = parent };
	sigset_t none;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, "nfv-checker");
	if (drop_descriptors(plan, channel))
		return 1;
	if (chdir("/")) /* where workers are: a name relative to it means the same to both */
		return 1;
	notify_forget();
	checker.env = (struct handler_env){
		.log = host_log,
		.print = host_print,
		.timer = host_timer,
		.timer_cancel = host_timer_cancel,
		.watch = host_watch,
		.unwatch = host_unwatch,
		.context = &checker,
		.checking = true,
	};
	checker.step = (struct instances_step){ .tell = send_step, .context = &checker };
	log_redirect(log_line, &checker);
	return check(&checker);
}
