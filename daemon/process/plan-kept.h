/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration in force goes along with the state: whoever takes the master's place and finds the file bad goes on
 * with it, so that there is somebody who can start workers.
 */
#ifndef PROCESS_PLAN_KEPT_H
#define PROCESS_PLAN_KEPT_H

#include "daemon/process/plan.h"
#include "daemon/process/state.h"

/* Its files into a state. None when they are too long, or no text in UTF-8. 0 or -ENOMEM. */
int plan_keep(const struct plan *plan, struct state *state);

/*
 * As plan_read(), of those. refused: what was wrong with the file; the plan keeps the first of it. NULL also when the
 * state has none.
 */
struct plan *plan_read_kept(const struct state *state, const struct report *refused, struct trust *trust,
			    struct report *report);

#endif
