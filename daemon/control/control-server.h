/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's end of the control socket. It never waits: all its descriptors, a clock among them, hang in an epoll of its
 * own, whose descriptor is readable when control_server_turn() has something to do. A client has one request; one that does
 * not send it, or does not read the answer, is dropped.
 */
#ifndef CONTROL_CONTROL_SERVER_H
#define CONTROL_CONTROL_SERVER_H

#include "daemon/control/control-request.h"
#include "daemon/control/control.h"

#include <jansson.h>
#include <stdint.h>

#define CONTROL_PATIENCE_MS 5000

struct control_server;

struct control_calls {
	unsigned commands; /* that can be carried out: a bit for each enum control_command */
	/*
	 * A request came. It ends with control_server_done() or the end of control_server_stream(), at once or later. The
	 * client may go before that; its number is not used again.
	 */
	void (*request)(void *context, uint64_t client, const struct control_request *request);
	/* For the log, at its lowest level. */
	void (*log)(void *context, const char *text);
	void *context;
	unsigned patience_ms; /* for a request, and for each step in the reading of an answer; 0: CONTROL_PATIENCE_MS */
};

/*
 * The next line of a long answer, asked for when there is room for it, so that the answer never is in memory as a whole.
 * *cursor is the caller's; 0 at first. NULL ends the answer with *exit.
 */
typedef json_t *control_next_fn(void *context, uint64_t *cursor, int *exit);

/* 0, or -errno with why; -EADDRINUSE: another daemon that lives has the path. */
int control_server_open(struct control_server **server, const char *path, const struct control_calls *calls, char *why,
			size_t why_size);
int control_server_fd(const struct control_server *server);
void control_server_turn(struct control_server *server);

/* A line of an answer; given away. */
void control_server_say(struct control_server *server, uint64_t client, json_t *line);
void control_server_stream(struct control_server *server, uint64_t client, control_next_fn *next, void *context);
/* The end of an answer. */
void control_server_done(struct control_server *server, uint64_t client, int exit);
/* The end of a request that is refused. */
void control_server_refuse(struct control_server *server, uint64_t client, int exit, const char *why);

/*
 * Takes a client out of the server: its descriptor, for control_finish(), maybe in another process. -1: it is gone, or
 * has not read all that it was told.
 */
int control_server_detach(struct control_server *server, uint64_t client);

/* The end of an answer to such a client, and of the connection: a text, or why it was refused. Does not wait. */
void control_finish(int fd, const char *text, const char *why);

/*
 * Listens at another path, NULL: at none; clients that are connected stay. The same path: only if somebody has taken
 * the file away. 0, or -errno with why: it goes on listening where it did.
 */
int control_server_move(struct control_server *server, const char *path, char *why, size_t why_size);

/* Removes the socket; what clients have not read by now is lost. Accepts NULL. */
void control_server_close(struct control_server *server);

/* A text as JSON: bytes that are no UTF-8 become question marks. NULL: null. */
json_t *control_text(const char *text);

#endif
