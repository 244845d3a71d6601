/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of one queue entry, loaded and opened. In the checker and in workers, never in the master. */
#ifndef PROCESS_INSTANCES_H
#define PROCESS_INSTANCES_H

#include "daemon/handler/chain.h"
#include "daemon/process/plan.h"

struct instances {
	struct plugin *plugins;   /* one for each handler */
	struct handler *handlers;
	size_t count;             /* that are open */
};

/*
 * Loads and opens the handlers in their order. counters: one for each. step, when given, is told before each what comes next. Goes on
 * after a failure to find more mistakes, all in the report. 0 or -EINVAL.
 */
int instances_open(struct instances *instances, const struct plan *plan, const struct config_queue *queue,
		   const struct handler_env *env, struct handler_counters *counters, struct report *report,
		   void (*step)(void *context, const char *text), void *context);

void instances_close(struct instances *instances);

#endif
