/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between the master and one of its children: a socket pair that keeps message boundaries. */
#ifndef PROCESS_CHANNEL_H
#define PROCESS_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#define CHANNEL_TEXT_MAX 4000 /* bytes of text in a message, without a terminating NUL */

enum channel_type {
	/* from a child */
	CHANNEL_READY = 1,  /* a worker serves its queue; the checker is through */
	CHANNEL_LOG,        /* value: enum nfv_log_level; text: a line */
	CHANNEL_PRINT,      /* text: a handler's line */
	CHANNEL_MISTAKE,    /* value, extra: line and column; text: file, NUL, "object: cause" */
	CHANNEL_NEEDS,      /* value: index of a queue entry; extra: bytes; more: metadata; may: enum nfv_may */
	CHANNEL_STEP,       /* the checker calls a plugin. As CHANNEL_MISTAKE, without cause; more: enum instances_doing */
	CHANNEL_STATS,      /* text: lines of a handler's stats(); an empty text ends them */
	CHANNEL_LEFT,       /* a worker that was told to leave: no packet is in its hands, and it will not receive again */
	CHANNEL_CONFIGURED, /* the kernel's answer to queue_change(): value: what it is about; extra: errno, 0: it took effect */
	/* from the master */
	CHANNEL_GO,         /* receive. value: CHANNEL_GO_*; extra: the queue's newest packet id; more: id of the poisoned packet */
	CHANNEL_LEAVE,      /* decide the batch in hand, say CHANNEL_LEFT, close handlers, exit; what waits is for somebody else */
	CHANNEL_STOP,       /* finish what is in hand, close handlers, exit */
	CHANNEL_TELL_STATS, /* answer with CHANNEL_STATS */
	/* from a child: masters of other versions know the numbers above */
	CHANNEL_JUDGES,     /* see CHANNEL_GO_TELLS. value: the packet that comes next; extra: 0: it is the last one that is told */
};

enum channel_go {
	CHANNEL_GO_SUCCESSOR = 1, /* packets may be in the hands of a dead predecessor */
	CHANNEL_GO_REPEATS = 2,   /* those are sent through the hook again; else they get on-error */
	CHANNEL_GO_POISONED = 4,  /* the predecessor died of one packet */
	CHANNEL_GO_CAREFUL = 8,   /* it died of something that it did itself: the next packets one by one */
	CHANNEL_GO_SETTLES = 16,  /* namely of what the sender refused: each packet's verdict is waited for */
	CHANNEL_GO_TELLS = 32,    /* and wrote over the memory that tells of what: each packet is told before handlers see it */
};

struct channel_message {
	uint32_t type;
	uint32_t value;
	uint32_t extra;
	uint32_t more;
	uint32_t may;
	uint32_t text_len;
	char text[CHANNEL_TEXT_MAX + 1]; /* terminated by the receiver */
};

/* pair[0] for the master, pair[1] for the child; both close-on-exec. 0 or -errno. */
int channel_pair(int pair[2]);

/*
 * Sends a message without waiting; a text that is too long is cut. 0 or -errno, -EAGAIN when the other side does not
 * read.
 */
int channel_send(int fd, const struct channel_message *message);

/* The same, waiting for room: only for a child that has no packets yet. */
int channel_send_wait(int fd, const struct channel_message *message);

/* A message of type with text. */
int channel_send_text(int fd, enum channel_type type, uint32_t value, const char *text);

/*
 * Without waiting: 1 a message, checked and terminated; 0 the other side is gone; -errno, -EAGAIN nothing there,
 * -EBADMSG refused.
 */
int channel_receive(int fd, struct channel_message *message);

#endif
