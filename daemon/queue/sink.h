/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict sink: where decisions leave the handler chain. An interface, because a worker that may send to the kernel
 * itself and one that may not differ in nothing else.
 */
#ifndef QUEUE_SINK_H
#define QUEUE_SINK_H

#include "daemon/queue/coalesce.h"
#include "daemon/queue/counters.h"
#include "daemon/queue/ring.h"

#include <sys/socket.h>

struct sink;

struct sink_ops {
	/*
	 * Takes one decision, in order of packet ids. Payload bytes must stay until the next flush. 0, or -ENOSPC: flush
	 * first.
	 */
	int (*decide)(struct sink *sink, const struct coalesce_decision *decision);
	/*
	 * Lets all decisions taken so far go to the kernel. 0, or -errno when that cannot be done: the queue needs a new
	 * worker.
	 */
	int (*flush)(struct sink *sink);
	/*
	 * Gives every packet of the queue up to an id one verdict (NF_REPEAT …): what a predecessor had in hand. count: for
	 * the books, how many it decides for good. With it go the decisions taken before; reached() tells of both.
	 */
	int (*decide_until)(struct sink *sink, uint32_t id, uint32_t verdict, uint32_t count);
	/*
	 * The queue's end: what waits up to an id gets one verdict (NF_ACCEPT or NF_DROP), and so does, in the kernel, whatever
	 * still comes until the socket is closed.
	 */
	int (*end)(struct sink *sink, uint32_t id, uint32_t verdict);
	/*
	 * Whether the decisions that a predecessor was just flushing, of which `id` was the last, are on their way; it died in
	 * the middle. To be asked before anything is decided.
	 */
	bool (*reached)(struct sink *sink, uint32_t id);
	/* Waits until the kernel has all that was flushed. 0, or -ETIMEDOUT. */
	int (*settle)(struct sink *sink);
	void (*free)(struct sink *sink);
};

struct sink {
	const struct sink_ops *ops;
};

/*
 * A sink that sends to the queue's socket itself. Each flush begins with receipt->msg_len 0, which the kernel changes in the call that
 * sends; a successor gets the same memory. NULL without memory. counters, receipt and fd stay the caller's.
 */
struct sink *sink_direct_new(int fd, uint16_t number, uint32_t send_buffer, struct queue_counters *counters,
			     struct mmsghdr *receipt);

/*
 * A sink for a worker that may not send: what it takes is published in a ring, for a process that sends it. While the ring
 * is full, decide() waits as long as go_on() says so, which learns how long it has been waiting. NULL without memory.
 */
struct sink *sink_ring_new(struct ring *ring, bool (*go_on)(void *context, unsigned waited_ms), void *context,
			   struct queue_counters *counters);

static inline int sink_decide(struct sink *sink, const struct coalesce_decision *decision)
{
	return sink->ops->decide(sink, decision);
}

static inline int sink_flush(struct sink *sink)
{
	return sink->ops->flush(sink);
}

static inline int sink_decide_until(struct sink *sink, uint32_t id, uint32_t verdict, uint32_t count)
{
	return sink->ops->decide_until(sink, id, verdict, count);
}

static inline int sink_end(struct sink *sink, uint32_t id, uint32_t verdict)
{
	return sink->ops->end(sink, id, verdict);
}

static inline bool sink_reached(struct sink *sink, uint32_t id)
{
	return sink->ops->reached(sink, id);
}

static inline int sink_settle(struct sink *sink)
{
	return sink->ops->settle(sink);
}

static inline void sink_free(struct sink *sink)
{
	if (sink)
		sink->ops->free(sink);
}

#endif
