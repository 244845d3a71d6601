/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command's end of the control socket: one request, and its answer line by line. Waits. */
#ifndef CONTROL_CONTROL_CLIENT_H
#define CONTROL_CONTROL_CLIENT_H

#include "daemon/control/control-request.h"
#include "daemon/control/control.h"

#include <jansson.h>

struct control_answer {
	bool done;      /* it was carried out */
	int exit;       /* enum control_exit */
	char why[1024]; /* when it was not */
};

/* A line of the answer but the last; the caller's until the function returns. */
typedef void control_line_fn(void *context, json_t *line);

/*
 * Asks the daemon that listens at path, which must be root's or the caller's own. quiet_s: how long the daemon may say
 * nothing. 0 after a whole answer; -errno, with exit and why set: -ENOENT, -ECONNREFUSED nobody listens, -EPERM it is
 * somebody else's, -ETIMEDOUT, -ECONNRESET it ended in the middle (`done` then tells whether a line had come).
 */
int control_client_ask(const char *path, const struct control_request *request, int quiet_s, control_line_fn *line,
		       void *context, struct control_answer *answer);

/*
 * True when memory for JSON was missing since the last call, from the first control_client_ask() on, also where the caller
 * made some: it is not whole.
 */
bool control_client_lacks_memory(void);

#endif
