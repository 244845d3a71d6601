/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts another configuration in the place of the one in force, without losing a packet and without making the master wait:
 *
 *	checking      a child judges all of it; the master has read the file
 *	standing by   added numbers are bound; a worker of the new plan starts for each number and waits
 *	steering      a child commits what differs of the rules
 *	handing over  each worker leaves, and the one that stands by goes on
 *	draining      numbers that are not wanted any more: nothing leads there; what waits is decided
 *	closing       workers that left close their handlers
 *	settling      those that look after rules begin anew, where they have to
 *
 * What goes wrong before `handing over` is undone: then nothing has changed. Behind it there is no way back.
 */
#ifndef PROCESS_RELOAD_H
#define PROCESS_RELOAD_H

#include "daemon/process/bypass.h"
#include "daemon/process/plan.h"
#include "daemon/process/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct master;
struct runner;
struct served;

/* Tells how it went: every mistake on a line of its own, or what was changed. The context is the caller's. */
typedef void reload_done_fn(void *context, bool ok, const char *text);

struct reload_callers {
	struct reload_caller {
		reload_done_fn *done;
		void *context;
	} *items;
	size_t count;
};

enum reload_phase {
	RELOAD_NONE,
	RELOAD_CHECKING,
	RELOAD_WAITING, /* for workers that are being replaced for another reason */
	RELOAD_STANDING_BY,
	RELOAD_STEERING,
	RELOAD_UNDOING, /* the child that changed the rules died: they are made what they were */
	RELOAD_HANDING_OVER,
	RELOAD_DRAINING,
	RELOAD_CLOSING,
	RELOAD_SETTLING, /* those that look after rules begin anew */
	RELOAD_ABORTED,  /* the daemon stops */
};

struct reload {
	enum reload_phase phase;
	struct plan *plan;              /* the new one; held */
	struct report report;           /* mistakes */
	char *heard;                    /* errors without a place, a line each; NULL: none */
	struct task task;               /* checks, or commits */
	bool through;                   /* it came to its end */
	bool refused;                   /* and that was no good one */
	struct reload_turn *turns;      /* one for each of master->served; NULL before they stand by */
	size_t first_added;             /* of master->served: behind it only those that are added */
	size_t added, removed;
	bool new_rules;                 /* steering differs */
	struct bypass bypass;           /* the books of the new rules, if so */
	int crash_folder;               /* of the new plan; -1: none */
	int timer;                      /* wakes the master while workers are waited for */
	uint64_t started_ns, limit_ns;
	bool again;                     /* somebody asked meanwhile */
	struct reload_callers callers;  /* of this one */
	struct reload_callers waiting;  /* of the next one */
};

#define RELOAD_IDLE ((struct reload){ .task.channel = -1, .crash_folder = -1, .timer = -1 })

/*
 * Starts a reload, or after the one that is under way another one. done (NULL: nobody wants to know) is called from the
 * master's loop. 0 or -ENOMEM.
 */
int reload_start(struct master *master, reload_done_fn *done, void *context);

/* The caller with that context is gone: done is not called. */
void reload_forget(struct master *master, const void *context);

static inline bool reload_runs(const struct reload *reload)
{
	return reload->phase != RELOAD_NONE;
}

/* ---- for the master ---- */

/* Goes on as far as can be. To be called after each wait for events. */
void reload_step(struct master *master);

/* Takes note of the end of its children. After SIGCHLD. */
void reload_reap(struct master *master);

/* A worker that stands by says why it cannot: that is for whoever asked, too. */
void reload_hear(struct master *master, const struct runner *runner, const char *text);

/* True when the end of the worker that serves the number was asked for. */
bool reload_ends(const struct master *master, const struct served *served);

/* It has ended. True when another one takes its place, or nobody: then the master does not start one. */
bool reload_replaces(struct master *master, struct served *served);

/* The master is told to stop: all of it is called off. Rules may be those of either plan, or parts of both. */
void reload_abort(struct master *master);

void reload_free(struct reload *reload);

#endif
