/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a quarantine: a worker that has the handler again starts, stands by, and takes over from the one that
 * serves. One that cannot open the handler is given up, and nothing has changed.
 */
#ifndef PROCESS_RELEASE_H
#define PROCESS_RELEASE_H

#include "daemon/control/control-request.h"
#include "daemon/process/served.h"

#include <stdbool.h>
#include <stdint.h>

struct master;

struct release {
	struct release_turn *turns; /* one for each queue number concerned; NULL: nothing is being released */
	size_t count;
	uint64_t client;            /* of the control socket */
	uint64_t limit_ns;          /* for new workers to be ready */
	int timer;                  /* looks how far it is */
	bool failed;                /* a number's */
};

/* Says to the client what is refused, or begins; then it is told of each handler, and the end. */
void release_start(struct master *master, uint64_t client, const struct control_request *request);

/* Goes on as far as can be. After something happened. */
void release_step(struct master *master);

/* `now` of a number has ended: true when the one that stands by takes its place, so that nobody else is to be started. */
bool release_replaces(struct master *master, struct served *served);

static inline bool release_runs(const struct release *release)
{
	return release->turns != NULL;
}

/* At the end of the master, after its workers. */
void release_free(struct release *release);

#endif
