/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books of what passed queues by, from one nfverdictd to the one that takes its place. */
#ifndef PROCESS_BYPASS_LEAVE_H
#define PROCESS_BYPASS_LEAVE_H

#include "daemon/process/bypass.h"

#include <jansson.h>

/* While nobody writes them: the keeper has ended. NULL without memory. */
json_t *bypass_leave(const struct bypass *bypass);

/*
 * Goes on with the books of queues that have the same name and numbers, while their rules stand where they stood. What makes
 * no sense, or is of others, is passed over: those begin anew.
 */
void bypass_take(struct bypass *bypass, const json_t *left);

/*
 * As if nothing had been counted until now; the counters were just read. What is not exact is said to be so. While nobody
 * else writes.
 */
void bypass_begin_anew(struct bypass *bypass);

#endif
