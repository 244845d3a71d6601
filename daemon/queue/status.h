/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells of a queue in /proc/net/netfilter/nfnetlink_queue. */
#ifndef QUEUE_STATUS_H
#define QUEUE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_status {
	uint32_t number;
	uint32_t portid;
	uint32_t waiting;        /* packets without verdict */
	uint32_t copy_mode;
	uint32_t range;
	uint32_t dropped_full;   /* queue_dropped: max-length was reached */
	uint32_t dropped_socket; /* queue_user_dropped: the receive buffer was full */
	uint32_t last_id;        /* id of the newest packet */
};

/* Finds a queue's line in the file's text. False when it is not there or the line is not understood. */
bool queue_status_parse(const char *text, uint16_t number, struct queue_status *status);

/* Reads the file of the own network namespace. False when the queue is not there. */
bool queue_status_read(uint16_t number, struct queue_status *status);

/* Calls fn for each queue of the own network namespace. Where the file cannot be read, for none. */
typedef void queue_status_fn(void *context, const struct queue_status *status);
void queue_status_each(queue_status_fn *fn, void *context);

/* False when the kernel does not let us read the file at all, so that a queue's absence tells nothing. */
bool queue_status_told(void);

#endif
