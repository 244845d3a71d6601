/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers of a reload that leave, and the numbers that go. */
#include "daemon/process/log.h"
#include "daemon/process/reload-private.h"
#include "daemon/process/stats.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define LEAVE_LIMIT_NS 3000000000u /* to decide the batch in hand */
#define STOP_LIMIT_NS  3000000000u
#define TRIES          3 /* workers of the new plan that die while they stand by: then one has to do */

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
	(void)reload_stand_by(master, i);
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
	if (!served->next.plan && reload_stand_by(master, i) < 0)
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
	reload_drop_number(master, served);
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
