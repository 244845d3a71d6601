/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first steps of a master: everything that can fail before it says that it is ready. */
#include "daemon/process/commands.h"
#include "daemon/process/cpus.h"
#include "daemon/process/crash-files.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define START_TIMEOUT_NS 30000000000u

static int open_queue(struct master *master, size_t queue)
{
	const struct config *config = master->plan->config;
	const struct config_queue *entry = &config->queues[queue];
	char why[512];

	for (uint32_t n = entry->numbers.first; n <= entry->numbers.last; n++) {
		struct served *served = &master->served[master->count];
		int cpu = cpus_pick(&entry->cpus, n - entry->numbers.first);
		int err = served_open(served, master->plan, queue, (uint16_t)n, cpu, why, sizeof(why));

		served->foreground = master->options->foreground;
		served->crash_folder = master->crash_folder;
		master->count++; /* also when it failed: what it has is closed with the others */
		if (err) {
			struct place place = config_place(config, &entry->numbers);

			log_error("%s:%u:%u: queue %s: number %u: %s", place.file, place.line, place.column, entry->name, n,
				  why);
			return err;
		}
	}
	return 0;
}

/* While root may still do what it likes. */
static int open_crash_folder(struct master *master)
{
	const struct config *config = master->plan->config;
	struct place place;

	if (!config->crash_dir)
		return 0;
	master->crash_folder = crash_files_open(config->crash_dir);
	if (master->crash_folder >= 0)
		return 0;
	place = config_place(config, &config->crash_dir);
	log_error("%s:%u:%u: crash-dir: %s: %s", place.file, place.line, place.column, config->crash_dir,
		  strerror(-master->crash_folder));
	return master->crash_folder;
}

static int open_queues(struct master *master)
{
	const struct config *config = master->plan->config;
	int err = 0;

	master->served = calloc(master->plan->steering.number_count + 1, sizeof(*master->served));
	if (!master->served)
		return -ENOMEM;
	for (size_t i = 0; err == 0 && i < config->queue_count; i++)
		err = open_queue(master, i);
	return err;
}

static bool all_ready(const struct master *master)
{
	for (size_t i = 0; i < master->count; i++)
		if (!master->served[i].now.ready)
			return false;
	return true;
}

static int start_workers(struct master *master)
{
	uint64_t limit = events_now_ns() + START_TIMEOUT_NS;

	for (size_t i = 0; i < master->count; i++) {
		int err = master_start_worker(master, &master->served[i]);

		if (err)
			return err;
	}
	while (!all_ready(master)) {
		int err = events_wait(&master->events, 100);

		if (err)
			return err;
		if (master->stop)
			return -ECANCELED;
		if (events_now_ns() > limit) {
			log_error("workers are not ready after %llu s",
				  (unsigned long long)(START_TIMEOUT_NS / 1000000000u));
			return -ETIMEDOUT;
		}
	}
	master->started = true;
	return 0;
}

static int install_steering(struct master *master)
{
	struct report report = { 0 };
	const struct steering_patience patience = { .interrupt_fd = master->interrupt };
	int err;

	master->steered = true;
	if (bypass_open(&master->bypass, &master->plan->steering))
		log_warning("no memory for the books of what passes queues by");
	bypass_note(&master->bypass, BYPASS_BEGIN);
	err = steering_install(&master->plan->steering, &patience, &report);
	for (size_t i = 0; i < report.count; i++)
		log_error("%s:%u:%u: %s", report.entries[i].file, report.entries[i].line, report.entries[i].column,
			  report.entries[i].text);
	report_clear(&report);
	return err;
}

/* The kernel is asked while there is something else to do. 0: it need not be. */
static pid_t start_probe(const struct master *master)
{
	if (master->plan->config->recovery != RECOVERY_AUTO || !master->plan->steering.have_tool)
		return 0;
	return probe_start(&master->plan->steering.tool);
}

static void end_probe(struct master *master, pid_t probe)
{
	enum probe_answer answer = probe_answer(probe);

	master->repeats = master->plan->config->recovery != RECOVERY_ON_ERROR;
	if (answer == PROBE_NO) {
		log_warning("this kernel takes REPEAT for ACCEPT: what a worker that dies has in hand gets on-error");
		master->repeats = false;
	} else if (probe > 0 && answer == PROBE_UNKNOWN) {
		log_debug("whether this kernel repeats packets could not be tried; taken for granted");
	}
	for (size_t i = 0; i < master->count; i++)
		master->served[i].repeats = master->repeats;
}

int master_start(struct master *master, const char **failed)
{
	const struct steering_patience patience = { .interrupt_fd = master->interrupt };
	char why[512];
	int removed, err;
	pid_t probe;

	*failed = "queues could not be bound";
	err = descriptors_check(master->plan->steering.number_count, why, sizeof(why));
	if (err) {
		log_error("%s", why);
		return err;
	}
	*failed = "the folder for packets that kill could not be opened";
	err = open_crash_folder(master);
	if (err)
		return err;
	*failed = "queues could not be bound";
	err = open_queues(master);
	if (err)
		return err;
	commands_open(master);
	probe = start_probe(master);
	removed = steering_remove(&master->plan->steering, &patience, NULL);
	end_probe(master, probe);
	if (removed == -EINTR)
		return removed;
	if (removed > 0)
		log_notice("removed %d rules and chains that a dead daemon left", removed);
	*failed = "privileges could not be given up";
	err = privilege_limit_master(why, sizeof(why));
	if (err) {
		log_error("privileges: %s", why);
		return err;
	}
	*failed = "workers could not be started";
	err = master_watch_deadlines(master);
	if (err == 0)
		err = start_workers(master);
	if (err)
		return err;
	*failed = "packets could not be steered to the queues";
	return install_steering(master);
}
