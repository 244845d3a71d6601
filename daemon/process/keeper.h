/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper: a child that looks whether our steering rules are still there, puts them back when somebody flushed
 * them, and reads what they counted. A process of its own, because the tools may take long, and the master has workers to look after.
 */
#ifndef PROCESS_KEEPER_H
#define PROCESS_KEEPER_H

#include "daemon/process/bypass.h"
#include "daemon/process/child.h"
#include "daemon/process/steering.h"

#include <stdint.h>

/* In memory that the master shares with the keeper. */
struct keeper_counters {
	uint64_t looks;
	uint64_t flushes;  /* times that something of ours was gone */
	uint64_t repairs;  /* times that it was put back */
	uint64_t failures; /* times that it could not be */
	uint64_t gone;     /* 1: something of ours is gone and not put back yet */
};

struct keeper {
	const struct steering *steering;
	struct bypass *bypass;            /* the books that it writes while it lives */
	struct keeper_counters *counters; /* NULL: there is no keeper */
	struct child child;
	int ask, told;                    /* eventfds: the master wants the books written anew; they are. -1: none */
};

#define KEEPER_NONE ((struct keeper){ .child.stop_fd = -1, .ask = -1, .told = -1 })

/*
 * After steering is in place, with KEEPER_NONE or one whose process is gone: see keeper_stop() and child_leave(). What was
 * counted before goes on. Nothing to keep: nothing is started. 0 or -errno.
 */
int keeper_start(struct keeper *keeper, const struct steering *steering, struct bypass *bypass);

/* Has it read what the rules counted; keeper->told becomes readable when that is done. False: there is nobody to ask. */
bool keeper_ask(const struct keeper *keeper);

/* Empties keeper->told. */
void keeper_heard(const struct keeper *keeper);

/* Takes note of its end, if it came. True: it is to be started anew. */
bool keeper_reap(struct keeper *keeper);

/* Before our rules are taken out: a keeper would put them back. */
void keeper_stop(struct keeper *keeper);

/* Its counters and descriptors go. */
void keeper_free(struct keeper *keeper);

#endif
