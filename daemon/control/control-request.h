/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request: from a line of JSON and back. Pure. */
#ifndef CONTROL_CONTROL_REQUEST_H
#define CONTROL_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum control_command {
	CONTROL_STATUS,
	CONTROL_STATS,
	CONTROL_RELOAD,
	CONTROL_UPGRADE,
	CONTROL_RELEASE,
	CONTROL_STOP,
	CONTROL_COMMANDS
};

struct control_request {
	enum control_command command;
	bool text;         /* stats: tables for people */
	bool all;          /* release: every handler of every queue */
	char queue[32];    /* release: a queue's name, or one number */
	char handler[72];  /* release: this one alone; "": all of the queue */
	char binary[4096]; /* upgrade: an absolute path; "": the one that runs */
};

/* Strict: a key that the command does not have is a mistake. 0, or -EINVAL with a text that names object and cause. */
int control_request_read(struct control_request *request, const char *line, size_t len, char *why, size_t why_size);

/* One line without its end, to be freed. NULL: no memory, or a text that is not UTF-8. */
char *control_request_print(const struct control_request *request);

const char *control_command_name(enum control_command command);

#endif
