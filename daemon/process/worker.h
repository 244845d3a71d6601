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
	const struct region *shared;  /* struct shared, mapped */
	const struct region *slots;   /* not mapped */
	size_t slot_size;
	int cpu;                      /* -1: any */
	pid_t master;
	int channel;                  /* to the master */
	bool foreground;              /* standard output is the user's */
	bool successor;               /* packets may be in the hands of a dead predecessor */
	bool repeats;                 /* those are sent through the hook again; else they get on-error */
	uint32_t predecessor_last_id; /* the newest id of the queue before this worker receives */
	bool poisoned;                /* the predecessor died in a handler, of this packet: */
	uint32_t poison_id;
	uint64_t quarantined;         /* handlers of the queue that are left out, a bit each */
};

/* Runs until the master says stop or is gone. Returns the exit status. */
int worker_run(const struct worker_setup *setup);

#endif
