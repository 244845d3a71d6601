/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of the kernel, whole and cut: whatever they hold, a packet's view lies inside of what was received. */
#include "daemon/queue/message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Reads all that the view offers, so that the sanitizer judges it too. */
static void read_all(const void *from, size_t len)
{
	const uint8_t *bytes = from;
	size_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += bytes[i];
	require(sum <= len * 255);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t slot_size = size + 32;
	uint8_t *slot = malloc(slot_size);
	struct nfv_packet p = { .ops = NULL };
	struct message_answer answer = { 0 };

	if (!slot)
		return 0;
	if (size)
		memcpy(slot, data, size);
	switch (message_decode(slot, slot_size, size, &p, &answer)) {
	case MESSAGE_PACKET:
	case MESSAGE_ODD:
		require(p.size == sizeof(p) && p.original_len >= p.captured_len && p.hw_addr_len <= sizeof(p.hw_addr));
		require(p.captured_len == 0 || (p.data > slot && p.data + p.captured_len <= slot + size));
		require(!p.data || (p.capacity >= p.captured_len && p.data + p.capacity <= slot + slot_size));
		require(!p.secctx_len || (const uint8_t *)p.secctx + p.secctx_len <= slot + size);
		require(!p.conntrack_len || p.conntrack + p.conntrack_len <= slot + size);
		read_all(p.data, p.captured_len);
		read_all(p.secctx, p.secctx_len);
		read_all(p.conntrack, p.conntrack_len);
		if (p.data && p.capacity > p.captured_len)
			p.data[p.capacity - 1] = 1;
		break;
	case MESSAGE_ANSWER:
		require(answer.error >= 0 && answer.error <= 4095);
		break;
	case MESSAGE_OTHER:
	case MESSAGE_MALFORMED:
		break;
	}
	free(slot);
	return 0;
}
