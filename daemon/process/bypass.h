/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that passed a queue by. With when-full: accept a packet that meets a full queue goes on with the next hook, and no
 * counter of the queue moves. What tells is the rule in front: it counts each packet that it steers, the kernel gives each one
 * that the queue takes an id, and counts those that it drops at a full queue. The rest passed by.
 *
 * The books stand in memory that master and keeper share: the keeper reads the counters while the daemon runs, for tools may
 * take long; the master writes before the keeper is started and after it has ended.
 */
#ifndef PROCESS_BYPASS_H
#define PROCESS_BYPASS_H

#include "daemon/process/steering.h"
#include "daemon/queue/status.h"

#include <stdint.h>
#include <stdio.h>

/* ---- The account of one queue entry that steers. Pure ---- */

struct bypass_entry {
	struct steer_cell cells[2][STEER_TABLES]; /* as seen last */
	uint64_t steered;  /* packets that met our rules */
	/*
	 * Of these, those that the queue neither took nor dropped when full. Packets that verdicts sent here from another
	 * queue met no rule: they are still to be added.
	 */
	int64_t past;
	unsigned breaks;   /* times that counters began anew in between: `past` is then the least that it can be */
	bool others;       /* rules of others lead to its numbers, too */
	bool may_pass;     /* when-full: accept was in force */
	bool unread;       /* the kernel does not tell ids here */
};

/* What one queue number was seen to have given and dropped. */
struct bypass_number {
	uint32_t last_id, dropped_full;
	bool known;
};

/* Packets that got an id or met a full queue and were dropped since the last look; both counters wrap. */
uint64_t bypass_count_taken(struct bypass_number *number, const struct queue_status *status);

/* Takes a look into account. count: of the rules; NULL: there are none any more. taken: of all its numbers since the last one. */
void bypass_account(struct bypass_entry *entry, const struct steer_count *count, uint64_t taken);

/* Its rules were taken out after they were counted: those that come next begin at 0. */
void bypass_forget_rules(struct bypass_entry *entry);

/* ---- The books ---- */

struct bypass_board;

struct bypass {
	const struct steering *steering;
	struct bypass_board *board;   /* NULL: nothing is steered, or the memory was not to be had */
	struct steer_count *counts;   /* one for each queue that steers: what steering reads is put here */
	size_t half_bytes, number_count;
};

/* Makes the memory. 0 or -errno. */
int bypass_open(struct bypass *bypass, const struct steering *steering);
void bypass_close(struct bypass *bypass);

/*
 * `to`, of another steering, goes on with the books of those queues and numbers that `from` has, too. Nobody else may be
 * writing to either.
 */
void bypass_inherit(struct bypass *to, const struct bypass *from);

/* What the books say of one entry and one number, for who reads or fills them while nobody else writes. */
struct bypass_entry *bypass_entry_at(const struct bypass *bypass, size_t queue);
struct bypass_number *bypass_number_at(const struct bypass *bypass, size_t queue, uint16_t number);

/* Where steering is to put counters. */
struct steer_tally bypass_tally(const struct bypass *bypass);

enum bypass_look {
	BYPASS_BEGIN,   /* before rules go in: ids that were given before do not matter */
	BYPASS_RULES,   /* the tally was just read; the rules stand */
	BYPASS_REMOVED, /* the tally was read when the rules were taken out */
	BYPASS_IDS,     /* no rule stands: only the kernel's queues are looked at */
};

/* Reads the kernel's queues and writes the books. */
void bypass_note(struct bypass *bypass, enum bypass_look look);

/* Reads the rules' counters, too. 0 or -errno, logged. */
int bypass_read(struct bypass *bypass, const struct steering_patience *patience);

/* The entry of a queue by its index in steering->queues, and when it was looked at last. False: there are no books. */
bool bypass_get(const struct bypass *bypass, size_t queue, struct bypass_entry *entry, uint64_t *as_of_ns);

/* ---- For people ---- */

struct served;

/* What became of one entry. */
struct bypass_result {
	const char *queue;
	uint64_t steered;      /* packets that met our rules */
	uint64_t as_of_ns;
	bool known;            /* the number below is right */
	bool least;            /* it may be more */
	uint64_t bypassed;     /* packets that passed without inspection, for want of room in the queue or its socket */
	uint64_t uncounted;    /* with when-full: drop: packets that the kernel dropped without counting them; at the end */
	const char *why;       /* not known, or not exact; NULL */
};

/* False: there are no books. ended: nothing is under way any more. */
bool bypass_result(const struct bypass *bypass, size_t queue, const struct served *served, size_t count, bool ended,
		   struct bypass_result *result);

/* A table, and a line for what is not known. Nothing without books. */
void bypass_print(const struct bypass *bypass, const struct served *served, size_t count, bool ended, FILE *out);

#endif
