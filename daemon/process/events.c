/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 16

uint64_t events_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int events_open(struct events *events, size_t watches)
{
	memset(events, 0, sizeof(*events));
	events->epoll = -1;
	events->watches = calloc(watches, sizeof(*events->watches));
	if (!events->watches)
		return -ENOMEM;
	events->watch_count = watches;
	for (size_t i = 0; i < watches; i++)
		events->watches[i].fd = -1;
	events->epoll = epoll_create1(EPOLL_CLOEXEC);
	return events->epoll < 0 ? -errno : 0;
}

int events_reserve(struct events *events, size_t watches)
{
	struct events_watch *more;

	if (watches <= events->watch_count)
		return 0;
	/* What epoll knows of a watch is its place, which stays. */
	more = reallocarray(events->watches, watches, sizeof(*more));
	if (!more)
		return -ENOMEM;
	for (size_t i = events->watch_count; i < watches; i++)
		more[i].fd = -1;
	events->watches = more;
	events->watch_count = watches;
	return 0;
}

void events_close(struct events *events)
{
	if (events->epoll >= 0)
		close(events->epoll);
	free(events->watches);
	*events = (struct events){ .epoll = -1 };
}

static struct events_watch *find_watch(struct events *events, int fd)
{
	for (size_t i = 0; i < events->watch_count; i++)
		if (events->watches[i].fd == fd)
			return &events->watches[i];
	return NULL;
}

int events_watch(struct events *events, int fd, uint32_t mask, nfv_watch_fn fn, void *argument)
{
	struct events_watch *watch;
	struct epoll_event event = { .events = mask };

	if (fd < 0)
		return -EBADF;
	if (find_watch(events, fd))
		return -EEXIST;
	watch = find_watch(events, -1);
	if (!watch)
		return -ENOSPC;
	event.data.u64 = (uint64_t)(watch - events->watches) << 32 | (uint32_t)fd;
	if (epoll_ctl(events->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	*watch = (struct events_watch){ .fd = fd, .fn = fn, .argument = argument };
	events->watching++;
	return 0;
}

void events_unwatch(struct events *events, int fd)
{
	struct events_watch *watch = fd < 0 ? NULL : find_watch(events, fd);

	if (!watch)
		return;
	(void)epoll_ctl(events->epoll, EPOLL_CTL_DEL, fd, NULL);
	watch->fd = -1;
	events->watching--;
}

static void find_next_due(struct events *events)
{
	events->next_due_ns = 0;
	for (size_t i = 0; i < EVENTS_TIMERS; i++) {
		uint64_t due = events->timers[i].due_ns;

		if (due && (!events->next_due_ns || due < events->next_due_ns))
			events->next_due_ns = due;
	}
}

int events_timer(struct events *events, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn, void *argument)
{
	for (int i = 0; i < EVENTS_TIMERS; i++) {
		uint64_t now = events_now_ns();

		if (events->timers[i].due_ns)
			continue;
		events->timers[i] = (struct events_timer){
			.due_ns = after_ns > UINT64_MAX - now ? UINT64_MAX : now + after_ns,
			.every_ns = every_ns,
			.fn = fn,
			.argument = argument,
		};
		find_next_due(events);
		return i;
	}
	return -ENOSPC;
}

void events_timer_cancel(struct events *events, int timer)
{
	if (timer < 0 || timer >= EVENTS_TIMERS)
		return;
	events->timers[timer].due_ns = 0;
	find_next_due(events);
}

/* A timer that fell behind is called once, not once for each period that it missed. */
static void run_timers(struct events *events)
{
	uint64_t now = events_now_ns();

	if (!events->next_due_ns || now < events->next_due_ns)
		return;
	for (size_t i = 0; i < EVENTS_TIMERS; i++) {
		struct events_timer *timer = &events->timers[i];
		struct events_timer due = *timer;

		if (!due.due_ns || due.due_ns > now)
			continue;
		timer->due_ns = due.every_ns ? (due.every_ns > UINT64_MAX - now ? UINT64_MAX : now + due.every_ns) : 0;
		due.fn(due.argument, now);
	}
	find_next_due(events);
}

/* Milliseconds until the next timer, rounded up, or the given limit when that is sooner. */
static int wait_limit(const struct events *events, int timeout_ms)
{
	uint64_t now, ms;

	if (!events->next_due_ns || timeout_ms == 0)
		return timeout_ms;
	now = events_now_ns();
	ms = events->next_due_ns > now ? (events->next_due_ns - now + 999999) / 1000000 : 0;
	if (ms > INT32_MAX)
		ms = INT32_MAX;
	return timeout_ms >= 0 && (uint64_t)timeout_ms < ms ? timeout_ms : (int)ms;
}

int events_wait(struct events *events, int timeout_ms)
{
	struct epoll_event ready[EVENTS_AT_ONCE];
	int count = epoll_wait(events->epoll, ready, EVENTS_AT_ONCE, wait_limit(events, timeout_ms));

	if (count < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < count; i++) {
		struct events_watch watch = events->watches[ready[i].data.u64 >> 32];

		/* A function called before may have unwatched this one, or put another in its place. */
		if (watch.fd == (int)(uint32_t)ready[i].data.u64 && watch.fn)
			watch.fn(watch.argument, watch.fd, ready[i].events);
	}
	if (events->next_due_ns)
		run_timers(events);
	return 0;
}
