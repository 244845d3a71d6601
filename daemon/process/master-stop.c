/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last steps of a master. */
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/notify.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DRAIN_TIMEOUT_NS 2000000000u
#define STOP_TIMEOUT_NS  3000000000u
#define DRAIN_LOOK_MS    5
/* Ten seconds together. A tool that hangs leaves time for that of the other family. */
#define UNHOOK_RUN_MS    1500
#define UNHOOK_ALL_MS    3000
#define UNSTEER_RUN_MS   3500
#define UNSTEER_ALL_MS   7000
#define UNSTEER_TRIES    3
#define UNSTEER_PAUSE_NS 50000000

static bool any_waiting(const struct master *master)
{
	struct queue_status status;

	for (size_t i = 0; i < master->count; i++)
		if (queue_status_read(master->served[i].number, &status) && status.waiting > 0)
			return true;
	return false;
}

static void drain(struct master *master)
{
	uint64_t limit = events_now_ns() + DRAIN_TIMEOUT_NS;

	while (any_waiting(master) && events_now_ns() < limit)
		if (events_wait(&master->events, DRAIN_LOOK_MS) < 0)
			break;
}

static bool any_worker(const struct master *master)
{
	for (size_t i = 0; i < master->count; i++)
		for (size_t j = 0; j < SERVED_RUNNERS; j++)
			if (served_runner(&master->served[i], j)->pid > 0)
				return true;
	return false;
}

static void kill_runner(struct master *master, struct runner *runner)
{
	if (runner->pid > 0)
		log_warning("queue %u: worker %d does not end; killed", runner->number, (int)runner->pid);
	master_end_runner(master, runner);
}

static void end_workers(struct master *master)
{
	uint64_t limit = events_now_ns() + STOP_TIMEOUT_NS;

	master->stopping = true;
	for (size_t i = 0; i < master->count; i++) {
		runner_tell(&master->served[i].now, CHANNEL_STOP);
		runner_tell(&master->served[i].next, CHANNEL_STOP);
	}
	while (any_worker(master) && events_now_ns() < limit)
		if (events_wait(&master->events, 100) < 0)
			break;
	for (size_t i = 0; i < master->count; i++)
		for (size_t j = 0; j < SERVED_RUNNERS; j++)
			kill_runner(master, served_runner(&master->served[i], j));
}

/* A moment without memory or descriptors must not leave rules that lead to a queue that is gone. */
static int remove_rules(const struct steering *steering, struct steer_tally *tally)
{
	const struct steering_patience patience = { .run_ms = UNSTEER_RUN_MS, .all_ms = UNSTEER_ALL_MS };
	const struct timespec pause = { .tv_nsec = UNSTEER_PAUSE_NS };
	const uint64_t limit = events_now_ns() + UNSTEER_ALL_MS * 1000000ull / 2;
	int err = steering_remove(steering, &patience, tally);

	for (int i = 1; i < UNSTEER_TRIES && err < 0 && events_now_ns() < limit; i++) {
		nanosleep(&pause, NULL);
		err = steering_remove(steering, &patience, tally);
	}
	return err;
}

/* Jumps first: what the rules counted then stays as it is, and is read when they go. */
static int take_rules_out(struct master *master)
{
	const struct steering_patience unhook = { .run_ms = UNHOOK_RUN_MS, .all_ms = UNHOOK_ALL_MS };
	struct steer_tally tally;
	int err;

	if (!master->bypass.board)
		return remove_rules(&master->plan->steering, NULL);
	tally = bypass_tally(&master->bypass);
	if (steering_unhook(&master->plan->steering, &unhook, &tally) == 0)
		bypass_note(&master->bypass, BYPASS_RULES);
	err = remove_rules(&master->plan->steering, &tally);
	if (err >= 0)
		bypass_note(&master->bypass, BYPASS_REMOVED);
	return err;
}

static bool unsteer(struct master *master)
{
	if (!master->steered || take_rules_out(master) >= 0)
		return true;
	log_error("steering: rules could not all be removed; once iptables works, `nfverdictd --cleanup` removes them");
	return false;
}

/*
 * Nothing depends on us any more, so a slow reader gets some time: first for what it did not take yet, then for the
 * tables.
 */
static void print_at_end(struct master *master, char *text)
{
	uint64_t end = events_now_ns() + OUTPUT_END_MS * 1000000u;

	for (char *line = text; line;) {
		uint64_t now = events_now_ns();

		if (master->output.len > 0)
			output_drain(&master->output, now < end ? (int)((end - now) / 1000000) : 0);
		line = strsep(&text, "\n");
		if (line && (text || *line))
			master_print_line(master, line);
	}
}

bool master_stop(struct master *master, bool was_ready)
{
	bool clean;
	char *text;

	(void)notify_send("STOPPING=1");
	reload_abort(master);
	rules_server_stop(&master->rules_server);
	keeper_stop(&master->keeper);
	clean = master->leaves || unsteer(master);
	if (was_ready && !master->leaves)
		drain(master);
	end_workers(master);
	for (size_t i = 0; i < master->count && !master->leaves; i++)
		served_let_go(&master->served[i]);
	bypass_note(&master->bypass, BYPASS_IDS);
	text = was_ready ? master_collect_stats(master, true) : NULL;
	for (size_t i = 0; i < master->count; i++)
		master_close_number(master, &master->served[i]);
	free(master->served);
	keeper_free(&master->keeper);
	bypass_close(&master->bypass);
	print_at_end(master, text);
	free(text);
	return clean;
}
