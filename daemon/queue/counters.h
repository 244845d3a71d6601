/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a queue's worker counts. Lives in memory shared with the master; written by the worker only. */
#ifndef QUEUE_COUNTERS_H
#define QUEUE_COUNTERS_H

#include <stdint.h>

#define COUNTERS_ERRNOS  134 /* one for each errno of Linux, EHWPOISON (133) the last */
#define COUNTERS_BUCKETS 40  /* of histograms: bucket i holds values in [2^(i-1), 2^i), bucket 0 zeros */
#define COUNTERS_TARGETS 8   /* queue numbers that packets are sent to by verdict and that are told apart */

struct queue_counters {
	uint64_t received;       /* packets */
	uint64_t received_bytes; /* captured */
	uint64_t accepted, dropped, repeated, requeued;
	struct counters_target {
		uint32_t number; /* and 1 more; 0: free */
		uint32_t unused;
		uint64_t packets;
	} requeued_to[COUNTERS_TARGETS];
	uint64_t requeued_elsewhere; /* to others than these */
	uint64_t marked, rewritten;
	uint64_t failed;         /* decided by on-error */
	uint64_t lost;           /* gaps in packet ids: the kernel had no room to deliver */
	uint64_t recovered;      /* times that a predecessor's packets were sent through the hook again */
	uint64_t abandoned;      /* packets of a predecessor that got on-error, for they could not be repeated */
	uint64_t cut;            /* messages longer than a slot */
	uint64_t malformed;      /* messages that make no sense; with a packet id they are decided by on-error */
	uint64_t receives, sends, pauses;
	uint64_t overruns;       /* ENOBUFS from the socket */
	uint64_t undecided;      /* verdicts that could not be sent */
	uint64_t errors[COUNTERS_ERRNOS];       /* answers of the kernel to verdicts, by errno */
	uint64_t batch_sizes[COUNTERS_BUCKETS]; /* packets a receive */
	uint64_t batch_times[COUNTERS_BUCKETS]; /* nanoseconds from receive to the last verdict sent */
};

/* Where packets that a verdict sends to a queue number are counted; COUNTERS_TARGETS: elsewhere. */
static inline unsigned counters_target(struct queue_counters *counters, uint16_t number)
{
	for (unsigned i = 0; i < COUNTERS_TARGETS; i++) {
		struct counters_target *target = &counters->requeued_to[i];

		if (target->number == 0)
			target->number = number + 1u;
		if (target->number == number + 1u)
			return i;
	}
	return COUNTERS_TARGETS;
}

/* The bucket of a value. */
static inline unsigned counters_bucket(uint64_t value)
{
	unsigned bits = value ? 64 - (unsigned)__builtin_clzll(value) : 0;

	return bits < COUNTERS_BUCKETS ? bits : COUNTERS_BUCKETS - 1;
}

#endif
