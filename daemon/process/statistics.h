/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon counted, as tables for people: on SIGUSR1 and at its end. Reads memory that workers write, and trusts
 * none of it.
 */
#ifndef PROCESS_STATISTICS_H
#define PROCESS_STATISTICS_H

#include "daemon/handler/handler.h"

#include <stdint.h>
#include <stdio.h>

/* One handler on one queue number. */
struct statistics_handler {
	const char *name;
	const struct handler_counters *counters;
};

/* One queue number. */
struct statistics_queue {
	const char *name; /* of the queue entry */
	uint16_t number;
	uint64_t seen;    /* packets that a worker received */
	uint64_t accepted, dropped, repeated, requeued; /* by verdict: their sum is seen, once all are decided */
	uint64_t marked, rewritten; /* packets that left with a mark or changed bytes */
	uint64_t failed;  /* packets to which on-error applied */
	uint64_t lost;    /* packets that the kernel took out of the stack and nobody decided */
	const struct statistics_handler *handlers;
	size_t handler_count;
};

/*
 * Prints one row a queue number and a total when there are several; one row a handler, summed over the queues it serves, in
 * order of first appearance; then the handlers' own counters, summed by name.
 */
void statistics_print(const struct statistics_queue *queues, size_t count, FILE *out);

#endif
