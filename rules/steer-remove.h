/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes our chains and jumps out of a family's ruleset. */
#ifndef RULES_STEER_REMOVE_H
#define RULES_STEER_REMOVE_H

#include "rules/steer-run.h"

/* Removes what nobody listens to, but for the caller's own numbers, and adds to its counts. 0, or -errno after telling why: what
 * could not be removed was emptied if possible. */
int steer_remove(const struct steer_run *run, struct steer_sweep *sweep);

#endif
