/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes our chains and jumps out of a family's ruleset. */
#ifndef RULES_STEER_REMOVE_H
#define RULES_STEER_REMOVE_H

#include "rules/steer-plan.h"
#include "rules/steer-run.h"

/* Which of our chains are to go. */
struct steer_choice {
	const struct steer_sweep *sweep; /* those that nobody listens to, but for the caller's own numbers; NULL: */
	const struct steer_plan *plan;   /* those of a plan's queues, */
	const bool *tables;              /* in these of steer_tables */
};

/*
 * Removes what is chosen, adds to the counts. 0, or -errno after telling why: what could not be removed was emptied if
 * possible.
 */
int steer_remove(const struct steer_run *run, const struct steer_choice *choice, unsigned *removed, unsigned *kept);

#endif
