/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/release.h"

#include "daemon/process/answer.h"
#include "daemon/process/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS        10000000u
#define READY_LIMIT_NS 30000000000u
#define LEAVE_LIMIT_NS 3000000000u /* to decide the batch in hand */
#define CLOSE_LIMIT_NS 5000000000u

struct release_turn {
	uint16_t number;
	uint64_t handlers;    /* that are released, a bit each */
	bool started;         /* the new worker */
	uint64_t asked_ns;    /* the one that serves was told to leave; 0: not yet */
	bool killed;          /* it did not */
	uint64_t switched_ns; /* the new one has taken over; the other one closes its handlers */
	bool done;
};

/* ---- What is asked for ---- */

static void __attribute__((format(printf, 3, 4))) refuse(struct master *master, uint64_t client, const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	control_server_refuse(master->commands.server, client, CONTROL_WRONG, why);
}

/* A queue's name goes before a number. */
static bool is_name(const struct master *master, const char *queue)
{
	for (size_t i = 0; i < master->count; i++)
		if (strcmp(served_config(&master->served[i])->name, queue) == 0)
			return true;
	return false;
}

static bool is_meant(const struct served *served, const struct control_request *request, bool by_name)
{
	char number[8];

	snprintf(number, sizeof(number), "%u", served->number);
	return request->all || strcmp(request->queue, by_name ? served_config(served)->name : number) == 0;
}

/* The bit of a handler; 0: the queue has none of that name. */
static uint64_t handler_bit(const struct served *served, const char *name)
{
	const struct config_queue *config = served_config(served);

	for (size_t i = 0; i < config->handlers.count; i++)
		if (strcmp(((const char *const *)config->handlers.items)[i], name) == 0)
			return UINT64_C(1) << i;
	return 0;
}

/* A turn for each number that has something to be released. False after it was refused. */
static bool find_turns(struct master *master, uint64_t client, const struct control_request *request)
{
	struct release *release = &master->release;
	const bool by_name = is_name(master, request->queue);
	bool any = false, has_handler = false;

	for (size_t i = 0; i < master->count; i++) {
		const struct served *served = &master->served[i];
		uint64_t wanted = UINT64_MAX;

		if (!is_meant(served, request, by_name))
			continue;
		any = true;
		if (request->handler[0])
			wanted = handler_bit(served, request->handler);
		has_handler |= wanted != 0;
		if (served->quarantined & wanted)
			release->turns[release->count++] = (struct release_turn){
				.number = served->number,
				.handlers = served->quarantined & wanted,
			};
	}
	if (!any && !request->all)
		refuse(master, client, "there is no queue '%s'", request->queue);
	else if (request->handler[0] && !has_handler)
		refuse(master, client, "queue %s has no handler '%s'", request->queue, request->handler);
	else if (request->handler[0] && release->count == 0)
		refuse(master, client, "queue %s: handler %s is not in quarantine", request->queue, request->handler);
	else
		return true;
	return false;
}

static void on_look(void *argument, uint64_t now_ns)
{
	(void)now_ns;
	release_step(argument);
}

void release_start(struct master *master, uint64_t client, const struct control_request *request)
{
	struct release *release = &master->release;

	if (release_runs(release)) {
		refuse(master, client, "another release is under way");
		return;
	}
	if (reload_runs(&master->reload)) {
		refuse(master, client, "a reload is under way, which releases all of them");
		return;
	}
	if (!master->serving || master->stop) {
		refuse(master, client, "the daemon is %s", master->stop ? "stopping" : "starting");
		return;
	}
	release->turns = calloc(master->count + 1, sizeof(*release->turns));
	if (!release->turns) {
		refuse(master, client, "no memory");
		return;
	}
	release->client = client;
	release->limit_ns = events_now_ns() + READY_LIMIT_NS;
	if (!find_turns(master, client, request)) {
		release_free(release);
		return;
	}
	release->timer = events_timer(&master->events, LOOK_NS, LOOK_NS, on_look, master);
	if (release->timer < 0) {
		refuse(master, client, "no timer is free");
		release_free(release);
	} else {
		release_step(master);
	}
}

/* ---- A queue number ---- */

static struct served *served_of(struct master *master, const struct release_turn *turn)
{
	for (size_t i = 0; i < master->count; i++)
		if (master->served[i].number == turn->number)
			return &master->served[i];
	return NULL;
}

static void tell_problem(struct master *master, struct release_turn *turn, const char *cause)
{
	struct release *release = &master->release;
	char text[256];

	snprintf(text, sizeof(text), "queue %u: the quarantine goes on: %s", turn->number, cause);
	log_error("%s", text);
	control_server_say(master->commands.server, release->client, json_pack("{s:o}", "text", control_text(text)));
	release->failed = true;
	turn->done = true;
}

