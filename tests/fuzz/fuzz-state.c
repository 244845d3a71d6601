/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state that another nfverdictd left: whatever it holds, what is believed of it lies within bounds, and is written as it
 * was read.
 */
#include "daemon/process/state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static int judge_descriptor(void *context, int fd)
{
	(void)context;
	require(fd >= 0);
	return 0;
}

/* All that the layout tells of is read: the memory is of its exact size, so that a sanitizer sees what lies beyond. */
static void read_memory(const struct state_queue *queue)
{
	size_t size = layout_size(&queue->layout, queue->handler_count);
	void *memory = calloc(1, size ? size : 1);
	struct shared *to = calloc(1, shared_size(queue->handler_count));

	if (memory && to)
		layout_read(&queue->layout, memory, queue->handler_count, to);
	free(memory);
	free(to);
}

static void write_again(const struct state *state)
{
	char *text = state_print(state), *again, why[256];
	struct state copy;

	if (!text)
		return;
	require(state_parse(&copy, text, strlen(text), why, sizeof(why)) == 0);
	again = state_print(&copy);
	require(again && strcmp(again, text) == 0);
	free(again);
	free(text);
	state_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state state;
	char why[256] = "";
	int err = state_parse(&state, (const char *)data, size, why, sizeof(why));

	require(!err || why[0]);
	if (!err) {
		require(state_each_descriptor(&state, judge_descriptor, NULL) == 0);
		for (size_t i = 0; i < state.queue_count && i < 16; i++)
			read_memory(&state.queues[i]);
		write_again(&state);
	}
	state_free(&state);
	return 0;
}
