/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/runner.h"

#include "daemon/process/crash-files.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/events.h"
#include "daemon/process/log.h"
#include "daemon/process/notify.h"
#include "daemon/process/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Memory ---- */

int runner_open(struct runner *runner, struct plan *plan, size_t queue, uint16_t number, size_t slot_size)
{
	const struct config_queue *config = &plan->config->queues[queue];
	char name[32];
	int err;

	*runner = RUNNER_NONE;
	runner->plan = plan_hold(plan);
	runner->queue = queue;
	runner->number = number;
	runner->slot_size = slot_size;
	snprintf(name, sizeof(name), "nfv-shared-%u", number);
	err = region_create(&runner->shared, name, shared_size(config->handlers.count));
	if (!err)
		err = region_map_apart(&runner->shared);
	snprintf(name, sizeof(name), "nfv-slots-%u", number);
	if (!err)
		err = region_create(&runner->slots, name, config->batch * slot_size);
	if (err)
		runner_close(runner);
	return err;
}

void runner_close(struct runner *runner)
{
	if (runner->channel >= 0)
		close(runner->channel);
	runner_forget_foreign(runner);
	region_close(&runner->slots);
	region_close(&runner->shared);
	plan_drop(runner->plan);
	*runner = RUNNER_NONE;
}

/* ---- Counters that go on ---- */

static void inherit_own(struct handler_counters *to, const struct handler_counters *from)
{
	for (size_t i = 0; i < HANDLER_COUNTERS && from->own[i].name[0]; i++) {
		char name[HANDLER_COUNTER_NAME];

		memcpy(name, from->own[i].name, sizeof(name)); /* the worker's memory: it may lack its end */
		name[sizeof(name) - 1] = '\0';
		for (size_t j = 0; j < HANDLER_COUNTERS; j++) {
			if (!to->own[j].name[0])
				memcpy(to->own[j].name, name, sizeof(name));
			if (strncmp(to->own[j].name, name, sizeof(name)) != 0)
				continue;
			to->own[j].value += from->own[i].value;
			break;
		}
	}
}

static void inherit_handler(struct handler_counters *to, const struct handler_counters *from)
{
	to->seen += from->seen;
	to->accepted += from->accepted;
	to->dropped += from->dropped;
	to->repeated += from->repeated;
	to->queued += from->queued;
	to->continued += from->continued;
	to->marked += from->marked;
	to->rewritten += from->rewritten;
	for (size_t i = 0; i < BREACH_KINDS; i++)
		to->breaches[i] += from->breaches[i];
	inherit_own(to, from);
}

void runner_inherit(struct runner *to, const struct runner *from)
{
	const struct nfv_list *new_handlers = &runner_config(to)->handlers;
	const struct nfv_list *old_handlers = &runner_config(from)->handlers;
	const char *const *new_names = new_handlers->items;
	const char *const *old_names = old_handlers->items;
	struct shared *new_shared = runner_shared(to);
	const struct shared *old_shared = runner_shared(from);

	new_shared->last_id = old_shared->last_id;
	new_shared->last_id_known = old_shared->last_id_known;
	new_shared->sending = old_shared->sending;
	new_shared->receipt.msg_len = old_shared->receipt.msg_len;
	new_shared->sent_until = old_shared->sent_until;
	new_shared->counters = old_shared->counters;
	for (size_t i = 0; i < new_handlers->count; i++)
		for (size_t j = 0; j < old_handlers->count; j++)
			if (strcmp(new_names[i], old_names[j]) == 0)
				inherit_handler(&new_shared->handlers[i], &old_shared->handlers[j]);
}

/* ---- The process ---- */

#define KEEP_OWN 8

/*
 * What a worker keeps: it must not reach the queues of others. Made before there is a process that could only end without
 * memory for it.
 */
