/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first steps of a master: everything that can fail before it says that it is ready. */
#include "daemon/process/commands.h"
#include "daemon/process/crash-files.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define START_TIMEOUT_NS 30000000000u

void master_log_report(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];

		if (!entry->file)
			log_error("%s", entry->text);
		else if (entry->line)
			log_error("%s:%u:%u: %s", entry->file, entry->line, entry->column, entry->text);
		else
			log_error("%s: %s", entry->file, entry->text);
	}
	report_clear(report);
}

int master_open_number(struct master *master, struct plan *plan, size_t queue, uint16_t number, struct report *report)
{
	const struct config_queue *entry = &plan->config->queues[queue];
	struct served *served = &master->served[master->count];
	char why[512], object[96];
	int err = served_open(served, plan, queue, number, why, sizeof(why));

	served->foreground = master->options->foreground;
	served->crash_folder = master->crash_folder;
	served->repeats = master->repeats;
	master->count++; /* also when it failed: what it has is closed with the others */
	if (!err)
		return 0;
	snprintf(object, sizeof(object), "queue %s: number %u", entry->name, number);
	report_add(report, config_place(plan->config, &entry->numbers), object, "%s", why);
	return err;
}

static int open_queue(struct master *master, size_t queue)
{
	const struct config_queue *entry = &master->plan->config->queues[queue];
	struct report report = { 0 };
	int err = 0;

	for (uint32_t n = entry->numbers.first; n <= entry->numbers.last && !err; n++)
		err = master_open_number(master, master->plan, queue, (uint16_t)n, &report);
	master_log_report(&report);
	return err;
}

int master_open_crash_folder(const struct plan *plan, int *folder, struct report *report)
{
	const struct config *config = plan->config;

	*folder = -1;
	if (!config->crash_dir)
		return 0;
	*folder = crash_files_open(config->crash_dir);
	if (*folder >= 0)
		return 0;
	report_add(report, config_place(config, &config->crash_dir), "crash-dir", "%s: %s", config->crash_dir,
		   strerror(-*folder));
	return *folder;
}

/* While root may still do what it likes. */
static int open_crash_folder(struct master *master)
{
	struct report report = { 0 };
	int err = master_open_crash_folder(master->plan, &master->crash_folder, &report);

	master_log_report(&report);
	return err;
}

static int open_queues(struct master *master)
{
	const struct config *config = master->plan->config;
	int err = 0;

	master->served = calloc(master->plan->steering.number_count + 1, sizeof(*master->served));
	if (!master->served) {
		log_error("queues: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
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
	master_log_report(&report);
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
		master->never_repeats = true;
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
	err = descriptors_check(master->plan->steering.number_count, plan_senders(master->plan), why, sizeof(why));
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
