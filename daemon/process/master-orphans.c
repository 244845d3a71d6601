/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doors: at ours, masters knock that want a number which we have; at that of a number which somebody else has, we do. Behind
 * it is a master that lives, or a worker whose master is dead.
 */
#include "daemon/process/door.h"
#include "daemon/process/fd-store.h"
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/plan-adopt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ANSWER_MS 5000 /* for a worker that is busy */

/* ---- Our doors ---- */

static void on_knock(void *argument, int fd, uint32_t events)
{
	const struct master *master = argument;
	int channel;

	(void)master;
	(void)events;
	while ((channel = door_next(fd, geteuid())) >= 0) {
		(void)door_say_taken(channel, getpid());
		close(channel);
	}
}

void master_watch_door(struct master *master, const struct served *served)
{
	if (served->door >= 0)
		(void)events_watch(&master->events, served->door, EPOLLIN, on_knock, master);
}

/* Workers have it too, so that closing it does not end the watching. */
void master_close_number(struct master *master, struct served *served)
{
	if (served->door >= 0)
		events_unwatch(&master->events, served->door);
	/* At the end of the daemon it stays: for the next start, or until the manager sees that there is none. */
	if (!master->stopping)
		fd_store_remove(served->number);
	served_close(served);
}

/* ---- Others' doors ---- */

/* What came along, by its number in the state; -1: it did not. It is the state's then. */
static int take(struct door_answer *answer, int index)
{
	int fd = -1;

	if (index >= 0 && (size_t)index < answer->fd_count) {
		fd = answer->fds[index];
		answer->fds[index] = -1;
	}
	return fd;
}

static int read_state(struct state *state, struct door_answer *answer, uint16_t number, char *why, size_t why_size)
{
	int err = state_parse(state, answer->text, strlen(answer->text), why, why_size);
	struct state_queue *queue = state->queues;

	if (err)
		return err;
	if (state->queue_count != 1 || queue->number != number || queue->ring >= 0 || answer->worker <= 0) {
		snprintf(why, why_size, "it tells of something else");
		return -EINVAL;
	}
	queue->pid = answer->worker;
	queue->socket = take(answer, queue->socket);
	queue->shared = take(answer, queue->shared);
	queue->slots = take(answer, queue->slots);
	queue->door = take(answer, queue->door);
	return 0;
}

static int close_one(void *context, int fd)
{
	(void)context;
	close(fd);
	return 0;
}

/* The channel and all descriptors are the served one's from here on, also after a failure. */
static int adopt(struct master *master, struct served *served, const struct state *state, char *why, size_t why_size)
{
	struct plan *plan = plan_adopt(state->plan, why, why_size);
	int err = plan ? served_adopt(served, plan, state->queues, why, why_size) : -EINVAL;

	plan_drop(plan);
	if (err) {
		served_forget(served, state->queues->number);
		(void)state_each_descriptor(state, close_one, NULL);
		return err;
	}
	served->now.stranger = true;
	master->adopting = master->steered = true;
	err = master_watch_runner(master, &served->now);
	if (err)
		snprintf(why, why_size, "epoll: %s", strerror(-err));
	return err;
}

static int take_over(struct master *master, struct served *served, uint16_t number, struct door_answer *answer, int channel,
		     char *why, size_t why_size)
{
	char cause[512];
	struct state state;
	int err = read_state(&state, answer, number, cause, sizeof(cause));

	if (err) {
		close(channel);
	} else {
		state.queues->channel = channel;
		state.executable = state.answer = -1;
		err = adopt(master, served, &state, cause, sizeof(cause));
	}
	if (err)
		snprintf(why, why_size, "worker %d of an nfverdictd that is gone hands it over, but %s", (int)answer->worker,
			 cause);
	else
		log_notice("queue %u: worker %d of an nfverdictd that is gone hands it over", number, (int)answer->worker);
	state_free(&state);
	return err;
}

int master_take_over(struct master *master, struct served *served, uint16_t number, char *why, size_t why_size)
{
	struct door_answer answer;
	int channel, err = door_knock(number, &channel);

	if (err)
		return 0; /* nobody is there: what was told of the bind says all that is known */
	err = door_wait(channel, ANSWER_MS, &answer);
	if (err == -ECONNRESET) {
		close(channel);
		return 0; /* it was just dying */
	}
	if (err) {
		snprintf(why, why_size, "a worker of an nfverdictd that is gone has it, and does not answer: %s",
			 strerror(-err));
		close(channel);
		return err;
	}
	if (answer.taken) {
		snprintf(why, why_size, "nfverdictd, process %d, serves it", (int)answer.taken);
		close(channel);
		err = -EBUSY;
	} else {
		err = take_over(master, served, number, &answer, channel, why, why_size);
	}
	door_answer_free(&answer);
	return err ? err : 1;
}

/* ---- Workers that are not our children ---- */

/* What no wait can tell: how it ended. One that did not say that it left was killed, or hung and was. */
bool master_lost_stranger(struct master *master, struct served *served, struct runner *runner)
{
	if (!runner->stranger)
		return false;
	runner->stranger = false;
	master_runner_ended(master, served, runner, runner->left ? 0 : SIGKILL);
	return true;
}
