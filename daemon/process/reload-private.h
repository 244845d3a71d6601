/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of a reload share: reload.c is its way, reload-task.c its children, reload-workers.c and
 * reload-leave.c the workers, reload-force.c all else that a configuration says.
 */
#ifndef PROCESS_RELOAD_PRIVATE_H
#define PROCESS_RELOAD_PRIVATE_H

#include "daemon/process/master-private.h"

#define RELOAD_DRAIN_NS 2000000000u /* for what waits in a number that is given up */
#define RELOAD_CLOSE_NS 3000000000u /* for handlers that close */

/* What becomes of a queue number. */
enum reload_fate { RELOAD_KEPT, RELOAD_ADDED, RELOAD_REMOVED };

struct reload_turn {
	enum reload_fate fate;
	size_t queue;      /* of the new plan; for those that are kept or added */
	unsigned tries;    /* workers that were started for it and died */
	uint64_t asked_ns; /* when its worker was told to leave, or to stop; 0: it was not */
	bool killed;       /* for it did not */
	bool done;         /* handed over, or ended */
};

/* ---- reload-callers.c ---- */

/* 0 or -ENOMEM. done NULL: nothing to do. */
int reload_add_caller(struct reload_callers *callers, reload_done_fn *done, void *context);

/* Tells all callers of this reload, and forgets them. */
void reload_answer(struct reload *reload, bool ok, const char *text);

/* All that was wrong, a line each, and sorts the report. NULL without memory; to be freed. */
char *reload_mistakes(struct reload *reload);

/* Adds a line to what the caller is told, and to the log. */
void reload_complain(struct master *master, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- reload-task.c: 0 or -errno; the end is taken by reload_reap() ---- */

int reload_check_start(struct master *master);
int reload_steer_start(struct master *master, bool back);

/* Takes what the child said last, and lets go of it. */
void reload_task_close(struct master *master);

/* ---- reload-workers.c ---- */

/* Starts the worker that is to take over number i. 0, or -errno after complaining. */
int reload_stand_by(struct master *master, size_t i);

/* Kills who serves a number, and unbinds it. */
void reload_drop_number(struct master *master, struct served *served);

/* Binds, makes room, starts workers. 0, or -errno after adding to the report or complaining. */
int reload_workers_start(struct master *master);

/* 1: all are ready, 0: not yet, or -errno after complaining. */
int reload_workers_ready(struct master *master);

/* Undoes reload_workers_start(), how far it came. */
void reload_workers_undo(struct master *master);

/* The daemon stops before rules are changed: those that stand by end, and numbers that were added stay bound. */
void reload_workers_call_off(struct master *master);

/* ---- reload-leave.c ---- */

/* True when every number is served by a worker of the new plan, or is to be removed. */
bool reload_workers_hand_over(struct master *master);

/* True when numbers that are removed are empty and unbound. */
bool reload_workers_drain(struct master *master);

/* True when nobody is left who serves by the old plan. */
bool reload_workers_close(struct master *master);

/* True when a worker of a number is being replaced. */
bool reload_workers_busy(const struct master *master);

/* ---- reload-force.c ---- */

/* Those that look after rules end, if they must have the new configuration. */
void reload_settle(struct master *master);

/* True when they have; after reload->limit_ns they are killed. */
bool reload_settled(struct master *master);

/* The new plan is master->plan by now. */
void reload_put_in_force(struct master *master);

#endif
