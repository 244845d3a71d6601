/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whoever has ended, and is started again: workers, senders, and those that look after rules. */
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#define RESTART_FAILED_NS 1000000000u /* until the next try, when no process could be made */

/* ---- Workers ---- */

static void on_restart(void *argument, uint64_t now_ns);

/* A timer for the one that is due next. One that is set for later stays, and finds nothing to do. */
static void arm_restart(struct master *master, uint64_t now_ns)
{
	uint64_t next = 0;

	for (size_t i = 0; i < master->count; i++) {
		const struct served *served = &master->served[i];

		if (served->now.pid == 0 && served->restart_at_ns && (!next || served->restart_at_ns < next))
			next = served->restart_at_ns;
	}
	if (!next || (master->restart_at_ns && master->restart_at_ns <= next))
		return;
	if (events_timer(&master->events, next > now_ns ? next - now_ns : 0, 0, on_restart, master) >= 0)
		master->restart_at_ns = next;
}

/* Those that are due. */
static void restart(struct master *master, uint64_t now_ns)
{
	for (size_t i = 0; i < master->count && !master->stopping; i++) {
		struct served *served = &master->served[i];

		if (served->now.pid > 0 || master_adopts(served) || !served->restart_at_ns || served->restart_at_ns > now_ns)
			continue;
		if (master_start_worker(master, served) < 0)
			served->restart_at_ns = now_ns + RESTART_FAILED_NS;
		else
			log_notice("queue %u: worker restarted", served->number);
	}
	arm_restart(master, now_ns);
}

static void on_restart(void *argument, uint64_t now_ns)
{
	struct master *master = argument;

	master->restart_at_ns = 0;
	restart(master, now_ns);
}

/* A start does not fail of a death that says nothing of what is started: packets come already, or somebody killed it. */
static bool is_ordinary_death(const struct master *master, const struct served *served, int status)
{
	return master->started || (master->adopting && (served->now.going || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)));
}

/* The one that serves is gone: another one takes its place, at once if it can be. */
static void replace(struct master *master, struct served *served, int status)
{
	const bool ordinary = is_ordinary_death(master, served, status);

	served_ended(served, status, master->stopping || reload_ends(master, served));
	if (master_adopts(served)) {
		master_adopt_switch(served);
		return;
	}
	if (!ordinary)
		master->stop = true;
	else if (!master->stopping && !reload_replaces(master, served) && !release_replaces(master, served))
		restart(master, events_now_ns());
}

/* Its last words may have made another one of it. */
static struct runner *after_last_words(struct master *master, struct served *served, struct runner *runner)
{
	const pid_t pid = runner->pid;

	(void)master_take_words(master, served, runner->channel, SIZE_MAX); /* no more can come */
	for (size_t i = 0; i < SERVED_RUNNERS; i++)
		if (served_runner(served, i)->pid == pid)
			return served_runner(served, i);
	return runner;
}

void master_runner_ended(struct master *master, struct served *served, struct runner *runner, int status)
{
	runner = after_last_words(master, served, runner);
	events_unwatch(&master->events, runner->channel);
	if (runner == &served->now)
		replace(master, served, status);
	else if (runner == &served->next && master->adopting)
		master_adopt_next_ended(master, served, status);
	else
		served_other_ended(served, runner, status);
}

/* One that has ended; false: none. They change places with that. */
static bool reap_runner(struct master *master, struct served *served)
{
	struct runner *runner;
	int status;

	for (size_t i = 0; i < SERVED_RUNNERS; i++) {
		runner = served_runner(served, i);
		if (runner_reap(runner, &status)) {
			master_runner_ended(master, served, runner, status);
			return true;
		}
	}
	return false;
}

/* ---- Senders ---- */

static void on_restart_sender(void *argument, uint64_t now_ns);

/* One timer for the one that is due next, however many are. */
static void arm_restart_senders(struct master *master, uint64_t now_ns)
{
	uint64_t next = 0;

	for (size_t i = 0; i < master->count; i++) {
		const struct sender *sender = &master->served[i].sender;

		if (sender->pid == 0 && sender->restart_at_ns && (!next || sender->restart_at_ns < next))
			next = sender->restart_at_ns;
	}
	if (!next || (master->senders_at_ns && master->senders_at_ns <= next))
		return;
	if (events_timer(&master->events, next > now_ns ? next - now_ns : 0, 0, on_restart_sender, master) >= 0)
		master->senders_at_ns = next;
}

/* Those who send for workers. Without one decisions wait in the ring, and are sent by the next. */
static void restart_sender(struct served *served, uint64_t now_ns)
{
	int err = served_restart_sender(served, now_ns);

	if (err) {
		log_error("queue %u: sender cannot be started: %s", served->number, strerror(-err));
		served->sender.restart_at_ns = now_ns + RESTART_FAILED_NS;
	}
}

static void on_restart_sender(void *argument, uint64_t now_ns)
{
	struct master *master = argument;

	master->senders_at_ns = 0;
	for (size_t i = 0; i < master->count; i++)
		restart_sender(&master->served[i], now_ns);
	arm_restart_senders(master, now_ns);
}

/* ---- Those that look after rules ---- */

static void on_rules_server(void *argument, uint64_t now_ns)
{
	struct master *master = argument;

	(void)now_ns;
	if (!master->stopping && rules_server_again(&master->rules_server))
		(void)events_timer(&master->events, RESTART_FAILED_NS, 0, on_rules_server, master);
}

static void on_keeper(void *argument, uint64_t now_ns)
{
	struct master *master = argument;

	(void)now_ns;
	if (master->stopping || master->keeper.child.pid > 0)
		return;
	if (master->reload.phase == RELOAD_NONE)
		master_start_keeper(master);
	else /* which may have ended it on purpose, and starts it at its end */
		(void)events_timer(&master->events, RESTART_FAILED_NS, 0, on_keeper, master);
}

void master_start_keeper(struct master *master)
{
	int err = keeper_start(&master->keeper, &master->plan->steering, &master->bypass);

	if (!err) {
		master_watch_keeper(master);
		return;
	}
	log_error("steering: nobody keeps our rules in place: %s", strerror(-err));
	(void)events_timer(&master->events, RESTART_FAILED_NS, 0, on_keeper, master);
}

void master_start_rules_server(struct master *master)
{
	int err = rules_server_start(&master->rules_server, master->plan->config);

	if (!err)
		return;
	log_error("rules server: it cannot be started: %s", strerror(-err));
	(void)events_timer(&master->events, RESTART_FAILED_NS, 0, on_rules_server, master);
}

/* ---- All of them ---- */

static void reap_workers(struct master *master)
{
	for (size_t i = 0; i < master->count; i++) {
		bool sender_ended = served_reap_sender(&master->served[i]);

		served_saved(&master->served[i], false);
		while (reap_runner(master, &master->served[i]))
			;
		if (sender_ended || master->served[i].sender.restart_at_ns)
			restart_sender(&master->served[i], events_now_ns());
	}
	arm_restart_senders(master, events_now_ns());
}

/* Those that look after rules. */
static void reap_others(struct master *master)
{
	uint64_t wait = rules_server_reap(&master->rules_server);

	if (keeper_reap(&master->keeper))
		on_keeper(master, 0);
	master_upgrade_reap(master);
	if (wait)
		(void)events_timer(&master->events, wait, 0, on_rules_server, master);
}

void master_reap(struct master *master)
{
	reap_workers(master);
	reap_others(master);
	reload_reap(master);
}
