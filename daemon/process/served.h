/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One queue number in the master: its socket and shared memory, and the worker that serves it. */
#ifndef PROCESS_SERVED_H
#define PROCESS_SERVED_H

#include "daemon/process/channel.h"
#include "daemon/process/crashes.h"
#include "daemon/process/deadline.h"
#include "daemon/process/plan.h"
#include "daemon/process/shared.h"
#include "daemon/queue/region.h"
#include "daemon/queue/socket.h"
#include "daemon/queue/status.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Sent after a message, to a worker that may be waiting for packets only. */
#define SERVED_WAKE_SIGNAL SIGUSR1

#define SERVED_SAVING_MAX 8 /* at the same time: crashes may follow each other fast */

struct served {
	const struct plan *plan;
	size_t queue;              /* index of the entry in plan->config->queues */
	uint16_t number;
	struct queue_socket socket;
	struct region shared;      /* mapped here */
	struct region slots;       /* never mapped here: the master does not touch packets */
	size_t slot_size;
	int cpu;                   /* -1: any */
	bool foreground;
	bool repeats;              /* what a dead worker had in hand is sent through the hook again */

	pid_t pid;                 /* 0: no worker */
	int channel;               /* -1: none */
	bool ready;                /* the worker said so */
	bool started_once;
	struct deadline deadline;  /* of the call that the worker is in */
	bool hung;                 /* the worker was ended because of it */
	bool poisoned;             /* the last worker died in a handler, of this packet: */
	uint32_t poison_id;
	unsigned left;             /* packets that waited at the end and got when-down */
	struct crashes *crashes;   /* by handler of the queue; NULL: there was none */
	int crash_folder;          /* where packets that kill are saved; -1: nowhere. The master's */
	struct served_saving {     /* packets that are being saved */
		pid_t pid;         /* of the child that does; 0: none */
		char name[96];     /* of the file */
	} saving[SERVED_SAVING_MAX];
	uint64_t quarantined;      /* handlers that crashed too often, a bit each */
	unsigned failures;         /* deaths in a row, each soon after a start */
	uint64_t started_ns;
	uint64_t restart_at_ns;    /* 0: none is due */
};

static inline const struct config_queue *served_config(const struct served *served)
{
	return &served->plan->config->queues[served->queue];
}

static inline const struct shared *served_shared(const struct served *served)
{
	return served->shared.memory;
}

/* Binds the number and makes the memory. 0, or -errno with why. cpu: -1 or where its worker runs. */
int served_open(struct served *served, const struct plan *plan, size_t queue, uint16_t number, int cpu, char *why,
		size_t why_size);

/* Starts a worker. 0 or -errno. In the child it does not return. */
int served_start(struct served *served);

/*
 * Takes note that the worker ended with a waitpid() status: closes the channel, says why in the log unless `stopping`,
 * and sets restart_at_ns.
 */
void served_ended(struct served *served, int status, bool stopping);

/*
 * Ends a worker that has been in one call of a handler for longer than deadline says: it counts as crashed there. To be
 * called every served_look_ns().
 */
void served_look(struct served *served, uint64_t now_ns);

/* 0: this queue needs no looks. */
uint64_t served_look_ns(const struct served *served);

/* Starts saving the packet that the worker died of, by a waitpid() status. What goes wrong is only told. */
void served_save(struct served *served, int status);

/* Takes note of the end of that, if it came; with `wait` waits for it. */
void served_saved(struct served *served, bool wait);

/* Says something to the worker; one that does not listen is killed. Without a worker nothing. */
void served_tell(const struct served *served, enum channel_type type);

/* Lets what still waits in the kernel go, or drops it, as when-down says; counts it in `left`. After the worker ended. */
void served_let_go(struct served *served);

/* Unbinds and frees. Accepts one that was never opened, if its descriptors are -1. */
void served_close(struct served *served);

#endif
