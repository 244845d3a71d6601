/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/receive.h"

#include <errno.h>
#include <unistd.h>

/*
 * Slots that all begin at the same place of a page would share a few sets of the processor's first cache. Five lines further
 * each, a batch of small packets has a place for every one.
 */
#define SLOT_SHIFT (5 * 64)

size_t receive_slot_size(uint32_t range)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return ((size_t)range + RECEIVE_EXTRA_BYTES + page - 1) / page * page + SLOT_SHIFT;
}

void receive_init(struct receiver *receiver, int fd, const struct region *slots, unsigned batch, size_t slot_size)
{
	uint8_t *memory = slots->memory;

	*receiver = (struct receiver){ .fd = fd, .batch = batch, .slot_size = slot_size };
	for (unsigned i = 0; i < batch; i++) {
		receiver->slots[i] = (struct iovec){ .iov_base = memory + i * slot_size, .iov_len = slot_size };
		receiver->headers[i].msg_hdr = (struct msghdr){ .msg_iov = &receiver->slots[i], .msg_iovlen = 1 };
	}
}

int receive_messages(struct receiver *receiver, bool wait)
{
	int flags = wait ? MSG_WAITFORONE : MSG_DONTWAIT;
	int count = recvmmsg(receiver->fd, receiver->headers, receiver->batch, flags, NULL);

	return count < 0 ? -errno : count;
}
