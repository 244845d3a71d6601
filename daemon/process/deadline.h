/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a worker has been in one call of a handler, seen from outside: the path of a packet pays nothing for it. */
#ifndef PROCESS_DEADLINE_H
#define PROCESS_DEADLINE_H

#include "daemon/handler/chain.h"

#include <sys/types.h>

#define DEADLINE_OPEN_NS 30000000000u /* for open(), which may load what it needs */

/* The call that was under way at the last look. */
struct deadline {
	struct chain_progress call;
	uint64_t since_ns; /* when it was first seen, later by what does not count; 0: none was under way */
	uint64_t looked_ns;
};

/* True when the call was under way at the last look already. */
bool deadline_lasts(const struct deadline *deadline, const struct chain_progress *now);

/*
 * Looks. True when the call has been under way for longer than limit_ns (0: no limit). `stopped`: the process is, and that
 * time does not count. From one look to the next no more than half of the limit does: whoever looks so late may have stood
 * still with the whole machine, and the handler too. Pure.
 */
bool deadline_over(struct deadline *deadline, const struct chain_progress *now, bool stopped, uint64_t now_ns,
		   uint64_t limit_ns);

/* How often to look for a limit, so that it is kept to within a quarter. */
uint64_t deadline_interval_ns(uint64_t limit_ns);

/* True when the process is stopped, by a signal or by a debugger. */
bool deadline_is_stopped(pid_t pid);

#endif
