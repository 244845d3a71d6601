/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking the daemon: a request of the control socket, and what came of it. */
#ifndef TOOL_DAEMON_ASK_H
#define TOOL_DAEMON_ASK_H

#include "daemon/control/control-client.h"
#include "daemon/tool/say.h"

#define ASK_SOON_S 10  /* for what the daemon knows already */
#define ASK_LONG_S 300 /* for what it has to do first */

struct ask {
	struct say say;
	struct control_request request;
	struct control_answer answer;
	json_t *lines; /* of the answer but the last */
	int err;       /* of the connection */
};

/* Asks, and collects the lines. True when the request was carried out; else ask_end() tells why not. */
bool ask_daemon(struct ask *ask, const struct arguments *arguments, int quiet_s);

/* The lines of a status or of statistics as one object: "daemon", and "queues" and "steered", lists. */
json_t *ask_document(const struct ask *ask);

/*
 * The end of the command: tells why it failed, or, with --json, prints `outcome`, which is given away. Frees all.
 * Returns the exit code.
 */
int ask_end(struct ask *ask, json_t *outcome);

#endif
