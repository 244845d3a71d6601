/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A start that finds queues at work: workers that a predecessor left go on until ours, which stand by, take over; queue
 * numbers that nobody wants any more are closed; steering is changed where it differs.
 */
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/plan-adopt.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define STAND_BY_NS  10000000000u /* for workers of ours; then the others have to leave all the same */
#define LEAVE_NS     3000000000u  /* for those to do so; one that does not is ended */
#define HAND_OVER_LOOK_MS 20
#define PREPARE_AGAIN_NS 1000000000u /* to the next try, when a worker could not be started */
#define RETIRE_NS    3000000000u  /* for those of numbers that are given up, to decide what waits */

/* ---- What was left ---- */

static struct state_queue *find_left(const struct master *master, uint16_t number)
{
	for (size_t i = 0; master->left && i < master->left->queue_count; i++)
		if (master->left->queues[i].number == number)
			return &master->left->queues[i];
	return NULL;
}

int master_adopt_open(struct master *master, char *why, size_t why_size)
{
	if (!master->left)
		return 0;
	master->left_plan = plan_adopt(master->left->plan, why, why_size);
	(void)raise(SIGCHLD); /* who has died meanwhile is not told twice */
	return master->left_plan ? 0 : -EINVAL;
}

int master_adopt_number(struct master *master, struct served *served, uint16_t number, char *why, size_t why_size)
{
	const struct state_queue *from = find_left(master, number);
	int err;

	if (!from)
		return 0;
	master->adopting = true;
	err = served_adopt(served, master->left_plan, from, why, why_size);
	if (err)
		served_forget(served, number); /* for those whom we go back to it is as they left it */
	else if (served->now.channel >= 0 && (err = master_watch_runner(master, &served->now)))
		snprintf(why, why_size, "epoll: %s", strerror(-err));
	return err ? err : 1;
}

static bool is_wanted(const struct master *master, uint16_t number)
{
	const struct steering *steering = &master->plan->steering;

	for (size_t i = 0; i < steering->number_count; i++)
		if (steering->numbers[i] == number)
			return true;
	return false;
}

/* Behind those that are wanted. */
int master_adopt_rest(struct master *master)
{
	char why[512];

	master->wanted = master->count;
	for (size_t i = 0; master->left && i < master->left->queue_count; i++) {
		uint16_t number = master->left->queues[i].number;
		struct served *served = &master->served[master->count];
		int err;

		if (is_wanted(master, number))
			continue;
		err = master_adopt_number(master, served, number, why, sizeof(why));
		served->foreground = master->options->foreground;
		master->count++;
		if (err < 0) {
			log_error("queue %u: cannot be taken over: %s", number, why);
			return err;
		}
	}
	return 0;
}

/* ---- Workers of ours, which stand by ---- */

static int find_name(const struct nfv_list *list, const char *name)
{
	const char *const *names = list->items;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

/* Handlers in quarantine stay there: by their names, for there may be others now. */
uint64_t master_adopt_quarantine(const struct served *served, const struct config_queue *next)
{
	const struct nfv_list *handlers = &served_config(served)->handlers;
	const char *const *names = handlers->items;
	uint64_t quarantined = 0;

	for (size_t i = 0; i < handlers->count; i++) {
		int at = served->quarantined >> i & 1 ? find_name(&next->handlers, names[i]) : -1;

		if (at >= 0)
			quarantined |= UINT64_C(1) << at;
	}
	return quarantined;
}

struct crashes *master_adopt_crashes(const struct served *served, const struct config_queue *next)
{
	const struct nfv_list *handlers = &served_config(served)->handlers;
	const char *const *names = handlers->items;
	struct crashes *crashes = served->crashes ? calloc(next->handlers.count + 1, sizeof(*crashes)) : NULL;

	for (size_t i = 0; crashes && i < handlers->count; i++) {
		int at = find_name(&next->handlers, names[i]);

		if (at >= 0)
			crashes[at] = served->crashes[i];
	}
	return crashes;
}

static const struct config_queue *entry_of(const struct master *master, uint16_t number, size_t *queue)
{
	const struct config *config = master->plan->config;

	for (*queue = 0; *queue < config->queue_count; (*queue)++) {
		const struct nfv_range *numbers = &config->queues[*queue].numbers;

		if (number >= numbers->first && number <= numbers->last)
			return &config->queues[*queue];
	}
	return NULL;
}

int master_adopt_prepare(struct master *master, struct served *served)
{
	size_t queue;
	const struct config_queue *entry = entry_of(master, served->number, &queue);
	int err = entry ? served_prepare(served, master->plan, queue, master_adopt_quarantine(served, entry)) : -ENOENT;

	if (err == 0 && (err = master_watch_runner(master, &served->next))) {
		master_end_runner(master, &served->next); /* nobody would hear that it is ready */
		runner_close(&served->next);
	}
	if (err)
		log_error("queue %u: worker cannot be started: %s", served->number, strerror(-err));
	return err;
}

bool master_adopt_stands_by(struct master *master, struct served *served)
{
	const uint64_t now = events_now_ns();

	if (served->next.pid > 0 || served->prepare_at_ns > now)
		return served->next.pid > 0 && served->next.ready;
	if (master_adopt_prepare(master, served) < 0)
		served->prepare_at_ns = now + PREPARE_AGAIN_NS;
	return false;
}

/* It was to take over. Killed from outside it is followed by another one; of itself it ends for a cause that stays. */
void master_adopt_next_ended(struct master *master, struct served *served, int status)
{
	const bool killed = WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);

	runner_log_end(&served->next, status);
	served_other_ended(served, &served->next, 0);
	served->prepare_at_ns = killed ? 0 : events_now_ns() + PREPARE_AGAIN_NS;
	if (!killed && !master->started)
		master->stop = true;
}

