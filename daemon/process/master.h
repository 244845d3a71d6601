/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The master: binds queues, supervises workers, installs and removes steering. Never loads a plugin, never sees a packet. */
#ifndef PROCESS_MASTER_H
#define PROCESS_MASTER_H

#include "daemon/process/options.h"
#include "daemon/process/plan.h"
#include "daemon/process/state.h"

/*
 * Serves until SIGTERM or SIGINT, at first by this plan, which it drops. ready() is called once, when queues are bound, workers
 * serve and steering is in place. left: by another executable in whose place we are; NULL: an ordinary start. Returns the exit status.
 */
int master_run(const struct options *options, struct plan *plan, struct state *left, void (*ready)(void *context), void *context);

/* Each finding is a line of the log; clears the report. */
void master_log_report(struct report *report);

/* Where the configuration has lines go to; in the background `auto` is syslog. True when that is syslog. */
bool master_open_log(const struct config *config, bool foreground);

#endif
