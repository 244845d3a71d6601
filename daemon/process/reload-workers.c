/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers of a reload that stand by, and the numbers that come. */
#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"
#include "daemon/process/reload-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Coming ---- */

/* The entry of a plan that has the number; SIZE_MAX: none. */
static size_t entry_of(const struct plan *plan, uint16_t number)
{
	for (size_t i = 0; i < plan->config->queue_count; i++)
		if (number >= plan->config->queues[i].numbers.first && number <= plan->config->queues[i].numbers.last)
			return i;
	return SIZE_MAX;
}

static bool is_served(const struct master *master, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++)
		if (master->served[i].number == number)
			return true;
	return false;
}

/* Calls fn for each number of the new plan that nobody serves yet, until it fails. */
static int each_added(struct master *master, int (*fn)(struct master *master, size_t queue, uint16_t number))
{
	const struct reload *reload = &master->reload;
	const struct config *config = reload->plan->config;
	int err = 0;

	for (size_t i = 0; i < config->queue_count; i++)
		for (uint32_t n = config->queues[i].numbers.first; n <= config->queues[i].numbers.last && !err; n++)
			if (!is_served(master, reload->first_added, (uint16_t)n))
				err = fn(master, i, (uint16_t)n);
	return err;
}

static int count_added(struct master *master, size_t queue, uint16_t number)
{
	(void)queue;
	(void)number;
	master->reload.added++;
	return 0;
}

static size_t senders_open(const struct master *master)
{
	size_t count = 0;

	for (size_t i = 0; i < master->count; i++)
		count += sender_is_open(&master->served[i].sender);
	return count;
}

/* Room for what is added, and for each number's second and third worker. Pointers to numbers are void then. */
static int make_room(struct master *master)
{
	struct reload *reload = &master->reload;
	size_t count, senders;
	struct served *served;
	char why[512];

	reload->first_added = master->count;
	reload->added = reload->removed = 0;
	(void)each_added(master, count_added);
	count = master->count + reload->added;
	senders = plan_senders(reload->plan);
	senders -= senders < senders_open(master) ? senders : senders_open(master);
	if ((reload->added || senders) && descriptors_check(reload->added, senders, why, sizeof(why))) {
		reload_complain(master, "%s", why);
		return -EMFILE;
	}
	reload->turns = calloc(count + 1, sizeof(*reload->turns));
	served = reallocarray(master->served, count + 1, sizeof(*served));
	if (served)
		master->served = served;
	if (!reload->turns || !served || events_reserve(&master->events, MASTER_WATCHES(count))) {
		reload_complain(master, "no memory for %zu queue numbers", count);
		return -ENOMEM;
	}
	return 0;
}

static int add_number(struct master *master, size_t queue, uint16_t number)
{
	struct reload *reload = &master->reload;
	int err = steering_own(&master->plan->steering, &number, 1);

	reload->turns[master->count] = (struct reload_turn){ .fate = RELOAD_ADDED, .queue = queue };
	if (err)
		reload_complain(master, "no memory for queue number %u", number);
	else
		err = master_open_number(master, reload->plan, queue, number, &reload->report);
	if (!err)
		master->served[master->count - 1].crash_folder = reload->crash_folder;
	return err;
}

int reload_stand_by(struct master *master, size_t i)
{
	struct served *served = &master->served[i];
	const struct reload_turn *turn = &master->reload.turns[i];
	const int folder = served->crash_folder;
	int err;

	/* Its cores go where the new plan says; the packets that the one that serves dies of do not. */
	served->crash_folder = master->reload.crash_folder;
	err = served_prepare(served, master->reload.plan, turn->queue, 0);
	served->crash_folder = folder;
	if (!err)
		err = master_watch_runner(master, &served->next);
	if (err)
		reload_complain(master, "queue %u: worker cannot be started: %s", served->number, strerror(-err));
	return err;
}

static int start_added(struct master *master, struct served *served)
{
	int err = served_start(served);

	if (!err)
		err = master_watch_runner(master, &served->now);
	if (err)
		reload_complain(master, "queue %u: worker cannot be started: %s", served->number, strerror(-err));
	return err;
}

int reload_workers_start(struct master *master)
{
	struct reload *reload = &master->reload;
	int err = make_room(master);

	if (!err)
		err = each_added(master, add_number);
	for (size_t i = 0; i < reload->first_added && !err; i++) {
		size_t queue = entry_of(reload->plan, master->served[i].number);

		reload->turns[i].fate = queue == SIZE_MAX ? RELOAD_REMOVED : RELOAD_KEPT;
		reload->turns[i].queue = queue;
		reload->removed += queue == SIZE_MAX;
	}
	/* Rules of a number that goes are still there when another configuration takes them over, or takes them out. */
	for (size_t i = 0; i < reload->first_added && !err; i++)
		if (reload->turns[i].fate == RELOAD_REMOVED)
			err = steering_own(&reload->plan->steering, &master->served[i].number, 1);
	for (size_t i = 0; i < master->count && !err; i++) {
		if (reload->turns[i].fate == RELOAD_KEPT)
			err = reload_stand_by(master, i);
		else if (reload->turns[i].fate == RELOAD_ADDED)
			err = start_added(master, &master->served[i]);
	}
	return err ? err : master_watch_deadlines(master);
}

int reload_workers_ready(struct master *master)
{
	const struct reload *reload = &master->reload;
	int ready = 1;

	for (size_t i = 0; i < master->count; i++) {
		const struct served *served = &master->served[i];
		const struct runner *runner = reload->turns[i].fate == RELOAD_KEPT ? &served->next : &served->now;

		if (reload->turns[i].fate == RELOAD_REMOVED)
			continue;
		if (runner->pid <= 0) {
			reload_complain(master, "queue %u: its new worker ended before it was ready", served->number);
			return -ECHILD;
		}
		if (!runner->ready)
			ready = 0;
	}
	return ready;
}

static void drop_next(struct master *master, struct served *served)
{
	if (!served->next.plan)
		return;
	master_end_runner(master, &served->next);
	runner_close(&served->next);
}

void reload_workers_call_off(struct master *master)
{
	const struct reload *reload = &master->reload;

	for (size_t i = 0; reload->turns && i < master->count; i++) {
		drop_next(master, &master->served[i]);
		if (i >= reload->first_added)
			master_end_runner(master, &master->served[i].now);
	}
}

void reload_drop_number(struct master *master, struct served *served)
{
	for (size_t j = 0; j < SERVED_RUNNERS; j++)
		master_end_runner(master, served_runner(served, j));
	master_close_number(master, served);
}

void reload_workers_undo(struct master *master)
{
	struct reload *reload = &master->reload;

	if (!reload->turns)
		return;
	for (size_t i = 0; i < reload->first_added; i++)
		if (reload->turns[i].fate == RELOAD_KEPT)
			drop_next(master, &master->served[i]);
	while (master->count > reload->first_added)
		reload_drop_number(master, &master->served[--master->count]);
	steering_disown(&master->plan->steering);
	free(reload->turns);
	reload->turns = NULL;
	(void)master_watch_deadlines(master);
}
