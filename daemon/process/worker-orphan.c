/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker whose master is gone. It goes on deciding for orphan-time, for the next master may take the queue over in that
 * time; what waits in the kernel would be lost with the last descriptor of the socket. After that it decides what still
 * waits, gives the rest when-down, and ends.
 */
#include "daemon/process/door.h"
#include "daemon/process/log.h"
#include "daemon/process/plan-adopt.h"
#include "daemon/process/state.h"
#include "daemon/process/worker-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define STUCK_NS  200000000u /* a call of a handler that lasts longer keeps nobody waiting at the door */
#define LATE_NS   1500000000u /* behind orphan-time a call that does not end is cut off */
#define END_S     4 /* behind orphan-time the kernel ends the process, whatever a handler does */
#define GUARD_S 2 /* of the processor, behind deadline and orphan-time */
#define GUARD_EVERY_NS 1000000000u
#define LEAVE_S   2 /* for one that had not received yet, or had left */
#define TICK_US   10000 /* many orphans must not keep the machine from the master that is to come */
#define RELIEF_S  120 /* for a new master to relieve the worker that it has taken over */

/* In the order in which they are handed over; the state tells of them by this number. */
enum { HAND_SOCKET, HAND_SHARED, HAND_SLOTS, HAND_DOOR, HAND_CHANNEL };

/* ---- What is handed over, written down while there is memory and time ---- */

static void fill_handlers(const struct worker *worker, struct state_queue *queue)
{
	const char *const *names = worker->config->handlers.items;

	for (size_t i = 0; i < queue->handler_count; i++) {
		snprintf(queue->handlers[i].name, sizeof(queue->handlers[i].name), "%s", names[i]);
		queue->handlers[i].quarantined = worker->setup->quarantined >> i & 1;
	}
}

static void fill_queue(const struct worker *worker, struct state_queue *queue)
{
	const struct worker_setup *setup = worker->setup;

	*queue = STATE_QUEUE_NONE;
	queue->number = worker->number;
	queue->socket = HAND_SOCKET;
	queue->shared = HAND_SHARED;
	queue->slots = HAND_SLOTS;
	queue->door = HAND_DOOR;
	queue->channel = HAND_CHANNEL;
	queue->portid = setup->socket->portid;
	queue->flags = setup->socket->flags;
	queue->refused_flags = setup->socket->refused_flags;
	queue->wants = *setup->wants;
	queue->in_hand = queue->ready = queue->going = true;
	queue->pid = getpid();
	queue->slot_size = setup->slot_size;
	layout_own(&queue->layout);
}

static int write_leave_text(struct worker *worker)
{
	struct state_queue queue;
	struct state state;

	state_init(&state);
	fill_queue(worker, &queue);
	queue.handler_count = worker->config->handlers.count;
	queue.handlers = calloc(queue.handler_count + 1, sizeof(*queue.handlers));
	state.plan = plan_leave(worker->setup->plan, worker->setup->queue);
	state.queues = &queue;
	state.queue_count = 1;
	state.pid = worker->master;
	state.steered = true;
	state.repeats = true;
	if (queue.handlers && state.plan) {
		fill_handlers(worker, &queue);
		worker->leave_text = state_print(&state);
	}
	free(queue.handlers);
	free(state.plan);
	if (!worker->leave_text)
		return -ENOMEM;
	worker->leave_len = strlen(worker->leave_text);
	return 0;
}

/* No handler can keep this signal out. */
int worker_orphan_init(struct worker *worker)
{
	struct sigevent end = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };

	if (timer_create(CLOCK_MONOTONIC, &end, &worker->end_timer) < 0 ||
	    timer_create(CLOCK_PROCESS_CPUTIME_ID, &end, &worker->guard_timer) < 0)
		return -errno;
	return write_leave_text(worker);
}

/* ---- Handing over ---- */

static void end_after(const struct worker *worker, uint64_t seconds)
{
	const struct itimerspec at = { .it_value.tv_sec = (time_t)seconds, .it_value.tv_nsec = 1 };

	(void)timer_settime(worker->end_timer, 0, &at, NULL);
}

/*
 * Nothing but system calls, for a signal may do it. The new master's channel takes the number of the old one: no other may
 * be sent on.
 */
static bool answer(struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;
	const int fds[] = { setup->socket->fd, worker->memory.fd, worker->slots.fd, setup->door };
	int channel = setup->door >= 0 ? door_next(setup->door, setup->owner) : -EAGAIN, err;

	if (channel < 0)
		return false;
	err = dup3(channel, setup->channel, O_CLOEXEC) < 0 ? -errno : 0;
	close(channel);
	if (!err)
		err = door_hand_over(setup->channel, worker->leave_text, worker->leave_len, fds,
				     sizeof(fds) / sizeof(fds[0]));
	if (err)
		return false;
	worker->orphaned = 0;
	worker->relieved = 1;
	end_after(worker, RELIEF_S);
	return true;
}

