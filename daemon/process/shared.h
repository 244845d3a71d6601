/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker keeps in memory that the master sees too, and that a successor finds again. */
#ifndef PROCESS_SHARED_H
#define PROCESS_SHARED_H

#include "daemon/handler/chain.h"
#include "daemon/queue/counters.h"

#include <stdint.h>
#include <sys/socket.h>

/*
 * Decisions on their way to the kernel: what the counters are once these are sent. A successor of a worker that died meanwhile finds out
 * whether they were, and may then write the same numbers once more.
 */
struct shared_sending {
	uint64_t accepted, dropped, repeated, requeued, marked, rewritten, failed;
	uint64_t requeued_to[COUNTERS_TARGETS + 1]; /* as counters_target() numbers them */
	uint64_t received, recovered, abandoned;    /* if `recovers` */
	uint32_t recovers; /* 1: among them is what a dead predecessor had in hand */
	uint32_t until;    /* the newest packet id among them; 0: nothing is on its way */
};

/* A field keeps its meaning in all versions, or gets another name: see layout.c, which must know of each. */
struct shared {
#ifdef NFV_OTHER_VERSION
	uint64_t others[7]; /* in the tests' other nfverdictd everything stands elsewhere */
#endif
	uint64_t heartbeat_ns;          /* CLOCK_MONOTONIC of the last turn of the loop */
	struct chain_progress progress; /* packet and handler under way */
	uint32_t last_id;               /* newest packet id that was received */
	uint32_t last_id_known;         /* 0 before the first packet */
	struct shared_sending sending;
	struct mmsghdr receipt;         /* what they are sent with: the kernel writes msg_len here in the call that sends */
	uint32_t sent_until;            /* the newest packet id whose verdict was sent */
	uint32_t careful;               /* packets, from here on, that are judged one by one, each verdict sent before the next */
	uint32_t recovering;            /* set by the master with CHANNEL_GO; what the predecessor left is not settled yet */
	uint32_t slots_mixed;           /* a worker has begun to receive into its predecessor's slots before that was settled */
	struct queue_counters counters;
	struct handler_counters handlers[]; /* in the order of the queue's chain */
};

#define SHARED_CAREFUL 1024 /* at most, in `careful` */

static inline size_t shared_size(size_t handlers)
{
	return sizeof(struct shared) + handlers * sizeof(struct handler_counters);
}

#endif
