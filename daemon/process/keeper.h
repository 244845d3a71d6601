/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper: a child that looks whether our steering rules are still there, and puts them back when somebody flushed
 * them. A process of its own, because the tools may take long, and the master has workers to look after.
 */
#ifndef PROCESS_KEEPER_H
#define PROCESS_KEEPER_H

#include "daemon/process/child.h"
#include "daemon/process/steering.h"

#include <stdint.h>

/* In memory that the master shares with the keeper. */
struct keeper_counters {
	uint64_t looks;
	uint64_t flushes;  /* times that something of ours was gone */
	uint64_t repairs;  /* times that it was put back */
	uint64_t failures; /* times that it could not be */
};

struct keeper {
	const struct steering *steering;
	struct keeper_counters *counters; /* NULL: there is no keeper */
	struct child child;
};

/* After steering is in place. Nothing to keep: nothing is started. 0 or -errno. */
int keeper_start(struct keeper *keeper, const struct steering *steering);

/* Takes note of its end, if it came; starts it anew. */
void keeper_reap(struct keeper *keeper);

/* Before our rules are taken out: a keeper would put them back. */
void keeper_stop(struct keeper *keeper);

/* Its counters go. */
void keeper_free(struct keeper *keeper);

#endif
