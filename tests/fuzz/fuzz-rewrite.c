/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any changes to any packet, then the finish: what it calls finished has right lengths and checksums by an independent
 * judgement. The input is the packet, then the changes (6 bytes each: kind, offset, removed, added), then a byte with their
 * number.
 */
#include "daemon/packet/rewrite.h"
#include "tests/unit/verify.h"

#include <stdlib.h>

#define CHANGE_BYTES 6
#define ROOM         4096 /* more than the packet may grow by */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nfv_packet_ops ops = { .splice = rewrite_splice };

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void change(struct nfv_packet *p, const uint8_t *c)
{
	uint32_t offset = nfv_load16(c + 1), removed = c[3], added = c[4];
	uint8_t bytes[256];
	uint8_t *b;

	memset(bytes, c[5], sizeof(bytes));
	if (c[0] & 2) /* else far outside, mostly */
		offset %= p->captured_len + 1;
	if (c[0] & 1) {
		uint32_t len = p->captured_len;
		int result = nfv_splice(p, offset, removed, bytes, added);

		require(result == 0 || result == -ERANGE || result == -EMSGSIZE);
		require(p->captured_len == (result ? len : len - removed + added));
	} else {
		b = nfv_edit(p, offset, added);
		if (b)
			memset(b, c[5], added);
	}
	require(p->edit_begin <= p->edit_end && p->captured_len <= p->capacity && p->captured_len == p->original_len);
}

/* One range of edits from DSCP to TTL is taken for these two alone: what lies between must then be what it was. */
static bool quiet_change(const struct nfv_packet *p, const uint8_t *arrived)
{
	return p->edit_begin < 2 && p->edit_end > 2 && p->edit_end <= 9 && memcmp(p->data + 2, arrived + 2, 6) != 0;
}

/*
 * Only a packet that arrived right can be held to leave right: where nothing that a checksum covers was edited, it stays as
 * it came. A fragment's checksum cannot be judged, also not when an edit hides that it is one.
 */
static bool arrived_right(const uint8_t *arrived, uint32_t arrived_len)
{
	if (verify_packet(arrived, arrived_len))
		return false;
	return arrived[0] / 16 == 6 || (verify_16(arrived + 6) & 0x3fff) == 0;
}

static void judge(struct nfv_packet *p, const uint8_t *arrived, uint32_t arrived_len)
{
	uint32_t len = p->captured_len, edits = p->edits;
	bool hold = p->edits && arrived_right(arrived, arrived_len) && !quiet_change(p, arrived);
	const char *why;
	int result = rewrite_finish(p, arrived_len, &why);

	require(result == 0 || result == -EPROTO);
	require((result != 0) == (why != NULL));
	require(p->captured_len == len);
	require(result == 0 || edits);
	if (hold && result == 0) {
		uint8_t *copy = malloc(len);

		require(copy != NULL);
		require(verify_packet(p->data, len) == NULL);
		memcpy(copy, p->data, len);
		require(rewrite_finish(p, arrived_len, &why) == 0); /* once more changes nothing */
		require(memcmp(copy, p->data, len) == 0);
		free(copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t changes = size ? data[size - 1] % 8 : 0, len;
	struct nfv_packet p = { .size = sizeof(p), .ops = &ops };

	if (size < 1 + changes * CHANGE_BYTES)
		return 0;
	len = size - 1 - changes * CHANGE_BYTES;
	p.data = malloc(len + ROOM);
	require(p.data != NULL);
	memcpy(p.data, data, len);
	p.captured_len = p.original_len = (uint32_t)len;
	p.capacity = (uint32_t)len + ROOM;
	for (size_t i = 0; i < changes; i++)
		change(&p, data + len + i * CHANGE_BYTES);
	judge(&p, data, (uint32_t)len);
	free(p.data);
	return 0;
}