static int *list_descriptors(const struct runner *runner, const struct runner_place *place, int channel)
{
	const struct plan *plan = runner->plan;
	size_t count = plan->config->handler_count;
	int *keep = calloc(count + KEEP_OWN, sizeof(*keep));

	if (!keep)
		return NULL;
	for (size_t i = 0; i < count; i++)
		keep[i] = plan->plugins[i].fd;
	keep[count] = place->socket->fd;
	keep[count + 1] = runner->slots.fd;
	keep[count + 2] = runner->shared.fd;
	keep[count + 3] = channel;
	keep[count + 4] = place->sender ? place->sender->ring.fd : -1;
	keep[count + 5] = place->sender ? place->sender->life[1] : -1;
	keep[count + 6] = place->door;
	keep[count + 7] = -1; /* the folder for cores, which the worker opens */
	return keep;
}

/* Without it, cores go where kernel.core_pattern says, or nowhere. */
static int open_cores(const struct runner *runner, const struct runner_place *place)
{
	int fd = -1;

	if (!runner->plan->config->core_dumps || place->crash_folder < 0)
		return -1;
	fd = crash_files_open_cores(place->crash_folder);
	if (fd < 0)
		log_warning("queue %u: a folder for cores in %s: %s", runner->number, runner->plan->config->crash_dir,
			    strerror(-fd));
	return fd;
}

static void run_worker(const struct runner *runner, const struct runner_place *place, pid_t master, int channel,
		       int *keep)
{
	const int cores = open_cores(runner, place);
	const struct worker_setup setup = {
		.plan = runner->plan,
		.queue = runner->queue,
		.socket = place->socket,
		.door = place->door,
		.wants = &place->wants,
		.kept = notify_wanted(),
		.owner = geteuid(),
		.shared = { .fd = runner->shared.fd, .size = runner->shared.size },
		.slots = { .fd = runner->slots.fd, .size = runner->slots.size },
		.slot_size = runner->slot_size,
		.cpu = place->cpu,
		.cores = cores,
		.master = master,
		.channel = channel,
		.ring = { .fd = place->sender ? place->sender->ring.fd : -1, .size = sizeof(struct ring) },
		.foreground = place->foreground,
		.quarantined = place->quarantined,
	};

	keep[runner->plan->config->handler_count + KEEP_OWN - 1] = cores;
	descriptors_keep(keep, runner->plan->config->handler_count + KEEP_OWN);
	free(keep);
	exit(worker_run(&setup));
}

int runner_start(struct runner *runner, const struct runner_place *place)
{
	const pid_t master = getpid();
	int pair[2], err, *keep;

	if (runner->plan->adopted)
		return -EOPNOTSUPP; /* its successor is on its way */
	runner_shared(runner)->progress = (struct chain_progress){ 0 };
	runner->deadline = (struct deadline){ 0 };
	runner->hung = runner->ready = runner->going = runner->left = runner->judges = runner->stopped = false;
	err = channel_pair(pair);
	if (err)
		return err;
	keep = list_descriptors(runner, place, pair[1]);
	fflush(NULL);
	runner->pid = keep ? fork() : -1;
	if (runner->pid < 0) {
		err = -errno;
		runner->pid = 0;
		free(keep);
		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (runner->pid == 0) {
		close(pair[0]);
		run_worker(runner, place, master, pair[1], keep);
	}
	free(keep);
	close(pair[1]);
	runner->channel = pair[0];
	runner->started_ns = events_now_ns();
	return 0;
}

void runner_send(struct runner *runner, const struct channel_message *message)
{
	if (runner->channel < 0 || runner->pid <= 0)
		return;
	kill(runner->pid, channel_send(runner->channel, message) < 0 ? SIGKILL : RUNNER_WAKE_SIGNAL);
}

void runner_tell(struct runner *runner, enum channel_type type)
{
	const struct channel_message message = { .type = type };

	runner_send(runner, &message);
}

void runner_wake(const struct runner *runner)
{
	if (runner->pid > 0)
		kill(runner->pid, RUNNER_WAKE_SIGNAL);
}

void runner_gone(struct runner *runner)
{
	if (runner->channel >= 0)
		close(runner->channel);
	runner->channel = -1;
	runner->pid = 0;
	runner->stranger = false;
	runner->ready = runner->going = false;
}
