/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection at the daemon's end: the bytes of its request and of its answer. Knows nothing of other connections. */
#ifndef CONTROL_CONTROL_PEER_H
#define CONTROL_CONTROL_PEER_H

#include "daemon/control/control-server.h"

enum control_state {
	CONTROL_READING,   /* the request is not there yet */
	CONTROL_WORKING,   /* it is being carried out */
	CONTROL_ANSWERED,  /* what is left of the answer is being sent */
	CONTROL_OVER,      /* to be closed */
};

struct control_peer {
	int fd;
	uint64_t number;
	enum control_state state;
	unsigned patience_ms;
	uint64_t deadline_ms; /* 0: none */
	uint32_t events;      /* that epoll looks for */
	char *in;             /* what came of the request */
	size_t in_len, in_room;
	char *out;            /* what has not been sent: out_sent to out_len */
	size_t out_sent, out_len, out_room;
	control_next_fn *next;
	void *next_context;
	uint64_t cursor;
};

/*
 * Receives what is there. 1: the request is in `in`, in_len bytes without the end of line; 0: not yet; -errno with why:
 * there will be none.
 */
int control_peer_receive(struct control_peer *peer, char *why, size_t why_size);

/* A line of the answer; given away. One that has too much to read already is over. */
void control_peer_say(struct control_peer *peer, json_t *line);
void control_peer_end(struct control_peer *peer, int exit);

/* Sends what goes, and asks for more lines as there is room. */
void control_peer_send(struct control_peer *peer, uint64_t now_ms);

/* The events to look for in its state. */
uint32_t control_peer_wants(const struct control_peer *peer);

void control_peer_free(struct control_peer *peer);

#endif