static void tell_released(struct master *master, const struct served *served, uint64_t handlers)
{
	const struct config_queue *config = served_config(served);

	for (size_t i = 0; i < config->handlers.count; i++) {
		const char *name = ((const char *const *)config->handlers.items)[i];
		json_t *object;

		if (!(handlers & UINT64_C(1) << i))
			continue;
		log_notice("queue %u: handler %s is released from quarantine", served->number, name);
		object = json_object();
		answer_set(object, "queue", control_text(config->name));
		answer_number(object, "number", served->number);
		answer_set(object, "handler", control_text(name));
		control_server_say(master->commands.server, master->release.client, json_pack("{s:o}", "released", object));
	}
}

static void drop(struct master *master, struct runner *runner)
{
	master_end_runner(master, runner);
	runner_close(runner);
}

static int start_next(struct master *master, struct served *served, struct release_turn *turn)
{
	int err = served_prepare(served, served->now.plan, served->now.queue, served->quarantined & ~turn->handlers);

	if (!err) {
		err = master_watch_runner(master, &served->next);
		if (err)
			drop(master, &served->next);
	}
	turn->started = err == 0;
	return err;
}

/* True when the new worker can take over. */
static bool stands_by(struct master *master, struct served *served, struct release_turn *turn, uint64_t now_ns)
{
	if (served->next.pid <= 0) {
		tell_problem(master, turn, "the new worker ended before it was ready");
		return false;
	}
	if (served->next.ready)
		return true;
	if (now_ns > master->release.limit_ns) {
		drop(master, &served->next);
		tell_problem(master, turn, "the new worker is not ready in time");
	}
	return false;
}

/* True when the one that serves has left, or is gone. */
static bool has_left(struct served *served, struct release_turn *turn, uint64_t now_ns)
{
	if (served->now.pid <= 0 || served->now.left)
		return true;
	if (!turn->asked_ns) {
		runner_tell(&served->now, CHANNEL_LEAVE);
		turn->asked_ns = now_ns;
		return false;
	}
	runner_wake(&served->now); /* should the signal have come between its last look and its wait */
	if (!turn->killed && now_ns - turn->asked_ns > LEAVE_LIMIT_NS) {
		log_warning("queue %u: worker %d does not leave; killed", served->number, (int)served->now.pid);
		kill(served->now.pid, SIGKILL);
		turn->killed = true;
	}
	return false;
}

/* The one that has left is of no use to anybody. */
static bool has_closed(struct master *master, struct served *served, const struct release_turn *turn, uint64_t now_ns)
{
	if (served->old.pid > 0 && now_ns - turn->switched_ns > CLOSE_LIMIT_NS) {
		log_warning("queue %u: worker %d does not end; killed", served->number, (int)served->old.pid);
		drop(master, &served->old);
	}
	return served->old.pid <= 0;
}

/* One number as far as it goes. The worker that a reload or a release before this one left behind must be gone first. */
static void step(struct master *master, struct release_turn *turn)
{
	struct served *served = served_of(master, turn);
	const uint64_t now = events_now_ns();

	if (!served) {
		turn->done = true;
		return;
	}
	if (turn->switched_ns) {
		turn->done = has_closed(master, served, turn, now);
		return;
	}
	if (!turn->started) {
		if (!served->next.plan && !served->old.plan && start_next(master, served, turn) < 0)
			tell_problem(master, turn, "a new worker cannot be started");
		return;
	}
	if (!turn->asked_ns && !stands_by(master, served, turn, now))
		return;
	if (!has_left(served, turn, now))
		return;
	/* Should the one that stood by have died meanwhile, there is no way back any more. */
	if (!served->next.plan && start_next(master, served, turn) < 0)
		return;
	served_switch(served);
	tell_released(master, served, turn->handlers);
	turn->switched_ns = now;
}

void release_step(struct master *master)
{
	struct release *release = &master->release;
	bool all = true;

	if (!release_runs(release) || master->stopping)
		return;
	for (size_t i = 0; i < release->count; i++) {
		if (!release->turns[i].done)
			step(master, &release->turns[i]);
		all &= release->turns[i].done;
	}
	if (!all)
		return;
	events_timer_cancel(&master->events, release->timer);
	if (release->failed)
		refuse(master, release->client, "not all could be released");
	else
		control_server_done(master->commands.server, release->client, CONTROL_WELL);
	release_free(release);
}

bool release_replaces(struct master *master, struct served *served)
{
	const struct release *release = &master->release;

	for (size_t i = 0; i < release->count; i++) {
		const struct release_turn *turn = &release->turns[i];

		if (turn->number != served->number || turn->done || !turn->asked_ns || turn->switched_ns)
			continue;
		served->restart_at_ns = 0;
		return true;
	}
	return false;
}

void release_free(struct release *release)
{
	free(release->turns);
	*release = (struct release){ 0 };
}
