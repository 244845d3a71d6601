/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of workers that another master started and that this one takes over: what must be known to look after them until
 * workers of the plan in force take their place. Nobody can be started by it.
 */
#ifndef PROCESS_PLAN_ADOPT_H
#define PROCESS_PLAN_ADOPT_H

#include "daemon/process/plan.h"

#include <stdint.h>

#define PLAN_ALL SIZE_MAX

/*
 * A plan in the words of a configuration, to be freed: the queues, or one of them, and what is to be done when their workers
 * die or end. NULL without memory.
 */
char *plan_leave(const struct plan *plan, size_t queue);

/*
 * From such a text. The caller holds it. NULL with why. Keys of other versions are left out; what remains must be a
 * configuration.
 */
struct plan *plan_adopt(const char *text, char *why, size_t why_size);

#endif
