/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of one queue entry, loaded and opened. In the checker and in workers, never in the master. */
#ifndef PROCESS_INSTANCES_H
#define PROCESS_INSTANCES_H

#include "daemon/handler/chain.h"
#include "daemon/process/plan.h"

enum instances_doing { INSTANCES_LOADING, INSTANCES_OPENING, INSTANCES_CLOSING };

/* Told before each call into a plugin, for whoever must explain that it did not come back. */
struct instances_step {
	void (*tell)(void *context, const struct config_handler *handler, enum instances_doing doing);
	void *context;
};

struct instances {
	const struct plan *plan;
	const struct instances_step *step;
	struct plugin *plugins; /* one for each handler */
	struct handler *handlers;
	size_t count; /* that are open */
};

/*
 * Loads and opens the handlers in their order. counters: one for each. step: may be NULL, kept for closing. Goes on
 * after a failure to find more mistakes, all in the report. skip: a bit for each that is neither loaded nor opened and
 * says continue to every packet. A handler that leaves a thread running is a mistake: a
 * worker's fences hold one. 0 or -EINVAL.
 */
int instances_open(struct instances *instances, const struct plan *plan, const struct config_queue *queue,
		   const struct handler_env *env, struct handler_counters *counters, struct report *report,
		   const struct instances_step *step, uint64_t skip);

void instances_close(struct instances *instances);

#endif
