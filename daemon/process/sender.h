/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that sends the verdicts of one queue number whose workers may not: isolation: strict. It has the one right
 * that they lack, the queue's socket, a ring that workers write, and memory of its own that they never see. It is a process and
 * not a thread of the master, so that the master has none of this in its memory, and so that verdicts go on while the master
 * is replaced, or gone.
 *
 * It may end at any time: what was published and not sent is in the ring, what was sent is in its memory, and the next one
 * goes on from there. A message that is sent twice decides nothing twice, for the packets are gone.
 */
#ifndef PROCESS_SENDER_H
#define PROCESS_SENDER_H

#include "daemon/process/privilege.h"
#include "daemon/queue/region.h"
#include "daemon/queue/ring-reader.h"
#include "daemon/queue/socket.h"

#include <sys/types.h>

/* Exit status: an entry was refused. The writer must go, and the ring be reset, before another sender starts. */
#define SENDER_REFUSED 3

/* What a sender leaves to the next one, and tells the master. No worker has this memory. */
struct sender_state {
	/* the sender's. Two of them in turn: a process that is killed while it writes one leaves the other */
	_Atomic uint32_t current;
	struct ring_totals totals[2];
	uint64_t sends, retries;
	uint64_t refused[RING_REFUSALS];
	uint32_t refusal;             /* the last one */
	/* the master's: see sender_allow() */
	_Atomic uint32_t sequence;    /* odd while it writes */
	uint32_t boundary;            /* index of the first entry to which `now` applies */
	struct ring_policy before, now;
	struct ring_totals base;      /* what was counted before there was a sender; kept here for the books */
};

/* What it was at when the master looked. */
struct sender_look {
	pid_t pid;
	uint32_t taken;
	uint64_t since_ns; /* the first look that saw it there */
	unsigned times;    /* looks since */
	bool told;
};

struct sender {
	uint16_t number;
	pid_t pid;           /* 0: none is running */
	struct region ring;  /* of struct ring; mapped here, but not in children of ours */
	struct region state; /* of struct sender_state; the same */
	int life[2];         /* a pipe: the sender reads the end of it when master and workers are gone. -1: closed */
	bool refused;        /* it has ended with SENDER_REFUSED; see sender_reset() */
	unsigned failures;   /* ends in a row, each soon after a start */
	uint64_t started_ns;
	uint64_t restart_at_ns; /* 0: none is due */
	struct sender_look look;
};

#define SENDER_NONE ((struct sender){ .ring.fd = -1, .state.fd = -1, .life = { -1, -1 } })

static inline bool sender_is_open(const struct sender *sender)
{
	return sender->ring.memory != NULL;
}

static inline struct sender_state *sender_state(const struct sender *sender)
{
	return sender->state.memory;
}

/* What was sent so far. */
static inline const struct ring_totals *sender_totals(const struct sender *sender)
{
	const struct sender_state *state = sender_state(sender);

	return &state->totals[atomic_load(&state->current) % 2];
}

/* Makes the memory. 0 or -errno. */
int sender_open(struct sender *sender, uint16_t number);

/* Starts the process. 0 or -errno. In the child it does not return. */
int sender_start(struct sender *sender, const struct queue_socket *socket, const struct account *account);

/* What entries behind those that are published now may say. While no worker writes. */
void sender_allow(struct sender *sender, const struct ring_policy *policy);

/* Takes note that it ended with a waitpid() status, says so in the log, and sets refused or restart_at_ns. */
void sender_ended(struct sender *sender, int status);

/* Empties the ring after a refusal, once the worker is gone. What was published and not sent was never decided. */
void sender_reset(struct sender *sender);

/*
 * Ends it as soon as it has sent all that is published, and no worker writes any more. One that is gone, or does not send, is followed
 * by another one; three seconds at most. False: something is left.
 */
bool sender_finish(struct sender *sender, const struct queue_socket *socket, const struct account *account);

/*
 * Looks, now and then, whether it sends. One that is stopped, by a signal or by a debugger, while verdicts wait for it is killed, for
 * nothing of what it knows is lost; one that does not come on for another cause is told.
 */
#define SENDER_LOOK_NS 250000000u
void sender_look(struct sender *sender, uint64_t now_ns);

/* Frees the memory; the process must be gone. Accepts SENDER_NONE. */
void sender_close(struct sender *sender);

#endif
