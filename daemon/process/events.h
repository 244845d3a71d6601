/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors and timers of one process, by epoll. */
#ifndef PROCESS_EVENTS_H
#define PROCESS_EVENTS_H

#include <nfverdict/plugin.h>

#include <stdint.h>

#define EVENTS_TIMERS 64

struct events {
	int epoll;
	struct events_watch {
		int fd; /* -1: free */
		nfv_watch_fn fn;
		void *argument;
	} *watches;
	size_t watch_count;   /* room in watches */
	size_t watching;      /* descriptors that are watched */
	struct events_timer {
		uint64_t due_ns; /* 0: free */
		uint64_t every_ns;
		nfv_timer_fn fn;
		void *argument;
	} timers[EVENTS_TIMERS];
	uint64_t next_due_ns; /* of all timers; 0: none */
};

uint64_t events_now_ns(void);

/* At most `watches` descriptors at a time. 0 or -errno. */
int events_open(struct events *events, size_t watches);
/* Makes room for so many, if there is less. 0 or -ENOMEM. */
int events_reserve(struct events *events, size_t watches);
void events_close(struct events *events);

/*
 * fn may be NULL: the descriptor only ends a wait. 0 or -errno, -ENOSPC when the table is full, -EEXIST when watched
 * already.
 */
int events_watch(struct events *events, int fd, uint32_t mask, nfv_watch_fn fn, void *argument);
void events_unwatch(struct events *events, int fd);

/* A timer's number or -ENOSPC. */
int events_timer(struct events *events, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn, void *argument);
void events_timer_cancel(struct events *events, int timer);

/*
 * Waits at most timeout_ms (-1: no limit) for a descriptor or a timer and calls what is due. 0 or -errno; a signal ends
 * the wait.
 */
int events_wait(struct events *events, int timeout_ms);

#endif