/* There is a master again, on the same number. */
static void begin_relief(struct worker *worker)
{
	events_unwatch(&worker->events, worker->setup->channel);
	events_unwatch(&worker->events, worker->setup->door);
	if (worker->orphan_timer >= 0)
		events_timer_cancel(&worker->events, worker->orphan_timer);
	worker->orphan_timer = -1;
	worker->relieved = 0;
	worker->deaf = false;
	worker->stop = worker->letting_go = false;
	if (events_watch(&worker->events, worker->setup->channel, EPOLLIN, worker_on_channel, worker) < 0)
		worker->stop = true;
}

static void on_knock(void *argument, int fd, uint32_t events)
{
	struct worker *worker = argument;

	(void)fd;
	(void)events;
	if (answer(worker))
		begin_relief(worker);
}

static void on_over(void *argument, uint64_t now_ns)
{
	struct worker *worker = argument;

	(void)now_ns;
	worker->orphan_timer = -1;
	worker->stop = worker->letting_go = true;
}

/*
 * A handler that blocks every signal does not let us know that the master has died, and computes for ever. The master would
 * have ended it long before this; time in which a debugger stops the process is none of it.
 */
void worker_guard(struct worker *worker, uint64_t now_ns)
{
	const struct config *config = worker->setup->plan->config;
	const uint64_t deadline_ns = worker->config->deadline;
	struct itimerspec at = { .it_value.tv_nsec = 0 };

	if (deadline_ns == CONFIG_DEADLINE_NONE || now_ns < worker->guarded_ns + GUARD_EVERY_NS)
		return;
	worker->guarded_ns = now_ns;
	at.it_value.tv_sec = (time_t)((deadline_ns + config->orphan_time) / 1000000000u + GUARD_S);
	(void)timer_settime(worker->guard_timer, 0, &at, NULL);
}

/* ---- Being an orphan ---- */

/* The signal of late verdicts comes also while no handler runs, but less often than when it is for these alone. */
static void tick(struct worker *worker)
{
	const struct itimerval timer = { .it_value.tv_usec = TICK_US, .it_interval.tv_usec = TICK_US };

	worker->ticking = 1;
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

static bool may_go_on(const struct worker *worker)
{
	return worker->going && !worker->leaving && !worker->stop && !worker->broken &&
	       worker->setup->plan->config->orphan_time > 0;
}

/* Nobody else can open the door: what cannot be had now is tried again. */
void worker_orphan_listen(struct worker *worker)
{
	const int door = worker->setup->door;

	worker->deaf = door >= 0 && events_watch(&worker->events, door, EPOLLIN, on_knock, worker) < 0;
}

void worker_orphan_begin(struct worker *worker)
{
	uint64_t limit_ns = worker->setup->plan->config->orphan_time;
	uint64_t now = events_now_ns();

	if (worker->relieved) {
		begin_relief(worker);
		return;
	}
	if (!may_go_on(worker)) {
		worker->stop = true;
		return;
	}
	events_unwatch(&worker->events, worker->setup->channel);
	worker->orphaned = 1;
	if (!worker->orphan_until_ns || worker->orphan_until_ns < now)
		worker->orphan_until_ns = now + limit_ns;
	end_after(worker, limit_ns / 1000000000u + END_S);
	tick(worker);
	worker->orphan_timer = events_timer(&worker->events, worker->orphan_until_ns - now, 0, on_over, worker);
	if (worker->orphan_timer < 0)
		worker->stop = worker->letting_go = true;
	worker_orphan_listen(worker);
}

/* In the signal that tells of the master's death: a handler may be running, and never return. */
void worker_orphan_note(struct worker *worker)
{
	const uint64_t limit_ns = worker->setup->plan->config->orphan_time;

	worker->orphaned = 1;
	if (!may_go_on(worker)) {
		end_after(worker, LEAVE_S);
		return;
	}
	worker->orphan_until_ns = events_now_ns() + limit_ns;
	end_after(worker, limit_ns / 1000000000u + END_S);
	tick(worker);
}

/* Also there, in the middle of a batch: it lasts. */
void worker_orphan_tick(struct worker *worker)
{
	const uint64_t now = events_now_ns();

	if (now > worker->orphan_until_ns + LATE_NS && !worker->recovering) {
		(void)worker_let_go(worker);
		_exit(1);
	}
	if (now > worker->opened_ns + STUCK_NS && answer(worker))
		worker->look_around = true;
}

/*
 * What nobody will decide any more, and what comes until the socket is closed; in one that a service manager keeps it waits for
 * the next start. The newest id cannot be asked for here: one that is later than any, as ids wrap.
 */
int worker_let_go(struct worker *worker)
{
	const uint32_t verdict = worker->config->when_down == PASS_ACCEPT ? NF_ACCEPT : NF_DROP;
	const uint32_t id = worker->shared->last_id + INT32_MAX / 2;
	int err;

	if (worker->setup->kept) {
		err = sink_decide_until(worker->sink, id, verdict, 0);
		if (!err)
			err = sink_flush(worker->sink);
	} else {
		err = sink_end(worker->sink, id, verdict);
	}
	return err ? err : sink_settle(worker->sink);
}
