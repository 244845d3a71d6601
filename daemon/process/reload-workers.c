/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers of a reload: those that stand by, those that leave, and the numbers that come and go. */
#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"
#include "daemon/process/reload-private.h"
#include "daemon/process/stats.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LEAVE_LIMIT_NS 3000000000u /* to decide the batch in hand */
#define STOP_LIMIT_NS  3000000000u
#define TRIES          3 /* workers of the new plan that die while they stand by: then one has to do */

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

static int stand_by(struct master *master, size_t i)
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
			err = stand_by(master, i);
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

static void drop_added(struct master *master, struct served *served)
{
	for (size_t j = 0; j < SERVED_RUNNERS; j++)
		master_end_runner(master, served_runner(served, j));
	served_close(served);
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
		drop_added(master, &master->served[--master->count]);
	steering_disown(&master->plan->steering);
	free(reload->turns);
	reload->turns = NULL;
	(void)master_watch_deadlines(master);
}

/* ---- Handing over ---- */

static void ask(struct served *served, struct reload_turn *turn, enum channel_type type, uint64_t now_ns)
{
	if (!turn->asked_ns) {
		runner_tell(&served->now, type);
		turn->asked_ns = now_ns;
	} else {
		/* Should the signal have come between its last look and its wait. */
		runner_wake(&served->now);
	}
}

static void insist(struct served *served, struct reload_turn *turn, uint64_t limit_ns, uint64_t now_ns)
{
	if (turn->killed || served->now.pid <= 0 || now_ns - turn->asked_ns < limit_ns)
		return;
	log_warning("queue %u: worker %d does not end; killed", served->number, (int)served->now.pid);
	kill(served->now.pid, SIGKILL);
	turn->killed = true;
}

/* One that dies while it stands by is started again; after some the one that serves has to go all the same. */
static bool stands_by(struct master *master, size_t i)
{
	struct served *served = &master->served[i];
	struct reload_turn *turn = &master->reload.turns[i];

	if (served->next.pid > 0)
		return served->next.ready;
	if (turn->tries >= TRIES)
		return true;
	turn->tries++;
	log_warning("queue %u: the worker that stood by is gone; another one is started", served->number);
	(void)stand_by(master, i);
	return false;
}

static void hand_over(struct master *master, size_t i, uint64_t now_ns)
{
	struct served *served = &master->served[i];
	struct reload_turn *turn = &master->reload.turns[i];

	if (!stands_by(master, i) && !turn->asked_ns)
		return;
	if (served->now.pid > 0 && !served->now.left) {
		ask(served, turn, CHANNEL_LEAVE, now_ns);
		insist(served, turn, LEAVE_LIMIT_NS, now_ns);
		return;
	}
	if (!served->next.plan && stand_by(master, i) < 0)
		return;
	served_switch(served);
	turn->done = true;
}

bool reload_workers_hand_over(struct master *master)
{
	const struct reload *reload = &master->reload;
	const uint64_t now = events_now_ns();
	bool all = true;

	for (size_t i = 0; i < master->count; i++) {
		if (reload->turns[i].fate != RELOAD_KEPT)
			continue;
		if (!reload->turns[i].done)
			hand_over(master, i, now);
		all &= reload->turns[i].done;
	}
	return all;
}

/* ---- Going ---- */

static bool is_empty(const struct served *served)
{
	struct queue_status status;

	return queue_status_read(served->number, &status) && status.waiting == 0;
}

/* Its books are told now: nobody asks for them later. */
static void tell_books(struct master *master, const struct served *served)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	stats_print(served, 1, out);
	fclose(out);
	master_print_lines(master, text);
	free(text);
}

static void drain(struct master *master, size_t i, uint64_t now_ns)
{
	struct served *served = &master->served[i];
	struct reload_turn *turn = &master->reload.turns[i];

	if (!turn->asked_ns && !is_empty(served) && now_ns < master->reload.limit_ns)
		return;
	if (served->now.pid > 0) {
		ask(served, turn, CHANNEL_STOP, now_ns);
		insist(served, turn, STOP_LIMIT_NS, now_ns);
		return;
	}
	served_let_go(served);
	tell_books(master, served);
	log_notice("queue %u: given up", served->number);
	drop_added(master, served);
	turn->done = true;
}

/* Those that are left move up. */
static void forget_removed(struct master *master)
{
	struct reload *reload = &master->reload;
	size_t kept = 0;

	for (size_t i = 0; i < master->count; i++) {
		if (reload->turns[i].fate == RELOAD_REMOVED)
			continue;
		master->served[kept] = master->served[i];
		reload->turns[kept++] = reload->turns[i];
	}
	master->count = kept;
}

bool reload_workers_drain(struct master *master)
{
	const struct reload *reload = &master->reload;
	const uint64_t now = events_now_ns();
	bool all = true;

	for (size_t i = 0; i < master->count; i++) {
		if (reload->turns[i].fate != RELOAD_REMOVED)
			continue;
		if (!reload->turns[i].done)
			drain(master, i, now);
		all &= reload->turns[i].done;
	}
	if (all)
		forget_removed(master);
	return all;
}

bool reload_workers_close(struct master *master)
{
	const bool over = events_now_ns() > master->reload.limit_ns;
	bool all = true;

	for (size_t i = 0; i < master->count; i++) {
		struct runner *old = &master->served[i].old;

		if (old->pid > 0 && over) {
			log_warning("queue %u: worker %d does not end; killed", old->number, (int)old->pid);
			master_end_runner(master, old);
			runner_close(old);
		}
		all &= old->pid <= 0;
	}
	return all;
}

bool reload_workers_busy(const struct master *master)
{
	for (size_t i = 0; i < master->count; i++)
		if (master->served[i].next.plan || master->served[i].old.plan)
			return true;
	return false;
}

/* ---- What the master asks ---- */

static const struct reload_turn *turn_of(const struct master *master, const struct served *served)
{
	return master->reload.turns ? &master->reload.turns[served - master->served] : NULL;
}

bool reload_ends(const struct master *master, const struct served *served)
{
	const struct reload_turn *turn = turn_of(master, served);

	return turn && turn->fate == RELOAD_REMOVED && turn->asked_ns;
}

static bool replaces(const struct master *master, const struct reload_turn *turn)
{
	switch (turn->fate) {
	case RELOAD_KEPT:
		/* In its place comes the one that stands by: reload_step() sees to it. */
		return turn->asked_ns && !turn->done;
	case RELOAD_ADDED:
		return master->reload.phase == RELOAD_STANDING_BY;
	case RELOAD_REMOVED:
		return turn->asked_ns != 0;
	}
	return false;
}

bool reload_replaces(struct master *master, struct served *served)
{
	const struct reload_turn *turn = turn_of(master, served);

	if (!turn || !replaces(master, turn))
		return false;
	served->restart_at_ns = 0;
	return true;
}

void reload_hear(struct master *master, const struct runner *runner, const char *text)
{
	const struct reload *reload = &master->reload;

	if (reload->phase == RELOAD_STANDING_BY && runner->plan == reload->plan)
		reload_complain(master, "%s", text);
	else
		log_error("%s", text);
}
