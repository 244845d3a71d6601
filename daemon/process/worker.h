/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A worker: receives the packets of one queue number, runs the handler chain, sends verdicts. */
#ifndef PROCESS_WORKER_H
#define PROCESS_WORKER_H

#include "daemon/config/config.h"
#include "daemon/process/plan.h"
#include "daemon/process/shared.h"
#include "daemon/queue/region.h"
#include "daemon/queue/socket.h"

#include <sys/types.h>

/* All that a worker gets from the master, which forks it. */
struct worker_setup {
	const struct plan *plan;
	size_t queue;                 /* index of the entry in plan->config->queues */
	const struct queue_socket *socket;
	const struct queue_wants *wants; /* what the kernel was asked for */
	bool kept;                    /* the service manager may have a descriptor of the socket, too */
	uid_t owner;                  /* whom it may be handed over to, besides root */
	int door;                     /* where a next master knocks once ours is dead; -1: nowhere */
	struct region shared;         /* of struct shared; not mapped */
	struct region slots;          /* not mapped */
	size_t slot_size;
	int cpu;                      /* -1: any */
	int cores;                    /* folder that cores go to; -1: none */
	pid_t master;
	int channel;                  /* to the master */
	struct region ring;           /* for decisions; not mapped. fd -1: the worker sends them itself */
	bool foreground;              /* standard output is the user's */
	uint64_t quarantined;         /* handlers of the queue that are left out, a bit each */
};

/* Stands by until the master says go, then runs until the master says stop or is gone. Returns the exit status. */
int worker_run(const struct worker_setup *setup);

#endif
