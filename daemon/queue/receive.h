/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives many messages at once into slots of shared memory. */
#ifndef QUEUE_RECEIVE_H
#define QUEUE_RECEIVE_H

#include "daemon/queue/region.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define RECEIVE_BATCH_MAX   256
/* Room in a slot besides the packet: headers, attributes, a security context, and space for a handler to make it longer. */
#define RECEIVE_EXTRA_BYTES 4096

struct receiver {
	int fd;
	unsigned batch;
	size_t slot_size;
	struct mmsghdr headers[RECEIVE_BATCH_MAX];
	struct iovec slots[RECEIVE_BATCH_MAX];
};

/* Bytes of a slot for a copy range: whole pages, and a little so that slots begin at different places of a page. */
size_t receive_slot_size(uint32_t range);

/* slots: mapped memory of at least batch * slot_size bytes. */
void receive_init(struct receiver *receiver, int fd, const struct region *slots, unsigned batch, size_t slot_size);

/*
 * The number of messages in the first slots, or -errno. Without `wait`: -EAGAIN when there is none. With it, waits for
 * the first one only; a signal (-EINTR) and the socket's time limit (-EAGAIN) end the wait.
 */
int receive_messages(struct receiver *receiver, bool wait);

static inline const uint8_t *receive_bytes(const struct receiver *receiver, unsigned i)
{
	return receiver->slots[i].iov_base;
}

static inline size_t receive_len(const struct receiver *receiver, unsigned i)
{
	return receiver->headers[i].msg_len;
}

/* True when the message did not fit into its slot. */
static inline bool receive_cut(const struct receiver *receiver, unsigned i)
{
	return receiver->headers[i].msg_hdr.msg_flags & MSG_TRUNC;
}

#endif
