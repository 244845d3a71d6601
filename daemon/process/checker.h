/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checker: a short-lived unprivileged child that loads the plugins of a configuration and lets them judge their
 * options, so that the master need not.
 */
#ifndef PROCESS_CHECKER_H
#define PROCESS_CHECKER_H

#include "daemon/process/plan.h"

/*
 * Fills plan->needs; mistakes, also a plugin that kills or hangs the checker, go into the report. whole: false when the
 * configuration has mistakes already, and each handler is judged by itself, not as a part of queues. 0 or -errno when it
 * cannot be run.
 */
int checker_run(struct plan *plan, bool whole, struct report *report);

/* In the child: the exit status. channel and parent: to the master, and its process id. */
int checker_child(const struct plan *plan, bool whole, int channel, pid_t parent);

#endif
