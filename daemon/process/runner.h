/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker process as the master sees it, with the memory that it works in. A queue number mostly has one; while a
 * configuration is being replaced it has the one that serves and the one that will.
 */
#ifndef PROCESS_RUNNER_H
#define PROCESS_RUNNER_H

#include "daemon/process/channel.h"
#include "daemon/process/deadline.h"
#include "daemon/process/plan.h"
#include "daemon/process/sender.h"
#include "daemon/process/shared.h"
#include "daemon/queue/region.h"
#include "daemon/queue/socket.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Sent after a message, to a worker that may be waiting for packets only. */
#define RUNNER_WAKE_SIGNAL SIGUSR1

struct runner_foreign;

struct runner {
	struct plan *plan;         /* what it serves by; held. NULL: no memory, no process */
	size_t queue;              /* index of the entry in plan->config->queues */
	uint16_t number;
	struct region shared;      /* mapped here, but not in children of ours: each worker maps its own */
	struct region slots;       /* never mapped here: the master does not touch packets */
	size_t slot_size;
	struct runner_foreign *foreign; /* its memory is laid out by another version, and read into `shared`; NULL: it is not */

	pid_t pid;                 /* 0: no process */
	bool stranger;             /* another master's child: its end shows in the channel alone */
	int channel;               /* -1: none */
	bool ready;                /* it said so: its handlers are open, its sandbox is closed, it waits for CHANNEL_GO */
	bool going;                /* it was told to receive */
	bool left;                 /* it said that it has no packet in hand and will not receive again */
	struct deadline deadline;  /* of the call that it is in */
	bool hung;                 /* it was ended because of that */
	bool stopped;              /* by SIGSTOP, or by a debugger, at the last look; this was told */
	bool judges;               /* it told which packet its handlers see next: */
	uint32_t judges_id;
	uint64_t peak_bytes;       /* of memory that it had, known when it is dead */
	uint64_t started_ns;
};

/* What a worker gets besides its runner. */
struct runner_place {
	const struct queue_socket *socket;
	const struct sender *sender; /* who sends what it decides; NULL: it does so itself */
	int door;                  /* see door.h; -1: none */
	struct queue_wants wants;  /* what the kernel was asked for, or will be */
	int cpu;                   /* -1: any */
	int crash_folder;          /* in which cores are put, too; -1: none */
	bool foreground;
	uint64_t quarantined;      /* handlers that are left out, a bit each */
};

#define RUNNER_NONE ((struct runner){ .channel = -1, .shared.fd = -1, .slots.fd = -1 })

static inline const struct config_queue *runner_config(const struct runner *runner)
{
	return &runner->plan->config->queues[runner->queue];
}

/* Reads what its worker has in memory of another version. served-adopt.c */
void runner_refresh(const struct runner *runner);
/* From here on `shared` is its memory, as it was read last. */
void runner_forget_foreign(struct runner *runner);

static inline struct shared *runner_shared(const struct runner *runner)
{
	if (runner->foreign)
		runner_refresh(runner);
	return runner->shared.memory;
}

/* Makes the memory of a worker and holds the plan. 0 or -errno. slot_size: bytes of one packet's buffer. */
int runner_open(struct runner *runner, struct plan *plan, size_t queue, uint16_t number, size_t slot_size);

/* Starts a process in that memory. 0 or -errno. In the child it does not return. */
int runner_start(struct runner *runner, const struct runner_place *place);

/* Tells it something, and wakes it; one that does not listen is killed. Without a process nothing. */
void runner_send(struct runner *runner, const struct channel_message *message);
void runner_tell(struct runner *runner, enum channel_type type);

/* Wakes it once more, should the signal of runner_send() have come between its last look and its wait. */
void runner_wake(const struct runner *runner);

/*
 * Copies what was counted and seen so far into the memory of the one that goes on, which has not received yet: counters of the
 * queue, and of each handler that has the same name.
 */
void runner_inherit(struct runner *to, const struct runner *from);

/*
 * Ends a worker that has been in one call of a handler for longer than deadline says. To be called every
 * runner_look_ns(), 0: never.
 */
void runner_look(struct runner *runner, uint64_t now_ns);
uint64_t runner_look_ns(const struct config_queue *config);

/* Says in the log how it ended, by a waitpid() status, and in which call of which handler. */
void runner_log_end(const struct runner *runner, int status);

/* Like waitpid() with WNOHANG; remembers what memory it had. True when it is dead. */
bool runner_reap(struct runner *runner, int *status);

/* Takes note that its process is gone: the memory stays, for what the master wants to know of it, or for the next one. */
void runner_gone(struct runner *runner);

/* Frees the memory and lets go of the plan; the process must be gone. Accepts RUNNER_NONE. */
void runner_close(struct runner *runner);

#endif
