/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back: a start in the place of another executable failed. Its workers have gone on all the time; who of them died was replaced,
 * and that is undone. Nobody's place is given up for want of an executable: it goes on trying.
 */
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/upgrade.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_NS     5000000000u /* between tries, when not even the old executable can go on as it should, */
#define SOON_NS      1000000000u /* and when nobody of ours can stand in for the dead meanwhile */
#define LOOK_MS      100
#define LOG_MS       200

/* ---- Ours make place ---- */

static void begin_anew(struct runner *runner)
{
	struct shared *shared = runner_shared(runner);

	runner_forget_foreign(runner);
	memset(shared->handlers, 0, runner_config(runner)->handlers.count * sizeof(shared->handlers[0]));
	shared->slots_mixed = 1; /* what ours had in hand stands elsewhere */
}

/*
 * Where ours has served because the other one had died: what was counted goes back into that one's memory, for its plan is the one that
 * is known where we go.
 */
static void switch_back(struct served *served)
{
	const struct config_queue *before = runner_config(&served->old);
	struct crashes *crashes;

	crashes = master_adopt_crashes(served, before);
	served->quarantined = master_adopt_quarantine(served, before);
	begin_anew(&served->old);
	runner_inherit(&served->old, &served->now);
	runner_close(&served->now);
	free(served->crashes);
	served->crashes = crashes;
	served->now = served->old;
	served->old = RUNNER_NONE;
}

/* Killed, it leaves what it had in hand to the next one, but nothing that it had settled. */
static void end_now(struct master *master, struct served *served)
{
	const struct shared *shared = served_shared(served);

	if (served->now.going && !shared->recovering) {
		served->poisoned = false;
		served->careful = shared->careful > 0;
	}
	master_end_runner(master, &served->now);
}

/* Those that another executable has started know nothing of the next one. */
static void end_ours(struct master *master)
{
	for (size_t i = 0; i < master->count; i++) {
		struct served *served = &master->served[i];

		master_end_runner(master, &served->next);
		runner_close(&served->next);
		served_saved(served, true); /* whoever saves a packet would be nobody's child */
		if (master_adopts(served))
			continue;
		end_now(master, served);
		if (served->old.plan && served->old.plan->adopted)
			switch_back(served);
	}
}

/* Deaths are ordinary ones. Ours stand in, whatever was wrong with them: nobody else does. */
static void look_after(struct master *master, uint64_t limit_ns)
{
	master->started = true;
	while (!master->asked && events_now_ns() < limit_ns) {
		for (size_t i = 0; i < master->wanted; i++)
			if (master_adopts(&master->served[i]) && master->served[i].now.pid <= 0)
				(void)master_adopt_stands_by(master, &master->served[i]);
		if (events_wait(&master->events, LOOK_MS) < 0)
			break;
	}
}

/* ---- Going ---- */

/* What has changed since they were adopted. */
static int collect_again(struct master *master, struct state *state)
{
	int err = 0;

	for (size_t i = 0; !err && i < master->count; i++) {
		struct served *served = &master->served[i];

		for (size_t j = 0; master_adopts(served) && j < state->queue_count; j++) {
			struct state_queue *queue = &state->queues[j];

			if (queue->number != served->number)
				continue;
			free(queue->handlers);
			err = served_leave(served, queue);
		}
	}
	return err;
}

static int go_back(struct master *master, struct state *state, bool again, const char *why)
{
	int err;

	end_ours(master);
	err = collect_again(master, state);
	log_drain(LOG_MS);
	if (err)
		return err;
	return again ? upgrade_execute(state, upgrade_executable()) : upgrade_back(state, why);
}

void master_upgrade_back(struct master *master, struct state *state, const char *why)
{
	bool again = state->back[0];
	int err;

	if (again)
		log_error("upgrade: this executable cannot go on either: %s; its old workers do, and it tries again", why);
	for (bool wait = again; !master->asked; wait = true, again = !again) {
		if (wait)
			look_after(master, events_now_ns() + (master->wanted > 0 ? AGAIN_NS : SOON_NS));
		if (master->asked)
			return;
		err = go_back(master, state, again, why);
		log_error("upgrade: going back: %s; workers go on, and it tries again", strerror(-err));
	}
}