/* ---- Taking over ---- */

bool master_adopts(const struct served *served)
{
	return served->now.plan && served->now.plan->adopted;
}

static void switch_to_next(struct served *served)
{
	struct crashes *crashes = master_adopt_crashes(served, runner_config(&served->next));

	served_switch(served);
	served->crashes = crashes;
	log_debug("queue %u: worker %d took over", served->number, (int)served->now.pid);
}

void master_adopt_switch(struct served *served)
{
	if (master_adopts(served) && served->next.ready && (served->now.pid <= 0 || served->now.left))
		switch_to_next(served);
}

static size_t count_adopted(const struct master *master)
{
	size_t count = 0;

	for (size_t i = 0; i < master->wanted; i++)
		count += master_adopts(&master->served[i]);
	return count;
}

/* Its successor repeats what one that is killed had in hand. */
static void ask_to_leave(struct master *master, struct served *served, uint64_t now_ns)
{
	if (!served->asked_ns) {
		runner_tell(&served->now, CHANNEL_LEAVE);
		served->asked_ns = now_ns;
	} else if (now_ns - served->asked_ns < LEAVE_NS) {
		runner_wake(&served->now); /* should the signal have come between its last look and its wait */
	} else {
		log_warning("queue %u: worker %d does not leave; killed", served->number, (int)served->now.pid);
		master_end_runner(master, &served->now);
	}
}

/* It goes on as long as it is of use: until another one stands by, or there was time enough for that. */
static void hand_over(struct master *master, struct served *served, uint64_t limit_ns)
{
	const uint64_t now = events_now_ns();
	const bool enough = master_adopt_stands_by(master, served) || now > limit_ns;

	if (enough && served->now.pid > 0 && !served->now.left)
		ask_to_leave(master, served, now);
	if (enough && served->next.plan && (served->now.pid <= 0 || served->now.left))
		switch_to_next(served);
}

/* What was kept for a way back. */
static void forget_old(struct served *served)
{
	if (served->old.pid == 0 && served->old.plan)
		runner_close(&served->old);
}

int master_adopt_hand_over(struct master *master)
{
	const uint64_t limit = events_now_ns() + STAND_BY_NS;

	do {
		for (size_t i = 0; i < master->wanted; i++)
			if (master_adopts(&master->served[i]))
				hand_over(master, &master->served[i], limit);
	} while (count_adopted(master) > 0 && !master->asked && events_wait(&master->events, HAND_OVER_LOOK_MS) == 0);
	for (size_t i = 0; i < master->count; i++)
		forget_old(&master->served[i]);
	return 0;
}

int master_adopt_steering(const struct master *master, const struct steering_patience *patience, struct report *report)
{
	uint16_t *own = calloc(master->count + 1, sizeof(*own));
	int err;

	if (!own)
		return -ENOMEM;
	for (size_t i = 0; i < master->count; i++)
		own[i] = master->served[i].number;
	err = steering_adopt(&master->plan->steering, own, master->count, patience, report);
	free(own);
	return err;
}

void master_adopt_release(struct master *master)
{
	for (size_t i = 0; i < master->count; i++) {
		struct served *served = &master->served[i];

		if (master_adopts(served) && served->now.pid > 0) {
			events_unwatch(&master->events, served->now.channel);
			runner_gone(&served->now);
			queue_close(&served->socket);
		} else if (served->stored) {
			master_end_runner(master, &served->now);
			queue_close(&served->socket);
		}
	}
	master->steered = false;
}

/* ---- Numbers that are given up ---- */

static bool any_of_rest(const struct master *master)
{
	for (size_t i = master->wanted; i < master->count; i++)
		if (master->served[i].now.pid > 0)
			return true;
	return false;
}

/* After rules lead there no more. */
void master_adopt_retire(struct master *master)
{
	uint64_t limit = events_now_ns() + RETIRE_NS;

	for (size_t i = master->wanted; i < master->count; i++)
		runner_tell(&master->served[i].now, CHANNEL_STOP);
	while (any_of_rest(master) && events_now_ns() < limit)
		if (events_wait(&master->events, 20) < 0)
			break;
	while (master->count > master->wanted) {
		struct served *served = &master->served[master->count - 1];

		master_end_runner(master, &served->now);
		served_let_go(served);
		log_notice("queue %u: is given up", served->number);
		master_close_number(master, served);
		master->count--;
	}
	master->adopting = false;
}
