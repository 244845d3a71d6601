/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the tool read texts without acting on them. */
#ifndef RULES_STEER_CHECK_H
#define RULES_STEER_CHECK_H

#include "rules/steer-run.h"
#include "rules/steer-text.h"

/* Tests one item of a plan alone. 0, or -errno with the cause, STEER_MESSAGE_MAX bytes: -EINVAL when the tool refused it. */
int steer_test_item(const struct steer_run *run, const struct steer_plan *plan, size_t item, char *cause);

#endif
