/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What edits and refills of a chain cost the tool and the kernel. Pure. */
#ifndef RULES_SCRIPT_COST_H
#define RULES_SCRIPT_COST_H

#include "rules/script-plan.h"

/* Also false when a refill is not possible: a rule's text holds a newline. */
bool script_cost_refill_is_cheaper(const struct script_plan *plan);

#endif
