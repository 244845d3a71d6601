/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule engine's server, in a child of its own: its clients' commits may take long, and the master has workers to look
 * after.
 */
#ifndef PROCESS_RULES_SERVER_H
#define PROCESS_RULES_SERVER_H

#include "daemon/config/config.h"
#include "daemon/process/child.h"

#include <stdint.h>

struct rules_server {
	const struct config *config;
	struct child child;
	unsigned failures;       /* ends in a row, each soon after a start */
	uint64_t started_ns;
};

/* Without a socket in the configuration nothing is started. 0 or -errno. */
int rules_server_start(struct rules_server *server, const struct config *config);

/* Takes note of its end, if it came. Nanoseconds until rules_server_again() is to be called, 0: it need not. */
uint64_t rules_server_reap(struct rules_server *server);
/* Starts it, unless one runs. */
int rules_server_again(struct rules_server *server);

void rules_server_stop(struct rules_server *server);

#endif
