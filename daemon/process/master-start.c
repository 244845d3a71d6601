/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first steps of a master: everything that can fail before it says that it is ready. */
#include "daemon/process/bypass-leave.h"
#include "daemon/process/commands.h"
#include "daemon/process/crash-files.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/fd-store.h"
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define START_TIMEOUT_NS 30000000000u
#define BIND_TRIES       5
#define BIND_PAUSE_NS    20000000 /* for a process that is ending */

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

/* True when a worker whose master is dead hands the number over; an error with why. */
static int knock(struct master *master, struct served *served, uint16_t number, char *why, size_t why_size)
{
	struct served other;
	int taken;

	served_forget(&other, number);
	taken = master_take_over(master, &other, number, why, why_size);
	if (taken > 0) {
		served_close(served);
		*served = other;
	}
	return taken;
}

/* One that a predecessor left, or a new one. */
static int open_number(struct master *master, struct served *served, struct plan *plan, size_t queue, uint16_t number,
		       char *why, size_t why_size)
{
	const struct timespec pause = { .tv_nsec = BIND_PAUSE_NS };
	int err = master_adopt_number(master, served, number, why, why_size), taken, kept;

	if (err)
		return err < 0 ? err : 0;
	served_forget(served, number);
	kept = fd_store_take(number);
	/* Nobody else must receive from that socket any more. */
	if (kept >= 0 && (taken = knock(master, served, number, why, why_size))) {
		close(kept);
		return taken < 0 ? taken : 0;
	}
	err = served_open(served, plan, queue, number, kept, why, why_size);
	if (!err && kept >= 0 && served->in_hand)
		master->adopting = master->steered = true;
	if ((err != -EBUSY && err != -EPERM) || master->started)
		return err;
	/* Somebody else has it: perhaps a worker whose master is dead, and which may end just now. */
	for (int i = 0; i < BIND_TRIES; i++) {
		taken = knock(master, served, number, why, why_size);
		if (taken)
			return taken < 0 ? taken : 0;
		nanosleep(&pause, NULL);
		served_close(served);
		err = served_open(served, plan, queue, number, -1, why, why_size);
		if (err != -EBUSY && err != -EPERM)
			break;
	}
	return err;
}

int master_open_number(struct master *master, struct plan *plan, size_t queue, uint16_t number, struct report *report)
{
	const struct config_queue *entry = &plan->config->queues[queue];
	struct served *served = &master->served[master->count];
	char why[512], object[96];
	int err = open_number(master, served, plan, queue, number, why, sizeof(why));

	served->foreground = master->options->foreground;
	served->crash_folder = master->crash_folder;
	served->repeats = master->repeats;
	master->count++; /* also when it failed: what it has is closed with the others */
	if (!err) {
		master_watch_door(master, served);
		return 0;
	}
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
	size_t left = master->left ? master->left->queue_count : 0;
	char why[512];
	int err = master_adopt_open(master, why, sizeof(why));

	if (err) {
		log_error("%s", why);
		return err;
	}
	master->served = calloc(master->plan->steering.number_count + left + 1, sizeof(*master->served));
	if (!master->served) {
		log_error("queues: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; err == 0 && i < config->queue_count; i++)
		err = open_queue(master, i);
	if (!err)
		err = master_adopt_rest(master);
	if (!err)
		fd_store_close_rest();
	return err;
}

static bool all_ready(const struct master *master)
{
	for (size_t i = 0; i < master->wanted; i++) {
		const struct served *served = &master->served[i];

		if (!(master_adopts(served) ? served->next.ready : served->now.ready))
			return false;
	}
	return true;
}

/* Who stands by to take a queue over, and was killed, is followed by another one. */
static void keep_standing_by(struct master *master)
{
	for (size_t i = 0; i < master->wanted && !master->stop; i++)
		if (master_adopts(&master->served[i]))
			(void)master_adopt_stands_by(master, &master->served[i]);
}

static int start_workers(struct master *master)
{
	uint64_t limit = events_now_ns() + START_TIMEOUT_NS;

	for (size_t i = 0; i < master->wanted; i++) {
		struct served *served = &master->served[i];
		int err = master_adopts(served) ? master_adopt_prepare(master, served) : master_start_worker(master, served);

		if (err)
			return err;
	}
	while (!all_ready(master)) {
		int err = events_wait(&master->events, 100);

		if (err)
			return err;
		if (master->stop)
			return -ECANCELED;
		keep_standing_by(master);
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
	if (master->left)
		bypass_take(&master->bypass, master->left->bypass);
	else
		bypass_note(&master->bypass, BYPASS_BEGIN);
	if (master->adopting)
		err = master_adopt_steering(master, &patience, &report);
	else
		err = steering_install(&master->plan->steering, &patience, &report);
	master_log_report(&report);
	/* Rules that a dead master left have counted before: what passed by until now is not known. */
	if (!err && master->adopting && !master->left && bypass_read(&master->bypass, &patience) == 0)
		bypass_begin_anew(&master->bypass);
	return err;
}

/* The kernel is asked while there is something else to do. 0: it need not be. */
static pid_t start_probe(const struct master *master)
{
	/* A predecessor knew, and had rights for it that we have no more. */
	if (master->left || master->plan->config->recovery != RECOVERY_AUTO || !master->plan->steering.have_tool)
		return 0;
	return probe_start(&master->plan->steering.tool);
}

static void end_probe(struct master *master, pid_t probe)
{
	enum probe_answer answer = probe_answer(probe);

	master->never_repeats = answer == PROBE_NO || (master->left && !master->left->repeats);
	master->repeats = master->plan->config->recovery == RECOVERY_REPEAT ||
			  (master->plan->config->recovery == RECOVERY_AUTO && !master->never_repeats);
	if (answer == PROBE_NO) {
		log_warning("this kernel takes REPEAT for ACCEPT: what a worker that dies has in hand gets on-error");
	} else if (probe > 0 && answer == PROBE_UNKNOWN) {
		log_debug("whether this kernel repeats packets could not be tried; taken for granted");
	}
	for (size_t i = 0; i < master->count; i++)
		master->served[i].repeats = master->repeats;
}

/*
 * Rules of a dead daemon would lead into queues that are ours now. Those that somebody left at work lead where they should.
 */
static int remove_old_steering(struct master *master)
{
	const struct steering_patience patience = { .interrupt_fd = master->interrupt };
	pid_t probe = start_probe(master);
	int removed = master->adopting ? 0 : steering_remove(&master->plan->steering, &patience, NULL);

	end_probe(master, probe);
	if (removed > 0)
		log_notice("removed %d rules and chains that a dead daemon left", removed);
	return removed == -EINTR ? removed : 0;
}

static int open_all(struct master *master, const char **failed)
{
	char why[512];
	int err;

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
	return open_queues(master);
}

int master_start(struct master *master, const char **failed)
{
	char why[512];
	int err = open_all(master, failed);

	if (err)
		return err;
	commands_open(master);
	err = remove_old_steering(master);
	if (err)
		return err;
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
	err = install_steering(master);
	if (err || !master->adopting)
		return err;
	*failed = "queues could not be taken over";
	err = master_adopt_hand_over(master);
	if (!err)
		master_adopt_retire(master);
	return err;
}
