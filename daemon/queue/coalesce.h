/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decisions to the fewest netlink messages, for one sendmsg(). Pure: it writes to its own memory only.
 *
 * A run of decisions with equal verdict and mark and without payload becomes one NFQNL_MSG_VERDICT_BATCH. The kernel
 * applies that to EVERY packet still queued whose id is not after the given one. It is right here because:
 * - decisions are added in the order of their ids, and each packet that was received is either added or held before a
 *   later one is added. An id that is missing in between was never queued (the kernel lost or refused it) and does no harm;
 * - a packet behind one that is held is never part of a batch;
 * - a decision that comes late, after one with a later id, gets a message of its own ahead of the open run;
 * - messages of one datagram are applied in order.
 * What was queued before the first added id (of a predecessor on the same socket) must have got its verdict by then.
 * Ids wrap at 2^32 and are compared as the kernel does: two that are in use are less than 2^31 apart.
 */
#ifndef QUEUE_COALESCE_H
#define QUEUE_COALESCE_H

#include "daemon/queue/message.h"

#include <sys/uio.h>

#define COALESCE_MESSAGES_MAX 511   /* 2 * 511 + 1 pieces are not more than UIO_MAXIOV, 1024 */
#define COALESCE_BYTES_MIN    65664 /* the longest payload with its headers, and an open run's message */

struct coalesce_limits {
	uint16_t queue;
	uint32_t max_messages; /* 2 to COALESCE_MESSAGES_MAX */
	uint32_t max_held;     /* 0: nothing is ever held */
	size_t max_bytes;      /* at least COALESCE_BYTES_MIN, and below the socket's send buffer */
};

struct coalesce_decision {
	uint32_t id;
	uint32_t verdict;       /* as the kernel has it */
	bool set_mark;
	uint32_t mark;
	uint32_t arrived_mark;  /* that the packet came with; with set_mark */
	uint32_t payload_len;   /* 0: none; at most MESSAGE_PAYLOAD_MAX */
	const uint8_t *payload; /* read by sendmsg(): must stay until then */
};

/* The fields are coalesce.c's own. */
struct coalesce {
	struct coalesce_limits limits;
	uint8_t *headers;         /* all bytes but payloads, in order */
	struct iovec *iov;
	uint32_t *held;           /* ids, in order, from held_first */
	uint32_t held_first;
	uint32_t held_count;
	size_t headers_len;
	size_t payload_len;       /* sum of all payloads */
	uint32_t messages;        /* written; the open run is not */
	int iov_count;            /* the last one is being extended when it lies in headers */
	bool extend;
	bool started;             /* highest is valid */
	uint32_t highest;         /* the latest id added or held */
	uint32_t run_count;       /* decisions of the open run, 0: none is open */
	struct message_verdict run; /* with the run's last id */
};

/* 0, -EINVAL (limits out of bounds) or -ENOMEM. */
int coalesce_init(struct coalesce *c, const struct coalesce_limits *limits);
void coalesce_free(struct coalesce *c);

/*
 * Takes a decision; a packet that was held is held no longer. 0, -ENOSPC: nothing was taken, send what is there first;
 * -EINVAL: a payload without bytes or too long.
 */
int coalesce_add(struct coalesce *c, const struct coalesce_decision *decision);

/*
 * Says that a received packet is decided later. In order of the ids, as coalesce_add(). 0 (also when it is held already),
 * -ENOSPC: max_held packets are held; -EINVAL: a later one was added or held before.
 */
int coalesce_hold(struct coalesce *c, uint32_t id);

/* Says that a held packet is no longer in the kernel's queue: decided by other means, or lost. Unknown ids are ignored. */
void coalesce_release(struct coalesce *c, uint32_t id);

/* Messages that coalesce_take() would give; 0: there is nothing to send. */
static inline uint32_t coalesce_messages(const struct coalesce *c)
{
	return c->messages + (c->run_count ? 1 : 0);
}

/* Ends the open run and gives everything for sendmsg(). Valid until the next call of another function of this file. */
size_t coalesce_take(struct coalesce *c, struct iovec **iov, int *iov_count);

/* Forgets the messages, not what is held. After they were sent. */
void coalesce_reset(struct coalesce *c);

#endif
