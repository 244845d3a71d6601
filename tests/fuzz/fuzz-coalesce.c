/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as a script of decisions, beside the model of the kernel's queue that the unit test uses too. */
#include "tests/unit/kernel-queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t payload[MESSAGE_PAYLOAD_MAX] = { 7 };

static void require(const char *wrong)
{
	if (!wrong)
		return;
	fprintf(stderr, "fuzz-coalesce: %s\n", wrong);
	abort();
}

/* The next packet to decide; it arrives only now, `gap` ids after the last one. */
static struct entry *receive(struct pair *pair, uint32_t *id, uint8_t gap)
{
	*id += 1u + gap;
	return kernel_enqueue(&pair->queue, *id);
}

static struct entry *held(struct pair *pair, uint8_t skip)
{
	struct entry *found = NULL;

	for (size_t i = pair->queue.oldest; i < pair->queue.count; i++) {
		struct entry *e = &pair->queue.entries[i];

		if (e->held && !e->decided) {
			found = e;
			if (skip-- == 0)
				break;
		}
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct coalesce_limits limits = { .queue = 3, .max_held = 12, .max_bytes = COALESCE_BYTES_MIN };
	struct pair pair = { .queue = { .number = 3 } };
	uint32_t id;

	if (size < 5 || size > 4096)
		return 0;
	limits.max_messages = 2 + data[0];
	memcpy(&id, data + 1, sizeof(id));
	if (coalesce_init(&pair.coalesce, &limits))
		abort();
	for (size_t i = 5; i + 1 < size; i += 2) {
		uint8_t what = data[i], value = data[i + 1];
		struct coalesce_decision decision = {
			.verdict = what >> 3 & 1 ? NF_DROP : NF_ACCEPT, .set_mark = what >> 4 & 1, .mark = what >> 5,
		};
		struct entry *e;

		switch (what & 7) {
		case 0:
			require(pair_flush(&pair));
			break;
		case 1:
			if (pair.coalesce.held_count < limits.max_held)
				require(pair_hold(&pair, receive(&pair, &id, 0)));
			break;
		case 2:
			e = held(&pair, value);
			if (e)
				require(pair_decide(&pair, e, &decision));
			break;
		case 3:
			decision.payload = payload;
			decision.payload_len = 1u + value * 256u;
			require(pair_decide(&pair, receive(&pair, &id, 0), &decision));
			break;
		default:
			require(pair_decide(&pair, receive(&pair, &id, value), &decision));
			break;
		}
	}
	require(pair_finish(&pair));
	pair_free(&pair);
	return 0;
}
