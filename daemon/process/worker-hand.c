/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which packets a dead predecessor had in hand: they still stand in its slots. Their ids tell them from packets that the socket
 * had no room for while nobody received, whose ids lie among them.
 */
#include "daemon/process/worker-private.h"

#include <linux/netlink.h>
#include <string.h>

/* A slot holds one message; how long it is stands in it, and is not believed beyond the slot. */
static bool read_slot(uint8_t *slot, size_t slot_size, uint32_t *id)
{
	struct message_answer answer;
	struct nfv_packet packet;
	struct nlmsghdr header;
	enum message_kind kind;

	memcpy(&header, slot, sizeof(header));
	if (header.nlmsg_len == 0)
		return false;
	kind = message_decode(slot, slot_size, header.nlmsg_len < slot_size ? header.nlmsg_len : slot_size, &packet, &answer);
	if (kind != MESSAGE_PACKET && kind != MESSAGE_ODD)
		return false;
	*id = packet.id;
	return true;
}

void worker_hand_look(struct worker *worker)
{
	const struct receiver *receiver = &worker->receiver;
	struct worker_hand *hand = &worker->hand;

	hand->count = 0;
	for (unsigned i = 0; i < receiver->batch; i++)
		if (read_slot(receiver->slots[i].iov_base, receiver->slot_size, &hand->ids[hand->count]))
			hand->count++;
	/* Empty slots are new ones; and one that began to receive and died before it had recovered has written over some. */
	hand->known = hand->count > 0 && !worker->shared->slots_mixed;
	worker->shared->slots_mixed = 1;
}

uint32_t worker_hand_between(const struct worker *worker, uint32_t after, uint32_t until)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < worker->hand.count; i++) {
		const uint32_t id = worker->hand.ids[i];

		count += (int32_t)(id - after) > 0 && (int32_t)(until - id) >= 0;
	}
	return count;
}

void worker_hand_settle(struct worker *worker, uint32_t until)
{
	const struct shared *shared = worker->shared;
	const int32_t range = (int32_t)(until - shared->last_id);
	uint32_t received;

	worker->shared->slots_mixed = 0;
	if (!worker->hand.known || !shared->last_id_known || range <= 0)
		return;
	received = worker_hand_between(worker, shared->last_id, until);
	if (received < (uint32_t)range)
		worker->counters->lost += (uint32_t)range - received;
}
