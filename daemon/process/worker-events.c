/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers and watched descriptors of handlers: a call that does not come back is known by its handler, as one about a packet is. */
#include "daemon/process/worker-private.h"

#include <errno.h>

static bool in_use(const struct worker_event *event)
{
	return event->timer || event->watch;
}

static struct worker_event *find_free(struct worker *worker)
{
	for (size_t i = 0; i < WORKER_EVENTS; i++)
		if (!in_use(&worker->handler_events[i]))
			return &worker->handler_events[i];
	return NULL;
}

static uint32_t index_of(const struct worker *worker, const struct handler *handler)
{
	return (uint32_t)(handler->counters - worker->shared->handlers);
}

/* Its own timer or watch; NULL: it has none of that number. */
static struct worker_event *find_own(struct worker *worker, const struct handler *handler, int id, bool timer)
{
	const uint32_t index = index_of(worker, handler);

	for (size_t i = 0; i < WORKER_EVENTS; i++) {
		struct worker_event *event = &worker->handler_events[i];

		if (in_use(event) && event->id == id && event->handler == index && !event->timer == !timer)
			return event;
	}
	return NULL;
}

/* It may cancel itself, or begin anew in its place. */
static void on_timer(void *argument, uint64_t now_ns)
{
	struct worker_event *event = argument;
	const struct worker_event due = *event;

	if (due.once)
		*event = (struct worker_event){ 0 };
	worker_calls(due.worker, due.handler, CHAIN_CALL_TIMER);
	due.timer(due.argument, now_ns);
	worker_called(due.worker);
}

static void on_watch(void *argument, int fd, uint32_t events)
{
	const struct worker_event event = *(const struct worker_event *)argument;

	worker_calls(event.worker, event.handler, CHAIN_CALL_WATCH);
	event.watch(event.argument, fd, events);
	worker_called(event.worker);
}

int worker_timer(void *context, const struct handler *handler, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn,
		 void *argument)
{
	struct worker *worker = context;
	struct worker_event *event = find_free(worker);
	int timer;

	if (!event)
		return -ENOSPC;
	timer = events_timer(&worker->events, after_ns, every_ns, on_timer, event);
	if (timer < 0)
		return timer;
	*event = (struct worker_event){ .worker = worker, .id = timer, .handler = index_of(worker, handler), .timer = fn,
					.once = every_ns == 0, .argument = argument };
	return timer;
}

/* The worker has timers of its own. */
void worker_timer_cancel(void *context, const struct handler *handler, int timer)
{
	struct worker *worker = context;
	struct worker_event *event = find_own(worker, handler, timer, true);

	if (!event)
		return;
	events_timer_cancel(&worker->events, timer);
	*event = (struct worker_event){ 0 };
}

int worker_watch(void *context, const struct handler *handler, int fd, uint32_t events, nfv_watch_fn fn, void *argument)
{
	struct worker *worker = context;
	struct worker_event *event = find_free(worker);
	int err;

	if (!event)
		return -ENOSPC;
	err = events_watch(&worker->events, fd, events, on_watch, event);
	if (err)
		return err;
	*event = (struct worker_event){ .worker = worker, .id = fd, .handler = index_of(worker, handler), .watch = fn,
					.argument = argument };
	return 0;
}

/* And descriptors: the channel to the master, the queue. */
void worker_unwatch(void *context, const struct handler *handler, int fd)
{
	struct worker *worker = context;
	struct worker_event *event = find_own(worker, handler, fd, false);

	if (!event)
		return;
	events_unwatch(&worker->events, fd);
	*event = (struct worker_event){ 0 };
}
